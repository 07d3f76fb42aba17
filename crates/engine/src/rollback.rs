//! What would be undone, in which order, and how far back.

use std::collections::{BTreeMap, BTreeSet};

use holdpoint_model::Plan;

use crate::apply::{Fold, ensure};
use crate::offers::Moment;
use crate::run::{Left, State, Status, UNTOUCHED};
use crate::{Due, Frontier, PlaceIx, Run, TakenEffect, Task, Verdict};

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
    /// Steps that can be undone still, at each of their places, by the number of their last start; and the other way
    /// round.
    undoable: BTreeMap<u64, Effect>,
    last_start: BTreeMap<Effect, u64>,
    /// Steps up to the last point of no return. They stay so: to undo one that was repeated after the point would
    /// go back behind it.
    kept: BTreeSet<usize>,
    barrier: Option<usize>,
}

/// A step, and the place where it took effect.
type Effect = (usize, Option<PlaceIx>);

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

impl Run {
    /// What rolling back now would do: steps that may have taken effect, in reverse order of their last start, back to
    /// the last point of no return.
    pub fn rollback_plan(&self, plan: &Plan) -> RollbackPlan {
        let (mut steps, mut places, mut told) = (Vec::new(), Vec::new(), BTreeSet::new());
        for (step, place) in self.last_first() {
            if told.insert(step) {
                steps.push(step);
            }
            places.extend(place.map(|place| TakenEffect {
                step: plan.steps[step].id.clone(),
                place: self.place_name(place).to_owned(),
            }));
        }
        let (without, steps) = steps.into_iter().partition(|step| plan.steps[*step].rollbacks.is_empty());
        RollbackPlan { steps, without, places, barrier: self.effects.barrier }
    }

    fn last_first(&self) -> impl Iterator<Item = Effect> {
        self.effects.undoable.values().rev().copied()
    }

    /// Rollback blocks in the order in which they are executed: step by step and place by place, last effect first. A
    /// block runs where its step took effect; one of another target runs once its step is undone everywhere else.
    fn undoing(&self, plan: &Plan) -> Vec<Task> {
        let mut left: BTreeMap<usize, Vec<Option<PlaceIx>>> = BTreeMap::new();
        self.last_first().for_each(|(step, place)| left.entry(step).or_default().push(place));
        let all = left.clone();
        let mut queue = Vec::new();
        for (step, place) in self.last_first() {
            let last = left.get_mut(&step).is_none_or(|places| {
                places.pop();
                places.is_empty()
            });
            for block in 0..plan.steps[step].rollbacks.len() {
                let task = Task::rollback(step, block);
                let places = self.places_of(task);
                let effect = |place: &Option<PlaceIx>| place.is_some_and(|place| places.contains(&place));
                match place {
                    Some(place) if places.contains(&place) => queue.push(task.at(place)),
                    _ if last && !all[&step].iter().any(effect) => queue.extend(self.at_each_place(task)),
                    _ => {}
                }
            }
        }
        queue
    }

    /// Whether rolling back now would do anything.
    pub(crate) fn can_roll_back(&self, plan: &Plan) -> bool {
        self.effects.undoable.values().any(|(step, _)| !plan.steps[*step].rollbacks.is_empty())
    }

    pub(crate) fn open_rollback(
        &mut self,
        plan: &Plan,
        now: &Frontier,
        (steps, without, places): (&[String], &[String], &[TakenEffect]),
        somebody_asks: bool,
    ) -> Fold {
        if now.due == Some(Due::RollBack) {
            ensure(!somebody_asks, "the document asks for this rollback")?;
        } else {
            ensure(somebody_asks, "somebody must ask for a rollback")?;
            let possible = Moment::all(now).iter().any(|moment| self.may_roll_back(moment));
            ensure(possible, "there is nothing to roll back here")?;
        }
        let wanted = self.rollback_plan(plan);
        ensure(!wanted.steps.is_empty(), "there is nothing to roll back here")?;
        let same = |indices: &[usize], ids: &[String]| {
            indices.iter().map(|index| &plan.steps[*index].id).eq(ids.iter())
        };
        ensure(same(&wanted.steps, steps), "these are not the steps that took effect, last first")?;
        ensure(same(&wanted.without, without), "these are not the steps without a rollback")?;
        ensure(wanted.places == places, "these are not the places where it took effect, last first")?;
        self.rollback = Some(Rollback::of(self.undoing(plan)));
        Ok(())
    }

    /// Whether a rollback is under way.
    pub fn is_rolling_back(&self) -> bool {
        self.rollback.is_some()
    }
}

impl Rollback {
    fn of(queue: Vec<Task>) -> Rollback {
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
