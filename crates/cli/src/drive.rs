//! The only loop. Runs, resumes, rehearsals and dry runs differ in the world around it.

use holdpoint_document::Plan;
use holdpoint_engine::{Event, Execution, Look, Next, Question, Run, Slot, Started, Task, Verdict};
use jiff::Timestamp;

use crate::fold::fold;
use crate::interrupts::Interrupt;
use crate::problem::Problem;
use crate::screen;
use crate::secrets::masked;
use crate::world::{Answer, Desk, Journal, RunView, Runner, roll_back};

/// How a drive ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The run is closed.
    Done(Verdict),
    /// It waits for somebody.
    Parked(Task, Question),
}

/// What became of events that were to be recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// They are durable.
    Written,
    /// A release that they need has lapsed, which is durable instead of them.
    Lapsed,
}

/// Holds the environment's rules against the repository as it is now: what was seen, and the refusal if one does not
/// hold that nobody has overridden.
pub type Checked<'a> = dyn Fn(&Run) -> Result<(Look, Option<Problem>), Problem> + 'a;

/// A run on its way, with everything around it.
pub struct Session<'a, J, P, H> {
    pub plan: &'a Plan,
    pub source: &'a str,
    pub run: Run,
    /// The time of day.
    pub clock: Box<dyn Fn() -> Timestamp + 'a>,
    /// Asked where rules must be held once more.
    pub check: Box<Checked<'a>>,
    pub journal: J,
    pub desk: P,
    pub runner: H,
    /// Events that are folded in and go to the disk together with the next ones. What tells of them is not shown yet.
    pub held: Vec<(Timestamp, Event)>,
}

