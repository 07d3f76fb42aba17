//! A blob that was expunged is known as such for ever, and never passes for intact.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use holdpoint_engine::{BlobRef, Event};
use holdpoint_record::{
    BlobError, ExpungeError, Expunged, Expunging, OpenError, RecordVerdict, Tombstone, Writer, blob, read,
    verify, verify_bytes,
};
use jiff::Timestamp;

/// A record that conforms, of the corpus: two blocks, of which the first printed something.
struct Kept {
    _all: tempfile::TempDir,
    dir: PathBuf,
}

impl Kept {
    fn sealed() -> Kept {
        let all = tempfile::tempdir().unwrap();
        let archive = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/records/2.0/change.tar.gz");
        let unpacked =
            Command::new("tar").arg("-xzf").arg(archive).arg("-C").arg(all.path()).status().unwrap();
        assert!(unpacked.success());
        Kept { dir: all.path().join("change"), _all: all }
    }

    /// The same, killed in its second block.
    fn open() -> Kept {
        let kept = Kept::sealed();
        let log = kept.dir.join("run.jsonl");
        let lines: Vec<String> =
            fs::read_to_string(&log).unwrap().lines().take(4).map(str::to_owned).collect();
        fs::write(&log, lines.join("\n") + "\n").unwrap();
        fs::remove_file(kept.dir.join("seal.json")).unwrap();
        kept
    }
}

/// What the first block printed.
fn printed(dir: &Path) -> BlobRef {
    let printed = read(dir).unwrap().events.into_iter().find_map(|stamped| match stamped.event {
        Event::ActionFinished(finished) => Some(finished.output.unwrap().stdout),
        _ => None,
    });
    printed.unwrap()
}

fn runbook(dir: &Path) -> BlobRef {
    match &read(dir).unwrap().events[0].event {
        Event::RunOpened(opened) => opened.runbook.blob.clone(),
        other => panic!("{other:?}"),
    }
}

fn leaked(dir: &Path) -> PathBuf {
    dir.join("blobs/sha256").join(printed(dir).sha256)
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
    expunge(dir, &printed(dir).sha256, "qa@example.org", "it shows the token", at())
}

#[test]
fn a_sealed_record_says_expunged_and_neither_log_nor_seal_is_touched() {
    for (kept, sealed) in [(Kept::sealed(), true), (Kept::open(), false)] {
        let dir = kept.dir.clone();
        let files = ["run.jsonl", "seal.json"].map(|name| fs::read(dir.join(name)).ok());
        let done = does(&dir).unwrap();
        assert!(!leaked(&dir).exists());
        assert_eq!(["run.jsonl", "seal.json"].map(|name| fs::read(dir.join(name)).ok()), files);
        let kept: Tombstone = serde_json::from_slice(&fs::read(tombstone(&dir)).unwrap()).unwrap();
        assert_eq!(
            (&kept.who[..], &kept.reason[..], kept.at),
            ("qa@example.org", "it shows the token", at())
        );
        assert_eq!(kept.blob, printed(&dir));
        assert_eq!(kept, done.tombstone);

        let report = verify_bytes(&dir).unwrap();
        assert!(!report.verdict.intact(), "{report:?}");
        let RecordVerdict::Expunged { event, blobs: 1, complete, signed: false, reason } = &report.verdict
        else {
            panic!("{report:?}")
        };
        assert_eq!((*event, *complete), (done.event, sealed));
        for part in
            [&printed(&dir).sha256[..], "qa@example.org", "it shows the token", "2026-11-23T15:00:00Z"]
        {
            assert!(reason.contains(part), "{reason}");
        }
        let words = report.verdict.to_string();
        assert!(words.starts_with("expunged: 1 blob") && !words.contains("intact"), "{words}");
        assert!(report.unreferenced.is_empty());
    }
}

#[test]
fn a_blob_that_is_merely_missing_stays_altered_and_cannot_be_expunged() {
    let kept = Kept::sealed();
    let dir = kept.dir.clone();
    fs::remove_file(leaked(&dir)).unwrap();
    assert!(matches!(verify_bytes(&dir).unwrap().verdict, RecordVerdict::Altered { .. }));
    assert!(matches!(does(&dir), Err(ExpungeError::Missing(_))));
    assert!(!tombstone(&dir).exists());
}

