//! Who has a run just now, and whether that drives it.

use jiff::Timestamp;
use serde::Serialize;

/// Which process has a run's lock, as whoever reads a record finds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldBy {
    /// Its id.
    pub pid: u32,
    /// The machine that it is on.
    pub host: String,
    /// Since when.
    pub since: Timestamp,
}

/// Who has a run just now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Driver {
    /// Who operates the run.
    pub operator: String,
    /// The process.
    pub pid: u32,
    /// The machine that it is on.
    pub host: String,
    /// Since when.
    pub since: Timestamp,
    /// Whether it drives the run: what was begun and has no end runs then. Else it signs, notes, or is about to take the
    /// run up, and what has no end is in doubt.
    pub drives: bool,
}

impl Driver {
    /// A process that has had the run since before its last session began is the one that drives that session. Whoever
    /// came afterwards has opened none.
    pub(crate) fn of(held: &HeldBy, operator: &str, session: Timestamp) -> Driver {
        let HeldBy { pid, host, since } = held.clone();
        Driver { operator: operator.to_owned(), pid, host, since, drives: since <= session }
    }
}
