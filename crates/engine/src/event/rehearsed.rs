//! The rehearsal that a run relied on, as its event 0 names it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::BlobRef;

/// A run of the same store that was the rehearsal which the environment asks for. What its record says of itself is
/// kept with the run that relied on it, so that the rule can be proved again without it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Rehearsed {
    /// Its number in the store.
    pub number: u64,
    /// Its ULID.
    pub id: String,
    /// Where it ran.
    pub environment: String,
    /// When its last event was written.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    #[serde(deserialize_with = "holdpoint_model::moment_of")]
    pub ended: Timestamp,
    /// Its `seal.json`: the digest is what anchors it.
    pub seal: BlobRef,
    /// Its `run.jsonl`, which the seal is over.
    pub log: BlobRef,
    /// Its `holdpoint.toml`, without which its events cannot be held against the engine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<BlobRef>,
    /// What it captured under the names that `requires.same` has of captured values: no block of the run may capture another.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub captured: BTreeMap<String, String>,
}

/// So much of a value is told, in characters.
const TOLD: usize = 80;

impl Rehearsed {
    /// What it captured that blocks of the run capture too, in words that follow on the rehearsal; `None` where that is
    /// nothing.
    pub fn same(&self) -> Option<String> {
        let told = self.captured.iter().map(|(name, value)| format!("{name} {}", Rehearsed::short(value)));
        let told: Vec<String> = told.collect();
        (!told.is_empty()).then(|| format!("with the same {}", told.join(", ")))
    }

    /// So much of a value as is told.
    pub(crate) fn short(value: &str) -> String {
        match value.char_indices().nth(TOLD) {
            Some((at, _)) => format!("{}…", &value[..at]),
            None => value.to_owned(),
        }
    }
}
