//! The facts of a run that belong to no single step.

use holdpoint_engine::{
    BlobRef, By, Choice, DeviationKind, EnvironmentSeen, Evidence, Included, Login, NotUndone, Override,
    Presence, RollbackState, Runbook, Session, Standing, Status, Verdict,
};
use holdpoint_model::{Assurance, DocumentKind, Meaning, folded};
use jiff::Timestamp;
use serde::Serialize;

/// Which run, where, when, how it ended.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunFacts {
    /// Event 0.
    pub n: u64,
    /// The store's gap-free number.
    pub number: u64,
    /// ULID that makes it unique beyond its store.
    pub id: String,
    /// Format version of the record.
    pub record_format: String,
    /// Digest of the plan that was walked.
    pub plan: String,
    /// Where it ran, as configured then.
    pub environment: EnvironmentSeen,
    /// When it was opened.
    pub opened: Timestamp,
    /// When the last event was written.
    pub last: Timestamp,
    /// From the first to the last event, milliseconds; waiting included.
    pub elapsed_ms: u64,
    /// Time blocks were executing, milliseconds.
    pub executing_ms: u64,
    /// How it ended; `None` while it is open.
    pub closed: Option<Closed>,
    /// What `verify` said of the record; `None` where it was not asked.
    pub verification: Option<super::Verified>,
    /// How many events the record holds.
    pub events: u64,
    /// `holdpoint.toml` as it was.
    pub config: Option<BlobRef>,
    /// `allowed_signers` as it was.
    pub signers: Option<BlobRef>,
}

/// The end of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Closed {
    /// The event.
    pub n: u64,
    /// When.
    pub at: Timestamp,
    /// How.
    pub verdict: Verdict,
}

/// The document that ran.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DocumentFacts {
    /// Its title, with the values of the run.
    pub title: String,
    /// The quality system's number.
    pub document_id: Option<String>,
    /// The quality system's revision.
    pub revision: Option<String>,
    /// Path, relative to the repository's root.
    pub path: String,
    /// Its exact bytes.
    pub blob: BlobRef,
    /// The files that it includes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub includes: Vec<Included>,
    /// The commit; `None` outside a repository.
    pub commit: Option<String>,
    /// Whether the work tree had uncommitted changes.
    pub dirty: Option<bool>,
    /// Whether the document's bytes are those of the commit.
    pub committed: Option<bool>,
    /// Annotated or foreign.
    pub kind: DocumentKind,
    /// Who wrote it, as it claims.
    pub authors: Vec<String>,
    /// Who approves it, as it claims.
    pub approvers: Vec<String>,
    /// When it was approved, as it claims.
    pub approval_date: Option<String>,
    /// From when it may be used, as it claims.
    pub effective_date: Option<String>,
}

/// Somebody the record names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Person {
    /// The principal.
    pub principal: String,
    /// Printed name, where the record has one.
    pub name: Option<String>,
    /// How documents name this person, where that is configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// Roles configured when the run opened.
    pub roles: Vec<String>,
    /// Whether this person did anything in this run.
    pub acted: bool,
}

impl Person {
    /// Whether this name, a principal or an alias, is this person's.
    pub fn is(&self, name: &str) -> bool {
        let wanted = folded(name);
        folded(&self.principal) == wanted
            || self.alias.as_deref().is_some_and(|alias| folded(alias) == wanted)
    }
}

/// One driver's time at the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SessionFacts {
    /// The event: 0 for the first.
    pub n: u64,
    /// When it began.
    pub at: Timestamp,
    /// Who, with what, where.
    #[serde(flatten)]
    pub session: Session,
}

/// A session that its operator's key signed, or a handover that they accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SignedSessionFacts {
    /// The event.
    pub n: u64,
    /// When.
    pub at: Timestamp,
    /// Who operates.
    pub who: String,
    /// Their printed name.
    pub name: String,
    /// How sure that is.
    pub assurance: Assurance,
    /// Fingerprint of the key.
    pub key: String,
    /// Where they sit.
    pub seat: Login,
}

/// Rules of the environment held once more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LookFacts {
    /// The event.
    pub n: u64,
    /// When.
    pub at: Timestamp,
    /// How the repository stood, and what did not hold.
    #[serde(flatten)]
    pub look: holdpoint_engine::Look,
}

/// A deviation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeviationFacts {
    /// The event.
    pub n: u64,
    /// When.
    pub at: Timestamp,
    /// Counted from 1 within the run.
    pub number: usize,
    /// What kind.
    pub kind: DeviationKind,
    /// The step; empty for an override, which is about the whole run.
    pub step: String,
    /// The action; `None` means what was left of the step.
    pub action: Option<String>,
    /// The place, where it is about one of several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Whether it is about undoing the step: the action is a rollback block.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub of_rollback: bool,
    /// An item as it was read, with the values of the run, where the document writes it otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The script that ran instead.
    pub script: Option<BlobRef>,
    /// By what right, for an override.
    pub overridden: Option<Box<Override>>,
    /// Where the document was exchanged: by which.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exchanged: Option<Box<ExchangeFacts>>,
    /// Why.
    pub reason: String,
    /// Who decided it.
    pub by: By,
}

