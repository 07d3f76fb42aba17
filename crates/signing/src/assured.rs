//! Whether a signature counts, and how sure it makes who signed.

use holdpoint_document::Assurance;
use jiff::Timestamp;

use crate::{AllowedSigners, Envelope, NotASignature, Revoked};

/// Who may sign, as it was when the run opened.
#[derive(Clone, Debug, Default)]
pub struct Signers {
    /// Whose keys.
    pub allowed: AllowedSigners,
    /// Which count no more.
    pub revoked: Revoked,
}

/// A signature that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assured {
    /// [`Assurance::Ssh`], or [`Assurance::FidoUv`] for a security key that verified its user.
    pub assurance: Assurance,
    /// The key's fingerprint, as `ssh-keygen -l` shows it.
    pub key: String,
}

/// Why a signature does not count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is none, or not of these bytes.
    #[error(transparent)]
    Bad(#[from] NotASignature),
    /// Made for something else.
    #[error("it was made for `{0}`, not for `{1}`")]
    Namespace(String, String),
    /// The key counts no more.
    #[error("the key {0} is revoked")]
    Revoked(String),
    /// Not this person's key, or not for this, or not now.
    #[error("{0}")]
    NotAllowed(String),
    /// A security key that nobody touched.
    #[error("the security key signed without being touched")]
    NotPresent,
}

/// Checks that `principal` signed `message` for `namespace` at that time, as `ssh-keygen -Y verify` would, and the
/// flags of a security key, which it would not.
///
/// # Errors
/// The first reason why it does not count.
pub fn check(
    message: &[u8],
    armored: &[u8],
    principal: &str,
    namespace: &str,
    signers: &Signers,
    at: Timestamp,
) -> Result<Assured, Refused> {
    let envelope = Envelope::read(armored)?;
    if envelope.namespace() != namespace {
        return Err(Refused::Namespace(envelope.namespace().to_owned(), namespace.to_owned()));
    }
    let presented = envelope.proves(message)?;
    let key = presented.fingerprint().to_string();
    if signers.revoked.holds(&presented) {
        return Err(Refused::Revoked(key));
    }
    signers.allowed.find(principal, &presented, namespace, at).map_err(Refused::NotAllowed)?;
    let assurance = match envelope.flags() {
        Some((false, _)) => return Err(Refused::NotPresent),
        Some((true, true)) => Assurance::FidoUv,
        Some((true, false)) | None => Assurance::Ssh,
    };
    Ok(Assured { assurance, key })
}
