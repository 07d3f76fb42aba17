//! The only loop. Runs, resumes, rehearsals and dry runs differ in the world around it.

use std::cell::RefCell;

use holdpoint_engine::{
    By, Choice, Event, Execution, Look, Next, Question, RollbackPlan, Run, Slot, Started, Task, Verdict, Via,
};
use holdpoint_model::Plan;

use crate::{
    Answer, Desk, Executed, Fault, Interrupt, Journal, Moment, Observer, Recorded, Recorder, RunView, Runner,
    Script,
};

/// How a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The run is closed.
    Done(Verdict),
    /// It waits for somebody.
    Parked(Task, Question),
}

/// Holds the environment's rules against the repository as it is now: what was seen, and the refusal if one does not
/// hold that nobody has overridden.
pub type Rules<'a, E> = dyn Fn(&Run) -> Result<(Look, Option<E>), E> + 'a;

/// A run on its way, with everything around it.
pub struct Session<'a, J: Journal, D, R, O> {
    /// The run and its record.
    pub recorder: Recorder<'a, J, O>,
    /// Answers.
    pub desk: D,
    /// Executes.
    pub runner: R,
    /// Asked where rules must be held once more.
    pub rules: Box<Rules<'a, J::Error>>,
}

impl<J, D, R, O> Session<'_, J, D, R, O>
where
    J: Journal,
    D: Desk<Error = J::Error>,
    R: Runner<Error = J::Error>,
    O: Observer,
{
    /// Drives until the run is over or waits for somebody.
    ///
    /// # Errors
    /// A fault of the driver or of the world. What was recorded until then stands.
    pub async fn drive(&mut self) -> Result<Stop, J::Error> {
        let stop = self.walk().await;
        let settled = self.recorder.settle();
        let stop = stop.and_then(|stop| settled.map(|()| stop))?;
        if let Stop::Parked(task, question) = stop {
            let action = task.id(self.recorder.plan);
            self.recorder.tell(Moment::Parked { action, question });
        }
        Ok(stop)
    }

    async fn walk(&mut self) -> Result<Stop, J::Error> {
        let plan = self.recorder.plan;
        let mut at_step = None;
        let mut decided = None;
        loop {
            let decided_before = decided.take();
            let next = self.recorder.run.next(plan);
            // Before anybody is asked about what a sign-off guards; and again when it begins, for prompts stay open.
            if matches!(next, Next::Execute(_) | Next::Ask(..)) && self.recorder.lapse()? {
                continue;
            }
            if let Next::Execute(Execution { task, .. }) | Next::Ask(task, _) | Next::PassOver { task, .. } =
                &next
                && at_step.replace(task.step) != Some(task.step)
            {
                self.enter(*task);
            }
            match next {
                Next::Open | Next::Await(_) => return Err(Fault::Stuck.into()),
                Next::Override => return Err(Fault::Barred.into()),
                // An earlier driver died before it could write that.
                Next::Lapse { .. } => drop(self.recorder.record(Vec::new())?),
                Next::PassOver { task, whole, condition } => self.pass_over(task, whole, condition)?,
                Next::Execute(execution) => {
                    let decided = decided_before == Some(execution.task);
                    if let Some(stop) = self.execute(execution, decided).await? {
                        return Ok(stop);
                    }
                }
                Next::Ask(task, question) => match self.ask(task, question)? {
                    Some(events) => {
                        decided = events.iter().any(runs_it).then_some(task);
                        self.record_answer(events)?;
                    }
                    None => return Ok(Stop::Parked(task, question)),
                },
                Next::RollBack => {
                    let wanted = self.recorder.run.rollback_plan(plan);
                    let opened = roll_back(plan, &wanted, None, None);
                    self.recorder.record_and_tell(vec![opened], |_| vec![Moment::RollbackAsked])?;
                }
                Next::Done(verdict) => {
                    if !self.recorder.run.is_closed() {
                        if matches!(verdict, Verdict::Passed | Verdict::NothingDone) {
                            self.recorder.tell(Moment::StepsPassed);
                        }
                        let closed = vec![Event::RunClosed { verdict }];
                        self.recorder.record_and_tell(closed, |_| vec![Moment::Closed { verdict }])?;
                    }
                    self.recorder.journal.seal(verdict)?;
                    return Ok(Stop::Done(verdict));
                }
            }
        }
    }

    fn enter(&mut self, task: Task) {
        self.desk.enter(&self.recorder.view(), task);
        let step = task.step_of(self.recorder.plan);
        let title = self.recorder.run.title(step);
        let title = self.recorder.secrets.masked(&title).into_owned();
        let (step, number) = (step.id.clone(), step.number.clone());
        let rollback = matches!(task.slot, Slot::Rollback(_));
        self.recorder.tell(Moment::StepEntered { step, number, title, rollback });
    }

    fn pass_over(&mut self, task: Task, whole: bool, condition: String) -> Result<(), J::Error> {
        let plan = self.recorder.plan;
        let step = task.step_of(plan).id.clone();
        let action = (!whole).then(|| task.id(plan));
        let place = self.recorder.run.place_of(task).map(str::to_owned);
        let event = Event::NotApplicable { step, action, place, condition };
        let moments = |events: &[Event]| {
            let passed_over = |event: &Event| match event.clone() {
                Event::NotApplicable { step, action, condition, .. } => {
                    Some(Moment::PassedOver { step, action, condition })
                }
                _ => None,
            };
            events.iter().filter_map(passed_over).collect()
        };
        self.recorder.record_and_tell(vec![event], moments).map(drop)
    }

    /// Puts a question to the desk. `None`: nobody can answer it now.
    fn ask(&mut self, task: Task, question: Question) -> Result<Option<Vec<Event>>, J::Error> {
        self.recorder.settle()?;
        self.request_sign_off(task, question)?;
        let plan = self.recorder.plan;
        let (step, action) = (task.step_of(plan).id.clone(), task.id(plan));
        self.recorder.tell(Moment::Asked { step, action, question });
        let (view, store) = self.recorder.view_and_store();
        match self.desk.answer(&view, task, question, store)? {
            Answer::Events(events) => Ok(Some(events)),
            Answer::Park | Answer::Go => Ok(None),
        }
    }

    fn record_answer(&mut self, events: Vec<Event>) -> Result<(), J::Error> {
        let answered = |events: &[Event]| {
            let given = |event: &&Event| !matches!(event, Event::SignOffLapsed { .. });
            vec![Moment::Answered { events: events.iter().filter(given).cloned().collect() }]
        };
        self.recorder.record_and_tell(events, answered).map(drop)
    }

    /// Puts on record that a sign-off is waited for, once.
    pub(crate) fn request_sign_off(&mut self, task: Task, question: Question) -> Result<(), J::Error> {
        if question != Question::SignOff || self.recorder.run.is_requested(task) {
            return Ok(());
        }
        // What the run's blocks did to the repository is part of what is signed.
        if self.recorder.run.has_look_aged() {
            self.check_rules()?;
        }
        self.recorder.request_sign_off(task)
    }

    /// Holds the environment's rules once more. What was seen is on record before the refusal, if there is one.
    fn check_rules(&mut self) -> Result<(), J::Error> {
        self.recorder.settle()?;
        let (look, refusal) = (self.rules)(&self.recorder.run)?;
        self.recorder.record(vec![Event::RulesChecked(look)])?;
        refusal.map_or(Ok(()), Err)
    }

    /// One attempt. Whoever has just `decided` that it be made is not asked again.
    async fn execute(&mut self, execution: Execution, decided: bool) -> Result<Option<Stop>, J::Error> {
        let plan = self.recorder.plan;
        let task = execution.task;
        let parked = Ok(Some(Stop::Parked(task, Question::Confirm)));
        let script = self.runner.script(&self.recorder.view(), task, &self.recorder.journal)?;
        let waits = !execution.pause.is_zero();
        let mut interrupted = None;
        if waits {
            let pause_ms = u64::try_from(execution.pause.as_millis()).unwrap_or(u64::MAX);
            self.recorder.tell(Moment::Waiting { action: task.id(plan), pause_ms });
            interrupted = self.runner.wait(execution.pause).await;
        }
        if interrupted == Some(Interrupt::Leave) {
            return parked;
        }
        let automatic = execution.probe || decided || waits;
        if !automatic || interrupted.is_some() {
            let (view, store) = self.recorder.view_and_store();
            match self.desk.permit(&view, execution, &script.text, store)? {
                Answer::Go => {}
                Answer::Events(events) => return self.record_answer(events).map(|()| None),
                Answer::Park => return parked,
            }
            if !self.desk.attended() {
                let (step, action) = (task.step_of(plan).id.clone(), task.id(plan));
                let script = self.recorder.secrets.masked(&script.text).into_owned();
                self.recorder.tell(Moment::Permitted { step, action, script });
            }
        }
        if self.runner.asked_to_leave(self.desk.attended()).await {
            return parked;
        }
        if self.runner.needs_somebody(&self.recorder.view(), task) && !self.desk.attended() {
            self.recorder.tell(Moment::NeedsSomebody { action: task.id(plan) });
            return parked;
        }
        // After everything that may have taken its time, and right before the block begins: a look that was taken
        // before somebody was asked tells nothing of what happened while they thought.
        let run = &self.recorder.run;
        let due = run.is_look_due() || self.desk.attended() && run.begins_after_sign_off();
        if due && !run.is_rolling_back() {
            self.check_rules()?;
        }
        if self.record_start(execution, &script)? == Recorded::Lapsed {
            return Ok(None);
        }
        let executed = self.attempt(execution, &script).await?;
        self.record_end(task, executed)
    }

    fn record_start(&mut self, execution: Execution, script: &Script) -> Result<Recorded, J::Error> {
        let Recorder { plan, run, journal, secrets, .. } = &mut self.recorder;
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
            cwd: self.runner.cwd(),
        };
        let begun = Moment::AttemptStarted {
            step: started.step.clone(),
            action: started.action.clone(),
            place: started.place.clone(),
            attempt: started.attempt,
        };
        let rollback = run.is_rolling_back();
        let event = if rollback { Event::RollbackStarted(started) } else { Event::ActionStarted(started) };
        self.recorder.record_and_tell(vec![event], |_| vec![begun])
    }

    async fn attempt(
        &mut self,
        execution: Execution,
        script: &Script,
    ) -> Result<Executed<J::Error>, J::Error> {
        let Recorder { plan, source, run, journal, secrets, .. } = &mut self.recorder;
        let view = RunView { plan, source, run, secrets };
        if !self.desk.attended() {
            self.runner.expect(&view, following(plan, execution.task), journal);
        }
        let mut attempt = self.runner.start(&view, execution, script, journal)?;
        let noted = RefCell::new(&mut *journal);
        self.runner.run(&mut attempt, |group| noted.borrow_mut().note_child(group)).await;
        self.runner.end(&view, attempt, journal)
    }

    fn record_end(&mut self, task: Task, executed: Executed<J::Error>) -> Result<Option<Stop>, J::Error> {
        let plan = self.recorder.plan;
        let Executed { finished, park, assumed, fault } = executed;
        let finished = Box::new(finished);
        let rollback = self.recorder.run.is_rolling_back();
        let finished =
            if rollback { Event::RollbackFinished(finished) } else { Event::ActionFinished(finished) };
        let ended = |events: &[Event]| {
            let ended = |event: &Event| match event {
                Event::ActionFinished(finished) | Event::RollbackFinished(finished) => {
                    Some(Moment::AttemptEnded { finished: finished.clone(), assumed })
                }
                _ => None,
            };
            events.iter().filter_map(ended).collect()
        };
        self.recorder.hold(vec![finished], ended)?;
        if let Some(fault) = fault {
            self.recorder.settle()?;
            return Err(fault);
        }
        // Where the next block begins at once, or the run ends, one write takes both.
        let at_once = match self.recorder.run.next(plan) {
            Next::Execute(next) => next.pause.is_zero() && !self.desk.attended(),
            Next::Done(_) => true,
            _ => false,
        };
        if park || assumed || !at_once {
            self.recorder.settle()?;
        }
        if !park {
            return Ok(None);
        }
        Ok(Some(match self.recorder.run.next(plan) {
            Next::Ask(task, question) => Stop::Parked(task, question),
            _ => Stop::Parked(task, Question::Confirm),
        }))
    }
}

/// Whether somebody at the keyboard says with this that a block runs now.
fn runs_it(event: &Event) -> bool {
    matches!(event, Event::Decision { choice: Choice::Retry | Choice::Run, by, .. } if by.via == Via::Terminal)
}

/// A rollback that somebody asks for; or the document, where it is nobody.
pub fn roll_back(plan: &Plan, wanted: &RollbackPlan, reason: Option<String>, by: Option<By>) -> Event {
    let ids = |steps: &[usize]| steps.iter().map(|step| plan.steps[*step].id.clone()).collect();
    let places = wanted.places.clone();
    Event::RollbackOpened { steps: ids(&wanted.steps), without: ids(&wanted.without), places, reason, by }
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

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
