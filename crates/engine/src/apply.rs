//! Folding events in, refusing whatever was not asked for.

use holdpoint_model::Plan;

use crate::fold::{Fold, ensure};
use crate::run::state::{Left, Rejection, State, Status};
use crate::{By, Due, Event, Execution, Frontier, PassOver, Question, Run, Slot, Task, Unexpected, Via};
use jiff::Timestamp;

impl Run {
    /// Folds one event in that happened at this time. An event that [`Run::frontier`] does not ask for is refused, and
    /// the run stays as it was.
    ///
    /// `plan` is that of the document that the run goes by at its end; those that it took the place of are in it.
    ///
    /// # Errors
    /// The event is none that can happen now.
    pub fn apply(&mut self, plan: &Plan, at: Timestamp, event: &Event) -> Result<(), Unexpected> {
        let (whole, plan) = (plan, plan.after(self.exchanges));
        let frontier = self.frontier(plan);
        let about = self.reaches(plan, event);
        match self.fold((whole, plan), at, event, &frontier) {
            Ok(()) => {
                self.furthest = self.furthest.max(about);
                if event.begins() {
                    self.unused.clear();
                }
                self.begun(plan, event);
                // Beside a session, a name is only typed.
                if let Some(by) =
                    performs(event).filter(|by| by.via == Via::Command || by.who != self.operator)
                {
                    self.independence.performed_typed(&by.who);
                }
                self.witness.note(self.events, event);
                self.events += 1;
                self.advance();
                Ok(())
            }
            Err(reason) => Err(Unexpected { event: Box::new(event.clone()), next: frontier.next(), reason }),
        }
    }

    /// Behind which step the record reaches with this event. As a rule it is of the step that the one before was of.
    fn reaches(&self, plan: &Plan, event: &Event) -> usize {
        let Some(step) = event.step().filter(|_| !matches!(event, Event::Note { .. })) else { return 0 };
        let last = self.furthest.checked_sub(1).and_then(|last| plan.steps.get(last));
        if last.is_some_and(|last| last.id == step) {
            return self.furthest;
        }
        self.step(plan, step).map_or(0, |step| step + 1)
    }

