//! An answer that waits until what it decides about was looked for.

use std::collections::BTreeSet;

use holdpoint_engine::{Choice, DeviationKind, Event, Question, Task, Via};

use crate::Overtaken;

/// An answer that waits for what is looked for.
pub(crate) struct Waiting {
    pub(crate) about: (Task, Question),
    pub(crate) events: Vec<Event>,
    pub(crate) awaits: BTreeSet<Task>,
    pub(crate) overtaken: Option<(Overtaken, Task)>,
}

/// When somebody was told of what an interrupted block left running.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum LeftoverNotice {
    /// With an answer.
    Once,
    /// With one that goes back to a step that may be that block's.
    OnGoingBack,
}

/// Whether somebody goes back to a step with it.
pub(crate) fn goes_back(answer: &[Event]) -> bool {
    let back = [DeviationKind::Repeated, DeviationKind::OutOfOrder];
    answer.iter().any(|event| matches!(event, Event::Deviation(deviation) if back.contains(&deviation.kind)))
}

/// Whether somebody at the keyboard gave it, who can be asked once more.
pub(crate) fn is_typed(answer: &[Event]) -> bool {
    answer.iter().all(|event| event.by().is_some_and(|by| by.via == Via::Terminal))
}

/// Whether somebody at the keyboard says with this that a block runs now.
pub(crate) fn runs_it(event: &Event) -> bool {
    matches!(event, Event::Decision { choice: Choice::Retry | Choice::Run | Choice::RunCommand, by, .. } if by.via == Via::Terminal)
}
