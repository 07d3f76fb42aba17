//! How long steps are expected to take beside how long they do: what is told while they last.

use std::time::{Duration, Instant};

use holdpoint_report::took;
use holdpoint_view::{Expectations, Expected, Together, late};

use super::clock::clock;

/// What is expected, and since when the step at hand is, as this session saw it.
#[derive(Debug, Default)]
pub(super) struct Pace {
    pub(super) expected: Expectations,
    pub(super) at_hand: Option<(String, Instant)>,
}

/// What a bar tells of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clocked {
    pub(super) since: Instant,
    /// Of the step at hand.
    pub(super) of_step: Option<Duration>,
    /// Of the steps after it, and whether it is longer than that.
    pub(super) of_rest: (Duration, bool),
}

impl Pace {
    /// Another step is at hand. Gives the one that was, with how long it took, where it took longer than expected.
    pub(super) fn enter(&mut self, step: Option<&str>) -> Option<(String, Duration, Expected)> {
        if self.at_hand.as_ref().map(|(id, _)| id.as_str()) == step {
            return None;
        }
        let left = std::mem::replace(&mut self.at_hand, step.map(|step| (step.to_owned(), Instant::now())));
        let (id, since) = left?;
        let (took, expected) = (since.elapsed(), self.expected.step(&id)?);
        late(took, Duration::from_millis(expected.ms)).map(|_| (id, took, expected))
    }
}

impl Clocked {
    /// As it is at this moment: ` · 12:05 left`, ` · LATE by 0:31`.
    pub(super) fn told(&self, now: Instant) -> String {
        let elapsed = now.saturating_duration_since(self.since);
        if let Some(late) = self.of_step.and_then(|of| late(elapsed, of)) {
            return format!(" · LATE by {}", clock(late));
        }
        let own = self.of_step.map(|of| of.saturating_sub(elapsed));
        let (rest, more) = self.of_rest;
        let at_least = if more || own.is_none() { "at least " } else { "" };
        format!(" · {at_least}{} left", clock(own.unwrap_or_default().saturating_add(rest)))
    }
}

/// With who says so. What past runs took has in it that people were waited for, which nobody sees in the number.
pub fn told(expected: Expected) -> String {
    let time = took(expected.ms);
    match expected.runs {
        None => time,
        Some(1) => format!("{time} (as in the last run, waiting for people included)"),
        Some(runs) => format!("{time} (half of {runs} runs, waiting for people included)"),
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
        let cases: [Case; 9] = [
            (Some(minute), (hour, false), 5, " · 1:00:55 left"),
            (Some(minute), (hour, true), 5, " · at least 1:00:55 left"),
            (None, (hour, false), 5, " · at least 1:00:00 left"),
            (Some(minute), (none, false), 5, " · 0:55 left"),
            (Some(minute), (none, false), 60, " · 0:00 left"),
            (Some(none), (none, false), 0, " · 0:00 left"),
            (Some(none), (none, false), 1, " · LATE by 0:01"),
            (Some(minute), (hour, false), 61, " · LATE by 0:01"),
            (Some(minute), (hour, true), 3700, " · LATE by 1:00:40"),
        ];
        for (of_step, of_rest, elapsed, told) in cases {
            let clocked = Clocked { since, of_step, of_rest };
            assert_eq!(clocked.told(since + Duration::from_secs(elapsed)), told);
        }
    }
}
