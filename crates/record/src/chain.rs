//! The chain that ties lines together: digests in hex, and how far a file has been read.

use sha2::{Digest as _, Sha256};

/// A point in a record. `head -c BYTES run.jsonl | sha256sum` gives its digest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// Events before it.
    pub events: u64,
    /// Bytes of `run.jsonl` before it.
    pub bytes: u64,
    /// SHA-256 of those bytes, lower-case hex.
    pub sha256: String,
}

/// A digest in lower-case hex.
#[derive(Clone, Copy)]
pub(crate) struct Hex([u8; 64]);

impl Hex {
    #[cfg(test)]
    pub(crate) fn of(digits: &str) -> Hex {
        Hex(digits.as_bytes().try_into().expect("64 digits"))
    }

    pub(crate) fn as_str(&self) -> &str {
        // Hex digits are ASCII, so the empty text stands for nothing that happens.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// Every byte in lower-case hex.
const DIGITS: [[u8; 2]; 256] = {
    let (mut digits, mut byte) = ([[0; 2]; 256], 0);
    while byte < 256 {
        digits[byte] = [b"0123456789abcdef"[byte >> 4], b"0123456789abcdef"[byte & 15]];
        byte += 1;
    }
    digits
};

/// A finished digest in lower-case hex. Every line takes one, hence by table.
pub(crate) fn hex_of(hasher: Sha256) -> Hex {
    let mut hex = [0; 64];
    for (pair, byte) in hex.chunks_exact_mut(2).zip(hasher.finalize()) {
        pair.copy_from_slice(&DIGITS[usize::from(byte)]);
    }
    Hex(hex)
}

/// As [`hex_of`], as a text.
pub(crate) fn hex(hasher: Sha256) -> String {
    hex_of(hasher).as_str().to_owned()
}
