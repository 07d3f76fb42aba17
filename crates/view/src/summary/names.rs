//! What events name: steps, actions, places.

use holdpoint_engine::{Deviation, Event, Task};

/// The step and the action that an event names; the action is empty where it is about the step as a whole.
pub(super) fn names(event: &Event) -> Option<(&str, Option<&str>)> {
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
        Event::ValueCorrected(corrected) => Some((&corrected.step, Some(&corrected.action))),
        Event::SignOffGiven(given) => Some((&given.step, Some(&given.action))),
        Event::Deviation(Deviation { step, action, .. }) | Event::NotApplicable { step, action, .. } => {
            Some((step, action.as_deref()))
        }
        Event::Note { step, .. } => Some((step.as_deref()?, None)),
        Event::RunOpened(_)
        | Event::SessionOpened(_)
        | Event::SessionSigned(_)
        | Event::RulesChecked(_)
        | Event::DocumentExchanged(_)
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
