//! Events, one after another: taken by the engine, and gathered on the plan's steps and actions.

use std::collections::{BTreeMap, HashMap};

use holdpoint_engine::{
    By, Choice, Deviation, DeviationKind, Event, Finished, Handover, Session, SignedOff, SignedSession, Slot,
    Stamped, Started, Status, Task,
};
use holdpoint_model::{Assurance, Plan, Work};
use jiff::Timestamp;

use super::finish::{
    at_places, may_run, not_undone, rollback_outcomes, running, settle, sign_offs_that_count,
    times_of_action, values, waits,
};
use super::names::{Place, place_name};
use super::opening::opening;
use super::withdrawn::withdraw;
use super::*;
use crate::time::between;
use crate::{HeldBy, NotOpened, Reading};

/// Sums up a record. Fails closed only where there is no run at all; what the engine did not ask for is kept under
/// [`Summary::misfits`], and nothing of it counts. `verified` is what `verify` said of the record; `held` who has the run
/// while that is read.
///
/// # Errors
///
/// [`NotOpened`] where the record does not begin with `run.opened`.
pub fn summarise(
    plan: &Plan,
    events: &[Stamped],
    verified: Option<Verified>,
    held: Option<HeldBy>,
) -> Result<Summary, NotOpened> {
    let (first, rest) = events.split_first().ok_or(NotOpened)?;
    let mut summing = Summing::begin(plan, first, verified)?.held_by(held);
    rest.iter().for_each(|stamped| summing.event(stamped.clone()));
    Ok(summing.end())
}

/// [`summarise`], event by event: what the summary keeps of an event is taken out of it, and nothing else is kept.
pub struct Summing<'a> {
    pub(super) reading: Reading<'a>,
    /// Indices of the steps: going through all of them for each event would cost their product.
    pub(super) by_id: HashMap<&'a str, usize>,
    /// The step that was looked for last: as a rule the next event is of the same.
    pub(super) last: usize,
    /// Who acted last, by place among the people: as a rule it is the same person again, and names are compared folded.
    actor: usize,
    /// The place that the present event tells of.
    place: Option<String>,
    overview: bool,
    held: Option<HeldBy>,
    now: Option<Timestamp>,
    pub(super) summary: Summary,
}

/// When something happened.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    pub(super) n: u64,
    pub(super) at: Timestamp,
}

