//! The journal that is evidence: the run directory.

use std::fmt::Display;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use holdpoint_engine::{BlobRef, Event, Verdict};
use holdpoint_record::{BlobError, BlobWriter, Position, SignedFiles, Writer, all_tombstones, blob};
use jiff::Timestamp;

use holdpoint_driver::SignedStatement;

use super::{BlobStore, Journal, Sink};
use crate::problem::Problem;

/// A run directory, held for the life of the process.
pub struct Disk {
    writer: Option<Writer>,
    dir: PathBuf,
    /// What to do where it cannot be written.
    help: &'static str,
}

impl Disk {
    /// Of a run that is driven.
    pub fn new(writer: Writer) -> Disk {
        Disk { dir: writer.dir().to_owned(), writer: Some(writer), help: DRIVEN }
    }

    /// Of a run that nobody drives.
    pub fn beside(writer: Writer) -> Disk {
        Disk { help: BESIDE, ..Disk::new(writer) }
    }

    /// The run directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    fn writer(&mut self) -> Result<&mut Writer, Problem> {
        self.writer
            .as_mut()
            .ok_or_else(|| Problem::fault("the record is sealed already", "This is a fault of holdpoint."))
    }
}

const DRIVEN: &str = "Nothing more was executed. Make room or mend the disk, then `holdpoint resume` this run; what was in \
    flight is in doubt.";
const BESIDE: &str = "Make room or mend the disk, then try again; `holdpoint verify` tells what there is.";

/// A record that cannot be written: stop, and say that nothing acknowledged is lost.
fn unwritable<E: Display>(help: &'static str) -> impl Fn(E) -> Problem {
    move |error| Problem::fault(format!("the record cannot be written: {error}"), help)
}

impl BlobStore for Disk {
    type Error = Problem;

    fn put(&mut self, bytes: &[u8]) -> Result<BlobRef, Problem> {
        let help = self.help;
        self.writer()?.hold_blob(bytes).map_err(unwritable(help))
    }

    fn get(&self, reference: &BlobRef) -> Result<Vec<u8>, Problem> {
        let read = match &self.writer {
            Some(writer) => writer.blob(reference),
            None => blob(&self.dir, reference),
        };
        read.map_err(|error| match error {
            // It is read back while a run is driven: what the disk refuses then stops the run as a write does.
            BlobError::Disk(error) => unwritable(self.help)(error),
            error => Problem::record(error.to_string(), "Verify the record."),
        })
    }

    fn expunged(&self) -> Vec<(BlobRef, String)> {
        let words = |stone: holdpoint_record::Tombstone| (stone.blob.clone(), stone.words());
        all_tombstones(&self.dir).into_iter().map(words).collect()
    }

    fn sink(&mut self, _again: bool) -> Result<Box<dyn Sink<Error = Problem>>, Problem> {
        let help = self.help;
        Ok(Box::new(DiskSink { writer: self.writer()?.blob_writer().map_err(unwritable(help))?, help }))
    }

    fn position(&mut self) -> Result<holdpoint_driver::Position, Problem> {
        let Position { events, bytes, sha256 } = self.writer()?.position();
        Ok(holdpoint_driver::Position { events, bytes, sha256 })
    }

    fn keep_signed(&mut self, signed: SignedStatement) -> Result<(), Problem> {
        let SignedStatement { statement, signature } = signed;
        let help = self.help;
        self.writer()?.keep_signed(&SignedFiles { statement, signature }).map_err(unwritable(help))
    }

    fn note_child(&mut self, group: Option<i32>) {
        let Some(writer) = &mut self.writer else { return };
        // A convenience for whoever comes after a crash, no evidence: the run goes on without it.
        let _ = match group {
            Some(group) => writer.note_child(group),
            None => writer.clear_child(),
        };
    }
}

impl Journal for Disk {
    fn append(&mut self, events: Vec<(Timestamp, Event)>) -> Result<(), Problem> {
        let help = self.help;
        self.writer()?.append_all(events).map(|_| ()).map_err(unwritable(help))
    }

    fn seal(&mut self, _verdict: Verdict) -> Result<(), Problem> {
        match self.writer.take() {
            Some(writer) => writer.seal().map(|_| ()).map_err(unwritable(self.help)),
            None => Ok(()),
        }
    }
}

struct DiskSink {
    writer: BlobWriter,
    help: &'static str,
}

impl Write for DiskSink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

impl Sink for DiskSink {
    type Error = Problem;

    fn finish(self: Box<Self>) -> Result<BlobRef, Problem> {
        self.writer.hold().map_err(unwritable(self.help))
    }

    fn is_lasting(&self) -> bool {
        true
    }
}
