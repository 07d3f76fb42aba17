//! `replay` and `report`: a run seen again.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::runs::book;
use crate::sealed::Copy;
use crate::support::{Bench, mode};

/// A run with two pauses of a second, made once and only read.
fn paused() -> &'static Bench {
    static MADE: OnceLock<Bench> = OnceLock::new();
    MADE.get_or_init(|| {
        let body = "## One

```sh check
echo first; sleep 1; echo second >&2; sleep 1; echo third
```

## Two

```sh check
echo fourth
```
";
        let bench = Bench::with(&[("book.md", &book("", body))]);
        bench.ends(0, &["run", "book.md"]);
        bench
    })
}

fn order(text: &str, parts: &[&str]) {
    let at: Vec<usize> = parts
        .iter()
        .map(|part| text.find(part).unwrap_or_else(|| panic!("{part} is not in\n{text}")))
        .collect();
    assert!(at.is_sorted(), "{parts:?} come otherwise in\n{text}");
}

#[test]
fn a_replay_shows_what_was_shown_in_its_order_and_takes_its_time() {
    let bench = paused();
    let before = bench.tree();
    let began = Instant::now();
    let ran = bench.ends(0, &["replay", "1"]);
    assert!(began.elapsed() >= Duration::from_millis(1900), "{:?}", began.elapsed());
    order(
        &ran.both(),
        &[
            "nothing is executed",
            "One",
            "│ first",
            "┃ second",
            "│ third",
            "✓ passed",
            "Two",
            "│ fourth",
            "PASSED",
        ],
    );
    assert_eq!(bench.tree(), before, "a replay wrote something");
}

#[test]
fn a_replay_is_as_fast_as_one_likes_and_its_waits_are_capped() {
    let bench = paused();
    for arguments in [&["--speed", "1000"][..], &["--max-wait", "0.001"]] {
        let began = Instant::now();
        bench.ends(0, &[&["replay", "1"], arguments].concat());
        assert!(began.elapsed() < Duration::from_millis(1900), "{arguments:?}: {:?}", began.elapsed());
    }
}

#[test]
fn a_replay_of_one_step_shows_that_step() {
    let bench = paused();
    let ran = bench.ends(0, &["replay", "1", "--step", "two", "--speed", "1000"]);
    assert!(ran.both().contains("fourth") && !ran.both().contains("first"), "{}", ran.both());
}

#[test]
fn the_frames_of_a_replay_are_data() {
    let bench = paused();
    let began = Instant::now();
    let frames = bench.ends(0, &["replay", "1", "--format", "json"]).json();
    assert!(began.elapsed() < Duration::from_millis(1900), "data is given at once");
    let frames = frames.as_array().unwrap();
    let times: Vec<u64> = frames.iter().map(|frame| frame["at_ms"].as_u64().unwrap()).collect();
    assert!(times.is_sorted(), "{times:?}");
    let outputs: Vec<(&str, &str)> = frames
        .iter()
        .filter(|frame| frame["frame"] == "output")
        .map(|frame| (frame["stream"].as_str().unwrap(), frame["text"].as_str().unwrap()))
        .collect();
    assert_eq!(
        outputs,
        [("stdout", "first\n"), ("stderr", "second\n"), ("stdout", "third\n"), ("stdout", "fourth\n")]
    );
    let of_step = bench.ends(0, &["replay", "1", "--format", "json", "--step", "two"]).json();
    assert!(of_step.as_array().unwrap().len() < frames.len());
}

#[test]
fn the_executed_copy_is_the_document_ticked_with_who_when_and_what() {
    let copy = Copy::new();
    let report = copy.bench.ends(0, &["report", "./evidence"]).stdout;
    for part in [
        "# Executed copy: A release",
        "intact and complete",
        "the check is known to be wrong",
        "Quinn Auditor",
        "Olive Operator",
        "- [x] Everybody was told",
        "SKIPPED",
        "PASSED",
        "error_rate",
        "I release v1.",
        "abc123",
        "not yet",
        "staging",
    ] {
        assert!(report.contains(part), "{part} is not in\n{report}");
    }
    let (deviations, steps) = (report.find("## Deviations").unwrap(), report.find("## Steps").unwrap());
    assert!(deviations < steps, "deviations stand at the head");
}

#[test]
fn the_report_as_json_tells_the_same() {
    let copy = Copy::new();
    let json = copy.bench.ends(0, &["report", "./evidence", "--format", "json"]).json();
    assert_eq!(json["run"]["closed"]["verdict"], "passed");
    assert_eq!(json["run"]["verification"], "intact and complete");
    let deviations = json["deviations"].as_array().unwrap();
    assert_eq!(deviations.len(), 1);
    assert_eq!(json["steps"].as_array().map(Vec::len), Some(5));
    assert!(json["steps"].as_array().unwrap().iter().all(|step| step["status"] != Value::Null));
}

#[test]
fn a_report_goes_to_a_file_of_its_owners_alone() {
    let copy = Copy::new();
    let ran = copy.bench.ends(0, &["report", "./evidence", "-o", "report.md"]);
    assert_eq!(ran.stdout, "");
    ran.says("Written to report.md");
    assert_eq!(mode(&copy.bench.path("report.md")), 0o600);
    let printed = copy.bench.ends(0, &["report", "./evidence"]).stdout;
    assert_eq!(copy.bench.text("report.md").trim_end(), printed.trim_end());
    // What is there is not written over, as by `export`.
    copy.bench.file("report.md", "mine");
    copy.bench.ends(2, &["report", "./evidence", "--output", "report.md"]).says("report.md is there already");
    assert_eq!(copy.bench.text("report.md"), "mine");
    std::os::unix::fs::symlink("nowhere", copy.bench.path("link")).unwrap();
    copy.bench.ends(2, &["report", "./evidence", "--output", "link"]).says("link is there already");
    assert!(!copy.bench.exists("nowhere"));
}

#[test]
fn a_report_of_a_forged_record_says_so_and_fails() {
    let copy = Copy::new();
    copy.forge(|events| {
        let at = crate::sealed::position(events, |event| event["type"] == "signoff.given");
        events[at]["by"]["who"] = "mallory@example.org".into();
    });
    let ran = copy.bench.holdpoint(&["report", "./evidence"]);
    assert_eq!(ran.code, 6, "{}", ran.both());
    ran.says("does not conform at event");
}
