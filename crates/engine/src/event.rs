//! What happened. A record is a list of these and nothing else (record.md section 2).

mod block;
mod by;
mod change;
mod correction;
mod deed;
mod exchanged;
mod former;
mod handover;
mod hours;
mod opened;
mod policy;
mod presence;
mod rehearsed;
mod rule;
mod signature;
mod signed_session;
mod words;

use serde::{Deserialize, Serialize};

pub use block::*;
pub use by::*;
pub use change::*;
pub use correction::*;
pub use deed::*;
pub use exchanged::*;
pub use former::*;
pub use handover::*;
pub use hours::*;
pub use opened::*;
pub use policy::*;
pub use presence::*;
pub use rehearsed::*;
pub use rule::*;
pub use signature::*;
pub use signed_session::*;

/// Everything that can happen to a run. One enum for live runs, resume, replay, verify and every report.
///
/// No floating-point numbers; durations are whole milliseconds; digests are SHA-256 in lower-case hex.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", deny_unknown_fields)]
pub enum Event {
    /// Event 0: what runs, where, with what, by whom.
    #[serde(rename = "run.opened")]
    RunOpened(Box<RunOpened>),
    /// A driver took the run up again.
    #[serde(rename = "session.opened")]
    SessionOpened(Session),
    /// The key of whoever operates signed that they do, where the environment asks for that: nothing else happens before.
    #[serde(rename = "session.signed")]
    SessionSigned(Box<SignedSession>),
    /// Rules of the environment were held once more, while a driver had the run.
    #[serde(rename = "rules.checked")]
    RulesChecked(Look),
    /// The document was exchanged for another: from here on the run goes by that.
    #[serde(rename = "document.exchanged")]
    DocumentExchanged(Box<Exchanged>),
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
        /// The place, where it is of a step that has places.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        place: Option<String>,
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
        /// The item as it was shown, with the values of that time.
        text: String,
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
    /// A value that was written down is put right.
    #[serde(rename = "value.corrected")]
    ValueCorrected(Corrected),
    /// The run waits for a sign-off.
    #[serde(rename = "signoff.requested")]
    SignOffRequested {
        /// The step.
        step: String,
        /// The action.
        action: String,
        /// Whose sign-off it takes.
        role: String,
        /// What is to be signed, rendered.
        statement: String,
    },
    /// A sign-off was given.
    #[serde(rename = "signoff.given")]
    SignOffGiven(SignedOff),
    /// A sign-off was refused by the person asked, with a written reason. Not a failure; rolls nothing back.
    #[serde(rename = "signoff.rejected")]
    SignOffRejected {
        /// The step.
        step: String,
        /// The action.
        action: String,
        /// Why.
        reason: String,
        /// The key's signature, where it was rejected by key: it takes the assurance that a sign-off takes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signed: Option<Box<SignedRejection>>,
        /// What they were shown, and where they sat; there where a person rejected it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        presence: Option<Box<Presence>>,
        /// By whom.
        by: By,
    },
    /// An attempt to sign off did not count: wrong role, not independent. Failed attempts are evidence too.
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
    /// A sign-off no longer counts, and is asked for again: it was given longer ago than the document lets it stay good
    /// (`expires`), something its signer saw has changed before anything that it guards had begun, or a value that they saw
    /// was corrected, at whatever time.
    #[serde(rename = "signoff.lapsed")]
    SignOffLapsed {
        /// The step.
        step: String,
        /// The action.
        action: String,
        /// Why, in words.
        reason: String,
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
        /// The place, where it is of a step that has places.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        place: Option<String>,
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
        /// Of steps that took effect at places, each of those places, last effect first.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        places: Vec<TakenEffect>,
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
    /// Whoever operates hands the run over: nobody drives it until that is accepted, or withdrawn.
    #[serde(rename = "handover")]
    Handover(Box<Handover>),
    /// Whoever it was handed to operates from now on.
    #[serde(rename = "handover.accepted")]
    HandoverAccepted {
        /// Who accepts.
        by: By,
    },
    /// It was not accepted and is no more to be.
    #[serde(rename = "handover.withdrawn")]
    HandoverWithdrawn {
        /// Why; needed of everybody but the one who handed it over.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// Who takes it back, or declines it.
        by: By,
    },
    /// The run is over; nothing follows.
    #[serde(rename = "run.closed")]
    RunClosed {
        /// How it ended.
        verdict: Verdict,
    },
}

impl Event {
    /// How the run ended, where this is its end.
    pub fn verdict(&self) -> Option<Verdict> {
        match self {
            Event::RunClosed { verdict } => Some(*verdict),
            _ => None,
        }
    }

    /// The rehearsal that the run relied on when it opened, or that its new document did.
    pub fn rehearsed(&self) -> Option<&Rehearsed> {
        match self {
            Event::RunOpened(opened) => opened.policy.rehearsed.as_ref(),
            Event::DocumentExchanged(exchanged) => exchanged.policy.rehearsed.as_ref(),
            _ => None,
        }
    }