impl<J: Journal, P: Desk, H: Runner> Session<'_, J, P, H> {
    /// Folds events in and makes them durable. The engine is asked first: what it refuses is never written.
    ///
    /// What would begin although a release before it has lapsed is dropped; that the release lapsed is written in its
    /// place, and [`Run::next`] asks for it again.
    pub fn record(&mut self, events: Vec<Event>) -> Result<Recorded, Problem> {
        let now = (self.clock)();
        if events.iter().any(Event::begins) && self.lapse(now)? {
            return Ok(Recorded::Lapsed);
        }
        self.write(now, events).map(|()| Recorded::Written)
    }

    /// Writes which releases have lapsed by now, if any.
    fn lapse(&mut self, now: Timestamp) -> Result<bool, Problem> {
        let lapsed = self.run.lapses_at(self.plan, now);
        let any = !lapsed.is_empty();
        if any {
            self.write(now, lapsed)?;
        }
        Ok(any)
    }

    /// Folds events in and makes them durable, and whatever is held before them.
    fn write(&mut self, now: Timestamp, events: Vec<Event>) -> Result<(), Problem> {
        self.hold(now, events)?;
        self.settle()
    }

    /// Folds events in; they are written with the next ones. Until then nothing may be shown as done, asked, waited
    /// for or executed: a crash takes them away again.
    fn hold(&mut self, now: Timestamp, events: Vec<Event>) -> Result<(), Problem> {
        let events = fold(&mut self.run, self.plan, now, events)?;
        events.iter().for_each(tell_lapse);
        self.held.extend(events.into_iter().map(|event| (now, event)));
        Ok(())
    }

    /// Makes durable what is held, and then shows what tells of it.
    fn settle(&mut self) -> Result<(), Problem> {
        if !self.held.is_empty() {
            let kept = self.journal.append(std::mem::take(&mut self.held));
            kept.inspect_err(|_| screen::forget())?;
        }
        screen::let_go();
        Ok(())
    }

    fn view(&self) -> RunView<'_> {
        RunView { plan: self.plan, source: self.source, run: &self.run }
    }

    /// Drives until the run is over or waits for somebody.
    pub async fn on(&mut self) -> Result<Stop, Problem> {
        let stop = self.walk().await;
        let settled = self.settle();
        stop.and_then(|stop| settled.map(|()| stop))
    }

    async fn walk(&mut self) -> Result<Stop, Problem> {
        let mut at_step = None;
        let mut decided = None;
        loop {
            let decided_before = decided.take();
            let next = self.run.next(self.plan);
            // Before anybody is asked about what a release guards; and again when it begins, for prompts stay open.
            if matches!(next, Next::Execute(_) | Next::Ask(..)) && self.lapse((self.clock)())? {
                continue;
            }
            if let Next::Execute(Execution { task, .. }) | Next::Ask(task, _) | Next::PassOver { task, .. } =
                &next
                && at_step.replace(task.step) != Some(task.step)
            {
                self.desk.enter(&RunView { plan: self.plan, source: self.source, run: &self.run }, *task);
                screen::step_head(self.plan, task.step, &self.run);
            }
            match next {
                Next::Open | Next::Await(_) => {
                    return Err(Problem::fault(
                        "the run is in a state that no driver leaves behind",
                        "This is a fault of holdpoint; `holdpoint verify` tells whether the record is sound.",
                    ));
                }
                Next::Override => return Err(barred()),
                // An earlier driver died before it could write that.
                Next::Lapse { .. } => self.write((self.clock)(), Vec::new())?,
                Next::PassOver { task, whole, condition } => {
                    let step = task.step_of(self.plan).id.clone();
                    screen::tell(&format!(
                        "  not for this run: {} does not hold",
                        screen::neutralise(&condition)
                    ));
                    let action = (!whole).then(|| task.id(self.plan));
                    let place = self.run.place_of(task).map(str::to_owned);
                    self.record(vec![Event::NotApplicable { step, action, place, condition }])?;
                }
                Next::Execute(execution) => {
                    let decided = decided_before == Some(execution.task);
                    if let Some(stop) = self.execute(execution, decided).await? {
                        return Ok(stop);
                    }
                }
                Next::Ask(task, question) => {
                    self.settle()?;
                    self.request_release(task, question)?;
                    let view = RunView { plan: self.plan, source: self.source, run: &self.run };
                    match self.desk.answer(&view, task, question, &mut self.journal)? {
                        Answer::Events(events) => {
                            decided = events.iter().any(runs_it).then_some(task);
                            self.record(events)?;
                        }
                        Answer::Park | Answer::Go => return Ok(Stop::Parked(task, question)),
                    }
                }
                Next::RollBack => {
                    let wanted = self.run.rollback_plan(self.plan);
                    screen::tell("  the document asks for a rollback of what was done");
                    self.record(vec![roll_back(self.plan, &wanted, None, None)])?;
                }
                Next::Done(verdict) => {
                    if !self.run.is_closed() {
                        if matches!(verdict, Verdict::Passed | Verdict::NothingDone) {
                            self.desk.leave(&RunView {
                                plan: self.plan,
                                source: self.source,
                                run: &self.run,
                            });
                        }
                        self.record(vec![Event::RunClosed { verdict }])?;
                    }
                    self.journal.seal(verdict)?;
                    return Ok(Stop::Done(verdict));
                }
            }
        }
    }

    /// Puts on record that a release is waited for, once.
    fn request_release(&mut self, task: Task, question: Question) -> Result<(), Problem> {
        use holdpoint_document::Work;
        let Some(Work::SignOff(sign_off)) = task.work(self.plan) else { return Ok(()) };
        if question != Question::SignOff || self.run.is_requested(task) {
            return Ok(());
        }
        // What the run's blocks did to the repository is part of what is released.
        if self.run.has_look_aged() {
            self.check_rules()?;
        }
        // The engine asks for no signature under what cannot be rendered.
        let statement = self.run.statement(sign_off).map_err(|error| {
            Problem::fault(format!("the statement to be signed cannot be rendered: {error}"), "")
        })?;
        let (step, action) = (task.step_of(self.plan).id.clone(), task.id(self.plan));
        let role = sign_off.role.clone();
        self.record(vec![Event::SignOffRequested { step, action, role, statement }]).map(drop)
    }

    /// Holds the environment's rules once more. What was seen is on record before the refusal, if there is one.
    fn check_rules(&mut self) -> Result<(), Problem> {
        self.settle()?;
        let (look, refusal) = (self.check)(&self.run)?;
        self.record(vec![Event::RulesChecked(look)])?;
        refusal.map_or(Ok(()), Err)
    }

    /// One attempt. Whoever has just `decided` that it be made is not asked again.
    async fn execute(&mut self, execution: Execution, decided: bool) -> Result<Option<Stop>, Problem> {
        let task = execution.task;
        let script = {
            let view = self.view();
            self.runner.script(&view, task, &self.journal)?
        };
        screen::again(execution.pause);
        let interrupted =
            if execution.pause.is_zero() { None } else { self.runner.wait(execution.pause).await };
        if interrupted == Some(Interrupt::Leave) {
            return Ok(Some(Stop::Parked(task, Question::Confirm)));
        }
        let automatic = execution.probe || decided || !execution.pause.is_zero();
        if !automatic || interrupted.is_some() {
            let view = RunView { plan: self.plan, source: self.source, run: &self.run };
            match self.desk.permit(&view, execution, &script.text, &mut self.journal)? {
                Answer::Go => {}
                Answer::Events(events) => return self.record(events).map(|_| None),
                Answer::Park => return Ok(Some(Stop::Parked(task, Question::Confirm))),
            }
        }
        if self.runner.asked_to_leave(self.desk.attended()).await {
            return Ok(Some(Stop::Parked(task, Question::Confirm)));
        }
        if self.runner.needs_somebody(&self.view(), task) && !self.desk.attended() {
            screen::say(
                "  This block needs somebody at a terminal, and nobody is asked here. Resume the run at one, without \
                 --unattended; or have the answers file skip the block.",
            );
            return Ok(Some(Stop::Parked(task, Question::Confirm)));
        }
        // After everything that may have taken its time, and right before the block begins: a look that was taken
        // before somebody was asked tells nothing of what happened while they thought.
        let due = self.run.is_look_due() || self.desk.attended() && self.run.begins_released();
        if due && !self.run.is_rolling_back() {
            self.check_rules()?;
        }
        let kept =
            if script.differs { Some(self.journal.put(masked(&script.text).as_bytes())?) } else { None };
        let started = Started {
            step: task.step_of(self.plan).id.clone(),
            action: task.id(self.plan),
            place: self.run.place_of(task).map(str::to_owned),
            attempt: execution.attempt,
            probe: execution.probe,
            script: kept,
            cwd: self.runner.cwd(),
        };
        let rollback = self.run.is_rolling_back();
        let started = if rollback { Event::RollbackStarted(started) } else { Event::ActionStarted(started) };
        if self.record(vec![started])? == Recorded::Lapsed {
            return Ok(None);
        }
        let view = RunView { plan: self.plan, source: self.source, run: &self.run };
        if !self.desk.attended() {
            self.runner.expect(&view, following(self.plan, task), &self.journal);
        }
        let mut executed = self.runner.execute(&view, execution, &script, &mut self.journal).await?;
        let finished = Box::new(executed.finished);
        // What is said from here on is shown once the end is durable.
        screen::hold_back();
        if !executed.assumed {
            screen::verdict_line(&finished);
            screen::failure(&finished);
        }
        let finished =
            if rollback { Event::RollbackFinished(finished) } else { Event::ActionFinished(finished) };
        self.hold((self.clock)(), vec![finished])?;
        if let Some(fault) = executed.fault.take() {
            self.settle()?;
            return Err(fault);
        }
        // Where the next block begins at once, or the run ends, one write takes both.
        let at_once = match self.run.next(self.plan) {
            Next::Execute(next) => next.pause.is_zero() && !self.desk.attended(),
            Next::Done(_) => true,
            _ => false,
        };
        if executed.park || executed.assumed || !at_once {
            self.settle()?;
        }
        if executed.park {
            return Ok(Some(match self.run.next(self.plan) {
                Next::Ask(task, question) => Stop::Parked(task, question),
                _ => Stop::Parked(task, Question::Confirm),
            }));
        }
        Ok(None)
    }
}

fn tell_lapse(event: &Event) {
    if let Event::SignOffLapsed { action, reason, .. } = event {
        screen::say(&screen::neutralise(&format!(
            "  the sign-off of {action} has lapsed ({reason}); it is asked for again"
        )));
    }
}

/// Rules did not hold when the run opened, and nobody overrode them.
pub fn barred() -> Problem {
    Problem::refused(
        "rules of the environment do not hold, and nobody has overridden them",
        "Nothing was executed. Open a new run once they hold.",
    )
}

/// Whether somebody at the keyboard says with this that a block runs now.
fn runs_it(event: &Event) -> bool {
    use holdpoint_engine::{Choice, Via};
    matches!(event, Event::Decision { choice: Choice::Retry | Choice::Run, by, .. } if by.via == Via::Terminal)
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
#[path = "drive_tests.rs"]
mod tests;
