//! Ctrl-C, TERM, QUIT and HUP: the block and its descendants are gone, the record says so, the terminal is as it was.

use rustix::process::Signal;

use crate::screens::book;
use crate::support::{Desk, Terminal, eventually, group_is_gone, group_lives, holds_text, kill};

/// A block whose grandchild outlives its child.
const LONG: &str = "## Work\n\n```sh run\nsh -c 'sleep 999 & echo begun >>log; wait' &\nwait\n```\n";

/// A block that is told to end and does not. Its shell takes note between two commands only, so they are short.
const DEAF: &str = "## Work\n\n```sh run\ntrap 'echo told >>log' TERM\necho begun >>log\n\
    while :; do sleep 0.1 || :; done\n```\n";

#[test]
fn ctrl_c_at_a_prompt_parks_the_run_and_nothing_is_in_doubt() {
    let desk = Desk::with(&book("## Work\n\n```sh run\necho worked >>log\n```\n"));
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.waits_for("What now?").listens();
    terminal.presses_ctrl_c();
    terminal.waits_for("PARKED");
    terminal.ends(3);
    assert_eq!(desk.is_intact_and_open(1).events.len(), 1);
    let mut terminal = desk.terminal(&["resume", "1"]);
    terminal.chooses("run").waits_for("PASSED");
    terminal.ends(0);
    assert_eq!(desk.is_intact_and_complete(1).starts("work#1"), 1);
    assert_eq!(desk.read("log"), "worked\n");
}

#[test]
fn ctrl_c_at_a_question_within_a_question_takes_only_that_one_back() {
    let desk = Desk::with(&book("## Work\n\n```sh run\necho worked >>log\n```\n"));
    let mut terminal = desk.terminal(&["run", "book.md"]);
    for (word, prompt) in [
        ("skip", "Why is it skipped?"),
        ("note", "Note"),
        ("shell", "What is the shell for?"),
        ("abort", "End the run for good?"),
    ] {
        terminal.chooses(word).waits_for(prompt).listens();
        terminal.presses_ctrl_c();
    }
    assert_eq!(desk.record(1).events.len(), 1);
    // And it does not end the block that is run afterwards.
    terminal.chooses("run").waits_for("✓ passed").waits_for("PASSED");
    terminal.ends(0);
    desk.is_intact_and_complete(1);
    assert_eq!(desk.read("log"), "worked\n");
}

#[test]
fn ctrl_c_in_a_block_ends_it_with_its_grandchildren_and_asks() {
    let desk = Desk::with(&book(LONG));
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.chooses("run");
    holds_text(&desk.path("log"), "begun");
    let group = desk.record(1).child_group();
    assert!(group_lives(group));
    terminal.presses_ctrl_c();
    terminal.waits_for("✗ INTERRUPTED").waits_for("stopped by the operator").waits_for("What now?");
    group_is_gone(group);
    let record = desk.record(1);
    assert_eq!(record.after_opening(), ["action.started work#1", "action.finished work#1 interrupted"]);
    assert_eq!(record.last()["signal"], 15);
    terminal.listens();
    terminal.types("skip\r");
    terminal.answers("Why is it skipped? (Ctrl-C goes back)", "takes too long").waits_for("NOTHING DONE");
    terminal.ends(1);
    desk.is_intact_and_complete(1);
}

#[test]
fn ctrl_c_twice_parks_after_the_block_was_killed() {
    let desk = Desk::with(&book(DEAF));
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.chooses("run");
    holds_text(&desk.path("log"), "begun");
    let group = desk.record(1).child_group();
    terminal.presses_ctrl_c();
    holds_text(&desk.path("log"), "told");
    terminal.presses_ctrl_c();
    terminal.waits_for("✗ INTERRUPTED").waits_for("PARKED");
    terminal.ends(3);
    group_is_gone(group);
    let record = desk.is_intact_and_open(1);
    assert_eq!(record.last()["outcome"], "interrupted");
    assert_eq!(record.last()["signal"], 9);
}

#[test]
fn a_program_that_is_told_to_leave_stops_the_block_and_parks() {
    for signal in [Signal::TERM, Signal::HUP, Signal::QUIT] {
        let desk = Desk::with(&book(LONG));
        let mut terminal = desk.terminal(&["run", "book.md"]);
        terminal.chooses("run");
        holds_text(&desk.path("log"), "begun");
        let group = desk.record(1).child_group();
        terminal.sends(signal);
        terminal.waits_for("✗ INTERRUPTED").waits_for("PARKED");
        terminal.ends(3);
        group_is_gone(group);
        let record = desk.is_intact_and_open(1);
        assert_eq!(record.after_opening(), ["action.started work#1", "action.finished work#1 interrupted"]);
        let (_, told) = desk.ends(3, &["resume", "1", "--unattended"]);
        assert!(told.contains("waiting for a decision on a failure"), "{told}");
    }
}

