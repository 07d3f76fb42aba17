//! What became of an action or a step, read off what happened to it.

use std::collections::{BTreeMap, BTreeSet};

use holdpoint_engine::{Choice, DeviationKind, Outcome};
use holdpoint_model::Work;
use serde::Serialize;

use super::{ActionSummary, Happening, What};

/// What became of a step or an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Nothing happened to it.
    NotReached,
    /// A rollback block that no rollback asked for.
    NotUsed,
    /// A step some of whose actions are done and some are not.
    Unfinished,
    /// Every expectation held; for a step, everything in it was done as written.
    Passed,
    /// A step that is done, but not as the document says: something was skipped, edited or taken as done.
    PassedWithDeviations,
    /// Something did not hold, or a recorded value is out of its limits.
    Failed,
    /// It took longer than it may.
    TimedOut,
    /// The operator stopped it.
    Interrupted,
    /// It was left out, with a reason.
    Skipped,
    /// Somebody confirmed it.
    Confirmed,
    /// Every value was written down, within its limits.
    Recorded,
    /// Every release it takes was given.
    Signed,
    /// A release was asked for, or more values or releases are to come.
    Waiting,
    /// The person asked for a release refused it.
    Rejected,
    /// Its condition does not hold.
    NotApplicable,
    /// It was begun and the record does not say how it ended.
    InDoubt,
    /// It was in doubt and the operator says that it happened.
    TakenAsDone,
    /// It was undone.
    RolledBack,
    /// Undoing it did not succeed, or did not end.
    RollbackFailed,
}

/// How far undoing a step came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RollbackState {
    /// Every rollback block passed.
    Done,
    /// A rollback block did not pass.
    Failed,
    /// A rollback block was begun and its end is not recorded.
    InDoubt,
    /// Not every rollback block was run.
    Unfinished,
    /// The step had an effect and the document has no rollback for it.
    Impossible,
}

impl Status {
    /// In capitals, as reports show it.
    pub fn words(self) -> &'static str {
        match self {
            Status::NotReached => "NOT REACHED",
            Status::NotUsed => "NOT USED",
            Status::Unfinished => "UNFINISHED",
            Status::Passed => "PASSED",
            Status::PassedWithDeviations => "PASSED, WITH DEVIATIONS",
            Status::Failed => "FAILED",
            Status::TimedOut => "TIMED OUT",
            Status::Interrupted => "INTERRUPTED",
            Status::Skipped => "SKIPPED",
            Status::Confirmed => "CONFIRMED",
            Status::Recorded => "RECORDED",
            Status::Signed => "SIGNED",
            Status::Waiting => "WAITING",
            Status::Rejected => "REJECTED",
            Status::NotApplicable => "NOT APPLICABLE",
            Status::InDoubt => "IN DOUBT",
            Status::TakenAsDone => "TAKEN AS DONE",
            Status::RolledBack => "ROLLED BACK",
            Status::RollbackFailed => "ROLLBACK FAILED",
        }
    }

    /// Whether nothing is left to do about it.
    pub fn is_done(self) -> bool {
        matches!(
            self,
            Status::Passed
                | Status::PassedWithDeviations
                | Status::Skipped
                | Status::Confirmed
                | Status::Recorded
                | Status::Signed
                | Status::NotApplicable
                | Status::TakenAsDone
        )
    }

    /// Whether it ended badly or is uncertain, in the order of how bad: what a step shows of its actions.
    fn trouble(self) -> Option<u8> {
        match self {
            Status::InDoubt => Some(5),
            Status::Failed => Some(4),
            Status::TimedOut => Some(3),
            Status::Interrupted => Some(2),
            Status::Rejected => Some(1),
            _ => None,
        }
    }
}

impl From<Outcome> for Status {
    fn from(outcome: Outcome) -> Status {
        match outcome {
            Outcome::Passed => Status::Passed,
            Outcome::Failed => Status::Failed,
            Outcome::TimedOut => Status::TimedOut,
            Outcome::Interrupted => Status::Interrupted,
        }
    }
}

