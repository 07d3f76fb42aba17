//! A release by key: what the record keeps of it beside the signed statement itself.

use holdpoint_document::{Assurance, Meaning};
use serde::{Deserialize, Serialize};

use crate::{Event, SignedOff};

/// Binds a release to the files `signoffs/NNNN.json` and `signoffs/NNNN.json.sig` of the record, NNNN being the
/// number of its event (record.md section 4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeySignature {
    /// Fingerprint of the key, as `ssh-keygen -l` shows it.
    pub key: String,
    /// SHA-256 of the statement's bytes, lower-case hex.
    pub statement: String,
    /// SHA-256 of the armored signature's bytes, lower-case hex.
    pub signature: String,
}

/// A rejection by key: what is signed says everything that a release says, and the reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignedRejection {
    /// The role it was rejected in.
    pub role: String,
    /// What signing there means (21 CFR 11.50 (a) (3)).
    pub meaning: Meaning,
    /// What was not signed, rendered.
    pub statement: String,
    /// Printed name (21 CFR 11.50 (a) (1)).
    pub name: String,
    /// How sure it is who signed.
    pub assurance: Assurance,
    /// The key's signature.
    pub signature: KeySignature,
}

/// What somebody signed by key, whatever the event: as a release, and why not, where it was rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// What is signed.
    pub given: SignedOff,
    /// Why it was rejected; `None` for what was given.
    pub rejected: Option<String>,
    /// What it is, in a word.
    pub what: &'static str,
}

impl Event {
    /// What was signed by key with this event; `None` where no key signed.
    pub fn signed(&self) -> Option<Signed> {
        self.signature()?;
        match self {
            Event::SignOffGiven(given) => {
                Some(Signed { given: given.clone(), rejected: None, what: "release" })
            }
            Event::SignOffRejected { step, action, reason, signed: Some(signed), by } => {
                let SignedRejection { role, meaning, statement, name, assurance, signature } = &**signed;
                let given = SignedOff {
                    step: step.clone(),
                    action: action.clone(),
                    role: role.clone(),
                    meaning: *meaning,
                    statement: statement.clone(),
                    name: name.clone(),
                    assurance: *assurance,
                    signature: Some(signature.clone()),
                    by: by.clone(),
                };
                Some(Signed { given, rejected: Some(reason.clone()), what: "rejection" })
            }
            Event::Deviation(deviation) => {
                Some(Signed { given: deviation.as_release()?, rejected: None, what: "override" })
            }
            _ => None,
        }
    }
}
