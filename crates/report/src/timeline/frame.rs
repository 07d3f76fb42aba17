//! What a replay shows.

use std::rc::Rc;
use std::time::Duration;

use holdpoint_engine::{
    By, Choice, Corrected, Deviation, Evidence, Handover, Outcome, Session, SignedOff, Verdict,
};
use holdpoint_model::rollback_of;

use crate::Piece;
use crate::markdown::words::with_place;

/// One thing to show, and when.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// Since the run was opened; never less than the frame before it.
    pub at: Duration,
    /// The event it comes from.
    pub n: u64,
    /// What to show.
    pub kind: FrameKind,
}

/// The attempt at a block that a frame is of. Those of several places overlap.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    /// The step.
    pub step: String,
    /// The action or rollback block.
    pub action: String,
    /// The place, where it has one.
    pub place: Option<String>,
    /// Counted from 1.
    pub attempt: u32,
}

impl Source {
    /// The action, with its place where it has one.
    pub fn name(&self) -> String {
        with_place(&self.action, self.place.as_deref())
    }

    /// The same for people, who know a rollback as its step's.
    pub fn told(&self) -> String {
        match rollback_of(&self.action) {
            Some((step, 1)) => with_place(&format!("rollback of {step}"), self.place.as_deref()),
            Some((step, block)) => {
                with_place(&format!("rollback of {step}, block {block}"), self.place.as_deref())
            }
            None => self.name(),
        }
    }
}

/// What a frame shows. Texts and bytes are as recorded: make them harmless ([`crate::visible`]) or mean not to.
#[derive(Clone, Debug, PartialEq)]
pub enum FrameKind {
    /// Somebody begins or takes up driving.
    Session {
        /// Who, with what, where.
        session: Box<Session>,
        /// Whether the run was open before.
        resumed: bool,
    },
    /// The run turns to another step.
    StepHead {
        /// Its id.
        step: String,
        /// Position as the operator sees it; empty where the document has no such step.
        number: String,
        /// Its title, with values as the operator saw it.
        title: String,
    },
    /// A block begins.
    Command {
        /// The attempt.
        of: Rc<Source>,
        /// What it is.
        kind: CommandKind,
        /// What runs: the exact script where it is recorded, else the document's.
        script: String,
        /// Whether the script is not the document's own.
        differs: bool,
        /// First word of the block's info string.
        language: String,
    },
    /// A piece of output.
    Output {
        /// Of which attempt.
        of: Rc<Source>,
        /// Which stream.
        stream: Stream,
        /// Which bytes of which blob; read them when they are to be shown.
        piece: Piece,
    },
    /// The block has a terminal, of this size from here on: its output is what a program drew there, to be shown as it is
    /// ([`crate::Drawing`]), not line by line.
    Screen {
        /// Of which attempt.
        of: Rc<Source>,
        /// Characters in a line.
        columns: u16,
        /// Lines.
        rows: u16,
    },
    /// A block ended.
    Ended {
        /// The attempt.
        of: Rc<Source>,
        /// How.
        outcome: Outcome,
        /// Exit code.
        exit: Option<i32>,
        /// Signal.
        signal: Option<i32>,
        /// Why it could not run.
        error: Option<String>,
        /// Wall time, milliseconds.
        duration_ms: u64,
    },
    /// One expectation, judged.
    Expectation {
        /// Of which attempt.
        of: Rc<Source>,
        /// What was expected.
        expected: String,
        /// What came, where it did not hold.
        came: Option<String>,
        /// Whether it held.
        held: bool,
    },
    /// A variable taken from a block's results.
    Captured {
        /// Of which attempt.
        of: Rc<Source>,
        /// Its name.
        name: String,
        /// Its value.
        value: String,
    },
    /// Somebody confirmed an item.
    Confirmed {
        /// The item, with values as the operator saw it.
        text: String,
        /// Who.
        by: By,
    },
    /// Somebody wrote down a value.
    Value {
        /// The field.
        name: String,
        /// The value.
        value: String,
        /// Proof named with it.
        evidence: Option<Evidence>,
        /// Whether it keeps its limits.
        within_limits: bool,
        /// Who.
        by: By,
    },
    /// A value that was written down was put right.
    Corrected(Box<Corrected>),
    /// A sign-off was asked for.
    SignOffRequested {
        /// Whose.
        role: String,
        /// What is to be signed.
        statement: String,
    },
    /// A sign-off was given.
    SignOff(Box<SignedOff>),
    /// A sign-off was refused: by the person asked, or because it did not count.
    SignOffWithheld {
        /// Whether the person asked refused it (else the attempt did not count).
        rejected: bool,
        /// Why.
        reason: String,
        /// Who.
        by: By,
    },
    /// A sign-off was good for a time only, which is over.
    SignOffLapsed {
        /// Why, in words.
        reason: String,
    },
    /// A condition does not hold.
    NotApplicable {
        /// The place, where it is not so at all of them.
        place: Option<String>,
        /// The condition, as written.
        condition: String,
    },
    /// A question was answered.
    Decision {
        /// The place, where the question was of one.
        place: Option<String>,
        /// The answer.
        choice: Choice,
        /// Why.
        reason: Option<String>,
        /// Who.
        by: By,
    },
    /// What is done is not what the document says.
    Deviation(Box<Deviation>),
    /// Rolling back begins.
    Rollback {
        /// Steps to undo, in that order, each with its places where it has any.
        steps: Vec<String>,
        /// Steps with an effect that the document cannot undo.
        without: Vec<String>,
        /// Why.
        reason: Option<String>,
        /// Who asked; `None` where the document did.
        by: Option<By>,
    },
    /// A note.
    Note {
        /// What it says.
        text: String,
        /// Who.
        by: By,
    },
    /// The run is handed over.
    Handover(Box<Handover>),
    /// A handover is accepted, or withdrawn.
    HandoverEnded {
        /// Whether it is accepted.
        accepted: bool,
        /// Why it is withdrawn.
        reason: Option<String>,
        /// Who.
        by: By,
    },
    /// What replay cannot show, and why; a torn tail that was cut.
    Remark(String),
    /// The run is over.
    Closed(Verdict),
}

