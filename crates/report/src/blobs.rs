//! Blobs, checked: a rendering never shows bytes that are not those the record names.

use holdpoint_engine::BlobRef;
use sha2::{Digest, Sha256};

use crate::Material;

/// What the record's store had for a reference.
pub(crate) enum Fetched {
    /// The bytes that the record names.
    Bytes(Vec<u8>),
    /// Nothing.
    Missing,
    /// Other bytes.
    Altered,
}

/// SHA-256, lower-case hex.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads a blob and holds it against its reference.
pub(crate) fn fetch(m: &Material<'_>, blob: &BlobRef) -> Fetched {
    match (m.blob)(blob) {
        None => Fetched::Missing,
        Some(bytes) if bytes.len() as u64 == blob.bytes && sha256(&bytes) == blob.sha256 => {
            Fetched::Bytes(bytes)
        }
        Some(_) => Fetched::Altered,
    }
}

impl Fetched {
    /// The bytes, or in words why there are none.
    pub(crate) fn bytes(self) -> Result<Vec<u8>, &'static str> {
        match self {
            Fetched::Bytes(bytes) => Ok(bytes),
            Fetched::Missing => Err("MISSING: the record does not hold these bytes"),
            Fetched::Altered => {
                Err("ALTERED: the bytes kept are not those that the record names, so they are not shown")
            }
        }
    }
}
