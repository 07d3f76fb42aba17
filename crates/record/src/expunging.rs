//! Expunging a leaked blob: its bytes go, and a tombstone says who took them away, when and why (record.md section 6).
//!
//! Nothing else changes: events and seal go on naming the blob by digest and length.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use holdpoint_engine::{BlobRef, Event, RunOpened};
use holdpoint_signing::Signers;
use jiff::Timestamp;

use crate::FORMAT;
use crate::blob::referenced;
use crate::conform::verify_seeing;
use crate::disk::{DiskError, cannot, make_file, sync_dir};
use crate::errors::{OpenError, ReadError};
use crate::expunge::{Expunged, proved, read, signers};
use crate::layout::SHA256;
use crate::lock::RunLock;
use crate::reader::Reader;
use crate::rehearsal::told;
use crate::tombstone::{EXPUNGED, SIGNATURE, Tombstone, place};
use crate::verify::RecordVerdict;
use crate::writer::take_lock;

const PARTIAL: &str = ".expunged.partial";
/// Least digits of a digest that name a blob.
const LEAST_DIGITS: usize = 8;

/// Why nothing was expunged.
#[derive(Debug, thiserror::Error)]
pub enum ExpungeError {
    /// No event names such a blob.
    #[error("no event of the run names a blob {0}")]
    NotNamed(String),
    /// Several blobs begin like this.
    #[error("{0} is the beginning of more than one blob of the run")]
    Ambiguous(String),
    /// Not a digest, nor enough of one.
    #[error("{0:?} is neither a SHA-256 digest nor its first {LEAST_DIGITS} or more digits")]
    NoDigest(String),
    /// Without them nobody could answer for it.
    #[error("an expunged blob needs somebody who answers for it, and a reason")]
    Unexplained,
    /// The run knows signers, and nobody signed.
    #[error("this run knows signers, so that whoever expunges something must sign for it")]
    Unsigned,
    /// Somebody signed, and it does not count.
    #[error("the signature does not count: {0}")]
    BadSignature(String),
    /// It says who may sign.
    #[error("that file says who may sign in this run: without it no signature could be checked any more")]
    Signers,
    /// Who may sign cannot be told.
    #[error("{0}")]
    BadSigners(String),
    /// The run is not over, and cannot go on without it.
    #[error("the run is open, and cannot go on without that blob: it is {0}")]
    Needed(&'static str),
    /// Something else is wrong with the record than what was expunged: that would be told no more, or less of it.
    #[error("the record is not in order, and what is expunged may hide why: {0}")]
    NotInOrder(String),
    /// The blob is gone and has a tombstone.
    #[error("the blob {} was expunged already, at {} by {}: {}", .0.blob.sha256, .0.at.strftime("%Y-%m-%d %H:%M:%S +00:00"), .0.who, .0.reason)]
    Already(Box<Tombstone>),
    /// The blob is gone and has none: that is not made good by a tombstone.
    #[error("the blob {0} is missing, and was not expunged")]
    Missing(String),
    /// What stands there as a tombstone is none.
    #[error("{}: {reason}", path.display())]
    BadTombstone {
        /// Its file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The record cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A driver holds the run.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The file system refused.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

/// A blob about to be expunged: found, explained, and the run held, so that nothing of it changes until it is done.
pub struct Expunging {
    dir: PathBuf,
    event: u64,
    tombstone: Tombstone,
    /// Its exact bytes.
    bytes: Vec<u8>,
    /// It stands there already, and counts: an earlier attempt was interrupted.
    begun: Option<Option<String>>,
    signers: Option<Signers>,
    _lock: RunLock,
}

impl Expunging {
    /// Finds the blob whose digest is `blob`, or begins like it.
    ///
    /// # Errors
    /// Why it cannot be expunged. Nothing was changed.
    pub fn begin(
        dir: &Path,
        blob: &str,
        who: &str,
        reason: &str,
        at: Timestamp,
    ) -> Result<Expunging, ExpungeError> {
        let digits = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
        if !(LEAST_DIGITS..=64).contains(&blob.len()) || !blob.bytes().all(digits) {
            return Err(ExpungeError::NoDigest(blob.to_owned()));
        }
        if who.trim().is_empty() || reason.trim().is_empty() {
            return Err(ExpungeError::Unexplained);
        }
        let (opened, event, blob) = named(dir, blob)?;
        if [&opened.signers, &opened.revoked].into_iter().flatten().any(|keys| keys.sha256 == blob.sha256) {
            return Err(ExpungeError::Signers);
        }
        let lock = take_lock(dir, None)?;
        let there = dir.join(SHA256).join(&blob.sha256).symlink_metadata().is_ok();
        let signers = signers(dir, &opened).map_err(ExpungeError::BadSigners)?;
        let (who, reason) = (who.trim().to_owned(), reason.trim().to_owned());
        let (tombstone, begun) = match read(dir, &opened.id, &blob, signers.as_ref()) {
            Err(reason) => {
                return Err(ExpungeError::BadTombstone { path: place(dir, &blob), reason });
            }
            Ok(Some((tombstone, _))) if !there => return Err(ExpungeError::Already(Box::new(tombstone))),
            Ok(Some((tombstone, key))) => (tombstone, Some(key)),
            Ok(None) if !there => return Err(ExpungeError::Missing(blob.sha256)),
            Ok(None) => {
                proved_without(dir, &blob)?;
                (Tombstone { format: FORMAT.to_owned(), id: opened.id, blob, at, who, reason }, None)
            }
        };
        let mut bytes =
            serde_json::to_vec(&tombstone).map_err(io::Error::from).map_err(cannot("write", dir))?;
        bytes.push(b'\n');
        Ok(Expunging { dir: dir.to_owned(), event, tombstone, bytes, begun, signers, _lock: lock })
    }

    /// The bytes that a key must sign, in the namespace [`EXPUNGE`](holdpoint_signing::EXPUNGE), and who may; `None` where the run knows no
    /// signers, or an interrupted attempt was signed already.
    pub fn to_sign(&self) -> Option<(&[u8], &Signers)> {
        self.signers.as_ref().filter(|_| self.begun.is_none()).map(|signers| (self.bytes.as_slice(), signers))
    }

    /// Takes the bytes of the blob away and leaves the tombstone, durably and in this order. `run.jsonl` and `seal.json`
    /// are not touched; a sealed run is as good as an open one that nobody drives. Done over after a crash, it ends what
    /// was begun and keeps the first tombstone.
    ///
    /// # Errors
    /// The signature is missing, or does not count: nothing was changed then. Or the file system refused.
    pub fn finish(self, signature: Option<&str>) -> Result<Expunged, ExpungeError> {
        let Expunging { dir, event, tombstone, bytes, begun, signers, .. } = &self;
        let key = match (begun, signers, signature) {
            (Some(key), ..) => key.clone(),
            (None, None, _) => None,
            (None, Some(_), None) => return Err(ExpungeError::Unsigned),
            (None, Some(signers), Some(signature)) => {
                let key = proved(bytes, signature.as_bytes(), tombstone, signers);
                let key = key.map_err(ExpungeError::BadSignature)?;
                // Before the tombstone: one without a signature is none.
                write(dir, &tombstone.blob, SIGNATURE, signature.as_bytes())?;
                Some(key)
            }
        };
        if begun.is_none() {
            write(dir, &tombstone.blob, EXPUNGED, bytes)?;
        }
        let path = dir.join(SHA256).join(&tombstone.blob.sha256);
        fs::remove_file(&path).map_err(cannot("remove", &path))?;
        sync_dir(&dir.join(SHA256))?;
        Ok(Expunged { event: *event, tombstone: tombstone.clone(), still_there: false, key })
    }
}

/// Proves the record once more while everything is there, and that the run is over or can go on without the blob.
fn proved_without(dir: &Path, blob: &BlobRef) -> Result<(), ExpungeError> {
    let mut needs = Needs::default();
    let proof = verify_seeing(dir, |stamped| needs.hear(&stamped.event))?;
    match &proof.verdict {
        RecordVerdict::IntactComplete | RecordVerdict::Expunged { complete: true, .. } => Ok(()),
        RecordVerdict::IntactOpen | RecordVerdict::Expunged { .. } => {
            needs.of(blob).map_or(Ok(()), |what| Err(ExpungeError::Needed(what)))
        }
        verdict => Err(ExpungeError::NotInOrder(told(verdict))),
    }
}

/// What a run needs of its blobs to go on.
#[derive(Default)]
struct Needs {
    /// Of each block and place, what its shell last left to the next one.
    states: BTreeMap<Option<String>, BlobRef>,
    /// All others, with what they are.
    kept: Vec<(BlobRef, &'static str)>,
}

impl Needs {
    fn hear(&mut self, event: &Event) {
        let document = match event {
            Event::RunOpened(opened) => {
                self.kept.extend(opened.config.clone().map(|config| (config, "its configuration")));
                Some(&opened.runbook)
            }
            Event::DocumentExchanged(exchanged) => {
                self.kept
                    .push((exchanged.diff.clone(), "what differs in its document, which signers are shown"));
                Some(&exchanged.runbook)
            }
            _ => None,
        };
        if let Some(document) = document {
            self.kept.push((document.blob.clone(), "its run-book"));
            let included = document.includes.iter().map(|one| one.blob.clone());
            self.kept.extend(included.map(|blob| (blob, "a file that its run-book includes")));
        }
        // Signers are shown them.
        let script = match event {
            Event::ActionStarted(started) | Event::RollbackStarted(started) => started.script.as_ref(),
            Event::Deviation(deviation) => deviation.script.as_ref(),
            _ => None,
        };
        self.kept.extend(script.map(|script| (script.clone(), "a script that ran, which signers are shown")));
        if let Event::ActionFinished(finished) | Event::RollbackFinished(finished) = event
            && let Some(state) = &finished.state
        {
            self.states.insert(finished.place.clone(), state.clone());
        }
    }

    fn of(&self, blob: &BlobRef) -> Option<&'static str> {
        let kept = self.kept.iter().find(|(kept, _)| kept == blob).map(|(_, what)| *what);
        let state = self.states.values().any(|state| state == blob);
        kept.or(state.then_some("what the next block's shell begins with"))
    }
}

/// Event 0, and the only blob whose digest begins like this, with the first event that names it.
fn named(dir: &Path, digits: &str) -> Result<(Box<RunOpened>, u64, BlobRef), ExpungeError> {
    let (mut first, mut found) = (None, None::<(u64, BlobRef)>);
    for stamped in Reader::open(dir)? {
        let stamped = stamped?;
        if let Event::RunOpened(opened) = &stamped.event {
            first.get_or_insert_with(|| opened.clone());
        }
        let blobs = referenced(&stamped.event).unwrap_or_default();
        for blob in blobs.into_iter().filter(|blob| blob.sha256.starts_with(digits)) {
            match &found {
                Some((_, other)) if *other != blob => {
                    return Err(ExpungeError::Ambiguous(digits.to_owned()));
                }
                Some(_) => {}
                None => found = Some((stamped.n, blob)),
            }
        }
    }
    let found = first.zip(found).ok_or_else(|| ExpungeError::NotNamed(digits.to_owned()))?;
    let (opened, (event, blob)) = found;
    if blob.sha256.len() != 64 {
        return Err(ExpungeError::NoDigest(blob.sha256));
    }
    Ok((opened, event, blob))
}

/// Writes a file beside a blob so that it is there whole or not at all.
fn write(dir: &Path, blob: &BlobRef, ending: &str, bytes: &[u8]) -> Result<(), DiskError> {
    let path = dir.join(SHA256).join(format!("{}{ending}", blob.sha256));
    let partial = dir.join(SHA256).join(format!("{}{PARTIAL}", blob.sha256));
    // A crash may have left one; the lock is held, so it is nobody's.
    match fs::remove_file(&partial) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(cannot("remove", &partial)(e)),
        _ => {}
    }
    let mut file = make_file(&partial).map_err(cannot("create", &partial))?;
    file.write_all(bytes).map_err(cannot("write to", &partial))?;
    file.sync_all().map_err(cannot("sync", &partial))?;
    fs::rename(&partial, &path).map_err(cannot("create", &path))?;
    sync_dir(&dir.join(SHA256))
}
