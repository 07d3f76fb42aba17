//! What would be undone, in which order, and how far back.

use std::collections::{BTreeMap, BTreeSet};

use holdpoint_model::Plan;

use crate::fold::{Fold, ensure};
use crate::offers::Moment;
use crate::run::rollback::{Effect, Rollback, RollbackPlan};
use crate::{Due, Frontier, PlaceIx, Run, TakenEffect, Task};

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
        // What was about to find out about a block in doubt finds nothing out any more.
        self.probe = None;
        self.rollback = Some(Rollback::of(self.undoing(plan)));
        Ok(())
    }

    /// Whether a rollback is under way.
    pub fn is_rolling_back(&self) -> bool {
        self.rollback.is_some()
    }
}
