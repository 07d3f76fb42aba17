//! What is in doubt at a place is looked for there before an answer about it counts.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

use holdpoint_hosts::Options;
use rustix::process::{Pid, Signal, kill_process};

use crate::support::{RUN, Stage, stage};
use crate::terminal::Terminal;
use crate::waiting::eventually;

const SLOW: &str = "## Deploy

```yaml step
target: web
```

```sh run
echo ran >>count
until [ -f go ]; do sleep 0.05; done
echo whole
```

```sh rollback
echo undone >>count
```

## After

```sh run
true
```
";

/// A block runs on the host, its driver is dead, and the host cannot be reached.
fn left(test: &str, body: &str) -> Option<Stage> {
    let stage = stage(test, 1, &Options::default())?;
    stage.book("", body);
    let mut driver = stage.command(&RUN).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    eventually("the block runs", || stage.text(0, "count") == "ran\n");
    kill_process(Pid::from_raw(i32::try_from(driver.id()).unwrap()).unwrap(), Signal::KILL).unwrap();
    driver.wait().unwrap();
    let ssh = stage.bench.all().join("bin/ssh");
    fs::rename(&ssh, stage.bench.all().join("bin/good-ssh")).unwrap();
    fs::write(&ssh, "#!/bin/sh\necho 'ssh: connect to host web: Connection refused' >&2\nexit 255\n")
        .unwrap();
    fs::set_permissions(&ssh, fs::Permissions::from_mode(0o755)).unwrap();
    Some(stage)
}

fn is_reached_again(stage: &Stage) {
    let bin = stage.bench.all().join("bin");
    fs::rename(bin.join("good-ssh"), bin.join("ssh")).unwrap();
}

/// What a terminal shows, however its lines are broken.
fn words(lines: &[String]) -> String {
    lines.join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
}

fn shows(terminal: &Terminal, text: &str, times: usize) {
    let waited = std::panic::AssertUnwindSafe(|| {
        eventually(text, || words(&terminal.shows()).matches(text).count() >= times);
    });
    if std::panic::catch_unwind(waited).is_err() {
        panic!("{text}, {times} times: {:#?}", terminal.shows());
    }
}

#[test]
fn run_it_again_is_no_answer_while_a_host_is_away_and_finds_the_block_when_it_is_back() {
    let Some(stage) = left("places::run_it_again_is_no_answer", SLOW) else { return };
    let mut terminal = Terminal::attended(&stage, &["resume", "1"]);
    shows(&terminal, "looked for there once more first", 1);
    terminal.answers(b"r\r");
    shows(&terminal, "what was answered does not count", 1);
    shows(&terminal, "looked for there once more first", 2);
    assert_eq!(stage.text(0, "count"), "ran\n");
    is_reached_again(&stage);
    terminal.answers(b"h\r");
    shows(&terminal, "looking at", 3);
    assert_eq!(stage.blocks(), ["deploy#1 @0 started"]);
    fs::write(stage.on(0, "go"), "").unwrap();
    shows(&terminal, "has an end after all", 1);
    terminal.answers(b"\r");
    let shown = words(&terminal.ends());
    assert!(shown.contains("has an end after all"), "{shown}");
    assert_eq!(stage.text(0, "count"), "ran\n");
    assert_eq!(stage.output("deploy#1", 0), "whole\n");
    assert!(stage.bench.of_type(1, "decision").is_empty());
    stage.is_over_and_clean();
}

#[test]
fn an_answers_file_and_a_rollback_do_nothing_about_a_block_whose_host_is_away() {
    let Some(stage) = left("places::an_answers_file_does_nothing", SLOW) else { return };
    for choice in ["run", "happened", "skip", "rollback"] {
        let answers = format!("steps: {{ deploy: {{ choice: {choice}, reason: it is so }} }}\n");
        stage.bench.file("answers.yaml", &answers);
        let ran = stage.ends(3, &["resume", "1", "--unattended", "--answers", "answers.yaml"]);
        ran.says("what was answered does not count");
    }
    let undo = ["rollback", "1", "--reason", "it is not well", "--yes", "--unattended"];
    stage.ends(3, &undo).says("Nothing was rolled back");
    assert_eq!(stage.blocks(), ["deploy#1 @0 started"]);
    is_reached_again(&stage);
    fs::write(stage.on(0, "go"), "").unwrap();
    eventually("it has ended", || stage.kept(0).iter().all(|attempt| attempt.join("end").exists()));
    // What is undone is what was done: the end of the block is on record first.
    let undone = stage.ends(1, &undo);
    assert_eq!(stage.text(0, "count"), "ran\nundone\n", "{}", undone.both());
    let blocks = stage.blocks();
    assert_eq!(blocks[..2], ["deploy#1 @0 started", "deploy#1 @0 passed"], "{blocks:?}");
    stage.ends(0, &["verify", "1"]).says("intact and complete");
}

