//! Folding events in, refusing whatever was not asked for.

use holdpoint_model::{Plan, Work};

use crate::run::{Left, State, Status};
use crate::{By, Event, Execution, Next, Question, Run, Slot, Task, Unexpected, Via};

/// Why an event does not fit, in words. Everything is checked before anything is changed.
pub(crate) type Fold = Result<(), String>;

impl Run {
    /// Folds one event in. An event that is no answer to [`Run::next`] is refused, and the run stays as it was.
    pub fn apply(&mut self, plan: &Plan, event: &Event) -> Result<(), Unexpected> {
        let next = self.next(plan);
        match self.fold(plan, event, &next) {
            Ok(()) => {
                if event.begins() {
                    self.unused.clear();
                }
                self.witness.note(event);
                self.events += 1;
                self.advance();
                Ok(())
            }
            Err(reason) => Err(Unexpected { event: Box::new(event.clone()), next, reason }),
        }
    }

    fn fold(&mut self, plan: &Plan, event: &Event, next: &Next) -> Fold {
        ensure(event.who().is_none_or(|who| !who.trim().is_empty()), "it must say who")?;
        if let Event::RunOpened(opened) = event {
            ensure(*next == Next::Open, "the run is open already")?;
            return self.open(plan, opened);
        }
        ensure(*next != Next::Open, "a run begins with run.opened")?;
        ensure(!self.closed, "the run is closed")?;
        let assumed = event.by().is_some_and(|by| by.via == Via::Assumed);
        ensure(!assumed || self.is_dry(), "answers are assumed in a dry run only")?;
        let lapses = matches!(event, Event::SignOffLapsed { .. } | Event::LogRecovered { .. });
        ensure(lapses || !matches!(next, Next::Lapse { .. }), "a sign-off lapses first")?;
        self.held_over(event)?;
        if let Some(by) = performs(event) {
            self.performer_refusal(plan, &by.who).map_or(Ok(()), Err)?;
        }
        match event {
            Event::RunOpened(_) | Event::LogRecovered { .. } => Ok(()),
            Event::SessionOpened(session) => {
                self.may_operate(plan, &session.operator, Some(&session.operator_from))?;
                self.looked(plan, &session.look(), true)?;
                self.take_up(&session.operator);
                Ok(())
            }
            Event::RulesChecked(look) => {
                ensure(self.keeps_rules(), "this environment has no rule that must keep holding")?;
                ensure(
                    matches!(next, Next::Execute(_) | Next::Ask(..) | Next::PassOver { .. }),
                    "rules are not held once more here",
                )?;
                self.looked(plan, look, false)
            }
            Event::Note { text, step, corrects, .. } => self.note(plan, text, step.as_deref(), *corrects),
            Event::NotApplicable { step, action, condition } => {
                self.pass_over(plan, next, step, action.as_deref(), condition)
            }
            Event::ActionStarted(started) => self.start(plan, next, started, false),
            Event::RollbackStarted(started) => self.start(plan, next, started, true),
            Event::ActionFinished(finished) => self.finish(plan, next, finished, false),
            Event::RollbackFinished(finished) => self.finish(plan, next, finished, true),
            Event::ItemConfirmed { step, action, by } => {
                let task = asked(next, Question::Confirm)?;
                named(plan, task, step, action)?;
                ensure(matches!(task.work(plan), Some(Work::Confirm { .. })), "this is no item to confirm")?;
                self.settle(task);
                self.performed_by(&by.who);
                Ok(())
            }
            Event::ValueRecorded { step, action, .. } => {
                let task = asked(next, Question::Record)?;
                named(plan, task, step, action)?;
                self.record(plan, task, event)
            }
            Event::SignOffRequested { step, action, .. }
            | Event::SignOffRejected { step, action, .. }
            | Event::SignOffRefused { step, action, .. } => {
                let task = asked(next, Question::SignOff)?;
                named(plan, task, step, action)?;
                self.hold(plan, task, event)
            }
            Event::SignOffGiven(given) => {
                let task = asked(next, Question::SignOff)?;
                named(plan, task, &given.step, &given.action)?;
                self.hold(plan, task, event)
            }
            Event::SignOffLapsed { step, action, reason } => {
                ensure(!reason.trim().is_empty(), "a lapse needs a reason")?;
                if let Next::Lapse { task, reason: wanted } = next {
                    named(plan, *task, step, action)?;
                    ensure(reason == wanted, "it lapses for another reason")?;
                    self.lapsing.remove(0);
                    self.lapsed(*task);
                    return Ok(());
                }
                let lapsable = self.lapsable(plan);
                let of = |task: &&Task| task.is(plan, step, action);
                let task = lapsable.iter().find(of).ok_or("there is no release here that could lapse")?;
                self.lapsed(*task);
                Ok(())
            }
            Event::Deviation(deviation) => self.deviate(plan, next, deviation),
            Event::Decision { step, action, choice, by, .. } => {
                self.decide(plan, next, (step, action), *choice, by)
            }
            Event::RollbackOpened { steps, without, by, .. } => {
                self.open_rollback(plan, next, steps, without, by.is_some())
            }
            Event::Handover(handover) => self.hand_over(plan, next, handover),
            Event::HandoverAccepted { by } => self.accept_handover(plan, by),
            Event::HandoverWithdrawn { reason, by } => self.withdraw_handover(reason.as_deref(), by),
            Event::RunClosed { verdict } => {
                ensure(
                    matches!(next, Next::Done(done) if done == verdict),
                    "the run has not ended like this",
                )?;
                self.closed = true;
                Ok(())
            }
        }
    }

