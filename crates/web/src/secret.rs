//! Secrets that the server makes: random, told once, and kept as digests.

use std::fmt;

use base64ct::{Base64UrlUnpadded, Encoding as _};
use sha2::{Digest as _, Sha256};

/// Bytes of a secret.
const BYTES: usize = 32;

/// The digest of a secret: all that is kept of it. Digests are compared, and what comparing them takes tells nothing of
/// the secret.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Digest([u8; 32]);

impl Digest {
    /// Of a text that somebody gave for a secret.
    pub(crate) fn of(text: &str) -> Digest {
        Digest(Sha256::digest(text.as_bytes()).into())
    }

    /// In lower-case hex.
    pub(crate) fn hex(&self) -> String {
        holdpoint_model::hex(&self.0)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest(..)")
    }
}

/// A new secret, fit for a URL and a cookie.
///
/// # Errors
/// The machine gives no random bytes.
pub(crate) fn new() -> std::io::Result<String> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes)
        .map_err(|error| std::io::Error::other(format!("no random bytes: {error}")))?;
    Ok(Base64UrlUnpadded::encode_string(&bytes))
}
