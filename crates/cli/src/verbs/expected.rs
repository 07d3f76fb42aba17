//! How long the steps of a run-book are expected to take: read once, when a run opens or is taken up, or is planned.

use holdpoint_document::Plan;
use holdpoint_engine::{Event, Verdict};
use holdpoint_record::{RunDir, by_all, glance};
use holdpoint_view::{Expectations, Summary};

use super::plans::Plans;
use super::read::{store_problem, summed_up_in};
use crate::place::Place;
use crate::problem::Problem;

/// So many of the last runs are glanced at …
const GLANCED_AT: usize = 200;
/// … and so many that passed are read: what was long ago says less.
const READ: usize = 20;

/// What the document says of its steps, and where it is silent what the last runs that passed took, of the same run-book in
/// the same environment but run `own`. A record that cannot be read says nothing.
pub fn expected(
    place: &Place,
    (plan, path): (&Plan, &str),
    environment: &str,
    own: Option<u64>,
) -> Result<Expectations, Problem> {
    if plan.steps.iter().all(|step| step.expected.is_some()) {
        return Ok(Expectations::of(plan, []));
    }
    let mut runs = place.store().runs().map_err(store_problem)?;
    runs.retain(|run| Some(run.number) != own);
    let passed = |run: &RunDir| {
        let Ok(ends) = glance(&run.path) else { return false };
        let Event::RunOpened(opened) = &ends.first.event else { return false };
        opened.runbook.path == path
            && opened.environment.name == environment
            && ends.last.event.verdict() == Some(Verdict::Passed)
    };
    let last: Vec<RunDir> = runs.into_iter().rev().take(GLANCED_AT).filter(passed).take(READ).collect();
    let plans = Plans::default();
    let read = by_all(&last, |run| summed_up_in(run, &plans));
    let summaries: Vec<Summary> = read.into_iter().filter_map(Result::ok).collect();
    Ok(Expectations::of(plan, &summaries))
}
