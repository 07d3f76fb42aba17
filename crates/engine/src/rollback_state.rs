//! How far undoing a step came, and in which words.

use serde::{Deserialize, Serialize};

/// How far undoing a step came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RollbackState {
    /// Every rollback block that is for this run passed.
    Done,
    /// A rollback block was skipped, so not all of it was undone.
    Skipped,
    /// A rollback block did not pass.
    Failed,
    /// A rollback block was begun and has not ended; the record alone cannot tell whether it still runs, see
    /// [`RollbackState::seen`].
    Running,
    /// A rollback block was begun and its end is not recorded.
    InDoubt,
    /// Not every rollback block was run, or none was for this run.
    Unfinished,
    /// The step had an effect and the document has no rollback for it.
    Impossible,
}

impl RollbackState {
    /// As told by somebody who reads the record, like [`crate::Status::seen`].
    pub fn seen(self, driven: bool) -> RollbackState {
        if self == RollbackState::Running && !driven { RollbackState::InDoubt } else { self }
    }

    /// What it came to, as a sentence goes on behind the step's name.
    pub fn words(self) -> &'static str {
        match self {
            RollbackState::Done => "undone",
            RollbackState::Skipped => "not undone, its rollback was skipped",
            RollbackState::Failed => "not undone, its rollback failed",
            RollbackState::Running => "being undone now",
            RollbackState::InDoubt => "in doubt, the end of its rollback is not recorded",
            RollbackState::Unfinished => "not undone, not all of its rollback was run",
            RollbackState::Impossible => "not undone, it has no rollback",
        }
    }
}