    fn fold(&mut self, (whole, plan): (&Plan, &Plan), at: Timestamp, event: &Event, now: &Frontier) -> Fold {
        ensure(event.who().is_none_or(|who| !who.trim().is_empty()), "it must say who")?;
        if let Event::RunOpened(opened) = event {
            ensure(now.due == Some(Due::Open), "the run is open already")?;
            return self.open(plan, opened, at);
        }
        ensure(now.due != Some(Due::Open), "a run begins with run.opened")?;
        ensure(!self.closed, "the run is closed")?;
        let assumed = event.by().is_some_and(|by| by.via == Via::Assumed);
        ensure(!assumed || self.is_dry(), "answers are assumed in a dry run only")?;
        let lapses = matches!(event, Event::SignOffLapsed { .. } | Event::LogRecovered { .. });
        ensure(lapses || !matches!(now.due, Some(Due::Lapse { .. })), "a sign-off lapses first")?;
        self.held_over(event)?;
        self.held_unsigned(event)?;
        self.in_time(plan, now, event, at)?;
        self.not_early(plan, event, at)?;
        if let Some(by) = performs(event) {
            self.performer_refusal(plan, &by.who).map_or(Ok(()), Err)?;
        }
        match event {
            Event::RunOpened(_) | Event::LogRecovered { .. } => Ok(()),
            Event::SessionOpened(session) => {
                self.may_operate(plan, &session.operator, Some(&session.operator_from))?;
                self.looked(plan, &session.look(), true, at)?;
                self.accounts.insert(session.os_user.clone());
                self.take_up(&session.operator);
                self.await_key(Some(session.seat()));
                Ok(())
            }
            Event::SessionSigned(signed) => self.sign_session(signed),
            Event::RulesChecked(look) => {
                ensure(
                    self.keeps_rules() || plan.steps.iter().any(|step| step.not_before.is_some()),
                    "this environment has no rule that must keep holding",
                )?;
                ensure(now.waits(), "rules are not held once more here")?;
                self.looked(plan, look, false, at)
            }
            Event::Note { text, step, corrects, .. } => self.note(plan, text, step.as_deref(), *corrects),
            Event::NotApplicable { step, action, place, condition } => {
                let names = (step.as_str(), action.as_deref(), place.as_deref());
                self.pass_over(plan, now, names, condition)
            }
            Event::ActionStarted(started) => self.start(plan, (now, at), started, false),
            Event::RollbackStarted(started) => self.start(plan, (now, at), started, true),
            Event::ActionFinished(finished) => self.finish(plan, now, (finished, at), false),
            Event::RollbackFinished(finished) => self.finish(plan, now, (finished, at), true),
            Event::ItemConfirmed { step, action, text, by } => {
                let task =
                    asked(plan, now, &[Question::Confirm, Question::Choose, Question::Failed], step, action)?;
                let failed = now.asks.contains(&(task, Question::Failed));
                ensure(!failed || self.is_offered_still(plan, task), "this is no answer to what was asked")?;
                let shown = self.item_text(plan, task).ok_or("this is no item to confirm")?;
                let shown = shown.map_err(|error| format!("the item cannot be rendered: {error}"))?;
                ensure(self.is_item(plan, task, text, &shown), "the item says something else")?;
                self.change(task, |state| state.told.by_hand = true);
                self.settle(task);
                self.performed_by(&by.who);
                Ok(())
            }
            Event::ValueRecorded { step, action, .. } => {
                let task = asked(plan, now, &[Question::Record, Question::Choose], step, action)?;
                self.record(plan, task, event)
            }
            Event::ValueCorrected(corrected) => self.correct(plan, now, corrected),
            Event::SignOffRequested { step, action, .. }
            | Event::SignOffRejected { step, action, .. }
            | Event::SignOffRefused { step, action, .. } => {
                let task = asked(plan, now, &[Question::SignOff], step, action)?;
                self.hold(plan, task, event)?;
                if let Event::SignOffRejected { reason, by, .. } = event {
                    let (who, reason) = (by.who.clone(), reason.clone());
                    self.rejections.insert(task, Rejection { who, reason, at });
                }
                Ok(())
            }
            Event::SignOffGiven(given) => {
                let task = asked(plan, now, &[Question::SignOff], &given.step, &given.action)?;
                self.hold(plan, task, event)?;
                self.looks.signed_by = self.events + 1;
                self.given.entry(task).or_default().insert(given.by.who.clone(), at);
                Ok(())
            }
            Event::SignOffLapsed { step, action, reason } => {
                ensure(!reason.trim().is_empty(), "a lapse needs a reason")?;
                if let Some(Due::Lapse { task, reason: wanted }) = &now.due {
                    self.named(plan, *task, (step, action, None))?;
                    ensure(reason == wanted, "it lapses for another reason")?;
                    self.lapsing.remove(0);
                    self.lapsed(*task);
                    return Ok(());
                }
                let lapsable = self.lapsable_at(plan, now);
                let of = |task: &&Task| task.is(plan, step, action);
                let task = lapsable.iter().find(of).ok_or("there is no sign-off here that could lapse")?;
                self.lapsed(*task);
                Ok(())
            }
            Event::Deviation(deviation) => self.deviate(plan, now, deviation),
            Event::DocumentExchanged(exchanged) => {
                let new =
                    Some(whole.after(self.exchanges + 1)).filter(|_| whole.exchanges() > self.exchanges);
                self.exchange((plan, new), now, exchanged)
            }
            Event::Decision { step, action, place, choice, by, .. } => {
                self.decide(plan, now, (step, action, place.as_deref()), *choice, by)
            }
            Event::RollbackOpened { steps, without, places, by, .. } => {
                self.open_rollback(plan, now, (steps, without, places), by.is_some())
            }
            Event::Handover(handover) => self.hand_over(plan, now, handover),
            Event::HandoverAccepted { by } => self.accept_handover(plan, by),
            Event::HandoverWithdrawn { reason, by } => self.withdraw_handover(reason.as_deref(), by),
            Event::RunClosed { verdict } => {
                ensure(now.verdict == Some(*verdict), "the run has not ended like this")?;
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
        now: &Frontier,
        (step, action, place): (&str, Option<&str>, Option<&str>),
        because: &str,
    ) -> Fold {
        ensure(!now.pass_over.is_empty(), "no condition was to be decided here")?;
        let here = |it: &&PassOver| {
            it.task.step_of(plan).id == step && it.condition == because && self.place_of(it.task) == place
        };
        let here = now.pass_over.iter().find(here).ok_or("another condition was to be decided")?;
        let PassOver { task, whole, .. } = *here;
        ensure(whole == action.is_none(), "the condition is not of this action")?;
        ensure(whole || action == Some(&task.id(plan)), "the condition is of another action")?;
        let settle = |state: &mut State| state.leave(Left::PassedOver);
        if task.is_rollback() {
            self.change(task, settle);
            return Ok(());
        }
        // Not `change`: what is passed over has not begun, so a sign-off before it can lapse still.
        self.enter(task.step);
        let all = (0..self.states[task.step].len()).map(|action| Task::action(task.step, action));
        let left: Vec<Task> = match whole {
            true => all.flat_map(|task| self.at_each_place(task)).collect(),
            false => vec![task],
        };
        left.into_iter().for_each(|task| self.alter(task, settle));
        Ok(())
    }

    pub(crate) fn settle(&mut self, task: Task) {
        self.change(task, |state| state.status = Status::Settled);
    }

    /// Changes the state of a task: its step has begun then, and what guards another step has done so.
    pub(crate) fn change(&mut self, task: Task, how: impl FnOnce(&mut State)) {
        match (task.slot, &mut self.rollback) {
            (Slot::Action(_), _) => {
                self.enter(task.step);
                self.fresh.retain(|sign_off| sign_off.step == task.step);
                self.alter(task, how);
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

    /// Whoever did something here may not sign it off where that takes somebody else.
    pub(crate) fn performed_by(&mut self, who: &str) {
        if self.performers.contains(who) {
            return;
        }
        self.performers.insert(who.to_owned());
    }

    /// Changes the state of an action, at its place if it has one, and the count of settled ones with it.
    pub(crate) fn alter(&mut self, task: Task, how: impl FnOnce(&mut State)) {
        let Slot::Action(action) = task.slot else { return };
        let before = self.states[task.step][action].status == Status::Settled;
        if task.place.is_some() {
            how(self.placed.entry(task).or_default());
            let (status, left) = self.together(task);
            let whole = &mut self.states[task.step][action];
            (whole.status, whole.left) = (status, left);
        } else {
            how(&mut self.states[task.step][action]);
        }
        let after = self.states[task.step][action].status == Status::Settled;
        self.settled = self.settled + usize::from(after) - usize::from(before);
    }

    /// What the places of an action come to: settled once all are; skipped where somebody skipped it at one of them.
    fn together(&self, task: Task) -> (Status, Option<Left>) {
        let places = self.at_each_place(task.unplaced());
        let states: Vec<&State> = places.iter().map(|task| self.state(*task)).collect();
        if states.iter().any(|state| state.status != Status::Settled) {
            return (Status::Pending, None);
        }
        let skipped = states.iter().any(|state| state.left == Some(Left::Skipped));
        let passed_over = states.iter().all(|state| state.left == Some(Left::PassedOver));
        let left = if skipped { Some(Left::Skipped) } else { passed_over.then_some(Left::PassedOver) };
        (Status::Settled, left)
    }
}

/// Who does something themselves with this event; what a block does, whoever operates does.
fn performs(event: &Event) -> Option<&By> {
    use crate::{Choice, DeviationKind};
    match event {
        Event::ItemConfirmed { by, .. }
        | Event::ValueRecorded { by, .. }
        | Event::Decision { choice: Choice::Happened, by, .. } => Some(by),
        Event::ValueCorrected(corrected) => Some(&corrected.by),
        Event::Deviation(deviation) => {
            matches!(deviation.kind, DeviationKind::Skipped | DeviationKind::Edited | DeviationKind::Shell)
                .then_some(&deviation.by)
        }
        _ => None,
    }
}

/// What people are asked of has no place.
fn asked(
    plan: &Plan,
    now: &Frontier,
    questions: &[Question],
    step: &str,
    action: &str,
) -> Result<Task, String> {
    let asked = now.asks.iter().filter(|(_, asked)| questions.contains(asked)).map(|(task, _)| *task);
    let tasks: Vec<Task> = asked.filter(|task| task.place.is_none()).collect();
    ensure(!tasks.is_empty(), "this is no answer to what was asked")?;
    let named = tasks.into_iter().find(|task| task.is(plan, step, action));
    named.ok_or_else(|| "another action is at hand".to_owned())
}

pub(crate) fn numbered(execution: &Execution, attempt: u32, probe: bool) -> Fold {
    ensure(execution.attempt == attempt && execution.probe == probe, "another attempt is at hand")
}
