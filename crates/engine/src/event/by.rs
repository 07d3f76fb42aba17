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

impl By {
    /// The principal, and that a file answered, where one did: nobody was asked then.
    pub fn words(&self) -> String {
        format!("{}{}", self.who, self.source())
    }

    /// That a file answered; empty where a person did.
    pub fn source(&self) -> &'static str {
        match self.via {
            Via::Answers => self.via.words(),
            Via::Terminal | Via::Command | Via::Assumed => "",
        }
    }
}

impl Via {
    /// How an answer came, to stand behind a name; empty for a person at a terminal.
    pub fn words(self) -> &'static str {
        match self {
            Via::Terminal => "",
            Via::Answers => " (from the answers file)",
            Via::Command => " (by a command)",
            Via::Assumed => " (ASSUMED by a dry run)",
        }
    }
}
