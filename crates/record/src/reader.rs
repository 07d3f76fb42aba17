//! Reading a record: strictly, in one pass, without a lock.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::{Path, PathBuf};

use holdpoint_engine::{Event, Stamped};
use sha2::{Digest, Sha256};

use crate::disk::{DiskError, cannot, open_regular};
use crate::line::{LineFault, decode};
use crate::room::has_hole;
use crate::seal::{Seal, read_seal};
use crate::writer::AT_ONCE;
use crate::{FORMAT, LOG, LONGEST_LINE};

/// A point in a record. `head -c BYTES run.jsonl | sha256sum` gives its digest.
#[derive(Clone, Debug, PartialEq, Eq)]
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
/// Memory is bounded by [`LONGEST_LINE`]. It ends at the first error, and before a torn tail.
pub struct Reader {
    source: BufReader<File>,
    path: PathBuf,
    line: Vec<u8>,
    hasher: Sha256,
    events: u64,
    bytes: u64,
    torn: Option<Torn>,
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
        let path = dir.join(LOG);
        let file = open_regular(&path).map_err(|cause| match cause.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => ReadError::NotARun(dir.to_owned()),
            _ => cannot("read", &path)(cause).into(),
        })?;
        Ok(Reader::of(file, path))
    }

    pub(crate) fn of(file: File, path: PathBuf) -> Reader {
        let source = BufReader::with_capacity(64 * 1024, file);
        let (line, hasher) = (Vec::new(), Sha256::new());
        Reader { source, path, line, hasher, events: 0, bytes: 0, torn: None, ended: false }
    }

    /// The point after the last event that was given.
    pub fn position(&self) -> Position {
        Position { events: self.events, bytes: self.bytes, sha256: hex(self.hasher.clone()) }
    }

    /// The torn tail that reading ended at, if it did.
    pub fn torn(&self) -> Option<Torn> {
        self.torn
    }

    /// The digest so far, to go on from.
    pub(crate) fn into_hasher(self) -> Sha256 {
        self.hasher
    }

    fn advance(&mut self) -> Result<Option<Stamped>, ReadError> {
        let failed = cannot("read", &self.path);
        let read = match self.next_line() {
            Ok(read) => read,
            Err(cause) => return Err(failed(cause).into()),
        };
        let (bytes, whole) = match read {
            Line::End => return Ok(None),
            Line::Unterminated { bytes } => {
                self.torn = Some(Torn { offset: self.bytes, bytes });
                return Ok(None);
            }
            Line::TooLong { bytes } => (bytes, false),
            Line::Whole { bytes } => (bytes, true),
        };
        let event = self.events;
        let content = self.line.strip_suffix(b"\n").unwrap_or(&self.line);
        let decoded = match whole {
            true => decode(content, event, &hex(self.hasher.clone())),
            false => Err(LineFault::Unparsable(format!("the line is longer than {LONGEST_LINE} bytes"))),
        };
        let stamped = match decoded {
            Ok(stamped) => stamped,
            Err(LineFault::Unparsable(reason)) => {
                let rest = match self.source.fill_buf() {
                    Ok([]) => 0,
                    // A write of two lines of which the disk kept the second: both were never acknowledged.
                    Ok(_) if has_hole(&self.line, self.bytes) => match self.last_write() {
                        Ok(Some(rest)) => rest,
                        Ok(None) => return Err(ReadError::Altered { event, reason }),
                        Err(cause) => return Err(failed(cause).into()),
                    },
                    Ok(_) => return Err(ReadError::Altered { event, reason }),
                    Err(cause) => return Err(failed(cause).into()),
                };
                self.torn = Some(Torn { offset: self.bytes, bytes: bytes + rest });
                return Ok(None);
            }
            Err(LineFault::Wrong(reason)) => return Err(ReadError::Altered { event, reason }),
            Err(LineFault::NewerVersion(found)) => return Err(ReadError::NewerVersion { found }),
            Err(LineFault::UnknownEvent(kind)) => return Err(ReadError::UnknownEvent { event, kind }),
        };
        self.hasher.update(&self.line);
        self.bytes += bytes;
        self.events += 1;
        Ok(Some(stamped))
    }

    /// How many bytes are left, where they are no more than what one write can have put there after the line just read:
    /// one line less than [`AT_ONCE`], and zeros.
    fn last_write(&mut self) -> io::Result<Option<u64>> {
        let (mut bytes, mut lines) = (0, 1);
        loop {
            let read = match self.next_line()? {
                Line::End => return Ok(Some(bytes)),
                Line::TooLong { .. } => return Ok(None),
                Line::Whole { bytes } => {
                    lines += 1;
                    bytes
                }
                Line::Unterminated { .. } if self.line.iter().any(|byte| *byte != 0) && lines >= AT_ONCE => {
                    return Ok(None);
                }
                Line::Unterminated { bytes } => bytes,
            };
            if lines > AT_ONCE {
                return Ok(None);
            }
            bytes += read;
        }
    }

    /// Reads up to the next LF into `self.line`, never more than [`LONGEST_LINE`] of it.
    fn next_line(&mut self) -> io::Result<Line> {
        self.line.clear();
        let read = (&mut self.source).take(LONGEST_LINE as u64).read_until(b'\n', &mut self.line)?;
        let mut bytes = read as u64;
        match () {
            () if read == 0 => Ok(Line::End),
            () if self.line.ends_with(b"\n") => Ok(Line::Whole { bytes }),
            () if read < LONGEST_LINE => Ok(Line::Unterminated { bytes }),
            () => loop {
                let buffered = self.source.fill_buf()?;
                let (used, terminated) = match buffered.iter().position(|byte| *byte == b'\n') {
                    Some(at) => (at + 1, true),
                    None => (buffered.len(), false),
                };
                self.source.consume(used);
                bytes += used as u64;
                match (terminated, used) {
                    (true, _) => return Ok(Line::TooLong { bytes }),
                    (false, 0) => return Ok(Line::Unterminated { bytes }),
                    (false, _) => {}
                }
            },
        }
    }
}

enum Line {
    End,
    Whole { bytes: u64 },
    Unterminated { bytes: u64 },
    TooLong { bytes: u64 },
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
    let seal = read_seal(dir)?;
    Ok(Read { events, position: reader.position(), torn: reader.torn(), seal })
}

/// A finished digest in lower-case hex.
pub(crate) fn hex(hasher: Sha256) -> String {
    let digits = b"0123456789abcdef";
    let nibbles = hasher.finalize().into_iter().flat_map(|byte| [byte >> 4, byte & 15]);
    nibbles.map(|nibble| char::from(digits[usize::from(nibble)])).collect()
}
