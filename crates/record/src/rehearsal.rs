//! The rehearsal that an environment asks for, looked for among the runs of a store; and the one that a run relied on,
//! looked for once more. What is asked of it the engine judges ([`Gate`]).

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use holdpoint_engine::{Differs, Ends, Event, Gate, Rehearsed, RunOpened, Shown, nearest};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::anchors::{Anchored, anchors};
use crate::chain::hex;
use crate::conform::{Verification, verify};
use crate::disk::{cannot, open_regular};
use crate::reader::{Read, read};
use crate::seal::{seal_and_bytes, seal_digest};
use crate::{
    DiskError, Glance, LOG, ReadError, RecordVerdict, RunDir, Store, StoreError, glance, never_began,
    text_blob,
};

/// A record of more bytes is kept with no other run.
const LONGEST: u64 = 256 * 1024 * 1024;

/// A run that is the rehearsal that is asked for: what a run that relies on it keeps of it.
#[derive(Clone, Debug)]
pub struct Found {
    /// Its number in the store.
    pub number: u64,
    /// Its ULID.
    pub id: String,
    /// Where it ran.
    pub environment: String,
    /// When its last event was written.
    pub ended: Timestamp,
    /// The bytes of `seal.json`.
    pub seal: Vec<u8>,
    /// The bytes of `run.jsonl`, over which the seal is, and which were proved.
    pub log: Vec<u8>,
    /// The bytes of its configuration.
    pub config: Option<Vec<u8>>,
    /// Numbers of younger runs that might be it, and whose records are damaged.
    pub passed_over: Vec<u64>,
    /// What it captured under the names that must have the same value.
    pub captured: BTreeMap<String, String>,
}

/// A run that is not, and is nearest to it.
#[derive(Clone, Debug)]
pub struct Near {
    /// Which.
    pub run: RunDir,
    /// Event 0.
    pub opened: Box<RunOpened>,
    /// What keeps it from being the rehearsal.
    pub differs: Vec<Differs>,
}

/// What a store has where it has no rehearsal.
#[derive(Clone, Debug, Default)]
pub struct NotFound {
    /// The run that is nearest to being one.
    pub near: Option<Near>,
    /// Numbers of runs besides that which might be it, and whose records are damaged.
    pub passed_over: Vec<u64>,
}

/// Looks for the rehearsal that `gate` asks for, the youngest first. Of runs at `path` that are none, the nearest is
/// told. Each run's ends are read first: most runs are others, and to prove a record is to read all of it.
///
/// # Errors
/// The store cannot be listed. A record that cannot be read is no rehearsal.
pub fn rehearsal(
    store: &Store,
    gate: &Gate<'_>,
    path: &str,
    proves: &impl Fn(&Anchored) -> Result<(), String>,
) -> Result<Result<Found, NotFound>, StoreError> {
    let (mut others, mut damaged) = (Vec::new(), Vec::new());
    for run in store.runs()?.into_iter().rev() {
        let Glance { first, last, sealed } = match glance(&run.path) {
            Ok(ends) => ends,
            Err(error) if never_began(&run.path, &error) => continue,
            Err(_) => {
                damaged.push(run.number);
                continue;
            }
        };
        let Event::RunOpened(opened) = first.event else { continue };
        if !gate.concerns(&opened, path) {
            continue;
        }
        let verdict = last.event.verdict();
        let mut differs = gate.by_ends(&Ends { opened: &opened, verdict, sealed, ended: last.at });
        if differs.is_empty() {
            match proved(&run, gate, last.at, proves) {
                Ok(found) => {
                    damaged.reverse();
                    return Ok(Ok(Found { passed_over: damaged, ..found }));
                }
                Err(more) => differs = more,
            }
        }
        if differs.iter().any(|differs| matches!(differs, Differs::Broken(_))) {
            damaged.push(run.number);
        }
        others.push(((run, opened), differs));
    }
    damaged.reverse();
    let near =
        nearest(others).map(|((run, opened), differs)| as_it_ended(Near { run, opened, differs }, gate));
    // Of that one it is told what is wrong.
    damaged.retain(|number| near.as_ref().is_none_or(|near| near.run.number != *number));
    Ok(Err(NotFound { near, passed_over: damaged }))
}

