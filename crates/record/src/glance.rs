//! A record at a glance: its two ends, for lists of runs.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use holdpoint_engine::{Event, Stamped};
use serde::Deserialize;

use crate::disk::{cannot, open_regular};
use crate::errors::ReadError;
use crate::line::decode;
use crate::reader::{Reader, read};
use crate::seal::{Seal, read_seal};
use crate::{LOG, LONGEST_LINE};

/// How much of the end is looked at first, in bytes.
const END: u64 = 64 * 1024;

/// The ends of a record. What stands between them is not looked at, and nothing is proved.
#[derive(Clone, Debug)]
pub struct Glance {
    /// Event 0.
    pub first: Stamped,
    /// The last whole event.
    pub last: Stamped,
    /// Whether there is a seal. It is *not* held against the record here: [`crate::verify_bytes`] does that.
    pub sealed: bool,
}

/// Reads the first and the last event of a record. Where these or the seal do not look as they should, the whole record
/// is read, as [`crate::read`] does, and its error is the answer.
pub fn glance(dir: &Path) -> Result<Glance, ReadError> {
    let first = Reader::open(dir)?.next().transpose()?;
    let first = first.ok_or_else(|| ReadError::NoFirstEvent(dir.to_owned()))?;
    let seal = read_seal(dir)?;
    let path = dir.join(LOG);
    let mut file = open_regular(&path).map_err(cannot("read", &path))?;
    let length = file.metadata().map_err(cannot("read", &path))?.len();
    let last = last(&mut file, length).map_err(cannot("read", &path))?;
    let sealed = seal.is_some();
    let is_over = |last: &Stamped| matches!(last.event, Event::RunClosed { .. });
    match last {
        Some(Last { event: last, followed })
            if seal.map_or(!(followed && is_over(&last)), |seal| fits(&seal, &first, &last, length)) =>
        {
            Ok(Glance { first, last, sealed })
        }
        _ => {
            let mut events = read(dir)?.events;
            let last = events.pop().unwrap_or_else(|| first.clone());
            Ok(Glance { first, last, sealed })
        }
    }
}

/// Whether an error of [`glance`] says no more than that nothing was ever recorded of a run, as a crash leaves it.
pub fn never_began(dir: &Path, error: &ReadError) -> bool {
    matches!(error, ReadError::NoFirstEvent(_)) && matches!(read_seal(dir), Ok(None))
}

fn fits(seal: &Seal, first: &Stamped, last: &Stamped, length: u64) -> bool {
    let Event::RunOpened(opened) = &first.event else { return false };
    if (seal.number, &seal.id, &seal.format) != (opened.number, &opened.id, &opened.format) {
        return false;
    }
    let closed = matches!(&last.event, Event::RunClosed { verdict } if *verdict == seal.verdict);
    closed && seal.bytes == length && seal.events == last.n + 1
}

/// The last line that is whole.
struct Last {
    event: Stamped,
    /// Whether something stands behind it.
    followed: bool,
}

/// The event on the last line that is whole; `None` where that is none.
fn last(file: &mut File, length: u64) -> io::Result<Option<Last>> {
    let mut room = END;
    loop {
        let start = length.saturating_sub(room);
        file.seek(SeekFrom::Start(start))?;
        let mut end = Vec::new();
        file.take(room).read_to_end(&mut end)?;
        let whole = memchr::memrchr(b'\n', &end).map(|last| &end[..last]);
        let line = whole.and_then(|whole| match memchr::memrchr(b'\n', whole) {
            Some(before) => Some(&whole[before + 1..]),
            None => (start == 0).then_some(whole),
        });
        match line {
            Some(line) => {
                let followed = end.last() != Some(&b'\n');
                return Ok(event(line).map(|event| Last { event, followed }));
            }
            // No line is so long: whoever reads it whole says what is wrong.
            None if start == 0 || room > 2 * LONGEST_LINE as u64 => return Ok(None),
            None => room *= 4,
        }
    }
}

/// The event on a line that says itself where it stands; `None` also where its write goes on, and was cut short.
fn event(line: &[u8]) -> Option<Stamped> {
    #[derive(Deserialize)]
    struct Chain {
        n: u64,
        prev: String,
    }
    let Chain { n, prev } = serde_json::from_slice(line).ok()?;
    decode(line, n, &prev).ok().filter(|entry| !entry.more).map(|entry| entry.stamped)
}
