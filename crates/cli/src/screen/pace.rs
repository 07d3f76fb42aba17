//! How long steps are expected to take beside how long they do: what is told while they last.

use std::time::{Duration, Instant};

use holdpoint_document::{Plan, Step};
use holdpoint_engine::Run;
use holdpoint_report::took;
use holdpoint_view::{Expectations, Expected, Together};

use super::Screen;
use super::bar::clock;

/// What is expected, and since when the step at hand is, as this session saw it.
#[derive(Debug, Default)]
pub(super) struct Pace {
    expected: Expectations,
    at_hand: Option<(String, Instant)>,
}

/// What a bar tells of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clocked {
    since: Instant,
    /// Of the step at hand.
    of_step: Option<Duration>,
    /// Of the steps after it, and whether it is longer than that.
    of_rest: (Duration, bool),
}

impl Pace {
    /// Another step is at hand. Gives the one that was, with how long it took, where it took longer than expected.
    fn enter(&mut self, step: Option<&str>) -> Option<(String, Duration, Expected)> {
        if self.at_hand.as_ref().map(|(id, _)| id.as_str()) == step {
            return None;
        }
        let left = std::mem::replace(&mut self.at_hand, step.map(|step| (step.to_owned(), Instant::now())));
        let (id, since) = left?;
        let (took, expected) = (since.elapsed(), self.expected.step(&id)?);
        (took > Duration::from_millis(expected.ms)).then_some((id, took, expected))
    }
}

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

    /// What is expected of this step, and of all that are left with it.
    pub(super) fn expected_facts(&self, plan: &Plan, run: &Run, step: usize) -> Vec<String> {
        if run.is_rolling_back() {
            return Vec::new();
        }
        let pace = self.pace();
        let own = pace.expected.step(&plan.steps[step].id);
        let all = pace.expected.together(left(plan, run).map(|(_, step)| step));
        let all = (all.known > 0).then(|| format!("{} left", told_together(all)));
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
    let is_for_it = |step: &Step| !step.when.iter().any(|when| matches!(run.values().holds(when), Ok(false)));
    plan.steps.iter().enumerate().filter(move |(at, step)| !run.is_settled(*at) && is_for_it(step))
}

impl Clocked {
    /// As it is at this moment: ` · 12:05 left`, ` · LATE by 0:31`.
    pub(super) fn told(&self, now: Instant) -> String {
        let elapsed = now.saturating_duration_since(self.since);
        let late = self.of_step.and_then(|of| elapsed.checked_sub(of)).filter(|late| !late.is_zero());
        if let Some(late) = late {
            return format!(" · LATE by {}", clock(late));
        }
        let own = self.of_step.map(|of| of.saturating_sub(elapsed));
        let (rest, more) = self.of_rest;
        let at_least = if more || own.is_none() { "at least " } else { "" };
        format!(" · {at_least}{} left", clock(own.unwrap_or_default().saturating_add(rest)))
    }
}

/// With who says so.
pub fn told(expected: Expected) -> String {
    let time = took(expected.ms);
    match expected.runs {
        None => time,
        Some(1) => format!("{time} (as in the last run)"),
        Some(runs) => format!("{time} (half of {runs} runs)"),
    }
}

/// With what is not known of it.
pub fn told_together(together: Together) -> String {
    let at_least = if together.at_least { "at least " } else { "" };
    format!("{at_least}{}", took(together.ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_tells_what_is_left_and_by_how_much_a_step_is_late_and_claims_nothing_else() {
        let since = Instant::now();
        let (minute, hour, none) = (Duration::from_secs(60), Duration::from_secs(3600), Duration::ZERO);
        type Case = (Option<Duration>, (Duration, bool), u64, &'static str);
        let cases: [Case; 7] = [
            (Some(minute), (hour, false), 5, " · 1:00:55 left"),
            (Some(minute), (hour, true), 5, " · at least 1:00:55 left"),
            (None, (hour, false), 5, " · at least 1:00:00 left"),
            (Some(minute), (none, false), 5, " · 0:55 left"),
            (Some(minute), (none, false), 60, " · 0:00 left"),
            (Some(minute), (hour, false), 61, " · LATE by 0:01"),
            (Some(minute), (hour, true), 3700, " · LATE by 1:00:40"),
        ];
        for (of_step, of_rest, elapsed, told) in cases {
            let clocked = Clocked { since, of_step, of_rest };
            assert_eq!(clocked.told(since + Duration::from_secs(elapsed)), told);
        }
    }
}
