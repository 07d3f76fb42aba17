//! What is known of one action, and of one step.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use crate::run::soak::Soak;
use crate::{BlobRef, Outcome, SentTo, Task};

/// One action's state.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct State {
    pub(crate) status: Status,
    /// Settled without having been done, where it is settled.
    pub(crate) left: Option<Left>,
    /// Over retries, repeats and resumes.
    pub(crate) attempts: u32,
    /// What automatic attempts and pauses have taken since somebody last asked for one, milliseconds.
    pub(crate) spent_ms: u64,
    /// Whether the next attempt is an automatic one.
    pub(crate) retrying: bool,
    /// Where it stands with holding for a time; `None` before a try of it has passed.
    pub(crate) soak: Option<Soak>,
    /// It failed, and somebody asked for another attempt: at a place it counts as failed until it has passed.
    pub(crate) failed_before: bool,
    /// Its own condition was decided: it has begun since it was last reset.
    pub(crate) decided: bool,
    /// The warning before it was acknowledged.
    pub(crate) acknowledged: bool,
    /// Runs instead of the document's script.
    pub(crate) script: Option<BlobRef>,
    /// Where the attempt that runs, or is in doubt, was sent to.
    pub(crate) sent: Option<Arc<SentTo>>,
    /// Fields written down.
    pub(crate) recorded: BTreeSet<String>,
    /// Those of them that do not keep their limits.
    pub(crate) out_of_limits: BTreeSet<String>,
    /// Who signed it off.
    pub(crate) signers: BTreeSet<String>,
    pub(crate) requested: bool,
    pub(crate) interrupted: bool,
    /// An offered command that somebody said be run, in this session.
    pub(crate) wanted: bool,
    /// What became of it before it was last reset; `None` where nothing did.
    pub(crate) before: Option<Before>,
    pub(crate) told: SinceReset,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Status {
    #[default]
    Pending,
    Running,
    InDoubt,
    Failed,
    Settled,
}

/// Why an action was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Left {
    /// Its condition, or its step's, did not hold.
    PassedOver,
    /// Somebody skipped it.
    Skipped,
}

/// A check run to find out whether `of` took effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Probe {
    pub(crate) of: Task,
    pub(crate) check: Task,
    pub(crate) running: bool,
}

/// An attempt that was sent to a place and has no end.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Unended {
    pub(crate) sent: Arc<SentTo>,
    pub(crate) attempt: u32,
    pub(crate) probe: bool,
}

pub(crate) static UNTOUCHED: State = State {
    status: Status::Pending,
    left: None,
    attempts: 0,
    spent_ms: 0,
    retrying: false,
    soak: None,
    failed_before: false,
    decided: false,
    acknowledged: false,
    script: None,
    sent: None,
    recorded: BTreeSet::new(),
    out_of_limits: BTreeSet::new(),
    signers: BTreeSet::new(),
    requested: false,
    interrupted: false,
    wanted: false,
    before: None,
    told: SinceReset::NOTHING,
};

impl State {
    /// Everything is written down: within its limits, or not.
    pub(crate) fn written_down(&mut self) {
        let (status, outcome) = match self.out_of_limits.is_empty() {
            true => (Status::Settled, Outcome::Passed),
            false => (Status::Failed, Outcome::Failed),
        };
        (self.status, self.told.outcome) = (status, Some(outcome));
    }

    /// Settled, and left out by nobody.
    pub(crate) fn is_done(&self) -> bool {
        self.status == Status::Settled && self.left.is_none()
    }

    /// Nothing has happened to it since it was last reset.
    pub(crate) fn is_untouched(&self) -> bool {
        let answered = !self.recorded.is_empty() || !self.signers.is_empty() || self.requested;
        self.status == Status::Pending && self.told == SinceReset::NOTHING && !answered
    }

    /// Somebody asked for another attempt, which has not begun.
    pub(crate) fn is_asked_for(&self) -> bool {
        self.status == Status::Pending && self.decided && !self.retrying && self.soak.is_none()
    }

    /// Settled without being done; what is settled already stays what it is.
    pub(crate) fn leave(&mut self, why: Left) {
        if self.status != Status::Settled {
            self.status = Status::Settled;
            self.left = Some(why);
        }
    }

    /// Back to the beginning; attempts keep counting, an edit is forgotten.
    pub(crate) fn reset(&mut self) {
        let partly = self.told.begun || !self.recorded.is_empty() || !self.signers.is_empty();
        let now = Before { done: self.is_done(), told: self.told };
        let now = (now.done || partly).then_some(now);
        // What was done once was done, whatever a later try came to.
        let done_once = self.before.filter(|before| before.done && !now.is_some_and(|now| now.done));
        let before = done_once.or(now).or(self.before);
        *self = State { attempts: self.attempts, before, ..State::default() };
    }
}

/// What happened to an action since it was last reset, beyond what decides what comes next.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct SinceReset {
    /// How its last attempt ended, or writing down its values did; `None` while there is none, or it has not ended.
    pub(crate) outcome: Option<Outcome>,
    /// Its block was started.
    pub(crate) begun: bool,
    /// The operator says that it happened.
    pub(crate) taken_as_done: bool,
    /// Somebody refused to sign it off, and nobody has signed since.
    pub(crate) rejected: bool,
    /// A sign-off of it lapsed.
    pub(crate) lapsed: bool,
    /// A command that was offered, and that somebody did by hand.
    pub(crate) by_hand: bool,
    /// Its last attempt ended as it should, but for what the document shows that it prints.
    pub(crate) differs: bool,
}

impl SinceReset {
    pub(crate) const NOTHING: SinceReset = SinceReset {
        outcome: None,
        begun: false,
        taken_as_done: false,
        rejected: false,
        lapsed: false,
        by_hand: false,
        differs: false,
    };

    /// An attempt starts.
    pub(crate) fn begin(&mut self) {
        (self.outcome, self.begun, self.differs) = (None, true, false);
    }
}

/// What became of an action before the run went back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Before {
    /// Settled, and left out by nobody.
    pub(crate) done: bool,
    pub(crate) told: SinceReset,
}

impl Before {
    /// It was tried, and no try of it passed.
    pub(crate) fn failed(&self) -> bool {
        let passed = self.told.outcome.map_or(!self.told.begun, |outcome| outcome == Outcome::Passed);
        !self.done && !passed
    }
}

/// What happened to a step as a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Course {
    /// It was begun again so often.
    pub(crate) repeats: u32,
    /// Something in it was skipped or edited, or a shell was opened at it, since it was last begun.
    pub(crate) deviated: bool,
}

impl Course {
    /// The step is done again from its beginning. `entered` tells whether anything of it was touched.
    pub(crate) fn begin_again(&mut self, entered: bool) {
        self.repeats += u32::from(entered || self.deviated);
        self.deviated = false;
    }
}

/// A hold point that somebody refused to sign off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// Who.
    pub who: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// When each sign-off was given: by hold point, by signer; the last time of each.
pub(crate) type Given = BTreeMap<Task, BTreeMap<String, Timestamp>>;
