//! What events name: steps, actions, places.

use holdpoint_engine::{Event, Task};

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
