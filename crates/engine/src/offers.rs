//! What the operator may choose at this moment, so that prompts offer exactly what [`Run::apply`] takes.

use holdpoint_model::{Plan, Work};

use crate::condition::Condition;
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
    /// What a rollback would do; no steps where none is possible.
    pub rollback: RollbackPlan,
}

/// A moment at which somebody may choose.
#[derive(Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) task: Task,
    /// What is asked; `None` where the block would simply be executed.
    question: Option<Question>,
    /// A check is about to find out about another block.
    probe: bool,
}

impl Moment {
    pub(crate) fn of(next: &Next) -> Option<Moment> {
        match next {
            Next::Execute(execution) => {
                Some(Moment { task: execution.task, question: None, probe: execution.probe })
            }
            Next::Ask(task, question) => {
                Some(Moment { task: *task, question: Some(*question), probe: false })
            }
            _ => None,
        }
    }

    fn in_doubt(&self) -> bool {
        self.probe || self.question == Some(Question::InDoubt)
    }

    fn in_rollback(&self) -> bool {
        matches!(self.task.slot, Slot::Rollback(_))
    }

    fn at_hold_point(&self, plan: &Plan) -> bool {
        matches!(self.task.work(plan), Some(Work::SignOff(_)))
    }
}

impl Run {
    /// What may be chosen now.
    pub fn offers(&self, plan: &Plan) -> Offers {
        let Some(moment) = Moment::of(&self.next(plan)) else { return Offers::default() };
        let task = Some(self.probe.map_or(moment.task, |probe| probe.of));
        if self.handover.is_some() {
            return Offers { task, ..Offers::default() };
        }
        Offers {
            task,
            choices: self.choices(plan, &moment),
            skip: self.may_skip(plan, &moment),
            skip_step: self.may_skip_step(plan, &moment),
            edit: self.may_edit(plan, &moment),
            back: (0..=moment.task.step).filter(|step| self.may_go_back(&moment, *step)).collect(),
            rollback: if self.may_roll_back(&moment) {
                self.rollback_plan(plan)
            } else {
                RollbackPlan::default()
            },
        }
    }

    pub(crate) fn choices(&self, plan: &Plan, moment: &Moment) -> Vec<Choice> {
        let task = moment.task;
        let mut choices = match moment.question {
            Some(Question::Confirm) if task.block(plan).is_some() => vec![Choice::Proceed],
            // What cannot be evaluated or rendered says the same again until something else has changed.
            Some(Question::Failed) if self.condition_error(plan, task).is_none() => vec![Choice::Retry],
            Some(Question::InDoubt) => self.in_doubt_choices(plan, task),
            _ => Vec::new(),
        };
        choices.push(Choice::Abort);
        choices
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

    pub(crate) fn may_skip(&self, plan: &Plan, moment: &Moment) -> bool {
        // Past a condition of the step that cannot be evaluated, only the whole step can be passed.
        let barred = matches!(self.condition(plan, moment.task), Condition::Unknown { whole: true, .. });
        let skippable = moment.in_rollback() || moment.task.step_of(plan).skippable;
        skippable && !moment.probe && !moment.at_hold_point(plan) && !barred
    }

    pub(crate) fn may_skip_step(&self, plan: &Plan, moment: &Moment) -> bool {
        let barred = moment.in_rollback() || moment.in_doubt() || moment.at_hold_point(plan);
        moment.task.step_of(plan).skippable && !barred
    }

    pub(crate) fn may_edit(&self, plan: &Plan, moment: &Moment) -> bool {
        let unknown = matches!(self.condition(plan, moment.task), Condition::Unknown { .. });
        let block = moment.task.block(plan);
        block.is_some_and(|block| self.env_error(block).is_none()) && !moment.in_doubt() && !unknown
    }

    pub(crate) fn may_go_back(&self, moment: &Moment, step: usize) -> bool {
        !moment.in_rollback() && !moment.in_doubt() && step <= moment.task.step && self.entered[step]
    }

    pub(crate) fn may_roll_back(&self, moment: &Moment) -> bool {
        !moment.in_rollback() && !moment.probe
    }

    /// The step's own check that tells whether the block took effect.
    pub fn check_after(&self, plan: &Plan, task: Task) -> Option<Task> {
        let Slot::Action(action) = task.slot else { return None };
        if !task.mutates(plan) {
            return None;
        }
        let actions = task.step_of(plan).actions.iter().enumerate().skip(action + 1);
        let mut own = actions.take_while(|(_, action)| !matches!(action.work, Work::Run(_)));
        let (index, _) = own.find(|(_, action)| matches!(action.work, Work::Check(_)))?;
        let check = Task::action(task.step, index);
        // A check that is not for this run, or cannot be run, finds nothing out.
        let runs =
            matches!(self.condition(plan, check), Condition::Holds) && self.text_error(plan, check).is_none();
        runs.then_some(check)
    }
}
