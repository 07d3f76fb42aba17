//! What happened. A record is a list of these and nothing else (record.md section 2).

use std::collections::BTreeMap;

use holdpoint_document::{Assurance, Meaning};
use serde::{Deserialize, Serialize};

/// Everything that can happen to a run. One enum for live runs, resume, replay, verify and every report.
///
/// No floating-point numbers; durations are whole milliseconds; digests are SHA-256 in lower-case hex.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", deny_unknown_fields)]
pub enum Event {
    /// Event 0: what runs, where, with what, by whom.
    #[serde(rename = "run.opened")]
    RunOpened(Box<RunOpened>),
    /// A driver took the run up again.
    #[serde(rename = "session.opened")]
    SessionOpened(Session),
    /// A torn tail was cut off when the record was opened; its bytes are kept.
    #[serde(rename = "log.recovered")]
    LogRecovered {
        /// The bytes that were cut.
        torn: BlobRef,
    },
    /// A condition does not hold: the step, or one action of it, is not for this run.
    #[serde(rename = "step.not_applicable")]
    NotApplicable {
        /// The step.
        step: String,
        /// The action, where the condition is its own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        action: Option<String>,
        /// The condition that does not hold, as written.
        condition: String,
    },
    /// A block is about to be executed. Durable before its process exists.
    #[serde(rename = "action.started")]
    ActionStarted(Started),
    /// A block ended.
    #[serde(rename = "action.finished")]
    ActionFinished(Box<Finished>),
    /// The operator confirms that an item was done by hand.
    #[serde(rename = "item.confirmed")]
    ItemConfirmed {
        /// The step.
        step: String,
        /// The action.
        action: String,
        /// Who says so.
        by: By,
    },
    /// The operator wrote down an observed value.
    #[serde(rename = "value.recorded")]
    ValueRecorded {
        /// The step.
        step: String,
        /// The action.
        action: String,
        /// The field's name.
        name: String,
        /// What was observed, as text.
        value: String,
        /// The proof named with it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        evidence: Option<Evidence>,
        /// Whether the value keeps the field's limits.
        within_limits: bool,
        /// Who observed it.
        by: By,
    },
    /// The run waits for a release.
    #[serde(rename = "signoff.requested")]
    SignOffRequested {
        /// The step.
        step: String,
        /// The action.
        action: String,
        /// Whose release it takes.
        role: String,
        /// What is to be signed, rendered.
        statement: String,
    },
    /// A release was given.
    #[serde(rename = "signoff.given")]
    SignOffGiven(SignedOff),
    /// A release was refused by the person asked, with a written reason. Not a failure; rolls nothing back.
    #[serde(rename = "signoff.rejected")]
    SignOffRejected {
        /// The step.
        step: String,
        /// The action.
        action: String,
        /// Why.
        reason: String,
        /// By whom.
        by: By,
    },
    /// An attempt to release did not count: wrong role, not independent. Failed attempts are evidence too.
    #[serde(rename = "signoff.refused")]
    SignOffRefused {
        /// The step.
        step: String,
        /// The action.
        action: String,
        /// Why it does not count.
        reason: String,
        /// Who tried.
        by: By,
    },
    /// What was done is not what the document says.
    #[serde(rename = "deviation")]
    Deviation(Deviation),
    /// An answer to a question of the engine.
    #[serde(rename = "decision")]
    Decision {
        /// The step.
        step: String,
        /// The action the question was about.
        action: String,
        /// What was decided.
        choice: Choice,
        /// Why, where one was given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// Who decided.
        by: By,
    },
    /// Rolling back begins.
    #[serde(rename = "rollback.opened")]
    RollbackOpened {
        /// Steps that will be undone, in the order in which that happens: last effect first.
        steps: Vec<String>,
        /// Steps that had an effect and that the document has no rollback for.
        without: Vec<String>,
        /// Why, where one was given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// Who asked for it; `None` when the document does (`on_failure: rollback`).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<By>,
    },
    /// A rollback block is about to be executed. Durable before its process exists.
    #[serde(rename = "rollback.started")]
    RollbackStarted(Started),
    /// A rollback block ended.
    #[serde(rename = "rollback.finished")]
    RollbackFinished(Box<Finished>),
    /// Something somebody wants to be on record.
    #[serde(rename = "note")]
    Note {
        /// What it says.
        text: String,
        /// The step it is about.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<String>,
        /// The number of the event it corrects.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        corrects: Option<u64>,
        /// Who says so.
        by: By,
    },
    /// The run is over; nothing follows.
    #[serde(rename = "run.closed")]
    RunClosed {
        /// How it ended.
        verdict: Verdict,
    },
}

