//! The file as batches of whole lines, each with the digest of everything before it; read ahead by a second thread.

use std::fs::File;
use std::io::{self, Read as _};
use std::sync::mpsc::{Receiver, Sender, TrySendError, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};

use crate::LONGEST_LINE;
use crate::chain::{Hex, Position, hex_of};
use crate::line::{Entry, LineFault, decode};
use crate::written::decode_written;

/// The first batch, in bytes: who wants only the first event reads no more.
const FIRST: usize = 16 * 1024;
/// Every other batch, in bytes.
const PIECE: usize = 256 * 1024;
/// Batches that wait to be taken.
const AHEAD: usize = 2;
/// A buffer with more room than this is not used again: one line was very long.
const WORTH_KEEPING: usize = 4 * PIECE;
/// A file with fewer bytes left than this is not worth a thread.
const WORTH_A_THREAD: u64 = 1024 * 1024;

/// Some whole lines.
pub(crate) struct Batch {
    bytes: Vec<u8>,
    lines: Vec<Line>,
    /// The event that the first line must be.
    first: u64,
    /// The digest of everything before the first line, to go on from.
    before: Sha256,
    /// Events that were decoded ahead: the one of the line after `taken` last, those after it before it.
    decoded: Vec<Result<Entry, LineFault>>,
    taken: usize,
    pub(crate) after: After,
}

struct Line {
    /// Where it ends in the batch, LF included.
    end: usize,
    /// The digest of all bytes of the file before it.
    prev: Hex,
}

/// What comes after the lines of a batch.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum After {
    /// More, perhaps.
    More,
    /// Nothing: the file ends with an LF.
    Nothing,
    /// Bytes without an LF; whether they are all zeros.
    Unterminated { bytes: u64, zeros: bool },
    /// A line that is longer than a line may be; and whether anything follows it.
    TooLong { bytes: u64, followed: bool },
}

impl Batch {
    /// No line, before all that follow.
    pub(crate) fn at(next: &Lines) -> Batch {
        let (lines, decoded) = (Vec::new(), Vec::new());
        let (bytes, before, first) = (Vec::new(), next.hasher.clone(), next.events);
        Batch { bytes, lines, first, before, decoded, taken: 0, after: After::More }
    }

    /// Whether every line was taken.
    pub(crate) fn is_used_up(&self) -> bool {
        self.taken == self.lines.len()
    }

    /// The next line's event, and how many bytes the line has.
    pub(crate) fn take(&mut self) -> (Result<Entry, LineFault>, u64) {
        let line = self.taken;
        let decoded = self.decoded.pop().unwrap_or_else(|| self.decode(line));
        self.taken += 1;
        (decoded, (self.lines[line].end - self.start(line)) as u64)
    }

    /// Takes the next line as it stands: how many bytes it has.
    pub(crate) fn take_raw(&mut self) -> u64 {
        self.decoded.pop();
        self.taken += 1;
        self.last_line().len() as u64
    }

    /// The line that was taken last, LF included.
    pub(crate) fn last_line(&self) -> &[u8] {
        match self.taken.checked_sub(1) {
            Some(line) => &self.bytes[self.start(line)..self.lines[line].end],
            None => &[],
        }
    }

    /// The digest of everything before the line that was taken last.
    pub(crate) fn prev_of_last(&self) -> Option<Hex> {
        Some(self.lines.get(self.taken.checked_sub(1)?)?.prev)
    }

    /// The digest of everything before the line that would be taken next.
    pub(crate) fn digest(&self) -> Sha256 {
        let mut digest = self.before.clone();
        digest.update(&self.bytes[..self.start(self.taken)]);
        digest
    }

    fn start(&self, line: usize) -> usize {
        line.checked_sub(1).map_or(0, |before| self.lines[before].end)
    }

    fn decode(&mut self, line: usize) -> Result<Entry, LineFault> {
        let (start, Line { end, prev }) = (self.start(line), &self.lines[line]);
        let (content, n) = (&mut self.bytes[start..end - 1], self.first + line as u64);
        match decode_written(content, n, prev) {
            Some(entry) => Ok(entry),
            None => decode(content, n, prev.as_str()),
        }
    }