#[test]
fn what_is_no_tombstone_of_this_blob_of_this_run_makes_it_altered() {
    let kept = Kept::sealed();
    let dir = kept.dir.clone();
    does(&dir).unwrap();
    let good = fs::read_to_string(tombstone(&dir)).unwrap();
    let runbook = runbook(&dir).sha256;
    let id = serde_json::from_str::<Tombstone>(&good).unwrap().id;
    let bad = [
        String::new(),
        "{}".to_owned(),
        good.replace("qa@example.org", "  "),
        good.replace("it shows the token", ""),
        good.replace(&printed(&dir).sha256, &runbook),
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
    let kept = Kept::sealed();
    let dir = kept.dir.clone();
    does(&dir).unwrap();
    let log = fs::read_to_string(dir.join("run.jsonl")).unwrap();
    fs::write(dir.join("run.jsonl"), log.replacen("duration_ms\":", "duration_ms\":1", 1)).unwrap();
    assert!(matches!(verify_bytes(&dir).unwrap().verdict, RecordVerdict::Altered { .. }));
    fs::write(dir.join("run.jsonl"), &log[..log.len() / 2]).unwrap();
    let verdict = verify_bytes(&dir).unwrap().verdict;
    assert!(!matches!(verdict, RecordVerdict::Expunged { .. }) && !verdict.intact(), "{verdict:?}");
}

#[test]
fn interrupted_halfway_it_is_ended_by_doing_it_again_and_the_first_tombstone_stays() {
    let kept = Kept::sealed();
    let dir = kept.dir.clone();
    let bytes = fs::read(leaked(&dir)).unwrap();
    does(&dir).unwrap();
    let first = fs::read(tombstone(&dir)).unwrap();
    fs::write(leaked(&dir), bytes).unwrap();
    let report = verify_bytes(&dir).unwrap();
    assert!(report.expunged[0].still_there && report.verdict.reason().unwrap().contains("expunge it again"));
    // Nobody is given what was expunged, though it be there.
    assert!(
        matches!(blob(&dir, &printed(&dir)), Err(BlobError::Expunged(stone)) if stone.who == "qa@example.org")
    );
    expunge(&dir, &printed(&dir).sha256[..8], "ops@example.org", "again", at()).unwrap();
    assert!(!leaked(&dir).exists());
    assert_eq!(fs::read(tombstone(&dir)).unwrap(), first);
    assert!(matches!(does(&dir), Err(ExpungeError::Already(stone)) if stone.who == "qa@example.org"));
}

#[test]
fn nothing_is_expunged_that_is_not_named_or_not_answered_for() {
    let kept = Kept::sealed();
    let dir = kept.dir.clone();
    let good = printed(&dir).sha256;
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
    let kept = Kept::open();
    let (writer, ..) = Writer::open(&kept.dir).unwrap();
    let held = does(writer.dir());
    assert!(matches!(held, Err(ExpungeError::Open(OpenError::Held(_)))), "{held:?}");
    let dir = writer.dir().to_owned();
    drop(writer);
    does(&dir).unwrap();
    assert!(read(&dir).is_ok(), "events are read as before");
}

#[test]
fn whoever_reads_it_is_told_by_whom_when_and_why_and_that_the_bytes_are_not_merely_missing() {
    let kept = Kept::sealed();
    let blob = printed(&kept.dir);
    does(&kept.dir).unwrap();
    let why = holdpoint_record::blob(&kept.dir, &blob).unwrap_err().to_string();
    let at: jiff::Timestamp = "2026-11-23T15:00:00Z".parse().unwrap();
    let at = at.to_zoned_datetime(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S %:z");
    let told = format!("the blob {} was expunged at {at} by qa@example.org: it shows the token", blob.sha256);
    assert_eq!(why, told);
    fs::write(tombstone(&kept.dir), "{}").unwrap();
    let why = holdpoint_record::blob(&kept.dir, &blob).unwrap_err().to_string();
    assert_eq!(why, format!("the blob {} is missing", blob.sha256));
}

#[test]
fn of_an_open_run_nothing_goes_that_it_needs_and_of_one_that_is_over_it_may() {
    let kept = Kept::open();
    let book = runbook(&kept.dir).sha256;
    let refused = expunge(&kept.dir, &book, "qa@example.org", "a token", at());
    assert!(matches!(refused, Err(ExpungeError::Needed("its run-book"))), "{refused:?}");
    assert_eq!(verify(&kept.dir).unwrap().verdict, RecordVerdict::IntactOpen);
    let kept = Kept::sealed();
    expunge(&kept.dir, &book, "qa@example.org", "a token", at()).unwrap();
    let proof = verify(&kept.dir).unwrap();
    assert!(proof.verdict.is_expunged() && !proof.conformity_checked(), "{:?}", proof.verdict);
}

#[test]
fn nothing_is_taken_out_of_a_record_in_which_something_else_is_wrong() {
    let kept = Kept::sealed();
    let (book, log) = (runbook(&kept.dir).sha256, kept.dir.join("run.jsonl"));
    let text = fs::read_to_string(&log).unwrap();
    fs::write(&log, text.replacen("duration_ms\":", "duration_ms\":1", 1)).unwrap();
    let refused = expunge(&kept.dir, &book, "qa@example.org", "a token", at());
    assert!(matches!(refused, Err(ExpungeError::NotInOrder(_) | ExpungeError::Read(_))), "{refused:?}");
    fs::write(&log, text).unwrap();
    let path = leaked(&kept.dir);
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, vec![b'x'; bytes.len()]).unwrap();
    let refused = does(&kept.dir);
    assert!(matches!(&refused, Err(ExpungeError::NotInOrder(why)) if why.contains("altered")), "{refused:?}");
    assert!(!tombstone(&kept.dir).exists());
}
