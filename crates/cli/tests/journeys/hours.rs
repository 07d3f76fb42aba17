//! A window that ends while somebody works, a step that is too early, a change that is asked for: what is asked then.

use crate::support::{Desk, QA, Terminal};

const CONFIG: &str = r#"
[environments.night]
requires = { window = "Tue 22:00..Wed 02:00 Europe/Berlin" }
override = ["qa"]

[environments.changes]
requires = { change = { pattern = 'CHG\d+' } }

[environments.any]
override = ["qa"]
"#;

/// The first block sets the clock to what `next` says.
fn book(options: &str) -> String {
    format!(
        "---\nrunbook: 1\ntitle: Book\nroles: [operator, qa]\n---\n\n# Book\n\n## First\n\n```yaml step\nexpected: 5m\n```\n\n```sh run\necho first >>log; cat next >clock\n```\n\n```sh rollback\necho undone >>log\n```\n\n## Second\n\n{options}```sh run\necho second >>log\n```\n"
    )
}

fn desk(options: &str, next: &str) -> Desk {
    let desk = Desk::with(&book(options)).configure(CONFIG);
    desk.write("next", &format!("@{next}\n"));
    desk
}

/// The program on a terminal, at a time that a file tells.
fn at(desk: &Desk, time: &str, words: &[&str]) -> Terminal {
    desk.write("clock", &format!("@{time}\n"));
    let inner =
        "unset FAKETIME; export FAKETIME_NO_CACHE=1 FAKETIME_TIMESTAMP_FILE=\"$PWD/clock\"; exec \"$@\"";
    let (moment, program) = (format!("@{time}"), env!("CARGO_BIN_EXE_holdpoint"));
    let faked = ["--exclude-monotonic", "-f", &moment, "sh", "-c", inner, "sh", program];
    Terminal::start_program(desk, "faketime", &[&faked[..], words].concat())
}

fn answer(terminal: &mut Terminal, prompt: &str, answer: &str) {
    terminal.waits_for(prompt);
    terminal.types(&format!("{answer}\r"));
}

const NIGHT: [&str; 4] = ["run", "book.md", "--env", "night"];

#[test]
fn at_the_end_of_a_window_somebody_with_the_role_lets_the_run_go_on() {
    let desk = desk("", "2027-01-06 01:00:00");
    let mut terminal = at(&desk, "2027-01-06 00:15:00", &NIGHT);
    terminal.waits_for("time left");
    // Each of the two says what it is of.
    terminal.waits_for("may be changed for 4").waits_for(": the window ends");
    terminal.waits_for("expected 5 min 00 s").waits_for("steps left: at least 5 min 00 s");
    answer(&mut terminal, "What now? [run]:", "run");
    terminal.waits_for("night may be changed Tue 22:00..Wed 02:00 Europe/Berlin, and it is Wed 02:0");
    terminal.waits_for("RULES DO NOT HOLD");
    answer(&mut terminal, "What now?:", "go on");
    answer(&mut terminal, "names people)?", QA);
    answer(&mut terminal, "Why does it go on all the same? (Ctrl-C goes back):", "half of it is done");
    answer(&mut terminal, "Printed name", "Quinn Auditor");
    answer(&mut terminal, "What now? [run]:", "run");
    terminal.waits_for("PASSED");
    terminal.ends(0);
    assert_eq!(desk.read("log"), "first\nsecond\n");
    let record = desk.is_intact_and_complete(1);
    assert_eq!(record.all("deviation").len(), 1);
}

#[test]
fn at_the_end_of_a_window_what_was_done_can_be_taken_back_or_left() {
    let desk = desk("", "2027-01-06 01:00:00");
    let mut terminal = at(&desk, "2027-01-06 00:15:00", &NIGHT);
    answer(&mut terminal, "What now? [run]:", "run");
    terminal.waits_for("RULES DO NOT HOLD");
    answer(&mut terminal, "What now?:", "park");
    terminal.ends(3);
    assert_eq!(desk.read("log"), "first\n");
    let mut terminal = at(&desk, "2027-01-06 12:00:00", &["resume", "1"]);
    terminal.waits_for("RULES DO NOT HOLD");
    answer(&mut terminal, "What now?:", "roll back");
    answer(&mut terminal, "Roll back and end the run? [no]:", "yes");
    answer(&mut terminal, "Why is it rolled back? (Ctrl-C goes back):", "too late");
    answer(&mut terminal, "What now? [run]:", "run");
    terminal.waits_for("ROLLED BACK");
    terminal.ends(1);
    assert_eq!(desk.read("log"), "first\nundone\n");
}

#[test]
fn a_step_that_is_too_early_is_waited_for_or_somebody_answers_for_it() {
    let desk = desk("```yaml step\nnot_before: \"22:00 Europe/Berlin\"\n```\n\n", "2027-01-05 12:00:00");
    let mut terminal = at(&desk, "2027-01-05 12:00:00", &["run", "book.md", "--env", "any"]);
    answer(&mut terminal, "What now? [run]:", "run");
    terminal.waits_for("NOT YET");
    answer(&mut terminal, "Wait for it?:", "otherwise");
    answer(&mut terminal, "What now?:", "go on");
    answer(&mut terminal, "names people)?", QA);
    answer(&mut terminal, "Why does it go on all the same? (Ctrl-C goes back):", "everybody is here");
    answer(&mut terminal, "Printed name", "Quinn Auditor");
    answer(&mut terminal, "What now? [run]:", "run");
    terminal.waits_for("PASSED");
    terminal.ends(0);
    desk.is_intact_and_complete(1);
}

#[test]
fn a_change_is_asked_for_where_somebody_types() {
    let desk = desk("", "2027-01-05 12:00:00");
    let mut terminal = Terminal::start(&desk, &["run", "book.md", "--env", "changes"]);
    answer(&mut terminal, "Under which change is changes changed?:", "chg1");
    terminal.waits_for("must match");
    answer(&mut terminal, "Under which change is changes changed?:", "CHG1");
    answer(&mut terminal, "What now? [run]:", "run");
    answer(&mut terminal, "What now? [run]:", "run");
    terminal.waits_for("PASSED");
    terminal.ends(0);
    let record = desk.is_intact_and_complete(1);
    assert_eq!(record.events[0]["policy"]["change"]["id"], "CHG1");
}
