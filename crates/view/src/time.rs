//! Time between events.

use jiff::Timestamp;

/// Whole milliseconds from one event to another, none if the clock went back.
pub fn between(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.duration_since(from).as_millis()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_went_back_gives_no_negative_duration() {
        let at: Timestamp = "2026-11-23T14:34:05Z".parse().unwrap();
        assert_eq!(between(at, at - jiff::SignedDuration::from_secs(5)), 0);
    }
}
