//! A sign-off by key: what the record keeps of it beside the signed statement itself.

use holdpoint_model::{Assurance, Meaning};
use serde::{Deserialize, Serialize};

/// Binds a sign-off to the files `signoffs/NNNN.json` and `signoffs/NNNN.json.sig` of the record, NNNN being the
/// number of its event (record.md section 4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct KeySignature {
    /// Fingerprint of the key, as `ssh-keygen -l` shows it.
    pub key: String,
    /// SHA-256 of the statement's bytes, lower-case hex.
    pub statement: String,
    /// SHA-256 of the armored signature's bytes, lower-case hex.
    pub signature: String,
}

/// A rejection by key: what is signed says everything that a sign-off says, and the reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SignedRejection {
    /// The role it was rejected in.
    pub role: String,
    /// What signing there means (21 CFR 11.50 (a) (3)).
    pub meaning: Meaning,
    /// What was not signed, rendered.
    pub statement: String,
    /// Printed name (21 CFR 11.50 (a) (1)).
    pub name: String,
    /// How sure it is who signed.
    pub assurance: Assurance,
    /// The key's signature.
    pub signature: KeySignature,
}
