//! A run that goes from one operator to the next.

use serde::{Deserialize, Serialize};

use crate::By;

/// Whoever operates says where the run stands, and who is to go on with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Handover {
    /// Who is to accept it; never who hands it over.
    pub to: String,
    /// Where the run stands, as the events tell it.
    pub standing: Standing,
    /// Open questions, and whatever else there is to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Who hands it over.
    pub by: By,
}

/// Where a run stands. Folded from the events alone, so that whoever verifies a record comes to the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Standing {
    /// What comes next.
    pub next: AtHand,
    /// Blocks that were started and of which nobody knows how they ended.
    pub in_doubt: Vec<String>,
    /// Hold points whose sign-off was asked for and is not given, or not by as many as it takes.
    pub sign_offs: Vec<String>,
    /// What was done differently so far, in words, in the order in which it happened.
    pub deviations: Vec<String>,
}

/// What is at hand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AtHand {
    /// The step; `None` where it is about no one step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// The action, or the rollback block.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// The place, where it is of a step that has places.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// What it takes.
    pub takes: Takes,
}

/// What it takes to go on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Takes {
    /// A block is to be executed, or its condition to be looked at.
    #[default]
    Execution,
    /// A warning is to be acknowledged, or an item to be done by hand.
    Confirmation,
    /// Values are to be written down.
    Values,
    /// Somebody's sign-off.
    SignOff,
    /// A decision after a failure.
    Decision,
    /// A decision on what is in doubt.
    Certainty,
    /// What was done is to be rolled back.
    Rollback,
}

impl Takes {
    /// In words, after "takes".
    pub fn words(self) -> &'static str {
        match self {
            Takes::Execution => "being executed",
            Takes::Confirmation => "a confirmation",
            Takes::Values => "values to be written down",
            Takes::SignOff => "a sign-off",
            Takes::Decision => "a decision after a failure",
            Takes::Certainty => "a decision on what is in doubt",
            Takes::Rollback => "rolling back",
        }
    }
}
