//! What is signed: everything the signer saw (record.md section 4), as JSON whose exact bytes are kept and signed.

use holdpoint_engine::{Presence, RunOpened, Seen, SignedOff};
use holdpoint_model::{Meaning, moment};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// A sign-off, as its signer saw it. A signature over it is worth nothing for another run, step, moment, role or
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
    /// Why it was rejected: then nothing was signed off. Not there for what was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejected: Option<String>,
    /// Who signs.
    pub signer: Signer,
    /// When (21 CFR 11.50 (a) (2)).
    pub at: Moment,
    /// The record as it was: what stands in it cannot be changed without breaking this signature.
    pub record: Prefix,
    /// The document that runs.
    pub runbook: Runbook,
    /// Where it runs.
    pub environment: String,
    /// The text that its signer was shown, by its digest, and where they sat. Not there for an override, whose signer is
    /// shown nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub presence: Option<Box<Presence>>,
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

/// A time as the signer's clock showed it. The zone's rules may change over the years; the offset does not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moment {
    /// RFC 3339 with the offset that was in force: `2026-11-23T14:34:05.123456+01:00`.
    pub time: String,
    /// IANA name of the zone, or the offset where it has none.
    pub zone: String,
}

impl Moment {
    /// `at`, as a clock in `zone` shows it, in microseconds.
    pub fn of(at: Timestamp, zone: &TimeZone) -> Moment {
        let offset = zone.to_offset(at);
        let time = format!("{:.6}", at.display_with_offset(offset));
        Moment { time, zone: zone.iana_name().map_or_else(|| offset.to_string(), str::to_owned) }
    }

    /// The moment.
    ///
    /// # Errors
    /// It is no time with an offset.
    pub fn timestamp(&self) -> Result<Timestamp, String> {
        moment(&self.time)
    }
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

impl Statement {
    /// The version that is written.
    pub const FORMAT: &'static str = "statement/1.0";

    /// What `given` says of this run at that moment.
    pub fn of(opened: &RunOpened, given: &SignedOff, at: Moment, record: Prefix, seen: Seen) -> Statement {
        let runbook = &opened.runbook;
        Statement {
            holdpoint: Statement::FORMAT.to_owned(),
            run: RunNamed { number: opened.number, id: opened.id.clone() },
            step: given.step.clone(),
            action: given.action.clone(),
            role: given.role.clone(),
            meaning: given.meaning,
            statement: given.statement.clone(),
            rejected: None,
            signer: Signer { principal: given.by.who.clone(), name: given.name.clone() },
            at,
            record,
            runbook: Runbook {
                path: runbook.path.clone(),
                sha256: runbook.blob.sha256.clone(),
                title: runbook.title.clone(),
                revision: runbook.revision.clone(),
                commit: runbook.commit.clone(),
            },
            environment: opened.environment.name.clone(),
            presence: given.presence.clone(),
            seen,
        }
    }

    /// The same, rejected for this reason; or not, where there is none.
    pub fn rejected(self, reason: Option<String>) -> Statement {
        Statement { rejected: reason, ..self }
    }

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