/// A blob of the record: its digest and length.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlobRef {
    /// SHA-256, lower-case hex.
    pub sha256: String,
    /// Length in bytes.
    pub bytes: u64,
}

/// Somebody, and how the answer came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct By {
    /// The principal, as `holdpoint.toml` names people.
    pub who: String,
    /// Whether a person answered or a file did.
    pub via: Via,
}

/// How an answer came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Via {
    /// A person at a terminal.
    Terminal,
    /// An answers file.
    Answers,
    /// A command line.
    Command,
    /// Assumed by a dry run; never in a stored record.
    Assumed,
}

/// Event 0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunOpened {
    /// Format version of the record, `1.0`.
    pub format: String,
    /// ULID that makes the run unique beyond its store.
    pub id: String,
    /// The store's gap-free number.
    pub number: u64,
    /// The document that runs.
    pub runbook: Runbook,
    /// [`holdpoint_document::Plan::digest`] of the plan made from it.
    pub plan: String,
    /// Where it runs.
    pub environment: EnvironmentSeen,
    /// What it was given.
    pub inputs: Vec<InputGiven>,
    /// `holdpoint.toml` as it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<BlobRef>,
    /// The `allowed_signers` file as it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signers: Option<BlobRef>,
    /// Principals by role, as configured.
    pub roles: BTreeMap<String, Vec<String>>,
    /// Printed names by principal, as configured.
    pub people: BTreeMap<String, String>,
    /// Who took it up, and where.
    pub session: Session,
}

/// The document that runs. Title, id and revision are its own claims.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Runbook {
    /// Path, relative to the repository's root.
    pub path: String,
    /// Its exact bytes.
    pub blob: BlobRef,
    /// The commit the repository stood at; `None` outside a repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Whether the work tree had uncommitted changes; `None` outside a repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dirty: Option<bool>,
    /// Whether the document's bytes are those of the commit; `None` outside a repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub committed: Option<bool>,
    /// What it is called.
    pub title: String,
    /// The quality system's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document_id: Option<String>,
    /// The quality system's revision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
}

/// Where a run runs, as configured when it opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvironmentSeen {
    /// Its name; `local` where the repository defines none.
    pub name: String,
    /// A rehearsal.
    pub rehearsal: bool,
    /// Refuses what cannot be traced.
    pub protected: bool,
    /// Sign-offs must be by somebody other than the performer.
    pub four_eyes: bool,
    /// Least assurance of a sign-off.
    pub signature: Assurance,
    /// Variables its scripts see.
    pub vars: BTreeMap<String, String>,
}

/// An input and where its value came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputGiven {
    /// Its name.
    pub name: String,
    /// Its value; `None` for secrets, which are recorded by name only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Whether it is a secret.
    pub secret: bool,
    /// Where the value came from: `set`, `answers`, `env NAME`, `file PATH`, `command`, `default`, `asked`.
    pub from: String,
}

/// Who drives the run, with what program, on what machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// Who operates.
    pub operator: String,
    /// Where that name came from: `option`, `HOLDPOINT_OPERATOR`, `git`, `os`.
    pub operator_from: String,
    /// The program that drives.
    pub program: Program,
    /// The machine's user.
    pub os_user: String,
    /// The machine.
    pub host: String,
    /// The terminal, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tty: Option<String>,
    /// Working directory.
    pub cwd: String,
    /// IANA time zone, or an offset.
    pub time_zone: String,
    /// Whether the machine's clock is synchronised, where the machine says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_synchronised: Option<bool>,
}

