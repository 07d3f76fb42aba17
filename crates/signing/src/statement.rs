//! What is signed: everything the signer saw (record.md section 4), as JSON whose exact bytes are kept and signed.

use std::collections::BTreeMap;

use holdpoint_document::Meaning;
use serde::{Deserialize, Serialize};

/// A release, as its signer saw it. A signature over it is worth nothing for another run, step, moment, role or
/// statement, because all of them are in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// Format version of the statement.
    pub holdpoint: String,
    /// The run.
    pub run: RunNamed,
    /// The step whose hold point it is.
    pub step: String,
    /// The hold point.
    pub action: String,
    /// The role it is given in.
    pub role: String,
    /// What it means (21 CFR 11.50 (a) (3)).
    pub meaning: Meaning,
    /// What is said, rendered.
    pub statement: String,
    /// Who signs.
    pub signer: Signer,
    /// When, with the zone (21 CFR 11.50 (a) (2)): `2026-11-23T14:34:05+01:00[Europe/Berlin]`.
    pub at: String,
    /// The record as it was: what stands in it cannot be changed without breaking this signature.
    pub record: Prefix,
    /// The document that runs.
    pub runbook: Runbook,
    /// Where it runs.
    pub environment: String,
    /// What happened so far.
    pub seen: Seen,
}

/// Which run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunNamed {
    /// The store's number.
    pub number: u64,
    /// Its ULID.
    pub id: String,
}

/// Who signs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signer {
    /// As `allowed_signers` names them.
    pub principal: String,
    /// Printed name (21 CFR 11.50 (a) (1)).
    pub name: String,
}

/// The record up to a moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prefix {
    /// How many events.
    pub events: u64,
    /// How many bytes of `run.jsonl`.
    pub bytes: u64,
    /// Their SHA-256, lower-case hex.
    pub sha256: String,
}

/// The document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Runbook {
    /// Its path in the repository.
    pub path: String,
    /// Digest of its bytes.
    pub sha256: String,
    /// What it is called.
    pub title: String,
    /// The quality system's revision, as it claims.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// The commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
}

/// What happened so far, in the words of the record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// What the run was given; secrets by name only.
    pub inputs: Vec<Given>,
    /// Captured and recorded values, by name.
    pub values: BTreeMap<String, String>,
    /// Digests of what came of it, by path: files that were captured.
    pub artefacts: BTreeMap<String, String>,
    /// Every action so far and how it ended, in the order of the document.
    pub actions: Vec<Done>,
    /// What was done differently, in words, in the order in which it happened.
    pub deviations: Vec<String>,
}

/// An input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Given {
    /// Its name.
    pub name: String,
    /// Its value; missing for a secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// How an action ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Done {
    /// The action.
    pub action: String,
    /// `passed`, `failed`, `skipped`, `confirmed` …
    pub outcome: String,
}

impl Statement {
    /// The version that is written.
    pub const FORMAT: &'static str = "statement/1.0";

    /// The bytes that are signed and kept: indented JSON with a newline at the end, so that people can read them.
    ///
    /// # Errors
    /// Never, for what is made of strings and numbers.
    pub fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// Reads it back; the bytes must be the ones [`Statement::to_bytes`] writes.
    ///
    /// # Errors
    /// Something in it is not known, or it is written differently.
    pub fn read(bytes: &[u8]) -> Result<Statement, String> {
        let statement: Statement = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if statement.holdpoint != Statement::FORMAT {
            return Err(format!("it is a `{}`, not a `{}`", statement.holdpoint, Statement::FORMAT));
        }
        match statement.to_bytes() {
            Ok(same) if same == bytes => Ok(statement),
            _ => Err("it is not written as holdpoint writes statements".to_owned()),
        }
    }
}
