//! Attempts that were sent to a place and that somebody answered for without word of their end. They may still run, so they are
//! looked for before anything else begins at their places and before the run is over, and an end that is found there counts.

use std::sync::Arc;
use std::time::Duration;

use holdpoint_model::Plan;
use jiff::Timestamp;

use crate::fold::{Fold, ensure};
use crate::run::state::{Status, Unended};
use crate::seen::labelled;
use crate::{Execution, Finished, Frontier, Outcome, PlaceIx, Run, SentTo, Slot, Task, conform};

impl Run {
    /// The attempts that were answered for without word from their places, and that may run there still. Nothing begins at such a
    /// place before it was looked for them; what has begun there shows that it was.
    pub fn unended(&self, plan: &Plan) -> Vec<Execution> {
        if self.unended.is_empty() || self.aborted || self.closed {
            return Vec::new();
        }
        let plan = plan.after(self.exchanges);
        self.unended_beside(&self.frontier(plan))
    }

    fn unended_beside(&self, now: &Frontier) -> Vec<Execution> {
        let open = |task: Task| {
            let mut open = now.running.iter().chain(&now.attachable);
            open.any(|execution| execution.task == task)
        };
        let answered = self.unended.iter().filter(|(task, _)| !open(**task));
        let of = |(task, of): (&Task, &Unended)| Execution {
            task: *task,
            attempt: of.attempt,
            pause: Duration::ZERO,
            probe: of.probe,
        };
        answered.map(of).collect()
    }

    /// Where this attempt was sent that runs, is in doubt, or was answered for.
    pub fn sent_as(&self, execution: Execution) -> Option<&SentTo> {
        let unended = self.unended.get(&execution.task).filter(|of| of.attempt == execution.attempt);
        unended.map(|of| &*of.sent).or_else(|| self.sent_to(execution.task))
    }

    /// An attempt begins, sent to this place: nothing that was begun there before runs any more.
    pub(crate) fn begun_at(&mut self, execution: &Execution, place: PlaceIx, sent: &SentTo) {
        self.unended.retain(|task, _| task.place != Some(place));
        let Execution { task, attempt, probe, .. } = *execution;
        self.endless.insert(sent.attempt.clone());
        self.unended.insert(task, Unended { sent: Arc::new(sent.clone()), attempt, probe });
    }

    /// This attempt has ended. One of the same block that was sent before it and answered for may run still, where this one was
    /// sent nowhere.
    pub(crate) fn has_an_end(&mut self, ended: Execution) {
        if let Some(sent) = self.sent_to(ended.task).cloned() {
            self.endless.remove(&sent.attempt);
        }
        let is = |of: &Unended| (of.attempt, of.probe) == (ended.attempt, ended.probe);
        if self.unended.get(&ended.task).is_some_and(is) {
            self.unended.remove(&ended.task);
        }
    }

    /// Every attempt that was sent to another place and that a place need not keep any more, with its place: its end is on record.
    pub fn attempts_to_clear(&self) -> impl Iterator<Item = (&str, &str)> {
        self.attempts_sent().filter(|(name, _)| !self.endless.contains(*name))
    }

    /// The others, of which no end is on record: what they printed lies at their places and nowhere else, whatever has begun there
    /// since.
    pub fn attempts_without_end(&self) -> impl Iterator<Item = (&str, &str)> {
        self.attempts_sent().filter(|(name, _)| self.endless.contains(*name))
    }

    /// Takes the end of an attempt that was answered for, if the event is of one: nothing else runs.
    pub(crate) fn finish_unended(
        &mut self,
        plan: &Plan,
        now: &Frontier,
        (finished, at): (&Finished, Timestamp),
        rollback: bool,
    ) -> Option<Fold> {
        let done = self.aborted || self.closed || !now.running.is_empty();
        let names = (finished.step.as_str(), finished.action.as_str(), finished.place.as_deref());
        let of = |execution: &Execution| {
            self.named(plan, execution.task, names).is_ok()
                && (execution.attempt, execution.probe) == (finished.attempt, finished.probe)
        };
        let execution = self.unended_beside(now).into_iter().find(of).filter(|_| !done)?;
        Some(self.end_unended(plan, execution, (finished, at), rollback))
    }

    fn end_unended(
        &mut self,
        plan: &Plan,
        execution: Execution,
        (finished, at): (&Finished, Timestamp),
        rollback: bool,
    ) -> Fold {
        let task = execution.task;
        ensure(rollback == task.is_rollback(), "rollback blocks and actions are not the same")?;
        let block = task.block(plan).ok_or("this is no block")?;
        conform::finished(block, finished, self.rehearsed_for(task))?;
        let Some(unended) = self.unended.remove(&task) else { return Ok(()) };
        self.endless.remove(&unended.sent.attempt);
        // Of an earlier round of its step, or only to find something out: it is on record, and changes nothing.
        let current = self.state(task).sent.as_ref().is_some_and(|sent| sent.attempt == unended.sent.attempt);
        if execution.probe || !current {
            return Ok(());
        }
        // What was answered was about something else.
        if !rollback {
            let why = format!("{} was found to have an end", finished.action);
            match finished.outcome {
                Outcome::Passed => self.lapse_fresh(&why),
                // Whoever signed since was told that it was done.
                _ => self.lapse_since(task, &why),
            }
        }
        if self.state(task).told.taken_as_done {
            // It is no deviation any more, either.
            self.deviations -= 1;
            self.witness.is_not_taken_as_done(&labelled(&finished.action, finished.place.as_deref()));
        }
        self.change(task, |state| {
            (state.left, state.told.taken_as_done, state.script) = (None, false, None);
            state.wanted = false;
        });
        if self.probe.is_some_and(|probe| probe.of == task) {
            self.probe = None;
        }
        self.has_ended(plan, task, (finished, at));
        self.is_at_hand_again(task);
        Ok(())
    }

    /// What has an end that is none to go on from comes before what follows.
    fn is_at_hand_again(&mut self, task: Task) {
        if self.state(task).status == Status::Settled {
            return;
        }
        match (task.slot, &mut self.rollback) {
            (Slot::Action(action), _) => self.cursor = self.cursor.min((task.step, action)),
            (Slot::Rollback(_), Some(rollback)) => {
                let at = rollback.queue.iter().position(|queued| *queued == task);
                rollback.settled = at.map_or(rollback.settled, |at| rollback.settled.min(at));
            }
            (Slot::Rollback(_), None) => {}
        }
    }
}
