//! A blob that was expunged is known as such for ever, and never passes for intact.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{Bench, RUNBOOK, STDOUT};
use holdpoint_engine::BlobRef;
use holdpoint_record::{
    ExpungeError, Expunged, Expunging, OpenError, RecordVerdict, Tombstone, Writer, read, verify_bytes,
};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn leaked(dir: &Path) -> PathBuf {
    dir.join("blobs/sha256").join(digest(STDOUT))
}

fn tombstone(dir: &Path) -> PathBuf {
    leaked(dir).with_extension("expunged")
}

fn at() -> Timestamp {
    "2026-11-23T15:00:00Z".parse().unwrap()
}

fn expunge(dir: &Path, blob: &str, who: &str, reason: &str, at: Timestamp) -> Result<Expunged, ExpungeError> {
    Expunging::begin(dir, blob, who, reason, at)?.finish(None)
}

fn does(dir: &Path) -> Result<Expunged, ExpungeError> {
    expunge(dir, &digest(STDOUT), "qa@example.org", "it shows the token", at())
}

#[test]
fn a_sealed_record_says_expunged_and_neither_log_nor_seal_is_touched() {
    for (bench, sealed) in [(Bench::new(), true), (Bench::new(), false)] {
        let dir = if sealed { bench.sealed_record() } else { bench.open_record() };
        let files = ["run.jsonl", "seal.json"].map(|name| fs::read(dir.join(name)).ok());
        let done = does(&dir).unwrap();
        assert!(!leaked(&dir).exists());
        assert_eq!(["run.jsonl", "seal.json"].map(|name| fs::read(dir.join(name)).ok()), files);
        let kept: Tombstone = serde_json::from_slice(&fs::read(tombstone(&dir)).unwrap()).unwrap();
        assert_eq!(
            (&kept.who[..], &kept.reason[..], kept.at),
            ("qa@example.org", "it shows the token", at())
        );
        assert_eq!(kept.blob, BlobRef { sha256: digest(STDOUT), bytes: STDOUT.len() as u64 });
        assert_eq!(kept, done.tombstone);

        let report = verify_bytes(&dir).unwrap();
        assert!(!report.verdict.intact(), "{report:?}");
        let RecordVerdict::Expunged { event, blobs: 1, complete, signed: false, reason } = &report.verdict
        else {
            panic!("{report:?}")
        };
        assert_eq!((*event, *complete), (done.event, sealed));
        for part in [&digest(STDOUT)[..], "qa@example.org", "it shows the token", "2026-11-23T15:00:00Z"] {
            assert!(reason.contains(part), "{reason}");
        }
        let words = report.verdict.to_string();
        assert!(words.starts_with("expunged: 1 blob") && !words.contains("intact"), "{words}");
        assert!(report.unreferenced.is_empty());
    }
}

#[test]
fn a_blob_that_is_merely_missing_stays_altered_and_cannot_be_expunged() {
    let bench = Bench::new();
    let dir = bench.sealed_record();
    fs::remove_file(leaked(&dir)).unwrap();
    assert!(matches!(verify_bytes(&dir).unwrap().verdict, RecordVerdict::Altered { .. }));
    assert!(matches!(does(&dir), Err(ExpungeError::Missing(_))));
    assert!(!tombstone(&dir).exists());
}

#[test]
fn what_is_no_tombstone_of_this_blob_of_this_run_makes_it_altered() {
    let bench = Bench::new();
    let dir = bench.sealed_record();
    does(&dir).unwrap();
    let good = fs::read_to_string(tombstone(&dir)).unwrap();
    let runbook = digest(RUNBOOK);
    let id = serde_json::from_str::<Tombstone>(&good).unwrap().id;
    let bad = [
        String::new(),
        "{}".to_owned(),
        good.replace("qa@example.org", "  "),
        good.replace("it shows the token", ""),
        good.replace(&digest(STDOUT), &runbook),
        good.replace(&id, "01M84Q92VJH3CHF9AS6VC75N0Y"),
        good.replace("\"reason\"", "\"because\""),
        format!("{}{}", good.trim_end(), " ".repeat(70_000)),
    ];
    for bad in bad {
        fs::write(tombstone(&dir), &bad).unwrap();
        let verdict = verify_bytes(&dir).unwrap().verdict;
        assert!(matches!(verdict, RecordVerdict::Altered { .. }), "{bad:.200}: {verdict:?}");
    }
    fs::remove_file(tombstone(&dir)).unwrap();
    std::os::unix::fs::symlink("/dev/null", tombstone(&dir)).unwrap();
    assert!(matches!(verify_bytes(&dir).unwrap().verdict, RecordVerdict::Altered { .. }));
}

#[test]
fn an_altered_record_stays_altered_whatever_was_expunged() {
    let bench = Bench::new();
    let dir = bench.sealed_record();
    does(&dir).unwrap();
    let log = fs::read_to_string(dir.join("run.jsonl")).unwrap();
    fs::write(dir.join("run.jsonl"), log.replacen("promote", "demote1", 1)).unwrap();
    assert!(matches!(verify_bytes(&dir).unwrap().verdict, RecordVerdict::Altered { .. }));
    fs::write(dir.join("run.jsonl"), &log[..log.len() / 2]).unwrap();
    let verdict = verify_bytes(&dir).unwrap().verdict;
    assert!(!matches!(verdict, RecordVerdict::Expunged { .. }) && !verdict.intact(), "{verdict:?}");
}

#[test]
fn interrupted_halfway_it_is_ended_by_doing_it_again_and_the_first_tombstone_stays() {
    let bench = Bench::new();
    let dir = bench.sealed_record();
    does(&dir).unwrap();
    let first = fs::read(tombstone(&dir)).unwrap();
    fs::write(leaked(&dir), STDOUT).unwrap();
    let report = verify_bytes(&dir).unwrap();
    assert!(report.expunged[0].still_there && report.verdict.reason().unwrap().contains("expunge it again"));
    expunge(&dir, &digest(STDOUT)[..8], "ops@example.org", "again", at()).unwrap();
    assert!(!leaked(&dir).exists());
    assert_eq!(fs::read(tombstone(&dir)).unwrap(), first);
    assert!(matches!(does(&dir), Err(ExpungeError::Already(stone)) if stone.who == "qa@example.org"));
}

#[test]
fn nothing_is_expunged_that_is_not_named_or_not_answered_for() {
    let bench = Bench::new();
    let dir = bench.sealed_record();
    let good = digest(STDOUT);
    let tries = [
        ("0123456", "who", "why"),
        ("../../../run.jsonl", "who", "why"),
        (&good.to_uppercase(), "who", "why"),
        (&format!("{good}0"), "who", "why"),
        (&"0".repeat(64), "who", "why"),
        (&good, " ", "why"),
        (&good, "who", ""),
    ];
    for (blob, who, why) in tries {
        assert!(expunge(&dir, blob, who, why, at()).is_err(), "{blob} {who} {why}");
    }
    assert_eq!(verify_bytes(&dir).unwrap().verdict, RecordVerdict::IntactComplete);
}

#[test]
fn a_run_that_is_being_driven_is_left_alone() {
    let bench = Bench::new();
    let writer: Writer = bench.driven();
    let held = does(writer.dir());
    assert!(matches!(held, Err(ExpungeError::Open(OpenError::Held(_)))), "{held:?}");
    let dir = writer.dir().to_owned();
    drop(writer);
    does(&dir).unwrap();
    assert!(read(&dir).is_ok(), "events are read as before");
}