/// A document that took the place of another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExchangeFacts {
    /// The bytes of the one before.
    pub before: BlobRef,
    /// The one from there on, as the record tells of it.
    pub runbook: Runbook,
    /// Every line of both, each behind a mark.
    pub diff: BlobRef,
}

impl DeviationFacts {
    /// Rules that were overridden, as the record writes them; none for another deviation.
    pub fn rules(&self) -> String {
        let rules = self.overridden.iter().flat_map(|overridden| &overridden.rules);
        rules.map(|rule| rule.as_str()).collect::<Vec<_>>().join(", ")
    }
}

/// An answer to a question of the engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DecisionFacts {
    /// The event.
    pub n: u64,
    /// When.
    pub at: Timestamp,
    /// The step.
    pub step: String,
    /// The action.
    pub action: String,
    /// The place, for what is done at places.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// How the action stood when it was decided.
    pub about: Status,
    /// What was decided.
    pub choice: Choice,
    /// Why.
    pub reason: Option<String>,
    /// Who decided.
    pub by: By,
}

/// Something about a sign-off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SignOffFacts {
    /// The event.
    pub n: u64,
    /// When.
    pub at: Timestamp,
    /// The step.
    pub step: String,
    /// The action.
    pub action: String,
    /// What happened.
    #[serde(flatten)]
    pub what: SignOffEvent,
}

/// What can happen to a sign-off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum SignOffEvent {
    /// The run waits for it.
    Requested {
        /// Whose sign-off it takes.
        role: String,
        /// What is to be signed.
        statement: String,
    },
    /// It was given.
    Given {
        /// The role it was given in.
        role: String,
        /// What it means.
        meaning: Meaning,
        /// What was signed.
        statement: String,
        /// Printed name.
        name: String,
        /// How sure it is who signed.
        assurance: Assurance,
        /// Fingerprint of the key, where a key signed.
        #[serde(skip_serializing_if = "Option::is_none")]
        key: Option<String>,
        /// What they were shown, and where they sat; there where a person answered.
        #[serde(skip_serializing_if = "Option::is_none")]
        presence: Option<Box<Presence>>,
        /// Whether it still counts: it was not taken back, by a lapse or because its step was done again.
        counts: bool,
        /// Who signed.
        by: By,
    },
    /// The person asked refused it.
    Rejected {
        /// Why.
        reason: String,
        /// Printed name, where a key signed.
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// What they were shown, and where they sat; there where a person answered.
        #[serde(skip_serializing_if = "Option::is_none")]
        presence: Option<Box<Presence>>,
        /// How sure it is who rejected it.
        assurance: Assurance,
        /// Fingerprint of the key, where a key signed.
        #[serde(skip_serializing_if = "Option::is_none")]
        key: Option<String>,
        /// By whom.
        by: By,
    },
    /// An attempt did not count.
    Refused {
        /// Why.
        reason: String,
        /// Who tried.
        by: By,
    },
    /// What was signed no longer counts, for time passed or something its signer saw changed.
    Lapsed {
        /// Why, in words.
        reason: String,
    },
}

/// A rollback.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RollbackFacts {
    /// The event.
    pub n: u64,
    /// When it was opened.
    pub at: Timestamp,
    /// Steps that it was asked to undo, in that order. What came of each is under `outcomes`.
    pub steps: Vec<String>,
    /// Steps with an effect that the document cannot undo.
    pub without: Vec<String>,
    /// Why.
    pub reason: Option<String>,
    /// Who asked; `None` where the document did.
    pub by: Option<By>,
    /// What came of each of `steps`, in that order.
    pub outcomes: Vec<RollbackOutcome>,
}

/// What came of undoing a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RollbackOutcome {
    /// The step.
    pub step: String,
    /// What came of it.
    pub state: RollbackState,
}

/// A step that may have taken effect, and is not undone at the end of a run that did not pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StillDone {
    /// The step.
    pub step: String,
    /// Why it is not undone.
    pub why: NotUndone,
}

/// A note or a correction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NoteFacts {
    /// The event.
    pub n: u64,
    /// When.
    pub at: Timestamp,
    /// What it says.
    pub text: String,
    /// The step it is about.
    pub step: Option<String>,
    /// The event it corrects.
    pub corrects: Option<u64>,
    /// Who says so.
    pub by: By,
}

/// A run that goes from one operator to the next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HandoverFacts {
    /// The event.
    pub n: u64,
    /// When it was handed over.
    pub at: Timestamp,
    /// To whom.
    pub to: String,
    /// Where the run stood.
    pub standing: Standing,
    /// Open questions.
    pub note: Option<String>,
    /// Who handed it over.
    pub by: By,
    /// What became of it; `None` while it is open.
    pub end: Option<HandoverEnd>,
}

