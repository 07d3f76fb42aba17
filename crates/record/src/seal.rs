//! `seal.json`: what a record was when it was closed.

use std::io::{self, Read as _, Write as _};
use std::path::Path;

use holdpoint_engine::{Event, Verdict};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::chain::{Position, hex};
use crate::disk::{cannot, is_no_file, make_file, no_file, open_regular, sync_dir};
use crate::errors::ReadError;
use crate::errors::SealError;
use crate::errors::WriteError;

const FILE: &str = "seal.json";
const PARTIAL: &str = "seal.json.partial";
/// A seal is some 300 bytes; what is longer than this is none.
pub(crate) const LONGEST: u64 = 64 * 1024;

/// The content of `seal.json`. It closes a record; its own digest is what to anchor elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seal {
    /// Format version of the record.
    pub format: String,
    /// ULID of the run.
    pub id: String,
    /// Number of the run in its store.
    pub number: u64,
    /// How the run ended.
    pub verdict: Verdict,
    /// Events in the record.
    pub events: u64,
    /// Length of `run.jsonl`.
    pub bytes: u64,
    /// SHA-256 of `run.jsonl`, lower-case hex.
    pub sha256: String,
}

/// What events say that a seal must say, too.
#[derive(Clone, Debug, Default)]
pub(crate) struct SealFacts {
    /// Number, ULID and format version of the run; `None` where event 0 was not among them.
    opened: Option<(u64, String, String)>,
    closed: Option<Verdict>,
}

impl SealFacts {
    /// Takes the next event.
    pub(crate) fn hear(&mut self, event: &Event) {
        self.closed = event.verdict();
        if let Event::RunOpened(opened) = event {
            let told = || (opened.number, opened.id.clone(), opened.format.clone());
            self.opened.get_or_insert_with(told);
        }
    }

    /// The verdict, where the last event was `run.closed`.
    pub(crate) fn closed(&self) -> Option<Verdict> {
        self.closed
    }

    /// What a seal says otherwise, over a record that ends there.
    pub(crate) fn mismatch(&self, position: &Position, seal: &Seal) -> Option<&'static str> {
        let of_run = |fits: fn(&(u64, String, String), &Seal) -> bool| {
            self.opened.as_ref().is_none_or(|opened| fits(opened, seal))
        };
        let parts = [
            (seal.bytes == position.bytes, "another length"),
            (seal.sha256 == position.sha256, "another digest"),
            (seal.events == position.events, "another number of events"),
            (self.closed.is_some(), "an open run under it"),
            (Some(seal.verdict) == self.closed, "another verdict"),
            (of_run(|(number, id, _), seal| (*number, id) == (seal.number, &seal.id)), "another run's name"),
            (of_run(|(.., format), seal| *format == seal.format), "another format version"),
        ];
        parts.into_iter().find(|(fits, _)| !fits).map(|(_, what)| what)
    }
}

/// Whether a seal, good or bad, is there.
pub(crate) fn is_sealed(dir: &Path) -> bool {
    // Any file of this name counts: an unreadable seal is no licence to write on.
    dir.join(FILE).symlink_metadata().is_ok()
}

/// Reads the seal, if there is one. It is *not* held against the record here: [`crate::Reader::seal`] does that.
pub fn read_seal(dir: &Path) -> Result<Option<Seal>, ReadError> {
    Ok(seal_and_bytes(dir)?.map(|(seal, _)| seal))
}

/// The digest of the seal's bytes, where there is one: what names a sealed record elsewhere.
pub fn seal_digest(dir: &Path) -> Result<Option<String>, ReadError> {
    Ok(seal_and_bytes(dir)?.map(|(_, bytes)| hex(Sha256::new_with_prefix(&bytes))))
}

/// The seal, and its exact bytes.
pub(crate) fn seal_and_bytes(dir: &Path) -> Result<Option<(Seal, Vec<u8>)>, ReadError> {
    let path = dir.join(FILE);
    let file = match open_regular(&path) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        // A link, a pipe or a directory where the seal should be.
        Err(e) if is_sealed(dir) && is_no_file(&e) => {
            return Err(ReadError::Seal(no_file(&path, &e)));
        }
        Err(e) => return Err(cannot("read", &path)(e).into()),
    };
    let mut bytes = Vec::new();
    file.take(LONGEST + 1).read_to_end(&mut bytes).map_err(cannot("read", &path))?;
    if bytes.len() as u64 > LONGEST {
        return Err(ReadError::Seal(format!("it is longer than {LONGEST} bytes")));
    }
    let seal = serde_json::from_slice(&bytes).map_err(|e| ReadError::Seal(e.to_string()))?;
    Ok(Some((seal, bytes)))
}

/// Writes the seal so that it is there whole or not at all.
pub(crate) fn write_seal(dir: &Path, seal: &Seal) -> Result<(), SealError> {
    if is_sealed(dir) {
        return Err(SealError::Sealed);
    }
    let (partial, path) = (dir.join(PARTIAL), dir.join(FILE));
    let mut bytes = serde_json::to_vec(seal).map_err(WriteError::Encode)?;
    bytes.push(b'\n');
    // A crash may have left one; the lock is held, so it is nobody's.
    match std::fs::remove_file(&partial) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(cannot("remove", &partial)(e).into()),
        _ => {}
    }
    let mut file = make_file(&partial).map_err(cannot("create", &partial))?;
    file.write_all(&bytes).map_err(cannot("write to", &partial))?;
    file.sync_all().map_err(cannot("sync", &partial))?;
    std::fs::rename(&partial, &path).map_err(cannot("create", &path))?;
    Ok(sync_dir(dir)?)
}
