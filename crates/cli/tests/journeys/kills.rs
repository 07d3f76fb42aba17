//! kill -9 of the program at chosen moments, then resume: nothing acknowledged is lost, nothing runs twice unasked.

use std::process::{Child, Stdio};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::screens::book;
use crate::support::{
    Desk, Gate, Record, children_of, eventually, group_is_gone, group_lives, holds_text, kill,
};

const STEPS: [&str; 6] = ["one", "two", "three", "four", "five", "six"];

/// Six blocks that leave traces where they begin and end, and wait at whatever gates there are.
fn six() -> Desk {
    let step = |name: &&str| {
        format!(
            "## {name}\n\n```sh run\npass() {{ test ! -p \"$1\" || read -r _ <\"$1\"; }}\n\
             echo at work\necho {name} >>reached\npass before-{name}\necho begin {name} >>log\npass middle-{name}\n\
             echo end {name} >>log\npass after-{name}\n```\n\n"
        )
    };
    Desk::with(&book(&STEPS.iter().map(step).collect::<String>()))
}

fn start(desk: &Desk, words: &[&str]) -> Child {
    desk.holdpoint(words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// Kills the program and gives the record as it was left.
fn kills(desk: &Desk, mut program: Child) -> Record {
    kill(i32::try_from(program.id()).unwrap(), Signal::KILL);
    program.wait().unwrap();
    desk.record(1)
}

/// Waits until a block of the first run has begun and printed something, and gives its process group.
fn block_runs(desk: &Desk, action: &str) -> i32 {
    holds_text(&desk.path("reached"), action.trim_end_matches("#1"));
    desk.record(1).child_group()
}

/// What stood there when the program was killed stands there still, to the last complete line.
#[track_caller]
fn nothing_is_lost(before: &Record, after: &Record) {
    let complete = before.bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    assert!(
        after.bytes.starts_with(&before.bytes[..complete]),
        "a line that was durable is not there any more"
    );
}

/// Whatever was started twice was decided upon in between.
#[track_caller]
fn nothing_ran_twice_unasked(record: &Record) {
    let mut last: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
    for (at, event) in record.events.iter().enumerate().filter(|(_, event)| event["type"] == "action.started")
    {
        let action = event["action"].as_str().unwrap();
        if let Some(before) = last.insert(action, at) {
            let decided = record.events[before..at].iter().any(|event| {
                let about = event["action"] == action && event["type"] == "decision";
                about || event["type"] == "deviation"
            });
            assert!(decided, "{action} ran twice and nobody said so: {:#?}", record.shape());
        }
    }
}

/// Resumes with this choice for one step.
fn resumes(desk: &Desk, step: &str, choice: &str) -> (Record, String) {
    let answers = format!("steps:\n  {step}: {{ choice: {choice}, reason: looked at it }}\n");
    desk.write("answers.yaml", &answers);
    let (_, told) = desk.ends(0, &["resume", "latest", "--unattended", "--answers", "answers.yaml"]);
    (desk.is_intact_and_complete(1), told)
}

#[test]
fn a_shell_that_waits_for_its_turn_ends_with_the_program_and_has_run_nothing() {
    let desk = six();
    let _gate = Gate::at(&desk.path("middle-one"));
    let program = start(&desk, &["run", "book.md", "--unattended"]);
    let group = block_runs(&desk, "one#1");
    let (pid, mut waiting) = (i32::try_from(program.id()).unwrap(), None);
    eventually("the next shell waits", || {
        waiting = children_of(pid).into_iter().find(|child| *child != group);
        waiting.is_some()
    });
    let before = kills(&desk, program);
    group_is_gone(waiting.unwrap());
    assert!(group_lives(group), "the block itself is left to whoever comes next");
    assert_eq!((desk.read("reached").as_str(), before.starts("two#1")), ("one\n", 0));
    kill_process_group(Pid::from_raw(group).unwrap(), Signal::KILL).unwrap();
}

/// Enough blocks for a record that is written into room made ahead, and then this.
fn after_many(last: &str) -> Desk {
    let many: String = (0..60).map(|n| format!("## Many {n}\n\n```sh run\ntrue\n```\n\n")).collect();
    Desk::with(&book(&format!("{many}## Last\n\n{last}")))
}

#[test]
fn a_long_run_that_is_killed_ends_in_zeros_which_are_cut_off_when_it_is_taken_up() {
    let desk = after_many("```sh run\necho last >>reached\ntest ! -p gate || read -r _ <gate\n```\n");
    let gate = Gate::at(&desk.path("gate"));
    let program = start(&desk, &["run", "book.md", "--unattended"]);
    let group = block_runs(&desk, "last#1");
    let before = kills(&desk, program);
    let zeros = before.bytes.iter().rev().take_while(|byte| **byte == 0).count();
    assert!(zeros > 0, "there was room");
    assert_eq!(before.in_doubt().as_deref(), Some("last#1"));
    desk.is_intact_and_open(1);
    kill_process_group(Pid::from_raw(group).unwrap(), Signal::KILL).unwrap();
    group_is_gone(group);
    gate.remove();
    let (record, _) = resumes(&desk, "last", "happened");
    nothing_is_lost(&before, &record);
    assert!(!record.bytes.contains(&0));
    assert_eq!(record.one("log.recovered")["torn"]["bytes"], zeros);
}

#[test]
fn a_long_run_that_parks_leaves_its_lines_and_nothing_else() {
    let desk = after_many("- [ ] Everybody was told\n");
    desk.ends(3, &["run", "book.md", "--unattended"]);
    let parked = desk.is_intact_and_open(1);
    assert!(parked.bytes.len() > 32 * 1024 && parked.bytes.ends_with(b"}\n"));
    desk.write("answers.yaml", "steps:\n  last: { confirm: true }\n");
    desk.ends(0, &["resume", "1", "--unattended", "--answers", "answers.yaml"]);
    assert!(desk.is_intact_and_complete(1).all("log.recovered").is_empty());
}

/// Kills in one of six blocks at a moment, decides, and compares what was done with what was decided.
fn killed_at(moment: &str, left_undone: &[&str]) {
    for (index, step) in STEPS.iter().enumerate() {
        let choice = ["happened", "run", "skip"][(index + moment.len()) % 3];
        let (desk, action) = (six(), format!("{step}#1"));
        let gate = Gate::at(&desk.path(&format!("{moment}-{step}")));
        let program = start(&desk, &["run", "book.md", "--unattended"]);
        let group = block_runs(&desk, &action);
        match moment {
            "middle" => holds_text(&desk.path("log"), &format!("begin {step}")),
            "after" => holds_text(&desk.path("log"), &format!("end {step}")),
            _ => {}
        }
        let before = kills(&desk, program);
        assert_eq!(before.in_doubt(), Some(action.clone()));
        desk.is_intact_and_open(1);

        // Unasked, nothing is run, and what still runs is named.
        let (_, told) = desk.ends(3, &["resume", "1", "--unattended"]);
        for wanted in ["IN DOUBT", "STILL RUNNING", &format!("kill -- -{group}"), "in doubt: was started"] {
            assert!(told.contains(wanted), "{wanted} in\n{told}");
        }
        assert_eq!(desk.record(1).starts(&action), 1);

        if choice == "happened" {
            gate.open();
        } else {
            kill_process_group(Pid::from_raw(group).unwrap(), Signal::KILL).unwrap();
        }
        group_is_gone(group);
        gate.remove();
        let (record, told) = resumes(&desk, step, choice);
        assert!(told.contains("(from the answers file)"), "{told}");
        nothing_is_lost(&before, &record);
        nothing_ran_twice_unasked(&record);
        let decided = if choice == "skip" { record.one("deviation") } else { record.one("decision") };
        assert_eq!((&decided["reason"], &decided["by"]["via"]), (&"looked at it".into(), &"answers".into()));
        for other in STEPS {
            let both = [format!("begin {other}"), format!("end {other}")];
            let undone: Vec<String> = left_undone.iter().map(|word| format!("{word} {other}")).collect();
            let (starts, lines) = match (other == *step, choice) {
                (true, "run") => (2, [&undone[..], &both].concat()),
                (true, "skip") => (1, undone),
                _ => (1, both.to_vec()),
            };
            let log = desk.read("log");
            let traces: Vec<&str> = log.lines().filter(|line| line.ends_with(&format!(" {other}"))).collect();
            assert_eq!(traces, lines, "{moment} {step} {choice}");
            assert_eq!(record.starts(&format!("{other}#1")), starts, "{moment} {step} {choice}");
        }
    }
}

#[test]
fn killed_before_a_block_does_anything() {
    killed_at("before", &[]);
}

#[test]
fn killed_in_the_middle_of_a_block() {
    killed_at("middle", &["begin"]);
}

#[test]
fn killed_when_a_block_has_done_everything_and_its_end_is_not_on_record() {
    killed_at("after", &["begin", "end"]);
}

#[test]
fn killed_as_soon_as_the_record_has_so_many_events() {
    for lines in 1..=13 {
        let desk = six();
        let program = start(&desk, &["run", "book.md", "--unattended"]);
        eventually("a record of so many lines", || desk.runs() == 1 && desk.record(1).events.len() >= lines);
        let before = kills(&desk, program);
        let lock = std::fs::read(before.dir.join("lock")).unwrap();
        if let Ok(lock) = serde_json::from_slice::<serde_json::Value>(&lock)
            && let Some(group) = lock["child_group"].as_i64()
        {
            group_is_gone(i32::try_from(group).unwrap());
        }
        let doubtful = before.in_doubt();
        let step = doubtful.as_deref().map(|action| action.trim_end_matches("#1"));
        let record = match step {
            Some(step) => resumes(&desk, step, "run").0,
            None => {
                desk.ends(0, &["resume", "1", "--unattended"]);
                desk.is_intact_and_complete(1)
            }
        };
        nothing_is_lost(&before, &record);
        nothing_ran_twice_unasked(&record);
        let log = desk.read("log");
        for other in STEPS {
            let starts = record.starts(&format!("{other}#1"));
            assert_eq!(starts, if step == Some(other) { 2 } else { 1 }, "{lines} {other}");
            let ends = log.lines().filter(|line| *line == format!("end {other}")).count();
            assert!(ends >= 1 && ends <= starts, "{lines} {other}: {ends} ends after {starts} starts\n{log}");
        }
    }
}

#[test]
fn killed_at_a_prompt_nothing_is_in_doubt() {
    let steps = "## Work\n\n```sh run\necho worked >>log\n```\n\n- [ ] Looked at\n\n\
        ## Release\n\n```yaml signoff\nrole: qa\nmeaning: review\nstatement: Seen.\n```\n";
    let desk = Desk::with(&book(steps));
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.waits_for("What now?").listens();
    terminal.killed();
    let mut terminal = desk.terminal(&["resume", "1"]);
    terminal.waits_for("1 Work: goes on here").chooses("run").waits_for("[ ] Looked at");
    terminal.chooses("note").waits_for("Note").listens();
    terminal.killed();
    let mut terminal = desk.terminal(&["resume", "1"]);
    terminal.waits_for("what passed in it is not run again").waits_for("[ ] Looked at").chooses("confirm");
    terminal.chooses("sign").waits_for("Who signs it off").listens();
    terminal.killed();
    let mut terminal = desk.terminal(&["resume", "1"]);
    terminal.waits_for("2 Release: goes on here").chooses("sign");
    terminal.answers("Who signs it off (as holdpoint.toml names people)?", "qa@example.org");
    terminal.answers("Printed name", "Quinn Auditor").waits_for("PASSED");
    terminal.ends(0);
    let record = desk.is_intact_and_complete(1);
    assert_eq!(
        record.after_opening(),
        [
            "session.opened",
            "action.started work#1",
            "action.finished work#1 passed",
            "session.opened",
            "item.confirmed work#2",
            "signoff.requested release#1",
            "session.opened",
            "signoff.given release#1 Quinn Auditor",
            "run.closed passed"
        ]
    );
    assert_eq!(desk.read("log"), "worked\n");
}

#[test]
fn what_is_in_doubt_can_be_found_out_by_the_steps_own_check_first() {
    let steps = "## Work\n\n```sh run\necho worked >>log\nread -r _ <gate\n```\n\n```sh check\ngrep -c worked log\n```\n\n\
        ```yaml expect\nstdout: [ { equals: \"1\" } ]\n```\n";
    let desk = Desk::with(&book(steps));
    let gate = Gate::at(&desk.path("gate"));
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.chooses("run");
    holds_text(&desk.path("log"), "worked");
    let group = desk.record(1).child_group();
    terminal.killed();
    gate.open();
    group_is_gone(group);
    let mut terminal = desk.terminal(&["resume", "latest"]);
    terminal.waits_for("IN DOUBT").chooses("find out").waits_for("✓ passed").waits_for("IN DOUBT");
    terminal.chooses("happened").waits_for("grep -c worked log").chooses("run").waits_for("PASSED");
    terminal.ends(0);
    let record = desk.is_intact_and_complete(1);
    assert_eq!(
        record.after_opening()[2..],
        [
            "decision work#1 find_out",
            "action.started work#2",
            "action.finished work#2 passed",
            "decision work#1 happened",
            "action.started work#2",
            "action.finished work#2 passed",
            "run.closed passed"
        ]
    );
    assert_eq!(desk.read("log"), "worked\n");
}

#[test]
fn a_second_driver_is_told_who_drives_and_writes_nothing() {
    let desk = six();
    let gate = Gate::at(&desk.path("middle-two"));
    let mut program = start(&desk, &["run", "book.md", "--unattended"]);
    holds_text(&desk.path("log"), "begin two");
    let before = desk.record(1);
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    for words in [&["resume", "1", "--unattended"][..], &["note", "1", "hello"]] {
        let (_, told) = desk.ends(2, words);
        let told = told.replace("\n  |", "").split_whitespace().collect::<Vec<_>>().join(" ");
        for wanted in ["is being driven", &format!("process {} on {}", program.id(), host.trim())] {
            assert!(told.contains(wanted), "{wanted} in\n{told}");
        }
    }
    assert_eq!(desk.record(1).bytes, before.bytes);
    desk.is_intact_and_open(1);
    gate.open();
    assert!(program.wait().unwrap().success());
    assert!(desk.is_intact_and_complete(1).all("session.opened").is_empty());
}

#[test]
fn a_line_that_was_cut_off_by_a_crash_is_kept_aside_and_the_run_goes_on() {
    let desk = six();
    let gate = Gate::at(&desk.path("before-two"));
    let program = start(&desk, &["run", "book.md", "--unattended"]);
    let group = block_runs(&desk, "two#1");
    let before = kills(&desk, program);
    gate.open();
    group_is_gone(group);
    gate.remove();
    let torn = br#"{"n":4,"prev":"0000"#;
    std::fs::write(before.dir.join("run.jsonl"), [&before.bytes[..], torn].concat()).unwrap();
    let (record, told) = resumes(&desk, "two", "happened");
    assert!(told.contains("ended in the middle of a line"), "{told}");
    nothing_is_lost(&before, &record);
    let kept = record.blob(&record.one("log.recovered")["torn"]);
    assert_eq!(kept.as_bytes(), torn);
    assert_eq!(record.starts("two#1"), 1);
}

#[test]
fn two_kills_in_a_row_leave_the_same_block_in_doubt() {
    let desk = six();
    let gate = Gate::at(&desk.path("middle-three"));
    let program = start(&desk, &["run", "book.md", "--unattended"]);
    let group = block_runs(&desk, "three#1");
    let first = kills(&desk, program);
    // Killed again while the operator is being asked about it.
    let mut terminal = desk.terminal(&["resume", "1"]);
    terminal.waits_for("IN DOUBT").waits_for("What now?").listens();
    terminal.killed();
    let second = desk.is_intact_and_open(1);
    nothing_is_lost(&first, &second);
    assert!(group_lives(group));
    let (_, told) = desk.ends(3, &["resume", "1", "--unattended"]);
    assert!(told.contains(&format!("kill -- -{group}")), "{told}");
    gate.open();
    group_is_gone(group);
    gate.remove();
    let (record, _) = resumes(&desk, "three", "happened");
    nothing_is_lost(&second, &record);
    assert_eq!(record.starts("three#1"), 1);
}

#[test]
fn killed_in_a_rollback_the_rest_is_undone_after_a_decision() {
    let steps = "## Make\n\n```sh run\necho made >>log\n```\n\n```sh rollback\necho unmade >>log\n```\n\n\
        ## Use\n\n```yaml step\non_failure: rollback\n```\n\n```sh run\necho used >>log\nfalse\n```\n\n\
        ```sh rollback\necho unused >>log\ntest ! -p gate || read -r _ <gate\n```\n";
    let desk = Desk::with(&book(steps));
    let gate = Gate::at(&desk.path("gate"));
    let program = start(&desk, &["run", "book.md", "--unattended"]);
    holds_text(&desk.path("log"), "unused");
    let group = desk.record(1).child_group();
    let before = kills(&desk, program);
    assert_eq!(before.last()["type"], "rollback.started");
    gate.open();
    group_is_gone(group);
    gate.remove();
    let (_, told) = desk.ends(3, &["resume", "1", "--unattended"]);
    assert!(told.contains("IN DOUBT use#rollback-1"), "{told}");
    desk.write("answers.yaml", "steps:\n  use#rollback-1: { choice: happened, reason: looked at it }\n");
    desk.ends(1, &["resume", "1", "--unattended", "--answers", "answers.yaml"]);
    let record = desk.is_intact_and_complete(1);
    nothing_is_lost(&before, &record);
    assert_eq!(record.last()["verdict"], "rolled_back");
    assert_eq!(desk.read("log"), "made\nused\nunused\nunmade\n");
}

#[test]
fn a_run_that_was_killed_before_its_first_event_takes_its_number_and_nothing_else() {
    let desk = six();
    desk.ends(0, &["run", "book.md", "--unattended"]);
    let record = desk.record(1);
    std::fs::write(record.dir.join("run.jsonl"), b"").unwrap();
    std::fs::remove_file(record.dir.join("seal.json")).unwrap();
    let (_, told) = desk.ends(6, &["resume", "1", "--unattended"]);
    assert!(told.contains("first event"), "{told}");
    desk.ends(0, &["runs"]);
    desk.ends(0, &["run", "book.md", "--unattended"]);
    desk.is_intact_and_complete(2);
    assert_eq!(desk.runs(), 2);
}

#[test]
fn what_was_not_captured_because_of_a_crash_is_missed_and_not_made_up() {
    let steps = "## Make\n\n```sh run\n#| capture: { NAME: { stdout: true } }\necho ada | tee -a log\nread -r _ <gate\n```\n\n\
        ## Look\n\n```sh check\necho ada\n```\n\n```yaml expect\nstdout: [ { equals: \"{{ NAME }}\" } ]\n```\n\n\
        ## Use\n\n```sh run\necho \"$NAME\" >used\n```\n";
    let desk = Desk::with(&book(steps));
    let gate = Gate::at(&desk.path("gate"));
    let program = start(&desk, &["run", "book.md", "--unattended"]);
    holds_text(&desk.path("log"), "ada");
    let group = desk.record(1).child_group();
    kills(&desk, program);
    gate.open();
    group_is_gone(group);
    let mut terminal = desk.terminal(&["resume", "1"]);
    terminal.waits_for("IN DOUBT").chooses("happened");
    terminal.waits_for("2 Look").chooses("run").waits_for("✗ FAILED").waits_for("NAME");
    terminal.chooses("skip").answers("Why is it skipped? (Ctrl-C goes back)", "cannot be told");
    terminal.waits_for("3 Use").chooses("run").waits_for("✗ FAILED");
    // The step that names it is done again, and then everything is there.
    gate.remove();
    desk.write("gate", "open\n");
    terminal.chooses("back").answers("Which step?", "1");
    terminal
        .answers("Repeat it, or go on from there?", "from there")
        .answers("Why? (Ctrl-C goes back)", "the name is missing");
    terminal
        .chooses("run")
        .waits_for("captured NAME = ada")
        .chooses("run")
        .chooses("run")
        .waits_for("PASSED");
    terminal.ends(0);
    desk.is_intact_and_complete(1);
    assert_eq!(desk.read("used"), "ada\n");
}
