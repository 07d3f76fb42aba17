//! Blocks with a terminal: programs that take all of the screen, and whatever way they end, the terminal is as it was.

use rustix::process::Signal;
use rustix::termios::LocalModes;

use crate::screens::book;
use crate::support::{Desk, Terminal, eventually, group_is_gone, holds_text};

/// A program that changes all it can about a terminal, and then waits.
const DRAWS: &str = "printf '\\033[?1049h\\033[?25l\\033[?1000;1006h\\033[?2004h\\033[?1h\\033=\\033[2;5r\\033[1;31m'\n\
    stty raw -echo\necho drawn >>log\nprintf '\\033[Hdrawn'\n";

fn block(options: &str, script: &str) -> String {
    book(&format!("## Draw\n\n```sh run\n#| tty: true\n{options}{script}```\n"))
}

/// A desk with a block that is drawing.
fn drawing(options: &str, then: &str) -> (Desk, Terminal) {
    let desk = Desk::with(&block(options, &format!("{DRAWS}{then}\n")));
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.chooses("run").waits_for("three times").waits_for("drawn");
    (desk, terminal)
}

/// The last word on the alternate screen, the mouse, pasting and the cursor is that they are as before.
#[track_caller]
fn undone(bytes: &[u8]) {
    let last = |needle: &str| bytes.windows(needle.len()).rposition(|window| window == needle.as_bytes());
    for mode in ["1049", "1000", "1006", "2004", "1"] {
        let (on, off) = (last(&format!("\x1b[?{mode}h")), last(&format!("\x1b[?{mode}l")));
        assert!(off > on.or_else(|| last("1000;1006h")), "{mode} stays on: {}", bytes.escape_ascii());
    }
    assert!(last("\x1b[?25h") > last("\x1b[?25l") && last("\x1b[0m") > last("\x1b[1;31m"));
    assert!(last("\x1b[r") > last("\x1b[2;5r") && last("\x1b>") > last("\x1b="));
}

#[test]
fn an_editor_edits_and_what_it_drew_is_on_record() {
    let script = "vi -u NONE -N file.txt\ntest -s file.txt\n";
    let desk = Desk::with(&block("", script));
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.chooses("run").waits_for("file.txt");
    terminal.types("ihello there\x1b:wq\r");
    terminal.waits_for("✓ passed");
    terminal.ends(0);
    assert_eq!(desk.read("file.txt"), "hello there\n");
    let record = desk.is_intact_and_complete(1);
    let output = &record.one("action.finished")["output"];
    assert_eq!(output["stderr"]["bytes"], 0);
    assert!(record.blob(&output["timing"]).starts_with("r 160x50 0\n"));
    let drawn = record.stdout_of("draw#1");
    assert!(drawn.contains("hello there") && drawn.contains('\x1b'), "{drawn:?}");
    // What was typed is on record only as far as the program showed it.
    assert!(!drawn.contains("ihello"));
}

#[test]
fn a_change_of_the_window_reaches_the_program_and_the_record() {
    let script = "trap 'stty size; exit 0' WINCH; echo ready\nwhile :; do sleep 0.02; done\n";
    let desk = Desk::with(&block("", script));
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.chooses("run").waits_for("ready");
    terminal.resizes(100, 40);
    terminal.waits_for("40 100").waits_for("✓ passed");
    terminal.ends(0);
    let record = desk.is_intact_and_complete(1);
    let timing = record.blob(&record.one("action.finished")["output"]["timing"]);
    assert!(timing.lines().any(|line| line.starts_with("r 100x40 ")), "{timing}");
    let (cast, _) = desk.ends(0, &["report", "1", "--format", "cast"]);
    for size in ["160x50", "100x40", "100x30"] {
        assert!(cast.contains(&format!("\"r\", \"{size}\"")), "{size}: {cast}");
    }
}

#[test]
fn ctrl_c_goes_to_the_program_and_not_to_the_run() {
    let script = "trap 'echo caught; exit 0' INT; echo ready\nwhile :; do sleep 0.02; done\n";
    let desk = Desk::with(&block("", script));
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.chooses("run").waits_for("ready");
    terminal.presses_ctrl_c();
    terminal.waits_for("caught").waits_for("✓ passed");
    terminal.ends(0);
    desk.is_intact_and_complete(1);
}

#[test]
fn after_a_program_that_ended_the_terminal_is_as_it_was() {
    for (then, code) in [("exit 0", 0), ("kill -9 $$", 3)] {
        let (desk, mut terminal) = drawing("", &format!("read -r x || :; {then}"));
        terminal.types("\n");
        terminal.waits_for(if code == 0 { "✓ passed" } else { "✗ FAILED" });
        if code != 0 {
            terminal.listens();
            terminal.presses_ctrl_c();
        }
        let bytes = terminal.bytes_at_the_end(code);
        undone(&bytes);
        assert_eq!(desk.read("log"), "drawn\n");
    }
}

