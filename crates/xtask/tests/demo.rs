//! The demo's own behaviour, with small real programs in the place of `holdpoint`.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use holdpoint_xtask::{product, sample};

/// A `holdpoint` that leaves a record, notes how it was called, and ends as told.
const FAKE: &str = r##"#!/bin/sh
echo "$*" >>"$(dirname "$0")/calls"
case $1 in
run) [ RECORDS = no ] || { mkdir -p .holdpoint/runs/0001-promote && : >.holdpoint/runs/0001-promote/run.jsonl; }
     case $* in *"--env production"*) exit PROMOTE ;; esac; exit RUN ;;
sign) exit SIGN ;;
resume) exit RESUME ;;
compare) exit COMPARE ;;
verify) exit VERIFY ;;
report) echo "# Promoted"; exit REPORT ;;
esac
"##;

struct Demo {
    output: Output,
    calls: String,
    directory: tempfile::TempDir,
}

/// Runs the demo without a terminal, with services left running.
fn demo(replacements: &[(&str, &str)]) -> Demo {
    let directory = tempfile::tempdir().unwrap();
    let fake = directory.path().join("holdpoint");
    let defaults = [
        ("RECORDS", "yes"),
        ("RUN", "0"),
        ("PROMOTE", "3"),
        ("SIGN", "0"),
        ("RESUME", "0"),
        ("COMPARE", "1"),
        ("VERIFY", "0"),
        ("REPORT", "0"),
    ];
    let script =
        replacements.iter().chain(&defaults).fold(FAKE.to_owned(), |text, (from, to)| text.replace(from, to));
    fs::write(&fake, script).unwrap();
    fs::set_permissions(&fake, fs::Permissions::from_mode(0o755)).unwrap();
    let output = xtask(&["demo", "--keep"], &directory.path().join("demo"))
        .arg("--holdpoint")
        .arg(&fake)
        .output()
        .unwrap();
    let calls = fs::read_to_string(directory.path().join("calls")).unwrap_or_default();
    Demo { output, calls, directory }
}

fn xtask(arguments: &[&str], directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_holdpoint-xtask"));
    command.args(arguments).arg(directory).stdin(Stdio::null());
    command
}

impl Demo {
    fn said(&self) -> String {
        String::from_utf8_lossy(&self.output.stdout).into_owned()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        product::stop(&self.directory.path().join("demo/product")).unwrap();
    }
}

#[test]
fn without_a_terminal_it_rehearses_promotes_compares_verifies_and_reports() {
    let demo = demo(&[]);
    assert_eq!(demo.output.status.code(), Some(0), "{:?}", demo.output);
    let run = |environment: &str, answers: &str| {
        format!("run {} --env {environment} --unattended --answers {answers}", product::RUNBOOK)
    };
    let key = demo.directory.path().canonicalize().unwrap().join("demo/product/qa-key");
    let sign = format!("sign latest --as {} --key {} --yes", product::QA, key.display());
    let expected = [
        &*run("staging", product::ANSWERS),
        &*run("production", product::PRODUCTION_ANSWERS),
        &*sign,
        "resume latest --unattended",
        "compare latest --to-rehearsal",
        "verify latest",
        "report latest --format markdown",
    ];
    assert_eq!(demo.calls.lines().collect::<Vec<_>>(), expected);
    let answers =
        |path: &str| fs::read_to_string(demo.directory.path().join("demo/product/repo").join(path)).unwrap();
    assert!(answers(product::ANSWERS).contains("sign:"));
    assert!(!answers(product::PRODUCTION_ANSWERS).contains("sign"), "no file signs off in production");
    let report = demo.directory.path().join("demo/report.md");
    assert_eq!(fs::read_to_string(&report).unwrap(), "# Promoted\n");
    for named in ["report.md", "0001-promote", "replay latest", "cargo xtask stop"] {
        assert!(demo.said().contains(named), "{named} in\n{}", demo.said());
    }
}

#[test]
fn a_run_that_is_parked_says_how_to_take_it_up_again() {
    let demo = demo(&[("RUN", "3")]);
    assert_eq!(demo.output.status.code(), Some(3));
    assert!(demo.said().contains("resume latest"), "{}", demo.said());
    assert!(demo.said().contains("let qa@example.org type"));
}

#[test]
fn whatever_goes_wrong_is_told_by_the_exit_code() {
    let cases: [(&[(&str, &str)], i32); 9] = [
        (&[("RUN", "1")], 1),
        (&[("PROMOTE", "5")], 5),
        (&[("SIGN", "2")], 2),
        (&[("RESUME", "1")], 1),
        (&[("COMPARE", "6")], 6),
        (&[("VERIFY", "6")], 6),
        (&[("REPORT", "2")], 70),
        (&[("RECORDS", "no")], 70),
        (&[("RECORDS", "no"), ("RUN", "5")], 5),
    ];
    for (replacements, expected) in sample::some(cases, 2) {
        let demo = demo(replacements);
        assert_eq!(demo.output.status.code(), Some(expected), "{replacements:?}\n{}", demo.said());
    }
}

#[test]
fn a_demo_takes_the_place_of_the_one_before_it_but_of_nothing_else() {
    let demo = demo(&[]);
    let again = demo.directory.path().join("demo");
    let fake = demo.directory.path().join("holdpoint");
    fs::write(again.join("report.md"), "old").unwrap();
    let output = xtask(&["demo", "--keep"], &again).arg("--holdpoint").arg(&fake).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(fs::read_to_string(again.join("report.md")).unwrap(), "# Promoted\n");

    let letters = demo.directory.path().join("letters");
    fs::create_dir(&letters).unwrap();
    fs::write(letters.join("letter.txt"), "dear").unwrap();
    let output = xtask(&["demo", "--keep"], &letters).arg("--holdpoint").arg(&fake).output().unwrap();
    assert!(!output.status.success());
    assert_eq!(fs::read_to_string(letters.join("letter.txt")).unwrap(), "dear");
}
