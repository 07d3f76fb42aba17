//! Long records, which a second thread reads ahead: they are read as short ones are, wherever they are wrong.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod common;

use std::path::Path;

use common::{Bench, lines, log, note, now, set_log};
use holdpoint_record::{Reader, RecordVerdict, Writer, glance, read, verify_bytes};
use holdpoint_xtask::sample;
use sha2::{Digest, Sha256};

/// More than a batch, a piece and the threshold of a second thread.
const BYTES: usize = 3 * 1024 * 1024;

/// An open record of many lines, a few of them long, and how many events it has.
fn long_record(bench: &Bench) -> (std::path::PathBuf, usize) {
    let mut writer = bench.driven();
    let (mut events, mut bytes) = (6, 0);
    while bytes < BYTES {
        let text = if events % 50 == 0 { "x".repeat(300_000) } else { format!("number {events}") };
        bytes += text.len();
        events += 1;
        writer.append(now(), note(&text)).unwrap();
    }
    (writer.dir().to_owned(), events)
}

fn altered_at(dir: &Path) -> Option<u64> {
    match verify_bytes(dir).unwrap().verdict {
        RecordVerdict::Altered { event, .. } => Some(event),
        _ => None,
    }
}

#[test]
fn a_long_record_is_read_whole_and_its_position_is_that_of_sha256sum() {
    let bench = Bench::new();
    let (dir, events) = long_record(&bench);
    let bytes = log(&dir);
    let found = read(&dir).unwrap();
    assert_eq!(found.events.len(), events);
    assert_eq!(found.position.bytes, bytes.len() as u64);
    let digest: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(found.position.sha256, digest);
    assert_eq!(verify_bytes(&dir).unwrap().verdict, RecordVerdict::IntactOpen);
    // Any point on the way is that of the bytes before it.
    let (mut reader, mut before) = (Reader::open(&dir).unwrap(), 0);
    for line in lines(&bytes) {
        assert_eq!(reader.position().bytes, before);
        if before % 7 == 0 {
            let digest = Sha256::digest(&bytes[..usize::try_from(before).unwrap()]);
            let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(reader.position().sha256, digest);
        }
        assert!(reader.next().unwrap().is_ok());
        before += line.len() as u64;
    }
    assert!(reader.next().is_none());
}

#[test]
fn what_is_wrong_anywhere_in_a_long_record_shows_at_its_line_or_the_next() {
    let bench = Bench::new();
    let (dir, events) = long_record(&bench);
    let good = lines(&log(&dir));
    for line in sample::some((0..events - 1).step_by(events / 40), 8) {
        let mut bad = good.clone();
        let middle = bad[line].len() / 2;
        bad[line][middle] ^= 1;
        set_log(&dir, &bad.concat());
        let shows = altered_at(&dir).unwrap();
        assert!(shows == line as u64 || shows == line as u64 + 1, "{line}: {shows}");
        let mut bad = good.clone();
        bad.remove(line);
        set_log(&dir, &bad.concat());
        assert_eq!(altered_at(&dir), Some(line as u64));
        let mut bad = good.clone();
        bad[line] = b"torn\n".to_vec();
        set_log(&dir, &bad.concat());
        assert_eq!(altered_at(&dir), Some(line as u64), "no torn tail: lines follow");
    }
}

#[test]
fn a_long_record_may_end_in_a_torn_line_of_any_kind() {
    let bench = Bench::new();
    let (dir, events) = long_record(&bench);
    let good = log(&dir);
    for torn in [&b"{\"n\":"[..], b"torn\n", &[0; 5000], b"\n"] {
        set_log(&dir, &[&good, torn].concat());
        let report = verify_bytes(&dir).unwrap();
        assert_eq!(report.verdict, RecordVerdict::IntactOpen);
        assert_eq!(report.torn.unwrap().bytes, torn.len() as u64);
        assert_eq!((report.position.events, report.position.bytes), (events as u64, good.len() as u64));
        assert_eq!(glance(&dir).unwrap().last.n, events as u64 - 1);
        let before = report.position.sha256;
        let (writer, found, recovered) = Writer::open(&dir).unwrap();
        assert_eq!((found.len(), writer.position().sha256), (events, before));
        assert!(recovered.is_some());
    }
}

#[test]
fn whoever_goes_on_with_what_was_read_gets_what_was_added_since_too() {
    let bench = Bench::new();
    let (dir, events) = long_record(&bench);
    let known = read(&dir).unwrap();
    let (mut writer, _, _) = Writer::open(&dir).unwrap();
    writer.append(now(), note("meanwhile")).unwrap();
    let position = writer.position();
    drop(writer);
    let (writer, found, recovered) =
        Writer::go_on(&dir, (known.events.clone(), known.position.clone())).unwrap();
    assert_eq!((found.len(), writer.position(), recovered), (events + 1, position, None));
    assert_eq!(found[..events], known.events);
    drop(writer);
    // What was read is not believed where the file says something else.
    let mut bad = log(&dir);
    let middle = bad.len() / 2;
    bad[middle] ^= 1;
    set_log(&dir, &bad);
    assert!(Writer::go_on(&dir, (known.events, known.position)).is_err());
    assert_eq!(log(&dir), bad, "a refused record is left as it is");
}

#[test]
fn a_glance_sees_both_ends_and_asks_the_whole_record_where_they_look_wrong() {
    let bench = Bench::new();
    let dir = bench.sealed_record();
    let seen = glance(&dir).unwrap();
    assert_eq!((seen.first.n, seen.last.n, seen.sealed), (0, 6, true));
    let good = log(&dir);
    let at = good.len() - 20;
    let bad: Vec<u8> =
        good.iter().enumerate().map(|(i, byte)| if i == at { byte ^ 1 } else { *byte }).collect();
    set_log(&dir, &bad);
    // Either the reading ends before the last line, or it is no glance at all; never what the line claims.
    assert!(glance(&dir).is_err() || glance(&dir).unwrap().last.n < 6);
    set_log(&dir, &[]);
    assert!(glance(&dir).is_err());
}
