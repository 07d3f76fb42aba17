//! Where events belong: the steps and actions of the plan that they name.

use holdpoint_engine::{Deviation, Event};

use super::fold::{Moment, Summing};
use super::status::of_action;
use super::*;

/// A step, and an action of it.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) step: usize,
    /// Its place among the actions, and, after those, among the rollback blocks.
    pub(super) action: usize,
}

impl Summing<'_> {
    /// Where an event belongs that names an action. One that the plan has no place for is kept as a misfit: here, for
    /// it is taken apart afterwards.
    pub(super) fn place_of(&mut self, now: Moment, event: &Event) -> Option<Place> {
        let (step, action) = match event {
            Event::ActionStarted(started) | Event::RollbackStarted(started) => {
                (&started.step, &started.action)
            }
            Event::ActionFinished(finished) | Event::RollbackFinished(finished) => {
                // Whether anything that ends here was started is seen later.
                return self.place(&finished.step, &finished.action);
            }
            Event::ItemConfirmed { step, action, .. }
            | Event::ValueRecorded { step, action, .. }
            | Event::SignOffRequested { step, action, .. }
            | Event::SignOffRejected { step, action, .. }
            | Event::SignOffRefused { step, action, .. }
            | Event::SignOffLapsed { step, action, .. }
            | Event::Decision { step, action, .. }
            | Event::NotApplicable { step, action: Some(action), .. } => (step, action),
            Event::SignOffGiven(given) => (&given.step, &given.action),
            Event::Deviation(Deviation { step, action: Some(action), .. }) => {
                // One about a step that is none is told of at the head of the report, and belongs nowhere.
                self.step(step)?;
                (step, action)
            }
            Event::NotApplicable { step, action: None, .. } => {
                if self.step(step).is_none() {
                    self.misfit(now, event.clone(), "the document has no such step");
                }
                return None;
            }
            Event::RollbackOpened { steps, without, .. } => {
                for id in steps.iter().chain(without) {
                    if self.step(id).is_none() {
                        self.misfit(now, event.clone(), "the document has no such step");
                    }
                }
                return None;
            }
            Event::RunOpened(_)
            | Event::SessionOpened(_)
            | Event::RulesChecked(_)
            | Event::LogRecovered { .. }
            | Event::Deviation(Deviation { action: None, .. })
            | Event::Note { .. }
            | Event::Handover(_)
            | Event::HandoverAccepted { .. }
            | Event::HandoverWithdrawn { .. }
            | Event::RunClosed { .. } => return None,
        };
        let place = self.place(step, action);
        if place.is_none() {
            self.misfit(now, event.clone(), "the document has no such action");
        }
        place
    }

    pub(super) fn step(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// The action or rollback block of this name.
    pub(super) fn place(&mut self, step: &str, action: &str) -> Option<Place> {
        let same = self.plan.steps.get(self.last).is_some_and(|last| last.id == step);
        let index = if same { self.last } else { self.step(step)? };
        self.last = index;
        let step = &self.summary.steps[index];
        let mut all = step.actions.iter().chain(&step.rollback_blocks);
        all.position(|known| known.id == action).map(|action| Place { step: index, action })
    }

    pub(super) fn at(&mut self, Place { step, action }: Place) -> &mut ActionSummary {
        let step = &mut self.summary.steps[step];
        match action.checked_sub(step.actions.len()) {
            None => &mut step.actions[action],
            Some(block) => &mut step.rollback_blocks[block],
        }
    }

    pub(super) fn status(&mut self, place: Place) -> Status {
        let planned = self.plan.steps[place.step].actions.get(place.action);
        of_action(planned.map(|planned| &planned.work), &self.at(place).history)
    }
}
