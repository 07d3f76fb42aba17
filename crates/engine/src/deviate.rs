//! Deviations from the document, and answers to the engine's questions.

use holdpoint_model::{Plan, Work};

use crate::fold::{Fold, ensure};
use crate::offers::Moment;
use crate::run::state::{Left, Probe, State, Status};
use crate::{By, Choice, Deviation, DeviationKind, Due, Frontier, Run, Slot, Task};

impl Run {
    pub(crate) fn deviate(&mut self, plan: &Plan, now: &Frontier, deviation: &Deviation) -> Fold {
        ensure(!deviation.reason.trim().is_empty(), "a deviation needs a reason")?;
        ensure(
            (deviation.kind == DeviationKind::PolicyOverridden) == deviation.overridden.is_some(),
            "an override says by what right, and nothing else does",
        )?;
        if let Some(overridden) = &deviation.overridden {
            return self.override_rules(now, deviation, overridden);
        }
        ensure(
            now.due != Some(Due::Override),
            "rules of the environment do not hold, and nobody has overridden them",
        )?;
        let index = self.step(plan, &deviation.step).ok_or("there is no such step")?;
        let kind = deviation.kind;
        let edited = kind == DeviationKind::Edited;
        ensure(edited == deviation.script.is_some(), "a script goes with an edit, and only with an edit")?;
        let place = deviation.place.as_deref();
        let of_a_place = matches!(kind, DeviationKind::Skipped | DeviationKind::Edited);
        ensure(of_a_place || place.is_none(), "this is not about one place")?;
        let here: Vec<Moment> = Moment::all(now)
            .into_iter()
            .filter(|moment| moment.task.step == index && self.place_of(moment.task) == place)
            .collect();
        let named = |action: &str| here.iter().find(|here| here.task.is(plan, &deviation.step, action));
        match (kind, &deviation.action) {
            (DeviationKind::Skipped, Some(action)) => {
                let here = named(action).filter(|here| self.may_skip(plan, here));
                let task = here.ok_or("this may not be skipped")?.task;
                for task in self.skipped_with(task) {
                    self.change(task, |state| state.leave(Left::Skipped));
                }
            }
            (DeviationKind::Skipped, None) => {
                let here = here.first().filter(|here| self.may_skip_step(plan, here));
                self.leave_step(plan, here.ok_or("this step may not be skipped")?.task, Left::Skipped);
            }
            (DeviationKind::Edited, Some(action)) => {
                let here = named(action).filter(|here| self.may_edit(plan, here));
                let here = *here.ok_or("this may not be edited")?;
                self.lapse_fresh(&format!("the script of {action} was edited"));
                self.change(here.task, |state| {
                    again(state);
                    // What was offered and is another command now is offered once more.
                    state.wanted = false;
                    state.script.clone_from(&deviation.script);
                });
            }
            (DeviationKind::Edited, None) => return Err("an edit names its action".into()),
            (DeviationKind::Repeated | DeviationKind::OutOfOrder, None) => {
                let back = Moment::all(now).iter().any(|moment| self.may_go_back(moment, index));
                ensure(back, "the run cannot go there")?;
                self.go_back(plan, index, kind == DeviationKind::Repeated);
            }
            (DeviationKind::Repeated | DeviationKind::OutOfOrder, Some(_)) => {
                return Err("a whole step is repeated, or gone back to".into());
            }
            (DeviationKind::PolicyOverridden, _) => return Err("an override says by what right".into()),
            (DeviationKind::DocumentExchanged, _) => {
                return Err("a document is exchanged by an event of its own".into());
            }
            (DeviationKind::TakenAsDone, _) => return Err("that something happened is a decision".into()),
            (DeviationKind::Shell, action) => {
                let known = |action: &String| plan.steps[index].actions.iter().any(|a| a.id == *action);
                ensure(action.as_ref().is_none_or(known), "the step has no such action")?;
                let stands = now.running.is_empty() && now.verdict.is_none();
                ensure(stands, "not while a block runs, nor at the end")?;
                self.lapse_fresh(&format!("a shell was opened at {}", deviation.step));
            }
        }
        // Whoever does something else than the document says has performed it.
        if matches!(kind, DeviationKind::Skipped | DeviationKind::Edited | DeviationKind::Shell) {
            self.performed_by(&deviation.by.who);
            self.courses[index].deviated = true;
        }
        self.deviations += 1;
        Ok(())
    }

    /// What a skip of this task is about: where one is asked about all places at once, all of them.
    fn skipped_with(&self, task: Task) -> Vec<Task> {
        if task.place.is_some() { vec![task] } else { self.at_each_place(task) }
    }

