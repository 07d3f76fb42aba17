//! Blocks that are tried again by themselves: a line that counts, what the last attempt printed, and all of it on request.

use crate::screens::book;
use crate::support::{Desk, Gate, Terminal};

/// Fails twice, printing which attempt it is, and waits at a gate before each attempt but the first.
const AGAIN: &str = "## Look\n\n```sh check\n#| retry: { every: 10ms, for: 5m }\necho x >>tries\nn=$(wc -l <tries)\n[ $n = 1 ] || read -r _ <gate\n\
    echo \"this is try $n\"\n[ $n = 3 ]\n```\n";

#[test]
fn one_line_counts_attempts_and_says_for_how_long_and_the_last_output_is_seen() {
    let desk = Desk::with(&book(AGAIN));
    let gate = Gate::at(&desk.path("gate"));
    let mut terminal = Terminal::start_sized(&desk, 80, 24, &["run", "book.md"]);
    terminal.waits_for("again every 10ms for 5m").chooses("run");
    terminal
        .waits_for("this is try 1")
        .waits_for("✗ FAILED")
        .waits_for("attempt 2 runs")
        .waits_for("goes on for 4:5");
    gate.open();
    terminal.waits_for("attempt 3 runs").waits_for("goes on for 4:5");
    gate.open();
    terminal.waits_for("this is try 3").waits_for("✓ passed");
    terminal.waits_for("attempt 3; each of them: holdpoint show 1 --step 1 --attempts").waits_for("PASSED");
    let text = terminal.ends(0);
    assert!(!text.contains("this is try 2"), "{text}");
    let (told, _) = desk.ends(0, &["show", "1", "--step", "look", "--attempts"]);
    for line in ["│ this is try 1", "│ this is try 2", "│ this is try 3"] {
        assert_eq!(told.matches(line).count(), 1, "{told}");
    }
    desk.is_intact_and_complete(1);
}

#[test]
fn where_nothing_is_drawn_each_attempt_is_a_line() {
    let text = AGAIN.replace("[ $n = 1 ] || read -r _ <gate\n", "");
    let desk = Desk::with(&book(&text));
    let (_, told) = desk.ends(0, &["run", "book.md", "--unattended"]);
    for line in [
        "  attempt 1: exit 1 · again in 10ms, goes on for 4m 59s",
        "  attempt 2: exit 1 · again in 10ms, goes on for 4m 59s",
    ] {
        assert_eq!(told.lines().filter(|of| *of == line).count(), 1, "{line} in\n{told}");
    }
    assert!(told.contains("this is try 1") && told.contains("this is try 3"), "{told}");
    assert!(!told.contains("this is try 2"), "{told}");
    assert_eq!(told.matches("✗ FAILED").count(), 1, "{told}");
}

#[test]
fn what_was_tried_in_vain_shows_its_last_output_beside_what_was_expected() {
    let steps = "## Look\n\n```sh check\n#| retry: { every: 1ms, for: 400ms }\necho \"$(date +%s%N) and no more\" | tee last\nfalse\n```\n";
    let desk = Desk::with(&book(steps));
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal
        .chooses("run")
        .waits_for("✗ FAILED")
        .waits_for("✗ FAILED")
        .waits_for("expected")
        .waits_for("--attempts");
    terminal.chooses("park");
    let text = terminal.ends(3);
    assert!(text.contains(&format!("│ {}", desk.read("last").trim())), "{text}");
    assert_eq!(text.matches(" and no more\r\n").count(), 2, "the first and the last: {text}");
}

#[test]
fn ctrl_c_in_a_pause_asks_and_who_goes_on_sees_the_line_again() {
    let text = AGAIN.replace("every: 10ms", "every: 1h").replace("for: 5m", "for: 9h");
    let desk = Desk::with(&book(&text));
    let gate = Gate::at(&desk.path("gate"));
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.chooses("run").waits_for("attempt 1: exit 1 · again in ");
    terminal.waits_for("goes on for 7:59").waits_for("Ctrl-C asks instead");
    terminal.presses_ctrl_c();
    terminal.chooses("run").waits_for("attempt 2 runs");
    gate.open();
    terminal.waits_for("attempt 2: exit 1 · again in ");
    terminal.presses_ctrl_c();
    terminal.chooses("park");
    let text = terminal.ends(3);
    assert_eq!(text.matches("✗ FAILED").count(), 1, "{text}");
    desk.is_intact_and_open(1);
}

#[test]
fn a_question_in_a_pause_stands_below_its_menu_and_says_what_was_cut_short() {
    let text = "## Look\n\n```sh check\n#| retry: { every: 1s, for: 9h }\ntest -e there\n```\n";
    let desk = Desk::with(&book(text));
    let mut terminal = Terminal::start_sized(&desk, 80, 24, &["run", "book.md"]);
    // The second pause and later ones: something was drawn under everything else before them.
    terminal.chooses("run").waits_for("attempt 3 runs").waits_for("attempt 3 · again in ");
    terminal.presses_ctrl_c();
    terminal.waits_for("The pause was cut short: attempt 4 has not begun.");
    terminal.waits_for("? explains").waits_for("What now? [run]: ").listens();
    terminal.types("park\r");
    let text = terminal.ends(3);
    let asked = &text[text.find("The pause was cut short").unwrap()..];
    assert_eq!(asked.matches("What now?").count(), 2, "asked once, and its answer: {asked}");
}
