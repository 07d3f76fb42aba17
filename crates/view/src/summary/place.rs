//! Where events belong: the steps and actions of the plan that they name.

use holdpoint_engine::{Deviation, Event, Slot, Task};

use super::fold::Summing;
use super::*;

/// The step and the action that an event names; the action is empty where it is about the step as a whole.
fn names(event: &Event) -> Option<(&str, Option<&str>)> {
    match event {
        Event::ActionStarted(started) | Event::RollbackStarted(started) => {
            Some((&started.step, Some(&started.action)))
        }
        Event::ActionFinished(finished) | Event::RollbackFinished(finished) => {
            Some((&finished.step, Some(&finished.action)))
        }
        Event::ItemConfirmed { step, action, .. }
        | Event::ValueRecorded { step, action, .. }
        | Event::SignOffRequested { step, action, .. }
        | Event::SignOffRejected { step, action, .. }
        | Event::SignOffRefused { step, action, .. }
        | Event::SignOffLapsed { step, action, .. }
        | Event::Decision { step, action, .. } => Some((step, Some(action))),
        Event::SignOffGiven(given) => Some((&given.step, Some(&given.action))),
        Event::Deviation(Deviation { step, action, .. }) | Event::NotApplicable { step, action, .. } => {
            Some((step, action.as_deref()))
        }
        Event::Note { step, .. } => Some((step.as_deref()?, None)),
        Event::RunOpened(_)
        | Event::SessionOpened(_)
        | Event::RulesChecked(_)
        | Event::LogRecovered { .. }
        | Event::RollbackOpened { .. }
        | Event::Handover(_)
        | Event::HandoverAccepted { .. }
        | Event::HandoverWithdrawn { .. }
        | Event::RunClosed { .. } => None,
    }
}

/// Where an event belongs.
#[derive(Clone, Copy)]
pub(super) enum Place {
    /// To no step.
    Nowhere,
    /// To a step as a whole.
    Step(usize),
    /// To an action or a rollback block.
    Task(Task),
}

/// The name of the place that an event tells of.
pub(super) fn place_name(event: &Event) -> Option<&str> {
    match event {
        Event::ActionStarted(started) | Event::RollbackStarted(started) => started.place.as_deref(),
        Event::ActionFinished(finished) | Event::RollbackFinished(finished) => finished.place.as_deref(),
        Event::Decision { place, .. } | Event::NotApplicable { place, .. } => place.as_deref(),
        Event::Deviation(deviation) => deviation.place.as_deref(),
        _ => None,
    }
}

impl Summing<'_> {
    /// The task at the place that an event tells of: what the engine took has it.
    pub(super) fn placed(&self, task: Task, event: &Event) -> Task {
        self.reading.run().at_place(task, place_name(event)).unwrap_or(task)
    }

    /// Where an event belongs. What the engine took has a place.
    pub(super) fn place_of(&mut self, event: &Event) -> Place {
        let Some((step, action)) = names(event) else { return Place::Nowhere };
        let plan = self.reading.plan();
        let same = plan.steps.get(self.last).is_some_and(|last| last.id == step);
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
