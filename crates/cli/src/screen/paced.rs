//! What a session tells of how long its steps are expected to take.

use std::time::Duration;

use holdpoint_document::{Plan, Step};
use holdpoint_engine::Run;
use holdpoint_report::took;
use holdpoint_view::Expectations;

use super::Screen;
use super::pace::{Clocked, told, told_together};

impl Screen {
    /// How long steps are expected to take, from here on.
    pub fn expects(&self, expected: Expectations) {
        self.pace().expected = expected;
    }

    /// Another step is at hand, or none is any more. Tells of the one that was, where it took longer than expected.
    pub fn enter(&self, step: Option<&str>) {
        let late = self.pace().enter(step);
        if let Some((id, took, expected)) = late {
            let took = self::took(u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
            self.tell(&format!("  {id} took {took}; {} were expected", told(expected)));
        }
    }

    /// For how long the step at hand has been that, in this session.
    pub fn at_hand_for(&self) -> Option<String> {
        let since = self.pace().at_hand.as_ref().map(|(_, since)| since.elapsed())?;
        Some(took(u64::try_from(since.as_millis()).unwrap_or(u64::MAX)))
    }

    /// What is expected of this step, and of all that are left with it.
    pub fn expected_facts(&self, plan: &Plan, run: &Run, step: usize) -> Vec<String> {
        if run.is_rolling_back() {
            return Vec::new();
        }
        let pace = self.pace();
        let own = pace.expected.step(&plan.steps[step].id);
        let all = pace.expected.together(left(plan, run).map(|(_, step)| step));
        let all = (all.known > 0).then(|| format!("steps left: {}", told_together(all)));
        own.map(|own| format!("expected {}", told(own))).into_iter().chain(all).collect()
    }

    /// What a bar tells while this step lasts; `None` where nothing is known.
    pub fn clocked(&self, plan: &Plan, run: &Run, step: usize) -> Option<Clocked> {
        let pace = self.pace();
        let id = &plan.steps[step].id;
        let (_, since) =
            pace.at_hand.as_ref().filter(|(at_hand, _)| at_hand == id && !run.is_rolling_back())?;
        let of_step = pace.expected.step(id).map(|expected| Duration::from_millis(expected.ms));
        let rest =
            pace.expected.together(left(plan, run).filter(|(at, _)| *at != step).map(|(_, step)| step));
        let known = of_step.is_some() || rest.known > 0;
        let of_rest = (Duration::from_millis(rest.ms), rest.at_least);
        known.then_some(Clocked { since: *since, of_step, of_rest })
    }
}

/// Steps that are left to do, as far as that is known.
fn left<'p>(plan: &'p Plan, run: &Run) -> impl Iterator<Item = (usize, &'p Step)> {
    let is_for_it = |step: &Step| !step.when.iter().any(|when| run.values().settled(when) == Some(false));
    plan.steps.iter().enumerate().filter(move |(at, step)| !run.is_settled(*at) && is_for_it(step))
}
