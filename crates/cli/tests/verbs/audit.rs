//! All runs of a store: what an insider removes, rewrites or dates otherwise is told by the runs after it.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::{Bench, Ran, events, forge};

const BOOK: &str = "---\nrunbook: 1\ntitle: Look\n---\n\n# Look\n\n## Look\n\n```sh check\necho fine\n```\n";
const WAITS: &str = "---\nrunbook: 1\ntitle: Wait\n---\n\n# Wait\n\n## Look\n\n```sh check\necho fine\n```\n\n## Wait\n\n- [ ] done\n";

/// A store of so many finished runs.
fn store(runs: usize) -> Bench {
    let bench = Bench::with(&[("book.md", BOOK), ("wait.md", WAITS)]);
    for _ in 0..runs {
        bench.ends(0, &["run", "book.md", "--unattended"]);
    }
    bench
}

/// A copy of the store, for one insider.
fn copy(bench: &Bench, name: &str) -> PathBuf {
    bench.sh(&format!("cp -a .holdpoint/runs '{name}'"));
    bench.path(name)
}

fn run(store: &Path, number: u64) -> PathBuf {
    let prefix = format!("{number:04}-");
    let mut dirs = fs::read_dir(store).unwrap().map(|entry| entry.unwrap().path());
    dirs.find(|path| path.file_name().unwrap().to_str().unwrap().starts_with(&prefix)).unwrap()
}

fn audit(bench: &Bench, store: &Path) -> (i32, Value) {
    let ran: Ran = bench.holdpoint(&["audit", store.to_str().unwrap(), "--format", "json"]);
    (ran.code, ran.json())
}

/// What is wrong: run, kind, and words of why.
#[track_caller]
fn is_wrong(bench: &Bench, store: &Path, expected: &[(u64, &str, &str)]) {
    let (code, json) = audit(bench, store);
    let wrong = json["wrong"].as_array().unwrap();
    assert_eq!(wrong.len(), expected.len(), "{wrong:#?}");
    for (found, (number, kind, why)) in wrong.iter().zip(expected) {
        assert_eq!((&found["run"], &found["kind"]), (&json!(number), &json!(kind)), "{wrong:#?}");
        assert!(found["why"].as_str().unwrap().contains(why), "{why}: {wrong:#?}");
    }
    assert_eq!(code, if expected.is_empty() { 0 } else { 6 });
}

/// Puts the time of an event so many days earlier.
fn earlier(event: &mut Value, days: u64) {
    let at: jiff::Timestamp = event["at"].as_str().unwrap().parse().unwrap();
    let back = at - jiff::SignedDuration::from_hours(24 * i64::try_from(days).unwrap());
    event["at"] = json!(format!("{back:.6}"));
}

#[test]
fn a_store_of_nothing_has_nothing_wrong_and_no_directory_is_none() {
    let bench = Bench::new();
    assert_eq!(bench.ends(0, &["audit"]).stdout, "There are no runs.\n");
    fs::create_dir(bench.path("empty")).unwrap();
    let json = bench.ends(0, &["audit", "empty", "--format", "json"]).json();
    assert_eq!((&json["runs"], &json["wrong"]), (&json!([]), &json!([])));
    bench.ends(2, &["audit", "nowhere"]).says("is no directory");
}

#[test]
fn what_is_no_store_is_not_a_store_of_nothing() {
    let bench = store(1);
    bench.sh("mkdir -p docs bare && touch docs/book.md bare/.gitkeep");
    let one = run(&bench.path(".holdpoint/runs"), 1);
    bench.ends(2, &["audit", "."]).says("is no store").says("holdpoint audit ./.holdpoint/runs");
    bench.ends(2, &["audit", ".holdpoint"]).says("holdpoint audit .holdpoint/runs");
    bench.ends(2, &["audit", one.to_str().unwrap()]).says("is one run").says("holdpoint verify");
    bench.ends(2, &["audit", one.join("blobs").to_str().unwrap()]).says("is no store");
    bench.ends(2, &["audit", "docs"]).says("is no store");
    bench.ends(0, &["audit", "bare"]).says("There are no runs.");
    bench.ends(0, &["audit", ".holdpoint/runs"]).says("nothing is wrong");
    // As it is once its runs were taken away.
    fs::remove_dir_all(one).unwrap();
    bench.ends(0, &["audit", ".holdpoint/runs"]).says("There are no runs.");
}

