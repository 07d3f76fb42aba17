//! Whoever is asked can see where the run stands, and what a block must bring before it runs.

use crate::screens::book;
use crate::support::{Desk, Terminal};

const STEPS: &str = "## Look\n\n```sh check\necho v1.1\n```\n\n```yaml expect\nstdout: { contains: \"{{ RELEASE }}\" }\n```\n\n\
    ## Stop\n\n```yaml step\nexpected: 5m\n```\n\n```sh run\ntrue\n```\n\n## Release\n\n```yaml signoff\nrole: qa\nmeaning: review\nstatement: Seen.\n```\n\n\
    ## Start\n\n```yaml step\nexpected: 10m\n```\n\n```sh run\ntrue\n```\n";

fn informed() -> Desk {
    Desk::with(&book(STEPS).replace(
        "roles: [operator, qa]\n",
        "roles: [operator, qa]\ninputs:\n  RELEASE: {}\n  TOKEN: { secret: true }\n",
    ))
}

#[test]
fn i_says_where_the_run_stands_at_every_prompt() {
    let desk = informed();
    let words = ["run", "book.md", "--set", "RELEASE=v1.1", "--set", "TOKEN=a-secret-of-mine"];
    let mut terminal = Terminal::start_sized(&desk, 80, 24, &words);
    terminal.chooses("?").waits_for("say where the run stands");
    terminal.chooses("run").waits_for("2 Stop");
    terminal.chooses("i").waits_for("done        1 of 4 steps").waits_for("1 Look");
    terminal
        .waits_for("here        2 Stop")
        .waits_for("left        2")
        .waits_for("3 Release")
        .waits_for("4 Start");
    terminal
        .waits_for("time        opened ")
        .waits_for("expected 5 min 00 s")
        .waits_for("steps left: at least 15 min 00 s");
    terminal.waits_for("deviations  none").waits_for("RELEASE = v1.1").waits_for("TOKEN = [REDACTED:TOKEN]");
    terminal.chooses("skip").answers("Why is it skipped? (Ctrl-C goes back)", "it stands still");
    terminal.waits_for("HOLD POINT").waits_for("1 deviation:").waits_for("it stands still");
    terminal.chooses("info").waits_for("2 Stop (skipped)").waits_for("waits for   the role qa");
    terminal.waits_for("deviations  1").waits_for("it stands still").chooses("park");
    let text = terminal.ends(3);
    assert!(!text.contains("a-secret-of-mine"), "{text}");
    // But for what is drawn over.
    let wide = |line: &&str| {
        !line.contains('░') && !line.trim_end().contains('\r') && console::measure_text_width(line) > 80
    };
    assert_eq!(text.lines().find(wide), None);
    desk.is_intact_and_open(1);
}

#[test]
fn whoever_signs_from_elsewhere_can_see_where_the_run_stands() {
    let desk = informed();
    let words =
        ["run", "book.md", "--set", "RELEASE=v1.1", "--set", "TOKEN=a-secret-of-mine", "--unattended"];
    desk.ends(3, &words);
    let mut terminal = desk.terminal(&["sign", "1", "--as", crate::support::QA]);
    let prompt = format!("{}, what now?", crate::support::QA);
    terminal
        .answers(&prompt, "i")
        .waits_for("here        3 Release")
        .waits_for("the role qa")
        .answers(&prompt, "leave");
    terminal.ends(3);
}

#[test]
fn what_a_check_must_bring_is_shown_before_it_runs_and_in_the_plan() {
    let steps = "## Look\n\n```sh check\n#| retry: { every: 10s, for: 5m }\necho v1.1\n```\n\n```text expect\nv1.1\nv* (glob)\n```\n\n\
        ## Change\n\n```sh run\ntrue\n```\n\n```sh rollback\n: undone\n```\n\n```sh rollback\n: undone twice\n```\n\n## End\n\n```sh check\ntrue\n```\n";
    let desk = Desk::with(&book(steps));
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal
        .waits_for("expects: exit 0, stdout is the 2 expected lines")
        .waits_for("v1.1")
        .waits_for("v* (glob)");
    terminal.chooses("skip").answers("Why is it skipped? (Ctrl-C goes back)", "seen");
    terminal.chooses("run").waits_for("3 End").waits_for("expects: exit 0").chooses("park");
    let text = terminal.ends(3);
    assert_eq!(text.matches("expects:").count(), 2, "{text}");
    let (plan, _) = desk.ends(0, &["plan", "book.md"]);
    for line in [
        "          where it fails, again every 10s for 5m",
        "          expects: exit 0, stdout is the 2 expected lines",
        "            v* (glob)",
        "        rollback  sh",
        "          : undone",
        "          : undone twice",
        "          expects: exit 0",
    ] {
        assert!(plan.lines().any(|of| of == line), "{line:?} in\n{plan}");
    }
}

