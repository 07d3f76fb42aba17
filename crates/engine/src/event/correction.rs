//! A value that was written down and is put right.

use serde::{Deserialize, Serialize};

use crate::By;

/// A recorded value is another than was written down (record.md section 7). Its limits are judged again, and every
/// sign-off that saw the old one lapses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Corrected {
    /// The step in which it was written down.
    pub step: String,
    /// The action.
    pub action: String,
    /// The field's name.
    pub name: String,
    /// What stood there until now.
    pub old: String,
    /// What stands there from now on, as text.
    pub new: String,
    /// Why.
    pub reason: String,
    /// Whether the new one keeps the field's limits.
    pub within_limits: bool,
    /// Who says so.
    pub by: By,
}

impl Corrected {
    /// One line: what became of what, who says so, and why.
    pub fn words(&self) -> String {
        let Corrected { name, old, new, reason, within_limits, by, .. } = self;
        let limits = if *within_limits { "" } else { ", OUT OF ITS LIMITS" };
        format!("{name} = {old} → {new} (corrected by {}{limits}: {reason})", by.who)
    }
}
