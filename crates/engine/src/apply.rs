//! Folding events in, refusing whatever was not asked for.

use holdpoint_document::{EvidenceKind, Plan, Work};

use crate::rollback::Rollback;
use crate::run::{Probe, State, Status};
use crate::values::Scalar;
use crate::{
    By, Choice, Deviation, DeviationKind, Event, Evidence, Execution, Finished, Fit, Next, Outcome, Question,
    Run, RunOpened, Slot, Started, Task, Unexpected, fit,
};

type Fold = Result<(), String>;

impl Run {
    /// Folds one event in. An event that is no answer to [`Run::next`] is refused, and the run stays as it was.
    pub fn apply(&mut self, plan: &Plan, event: &Event) -> Result<(), Unexpected> {
        let next = self.next(plan);
        match self.fold(plan, event, &next) {
            Ok(()) => {
                while self.cursor < self.states.len() && self.is_settled(self.cursor) {
                    self.cursor += 1;
                }
                Ok(())
            }
            Err(reason) => Err(Unexpected { event: Box::new(event.clone()), next, reason }),
        }
    }

    fn fold(&mut self, plan: &Plan, event: &Event, next: &Next) -> Fold {
        if let Event::RunOpened(opened) = event {
            ensure(*next == Next::Open, "the run is open already")?;
            self.open(opened);
            return Ok(());
        }
        ensure(*next != Next::Open, "a run begins with run.opened")?;
        ensure(!self.closed, "the run is closed")?;
        match event {
            Event::RunOpened(_) => Ok(()),
            Event::SessionOpened(session) => {
                self.take_up(&session.operator);
                Ok(())
            }
            Event::LogRecovered { .. } => Ok(()),
            Event::Note { text, .. } => ensure(!text.trim().is_empty(), "the note is empty"),
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
                self.performers.insert(by.who.clone());
                Ok(())
            }
            Event::ValueRecorded { step, action, name, value, evidence, within_limits, by } => {
                let task = asked(next, Question::Record)?;
                named(plan, task, step, action)?;
                self.record(plan, task, name, value, evidence.as_ref(), *within_limits, by)
            }
            Event::SignOffRequested { step, action, role, statement } => {
                let task = asked(next, Question::SignOff)?;
                named(plan, task, step, action)?;
                ensure(!self.state(task).requested, "the release has been asked for already")?;
                let Some(Work::SignOff(sign_off)) = task.work(plan) else {
                    return Err("no hold point".into());
                };
                ensure(*role == sign_off.role, "the role is not that of the hold point")?;
                let rendered = self.statement(sign_off).map_err(|error| error.to_string())?;
                ensure(rendered == *statement, "the statement is not that of the hold point")?;
                self.change(task, |state| state.requested = true);
                Ok(())
            }
            Event::SignOffGiven(given) => {
                let task = asked(next, Question::SignOff)?;
                named(plan, task, &given.step, &given.action)?;
                if let Some(refusal) = self.sign_off_refusal(plan, task, given) {
                    return Err(refusal);
                }
                let Some(Work::SignOff(sign_off)) = task.work(plan) else {
                    return Err("no hold point".into());
                };
                let who = given.by.who.clone();
                self.change(task, |state| {
                    state.signers.insert(who);
                    if state.signers.len() >= sign_off.count as usize {
                        state.status = Status::Settled;
                    }
                });
                Ok(())
            }
            Event::SignOffRejected { step, action, reason, by } => {
                let task = asked(next, Question::SignOff)?;
                named(plan, task, step, action)?;
                ensure(!reason.trim().is_empty(), "a rejection needs a written reason")?;
                let Some(Work::SignOff(sign_off)) = task.work(plan) else {
                    return Err("no hold point".into());
                };
                self.role_refusal(sign_off, &by.who).map_or(Ok(()), Err)
            }
            Event::SignOffRefused { step, action, reason, .. } => {
                let task = asked(next, Question::SignOff)?;
                named(plan, task, step, action)?;
                ensure(!reason.trim().is_empty(), "a refusal needs a reason")
            }
            Event::Deviation(deviation) => self.deviate(plan, next, deviation),
            Event::Decision { step, action, choice, .. } => self.decide(plan, next, step, action, *choice),
            Event::RollbackOpened { steps, without, by, .. } => {
                self.open_rollback(plan, next, steps, without, by.as_ref())
            }
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

    fn open(&mut self, opened: &RunOpened) {
        let environment = &opened.environment;
        for (name, value) in &environment.vars {
            self.values.set(name, value);
        }
        for input in &opened.inputs {
            match &input.value {
                Some(value) => self.values.set(&input.name, value),
                None if input.secret => self.values.set_secret(&input.name),
                None => {}
            }
        }
        self.values.set_context("environment", "name", Scalar::Text(environment.name.clone()));
        self.values.set_context("environment", "rehearsal", Scalar::Truth(environment.rehearsal));
        self.values.set_context("environment", "protected", Scalar::Truth(environment.protected));
        self.values.set_context("run", "number", Scalar::Number(opened.number));
        self.values.set_context("run", "id", Scalar::Text(opened.id.clone()));
        self.opened = Some(Box::new(opened.clone()));
        self.take_up(&opened.session.operator);
    }

    /// A driver takes the run up: whatever was running then is in doubt now.
    fn take_up(&mut self, operator: &str) {
        operator.clone_into(&mut self.operator);
        self.values.set_operator(operator);
        self.probe = None;
        let current = self.rollback.as_ref().map_or_else(|| self.current(), Rollback::current);
        if let Some(task) = current.filter(|task| self.state(*task).status == Status::Running) {
            self.change(task, |state| state.status = Status::InDoubt);
        }
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
        if *whole {
            self.states[task.step].iter_mut().for_each(|state| state.status = Status::Settled);
            self.entered[task.step] = true;
            return Ok(());
        }
        ensure(action == Some(&task.id(plan)), "the condition is of another action")?;
        self.settle(*task);
        Ok(())
    }

    fn start(&mut self, plan: &Plan, next: &Next, started: &Started, rollback: bool) -> Fold {
        let Next::Execute(execution) = next else { return Err("nothing was to be executed here".into()) };
        let task = execution.task;
        ensure(
            rollback == matches!(task.slot, Slot::Rollback(_)),
            "rollback blocks and actions are not the same",
        )?;
        named(plan, task, &started.step, &started.action)?;
        numbered(execution, started.attempt, started.probe)?;
        let state = self.state(task);
        let rendered = task.block(plan).is_some_and(|block| block.options.template);
        match (&state.script, rendered) {
            (Some(edited), _) => {
                ensure(started.script.as_ref() == Some(edited), "the edited script was to run")?
            }
            (None, true) => ensure(started.script.is_some(), "the rendered script must be kept")?,
            (None, false) => ensure(started.script.is_none(), "the document's own script was to run")?,
        }
        if execution.probe {
            self.change(task, |state| state.attempts += 1);
            self.probe = self.probe.map(|probe| Probe { running: true, ..probe });
            return Ok(());
        }
        self.change(task, |state| {
            state.attempts += 1;
            state.status = Status::Running;
            state.retrying = false;
        });
        self.performers.insert(self.operator.clone());
        if !rollback && task.mutates(plan) {
            self.note_effect(task.step);
        }
        Ok(())
    }

    fn finish(&mut self, plan: &Plan, next: &Next, finished: &Finished, rollback: bool) -> Fold {
        let Next::Await(execution) = next else { return Err("nothing was running".into()) };
        let task = execution.task;
        ensure(
            rollback == matches!(task.slot, Slot::Rollback(_)),
            "rollback blocks and actions are not the same",
        )?;
        named(plan, task, &finished.step, &finished.action)?;
        numbered(execution, finished.attempt, finished.probe)?;
        let held = finished.expectations.iter().all(|judged| judged.held);
        match finished.outcome {
            Outcome::Passed => ensure(held, "it passed though an expectation did not hold")?,
            Outcome::Failed => ensure(!held, "it failed though every expectation held")?,
            Outcome::TimedOut | Outcome::Interrupted => {}
        }
        let block = task.block(plan).ok_or("this is no block")?;
        let declared = |name: &String| block.options.capture.iter().any(|capture| capture.name == *name);
        ensure(finished.captures.keys().all(declared), "a capture that the document does not declare")?;
        let complete =
            block.options.capture.iter().all(|capture| finished.captures.contains_key(&capture.name));
        ensure(complete || finished.outcome != Outcome::Passed, "it passed though a capture is missing")?;
        if execution.probe {
            self.probe = None;
            return Ok(());
        }
        for (name, value) in &finished.captures {
            self.values.set(name, value);
        }
        if finished.state.is_some() {
            self.shell.clone_from(&finished.state);
        }
        let retry = block.options.retry;
        self.change(task, |state| match finished.outcome {
            Outcome::Passed => state.status = Status::Settled,
            Outcome::Interrupted => {
                state.status = Status::Failed;
                state.interrupted = true;
            }
            Outcome::Failed | Outcome::TimedOut => {
                let every = retry.map_or(0, |retry| millis(retry.every));
                state.spent_ms = state.spent_ms.saturating_add(finished.duration_ms).saturating_add(every);
                let again = retry.is_some_and(|retry| state.spent_ms < millis(retry.for_));
                state.status = if again { Status::Pending } else { Status::Failed };
                state.retrying = again;
            }
        });
        Ok(())
    }

    #[allow(clippy::too_many_arguments)] // the fields of one event
    fn record(
        &mut self,
        plan: &Plan,
        task: Task,
        name: &str,
        value: &str,
        evidence: Option<&Evidence>,
        within: bool,
        by: &By,
    ) -> Fold {
        let fields = self.open_fields(plan, task);
        let Some(field) = fields.iter().find(|field| field.name == name) else {
            return Err(format!("no value {name} is to be written down here"));
        };
        match fit(&field.kind, value) {
            Fit::Wrong(why) => return Err(format!("{name}: {why}")),
            Fit::Within => ensure(within, "the value keeps its limits")?,
            Fit::OutOfLimits(_) => ensure(!within, "the value does not keep its limits")?,
        }
        let fits = matches!(
            (field.evidence, evidence),
            (None, _)
                | (Some(EvidenceKind::Url), Some(Evidence::Url(_)))
                | (Some(EvidenceKind::File), Some(Evidence::File { .. }))
        );
        ensure(fits, "the value needs evidence")?;
        let last = fields.len() == 1;
        self.values.set(name, value);
        self.performers.insert(by.who.clone());
        self.change(task, |state| {
            state.recorded.insert(name.to_owned());
            if !within {
                state.out_of_limits.insert(name.to_owned());
            }
            if last {
                state.status = if state.out_of_limits.is_empty() { Status::Settled } else { Status::Failed };
            }
        });
        Ok(())
    }

    fn deviate(&mut self, plan: &Plan, next: &Next, deviation: &Deviation) -> Fold {
        ensure(!deviation.reason.trim().is_empty(), "a deviation needs a reason")?;
        let offers = self.offers(plan);
        let (index, _) = plan.step(&deviation.step).ok_or("there is no such step")?;
        let task = offers.task.filter(|task| task.step == index);
        let edited = deviation.kind == DeviationKind::Edited;
        ensure(edited == deviation.script.is_some(), "a script goes with an edit, and only with an edit")?;
        match (deviation.kind, &deviation.action) {
            (DeviationKind::Skipped, Some(action)) => {
                let task = task.filter(|_| offers.skip).ok_or("this may not be skipped")?;
                ensure(task.id(plan) == *action, "another action is at hand")?;
                self.settle(task);
            }
            (DeviationKind::Skipped, None) => {
                let task = task.filter(|_| offers.skip_step).ok_or("this step may not be skipped")?;
                let actions = plan.steps[task.step].actions.iter().zip(&mut self.states[task.step]);
                for (_, state) in actions.filter(|(action, _)| !matches!(action.work, Work::SignOff(_))) {
                    state.status = Status::Settled;
                }
                self.entered[task.step] = true;
            }
            (DeviationKind::Edited, Some(action)) => {
                let task = task.filter(|_| offers.edit).ok_or("this may not be edited")?;
                ensure(task.id(plan) == *action, "another action is at hand")?;
                let script = deviation.script.clone();
                self.change(task, |state| {
                    again(state);
                    state.script = script;
                });
            }
            (DeviationKind::Edited, None) => return Err("an edit names its action".into()),
            (DeviationKind::Repeated | DeviationKind::OutOfOrder, None) => {
                ensure(offers.back.contains(&index), "the run cannot go there")?;
                self.go_back(plan, index, deviation.kind == DeviationKind::Repeated);
            }
            (DeviationKind::Repeated | DeviationKind::OutOfOrder, Some(_)) => {
                return Err("a whole step is repeated, or gone back to".into());
            }
            (DeviationKind::Shell | DeviationKind::PolicyOverridden, _) => {
                ensure(
                    !matches!(next, Next::Await(_) | Next::Done(_)),
                    "not while a block runs, nor at the end",
                )?;
            }
        }
        self.deviations += 1;
        Ok(())
    }

    /// Repeating does one step again; going back does everything from there again. Releases that were given after
    /// it saw something that changes now, so they are asked for again.
    fn go_back(&mut self, plan: &Plan, to: usize, only: bool) {
        for (step, states) in self.states.iter_mut().enumerate().skip(to) {
            for (action, state) in states.iter_mut().enumerate() {
                let release = matches!(plan.steps[step].actions[action].work, Work::SignOff(_));
                if step == to || !only || release {
                    state.reset();
                }
            }
            if step == to || !only {
                self.entered[step] = false;
            }
        }
        self.cursor = self.cursor.min(to);
    }

    fn decide(&mut self, plan: &Plan, next: &Next, step: &str, action: &str, choice: Choice) -> Fold {
        let offers = self.offers(plan);
        let task = offers.task.ok_or("nothing was to be decided here")?;
        named(plan, task, step, action)?;
        ensure(offers.choices.contains(&choice), "this may not be chosen here")?;
        match choice {
            Choice::Abort => self.aborted = true,
            Choice::Proceed => self.change(task, |state| state.acknowledged = true),
            Choice::Retry if self.condition_error(plan, task).is_some() => {}
            Choice::Retry | Choice::Run => self.change(task, again),
            Choice::Happened => self.settle(task),
            Choice::FindOut => {
                debug_assert!(matches!(next, Next::Ask(_, Question::InDoubt)) && self.is_doubtful(task));
                let check = self.check_after(plan, task).ok_or("the step has no check of its own")?;
                self.probe = Some(Probe { of: task, check, running: false });
            }
        }
        Ok(())
    }

    fn open_rollback(
        &mut self,
        plan: &Plan,
        next: &Next,
        steps: &[String],
        without: &[String],
        by: Option<&By>,
    ) -> Fold {
        let wanted = match next {
            Next::RollBack => {
                ensure(by.is_none(), "the document asks for this rollback")?;
                self.rollback_plan(plan)
            }
            _ => {
                ensure(by.is_some(), "somebody must ask for a rollback")?;
                self.offers(plan).rollback
            }
        };
        ensure(!wanted.steps.is_empty(), "there is nothing to roll back here")?;
        let same = |indices: &[usize], ids: &[String]| {
            indices.iter().map(|index| &plan.steps[*index].id).eq(ids.iter())
        };
        ensure(same(&wanted.steps, steps), "these are not the steps that took effect, last first")?;
        ensure(same(&wanted.without, without), "these are not the steps without a rollback")?;
        self.probe = None;
        self.rollback = Some(Rollback::new(plan, &wanted.steps));
        Ok(())
    }

    fn settle(&mut self, task: Task) {
        self.change(task, |state| state.status = Status::Settled);
    }

    fn change(&mut self, task: Task, how: impl FnOnce(&mut State)) {
        match (task.slot, &mut self.rollback) {
            (Slot::Action(action), _) => {
                self.entered[task.step] = true;
                how(&mut self.states[task.step][action]);
            }
            (Slot::Rollback(_), Some(rollback)) => {
                if let Some(state) = rollback.state_mut(task) {
                    how(state);
                }
            }
            (Slot::Rollback(_), None) => {}
        }
    }
}

/// Ready to be done once more, because somebody asked for it.
fn again(state: &mut State) {
    state.status = Status::Pending;
    state.spent_ms = 0;
    state.retrying = false;
    state.interrupted = false;
    state.recorded.clear();
    state.out_of_limits.clear();
}

fn ensure(holds: bool, otherwise: &str) -> Fold {
    if holds { Ok(()) } else { Err(otherwise.to_owned()) }
}

fn asked(next: &Next, question: Question) -> Result<Task, String> {
    match next {
        Next::Ask(task, asked) if *asked == question => Ok(*task),
        _ => Err("this is no answer to what was asked".to_owned()),
    }
}

fn named(plan: &Plan, task: Task, step: &str, action: &str) -> Fold {
    ensure(task.step_of(plan).id == step && task.id(plan) == action, "another action is at hand")
}

fn numbered(execution: &Execution, attempt: u32, probe: bool) -> Fold {
    ensure(execution.attempt == attempt && execution.probe == probe, "another attempt is at hand")
}

fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
