//! Questions wherever somebody sits: asked once, seen, and written without anything but text where nothing else is fit.

use crate::screens::book;
use crate::support::{Desk, QA, Terminal, holds_text};

/// Fails until there is a file.
const FAILS: &str = "## Look\n\n```sh check\ntest -e there\n```\n\n## End\n\n```sh check\ntrue\n```\n";

#[test]
fn whoever_chooses_to_retry_is_not_asked_again_before_the_block_runs() {
    let desk = Desk::with(&book(FAILS));
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.chooses("run").waits_for("✗ FAILED");
    terminal.chooses("retry").waits_for("attempt 2").waits_for("✗ FAILED");
    desk.write("there", "");
    terminal.chooses("retry").waits_for("attempt 3").waits_for("✓ passed").waits_for("2 End");
    // The next block is asked for again.
    terminal.chooses("run").waits_for("PASSED");
    let text = terminal.ends(0);
    assert_eq!(text.matches("[r]un ·").count(), 2, "{text}");
    assert_eq!(desk.is_intact_and_complete(1).starts("look#1"), 3);
}

#[test]
fn what_is_retried_after_a_resume_is_shown_before_it_is_asked_about() {
    let desk = Desk::with(&book(FAILS));
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.chooses("run").chooses("park");
    terminal.ends(3);
    desk.write("there", "");
    let mut terminal = desk.terminal(&["resume", "1"]);
    terminal.waits_for("the last attempt of look#1, number 1").waits_for("expected").waits_for("exit 0");
    terminal.waits_for("actual").waits_for("exit 1");
    terminal.waits_for("test -e there").waits_for("look#1 did not pass").chooses("retry");
    terminal.waits_for("✓ passed").chooses("run").waits_for("PASSED");
    terminal.ends(0);
}

#[test]
fn text_between_the_steps_is_shown_once_and_in_its_place() {
    let desk = Desk::with(
        "---\nrunbook: 1\ntitle: Book\n---\n\n# Book\n\n## Scope\n\nOnly the website.\n\n## Part\n\nIt changes nothing.\n\n\
         ### One\n\n```sh check\ntrue\n```\n\nTell support.\n\n### Two\n\n```sh check\ntest -e there\n```\n\n## Afterwards\n\nClose the ticket.\n",
    );
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.waits_for("Scope").waits_for("Only the website.").waits_for("It changes nothing.");
    terminal.waits_for("── 1.1 One").chooses("run").waits_for("Tell support.").waits_for("── 1.2 Two");
    terminal.chooses("back").answers("Which step?", "1.1");
    terminal
        .answers("Repeat it, or go on from there?", "repeat")
        .answers("Why? (Ctrl-C goes back)", "once more");
    terminal.waits_for("── 1.1 One").chooses("run").waits_for("── 1.2 Two");
    desk.write("there", "");
    terminal.chooses("run").waits_for("Afterwards").waits_for("Close the ticket.").waits_for("PASSED");
    let text = terminal.ends(0);
    for once in ["Only the website.", "It changes nothing.", "Tell support.", "Close the ticket."] {
        assert_eq!(text.matches(once).count(), 1, "{once} in\n{text}");
    }
}

#[test]
fn a_rollback_is_explained_with_the_commands_it_would_run() {
    let steps = "## Make\n\n```sh run\n: made\n```\n\n```sh rollback\n: unmade at once\n```\n\n## End\n\n```sh check\ntrue\n```\n";
    let desk = Desk::with(&book(steps));
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.chooses("run").waits_for("2 End");
    terminal.chooses("what rollback").waits_for("1. undo 1 Make").waits_for(": unmade at once");
    terminal.chooses("park");
    terminal.ends(3);
}

const SECRET: &str = "---\nrunbook: 1\ntitle: Asks\ninputs:\n  TOKEN: { secret: true, prompt: Which token }\n---\n\n# Asks\n\n\
    ## Look\n\n```sh check\necho \"seen: $TOKEN\"\n```\n\n## End\n\n```sh check\nfalse\n```\n";

