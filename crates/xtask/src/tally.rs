//! What passed, failed and was skipped, told in the words that continuous integration counts by.

use std::fmt;
use std::ops::AddAssign;

/// Tests and checks, by how they ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// What held.
    pub passed: usize,
    /// What did not.
    pub failed: usize,
    /// What was not asked. Never silently: whoever skips says what and why.
    pub skipped: usize,
}

impl Tally {
    /// One check that holds.
    pub const PASSED: Tally = Tally { passed: 1, failed: 0, skipped: 0 };
    /// One check that does not.
    pub const FAILED: Tally = Tally { passed: 0, failed: 1, skipped: 0 };
    /// One check that was not made.
    pub const SKIPPED: Tally = Tally { passed: 0, failed: 0, skipped: 1 };

    /// Reads a line of a test runner that sums up: nextest's, or one of `cargo test`. `None` for any other line.
    pub fn read(line: &str) -> Option<Tally> {
        let counts = match line.trim_start().strip_prefix("Summary [") {
            Some(nextest) => nextest.split_once(" run: ")?.1,
            None => line.strip_prefix("test result: ")?.split_once(". ")?.1,
        };
        let mut tally = Tally::default();
        for count in without_brackets(counts).split([',', ';']) {
            let mut words = count.split_whitespace();
            let (Some(number), Some(word)) = (words.next(), words.next()) else { continue };
            let Ok(number) = number.parse::<usize>() else { continue };
            match word {
                "passed" => tally.passed += number,
                "failed" | "timed" | "exec" => tally.failed += number,
                "skipped" | "ignored" => tally.skipped += number,
                // Other tests than those that were asked for.
                "measured" | "filtered" => {}
                _ => return None,
            }
        }
        Some(tally)
    }
}

/// What stands in brackets has been counted: `12 passed (1 slow, 2 leaky)`.
fn without_brackets(text: &str) -> String {
    text.split('(').map(|piece| piece.split_once(')').map_or(piece, |(_, rest)| rest)).collect()
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Tally) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        if self.skipped > 0 {
            write!(f, ", {} skipped", self.skipped)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(passed: usize, failed: usize, skipped: usize) -> Option<Tally> {
        Some(Tally { passed, failed, skipped })
    }

    #[test]
    fn what_runners_sum_up_is_read() {
        for (line, expected) in [
            ("     Summary [   8.621s] 45 tests run: 45 passed, 0 skipped", tally(45, 0, 0)),
            ("     Summary [   1.315s] 3/45 tests run: 1 passed, 2 failed, 0 skipped", tally(1, 2, 0)),
            (
                "     Summary [  61.000s] 9 tests run: 6 passed (1 slow, 2 leaky), 1 failed, 2 timed out, 3 skipped",
                tally(6, 3, 3),
            ),
            ("     Summary [   0.010s] 1 test run: 0 passed, 1 exec failed, 0 skipped", tally(0, 1, 0)),
            (
                "test result: ok. 14 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.02s",
                tally(14, 0, 1),
            ),
            (
                "test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 2 filtered out; finished in 0.85s",
                tally(0, 1, 0),
            ),
            ("    PASS [   0.040s] holdpoint::verbs runs::one", None),
            ("test runs::one ... ok", None),
            ("", None),
        ] {
            assert_eq!(Tally::read(line), expected, "{line}");
        }
    }

    #[test]
    fn skipped_is_told_only_where_something_was() {
        let mut all = Tally::PASSED;
        all += Tally::PASSED;
        assert_eq!(all.to_string(), "2 passed, 0 failed");
        all += Tally::SKIPPED;
        all += Tally::FAILED;
        assert_eq!(all.to_string(), "2 passed, 1 failed, 1 skipped");
    }
}
