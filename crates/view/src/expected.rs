//! How long the steps of a run are expected to take: what the document says of each, else what past runs took.

use std::collections::BTreeMap;
use std::time::Duration;

use holdpoint_engine::Verdict;
use holdpoint_model::{Plan, Step};
use serde::Serialize;

use crate::{Summary, history};

/// How long one step is expected to take, waiting for people included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Expected {
    /// So long, milliseconds.
    pub ms: u64,
    /// Of how many past runs half took no longer; `None` where the document says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runs: Option<usize>,
}

/// What is known of the steps of a plan, by their ids. Of what nobody knows anything nothing is claimed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Expectations(BTreeMap<String, Expected>);

/// How long several steps are expected to take together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Together {
    /// So long, milliseconds.
    pub ms: u64,
    /// Of how many of them something is known; where of none, nothing may be claimed.
    pub known: usize,
    /// Whether it is longer than that: of some of them nothing is known.
    pub at_least: bool,
}

/// What takes no longer than this, or is over what is expected by less, is never late: nobody waits for it.
const TRIVIAL: Duration = Duration::from_secs(1);

/// By how much something that was expected to take so long took longer, where that is worth telling.
pub fn late(took: Duration, expected: Duration) -> Option<Duration> {
    took.checked_sub(expected).filter(|late| *late >= TRIVIAL)
}

impl Expectations {
    /// By the document alone, and where it is silent by those of these runs that passed.
    pub fn of<'s>(plan: &Plan, runs: impl IntoIterator<Item = &'s Summary>) -> Expectations {
        let passed = runs.into_iter().filter(|summary| summary.verdict() == Some(Verdict::Passed));
        let past: BTreeMap<String, Expected> = history(plan, passed)
            .into_iter()
            .filter_map(|step| Some((step.id, Expected { ms: step.elapsed_ms?.p50, runs: Some(step.done) })))
            .collect();
        let of = |step: &Step| {
            let written = step.expected.map(|expected| Expected { ms: millis(expected), runs: None });
            Some((step.id.clone(), written.or_else(|| past.get(&step.id).copied())?))
        };
        Expectations(plan.steps.iter().filter_map(of).collect())
    }

    /// Of one step.
    pub fn step(&self, id: &str) -> Option<Expected> {
        self.0.get(id).copied()
    }

    /// Of several.
    pub fn together<'s>(&self, steps: impl IntoIterator<Item = &'s Step>) -> Together {
        let mut together = Together::default();
        for step in steps {
            match self.step(&step.id) {
                Some(Expected { ms, .. }) => {
                    together.known += 1;
                    together.ms = together.ms.saturating_add(ms);
                }
                None => together.at_least = true,
            }
        }
        together
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
