//! Blobs, checked: a rendering never shows bytes that are not those the record names. An output may be larger than
//! memory, so it is checked and shown piece by piece.

use std::io::{self, Read, Seek, SeekFrom};
use std::rc::Rc;

use holdpoint_engine::{BlobRef, Stamped};
use holdpoint_model::{Plan, hex};
use sha2::{Digest, Sha256};

use crate::text;

/// Bytes that can be read from anywhere in them.
pub trait ReadAt: Read + Seek {}

impl<T: Read + Seek> ReadAt for T {}

/// A blob that was opened, or why it was not.
pub type Opened = Result<Box<dyn ReadAt>, Absent>;

/// Why a blob cannot be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Absent {
    /// It is not there.
    Missing,
    /// It was expunged: by whom, when and why, in words of the record that anybody may have given.
    Expunged(String),
}

impl Absent {
    /// In one line in which nothing acts.
    fn words(&self) -> String {
        match self {
            Absent::Missing => MISSING.to_owned(),
            Absent::Expunged(words) => {
                let words = text::visible(words.as_bytes()).replace('\n', "⏎");
                format!("EXPUNGED: these bytes were {words}")
            }
        }
    }
}

const MISSING: &str = "MISSING: the record does not hold these bytes";
const ALTERED: &str = "ALTERED: the bytes kept are not those that the record names, so they are not shown";
/// How much is read at once, bytes.
const AT_ONCE: usize = 64 * 1024;

/// A stretch of a blob that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    pub(crate) blob: Rc<BlobRef>,
    /// Where it begins in the blob, bytes.
    pub(crate) from: u64,
    /// How long it is, bytes.
    pub(crate) length: usize,
}

impl Piece {
    /// The blob that it is of.
    pub fn blob(&self) -> &BlobRef {
        &self.blob
    }

    /// Its bytes, from the blob opened anew. The error says in words why there are none.
    pub fn read(&self, opened: Opened) -> Result<Vec<u8>, String> {
        let mut opened = opened.map_err(|absent| absent.words())?;
        let mut bytes = vec![0; self.length];
        let read = opened.seek(SeekFrom::Start(self.from)).and_then(|_| opened.read_exact(&mut bytes));
        read.map(|()| bytes).map_err(|_| ALTERED.to_owned())
    }
}

/// Reads a blob that is to be shown whole, and holds it against its reference. The error says in words why there is
/// nothing to show.
pub(crate) fn fetch(m: &Material<'_>, blob: &BlobRef) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    pass(m, blob, &mut |piece| bytes.extend_from_slice(piece))?;
    Ok(bytes)
}

/// Passes a blob on piece by piece. Nothing of it may be shown before this returns without an error.
pub(crate) fn pass(m: &Material<'_>, blob: &BlobRef, sink: &mut dyn FnMut(&[u8])) -> Result<(), String> {
    let mut opened = (m.blob)(blob).map_err(|absent| absent.words())?;
    let (mut hasher, mut length) = (Sha256::new(), 0_u64);
    let most = blob.bytes.saturating_add(1).min(AT_ONCE as u64) as usize;
    let mut buffer = vec![0; most];
    loop {
        match opened.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) if length + read as u64 <= blob.bytes => {
                length += read as u64;
                hasher.update(&buffer[..read]);
                sink(&buffer[..read]);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Ok(_) | Err(_) => return Err(ALTERED.to_owned()),
        }
    }
    if length == blob.bytes && hex(&hasher.finalize()) == blob.sha256 {
        Ok(())
    } else {
        Err(ALTERED.to_owned())
    }
}

/// What a rendering is made from.
#[derive(Clone)]
pub struct Material<'a> {
    /// The plan, whose spans are of `source`.
    pub plan: &'a Plan,
    /// The document's text, exactly the bytes the record names.
    pub document: &'a str,
    /// The same, with the files that it includes; the very same where it includes none.
    pub source: &'a str,
    /// The record's events, in order, from event 0.
    pub events: &'a [Stamped],
    /// Opens a blob of the record, or says why it is not there. Digest and length are checked here again.
    pub blob: &'a dyn Fn(&BlobRef) -> Opened,
    /// What `verify` said of the record, in its own words; `None` where nobody asked it.
    pub verdict_of_verify: Option<holdpoint_view::Verified>,
    /// Who has the run while the record is read; `None` where nobody does.
    pub held: Option<holdpoint_view::HeldBy>,
    /// When the record is read: of an open run, what is no longer good by then has lapsed.
    pub now: jiff::Timestamp,
    /// Reviews that lie beside the sealed record.
    pub reviews: Vec<holdpoint_view::ReviewFacts>,
    /// Why they, or the rest of them, do not hold.
    pub reviews_wrong: Option<String>,
    /// Anchors that lie beside the record.
    pub anchors: Vec<holdpoint_view::AnchorFacts>,
    /// Why they, or the rest of them, do not hold.
    pub anchors_wrong: Option<String>,
    /// What was expunged, by the tombstones in its place.
    pub expunged: Vec<holdpoint_view::ExpungedFacts>,
    /// Why the record of the rehearsal that the run relied on is not what it was, where it lies in the same store.
    pub rehearsal_wrong: Option<String>,
    /// The zone that times are shown in.
    pub zone: jiff::tz::TimeZone,
}

impl Material<'_> {
    /// The event from which on nothing counts, where `verify` found one.
    pub(crate) fn refused(&self) -> Option<holdpoint_view::Break> {
        self.verdict_of_verify.as_ref().and_then(|verified| verified.broken.clone())
    }
}
