//! A recorded sign-off by key, proved: the statement is of this run at this moment, and the right person signed it.

use holdpoint_engine::{BlobRef, RunOpened, Seen, SignedAs, SignedOff};
use holdpoint_model::{Assurance, sha256};
use jiff::{SignedDuration, Timestamp};

use crate::{Prefix, Refused, SESSION, SIGNOFF, Signers, Statement, check};

/// Between signing and recording lies one write; a clock may be set in between.
const MOST_APART: SignedDuration = SignedDuration::from_mins(15);

/// The namespace that it is signed for: whose key is for sessions alone signs nothing off.
pub fn namespace(what: SignedAs) -> &'static str {
    match what {
        SignedAs::SignOff | SignedAs::Rejection | SignedAs::Override => SIGNOFF,
        SignedAs::Session => SESSION,
    }
}

/// A recorded sign-off and what it is to be held against.
#[derive(Clone, Debug)]
pub struct RecordedSignOff<'a> {
    /// Event 0.
    pub opened: &'a RunOpened,
    /// The event.
    pub given: &'a SignedOff,
    /// What it is.
    pub what: SignedAs,
    /// Why it was rejected, where it was.
    pub rejected: Option<String>,
    /// When it was recorded.
    pub at: Timestamp,
    /// The record before it.
    pub prefix: Prefix,
    /// What there was to be seen before it.
    pub seen: Seen,
    /// `signoffs/NNNN.json`.
    pub statement: &'a [u8],
    /// `signoffs/NNNN.json.sig`.
    pub signature: &'a [u8],
}

/// Why a recorded sign-off is not what it says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Transplanted {
    /// The files are not those of the event.
    #[error("{0} is not the one that was recorded")]
    OtherFile(&'static str),
    /// The statement cannot be read.
    #[error("the signed statement cannot be read: {0}")]
    Unreadable(String),
    /// It was made for something else: what differs first.
    #[error("the signed statement has another {0}")]
    Other(&'static str),
    /// Signed at one time and recorded at quite another.
    #[error("it was signed at {0} and recorded at {1}")]
    Apart(Timestamp, Timestamp),
    /// The signature does not count.
    #[error("the signature does not count: {0}")]
    Refused(#[from] Refused),
    /// The record says another key or assurance than the signature has.
    #[error("the signature is by {found}, and the record says {said}")]
    Misquoted {
        /// Key and assurance found.
        found: String,
        /// Key and assurance recorded.
        said: String,
    },
}

/// Proves it. Role and independence are the engine's to judge.
///
/// # Errors
/// The first thing that is wrong.
pub fn prove(sign_off: &RecordedSignOff<'_>, signers: &Signers) -> Result<(), Transplanted> {
    let RecordedSignOff { opened, given, what, rejected, at, prefix, seen, statement, signature } = sign_off;
    let by_key = given.signature.as_ref().ok_or(Transplanted::OtherFile("a signature"))?;
    if sha256(statement) != by_key.statement {
        return Err(Transplanted::OtherFile("the statement"));
    }
    if sha256(signature) != by_key.signature {
        return Err(Transplanted::OtherFile("the signature"));
    }
    let said = Statement::read(statement).map_err(Transplanted::Unreadable)?;
    let signed = said.at.timestamp().map_err(Transplanted::Unreadable)?;
    let due = Statement::of(opened, given, said.at.clone(), prefix.clone(), seen.clone())
        .rejected(rejected.clone());
    if let Some(what) = difference(&said, &due) {
        return Err(Transplanted::Other(what));
    }
    if at.duration_since(signed).abs() > MOST_APART {
        return Err(Transplanted::Apart(signed, *at));
    }
    // Valid when it was signed and when it was recorded: neither time alone can be set back to a better one.
    let space = namespace(*what);
    let assured = check(statement, signature, &given.by.who, space, signers, signed)?;
    check(statement, signature, &given.by.who, space, signers, *at)?;
    if assured.key != by_key.key || assured.assurance != given.assurance {
        let words = |key: &str, assurance: Assurance| format!("{key} ({assurance})");
        return Err(Transplanted::Misquoted {
            found: words(&assured.key, assured.assurance),
            said: words(&by_key.key, given.assurance),
        });
    }
    Ok(())
}

fn shown(statement: &Statement) -> Option<&BlobRef> {
    statement.presence.as_ref().map(|presence| &presence.shown)
}

fn difference(said: &Statement, due: &Statement) -> Option<&'static str> {
    let parts = [
        (said.run == due.run, "run"),
        (said.record == due.record, "moment of the record"),
        (said.step == due.step && said.action == due.action, "step"),
        (said.role == due.role, "role"),
        (said.meaning == due.meaning, "meaning"),
        (said.statement == due.statement, "text"),
        (said.rejected == due.rejected, "outcome"),
        (said.signer == due.signer, "signer"),
        (said.runbook == due.runbook, "document"),
        (said.environment == due.environment, "environment"),
        (shown(said) == shown(due), "shown text"),
        (said.presence == due.presence, "session of its signer"),
        (said.seen == due.seen, "account of what happened"),
        (said == due, "content"),
    ];
    parts.into_iter().find(|(same, _)| !same).map(|(_, what)| what)
}
