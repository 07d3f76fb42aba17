//! How long the steps of a document take and how often they fail, over many runs of it (rehearse.md, history).

use std::collections::BTreeMap;

use holdpoint_engine::{Outcome, Status};
use holdpoint_model::Plan;
use serde::Serialize;

use crate::{StepSummary, Summary, What};

/// One step over many runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StepHistory {
    /// The plan's name for it.
    pub id: String,
    /// Position in the document as it is; `None` where it has the step no more.
    pub number: Option<String>,
    /// What it is called: as in the runs, where that is the same in all of them; else with the names of what differs.
    pub title: String,
    /// In how many runs it was begun.
    pub runs: usize,
    /// In how many of them it was done.
    pub done: usize,
    /// In how many of them any attempt failed, or a value was written down that was out of its limits.
    pub failed: usize,
    /// In how many runs it, or part of it, was skipped.
    pub skipped: usize,
    /// How long it took where it was done, from its first to its last event, milliseconds; waiting for people included.
    pub elapsed_ms: Option<Spread>,
    /// How long its blocks ran, milliseconds.
    pub executing_ms: Option<Spread>,
}

/// Where times lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Spread {
    /// Half of them were no longer.
    pub p50: u64,
    /// 95 of 100 were no longer.
    pub p95: u64,
    /// The longest.
    pub most: u64,
}

impl Spread {
    /// By the nearest rank; `None` where there are no times.
    pub fn of(mut times: Vec<u64>) -> Option<Spread> {
        times.sort_unstable();
        let most = *times.last()?;
        let rank = |percent: usize| {
            let rank = (times.len() * percent).div_ceil(100).max(1);
            times.get(rank - 1).copied().unwrap_or(most)
        };
        Some(Spread { p50: rank(50), p95: rank(95), most })
    }
}

/// What these runs make of the steps of a document: those it has in its order, then those that it had.
pub fn history<'s>(plan: &Plan, runs: impl IntoIterator<Item = &'s Summary>) -> Vec<StepHistory> {
    let mut gathered: BTreeMap<String, Gathered> = BTreeMap::new();
    let mut order: Vec<String> = plan.steps.iter().map(|step| step.id.clone()).collect();
    for summary in runs {
        for step in &summary.steps {
            if !order.contains(&step.id) {
                order.push(step.id.clone());
            }
            gathered.entry(step.id.clone()).or_default().hear(step);
        }
    }
    let told = order.into_iter().map(|id| {
        let Gathered { titles, runs, done, failed, skipped, elapsed, executing } =
            gathered.remove(&id).unwrap_or_default();
        let known = plan.steps.iter().find(|step| step.id == id);
        StepHistory {
            number: known.map(|step| step.number.clone()),
            title: title(titles, known.map(|step| step.title.as_str())),
            runs,
            done,
            failed,
            skipped,
            elapsed_ms: Spread::of(elapsed),
            executing_ms: Spread::of(executing),
            id,
        }
    });
    told.collect()
}

/// What a step was called in all of the runs; where they differ, as the document writes it (as the last run did, where it has
/// the step no more), with the names of values in the place of them.
fn title(mut titles: Vec<String>, written: Option<&str>) -> String {
    let last = titles.pop();
    match (written, last) {
        (_, Some(only)) if titles.is_empty() => only,
        (Some(written), _) => with_names(written),
        (None, last) => last.unwrap_or_default(),
    }
}

/// `Build {{ RELEASE }}` as `Build RELEASE`.
fn with_names(written: &str) -> String {
    let (mut named, mut rest) = (String::new(), written);
    while let Some((before, (inside, after))) =
        rest.split_once("{{").and_then(|(before, after)| Some((before, after.split_once("}}")?)))
    {
        named += before;
        named += inside.trim_matches('-').trim();
        rest = after;
    }
    named + rest
}

#[derive(Default)]
struct Gathered {
    /// What it was called, the last one last.
    titles: Vec<String>,
    runs: usize,
    done: usize,
    failed: usize,
    skipped: usize,
    elapsed: Vec<u64>,
    executing: Vec<u64>,
}

impl Gathered {
    fn hear(&mut self, step: &StepSummary) {
        if self.titles.last() != Some(&step.title) {
            self.titles.push(step.title.clone());
        }
        if matches!(step.status, Status::NotReached | Status::NotApplicable | Status::NotUsed) {
            return;
        }
        let skipped = |status: Status| matches!(status, Status::Skipped | Status::LeftAfterFailure);
        self.runs += 1;
        self.skipped +=
            usize::from(skipped(step.status) || step.actions.iter().any(|action| skipped(action.status)));
        let blocks = || step.actions.iter().chain(&step.rollback_blocks);
        let failed = blocks().flat_map(|action| &action.history).any(|happening| match &happening.what {
            What::Attempt(attempt) => {
                !attempt.probe
                    && attempt.finished.as_ref().is_some_and(|end| end.result.outcome != Outcome::Passed)
            }
            What::Recorded { within_limits, .. } => !within_limits,
            What::Corrected(corrected) => !corrected.within_limits,
            _ => false,
        });
        self.failed += usize::from(failed || step.status == Status::Failed);
        let done = [
            Status::Passed,
            Status::PassedWithDeviations,
            Status::Confirmed,
            Status::ByHand,
            Status::ByHandAfterFailure,
            Status::Recorded,
            Status::Signed,
            Status::TakenAsDone,
        ];
        if done.contains(&step.status) {
            self.done += 1;
            self.elapsed.push(step.elapsed_ms);
            self.executing.push(step.actions.iter().map(|action| action.duration_ms).sum());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Spread, title};

    #[test]
    fn a_title_is_what_all_runs_called_it_or_names_what_differs() {
        let written = Some("Build {{ RELEASE }} for {{ CUSTOMER | upper }}");
        let of =
            |titles: &[&str], written| title(titles.iter().map(|it| (*it).to_owned()).collect(), written);
        assert_eq!(of(&["Build v1 for A"], written), "Build v1 for A");
        assert_eq!(of(&["Build v1 for A", "Build v2 for A"], written), "Build RELEASE for CUSTOMER | upper");
        assert_eq!(of(&[], written), "Build RELEASE for CUSTOMER | upper");
        assert_eq!(of(&["One", "Two"], None), "Two");
        assert_eq!(of(&[], Some("an open {{ brace")), "an open {{ brace");
    }

    #[test]
    fn percentiles_are_those_of_the_nearest_rank() {
        assert_eq!(Spread::of(vec![]), None);
        assert_eq!(Spread::of(vec![7]), Some(Spread { p50: 7, p95: 7, most: 7 }));
        assert_eq!(Spread::of(vec![3, 1, 2]), Some(Spread { p50: 2, p95: 3, most: 3 }));
        assert_eq!(Spread::of((1..=100).rev().collect()), Some(Spread { p50: 50, p95: 95, most: 100 }));
    }
}