#[test]
fn three_times_ctrl_right_bracket_stops_a_block_and_asks() {
    for keys in ["\x1d\x1d\x1d", "\x1b[27;5;93~\x1b[27;5;93~\x1b[27;5;93~"] {
        let (desk, mut terminal) = drawing("", "sleep 999");
        let group = desk.record(1).child_group();
        terminal.types(keys);
        terminal.waits_for("✗ INTERRUPTED").waits_for("What now?").listens();
        group_is_gone(group);
        terminal.presses_ctrl_c();
        undone(&terminal.bytes_at_the_end(3));
        assert_eq!(desk.is_intact_and_open(1).last()["outcome"], "interrupted");
    }
}

#[test]
fn a_program_that_is_told_to_leave_gives_the_terminal_back_and_parks() {
    for signal in [Signal::TERM, Signal::HUP] {
        let (desk, mut terminal) = drawing("", "sleep 999");
        terminal.sends(signal);
        terminal.waits_for("✗ INTERRUPTED").waits_for("PARKED");
        undone(&terminal.bytes_at_the_end(3));
        desk.is_intact_and_open(1);
    }
}

#[test]
fn a_time_limit_gives_the_terminal_back_and_asks() {
    let (_desk, mut terminal) = drawing("#| timeout: 1s\n", "sleep 999");
    terminal.waits_for("✗ TIMED OUT").waits_for("What now?").listens();
    terminal.presses_ctrl_c();
    undone(&terminal.bytes_at_the_end(3));
}

#[test]
fn a_panic_gives_the_terminal_back() {
    let desk = Desk::with(&block("", &format!("{DRAWS}exit 0\n"))).set("HOLDPOINT_PANIC", "draw#1");
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.chooses("run").waits_for("failed through a fault of its own");
    let bytes = terminal.bytes_at_the_end(70);
    // It may be too late to draw anything; nothing is drawn after the terminal was given back.
    let text = String::from_utf8_lossy(&bytes);
    let fault = text.find("failed through a fault of its own").unwrap();
    assert!(!text[fault..].contains("drawn"), "{}", bytes.escape_ascii());
    if text.contains("\x1b[?1049h") {
        undone(&bytes);
    }
}

#[test]
fn a_suspended_run_gives_the_terminal_back_and_takes_it_again() {
    let (desk, mut terminal) =
        drawing("", "trap 'echo again >>log; exit 0' WINCH; while :; do sleep 0.02; done");
    let state = |pid| std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    terminal.sends(Signal::TSTP);
    eventually("it is stopped", || state(terminal.pid()).rsplit(") ").next().unwrap().starts_with('T'));
    assert!(terminal.has(LocalModes::ICANON) && terminal.has(LocalModes::ECHO));
    eventually("the screen is given back", || terminal.bytes().ends_with(b"\x1b[?25h"));
    undone(&terminal.bytes());
    terminal.sends(Signal::CONT);
    // It is told to draw anew.
    holds_text(&desk.path("log"), "again");
    terminal.waits_for("✓ passed");
    undone(&terminal.bytes_at_the_end(0));
}

#[test]
fn keys_that_come_late_answer_no_prompt() {
    let desk = Desk::with(&block("", "stty raw -echo\necho ready\nread -r x || :\nsleep 0.3\nexit 1\n"));
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.chooses("run").waits_for("ready");
    terminal.types("\nskip\rabort\r");
    terminal.waits_for("✗ FAILED").waits_for("What now?").listens();
    terminal.presses_ctrl_c();
    terminal.ends(3);
    let shape = desk.is_intact_and_open(1).after_opening();
    assert_eq!(shape, ["action.started draw#1", "action.finished draw#1 failed"]);
}

#[test]
fn a_secret_is_masked_on_the_terminal_and_in_the_record_and_an_echo_is_not_kept_back() {
    let steps = "---\nrunbook: 1\ntitle: Book\ninputs:\n  TOKEN: { secret: true, from: { env: T0KEN } }\n---\n\n# Book\n\n\
        ## Ask\n\n```sh run\n#| tty: true\n\
        printf 'word: '; read -r word; echo; echo \"<$TOKEN> $word\"; printf hun; read -r x; echo done\n```\n";
    let desk = Desk::with(steps).set("T0KEN", "hunter2hunter2");
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.chooses("run").waits_for("word: ");
    // As typed letter by letter: what could begin the secret is echoed, and the rest of it never.
    terminal.types("h");
    terminal.waits_for("h");
    terminal.types("unter\r");
    terminal.waits_for("<[REDACTED:TOKEN]> hunter").waits_for("hun");
    terminal.types("\r");
    terminal.waits_for("done").waits_for("✓ passed");
    let text = terminal.ends(0);
    assert!(!text.contains("hunter2"), "{text}");
    let record = desk.is_intact_and_complete(1);
    let kept = record.stdout_of("ask#1");
    assert!(kept.starts_with("word: hunter\r\n\r\n<[REDACTED:TOKEN]> hunter\r\nhun\r\ndone"), "{kept:?}");
    assert_eq!(record.one("action.finished")["masked"]["TOKEN"], 1);
}