/// Answers a prompt that leaves the terminal its own line editing.
fn types(terminal: &mut Terminal, prompt: &str, answer: &str) {
    terminal.waits_for(prompt);
    terminal.types(&format!("{answer}\r"));
}

#[test]
fn under_tee_questions_are_asked_and_seen_and_the_file_holds_text_only() {
    let desk = Desk::with(SECRET);
    let mut terminal = Terminal::start_under_tee(&desk, &["run", "book.md"]);
    terminal.waits_for("Which token (not shown):").hides();
    terminal.types("a-secret-of-mine\r");
    types(&mut terminal, "What now? [run]:", "?");
    terminal.waits_for("run it now");
    types(&mut terminal, "What now? [run]:", "");
    terminal.waits_for("→ run").waits_for("seen: [REDACTED:TOKEN]");
    types(&mut terminal, "What now? [run]:", "r");
    types(&mut terminal, "What now?:", "s");
    types(&mut terminal, "Why is it skipped? (Ctrl-C goes back):", "");
    terminal.waits_for("It must not be empty");
    types(&mut terminal, "Why is it skipped? (Ctrl-C goes back):", "known");
    terminal.waits_for("PASSED");
    let text = terminal.ends(0);
    assert!(!text.contains("a-secret-of-mine"), "{text}");
    let log = desk.read("log");
    assert!(log.contains("What now? [run]: → run\n"), "{log}");
    assert!(log.contains("Why is it skipped? (Ctrl-C goes back): → known\n"), "{log}");
    assert!(!log.chars().any(|c| c.is_control() && c != '\n'), "{log:?}");
    assert_eq!(desk.is_intact_and_complete(1).one("deviation")["reason"], "known");
}

#[test]
fn ctrl_c_under_tee_parks_although_it_ends_the_tee_as_well() {
    for in_block in [false, true] {
        let desk = Desk::with(&book("## Work\n\n```sh run\necho begun >>begun; sleep 999\n```\n"));
        let mut terminal = Terminal::start_under_tee_that_ends(&desk, &["run", "book.md"]);
        terminal.waits_for("What now? [run]:");
        if in_block {
            terminal.types("run\r");
            holds_text(&desk.path("begun"), "begun");
        }
        terminal.presses_ctrl_c();
        terminal.waits_for("PARKED");
        holds_text(&desk.path("code"), "3");
        desk.is_intact_and_open(1);
    }
}

#[test]
fn whoever_could_not_see_a_question_is_told_so_and_nothing_runs() {
    let desk = Desk::with(&book("## Work\n\n```sh run\ntouch worked\n```\n"));
    let program = env!("CARGO_BIN_EXE_holdpoint");
    let script =
        desk.program("elsewhere", &format!("#!/bin/sh\nexec '{program}' run book.md \"$@\" 2>told\n"));
    let terminal = Terminal::start_program(&desk, script.to_str().unwrap(), &[]);
    terminal.ends(2);
    assert!(desk.read("told").contains("no question would be seen"), "{}", desk.read("told"));
    assert_eq!(desk.runs(), 0);
    let terminal = Terminal::start_program(&desk, script.to_str().unwrap(), &["--unattended"]);
    terminal.ends(0);
    assert!(desk.path("worked").exists());
}

#[test]
fn a_dumb_terminal_gets_no_escapes_and_can_answer_everything() {
    let desk = Desk::with(SECRET).set("TERM", "dumb");
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.waits_for("Which token (not shown):").hides();
    terminal.types("a-secret-of-mine\r");
    types(&mut terminal, "What now? [run]:", "");
    terminal.waits_for("seen: [REDACTED:TOKEN]");
    types(&mut terminal, "What now? [run]:", "r");
    types(&mut terminal, "What now?:", "note");
    terminal.waits_for("Note (Ctrl-C goes back):");
    // Ctrl-C takes the question within a question back.
    terminal.presses_ctrl_c();
    types(&mut terminal, "What now?:", "skip");
    types(&mut terminal, "Why is it skipped? (Ctrl-C goes back):", "known");
    terminal.waits_for("PASSED");
    let bytes = terminal.bytes();
    let text = terminal.ends(0);
    assert!(!bytes.contains(&0x1b), "{text:?}");
    assert!(!text.contains("a-secret-of-mine"), "{text}");
    assert!(desk.is_intact_and_complete(1).all("note").is_empty());
}