    /// Decodes up to the first line that is no event: nothing is taken after it.
    fn decode_all(&mut self) {
        let mut decoded = std::mem::take(&mut self.decoded);
        for line in 0..self.lines.len() {
            decoded.push(self.decode(line));
            if decoded.last().is_some_and(Result::is_err) {
                break;
            }
        }
        decoded.reverse();
        self.decoded = decoded;
    }
}

/// Reads a file as batches, from where it stands to its end.
pub(crate) struct Lines {
    file: File,
    /// What was read and belongs to no whole line yet.
    rest: Vec<u8>,
    hasher: Sha256,
    events: u64,
    piece: usize,
    /// A batch that is done with.
    spare: Option<Batch>,
}

impl Lines {
    pub(crate) fn of(file: File) -> Lines {
        Lines { file, rest: Vec::new(), hasher: Sha256::new(), events: 0, piece: FIRST, spare: None }
    }

    /// Passes over what is known; `false` where the file does not begin with it.
    pub(crate) fn skip(&mut self, known: &Position) -> io::Result<bool> {
        let (mut left, mut piece) = (known.bytes, Vec::new());
        while left > 0 {
            piece.clear();
            let room = usize::try_from(left).map_or(PIECE, |left| left.min(PIECE));
            match fill(&mut self.file, &mut piece, room)? {
                0 => return Ok(false),
                read => left -= read as u64,
            }
            self.hasher.update(&piece);
        }
        self.events = known.events;
        Ok(known.events == 0 || hex_of(self.hasher.clone()).as_str() == known.sha256)
    }

    /// The next batch, in the memory of the spare one. Memory is bounded by [`LONGEST_LINE`] and a piece.
    pub(crate) fn batch(&mut self) -> io::Result<Batch> {
        let piece = std::mem::replace(&mut self.piece, PIECE);
        let spare = self.spare.take().unwrap_or_else(|| Batch::at(self));
        let Batch { mut bytes, mut lines, mut decoded, .. } = spare;
        if bytes.capacity() > WORTH_KEEPING {
            bytes = Vec::new();
        }
        bytes.clear();
        lines.clear();
        decoded.clear();
        bytes.append(&mut self.rest);
        let (whole, mut after) = loop {
            let known = bytes.len();
            if fill(&mut self.file, &mut bytes, piece)? == 0 {
                let (left, zeros) = (known as u64, bytes.iter().all(|byte| *byte == 0));
                break (
                    0,
                    if left == 0 { After::Nothing } else { After::Unterminated { bytes: left, zeros } },
                );
            }
            if let Some(last) = memchr::memrchr(b'\n', &bytes[known..]) {
                break (known + last + 1, After::More);
            }
            if bytes.len() > LONGEST_LINE {
                let zeros = bytes.iter().all(|byte| *byte == 0);
                break (0, self.overlong(bytes.len() as u64, zeros)?);
            }
        };
        if after == After::More {
            self.rest.extend_from_slice(&bytes[whole..]);
        }
        bytes.truncate(whole);
        let (before, first) = (self.hasher.clone(), self.events);
        let mut start = 0;
        for last in memchr::memchr_iter(b'\n', &bytes) {
            let end = last + 1;
            if end - start > LONGEST_LINE {
                let followed = end < whole || !self.rest.is_empty() || self.goes_on()?;
                after = After::TooLong { bytes: (end - start) as u64, followed };
                break;
            }
            lines.push(Line { end, prev: hex_of(self.hasher.clone()) });
            self.hasher.update(&bytes[start..end]);
            start = end;
        }
        self.events += lines.len() as u64;
        Ok(Batch { bytes, lines, first, before, decoded, taken: 0, after })
    }

