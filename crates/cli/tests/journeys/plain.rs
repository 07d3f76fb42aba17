//! Where nobody reads along on a terminal: plain lines. Where colours are not wanted: none.

use rustix::termios::LocalModes;

use crate::screens::book;
use crate::support::{Desk, eventually};

const STEPS: &str = "## Work\n\n> [!WARNING]\n> Loud.\n\n```sh run\nprintf 'one\\rtwo\\n'; printf '\\033[31mred\\033[0m\\n'\n```\n\n\
    ## Look\n\n```yaml step\non_failure: stop\n```\n\n```sh check\necho came\n```\n\n\
    ```yaml expect\nstdout: [ { equals: wanted } ]\n```\n";

#[test]
fn without_a_terminal_there_are_plain_lines_only() {
    let desk = Desk::with(&book(STEPS));
    let (out, told) = desk.ends(1, &["run", "book.md", "--unattended"]);
    assert_eq!(out, "");
    for wanted in ["│ two", "✓ passed", "✗ FAILED", "wanted", "actual", "Run 1: FAILED"] {
        assert!(told.contains(wanted), "{wanted} in\n{told}");
    }
    let strange: Vec<char> = told.chars().filter(|c| c.is_control() && *c != '\n').collect();
    assert!(strange.is_empty(), "{strange:?} in\n{told}");
    assert!(!told.contains(['░', '█']), "a bar in\n{told}");
    desk.is_intact_and_complete(1);
    for words in [
        &["show", "1"][..],
        &["runs"],
        &["verify", "1"],
        &["replay", "1", "--speed", "1000"],
        &["plan", "book.md"],
        &["check", "book.md"],
    ] {
        let output = desk.holdpoint(words).output().unwrap();
        assert!(!output.stdout.contains(&0x1b) && !output.stderr.contains(&0x1b), "{words:?}");
    }
}

#[test]
fn no_color_is_heeded_on_a_terminal() {
    let desk = Desk::with(&book(STEPS)).set("NO_COLOR", "1");
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.chooses("run").waits_for("│ two").chooses("run").waits_for("Run 1: FAILED");
    let bytes = terminal.bytes();
    terminal.ends(1);
    let text = String::from_utf8(bytes).unwrap();
    let colours = text
        .split("\x1b[")
        .skip(1)
        .filter(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';').starts_with('m'));
    assert_eq!(colours.count(), 0, "{text:?}");
    assert!(!text.contains(['░', '█']), "a bar in\n{text}");
}

#[test]
fn a_terminal_shows_colours_and_a_bar() {
    let desk = Desk::with(&book(STEPS));
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.chooses("run").waits_for("│ two").chooses("run").waits_for("Run 1: FAILED");
    let text = String::from_utf8(terminal.bytes()).unwrap();
    terminal.ends(1);
    assert!(text.contains("\x1b[32m"), "{text:?}");
    assert!(text.contains('░'), "{text:?}");
    assert!(!text.contains("\x1b[31mred"), "the block's own escape codes must not steer the terminal");
}

#[test]
fn the_bar_beside_a_running_block_and_the_lists_of_steps_show_titles_with_their_values() {
    let steps = "## Make {{ operator }}\n\n```sh run\necho came\n```\n\n\
        ## Look\n\n```sh check\necho looked\n```\n";
    let desk = Desk::with(&book(steps));
    let mut terminal = desk.terminal(&["run", "book.md"]);
    let title = format!("1 Make {}", crate::support::OPS);
    terminal.chooses("run").waits_for("│ came").chooses("back").waits_for(&format!("    {title}"));
    let text = String::from_utf8(terminal.bytes()).unwrap();
    assert!(text.contains(&format!("0/2 · {title}")), "{text:?}");
    assert!(!text.contains("{{"), "{text:?}");
    terminal.listens();
}

#[test]
fn keys_that_are_pressed_while_a_block_runs_are_not_shown_and_the_bar_says_how_it_is_stopped() {
    let steps = "## Wait\n\n```sh run\necho begun; until test -e go; do sleep 0.02; done\n```\n\n\
        ## Look\n\n- [ ] It is good\n";
    let desk = Desk::with(&book(steps));
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.chooses("run").waits_for("│ begun").waits_for("Ctrl-C stops it");
    assert!(!terminal.has(LocalModes::ECHO));
    terminal.types("zzz");
    desk.write("go", "");
    terminal.chooses("confirm").waits_for("Run 1: PASSED");
    eventually("keys are shown as they were before", || terminal.has(LocalModes::ECHO));
    let told = terminal.ends(0);
    assert!(!told.contains("zzz"), "{told}");
}
