//! Attempts from somebody's permission to their end, at several places at once where the engine lets them.

use holdpoint_engine::{Event, Execution, Outcome, Question, SentTo, Slot, Started, Task, Unfound};
use holdpoint_model::Plan;

use crate::moment::named;
use crate::under_way::Arrived;
use crate::walk::{Leave, Walk};
use crate::{
    Answer, Desk, End, Executed, Interrupt, Journal, Moment, Observer, Reached, Recorded, Recorder, RunView,
    Runner, Script, Way, Whereabouts,
};

/// An attempt whose start is folded in, and begins once that is durable.
struct Launch {
    execution: Execution,
    script: Script,
    way: Way,
}

impl<'r, J, D, R, O> Walk<'_, '_, 'r, J, D, R, O>
where
    J: Journal,
    D: Desk<Error = J::Error>,
    R: Runner<Error = J::Error>,
    O: Observer,
{
    /// Begins what may begin now. Where somebody is asked, they are asked once for a block at all the places that begin
    /// while it is under way; another block waits until nothing is.
    pub(crate) async fn begin(&mut self, ready: &[Execution]) -> Result<(), J::Error> {
        if let Some(first) = ready.first()
            && self.is_held(first.task)?
        {
            return Ok(());
        }
        if self.is_looking() || self.under_way.is_empty() && self.looks_before(ready)? {
            return Ok(());
        }
        for execution in ready {
            let others = !self.under_way.is_empty();
            let unasked = others && self.desk.attended() && !self.under_way.has_block_of(execution.task);
            let unseen = others && self.is_unseen_at(execution.task);
            if unasked || unseen || self.under_way.has(execution.task) {
                continue;
            }
            let late = self.is_late(execution.task);
            if late && others {
                continue;
            }
            if late {
                return self.check_rules();
            }
            let goes_on = match execution.pause.is_zero() {
                true => self.permit(*execution, None).await?,
                false => self.pause(*execution),
            };
            if !goes_on {
                return Ok(());
            }
        }
        Ok(())
    }

    fn pause(&mut self, execution: Execution) -> bool {
        let pause_ms = u64::try_from(execution.pause.as_millis()).unwrap_or(u64::MAX);
        let Recorder { plan, run, .. } = &*self.recorder;
        let (step, action) = named(plan, execution.task);
        let place = run.place_of(execution.task).map(str::to_owned);
        let held = run.holding(plan, execution.task).map(Into::into);
        self.recorder.tell(Moment::Waiting { step, action, place, pause_ms, held });
        let runner = self.runner;
        self.under_way.add(execution.task, async move {
            Arrived::Rested(execution, runner.wait(execution.pause).await)
        });
        true
    }

    /// Whether the engine was asked for nothing else meanwhile: otherwise it is asked once more.
    ///
    /// Whoever has just decided that the attempt be made is not asked again.
    async fn permit(
        &mut self,
        execution: Execution,
        interrupted: Option<Interrupt>,
    ) -> Result<bool, J::Error> {
        let task = execution.task;
        if self.is_unseen_at(task) && !self.under_way.is_empty() {
            return Ok(false);
        }
        let parked = Leave::Waiting(task, Question::Confirm);
        let script = self.runner.script(&self.recorder.view(), task, &self.recorder.journal)?;
        let others = !self.under_way.is_empty();
        let decided = self.decided.remove(&task);
        let automatic = execution.probe || decided || !execution.pause.is_zero();
        if !automatic || interrupted.is_some() {
            let (view, store) = self.recorder.view_and_store();
            let answer = match others {
                true => self.desk.permit_one_more(&view, execution, &script.text, store)?,
                false => self.desk.permit(&view, execution, &script.text, store)?,
            };
            match answer {
                Answer::Go => {}
                Answer::Events(events) if !events.is_empty() => {
                    return self.record_answer(events).map(|()| false);
                }
                Answer::Events(_) | Answer::Park | Answer::Later => return self.leave(parked),
            }
            if !self.desk.attended() && !self.under_way.has_block_of(task) {
                let (step, action) = named(self.recorder.plan, task);
                let script = self.recorder.secrets.masked(&script.text).into_owned();
                self.recorder.tell(Moment::Permitted { step, action, script });
            }
        }
        // Where others are under way, they hear of it.
        if !others && self.runner.asked_to_leave(self.desk.attended()).await {
            return self.leave(parked);
        }
        if self.runner.needs_somebody(&self.recorder.view(), task) && !self.desk.attended() {
            let (step, action) = named(self.recorder.plan, task);
            self.recorder.tell(Moment::NeedsSomebody { step, action });
            return self.leave(parked);
        }
        if let Some(why) = task.place.and_then(|place| self.unreached.remove(&place)) {
            let reached = Reached { cwd: self.runner.cwd(), way: Way::Nowhere(why) };
            self.under_way.add(task, async move { Arrived::Reached(execution, script, reached) });
            return Ok(true);
        }
        if self.looks_before(&[execution])? {
            // Whoever let it begin is not asked again for that.
            self.decided.insert(task);
            return Ok(false);
        }
        let (runner, where_to) = (self.runner, self.whereabouts(task));
        self.under_way.add(task, async move {
            let reached = runner.reach(where_to).await;
            Arrived::Reached(execution, script, reached)
        });
        Ok(true)
    }

    fn leave(&mut self, why: Leave) -> Result<bool, J::Error> {
        self.leaving.get_or_insert(why);
        Ok(false)
    }

    fn whereabouts(&self, task: Task) -> Whereabouts {
        let place = self.recorder.run.place_of(task).map(str::to_owned);
        let target = place.is_some().then(|| task.target(self.recorder.plan)).flatten();
        Whereabouts { target: target.map(str::to_owned), place }
    }

    /// Takes what has arrived: ends first, so that what begins next is written together with them. Waits only where
    /// nothing has, and then everything is durable.
    pub(crate) async fn arrive(&mut self) -> Result<(), J::Error> {
        let mut arrived = self.take(false).await;
        if arrived.is_empty() {
            // Whoever shows what happens takes being caught up for a pause.
            if !self.recorder.is_settled() || !self.unreaped.is_empty() {
                self.settle()?;
            }
            arrived = self.take(true).await;
        }
        arrived.sort_by_key(|arrived| !matches!(arrived, Arrived::Ended(..)));
        let mut launches = Vec::new();
        for arrived in arrived {
            match arrived {
                Arrived::Ended(execution, attempt) => self.ended(execution, attempt)?,
                Arrived::Rested(execution, interrupt) => self.rested(execution, interrupt).await?,
                Arrived::Reached(execution, _, Reached { way: Way::Stopped(interrupt), .. }) => {
                    self.stopped_on_the_way(execution, interrupt).await?;
                }
                Arrived::Reached(execution, script, reached) => {
                    launches.extend(self.reached(execution, script, reached)?);
                }
                Arrived::Answer => self.put_again().await?,
                Arrived::Reaped => {}
            }
        }
        if !launches.is_empty() {
            self.settle()?;
        }
        launches.into_iter().try_for_each(|launch| self.launch(launch))
    }

    async fn rested(&mut self, execution: Execution, interrupt: Option<Interrupt>) -> Result<(), J::Error> {
        if interrupt.is_some() {
            let Recorder { plan, run, .. } = &*self.recorder;
            let (step, action) = named(plan, execution.task);
            let place = run.place_of(execution.task).map(str::to_owned);
            self.recorder.tell(Moment::PauseCut { step, action, place });
        }
        if interrupt == Some(Interrupt::Leave) {
            return self.leave(Leave::Waiting(execution.task, Question::Confirm)).map(drop);
        }
        // Nobody is asked while something runs; the engine offers it again.
        let unasked = interrupt.is_some() && !self.under_way.is_empty();
        if self.leaving.is_some() || unasked || !self.is_ready(execution) {
            return Ok(());
        }
        self.permit(execution, interrupt).await.map(drop)
    }

    /// Somebody is asked once more, where there is somebody; else the run is left.
    async fn stopped_on_the_way(
        &mut self,
        execution: Execution,
        interrupt: Interrupt,
    ) -> Result<(), J::Error> {
        if interrupt == Interrupt::Leave || !self.desk.attended() {
            return self.leave(Leave::Waiting(execution.task, Question::Confirm)).map(drop);
        }
        if self.leaving.is_some() || !self.under_way.is_empty() || !self.is_ready(execution) {
            return Ok(());
        }
        self.permit(execution, Some(interrupt)).await.map(drop)
    }

    /// Whether it may still begin: what ended meanwhile may have changed that.
    fn is_ready(&self, execution: Execution) -> bool {
        let ready = self.recorder.run.frontier(self.recorder.plan).ready;
        ready.iter().any(|ready| (ready.task, ready.attempt) == (execution.task, execution.attempt))
    }

    fn reached(
        &mut self,
        execution: Execution,
        script: Script,
        reached: Reached,
    ) -> Result<Option<Launch>, J::Error> {
        if self.leaving.is_some() || self.is_looking() || !self.is_ready(execution) {
            return Ok(None);
        }
        // After everything that may have taken its time, and right before the block begins: a look that was taken
        // before somebody was asked tells nothing of what happened while they thought.
        let run = &self.recorder.run;
        let alone = run.frontier(self.recorder.plan).running.is_empty();
        let late = self.is_late(execution.task);
        let due = run.is_look_due() || self.desk.attended() && run.begins_after_sign_off() || late;
        if due && alone && !run.is_rolling_back() {
            self.check_rules()?;
            if !self.is_ready(execution) {
                return Ok(None);
            }
        }
        let Reached { cwd, way } = reached;
        if self.hold_start(execution, &script, cwd, &way)? != Recorded::Written {
            return Ok(None);
        }
        if let Way::Nowhere(_) = way {
            let attempt = self.start(execution, &script, way)?;
            self.ended(execution, attempt)?;
            return Ok(None);
        }
        Ok(Some(Launch { execution, script, way }))
    }

    fn hold_start(
        &mut self,
        execution: Execution,
        script: &Script,
        cwd: String,
        way: &Way,
    ) -> Result<Recorded, J::Error> {
        let Recorder { plan, run, journal, secrets, .. } = &mut *self.recorder;
        let task = execution.task;
        let kept =
            script.differs.then(|| journal.put(secrets.masked(&script.text).as_bytes())).transpose()?;
        let started = Started {
            step: task.step_of(plan).id.clone(),
            action: task.id(plan),
            place: run.place_of(task).map(str::to_owned),
            attempt: execution.attempt,
            probe: execution.probe,
            script: kept,
            cwd,
            remote: if let Way::To(sent) = way { Some(sent.clone()) } else { None },
        };
        let begun = Moment::AttemptStarted {
            step: started.step.clone(),
            action: started.action.clone(),
            place: started.place.clone(),
            attempt: started.attempt,
        };
        let rollback = run.is_rolling_back();
        let event = if rollback { Event::RollbackStarted(started) } else { Event::ActionStarted(started) };
        self.recorder.hold_unless_lapsed(vec![event], |_| vec![begun])
    }

    fn start(&mut self, execution: Execution, script: &Script, way: Way) -> Result<R::Attempt, J::Error> {
        let Recorder { plan, source, run, journal, secrets, .. } = &mut *self.recorder;
        let view = RunView { plan, source, run, secrets };
        if !self.desk.attended() {
            self.runner.expect(&view, following(plan, execution.task), journal);
        }
        self.runner.start(&view, execution, script, way, journal)
    }

    /// That it has started is durable.
    fn launch(&mut self, Launch { execution, script, way }: Launch) -> Result<(), J::Error> {
        let mut attempt = self.start(execution, &script, way)?;
        let (runner, children) = (self.runner, self.under_way.children());
        self.under_way.add(execution.task, async move {
            runner.run(&mut attempt, |group| children.borrow_mut().push(group)).await;
            Arrived::Ended(execution, attempt)
        });
        Ok(())
    }

    /// Looks for attempts that an earlier driver sent to their places, each once unless somebody answers. Says whether there were any.
    pub(crate) fn take_up(&mut self, attachable: &[Execution]) -> Result<bool, J::Error> {
        let mut any = false;
        for execution in attachable {
            let task = execution.task;
            let Some(sent) = self.recorder.run.sent_as(*execution).cloned() else { continue };
            if !self.looked_for.insert(sent.attempt.clone()) {
                continue;
            }
            any = true;
            self.enter(task);
            let plan = self.recorder.plan;
            self.recorder.tell(Moment::AttemptTakenUp {
                step: task.step_of(plan).id.clone(),
                action: task.id(plan),
                place: self.recorder.run.place_of(task).map(str::to_owned),
                attempt: execution.attempt,
            });
            let script = self.runner.script(&self.recorder.view(), task, &self.recorder.journal)?;
            self.launch(Launch { execution: *execution, script, way: Way::Back(sent) })?;
        }
        Ok(any)
    }

    /// Looks for these attempts once more.
    pub(crate) fn look_for(&mut self, open: &[Execution]) -> Result<(), J::Error> {
        for execution in open.iter().filter(|open| !self.under_way.has(open.task)) {
            if let Some(sent) = self.recorder.run.sent_as(*execution) {
                self.looked_for.remove(&sent.attempt);
            }
        }
        self.take_up(open).map(drop)
    }

    fn ended(&mut self, execution: Execution, attempt: R::Attempt) -> Result<(), J::Error> {
        let task = execution.task;
        let sent = self.recorder.run.sent_as(execution).cloned();
        let name = sent.as_ref().map(|sent| sent.attempt.clone());
        let sought = self.sought.remove(&task);
        if let (Some(_), Some(place)) = (sought, task.place) {
            self.unreached.remove(&place);
        }
        let answered = self.recorder.run.unended(self.recorder.plan).contains(&execution);
        let Recorder { plan, source, run, journal, secrets, .. } = &mut *self.recorder;
        let view = RunView { plan, source, run, secrets };
        match self.runner.end(&view, attempt, journal)? {
            End::Known(executed) => {
                if sought.is_some() && executed.finished.outcome == Outcome::Interrupted {
                    let held = sought.flatten().unwrap_or(task);
                    self.leaving.get_or_insert(Leave::Waiting(held, Question::Confirm));
                }
                self.record_end(task, *executed, sent)?;
                self.found(task)
            }
            End::Open(unfound, why) => {
                let place = run.place_of(task).map(str::to_owned);
                let (step, action) = (task.step_of(plan).id.clone(), task.id(plan));
                // What was taken up is in doubt already: somebody is asked.
                let is_asked = answered || run.frontier(plan).attachable.iter().any(|open| open.task == task);
                if sought.is_some() && unfound == Unfound::Away {
                    self.unreached.extend(task.place.map(|place| (place, why.clone())));
                }
                self.recorder.tell(Moment::AttemptOpen { step, action, place: place.clone(), why });
                if let Some(held) = sought.filter(|_| unfound == Unfound::Runs) {
                    self.hold_back(held.unwrap_or(task), (place, None), held.is_none())?;
                }
                if !is_asked {
                    self.leaving.get_or_insert(Leave::Waiting(task, Question::InDoubt));
                }
                self.not_found((task, name), unfound)
            }
        }
    }

    fn record_end(
        &mut self,
        task: Task,
        executed: Executed<J::Error>,
        sent: Option<SentTo>,
    ) -> Result<(), J::Error> {
        let plan = self.recorder.plan;
        let Executed { finished, park, assumed, fault } = executed;
        let finished = Box::new(finished);
        let finished = if task.is_rollback() {
            Event::RollbackFinished(finished)
        } else {
            Event::ActionFinished(finished)
        };
        let ended = |events: &[Event]| {
            let ended = |event: &Event| match event {
                Event::ActionFinished(finished) | Event::RollbackFinished(finished) => {
                    let (step, action) = (finished.step.clone(), finished.action.clone());
                    let (place, finished) = (finished.place.clone(), finished.clone());
                    Some(Moment::AttemptEnded { step, action, place, finished, assumed })
                }
                _ => None,
            };
            events.iter().filter_map(ended).collect()
        };
        self.recorder.hold(vec![finished], ended)?;
        let where_to = self.whereabouts(task);
        self.unreaped.extend(sent.map(|sent| (where_to, sent.attempt)));
        if let Some(fault) = fault {
            self.settle()?;
            return Err(fault);
        }
        // Where something begins at once, or the run ends, one write takes both.
        let frontier = self.recorder.run.frontier(plan);
        let begins = |ready: &Execution| ready.pause.is_zero() && !self.under_way.has(ready.task);
        let begins = frontier.ready.iter().any(begins) && frontier.asks.is_empty() && !self.desk.attended();
        if park || assumed || !begins && frontier.verdict.is_none() {
            self.settle()?;
        }
        if park {
            self.leaving.get_or_insert(Leave::Asked(task));
        }
        Ok(())
    }

    /// Makes durable what is held back, and lets places clear away what is.
    pub(crate) fn settle(&mut self) -> Result<(), J::Error> {
        self.recorder.settle()?;
        let runner = self.runner;
        for (where_to, attempt) in self.unreaped.drain(..) {
            self.under_way.add_beside(async move {
                runner.reap(where_to, attempt).await;
                Arrived::Reaped
            });
        }
        Ok(())
    }
}

/// The block that comes next in the document, if nothing but a block does. A guess: what really comes next is for the
/// engine to say.
fn following(plan: &Plan, task: Task) -> Option<Task> {
    let Slot::Action(action) = task.slot else { return None };
    let next = Task::action(task.step, action + 1);
    let next =
        if action + 1 < task.step_of(plan).actions.len() { next } else { Task::action(task.step + 1, 0) };
    let action = !plan.steps.get(next.step)?.actions.is_empty();
    (action && next.block(plan).is_some()).then_some(next)
}
