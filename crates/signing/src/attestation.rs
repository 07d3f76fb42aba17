//! Attestations: a payload in a DSSE envelope, signed with an ECDSA P-256 key that is kept for nothing else.
//!
//! Other programs verify these: what is signed, how keys are named and how signatures are written is DSSE 1.0's.

use base64ct::{Base64, Encoding as _};
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey, VerifyingKey};
use p256::pkcs8::{DecodePrivateKey as _, EncodePublicKey as _};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use ssh_key::public::{EcdsaPublicKey, KeyData};

use crate::AllowedSigners;

/// What an in-toto statement is, to whoever opens the envelope.
pub const IN_TOTO: &str = "application/vnd.in-toto+json";

/// A payload and its signatures (DSSE 1.0).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Attestation {
    /// The payload's bytes, base64.
    pub payload: String,
    /// What they are.
    pub payload_type: String,
    /// Who says so.
    pub signatures: Vec<Signed>,
}

/// One signature over type and payload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signed {
    /// A hint which key: the SHA-256 of its public half (SubjectPublicKeyInfo, DER), lower-case hex.
    pub keyid: String,
    /// The signature (ASN.1, DER), base64.
    pub sig: String,
}

/// Why a key cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadKey {
    /// An SSH key: those are people's.
    #[error("it is an SSH key")]
    Ssh,
    /// It would ask for a passphrase.
    #[error("it is encrypted")]
    Encrypted,
    /// Not PKCS#8 in PEM, or not of this curve.
    #[error("it is no ECDSA key on P-256 in PKCS#8 (PEM)")]
    Unreadable,
}

/// A private key for attestations.
pub struct AttestationKey(SigningKey);

impl std::fmt::Debug for AttestationKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AttestationKey").field("id", &self.id()).finish()
    }
}

impl AttestationKey {
    /// Reads PKCS#8 in PEM.
    ///
    /// # Errors
    /// It is something else.
    pub fn read(pem: &str) -> Result<AttestationKey, BadKey> {
        if pem.contains("BEGIN OPENSSH PRIVATE KEY") {
            return Err(BadKey::Ssh);
        }
        if pem.contains("BEGIN ENCRYPTED PRIVATE KEY") {
            return Err(BadKey::Encrypted);
        }
        SigningKey::from_pkcs8_pem(pem).map(AttestationKey).map_err(|_| BadKey::Unreadable)
    }

    /// Its name in envelopes.
    pub fn id(&self) -> String {
        let public = VerifyingKey::from(&self.0).to_public_key_der();
        let public = public.map(|der| der.into_vec()).unwrap_or_default();
        Sha256::digest(&public).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whether it is one that a person signs with, in another wrapping.
    pub fn is_one_of(&self, signers: &AllowedSigners) -> bool {
        signers.name(&KeyData::Ecdsa(EcdsaPublicKey::from(VerifyingKey::from(&self.0))))
    }

    /// Signs a payload of this type.
    pub fn attest(&self, payload_type: &str, payload: &[u8]) -> Attestation {
        let signature: Signature = self.0.sign(&to_sign(payload_type, payload));
        Attestation {
            payload: Base64::encode_string(payload),
            payload_type: payload_type.to_owned(),
            signatures: vec![Signed {
                keyid: self.id(),
                sig: Base64::encode_string(signature.to_der().as_bytes()),
            }],
        }
    }
}

/// The bytes that are signed: DSSE's pre-authentication encoding, lengths in bytes.
fn to_sign(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len());
    [head.as_bytes(), payload].concat()
}
