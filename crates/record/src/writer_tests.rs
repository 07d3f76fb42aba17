//! What a failing disk does to a writer.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::Path;

use holdpoint_engine::{By, Event, Verdict, Via};

use super::*;
use crate::Store;

/// Fails where it is told to, once, and would claim success afterwards.
struct Faulty {
    file: PreallocatedLog,
    fault: Option<Fault>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    Length,
    Write,
    HalfAWrite,
    /// So many bytes of a write are there.
    PartOfAWrite(usize),
    Sync,
    Cut,
}

impl Faulty {
    fn at(&mut self, fault: Fault) -> io::Result<()> {
        match self.fault.take_if(|planned| *planned == fault) {
            Some(_) => Err(io::Error::other("injected")),
            None => Ok(()),
        }
    }
}

impl Log for Faulty {
    fn length(&self) -> io::Result<u64> {
        match self.fault {
            Some(Fault::Length) => Err(io::Error::other("injected")),
            _ => self.file.length(),
        }
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.at(Fault::Write)?;
        if self.fault == Some(Fault::HalfAWrite) {
            self.file.append(&bytes[..bytes.len() / 2])?;
        }
        if let Some(Fault::PartOfAWrite(length)) = self.fault {
            self.file.append(&bytes[..length])?;
            self.at(Fault::PartOfAWrite(length))?;
        }
        self.at(Fault::HalfAWrite)?;
        self.file.append(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.at(Fault::Sync)?;
        self.file.sync()
    }

    fn give_back(&mut self) -> io::Result<()> {
        self.at(Fault::Cut)?;
        self.file.give_back()
    }
}

fn at() -> Timestamp {
    "2026-11-23T14:34:05Z".parse().unwrap()
}

fn note(text: &str) -> Event {
    let by = By { who: "ops@example.org".into(), via: Via::Terminal };
    Event::Note { text: text.into(), step: None, corrects: None, by }
}

fn opened(format: &str, number: u64) -> Event {
    let text = format!(
        r#"{{"type":"run.opened","format":"{format}","id":"01KAQ","number":{number},"runbook":{{"path":"p","blob":{{"sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","bytes":0}},"title":"t"}},
        "plan":"","environment":{{"name":"local","rehearsal":false,"protected":false,"four_eyes":false,"signature":"typed","vars":{{}}}},
        "inputs":[],"roles":{{}},"people":{{}},"session":{{"operator":"o","operator_from":"os","program":{{"version":"0"}},
        "os_user":"o","host":"h","cwd":"c","time_zone":"UTC"}}}}"#
    );
    serde_json::from_str(&text).unwrap()
}

fn run(dir: &Path) -> Writer {
    let (number, mut writer) = Store::open(dir.join("runs")).create_run("x").unwrap();
    writer.put_blob(b"").unwrap();
    writer.append(at(), opened(FORMAT, number)).unwrap();
    writer
}

fn refuses_everything(mut writer: Writer) {
    assert!(matches!(writer.append(at(), note("again")), Err(WriteError::Poisoned)));
    assert!(matches!(writer.append_all([]), Err(WriteError::Poisoned)));
    assert!(matches!(writer.put_blob(b"x"), Err(WriteError::Poisoned)));
    assert!(matches!(writer.blob_writer(), Err(WriteError::Poisoned)));
    assert!(matches!(writer.seal(), Err(SealError::Write(WriteError::Poisoned))));
}

#[test]
fn after_any_failed_write_or_sync_a_writer_refuses_everything() {
    for fault in [Fault::Length, Fault::Write, Fault::HalfAWrite, Fault::Sync] {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = run(dir.path());
        let (run, before) = (writer.dir().to_owned(), writer.position());
        let file = OpenOptions::new().read(true).write(true).open(run.join(LOG)).unwrap();
        let file = PreallocatedLog::at(file, before.bytes);
        let mut piecewise = writer.blob_writer().unwrap();
        writer.log = Box::new(Faulty { file, fault: Some(fault) });
        let error = writer.append(at(), note("lost")).unwrap_err();
        assert!(matches!(error, WriteError::Disk(_)) && error.to_string().contains("injected"), "{error}");
        assert_eq!(writer.position(), before);
        assert!(piecewise.write(b"x").is_err() && piecewise.finish().is_err(), "{fault:?}");
        refuses_everything(writer);

        let (mut writer, events, recovered) = Writer::open(&run).unwrap();
        assert_eq!(recovered.is_some(), fault == Fault::HalfAWrite);
        assert_eq!(events.len(), if fault == Fault::Sync { 2 } else { 1 });
        writer.append(at(), note("on")).unwrap();
    }
}

