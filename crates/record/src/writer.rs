//! Appending to a record: durable before it returns, and never again after an error (record.md section 3).

use std::io;
use std::path::{Path, PathBuf};

use holdpoint_engine::{BlobRef, Event, Stamped, Verdict};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::blob::Poison;
use crate::chain::{Position, hex};
use crate::disk::{DiskError, cannot, make_dir, make_file, open_regular, sync_dir};
use crate::errors::BlobError;
use crate::errors::OpenError;
use crate::errors::SealError;
use crate::errors::WriteError;
use crate::layout::SIGNOFFS;
use crate::layout::number_of;
use crate::layout::{BLOBS, SHA256};
use crate::line::{encode, stored_time};
use crate::lock::{Holder, RunLock};
use crate::lock::{LockError, Visitor};
use crate::preallocated::Log;
use crate::preallocated::PreallocatedLog;
use crate::reader::Reader;
use crate::seal::{Seal, write_seal};
use crate::waiting::{BlobWriter, Keeper};
use crate::{FORMAT, LARGEST_WRITE, LOG, LONGEST_LINE, LONGEST_WRITE};

/// Length of a digest in hex.
const DIGEST: usize = 64;

/// The one writer of a run. Holds its lock until it is dropped.
pub struct Writer {
    pub(crate) dir: PathBuf,
    pub(crate) log: Box<dyn Log>,
    pub(crate) lock: RunLock,
    pub(crate) end: End,
    pub(crate) poison: Poison,
    pub(crate) keeper: Keeper,
}

/// Where a record ends, and what of its events decides what may follow.
#[derive(Clone, Default)]
pub(crate) struct End {
    pub(crate) events: u64,
    pub(crate) bytes: u64,
    pub(crate) hasher: Sha256,
    pub(crate) run: Option<(String, u64)>,
    pub(crate) closed: Option<Verdict>,
}

impl End {
    /// Takes note of an event that stands in the record.
    pub(crate) fn pass(&mut self, event: &Event) {
        match event {
            Event::RunOpened(opened) => self.run = Some((opened.id.clone(), opened.number)),
            Event::RunClosed { verdict } => self.closed = Some(*verdict),
            _ => {}
        }
    }
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer")
            .field("dir", &self.dir)
            .field("events", &self.end.events)
            .finish_non_exhaustive()
    }
}

impl Writer {
    /// Makes the files of a run in an empty directory and takes its lock. [`crate::Store::create_run`] does this.
    pub fn create(dir: &Path) -> Result<Writer, OpenError> {
        let lock = take_lock(dir, None)?;
        for part in [BLOBS, SHA256, SIGNOFFS] {
            let path = dir.join(part);
            make_dir(&path).map_err(cannot("create", &path))?;
        }
        let path = dir.join(LOG);
        let log = make_file(&path).map_err(cannot("create", &path))?;
        sync_dir(&dir.join(BLOBS))?;
        sync_dir(dir)?;
        let (end, poison) = (End::default(), Poison::default());
        let keeper = Keeper::new(dir, poison.clone());
        Ok(Writer {
            dir: dir.to_owned(),
            log: Box::new(PreallocatedLog::at(log, 0)),
            lock,
            end,
            poison,
            keeper,
        })
    }

    /// The run directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The point after the last event. Its digest is the `prev` of the next one, and what a sign-off names.
    pub fn position(&self) -> Position {
        let End { events, bytes, hasher, .. } = &self.end;
        Position { events: *events, bytes: *bytes, sha256: hex(hasher.clone()) }
    }

    /// Who drove the run before and crashed. Its `child_group` may still be alive: find out before going on.
    pub fn predecessor(&self) -> Option<&Holder> {
        self.lock.predecessor()
    }

    /// Appends one event. It is durable when this returns; see [`Writer::append_all`].
    pub fn append(&mut self, at: Timestamp, event: Event) -> Result<Stamped, WriteError> {
        let mut stamped = self.append_all([(at, event)])?;
        stamped.pop().ok_or(WriteError::Poisoned)
    }

    /// Appends several events with one write and one `fdatasync`; all are durable when this returns, and after a crash
    /// before that none of them is there. More than [`LARGEST_WRITE`] or [`LONGEST_WRITE`] allow are several writes.
    ///
    /// After a failed write or sync it refuses everything: a sync that failed once may claim success the next time.
    pub fn append_all(
        &mut self,
        events: impl IntoIterator<Item = (Timestamp, Event)>,
    ) -> Result<Vec<Stamped>, WriteError> {
        self.poison.check()?;
        let drafts = self.drafts(events)?;
        if !drafts.is_empty() {
            // What these events name is durable before they are.
            self.keeper.settle()?;
        }
        let (mut end, mut stamped, mut writes) = (self.end.clone(), Vec::new(), Vec::new());
        let (mut lines, mut held) = (Vec::new(), 0);
        let mut drafts = drafts.into_iter().peekable();
        while let Some((mut one, length)) = drafts.next() {
            held += 1;
            let room = LONGEST_WRITE.saturating_sub((lines.len() + length) as u64);
            let more = drafts.peek().is_some_and(|(_, next)| held < LARGEST_WRITE && *next as u64 <= room);
            one.prev = hex(end.hasher.clone());
            let line = encode(&one, more).map_err(WriteError::Encode)?;
            end.hasher.update(&line);
            end.bytes += line.len() as u64;
            end.events += 1;
            end.pass(&one.event);
            lines.extend_from_slice(&line);
            stamped.push(one);
            if !more {
                writes.push((std::mem::take(&mut lines), end.clone()));
                held = 0;
            }
        }
        for (lines, end) in writes {
            let written = self.write(&lines, end.closed.is_some());
            self.poison.on_error(written)?;
            self.end = end;
        }
        Ok(stamped)
    }

