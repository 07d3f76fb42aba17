//! What a crash in the middle of a write leaves, and what becomes of it.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod common;

use common::{Bench, lines, log, note, now, set_log};
use holdpoint_engine::{Event, Verdict};
use holdpoint_record::{
    OpenError, ReadError, RecordVerdict, Writer, blob, glance, read, seal_closed, verify_bytes,
};

#[test]
fn every_prefix_of_the_last_event_recovers_with_and_without_nul_fill() {
    let bench = Bench::new();
    let dir = bench.open_record();
    let good = log(&dir);
    let last = lines(&good).pop().unwrap();
    let whole = &good[..good.len() - last.len()];
    for kept in common::sample::places("prefixes of a torn event", last.len(), 2) {
        for filled in [0, last.len() - kept] {
            for end in ["", "\n"] {
                let torn = [&last[..kept], &vec![0; filled][..], end.as_bytes()].concat();
                // The whole line again, or nothing at all: no torn tail.
                if torn.is_empty() || torn == last {
                    continue;
                }
                set_log(&dir, &[whole, &torn].concat());
                let report = verify_bytes(&dir).unwrap();
                assert_eq!(report.verdict, RecordVerdict::IntactOpen);
                assert_eq!(report.torn.unwrap().bytes, torn.len() as u64);
                assert!(report.remarks[0].contains("torn write"), "{:?}", report.remarks);

                let (mut writer, events, recovered) = Writer::open(&dir).unwrap();
                let recovered = recovered.expect("a torn tail");
                assert_eq!((events.len(), log(&dir).as_slice()), (5, whole));
                assert_eq!(blob(&dir, &recovered.torn).unwrap(), torn);
                writer.append(now(), Event::LogRecovered { torn: recovered.torn }).unwrap();
                assert_eq!(read(&dir).unwrap().events.len(), 6);
            }
        }
    }
    let report = verify_bytes(&dir).unwrap();
    assert_eq!((report.verdict, report.torn), (RecordVerdict::IntactOpen, None));
}

/// A driven record, up to a write of many events and with it.
fn with_a_write_of_many(bench: &Bench) -> (std::path::PathBuf, Vec<u8>, Vec<u8>) {
    let mut writer = bench.driven();
    let dir = writer.dir().to_owned();
    let before = log(&dir);
    let many = ["one", "two, with \"more\":true in it", "three", "four"];
    writer.append_all(many.map(|text| (now(), note(text)))).unwrap();
    drop(writer);
    let after = log(&dir);
    (dir, before, after)
}

#[test]
fn a_write_of_many_events_that_was_cut_anywhere_is_taken_back_whole_and_kept() {
    let bench = Bench::new();
    let (dir, before, good) = with_a_write_of_many(&bench);
    let cuts = common::sample::places("cuts of a write of many events", good.len() - before.len(), 4);
    for kept in cuts.into_iter().map(|cut| before.len() + cut) {
        // Room that was made ahead is there after some of them.
        for zeros in if kept % 9 == 0 { &[0, 1, 4096][..] } else { &[0] } {
            let zeros = *zeros;
            let torn = [&good[before.len()..kept], &vec![0; zeros][..]].concat();
            if torn.is_empty() {
                continue;
            }
            set_log(&dir, &[&before[..], &torn].concat());
            let report = verify_bytes(&dir).unwrap();
            assert_eq!(report.verdict, RecordVerdict::IntactOpen, "{kept}");
            assert_eq!((report.position.events, report.position.bytes), (6, before.len() as u64), "{kept}");
            assert_eq!(report.torn.unwrap().bytes, torn.len() as u64, "{kept}");
            assert_eq!(glance(&dir).unwrap().last.n, 5, "{kept}");

            let (mut writer, events, recovered) = Writer::open(&dir).unwrap();
            let recovered = recovered.expect("a torn tail");
            assert_eq!((events.len(), log(&dir)), (6, before.clone()), "{kept}");
            assert_eq!(writer.position(), report.position);
            assert_eq!(blob(&dir, &recovered.torn).unwrap(), torn, "{kept}");
            writer.append(now(), Event::LogRecovered { torn: recovered.torn }).unwrap();
            drop(writer);
            assert_eq!(read(&dir).unwrap().events.len(), 7, "{kept}");
        }
    }
    set_log(&dir, &good);
    let (_, events, recovered) = Writer::open(&dir).unwrap();
    assert_eq!((events.len(), recovered), (10, None));
}

