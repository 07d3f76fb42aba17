//! What it takes to keep blobs, and when they are durable.

use std::path::Path;

use super::*;
use crate::Writer;

fn writer(dir: &Path) -> Writer {
    crate::Store::open(dir.join("runs")).create_run("x").unwrap().1
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = entries.collect();
    names.sort();
    names
}

fn whole(writer: &Writer) -> Vec<String> {
    names(&writer.dir().join(SHA256))
}

fn partial(writer: &Writer) -> Vec<String> {
    names(&writer.dir().join(BLOBS)).into_iter().filter(|name| name.starts_with(PARTIAL)).collect()
}

#[test]
fn what_is_short_touches_no_disk_before_it_is_settled() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = writer(dir.path());
    let mut piecewise = writer.blob_writer().unwrap();
    piecewise.write_all(b"deployed\n").unwrap();
    let blob = piecewise.hold().unwrap();
    assert!(whole(&writer).is_empty() && partial(&writer).is_empty());
    assert_eq!(writer.blob(&blob).unwrap(), b"deployed\n");
    writer.keeper.settle().unwrap();
    assert_eq!(whole(&writer), std::slice::from_ref(&blob.sha256));
    assert_eq!(writer.blob(&blob).unwrap(), crate::blob(writer.dir(), &blob).unwrap());
    assert!(partial(&writer).is_empty());
    assert_eq!(writer.hold_blob(b"deployed\n").unwrap(), blob);
    assert!(writer.keeper.blobs().waiting.is_empty(), "it is there");
}

#[test]
fn the_same_bytes_wait_once_and_make_one_file() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = writer(dir.path());
    let long = vec![b'x'; 3 * IN_MEMORY];
    for _ in 0..3 {
        writer.hold_blob(b"").unwrap();
        writer.hold_blob(&long).unwrap();
    }
    assert_eq!(partial(&writer).len(), 1, "what is long is on the disk while it waits");
    writer.keeper.settle().unwrap();
    assert_eq!((whole(&writer).len(), partial(&writer).len()), (2, 0));
}

#[test]
fn a_long_blob_that_waits_can_be_read_and_one_that_is_dropped_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = writer(dir.path());
    let long = vec![b'x'; IN_MEMORY + 1];
    let mut dropped = writer.blob_writer().unwrap();
    dropped.write_all(&long).unwrap();
    let blob = writer.hold_blob(&long).unwrap();
    assert_eq!(partial(&writer), ["partial-0", "partial-1"]);
    drop(dropped);
    assert_eq!(writer.blob(&blob).unwrap(), long);
    let path = writer.dir().join(BLOBS).join("partial-1");
    fs::write(path, "something else").unwrap();
    assert!(matches!(writer.blob(&blob), Err(BlobError::Altered { .. })));
}

#[test]
fn what_is_held_for_long_goes_to_the_disk_when_more_comes() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = writer(dir.path());
    let mut slow = writer.blob_writer().unwrap();
    slow.write_all(b"one\n").unwrap();
    assert!(partial(&writer).is_empty());
    slow.at_most = Duration::ZERO;
    slow.write_all(b"two\n").unwrap();
    let path = writer.dir().join(BLOBS).join("partial-0");
    assert_eq!(fs::read(path).unwrap(), b"one\ntwo\n");
    let blob = slow.finish().unwrap();
    assert_eq!(crate::blob(writer.dir(), &blob).unwrap(), b"one\ntwo\n");
    assert_eq!(writer.put_blob(b"one\ntwo\n").unwrap(), blob);
}

#[test]
fn no_event_is_written_before_the_blobs_that_it_may_name_are_whole() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = writer(dir.path());
    let blob = writer.hold_blob(b"output").unwrap();
    fs::remove_dir_all(writer.dir().join(SHA256)).unwrap();
    let by = holdpoint_engine::By { who: "ops".into(), via: holdpoint_engine::Via::Terminal };
    let note = holdpoint_engine::Event::Note { text: "x".into(), step: None, corrects: None, by };
    writer.end.events = 1;
    let at = "2026-11-23T14:34:05Z".parse().unwrap();
    let error = writer.append(at, note.clone()).unwrap_err();
    assert!(error.to_string().starts_with("cannot create "), "{error}");
    assert_eq!(fs::metadata(writer.dir().join(crate::LOG)).unwrap().len(), 0, "{blob:?}");
    assert!(matches!(writer.append(at, note), Err(WriteError::Poisoned)));
    assert!(matches!(writer.seal(), Err(crate::SealError::Write(WriteError::Poisoned))));
}

#[test]
fn something_else_in_the_place_of_a_blob_stops_the_writer() {
    for empty in [true, false] {
        let bytes: &[u8] = if empty { b"" } else { b"output" };
        let dir = tempfile::tempdir().unwrap();
        let mut writer = writer(dir.path());
        let blob = writer.put_blob(bytes).unwrap();
        let path = writer.dir().join(SHA256).join(&blob.sha256);
        let elsewhere = dir.path().join("elsewhere");
        fs::rename(&path, &elsewhere).unwrap();
        std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
        assert!(matches!(writer.hold_blob(bytes), Err(WriteError::Blob(BlobError::Altered { .. }))));
        assert!(matches!(writer.hold_blob(b"x"), Err(WriteError::Poisoned)));
    }
}
