//! What would be undone, in which order, and how far back.

use std::collections::BTreeMap;

use holdpoint_document::Plan;

use crate::run::{State, Status, UNTOUCHED};
use crate::{Run, Task};

/// What rolling back now would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RollbackPlan {
    /// Steps with rollback blocks, last effect first.
    pub steps: Vec<usize>,
    /// Steps that had an effect and that the document has no rollback for.
    pub without: Vec<usize>,
    /// The point of no return that was crossed: this step and what came before it stay.
    pub barrier: Option<usize>,
}

/// A rollback under way.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rollback {
    /// In order of execution.
    queue: Vec<Task>,
    states: BTreeMap<Task, State>,
}

impl Run {
    /// What rolling back now would do: steps whose mutating blocks were started (a failed or doubtful block may have
    /// done half of its work), in reverse order of their last start, back to the last point of no return.
    pub fn rollback_plan(&self, plan: &Plan) -> RollbackPlan {
        let mut out = RollbackPlan::default();
        for step in self.effects.iter().rev().copied() {
            if plan.steps[step].irreversible {
                out.barrier = Some(step);
                break;
            }
            if plan.steps[step].rollbacks.is_empty() {
                out.without.push(step);
            } else {
                out.steps.push(step);
            }
        }
        out
    }

    /// Notes that a mutating block of the step may have taken effect.
    pub(crate) fn note_effect(&mut self, step: usize) {
        self.effects.retain(|other| *other != step);
        self.effects.push(step);
    }

    /// Whether a rollback is under way.
    pub fn is_rolling_back(&self) -> bool {
        self.rollback.is_some()
    }
}

impl Rollback {
    pub(crate) fn new(plan: &Plan, steps: &[usize]) -> Rollback {
        let blocks = |step: &usize| {
            let step = *step;
            (0..plan.steps[step].rollbacks.len()).map(move |block| Task::rollback(step, block))
        };
        let queue: Vec<Task> = steps.iter().flat_map(blocks).collect();
        let states = queue.iter().map(|task| (*task, State::default())).collect();
        Rollback { queue, states }
    }

    pub(crate) fn current(&self) -> Option<Task> {
        self.queue.iter().copied().find(|task| self.state(*task).status != Status::Settled)
    }

    pub(crate) fn state(&self, task: Task) -> &State {
        self.states.get(&task).unwrap_or(&UNTOUCHED)
    }

    pub(crate) fn state_mut(&mut self, task: Task) -> Option<&mut State> {
        self.states.get_mut(&task)
    }
}