#[test]
fn a_whole_line_that_does_not_fit_inside_of_a_write_is_tampering_even_where_the_write_is_torn() {
    let bench = Bench::new();
    let (dir, before, good) = with_a_write_of_many(&bench);
    let write = lines(&good[before.len()..]);
    for (from, to) in
        [("\"n\":7", "\"n\":8"), ("\"prev\":\"", "\"prev\":\"0"), ("\"type\"", "\"more\":1,\"type\"")]
    {
        let wrong = String::from_utf8(write[1].clone()).unwrap().replacen(from, to, 1).into_bytes();
        assert_ne!(wrong, write[1]);
        for rest in [&b""[..], &write[2], &write[2][..20]] {
            let bad = [&before[..], &write[0], &wrong, rest].concat();
            set_log(&dir, &bad);
            assert_eq!(verify_bytes(&dir).unwrap().verdict.to_string(), "altered at event 7");
            assert!(Writer::open(&dir).is_err());
            assert_eq!(log(&dir), bad, "a refused record is left as it is");
        }
    }
    // Garbage with lines after it was not left by a crash.
    let bad = [&before[..], &write[0], b"garbage\n", &write[2], &write[3]].concat();
    set_log(&dir, &bad);
    assert_eq!(verify_bytes(&dir).unwrap().verdict.to_string(), "altered at event 7");
}

#[test]
fn a_write_that_is_torn_across_what_is_read_at_once_is_taken_back_whole() {
    let bench = Bench::new();
    let mut writer = bench.driven();
    let (dir, before) = (writer.dir().to_owned(), writer.position());
    writer.append_all((0..600).map(|n| (now(), note(&format!("{n}{}", "x".repeat(3000)))))).unwrap();
    drop(writer);
    let good = log(&dir);
    let starts: Vec<usize> =
        lines(&good).iter().scan(0, |at, line| Some(std::mem::replace(at, *at + line.len()))).collect();
    for line in [7, 100, 300, 605] {
        for length in [starts[line], starts[line] + 50] {
            set_log(&dir, &good[..length]);
            let (mut writer, events, recovered) = Writer::open(&dir).unwrap();
            assert_eq!((events.len(), writer.position()), (6, before.clone()));
            assert_eq!(recovered.unwrap().torn.bytes, length as u64 - before.bytes);
            writer.append(now(), note("on")).unwrap();
            assert_eq!(read(&dir).unwrap().position, writer.position());
        }
    }
}

#[test]
fn a_first_write_that_is_torn_leaves_no_run() {
    let bench = Bench::new();
    let mut writer = bench.opened("x");
    let (runbook, number) = (writer.put_blob(common::RUNBOOK).unwrap(), 2);
    drop(writer);
    let (_, mut writer) = bench.store.create_run("y").unwrap();
    writer.put_blob(common::RUNBOOK).unwrap();
    writer.append_all([(now(), common::opened(number, runbook)), (now(), note("x"))]).unwrap();
    let dir = writer.dir().to_owned();
    drop(writer);
    let good = log(&dir);
    let first = lines(&good)[0].len();
    for length in [first, first + 1, good.len() - 1] {
        set_log(&dir, &good[..length]);
        assert_eq!(verify_bytes(&dir).unwrap().verdict.to_string(), "truncated");
        assert!(matches!(Writer::open(&dir), Err(OpenError::Read(ReadError::NoFirstEvent(_)))));
    }
}

/// How many events the last write of a long record has.
const COUNT: usize = 5;

/// A driven record that is long enough to be written into room, up to its last write and with it; and both as they stand
/// on the disk, room included.
fn long_record(bench: &Bench) -> (std::path::PathBuf, Vec<u8>, Vec<u8>) {
    let mut writer = bench.driven();
    let (dir, path) = (writer.dir().to_owned(), writer.dir().join(holdpoint_record::LOG));
    while log(&dir).last() != Some(&0) {
        writer.append(now(), note(&"x".repeat(3000))).unwrap();
    }
    let before = log(&dir);
    let write = [900, 200, 700, 600, 500].map(|length| (now(), note(&"y".repeat(length))));
    assert_eq!(write.len(), COUNT);
    writer.append_all(write).unwrap();
    let after = std::fs::read(path).unwrap();
    assert_eq!(before.len(), after.len(), "there was room");
    drop(writer);
    (dir, before, after)
}

