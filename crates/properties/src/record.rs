//! Records from anywhere: read, proved, taken up.

use std::path::Path;

use holdpoint_engine::{Event, Run, Stamped};
use holdpoint_record::{LOG, Reader, RecordVerdict, Store, Torn, Writer, blob, verify, verify_bytes};

use serde_json::Value;

use crate::world::{BLOBS, PLAN, sha256};

pub(crate) fn read(bytes: &[u8]) {
    let log = match bytes.strip_prefix(b"=") {
        Some(log) => log.to_vec(),
        None => chained(bytes),
    };
    let place = tempfile::tempdir().expect("a place for a record");
    let (_, mut writer) = Store::open(place.path()).create_run("book").expect("a run");
    for bytes in BLOBS {
        writer.put_blob(bytes).expect("a blob");
    }
    let dir = writer.dir().to_owned();
    drop(writer);
    std::fs::write(dir.join(LOG), &log).expect("a record");
    let (events, torn) = proved(&dir, &log);
    taken_up(&dir, &log, &events, torn);
}

/// Lines with `n`, `prev` and `at` put in, so that the chain holds; `more` too where a line begins with `+`. What is no
/// object stays as it is.
pub(crate) fn chained(bytes: &[u8]) -> Vec<u8> {
    let mut log = Vec::new();
    for (n, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let (line, more) = match line.strip_prefix(b"+") {
            Some(rest) if rest.starts_with(b"{") => (rest, r#""more":true,"#),
            _ => (line, ""),
        };
        match line.strip_prefix(b"{") {
            Some(rest) => {
                let (prev, minute) = (sha256(&log), n % 60);
                let head = format!(
                    r#"{{"n":{n},"prev":"{prev}","at":"2026-11-23T10:{minute:02}:00.000000Z",{more}"#
                );
                log.extend_from_slice(head.as_bytes());
                log.extend_from_slice(rest);
            }
            None => log.extend_from_slice(line),
        }
    }
    log
}

/// Read and proved, twice alike; what is intact is accounted for to the last byte.
fn proved(dir: &Path, log: &[u8]) -> (Vec<Stamped>, Option<Torn>) {
    let mut reader = match Reader::open(dir) {
        Ok(reader) => reader,
        Err(error) => panic!("a record that is there cannot be opened: {error}"),
    };
    let read: Vec<Stamped> = reader.by_ref().map_while(Result::ok).collect();
    for stamped in &read {
        let text = serde_json::to_string(stamped).expect("events can be written");
        assert_eq!(serde_json::from_str::<Stamped>(&text).ok().as_ref(), Some(stamped));
    }
    let whole = verify(dir);
    let again = verify(dir);
    assert_eq!(format!("{whole:?}"), format!("{again:?}"), "proved twice");
    let Ok(report) = verify_bytes(dir) else { return (read, reader.torn()) };
    let position = &report.position;
    let before = &log[..usize::try_from(position.bytes).expect("it is in memory")];
    assert_eq!(position.sha256, sha256(before));
    assert!(position.events <= read.len() as u64, "proved, and cannot be read");
    assert_eq!(before.iter().filter(|byte| **byte == b'\n').count() as u64, position.events);
    if report.verdict.intact() {
        let torn = report.torn.map_or(0, |torn| torn.bytes);
        assert_eq!(position.bytes + torn, log.len() as u64, "bytes that nobody accounts for");
        assert_ne!(report.verdict, RecordVerdict::IntactComplete, "there is no seal");
        assert_eq!(position.events, read.len() as u64);
        // A complete line of JSON is never cut away as torn, but for one that says that its write goes on.
        let tail = log[before.len()..].split_inclusive(|byte| *byte == b'\n');
        let mut whole =
            tail.map_while(|line| serde_json::from_slice::<Value>(line.strip_suffix(b"\n")?).ok());
        assert!(whole.all(|line| line["more"] == true), "a whole write is cut away");
    }
    if let Ok(whole) = whole
        && whole.verdict.intact()
    {
        let events = read.iter().map(|stamped| (stamped.at, stamped.event.clone()));
        assert!(Run::replay(&PLAN, events).is_ok(), "proved, and the engine refuses it");
    }
    (read, reader.torn())
}

/// Taken up: a torn tail is kept and cut, what is whole stays, and the record can be written on and proved. Refused:
/// nothing is changed.
fn taken_up(dir: &Path, log: &[u8], read: &[Stamped], torn: Option<Torn>) {
    let now = || std::fs::read(dir.join(LOG)).expect("a record");
    let (mut writer, events, recovered) = match Writer::open(dir) {
        Ok(opened) => opened,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            assert_eq!(now(), log, "refused, and changed: {error}");
            return;
        }
    };
    assert_eq!(events, read);
    assert_eq!(recovered.is_some(), torn.is_some());
    let kept = torn.map_or(log.len(), |torn| usize::try_from(torn.offset).expect("it is in memory"));
    assert_eq!(now(), &log[..kept], "what was whole is not there any more");
    if let Some(recovered) = recovered {
        assert_eq!(blob(dir, &recovered.torn).expect("the torn tail is kept"), &log[kept..]);
        let at = jiff::Timestamp::UNIX_EPOCH;
        writer.append(at, Event::LogRecovered { torn: recovered.torn }).expect("it goes on");
        drop(writer);
        // Blobs that events name and nobody has are the only thing that can be wrong with it.
        let after = verify_bytes(dir).expect("it can be read");
        assert!(after.torn.is_none() && now().starts_with(&log[..kept]));
        let intact = after.position.events == read.len() as u64 + 1;
        assert!(intact || matches!(after.verdict, RecordVerdict::Altered { .. }), "{:?}", after.verdict);
    }
}
