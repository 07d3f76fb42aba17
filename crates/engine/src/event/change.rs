//! The change under which a run goes, where its environment asks for one.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::BlobRef;

/// What the environment asks of a change, and which one it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// A regular expression for all of its id, as configured.
    pub pattern: String,
    /// The script that is asked whether it may go on, relative to the repository's root; as configured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<String>,
    /// Its id; `None` where nobody gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What the script said before the run opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<ChangeSeen>,
}

/// What the script that is asked about a change said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ChangeSeen {
    /// When it was asked.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    #[serde(deserialize_with = "holdpoint_model::moment_of")]
    pub at: Timestamp,
    /// Its exit code: 0 lets the run go on. `None` where it did not end by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<i32>,
    /// What it printed, standard error behind standard output, or why there is nothing.
    pub output: BlobRef,
    /// The script itself.
    pub script: BlobRef,
}

impl ChangeSeen {
    /// How it ended, and by which digests it and what it printed are known.
    pub(crate) fn words(&self) -> String {
        let ended = match self.exit {
            Some(code) => format!("exit code {code}"),
            None => "it did not end by itself".to_owned(),
        };
        format!("{ended}, printed sha256 {}, script sha256 {}", self.output.sha256, self.script.sha256)
    }
}