#[test]
fn a_power_cut_that_keeps_any_sectors_of_the_last_write_costs_no_event_before_it() {
    let bench = Bench::new();
    let (dir, before, after) = long_record(&bench);
    let end = |bytes: &[u8]| bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    let (first, last) = (end(&before) / 512, (end(&after) - 1) / 512);
    let (events, sectors) = (lines(&before[..end(&before)]).len(), last - first + 1);
    assert!((7..12).contains(&sectors), "{sectors}");
    for kept in common::sample::places("sectors that are kept", 1 << sectors, 4) {
        let mut disk = before.clone();
        for sector in (0..sectors).filter(|sector| kept & (1 << sector) != 0) {
            let range = (first + sector) * 512..(first + sector + 1) * 512;
            disk[range.clone()].copy_from_slice(&after[range]);
        }
        set_log(&dir, &disk);
        let report = verify_bytes(&dir).unwrap();
        assert_eq!(report.verdict, RecordVerdict::IntactOpen, "{kept:b}");
        let (mut writer, found, recovered) = Writer::open(&dir).unwrap();
        let torn = recovered.expect("zeros at least").torn;
        let whole = if kept == (1 << sectors) - 1 { events + COUNT } else { events };
        assert_eq!(found.len(), whole, "{kept:b}");
        let whole = writer.position().bytes as usize;
        assert_eq!(log(&dir), disk[..whole], "{kept:b}");
        assert_eq!(blob(&dir, &torn).unwrap(), disk[whole..], "{kept:b}");
        writer.append(now(), Event::LogRecovered { torn }).unwrap();
        drop(writer);
        assert_eq!(read(&dir).unwrap().events.len(), found.len() + 1);
    }
}

#[test]
fn zeros_where_more_was_written_since_are_no_torn_write() {
    let bench = Bench::new();
    let (dir, _, after) = long_record(&bench);
    let good = after.len() - after.iter().rev().take_while(|byte| **byte == 0).count();
    // A sector of every event before the last write.
    let mut from = 0;
    let all = lines(&after[..good]);
    for line in &all[..all.len() - COUNT] {
        let sector = (from + line.len() / 2) / 512 * 512;
        from += line.len();
        let mut disk = after.clone();
        disk[sector..sector + 512].fill(0);
        set_log(&dir, &disk);
        assert!(matches!(verify_bytes(&dir).unwrap().verdict, RecordVerdict::Altered { .. }), "{sector}");
        assert!(Writer::open(&dir).is_err());
        assert_eq!(log(&dir), disk);
    }
    // One byte alone is no sector, wherever it is.
    for at in (0..good).step_by(61) {
        let mut disk = after[..good].to_vec();
        disk[at] = 0;
        set_log(&dir, &disk);
        let last = at >= good - all[all.len() - 1].len();
        assert_eq!(Writer::open(&dir).is_ok(), last, "{at}");
    }
}

/// The last write ends with a line; a line after it is of another write, and was written when that one was durable.
#[test]
fn a_line_in_parts_that_says_that_its_write_ends_is_followed_by_nothing() {
    let bench = Bench::new();
    let mut writer = bench.driven();
    writer.append(now(), note(&"y".repeat(2000))).unwrap();
    writer.append(now(), note(&"z".repeat(100))).unwrap();
    let dir = writer.dir().to_owned();
    drop(writer);
    let good = log(&dir);
    let all = lines(&good);
    let from = good.len() - all[all.len() - 1].len() - 1000;
    let sector = from / 512 * 512;
    let mut disk = good.clone();
    disk[sector..sector + 512].fill(0);
    set_log(&dir, &disk);
    assert_eq!(verify_bytes(&dir).unwrap().verdict.to_string(), "altered at event 6");
    assert!(Writer::open(&dir).is_err());
    assert_eq!(log(&dir), disk);
    // By itself it is what a power cut leaves.
    set_log(&dir, &disk[..good.len() - all[all.len() - 1].len()]);
    assert_eq!(Writer::open(&dir).unwrap().1.len(), 6);
}

#[test]
fn what_lets_go_of_an_open_record_leaves_no_zeros() {
    let bench = Bench::new();
    let (dir, _, after) = long_record(&bench);
    let good = log(&dir);
    assert!(after.starts_with(&good) && good.ends_with(b"\n") && after.len() > good.len());
    let report = verify_bytes(&dir).unwrap();
    assert_eq!((report.verdict, report.torn), (RecordVerdict::IntactOpen, None));
}

#[test]
fn a_torn_tail_longer_than_any_line_is_kept_whole() {
    let bench = Bench::new();
    let dir = bench.open_record();
    let good = log(&dir);
    let torn = [&b"{\"n\":6"[..], &vec![0; holdpoint_record::LONGEST_LINE + 70_000]].concat();
    for end in [&b""[..], b"\n"] {
        let torn = [&torn[..], end].concat();
        set_log(&dir, &[&good[..], &torn].concat());
        let (_, events, recovered) = Writer::open(&dir).unwrap();
        assert_eq!((events.len(), recovered.unwrap().torn.bytes), (6, torn.len() as u64));
        assert_eq!(log(&dir), good);
    }
}

