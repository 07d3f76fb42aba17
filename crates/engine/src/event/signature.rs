//! A release by key: what the record keeps of it beside the signed statement itself.

use serde::{Deserialize, Serialize};

/// Binds a release to the files `signoffs/NNNN.json` and `signoffs/NNNN.json.sig` of the record, NNNN being the
/// number of its event (record.md section 4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeySignature {
    /// Fingerprint of the key, as `ssh-keygen -l` shows it.
    pub key: String,
    /// SHA-256 of the statement's bytes, lower-case hex.
    pub statement: String,
    /// SHA-256 of the armored signature's bytes, lower-case hex.
    pub signature: String,
}
