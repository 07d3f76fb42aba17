//! `rollback`: what was done in an open run is undone, as part of the same record.

use crate::runs::book;
use crate::support::Bench;

const BODY: &str = "## One\n\n```sh run\necho one >> log\n```\n\n```sh rollback\necho not one >> log\n```\n\n\
    ## Two\n\n```sh run\necho two >> log\n```\n\n```sh rollback\necho not two >> log\n```\n\n\
    ## Wait\n\n- [ ] It is quiet\n\n## Three\n\n```sh run\necho three >> log\n```\n";

const ROLLBACK: [&str; 6] = ["rollback", "1", "--unattended", "--yes", "--reason", "The pager rang"];

fn waiting() -> Bench {
    let bench = Bench::with(&[("book.md", &book("", BODY))]);
    bench.ends(3, &["run", "book.md", "--unattended"]);
    bench
}

#[test]
fn what_was_done_is_undone_in_reverse_and_nothing_else_is_done() {
    let bench = waiting();
    let ran = bench.ends(1, &ROLLBACK);
    ran.says("ROLLED BACK").says("1. undo").says("echo not two");
    assert_eq!(bench.text("log"), "one\ntwo\nnot two\nnot one\n");
    let [opened] = &bench.of_type(1, "rollback.opened")[..] else { panic!("one rollback") };
    assert_eq!(opened["steps"], serde_json::json!(["two", "one"]));
    assert_eq!((&opened["reason"], &opened["by"]["via"]), (&"The pager rang".into(), &"command".into()));
    assert_eq!(bench.events(1).last().unwrap()["verdict"], "rolled_back");
    bench.ends(0, &["verify", "1"]).says("intact and complete");
}

#[test]
fn a_rollback_that_is_half_done_is_told_as_that_and_how_it_goes_on() {
    let undo = "test -e mended || exit 7\necho not one >> log";
    let body = BODY.replacen("echo not one >> log", undo, 1);
    let bench = Bench::with(&[("book.md", &book("", &body))]);
    bench.ends(3, &["run", "book.md", "--unattended"]);
    let half = "2 Two: undone; the rollback of 1 One is next; it failed";
    let parked = bench.ends(3, &ROLLBACK);
    parked.says("PARKED in its rollback · at the rollback of 1 One").says(half).says("holdpoint resume 1");
    let shown = bench.ends(0, &["show", "1"]);
    shown.says("ROLLING BACK").says(half).says("its rollback: failed").says("holdpoint resume 1");
    for format in ["markdown", "html"] {
        bench
            .ends(0, &["report", "1", "--format", format])
            .says("It is being rolled back.")
            .says("1 One is next");
    }
    bench.ends(0, &["runs"]).says("rollback failed, waits for a decision");
    let row = bench.ends(0, &["runs", "--format", "json"]).json();
    assert_eq!(row[0]["awaited"]["rolling_back"], true);
    assert_eq!(bench.ends(0, &["show", "1", "--format", "json"]).json()["rolling_back"], half);
    let resumed = bench.ends(3, &["resume", "1", "--unattended"]);
    resumed.says("The run is being rolled back").says("2 Two: undone");
    resumed.says("1 One: goes on here: its rollback failed; you decide");
    resumed.says("4 Three: will not run: nothing of it has happened");
    resumed.says("3 Wait: will not run");
}

#[test]
fn nothing_is_rolled_back_unasked_or_without_a_reason_or_where_nothing_can_be() {
    let bench = waiting();
    let before = bench.events(1).len();
    bench.ends(2, &["rollback", "1", "--unattended", "--yes"]);
    bench.ends(2, &["rollback", "1", "--unattended", "--yes", "--reason", " "]).says("the reason is empty");
    bench.ends(3, &["rollback", "1", "--unattended", "--reason", "The pager rang"]).says("--yes");
    assert!(bench.of_type(1, "rollback.opened").is_empty());
    assert_eq!(bench.text("log"), "one\ntwo\n");
    assert!(bench.events(1).len() <= before + 1, "a session at most");
    bench.ends(1, &ROLLBACK);
    let over = bench.ends(2, &ROLLBACK);
    over.says("run 1 has ended").says("a run-book of its own");
    // Where nothing was done.
    let bench = Bench::with(&[("book.md", &book("", "## Wait\n\n- [ ] It is quiet\n"))]);
    bench.ends(3, &["run", "book.md", "--unattended"]);
    let before = bench.events(1).len();
    bench.ends(2, &ROLLBACK).says("nothing was done in it that could be undone");
    assert_eq!(bench.events(1).len(), before, "nothing is written");
}

