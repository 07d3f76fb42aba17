//! What the operator may choose at this moment, so that prompts offer exactly what [`Run::apply`] takes.

use holdpoint_model::Plan;

use crate::next::Condition;
use crate::{Choice, Frontier, Question, RollbackPlan, Run, Slot, Task};

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
    /// Blocks run at other places.
    busy: bool,
}

impl Moment {
    /// All that there are now: what is asked first, then what may begin.
    pub(crate) fn all(now: &Frontier) -> Vec<Moment> {
        let busy = !now.running.is_empty();
        let asks = now.asks.iter().map(|(task, question)| (*task, Some(*question), false));
        let ready = now.ready.iter().map(|execution| (execution.task, None, execution.probe));
        asks.chain(ready).map(|(task, question, probe)| Moment { task, question, probe, busy }).collect()
    }

    fn barred(&self) -> bool {
        self.question == Some(Question::Barred)
    }

    fn in_doubt(&self) -> bool {
        self.probe || self.question == Some(Question::InDoubt)
    }

    fn in_rollback(&self) -> bool {
        matches!(self.task.slot, Slot::Rollback(_))
    }

    fn may_skip(&self, plan: &Plan) -> bool {
        self.task.work(plan).is_some_and(|work| self.task.step_of(plan).may_skip(work))
    }
}

impl Run {
    /// What may be chosen now about what [`Run::next`] gives.
    pub fn offers(&self, plan: &Plan) -> Offers {
        if let Some(task) = self.ends_unsigned(plan) {
            return Offers { task: Some(task), choices: vec![Choice::Abort], ..Offers::default() };
        }
        let frontier = self.frontier(plan);
        // A condition is decided before anything else is.
        let moment =
            if frontier.pass_over.is_empty() { Moment::all(&frontier).into_iter().next() } else { None };
        moment.map_or_else(Offers::default, |moment| self.offered(plan, &moment))
    }

    /// What may be chosen now about this task, which is asked about or may begin.
    pub fn offers_about(&self, plan: &Plan, task: Task) -> Offers {
        let moments = Moment::all(&self.frontier(plan));
        let moment = moments.into_iter().find(|moment| moment.task == task);
        moment.map_or_else(Offers::default, |moment| self.offered(plan, &moment))
    }

    fn offered(&self, plan: &Plan, moment: &Moment) -> Offers {
        let task = Some(self.probe.map_or(moment.task, |probe| probe.of));
        if self.handover.is_some() {
            return Offers { task, ..Offers::default() };
        }
        Offers {
            task,
            choices: self.choices(plan, moment),
            skip: self.may_skip(plan, moment),
            skip_step: self.may_skip_step(plan, moment),
            edit: self.may_edit(plan, moment),
            back: (0..=moment.task.step).filter(|step| self.may_go_back(moment, *step)).collect(),
            rollback: if self.may_roll_back(moment) {
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
            Some(Question::Failed) if self.condition_error(plan, task).is_none() => {
                let accepted = self.printed_otherwise(task).then_some(Choice::Accepted);
                [Choice::Retry].into_iter().chain(accepted).collect()
            }
            Some(Question::InDoubt) => self.in_doubt_choices(plan, task),
            Some(Question::Choose) => self.offer_choices(plan, task),
            _ => Vec::new(),
        };
        if self.may_pass_over(plan, moment) {
            choices.push(Choice::PassOver);
        }
        if !moment.busy {
            choices.push(Choice::Abort);
        }
        choices
    }

    /// Whether the step is one of the alternatives that the document gives, and something of it is to be asked.
    fn may_pass_over(&self, plan: &Plan, moment: &Moment) -> bool {
        let asked = matches!(moment.question, Some(Question::Confirm | Question::Record | Question::Choose));
        asked && !moment.in_rollback() && moment.task.step_of(plan).is_alternative()
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
        let skippable = moment.in_rollback() || moment.may_skip(plan);
        skippable && !moment.probe && !barred && !moment.barred()
    }

    pub(crate) fn may_skip_step(&self, plan: &Plan, moment: &Moment) -> bool {
        moment.may_skip(plan) && !moment.in_rollback() && !moment.in_doubt() && !moment.barred()
    }

    pub(crate) fn may_edit(&self, plan: &Plan, moment: &Moment) -> bool {
        let unknown = matches!(self.condition(plan, moment.task), Condition::Unknown { .. });
        let block = moment.task.block(plan);
        let one = moment.task.place.is_some() || self.lane(moment.task).is_none();
        one && block
            .is_some_and(|block| block.probe.is_none() && self.env_error(block, moment.task).is_none())
            && !moment.in_doubt()
            && !moment.barred()
            && !unknown
    }

    pub(crate) fn may_go_back(&self, moment: &Moment, step: usize) -> bool {
        !moment.busy
            && !moment.in_rollback()
            && !moment.in_doubt()
            && !moment.barred()
            && step <= moment.task.step
            && self.entered[step]
    }

    pub(crate) fn may_roll_back(&self, moment: &Moment) -> bool {
        !moment.busy && !moment.in_rollback() && !moment.probe
    }

    /// The step's own check that tells whether the block took effect.
    pub fn check_after(&self, plan: &Plan, task: Task) -> Option<Task> {
        let Slot::Action(action) = task.slot else { return None };
        let index = task.step_of(plan).check_behind(action)?;
        let check = self.beside(task, Task::action(task.step, index))?;
        // A check that is not for this run, or cannot be run, finds nothing out.
        let runs =
            matches!(self.condition(plan, check), Condition::Holds) && self.text_error(plan, check).is_none();
        runs.then_some(check)
    }
    /// The task where it tells of another: at the same place, or at the only one it has.
    fn beside(&self, other: Task, task: Task) -> Option<Task> {
        match (self.places_of(task), other.place) {
            ([], _) => Some(task),
            (places, Some(place)) if places.contains(&place) => Some(task.at(place)),
            ([only], _) => Some(task.at(*only)),
            _ => None,
        }
    }
}