/// A driver that dies in the middle of a write of the ends and starts of many blocks, anywhere in it: every length of
/// what is left is read in `tests/torn_tail.rs`.
#[test]
fn a_write_of_many_events_that_failed_anywhere_leaves_none_of_them() {
    let many = || (0..4).map(|n| (at(), note(&format!("{n} is lost"))));
    let length = {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = run(dir.path());
        let before = writer.position().bytes;
        writer.append_all(many()).unwrap();
        (writer.position().bytes - before) as usize
    };
    let mut whole_lines = 0;
    for kept in (0..length).step_by(13) {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = run(dir.path());
        let (run, before) = (writer.dir().to_owned(), writer.position());
        let good = std::fs::read(run.join(LOG)).unwrap();
        let file = OpenOptions::new().read(true).write(true).open(run.join(LOG)).unwrap();
        let file = PreallocatedLog::at(file, before.bytes);
        writer.log = Box::new(Faulty { file, fault: Some(Fault::PartOfAWrite(kept)) });
        let error = writer.append_all(many()).unwrap_err();
        assert!(error.to_string().contains("injected"), "{kept}: {error}");
        assert_eq!(writer.position(), before);
        refuses_everything(writer);

        let left = std::fs::read(run.join(LOG)).unwrap();
        assert_eq!(left.len(), good.len() + kept, "it got so far");
        whole_lines += left[good.len()..].iter().filter(|byte| **byte == b'\n').count();
        let (mut writer, events, recovered) = Writer::open(&run).unwrap();
        assert_eq!((events.len(), writer.position()), (1, before), "{kept}");
        assert_eq!(recovered.is_some(), kept > 0);
        if let Some(recovered) = recovered {
            let torn = crate::blob(&run, &recovered.torn).unwrap();
            assert_eq!([good, torn].concat(), left);
            writer.append(at(), Event::LogRecovered { torn: recovered.torn }).unwrap();
        }
        writer.append_all(many()).unwrap();
        assert_eq!(crate::read(&run).unwrap().position, writer.position());
    }
    assert!(whole_lines > length / 13, "whole lines were among what was cut: {whole_lines}");
}

#[test]
fn an_end_that_cannot_be_cut_to_its_length_is_not_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = run(dir.path());
    let file = OpenOptions::new().read(true).write(true).open(writer.dir().join(LOG)).unwrap();
    let file = PreallocatedLog::at(file, writer.position().bytes);
    writer.log = Box::new(Faulty { file, fault: Some(Fault::Cut) });
    let error = writer.append(at(), Event::RunClosed { verdict: Verdict::Passed }).unwrap_err();
    assert!(error.to_string().contains("cannot cut"), "{error}");
    refuses_everything(writer);
}

/// Writes down what is asked of it.
struct Recording(std::sync::Arc<std::sync::Mutex<Vec<&'static str>>>, u64);

impl Log for Recording {
    fn length(&self) -> io::Result<u64> {
        Ok(self.1)
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.1 += bytes.len() as u64;
        self.0.lock().unwrap().push("write");
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.lock().unwrap().push("sync");
        Ok(())
    }

    fn give_back(&mut self) -> io::Result<()> {
        self.0.lock().unwrap().push("cut");
        Ok(())
    }
}

#[test]
fn however_many_events_take_one_write_and_one_sync_and_all_before_it_returns() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = run(dir.path());
    let calls = std::sync::Arc::default();
    writer.log = Box::new(Recording(std::sync::Arc::clone(&calls), writer.position().bytes));
    assert!(writer.append_all([]).unwrap().is_empty());
    assert_eq!(calls.lock().unwrap().len(), 0);
    writer.append_all([(at(), note("one")), (at(), note("two"))]).unwrap();
    assert_eq!(*calls.lock().unwrap(), ["write", "sync"]);
    writer.append(at(), note("three")).unwrap();
    assert_eq!(*calls.lock().unwrap(), ["write", "sync", "write", "sync"]);
    calls.lock().unwrap().clear();
    let closed = Event::RunClosed { verdict: Verdict::Passed };
    writer.append_all([(at(), note("four")), (at(), note("five")), (at(), closed)]).unwrap();
    assert_eq!(*calls.lock().unwrap(), ["write", "cut", "sync"]);
}