    /// What is left of the step, or of one place of it. Hold points stay: nobody passes them without a sign-off.
    fn leave_step(&mut self, plan: &Plan, here: Task, why: Left) {
        let actions = here.step_of(plan).actions.iter().enumerate();
        let open = actions.filter(|(_, action)| !matches!(action.work, Work::SignOff(_)));
        let tasks: Vec<Task> = open
            .flat_map(|(action, _)| self.at_each_place(Task::action(here.step, action)))
            .filter(|task| here.place.is_none() || task.place == here.place)
            .collect();
        for task in tasks {
            self.change(task, |state| state.leave(why));
        }
    }

    /// Repeating does one step again; going back does everything from there again. Whoever signed off after it saw
    /// something that changes now, so those sign-offs lapse.
    ///
    /// Only what was reached is looked at, so that going back costs no more than what was done since.
    fn go_back(&mut self, plan: &Plan, to: usize, only: bool) {
        // A hold point that nobody signed was not for this run.
        let signed = |task: &&Task| !self.state(**task).signers.is_empty();
        let signed_off = self.signed_off.range(Task::action(to, 0)..);
        let signed_off: Vec<Task> = signed_off.filter(signed).copied().collect();
        let begun_again = if only { to..to + 1 } else { to..self.reached };
        let reason = format!("{} is done again", plan.steps[to].id);
        for task in signed_off.into_iter().filter(|task| !begun_again.contains(&task.step)) {
            self.lapse(task, &reason);
        }
        for step in begun_again {
            (0..self.states[step].len()).for_each(|action| self.reset(Task::action(step, action)));
            self.courses[step].begin_again(self.entered[step]);
            self.entered[step] = false;
        }
        if !only {
            self.reached = self.reached.min(to);
        }
        self.lapse_fresh(&reason);
    }

    /// Puts an action back to its beginning.
    pub(crate) fn reset(&mut self, task: Task) {
        if let Slot::Action(action) = task.slot {
            self.fresh.retain(|sign_off| *sign_off != task);
            self.unused.retain(|sign_off| *sign_off != task);
            self.signed_off.remove(&task);
            self.given.remove(&task);
            self.alter(task, State::reset);
            if self.lane(task).is_some() {
                self.at_each_place(task).into_iter().for_each(|task| self.alter(task, State::reset));
            }
            self.cursor = self.cursor.min((task.step, action));
        }
    }

    /// Puts a hold point back to its beginning, for its sign-off counts no longer.
    pub(crate) fn lapsed(&mut self, task: Task) {
        self.reset(task);
        self.alter(task, |state| state.told.lapsed = true);
    }

    pub(crate) fn decide(
        &mut self,
        plan: &Plan,
        now: &Frontier,
        names: (&str, &str, Option<&str>),
        choice: Choice,
        by: &By,
    ) -> Fold {
        if let Some(task) = self.ends_unsigned(plan) {
            return self.end_unsigned(plan, task, names, (choice, by));
        }
        let moments = Moment::all(now);
        ensure(!moments.is_empty(), "nothing was to be decided here")?;
        // An answer given while a check finds out is about the block in doubt.
        let about = |moment: &Moment| self.probe.map_or(moment.task, |probe| probe.of);
        let here = moments.into_iter().find(|moment| self.named(plan, about(moment), names).is_ok());
        let moment = here.ok_or("another action is at hand")?;
        let task = about(&moment);
        ensure(self.choices(plan, &moment).contains(&choice), "this may not be chosen here")?;
        match choice {
            Choice::Abort => self.aborted = true,
            Choice::PassOver => self.leave_step(plan, task, Left::PassedOver),
            Choice::Proceed => self.change(task, |state| {
                state.acknowledged = true;
                state.decided = true;
            }),
            Choice::Retry | Choice::Run => self.change(task, |state| {
                again(state);
                state.wanted = true;
            }),
            Choice::RunCommand | Choice::NotApplicable | Choice::Accepted => self.choose(task, choice, by)?,
            Choice::Happened => {
                self.settle(task);
                self.change(task, |state| state.told.taken_as_done = true);
                self.performed_by(&by.who);
                // Nobody saw it end: that it happened is somebody's word.
                self.deviations += 1;
            }
            Choice::FindOut => {
                let check = self.check_after(plan, task).ok_or("the step has no check of its own")?;
                self.probe = Some(Probe { of: task, check, running: false });
            }
        }
        Ok(())
    }
}

/// Ready to be done once more, because somebody asked for it.
fn again(state: &mut State) {
    state.failed_before |= state.status == Status::Failed;
    state.status = Status::Pending;
    state.spent_ms = 0;
    state.retrying = false;
    state.soak = None;
    state.interrupted = false;
    state.recorded.clear();
    state.out_of_limits.clear();
}