    fn note(&mut self, plan: &Plan, text: &str, step: Option<&str>, corrects: Option<u64>) -> Fold {
        ensure(!text.trim().is_empty(), "the note is empty")?;
        ensure(
            step.is_none_or(|step| self.step(plan, step).is_some()),
            "the note is about no step of the plan",
        )?;
        ensure(corrects.is_none_or(|n| n < self.events), "the note corrects an event that does not exist")?;
        if let Some(corrected) = corrects {
            self.lapse_fresh(&format!("event {corrected}, which its signer saw, was corrected"));
        }
        Ok(())
    }

    fn pass_over(
        &mut self,
        plan: &Plan,
        next: &Next,
        step: &str,
        action: Option<&str>,
        because: &str,
    ) -> Fold {
        let Next::PassOver { task, whole, condition } = next else {
            return Err("no condition was to be decided here".into());
        };
        ensure(task.step_of(plan).id == step && condition == because, "another condition was to be decided")?;
        ensure(*whole == action.is_none(), "the condition is not of this action")?;
        ensure(*whole || action == Some(&task.id(plan)), "the condition is of another action")?;
        let settle = |state: &mut State| state.leave(Left::PassedOver);
        match task.slot {
            Slot::Action(action) => {
                // Not `change`: what is passed over has not begun, so a release before it can lapse still.
                self.enter(task.step);
                let all = 0..self.states[task.step].len();
                let actions = if *whole { all } else { action..action + 1 };
                actions.for_each(|action| self.alter(task.step, action, settle));
            }
            Slot::Rollback(_) => self.change(*task, settle),
        }
        Ok(())
    }

    pub(crate) fn settle(&mut self, task: Task) {
        self.change(task, |state| state.status = Status::Settled);
    }

    /// Changes the state of a task: its step has begun then, and what guards another step has done so.
    pub(crate) fn change(&mut self, task: Task, how: impl FnOnce(&mut State)) {
        match (task.slot, &mut self.rollback) {
            (Slot::Action(action), _) => {
                self.enter(task.step);
                self.fresh.retain(|release| release.step == task.step);
                self.alter(task.step, action, how);
            }
            (Slot::Rollback(_), Some(rollback)) => {
                if let Some(state) = rollback.state_mut(task) {
                    how(state);
                }
            }
            (Slot::Rollback(_), None) => {}
        }
    }

    fn enter(&mut self, step: usize) {
        self.entered[step] = true;
        self.reached = self.reached.max(step + 1);
    }

    /// Whoever did something here may not release it where that takes somebody else.
    pub(crate) fn performed_by(&mut self, who: &str) {
        if self.performers.contains(who) {
            return;
        }
        self.performers.insert(who.to_owned());
    }

    /// Changes the state of an action, and the count of settled ones with it.
    pub(crate) fn alter(&mut self, step: usize, action: usize, how: impl FnOnce(&mut State)) {
        let state = &mut self.states[step][action];
        let before = state.status == Status::Settled;
        how(state);
        let after = state.status == Status::Settled;
        self.settled = self.settled + usize::from(after) - usize::from(before);
    }
}

pub(crate) fn ensure(holds: bool, otherwise: &str) -> Fold {
    if holds { Ok(()) } else { Err(otherwise.to_owned()) }
}

/// Who does something themselves with this event; what a block does, whoever operates does.
fn performs(event: &Event) -> Option<&By> {
    use crate::{Choice, DeviationKind};
    match event {
        Event::ItemConfirmed { by, .. }
        | Event::ValueRecorded { by, .. }
        | Event::Decision { choice: Choice::Happened, by, .. } => Some(by),
        Event::Deviation(deviation) => {
            matches!(deviation.kind, DeviationKind::Skipped | DeviationKind::Edited | DeviationKind::Shell)
                .then_some(&deviation.by)
        }
        _ => None,
    }
}

fn asked(next: &Next, question: Question) -> Result<Task, String> {
    match next {
        Next::Ask(task, asked) if *asked == question => Ok(*task),
        _ => Err("this is no answer to what was asked".to_owned()),
    }
}

pub(crate) fn named(plan: &Plan, task: Task, step: &str, action: &str) -> Fold {
    ensure(task.is(plan, step, action), "another action is at hand")
}

pub(crate) fn numbered(execution: &Execution, attempt: u32, probe: bool) -> Fold {
    ensure(execution.attempt == attempt && execution.probe == probe, "another attempt is at hand")
}
