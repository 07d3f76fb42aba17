//! What was taken as done, and was found to have an end.

use holdpoint_engine::{DeviationKind, Event};

use super::{DeviationFacts, Summary, What};

/// That this was taken as done is no deviation any more. Those after it move up.
pub(super) fn withdraw(summary: &mut Summary, end: &Event) {
    let (Event::ActionFinished(finished) | Event::RollbackFinished(finished)) = end else { return };
    let is = |facts: &DeviationFacts| {
        facts.kind == DeviationKind::TakenAsDone
            && facts.action.as_ref() == Some(&finished.action)
            && facts.place == finished.place
    };
    let deviations = &mut summary.deviations;
    let Some(at) = deviations.iter().rposition(is) else { return };
    deviations.remove(at);
    deviations.iter_mut().skip(at).for_each(|facts| facts.number -= 1);
    for step in &mut summary.steps {
        let actions = step.actions.iter_mut().chain(&mut step.rollback_blocks);
        let histories = actions.map(|action| &mut action.history).chain([&mut step.history]);
        for happening in histories.flatten() {
            if let What::Deviation { number, .. } = &mut happening.what
                && *number > at + 1
            {
                *number -= 1;
            }
        }
    }
}
