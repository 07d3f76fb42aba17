//! Values that were written down and are put right.

use holdpoint_model::{Field, Plan, Work};

use crate::fold::{Fold, ensure};
use crate::run::state::Status;
use crate::{Corrected, Fit, Frontier, Outcome, Run, Slot, Task, fit};

impl Run {
    /// Where a value was written down that can be corrected, and its field: by an action that has not been begun again
    /// since.
    pub fn correctable<'p>(&self, plan: &'p Plan, name: &str) -> Option<(Task, &'p Field)> {
        let steps = plan.steps.iter().enumerate();
        let actions =
            steps.flat_map(|(step, of)| (0..of.actions.len()).map(move |action| Task::action(step, action)));
        let mut found = actions.filter_map(|task| {
            let Some(Work::Record { fields }) = task.work(plan) else { return None };
            let field = fields.iter().find(|field| field.name == name)?;
            self.state(task).recorded.contains(name).then_some((task, field))
        });
        // Of two actions that write down the same name, the later one's stands.
        found.next_back()
    }

    /// Names of all that [`Run::correctable`] finds, in the order of the document.
    pub fn correctable_names<'p>(&self, plan: &'p Plan) -> Vec<&'p str> {
        let steps = plan.steps.iter().flat_map(|step| &step.actions);
        let fields = steps.filter_map(|action| match &action.work {
            Work::Record { fields } => Some(fields),
            _ => None,
        });
        let names = fields.flatten().map(|field| field.name.as_str());
        names.filter(|name| self.correctable(plan, name).is_some()).collect()
    }

    /// Why no value can be corrected now, whichever it is; `None` where one can.
    pub fn correction_refusal(&self, plan: &Plan) -> Option<&'static str> {
        self.no_correction_now(&self.frontier(plan))
    }

    fn no_correction_now(&self, now: &Frontier) -> Option<&'static str> {
        if self.closed {
            Some("the run is closed")
        } else if self.is_rolling_back() {
            Some("the run is being rolled back: note it instead")
        } else if !now.running.is_empty() {
            Some("a block runs: its values were handed to it")
        } else {
            None
        }
    }

    pub(crate) fn correct(&mut self, plan: &Plan, now: &Frontier, corrected: &Corrected) -> Fold {
        let Corrected { step, action, name, old, new, reason, within_limits, by } = corrected;
        self.no_correction_now(now).map_or(Ok(()), |why| Err(why.to_owned()))?;
        ensure(!reason.trim().is_empty(), "a correction needs a written reason")?;
        let (task, field) = self.correctable(plan, name).ok_or("no such value was written down")?;
        ensure(task.is(plan, step, action), "it was written down by another action")?;
        ensure(self.values().get(name) == Some(old), "what it corrects is not what stands there")?;
        ensure(old != new, "it corrects nothing")?;
        match fit(&field.kind, new) {
            Fit::Wrong(why) => return Err(format!("{name}: {why}")),
            Fit::Within => ensure(*within_limits, "the value keeps its limits")?,
            Fit::OutOfLimits(_) => ensure(!within_limits, "the value does not keep its limits")?,
        }
        self.values.set_typed(name, new, &field.kind);
        self.performed_by(&by.who);
        self.judge_again(plan, task);
        self.lapse_since(task, &format!("{name}, which its signer saw, was corrected"));
        Ok(())
    }

    /// The limits of all that an action has written down, as its values are now.
    fn judge_again(&mut self, plan: &Plan, task: Task) {
        let Some(Work::Record { fields }) = task.work(plan) else { return };
        let out = fields.iter().any(|field| {
            let value =
                self.values().get(&field.name).filter(|_| self.state(task).recorded.contains(&field.name));
            value.is_some_and(|value| matches!(fit(&field.kind, value), Fit::OutOfLimits(_)))
        });
        let whole = self.open_fields(plan, task).is_empty();
        self.alter(task, |state| {
            state.out_of_limits = out;
            // What was skipped stays what somebody decided.
            if whole && state.left.is_none() {
                let (status, outcome) = match out {
                    true => (Status::Failed, Outcome::Failed),
                    false => (Status::Settled, Outcome::Passed),
                };
                (state.status, state.told.outcome) = (status, Some(outcome));
            }
        });
        if let Slot::Action(action) = task.slot
            && self.state(task).status != Status::Settled
        {
            self.cursor = self.cursor.min((task.step, action));
        }
    }

    /// Every sign-off that was given after a task lapses: its signers saw something that has changed.
    fn lapse_since(&mut self, task: Task, reason: &str) {
        let signed = |task: &&Task| !self.state(**task).signers.is_empty();
        let since: Vec<Task> = self.signed_off.range(task..).filter(signed).copied().collect();
        since.into_iter().for_each(|task| self.lapse(task, reason));
        self.lapse_fresh(reason);
    }
}