    /// The rest of a line of which so many bytes had no LF, up to the LF or the end.
    fn overlong(&mut self, mut bytes: u64, mut zeros: bool) -> io::Result<After> {
        loop {
            let mut piece = Vec::new();
            let read = fill(&mut self.file, &mut piece, PIECE)?;
            if read == 0 {
                return Ok(After::Unterminated { bytes, zeros });
            }
            if let Some(at) = memchr::memchr(b'\n', &piece) {
                let followed = at + 1 < read || self.goes_on()?;
                return Ok(After::TooLong { bytes: bytes + at as u64 + 1, followed });
            }
            zeros &= piece.iter().all(|byte| *byte == 0);
            bytes += read as u64;
            // No write of ours leaves so much without an end: a crash cannot have made it, and it may go on for ever.
            if bytes > 2 * LONGEST_LINE as u64 {
                return Ok(After::TooLong { bytes, followed: true });
            }
        }
    }

    fn goes_on(&mut self) -> io::Result<bool> {
        Ok(fill(&mut self.file, &mut Vec::new(), 1)? > 0)
    }
}

/// Reads up to `piece` bytes onto the end of `bytes`; 0 at the end of the file only.
fn fill(file: &mut File, bytes: &mut Vec<u8>, piece: usize) -> io::Result<usize> {
    bytes.reserve(piece);
    file.take(piece as u64).read_to_end(bytes)
}

/// Where batches come from.
pub(crate) enum Source {
    /// Read when they are asked for.
    Here(Box<Lines>),
    /// Read ahead by a thread of their own, which ends when this is dropped. It is given back those that are done with.
    Ahead(Receiver<io::Result<Batch>>, Sender<Batch>),
    /// There are no more.
    Ended,
}

impl Source {
    pub(crate) fn next(&mut self) -> io::Result<Batch> {
        let next = match self {
            Source::Here(lines) => lines.batch(),
            Source::Ahead(batches, _) => batches.recv().unwrap_or_else(|_| Err(lost())),
            Source::Ended => return Err(lost()),
        };
        match &next {
            Ok(batch) if batch.after == After::More => self.hurry(),
            _ => *self = Source::Ended,
        }
        next
    }

    /// A batch is done with: its memory is good for another. Fresh memory for each would cost more than reading into it.
    pub(crate) fn give_back(&mut self, used: Batch) {
        match self {
            Source::Here(lines) => lines.spare = Some(used),
            // Nobody takes it once the file was read to its end.
            Source::Ahead(_, done) => drop(done.send(used)),
            Source::Ended => {}
        }
    }

    /// Lets a second thread read on, where there is enough left. Without one, for want of processes, all goes on here.
    fn hurry(&mut self) {
        let Source::Here(lines) = self else { return };
        let mut left = || {
            use std::io::Seek as _;
            let length = lines.file.metadata().ok()?.len();
            length.checked_sub(lines.file.stream_position().ok()?)
        };
        if left().is_none_or(|left| left < WORTH_A_THREAD) {
            return;
        }
        let Source::Here(lines) = std::mem::replace(self, Source::Ended) else { return };
        let given = Arc::new(Mutex::new(Some(lines)));
        let taken = Arc::clone(&given);
        let take =
            |lines: &Mutex<Option<Box<Lines>>>| lines.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (sender, batches) = sync_channel(AHEAD);
        let (done, used) = channel();
        let started = std::thread::Builder::new().name("record".to_owned()).spawn(move || {
            let Some(mut lines) = take(&taken) else { return };
            loop {
                lines.spare = used.try_recv().ok().or(lines.spare.take());
                let batch = lines.batch();
                let ends = !matches!(&batch, Ok(Batch { after: After::More, .. }));
                let sent = match sender.try_send(batch) {
                    // Whoever takes them has more to do than this thread: take some of it away.
                    Err(TrySendError::Full(Ok(mut batch))) => {
                        batch.decode_all();
                        sender.send(Ok(batch)).is_ok()
                    }
                    Err(TrySendError::Full(error)) => sender.send(error).is_ok(),
                    sent => sent.is_ok(),
                };
                if ends || !sent {
                    return;
                }
            }
        });
        *self = match started {
            Ok(_) => Source::Ahead(batches, done),
            Err(_) => take(&given).map_or(Source::Ended, Source::Here),
        };
    }
}

/// Nobody asks on after the end; a thread that panicked is a fault of ours, and no end of the record.
fn lost() -> io::Error {
    io::Error::other("the thread that reads it has ended")
}
