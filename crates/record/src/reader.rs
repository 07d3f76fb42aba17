//! Reading a record: strictly, in one pass, without a lock.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use holdpoint_engine::{Event, Stamped};
use sha2::Sha256;

use crate::chain::{Position, hex};
use crate::disk::{DiskError, Kind, cannot, not_a, open_regular};
use crate::errors::{ReadError, Torn};
use crate::layout::SIGNOFFS;
use crate::layout::{BLOBS, SHA256, number_of};
use crate::line::{Entry, LineFault};
use crate::lines::{After, Batch, Lines, Source};
use crate::preallocated::has_hole;
use crate::seal::{Seal, SealFacts, read_seal};
use crate::torn::{goes_on, may_go_on};
use crate::{LARGEST_WRITE, LOG, LONGEST_LINE, LONGEST_WRITE};

/// Reads the events of a record one by one. The chain is checked up to each event that it gives, and the write that it
/// is of is whole.
///
/// Memory is bounded by [`LONGEST_WRITE`]. It ends at the first error, and before a torn tail. Of a long record a second
/// thread reads ahead.
pub struct Reader {
    source: Source,
    batch: Batch,
    path: PathBuf,
    events: u64,
    bytes: u64,
    line_start: u64,
    /// Events of a write that was read and not given yet, with the bytes of their lines.
    ready: VecDeque<(Stamped, u64)>,
    /// What is wrong after them.
    fault: Option<ReadError>,
    torn: Option<Torn>,
    told: SealFacts,
    /// The digest of all bytes before what is wrong or torn, in lower-case hex.
    stopped: Option<String>,
    ended: bool,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader")
            .field("path", &self.path)
            .field("events", &self.events)
            .finish_non_exhaustive()
    }
}

impl Reader {
    /// Opens the record in a run directory.
    pub fn open(dir: &Path) -> Result<Reader, ReadError> {
        self_contained(dir)?;
        let path = dir.join(LOG);
        let file = open_regular(&path).map_err(|cause| match cause.kind() {
            io::ErrorKind::NotFound if was_never_opened(dir) => ReadError::NoFirstEvent(dir.to_owned()),
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => ReadError::NotARun(dir.to_owned()),
            _ => cannot("read", &path)(cause).into(),
        })?;
        Ok(Reader::of(file, path))
    }

    /// Reads on behind a point that another reader came to; `None` where the bytes before it are others by now. What follows
    /// knows nothing of the run's beginning: ask a reader of the whole record for its seal.
    ///
    /// # Errors
    /// As [`Reader::open`].
    pub fn behind(dir: &Path, known: &Position) -> Result<Option<Reader>, ReadError> {
        self_contained(dir)?;
        let path = dir.join(LOG);
        let file = open_regular(&path).map_err(cannot("read", &path))?;
        Ok(Reader::after(file, &path, known)?)
    }

    pub(crate) fn of(file: File, path: PathBuf) -> Reader {
        Reader::from(Lines::of(file), path, 0, 0)
    }

    fn from(lines: Lines, path: PathBuf, events: u64, bytes: u64) -> Reader {
        let batch = Batch::at(&lines);
        Reader {
            source: Source::Here(Box::new(lines)),
            batch,
            path,
            events,
            bytes,
            line_start: bytes,
            ready: VecDeque::new(),
            fault: None,
            torn: None,
            told: SealFacts::default(),
            stopped: None,
            ended: false,
        }
    }

    /// Where the line of the event that was read last begins, in bytes.
    pub(crate) fn line_start(&self) -> u64 {
        self.line_start
    }

    /// Reads on after a point that is known, where the bytes before it are still those.
    pub(crate) fn after(file: File, path: &Path, known: &Position) -> Result<Option<Reader>, DiskError> {
        let mut lines = Lines::of(file);
        if !lines.skip(known).map_err(cannot("read", path))? {
            return Ok(None);
        }
        Ok(Some(Reader::from(lines, path.to_owned(), known.events, known.bytes)))
    }