#[test]
fn ctrl_c_parks_at_the_prompts_of_a_dumb_terminal() {
    let desk = Desk::with(&book(FAILS)).set("TERM", "dumb");
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.waits_for("What now? [run]:");
    terminal.presses_ctrl_c();
    terminal.waits_for("PARKED");
    terminal.ends(3);
    desk.is_intact_and_open(1);
}

#[test]
fn without_colours_production_is_told_in_words_at_every_step() {
    let desk = Desk::with(&book(FAILS))
        .set("NO_COLOR", "1")
        .configure("[environments.production]\nprotected = true\n[environments.staging]\nrehearsal = true\n");
    let git = |words: &[&str]| assert!(desk.command("git").args(words).output().unwrap().status.success());
    git(&["init", "-q"]);
    git(&["add", "-A"]);
    git(&["-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "-qm", "x"]);
    let mut terminal = desk.terminal(&["run", "book.md", "--env", "production"]);
    terminal.waits_for("environment production (protected)").waits_for("── 1 Look");
    terminal.waits_for("production (protected) · ").chooses("park");
    let bytes = terminal.bytes();
    terminal.ends(3);
    assert!(!String::from_utf8(bytes).unwrap().contains("\x1b[4"), "a background colour");
}

#[test]
fn a_tree_that_changed_while_somebody_signed_or_was_asked_is_refused_before_the_block() {
    let steps = "## Release\n\n```yaml signoff\nrole: qa\nmeaning: review\nstatement: Seen.\n```\n\n\
        ## Change\n\n```sh run\ntouch changed\n```\n";
    for moment in ["signing", "permitting"] {
        let desk = Desk::with(&book(steps))
            .configure("[environments.production]\nprotected = true\nrequires = { clean_commit = true }\n");
        let git =
            |words: &[&str]| assert!(desk.command("git").args(words).output().unwrap().status.success());
        git(&["init", "-q"]);
        git(&["add", "-A"]);
        git(&["-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "-qm", "x"]);
        let mut terminal = desk.terminal(&["run", "book.md", "--env", "production"]);
        let who = "Who signs it off (as holdpoint.toml names people)?";
        terminal.chooses("sign").answers(who, QA).waits_for("Printed name").listens();
        if moment == "signing" {
            desk.write("more", "");
        }
        terminal.types("Quinn Auditor\r");
        terminal.waits_for("2 Change").waits_for("What now?").listens();
        desk.write("more", "");
        terminal.types("run\r");
        terminal.waits_for("uncommitted changes now").waits_for("holdpoint resume 1");
        terminal.ends(5);
        assert!(!desk.path("changed").exists());
        let record = desk.is_intact_and_open(1);
        assert_eq!(record.last()["type"], "rules.checked");
        assert!(record.all("action.started").is_empty());
        if moment == "signing" {
            let mut terminal = desk.terminal(&["resume", "1"]);
            terminal.waits_for("uncommitted changes now").waits_for("RULES DO NOT HOLD").chooses("park");
            terminal.ends(5);
            desk.is_intact_and_open(1);
        }
        std::fs::remove_file(desk.path("more")).unwrap();
        desk.ends(0, &["resume", "1", "--unattended"]);
        assert!(desk.path("changed").exists());
        desk.is_intact_and_complete(1);
    }
}

#[test]
fn keys_that_were_pressed_while_a_block_ran_answer_no_question() {
    let desk = Desk::with(&book(
        "## Wait\n\n```sh run\necho begun >>begun; read -r _ <gate\n```\n\n## Change\n\n```sh run\ntouch changed\n```\n",
    ));
    let gate = crate::support::Gate::at(&desk.path("gate"));
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.chooses("run");
    holds_text(&desk.path("begun"), "begun");
    terminal.types("\r\r");
    gate.open();
    terminal.waits_for("2 Change").waits_for("What now? [run]:").listens();
    terminal.types("park\r");
    terminal.waits_for("PARKED");
    terminal.ends(3);
    assert!(!desk.path("changed").exists());
}

#[test]
fn a_block_that_is_being_stopped_says_so() {
    let desk = Desk::with(&book(
        "## Work\n\n```sh run\ntrap 'read -r _ <gate; exit 3' TERM\necho begun >>begun\nwhile :; do sleep 0.1 || :; done\n```\n",
    ));
    let gate = crate::support::Gate::at(&desk.path("gate"));
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.chooses("run");
    holds_text(&desk.path("begun"), "begun");
    terminal.presses_ctrl_c();
    terminal.waits_for("stopping the block: TERM now, KILL in 5 s");
    gate.open();
    terminal.waits_for("✗ INTERRUPTED").chooses("park");
    terminal.ends(3);
}

#[test]
fn a_question_mark_explains_every_question_and_is_no_answer_to_any() {
    let steps = "## Observe\n\n```yaml record\nrate: { prompt: Rate, type: number, max: 2, evidence: url }\n```\n\n\
        ## Release\n\n```yaml signoff\nrole: qa\nmeaning: review\nstatement: Seen.\n```\n";
    let desk = Desk::with(&book(steps));
    let mut terminal = desk.terminal(&["run", "book.md"]);
    let rate = "Rate (number, at most 2; with an address as evidence)";
    terminal.answers(rate, ":n");
    terminal
        .answers("Note (Ctrl-C goes back)", "?")
        .waits_for("worth keeping")
        .answers("Note (Ctrl-C goes back)", "windy");
    terminal
        .answers(rate, ":skip")
        .answers("Why is it skipped? (Ctrl-C goes back)", "?")
        .waits_for("A sentence for whoever reads");
    terminal.waits_for("Why is it skipped? (Ctrl-C goes back)").listens();
    terminal.presses_ctrl_c();
    terminal
        .answers(rate, ":abort")
        .answers("End the run for good?", "?")
        .waits_for("end the run here, for good");
    terminal.answers("End the run for good?", "no");
    terminal
        .answers(rate, "?")
        .waits_for("For what it takes, type :?")
        .answers(rate, ":?")
        .waits_for("What it takes:")
        .waits_for("write a note into the record")
        .answers(rate, "1");
    terminal.answers("Evidence (address)", "?").waits_for("Where what you saw can be seen");
    terminal.waits_for("Evidence (address)").listens();
    terminal.types("see the wiki\r");
    terminal.waits_for("write an address that begins with https:// or http://");
    terminal.answers("Evidence (address)", "https://cam.example/1");
    terminal.answers("Write that down?", "yes");
    let who = "Who signs it off (as holdpoint.toml names people)?";
    terminal.chooses("sign").answers(who, "?").waits_for("holds the role").answers(who, "qa@example.org");
    terminal.answers("Printed name", "?").waits_for("it is the signature");
    terminal.answers("Printed name", "Quinn Auditor").waits_for("PASSED");
    terminal.ends(0);
    let record = desk.is_intact_and_complete(1);
    assert_eq!(record.one("note")["text"], "windy");
    assert!(record.all("signoff.refused").is_empty());
}

/// A check-list with answers, of which one is longer than any narrow window is wide.
const ROWS: &str = "# Check\n\n## Look\n\n| Item | Yes | No | Comment |\n| --- | --- | --- | --- |\n\
    | The start page loads in less than three seconds from outside of the office, on the slowest line that we have | | | |\n";

/// No line is ever wider than the window: what is drawn anew begins at the column that it is moved to.
fn fits(bytes: &[u8], columns: usize) {
    for line in String::from_utf8_lossy(bytes).lines() {
        for drawn in line.split('\r') {
            let mut begins = 0;
            for part in drawn.split("\u{1b}[K") {
                let (seen, to) = match part.strip_suffix('G').and_then(|part| part.rsplit_once("\u{1b}[")) {
                    Some((seen, column)) => (seen, column.parse::<usize>().ok()),
                    None => (part, None),
                };
                let width = begins + console::measure_text_width(seen);
                assert!(width <= columns, "{width} of {columns} columns: {seen:?} in {line:?}");
                begins = to.map_or(begins, |column| column - 1);
            }
        }
    }
}

#[test]
fn long_questions_break_at_blanks_and_yes_is_taken_by_its_letter() {
    for (columns, rows) in [(60, 20), (80, 24), (200, 50)] {
        let desk = Desk::with("");
        desk.write("list.md", ROWS);
        let mut terminal = Terminal::start_sized(&desk, columns, rows, &["run", "list.md"]);
        terminal.waits_for("(one of Yes, No): ").listens();
        terminal.types("nonsense\r");
        terminal.waits_for("it must be one of Yes, No").waits_for("): ").listens();
        terminal.types("y\r");
        // It may be empty, as it says.
        terminal.waits_for("Comment").waits_for("(may be empty): ").listens();
        terminal.types("\r");
        terminal.waits_for("= Yes").waits_for("(left empty)").waits_for("Write that down? [yes]: ").listens();
        terminal.types("y\r");
        terminal.waits_for("PASSED");
        let bytes = terminal.bytes_at_the_end(0);
        fits(&bytes, columns);
        let text = console::strip_ansi_codes(&String::from_utf8_lossy(&bytes)).into_owned();
        let question = text.find("The start page loads").unwrap();
        assert!(text[question..].contains("outside of the"), "no word is broken: {text}");
        desk.is_intact_and_complete(1);
    }
}

#[test]
fn what_is_typed_beyond_the_window_scrolls_and_is_recorded_whole() {
    let desk = Desk::with(&book(FAILS));
    desk.write("there", "");
    let reason =
        "nobody is there who could look at it before the morning, and it can wait until then, says the owner";
    let mut terminal = Terminal::start_sized(&desk, 60, 20, &["run", "book.md"]);
    terminal.chooses("run").waits_for("✓ passed");
    terminal.chooses("skip").waits_for("Ctrl-C goes back").waits_for("Why is it skipped?: ").listens();
    terminal.types(&format!("{reason}X\u{8}\r"));
    terminal.waits_for("PASSED");
    fits(&terminal.bytes_at_the_end(0), 60);
    assert_eq!(desk.is_intact_and_complete(1).events.iter().filter(|e| e["reason"] == reason).count(), 1);
}

/// A step that has a value written down, of this kind.
fn observed(kind: &str) -> Desk {
    Desk::with(&book(&format!("## Observe\n\n```yaml record\nseen: {{ prompt: Seen{kind} }}\n```\n")))
}

#[test]
fn where_a_value_is_awaited_what_is_typed_is_the_value_and_a_choice_has_a_colon() {
    let desk = observed(", type: number");
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.waits_for("Type the value. A choice is typed with a colon before it");
    terminal.waits_for("[s]kip").waits_for("Seen (number): ").listens();
    // A choice without its colon is no value of this kind, and it is said how it is chosen.
    terminal.types("skip\r");
    terminal.waits_for("it must be a number. To choose it, type :skip");
    terminal.types("\u{15}:nonsense\r");
    terminal.waits_for("That is no choice.");
    terminal.types("\u{15}:i\r");
    terminal.waits_for("of 1 step").waits_for("Seen (number): ").listens();
    terminal.types("0.05\r");
    terminal.waits_for("seen = 0.05").answers("Write that down?", "yes").waits_for("PASSED");
    terminal.ends(0);
    assert_eq!(desk.is_intact_and_complete(1).one("value.recorded")["value"], "0.05");
}

#[test]
fn a_value_that_reads_like_a_choice_is_the_value_and_that_is_said() {
    let desk = observed("");
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.answers("Seen", "park").waits_for("seen = park").waits_for("It is the value.");
    terminal.answers("Write that down?", "again");
    // Two colons: a value that begins with one.
    terminal.answers("Seen", "::p").waits_for("seen = :p");
    terminal.answers("Write that down?", "yes").waits_for("PASSED");
    terminal.ends(0);
    assert_eq!(desk.is_intact_and_complete(1).one("value.recorded")["value"], ":p");

    let desk = observed("");
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.answers("Seen", ":skip").answers("Why is it skipped?", "nobody looks").waits_for("NOTHING DONE");
    terminal.ends(1);
    assert_eq!(desk.is_intact_and_complete(1).one("deviation")["kind"], "skipped");

    let desk = observed("");
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.answers("Seen", ":p").waits_for("PARKED");
    terminal.ends(3);
}

#[test]
fn ctrl_c_at_a_later_value_goes_back_to_the_first_and_at_the_first_parks() {
    let two =
        "## Observe\n\n```yaml record\na: { prompt: First }\nb: { prompt: Second, evidence: url }\n```\n";
    let desk = Desk::with(&book(two));
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.answers("First", "1").waits_for("Second (with an address as evidence): ").listens();
    terminal.presses_ctrl_c();
    terminal
        .answers("First", "2")
        .answers("Second (with an address as evidence)", "3")
        .waits_for("Evidence (address)")
        .listens();
    terminal.presses_ctrl_c();
    terminal.waits_for("Second (with an address as evidence): ").listens();
    terminal.presses_ctrl_c();
    terminal.waits_for("First: ").listens();
    terminal.presses_ctrl_c();
    terminal.waits_for("PARKED");
    terminal.ends(3);
    assert!(desk.is_intact_and_open(1).all("value.recorded").is_empty());
}

#[test]
fn what_a_rollback_would_do_is_offered_where_something_was_done() {
    let steps = "## Make\n\n```sh run\ntrue\n```\n\n```sh rollback\ntrue\n```\n\n## Use\n\n- [ ] It works\n";
    let desk = Desk::with(&book(steps));
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.waits_for("[n]ote");
    let before = terminal.text();
    assert!(!before.contains("hat rollback"), "{before}");
    terminal.chooses("run").waits_for("[w]hat rollback").chooses("park");
    terminal.ends(3);
}

#[test]
fn a_value_that_is_a_question_mark_or_begins_with_a_colon_can_be_typed_wherever_a_value_is() {
    let source = "---\nrunbook: 1\ntitle: T\ninputs:\n  WHO: { prompt: Who }\n---\n\n# T\n\n## Observe\n\n\
        ```yaml record\nlamp: { prompt: Lamp }\n```\n";
    let desk = Desk::with(source);
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.answers("Who", ":ann").waits_for("Type :? for what it takes");
    let mut terminal = {
        terminal.presses_ctrl_c();
        terminal.ends(2);
        desk.terminal(&["run", "book.md"])
    };
    terminal.answers("Who", ":?").waits_for("it takes any text").answers("Who", "::ann");
    terminal.answers("Lamp", ":?").waits_for("Any text.").answers("Lamp", "?");
    terminal.waits_for("lamp = ?").waits_for("It is the value").answers("Write that down?", "yes");
    terminal.waits_for("PASSED");
    terminal.ends(0);
    let record = desk.is_intact_and_complete(1);
    assert_eq!(record.one("value.recorded")["value"], "?");
    assert_eq!(record.one("run.opened")["inputs"][0]["value"], ":ann");
}
