//! Values that were written down and are put right.

use holdpoint_model::{Block, Field, Fit, Plan, Work, fit};

use crate::answers::judged;
use crate::fold::{Fold, ensure};
use crate::reads::names_in_condition;
use crate::run::state::Status;
use crate::{Corrected, Due, Event, Frontier, Run, RunOpened, Slot, Task, Via};

impl Run {
    /// Where a value was written down that can be corrected, and its field: the action has not been begun again since, and
    /// nothing was captured under the name.
    pub fn correctable<'p>(&self, plan: &'p Plan, name: &str) -> Option<(Task, &'p Field)> {
        let task = *self.written.get(name)?;
        let field = task.work(plan)?.fields().into_iter().find(|field| field.name == name)?;
        // What a command was offered with is known until the run ends.
        let stands = task.offered(plan).is_some() || self.state(task).recorded.contains(name);
        stands.then_some((task, field))
    }

    /// Names of all that [`Run::correctable`] finds, in the order of the document.
    pub fn correctable_names<'p>(&self, plan: &'p Plan) -> Vec<&'p str> {
        let mut found: Vec<_> = self.written.keys().filter_map(|name| self.correctable(plan, name)).collect();
        found.sort_by_key(|(task, _)| *task);
        found.into_iter().map(|(_, field)| field.name.as_str()).collect()
    }

    /// Why a value that the run has cannot be corrected, in words; `None` where it has none of that name.
    pub fn not_correctable(&self, plan: &Plan, name: &str) -> Option<String> {
        let given = |opened: &RunOpened| opened.inputs.iter().any(|input| input.name == name);
        let captures = |block: &Block| block.options.capture.iter().any(|capture| capture.name == name);
        let mut actions = plan.steps.iter().flat_map(|step| &step.actions);
        match self.written.get(name) {
            _ if self.opened().is_some_and(given) => Some(format!("{name} was given as an input")),
            Some(task) => Some(format!("{name} is to be written down again, at {}", task.id(plan))),
            None => {
                self.values().get(name)?;
                let captured = actions.find(|action| action.work.block().is_some_and(captures));
                Some(match captured {
                    Some(action) => format!("{name} was captured by {}", action.id),
                    None => format!("{name} is a variable of the environment"),
                })
            }
        }
    }

    /// Why no value can be corrected now, whichever it is; `None` where one can.
    pub fn correction_refusal(&self, plan: &Plan) -> Option<&'static str> {
        self.no_correction_now(&self.frontier(plan))
    }

    fn no_correction_now(&self, now: &Frontier) -> Option<&'static str> {
        if self.closed {
            Some("the run is closed")
        } else if self.handover.is_some() {
            Some("the run is being handed over, and nobody has accepted it yet")
        } else if now.due == Some(Due::Override) {
            Some("the rules of its environment do not hold, and nobody has overridden them")
        } else if self.is_rolling_back() {
            Some("the run is being rolled back: note it instead")
        } else if !now.running.is_empty() {
            Some("a block runs, or nobody has said yet what became of it: its values were handed to it")
        } else {
            None
        }
    }

    /// Each value that an action wrote down and that does not keep its limits, in words: what stands there, which limit it
    /// breaks, and who put it there and why, where it was corrected.
    pub fn out_of_limits(&self, plan: &Plan, task: Task) -> Vec<String> {
        let Some(Work::Record { fields }) = task.work(plan) else { return Vec::new() };
        let beyond = fields.iter().filter(|field| self.state(task).out_of_limits.contains(&field.name));
        let told = beyond.map(|Field { name, kind, .. }| {
            let value = self.values().get(name).unwrap_or_default();
            let limit = match fit(kind, value) {
                Fit::OutOfLimits(why) => format!(", and {why}"),
                Fit::Within | Fit::Wrong(_) => String::new(),
            };
            let corrected = self.corrected_to(name, value).map(|Corrected { old, reason, by, .. }| {
                format!(" (corrected from {old} by {}: {reason})", by.who)
            });
            format!("{name} = {value}{limit}{}", corrected.unwrap_or_default())
        });
        told.collect()
    }

    /// The correction that a value was made what it is by, where one was.
    fn corrected_to(&self, name: &str, value: &str) -> Option<&Corrected> {
        let mut history = self.witness.kept().history.iter().rev();
        let last = history.find_map(|happened| match &happened.event {
            Event::ValueCorrected(corrected) if corrected.name == name => Some(corrected),
            _ => None,
        });
        last.filter(|corrected| self.is_as_shown(&corrected.new, value))
    }

    /// Ids of the steps and actions whose condition names a value, where the condition was decided already: what was
    /// decided stays.
    pub fn decided_by(&self, plan: &Plan, name: &str) -> Vec<String> {
        let names = |condition: &str| names_in_condition(condition).contains(name);
        let mut found = Vec::new();
        for (index, step) in plan.steps.iter().enumerate() {
            if self.entered[index] && step.when.iter().any(|condition| names(condition)) {
                found.push(step.id.clone());
            }
            for (at, action) in step.actions.iter().enumerate() {
                let decided = self.state(Task::action(index, at)).status != Status::Pending;
                let when = action.work.block().and_then(|block| block.options.when.as_deref());
                if decided && when.is_some_and(names) {
                    found.push(action.id.clone());
                }
            }
        }
        found
    }

    pub(crate) fn correct(&mut self, plan: &Plan, now: &Frontier, corrected: &Corrected) -> Fold {
        let Corrected { step, action, name, old, new, reason, within_limits, by } = corrected;
        if let Some(why) = self.no_correction_now(now) {
            return Err(why.to_owned());
        }
        ensure(!reason.trim().is_empty(), "a correction needs a written reason")?;
        let (task, field) = self.correctable(plan, name).ok_or("no such value was written down")?;
        ensure(task.is(plan, step, action), "it was written down by another action")?;
        let stands = self.values().get(name).unwrap_or_default();
        // A secret that was written down where it was not known yet is masked in what tells of it.
        ensure(self.is_as_shown(old, stands), "what it corrects is not what stands there")?;
        ensure(self.knows(&by.who), "whoever corrects it is nobody that the run knows")?;
        ensure(
            matches!(by.via, Via::Command | Via::Terminal),
            "a value is corrected by somebody who is there",
        )?;
        ensure(old != new, "it corrects nothing")?;
        judged(field, new, *within_limits)?;
        self.values.write_down(field, new);
        self.performed_by(&by.who);
        self.judge_again(plan, task, name, *within_limits);
        self.lapse_since(task, &format!("{name}, which its signer saw, was corrected"));
        Ok(())
    }

    /// Whether all that an action has written down keeps its limits, now that one value is another. The others are as
    /// they were judged: what stands under their names now may have been written down elsewhere since.
    fn judge_again(&mut self, plan: &Plan, task: Task, name: &str, within_limits: bool) {
        let Some(Work::Record { .. }) = task.work(plan) else { return };
        let whole = self.open_fields(plan, task).is_empty();
        self.alter(task, |state| {
            match within_limits {
                true => state.out_of_limits.remove(name),
                false => state.out_of_limits.insert(name.to_owned()),
            };
            // What was skipped stays what somebody decided.
            if whole && state.left.is_none() {
                state.written_down();
            }
        });
        if let Slot::Action(action) = task.slot
            && self.state(task).status != Status::Settled
        {
            self.cursor = self.cursor.min((task.step, action));
        }
    }

    /// Every sign-off that was given after a task lapses: its signers saw something that has changed.
    pub(crate) fn lapse_since(&mut self, task: Task, reason: &str) {
        let signed = |task: &&Task| !self.state(**task).signers.is_empty();
        let since: Vec<Task> = self.signed_off.range(task..).filter(signed).copied().collect();
        since.into_iter().for_each(|task| self.lapse(task, reason));
        self.lapse_fresh(reason);
    }
}