impl<'a> Summing<'a> {
    /// From event 0 on. `verified` is what `verify` said of the record.
    ///
    /// # Errors
    ///
    /// [`NotOpened`] where it is another event.
    pub fn begin(
        plan: &'a Plan,
        first: &Stamped,
        verified: Option<Verified>,
    ) -> Result<Summing<'a>, NotOpened> {
        let Event::RunOpened(opened) = &first.event else { return Err(NotOpened) };
        let mut by_id = HashMap::with_capacity(plan.steps.len());
        for (index, step) in plan.steps.iter().enumerate() {
            by_id.entry(step.id.as_str()).or_insert(index);
        }
        let refused = verified.as_ref().and_then(|verified| verified.broken.clone());
        let summary = opening(plan, first, opened, verified);
        let mut summing = Summing {
            reading: Reading::new(plan).refusing(refused),
            by_id,
            last: 0,
            actor: 0,
            place: None,
            overview: false,
            held: None,
            now: None,
            summary,
        };
        if let Err(why) = summing.reading.take(first) {
            summing.misfit(Moment { n: first.n, at: first.at }, first.event.clone(), why);
        }
        Ok(summing)
    }

    /// For an overview: what happened before a step was begun again, and what blocks printed, how that was judged and
    /// which values came of it, is let go as soon as it went by. Everything else is as it would be.
    pub fn overview(self) -> Summing<'a> {
        Summing { overview: true, ..self }
    }

    /// For whoever reads it while somebody has the run.
    pub fn held_by(self, held: Option<HeldBy>) -> Summing<'a> {
        Summing { held, ..self }
    }

    /// For whoever reads it at `now`: of an open run, what is no longer good by then has lapsed. Else it is told as recorded.
    pub fn seen_at(self, now: Timestamp) -> Summing<'a> {
        Summing { now: Some(now), ..self }
    }

    /// The run, as far as the record conforms.
    pub fn run(&self) -> &holdpoint_engine::Run {
        self.reading.run()
    }

    /// Takes the next event.
    pub fn event(&mut self, stamped: Stamped) {
        let now = Moment { n: stamped.n, at: stamped.at };
        (self.summary.run.last, self.summary.run.events) = (now.at, self.summary.run.events + 1);
        let place = self.place_of(&stamped.event);
        let before = self.standing_before(&stamped.event, place);
        let deviations = self.reading.run().deviations();
        match self.reading.take(&stamped) {
            Ok(()) => {
                if self.reading.run().deviations() < deviations {
                    withdraw(&mut self.summary, &stamped.event);
                }
                self.happened(now, place, &before, stamped.event);
            }
            Err(why) => self.misfit(now, stamped.event, why),
        }
    }

    /// How what an event is about stands before it, where it is told or changes several actions at once.
    fn standing_before(&self, event: &Event, place: Place) -> Vec<Status> {
        let (run, plan) = (self.reading.run(), self.reading.plan());
        match (event, place) {
            (Event::Decision { .. }, Place::Task(task)) => {
                vec![run.status(plan, self.placed(task, event)).seen(false)]
            }
            (
                Event::NotApplicable { action: None, .. }
                | Event::Deviation(Deviation { kind: DeviationKind::Skipped, action: None, .. }),
                Place::Step(step),
            ) => {
                let actions = 0..plan.steps[step].actions.len();
                actions.map(|action| run.status(plan, Task::action(step, action))).collect()
            }
            _ => Vec::new(),
        }
    }

    /// What the engine took.
    fn happened(&mut self, now: Moment, place: Place, before: &[Status], event: Event) {
        let Moment { n, at } = now;
        self.place = place_name(&event).map(str::to_owned);
        match event {
            // The engine takes the first one only, which is in the summary from its beginning.
            Event::RunOpened(_) => {}
            Event::SessionOpened(session) => self.session(now, session),
            Event::SessionSigned(signed) => self.session_signed(now, *signed),
            Event::RulesChecked(look) => self.summary.looks.push(LookFacts { n, at, look }),
            Event::LogRecovered { torn } => self.summary.recoveries.push(Recovery { n, at, torn }),
            Event::NotApplicable { action, condition, .. } => {
                let what = What::NotApplicable { condition };
                if action.is_none() {
                    self.left_out(now, place, before, &what);
                }
                self.put(now, place, what);
            }
            Event::ActionStarted(started) | Event::RollbackStarted(started) => {
                self.started(now, place, started);
            }
            Event::ActionFinished(finished) | Event::RollbackFinished(finished) => {
                self.finished(now, place, finished);
            }
            Event::ItemConfirmed { text, by, .. } => {
                let text = Some(text).filter(|text| !self.is_written_so(place, text));
                self.put(now, place, What::Confirmed { text, by });
            }
            Event::ValueRecorded { name, value, evidence, within_limits, by, .. } => {
                self.put(now, place, What::Recorded { name, value, evidence, within_limits, by });
            }
            Event::ValueCorrected(corrected) => {
                self.put(now, place, What::Corrected(Box::new(corrected)));
                self.statements_anew();
            }
            Event::SignOffRequested { step, action, role, statement } => {
                let event = SignOffEvent::Requested { role: role.clone(), statement: statement.clone() };
                self.sign_off(
                    now,
                    (place, step, action),
                    What::Requested { role, statement, at_first: None },
                    event,
                );
            }
            Event::SignOffGiven(given) => self.signed(now, place, given),
            Event::SignOffRejected { step, action, reason, signed, presence, by } => {
                let event = SignOffEvent::Rejected {
                    reason: reason.clone(),
                    name: signed.as_ref().map(|signed| signed.name.clone()),
                    assurance: signed.as_ref().map_or(Assurance::Typed, |signed| signed.assurance),
                    key: signed.as_ref().map(|signed| signed.signature.key.clone()),
                    presence: presence.clone(),
                    by: by.clone(),
                };
                let key = signed.map(|signed| signed.signature.key);
                self.sign_off(
                    now,
                    (place, step, action),
                    What::Rejected { reason, key, presence, by },
                    event,
                );
            }
            Event::SignOffRefused { step, action, reason, by } => {
                let event = SignOffEvent::Refused { reason: reason.clone(), by: by.clone() };
                self.sign_off(now, (place, step, action), What::Refused { reason, by }, event);
            }
            Event::SignOffLapsed { step, action, reason } => {
                let event = SignOffEvent::Lapsed { reason: reason.clone() };
                self.sign_off(now, (place, step, action), What::Lapsed { reason }, event);
            }
            Event::Deviation(deviation) => self.deviation(now, place, before, deviation),
            Event::DocumentExchanged(exchanged) => self.exchanged(now, *exchanged),
            Event::Decision { step, action, choice, reason, by, place: _ } => {
                let about = before.first().copied().unwrap_or(Status::Unknown);
                let (why, who) = (reason.clone(), by.clone());
                let facts = DecisionFacts {
                    n,
                    at,
                    step,
                    action,
                    place: self.place.clone(),
                    about,
                    choice,
                    reason: why,
                    by: who,
                };
                self.summary.decisions.push(facts);
                if choice == Choice::Happened {
                    self.taken_as_done(now, place);
                }
                self.put(now, place, What::Decision { choice, reason, by });
            }
            Event::RollbackOpened { steps, without, reason, by, .. } => {
                by.iter().for_each(|by| self.acted(&by.who));
                let outcomes = Vec::new();
                self.summary.rollbacks.push(RollbackFacts { n, at, steps, without, reason, by, outcomes });
            }
            Event::Note { text, step, corrects, by } => {
                self.acted(&by.who);
                if step.is_some() {
                    self.put(now, place, What::Note { text: text.clone(), corrects, by: by.clone() });
                }
                self.summary.notes.push(NoteFacts { n, at, text, step, corrects, by });
            }
            Event::Handover(handover) => self.handed_over(now, *handover),
            Event::HandoverAccepted { by } => self.handover_ended(now, true, None, by),
            Event::HandoverWithdrawn { reason, by } => self.handover_ended(now, false, reason, by),
            Event::RunClosed { verdict } => self.summary.run.closed = Some(Closed { n, at, verdict }),
        }
    }

    /// An item as whoever confirmed or skipped it read it, where the document writes it otherwise.
    fn item_with_values(&self, place: Place) -> Option<String> {
        let Place::Task(task) = place else { return None };
        let Some(Work::Confirm { text }) = task.work(self.reading.plan()) else { return None };
        let read = self.reading.run().values().render(text).ok()?;
        (read != *text).then_some(read)
    }

    /// Whether the document writes the item just as it was read.
    fn is_written_so(&self, place: Place, read: &str) -> bool {
        let Place::Task(task) = place else { return false };
        let plan = self.reading.plan();
        match task.work(plan) {
            Some(Work::Confirm { text }) => text == read,
            _ => task.offered(plan).is_some_and(|offered| offered.text == read),
        }
    }

    fn misfit(&mut self, Moment { n, at }: Moment, event: Event, why: String) {
        self.summary.misfits.push(Misfit { n, at, why, event });
    }

    fn session(&mut self, Moment { n, at }: Moment, session: Session) {
        self.summary.sessions.push(SessionFacts { n, at, session });
    }

    fn session_signed(&mut self, Moment { n, at }: Moment, signed: SignedSession) {
        let SignedSession { name, assurance, signature, seat, by } = signed;
        let facts = SignedSessionFacts { n, at, who: by.who, name, assurance, key: signature.key, seat };
        self.summary.signed_sessions.push(facts);
    }

    fn handed_over(&mut self, Moment { n, at }: Moment, handover: Handover) {
        let Handover { to, standing, note, by } = handover;
        self.acted(&by.who);
        self.summary.handovers.push(HandoverFacts { n, at, to, standing, note, by, end: None });
    }

    fn handover_ended(&mut self, Moment { n, at }: Moment, accepted: bool, reason: Option<String>, by: By) {
        self.acted(&by.who);
        if let Some(open) = self.summary.handovers.last_mut() {
            open.end = Some(HandoverEnd { n, at, accepted, reason, by });
        }
    }

    pub(super) fn acted(&mut self, who: &str) {
        let people = &mut self.summary.people;
        if people.get(self.actor).is_some_and(|person| person.acted && person.principal == who) {
            return;
        }
        self.actor = people.iter().position(|person| person.is(who)).unwrap_or_else(|| {
            let (name, alias, roles, acted) = (None, None, Vec::new(), true);
            people.push(Person { principal: who.to_owned(), name, alias, roles, acted });
            people.len() - 1
        });
        people[self.actor].acted = true;
    }

    /// Puts what happened where it belongs, in the round of the step that the engine counts now.
    fn put(&mut self, Moment { n, at }: Moment, place: Place, what: What) {
        if let Some(by) = what.by() {
            self.acted(&by.who);
        }
        let step = match place {
            Place::Nowhere => return,
            Place::Step(step) => step,
            Place::Task(task) => task.step,
        };
        let round = self.round(step);
        let happening = Happening { n, at, superseded: false, place: self.place.clone(), round, what };
        match place {
            Place::Task(task) => self.at(task).history.push(happening),
            _ => self.summary.steps[step].history.push(happening),
        }
    }

    /// The present round of a step. An overview forgets earlier ones.
    fn round(&mut self, index: usize) -> u32 {
        let round = self.reading.run().round(index);
        let step = &mut self.summary.steps[index];
        if step.rounds != round {
            step.rounds = round;
            if self.overview {
                let actions = step.actions.iter_mut().chain(&mut step.rollback_blocks);
                actions.for_each(|action| action.history.clear());
                step.history.clear();
            }
        }
        round
    }

    /// Tells of those actions of a step that an event left out: they were not done before, and are now.
    fn left_out(&mut self, now: Moment, place: Place, before: &[Status], what: &What) {
        let Place::Step(step) = place else { return };
        for (action, before) in before.iter().enumerate() {
            let task = Task::action(step, action);
            let after = self.reading.run().status(self.reading.plan(), task);
            if !before.is_done() && after.is_done() {
                self.put(now, Place::Task(task), what.clone());
            }
        }
    }

    fn started(&mut self, now: Moment, place: Place, started: Started) {
        let who = self.reading.run().operator().to_owned();
        self.acted(&who);
        let edited = match place {
            Place::Task(task) => {
                let run = self.reading.run();
                let here = run.at_place(task, started.place.as_deref());
                run.edited_script(here.unwrap_or(task)).is_some()
            }
            _ => false,
        };
        let attempt = Attempt {
            attempt: started.attempt,
            probe: started.probe,
            who,
            cwd: started.cwd,
            script: started.script,
            edited,
            finished: None,
            running: false,
            held: None,
        };
        self.put(now, place, What::Attempt(Box::new(attempt)));
    }

    fn finished(&mut self, now: Moment, place: Place, mut finished: Box<Finished>) {
        // A record may hold any number.
        let executing = &mut self.summary.run.executing_ms;
        *executing = executing.saturating_add(finished.duration_ms);
        if self.overview {
            (finished.output, finished.state) = (None, None);
            (finished.expectations, finished.remarks) = (Vec::new(), Vec::new());
            (finished.captures, finished.files) = (BTreeMap::new(), BTreeMap::new());
        }
        let Place::Task(task) = place else { return };
        let (run, plan) = (self.reading.run(), self.reading.plan());
        let here = run.at_place(task, finished.place.as_deref());
        let held = here.filter(|_| !finished.probe).and_then(|task| run.holding(plan, task)).map(Into::into);
        // Of several that are open it is the one at its place.
        let history = self.at(task).history.iter_mut().rev();
        let mut here = history.filter(|happening| happening.place == finished.place);
        let open = here.find_map(|happening| match &mut happening.what {
            What::Attempt(attempt) if attempt.finished.is_none() => Some(attempt),
            _ => None,
        });
        if let Some(attempt) = open {
            attempt.held = held;
            attempt.finished = Some(Ended { n: now.n, at: now.at, result: finished });
        }
    }

    /// What is signed at a hold point is rendered when it is signed: a value that was corrected while a sign-off is waited
    /// for stands in it anew, without another request.
    fn statements_anew(&mut self) {
        let (run, plan) = (self.reading.run(), self.reading.plan());
        for (step, told) in plan.steps.iter().zip(&mut self.summary.steps) {
            for (action, told) in step.actions.iter().zip(&mut told.actions) {
                let Work::SignOff(sign_off) = &action.work else { continue };
                let mut history = told.history.iter_mut().rev().map(|happening| &mut happening.what);
                let last = history.find(|what| matches!(what, What::Requested { .. } | What::Given(_)));
                let Some(What::Requested { statement, at_first, .. }) = last else { continue };
                match run.statement(sign_off) {
                    Ok(present) if present != *statement => {
                        let before = std::mem::replace(statement, present);
                        at_first.get_or_insert(before);
                    }
                    _ => {}
                }
            }
        }
    }

    fn signed(&mut self, now: Moment, place: Place, given: SignedOff) {
        let SignedOff { step, action, role, meaning, statement, name, assurance, signature, presence, by } =
            given.clone();
        let key = signature.map(|signature| signature.key);
        let counts = false;
        let what =
            SignOffEvent::Given { role, meaning, statement, name, assurance, key, presence, counts, by };
        self.sign_off(now, (place, step, action), What::Given(given), what);
    }

    fn sign_off(
        &mut self,
        now: Moment,
        (place, step, action): (Place, String, String),
        what: What,
        event: SignOffEvent,
    ) {
        self.put(now, place, what);
        self.summary.sign_offs.push(SignOffFacts { n: now.n, at: now.at, step, action, what: event });
    }

    fn deviation(&mut self, now: Moment, place: Place, before: &[Status], deviation: Deviation) {
        let Moment { n, at } = now;
        self.acted(&deviation.by.who);
        let Deviation { kind, step, action, script, overridden, reason, by, .. } = deviation;
        let number = self.summary.deviations.len() + 1;
        let what =
            What::Deviation { number, kind, script: script.clone(), reason: reason.clone(), by: by.clone() };
        let facts = DeviationFacts {
            n,
            at,
            number,
            kind,
            step,
            action,
            place: self.place.clone(),
            of_rollback: is_of_rollback(place),
            text: self.item_with_values(place),
            script,
            overridden,
            exchanged: None,
            reason,
            by,
        };
        self.summary.deviations.push(facts);
        // An override belongs to no step.
        if kind != DeviationKind::PolicyOverridden {
            self.left_out(now, place, before, &what);
            self.put(now, place, what);
        }
    }

    /// The decision that was taken last is a deviation.
    fn taken_as_done(&mut self, now: Moment, place: Place) {
        let Some(decided) = self.summary.decisions.last() else { return };
        let facts = DeviationFacts {
            n: now.n,
            at: now.at,
            number: self.summary.deviations.len() + 1,
            kind: DeviationKind::TakenAsDone,
            step: decided.step.clone(),
            action: Some(decided.action.clone()),
            place: decided.place.clone(),
            of_rollback: is_of_rollback(place),
            text: None,
            script: None,
            overridden: None,
            exchanged: None,
            reason: decided.reason.clone().unwrap_or_else(|| "none given".to_owned()),
            by: decided.by.clone(),
        };
        self.summary.deviations.push(facts);
    }

    /// What all of them come to.
    pub fn end(mut self) -> Summary {
        for step in 0..self.summary.steps.len() {
            self.round(step);
        }
        let sessions: Vec<String> =
            self.summary.sessions.iter().map(|s| s.session.operator.clone()).collect();
        sessions.iter().for_each(|who| self.acted(who));
        let Summing { reading, mut summary, .. } = self;
        let reading = self.now.and_then(|now| reading.seen_at(now)).unwrap_or(reading);
        let (run, plan) = (reading.run(), reading.plan());
        summary.run.elapsed_ms = between(summary.run.opened, summary.run.last);
        let held = self.held.as_ref().filter(|_| !run.is_closed());
        summary.driver = held.and_then(|held| reading.driver(held));
        let driven = summary.driver.as_ref().is_some_and(|driver| driver.drives);
        let seen = run.seen_by(plan, driven);
        let known = |status: Status| match reading.broken() {
            Some(_) if !status.is_done() => Status::Unknown,
            _ => status,
        };
        for (index, step) in summary.steps.iter_mut().enumerate() {
            if let Some(written) = plan.steps.get(index) {
                (step.title, step.path) = (run.title(written), run.titles_above(written));
            }
            for (action, of) in step.actions.iter_mut().enumerate() {
                let task = Task::action(index, action);
                of.status = known(seen.status(task));
                of.out_of_limits = run.out_of_limits(plan, task);
                of.places = at_places(run, task, |task| known(seen.status(task)));
            }
            for (block, of) in step.rollback_blocks.iter_mut().enumerate() {
                let task = Task::rollback(index, block);
                of.status = known(seen.status(task));
                of.places = at_places(run, task, |task| known(seen.status(task)));
            }
            step.status = known(seen.step_status(index));
            step.rollback = seen.rollback_state(index);
            let histories = step.actions.iter_mut().chain(&mut step.rollback_blocks);
            let histories = histories.map(|action| &mut action.history).chain([&mut step.history]);
            for happening in histories.flatten() {
                happening.superseded = happening.round != step.rounds;
            }
            step.rounds = run.times_begun(index);
            step.actions.iter_mut().chain(&mut step.rollback_blocks).for_each(times_of_action);
            settle(step);
        }
        if reading.broken().is_none() && driven {
            summary.running = running(plan, &mut summary, run);
        }
        summary.may_run = may_run(plan, &summary, run);
        rollback_outcomes(&mut summary, &self.by_id, &seen);
        summary.not_undone = not_undone(plan, &summary, run);
        summary.values = values(&summary.steps);
        sign_offs_that_count(&mut summary, &self.by_id, run);
        summary.independence = run.independence().words();
        summary.asks_for_anchor = run.asks_for_anchored_seal();
        summary.unsigned = run.is_session_unsigned().then(|| match run.is_closed() {
            true => format!("{} ended this run, and had not signed the session by key", run.operator()),
            false => format!("{}: nothing goes on before", run.unsigned_refusal()),
        });
        summary.barred = run.is_barred_since_opening();
        if reading.broken().is_none() && !run.is_closed() {
            let lapsing = run.about_to_lapse(plan).into_iter();
            summary.lapsing = lapsing.map(|(action, reason)| LapsingFacts { action, reason }).collect();
            summary.anchor_wanted = run.anchor_wanted();
            summary.waits = run.stands_at(plan).map(|task| waits(plan, &summary, run, task));
            summary.rolling_back = run.rolling_back(plan).map(|back| back.words(run, plan, driven));
        }
        summary
    }
}

fn is_of_rollback(place: Place) -> bool {
    matches!(place, Place::Task(task) if matches!(task.slot, Slot::Rollback(_)))
}
