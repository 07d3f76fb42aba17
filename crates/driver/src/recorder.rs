//! The one way for events: masked, folded into the run, followed by what follows from them by itself, written, and only
//! then told of.

use std::mem;

use holdpoint_engine::{Event, Exchanged, Run, Stamped, Task};
use holdpoint_model::{Plan, Work};
use jiff::Timestamp;

use crate::{BlobStore, Fault, Journal, Moment, NotConforming, Observer, RunView, Secrets};

/// What became of events that were to be recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// They are durable.
    Written,
    /// A sign-off that they need has lapsed, which is durable instead of them.
    Lapsed,
    /// Rules of time let them not begin any more; nothing was recorded.
    Late,
}

/// A run and its record. Whoever changes a run does it through [`Recorder::record`]; nothing else appends.
pub struct Recorder<'a, J, O> {
    pub(crate) plan: &'a Plan,
    pub(crate) source: &'a str,
    pub(crate) run: Run,
    pub(crate) journal: J,
    pub(crate) secrets: Secrets,
    observer: O,
    clock: Box<dyn Fn() -> Timestamp + 'a>,
    /// Folded in, and written with the next ones.
    held: Vec<(Timestamp, Event)>,
    /// What will have become true once those are durable.
    untold: Vec<Moment>,
}