#[test]
fn a_run_whose_opening_met_a_full_disk_is_told_and_is_not_wrong() {
    let bench = store(1);
    let store = bench.path(".holdpoint/runs");
    // As it is left where the lock cannot be written, or what comes after it not be made.
    for (number, parts) in [(2, &["blobs/sha256", "signoffs"][..]), (3, &["blobs"]), (4, &[])] {
        let dir = store.join(format!("{number:04}-look"));
        fs::create_dir(&dir).unwrap();
        fs::write(dir.join("lock"), "").unwrap();
        parts.iter().for_each(|part| fs::create_dir_all(dir.join(part)).unwrap());
    }
    bench.ends(0, &["audit"]).says("run 2: nothing of it was ever recorded").says("nothing is wrong");
    bench.ends(0, &["runs"]).says("never opened");
    bench.ends(6, &["verify", "2"]).says("truncated");
    bench.ends(0, &["run", "book.md", "--unattended"]);
    bench.ends(0, &["audit"]).says("5 runs, nothing is wrong");
    // Where more is left than that, something was taken away.
    fs::write(store.join("0004-look/seal.json"), "{}").unwrap();
    bench.ends(6, &["audit"]).says("WRONG  run 4: record");
    bench.ends(6, &["runs"]);
}

#[test]
fn every_run_names_the_one_before_it_and_whatever_is_done_to_one_of_nine_is_told() {
    let bench = store(9);
    for number in 2..=9 {
        let (opened, former) = (&bench.events(number)[0], bench.run_dir(number - 1));
        let seal = fs::read(former.join("seal.json")).unwrap();
        let expected = json!({"number": number - 1, "id": events(&former)[0]["id"],
            "seal": crate::support::sha256(&seal)});
        assert_eq!(opened["former"], expected, "run {number}");
    }
    assert!(bench.events(1)[0].get("former").is_none());
    is_wrong(&bench, &bench.path(".holdpoint/runs"), &[]);
    bench.ends(0, &["audit"]).says("9 runs, nothing is wrong");

    let removed = copy(&bench, "removed");
    fs::remove_dir_all(run(&removed, 7)).unwrap();
    is_wrong(&bench, &removed, &[(7, "gap", "removed"), (8, "chain", "names run 7, which is not here")]);
    let ran = bench.ends(6, &["audit", "removed"]);
    ran.says("WRONG  run 7: gap: there is no run 7").says("8 runs, 2 things wrong");

    let renumbered = copy(&bench, "renumbered");
    fs::remove_dir_all(run(&renumbered, 7)).unwrap();
    for number in [8, 9] {
        let to = run(&renumbered, number)
            .to_str()
            .unwrap()
            .replace(&format!("/{number:04}-"), &format!("/{:04}-", number - 1));
        fs::rename(run(&renumbered, number), to).unwrap();
    }
    let (code, json) = audit(&bench, &renumbered);
    assert_eq!((code, json["wrong"][0]["run"].as_u64()), (6, Some(7)), "{json:#}");

    // Rewritten whole: by itself it is what was written.
    let rewritten = copy(&bench, "rewritten");
    forge(&run(&rewritten, 4), |events| events[0]["session"]["host"] = json!("elsewhere"));
    bench.ends(0, &["verify", run(&rewritten, 4).to_str().unwrap()]);
    is_wrong(&bench, &rewritten, &[(5, "chain", "run 4 was rewritten")]);

    let unsealed = copy(&bench, "unsealed");
    fs::remove_file(run(&unsealed, 4).join("seal.json")).unwrap();
    is_wrong(&bench, &unsealed, &[(5, "chain", "has no seal any more")]);

    // Damaged: named, and the others are looked at all the same.
    let damaged = copy(&bench, "damaged");
    let log = run(&damaged, 4).join("run.jsonl");
    let text = fs::read_to_string(&log)
        .unwrap()
        .replace("fine", "fein")
        .replace("ops@example.org", "opz@example.org");
    fs::write(&log, text).unwrap();
    let (code, json) = audit(&bench, &damaged);
    assert_eq!(code, 6);
    assert_eq!(json["wrong"][0]["run"], 4, "{json:#}");
    assert_eq!(json["wrong"][0]["kind"], "record", "{json:#}");
    assert_eq!(json["runs"].as_array().unwrap().len(), 9);

    let unchained = copy(&bench, "unchained");
    forge(&run(&unchained, 9), |events| {
        events[0].as_object_mut().unwrap().shift_remove("former");
    });
    is_wrong(&bench, &unchained, &[(9, "chain", "names no run before it")]);
}

