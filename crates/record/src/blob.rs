//! Blobs: bytes named by their digest, `blobs/sha256/<hex>`; read and checked here, written in `waiting.rs`.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use holdpoint_engine::{BlobRef, Event};
use sha2::{Digest, Sha256};

use crate::chain::hex;
use crate::disk::{cannot, is_no_file, no_file, open_regular};
use crate::errors::BlobError;
use crate::errors::WriteError;
use crate::layout::SHA256;
use crate::reference::each_reference;
use crate::tombstone::{Tombstone, instead_of, place};

/// Most bytes of a blob that are read at a time.
const PIECE: usize = 64 * 1024;
/// How partial blobs are called.
pub(crate) const PARTIAL: &str = "partial-";

/// Once a write or sync failed, nothing of this writer counts any more. Shared by a writer and its blob writers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Poison(Arc<AtomicBool>);

impl Poison {
    pub(crate) fn check(&self) -> Result<(), WriteError> {
        if self.0.load(Ordering::SeqCst) { Err(WriteError::Poisoned) } else { Ok(()) }
    }

    pub(crate) fn set(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Passes a result on, poisoned if it is an error.
    pub(crate) fn on_error<T, E>(&self, result: Result<T, E>) -> Result<T, E> {
        if result.is_err() {
            self.set();
        }
        result
    }
}

/// Reads a blob. Length and digest are checked on every read.
pub fn blob(dir: &Path, blob: &BlobRef) -> Result<Vec<u8>, BlobError> {
    let mut bytes = Vec::new();
    stream(open_blob, dir, blob, &mut |piece| bytes.extend_from_slice(piece))?;
    Ok(bytes)
}

/// The longest text that somebody wrote: a run-book, a configuration, a file of keys.
const LONGEST_TEXT: u64 = 64 * 1024 * 1024;

/// As [`blob`], of a text that somebody wrote. No such text is so long that it could not be held in memory, whatever
/// the record says.
pub fn text_blob(dir: &Path, reference: &BlobRef) -> Result<Vec<u8>, BlobError> {
    let BlobRef { sha256, bytes } = reference;
    if *bytes > LONGEST_TEXT {
        let reason = format!("a text of {bytes} bytes is longer than any");
        return Err(BlobError::Altered { sha256: sha256.clone(), reason });
    }
    blob(dir, reference)
}

/// As [`blob`], keeping nothing.
pub(crate) fn check(dir: &Path, blob: &BlobRef) -> Result<(), BlobError> {
    stream(open_blob, dir, blob, &mut |_| {})
}

/// As [`blob`], for whoever proves a record: whatever stands beside it.
pub(crate) fn blob_there(dir: &Path, blob: &BlobRef) -> Result<Vec<u8>, BlobError> {
    let mut bytes = Vec::new();
    stream(open_there, dir, blob, &mut |piece| bytes.extend_from_slice(piece))?;
    Ok(bytes)
}

/// As [`blob_there`], keeping nothing.
pub(crate) fn check_there(dir: &Path, blob: &BlobRef) -> Result<(), BlobError> {
    stream(open_there, dir, blob, &mut |_| {})
}

fn stream(
    open: fn(&Path, &BlobRef) -> Result<File, BlobError>,
    dir: &Path,
    blob: &BlobRef,
    sink: &mut impl FnMut(&[u8]),
) -> Result<(), BlobError> {
    let file = open(dir, blob)?;
    let path = dir.join(SHA256).join(&blob.sha256);
    let digest = copy(file, blob.bytes, sink).map_err(cannot("read", &path))?;
    if digest == blob.sha256 {
        return Ok(());
    }
    let reason = format!("its bytes have the digest {digest}");
    Err(BlobError::Altered { sha256: blob.sha256.clone(), reason })
}

/// Opens a blob, for whoever checks its digest while reading: only its length has been held against the record. One that
/// was expunged is not opened, though its bytes be there: printed again, or left by who was interrupted.
pub fn open_blob(dir: &Path, blob: &BlobRef) -> Result<File, BlobError> {
    is_digest(&blob.sha256)?;
    match tombstone_of(dir, blob)? {
        Some(tombstone) => Err(BlobError::Expunged(Box::new(tombstone))),
        None => open_there(dir, blob),
    }
}

/// What stands in a blob's place, or beside it, by its own word.
fn tombstone_of(dir: &Path, blob: &BlobRef) -> Result<Option<Tombstone>, BlobError> {
    // Whether it was expunged or is lost is not known where that cannot be read.
    instead_of(dir, blob).map_err(|cause| cannot("read", &place(dir, blob))(cause).into())
}

/// The name becomes a path, and the record may be anybody's.
fn is_digest(sha256: &str) -> Result<(), BlobError> {
    match sha256.len() == 64 && sha256.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        true => Ok(()),
        false => Err(BlobError::BadDigest(sha256.to_owned())),
    }
}

