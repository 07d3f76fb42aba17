//! Expunging a leaked blob: its bytes go, and a tombstone says who took them away, when and why (record.md section 6).
//!
//! Nothing else changes: events and seal go on naming the blob by digest and length.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use holdpoint_engine::{BlobRef, Event};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::FORMAT;
use crate::blob::{SHA256, referenced};
use crate::disk::{DiskError, cannot, make_file, open_regular, sync_dir};
use crate::open::{OpenError, take_lock};
use crate::reader::{ReadError, Reader};

/// How the file of a tombstone ends; in front of it stands the blob's digest.
pub(crate) const EXPUNGED: &str = ".expunged";
const PARTIAL: &str = ".expunged.partial";
/// A tombstone is some 400 bytes and a reason; what is longer than this is none.
const LONGEST: u64 = 64 * 1024;
/// Least digits of a digest that name a blob.
const LEAST_DIGITS: usize = 8;

/// What stands in a blob's place: `blobs/sha256/<hex>.expunged`. Not signed by anybody yet.
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

/// A blob that verify found a tombstone of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expunged {
    /// The first event that names it.
    pub event: u64,
    /// Its tombstone.
    pub tombstone: Tombstone,
    /// Whether its bytes are there all the same: the work was interrupted, or a later block printed them again.
    pub still_there: bool,
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
    /// The blob is gone and has a tombstone.
    #[error("the blob {} was expunged already, at {} by {}: {}", .0.blob.sha256, .0.at, .0.who, .0.reason)]
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

/// Takes the bytes of a blob away and leaves a tombstone, durably and in this order. `run.jsonl` and `seal.json` are
/// not touched; a sealed run is as good as an open one that nobody drives. Done over after a crash, it ends what was
/// begun and keeps the first tombstone. Gives the tombstone, and the first event that names the blob.
///
/// `blob` is a digest or the beginning of one.
pub fn expunge(
    dir: &Path,
    blob: &str,
    who: &str,
    reason: &str,
    at: Timestamp,
) -> Result<Expunged, ExpungeError> {
    let digits = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
    if !(LEAST_DIGITS..=64).contains(&blob.len()) || !blob.bytes().all(digits) {
        return Err(ExpungeError::NoDigest(blob.to_owned()));
    }
    if who.trim().is_empty() || reason.trim().is_empty() {
        return Err(ExpungeError::Unexplained);
    }
    let (id, event, blob) = named(dir, blob)?;
    let _lock = take_lock(dir)?;
    let path = dir.join(SHA256).join(&blob.sha256);
    let there = path.symlink_metadata().is_ok();
    let tombstone = match read(dir, &id, &blob) {
        Err(reason) => {
            return Err(ExpungeError::BadTombstone { path: place(dir, &blob), reason });
        }
        Ok(Some(tombstone)) if !there => return Err(ExpungeError::Already(Box::new(tombstone))),
        Ok(Some(tombstone)) => tombstone,
        Ok(None) if !there => return Err(ExpungeError::Missing(blob.sha256)),
        Ok(None) => {
            let (who, reason) = (who.trim().to_owned(), reason.trim().to_owned());
            let tombstone = Tombstone { format: FORMAT.to_owned(), id, blob, at, who, reason };
            write(dir, &tombstone)?;
            tombstone
        }
    };
    fs::remove_file(&path).map_err(cannot("remove", &path))?;
    sync_dir(&dir.join(SHA256))?;
    Ok(Expunged { event, tombstone, still_there: false })
}

/// The run's ULID, and the only blob whose digest begins like this, with the first event that names it.
fn named(dir: &Path, digits: &str) -> Result<(String, u64, BlobRef), ExpungeError> {
    let (mut id, mut found) = (String::new(), None::<(u64, BlobRef)>);
    for stamped in Reader::open(dir)? {
        let stamped = stamped?;
        if let Event::RunOpened(opened) = &stamped.event {
            id.clone_from(&opened.id);
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
    let (event, blob) = found.ok_or_else(|| ExpungeError::NotNamed(digits.to_owned()))?;
    if blob.sha256.len() != 64 {
        return Err(ExpungeError::NoDigest(blob.sha256));
    }
    Ok((id, event, blob))
}

fn place(dir: &Path, blob: &BlobRef) -> PathBuf {
    dir.join(SHA256).join(format!("{}{EXPUNGED}", blob.sha256))
}

/// The tombstone of a blob, if there is one. The error says why what stands there is none.
pub(crate) fn read(dir: &Path, id: &str, blob: &BlobRef) -> Result<Option<Tombstone>, String> {
    let file = match open_regular(&place(dir, blob)) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(|e| format!("its tombstone cannot be read: {e}"))?,
    };
    let mut bytes = Vec::new();
    let read = file.take(LONGEST + 1).read_to_end(&mut bytes);
    read.map_err(|e| format!("its tombstone cannot be read: {e}"))?;
    let none = |why: &str| Err(format!("its tombstone is none: {why}"));
    if bytes.len() as u64 > LONGEST {
        return none("it is too long");
    }
    match serde_json::from_slice::<Tombstone>(&bytes) {
        Err(e) => none(&e.to_string()),
        Ok(tombstone) if tombstone.blob != *blob => none("it is that of another blob"),
        Ok(tombstone) if tombstone.id != id => none("it is that of another run"),
        Ok(tombstone) if tombstone.who.trim().is_empty() || tombstone.reason.trim().is_empty() => {
            none("it does not say who expunged it, or why")
        }
        Ok(tombstone) => Ok(Some(tombstone)),
    }
}

/// Writes a tombstone so that it is there whole or not at all.
fn write(dir: &Path, tombstone: &Tombstone) -> Result<(), DiskError> {
    let path = place(dir, &tombstone.blob);
    let partial = dir.join(SHA256).join(format!("{}{PARTIAL}", tombstone.blob.sha256));
    // A crash may have left one; the lock is held, so it is nobody's.
    match fs::remove_file(&partial) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(cannot("remove", &partial)(e)),
        _ => {}
    }
    let mut bytes = serde_json::to_vec(tombstone).map_err(io::Error::from).map_err(cannot("write", &path))?;
    bytes.push(b'\n');
    let mut file = make_file(&partial).map_err(cannot("create", &partial))?;
    file.write_all(&bytes).map_err(cannot("write to", &partial))?;
    file.sync_all().map_err(cannot("sync", &partial))?;
    fs::rename(&partial, &path).map_err(cannot("create", &path))?;
    sync_dir(&dir.join(SHA256))
}
