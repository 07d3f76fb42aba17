//! Where events belong: the steps and actions of the plan that they name.

use holdpoint_engine::{Event, Slot, Task};

use super::fold::Summing;
use super::names::{Place, place_name};
use super::*;

impl Summing<'_> {
    /// The task at the place that an event tells of: what the engine took has it.
    pub(super) fn placed(&self, task: Task, event: &Event) -> Task {
        self.reading.run().at_place(task, place_name(event)).unwrap_or(task)
    }

    /// Where an event belongs. What the engine took has a place.
    pub(super) fn place_of(&mut self, event: &Event) -> Place {
        let Some((step, action)) = event.about() else { return Place::Nowhere };
        let same = self.summary.steps.get(self.last).is_some_and(|last| last.id == step);
        let found = if same { Some(self.last) } else { self.step(step) };
        let Some(index) = found else { return Place::Nowhere };
        self.last = index;
        let Some(action) = action else { return Place::Step(index) };
        let StepSummary { actions, rollback_blocks, .. } = &self.summary.steps[index];
        let position = |of: &[ActionSummary]| of.iter().position(|known| known.id == action);
        let slot =
            position(actions).map(Slot::Action).or_else(|| position(rollback_blocks).map(Slot::Rollback));
        slot.map_or(Place::Step(index), |slot| Place::Task(Task { step: index, slot, place: None }))
    }

    pub(super) fn step(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    pub(super) fn at(&mut self, task: Task) -> &mut ActionSummary {
        let step = &mut self.summary.steps[task.step];
        match task.slot {
            Slot::Action(action) => &mut step.actions[action],
            Slot::Rollback(block) => &mut step.rollback_blocks[block],
        }
    }
}
