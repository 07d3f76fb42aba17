//! A terminal that is stopped (Ctrl-S), or that nobody reads from: what runs, its time limit and the record go on.

use super::support::{Desk, eventually, holds_text};

const ENDLESS: &str = "---\nrunbook: 1\ntitle: Talk\n---\n# Talk\n\n## Talk\n\n```sh check\n#| timeout: 2s\n\
    echo begun >log\nwhile :; do echo a line of no importance; done\n```\n\n## Quiet\n\n```sh check\ntrue\n```\n";
const STOP: &str = "\x13";
const GO_ON: &str = "\x11";

#[test]
fn a_stopped_terminal_keeps_no_block_from_its_time_limit_and_nothing_from_the_record() {
    let desk = Desk::with(ENDLESS);
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.chooses("run");
    holds_text(&desk.path("log"), "begun");
    terminal.types(STOP);
    // Nobody lets the terminal go on: that the block was stopped is on record all the same.
    eventually("the end is on record", || desk.record(1).last()["type"] == "action.finished");
    assert_eq!(desk.record(1).last()["outcome"], "timed_out");
    terminal.types(GO_ON);
    terminal.waits_for("not shown here").waits_for("✗ TIMED OUT").waits_for("What now?").listens();
    terminal.types("skip\r");
    terminal
        .answers("Why is it skipped? (Ctrl-C goes back)", "it talks too much")
        .chooses("run")
        .waits_for("PASSED");
    terminal.ends(0);
    desk.is_intact_and_complete(1);
}