/// A run whose first event tells of another document may have gone on by this one: that is what is told then. Its ends do not
/// say so, so all of it is read.
fn as_it_ended(near: Near, gate: &Gate<'_>) -> Near {
    let other = |differs: &Differs| matches!(differs, Differs::Document | Differs::Included(_));
    if !near.differs.iter().any(other) {
        return near;
    }
    let Ok(Read { events, seal, .. }) = read(&near.run.path) else { return near };
    let exchanges = events.iter().filter_map(|stamped| match &stamped.event {
        Event::DocumentExchanged(exchanged) => Some(exchanged),
        _ => None,
    });
    let mut opened = None;
    for exchanged in exchanges {
        opened = Some(exchanged.as_opened(opened.as_ref().unwrap_or(&near.opened)));
    }
    let (Some(opened), Some(last)) = (opened, events.last()) else { return near };
    let (verdict, sealed) = (last.event.verdict(), seal.is_some());
    let mut differs = gate.by_ends(&Ends { opened: &opened, verdict, sealed, ended: last.at });
    differs.push(Differs::Exchanged);
    Near { run: near.run, opened: Box::new(opened), differs }
}

/// Proves the record of a run whose ends are those of a rehearsal, and takes of it what is to be kept. What is taken is
/// what was proved: record and seal are read once for good, whatever becomes of the files.
fn proved(
    run: &RunDir,
    gate: &Gate<'_>,
    ended: Timestamp,
    proves: &impl Fn(&Anchored) -> Result<(), String>,
) -> Result<Found, Vec<Differs>> {
    let none = |why: String| vec![Differs::Broken(why)];
    let unread = |error: ReadError| none(error.to_string());
    let (seal, bytes) = seal_and_bytes(&run.path).map_err(unread)?.ok_or_else(|| vec![Differs::Open])?;
    let log = log(&run.path).map_err(|error| none(error.to_string()))?;
    let log = log.ok_or_else(|| none(format!("it is longer than {LONGEST} bytes")))?;
    if hex(Sha256::new_with_prefix(&log)) != seal.sha256 {
        return Err(none("the seal is over other bytes".to_owned()));
    }
    let proof = verify(&run.path).map_err(unread)?;
    let mut shown = shown(&proof);
    if proof.position.sha256 != seal.sha256 {
        shown.broken.get_or_insert_with(|| "it changed while it was read".to_owned());
    }
    shown.unanchored = unanchored(&run.path, &proof, proves).map_err(unread)?;
    let differs = gate.by_proof(&shown);
    if !differs.is_empty() {
        return Err(differs);
    }
    let captured = gate.captured_in(&shown);
    let opened = proof.opened.ok_or_else(|| none("it has no first event".to_owned()))?;
    let config = opened.config.as_ref().map(|config| text_blob(&run.path, config)).transpose();
    let config = config.map_err(|error| none(error.to_string()))?;
    let (number, id, environment) = (opened.number, opened.id.clone(), opened.environment.name.clone());
    Ok(Found { number, id, environment, ended, seal: bytes, log, config, passed_over: Vec::new(), captured })
}

/// The bytes of a record; `None` where there are too many.
fn log(dir: &Path) -> Result<Option<Vec<u8>>, DiskError> {
    let path = dir.join(LOG);
    let file = open_regular(&path).map_err(cannot("read", &path))?;
    let mut bytes = Vec::new();
    file.take(LONGEST + 1).read_to_end(&mut bytes).map_err(cannot("read", &path))?;
    Ok((bytes.len() as u64 <= LONGEST).then_some(bytes))
}

