//! What whoever signs is shown, at a real terminal: here, or in their pager.

use crate::screens::book;
use crate::support::{Desk, QA, Terminal};

const SIGNED: &str = "## Look\n\n```sh check\necho all is well\n```\n\n## Watch\n\n- [ ] The lamp is green\n\n\
    ## Release\n\n```yaml signoff\nrole: qa\nmeaning: approval\nstatement: I release it.\n```\n";
const WHO: &str = "Who signs it off (as holdpoint.toml names people)?";

fn shown(desk: &Desk) -> String {
    let record = desk.record(1);
    record.blob(&record.one("signoff.given")["presence"]["shown"])
}

#[test]
fn at_the_operators_terminal_a_key_shows_what_a_signature_binds_and_it_is_shown_before_anybody_signs() {
    let desk = Desk::with(&book(SIGNED));
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.chooses("skip").answers("Why is it skipped? (Ctrl-C goes back)", "looked yesterday");
    terminal.chooses("confirm").waits_for("HOLD POINT");
    terminal.chooses("v").waits_for("confirmed by ops@example.org: The lamp is green");
    terminal.waits_for("Deviations (1)").waits_for("Hold point");
    // Once shown, it is not shown again as it is; a note is new.
    terminal.chooses("sign").waits_for(WHO).listens();
    let before = terminal.text().matches("What happened").count();
    // Whoever leaves that question is back at the one before it, and the run is not parked.
    terminal.presses_ctrl_c();
    assert_eq!(before, 1);
    terminal.chooses("park");
    terminal.ends(3);
    let mut terminal = desk.terminal(&["resume", "1"]);
    terminal.chooses("sign").waits_for("What happened").waits_for("looked yesterday");
    terminal.answers(WHO, QA).answers("Printed name", "Quinn Auditor").waits_for("PASSED");
    terminal.ends(0);
    desk.is_intact_and_complete(1);
    let shown = shown(&desk);
    assert!(shown.contains("looked yesterday") && shown.contains("The lamp is green"), "{shown}");
    let record = desk.record(1);
    let tty = record.one("signoff.given")["presence"]["tty"].as_str().unwrap();
    assert!(tty.starts_with("/dev/"), "{tty}");
}

fn waiting(desk: &Desk) {
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.chooses("run").chooses("confirm").waits_for("HOLD POINT").chooses("park");
    terminal.ends(3);
}

#[test]
fn what_is_longer_than_the_terminal_is_shown_in_a_pager_in_which_no_command_can_be_run() {
    let desk = Desk::with(&book(SIGNED)).set("PAGER", "less -R");
    waiting(&desk);
    let mut terminal = Terminal::start_sized(&desk, 80, 24, &["sign", "1", "--as", QA]);
    terminal.waits_for("holdpoint exhibit 7");
    terminal.types("!");
    terminal.waits_for("not available");
    terminal.types("\r");
    terminal.types("G");
    terminal.waits_for("I release it.");
    terminal.types("q");
    terminal.waits_for("Shown in the pager").answers(&format!("{QA}, what now?"), "sign");
    terminal.answers("Printed name", "Quinn Auditor").waits_for("On record");
    terminal.ends(0);
    assert!(shown(&desk).contains("$ echo all is well"));
}

#[test]
fn what_a_step_printed_is_shown_in_a_pager_where_it_is_longer_than_the_terminal() {
    let desk = Desk::with(&book("## Look\n\n```sh check\nseq 1 200\n```\n")).set("PAGER", "less -R");
    desk.ends(0, &["run", "book.md", "--unattended"]);
    for what in ["--output", "--attempts"] {
        let mut terminal = Terminal::start_sized(&desk, 80, 24, &["show", "1", "--step", "look", what]);
        terminal.waits_for("│ 10").types("G");
        terminal.waits_for("│ 200").types("q");
        terminal.ends(0);
    }
    let whole = ["show", "1", "--step", "look", "--output", "--no-pager"];
    let text = Terminal::start_sized(&desk, 80, 24, &whole).ends(0);
    assert!(text.lines().any(|line| line.trim() == "│ 1") && text.contains("│ 200"), "{text}");
    assert!(desk.ends(0, &whole[..5]).0.contains("│ 200"));
}

#[test]
fn a_plan_is_laid_out_for_the_terminal_that_is_there() {
    let steps = "## Look — at — the — one — before — any of them\n\n```sh check\n\
        echo one two three four five six seven eight nine ten eleven\n```\n\n\
        - [ ] All of the others have been looked at by somebody of the other shift\n";
    let desk = Desk::with(&book(steps));
    let text = Terminal::start_sized(&desk, 50, 24, &["plan", "book.md"]).ends(0);
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    assert!(lines.iter().all(|line| line.chars().count() < 50), "{text}");
    assert!(lines.contains(&"        them"), "{text}");
    assert!(desk.ends(0, &["plan", "book.md"]).0.contains("eight nine ten eleven\n"));
}

#[test]
fn a_pager_that_cannot_be_run_or_is_not_wanted_keeps_nobody_from_seeing_it() {
    for (pager, words) in [("nothing-of-this-name", &[][..]), ("less", &["--no-pager"]), ("", &[])] {
        let desk = Desk::with(&book(SIGNED)).set("PAGER", pager);
        waiting(&desk);
        let words = [&["sign", "1", "--as", QA], words].concat();
        let mut terminal = Terminal::start_sized(&desk, 80, 24, &words);
        terminal.waits_for("$ echo all is well").waits_for("I release it.");
        terminal.answers(&format!("{QA}, what now?"), "leave");
        terminal.ends(3);
    }
}