#[test]
fn a_tree_that_changed_keeps_nobody_from_rolling_back() {
    let config = "[environments.prod]\nrequires = { clean_commit = true }\n";
    let bench = Bench::with(&[("book.md", &book("", BODY)), ("holdpoint.toml", config)]);
    bench.file(".gitignore", "/log\n/.holdpoint/runs/\n");
    bench.committed();
    bench.ends(3, &["run", "book.md", "--env", "prod", "--unattended"]);
    bench.file("stray", "x");
    bench.ends(5, &["resume", "1", "--unattended"]);
    bench.ends(1, &ROLLBACK).says("ROLLED BACK");
    bench.ends(0, &["verify", "1"]);
}

#[test]
fn nothing_is_rolled_back_while_a_block_still_runs_that_its_driver_left_behind() {
    let body = "## One\n\n```sh run\necho $$ > group; echo > started; read line < end\necho late >> log\n```\n\n\
        ```sh rollback\necho undone >> log\n```\n";
    let bench = Bench::with(&[("book.md", &book("", body))]);
    let holdpoint = env!("CARGO_BIN_EXE_holdpoint");
    bench.sh(&format!(
        "mkfifo started end; '{holdpoint}' run book.md --unattended >out 2>&1 & read line < started; kill -9 $!; wait"
    ));
    bench.ends(3, &ROLLBACK).says("STILL RUNNING").says("Nothing was rolled back");
    assert!(!bench.exists("log") && bench.of_type(1, "rollback.opened").is_empty());
    let gone = "kill -9 -- -$(cat group); while kill -0 -- -$(cat group) 2>/dev/null; do :; done";
    bench.sh(&format!("bash -c '{gone}'"));
    bench.ends(1, &ROLLBACK).says("ROLLED BACK");
    assert_eq!(bench.text("log"), "undone\n");
}

#[test]
fn no_answer_goes_on_while_a_block_still_runs_that_its_driver_left_behind() {
    let body = "## One\n\n```sh run\necho $$ > group; echo > started; read line < end\n```\n\n\
        ```sh rollback\necho undone >> log\n```\n\n## Two\n\n```sh run\necho two >> log\n```\n";
    let bench = Bench::with(&[("book.md", &book("", body))]);
    let holdpoint = env!("CARGO_BIN_EXE_holdpoint");
    bench.sh(&format!(
        "mkfifo started end; '{holdpoint}' run book.md --unattended >out 2>&1 & read line < started; kill -9 $!; wait"
    ));
    let group = bench.text("group").trim().to_owned();
    let resume = ["resume", "1", "--unattended", "--answers", "answers.yaml"];
    for choice in ["run", "happened", "skip", "rollback"] {
        bench.file("answers.yaml", &format!("steps: {{ one: {{ choice: {choice}, reason: so it is }} }}\n"));
        let told = bench.ends(3, &resume);
        told.says("what was answered does not count").says(&format!("stop it with: kill -- -{group}"));
        assert!(!bench.exists("log"), "{choice}");
    }
    assert!(bench.of_type(1, "rollback.opened").is_empty() && bench.of_type(1, "decision").is_empty());
    assert_eq!(bench.of_type(1, "action.started").len(), 1);
    let gone = "kill -9 -- -$(cat group); while kill -0 -- -$(cat group) 2>/dev/null; do :; done";
    bench.sh(&format!("bash -c '{gone}'"));
    bench.file("answers.yaml", "steps: { one: { choice: happened, reason: so it is } }\n");
    bench.ends(0, &resume);
    assert_eq!(bench.text("log"), "two\n");
}