impl FrameKind {
    /// The attempt at a block that it is of; `None` where it is of none.
    pub fn source(&self) -> Option<&Rc<Source>> {
        match self {
            FrameKind::Command { of, .. }
            | FrameKind::Output { of, .. }
            | FrameKind::Screen { of, .. }
            | FrameKind::Ended { of, .. }
            | FrameKind::Expectation { of, .. }
            | FrameKind::Captured { of, .. } => Some(of),
            _ => None,
        }
    }

    /// The place that it is of; `None` where it is of none.
    pub fn place(&self) -> Option<&str> {
        match self {
            FrameKind::NotApplicable { place, .. } | FrameKind::Decision { place, .. } => place.as_deref(),
            FrameKind::Deviation(deviation) => deviation.place.as_deref(),
            other => other.source()?.place.as_deref(),
        }
    }

    /// What it is called where frames are data.
    pub fn name(&self) -> &'static str {
        match self {
            FrameKind::Session { .. } => "session",
            FrameKind::StepHead { .. } => "step_head",
            FrameKind::Command { .. } => "command",
            FrameKind::Output { .. } => "output",
            FrameKind::Screen { .. } => "screen",
            FrameKind::Ended { .. } => "ended",
            FrameKind::Expectation { .. } => "expectation",
            FrameKind::Captured { .. } => "captured",
            FrameKind::Confirmed { .. } => "confirmed",
            FrameKind::Value { .. } => "value",
            FrameKind::Corrected(..) => "corrected",
            FrameKind::SignOffRequested { .. } => "sign_off_requested",
            FrameKind::SignOff(..) => "sign_off",
            FrameKind::SignOffWithheld { .. } => "sign_off_withheld",
            FrameKind::SignOffLapsed { .. } => "sign_off_lapsed",
            FrameKind::NotApplicable { .. } => "not_applicable",
            FrameKind::Decision { .. } => "decision",
            FrameKind::Deviation(..) => "deviation",
            FrameKind::Rollback { .. } => "rollback",
            FrameKind::Note { .. } => "note",
            FrameKind::Handover(..) => "handover",
            FrameKind::HandoverEnded { .. } => "handover_ended",
            FrameKind::Remark(..) => "remark",
            FrameKind::Closed(..) => "closed",
        }
    }
}

/// What kind of block a command is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandKind {
    /// Changes something.
    Run,
    /// Only looks.
    Check,
    /// A check run to find out whether an interrupted block took effect.
    Probe,
    /// Undoes a step.
    Rollback,
}

impl CommandKind {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            CommandKind::Run => "run",
            CommandKind::Check => "check",
            CommandKind::Probe => "check, to find out",
            CommandKind::Rollback => "rollback",
        }
    }
}

/// Where output went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

impl Stream {
    /// What it is called where frames are data.
    pub fn name(self) -> &'static str {
        match self {
            Stream::Stdout => "stdout",
            Stream::Stderr => "stderr",
        }
    }
}