#[test]
fn a_program_that_is_told_to_leave_at_a_prompt_parks() {
    for signal in [Signal::TERM, Signal::HUP, Signal::QUIT] {
        for nested in [false, true] {
            let desk = Desk::with(&book(LONG));
            let mut terminal = desk.terminal(&["run", "book.md"]);
            if nested {
                terminal.chooses("skip").waits_for("Why is it skipped? (Ctrl-C goes back)").listens();
            } else {
                terminal.waits_for("What now?").listens();
            }
            terminal.sends(signal);
            terminal.waits_for("PARKED");
            terminal.ends(3);
            desk.is_intact_and_open(1);
        }
    }
}

/// A check that fails at first and is looked at again in an hour.
const AGAIN: &str = "## Look\n\n```sh check\n#| retry: { every: 1h, for: 3h }\ntest -e there\n```\n\n\
    ```yaml expect\nexit: 0\n```\n";

#[test]
fn ctrl_c_between_two_attempts_asks_instead_of_waiting_on() {
    let desk = Desk::with(&book(AGAIN));
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.chooses("run").waits_for("✗ FAILED");
    desk.write("there", "");
    terminal.presses_ctrl_c();
    terminal.chooses("run").waits_for("PASSED");
    terminal.ends(0);
    assert_eq!(desk.is_intact_and_complete(1).starts("look#1"), 2);
}

#[test]
fn a_program_that_is_told_to_leave_between_two_attempts_parks() {
    for signal in [Signal::TERM, Signal::HUP, Signal::QUIT] {
        let desk = Desk::with(&book(AGAIN));
        let mut terminal = desk.terminal(&["run", "book.md"]);
        terminal.chooses("run").waits_for("✗ FAILED");
        terminal.sends(signal);
        terminal.waits_for("PARKED");
        terminal.ends(3);
        desk.is_intact_and_open(1);
    }
}

#[test]
fn a_block_that_ends_by_itself_leaves_the_terminal_as_it_was_when_the_run_fails() {
    let desk = Desk::with(&book("## Work\n\n```yaml step\non_failure: stop\n```\n\n```sh run\nfalse\n```\n"));
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.chooses("run").waits_for("✗ FAILED").waits_for("Run 1: FAILED");
    terminal.ends(1);
    desk.is_intact_and_complete(1);
}

const ASKS: &str = "---\nrunbook: 1\ntitle: Asks\ninputs:\n  PLACE: { prompt: Which place }\n  \
    TOKEN: { secret: true, prompt: Which token }\n---\n\n# Asks\n\n## Look\n\n```sh check\necho $PLACE\n```\n";

#[test]
fn leaving_while_an_input_is_asked_for_writes_nothing_and_leaves_the_terminal_as_it_was() {
    for secret in [false, true] {
        for signal in [None, Some(Signal::INT), Some(Signal::TERM), Some(Signal::HUP), Some(Signal::QUIT)] {
            let desk = Desk::with(ASKS);
            let mut terminal = desk.terminal(&["run", "book.md"]);
            terminal.waits_for("Which place").listens();
            if secret {
                terminal.types("here\r");
                terminal.waits_for("Which token (not shown)").hides();
            }
            match signal {
                Some(signal) => terminal.sends(signal),
                None => terminal.presses_ctrl_c(),
            }
            terminal.waits_for("was not given").waits_for("Nothing was run.");
            terminal.ends(2);
            assert_eq!(desk.runs(), 0);
        }
    }
}

#[test]
fn one_signal_stops_a_run_that_nobody_watches_wherever_it_is() {
    let steps: String = (0..30).map(|n| format!("## Step {n}\n\n```sh run\ntrue\n```\n\n")).collect();
    for (lines, signal) in
        [Signal::INT, Signal::TERM, Signal::HUP, Signal::QUIT].into_iter().cycle().enumerate().take(12)
    {
        let desk = Desk::with(&book(&steps));
        let mut command = desk.holdpoint(&["run", "book.md", "--unattended"]);
        let mut program = command.stderr(std::process::Stdio::null()).spawn().unwrap();
        eventually("a record of so many lines", || desk.runs() == 1 && desk.record(1).events.len() > lines);
        kill(i32::try_from(program.id()).unwrap(), signal);
        assert_eq!(program.wait().unwrap().code(), Some(3), "{signal:?} after {lines} events");
        let record = desk.is_intact_and_open(1);
        assert_eq!(record.in_doubt(), None, "{:#?}", record.shape());
    }
}

