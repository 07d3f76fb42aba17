//! A verdict in words, and as an exit code.

use holdpoint_engine::Verdict;

use crate::exit::Exit;

/// The exit code of a run that ended.
pub fn exit_of(verdict: Verdict) -> Exit {
    match verdict {
        Verdict::Passed => Exit::Passed,
        Verdict::NothingDone | Verdict::Failed | Verdict::RolledBack => Exit::Failed,
        Verdict::Aborted => Exit::Aborted,
    }
}

/// A verdict in words.
pub fn verdict_words(verdict: Verdict) -> &'static str {
    verdict.words()
}
