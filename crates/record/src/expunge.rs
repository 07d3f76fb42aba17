//! Blobs that were expunged, proved by the tombstones in their place (record.md section 6). How one is expunged:
//! `expunging.rs`.

use std::path::Path;

use holdpoint_engine::{BlobRef, RunOpened};
use holdpoint_signing::{EXPUNGE, Signers, check};

use crate::FORMAT;
use crate::blob::text_blob;
use crate::by_key::ByKey;
use crate::layout::SHA256;
use crate::tombstone::{SIGNATURE, Tombstone, place, whole};

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
pub(crate) fn proved(
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