#[test]
fn a_secret_that_is_typed_where_it_is_shown_is_masked_on_record() {
    let steps = "---\nrunbook: 1\ntitle: Book\ninputs:\n  TOKEN: { secret: true, from: { env: T0KEN } }\n---\n\n# Book\n\n\
        ## Ask\n\n```sh run\n#| tty: true\nprintf 'word: '; read -r word; echo done\n```\n";
    let desk = Desk::with(steps).set("T0KEN", "hunter2hunter2");
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.chooses("run").waits_for("word: ");
    for key in "hunter2hunter2".chars() {
        terminal.types(&key.to_string());
    }
    terminal.waits_for("[REDACTED:TOKEN]");
    terminal.types("\r");
    terminal.waits_for("done").waits_for("✓ passed");
    let text = terminal.ends(0);
    assert!(!text.contains("hunt"), "{text}");
    assert!(desk.record(1).stdout_of("ask#1").contains("word: [REDACTED:TOKEN]"));
}

#[test]
fn without_anybody_a_block_that_needs_a_terminal_parks_before_it_starts() {
    let desk = Desk::with(&block("", "echo ran >>log\n"));
    let (_, told) = desk.ends(3, &["run", "book.md", "--unattended"]);
    assert!(told.contains("needs somebody at a terminal") && told.contains("PARKED"), "{told}");
    assert_eq!(desk.is_intact_and_open(1).events.len(), 1);
    let (_, told) = desk.ends(3, &["resume", "1"]);
    assert!(told.contains("needs somebody at a terminal"), "{told}");
    let mut terminal = desk.terminal(&["resume", "1"]);
    terminal.chooses("run").waits_for("✓ passed");
    terminal.ends(0);
    assert_eq!(desk.read("log"), "ran\n");
    desk.is_intact_and_complete(1);
}

#[test]
fn a_dry_run_takes_it_as_passed_and_executes_nothing() {
    let steps = "## Look\n\n```sh check\n#| tty: true\necho ran >>log\n```\n";
    let desk = Desk::with(&book(steps));
    let (_, told) = desk.ends(0, &["run", "book.md", "--dry-run"]);
    assert!(told.contains("it needs somebody at a terminal"), "{told}");
    assert_eq!(desk.read("log"), "");
}

#[test]
fn a_replay_draws_it_again_and_lets_nothing_of_it_act() {
    let script = "printf '\\033[?1049h\\033[Hdrawn\\033[6n\\033]0;title\\007\\033[?1000h'\nprintf ' over'\n";
    let desk = Desk::with(&block("", script));
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.chooses("run").waits_for("✓ passed");
    undone_screen(&terminal.bytes_at_the_end(0));
    let mut replay = desk.terminal(&["replay", "1"]);
    replay.waits_for("drawn over").waits_for("PASSED");
    let bytes = replay.bytes_at_the_end(0);
    undone_screen(&bytes);
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.contains("\x1b[?1049h\x1b[Hdrawn over"), "{text:?}");
    // Without a terminal it is shown line by line, and nothing acts at all.
    let (_, lines) = desk.ends(0, &["replay", "1"]);
    assert!(lines.contains("␛[Hdrawn") && !lines.contains('\x1b'), "{lines:?}");
    let (report, _) = desk.ends(0, &["report", "1"]);
    assert!(report.contains("␛[Hdrawn") && !report.contains('\x1b'), "{report:?}");
    let (cast, _) = desk.ends(0, &["report", "1", "--format", "cast"]);
    assert!(cast.contains("\\u001b[Hdrawn"), "{cast}");
    for acts in ["\\u001b[6n", "\\u001b]0", "\\u001b[?1000h"] {
        assert!(!cast.contains(acts), "{cast}");
    }
}

fn undone_screen(bytes: &[u8]) {
    let last = |needle: &str| bytes.windows(needle.len()).rposition(|window| window == needle.as_bytes());
    assert!(last("\x1b[?1049l") > last("\x1b[?1049h"));
}

#[test]
fn a_run_that_is_killed_takes_the_block_with_it() {
    let (desk, terminal) = drawing("", "sleep 999");
    let group = desk.record(1).child_group();
    terminal.killed();
    group_is_gone(group);
    assert_eq!(desk.record(1).in_doubt().as_deref(), Some("draw#1"));
}
