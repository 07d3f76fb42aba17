//! Who an event is by, and bytes that it names.

use serde::{Deserialize, Serialize};

/// A blob of the record: its digest and length.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct BlobRef {
    /// SHA-256, lower-case hex.
    pub sha256: String,
    /// Length in bytes.
    pub bytes: u64,
}

/// Somebody, and how the answer came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct By {
    /// The principal, as `holdpoint.toml` names people.
    pub who: String,
    /// Whether a person answered or a file did.
    pub via: Via,
}

/// How an answer came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Via {
    /// A person at a terminal.
    Terminal,
    /// An answers file.
    Answers,
    /// A command line.
    Command,
    /// Assumed by a dry run; never in a stored record.
    Assumed,
}