    /// The point after the last event that was given.
    pub fn position(&self) -> Position {
        let next = self.ready.front().map(|(next, _)| &next.prev).or(self.stopped.as_ref());
        let sha256 = next.cloned().unwrap_or_else(|| hex(self.batch.digest()));
        Position { events: self.events, bytes: self.bytes, sha256 }
    }

    /// The torn tail that reading ended at, if it did.
    pub fn torn(&self) -> Option<Torn> {
        self.torn
    }

    /// The seal of the record, once that was read to its end.
    ///
    /// # Errors
    /// It is none, or not that of the run that was read, or there is none and something follows the end of the run: whoever reads a sealed record comes to the same, be it to
    /// verify it or to show it.
    pub fn seal(&self) -> Result<Option<Seal>, ReadError> {
        let dir = self.path.parent().unwrap_or(Path::new(""));
        let altered = |event, reason: &str| Err(ReadError::Altered { event, reason: reason.to_owned() });
        let position = self.position();
        let Some(seal) = read_seal(dir)? else {
            return match (self.torn, self.told.closed()) {
                (Some(_), Some(_)) => altered(position.events, FOLLOWED),
                _ => Ok(None),
            };
        };
        match () {
            () if position.events < seal.events
                && self.torn.is_none_or(|torn| torn.offset + torn.bytes < seal.bytes) =>
            {
                altered(position.events, "events that were sealed are gone")
            }
            () if position.events < seal.events => altered(position.events, NO_WHOLE_WRITE),
            () if self.torn.is_some() || position.events > seal.events => {
                altered(seal.events, "something was added after the record was sealed")
            }
            () => match self.told.mismatch(&position, &seal) {
                Some(what) => altered(position.events.saturating_sub(1), &format!("the seal has {what}")),
                None => Ok(Some(seal)),
            },
        }
    }

    /// The digest so far, to go on from; `None` where reading stopped before the end.
    pub(crate) fn into_hasher(self) -> Option<Sha256> {
        self.stopped.is_none().then(|| self.batch.digest())
    }

    fn advance(&mut self) -> Result<Option<Stamped>, ReadError> {
        if self.ready.is_empty() && self.fault.is_none() {
            self.read_write()?;
        }
        if let Some((stamped, bytes)) = self.ready.pop_front() {
            self.line_start = self.bytes;
            self.bytes += bytes;
            self.events += 1;
            self.told.hear(&stamped.event);
            return Ok(Some(stamped));
        }
        self.fault.take().map_or(Ok(None), Err)
    }

    /// Reads the lines of one write. They are ready where it is whole, and torn where it is not; what is wrong with a
    /// line comes after those before it.
    fn read_write(&mut self) -> Result<(), ReadError> {
        let mut held = 0;
        loop {
            let (event, lines) = (self.events + self.ready.len() as u64, self.ready.len() + 1);
            let altered = |reason| ReadError::Altered { event, reason };
            let next = self.next_line().map_err(cannot("read", &self.path))?;
            let (decoded, bytes) = match next {
                Ok(line) => line,
                Err(NoLine::Nothing) => {
                    if held > 0 {
                        self.tear(held);
                    }
                    return Ok(());
                }
                Err(NoLine::Part(bytes)) => {
                    self.tear(held + bytes);
                    return Ok(());
                }
                Err(NoLine::TooLong) => {
                    self.stopped = Some(hex(self.batch.digest()));
                    self.fault = Some(altered(format!("the line is longer than {LONGEST_LINE} bytes")));
                    return Ok(());
                }
            };
            let before = self.batch.prev_of_last().map(|prev| prev.as_str().to_owned());
            let fault = match decoded {
                Ok(_) if too_much(lines, held + bytes) => altered(format!(
                    "its write has more than {LARGEST_WRITE} events or {LONGEST_WRITE} bytes"
                )),
                Ok(Entry { stamped, more }) => {
                    self.ready.push_back((stamped, bytes));
                    held += bytes;
                    if more {
                        continue;
                    }
                    return Ok(());
                }
                Err(LineFault::Wrong(reason)) => altered(reason),
                Err(LineFault::NewerVersion(found)) => ReadError::NewerVersion { found },
                Err(LineFault::UnknownEvent(kind)) => ReadError::UnknownEvent { event, kind },
                Err(LineFault::Unparsable(reason)) => {
                    let (line, start) = (self.batch.last_line(), self.bytes + held);
                    let holed = has_hole(line, start);
                    let open = holed && may_go_on(line, event);
                    let rest = self.rest(holed, open, (lines, held + bytes));
                    if let Some(rest) = rest.map_err(cannot("read", &self.path))? {
                        self.stopped = before;
                        self.tear(held + bytes + rest);
                        return Ok(());
                    }
                    altered(reason)
                }
            };
            self.stopped = before;
            self.fault = Some(fault);
            return Ok(());
        }
    }

