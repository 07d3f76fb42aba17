//! Events, one after another, onto the plan's steps and actions.

use std::collections::{BTreeMap, HashMap};

use holdpoint_engine::{
    By, Deviation, DeviationKind, Event, Finished, Handover, Independence, Session, SignedOff, Stamped,
    Started,
};
use holdpoint_model::{Assurance, Plan, Work};
use jiff::Timestamp;

use super::finish::{settle, times_of_action, values, waits};
use super::opening::opening;
use super::place::Place;
use super::status::of_action;
use super::*;
use crate::time::between;
use crate::{Material, ReportError};

/// Folds a record into its summary. Fails closed only where there is no run at all; an event that the plan has no
/// place for is kept under [`Summary::misfits`].
///
/// # Errors
///
/// [`ReportError::NotOpened`] where the record does not begin with `run.opened`.
pub fn summarise(m: &Material<'_>) -> Result<Summary, ReportError> {
    let (first, rest) = m.events.split_first().ok_or(ReportError::NotOpened)?;
    let mut summing = Summing::begin(m.plan, first, m.verdict_of_verify.clone())?;
    rest.iter().for_each(|stamped| summing.event(stamped.clone()));
    Ok(summing.end())
}

/// [`summarise`], event by event: what the summary keeps of an event is taken out of it, and nothing else is kept.
pub struct Summing<'a> {
    pub(super) plan: &'a Plan,
    /// Indices of the steps: going through all of them for each event would cost their product.
    pub(super) by_id: HashMap<&'a str, usize>,
    /// The step that was looked for last: as a rule the next event is of the same.
    pub(super) last: usize,
    operator: String,
    overview: bool,
    independence: Independence,
    pub(super) summary: Summary,
}

/// When something happened.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    n: u64,
    at: Timestamp,
}