#[test]
fn what_was_answered_for_is_looked_for_before_the_next_block_begins_there_in_whatever_session() {
    let checked = "```sh check\ngrep -q whole count && echo checked >>count\n```\n\n";
    let body = SLOW
        .replace("echo whole\n", "echo whole >>count\n")
        .replace("```sh rollback", &format!("{checked}```sh rollback"));
    let Some(stage) = left("places::what_was_answered_for_is_looked_for", &body) else { return };
    let mut terminal = Terminal::attended(&stage, &["resume", "1"]);
    shows(&terminal, "looked for there once more first", 1);
    terminal.answers(b"h\r");
    shows(&terminal, "what was answered does not count", 1);
    shows(&terminal, "looked for there once more first", 2);
    terminal.answers(b"h\r");
    shows(&terminal, "deploy#2 did not pass", 1);
    terminal.answers(b"p\r");
    terminal.ends();
    assert_eq!(stage.bench.of_type(1, "decision").len(), 1);
    stage
        .ends(0, &["show", "1"])
        .says("MAY STILL RUN")
        .says("deploy#1 at")
        .says("how it ended is not on record");
    is_reached_again(&stage);
    let told = stage.bench.all().join("told");
    stage.bench.file("answers.yaml", "steps: { deploy: { choice: retry } }\n");
    let mut resumed = stage.command(&["resume", "1", "--unattended", "--answers", "answers.yaml"]);
    let mut resumed = resumed.stderr(fs::File::create(&told).unwrap()).spawn().unwrap();
    eventually("it is looked for", || fs::read_to_string(&told).unwrap().contains("looking at"));
    assert_eq!(stage.text(0, "count"), "ran\n");
    fs::write(stage.on(0, "go"), "").unwrap();
    assert_eq!(resumed.wait().unwrap().code(), Some(0));
    assert_eq!(stage.text(0, "count"), "ran\nwhole\nchecked\n");
    let blocks = stage.blocks();
    let (end, next) = ("deploy#1 @0 passed", "deploy#2 @0 passed");
    let of = |what| blocks.iter().position(|block| block == what);
    assert!(of(end).is_some() && of(end) < of(next), "{blocks:?}");
    stage.ends(0, &["verify", "1"]).says("intact and complete");
    let shown = stage.ends(0, &["show", "1"]).both();
    assert!(!shown.contains("MAY STILL RUN") && !shown.contains("aken as done"), "{shown}");
    let json = stage.ends(0, &["show", "1", "--format", "json"]).json();
    assert_eq!(json["deviations"], serde_json::json!([]), "{json:#}");
    stage.ends(0, &["replay", "1", "--max-wait", "0.01"]).says("begun in an earlier session, has ended:");
    stage.is_over_and_clean();
}

#[test]
fn an_output_of_which_no_end_is_on_record_stays_where_it_is_whoever_clears_away() {
    let Some(stage) = left("places::an_output_of_which_no_end", SLOW) else { return };
    is_reached_again(&stage);
    fs::write(stage.on(0, "go"), "").unwrap();
    eventually("it has ended", || stage.kept(0).iter().all(|attempt| attempt.join("end").exists()));
    stage.ends(4, &["resume", "1", "--abort", "enough"]).says("no end is on record of");
    let lies = || fs::read_to_string(stage.kept(0)[0].join("out")).unwrap();
    assert!(lies().contains("whole"), "{}", lies());
    stage.ends(0, &["targets", "--clean"]).says("has no end of it on record");
    assert!(lies().contains("whole"), "{}", lies());
}

#[test]
fn a_failure_that_is_found_before_the_run_would_be_over_is_asked_about() {
    let body = SLOW.replace("echo whole\n", "exit 3\n");
    let Some(stage) = left("places::a_failure_that_is_found", &body) else { return };
    let mut terminal = Terminal::attended(&stage, &["resume", "1"]);
    shows(&terminal, "looked for there once more first", 1);
    terminal.answers(b"h\r");
    shows(&terminal, "looked for there once more first", 2);
    terminal.answers(b"h\r");
    shows(&terminal, "sh run", 1);
    fs::write(stage.on(0, "go"), "").unwrap();
    eventually("it has ended", || stage.kept(0).iter().all(|attempt| attempt.join("end").exists()));
    is_reached_again(&stage);
    terminal.answers(b"\r");
    shows(&terminal, "did not pass", 1);
    terminal.answers(b"p\r");
    terminal.ends();
    assert!(stage.blocks().contains(&"deploy#1 @0 failed".to_owned()), "{:?}", stage.blocks());
    assert!(stage.bench.of_type(1, "run.closed").is_empty());
}
