//! What a terminal has beside its text: the title of its window while a run is driven, and links to files.

use crate::support::{Desk, Terminal};

const BOOK: &str = "---\nrunbook: 1\ntitle: \"Stop \\e]0;pwned\\a it\"\n---\n\n# Stop\n\n## Look\n\n```sh check\ntrue\n```\n";

/// Everything that was written on a terminal of this kind.
fn written(desk: &Desk) -> String {
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.waits_for("What now?").types("run\r");
    terminal.waits_for("PASSED");
    String::from_utf8_lossy(&terminal.bytes_at_the_end(0)).into_owned()
}

#[test]
fn the_window_is_called_after_the_run_and_its_step_and_gets_its_title_back() {
    let told = written(&Desk::with(BOOK));
    let title = "\u{1b}[22;2t\u{1b}]2;run 1 · 1 Look · Stop ␛]0;pwned␇ it\u{7}";
    assert_eq!(told.matches(title).count(), 1, "{told:?}");
    let back = "\u{1b}]2;\u{7}\u{1b}[23;2t";
    assert_eq!(told.matches(back).count(), 1, "{told:?}");
    assert!(told.find(title) < told.find(back), "{told:?}");
    assert!(!told.contains("\u{1b}]0;"), "nothing of the document acts: {told:?}");
}

#[test]
fn the_window_gets_its_title_back_whoever_leaves_and_however() {
    let desk = Desk::with(BOOK);
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.waits_for("What now?").listens();
    terminal.sends(rustix::process::Signal::TERM);
    let told = String::from_utf8_lossy(&terminal.bytes_at_the_end(3)).into_owned();
    assert_eq!(told.matches("\u{1b}]2;\u{7}\u{1b}[23;2t").count(), 1, "{told:?}");
}

#[test]
fn no_title_is_written_where_none_is_taken() {
    for term in ["linux", "dumb", "vt100"] {
        let told = written(&Desk::with(BOOK).set("TERM", term));
        assert!(!told.contains("\u{1b}]") && !told.contains("\u{1b}[22"), "{term}: {told:?}");
    }
    let desk = Desk::with(BOOK);
    let mut terminal = Terminal::start_under_tee(&desk, &["run", "book.md"]);
    terminal.waits_for("What now?").types("run\r");
    terminal.waits_for("PASSED");
    assert!(!String::from_utf8_lossy(&terminal.bytes_at_the_end(0)).contains("\u{1b}]"));
}

#[test]
fn files_are_links_where_the_terminal_says_that_it_takes_them() {
    assert!(!written(&Desk::with(BOOK)).contains("\u{1b}]8;"));
    let desk = Desk::with(BOOK).set("FORCE_HYPERLINK", "1");
    let told = written(&desk);
    let (link, text) = told.split_once("\u{1b}]8;;file://").unwrap().1.split_once('\u{7}').unwrap();
    assert!(link.ends_with("/book.md"), "{link}");
    assert!(text.starts_with("book.md\u{1b}]8;;\u{7}"), "{text:?}");
}
