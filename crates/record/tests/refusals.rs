//! What a reader does not try to make sense of.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod common;

use std::fs;

use common::{Bench, lines, log, set_log};
use holdpoint_record::{LONGEST_LINE, OpenError, ReadError, Writer, read, verify_bytes};

#[test]
fn newer_versions_are_named_and_refused() {
    let bench = Bench::new();
    let dir = bench.open_record();
    let text = String::from_utf8(log(&dir)).unwrap();
    for version in ["2.1", "3.0", "10.0"] {
        let newer =
            text.replacen("\"format\":\"2.0\"", &format!("\"format\":\"{version}\",\"news\":{{}}"), 1);
        set_log(&dir, newer.as_bytes());
        for error in [read(&dir).unwrap_err(), verify_bytes(&dir).unwrap_err()] {
            let text = error.to_string();
            assert!(matches!(error, ReadError::NewerVersion { found } if found == version));
            assert!(
                text.contains(version) && text.contains("up to 2.0") && text.contains("newer holdpoint"),
                "{text}"
            );
        }
        assert!(matches!(Writer::open(&dir), Err(OpenError::Read(ReadError::NewerVersion { .. }))));
        assert_eq!(log(&dir), newer.as_bytes());
    }
    // Version 1 was never released.
    for never in ["0.9", "1.0", "1.9", "2", "2.0.0", "", "+2.1", "two"] {
        set_log(&dir, text.replacen("\"format\":\"2.0\"", &format!("\"format\":\"{never}\""), 1).as_bytes());
        assert_eq!(verify_bytes(&dir).unwrap().verdict.to_string(), "altered at event 0", "{never}");
    }
}

#[test]
fn an_unknown_type_of_event_is_named_and_refused() {
    let bench = Bench::new();
    let dir = bench.open_record();
    let mut all = lines(&log(&dir));
    let last = String::from_utf8(all.pop().unwrap()).unwrap();
    all.push(last.replace("\"type\":\"note\"", "\"type\":\"run.paused\"").into_bytes());
    set_log(&dir, &all.concat());
    let error = read(&dir).unwrap_err();
    assert!(error.to_string().contains("event 5 is of the type `run.paused`"), "{error}");
    assert!(matches!(error, ReadError::UnknownEvent { event: 5, .. }));
    assert!(matches!(Writer::open(&dir), Err(OpenError::Read(ReadError::UnknownEvent { .. }))));
    assert_eq!(verify_bytes(&dir).unwrap().verdict.to_string(), "altered at event 5");
}

#[test]
fn the_first_line_must_open_the_run() {
    let bench = Bench::new();
    let dir = bench.open_record();
    let first = r#"{"n":0,"prev":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","at":"2026-11-23T14:34:05Z","type":"note","text":"x","by":{"who":"x","via":"terminal"}}"#;
    set_log(&dir, format!("{first}\n").as_bytes());
    let report = verify_bytes(&dir).unwrap();
    assert_eq!(report.verdict.to_string(), "altered at event 0");
    assert!(report.verdict.reason().unwrap().contains("run.opened"));
}

#[test]
fn an_endless_line_is_refused_in_bounded_memory() {
    let bench = Bench::new();
    let dir = bench.open_record();
    let good = log(&dir);
    let endless = [&good[..], &vec![b' '; LONGEST_LINE + 1], b"\n", b"x\n"].concat();
    set_log(&dir, &endless);
    let report = verify_bytes(&dir).unwrap();
    assert_eq!(report.verdict.to_string(), "altered at event 6");
    assert!(report.verdict.reason().unwrap().contains("longer than"));
}

#[test]
fn links_and_pipes_in_place_of_the_record_are_not_followed() {
    let bench = Bench::new();
    let dir = bench.open_record();
    let (path, elsewhere) = (dir.join("run.jsonl"), bench.dir.path().join("elsewhere"));
    fs::rename(&path, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
    assert_eq!(verify_bytes(&dir).unwrap().verdict.to_string(), "altered at event 0");
    assert!(matches!(Writer::open(&dir), Err(OpenError::Read(ReadError::Altered { .. }))));
    fs::remove_file(&path).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, &path, rustix::fs::Mode::RWXU).unwrap();
    assert_eq!(verify_bytes(&dir).unwrap().verdict.to_string(), "altered at event 0");
}