/// The lines of a record that say that their write goes on, as the numbers of their events.
fn going_on(dir: &Path) -> Vec<usize> {
    let log = std::fs::read_to_string(dir.join(LOG)).unwrap();
    let lines = log.lines().enumerate();
    lines.filter(|(_, line)| line.contains(r#","more":true,"type":"#)).map(|(n, _)| n).collect()
}

#[test]
fn every_line_of_a_write_but_the_last_says_that_it_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = run(dir.path());
    let mut append = |notes: usize| {
        writer.append_all((0..notes).map(|_| (at(), note("x")))).unwrap();
        going_on(writer.dir())
    };
    assert_eq!(append(1), [0_usize; 0]);
    assert_eq!(append(2), [2]);
    assert_eq!(append(3), [2, 4, 5]);
    assert_eq!(append(1), [2, 4, 5]);
    let dir = writer.dir().to_owned();
    let events = crate::read(&dir).unwrap();
    assert_eq!((events.events.len(), events.position), (8, writer.position()));
}

#[test]
fn what_is_more_than_one_write_holds_is_several_and_each_is_whole() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = run(dir.path());
    let calls = std::sync::Arc::default();
    writer.log = Box::new(Recording(std::sync::Arc::clone(&calls), writer.position().bytes));
    let many = || (0..2 * LARGEST_WRITE + 1).map(|_| (at(), note("x")));
    writer.append_all(many()).unwrap();
    assert_eq!(*calls.lock().unwrap(), ["write", "sync", "write", "sync", "write", "sync"]);
    let mut writer = run(dir.path());
    writer.append_all(many()).unwrap();
    let going_on_at = going_on(writer.dir());
    assert_eq!(going_on_at.len(), 2 * (LARGEST_WRITE - 1));
    let ends = [0, LARGEST_WRITE, 2 * LARGEST_WRITE, 2 * LARGEST_WRITE + 1];
    assert!(ends.iter().all(|end| !going_on_at.contains(end)));

    // Two lines that are as long as lines may be, and not three.
    let mut writer = run(dir.path());
    let long = || (at(), note(&"x".repeat(LONGEST_LINE - 400)));
    writer.append_all([long(), long(), long(), (at(), note("short"))]).unwrap();
    assert_eq!(going_on(writer.dir()), [1, 3]);
    assert_eq!(crate::read(writer.dir()).unwrap().position, writer.position());
}

#[test]
fn a_write_of_more_events_than_one_may_have_is_refused() {
    for extra in [0, 1] {
        let dir = tempfile::tempdir().unwrap();
        let writer = run(dir.path());
        let (run, mut log) = (writer.dir().to_owned(), std::fs::read(writer.dir().join(LOG)).unwrap());
        drop(writer);
        let mut hasher = Sha256::new_with_prefix(&log);
        for n in 0..LARGEST_WRITE + extra {
            let stamped = Stamped { n: n as u64 + 1, prev: hex(hasher.clone()), at: at(), event: note("x") };
            let line = encode(&stamped, n + 1 < LARGEST_WRITE + extra).unwrap();
            hasher.update(&line);
            log.extend_from_slice(&line);
        }
        std::fs::write(run.join(LOG), &log).unwrap();
        match crate::read(&run) {
            Ok(read) => assert!(extra == 0 && read.events.len() == LARGEST_WRITE + 1),
            Err(error) => {
                assert!(extra == 1 && error.to_string().contains("more than 1000 events"), "{error}")
            }
        }
    }
}

#[test]
fn a_full_disk_poisons_the_writer() {
    let dir = tempfile::tempdir().unwrap();
    let (number, mut writer) = Store::open(dir.path()).create_run("x").unwrap();
    let full = OpenOptions::new().read(true).write(true).open("/dev/full").unwrap();
    writer.log = Box::new(PreallocatedLog::at(full, 0));
    let error = writer.append(at(), opened(FORMAT, number)).unwrap_err();
    assert!(
        error.to_string().starts_with("cannot write to ") && error.to_string().contains("run.jsonl: "),
        "{error}"
    );
    refuses_everything(writer);
}

