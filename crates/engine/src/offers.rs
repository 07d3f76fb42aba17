//! What the operator may choose at this moment, so that prompts offer exactly what [`Run::apply`] takes.

use holdpoint_document::{Plan, Work};

use crate::run::Status;
use crate::{Choice, Next, Question, RollbackPlan, Run, Slot, Task};

/// What may be answered now, beside the plain answer (run it, confirm it, sign it).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offers {
    /// What it is about; `None` where nothing can be chosen.
    pub task: Option<Task>,
    /// Answers that are a `decision`.
    pub choices: Vec<Choice>,
    /// This action may be skipped, with a reason.
    pub skip: bool,
    /// What is left of the step may be skipped, with a reason.
    pub skip_step: bool,
    /// Its script may be edited for this run, with a reason.
    pub edit: bool,
    /// Steps that may be repeated, or gone back to.
    pub back: Vec<usize>,
    /// What a rollback would do; empty where none is possible.
    pub rollback: RollbackPlan,
}

impl Run {
    /// What may be chosen now.
    pub fn offers(&self, plan: &Plan) -> Offers {
        let (task, question) = match self.next(plan) {
            Next::Execute(execution) if !execution.probe => (execution.task, None),
            Next::Execute(_) => {
                return Offers { choices: vec![Choice::Abort], task: self.probed(), ..Offers::default() };
            }
            Next::Ask(task, question) => (task, Some(question)),
            _ => return Offers::default(),
        };
        let work = task.work(plan);
        let is_sign_off = matches!(work, Some(Work::SignOff(_)));
        let doubtful = question == Some(Question::InDoubt);
        let in_rollback = matches!(task.slot, Slot::Rollback(_));
        let skip_step = !in_rollback && !is_sign_off && !doubtful && task.step_of(plan).skippable;
        let skippable = in_rollback || (!is_sign_off && task.step_of(plan).skippable);
        // Past a condition that cannot be evaluated, only the whole step can be passed: nothing in it may run.
        let condition_unknown = self.condition_error(plan, task).is_some();
        let mut choices = match question {
            Some(Question::Confirm) if task.block(plan).is_some() => vec![Choice::Proceed],
            Some(Question::Failed) => vec![Choice::Retry],
            Some(Question::InDoubt) => self.in_doubt_choices(plan, task),
            _ => Vec::new(),
        };
        choices.push(Choice::Abort);
        Offers {
            task: Some(task),
            choices,
            skip: skippable && !condition_unknown,
            skip_step,
            edit: task.block(plan).is_some() && !doubtful && !condition_unknown,
            back: if in_rollback || doubtful { Vec::new() } else { self.behind(task) },
            rollback: if in_rollback { RollbackPlan::default() } else { self.rollback_plan(plan) },
        }
    }

    fn in_doubt_choices(&self, plan: &Plan, task: Task) -> Vec<Choice> {
        let mut choices = Vec::new();
        if self.check_after(plan, task).is_some() {
            choices.push(Choice::FindOut);
        }
        if task.mutates(plan) {
            choices.push(Choice::Happened);
        }
        choices.push(Choice::Run);
        choices
    }

    /// The step's own check that tells whether the block took effect.
    pub fn check_after(&self, plan: &Plan, task: Task) -> Option<Task> {
        let Slot::Action(action) = task.slot else { return None };
        if !task.mutates(plan) {
            return None;
        }
        let actions = task.step_of(plan).actions.iter().enumerate().skip(action + 1);
        let check = actions.take_while(|(_, action)| !matches!(action.work, Work::Run(_)));
        let check = check.into_iter().find(|(_, action)| matches!(action.work, Work::Check(_)));
        check.map(|(index, _)| Task::action(task.step, index))
    }

    fn behind(&self, task: Task) -> Vec<usize> {
        (0..=task.step).filter(|step| self.entered[*step]).collect()
    }

    fn probed(&self) -> Option<Task> {
        self.probe.map(|probe| probe.of)
    }

    pub(crate) fn is_doubtful(&self, task: Task) -> bool {
        self.state(task).status == Status::InDoubt
    }
}