fn open_there(dir: &Path, blob: &BlobRef) -> Result<File, BlobError> {
    let BlobRef { sha256, bytes } = blob;
    is_digest(sha256)?;
    let altered = |reason: String| BlobError::Altered { sha256: sha256.clone(), reason };
    let path = dir.join(SHA256).join(sha256);
    let file = open_regular(&path).map_err(|cause| match cause.kind() {
        io::ErrorKind::NotFound => match tombstone_of(dir, blob) {
            Ok(Some(tombstone)) => BlobError::Expunged(Box::new(tombstone)),
            Ok(None) => BlobError::Missing(sha256.clone()),
            Err(unread) => unread,
        },
        _ if is_no_file(&cause) => altered(no_file(&path, &cause)),
        _ => cannot("read", &path)(cause).into(),
    })?;
    let length = file.metadata().map_err(cannot("read", &path))?.len();
    if length == *bytes {
        Ok(file)
    } else {
        Err(altered(format!("it has {length} bytes and the record says {bytes}")))
    }
}

/// Passes a file of some `length` on and gives its digest.
pub(crate) fn copy(mut file: File, length: u64, sink: &mut impl FnMut(&[u8])) -> io::Result<String> {
    // One byte more than there should be, so that the second read meets the end.
    let most = length.saturating_add(1).min(PIECE as u64) as usize;
    let (mut hasher, mut buffer) = (Sha256::new(), vec![0; most]);
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(hex(hasher)),
            Ok(read) => {
                hasher.update(&buffer[..read]);
                sink(&buffer[..read]);
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}

/// Every blob that an event refers to, in the order in which its line names them.
pub fn referenced(event: &Event) -> Result<Vec<BlobRef>, std::fmt::Error> {
    let mut found = Vec::new();
    each_reference(event, &mut |sha256, bytes| found.push(BlobRef { sha256: sha256.to_owned(), bytes }))?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_found_by_shape_in_whatever_event() {
        let blob = |c: &str| format!(r#"{{"sha256":"{}","bytes":1}}"#, c.repeat(64));
        let events = [
            (format!(r#"{{"type":"log.recovered","torn":{}}}"#, blob("a")), "a"),
            (
                format!(
                    r#"{{"type":"deviation","kind":"edited","step":"s","script":{},"reason":"r","by":{{"who":"w","via":"terminal"}}}}"#,
                    blob("b")
                ),
                "b",
            ),
            (
                format!(
                    r#"{{"type":"action.finished","step":"s","action":"a","attempt":1,"outcome":"passed","duration_ms":1,
                    "output":{{"stdout":{},"stderr":{},"timing":{}}},"files":{{"out/x":{}}},"state":{}}}"#,
                    blob("1"), blob("2"), blob("3"), blob("4"), blob("5")
                ),
                "12345",
            ),
            (
                format!(
                    r#"{{"type":"value.recorded","step":"s","action":"a","name":"n","value":"v","evidence":{{"file":{{"path":"p","blob":{}}}}},
                    "within_limits":true,"by":{{"who":"w","via":"terminal"}}}}"#,
                    blob("c")
                ),
                "c",
            ),
            (r#"{"type":"note","text":"{\"sha256\":\"x\",\"bytes\":1}","by":{"who":"w","via":"terminal"}}"#.into(), ""),
        ];
        for (text, expected) in events {
            let event: Event = serde_json::from_str(&text).unwrap();
            let found: String = referenced(&event).unwrap().iter().map(|blob| &blob.sha256[..1]).collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
