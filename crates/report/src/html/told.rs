//! What is told of an action, before it is written.

use std::cell::RefCell;
use std::collections::BTreeMap;

use minijinja::Template;
use serde::Serialize;

use crate::{Material, NoteFacts, Status, Summary};

/// One happening.
#[derive(Default, Serialize)]
pub(super) struct HtmlHappening {
    pub(super) tone: &'static str,
    pub(super) words: String,
    pub(super) facts: Vec<String>,
    pub(super) earlier: bool,
    pub(super) details: Vec<Detail>,
    pub(super) corrections: Vec<String>,
    /// Told in one line, the rest folded away, on paper too.
    pub(super) collapsed: bool,
}

/// Good, bad, something to wait for, something to know of, or nothing yet.
pub(super) fn tone(status: Status) -> &'static str {
    match status {
        Status::Passed | Status::Confirmed | Status::ByHand | Status::Recorded | Status::Signed => "good",
        Status::Failed
        | Status::TimedOut
        | Status::Interrupted
        | Status::Rejected
        | Status::InDoubt
        | Status::RolledBack
        | Status::RollbackFailed
        | Status::RollbackSkipped
        | Status::RollbackInDoubt
        | Status::RollbackUnfinished
        | Status::Unknown => "bad",
        Status::PassedWithDeviations
        | Status::Skipped
        | Status::LeftAfterFailure
        | Status::ByHandAfterFailure
        | Status::TakenAsDone => "note",
        Status::ToBeDoneAgain | Status::FailedBefore => "wait",
        Status::Waiting | Status::Holding | Status::Unfinished => "wait",
        Status::Running | Status::RollbackRunning => "wait",
        Status::NotReached | Status::NotUsed | Status::NotApplicable => "none",
    }
}

/// Writes stories of one run.
pub(super) struct Pen<'a> {
    pub(super) m: &'a Material<'a>,
    pub(super) summary: &'a Summary,
    pub(super) template: Template<'a, 'a>,
    pub(super) corrections: BTreeMap<u64, Vec<&'a NoteFacts>>,
    /// Where what blocks printed is shown.
    pub(super) outputs: Outputs,
    /// What is shown behind the document.
    pub(super) appendix: RefCell<Vec<Moved>>,
}

/// Where a page shows what blocks printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Outputs {
    /// Beside each block.
    #[default]
    Full,
    /// Behind the document, with links; earlier attempts take a line.
    Appendix,
    /// Nowhere: how much there is, and its digest; earlier attempts take a line.
    None,
}

/// An output that is shown behind the document.
#[derive(Serialize)]
pub(super) struct Moved {
    pub(super) of: String,
    pub(super) title: String,
    pub(super) note: String,
    pub(super) text: String,
}

/// What belongs to a happening.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Detail {
    Text {
        text: String,
    },
    Lines {
        lines: Vec<String>,
    },
    Expectations {
        expectations: Vec<Expectation>,
    },
    Rows {
        rows: Vec<(&'static str, String)>,
    },
    Fold {
        title: String,
        note: String,
        text: String,
        sensitive: bool,
    },
    Missing {
        text: String,
    },
    /// Shown behind the document, under this number.
    Elsewhere {
        number: usize,
        title: String,
        note: String,
    },
}

/// An expectation, judged.
#[derive(Serialize)]
pub(super) struct Expectation {
    pub(super) held: bool,
    pub(super) expected: String,
    pub(super) came: Option<String>,
}
