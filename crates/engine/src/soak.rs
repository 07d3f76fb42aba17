//! Checks that must hold for a time (`hold`). The engine has no clock: every event comes with its time, and how long a
//! check has held is told by the ends of its tries alone.

use std::time::Duration;

use holdpoint_model::Plan;
use jiff::Timestamp;

use crate::run::soak::{Asked, MOST_ANEW, Soak};
use crate::run::state::{State, Status};
use crate::{Outcome, Run, Task};

/// How a check stands that must hold for a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holding {
    /// How long it has held: from the end of the first try that passed to the end of the last.
    pub held: Duration,
    /// How long it must.
    pub of: Duration,
    /// Tries that passed one after another.
    pub tries: u32,
    /// How often it has begun anew since somebody asked for it, as nobody had looked for too long.
    pub anew: u32,
    /// Whether it has begun anew too often, which fails it.
    pub given_up: bool,
}

impl Holding {
    /// How long it must hold still.
    pub fn left(&self) -> Duration {
        self.of.saturating_sub(self.held)
    }
}

impl State {
    /// Whether the next try is one of a soak that goes on.
    pub(crate) fn is_soaking(&self) -> bool {
        self.soak.is_some_and(|soak| !soak.broken)
    }

    /// Whatever was seen so far does not count: what comes next is another beginning.
    pub(crate) fn break_soak(&mut self) {
        if let Some(soak) = &mut self.soak {
            soak.broken = true;
        }
    }

    /// An attempt passed: that settles it, unless it must hold for longer.
    pub(crate) fn passed(&mut self, asked: Option<Asked>, at: Timestamp) {
        let Some(Asked { hold, longest }) = asked else {
            self.status = Status::Settled;
            return;
        };
        let soak = match self.soak.filter(|soak| !soak.broken) {
            Some(soak) => soak.and(at, longest),
            None => Soak::begun(at),
        };
        self.soak = Some(soak);
        let (status, outcome) = match () {
            () if soak.held() >= hold.for_ => (Status::Settled, Some(Outcome::Passed)),
            () if soak.is_given_up() => (Status::Failed, Some(Outcome::Failed)),
            () => (Status::Pending, None),
        };
        (self.status, self.told.outcome) = (status, outcome);
    }
}

impl Run {
    /// What the document asks of this check; nothing in a dry run, which tries it once.
    pub(crate) fn must_hold(&self, plan: &Plan, task: Task) -> Option<Asked> {
        if self.is_dry() || task.mutates(plan) {
            return None;
        }
        let options = &task.block(plan)?.options;
        let hold = options.hold?;
        let tried = options.timeout.unwrap_or(holdpoint_model::PROBE_LIMIT);
        Some(Asked { hold, longest: hold.every.saturating_add(tried) })
    }

    /// How a check stands that must hold for a time; `None` for any other, and while none of its tries has passed.
    pub fn holding(&self, plan: &Plan, task: Task) -> Option<Holding> {
        let Asked { hold, .. } = self.must_hold(plan, task)?;
        let state = self.state(task);
        let soak = state.soak.filter(|soak| !soak.broken)?;
        Some(Holding {
            held: soak.held(),
            of: hold.for_,
            tries: soak.tries,
            anew: soak.anew,
            given_up: soak.is_given_up(),
        })
    }

    /// Whether tries of this check have passed and more are to come by themselves.
    pub fn is_holding(&self, plan: &Plan, task: Task) -> bool {
        let open = matches!(self.state(task).status, Status::Pending | Status::Running);
        open && self.holding(plan, task).is_some()
    }

    /// How long to wait before the next try of a soak: the last one comes as soon as it has lasted.
    pub(crate) fn pause_within_soak(&self, plan: &Plan, task: Task) -> Option<Duration> {
        let Asked { hold, .. } = self.must_hold(plan, task)?;
        let left = self.holding(plan, task).filter(|_| self.is_holding(plan, task))?.left();
        // Never none at all: an attempt without a pause before it is one that somebody lets begin.
        Some(hold.every.min(left).max(Duration::from_millis(1)))
    }

    /// Why a check failed of which every try passed, in words.
    pub fn soak_complaint(&self, plan: &Plan, task: Task) -> Option<String> {
        let Asked { longest, .. } = self.must_hold(plan, task)?;
        let given_up = self.state(task).status == Status::Failed && self.holding(plan, task)?.given_up;
        given_up.then(|| {
            format!(
                "it began to hold anew {} times: a try must end within {} of the one before it",
                MOST_ANEW + 1,
                crate::duration(longest)
            )
        })
    }
}