    /// Who gave it as an answer; `None` for what nobody answers.
    pub fn by(&self) -> Option<&By> {
        match self {
            Event::ItemConfirmed { by, .. }
            | Event::ValueRecorded { by, .. }
            | Event::SignOffRejected { by, .. }
            | Event::SignOffRefused { by, .. }
            | Event::Decision { by, .. }
            | Event::HandoverAccepted { by }
            | Event::HandoverWithdrawn { by, .. }
            | Event::Note { by, .. } => Some(by),
            Event::ValueCorrected(corrected) => Some(&corrected.by),
            Event::Handover(handover) => Some(&handover.by),
            Event::DocumentExchanged(exchanged) => Some(&exchanged.by),
            Event::SignOffGiven(given) => Some(&given.by),
            Event::SessionSigned(signed) => Some(&signed.by),
            Event::Deviation(deviation) => Some(&deviation.by),
            Event::RollbackOpened { by, .. } => by.as_ref(),
            Event::RunOpened(_)
            | Event::SessionOpened(_)
            | Event::RulesChecked(_)
            | Event::LogRecovered { .. }
            | Event::NotApplicable { .. }
            | Event::ActionStarted(_)
            | Event::ActionFinished(_)
            | Event::SignOffRequested { .. }
            | Event::SignOffLapsed { .. }
            | Event::RollbackStarted(_)
            | Event::RollbackFinished(_)
            | Event::RunClosed { .. } => None,
        }
    }

    /// The key's signature, where the event is one that a key signed: its files stand beside the record.
    pub fn signature(&self) -> Option<&KeySignature> {
        match self {
            Event::SignOffGiven(given) => given.signature.as_ref(),
            Event::SignOffRejected { signed, .. } => signed.as_deref().map(|signed| &signed.signature),
            Event::Deviation(Deviation { overridden: Some(overridden), .. }) => overridden.signature.as_ref(),
            Event::SessionSigned(signed) => Some(&signed.signature),
            _ => None,
        }
    }

    /// The step that it is about, where it is about one.
    pub fn step(&self) -> Option<&str> {
        self.about().map(|(step, _)| step)
    }

    /// The step and the action that it names; no action where it is about the step as a whole.
    pub fn about(&self) -> Option<(&str, Option<&str>)> {
        match self {
            Event::ActionStarted(started) | Event::RollbackStarted(started) => {
                Some((&started.step, Some(&started.action)))
            }
            Event::ActionFinished(finished) | Event::RollbackFinished(finished) => {
                Some((&finished.step, Some(&finished.action)))
            }
            Event::ItemConfirmed { step, action, .. }
            | Event::ValueRecorded { step, action, .. }
            | Event::SignOffRequested { step, action, .. }
            | Event::SignOffRejected { step, action, .. }
            | Event::SignOffRefused { step, action, .. }
            | Event::SignOffLapsed { step, action, .. }
            | Event::Decision { step, action, .. } => Some((step, Some(action))),
            Event::ValueCorrected(corrected) => Some((&corrected.step, Some(&corrected.action))),
            Event::SignOffGiven(given) => Some((&given.step, Some(&given.action))),
            Event::NotApplicable { step, action, .. } => Some((step, action.as_deref())),
            // One that overrides rules is of the whole run.
            Event::Deviation(Deviation { step, action, .. }) => {
                Some((step.as_str(), action.as_deref())).filter(|(step, _)| !step.is_empty())
            }
            Event::Note { step, .. } => Some((step.as_deref()?, None)),
            Event::RunOpened(_)
            | Event::SessionOpened(_)
            | Event::SessionSigned(_)
            | Event::RulesChecked(_)
            | Event::DocumentExchanged(_)
            | Event::LogRecovered { .. }
            | Event::RollbackOpened { .. }
            | Event::Handover(_)
            | Event::HandoverAccepted { .. }
            | Event::HandoverWithdrawn { .. }
            | Event::RunClosed { .. } => None,
        }
    }

    /// Whether something begins with it that a sign-off before it guards. A rollback is guarded by none.
    pub fn begins(&self) -> bool {
        matches!(self, Event::ActionStarted(_) | Event::ItemConfirmed { .. } | Event::ValueRecorded { .. })
    }

    /// Who is answerable for it, where that is a person: whoever answered, signed, decided, wrote; or operates, where
    /// the event is of a session. `None` for what the driver or the document does.
    pub fn who(&self) -> Option<&str> {
        match self {
            Event::RunOpened(opened) => Some(&opened.session.operator),
            Event::SessionOpened(session) => Some(&session.operator),
            other => other.by().map(|by| by.who.as_str()),
        }
    }
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Everything was done, deviations included.
    Passed,
    /// Everything was passed over or skipped: there is nothing that could have passed.
    NothingDone,
    /// A failure ended it; or a rollback of which a block was skipped, or nothing was executed.
    Failed,
    /// What was done was rolled back: every block of the rollback passed, but for those that are not for this run.
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
