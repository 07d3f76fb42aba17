//! Blocks that start and end.

use std::sync::Arc;

use holdpoint_model::Plan;
use jiff::Timestamp;

use crate::apply::numbered;
use crate::fold::{Fold, ensure};
use crate::offered::differs;
use crate::retry::fail;
use crate::run::state::{Probe, Status};
use crate::{Execution, Finished, Frontier, Outcome, Run, SentTo, Slot, Started, Task, conform};

impl Run {
    pub(crate) fn start(
        &mut self,
        plan: &Plan,
        (now, at): (&Frontier, Timestamp),
        started: &Started,
        rollback: bool,
    ) -> Fold {
        ensure(!now.ready.is_empty(), "nothing was to be executed here")?;
        let names = (started.step.as_str(), started.action.as_str(), started.place.as_deref());
        let execution = self.among(plan, &now.ready, names)?;
        let task = execution.task;
        apart(rollback, task.slot)?;
        numbered(execution, started.attempt, started.probe)?;
        ensure(
            rollback || !self.is_look_due(),
            "the rules of the environment were not held once more since the sign-off",
        )?;
        self.held_in_time(plan, task, at)?;
        let rendered = task.block(plan).is_some_and(|block| block.options.template);
        match (&self.state(task).script, rendered) {
            (Some(edited), _) => {
                ensure(started.script.as_ref() == Some(edited), "the edited script was to run")?
            }
            (None, true) => ensure(started.script.is_some(), "the rendered script must be kept")?,
            (None, false) => ensure(started.script.is_none(), "the document's own script was to run")?,
        }
        self.send(execution, started)?;
        self.performed_by(&self.operator.clone());
        (self.looks.ran, self.looks.unused) = (true, false);
        if execution.probe {
            self.change(task, |state| {
                state.attempts += 1;
                state.sent = started.remote.clone().map(Arc::new);
            });
            self.probe = self.probe.map(|probe| Probe { running: true, ..probe });
            return Ok(());
        }
        self.change(task, |state| {
            state.attempts += 1;
            state.status = Status::Running;
            state.retrying = false;
            state.decided = true;
            state.told.begin();
            state.sent = started.remote.clone().map(Arc::new);
        });
        self.fresh.clear();
        if !rollback && task.mutates(plan) {
            self.effects.note(plan, task);
        }
        Ok(())
    }

    pub(crate) fn finish(
        &mut self,
        plan: &Plan,
        now: &Frontier,
        (finished, at): (&Finished, Timestamp),
        rollback: bool,
    ) -> Fold {
        if let Some(unended) = self.finish_unended(plan, now, (finished, at), rollback) {
            return unended;
        }
        let open: Vec<Execution> = now.running.iter().chain(&now.attachable).copied().collect();
        ensure(!open.is_empty(), "nothing was running")?;
        let names = (finished.step.as_str(), finished.action.as_str(), finished.place.as_deref());
        let execution = self.among(plan, &open, names)?;
        let task = execution.task;
        apart(rollback, task.slot)?;
        numbered(execution, finished.attempt, finished.probe)?;
        let block = task.block(plan).ok_or("this is no block")?;
        conform::finished(block, finished, self.rehearsed_for(task))?;
        if self.shell_of(task).is_some() && self.sent_to(task).is_none() {
            conform::sent_nowhere(finished)?;
        }
        self.has_an_end(*execution);
        if execution.probe {
            self.probe = None;
            self.change(task, |state| state.sent = None);
            return Ok(());
        }
        self.has_ended(plan, task, (finished, at));
        Ok(())
    }

    /// What an attempt that is none to find something out has come to.
    pub(crate) fn has_ended(&mut self, plan: &Plan, task: Task, (finished, at): (&Finished, Timestamp)) {
        for (name, value) in &finished.captures {
            self.capture(task, name, value);
        }
        if let Some(state) = &finished.state {
            self.shell.insert(self.shell_of(task), state.clone());
        }
        let retry = self.retries(plan, task);
        let asked = self.must_hold(plan, task);
        let differs = task.block(plan).is_some_and(|block| block.offered.is_some()) && differs(finished);
        self.change(task, |state| {
            state.told.outcome = Some(finished.outcome);
            state.told.differs = differs;
            state.sent = None;
            match finished.outcome {
                Outcome::Passed => state.passed(asked, at),
                Outcome::Interrupted => {
                    state.status = Status::Failed;
                    state.interrupted = true;
                }
                Outcome::Failed | Outcome::TimedOut => fail(state, retry, finished.duration_ms),
            }
        });
    }

    /// Takes note of an attempt that goes to another place: its name is nobody else's. One for another place that is sent
    /// nowhere found nobody there; its end can only be that it did not begin.
    fn send(&mut self, execution: &Execution, started: &Started) -> Fold {
        let Some(sent) = &started.remote else { return Ok(()) };
        let place = self.shell_of(execution.task).ok_or("what runs on this machine is sent nowhere")?;
        let SentTo { attempt, boot, store } = sent;
        let named =
            !attempt.is_empty() && attempt.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        ensure(
            named && !boot.is_empty() && !store.is_empty(),
            "an attempt at a place has a name, and the place one too",
        )?;
        ensure(!self.sent.contains_key(attempt), "another attempt has this name")?;
        self.sent.insert(attempt.clone(), place);
        self.begun_at(execution, place, sent);
        Ok(())
    }

    /// The execution of these that an event names.
    fn among<'e>(
        &self,
        plan: &Plan,
        executions: &'e [Execution],
        names: (&str, &str, Option<&str>),
    ) -> Result<&'e Execution, String> {
        let named = |execution: &&Execution| self.named(plan, execution.task, names).is_ok();
        if let Some(found) = executions.iter().find(named) {
            return Ok(found);
        }
        let action = executions.iter().any(|execution| execution.task.is(plan, names.0, names.1));
        let other = if action { "another place is at hand" } else { "another action is at hand" };
        Err(other.to_owned())
    }
}

fn apart(rollback: bool, slot: Slot) -> Fold {
    ensure(rollback == matches!(slot, Slot::Rollback(_)), "rollback blocks and actions are not the same")
}
