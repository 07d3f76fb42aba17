//! What can be undone, and a rollback under way.

use std::collections::{BTreeMap, BTreeSet};

use holdpoint_model::Plan;

use super::state::{Left, State, Status, UNTOUCHED};
use crate::{PlaceIx, TakenEffect, Task, Verdict};

/// What rolling back now would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RollbackPlan {
    /// Steps with rollback blocks, last effect first.
    pub steps: Vec<usize>,
    /// Steps that had an effect and that the document has no rollback for.
    pub without: Vec<usize>,
    /// Of steps that took effect at places, each of those places, last effect first.
    pub places: Vec<TakenEffect>,
    /// The point of no return that was crossed: this step and what came before it stay.
    pub barrier: Option<usize>,
}

/// A rollback under way.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rollback {
    /// In order of execution.
    pub(crate) queue: Vec<Task>,
    /// How many of them are settled: those come first, and none of them is begun again.
    pub(crate) settled: usize,
    pub(crate) states: BTreeMap<Task, State>,
}

/// What may have taken effect: steps whose mutating blocks were started (a failed or doubtful block may have done half
/// of its work).
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Effects {
    pub(crate) starts: u64,
    /// Steps that can be undone still, at each of their places, by the number of their last start; and the other way
    /// round.
    pub(crate) undoable: BTreeMap<u64, Effect>,
    pub(crate) last_start: BTreeMap<Effect, u64>,
    /// Steps up to the last point of no return. They stay so: to undo one that was repeated after the point would
    /// go back behind it.
    pub(crate) kept: BTreeSet<usize>,
    pub(crate) barrier: Option<usize>,
}

/// A step, and the place where it took effect.
pub(crate) type Effect = (usize, Option<PlaceIx>);

impl Effects {
    /// Notes that a mutating block is started.
    pub(crate) fn note(&mut self, plan: &Plan, task: Task) {
        self.starts += 1;
        let effect = (task.step, task.place);
        if !self.kept.contains(&task.step) {
            if let Some(before) = self.last_start.insert(effect, self.starts) {
                self.undoable.remove(&before);
            }
            self.undoable.insert(self.starts, effect);
        }
        if task.step_of(plan).irreversible {
            self.kept.extend(std::mem::take(&mut self.undoable).into_values().map(|(step, _)| step));
            self.barrier = Some(task.step);
        }
    }

    /// Whether the step may have taken effect and could be undone still.
    pub(crate) fn is_undoable(&self, step: usize) -> bool {
        self.undoable.values().any(|(undoable, _)| *undoable == step)
    }
}

impl Rollback {
    pub(crate) fn of(queue: Vec<Task>) -> Rollback {
        let states = queue.iter().map(|task| (*task, State::default())).collect();
        Rollback { queue, settled: 0, states }
    }

    /// Whether it is one of the blocks that this rollback runs.
    pub(crate) fn runs(&self, task: Task) -> bool {
        self.states.contains_key(&task)
    }

    pub(crate) fn current(&self) -> Option<Task> {
        self.queue.get(self.settled).copied()
    }

    /// How it ended. What was skipped was not undone, and where every block was left out, nothing was.
    pub(crate) fn ended(&self) -> Verdict {
        let skipped = self.states.values().any(|state| state.left == Some(Left::Skipped));
        let undone = self.states.values().any(|state| state.left.is_none());
        if undone && !skipped { Verdict::RolledBack } else { Verdict::Failed }
    }

    /// Moves past what is settled.
    pub(crate) fn advance(&mut self) {
        while self.current().is_some_and(|task| self.state(task).status == Status::Settled) {
            self.settled += 1;
        }
    }

    pub(crate) fn state(&self, task: Task) -> &State {
        self.states.get(&task).unwrap_or(&UNTOUCHED)
    }

    pub(crate) fn state_mut(&mut self, task: Task) -> Option<&mut State> {
        self.states.get_mut(&task)
    }
}