#[test]
fn a_clock_that_was_set_back_is_told_by_verify_as_a_remark_and_by_audit_as_wrong() {
    let bench = store(2);
    let within = copy(&bench, "within");
    forge(&run(&within, 2), |events| events.iter_mut().skip(2).for_each(|event| earlier(event, 1)));
    let ran = bench.ends(0, &["verify", run(&within, 2).to_str().unwrap(), "--format", "json"]);
    assert!(ran.json()["remarks"][0].as_str().unwrap().starts_with("a clock was set back: event 2 is of "));
    is_wrong(&bench, &within, &[(2, "clock", "a clock was set back")]);

    let whole = copy(&bench, "whole");
    forge(&run(&whole, 2), |events| events.iter_mut().for_each(|event| earlier(event, 1)));
    let json = bench.ends(0, &["verify", run(&whole, 2).to_str().unwrap(), "--format", "json"]).json();
    assert_eq!(json["remarks"], json!([]), "one run alone cannot tell");
    is_wrong(&bench, &whole, &[(2, "clock", "before what it names of run 1 was written")]);
}

#[test]
fn a_tombstone_of_a_time_before_the_run_is_a_remark() {
    let bench = store(1);
    let log = bench.events(1);
    let blob = log.iter().find_map(|event| event["output"]["stdout"]["sha256"].as_str()).unwrap().to_owned();
    bench.ends(0, &["expunge", "1", "--blob", &blob, "--reason", "leaked"]);
    let path = bench.run_dir(1).join(format!("blobs/sha256/{blob}.expunged"));
    let mut tombstone: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    tombstone["at"] = json!("1990-01-01T00:00:00Z");
    fs::write(&path, serde_json::to_vec(&tombstone).unwrap()).unwrap();
    let json = bench.ends(6, &["verify", "1", "--format", "json"]).json();
    assert!(
        json["remarks"].to_string().contains("is of 1990-01-01T00:00:00Z, before the run opened"),
        "{json:#}"
    );
}

#[test]
fn an_open_run_may_go_on_but_what_stood_there_when_another_opened_may_not_change() {
    let bench = store(0);
    bench.ends(3, &["run", "wait.md", "--unattended"]);
    bench.ends(0, &["run", "book.md", "--unattended"]);
    let head = &bench.events(2)[0]["former"]["head"];
    assert_eq!(head["events"].as_u64().unwrap() as usize, bench.events(1).len());
    let ran = bench.ends(0, &["audit"]);
    ran.says("stands at");
    bench.ends(0, &["note", "1", "it goes on"]);
    is_wrong(&bench, &bench.path(".holdpoint/runs"), &[]);
    forge(&bench.run_dir(1), |events| events[0]["session"]["host"] = json!("elsewhere"));
    is_wrong(&bench, &bench.path(".holdpoint/runs"), &[(2, "chain", "run 1 was rewritten: its first")]);
}

#[test]
fn a_rehearsal_that_a_run_relied_on_is_named_and_missed_when_it_is_gone() {
    let config = "[environments.staging]\nrehearsal = true\n\n[environments.production]\nrequires = { rehearsal = \"staging\" }\n";
    let bench = Bench::with(&[("book.md", BOOK), ("holdpoint.toml", config)]);
    for environment in ["staging", "production"] {
        bench.ends(0, &["run", "book.md", "--unattended", "--env", environment]);
    }
    let json = bench.ends(0, &["audit", "--format", "json"]).json();
    assert_eq!(
        (&json["runs"][0]["rehearsed_in"], &json["runs"][1]["rehearsed_in"]),
        (&Value::Null, &json!(1))
    );
    fs::remove_dir_all(bench.run_dir(1)).unwrap();
    let (_, json) = audit(&bench, &bench.path(".holdpoint/runs"));
    let kinds: Vec<&str> =
        json["wrong"].as_array().unwrap().iter().map(|fault| fault["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["gap", "chain", "rehearsal"], "{json:#}");
}

#[test]
fn how_a_run_stands_is_told_with_its_deviations_wherever_it_is_told() {
    let bench = Bench::with(&[
        ("wait.md", WAITS),
        ("skip.yaml", "steps: { wait-1: { choice: skip, reason: Seen it before } }\n"),
    ]);
    bench.ends(0, &["run", "wait.md", "--unattended", "--answers", "skip.yaml"]);
    let told = "passed with 1 deviation";
    bench.ends(0, &["audit"]).says(told);
    bench.ends(0, &["runs"]).says(told);
    bench.ends(0, &["resume", "1", "--unattended"]).says(told);
    bench.ends(0, &["show", "1"]).says("PASSED WITH 1 DEVIATION");
    bench.ends(0, &["replay", "1", "--speed", "1000"]).says("PASSED WITH 1 DEVIATION");
    bench.ends(0, &["report", "1", "--format", "cast"]).says("PASSED WITH 1 DEVIATION");
    bench.ends(0, &["report", "1", "--format", "junit"]).says(told);
    let audited = bench.ends(0, &["audit", "--format", "json"]).json();
    let run = &audited["runs"][0];
    assert_eq!(
        (&run["state"], &run["stands"], &run["deviations"]),
        (&json!("passed"), &json!(told), &json!(1))
    );
}
