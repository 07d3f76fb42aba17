//! Reading a record: strictly, in one pass, without a lock.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use holdpoint_engine::{Event, Stamped};
use sha2::{Digest, Sha256};

use crate::blob::{BLOBS, SHA256};
use crate::disk::{DiskError, Kind, cannot, not_a, open_regular};
use crate::line::LineFault;
use crate::lines::{After, Batch, Lines, Source};
use crate::room::has_hole;
use crate::seal::{Seal, read_seal};
use crate::signoffs::SIGNOFFS;
use crate::writer::AT_ONCE;
use crate::{FORMAT, LOG, LONGEST_LINE};

/// A point in a record. `head -c BYTES run.jsonl | sha256sum` gives its digest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// Events before it.
    pub events: u64,
    /// Bytes of `run.jsonl` before it.
    pub bytes: u64,
    /// SHA-256 of those bytes, lower-case hex.
    pub sha256: String,
}

/// A final line that is unterminated or no JSON: a write that a crash cut short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Torn {
    /// Where it begins, in bytes.
    pub offset: u64,
    /// How long it is, in bytes.
    pub bytes: u64,
}

/// Why a record cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file system refused.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// There is no record here.
    #[error("{} is not a run: it has no {LOG}", .0.display())]
    NotARun(PathBuf),
    /// A crash or somebody's hand left nothing of the first event.
    #[error("{} holds no complete first event: the run was never opened, or its record was emptied", .0.display())]
    NoFirstEvent(PathBuf),
    /// A complete line is not what the chain says it is.
    #[error("the record is altered at event {event}: {reason}")]
    Altered {
        /// The first event at which it shows.
        event: u64,
        /// What is wrong there.
        reason: String,
    },
    /// The record is of a format version that this program does not know.
    #[error(
        "the record has format version {found} and this program knows versions up to {FORMAT}: \
         read it with a newer holdpoint"
    )]
    NewerVersion {
        /// The version it has.
        found: String,
    },
    /// An event of a type that this program does not know. Refused, never skipped.
    #[error(
        "event {event} is of the type `{kind}`, which format version {FORMAT} does not have: \
         the record was written by a newer holdpoint, or altered"
    )]
    UnknownEvent {
        /// Its number.
        event: u64,
        /// Its type.
        kind: String,
    },
    /// `seal.json` is not a seal.
    #[error("seal.json is no seal: {0}")]
    Seal(String),
}