    /// Each event in its place, the digest before it left out, and how long its line is at most. Nothing that cannot be
    /// recorded is among them.
    fn drafts(
        &self,
        events: impl IntoIterator<Item = (Timestamp, Event)>,
    ) -> Result<Vec<(Stamped, usize)>, WriteError> {
        let End { events: n, closed, .. } = self.end;
        let (mut end, mut drafts) = (End { events: n, closed, ..End::default() }, Vec::new());
        for (at, event) in events {
            self.may_follow(&end, &event)?;
            let draft = Stamped { n: end.events, prev: String::new(), at: stored_time(at), event };
            let length = encode(&draft, true).map_err(WriteError::Encode)?.len() + DIGEST;
            if length > LONGEST_LINE {
                return Err(WriteError::TooLong(length));
            }
            end.events += 1;
            end.pass(&draft.event);
            drafts.push((draft, length));
        }
        Ok(drafts)
    }

    fn may_follow(&self, end: &End, event: &Event) -> Result<(), WriteError> {
        let misplaced = |why: String| Err(WriteError::Misplaced(why));
        match event {
            _ if end.closed.is_some() => misplaced("the run is closed".into()),
            Event::RunOpened(_) if end.events > 0 => misplaced("the run is open already".into()),
            Event::RunOpened(opened) if opened.format != FORMAT => {
                misplaced(format!("its format is {:?} and this program writes {FORMAT}", opened.format))
            }
            Event::RunOpened(opened) => match number_of(&self.dir) {
                Some(number) if number != opened.number => {
                    misplaced(format!("its number is {} and the directory's is {number}", opened.number))
                }
                _ => Ok(()),
            },
            _ if end.events == 0 => misplaced("the first event must be `run.opened`".into()),
            _ => Ok(()),
        }
    }

    fn write(&mut self, lines: &[u8], last: bool) -> Result<(), WriteError> {
        let path = self.dir.join(LOG);
        let (found, expected) = (self.log.length().map_err(cannot("read", &path))?, self.end.bytes);
        if found != expected {
            return Err(WriteError::Changed { path, found, expected });
        }
        self.log.append(lines).map_err(cannot("write to", &path))?;
        if last {
            self.log.give_back().map_err(cannot("cut", &path))?;
        }
        Ok(self.log.sync().map_err(cannot("sync", &path))?)
    }

    /// Keeps bytes under their digest; durable when this returns. The same bytes are kept once.
    pub fn put_blob(&mut self, bytes: &[u8]) -> Result<BlobRef, WriteError> {
        let blob = self.hold_blob(bytes)?;
        self.keeper.settle()?;
        Ok(blob)
    }

    /// As [`Writer::put_blob`], but durable only before the next event is: together with whatever else it names.
    pub fn hold_blob(&mut self, bytes: &[u8]) -> Result<BlobRef, WriteError> {
        let mut blob = self.blob_writer()?;
        let path = self.dir.join(BLOBS);
        io::Write::write_all(&mut blob, bytes).map_err(cannot("write a blob in", &path))?;
        blob.hold()
    }

    /// A blob to be written piece by piece, from wherever its bytes come.
    pub fn blob_writer(&mut self) -> Result<BlobWriter, WriteError> {
        self.keeper.writer()
    }

    /// Reads a blob back, durable or not yet.
    pub fn blob(&self, blob: &BlobRef) -> Result<Vec<u8>, BlobError> {
        self.keeper.read(blob)
    }

    /// Names the process group that a block runs in, for whoever comes after a crash. Not durable, no evidence.
    pub fn note_child(&mut self, group: i32) -> Result<(), DiskError> {
        self.lock.note_child(Some(group))
    }

    /// No process group of ours is alive (any more).
    pub fn clear_child(&mut self) -> Result<(), DiskError> {
        self.lock.note_child(None)
    }

    /// Seals the record of a closed run with the verdict it was closed with. Nothing can be added afterwards.
    ///
    /// The file is read once more: what is sealed is what is on the disk. Its events are not: they were encoded here or
    /// read strictly when the record was taken up, and a file of the same length and digest holds no others.
    pub fn seal(self) -> Result<Seal, SealError> {
        self.keeper.settle()?;
        let (Some((id, number)), Some(verdict)) = (self.end.run.clone(), self.end.closed) else {
            return Err(SealError::NotClosed);
        };
        let (path, known) = (self.dir.join(LOG), self.position());
        let changed = |what: &str| SealError::Changed(format!("{LOG} {what}"));
        let file = open_regular(&path).map_err(|e| changed(&format!("cannot be read: {e}")))?;
        let mut after = Reader::after(file, &path, &known)?.ok_or_else(|| changed("has another digest"))?;
        match after.next() {
            None if after.torn().is_none() => {}
            Some(Err(error)) => return Err(SealError::Changed(error.to_string())),
            _ => return Err(changed("goes on after run.closed")),
        }
        let Position { events, bytes, sha256 } = known;
        let seal = Seal { format: FORMAT.into(), id, number, verdict, events, bytes, sha256 };
        write_seal(&self.dir, &seal)?;
        Ok(seal)
    }
}

#[cfg(test)]
#[path = "writer_tests.rs"]
mod tests;

pub(crate) fn take_lock(dir: &Path, visitor: Option<Visitor>) -> Result<RunLock, OpenError> {
    RunLock::take(dir, visitor).map_err(|error| match error {
        LockError::Held(holder) => OpenError::Held(holder),
        LockError::Disk(error) => OpenError::Disk(error),
    })
}
