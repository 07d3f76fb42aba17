//! A store of five hundred runs: what is asked of one run-book reads the runs of that, and a damaged record among them is
//! named and passed over.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use holdpoint_hosts::{Missing, skipped};
use serde_json::{Value, json};

use crate::runs::book;
use crate::support::{Bench, HOLDPOINT, Ran, sha256};

const RUNS: u64 = 500;
/// Runs of the other run-book between two of this one.
const APART: u64 = 100;

const CONFIG: &str = "[environments.staging]\nrehearsal = true\n\n[environments.production]\nrequires = { rehearsal = \"staging\", max_age = \"7d\" }\n";

/// A run as another one of the same store: with its own number and name, and `whole`, or with its run-book alone.
fn as_number(from: &Path, to: &Path, (number, whole): (u64, bool)) {
    fs::create_dir_all(to.join("blobs")).unwrap();
    fs::create_dir_all(to.join("signoffs")).unwrap();
    // Blobs are never written to.
    fs::create_dir(to.join("blobs/sha256")).unwrap();
    let mut events = crate::support::events(from);
    let book = events[0]["runbook"]["blob"]["sha256"].as_str().unwrap();
    for blob in fs::read_dir(from.join("blobs/sha256")).unwrap() {
        let blob = blob.unwrap();
        if whole || blob.file_name() == book {
            fs::hard_link(blob.path(), to.join("blobs/sha256").join(blob.file_name())).unwrap();
        }
    }
    events[0]["number"] = json!(number);
    events[0]["id"] = json!(format!("01M84Q5EYZ3BNSX5P0W8{number:06}"));
    let mut log = Vec::new();
    for event in &mut events {
        event["prev"] = json!(sha256(&log));
        log.extend(serde_json::to_vec(event).unwrap());
        log.push(b'\n');
    }
    fs::write(to.join("run.jsonl"), &log).unwrap();
    let mut seal: Value = serde_json::from_slice(&fs::read(from.join("seal.json")).unwrap()).unwrap();
    seal["number"] = json!(number);
    seal["id"] = events[0]["id"].clone();
    (seal["bytes"], seal["sha256"]) = (json!(log.len()), json!(sha256(&log)));
    fs::write(to.join("seal.json"), serde_json::to_vec(&seal).unwrap()).unwrap();
}

/// So many runs, of which one in a hundred is of `mine.md`.
fn store(runs: u64) -> Bench {
    // A long record: its end is far from its beginning.
    let steps: String = (0..60).map(|n| format!("## Step {n}\n\n```sh check\necho {n}\n```\n\n")).collect();
    let bench = Bench::with(&[
        ("mine.md", &book("", "## Look\n\n```sh check\necho mine\n```\n")),
        ("other.md", &book("", &steps)),
        ("holdpoint.toml", CONFIG),
    ]);
    for name in ["mine.md", "other.md"] {
        bench.ends(0, &["run", name, "--env", "staging", "--unattended"]);
    }
    let from = [bench.run_dir(1), bench.run_dir(2)];
    for number in 3..=runs {
        let which = usize::from(number % APART != 1);
        let name = ["mine", "other"][which];
        let to = bench.path(&format!(".holdpoint/runs/{number:04}-{name}"));
        as_number(&from[which], &to, (number, which == 0));
    }
    bench
}

/// Bytes that were read of each record, by number.
fn read_of(bench: &Bench, arguments: &[&str]) -> (Ran, BTreeMap<u64, u64>) {
    // A file for each thread: in one file their calls would be told in pieces.
    let traces = bench.all().join("traces");
    fs::create_dir_all(&traces).unwrap();
    let trace = traces.join("thread");
    let traced = ["-ff", "-y", "-e", "trace=read,pread64", "-e", "signal=none", "-s", "0", "-o"];
    let mut command = bench.command("strace");
    let ran = command.args(traced).arg(&trace).arg(HOLDPOINT).args(arguments).output().unwrap();
    let mut read = BTreeMap::new();
    let told: String = fs::read_dir(&traces)
        .unwrap()
        .map(|file| fs::read_to_string(file.unwrap().path()).unwrap())
        .collect();
    fs::remove_dir_all(&traces).unwrap();
    for line in told.lines() {
        let Some((_, rest)) = line.split_once("/.holdpoint/runs/") else { continue };
        let Some((run, rest)) = rest.split_once('/') else { continue };
        let (true, Some((_, bytes))) = (rest.starts_with("run.jsonl"), rest.rsplit_once("= ")) else {
            continue;
        };
        *read.entry(run[..4].parse().unwrap()).or_insert(0) += bytes.parse::<u64>().unwrap_or(0);
    }
    (Ran::of(ran), read)
}