/// Reads the events of a record one by one. The chain is checked up to each event that it gives.
///
/// Memory is bounded by [`LONGEST_LINE`]. It ends at the first error, and before a torn tail. Of a long record a second
/// thread reads ahead.
pub struct Reader {
    source: Source,
    batch: Batch,
    path: PathBuf,
    events: u64,
    bytes: u64,
    line_start: u64,
    torn: Option<Torn>,
    /// The digest before a line that is no event.
    before_wrong: Option<Sha256>,
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
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => ReadError::NotARun(dir.to_owned()),
            _ => cannot("read", &path)(cause).into(),
        })?;
        Ok(Reader::of(file, path))
    }

    pub(crate) fn of(file: File, path: PathBuf) -> Reader {
        let lines = Lines::of(file);
        let batch = Batch::at(&lines);
        let source = Source::Here(Box::new(lines));
        Reader {
            source,
            batch,
            path,
            events: 0,
            bytes: 0,
            line_start: 0,
            torn: None,
            before_wrong: None,
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
        let batch = Batch::at(&lines);
        let (source, path) = (Source::Here(Box::new(lines)), path.to_owned());
        let Position { events, bytes, .. } = *known;
        Ok(Some(Reader {
            source,
            batch,
            path,
            events,
            bytes,
            line_start: bytes,
            torn: None,
            before_wrong: None,
            ended: false,
        }))
    }

    /// The point after the last event that was given.
    pub fn position(&self) -> Position {
        Position { events: self.events, bytes: self.bytes, sha256: hex(self.digest()) }
    }

    /// The torn tail that reading ended at, if it did.
    pub fn torn(&self) -> Option<Torn> {
        self.torn
    }

    /// The seal of the record, once that was read to its end.
    ///
    /// # Errors
    /// It is none, or not over the bytes that were read: whoever reads a sealed record comes to the same, be it to
    /// verify it or to show it.
    pub fn seal(&self) -> Result<Option<Seal>, ReadError> {
        let dir = self.path.parent().unwrap_or(Path::new(""));
        let Some(seal) = read_seal(dir)? else { return Ok(None) };
        let altered = |event, reason: &str| Err(ReadError::Altered { event, reason: reason.to_owned() });
        let position = self.position();
        match () {
            () if self.torn.is_some() || position.events > seal.events => {
                altered(seal.events, "something was added after the record was sealed")
            }
            () if position.events < seal.events => {
                altered(position.events, "events that were sealed are gone")
            }
            () if (seal.bytes, &seal.sha256) != (position.bytes, &position.sha256) => {
                altered(position.events.saturating_sub(1), "the seal is over other bytes")
            }
            () => Ok(Some(seal)),
        }
    }

    /// The digest so far, to go on from.
    pub(crate) fn into_hasher(self) -> Sha256 {
        self.digest()
    }

    fn digest(&self) -> Sha256 {
        self.before_wrong.clone().unwrap_or_else(|| self.batch.digest())
    }

    fn advance(&mut self) -> Result<Option<Stamped>, ReadError> {
        while self.batch.is_used_up() {
            let event = self.events;
            match self.batch.after {
                After::More => self.next_batch().map_err(cannot("read", &self.path))?,
                After::Nothing => return Ok(None),
                After::TooLong { followed: true, .. } => {
                    let reason = format!("the line is longer than {LONGEST_LINE} bytes");
                    return Err(ReadError::Altered { event, reason });
                }
                After::Unterminated { bytes, .. } | After::TooLong { bytes, followed: false } => {
                    self.torn = Some(Torn { offset: self.bytes, bytes });
                    return Ok(None);
                }
            }
        }
        let event = self.events;
        let (decoded, bytes) = self.batch.take();
        let stamped = match decoded {
            Ok(stamped) => stamped,
            Err(fault) => {
                self.before_wrong = Some(self.batch.digest_before_last());
                let reason = match fault {
                    LineFault::Unparsable(reason) => reason,
                    LineFault::Wrong(reason) => return Err(ReadError::Altered { event, reason }),
                    LineFault::NewerVersion(found) => return Err(ReadError::NewerVersion { found }),
                    LineFault::UnknownEvent(kind) => return Err(ReadError::UnknownEvent { event, kind }),
                };
                // A write of two lines of which the disk kept the second: both were never acknowledged.
                let torn = has_hole(self.batch.last_line(), self.bytes);
                let rest = match self.rest(torn).map_err(cannot("read", &self.path))? {
                    Some(rest) => rest,
                    None => return Err(ReadError::Altered { event, reason }),
                };
                self.torn = Some(Torn { offset: self.bytes, bytes: bytes + rest });
                return Ok(None);
            }
        };
        self.line_start = self.bytes;
        self.bytes += bytes;
        self.events += 1;
        Ok(Some(stamped))
    }

    fn next_batch(&mut self) -> io::Result<()> {
        let next = self.source.next()?;
        self.source.give_back(std::mem::replace(&mut self.batch, next));
        Ok(())
    }

    /// How many bytes are left after a line that is no event, where that can be: nothing; or, where the line was
    /// written in part only (`torn`), no more than what the same write can have put there, which is one line less than
    /// [`AT_ONCE`], and the zeros that were there before.
    fn rest(&mut self, torn: bool) -> io::Result<Option<u64>> {
        let (mut bytes, mut lines) = (0, 1);
        loop {
            let read = match self.next_raw()? {
                Raw::End => return Ok(Some(bytes)),
                _ if !torn => return Ok(None),
                Raw::TooLong => return Ok(None),
                Raw::Line { bytes } => {
                    lines += 1;
                    bytes
                }
                Raw::Unterminated { zeros: false, .. } if lines >= AT_ONCE => return Ok(None),
                Raw::Unterminated { bytes, .. } => bytes,
            };
            if lines > AT_ONCE {
                return Ok(None);
            }
            bytes += read;
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
    /// The seal, if there is one. It is *not* held against the record here: [`crate::verify_bytes`] does that.
    pub seal: Option<Seal>,
}

impl Read {
    /// Whether the run is over.
    pub fn closed(&self) -> bool {
        matches!(self.events.last(), Some(Stamped { event: Event::RunClosed { .. }, .. }))
    }
}

/// Reads a record without taking its lock. Checks the chain; blobs and seal are for [`crate::verify_bytes`].
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

/// Whether a directory holds a record, good or bad: something is called [`LOG`] in it, whatever it is.
pub fn is_run(dir: &Path) -> bool {
    dir.join(LOG).symlink_metadata().is_ok()
}

/// A digest in lower-case hex.
#[derive(Clone, Copy)]
pub(crate) struct Hex([u8; 64]);

impl Hex {
    #[cfg(test)]
    pub(crate) fn of(digits: &str) -> Hex {
        Hex(digits.as_bytes().try_into().expect("64 digits"))
    }

    pub(crate) fn as_str(&self) -> &str {
        // Hex digits are ASCII, so the empty text stands for nothing that happens.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// Every byte in lower-case hex.
const DIGITS: [[u8; 2]; 256] = {
    let (mut digits, mut byte) = ([[0; 2]; 256], 0);
    while byte < 256 {
        digits[byte] = [b"0123456789abcdef"[byte >> 4], b"0123456789abcdef"[byte & 15]];
        byte += 1;
    }
    digits
};

/// A finished digest in lower-case hex. Every line takes one, hence by table.
pub(crate) fn hex_of(hasher: Sha256) -> Hex {
    let mut hex = [0; 64];
    for (pair, byte) in hex.chunks_exact_mut(2).zip(hasher.finalize()) {
        pair.copy_from_slice(&DIGITS[usize::from(byte)]);
    }
    Hex(hex)
}

/// As [`hex_of`], as a text.
pub(crate) fn hex(hasher: Sha256) -> String {
    hex_of(hasher).as_str().to_owned()
}
