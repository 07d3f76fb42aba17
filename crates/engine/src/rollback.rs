//! What would be undone, in which order, and how far back.

use std::collections::{BTreeMap, BTreeSet};

use holdpoint_model::Plan;

use crate::apply::{Fold, ensure};
use crate::offers::Moment;
use crate::run::{Left, State, Status, UNTOUCHED};
use crate::{Next, Run, Task, Verdict};

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
    /// How many of them are settled: those come first, and none of them is begun again.
    settled: usize,
    states: BTreeMap<Task, State>,
}

/// What may have taken effect: steps whose mutating blocks were started (a failed or doubtful block may have done half
/// of its work).
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Effects {
    starts: u64,
    /// Steps that can be undone still, by the number of their last start; and the other way round.
    undoable: BTreeMap<u64, usize>,
    last_start: BTreeMap<usize, u64>,
    /// Steps up to the last point of no return. They stay so: to undo one that was repeated after the point would
    /// go back behind it.
    kept: BTreeSet<usize>,
    barrier: Option<usize>,
}

impl Effects {
    /// Notes that a mutating block of the step is started.
    pub(crate) fn note(&mut self, plan: &Plan, step: usize) {
        self.starts += 1;
        if !self.kept.contains(&step) {
            if let Some(before) = self.last_start.insert(step, self.starts) {
                self.undoable.remove(&before);
            }
            self.undoable.insert(self.starts, step);
        }
        if plan.steps[step].irreversible {
            self.kept.extend(std::mem::take(&mut self.undoable).into_values());
            self.barrier = Some(step);
        }
    }

    /// Whether the step may have taken effect and could be undone still.
    pub(crate) fn is_undoable(&self, step: usize) -> bool {
        self.last_start.get(&step).is_some_and(|start| self.undoable.get(start) == Some(&step))
    }
}

impl Run {
    /// What rolling back now would do: steps that may have taken effect, in reverse order of their last start, back to
    /// the last point of no return.
    pub fn rollback_plan(&self, plan: &Plan) -> RollbackPlan {
        let last_first = self.effects.undoable.values().rev().copied();
        let (without, steps) = last_first.partition(|step| plan.steps[*step].rollbacks.is_empty());
        RollbackPlan { steps, without, barrier: self.effects.barrier }
    }

    /// Whether rolling back now would do anything.
    pub(crate) fn can_roll_back(&self, plan: &Plan) -> bool {
        self.effects.undoable.values().any(|step| !plan.steps[*step].rollbacks.is_empty())
    }

    pub(crate) fn open_rollback(
        &mut self,
        plan: &Plan,
        next: &Next,
        steps: &[String],
        without: &[String],
        somebody_asks: bool,
    ) -> Fold {
        if *next == Next::RollBack {
            ensure(!somebody_asks, "the document asks for this rollback")?;
        } else {
            ensure(somebody_asks, "somebody must ask for a rollback")?;
            let possible = Moment::of(next).is_some_and(|moment| self.may_roll_back(&moment));
            ensure(possible, "there is nothing to roll back here")?;
        }
        let wanted = self.rollback_plan(plan);
        ensure(!wanted.steps.is_empty(), "there is nothing to roll back here")?;
        let same = |indices: &[usize], ids: &[String]| {
            indices.iter().map(|index| &plan.steps[*index].id).eq(ids.iter())
        };
        ensure(same(&wanted.steps, steps), "these are not the steps that took effect, last first")?;
        ensure(same(&wanted.without, without), "these are not the steps without a rollback")?;
        self.rollback = Some(Rollback::new(plan, &wanted.steps));
        Ok(())
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
