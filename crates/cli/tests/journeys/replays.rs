//! A replay led by keys, on a real terminal.

use rustix::process::Signal;

use crate::screens::book;
use crate::support::{Desk, QA, Terminal};

const STEPS: &str = "## One\n\n```sh run\necho out-of-one\n```\n\n## Two\n\n```sh run\necho out-of-two\n```\n\n\
    ## Three\n\n- [ ] by hand\n\n## Four\n\n```yaml signoff\nrole: qa\nmeaning: review\nstatement: Seen by me.\n```\n";

/// A desk with one finished run: the second step was skipped.
fn desk() -> Desk {
    let desk = Desk::with(&book(STEPS));
    let answers = "steps:\n  two: { choice: skip, reason: not today }\n  three: { confirm: true }\n";
    desk.write("answers.yaml", answers);
    let mut terminal = desk.terminal(&["run", "book.md", "--answers", "answers.yaml"]);
    terminal.chooses("run").chooses("sign");
    terminal.answers("Who signs it off (as holdpoint.toml names people)?", QA);
    terminal.answers("Printed name", "Quinn Auditor").waits_for("PASSED");
    terminal.ends(0);
    desk
}

/// A replay that stands still from its first moment on: the first wait is a long one.
fn stopped(desk: &Desk) -> Terminal {
    let mut terminal = desk.terminal(&["replay", "1", "--speed", "0.001", "--max-wait", "1000"]);
    terminal.waits_for("space stops").waits_for("opened by").listens();
    terminal.types(" ");
    terminal.waits_for("stopped · space goes on");
    terminal
}

#[test]
fn arrows_step_from_action_to_action_and_back() {
    let desk = desk();
    let mut terminal = stopped(&desk);
    for (key, shown) in [
        ("\x1b[C", "one#1 · sh run"),
        ("\x1b[B", "DEVIATION"),
        ("\x1bOC", "[x] by hand"),
        ("\x1b[C", "HOLD POINT"),
        ("\x1b[D", "[x] by hand"),
        ("\x1b[A", "DEVIATION"),
        ("\x1b[D", "one#1 · sh run"),
        ("\x1b[C", "│ out-of-one"),
        ("\x1b[C", "[x] by hand"),
        ("\x1b[C", "HOLD POINT"),
        ("\x1b[C", "signed off by"),
        ("\x1b[C", "PASSED"),
        ("\x1b[C", "this is the end"),
        ("\x1b[D", "signed off by"),
    ] {
        terminal.types(key);
        terminal.waits_for(shown).waits_for("space goes on");
    }
    terminal.types("q");
    terminal.ends(0);
}

#[test]
fn space_stops_it_and_lets_it_go_on() {
    let desk = desk();
    let mut terminal = stopped(&desk);
    terminal.types("\x1b[C\x1b[C\x1b[C\x1b[C\x1b[C");
    terminal.waits_for("signed off by");
    // Going on, the rest is as far away as it was: a long wait, that a step cuts short.
    terminal.types(" \x1b[C");
    terminal.waits_for("PASSED");
    terminal.ends(0);
}

#[test]
fn d_leads_to_the_next_deviation_and_s_to_the_next_sign_off() {
    let desk = desk();
    let mut terminal = stopped(&desk);
    terminal.types("d");
    terminal
        .waits_for("to the next deviation")
        .waits_for("2 Two")
        .waits_for("DEVIATION")
        .waits_for("not today");
    terminal.types("d");
    terminal.waits_for("there is no deviation from here on");
    terminal.types("s");
    terminal.waits_for("to the next sign-off").waits_for("4 Four").waits_for("“Seen by me.”");
    terminal.types("s");
    terminal.waits_for("signed off by Quinn Auditor");
    terminal.types("s");
    terminal.waits_for("there is no sign-off from here on");
    terminal.types("?");
    terminal.waits_for("right, down").waits_for("to the next deviation").waits_for("leave");
    terminal.types("q");
    let text = terminal.ends(0);
    assert!(!text.contains("out-of-one"), "what is passed over is not shown:\n{text}");
}

#[test]
fn however_it_is_left_the_terminal_is_as_it_was() {
    let desk = desk();
    for key in ["q", "Q", "\x03", "\x04"] {
        let mut terminal = stopped(&desk);
        terminal.types(key);
        terminal.ends(0);
    }
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let mut terminal = stopped(&desk);
        terminal.sends(signal);
        terminal.ends(0);
    }
    let mut terminal = desk.terminal(&["replay", "1", "--speed", "1000"]);
    terminal.waits_for("PASSED");
    terminal.ends(0);
}

#[test]
fn a_replay_of_one_step_takes_keys_too() {
    let desk = desk();
    let mut terminal =
        desk.terminal(&["replay", "1", "--step", "four", "--speed", "0.001", "--max-wait", "1000"]);
    terminal.waits_for("HOLD POINT").listens();
    terminal.types("s");
    terminal.waits_for("signed off by");
    let text = terminal.ends(0);
    assert!(!text.contains("by hand"), "{text}");
}

#[test]
fn in_a_dumb_terminal_keys_work_and_nothing_moves() {
    let desk = desk();
    let desk = desk.set("TERM", "dumb");
    let mut terminal = stopped(&desk);
    terminal.types("d");
    terminal.waits_for("not today");
    terminal.types("q");
    let bytes = terminal.bytes();
    terminal.ends(0);
    assert!(!bytes.contains(&0x1b));
}

#[test]
fn where_nobody_types_it_plays_to_its_end_and_says_nothing_of_keys() {
    let (_, told) = desk().ends(0, &["replay", "1", "--speed", "1000"]);
    assert!(told.contains("out-of-one") && told.contains("PASSED"), "{told}");
    assert!(!told.contains("space"), "{told}");
}

#[test]
fn a_note_of_several_lines_is_marked_where_it_goes_on_and_passes_for_no_line_of_the_replay() {
    let desk = Desk::with(&book("## Wait\n\n- [ ] It is quiet\n"));
    desk.ends(3, &["run", "book.md", "--unattended"]);
    desk.ends(0, &["note", "1", "It was loud\nDEVIATION (skipped) by nobody: none"]);
    let (_, told) = desk.ends(0, &["replay", "1", "--speed", "1000"]);
    assert!(told.contains("note by ops@example.org: It was loud\n"), "{told}");
    let goes_on = told.lines().find(|line| line.contains("DEVIATION")).unwrap();
    assert!(goes_on.trim_start().starts_with("│ DEVIATION"), "{told}");
}