#[test]
fn what_an_ended_block_left_in_the_background_is_for_somebody_at_a_terminal_to_judge() {
    let body = "## One\n\n```sh run\n(read line < end) &\necho $$ > group; echo > started; read line < never\n```\n\n\
        ```sh rollback\necho undone >> log\n```\n\n## Two\n\n```sh run\necho two >> log\n```\n";
    let bench = Bench::with(&[("book.md", &book("", body))]);
    let holdpoint = env!("CARGO_BIN_EXE_holdpoint");
    bench.sh(&format!(
        "mkfifo started end never; '{holdpoint}' run book.md --unattended >out 2>&1 & read line < started; kill -9 $!; wait"
    ));
    bench.sh("kill -9 $(cat group); while grep -q '^State:.[^ZX]' /proc/$(cat group)/status 2>/dev/null; do :; done");
    let group = bench.text("group").trim().to_owned();
    let left = format!("the interrupted block has ended, and what it started (group {group}) runs");
    bench.file("answers.yaml", "steps: { one: { choice: happened, reason: so it is } }\n");
    let resume = ["resume", "1", "--unattended", "--answers", "answers.yaml"];
    bench.ends(3, &resume).says(&left).says("say so at a terminal");
    bench.ends(3, &ROLLBACK).says(&left).says("do it again at a terminal");
    assert!(!bench.exists("log") && bench.of_type(1, "decision").is_empty());
    bench.sh("echo > end; while kill -0 -- -$(cat group) 2>/dev/null; do :; done");
    bench.ends(0, &resume);
    assert_eq!(bench.text("log"), "two\n");
}

#[test]
fn what_lies_behind_a_point_of_no_return_says_so() {
    let body = "## One\n\n```yaml step\nirreversible: true\n```\n\n```sh run\ntrue\n```\n\n```sh rollback\ntrue\n```\n\n\
        ## Wait\n\n- [ ] It is quiet\n";
    let bench =
        Bench::with(&[("book.md", &book("", body)), ("yes.yaml", "steps: { one: { confirm: true } }\n")]);
    bench.ends(3, &["run", "book.md", "--unattended", "--answers", "yes.yaml"]);
    bench.ends(2, &ROLLBACK).says("behind a point of no return");
}

#[test]
fn a_group_whose_number_says_nothing_here_is_neither_taken_for_the_block_nor_for_gone() {
    let body = "## One\n\n```sh run\necho $$ > group; echo > started; read line < end\n```\n\n## Two\n\n```sh run\necho two >> log\n```\n";
    let bench = Bench::with(&[("book.md", &book("", body))]);
    let holdpoint = env!("CARGO_BIN_EXE_holdpoint");
    bench.sh(&format!(
        "mkfifo started end; '{holdpoint}' run book.md --unattended >out 2>&1 & read line < started; kill -9 $!; wait"
    ));
    let group = bench.text("group").trim().to_owned();
    let lock = bench.run_dir(1).join("lock");
    let noted: serde_json::Value = serde_json::from_slice(&std::fs::read(&lock).unwrap()).unwrap();
    let resume = ["resume", "1", "--unattended", "--answers", "answers.yaml"];
    bench.file("answers.yaml", "steps: { one: { choice: run } }\n");
    let changed = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut note = noted.clone();
        change(&mut note);
        std::fs::write(&lock, note.to_string()).unwrap();
    };
    // Another container, or another machine.
    let elsewhere: [&dyn Fn(&mut serde_json::Value); 2] =
        [&|note| note["kernel"]["processes"] = "pid:[1]".into(), &|note| note["host"] = "other".into()];
    for change in elsewhere {
        changed(change);
        let told = bench.ends(3, &resume);
        told.says("MAY STILL RUN").says("may still run, so what was answered does not count");
        assert!(!told.both().contains("one#1 does not"), "{}", told.both());
        assert_eq!(bench.of_type(1, "action.started").len(), 1);
    }
    // Somebody else has the number by now.
    changed(&|note| note["child_began"] = 1.into());
    bench.file("answers.yaml", "steps: { one: { choice: happened, reason: so it is } }\n");
    let told = bench.ends(0, &resume);
    assert!(!told.both().contains("STILL RUN"), "{}", told.both());
    assert_eq!(bench.text("log"), "two\n");
    bench.sh(&format!("bash -c 'kill -9 -- -{group}'"));
}
