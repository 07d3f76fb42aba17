//! What the environment asks for before a run opens, how far it held, and what somebody overrode.

use holdpoint_model::{Assurance, Meaning};
use serde::{Deserialize, Serialize};

use crate::{BlobRef, Deviation, KeySignature, SignedOff};

/// The approvals that a run relies on, and the rules that do not hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Approvals of the document's very bytes; each of them holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvals: Vec<Approved>,
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
    pub(super) fn is_empty(&self) -> bool {
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
    /// Rules that did not hold. Nothing may happen before somebody has overridden them, if nobody had.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unmet: Vec<Unmet>,
}

/// A rule of an environment that must hold before a run opens, or keep holding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// `protected`: the document is in a commit, with the bytes of that commit.
    Committed,
    /// `protected`: whoever the document names as author or approver is known.
    KnownPeople,
    /// `protected`, or an approved document is required: it is effective.
    Effective,
    /// `requires.clean_commit`.
    CleanCommit,
    /// `requires.approved_document`.
    ApprovedDocument,
    /// `requires.rehearsal`, `requires.max_age`.
    Rehearsal,
    /// `protected` or `requires.clean_commit`: the repository stands at the commit that was looked at last.
    SameCommit,
    /// Whoever signed something off, or overrode a rule, still has the role that let them.
    Roles,
}

impl Rule {
    /// As the record writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Rule::Committed => "committed",
            Rule::KnownPeople => "known_people",
            Rule::Effective => "effective",
            Rule::CleanCommit => "clean_commit",
            Rule::ApprovedDocument => "approved_document",
            Rule::Rehearsal => "rehearsal",
            Rule::SameCommit => "same_commit",
            Rule::Roles => "roles",
        }
    }
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
            by: self.by.clone(),
        })
    }
}