/// Why a record lacks the anchor over its seal that its environment asks for, in words.
fn unanchored(
    dir: &Path,
    proof: &Verification,
    proves: &impl Fn(&Anchored) -> Result<(), String>,
) -> Result<Option<String>, ReadError> {
    let Some(opened) = proof.opened.as_deref().filter(|_| proof.asks_for_anchor) else { return Ok(None) };
    let found = anchors(dir, opened, &proof.position)?;
    let wrong = found.wrong.clone().or_else(|| found.held.iter().find_map(|anchor| proves(anchor).err()));
    Ok(match wrong {
        Some(why) => Some(format!("its anchors do not hold: {why}")),
        None => proof.unanchored(&found).map(|why| format!("it has no anchor, and {why}")),
    })
}

/// What proving a record has shown of it as a rehearsal.
fn shown(proof: &Verification) -> Shown {
    let broken = (proof.verdict != RecordVerdict::IntactComplete).then(|| told(&proof.verdict));
    let exchanged = !proof.exchanged.is_empty();
    let (skipped, edited) = (proof.skipped.clone(), proof.edited.clone());
    let taken_as_done = proof.taken_as_done.clone();
    let captured = proof.captured.clone();
    Shown { broken, unanchored: None, exchanged, skipped, edited, taken_as_done, captured }
}

/// A verdict with its reason.
pub(crate) fn told(verdict: &RecordVerdict) -> String {
    verdict.reason().map_or(verdict.to_string(), |why| format!("{verdict}: {why}"))
}

/// What is wrong with the record of a rehearsal that a run relied on, in words that follow on it. What was expunged since
/// was there then.
///
/// `seal`: the digest of its `seal.json` as it lies there.
pub(crate) fn wrong(
    proof: Result<&Verification, &ReadError>,
    seal: Option<&str>,
    named: &Rehearsed,
) -> Option<String> {
    let broken = match proof.map(|proof| &proof.verdict) {
        Ok(RecordVerdict::IntactComplete | RecordVerdict::Expunged { complete: true, .. }) => None,
        Ok(verdict) => Some(told(verdict)),
        Err(error) => Some(error.to_string()),
    };
    match broken {
        Some(why) => Some(format!("its record does not hold: {why}")),
        None if seal != Some(named.seal.sha256.as_str()) => {
            Some("it was rewritten: its seal is not the one that was relied on".to_owned())
        }
        None => None,
    }
}

/// Whether a record of that number may be the one that is named: where not even its own name can be read, it may.
pub(crate) fn may_be(proof: Result<&Verification, &ReadError>, named: &Rehearsed) -> bool {
    match proof {
        Ok(proof) => proof.opened.as_ref().is_none_or(|opened| opened.id == named.id),
        Err(error) => !matches!(error, ReadError::NotARun(_)),
    }
}

/// What the store beside a run has of the rehearsal that it relied on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Beside {
    /// The very record, intact and complete.
    Same,
    /// No run of that number and ULID: another directory, a bundle, or it was removed.
    NotHere,
    /// That run, and not what was relied on, for this reason.
    Wrong(String),
}

/// Holds a rehearsal that a run relied on against its record, where that lies in the same store as the run itself.
pub fn beside(dir: &Path, named: &Rehearsed) -> Beside {
    // A name without a directory, as `.` has one all the same.
    let whole = match dir.canonicalize() {
        Ok(whole) => whole,
        Err(error) => return Beside::Wrong(cannot("find", dir)(error).to_string()),
    };
    let Some(store) = whole.parent().map(Store::open) else { return Beside::NotHere };
    let runs = match store.runs() {
        Ok(runs) => runs,
        Err(error) => return Beside::Wrong(error.to_string()),
    };
    let here = runs.into_iter().filter(|run| run.number == named.number);
    let mut of_its_id = here.filter_map(|run| {
        let proof = verify(&run.path);
        let seal = seal_digest(&run.path).ok().flatten();
        may_be(proof.as_ref(), named).then(|| wrong(proof.as_ref(), seal.as_deref(), named))
    });
    match of_its_id.next() {
        None => Beside::NotHere,
        Some(None) => Beside::Same,
        Some(Some(why)) => Beside::Wrong(why),
    }
}
