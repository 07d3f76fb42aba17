//! Blobs while a record is proved: each is read once, and small ones are kept to be judged again.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::rc::Rc;

use holdpoint_engine::BlobRef;

use crate::blob::{blob_there, check_there};
use crate::errors::BlobError;

/// A blob of more bytes is read again when it is needed.
const SMALL: u64 = 64 * 1024;
/// So many bytes are kept, about; then all are forgotten.
const KEPT: usize = 4 * 1024 * 1024;

/// A digest, 32 bytes of it.
pub(crate) type Digest = [u8; 32];

/// The blobs that events named so far.
pub(crate) struct Blobs<'d> {
    pub(crate) dir: &'d Path,
    /// Digest and length of those that are what the record says, or were expunged.
    named: HashMap<Digest, u64>,
    gone: HashSet<Digest>,
    kept: HashMap<Digest, Rc<[u8]>>,
    kept_bytes: usize,
}

impl<'d> Blobs<'d> {
    pub(crate) fn of(dir: &'d Path) -> Blobs<'d> {
        let (named, gone, kept) = (HashMap::new(), HashSet::new(), HashMap::new());
        Blobs { dir, named, gone, kept, kept_bytes: 0 }
    }

    /// Whether this very reference was settled before.
    pub(crate) fn knows(&self, sha256: &str, bytes: u64) -> bool {
        digest(sha256).is_some_and(|digest| self.named.get(&digest) == Some(&bytes))
    }

    /// How many different ones were settled.
    pub(crate) fn count(&self) -> usize {
        self.named.len()
    }

    /// Whether any event names it.
    pub(crate) fn names(&self, sha256: &str) -> bool {
        digest(sha256).is_some_and(|digest| self.named.contains_key(&digest))
    }

    /// Whether it was expunged.
    pub(crate) fn is_gone(&self, blob: &BlobRef) -> bool {
        !self.gone.is_empty() && digest(&blob.sha256).is_some_and(|digest| self.gone.contains(&digest))
    }

    /// Reads it and holds it against its name.
    pub(crate) fn check(&mut self, reference: &BlobRef) -> Result<(), BlobError> {
        match digest(&reference.sha256) {
            Some(digest) if reference.bytes <= SMALL => {
                let bytes = blob_there(self.dir, reference)?;
                self.keep(digest, bytes.into());
                Ok(())
            }
            _ => check_there(self.dir, reference),
        }
    }

    /// It is what the record says.
    pub(crate) fn settle(&mut self, blob: &BlobRef) {
        self.named.extend(digest(&blob.sha256).map(|digest| (digest, blob.bytes)));
    }

    /// It was expunged.
    pub(crate) fn bury(&mut self, blob: &BlobRef) {
        self.settle(blob);
        self.gone.extend(digest(&blob.sha256));
    }

    /// The bytes of one that is what the record says.
    pub(crate) fn bytes(&mut self, reference: &BlobRef) -> Result<Rc<[u8]>, BlobError> {
        let kept = digest(&reference.sha256).and_then(|digest| self.kept.get(&digest));
        match kept.filter(|kept| kept.len() as u64 == reference.bytes) {
            Some(kept) => Ok(Rc::clone(kept)),
            None => Ok(blob_there(self.dir, reference)?.into()),
        }
    }

    fn keep(&mut self, digest: Digest, bytes: Rc<[u8]>) {
        // What keeping one costs beside its bytes.
        let cost = bytes.len() + 128;
        if self.kept_bytes + cost > KEPT {
            self.kept.clear();
            self.kept_bytes = 0;
        }
        self.kept_bytes += cost;
        self.kept.insert(digest, bytes);
    }
}

/// What each digit of lower-case hex stands for; more than 15 for what is none.
const NIBBLES: [u8; 256] = {
    let (mut nibbles, mut value) = ([u8::MAX; 256], 0);
    while value < 16 {
        nibbles[b"0123456789abcdef"[value] as usize] = value as u8;
        value += 1;
    }
    nibbles
};

/// The digest that lower-case hex stands for. Asked for every blob that an event names, hence by table.
fn digest(hex: &str) -> Option<Digest> {
    let hex: &[u8; 64] = hex.as_bytes().try_into().ok()?;
    let (mut digest, mut all) = ([0; 32], 0);
    for (byte, pair) in digest.iter_mut().zip(hex.chunks_exact(2)) {
        let (high, low) = (NIBBLES[usize::from(pair[0])], NIBBLES[usize::from(pair[1])]);
        all |= high | low;
        *byte = high << 4 | low;
    }
    (all < 16).then_some(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_64_digits_of_lower_case_hex_and_nothing_else() {
        let good = "0123456789abcdef".repeat(4);
        assert_eq!(digest(&good).unwrap()[..8], [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef]);
        for bad in ["A", "g", "/", ":", "`", "\u{0}"] {
            for at in [0, 1, 63] {
                let mut bad = bad.to_owned();
                bad.insert_str(0, &good[..at]);
                bad.push_str(&good[at + 1..]);
                assert_eq!(bad.len(), 64);
                assert_eq!(digest(&bad), None, "{bad}");
            }
        }
        assert_eq!(digest(&good[1..]), None);
        assert_eq!(digest(&"ä".repeat(32)), None);
    }
}
