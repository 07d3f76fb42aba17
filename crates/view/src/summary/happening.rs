//! What happened to one step or action.

use holdpoint_engine::{
    BlobRef, By, Choice, Corrected, DeviationKind, Evidence, Finished, Holding, Presence, SignedOff,
};
use jiff::Timestamp;
use serde::Serialize;

/// One thing that happened, in the order of the record.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Happening {
    /// The event; for an attempt its start.
    pub n: u64,
    /// When.
    pub at: Timestamp,
    /// Whether the step was begun again later, so that this is history only.
    pub superseded: bool,
    /// The place where it happened, for what is done at places.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// The round of its step that it belongs to, as the engine counts them.
    #[serde(skip)]
    pub(crate) round: u32,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What can happen to a step or an action.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum What {
    /// A block was executed, or begun.
    Attempt(Box<Attempt>),
    /// Somebody confirmed it.
    Confirmed {
        /// The item as it was read, with the values of the run, where the document writes it otherwise.
        #[serde(skip_serializing_if = "Option::is_none")]
        text: Option<String>,
        /// Who.
        by: By,
    },
    /// A value was written down.
    Recorded {
        /// The field.
        name: String,
        /// The value.
        value: String,
        /// Proof named with it.
        evidence: Option<Evidence>,
        /// Whether it keeps the field's limits.
        within_limits: bool,
        /// Who.
        by: By,
    },
    /// A value that was written down was put right.
    Corrected(Box<Corrected>),
    /// A sign-off was asked for.
    Requested {
        /// Whose.
        role: String,
        /// What is to be signed, with values that were corrected while it was waited for.
        statement: String,
        /// What was asked for at first, where that was something else.
        #[serde(skip_serializing_if = "Option::is_none")]
        at_first: Option<String>,
    },
    /// A sign-off was given.
    Given(SignedOff),
    /// A sign-off was refused by the person asked.
    Rejected {
        /// Why.
        reason: String,
        /// Fingerprint of the key, where a key signed that.
        #[serde(skip_serializing_if = "Option::is_none")]
        key: Option<String>,
        /// What they were shown, and where they sat; there where a person answered.
        #[serde(skip_serializing_if = "Option::is_none")]
        presence: Option<Box<Presence>>,
        /// Who.
        by: By,
    },
    /// An attempt to sign off did not count.
    Refused {
        /// Why.
        reason: String,
        /// Who tried.
        by: By,
    },
    /// A sign-off was good for a time only, which is over: it is asked for again.
    Lapsed {
        /// Why, in words.
        reason: String,
    },
    /// What was done is not what the document says.
    Deviation {
        /// Counted from 1 within the run.
        number: usize,
        /// What kind.
        kind: DeviationKind,
        /// The script that ran instead.
        script: Option<BlobRef>,
        /// Why.
        reason: String,
        /// Who decided it.
        by: By,
    },
    /// An answer to a question.
    Decision {
        /// What was decided.
        choice: Choice,
        /// Why.
        reason: Option<String>,
        /// Who decided.
        by: By,
    },
    /// A condition does not hold.
    NotApplicable {
        /// The condition, as written.
        condition: String,
    },
    /// Somebody wanted this to be on record.
    Note {
        /// What it says.
        text: String,
        /// The event it corrects.
        corrects: Option<u64>,
        /// Who says so.
        by: By,
    },
}

/// One execution of a block.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Attempt {
    /// Counted from 1, over retries and repeats.
    pub attempt: u32,
    /// Run only to find out whether an interrupted block took effect.
    pub probe: bool,
    /// Who operated, by principal.
    pub who: String,
    /// Working directory it started in.
    pub cwd: String,
    /// The exact script, where it is not the document's own.
    pub script: Option<BlobRef>,
    /// Whether that script was edited by the operator (else it is the document's, rendered).
    pub edited: bool,
    /// How it ended; where that is `None` it runs now, or is in doubt.
    pub finished: Option<Ended>,
    /// Whether it runs while this is read.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub running: bool,
    /// For how long it had held then, where it is a check that must hold for a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held: Option<HeldSoFar>,
}

/// How a check that must hold for a time stood when a try of it had ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct HeldSoFar {
    /// It had held for so long, milliseconds.
    pub held_ms: u64,
    /// It must for so long, milliseconds.
    pub of_ms: u64,
    /// Tries that had passed one after another; of one that did not pass, those before it.
    pub tries: u32,
    /// How often it had begun anew, as nobody had looked for too long.
    pub anew: u32,
}

impl From<Holding> for HeldSoFar {
    fn from(holding: Holding) -> HeldSoFar {
        let millis = |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let (held_ms, of_ms) = (millis(holding.held), millis(holding.of));
        HeldSoFar { held_ms, of_ms, tries: holding.tries, anew: holding.anew }
    }
}

/// The end of an attempt.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Ended {
    /// The event.
    pub n: u64,
    /// When.
    pub at: Timestamp,
    /// How it ended.
    #[serde(flatten)]
    pub result: Box<Finished>,
}

impl What {
    /// Whether nothing of what it is said of begins with it: the run ends there, or a shell is opened beside it.
    pub(crate) fn begins_nothing(&self) -> bool {
        matches!(
            self,
            What::Decision { choice: Choice::Abort, .. } | What::Deviation { kind: DeviationKind::Shell, .. }
        )
    }

    /// Who answered, where a person did.
    pub fn by(&self) -> Option<&By> {
        match self {
            What::Confirmed { by, .. }
            | What::Recorded { by, .. }
            | What::Rejected { by, .. }
            | What::Refused { by, .. }
            | What::Deviation { by, .. }
            | What::Decision { by, .. }
            | What::Note { by, .. } => Some(by),
            What::Corrected(corrected) => Some(&corrected.by),
            What::Given(given) => Some(&given.by),
            What::Attempt(_) | What::Requested { .. } | What::Lapsed { .. } | What::NotApplicable { .. } => {
                None
            }
        }
    }
}
