//! What is on record of one execution of a block: its start, its end, and how it was judged.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::BlobRef;

/// A block is about to be executed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Started {
    /// The step.
    pub step: String,
    /// The action: an action's id, or `STEP#rollback-N` for a rollback block.
    pub action: String,
    /// The place, where it is of a step that has places.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Counted from 1, over retries and repeats.
    pub attempt: u32,
    /// Set when a check is run only to find out whether an interrupted block took effect.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub probe: bool,
    /// The exact script, where it is not the document's own (edited or rendered).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script: Option<BlobRef>,
    /// Working directory it starts in.
    pub cwd: String,
    /// Where it is sent to another place: under which name, and to which start of that place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote: Option<SentTo>,
}

/// What is known of an attempt at another place before anything of it is sent there. Whoever takes the run up finds the
/// attempt by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SentTo {
    /// The attempt's name on the place; no other attempt ever has it.
    pub attempt: String,
    /// Which start of the place: boot id, start of process 1 and pid namespace.
    pub boot: String,
    /// Which disk: a random word kept on the place.
    pub store: String,
}

/// A block ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Finished {
    /// The step.
    pub step: String,
    /// The action.
    pub action: String,
    /// The place, where it is of a step that has places.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// The attempt that ended.
    pub attempt: u32,
    /// As in the start.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub probe: bool,
    /// How it ended, judged.
    pub outcome: Outcome,
    /// The exit code, if the process ended by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<i32>,
    /// The signal that ended the process, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<i32>,
    /// Why the process could not be started, or its results not be taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Wall time, milliseconds.
    pub duration_ms: u64,
    /// What it printed; `None` where the document says that nothing is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Output>,
    /// Every expectation, in the order of judgement.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expectations: Vec<Judged>,
    /// Captured variables.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub captures: BTreeMap<String, String>,
    /// Files that captures were taken from, by the path written in the document.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, BlobRef>,
    /// Shell state for the next block; `None` where it did not change or was lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<BlobRef>,
    /// How often each secret was masked.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub masked: BTreeMap<String, u64>,
    /// What else should be known: pipes left open, state lost.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
}

impl Finished {
    /// The end of an attempt of which nothing else is known yet: nothing printed, captured or kept.
    pub fn of(step: String, action: String, attempt: u32, outcome: Outcome) -> Finished {
        Finished {
            step,
            action,
            place: None,
            attempt,
            probe: false,
            outcome,
            exit: None,
            signal: None,
            error: None,
            duration_ms: 0,
            output: None,
            expectations: Vec::new(),
            captures: BTreeMap::new(),
            files: BTreeMap::new(),
            state: None,
            masked: BTreeMap::new(),
            remarks: Vec::new(),
        }
    }
}

/// What a block printed, each stream apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Output {
    /// Standard output.
    pub stdout: BlobRef,
    /// Standard error.
    pub stderr: BlobRef,
    /// When each piece came: lines `o|e OFFSET MICROSECONDS`, the offset being where the piece ends in its stream.
    pub timing: BlobRef,
}

/// How a block ended. A value, never an error of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Every expectation held.
    Passed,
    /// It ended and something did not hold.
    Failed,
    /// It took longer than it may.
    TimedOut,
    /// The operator stopped it.
    Interrupted,
}

/// One expectation and what came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Judged {
    /// What was expected, in words.
    pub expected: String,
    /// What came, in words, shortened; `None` where it held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub came: Option<String>,
    /// Whether it held.
    pub held: bool,
}