#[test]
fn a_signal_ends_a_command_that_is_asked_for_an_input_and_all_it_started() {
    for signal in [Signal::INT, Signal::TERM] {
        let desk = Desk::with(
            "---\nrunbook: 1\ninputs:\n  A: { from: { command: 'sleep 60 & echo $$ >group; sleep 60' } }\n---\n\
             # T\n\n- [ ] One\n",
        );
        let mut command = desk.holdpoint(&["run", "book.md", "--unattended"]);
        let mut program = command.stderr(std::process::Stdio::null()).spawn().unwrap();
        holds_text(&desk.path("group"), "\n");
        kill(i32::try_from(program.id()).unwrap(), signal);
        assert_eq!(program.wait().unwrap().code(), Some(2), "{signal:?}");
        group_is_gone(std::fs::read_to_string(desk.path("group")).unwrap().trim().parse().unwrap());
        assert_eq!(desk.runs(), 0);
    }
}

#[test]
fn a_terminal_that_hangs_up_ends_the_block_and_parks() {
    let desk = Desk::with(&book(LONG));
    let mut terminal = Terminal::start_in_a_session(&desk, &["run", "book.md"]);
    terminal.chooses("run");
    holds_text(&desk.path("log"), "begun");
    let group = desk.record(1).child_group();
    terminal.is_lost();
    group_is_gone(group);
    nobody_drives(&desk);
    let record = desk.is_intact_and_open(1);
    assert_eq!(record.after_opening(), ["action.started work#1", "action.finished work#1 interrupted"]);
}

#[test]
fn a_terminal_that_hangs_up_at_a_prompt_parks() {
    for nested in [false, true] {
        let desk = Desk::with(&book(LONG));
        let mut terminal = Terminal::start_in_a_session(&desk, &["run", "book.md"]);
        if nested {
            terminal.chooses("skip").waits_for("Why is it skipped? (Ctrl-C goes back)").listens();
        } else {
            terminal.waits_for("What now?").listens();
        }
        terminal.is_lost();
        nobody_drives(&desk);
        assert_eq!(desk.is_intact_and_open(1).events.len(), 1);
    }
}

#[test]
fn a_terminal_that_is_gone_when_a_value_is_asked_for_parks_and_asks_no_more() {
    let body = "## Note\n\n```yaml record\nstate: { prompt: What do you see }\n```\n";
    for shell in [false, true] {
        let desk = Desk::with(&book(body));
        let mut terminal = Terminal::start_in_a_session(&desk, &["run", "book.md"]);
        terminal.waits_for("What do you see").listens();
        if shell {
            // Whatever ran beside the run had the terminal for itself.
            terminal.types(":shell\r");
            terminal.answers("What is the shell for? (Ctrl-C goes back)", "to look");
            terminal.waits_for("A shell beside run 1").waits_for("(beside run 1)");
            terminal.types("exit\r");
            terminal.waits_for("What do you see").listens();
        }
        terminal.is_lost();
        nobody_drives(&desk);
        desk.is_intact_and_open(1);
    }
}

/// Waits until the driver of the first run has let go of it.
fn nobody_drives(desk: &Desk) {
    let lock = std::fs::File::open(desk.record(1).dir.join("lock")).unwrap();
    eventually("nobody drives the run", || lock.try_lock_shared().is_ok());
}

/// A block that takes half of its time, or for ever.
fn limited(then: &str) -> String {
    book(&format!("## Work\n\n```sh run\n#| timeout: 2s\necho begun >>log\n{then}\n```\n"))
}

#[test]
fn a_block_that_ended_while_the_program_was_stopped_was_not_too_slow() {
    let desk = Desk::with(&limited("until test -e go; do sleep 0.02; done; echo ended >>log"));
    let mut command = desk.holdpoint(&["run", "book.md", "--unattended"]);
    let mut program = command.stderr(std::process::Stdio::null()).spawn().unwrap();
    let id = i32::try_from(program.id()).unwrap();
    holds_text(&desk.path("log"), "begun");
    kill(id, Signal::STOP);
    std::fs::write(desk.path("go"), "").unwrap();
    holds_text(&desk.path("log"), "ended");
    // Longer than the limit: nothing else than time can show that it does not count.
    std::thread::sleep(std::time::Duration::from_millis(2_600));
    kill(id, Signal::CONT);
    assert_eq!(program.wait().unwrap().code(), Some(0));
    let record = desk.is_intact_and_complete(1);
    assert_eq!(record.one("action.finished")["outcome"], "passed");
}

#[test]
fn a_block_that_asks_at_the_terminal_fails_at_once_and_is_told_what_it_wants() {
    for script in
        ["read -r answer </dev/tty", "(exec 3<>/dev/tty && echo password: >&3 && read -r answer <&3)"]
    {
        let desk = Desk::with(&book(&format!("## Work\n\n```sh run\n{script}\n```\n")));
        let mut terminal = desk.terminal(&["run", "book.md"]);
        terminal.chooses("run").waits_for("✗ FAILED").waits_for("tty: true").waits_for("What now?").listens();
        terminal.presses_ctrl_c();
        terminal.waits_for("PARKED");
        terminal.ends(3);
        let remarks = desk.record(1).one("action.finished")["remarks"].to_string();
        assert!(remarks.contains("tty: true"), "{remarks}");
    }
}