#[test]
fn at_a_terminal_that_does_not_say_how_large_it_is_nobody_is_asked_by_a_pager_first() {
    let desk = Desk::with(&book(SIGNED)).set("PAGER", "less -R");
    waiting(&desk);
    let mut terminal = Terminal::start_sized(&desk, 0, 0, &["sign", "1", "--as", QA]);
    terminal.waits_for("$ echo all is well").answers(&format!("{QA}, what now?"), "leave");
    terminal.ends(3);
}

#[test]
fn whoever_signs_is_shown_which_answers_came_from_a_file_in_production_as_anywhere() {
    let steps = "## Look\n\n- [ ] The start page shows v1.1\n\n```yaml record\nerrors: { type: number }\n```\n\n\
        ## Release\n\n```yaml signoff\nrole: qa\nmeaning: approval\nstatement: I release it.\n```\n";
    let desk = Desk::with(&book(steps)).set("PAGER", "");
    desk.write("a.yaml", "steps:\n  look#1: { confirm: true }\n  look#2: { value: { errors: \"0.02\" } }\n");
    desk.ends(3, &["run", "book.md", "--unattended", "--answers", "a.yaml"]);
    let (told, _) = desk.ends(0, &["show", "1"]);
    let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
    let came = "2 answers came from an answers file, and nobody was asked: look#1, look#2";
    assert!(told.contains(came), "{told}");
    let mut terminal = Terminal::start_sized(&desk, 80, 24, &["sign", "1", "--as", QA]);
    terminal.waits_for("2 answers came from an answers file: nobody was asked");
    terminal.answers(&format!("{QA}, what now?"), "sign").answers("Printed name", "Quinn Auditor");
    terminal.waits_for("On record");
    terminal.ends(0);
    let shown = shown(&desk);
    for line in [
        "confirmed by ops@example.org (from the answers file): The start page shows v1.1",
        "errors = 0.02, recorded by ops@example.org (from the answers file)",
        "errors = 0.02, recorded by ops@example.org (from the answers file)",
    ] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
    desk.ends(0, &["resume", "1", "--unattended"]);
    desk.is_intact_and_complete(1);
    let (_, told) = desk.ends(0, &["replay", "1", "--speed", "1000"]);
    assert!(told.contains("(confirmed by ops@example.org (from the answers file))"), "{told}");
    // Nobody signs what is over, and is told who did.
    let (_, told) = desk.ends(2, &["sign", "1", "--as", QA]);
    let told = told.split_whitespace().filter(|word| *word != "|").collect::<Vec<_>>().join(" ");
    let over =
        "run 1 is over (PASSED), and waits for no signature: release#1 was signed off by Quinn Auditor";
    assert!(told.contains(over), "{told}");
}

#[test]
fn whoever_waits_for_a_signer_is_told_for_whom_and_goes_on_when_they_are_done() {
    let desk = Desk::with(&book(SIGNED));
    waiting(&desk);
    let mut signer = desk.terminal(&["sign", "1", "--as", QA, "--no-pager"]);
    signer.waits_for(&format!("{QA}, what now?")).listens();
    let (shown, _) = desk.ends(0, &["show", "1"]);
    let shown = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        shown.contains(&format!("in use now: {QA} is signing in it, process {}", signer.pid())),
        "{shown}"
    );
    assert!(!shown.contains("driven"), "{shown}");
    let mut operator = desk.terminal(&["resume", "1"]);
    operator.waits_for(&format!("the run is in use: {QA} is signing in it")).waits_for("Waiting for it.");
    signer.types("leave\r");
    signer.ends(3);
    operator.waits_for("HOLD POINT").chooses("park");
    operator.ends(3);
    desk.is_intact_and_open(1);
}

#[test]
fn what_is_typed_before_the_pager_opens_is_none_of_its_commands() {
    let desk = Desk::with(&book(SIGNED)).set("PAGER", "less -R");
    waiting(&desk);
    let mut terminal = Terminal::start_sized(&desk, 80, 24, &["sign", "1", "--as", QA]);
    terminal.types("q");
    terminal.waits_for("holdpoint exhibit 7");
    terminal.types("G");
    terminal.waits_for("I release it.");
    terminal.types("q");
    terminal.waits_for("Shown in the pager").answers(&format!("{QA}, what now?"), "leave");
    terminal.ends(3);
}

#[test]
fn nobody_is_asked_whether_they_sign_a_review_where_nothing_could_sign_for_them() {
    let desk = Desk::with(&book("## Look\n\n```sh check\ntrue\n```\n"));
    desk.ends(0, &["run", "book.md", "--unattended"]);
    let review = ["review", "1", "--kind", "late-note", "--text", "The fan was loud.", "--as", QA];
    let mut terminal = desk.terminal(&review);
    terminal
        .waits_for("No signature is possible here: no SSH agent is at hand")
        .waits_for("Nothing was signed.");
    assert!(!terminal.ends(3).contains("what now"));
}