/// What became of an action, from what happened to it in its present round. `work` is `None` for a rollback block.
pub(super) fn of_action(work: Option<&Work>, history: &[Happening]) -> Status {
    let mut status = if work.is_some() { Status::NotReached } else { Status::NotUsed };
    let mut values: BTreeMap<&str, bool> = BTreeMap::new();
    let mut signers: BTreeSet<&str> = BTreeSet::new();
    for happening in history.iter().filter(|happening| !happening.superseded) {
        match &happening.what {
            What::Attempt(attempt) if attempt.probe => {}
            What::Attempt(attempt) => {
                status = attempt.finished.as_ref().map_or(Status::InDoubt, |end| end.result.outcome.into());
            }
            What::Confirmed { .. } => status = Status::Confirmed,
            What::Recorded { name, within_limits, .. } => {
                values.insert(name, *within_limits);
                status = recorded(work, &values);
            }
            What::Requested { .. } => {
                // Asked for again after it was complete: what was signed has lapsed.
                if status == Status::Signed {
                    signers.clear();
                }
                status = Status::Waiting;
            }
            What::Given(given) => {
                signers.insert(&given.by.who);
                let count = match work {
                    Some(Work::SignOff(signoff)) => signoff.count as usize,
                    _ => 1,
                };
                status = if signers.len() >= count { Status::Signed } else { Status::Waiting };
            }
            What::Lapsed { .. } => {
                signers.clear();
                status = Status::Waiting;
            }
            What::Rejected { .. } => status = Status::Rejected,
            What::Deviation { kind: DeviationKind::Skipped, .. } => status = Status::Skipped,
            What::Decision { choice: Choice::Happened, .. } => status = Status::TakenAsDone,
            What::Decision { choice: Choice::Run, .. } => status = Status::NotReached,
            What::Decision { choice: Choice::Retry, .. } => values.clear(),
            What::NotApplicable { .. } => status = Status::NotApplicable,
            What::Refused { .. } | What::Deviation { .. } | What::Decision { .. } | What::Note { .. } => {}
        }
    }
    status
}

fn recorded(work: Option<&Work>, values: &BTreeMap<&str, bool>) -> Status {
    let Some(Work::Record { fields }) = work else { return Status::Failed };
    if values.values().any(|within| !within) {
        Status::Failed
    } else if fields.iter().all(|field| values.contains_key(field.name.as_str())) {
        Status::Recorded
    } else {
        Status::Waiting
    }
}

/// What became of a step, from its actions.
pub(super) fn of_step(actions: &[ActionSummary], deviated: bool, rollback: Option<RollbackState>) -> Status {
    match rollback {
        Some(RollbackState::Done) => return Status::RolledBack,
        Some(RollbackState::Failed | RollbackState::InDoubt | RollbackState::Unfinished) => {
            return Status::RollbackFailed;
        }
        Some(RollbackState::Impossible) | None => {}
    }
    let worst = actions.iter().map(|action| action.status).filter(|status| status.trouble().is_some());
    if let Some(worst) = worst.max_by_key(|status| status.trouble()) {
        return worst;
    }
    if actions.iter().any(|action| action.status == Status::Waiting) {
        return Status::Waiting;
    }
    if actions.iter().all(|action| action.status == Status::NotReached) {
        return Status::NotReached;
    }
    if actions.iter().any(|action| !action.status.is_done()) {
        return Status::Unfinished;
    }
    let mut applicable: Vec<Status> = actions
        .iter()
        .map(|action| action.status)
        .filter(|status| *status != Status::NotApplicable)
        .collect();
    applicable.dedup();
    match applicable[..] {
        [] => Status::NotApplicable,
        [only] if !deviated => only,
        [Status::Skipped] => Status::Skipped,
        [Status::TakenAsDone] => Status::TakenAsDone,
        _ if deviated || applicable.iter().any(|s| matches!(s, Status::Skipped | Status::TakenAsDone)) => {
            Status::PassedWithDeviations
        }
        _ => Status::Passed,
    }
}

/// How far undoing came, from the rollback blocks of a step that a rollback named.
pub(super) fn of_rollback(blocks: &[ActionSummary]) -> RollbackState {
    let any = |of: &[Status]| blocks.iter().any(|block| of.contains(&block.status));
    if blocks.is_empty() {
        RollbackState::Impossible
    } else if any(&[Status::InDoubt]) {
        RollbackState::InDoubt
    } else if any(&[Status::Failed, Status::TimedOut, Status::Interrupted, Status::Skipped]) {
        RollbackState::Failed
    } else if any(&[Status::NotUsed, Status::NotReached]) {
        RollbackState::Unfinished
    } else {
        RollbackState::Done
    }
}
