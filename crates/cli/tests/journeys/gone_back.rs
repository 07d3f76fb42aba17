//! What is told of a run that went back: what was done before is neither as if it never was, nor as if it was done twice.

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use serde_json::Value;

use crate::screens::book;
use crate::support::{Desk, Gate, eventually, group_is_gone, holds_text};

const THREE: &str = "## One\n\n```sh run\n: one\n```\n\n## Two\n\n```sh run\n: two\n```\n\n## Three\n\n- [ ] Fine\n\n## Four\n\n- [ ] Good\n";

#[test]
fn what_was_done_before_the_run_went_back_is_to_be_done_again_and_has_not_begun_twice() {
    let desk = Desk::with(&book(THREE));
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.chooses("run").chooses("run").chooses("confirm").waits_for("4 Four");
    terminal.chooses("back").answers("Which step?", "1");
    terminal.answers("Repeat it, or go on from there?", "from there").answers("Why?", "all of it");
    terminal.waits_for("1 One").chooses("info").waits_for("0 of 4 actions done, 3 to be done again");
    terminal
        .waits_for("2 Two (to be done again)")
        .waits_for("gone back to one by ops@example.org: all of it");
    terminal.chooses("shell").answers("What is the shell for?", "to look").waits_for("(beside run 1)");
    terminal.types("exit\r");
    terminal.chooses("info").waits_for("a shell was opened at one#1 by ops@example.org: to look");
    terminal.chooses("park");
    terminal.ends(3);
    let (show, _) = desk.ends(0, &["show", "1"]);
    assert!(show.contains("waits at     1 One (to be done again)"), "{show}");
    assert!(show.contains("gone back to one, by ops@example.org: all of it"), "{show}");
    assert!(show.contains("a shell was opened at one#1, by ops@example.org: to look"), "{show}");
    assert_eq!(show.matches("TO BE DONE AGAIN").count(), 3, "{show}");
    assert_eq!(show.matches("NOT REACHED").count(), 1, "{show}");
    let mut terminal = desk.terminal(&["resume", "1"]);
    terminal.waits_for("1 One: goes on here");
    terminal.waits_for("2 Two: will run again: it was done before the run went back");
    terminal.waits_for("4 Four: will run: nothing of it has happened yet");
    terminal.chooses("abort").waits_for("0 of 4 actions done, 3 to be done again");
    terminal.answers("End the run for good?", "yes").answers("Why is it aborted?", "tomorrow");
    terminal.ends(4);

    let (json, _) = desk.ends(0, &["show", "1", "--format", "json"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    let told = |of: &str| [0, 1, 2, 3].map(|step| json["steps"][step][of].clone());
    let again = Value::from("to_be_done_again");
    assert_eq!(told("status"), [again.clone(), again.clone(), again, "not_reached".into()]);
    assert_eq!(told("rounds"), [1, 1, 1, 1].map(Value::from));
    assert_eq!(told("started"), [const { Value::Null }; 4], "an abort begins nothing");
    for format in ["markdown", "html"] {
        let (copy, _) = desk.ends(0, &["report", "1", "--format", format]);
        assert!(copy.contains("TO BE DONE AGAIN") && !copy.contains("begun twice"), "{copy}");
    }
    let (junit, _) = desk.ends(0, &["report", "1", "--format", "junit"]);
    assert_eq!(junit.matches("to be done again: it was done before the run went back").count(), 3, "{junit}");
    for told in ["gone back to one by ops@example.org", "a shell was opened at one#1 by ops@example.org"] {
        assert!(junit.contains(told), "{junit}");
    }
    let (history, _) = desk.ends(0, &["history", "book.md", "--format", "json"]);
    let history: Value = serde_json::from_str(&history).unwrap();
    let runs = |step: usize| history["steps"][step]["runs"].as_u64();
    assert_eq!([0, 1, 2, 3].map(runs), [Some(1), Some(1), Some(1), Some(0)], "{history:#}");
}

#[test]
fn whoever_goes_back_is_told_what_an_interrupted_block_left_running_though_they_were_told_before() {
    let work =
        "## Work\n\n```sh run\n(read -r _ <left; : done) &\necho at work >>log; read -r _ <never\n```\n\n";
    let desk = Desk::with(&book(&format!("{work}## Two\n\n- [ ] Fine\n")));
    let _gates = [Gate::at(&desk.path("left")), Gate::at(&desk.path("never"))];
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.chooses("run");
    holds_text(&desk.path("log"), "at work");
    let group = desk.record(1).child_group();
    terminal.killed();
    // The block itself is gone, and what it started lives.
    let leader = Pid::from_raw(group).unwrap();
    kill_process(leader, Signal::KILL).unwrap();
    eventually("the block's end", || {
        let state = std::fs::read_to_string(format!("/proc/{group}/stat"));
        state.is_err() || state.is_ok_and(|state| state.contains(") Z"))
    });
    let left = "what the interrupted block started still runs";
    let mut terminal = desk.terminal(&["resume", "1"]);
    terminal.waits_for("IN DOUBT").chooses("happened").waits_for(left);
    terminal.chooses("happened").waits_for("[ ] Fine");
    for again in 0..2 {
        terminal.chooses("back").answers("Which step?", "1");
        terminal.answers("Repeat it, or go on from there?", "repeat").answers("Why?", "once more");
        if again == 0 {
            terminal.waits_for(left).waits_for(&format!("kill -- -{group}")).waits_for("[ ] Fine");
        }
    }
    terminal.waits_for("1 Work").chooses("park");
    terminal.ends(3);
    assert_eq!(desk.record(1).all("deviation").len(), 1);
    kill_process_group(leader, Signal::KILL).unwrap();
    group_is_gone(group);
}
