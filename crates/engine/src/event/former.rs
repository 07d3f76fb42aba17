//! The run before a run in its store: event 0 names it, so that none can be taken away or rewritten unseen.

use serde::{Deserialize, Serialize};

/// The run before, as it was when the run opened. Of one that could not be read there is the number alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Former {
    /// Its number in the store.
    pub number: u64,
    /// Its ULID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// SHA-256 of its `seal.json`, lower-case hex, where it was sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seal: Option<String>,
    /// How far it had come, where it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<FormerHead>,
}

/// How far an open run had come: `head -c BYTES run.jsonl | sha256sum`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FormerHead {
    /// So many events.
    pub events: u64,
    /// In so many bytes.
    pub bytes: u64,
    /// SHA-256 of these, lower-case hex.
    pub sha256: String,
}
