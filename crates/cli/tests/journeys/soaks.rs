//! Checks that must hold for a time, and what is told of time while a run lasts.
//!
//! Tests that wait out a soak have a short one; the others are held up between two tries, an hour apart.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use rustix::process::Signal;

use crate::screens::book;
use crate::support::{Desk, Record, eventually, holds_text, kill};

/// A block that is checked for `hold`, and what its script does.
fn watched(hold: &str, script: &str) -> String {
    book(&format!(
        "## Watch\n\n```sh check\n#| hold: {hold}\n#| timeout: 20s\necho tried >>log\n{script}\n```\n\n\
         ## Tell\n\n```sh run\necho told >>log\n```\n"
    ))
}

const SHORT: &str = "{ for: 300ms, every: 100ms }";
/// Nobody waits this out.
const LONG: &str = "{ for: 3h, every: 1h }";

/// When each try of the first check ended that passed, from an event on.
fn tries(record: &Record, from: usize) -> Vec<Timestamp> {
    let ends = record.events.iter().skip(from).filter(|event| event["type"] == "action.finished");
    let passed = ends.filter(|event| event["action"] == "watch#1" && event["outcome"] == "passed");
    passed.map(|event| event["at"].as_str().unwrap().parse().unwrap()).collect()
}

#[track_caller]
fn lasted(tries: &[Timestamp], at_least: i64) {
    let (first, last) = (tries.first().unwrap(), tries.last().unwrap());
    assert!(last.duration_since(*first) >= SignedDuration::from_millis(at_least), "{tries:?}");
}

#[test]
fn a_check_that_must_hold_is_tried_until_it_has_and_told_on_one_line() {
    let desk = Desk::with(&watched(SHORT, "echo looked"));
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.waits_for("must hold for 300ms, tried every 100ms").chooses("run");
    terminal.waits_for("│ looked").waits_for("✓ passed").waits_for("left · 1 try");
    terminal.waits_for("✓ passed").waits_for("held for ").waits_for("tries that passed");
    terminal.chooses("run").waits_for("PASSED");
    let text = terminal.ends(0);
    assert!(!text.contains("attempt 2"), "{text}");
    let record = desk.is_intact_and_complete(1);
    lasted(&tries(&record, 0), 300);
    let started = record.starts("watch#1");
    assert_eq!(tries(&record, 0).len(), started);
    // Every form of a report puts what lies between the first try and the last in one place.
    for (form, told) in [
        ("markdown", "held for "),
        ("junit", "held for "),
        ("html", "class=\"held\""),
        ("json", "\"held_ms\""),
    ] {
        let (report, _) = desk.ends(0, &["report", "1", "--format", form]);
        assert!(report.contains(told), "{told} in\n{report}");
    }
    let (shown, _) = desk.ends(0, &["show", "1"]);
    assert!(shown.contains("watch#1 held for "), "{shown}");
    let (report, _) = desk.ends(0, &["report", "1", "--format", "markdown"]);
    assert_eq!(report.contains("**HELD**"), started > 2, "{report}");
}

#[test]
fn without_a_terminal_it_is_said_now_and_then_for_how_long_it_has_held() {
    let desk = Desk::with(&watched("{ for: 600ms, every: 10ms }", "echo looked"));
    let (_, told) = desk.ends(0, &["run", "book.md", "--unattended"]);
    let lines: Vec<&str> = told.lines().filter(|line| line.contains("it has held for")).collect();
    assert!((1..=10).contains(&lines.len()), "{told}");
    assert!(told.contains("of 600ms"), "{told}");
    assert_eq!(told.matches("│ looked").count(), 1, "{told}");
    let record = desk.is_intact_and_complete(1);
    lasted(&tries(&record, 0), 600);
}

#[test]
fn a_probe_holds_like_any_check() {
    let probe = "## Watch\n\n```yaml check\nhold: { for: 200ms, every: 50ms }\nfile: { path: state, contains: up }\n```\n";
    let desk = Desk::with(&book(probe));
    desk.write("state", "up\n");
    desk.ends(0, &["run", "book.md", "--unattended"]);
    lasted(&tries(&desk.is_intact_and_complete(1), 0), 200);
}

