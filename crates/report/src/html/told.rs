//! What is told of an action, before it is written.

use std::collections::BTreeMap;

use minijinja::Template;
use serde::Serialize;

use crate::{Material, NoteFacts, Status, Summary};

/// One happening.
#[derive(Default, Serialize)]
pub(super) struct Told {
    pub(super) tone: &'static str,
    pub(super) words: String,
    pub(super) facts: Vec<String>,
    pub(super) earlier: bool,
    pub(super) details: Vec<Detail>,
    pub(super) corrections: Vec<String>,
}

/// Good, bad, something to wait for, something to know of, or nothing yet.
pub(super) fn tone(status: Status) -> &'static str {
    match status {
        Status::Passed | Status::Confirmed | Status::Recorded | Status::Signed => "good",
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
        Status::PassedWithDeviations | Status::Skipped | Status::TakenAsDone => "note",
        Status::Waiting | Status::Holding | Status::Unfinished | Status::Running => "wait",
        Status::NotReached | Status::NotUsed | Status::NotApplicable => "none",
    }
}

/// Writes stories of one run.
pub(super) struct Pen<'a> {
    pub(super) m: &'a Material<'a>,
    pub(super) summary: &'a Summary,
    pub(super) template: Template<'a, 'a>,
    pub(super) corrections: BTreeMap<u64, Vec<&'a NoteFacts>>,
}

/// What belongs to a happening.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Detail {
    Text { text: String },
    Lines { lines: Vec<String> },
    Expectations { expectations: Vec<Expectation> },
    Rows { rows: Vec<(&'static str, String)> },
    Fold { title: String, note: String, text: String, sensitive: bool },
    Missing { text: String },
}

/// An expectation, judged.
#[derive(Serialize)]
pub(super) struct Expectation {
    pub(super) held: bool,
    pub(super) expected: String,
    pub(super) came: Option<String>,
}