    /// The record ends before the write that was being read, of which so many bytes are there.
    fn tear(&mut self, bytes: u64) {
        if let Some((first, _)) = self.ready.front() {
            self.stopped = Some(first.prev.clone());
        }
        self.ready.clear();
        self.torn = Some(Torn { offset: self.bytes, bytes });
    }

    fn next_line(&mut self) -> io::Result<Result<Line, NoLine>> {
        while self.batch.is_used_up() {
            match self.batch.after {
                After::More => self.next_batch()?,
                After::Nothing => return Ok(Err(NoLine::Nothing)),
                After::TooLong { followed: true, .. } => return Ok(Err(NoLine::TooLong)),
                After::Unterminated { bytes, .. } | After::TooLong { bytes, followed: false } => {
                    return Ok(Err(NoLine::Part(bytes)));
                }
            }
        }
        Ok(Ok(self.batch.take()))
    }

    fn next_batch(&mut self) -> io::Result<()> {
        let next = self.source.next()?;
        self.source.give_back(std::mem::replace(&mut self.batch, next));
        Ok(())
    }

    /// How many bytes are left after a line that is no event, where that can be: nothing; or, where the disk got the
    /// line in parts (`holed`), what the same write can have put there, if that went on (`open`), and the zeros that
    /// were there before. `read` is what was read of the write: lines, and bytes.
    fn rest(&mut self, holed: bool, mut open: bool, read: (usize, u64)) -> io::Result<Option<u64>> {
        let (mut lines, mut rest) = (read.0, 0);
        loop {
            let bytes = match self.next_raw()? {
                Raw::End => return Ok(Some(rest)),
                Raw::Unterminated { bytes, zeros: true } if holed => return Ok(Some(rest + bytes)),
                _ if !open => return Ok(None),
                Raw::TooLong => return Ok(None),
                Raw::Line { bytes } => {
                    open = goes_on(self.batch.last_line(), self.bytes + read.1 + rest);
                    bytes
                }
                Raw::Unterminated { bytes, .. } => bytes,
            };
            (lines, rest) = (lines + 1, rest + bytes);
            if too_much(lines, read.1 + rest) {
                return Ok(None);
            }
        }
    }

    /// What follows, as it stands: once a line is no event, only that matters.
    fn next_raw(&mut self) -> io::Result<Raw> {
        while self.batch.is_used_up() {
            match self.batch.after {
                After::More => self.next_batch()?,
                After::Nothing => return Ok(Raw::End),
                After::Unterminated { bytes, zeros } => {
                    self.batch.after = After::Nothing;
                    return Ok(Raw::Unterminated { bytes, zeros });
                }
                After::TooLong { .. } => return Ok(Raw::TooLong),
            }
        }
        Ok(Raw::Line { bytes: self.batch.take_raw() })
    }
}

/// What is wrong where a run is closed and its record goes on: nobody writes then, so that nothing can be torn.
pub(crate) const FOLLOWED: &str = "bytes follow `run.closed`";

/// What is wrong where a sealed record has a torn tail.
pub(crate) const NO_WHOLE_WRITE: &str =
    "what stands there is no whole write, and was when the record was sealed";

/// Whether a write of so many lines and bytes is more than one may be.
fn too_much(lines: usize, bytes: u64) -> bool {
    lines > LARGEST_WRITE || (lines > 1 && bytes > LONGEST_WRITE)
}