#[test]
fn a_blob_that_cannot_be_kept_poisons_the_writer() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = run(dir.path());
    std::fs::remove_dir_all(writer.dir().join(SHA256)).unwrap();
    assert!(writer.put_blob(b"x").is_err());
    refuses_everything(writer);

    let mut writer = run(dir.path());
    std::fs::remove_dir_all(writer.dir().join(BLOBS)).unwrap();
    let error = writer.put_blob(b"x").unwrap_err();
    assert!(error.to_string().starts_with("cannot create "), "{error}");
    refuses_everything(writer);
}

#[test]
fn a_blob_that_somebody_altered_is_not_taken_for_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = run(dir.path());
    let blob = writer.put_blob(b"output").unwrap();
    std::fs::write(writer.dir().join(SHA256).join(&blob.sha256), b"outpuT").unwrap();
    assert!(matches!(writer.put_blob(b"output"), Err(WriteError::Blob(BlobError::Altered { .. }))));
    refuses_everything(writer);
}

#[test]
fn what_somebody_else_wrote_stops_the_writer() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = run(dir.path());
    let path = writer.dir().join(LOG);
    let mut other = OpenOptions::new().append(true).open(&path).unwrap();
    other.write_all(b"x").unwrap();
    assert!(matches!(writer.append(at(), note("x")), Err(WriteError::Changed { .. })));
    refuses_everything(writer);
}

#[test]
fn an_event_that_cannot_stand_there_is_refused_before_anything_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let (number, mut writer) = Store::open(dir.path().join("runs")).create_run("x").unwrap();
    let path = writer.dir().join(LOG);
    let refused = |writer: &mut Writer, events: Vec<Event>, why: &str| {
        let before = std::fs::read(&path).unwrap();
        let error = writer.append_all(events.into_iter().map(|event| (at(), event))).unwrap_err();
        assert!(matches!(&error, WriteError::Misplaced(_)) && error.to_string().contains(why), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), before);
    };
    let closed = || Event::RunClosed { verdict: Verdict::Passed };
    refused(&mut writer, vec![note("x")], "first event");
    refused(&mut writer, vec![opened("1.0", number)], "1.0");
    refused(&mut writer, vec![opened("2.1", number)], "2.1");
    refused(&mut writer, vec![opened(FORMAT, number + 1)], "number");
    refused(&mut writer, vec![opened(FORMAT, number), opened(FORMAT, number)], "open already");
    writer.append(at(), opened(FORMAT, number)).unwrap();
    refused(&mut writer, vec![note("x"), closed(), note("y")], "closed");
    writer.append(at(), closed()).unwrap();
    refused(&mut writer, vec![note("y")], "closed");
    assert_eq!(writer.seal().unwrap().events, 2);
}

#[test]
fn an_event_longer_than_a_line_may_be_is_refused_and_harms_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = run(dir.path());
    let long = note(&"x".repeat(LONGEST_LINE));
    assert!(matches!(writer.append(at(), long), Err(WriteError::TooLong(_))));
    writer.append(at(), note("short")).unwrap();
    assert_eq!(crate::read(writer.dir()).unwrap().events.len(), 2);
}

#[test]
fn a_blob_comes_piece_by_piece_from_another_thread_while_the_writer_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = run(dir.path());
    let (mut one, mut two) = (writer.blob_writer().unwrap(), writer.blob_writer().unwrap());
    let thread = std::thread::spawn(move || {
        for piece in ["de", "", "ployed", "\n"] {
            one.write_all(piece.as_bytes()).unwrap();
        }
        one.finish().unwrap()
    });
    two.write_all(b"deployed\n").unwrap();
    writer.append(at(), note("meanwhile")).unwrap();
    let (one, two) = (thread.join().unwrap(), two.finish().unwrap());
    assert_eq!(one, two);
    assert_eq!(writer.put_blob(b"deployed\n").unwrap(), one);
    assert_eq!(crate::blob(writer.dir(), &one).unwrap(), b"deployed\n");
    drop(writer.blob_writer().unwrap());
    let partial = std::fs::read_dir(writer.dir().join(BLOBS)).unwrap();
    assert_eq!(partial.count(), 1, "nothing but sha256");
}

#[test]
fn a_writer_can_move_to_another_thread() {
    fn moves<T: Send>() {}
    moves::<Writer>();
    moves::<crate::BlobWriter>();
}
