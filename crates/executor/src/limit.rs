//! A block's time limit. Time in which this process itself did not run is not the block's.

use std::time::Duration;

use tokio::time::Instant;

/// How often the time is looked at, at least.
const LOOK: Duration = Duration::from_millis(500);
/// A look that comes later than this did not come because this process did not run: it was stopped, or the machine was.
const LATE: Duration = Duration::from_secs(2);

/// How much of its time a block has had.
#[derive(Debug)]
pub(crate) struct Limit {
    left: Duration,
    looked: Instant,
    /// Time that did not count.
    stopped: Duration,
}

impl Limit {
    /// For a block that began at a moment.
    pub(crate) fn of(limit: Duration, began: Instant) -> Limit {
        Limit { left: limit, looked: began, stopped: Duration::ZERO }
    }

    /// Looks at the time; says whether the block has had all of its own.
    pub(crate) fn is_over(&mut self, now: Instant) -> bool {
        let passed = now.saturating_duration_since(self.looked);
        let counts = if passed > LATE { LOOK } else { passed };
        self.stopped += passed - counts;
        self.left = self.left.saturating_sub(counts);
        self.looked = now;
        self.left.is_zero()
    }

    /// When to look again at the latest.
    pub(crate) fn look_again(&self) -> Instant {
        self.looked + self.left.min(LOOK)
    }

    /// Says that time did not count, where it did not.
    pub(crate) fn remark(&self) -> Option<String> {
        (!self.stopped.is_zero()).then(|| {
            format!(
                "holdpoint did not run for {} s; that time does not count towards the time limit",
                self.stopped.as_secs()
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(begin: Instant, milliseconds: u64) -> Instant {
        begin + Duration::from_millis(milliseconds)
    }

    #[test]
    fn time_that_is_looked_at_counts_whole() {
        let begin = Instant::now();
        let mut limit = Limit::of(Duration::from_secs(2), begin);
        for at in [500, 700, 1_999] {
            assert!(!limit.is_over(after(begin, at)), "{at}");
        }
        assert_eq!(limit.look_again(), after(begin, 2_000));
        assert!(limit.is_over(after(begin, 2_000)) && limit.remark().is_none());
    }

    #[test]
    fn an_hour_in_which_the_driver_was_stopped_does_not() {
        let begin = Instant::now();
        let mut limit = Limit::of(Duration::from_secs(2), begin);
        assert!(!limit.is_over(after(begin, 400)));
        assert!(!limit.is_over(after(begin, 3_600_400)), "the hour counts as one look");
        assert_eq!(limit.look_again(), after(begin, 3_600_900));
        assert!(limit.remark().is_some_and(|remark| remark.contains("3599 s")));
        assert!(limit.is_over(after(begin, 3_601_501)));
    }

    #[test]
    fn a_limit_that_is_shorter_than_a_look_is_kept() {
        let begin = Instant::now();
        let mut limit = Limit::of(Duration::from_millis(100), begin);
        assert_eq!(limit.look_again(), after(begin, 100));
        assert!(limit.is_over(after(begin, 100)));
    }
}
