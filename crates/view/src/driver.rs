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
    /// Who has it for something else than to drive it, and for what, in words; `None` where that is not told.
    pub visitor: Option<String>,
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
    /// Who has it instead, and for what, in words: `qa@example.org is signing in it`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visitor: Option<String>,
}

impl Driver {
    /// A process that has had the run since before its last session began is the one that drives that session. Whoever
    /// came afterwards has opened none.
    pub(crate) fn of(held: &HeldBy, operator: &str, session: Timestamp) -> Driver {
        let HeldBy { pid, host, since, visitor } = held.clone();
        let drives = visitor.is_none() && since <= session;
        Driver { operator: operator.to_owned(), pid, host, since, drives, visitor }
    }
}
