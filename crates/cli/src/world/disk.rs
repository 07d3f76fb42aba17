//! The journal that is evidence: the run directory.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use holdpoint_engine::{BlobRef, Event, Verdict};
use holdpoint_record::{BlobError, BlobWriter, Position, SignedFiles, Writer, blob};
use holdpoint_signing::Prefix;
use jiff::Timestamp;

use super::{Journal, Sink};
use crate::problem::Problem;

/// A run directory, held for the life of the process.
pub struct Disk {
    writer: Option<Writer>,
    dir: PathBuf,
}

impl Disk {
    /// Writes through `writer`.
    pub fn new(writer: Writer) -> Disk {
        Disk { dir: writer.dir().to_owned(), writer: Some(writer) }
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

/// A record that cannot be written: stop, and say that nothing acknowledged is lost.
fn unwritable(error: impl std::fmt::Display) -> Problem {
    Problem::fault(
        format!("the record cannot be written: {error}"),
        "Nothing more was executed. Make room or mend the disk, then `holdpoint resume` this run; what was in flight is in doubt.",
    )
}

impl Journal for Disk {
    fn append(&mut self, events: Vec<(Timestamp, Event)>) -> Result<(), Problem> {
        self.writer()?.append_all(events).map(|_| ()).map_err(unwritable)
    }

    fn put(&mut self, bytes: &[u8]) -> Result<BlobRef, Problem> {
        self.writer()?.hold_blob(bytes).map_err(unwritable)
    }

    fn get(&self, reference: &BlobRef) -> Result<Vec<u8>, Problem> {
        let read = match &self.writer {
            Some(writer) => writer.blob(reference),
            None => blob(&self.dir, reference),
        };
        read.map_err(|error| match error {
            // It is read back while a run is driven: what the disk refuses then stops the run as a write does.
            BlobError::Disk(error) => unwritable(error),
            error => Problem::record(error.to_string(), "Verify the record."),
        })
    }

    fn sink(&mut self, _again: bool) -> Result<Box<dyn Sink>, Problem> {
        Ok(Box::new(DiskSink(self.writer()?.blob_writer().map_err(unwritable)?)))
    }

    fn position(&mut self) -> Result<Prefix, Problem> {
        let Position { events, bytes, sha256 } = self.writer()?.position();
        Ok(Prefix { events, bytes, sha256 })
    }

    fn keep_signed(&mut self, files: &SignedFiles) -> Result<(), Problem> {
        self.writer()?.keep_signed(files).map_err(unwritable)
    }

    fn note_child(&mut self, group: Option<i32>) {
        let Some(writer) = &mut self.writer else { return };
        // A convenience for whoever comes after a crash, no evidence: the run goes on without it.
        let _ = match group {
            Some(group) => writer.note_child(group),
            None => writer.clear_child(),
        };
    }

    fn seal(&mut self, _verdict: Verdict) -> Result<(), Problem> {
        match self.writer.take() {
            Some(writer) => writer.seal().map(|_| ()).map_err(unwritable),
            None => Ok(()),
        }
    }
}

struct DiskSink(BlobWriter);

impl Write for DiskSink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Sink for DiskSink {
    fn finish(self: Box<Self>) -> Result<BlobRef, Problem> {
        self.0.hold().map_err(unwritable)
    }

    fn is_lasting(&self) -> bool {
        true
    }
}
