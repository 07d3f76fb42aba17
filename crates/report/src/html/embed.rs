//! The record inside of the page: the exact bytes, so that whoever opens it can have them proved.

use std::collections::BTreeMap;
use std::io::Read as _;

use base64ct::{Base64, Encoding as _};
use holdpoint_engine::{BlobRef, Event};
use holdpoint_view::Comparison;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::{Material, ReadAt, ReportError, Summary};

/// A blob larger than this is not put into a page, bytes: the page says so, and that it was not checked there.
pub const LARGEST_BLOB: u64 = 4 * 1024 * 1024;
/// Nor is any more once there are so many bytes of them.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// The record as it lies there, beside the blobs, which [`Material`] gives: bytes, whatever they are.
pub struct Kept<'a> {
    /// `run.jsonl`.
    pub log: &'a [u8],
    /// `seal.json`, where there is one.
    pub seal: Option<&'a [u8]>,
    /// Files of `signoffs/` by name.
    pub signoffs: &'a BTreeMap<String, Vec<u8>>,
    /// Digests of blobs that were expunged.
    pub expunged: &'a [String],
    /// The rehearsal that the run relied on beside it; or why they were not compared, in words. `None` where it relied on
    /// none.
    pub rehearsal: Option<Result<&'a Comparison, &'a str>>,
}

/// As the page's script reads it; bytes are base64.
#[derive(Serialize)]
struct Embedded<'a> {
    log: String,
    seal: Option<String>,
    signoffs: BTreeMap<&'a str, String>,
    blobs: BTreeMap<String, String>,
    left_out: Vec<String>,
    expunged: &'a [String],
    /// What `verify` said of the record; and what it said of what lies beside it, where that does not hold.
    verification: Option<&'a str>,
    beside: Vec<String>,
}

/// The record as JSON that can stand in a `script` element.
pub(super) fn record(m: &Material<'_>, kept: &Kept<'_>, summary: &Summary) -> Result<String, ReportError> {
    let base64 = Base64::encode_string;
    let (mut blobs, mut left_out, mut total) = (BTreeMap::new(), Vec::new(), 0u64);
    for blob in references(m)? {
        if blobs.contains_key(&blob.sha256) || left_out.contains(&blob.sha256) {
            continue;
        }
        let fits = blob.bytes <= LARGEST_BLOB && total.saturating_add(blob.bytes) <= MOST_BYTES;
        if !fits {
            left_out.push(blob.sha256);
        } else if let Some(bytes) = (m.blob)(&blob).ok().and_then(whole) {
            total = total.saturating_add(bytes.len() as u64);
            blobs.insert(blob.sha256, base64(&bytes));
        }
    }
    let embedded = Embedded {
        log: base64(kept.log),
        seal: kept.seal.map(base64),
        signoffs: kept.signoffs.iter().map(|(name, bytes)| (name.as_str(), base64(bytes))).collect(),
        blobs,
        left_out,
        expunged: kept.expunged,
        verification: m.verdict_of_verify.as_ref().map(|verified| verified.words.as_str()),
        beside: summary.wrong_beside(),
    };
    // Inside of a script element `<` could end it, wherever it stands.
    Ok(serde_json::to_string(&embedded)?.replace('<', "\\u003c"))
}

/// Its bytes, as they are: the page finds out whether they are right. A file that grew is not read for ever.
fn whole(opened: Box<dyn ReadAt>) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    opened.take(LARGEST_BLOB + 1).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// Blobs that events name, in their order: objects of exactly the two keys `sha256` and `bytes`.
fn references(m: &Material<'_>) -> Result<Vec<BlobRef>, ReportError> {
    let mut found = Vec::new();
    for stamped in m.events {
        collect(&serde_json::to_value::<&Event>(&stamped.event)?, &mut found);
    }
    Ok(found)
}

fn collect(value: &Value, found: &mut Vec<BlobRef>) {
    match value {
        Value::Object(fields) => match (fields.len(), fields.get("sha256"), fields.get("bytes")) {
            (2, Some(Value::String(sha256)), Some(Value::Number(bytes))) => {
                let bytes = bytes.as_u64().unwrap_or(u64::MAX);
                found.push(BlobRef { sha256: sha256.clone(), bytes });
            }
            _ => fields.values().for_each(|value| collect(value, found)),
        },
        Value::Array(values) => values.iter().for_each(|value| collect(value, found)),
        _ => {}
    }
}

/// SHA-256 as a content security policy names a script or style: base64.
pub(super) fn digest(bytes: &[u8]) -> String {
    Base64::encode_string(&Sha256::digest(bytes))
}