/// The program that wrote an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// Its version.
    pub version: String,
    /// Digest of its own binary, where it could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// A block is about to be executed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Started {
    /// The step.
    pub step: String,
    /// The action: an action's id, or `STEP#rollback-N` for a rollback block.
    pub action: String,
    /// Counted from 1, over retries and repeats.
    pub attempt: u32,
    /// Set when a check is run only to find out whether an interrupted block took effect.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub probe: bool,
    /// The exact script, where it is not the document's own (edited or rendered).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script: Option<BlobRef>,
    /// Working directory it starts in.
    pub cwd: String,
}

/// A block ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finished {
    /// The step.
    pub step: String,
    /// The action.
    pub action: String,
    /// The attempt that ended.
    pub attempt: u32,
    /// As in the start.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub probe: bool,
    /// How it ended, judged.
    pub outcome: Outcome,
    /// The exit code, if the process ended by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<i32>,
    /// The signal that ended the process, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<i32>,
    /// Why the process could not be started, or its results not be taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Wall time, milliseconds.
    pub duration_ms: u64,
    /// What it printed; `None` where the document says that nothing is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Output>,
    /// Every expectation, in the order of judgement.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expectations: Vec<Judged>,
    /// Captured variables.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub captures: BTreeMap<String, String>,
    /// Files that captures were taken from, by the path written in the document.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, BlobRef>,
    /// Shell state for the next block; `None` where it did not change or was lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<BlobRef>,
    /// How often each secret was masked.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub masked: BTreeMap<String, u64>,
    /// What else should be known: pipes left open, state lost.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
}

/// What a block printed, each stream apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Output {
    /// Standard output.
    pub stdout: BlobRef,
    /// Standard error.
    pub stderr: BlobRef,
    /// When each piece came: lines `o|e OFFSET MICROSECONDS`, the offset being where the piece ends in its stream.
    pub timing: BlobRef,
}

/// How a block ended. A value, never an error of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Every expectation held.
    Passed,
    /// It ended and something did not hold.
    Failed,
    /// It took longer than it may.
    TimedOut,
    /// The operator stopped it.
    Interrupted,
}

/// One expectation and what came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Judged {
    /// What was expected, in words.
    pub expected: String,
    /// What came, in words, shortened; `None` where it held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub came: Option<String>,
    /// Whether it held.
    pub held: bool,
}

/// Proof named with a recorded value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

/// A release that was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Who signed.
    pub by: By,
}

/// What was done is not what the document says. At the head of every report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deviation {
    /// What kind.
    pub kind: DeviationKind,
    /// The step: for `repeated` and `out_of_order`, where the run goes to.
    pub step: String,
    /// The action; `None` means what is left of the step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// The script that runs instead, for `edited`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script: Option<BlobRef>,
    /// Why; never empty.
    pub reason: String,
    /// Who decided it.
    pub by: By,
}

/// What kind of deviation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// A command outside of the document was run in a shell.
    Shell,
    /// A rule of the environment was overridden.
    PolicyOverridden,
}

/// An answer to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
    /// End the run here.
    Abort,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Everything was done, deviations included.
    Passed,
    /// A failure ended it.
    Failed,
    /// What was done was rolled back.
    RolledBack,
    /// The operator ended it.
    Aborted,
}

/// An event as it stands in a record: with its number, the digest of all bytes before its line, and its time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamped {
    /// Position in the record, from 0.
    pub n: u64,
    /// SHA-256, lower-case hex, of all bytes of `run.jsonl` before this event's line.
    pub prev: String,
    /// When it was written, UTC, RFC 3339 with microseconds.
    pub at: jiff::Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}
