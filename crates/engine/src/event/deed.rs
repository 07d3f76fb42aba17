//! What a person did: signed, or did otherwise than the document says.

use holdpoint_model::{Assurance, Meaning};
use serde::{Deserialize, Serialize};

use super::{BlobRef, By, KeySignature, Presence, Rule};

/// Proof named with a recorded value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Evidence {
    /// An address.
    Url(String),
    /// A file that became a blob.
    File {
        /// Where it was.
        path: String,
        /// Its bytes.
        blob: BlobRef,
    },
}

/// A sign-off that was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SignedOff {
    /// The step.
    pub step: String,
    /// The action.
    pub action: String,
    /// The role it was given in.
    pub role: String,
    /// What it means (21 CFR 11.50 (a) (3)).
    pub meaning: Meaning,
    /// What was signed, rendered.
    pub statement: String,
    /// Printed name (21 CFR 11.50 (a) (1)).
    pub name: String,
    /// How sure it is who signed.
    pub assurance: Assurance,
    /// The key's signature; there is one exactly where the assurance is that of a key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<KeySignature>,
    /// What they were shown, and where they sat; there where a person signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub presence: Option<Box<Presence>>,
    /// Who signed.
    pub by: By,
}

/// What was done is not what the document says. At the head of every report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Deviation {
    /// What kind.
    pub kind: DeviationKind,
    /// The step: for `repeated` and `out_of_order`, where the run goes to. Empty for `policy_overridden`, which is
    /// about the whole run.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub step: String,
    /// The action; `None` means what is left of the step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// The place, where it is of a step that has places.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// The script that runs instead, for `edited`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script: Option<BlobRef>,
    /// By what right, for `policy_overridden`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overridden: Option<Box<Override>>,
    /// Why; never empty.
    pub reason: String,
    /// Who decided it.
    pub by: By,
}

/// A step that took effect at a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TakenEffect {
    /// The step.
    pub step: String,
    /// The place.
    pub place: String,
}

/// What kind of deviation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum DeviationKind {
    /// Not done.
    Skipped,
    /// Another script was run.
    Edited,
    /// A step that was done is done again.
    Repeated,
    /// The run goes back to an earlier step and does everything from there again.
    OutOfOrder,
    /// A shell was opened beside the run: what was done in it is not recorded.
    Shell,
    /// Rules of the environment that did not hold were overridden, before anything happened.
    PolicyOverridden,
    /// The document was exchanged. An event of its own says so ([`Exchanged`](crate::Exchanged)), and no `deviation` can;
    /// readers tell it among them.
    #[serde(skip_deserializing)]
    DocumentExchanged,
    /// A block was in doubt, and somebody says that it happened. A `decision` says so, and no `deviation` can; readers tell
    /// it among them.
    #[serde(skip_deserializing)]
    TakenAsDone,
}

impl DeviationKind {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            DeviationKind::Skipped => "skipped",
            DeviationKind::Edited => "edited",
            DeviationKind::Repeated => "repeated",
            DeviationKind::OutOfOrder => "gone back",
            DeviationKind::Shell => "shell",
            DeviationKind::PolicyOverridden => "rules overridden",
            DeviationKind::DocumentExchanged => "document exchanged",
            DeviationKind::TakenAsDone => "taken as done",
        }
    }
}

/// An answer to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// Warned of what comes, go on.
    Proceed,
    /// Do it again.
    Retry,
    /// In doubt: it happened, go on.
    Happened,
    /// In doubt: it did not happen, run it.
    Run,
    /// In doubt: run the step's own check to find out.
    FindOut,
    /// What is left of the step is not for this run: the document gives alternatives, and this one is not taken.
    PassOver,
    /// End the run here.
    Abort,
    /// A command that is offered: run it.
    RunCommand,
    /// A command that is offered: it is not for this run, which is no deviation.
    NotApplicable,
    /// A command that is offered printed something else than the document shows, and that is as it should be.
    Accepted,
}

/// Rules were overridden: by what right, and how sure it is who did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Override {
    /// Which rules: all that did not hold.
    pub rules: Vec<Rule>,
    /// The role that lets them.
    pub role: String,
    /// Printed name (21 CFR 11.50 (a) (1)).
    pub name: String,
    /// How sure it is who it was.
    pub assurance: Assurance,
    /// The key's signature; there is one exactly where the assurance is that of a key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<KeySignature>,
}

impl Deviation {
    /// Of a step or an action of it, for this reason; at no place, with no other script, against no rule.
    pub fn of(
        kind: DeviationKind,
        step: impl Into<String>,
        action: Option<String>,
        reason: impl Into<String>,
        by: By,
    ) -> Deviation {
        let (step, reason) = (step.into(), reason.into());
        Deviation { kind, step, action, place: None, script: None, overridden: None, reason, by }
    }

    /// The same, at this place.
    #[must_use]
    pub fn at(self, place: Option<String>) -> Deviation {
        Deviation { place, ..self }
    }

    /// The same, with the script that runs instead.
    #[must_use]
    pub fn running(self, script: Option<BlobRef>) -> Deviation {
        Deviation { script, ..self }
    }

    /// The same, by this right.
    #[must_use]
    pub fn overriding(self, overridden: Override) -> Deviation {
        Deviation { overridden: Some(Box::new(overridden)), ..self }
    }

    /// An override as what is signed: a sign-off of no hold point, but of the run itself.
    pub fn as_sign_off(&self) -> Option<SignedOff> {
        let overridden = self.overridden.as_ref()?;
        let rules: Vec<&str> = overridden.rules.iter().map(|rule| rule.as_str()).collect();
        Some(SignedOff {
            step: String::new(),
            action: "override".to_owned(),
            role: overridden.role.clone(),
            meaning: Meaning::Responsibility,
            statement: format!("I override {} for this run: {}", rules.join(", "), self.reason),
            name: overridden.name.clone(),
            assurance: overridden.assurance,
            signature: overridden.signature.clone(),
            // Whoever opens or takes up a run with an override sits where that session is, and is shown nothing.
            presence: None,
            by: self.by.clone(),
        })
    }
}