#[test]
fn what_is_asked_of_one_run_book_reads_the_beginnings_of_all_others_alone() {
    let looked = std::process::Command::new("strace").arg("-V").output();
    if !looked.is_ok_and(|ran| ran.status.success()) {
        let missing = Missing("strace is not installed; cargo xtask tools installs it".to_owned());
        return skipped("what_is_asked_of_one_run_book_reads_the_beginnings_of_all_others_alone", &missing);
    }
    let bench = store(RUNS);
    let length = |number| fs::metadata(bench.run_dir(number).join("run.jsonl")).unwrap().len();
    assert!(length(2) > 32 * 1024, "{}", length(2));
    let mine: Vec<u64> = (1..=RUNS).filter(|number| number % APART == 1).collect();
    for verb in
        [&["history", "mine.md", "--format", "json"][..], &["coverage", "mine.md", "--format", "json"]]
    {
        let (ran, read) = read_of(&bench, verb);
        assert_eq!(ran.code, 0, "{}", ran.both());
        for number in 1..=RUNS {
            let bytes = read.get(&number).copied().unwrap_or(0);
            if mine.contains(&number) {
                assert!(bytes >= length(number), "{verb:?} {number}: {bytes}");
            } else {
                assert!(bytes <= 17 * 1024, "{verb:?} {number}: {bytes}");
            }
        }
    }
    // A comparison reads the ends of others until it has found the one, and that whole.
    let last = mine.last().unwrap().to_string();
    let (ran, read) = read_of(&bench, &["compare", &last, "--to-rehearsal"]);
    assert_eq!(ran.code, 0, "{}", ran.both());
    let whole = read.iter().filter(|(number, bytes)| **bytes > 4 * length(2) && !mine.contains(number));
    assert_eq!(whole.count(), 0, "{read:?}");
    // The gate reads both ends of each, and what it relies on whole; both ends of the last are looked at for how long steps took.
    let (ran, read) = read_of(&bench, &["run", "mine.md", "--env", "production", "--unattended"]);
    assert_eq!(ran.code, 0, "{}", ran.both());
    let whole: Vec<_> =
        read.iter().filter(|(number, bytes)| **bytes > 4 * length(2) && !mine.contains(number)).collect();
    assert!(whole.is_empty(), "{whole:?}");
}

#[test]
fn a_damaged_record_among_them_is_named_and_passed_over() {
    let bench = store(3 * APART + 1);
    let broken = 101;
    let path = bench.run_dir(broken).join("run.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("echo mine", "echo nine").replacen("passed", "failed", 1)).unwrap();
    fs::write(bench.run_dir(150).join("run.jsonl"), "no event\n").unwrap();
    for verb in ["history", "coverage"] {
        let json = bench.ends(0, &[verb, "mine.md", "--format", "json"]).json();
        let told = if verb == "coverage" { json["documents"][0].clone() } else { json };
        assert_eq!(
            (&told["runs"], &told["passed_over"]),
            (&json!(3), &json!([broken, 150])),
            "{verb}: {told}"
        );
    }
    let told = "assed over, as their records cannot be used: 101, 150; `holdpoint verify` says what is wrong";
    for verb in ["history", "coverage"] {
        bench.ends(0, &[verb, "mine.md"]).says(told);
    }
    let listed = bench.holdpoint(&["runs", "--runbook", "mine.md"]).both();
    assert!(listed.contains("101") && listed.contains("301"), "{listed}");
    bench.ends(0, &["show", "301"]).says("PASSED");
    bench.ends(0, &["run", "mine.md", "--env", "production", "--unattended"]);
    bench.ends(0, &["compare", "latest", "--to-rehearsal"]);
}