#[test]
fn the_first_failure_ends_it_and_what_that_try_printed_is_shown() {
    let third = "n=$(wc -l <log)\necho look $n\ntest $n -lt 3";
    let desk = Desk::with(&watched("{ for: 100s, every: 50ms }", third));
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.chooses("run").waits_for("│ look 1").waits_for("✗ FAILED");
    terminal.waits_for("it had held for ").waits_for("of 1m 40s, 2 tries that passed");
    terminal.waits_for("What now?").listens();
    let text = terminal.text();
    assert!(text.contains("│ look 3") && !text.contains("│ look 2"), "{text}");
    terminal.types("park\r");
    terminal.waits_for("PARKED");
    terminal.ends(3);
    let shape = desk.is_intact_and_open(1).after_opening();
    assert_eq!(shape.last().unwrap(), "action.finished watch#1 failed");
    assert_eq!(shape.iter().filter(|event| *event == "action.finished watch#1 passed").count(), 2);
}

#[test]
fn a_check_is_retried_until_it_passes_and_then_held() {
    let retried = watched(SHORT, "test \"$(wc -l <log)\" -gt 2")
        .replace("#| timeout", "#| retry: { every: 10ms, for: 1m }\n#| timeout");
    let desk = Desk::with(&retried);
    desk.ends(0, &["run", "book.md", "--unattended"]);
    let record = desk.is_intact_and_complete(1);
    let ends: Vec<&str> =
        record.all("action.finished").iter().map(|event| event["outcome"].as_str().unwrap()).collect();
    assert_eq!(ends[..2], ["failed", "failed"]);
    lasted(&tries(&record, 0), 300);
}

#[test]
fn ctrl_c_between_two_tries_asks_and_a_signal_parks() {
    let desk = Desk::with(&watched(LONG, "echo looked"));
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.chooses("run").waits_for("held 0:00 of 3:00:00, 3:00:00 left · 1 try");
    terminal.presses_ctrl_c();
    // The time that somebody took to answer is short, so it counts.
    terminal.chooses("run").waits_for("left · 2 tries");
    terminal.sends(Signal::TERM);
    terminal.waits_for("PARKED");
    terminal.ends(3);
    let record = desk.is_intact_and_open(1);
    assert_eq!(record.starts("watch#1"), 2);
    let (shown, _) = desk.ends(0, &["show", "1"]);
    assert!(shown.contains("UNFINISHED"), "{shown}");
    let mut terminal = desk.terminal(&["resume", "1"]);
    terminal.chooses("run").waits_for("held 0:00 of 3:00:00, 3:00:00 left · 1 try");
    terminal.presses_ctrl_c();
    terminal
        .chooses("skip")
        .answers("Why is it skipped? (Ctrl-C goes back)", "it takes too long")
        .chooses("run")
        .waits_for("PASSED");
    terminal.ends(0);
    desk.is_intact_and_complete(1);
}

#[test]
fn killed_in_the_middle_and_resumed_it_begins_anew() {
    let second =
        "if test $(wc -l <log) = 2; then echo here >second; until test -e go; do sleep 0.02; done; fi";
    let desk = Desk::with(&watched(SHORT, second));
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal.chooses("run");
    holds_text(&desk.path("second"), "here");
    terminal.killed();
    desk.write("go", "");
    let before = desk.record(1).events.len();
    let mut terminal = desk.terminal(&["resume", "1"]);
    terminal.waits_for("IN DOUBT").chooses("run").waits_for("held for ");
    terminal.chooses("run").waits_for("PASSED");
    terminal.ends(0);
    let record = desk.is_intact_and_complete(1);
    assert_eq!(tries(&record, 0).len() - tries(&record, before).len(), 1);
    lasted(&tries(&record, before), 300);
}

#[test]
fn a_driver_that_was_stopped_does_not_count_the_time_in_which_nobody_looked() {
    let steps =
        watched("{ for: 2600ms, every: 200ms }", "echo looked").replace("timeout: 20s", "timeout: 2s");
    let desk = Desk::with(&steps);
    let mut program = desk
        .holdpoint(&["run", "book.md", "--unattended"])
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    eventually("a try has passed", || desk.runs() == 1 && !tries(&desk.record(1), 0).is_empty());
    let pid = i32::try_from(program.id()).unwrap();
    kill(pid, Signal::STOP);
    // Longer than two tries may lie apart, and nearly as long as it must hold: this time is what is tested.
    let since = Instant::now();
    eventually("it was stopped for that long", || since.elapsed() > Duration::from_millis(2400));
    kill(pid, Signal::CONT);
    let mut told = String::new();
    std::io::Read::read_to_string(&mut program.stderr.take().unwrap(), &mut told).unwrap();
    assert!(program.wait().unwrap().success(), "{told}");
    assert!(told.contains("it begins to hold anew"), "{told}");
    let all = tries(&desk.is_intact_and_complete(1), 0);
    let gap =
        all.windows(2).rposition(|pair| pair[1].duration_since(pair[0]) > SignedDuration::from_millis(2200));
    lasted(&all[gap.expect("the time in which nobody looked") + 1..], 2600);
}

