//! What stands in the place of a blob that was expunged (record.md section 6). Nothing is proved here.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use holdpoint_engine::BlobRef;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::disk::{is_no_file, open_regular};
use crate::layout::SHA256;
use crate::told::clock;

/// How the file of a tombstone ends; in front of it stands the blob's digest.
pub(crate) const EXPUNGED: &str = ".expunged";
/// How the file of its signature ends.
pub(crate) const SIGNATURE: &str = ".expunged.sig";
/// A tombstone is some 400 bytes and a reason; what is longer than this is none.
const LONGEST: u64 = 64 * 1024;

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
    #[serde(deserialize_with = "holdpoint_model::moment_of")]
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

impl Tombstone {
    /// In words that follow on what it is of: who expunged it, when (in the reader's zone) and why. They are in one line, and else as
    /// they were given.
    pub fn words(&self) -> String {
        let Tombstone { at, who, reason, .. } = self;
        let at = clock(*at);
        format!("expunged at {at} by {who}: {reason}").replace('\n', "⏎")
    }
}

/// The tombstones of the run with this ULID, by the time they tell. Nothing is proved.
pub fn tombstones(dir: &Path, id: &str) -> Vec<Tombstone> {
    all_tombstones(dir).into_iter().filter(|stone| stone.id == id).collect()
}

/// As [`tombstones`], of whatever run they say that they are.
pub fn all_tombstones(dir: &Path) -> Vec<Tombstone> {
    let Ok(blobs) = fs::read_dir(dir.join(SHA256)) else { return Vec::new() };
    let stones = blobs.flatten().map(|blob| blob.path()).filter(|path| {
        path.file_name().is_some_and(|name| name.as_encoded_bytes().ends_with(EXPUNGED.as_bytes()))
    });
    let read = |path: PathBuf| serde_json::from_slice::<Tombstone>(&whole(&path, "a tombstone").ok()??).ok();
    let mut found: Vec<Tombstone> = stones.filter_map(read).collect();
    found.sort_by(|a, b| (a.at, &a.blob.sha256).cmp(&(b.at, &b.blob.sha256)));
    found
}

/// The tombstone that stands in a blob's place, by its own word.
pub(crate) fn instead_of(dir: &Path, blob: &BlobRef) -> io::Result<Option<Tombstone>> {
    let bytes = match beginning(&place(dir, blob)) {
        // What is no file is no tombstone either.
        Err(e) if is_no_file(&e) => None,
        read => read?,
    };
    let read = bytes.and_then(|bytes| serde_json::from_slice::<Tombstone>(&bytes).ok());
    Ok(read.filter(|tombstone| tombstone.blob == *blob))
}

pub(crate) fn place(dir: &Path, blob: &BlobRef) -> PathBuf {
    dir.join(SHA256).join(format!("{}{EXPUNGED}", blob.sha256))
}

/// A small file; `None` where there is none.
pub(crate) fn whole(path: &Path, what: &str) -> Result<Option<Vec<u8>>, String> {
    match beginning(path).map_err(|e| format!("{what} cannot be read: {e}"))? {
        Some(bytes) if bytes.len() as u64 > LONGEST => Err(format!("{what} is none: it is too long")),
        bytes => Ok(bytes),
    }
}

/// As much of a file as tells whether it is too long; `None` where there is none.
fn beginning(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    match open_regular(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?.take(LONGEST + 1).read_to_end(&mut bytes)?,
    };
    Ok(Some(bytes))
}
