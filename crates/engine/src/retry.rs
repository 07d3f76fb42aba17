//! Blocks that are tried again by themselves (`retry`): for how long is told from events alone.

use std::time::Duration;

use holdpoint_model::{Plan, Retry};

use crate::run::state::{State, Status};
use crate::{Run, Task};

/// A block that did not pass and is tried again by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retrying {
    /// Attempts that have begun, those before somebody asked for another among them.
    pub attempts: u32,
    /// No other attempt follows after so much more of attempts and pauses.
    pub left: Duration,
}

impl Run {
    /// The retries that a block has. The document is refused where a block that changes something is retried and not
    /// idempotent; twice is safer.
    pub(crate) fn retries(&self, plan: &Plan, task: Task) -> Option<Retry> {
        let block = task.block(plan)?;
        // The first failure ends a soak.
        let soaks = self.state(task).is_soaking();
        block.options.retry.filter(|_| !soaks && (block.options.idempotent || !task.mutates(plan)))
    }

    /// How a block stands that failed and that is tried again, or is being tried, by itself; `None` for any other.
    pub fn retrying(&self, plan: &Plan, task: Task) -> Option<Retrying> {
        let (retry, state) = (self.retries(plan, task)?, self.state(task));
        let goes_on = state.status == Status::Running || state.retrying;
        (goes_on && state.spent_ms > 0).then(|| Retrying {
            attempts: state.attempts,
            left: retry.for_.saturating_sub(Duration::from_millis(state.spent_ms)),
        })
    }

    /// Whether another attempt follows by itself where the one that is under way fails after so many milliseconds.
    pub fn is_tried_again_after(&self, plan: &Plan, task: Task, took: u64) -> bool {
        self.retries(plan, task)
            .is_some_and(|retry| spent(self.state(task), retry, took) < millis(retry.for_))
    }
}

/// Failed, or to be tried again as long as attempts and pauses have not used up the document's time for it.
pub(crate) fn fail(state: &mut State, retry: Option<Retry>, took: u64) {
    let spent = retry.map(|retry| spent(state, retry, took));
    state.spent_ms = spent.unwrap_or_else(|| state.spent_ms.saturating_add(took.max(1)));
    state.retrying = retry.zip(spent).is_some_and(|(retry, spent)| spent < millis(retry.for_));
    state.status = if state.retrying { Status::Pending } else { Status::Failed };
}

/// What attempts and pauses have taken with one that took so long. An attempt costs a millisecond at least, so that trying
/// ends.
fn spent(state: &State, retry: Retry, took: u64) -> u64 {
    state.spent_ms.saturating_add(took.max(1)).saturating_add(millis(retry.every))
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