/// What stands on a line, and how many bytes the line has.
type Line = (Result<Entry, LineFault>, u64);

/// Why no whole line comes next.
enum NoLine {
    /// So many bytes without an end, and nothing after them.
    Part(u64),
    /// A line that is longer than a line may be, and more after it.
    TooLong,
    /// The end of the file.
    Nothing,
}

/// Something that follows a line.
#[derive(Clone, Copy, PartialEq)]
enum Raw {
    /// Nothing does.
    End,
    /// A line of so many bytes.
    Line { bytes: u64 },
    /// Bytes without an LF; whether they are all zeros.
    Unterminated { bytes: u64, zeros: bool },
    /// A line that is longer than a line may be.
    TooLong,
}

impl Iterator for Reader {
    type Item = Result<Stamped, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let next = self.advance().transpose();
        self.ended = !matches!(next, Some(Ok(_)));
        next
    }
}

/// A record as it stands.
#[derive(Clone, Debug)]
pub struct Read {
    /// Its events; at least event 0.
    pub events: Vec<Stamped>,
    /// The point after the last of them.
    pub position: Position,
    /// A torn tail after them. With another process driving the run it may be a write under way.
    pub torn: Option<Torn>,
    /// The seal, if there is one: it is that of these events.
    pub seal: Option<Seal>,
}

impl Read {
    /// Whether the run is over.
    pub fn closed(&self) -> bool {
        matches!(self.events.last(), Some(Stamped { event: Event::RunClosed { .. }, .. }))
    }
}

/// Reads a record without taking its lock. Checks the chain and the seal; blobs are for [`crate::verify_bytes`].
pub fn read(dir: &Path) -> Result<Read, ReadError> {
    let mut reader = Reader::open(dir)?;
    let events = reader.by_ref().collect::<Result<Vec<_>, _>>()?;
    if events.is_empty() {
        return Err(ReadError::NoFirstEvent(dir.to_owned()));
    }
    let seal = reader.seal()?;
    Ok(Read { events, position: reader.position(), torn: reader.torn(), seal })
}

/// Refuses a record that is not all in its own directory: we never put a link into one, and what it leads to may change.
pub(crate) fn self_contained(dir: &Path) -> Result<(), ReadError> {
    if let Some(found) = not_a(Kind::Directory, dir) {
        return Err(ReadError::Altered {
            event: 0,
            reason: format!("{} is {found}, not a directory", dir.display()),
        });
    }
    let parts =
        [(LOG, Kind::File), (BLOBS, Kind::Directory), (SHA256, Kind::Directory), (SIGNOFFS, Kind::Directory)];
    for (name, kind) in parts {
        if let Some(found) = not_a(kind, &dir.join(name)) {
            let reason = match kind {
                Kind::File => format!("{name} is {found}, not a file"),
                Kind::Directory => format!("{name} is {found}, not a directory"),
            };
            return Err(ReadError::Altered { event: 0, reason });
        }
    }
    Ok(())
}

/// Whether a directory is what a crash or a full disk leaves of a run before it has a record: it has the name of a run, and
/// nothing in it that anything was written to but the lock.
fn was_never_opened(dir: &Path) -> bool {
    let only = |path: &Path, names: &[&str]| {
        let entries = std::fs::read_dir(path).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        entries
            .is_ok_and(|found| found.iter().all(|entry| names.iter().any(|name| entry.file_name() == *name)))
    };
    let empty = |name: &str| {
        let path = dir.join(name);
        only(&path, &[]) || path.symlink_metadata().is_err_and(|e| e.kind() == io::ErrorKind::NotFound)
    };
    let blobs = dir.join(BLOBS);
    number_of(dir).is_some()
        && only(dir, &[crate::lock::FILE, BLOBS, SIGNOFFS])
        && (empty(BLOBS) || only(&blobs, &["sha256"]))
        && empty(SHA256)
        && empty(SIGNOFFS)
}

/// Whether a directory holds a record, good or bad: something is called [`LOG`] in it, whatever it is.
pub fn is_run(dir: &Path) -> bool {
    dir.join(LOG).symlink_metadata().is_ok()
}
