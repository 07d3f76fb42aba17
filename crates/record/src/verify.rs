//! Proof of a record's bytes: chain, blobs, seal (record.md section 5). Signatures and conformity come on top.

use std::collections::HashSet;
use std::fmt;
use std::fs;
use std::io;
use std::path::Path;

use holdpoint_engine::{BlobRef, Event, Stamped};

use crate::blob::{BLOBS, BlobError, PARTIAL, SHA256, check, referenced};
use crate::disk::{DiskError, cannot};
use crate::expunge::{EXPUNGED, Expunged, Tombstone, read as tombstone};
use crate::find::number_of;
use crate::reader::{Position, ReadError, Reader, Torn};
use crate::seal::{Seal, read_seal};

/// What a record was proved to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordVerdict {
    /// Closed, sealed, and nothing is wrong.
    IntactComplete,
    /// Nothing is wrong and the record is not sealed.
    IntactOpen,
    /// Blobs were expunged; nothing else is wrong. Not intact: what they held can be proved no more.
    Expunged {
        /// The first event that names one of them.
        event: u64,
        /// How many.
        blobs: usize,
        /// What the rest is.
        complete: bool,
        /// Which, by whom, when and why: a sentence for the first.
        reason: String,
    },
    /// Its end is missing.
    Truncated {
        /// What shows it.
        reason: String,
    },
    /// It is not what was written.
    Altered {
        /// The first event at which it shows.
        event: u64,
        /// What shows it.
        reason: String,
    },
    /// Its bytes are what was written, and the engine would not have written them.
    DoesNotConform {
        /// The first event that the engine did not invite.
        event: u64,
        /// Why it did not.
        reason: String,
    },
}

impl RecordVerdict {
    /// Whether nothing is wrong with the record, complete or open.
    pub fn intact(&self) -> bool {
        matches!(self, RecordVerdict::IntactComplete | RecordVerdict::IntactOpen)
    }

    /// What shows it, where something is wrong.
    pub fn reason(&self) -> Option<&str> {
        match self {
            RecordVerdict::IntactComplete | RecordVerdict::IntactOpen => None,
            RecordVerdict::Truncated { reason }
            | RecordVerdict::Expunged { reason, .. }
            | RecordVerdict::Altered { reason, .. }
            | RecordVerdict::DoesNotConform { reason, .. } => Some(reason),
        }
    }
}

impl fmt::Display for RecordVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RecordVerdict::IntactComplete => f.write_str("intact and complete"),
            RecordVerdict::IntactOpen => f.write_str("intact, open"),
            RecordVerdict::Expunged { event, blobs, complete, .. } => {
                let rest = if *complete { "complete" } else { "open" };
                write!(f, "expunged: {blobs} blob(s), the first at event {event}; otherwise {rest}")
            }
            RecordVerdict::Truncated { .. } => f.write_str("truncated"),
            RecordVerdict::Altered { event, .. } => write!(f, "altered at event {event}"),
            RecordVerdict::DoesNotConform { event, .. } => write!(f, "does not conform at event {event}"),
        }
    }
}

/// What the bytes of a record prove.
#[derive(Clone, Debug)]
pub struct BytesReport {
    /// What it is, as far as bytes go.
    pub verdict: RecordVerdict,
    /// The events up to the first thing that is wrong.
    pub events: Vec<Stamped>,
    /// The point after the last of them.
    pub position: Position,
    /// Blobs that were expunged, in the order of the events that name them first.
    pub expunged: Vec<Expunged>,
    /// A torn tail.
    pub torn: Option<Torn>,
    /// The seal, if it could be read.
    pub seal: Option<Seal>,
    /// Digests of blobs that no event names, where the events could all be read. No fault: a crash leaves such.
    pub unreferenced: Vec<String>,
    /// What is no fault and should be known.
    pub remarks: Vec<String>,
}