#[test]
fn a_complete_last_line_that_does_not_fit_is_tampering_and_not_cut() {
    let bench = Bench::new();
    let dir = bench.open_record();
    let good = String::from_utf8(log(&dir)).unwrap();
    let last = lines(good.as_bytes()).len() - 1;
    for (from, to) in [
        ("{\"n\":5,", "{\"n\":6,"),
        ("{\"n\":5,\"prev\":\"", "{\"n\":5,\"prev\":\"0"),
        ("{\"n\":5,", "{\"n\":5,\"n\":5,"),
    ] {
        let bad = good.replace(from, to);
        assert_ne!(bad, good);
        set_log(&dir, bad.as_bytes());
        let error = Writer::open(&dir).unwrap_err();
        assert!(
            matches!(error, OpenError::Read(ReadError::Altered { event, .. }) if event == last as u64),
            "{error}"
        );
        assert_eq!(log(&dir), bad.as_bytes());
    }
}

#[test]
fn a_closed_record_refuses_a_writer_and_can_be_sealed_once() {
    let bench = Bench::new();
    let dir = bench.closed_record();
    assert!(matches!(Writer::open(&dir), Err(OpenError::Closed)));
    let report = verify_bytes(&dir).unwrap();
    assert_eq!(report.verdict, RecordVerdict::IntactOpen);
    assert!(report.remarks[0].contains("closed and not sealed"));

    let seal = seal_closed(&dir).unwrap();
    assert_eq!((seal.events, seal.number, seal.verdict), (7, 1, Verdict::Passed));
    assert_eq!(verify_bytes(&dir).unwrap().verdict, RecordVerdict::IntactComplete);
    assert!(matches!(Writer::open(&dir), Err(OpenError::Sealed)));
    assert!(seal_closed(&dir).is_err());
}

#[test]
fn a_seal_that_was_being_written_when_the_driver_crashed_is_written_again() {
    let bench = Bench::new();
    let dir = bench.closed_record();
    std::fs::write(dir.join("seal.json.partial"), b"{\"for").unwrap();
    assert_eq!(verify_bytes(&dir).unwrap().verdict, RecordVerdict::IntactOpen);
    seal_closed(&dir).unwrap();
    assert_eq!(verify_bytes(&dir).unwrap().verdict, RecordVerdict::IntactComplete);
    assert!(!dir.join("seal.json.partial").exists());
}

#[test]
fn bytes_after_the_closing_event_are_no_torn_tail() {
    let bench = Bench::new();
    let dir = bench.closed_record();
    let bad = [&log(&dir)[..], b"{\"n\":7"].concat();
    set_log(&dir, &bad);
    assert_eq!(verify_bytes(&dir).unwrap().verdict.to_string(), "altered at event 7");
    assert!(seal_closed(&dir).is_err());
    assert!(Writer::open(&dir).is_err());
    assert_eq!(log(&dir), bad);
}

#[test]
fn only_a_closed_run_can_be_sealed() {
    let bench = Bench::new();
    let dir = bench.open_record();
    assert!(seal_closed(&dir).is_err());
    let (writer, ..) = Writer::open(&dir).unwrap();
    assert!(writer.seal().is_err());
    assert!(!dir.join("seal.json").exists());
}

#[test]
fn what_changed_under_the_writer_is_not_sealed() {
    type Change = (&'static str, fn(&[u8]) -> Vec<u8>);
    let changes: [Change; 5] = [
        ("another verdict", |log| {
            String::from_utf8_lossy(log).replace("passed\"}\n", "failed\"}\n").into_bytes()
        }),
        ("a cut", |log| log[..log.len() - 1].to_vec()),
        ("half a line more", |log| [log, b"{\"n\":7"].concat()),
        ("a line more", |log| [log, b"{\"n\":7}\n"].concat()),
        ("zeros", |log| [log, &[0; 64]].concat()),
    ];
    for (what, change) in changes {
        let bench = Bench::new();
        let mut writer = bench.driven();
        let dir = writer.dir().to_owned();
        writer.append(now(), Event::RunClosed { verdict: Verdict::Passed }).unwrap();
        let written = log(&dir);
        let changed = change(&written);
        assert_ne!(changed, written, "{what}");
        set_log(&dir, &changed);
        let refused = writer.seal().unwrap_err().to_string();
        assert!(refused.contains("not what this program wrote"), "{what}: {refused}");
        assert!(!dir.join("seal.json").exists(), "{what}");
    }
}
