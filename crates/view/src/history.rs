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
    /// What it is called, as the document writes it.
    pub title: String,
    /// In how many runs it was begun.
    pub runs: usize,
    /// In how many of them it was done.
    pub done: usize,
    /// In how many of them any attempt failed.
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
        let Gathered { title, runs, done, failed, skipped, elapsed, executing } =
            gathered.remove(&id).unwrap_or_default();
        let known = plan.steps.iter().find(|step| step.id == id);
        StepHistory {
            number: known.map(|step| step.number.clone()),
            title: known.map_or(title, |step| step.title.clone()),
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

#[derive(Default)]
struct Gathered {
    title: String,
    runs: usize,
    done: usize,
    failed: usize,
    skipped: usize,
    elapsed: Vec<u64>,
    executing: Vec<u64>,
}

impl Gathered {
    fn hear(&mut self, step: &StepSummary) {
        self.title.clone_from(&step.title);
        if matches!(step.status, Status::NotReached | Status::NotApplicable | Status::NotUsed) {
            return;
        }
        let skipped = |status: Status| status == Status::Skipped;
        self.runs += 1;
        self.skipped +=
            usize::from(skipped(step.status) || step.actions.iter().any(|action| skipped(action.status)));
        let blocks = || step.actions.iter().chain(&step.rollback_blocks);
        let failed = blocks().flat_map(|action| &action.history).any(|happening| match &happening.what {
            What::Attempt(attempt) => {
                !attempt.probe
                    && attempt.finished.as_ref().is_some_and(|end| end.result.outcome != Outcome::Passed)
            }
            _ => false,
        });
        self.failed += usize::from(failed || step.status == Status::Failed);
        let done = [
            Status::Passed,
            Status::PassedWithDeviations,
            Status::Confirmed,
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
    use super::Spread;

    #[test]
    fn percentiles_are_those_of_the_nearest_rank() {
        assert_eq!(Spread::of(vec![]), None);
        assert_eq!(Spread::of(vec![7]), Some(Spread { p50: 7, p95: 7, most: 7 }));
        assert_eq!(Spread::of(vec![3, 1, 2]), Some(Spread { p50: 2, p95: 3, most: 3 }));
        assert_eq!(Spread::of((1..=100).rev().collect()), Some(Spread { p50: 50, p95: 95, most: 100 }));
    }
}
