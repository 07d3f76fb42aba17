//! What is in doubt at a place is looked for there once more before an answer about it counts: whoever answers may have been
//! asked before the block ended, or while nobody could be reached there.

use holdpoint_model::Plan;

use crate::{Choice, DeviationKind, Event, Execution, Frontier, Run};

/// What is known of an attempt that was looked for at its place, and has no end there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unfound {
    /// The place was asked, and nobody there will ever know how it ended.
    Lost,
    /// The place cannot be reached: it may run.
    Away,
    /// The place was asked: nobody keeps the block any more, and it still runs.
    Runs,
}

impl Unfound {
    /// Whether an answer about the attempt counts all the same; `told`: somebody who is there gave it after they were told that
    /// the place cannot be reached.
    ///
    /// Nothing is run beside what may still run; a host that is gone for good must not keep anybody from going on without it.
    pub fn lets(self, answer: &[Event], told: bool) -> bool {
        let decides = |wanted: Choice| move |event: &Event| matches!(event, Event::Decision { choice, .. } if *choice == wanted);
        if answer.iter().any(decides(Choice::Abort)) {
            return true;
        }
        match self {
            Unfound::Lost => true,
            Unfound::Runs => false,
            Unfound::Away => told && !answer.iter().any(decides(Choice::Run)),
        }
    }
}

impl Run {
    /// Whether what a driver that died may have left running bars anything. What can be looked at from here (`seen`) does; what
    /// is on another machine only where a block has no end on record, for nobody can look there, and the note of it may be old.
    pub fn is_barred_by_left(&self, plan: &Plan, seen: bool) -> bool {
        seen || !self.standing(plan).in_doubt.is_empty()
    }

    /// The attempts in doubt that this answer decides about, and that may still have an end at their places.
    pub fn decided_unseen(&self, plan: &Plan, answer: &[Event]) -> Vec<Execution> {
        let plan = plan.after(self.exchanges);
        let Frontier { attachable: mut open, running, .. } = self.frontier(plan);
        open.retain(|open| answer.iter().any(|event| self.decides_about(plan, event, *open)));
        let undoes = answer.iter().any(|event| matches!(event, Event::RollbackOpened { .. }));
        if undoes && running.is_empty() {
            open.extend(self.unended(plan));
        }
        open
    }

    fn decides_about(&self, plan: &Plan, event: &Event, open: Execution) -> bool {
        let names = match event {
            // About all that the run has done.
            Event::RollbackOpened { .. } => return true,
            // Whoever ends the run waits for nothing.
            Event::Decision { choice: Choice::Abort, .. } => return false,
            Event::Decision { step, action, place, .. } => (step, Some(action), place),
            Event::Deviation(deviation) if deviation.kind == DeviationKind::Skipped => {
                (&deviation.step, deviation.action.as_ref(), &deviation.place)
            }
            _ => return false,
        };
        let (step, action, place) = names;
        open.task.step_of(plan).id == *step
            && action.is_none_or(|action| open.task.is(plan, step, action))
            && place.as_deref().is_none_or(|place| self.place_of(open.task) == Some(place))
    }
}