#[test]
fn a_slip_is_corrected_before_it_is_on_record() {
    let steps = "## Observe\n\n```yaml record\nrate: { prompt: Rate, type: number, max: 2 }\nwho: { prompt: Who }\n```\n";
    let desk = Desk::with(&book(steps));
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.answers("Rate (number, at most 2)", "15").answers("Who", "Ann");
    terminal.waits_for("rate = 15  (out of its limits: the step fails)").waits_for("who = Ann");
    terminal.answers("Write that down?", "again");
    terminal.answers("Rate (number, at most 2)", "1.5").answers("Who", "Ann").waits_for("rate = 1.5");
    terminal.answers("Write that down?", "yes").waits_for("PASSED");
    terminal.ends(0);
    let record = desk.is_intact_and_complete(1);
    let values = record.all("value.recorded");
    assert_eq!(values.len(), 2);
    assert_eq!((&values[0]["value"], &values[0]["within_limits"]), (&"1.5".into(), &true.into()));
}

#[test]
fn a_failed_step_that_is_taken_up_again_shows_what_it_printed_and_what_was_expected() {
    let steps = "## Look\n\n```sh check\nseq 1 30; echo 'no such host' >&2; exit 7\n```\n";
    let desk = Desk::with(&book(steps));
    desk.ends(3, &["run", "book.md", "--unattended"]);
    let mut terminal = Terminal::start_sized(&desk, 80, 24, &["resume", "1"]);
    terminal.waits_for("the last attempt of look#1, number 1, ").waits_for("│ … 20 lines before these");
    terminal.waits_for("│ 21").waits_for("│ 30").waits_for("┃ no such host").waits_for("✗ FAILED");
    terminal.waits_for("expected  exit 0").waits_for("exit 7").chooses("park");
    let text = terminal.ends(3);
    assert!(!text.contains("│ 20\r\n"), "{text}");
}

#[test]
fn the_prompt_of_a_shell_beside_the_run_says_so() {
    let steps = "## Look\n\n```sh check\ntrue\n```\n";
    for (shell, rc) in [("/bin/bash", "PS1='mine> '\n"), ("/bin/sh", "")] {
        let desk = Desk::with(&book(steps)).set("SHELL", shell);
        std::fs::write(desk.root().join("home/.bashrc"), rc).unwrap();
        let mut terminal = desk.terminal(&["run", "book.md"]);
        terminal.chooses("shell").answers("What is the shell for? (Ctrl-C goes back)", "to look");
        let prompt = if rc.is_empty() { "(beside run 1) $ " } else { "(beside run 1) mine> " };
        terminal.waits_for("A shell beside run 1").waits_for(prompt);
        terminal.types("exit\r");
        terminal.chooses("park");
        terminal.ends(3);
        let (told, _) = desk.ends(0, &["show", "1"]);
        assert!(told.contains("by ops@example.org: to look"), "{told}");
    }
}

#[test]
fn a_run_that_waits_for_a_sign_off_says_how_it_is_signed_and_one_that_waits_for_its_driver_how_it_goes_on() {
    let release = "## Release\n\n```yaml signoff\nrole: qa\nmeaning: review\nstatement: Seen.\n```\n";
    let fails = "## Look\n\n```sh check\nfalse\n```\n";
    for (steps, go_on) in [(release, "holdpoint sign 1"), (fails, "holdpoint resume 1")] {
        let desk = Desk::with(&book(steps));
        let (_, told) = desk.ends(3, &["run", "book.md", "--unattended"]);
        assert!(told.contains(go_on), "{told}");
        let (told, _) = desk.ends(0, &["show", "1"]);
        assert!(told.contains(&format!("go on with   {go_on}")), "{told}");
    }
}
