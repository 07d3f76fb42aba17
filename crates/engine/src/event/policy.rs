//! What the environment asks for before a run opens, how far it held, and what somebody overrode.

use holdpoint_model::Assurance;
use serde::{Deserialize, Serialize};

use crate::{BlobRef, Change, ChangeSeen, Freeze, Rehearsed, Rule};

/// The approvals and the rehearsal that a run relies on, and the rules that do not hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Approvals of the document's very bytes; each of them holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvals: Vec<Approved>,
    /// The rehearsal that it relied on, where one is asked for and nobody had to override that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rehearsed: Option<Rehearsed>,
    /// The change under which it runs, where one is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<Change>,
    /// The part of the week in which something may be changed, as configured; judged by the times of events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<String>,
    /// The calendar of times in which nothing may be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freeze: Option<Freeze>,
    /// Rules that do not hold: nothing may happen before somebody has overridden all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unmet: Vec<Unmet>,
    /// Rules that must keep holding: they are held against a [`Look`] at each session, and before the first block after
    /// a sign-off. As the environment is configured.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<Rule>,
    /// Roles whose holders may override rules, as configured; told only where one does not hold, or may not later.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub may_override: Vec<String>,
}

impl Policy {
    pub(crate) fn is_empty(&self) -> bool {
        *self == Policy::default()
    }

    /// The rules that do not hold.
    pub fn unmet_rules(&self) -> Vec<Rule> {
        self.unmet.iter().map(|unmet| unmet.rule).collect()
    }
}

/// Somebody approved the document: the statement that they signed, and the signature, byte for byte.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Approved {
    /// Who.
    pub who: String,
    /// Printed name, as they signed it.
    pub name: String,
    /// When, as their clock showed it: RFC 3339 with an offset.
    pub time: String,
    /// How sure it is who signed.
    pub assurance: Assurance,
    /// Fingerprint of the key, as `ssh-keygen -l` shows it.
    pub key: String,
    /// What was signed.
    pub statement: BlobRef,
    /// The armored signature over it, in the namespace `approval@holdpoint`.
    pub signature: BlobRef,
}

/// How the repository stood when rules were held once more, and which of those in [`Policy::kept`] did not hold then.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Look {
    /// The commit the repository stood at; `None` outside a repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Whether the work tree had uncommitted changes; `None` outside a repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dirty: Option<bool>,
    /// Whether the document's bytes are those of the commit; `None` outside a repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub committed: Option<bool>,
    /// The anchor that was relied on, where the environment asks for one at each sign-off, and something was signed off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anchor: Option<AnchorSeen>,
    /// What the environment's script said of the change then, where one is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<ChangeSeen>,
    /// Rules that did not hold. Nothing may happen before somebody has overridden them, if nobody had.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unmet: Vec<Unmet>,
}

/// An anchor of an open run that was found beside its record, and proved then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AnchorSeen {
    /// Its number: `anchors/NNNN.json`.
    pub number: u64,
    /// SHA-256 of that file, lower-case hex.
    pub statement: String,
    /// How many events it is over.
    pub events: u64,
}

/// A rule that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Unmet {
    /// Which.
    pub rule: Rule,
    /// Why it does not hold, in words.
    pub why: String,
}
