//! Expunging a leaked blob: its bytes go, and a tombstone says who took them away, when and why (record.md section 6).
//!
//! Nothing else changes: events and seal go on naming the blob by digest and length.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use holdpoint_engine::{BlobRef, Event, RunOpened};
use holdpoint_signing::{EXPUNGE, Signers, check};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::FORMAT;
use crate::blob::{referenced, text_blob};
use crate::by_key::ByKey;
use crate::disk::{DiskError, cannot, make_file, open_regular, sync_dir};
use crate::errors::OpenError;
use crate::errors::ReadError;
use crate::layout::SHA256;
use crate::lock::RunLock;
use crate::reader::Reader;
use crate::writer::take_lock;

/// How the file of a tombstone ends; in front of it stands the blob's digest.
pub(crate) const EXPUNGED: &str = ".expunged";
/// How the file of its signature ends.
pub(crate) const SIGNATURE: &str = ".expunged.sig";
const PARTIAL: &str = ".expunged.partial";
/// A tombstone is some 400 bytes and a reason; what is longer than this is none.
const LONGEST: u64 = 64 * 1024;
/// Least digits of a digest that name a blob.
const LEAST_DIGITS: usize = 8;

/// What stands in a blob's place: `blobs/sha256/<hex>.expunged`. Where the run knows signers, `<hex>.expunged.sig` is an
/// SSH signature of its exact bytes by `who`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tombstone {
    /// Format version of the record.
    pub format: String,
    /// ULID of the run.
    pub id: String,
    /// The blob that was there.
    pub blob: BlobRef,
    /// When it was expunged, UTC.
    pub at: Timestamp,
    /// Who did it; never empty.
    pub who: String,
    /// Why; never empty.
    pub reason: String,
}

/// Whether something was expunged from the record in this directory, as the names of its blobs say. Nothing is proved.
pub fn has_tombstones(dir: &Path) -> bool {
    let Ok(blobs) = fs::read_dir(dir.join(SHA256)) else { return false };
    blobs.flatten().any(|blob| blob.file_name().as_encoded_bytes().ends_with(EXPUNGED.as_bytes()))
}

/// A blob that verify found a tombstone of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expunged {
    /// The first event that names it.
    pub event: u64,
    /// Its tombstone.
    pub tombstone: Tombstone,
    /// Whether its bytes are there all the same: the work was interrupted, or a later block printed them again.
    pub still_there: bool,
    /// Fingerprint of the key that signed the tombstone; `None` where the run knows no signers.
    pub key: Option<String>,
}

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
            Ok(None) => (Tombstone { format: FORMAT.to_owned(), id: opened.id, blob, at, who, reason }, None),
        };
        let mut bytes =
            serde_json::to_vec(&tombstone).map_err(io::Error::from).map_err(cannot("write", dir))?;
        bytes.push(b'\n');
        Ok(Expunging { dir: dir.to_owned(), event, tombstone, bytes, begun, signers, _lock: lock })
    }

    /// The bytes that a key must sign, in the namespace [`EXPUNGE`], and who may; `None` where the run knows no
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

/// Who may sign tombstones of this run: whoever event 0's file of allowed signers lets sign for [`EXPUNGE`]. `None` where
/// it names nobody at all.
pub(crate) fn signers(dir: &Path, opened: &RunOpened) -> Result<Option<Signers>, String> {
    let bytes = |reference: &BlobRef| {
        text_blob(dir, reference)
            .map_err(|error| format!("the file that says who may sign cannot be read: {error}"))
    };
    let signers = Signers::of(opened, bytes, |error| error.to_string())?;
    Ok(Some(signers).filter(|signers| !signers.allowed.is_empty()))
}

/// The fingerprint of the key, if the signature counts.
fn proved(
    bytes: &[u8],
    signature: &[u8],
    tombstone: &Tombstone,
    signers: &Signers,
) -> Result<String, String> {
    let Tombstone { who, at, .. } = tombstone;
    check(bytes, signature, who, EXPUNGE, signers, *at).map(|assured| assured.key).map_err(|e| e.to_string())
}

/// Whose key signed a tombstone that was proved; `None` where it needed none.
pub(crate) fn tombstone_key(dir: &Path, gone: &Expunged) -> Result<Option<ByKey>, String> {
    if gone.key.is_none() {
        return Ok(None);
    }
    let Tombstone { blob, who, at, .. } = &gone.tombstone;
    let path = dir.join(SHA256).join(format!("{}{SIGNATURE}", blob.sha256));
    let signature = whole(&path, "the signature of its tombstone")?.ok_or("its signature is gone")?;
    ByKey::of(gone.event, "tombstone", who, EXPUNGE, vec![*at], &signature).map(Some)
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

fn place(dir: &Path, blob: &BlobRef) -> PathBuf {
    dir.join(SHA256).join(format!("{}{EXPUNGED}", blob.sha256))
}

/// The tombstone of a blob, if there is one, and the key that signed it. The error says why what stands there is none.
pub(crate) fn read(
    dir: &Path,
    id: &str,
    blob: &BlobRef,
    signers: Option<&Signers>,
) -> Result<Option<(Tombstone, Option<String>)>, String> {
    let Some(bytes) = whole(&place(dir, blob), "its tombstone")? else { return Ok(None) };
    let none = |why: &str| Err(format!("its tombstone is none: {why}"));
    let tombstone = match serde_json::from_slice::<Tombstone>(&bytes) {
        Err(e) => return none(&e.to_string()),
        Ok(tombstone) if tombstone.blob != *blob => return none("it is that of another blob"),
        Ok(tombstone) if tombstone.format != FORMAT => return none("it is of another format"),
        Ok(tombstone) if tombstone.id != id => return none("it is that of another run"),
        Ok(tombstone) if tombstone.who.trim().is_empty() || tombstone.reason.trim().is_empty() => {
            return none("it does not say who expunged it, or why");
        }
        Ok(tombstone) => tombstone,
    };
    let Some(signers) = signers else { return Ok(Some((tombstone, None))) };
    let path = dir.join(SHA256).join(format!("{}{SIGNATURE}", blob.sha256));
    let Some(signature) = whole(&path, "the signature of its tombstone")? else {
        return none("it is not signed, and the run knows signers");
    };
    match proved(&bytes, &signature, &tombstone, signers) {
        Ok(key) => Ok(Some((tombstone, Some(key)))),
        Err(why) => none(&format!("its signature does not count: {why}")),
    }
}

/// A small file; `None` where there is none.
fn whole(path: &Path, what: &str) -> Result<Option<Vec<u8>>, String> {
    let file = match open_regular(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(|e| format!("{what} cannot be read: {e}"))?,
    };
    let mut bytes = Vec::new();
    let read = file.take(LONGEST + 1).read_to_end(&mut bytes);
    read.map_err(|e| format!("{what} cannot be read: {e}"))?;
    if bytes.len() as u64 > LONGEST {
        return Err(format!("{what} is none: it is too long"));
    }
    Ok(Some(bytes))
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
