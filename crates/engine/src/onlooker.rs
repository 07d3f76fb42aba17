//! A run as whoever reads its record is told of it: the same statuses, and what only they need to know beside.

use holdpoint_model::Plan;

use crate::status::of_untouched;
use crate::{Question, RollbackState, Run, Status, Task};

/// Somebody who looks at a run, and knows whether it is driven meanwhile.
#[derive(Clone, Debug)]
pub struct Onlooker<'r> {
    run: &'r Run,
    plan: &'r Plan,
    driven: bool,
    /// What somebody is asked to do, to write down or to answer for.
    asked: Vec<Task>,
}

impl Run {
    /// For somebody who looks at it, while the driver that opened its last session is at it (`driven`) or nobody is.
    pub fn seen_by<'r>(&'r self, plan: &'r Plan, driven: bool) -> Onlooker<'r> {
        let asks = if self.is_closed() { Vec::new() } else { self.frontier(plan).asks };
        let open =
            |question: &Question| matches!(question, Question::Confirm | Question::Record | Question::Choose);
        let asked = asks.into_iter().filter(|(_, question)| open(question));
        Onlooker { run: self, plan, driven, asked: asked.map(|(task, _)| task.unplaced()).collect() }
    }
}

impl Onlooker<'_> {
    /// What is told of an action or a rollback block.
    pub fn status(&self, task: Task) -> Status {
        let status = self.run.status(self.plan, task).seen(self.driven);
        match self.waits_no_more(status) {
            true => self.run.without_waiting(self.plan, task),
            false if self.asked.contains(&task) => waited_for(status),
            false => status,
        }
    }

    /// What is told of a step.
    pub fn step_status(&self, step: usize) -> Status {
        let status = self.run.step_status(self.plan, step).seen(self.driven);
        let actions = || (0..self.plan.steps[step].actions.len()).map(|action| Task::action(step, action));
        match self.waits_no_more(status) {
            true if actions().any(|task| self.run.status(self.plan, task).is_done()) => Status::Unfinished,
            true => of_untouched(&actions().map(|task| self.status(task)).collect::<Vec<_>>()),
            false if self.asked.iter().any(|asked| asked.step == step) => waited_for(status),
            false => status,
        }
    }

    /// Whether somebody was waited for, and is not any more: the run is over, or what was done is being undone.
    fn waits_no_more(&self, status: Status) -> bool {
        status == Status::Waiting && (self.run.is_closed() || self.run.rollback.is_some())
    }

    /// How far undoing a step came; `None` where no rollback is about it.
    pub fn rollback_state(&self, step: usize) -> Option<RollbackState> {
        Some(self.run.rollback_state(self.plan, step)?.seen(self.driven))
    }
}

/// Of what somebody is asked about, and of its step: it may have been on somebody's screen, and it is what the run waits for.
fn waited_for(status: Status) -> Status {
    match status {
        Status::NotReached | Status::ToBeDoneAgain | Status::FailedBefore | Status::Unfinished => {
            Status::Waiting
        }
        status => status,
    }
}
