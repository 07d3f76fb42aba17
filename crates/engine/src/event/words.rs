//! What belongs to events, in words for people.

use std::fmt;

use holdpoint_model::many;

use super::{Choice, DeviationKind, Outcome, Verdict};

impl fmt::Display for DeviationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}

impl DeviationKind {
    /// What was done differently, and with what, to go on with `by` somebody: `skipped look#1`. Statements and what
    /// signers were shown have words of their own, which stay as they are.
    pub fn told_of(self, of: &str) -> String {
        match self {
            DeviationKind::Skipped => format!("skipped {of}"),
            DeviationKind::Edited => format!("edited {of}"),
            DeviationKind::Repeated => format!("repeated {of}"),
            DeviationKind::OutOfOrder => format!("gone back to {of}"),
            DeviationKind::Shell => format!("a shell was opened at {of}"),
            DeviationKind::PolicyOverridden => format!("rules overridden for {of}"),
            DeviationKind::DocumentExchanged => format!("document exchanged at {of}"),
            DeviationKind::TakenAsDone => format!("taken as done: {of}"),
        }
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Choice::Proceed => "caution acknowledged",
            Choice::Retry => "retry",
            Choice::Happened => "it happened",
            Choice::Run => "run it",
            Choice::FindOut => "find out",
            Choice::PassOver => "not for this run",
            Choice::Abort => "abort",
            Choice::RunCommand => "run the command",
            Choice::NotApplicable => "not applicable",
            Choice::Accepted => "what it printed is as it should be",
        })
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Outcome::Passed => "passed",
            Outcome::Failed => "failed",
            Outcome::TimedOut => "timed out",
            Outcome::Interrupted => "interrupted",
        })
    }
}

impl Verdict {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Verdict::Passed => "passed",
            Verdict::NothingDone => "nothing done",
            Verdict::Failed => "failed",
            Verdict::RolledBack => "rolled back",
            Verdict::Aborted => "aborted",
        }
    }

    /// The same, and how often a run that passed was gone about otherwise than its document says.
    pub fn told(self, deviations: usize) -> String {
        match (self, deviations) {
            (Verdict::Passed, 1..) => format!("{} with {}", self.words(), many(deviations, "deviation")),
            _ => self.words().to_owned(),
        }
    }
}