/// Proves the bytes of a record. Executes nothing; needs nothing outside of the directory; takes no lock.
///
/// An error means that nothing could be proved: not readable, no record, or a newer format version.
pub fn verify_bytes(dir: &Path) -> Result<BytesReport, ReadError> {
    let mut reader = Reader::open(dir)?;
    let (mut events, mut named, mut expunged) = (Vec::new(), HashSet::new(), Vec::new());
    let wrong = check_events(dir, &mut reader, &mut events, &mut named, &mut expunged)?;
    let seal = match read_seal(dir) {
        Err(ReadError::Seal(reason)) => Err(reason),
        seal => Ok(seal?),
    };
    let (position, torn) = (reader.position(), reader.torn());
    let mut remarks = Vec::new();
    let all_read = wrong.is_none();
    let verdict = match wrong {
        Some(verdict) => verdict,
        None => judge(&events, &position, torn, seal.as_ref(), &mut remarks),
    };
    let verdict = with_expunged(verdict, &expunged, &mut remarks);
    if let (Some(number), Some(Stamped { event: Event::RunOpened(opened), .. })) =
        (number_of(dir), events.first())
        && number != opened.number
    {
        remarks.push(format!("the directory has the number {number} and the record {}", opened.number));
    }
    let mut unreferenced = Vec::new();
    if all_read {
        unreferenced = list(&dir.join(SHA256))?;
        unreferenced.retain(|name| !named.contains(name.strip_suffix(EXPUNGED).unwrap_or(name)));
        let partial = list(&dir.join(BLOBS))?.into_iter().filter(|name| name.starts_with(PARTIAL)).count();
        if partial > 0 {
            remarks.push(format!(
                "{partial} blob(s) were being written when a driver crashed: {BLOBS}/{PARTIAL}*"
            ));
        }
    }
    let seal = seal.ok().flatten();
    Ok(BytesReport { verdict, events, position, expunged, torn, seal, unreferenced, remarks })
}

/// Chain and blobs, in the order of events, up to the first thing that is wrong.
fn check_events(
    dir: &Path,
    reader: &mut Reader,
    events: &mut Vec<Stamped>,
    named: &mut HashSet<String>,
    expunged: &mut Vec<Expunged>,
) -> Result<Option<RecordVerdict>, ReadError> {
    let mut checked: HashSet<BlobRef> = HashSet::new();
    let mut id = String::new();
    for stamped in reader {
        let altered = |event, reason| Ok(Some(RecordVerdict::Altered { event, reason }));
        let stamped = match stamped {
            Ok(stamped) => stamped,
            Err(ReadError::Altered { event, reason }) => return altered(event, reason),
            // Event 0 claims a version that this program knows, and that version has no such type.
            Err(ReadError::UnknownEvent { event, kind }) => {
                return altered(event, format!("there is no event of the type `{kind}`"));
            }
            Err(other) => return Err(other),
        };
        let n = stamped.n;
        let blobs = match referenced(&stamped.event) {
            Ok(blobs) => blobs,
            Err(e) => return altered(n, e.to_string()),
        };
        if let Event::RunOpened(opened) = &stamped.event {
            id.clone_from(&opened.id);
        }
        events.push(stamped);
        for blob in blobs {
            if checked.contains(&blob) {
                continue;
            }
            let found = check(dir, &blob);
            let still_there = found.is_ok();
            if matches!(found, Ok(()) | Err(BlobError::Missing(_))) {
                match tombstone(dir, &id, &blob) {
                    Err(reason) => return altered(n, format!("the blob {}: {reason}", blob.sha256)),
                    Ok(Some(tombstone)) => {
                        expunged.push(Expunged { event: n, tombstone, still_there });
                        named.insert(blob.sha256.clone());
                        checked.insert(blob);
                        continue;
                    }
                    Ok(None) => {}
                }
            }
            match found {
                Ok(()) => {}
                Err(BlobError::Disk(error)) => return Err(error.into()),
                Err(error) => return altered(n, error.to_string()),
            }
            named.insert(blob.sha256.clone());
            checked.insert(blob);
        }
    }
    Ok(None)
}