/// How a handover ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HandoverEnd {
    /// The event.
    pub n: u64,
    /// When.
    pub at: Timestamp,
    /// Whether it was accepted; withdrawn otherwise.
    pub accepted: bool,
    /// Why it was withdrawn.
    pub reason: Option<String>,
    /// Who accepted or withdrew it.
    pub by: By,
}

/// A torn tail that was cut.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Recovery {
    /// The event.
    pub n: u64,
    /// When.
    pub at: Timestamp,
    /// The bytes that were cut.
    pub torn: BlobRef,
}

/// A value that came out of the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ValueFound {
    /// The event it came with.
    pub n: u64,
    /// The variable's name.
    pub name: String,
    /// The value.
    pub value: String,
    /// The step.
    pub step: String,
    /// The action.
    pub action: String,
    /// The place, for what is done at places.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Whether a person wrote it down (else it was captured).
    pub recorded: bool,
    /// Whether it keeps its limits; captured values have none.
    pub within_limits: bool,
    /// Proof named with it.
    pub evidence: Option<Evidence>,
    /// What was written down before it was put right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corrected: Option<String>,
}

/// A block that runs just now, or may run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RunningNow {
    /// The step.
    pub step: String,
    /// Its number.
    pub number: String,
    /// The action or rollback block.
    pub action: String,
    /// The place, for what is done at places.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// When it began.
    pub since: Timestamp,
}

/// A sign-off that is about to lapse.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LapsingFacts {
    /// The action.
    pub action: String,
    /// Why, in words.
    pub reason: String,
}

/// What an open run waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Waits {
    /// The step.
    pub step: String,
    /// Its number.
    pub number: String,
    /// The action or rollback block.
    pub action: String,
    /// The place, for what is done at places.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// `run`, `check`, `confirm`, `record`, `signoff` or `rollback`.
    pub kind: &'static str,
    /// How it stands.
    pub status: Status,
    /// Whose turn it is, where a role is named.
    pub role: Option<String>,
    /// Of a sign-off, what it takes beyond that one person signs, in words: of how many, who of them has, for how long.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub terms: Vec<String>,
}

impl Waits {
    /// Whether somebody is to sign it: also where it was rejected, which is no end of it.
    pub fn is_to_be_signed(&self) -> bool {
        self.kind == "signoff" && matches!(self.status, Status::Waiting | Status::Rejected)
    }

    /// How it stands, to go on behind `waits at` it: `for an answer`, `failed`.
    pub fn words(&self) -> String {
        match (self.kind, self.status) {
            ("signoff", Status::Waiting) => "for a signature".to_owned(),
            ("signoff", Status::Rejected) => "for a signature after a rejection".to_owned(),
            (_, Status::Waiting) => "for an answer".to_owned(),
            ("rollback", Status::NotReached) => "its rollback is next".to_owned(),
            ("rollback", status) => format!("its rollback: {}", status.words().to_lowercase()),
            (_, status) => status.words().to_lowercase(),
        }
    }
}

/// An event that the engine did not ask for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Misfit {
    /// The event.
    pub n: u64,
    /// When.
    pub at: Timestamp,
    /// Why it does not fit.
    pub why: String,
    /// The event, whole.
    pub event: holdpoint_engine::Event,
}

/// A signed review that lies beside the sealed record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReviewFacts {
    /// Its number, from 1.
    pub number: u64,
    /// `audit-trail review`, `late note`, `post-release check`.
    pub what: String,
    /// What is said.
    pub text: String,
    /// What `verify` said of the record then.
    pub verdict: String,
    /// Who, by principal.
    pub who: String,
    /// Printed name.
    pub name: String,
    /// When, as the reviewer's clock showed it.
    pub time: String,
    /// The key's fingerprint.
    pub key: String,
    /// Whether the signers whom the record itself names vouch for the key.
    pub listed: bool,
}

/// A blob that was expunged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExpungedFacts {
    /// Its digest.
    pub sha256: String,
    /// How long it was.
    pub bytes: u64,
    /// When it was expunged.
    pub at: Timestamp,
    /// By whom, by principal.
    pub who: String,
    /// Why.
    pub reason: String,
}

/// An anchor that lies beside the record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AnchorFacts {
    /// Its number, from 1.
    pub number: u64,
    /// `time-stamp`, `git tag`.
    pub what: String,
    /// What of the record it is over: `the seal`, `its first 12 events`.
    pub over: String,
    /// The digest that it is over.
    pub digest: String,
    /// When, as the token or the tag tells.
    pub time: String,
    /// By whom, and how far that was checked.
    pub by: String,
    /// Whether it is over the seal, and by a key that the record's signers list where it is a tag.
    #[serde(skip)]
    pub over_seal: bool,
}