impl<'a> Summing<'a> {
    /// From event 0 on. `verified` is what `verify` said of the record.
    ///
    /// # Errors
    ///
    /// [`ReportError::NotOpened`] where it is another event.
    pub fn begin(
        plan: &'a Plan,
        first: &Stamped,
        verified: Option<String>,
    ) -> Result<Summing<'a>, ReportError> {
        let Event::RunOpened(opened) = &first.event else { return Err(ReportError::NotOpened) };
        let mut by_id = HashMap::with_capacity(plan.steps.len());
        for (index, step) in plan.steps.iter().enumerate() {
            by_id.entry(step.id.as_str()).or_insert(index);
        }
        let operator = opened.session.operator.clone();
        let summary = opening(plan, first, opened, verified);
        Ok(Summing {
            plan,
            by_id,
            last: 0,
            operator,
            overview: false,
            independence: Independence::default(),
            summary,
        })
    }

    /// For an overview: what happened before a step was begun again, and what blocks printed, how that was judged and
    /// which values came of it, is let go as soon as it went by. Everything else is as it would be.
    pub fn overview(self) -> Summing<'a> {
        Summing { overview: true, ..self }
    }

    /// Whether whoever signs there must be somebody who performs nothing.
    fn is_independent(&self, place: Option<Place>) -> bool {
        let action = place.and_then(|place| self.plan.steps[place.step].actions.get(place.action));
        let asked = action
            .is_some_and(|action| matches!(&action.work, Work::SignOff(sign_off) if sign_off.independent));
        asked || self.summary.run.environment.four_eyes
    }

    /// Takes the next event.
    pub fn event(&mut self, stamped: Stamped) {
        let Stamped { n, at, event, .. } = stamped;
        let now = Moment { n, at };
        (self.summary.run.last, self.summary.run.events) = (at, self.summary.run.events + 1);
        let place = self.place_of(now, &event);
        match event {
            again @ Event::RunOpened(_) => self.misfit(now, again, "a run is opened once"),
            Event::SessionOpened(session) => self.session(now, session),
            Event::RulesChecked(look) => self.summary.looks.push(LookFacts { n, at, look }),
            Event::LogRecovered { torn } => self.summary.recoveries.push(Recovery { n, at, torn }),
            Event::NotApplicable { place: _, step, action: None, condition } => {
                self.not_applicable(now, &step, condition)
            }
            Event::NotApplicable { condition, .. } => {
                self.put(now, place, What::NotApplicable { condition });
            }
            Event::ActionStarted(started) | Event::RollbackStarted(started) => {
                self.started(now, place, started);
            }
            Event::ActionFinished(finished) => self.finished(now, place, finished, Event::ActionFinished),
            Event::RollbackFinished(finished) => self.finished(now, place, finished, Event::RollbackFinished),
            Event::ItemConfirmed { by, .. } => self.put(now, place, What::Confirmed { by }),
            Event::ValueRecorded { name, value, evidence, within_limits, by, .. } => {
                self.put(now, place, What::Recorded { name, value, evidence, within_limits, by });
            }
            Event::SignOffRequested { step, action, role, statement } => {
                let event = SignOffEvent::Requested { role: role.clone(), statement: statement.clone() };
                self.sign_off(now, (place, step, action), What::Requested { role, statement }, event);
            }
            Event::SignOffGiven(given) => {
                if self.is_independent(place) {
                    self.independence.note(&given);
                    self.summary.independence = self.independence.words();
                }
                self.signed(now, place, given);
            }
            Event::SignOffRejected { step, action, reason, signed, by } => {
                let event = SignOffEvent::Rejected {
                    reason: reason.clone(),
                    name: signed.as_ref().map(|signed| signed.name.clone()),
                    assurance: signed.as_ref().map_or(Assurance::Typed, |signed| signed.assurance),
                    key: signed.as_ref().map(|signed| signed.signature.key.clone()),
                    by: by.clone(),
                };
                let key = signed.map(|signed| signed.signature.key);
                self.sign_off(now, (place, step, action), What::Rejected { reason, key, by }, event);
            }
            Event::SignOffRefused { step, action, reason, by } => {
                let event = SignOffEvent::Refused { reason: reason.clone(), by: by.clone() };
                self.sign_off(now, (place, step, action), What::Refused { reason, by }, event);
            }
            Event::SignOffLapsed { step, action, reason } => {
                let event = SignOffEvent::Lapsed { reason: reason.clone() };
                self.sign_off(now, (place, step, action), What::Lapsed { reason }, event);
            }
            Event::Deviation(deviation) => self.deviation(now, place, deviation),
            Event::Decision { place: _, step, action, choice, reason, by } => {
                let about = place.map_or(Status::NotReached, |place| self.status(place));
                let (why, who) = (reason.clone(), by.clone());
                let facts = DecisionFacts { n, at, step, action, about, choice, reason: why, by: who };
                self.summary.decisions.push(facts);
                self.put(now, place, What::Decision { choice, reason, by });
            }
            Event::RollbackOpened { places: _, steps, without, reason, by } => {
                self.rollback(now, steps, without, reason, by)
            }
            Event::Note { text, step, corrects, by } => self.note(now, text, step, corrects, by),
            Event::Handover(handover) => self.handed_over(now, *handover),
            Event::HandoverAccepted { by } => {
                self.operator.clone_from(&by.who);
                self.handover_ended(now, true, None, by);
            }
            Event::HandoverWithdrawn { reason, by } => self.handover_ended(now, false, reason, by),
            Event::RunClosed { verdict } => self.summary.run.closed = Some(Closed { n, at, verdict }),
        }
    }

    pub(super) fn misfit(&mut self, Moment { n, at }: Moment, event: Event, why: &str) {
        self.summary.misfits.push(Misfit { n, at, why: why.to_owned(), event });
    }

    fn session(&mut self, Moment { n, at }: Moment, session: Session) {
        self.operator.clone_from(&session.operator);
        self.summary.sessions.push(SessionFacts { n, at, session });
    }

    fn handed_over(&mut self, Moment { n, at }: Moment, handover: Handover) {
        let Handover { to, standing, note, by } = handover;
        self.acted(&by.who);
        self.summary.handovers.push(HandoverFacts { n, at, to, standing, note, by, end: None });
    }

    fn handover_ended(&mut self, now: Moment, accepted: bool, reason: Option<String>, by: By) {
        self.acted(&by.who);
        let Moment { n, at } = now;
        match self.summary.handovers.last_mut().filter(|open| open.end.is_none()) {
            Some(open) => open.end = Some(HandoverEnd { n, at, accepted, reason, by }),
            None => {
                let event = match accepted {
                    true => Event::HandoverAccepted { by },
                    false => Event::HandoverWithdrawn { reason, by },
                };
                self.misfit(now, event, "no handover is open");
            }
        }
    }

    fn acted(&mut self, who: &str) {
        match self.summary.people.iter_mut().find(|person| person.is(who)) {
            Some(person) => person.acted = true,
            None => self.summary.people.push(Person {
                principal: who.to_owned(),
                name: None,
                alias: None,
                roles: Vec::new(),
                acted: true,
            }),
        }
    }

    fn put(&mut self, Moment { n, at }: Moment, place: Option<Place>, what: What) {
        if let Some(by) = what.by() {
            self.acted(&by.who);
        }
        if let Some(place) = place {
            self.at(place).history.push(Happening { n, at, superseded: false, what });
        }
    }

    fn not_applicable(&mut self, Moment { n, at }: Moment, step: &str, condition: String) {
        let Some(index) = self.step(step) else { return };
        let happening = Happening { n, at, superseded: false, what: What::NotApplicable { condition } };
        let step = &mut self.summary.steps[index];
        for action in &mut step.actions {
            action.history.push(happening.clone());
        }
        step.history.push(happening);
    }

    fn started(&mut self, now: Moment, place: Option<Place>, started: Started) {
        let who = self.operator.clone();
        self.acted(&who);
        let edited = started.script.is_some()
            && self.summary.deviations.iter().any(|deviation| {
                deviation.kind == DeviationKind::Edited
                    && deviation.step == started.step
                    && deviation.script == started.script
            });
        let attempt = Attempt {
            attempt: started.attempt,
            probe: started.probe,
            who,
            cwd: started.cwd,
            script: started.script,
            edited,
            finished: None,
        };
        self.put(now, place, What::Attempt(Box::new(attempt)));
    }

    fn finished(
        &mut self,
        now: Moment,
        place: Option<Place>,
        mut finished: Box<Finished>,
        event: fn(Box<Finished>) -> Event,
    ) {
        self.summary.run.executing_ms += finished.duration_ms;
        let overview = self.overview;
        let open = place.and_then(|place| {
            self.at(place).history.iter_mut().rev().find_map(|happening| match &mut happening.what {
                What::Attempt(attempt)
                    if attempt.finished.is_none() && attempt.attempt == finished.attempt =>
                {
                    Some(attempt)
                }
                _ => None,
            })
        });
        match open {
            Some(attempt) if overview => {
                (finished.output, finished.state) = (None, None);
                (finished.expectations, finished.remarks) = (Vec::new(), Vec::new());
                (finished.captures, finished.files) = (BTreeMap::new(), BTreeMap::new());
                attempt.finished = Some(Ended { n: now.n, at: now.at, result: finished });
            }
            Some(attempt) => attempt.finished = Some(Ended { n: now.n, at: now.at, result: finished }),
            None => self.misfit(now, event(finished), "nothing that ends here was started"),
        }
    }

    fn signed(&mut self, Moment { n, at }: Moment, place: Option<Place>, given: SignedOff) {
        let SignedOff { step, action, role, meaning, statement, name, assurance, signature, by } =
            given.clone();
        self.put(Moment { n, at }, place, What::Given(given));
        let key = signature.map(|signature| signature.key);
        let what = SignOffEvent::Given { role, meaning, statement, name, assurance, key, by };
        self.summary.sign_offs.push(SignOffFacts { n, at, step, action, what });
    }

    fn sign_off(
        &mut self,
        Moment { n, at }: Moment,
        (place, step, action): (Option<Place>, String, String),
        what: What,
        event: SignOffEvent,
    ) {
        self.put(Moment { n, at }, place, what);
        self.summary.sign_offs.push(SignOffFacts { n, at, step, action, what: event });
    }

    fn note(
        &mut self,
        Moment { n, at }: Moment,
        text: String,
        step: Option<String>,
        corrects: Option<u64>,
        by: By,
    ) {
        self.acted(&by.who);
        if let Some(index) = step.as_ref().and_then(|id| self.step(id)) {
            let what = What::Note { text: text.clone(), corrects, by: by.clone() };
            self.summary.steps[index].history.push(Happening { n, at, superseded: false, what });
        }
        self.summary.notes.push(NoteFacts { n, at, text, step, corrects, by });
    }

    fn deviation(&mut self, now: Moment, place: Option<Place>, deviation: Deviation) {
        let Moment { n, at } = now;
        self.acted(&deviation.by.who);
        let Deviation { place: _, kind, step, action, script, overridden, reason, by } = deviation;
        let (index, whole) = (self.step(&step), action.is_none());
        let number = self.summary.deviations.len() + 1;
        let what =
            What::Deviation { number, kind, script: script.clone(), reason: reason.clone(), by: by.clone() };
        let facts = DeviationFacts { n, at, number, kind, step, action, script, overridden, reason, by };
        self.summary.deviations.push(facts);
        if kind == DeviationKind::PolicyOverridden {
            // It belongs to no step.
            return;
        }
        let Some(index) = index else { return };
        match kind {
            DeviationKind::Repeated => self.begin_again(index..index + 1),
            DeviationKind::OutOfOrder => self.begin_again(index..self.plan.steps.len()),
            _ => {}
        }
        if !whole {
            return self.put(now, place, what);
        }
        let happening = Happening { n, at, superseded: false, what };
        if kind == DeviationKind::Skipped {
            self.skip_what_is_left(index, &happening);
        }
        self.summary.steps[index].history.push(happening);
    }

    fn skip_what_is_left(&mut self, index: usize, happening: &Happening) {
        let planned = &self.plan.steps[index];
        for (action, planned) in self.summary.steps[index].actions.iter_mut().zip(&planned.actions) {
            if !of_action(Some(&planned.work), &action.history).is_done() {
                action.history.push(happening.clone());
            }
        }
    }

    /// What happened to these steps so far is history: they are done again.
    fn begin_again(&mut self, steps: std::ops::Range<usize>) {
        for step in &mut self.summary.steps[steps] {
            let actions = step.actions.iter_mut().chain(&mut step.rollback_blocks);
            let any = actions.map(|action| supersede(&mut action.history)).fold(false, |any, one| any | one);
            step.rounds += u32::from(any);
            supersede(&mut step.history);
            if self.overview {
                let actions = step.actions.iter_mut().chain(&mut step.rollback_blocks);
                actions.for_each(|action| action.history.clear());
                step.history.clear();
            }
            step.rollback = None;
        }
    }

    fn rollback(
        &mut self,
        Moment { n, at }: Moment,
        steps: Vec<String>,
        without: Vec<String>,
        reason: Option<String>,
        by: Option<By>,
    ) {
        if let Some(by) = &by {
            self.acted(&by.who);
        }
        for (ids, state) in [(&steps, RollbackState::Unfinished), (&without, RollbackState::Impossible)] {
            for id in ids {
                if let Some(index) = self.step(id) {
                    self.summary.steps[index].rollback = Some(state);
                }
            }
        }
        self.summary.rollbacks.push(RollbackFacts { n, at, steps, without, reason, by });
    }

    /// What all of them come to.
    pub fn end(mut self) -> Summary {
        self.summary.run.elapsed_ms = between(self.summary.run.opened, self.summary.run.last);
        let sessions: Vec<String> =
            self.summary.sessions.iter().map(|s| s.session.operator.clone()).collect();
        sessions.iter().for_each(|who| self.acted(who));
        for (step, planned) in self.summary.steps.iter_mut().zip(&self.plan.steps) {
            for (action, planned) in step.actions.iter_mut().zip(&planned.actions) {
                action.status = of_action(Some(&planned.work), &action.history);
            }
            for block in &mut step.rollback_blocks {
                block.status = of_action(None, &block.history);
            }
            step.actions.iter_mut().chain(&mut step.rollback_blocks).for_each(times_of_action);
            settle(step);
        }
        self.summary.values = values(&self.summary.steps);
        if self.summary.run.closed.is_none() && !self.summary.is_barred() {
            self.summary.waits = waits(self.plan, &self.summary);
        }
        self.summary
    }
}

/// Makes a history a thing of the past, and says whether anything in it was not. What is superseded stands at its
/// beginning, so that only what happened since the last time is looked at.
fn supersede(history: &mut [Happening]) -> bool {
    let since = history.iter_mut().rev().take_while(|happening| !happening.superseded);
    since.map(|happening| happening.superseded = true).count() > 0
}