/// Nothing that lacks what it once held is intact. What is worse stays what it is.
fn with_expunged(verdict: RecordVerdict, expunged: &[Expunged], remarks: &mut Vec<String>) -> RecordVerdict {
    let sentence = |Expunged { event, tombstone, still_there }: &Expunged| {
        let Tombstone { blob, at, who, reason, .. } = tombstone;
        let there = if *still_there { "; its bytes are there all the same: expunge it again" } else { "" };
        format!("event {event}: the blob {} was expunged at {at} by {who}: {reason}{there}", blob.sha256)
    };
    let Some(first) = expunged.first() else { return verdict };
    if !verdict.intact() {
        remarks.extend(expunged.iter().map(sentence));
        return verdict;
    }
    remarks.extend(expunged[1..].iter().map(sentence));
    RecordVerdict::Expunged {
        event: first.event,
        blobs: expunged.len(),
        complete: verdict == RecordVerdict::IntactComplete,
        reason: sentence(first),
    }
}

/// What whole lines, torn tail and seal say together.
fn judge(
    events: &[Stamped],
    position: &Position,
    torn: Option<Torn>,
    seal: Result<&Option<Seal>, &String>,
    remarks: &mut Vec<String>,
) -> RecordVerdict {
    let last = position.events.saturating_sub(1);
    let altered = |event, reason: String| RecordVerdict::Altered { event, reason };
    let closed = events.iter().rev().take(1).find_map(|stamped| match &stamped.event {
        Event::RunClosed { verdict } => Some(*verdict),
        _ => None,
    });
    let seal = match seal {
        Err(reason) => return altered(last, format!("seal.json is no seal: {reason}")),
        Ok(Some(seal)) => seal,
        Ok(None) => {
            return match (torn, closed) {
                _ if events.is_empty() => {
                    RecordVerdict::Truncated { reason: "there is no complete first event".into() }
                }
                (Some(_), Some(_)) => altered(position.events, "bytes follow `run.closed`".into()),
                (Some(torn), None) => {
                    let Torn { offset, bytes } = torn;
                    remarks.push(format!(
                        "the last {bytes} bytes, from byte {offset} on, are a torn write; resuming keeps and cuts them"
                    ));
                    RecordVerdict::IntactOpen
                }
                (None, Some(_)) => {
                    remarks.push("the run is closed and not sealed; resuming seals it".into());
                    RecordVerdict::IntactOpen
                }
                (None, None) => RecordVerdict::IntactOpen,
            };
        }
    };
    let whole = position.bytes + torn.map_or(0, |torn| torn.bytes);
    if whole < seal.bytes && position.events < seal.events {
        let Seal { events, bytes, .. } = seal;
        let found = position.events;
        return RecordVerdict::Truncated {
            reason: format!(
                "{found} events in {whole} bytes are left of {events} in {bytes} that were sealed"
            ),
        };
    }
    if torn.is_some() && position.events < seal.events {
        return altered(
            position.events,
            "the line is no event, and was one when the record was sealed".into(),
        );
    }
    if position.events > seal.events || torn.is_some() {
        return altered(seal.events, "it was added after the record was sealed".into());
    }
    match mismatch(events, position, closed, seal) {
        Some(what) => altered(last, format!("the seal has {what}")),
        None => RecordVerdict::IntactComplete,
    }
}

/// What a seal over as much as there is says otherwise.
fn mismatch(
    events: &[Stamped],
    position: &Position,
    closed: Option<holdpoint_engine::Verdict>,
    seal: &Seal,
) -> Option<&'static str> {
    let Some(Stamped { event: Event::RunOpened(opened), .. }) = events.first() else {
        return Some("nothing under it");
    };
    let parts = [
        (seal.bytes == position.bytes, "another length"),
        (seal.sha256 == position.sha256, "another digest"),
        (seal.events == position.events, "another number of events"),
        (closed.is_some(), "an open run under it"),
        (Some(seal.verdict) == closed, "another verdict"),
        (seal.id == opened.id && seal.number == opened.number, "another run's name"),
        (seal.format == opened.format, "another format version"),
    ];
    parts.into_iter().find(|(fits, _)| !fits).map(|(_, what)| what)
}

/// The names in a directory of the record; none if it is not there.
fn list(dir: &Path) -> Result<Vec<String>, DiskError> {
    let entries = match fs::read_dir(dir) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(cannot("list", dir))?,
    };
    let mut names = Vec::new();
    for entry in entries {
        names.push(entry.map_err(cannot("list", dir))?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}