impl<'a, J: Journal, O: Observer> Recorder<'a, J, O> {
    /// Of a run of which nothing has happened yet. `source`: the document's text; `clock`: the time of day.
    pub fn new(
        (plan, source): (&'a Plan, &'a str),
        journal: J,
        observer: O,
        secrets: Secrets,
        clock: impl Fn() -> Timestamp + 'a,
    ) -> Recorder<'a, J, O> {
        Recorder {
            plan,
            source,
            run: Run::new(plan),
            journal,
            secrets,
            observer,
            clock: Box::new(clock),
            held: Vec::new(),
            untold: Vec::new(),
        }
    }

    /// Takes a recorded run up: folds in what has happened so far.
    ///
    /// # Errors
    /// The engine did not ask for one of the events.
    pub fn replay<'e>(&mut self, events: impl IntoIterator<Item = &'e Stamped>) -> Result<(), NotConforming> {
        for Stamped { n, at, event, .. } in events {
            let refused = |unexpected| NotConforming { n: *n, unexpected: Box::new(unexpected) };
            self.run.apply(self.plan, *at, event).map_err(refused)?;
        }
        Ok(())
    }

    /// The run so far.
    pub fn run(&self) -> &Run {
        &self.run
    }

    /// The journal.
    pub fn journal(&self) -> &J {
        &self.journal
    }

    /// The observer.
    pub fn observer(&self) -> &O {
        &self.observer
    }

    /// What is to be looked at.
    pub fn view(&self) -> RunView<'_> {
        RunView { plan: self.plan, source: self.source, run: &self.run, secrets: &self.secrets }
    }

    /// What is to be looked at, and where bytes are kept that the next events name.
    pub fn view_and_store(&mut self) -> (RunView<'_>, &mut dyn BlobStore<Error = J::Error>) {
        let view = RunView { plan: self.plan, source: self.source, run: &self.run, secrets: &self.secrets };
        (view, &mut self.journal)
    }

    /// Folds events in that happen now, and makes them durable. The engine is asked first: what it refuses is never
    /// written.
    ///
    /// What would begin although a sign-off before it has lapsed is dropped; that it lapsed is written in its place, and
    /// the engine asks for it again.
    ///
    /// # Errors
    /// The engine refuses an event, or the journal cannot keep it. Nothing may go on after that.
    pub fn record(&mut self, events: Vec<Event>) -> Result<Recorded, J::Error> {
        self.record_and_tell(events, |_| Vec::new())
    }

    /// Puts on record that another document takes the place of the one that the run goes by. `plan` has the plan in it
    /// whose place it takes.
    ///
    /// # Errors
    /// As [`Recorder::record`].
    pub fn exchange(
        &mut self,
        (plan, source): (&'a Plan, &'a str),
        exchanged: Exchanged,
    ) -> Result<(), J::Error> {
        self.settle()?;
        (self.plan, self.source) = (plan, source);
        self.record(vec![Event::DocumentExchanged(Box::new(exchanged))]).map(drop)
    }

    /// As [`Recorder::record`]; tells what has become true by the events as they were recorded.
    pub(crate) fn record_and_tell(
        &mut self,
        events: Vec<Event>,
        moments: impl FnOnce(&[Event]) -> Vec<Moment>,
    ) -> Result<Recorded, J::Error> {
        let recorded = self.hold_unless_lapsed(events, moments)?;
        self.settle()?;
        Ok(recorded)
    }

    /// As [`Recorder::record_and_tell`], and written with the next ones, as [`Recorder::hold`].
    pub(crate) fn hold_unless_lapsed(
        &mut self,
        events: Vec<Event>,
        moments: impl FnOnce(&[Event]) -> Vec<Moment>,
    ) -> Result<Recorded, J::Error> {
        let now = (self.clock)();
        if events.iter().any(Event::begins) && self.lapse_at(now)? {
            return Ok(Recorded::Lapsed);
        }
        if events.iter().any(|event| self.is_late(event, now)) {
            return Ok(Recorded::Late);
        }
        self.hold_at(now, events, moments)?;
        Ok(Recorded::Written)
    }

    /// What the clock shows.
    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Whether this event begins something that rules of time let not begin at this moment.
    fn is_late(&self, event: &Event, now: Timestamp) -> bool {
        let Event::ActionStarted(started) = event else { return false };
        if self.run.opened().is_none_or(|opened| !opened.policy.has_hours()) {
            return false;
        }
        let task = Task::named(self.plan, &started.step, &started.action);
        task.is_some_and(|task| !self.run.out_of_time(self.plan, task, now).is_empty())
    }

    /// Whether nothing is held back.
    pub(crate) fn is_settled(&self) -> bool {
        self.held.is_empty() && self.untold.is_empty()
    }

    /// Puts on record that the sign-off of a hold point is waited for, once.
    ///
    /// # Errors
    /// As [`Recorder::record`]; or its statement cannot be rendered, under which the engine asks for no signature.
    pub fn request_sign_off(&mut self, task: Task) -> Result<(), J::Error> {
        let Some(Work::SignOff(sign_off)) = task.work(self.plan) else { return Ok(()) };
        if self.run.is_requested(task) {
            return Ok(());
        }
        let statement = self.run.statement(sign_off).map_err(Fault::Statement)?;
        let (step, action) = (task.step_of(self.plan).id.clone(), task.id(self.plan));
        let role = sign_off.role.clone();
        self.record(vec![Event::SignOffRequested { step, action, role, statement }]).map(drop)
    }

    /// Records which sign-offs have lapsed by now, if any. Says whether any have.
    ///
    /// # Errors
    /// As [`Recorder::record`].
    pub fn lapse(&mut self) -> Result<bool, J::Error> {
        self.lapse_at((self.clock)())
    }

    fn lapse_at(&mut self, now: Timestamp) -> Result<bool, J::Error> {
        let lapsed = self.run.lapses_at(self.plan, now);
        let any = !lapsed.is_empty();
        if any {
            self.hold_at(now, lapsed, |_| Vec::new())?;
            self.settle()?;
        }
        Ok(any)
    }

    /// Folds events in; they are written with the next ones. Until then nothing is told of them, and nothing may be
    /// asked, waited for or executed: a crash takes them away again.
    pub(crate) fn hold(
        &mut self,
        events: Vec<Event>,
        moments: impl FnOnce(&[Event]) -> Vec<Moment>,
    ) -> Result<(), J::Error> {
        self.hold_at((self.clock)(), events, moments)
    }

    fn hold_at(
        &mut self,
        now: Timestamp,
        events: Vec<Event>,
        moments: impl FnOnce(&[Event]) -> Vec<Moment>,
    ) -> Result<(), J::Error> {
        let events = self.fold(now, events)?;
        self.untold.extend(moments(&events));
        for event in events {
            if let Event::SignOffLapsed { step, action, reason } = &event {
                let (step, action, reason) = (step.clone(), action.clone(), reason.clone());
                self.untold.push(Moment::SignOffLapsed { step, action, reason });
            }
            self.held.push((now, event));
        }
        Ok(())
    }

    /// Makes durable what is held, and then tells of it.
    ///
    /// # Errors
    /// The journal cannot keep it: nobody is told.
    pub(crate) fn settle(&mut self) -> Result<(), J::Error> {
        if !self.held.is_empty() {
            let kept = self.journal.append(mem::take(&mut self.held));
            if let Err(error) = kept {
                self.untold.clear();
                self.observer.caught_up();
                return Err(error);
            }
        }
        let view = RunView { plan: self.plan, source: self.source, run: &self.run, secrets: &self.secrets };
        mem::take(&mut self.untold).iter().for_each(|moment| self.observer.saw(&view, moment));
        self.observer.caught_up();
        Ok(())
    }

    /// Tells of something that no event says: at once, or behind what is not durable yet.
    pub(crate) fn tell(&mut self, moment: Moment) {
        if self.held.is_empty() {
            let view =
                RunView { plan: self.plan, source: self.source, run: &self.run, secrets: &self.secrets };
            self.observer.saw(&view, &moment);
        } else {
            self.untold.push(moment);
        }
    }

    /// A sign-off that lapses by one of the events lapses right behind it, by an event of its own, and before all of
    /// them where an earlier driver died in between.
    fn fold(&mut self, now: Timestamp, events: Vec<Event>) -> Result<Vec<Event>, Fault> {
        let mut folded = Vec::with_capacity(events.len());
        for event in events {
            if !matches!(event, Event::LogRecovered { .. }) {
                self.fold_lapses(now, &mut folded)?;
            }
            let event = self.secrets.masked_event(event)?;
            self.fold_one(now, event, &mut folded)?;
        }
        self.fold_lapses(now, &mut folded)?;
        Ok(folded)
    }

    fn fold_lapses(&mut self, now: Timestamp, folded: &mut Vec<Event>) -> Result<(), Fault> {
        while let Some(lapsed) = self.run.due_lapse(self.plan) {
            self.fold_one(now, lapsed, folded)?;
        }
        Ok(())
    }

    fn fold_one(&mut self, now: Timestamp, event: Event, folded: &mut Vec<Event>) -> Result<(), Fault> {
        let refused = |unexpected| Fault::Refused(Box::new(unexpected));
        self.run.apply(self.plan, now, &event).map_err(refused)?;
        folded.push(event);
        Ok(())
    }
}
