//! Commands that a document offers: run, done by hand, not for this run, or left out.

use holdpoint_engine::{Choice, Task};

use super::blanks;
use super::choose::{BY_HAND, NOT_THIS_ONE, Option_, VALUES, choose};
use super::operator::Operator;
use crate::problem::Problem;
use crate::world::{Answer, RunView, Store};

/// What somebody answers to a command that is offered. Nothing is chosen by Enter alone.
pub(super) fn decide(
    operator: &Operator,
    view: &RunView<'_>,
    task: Task,
    script: &str,
    store: &mut Store<'_>,
) -> Result<Answer, Problem> {
    let offers = view.run.offers(view.plan);
    let mut first: Vec<Option_> = Vec::new();
    if offers.choices.contains(&Choice::RunCommand) {
        first.push(("run", 'r', "run it now; what it prints is recorded"));
        first.extend(blanks::may_be_mended(view, task).then_some(VALUES));
    } else if !view.run.missing(view.plan, task).is_empty() {
        first.push(("values", 'v', "say what is needed; each is asked once a run"));
    }
    first.push(BY_HAND);
    first.extend(offers.choices.iter().filter_map(|choice| match choice {
        Choice::NotApplicable => Some(("not applicable", 't', "it is not for this run; no deviation")),
        Choice::PassOver => Some(NOT_THIS_ONE),
        _ => None,
    }));
    choose(operator, view, task, script, &first, false, store)
}