#[test]
fn a_dry_run_and_a_plan_say_that_it_must_hold_and_wait_for_nothing() {
    let desk = Desk::with(&watched(LONG, "echo looked"));
    let (plan, _) = desk.ends(0, &["plan", "book.md"]);
    assert!(plan.contains("must hold for 3h, tried every 1h, once it has passed"), "{plan}");
    let (_, told) = desk.ends(0, &["run", "book.md", "--dry-run"]);
    assert!(told.contains("must hold for 3h (tried once here)"), "{told}");
    assert_eq!(desk.read("log"), "tried\n");
}

/// A step whose block waits for a file, and one that nothing is known of.
const LATE: &str = "## Wait\n\n```yaml step\nexpected: 1ms\n```\n\n```sh check\nuntil test -e go; do sleep 0.02; done\n```\n\n\
    ## Look\n\n```sh check\ntrue\n```\n";

#[test]
fn a_step_that_takes_longer_than_expected_is_told_to_be_late_while_it_lasts() {
    let desk = Desk::with(&book(LATE));
    let mut terminal = desk.terminal(&["run", "book.md"]);
    terminal
        .waits_for("expected 1 ms")
        .waits_for("steps left: at least 1 ms")
        .chooses("run")
        .waits_for("LATE by 0:0");
    desk.write("go", "");
    terminal.waits_for("wait took").waits_for("1 ms were expected").chooses("run").waits_for("PASSED");
    terminal.ends(0);
    desk.is_intact_and_complete(1);
    let (shown, _) = desk.ends(0, &["show", "1"]);
    assert!(shown.contains("expected 1 ms"), "{shown}");
    let (report, _) = desk.ends(0, &["report", "1", "--format", "markdown"]);
    assert!(report.contains("expected 1 ms, LATE by "), "{report}");
    desk.ends(0, &["run", "book.md", "--unattended"]);
    let (compared, _) = desk.ends(0, &["compare", "1", "2"]);
    assert_eq!(compared.matches("(expected 1 ms)").count(), 2, "{compared}");
}

#[test]
fn what_the_document_does_not_say_past_runs_in_the_same_environment_do() {
    let desk = Desk::with(&book(LATE)).configure("\n[environments.one]\n\n[environments.two]\n");
    desk.write("go", "");
    let expected = |env: &str| {
        let (plan, _) = desk.ends(0, &["plan", "book.md", "--env", env, "--format", "json"]);
        serde_json::from_str::<serde_json::Value>(&plan).unwrap()["expected"].clone()
    };
    let nothing = expected("one");
    assert_eq!((&nothing["all"]["known"], &nothing["all"]["at_least"]), (&1.into(), &true.into()));
    assert_eq!(nothing["steps"]["wait"]["ms"], 1);
    assert!(nothing["steps"]["look"].is_null());
    desk.ends(0, &["run", "book.md", "--env", "one", "--unattended"]);
    let one = expected("one");
    assert_eq!(one["steps"]["look"]["runs"], 1);
    assert_eq!((&one["all"]["known"], &one["all"]["at_least"]), (&2.into(), &false.into()));
    assert_eq!(one["steps"]["wait"], nothing["steps"]["wait"], "the document comes first");
    assert_eq!(expected("two"), nothing);
    let (plan, _) = desk.ends(0, &["plan", "book.md", "--env", "one"]);
    assert!(
        plan.contains("(as in the last run, waiting for people included)")
            && plan.contains("Expected in all: "),
        "{plan}"
    );
    let mut terminal = desk.terminal(&["run", "book.md", "--env", "one"]);
    terminal.waits_for("expected 1 ms").waits_for("steps left: ").chooses("run");
    terminal.waits_for("2 Look").waits_for("(as in the last run, ").chooses("park").waits_for("PARKED");
    terminal.ends(3);
    // The one that was parked did not pass.
    assert_eq!(expected("one"), one);
}
