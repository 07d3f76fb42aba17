//! Proof of a record's bytes: chain, blobs, seal (record.md section 5). Signatures and conformity come on top.

use std::fmt;
use std::fs;
use std::io;
use std::path::Path;

use holdpoint_engine::{BlobRef, Event, RunOpened, Stamped};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};

use crate::blob::PARTIAL;
use crate::chain::{Position, hex};
use crate::disk::{DiskError, cannot};
use crate::errors::{BlobError, ReadError, Torn, whom};
use crate::expunge::{Expunged, read as tombstone, signers};
use crate::kept::Blobs;
use crate::layout::number_of;
use crate::layout::{BLOBS, SHA256};
use crate::lock::{Holder, driver};
use crate::reader::{FOLLOWED, NO_WHOLE_WRITE, Reader};
use crate::reference::each_reference;
use crate::seal::{Seal, SealFacts, read_seal};
use crate::signoffs::{SignedFilesError, signed_files, strays};
use crate::tombstone::{EXPUNGED, SIGNATURE, Tombstone};

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
        /// Whether somebody's key signed for each.
        signed: bool,
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

    /// Whether all that is wrong with it is what was expunged.
    pub fn is_expunged(&self) -> bool {
        matches!(self, RecordVerdict::Expunged { .. })
    }

    /// Whether nothing is wrong with it but what was expunged.
    pub fn holds(&self) -> bool {
        self.intact() || self.is_expunged()
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

/// What is said of a record to which nothing is to be added.
const COMPLETE: &str = "intact and complete";
/// How what is said of one begins from which something was expunged.
const IN_PART: &str = "expunged: ";

/// Whether a review may say this of the record that it is about.
pub(crate) fn may_be_reviewed(verdict: &str) -> bool {
    verdict == COMPLETE || verdict.starts_with(IN_PART)
}

impl fmt::Display for RecordVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RecordVerdict::IntactComplete => f.write_str(COMPLETE),
            RecordVerdict::IntactOpen => f.write_str("intact, open"),
            RecordVerdict::Expunged { event, blobs, complete, signed, .. } => {
                let rest = if *complete { "complete" } else { "open" };
                let by = if *signed { "signed for" } else { "signed for by nobody" };
                write!(f, "{IN_PART}{blobs} blob(s), {by}, the first at event {event}; otherwise {rest}")
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
    /// The point after the last event before the first thing that is wrong.
    pub position: Position,
    /// How many blobs are what the record says: all that events refer to, but for the expunged ones.
    pub blobs: usize,
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

impl BytesReport {
    /// Of a record of which nothing could be read.
    fn nothing_of(verdict: RecordVerdict) -> BytesReport {
        BytesReport {
            verdict,
            position: Position { sha256: hex(Sha256::new()), ..Position::default() },
            blobs: 0,
            expunged: Vec::new(),
            torn: None,
            seal: None,
            unreferenced: Vec::new(),
            remarks: Vec::new(),
        }
    }
}

/// Proves the bytes of a record. Executes nothing; needs nothing outside of the directory; takes no lock.
///
/// An error means that nothing could be proved: not readable, no record, or a newer format version.
pub fn verify_bytes(dir: &Path) -> Result<BytesReport, ReadError> {
    prove(dir, |_, _, _| {})
}

/// What of the events is needed once they have gone by.
#[derive(Default)]
struct Seen {
    opened: Option<Box<RunOpened>>,
    told: SealFacts,
    expunged: Vec<Expunged>,
    /// Numbers of the events that a key signed.
    signed: Vec<u64>,
}

impl Seen {
    /// The tombstone of a blob, if there is one, and the key that signed it.
    fn tombstone(&self, dir: &Path, blob: &BlobRef) -> Result<Option<(Tombstone, Option<String>)>, String> {
        let Some(opened) = &self.opened else { return Ok(None) };
        // Nearly every blob has none: who may sign is looked up for those that have.
        let Some(found) = tombstone(dir, &opened.id, blob, None)? else { return Ok(None) };
        match signers(dir, opened)? {
            Some(signers) => tombstone(dir, &opened.id, blob, Some(&signers)),
            None => Ok(Some(found)),
        }
    }
}

/// As [`verify_bytes`]; whoever watches sees each event, and where its line begins, once chain and blobs up to it were proved.
///
/// One pass, and no event is kept: memory does not grow with the record, but for 41 bytes or so a blob.
pub(crate) fn prove(
    dir: &Path,
    mut watch: impl FnMut(&Stamped, u64, &mut Blobs<'_>),
) -> Result<BytesReport, ReadError> {
    // Before it is read: whoever had it then wrote what is found, and may have let go of it when all is read.
    let holder = driver(dir);
    let mut reader = match Reader::open(dir) {
        Err(ReadError::Altered { event, reason }) => {
            return Ok(BytesReport::nothing_of(RecordVerdict::Altered { event, reason }));
        }
        Err(ReadError::NoFirstEvent(_)) => {
            return Ok(BytesReport::nothing_of(RecordVerdict::Truncated { reason: NO_FIRST_EVENT.into() }));
        }
        opened => opened?,
    };
    let (mut seen, mut blobs) = (Seen::default(), Blobs::of(dir));
    let wrong = check_events(&mut reader, &mut seen, &mut blobs, &mut watch)?;
    let seal = match read_seal(dir) {
        Err(ReadError::Seal(reason)) => Err(reason),
        seal => Ok(seal?),
    };
    let (position, torn) = (reader.position(), reader.torn());
    let mut remarks = Vec::new();
    let all_read = wrong.is_none();
    let verdict = match wrong {
        Some(verdict) => verdict,
        None => judge(&seen, &position, (torn, holder.as_ref()), seal.as_ref(), &mut remarks),
    };
    let verdict = with_expunged(verdict, &seen.expunged, &mut remarks);
    if let (Some(number), Some(opened)) = (number_of(dir), &seen.opened)
        && number != opened.number
    {
        remarks.push(format!("the directory has the number {number} and the record {}", opened.number));
    }
    let mut unreferenced = Vec::new();
    if all_read {
        let bare = |name: &str| {
            [SIGNATURE, EXPUNGED].into_iter().find_map(|end| name.strip_suffix(end)).map(str::to_owned)
        };
        let named = |name: &str| blobs.names(bare(name).as_deref().unwrap_or(name));
        unreferenced = list(&dir.join(SHA256), |name| !named(name))?;
        let strays = strays(dir, &seen.signed)?.len();
        if strays > 0 {
            remarks.push(format!("{strays} file(s) in signoffs/ belong to no sign-off; a crash leaves such"));
        }
        // To a sealed record nothing is added.
        let holder = holder.as_ref().filter(|_| !matches!(seal, Ok(Some(_))));
        remarks.extend(being_written(dir, holder)?);
    }
    let seal = seal.ok().flatten();
    let (expunged, blobs) = (seen.expunged, blobs.count());
    let blobs = blobs.saturating_sub(expunged.len());
    Ok(BytesReport { verdict, position, blobs, expunged, torn, seal, unreferenced, remarks })
}

/// Of a record that holds not even its first event.
const NO_FIRST_EVENT: &str = "there is no complete first event";
/// A file system tells of times by a clock that ticks as slowly as this, at most.
const TICK: SignedDuration = SignedDuration::from_millis(10);

/// That somebody has the run, and what is being written, or was when a driver crashed.
fn being_written(dir: &Path, holder: Option<&Holder>) -> Result<Vec<String>, DiskError> {
    let blobs = dir.join(BLOBS);
    // What was written to last before they took it was left by somebody else.
    let theirs = |name: &str| {
        let changed = blobs.join(name).symlink_metadata().and_then(|found| found.modified()).ok();
        let changed = changed.and_then(|changed| Timestamp::try_from(changed).ok());
        holder.zip(changed).is_some_and(|(holder, changed)| changed + TICK >= holder.since)
    };
    let partial = list(&blobs, |name| name.starts_with(PARTIAL))?;
    let (now, left): (Vec<&String>, Vec<&String>) = partial.iter().partition(|name| theirs(name));
    let mut remarks = Vec::new();
    if let Some(holder) = holder {
        let written = match now.len() {
            0 => String::new(),
            _ => format!("; outputs are being written, to {BLOBS}/{PARTIAL}*"),
        };
        remarks.push(format!("the run is in use now, {}: more may be added{written}", whom(Some(holder))));
    }
    if !left.is_empty() {
        let left = left.len();
        remarks.push(format!("{left} file(s) {BLOBS}/{PARTIAL}* belong to no event; a crash leaves such"));
    }
    Ok(remarks)
}

/// Chain and blobs, in the order of events, up to the first thing that is wrong.
fn check_events(
    reader: &mut Reader,
    seen: &mut Seen,
    blobs: &mut Blobs<'_>,
    watch: &mut impl FnMut(&Stamped, u64, &mut Blobs<'_>),
) -> Result<Option<RecordVerdict>, ReadError> {
    let altered = |event, reason| Ok(Some(RecordVerdict::Altered { event, reason }));
    let mut new = Vec::new();
    while let Some(stamped) = reader.next() {
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
        seen.told.hear(&stamped.event);
        if let Event::RunOpened(opened) = &stamped.event {
            seen.opened.get_or_insert_with(|| opened.clone());
        }
        let mut find = |sha256: &str, bytes| {
            if !blobs.knows(sha256, bytes) {
                new.push(BlobRef { sha256: sha256.to_owned(), bytes });
            }
        };
        if let Err(e) = each_reference(&stamped.event, &mut find) {
            return altered(n, e.to_string());
        }
        for blob in new.drain(..) {
            if blobs.knows(&blob.sha256, blob.bytes) {
                continue;
            }
            let found = blobs.check(&blob);
            let still_there = found.is_ok();
            if matches!(found, Ok(()) | Err(BlobError::Missing(_) | BlobError::Expunged(_))) {
                match seen.tombstone(blobs.dir, &blob) {
                    Err(reason) => return altered(n, format!("the blob {}: {reason}", blob.sha256)),
                    Ok(Some((tombstone, key))) => {
                        seen.expunged.push(Expunged { event: n, tombstone, still_there, key });
                        blobs.bury(&blob);
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
            blobs.settle(&blob);
        }
        if let Some(signature) = stamped.event.signature() {
            match signed_files(blobs.dir, n, signature) {
                Ok(_) => seen.signed.push(n),
                Err(SignedFilesError::Disk(error)) => return Err(error.into()),
                Err(error) => return altered(n, error.to_string()),
            }
        }
        watch(&stamped, reader.line_start(), blobs);
    }
    Ok(None)
}

/// Nothing that lacks what it once held is intact. What is worse stays what it is.
fn with_expunged(verdict: RecordVerdict, expunged: &[Expunged], remarks: &mut Vec<String>) -> RecordVerdict {
    let sentence = |Expunged { event, tombstone, still_there, key }: &Expunged| {
        let Tombstone { blob, at, who, reason, .. } = tombstone;
        let by = match key {
            Some(key) => format!("{who}, who signed for it with {key}"),
            None => format!("{who}, who signed nothing for it"),
        };
        let there = if *still_there { "; its bytes are there all the same: expunge it again" } else { "" };
        format!("event {event}: the blob {} was expunged at {at} by {by}: {reason}{there}", blob.sha256)
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
        signed: expunged.iter().all(|gone| gone.key.is_some()),
        reason: sentence(first),
    }
}

/// What whole lines, torn tail and seal say together.
fn judge(
    seen: &Seen,
    position: &Position,
    (torn, holder): (Option<Torn>, Option<&Holder>),
    seal: Result<&Option<Seal>, &String>,
    remarks: &mut Vec<String>,
) -> RecordVerdict {
    let last = position.events.saturating_sub(1);
    let altered = |event, reason: String| RecordVerdict::Altered { event, reason };
    let closed = seen.told.closed();
    let seal = match seal {
        Err(reason) => return altered(last, format!("seal.json is no seal: {reason}")),
        Ok(Some(seal)) => seal,
        Ok(None) => {
            return match (torn, closed) {
                _ if seen.opened.is_none() => RecordVerdict::Truncated { reason: NO_FIRST_EVENT.into() },
                (Some(_), Some(_)) => altered(position.events, FOLLOWED.into()),
                (Some(torn), None) => {
                    let Torn { offset, bytes } = torn;
                    let what = match holder {
                        Some(_) => "are being written now, or are a torn write; resuming keeps and cuts such",
                        None => "are a torn write; resuming keeps and cuts them",
                    };
                    remarks.push(format!("the last {bytes} bytes, from byte {offset} on, {what}"));
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
        return altered(position.events, NO_WHOLE_WRITE.into());
    }
    if position.events > seal.events || torn.is_some() {
        return altered(seal.events, "it was added after the record was sealed".into());
    }
    match seen.told.mismatch(position, seal) {
        Some(what) => altered(last, format!("the seal has {what}")),
        None => RecordVerdict::IntactComplete,
    }
}

/// The names in a directory of the record that are wanted; none if it is not there.
fn list(dir: &Path, wanted: impl Fn(&str) -> bool) -> Result<Vec<String>, DiskError> {
    let entries = match fs::read_dir(dir) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(cannot("list", dir))?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(cannot("list", dir))?.file_name();
        names.extend(Some(name.to_string_lossy()).filter(|name| wanted(name)).map(|name| name.into_owned()));
    }
    names.sort();
    Ok(names)
}
