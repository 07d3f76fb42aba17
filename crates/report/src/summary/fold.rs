//! Events, one after another, onto the plan's steps and actions.

use std::collections::HashMap;

use holdpoint_document::Plan;
use holdpoint_engine::{
    By, Deviation, DeviationKind, Event, Finished, Handover, Session, SignedOff, Stamped, Started,
};
use jiff::Timestamp;

use super::finish::{settle, times_of_action, values, waits};
use super::opening::opening;
use super::status::of_action;
use super::*;
use crate::{Material, ReportError};

/// Folds a record into its summary. Fails closed only where there is no run at all; an event that the plan has no
/// place for is kept under [`Summary::misfits`].
///
/// # Errors
///
/// [`ReportError::NotOpened`] where the record does not begin with `run.opened`.
pub fn summarise(m: &Material<'_>) -> Result<Summary, ReportError> {
    let first = m.events.first().ok_or(ReportError::NotOpened)?;
    let Event::RunOpened(opened) = &first.event else { return Err(ReportError::NotOpened) };
    let mut by_id = HashMap::with_capacity(m.plan.steps.len());
    for (index, step) in m.plan.steps.iter().enumerate() {
        by_id.entry(step.id.as_str()).or_insert(index);
    }
    let operator = opened.session.operator.clone();
    let mut fold = Fold { plan: m.plan, by_id, operator, summary: opening(m, first, opened) };
    for stamped in &m.events[1..] {
        fold.event(stamped);
    }
    Ok(fold.finish())
}

struct Fold<'a> {
    plan: &'a Plan,
    /// Indices of the steps: going through all of them for each event would cost their product.
    by_id: HashMap<&'a str, usize>,
    operator: String,
    summary: Summary,
}

impl Fold<'_> {
    fn event(&mut self, stamped: &Stamped) {
        let Stamped { n, at, event, .. } = stamped;
        let (n, at) = (*n, *at);
        match event.clone() {
            Event::RunOpened(_) => self.misfit(stamped, "a run is opened once"),
            Event::SessionOpened(session) => self.session(n, at, session),
            Event::LogRecovered { torn } => self.summary.recoveries.push(Recovery { n, at, torn }),
            Event::NotApplicable { step, action, condition } => {
                self.not_applicable(stamped, step, action, condition)
            }
            Event::ActionStarted(started) | Event::RollbackStarted(started) => self.started(stamped, started),
            Event::ActionFinished(finished) | Event::RollbackFinished(finished) => {
                self.finished(stamped, finished)
            }
            Event::ItemConfirmed { step, action, by } => {
                self.put(stamped, &step, &action, What::Confirmed { by })
            }
            Event::ValueRecorded { step, action, name, value, evidence, within_limits, by } => {
                self.put(
                    stamped,
                    &step,
                    &action,
                    What::Recorded { name, value, evidence, within_limits, by },
                );
            }
            Event::SignOffRequested { step, action, role, statement } => {
                self.sign_off(stamped, step, action, What::Requested { role, statement });
            }
            Event::SignOffGiven(given) => self.signed(stamped, given),
            Event::SignOffRejected { step, action, reason, by } => {
                self.sign_off(stamped, step, action, What::Rejected { reason, by });
            }
            Event::SignOffRefused { step, action, reason, by } => {
                self.sign_off(stamped, step, action, What::Refused { reason, by });
            }
            Event::SignOffLapsed { step, action, reason } => {
                self.sign_off(stamped, step, action, What::Lapsed { reason });
            }
            Event::Deviation(deviation) => self.deviation(stamped, deviation),
            Event::Decision { step, action, choice, reason, by } => {
                let about = self.status(&step, &action).unwrap_or(Status::NotReached);
                let facts = DecisionFacts {
                    n,
                    at,
                    step: step.clone(),
                    action: action.clone(),
                    about,
                    choice,
                    reason: reason.clone(),
                    by: by.clone(),
                };
                self.summary.decisions.push(facts);
                self.put(stamped, &step, &action, What::Decision { choice, reason, by });
            }
            Event::RollbackOpened { steps, without, reason, by } => {
                self.rollback(stamped, steps, without, reason, by)
            }
            Event::Note { text, step, corrects, by } => {
                self.acted(&by.who);
                let about = step.clone();
                self.summary.notes.push(NoteFacts {
                    n,
                    at,
                    text: text.clone(),
                    step: step.clone(),
                    corrects,
                    by: by.clone(),
                });
                if let Some(index) = about.and_then(|id| self.step(&id)) {
                    let what = What::Note { text, corrects, by };
                    self.summary.steps[index].history.push(Happening { n, at, superseded: false, what });
                }
            }
            Event::Handover(handover) => self.handed_over(n, at, *handover),
            Event::HandoverAccepted { by } => {
                self.operator.clone_from(&by.who);
                self.handover_ended(stamped, true, None, by);
            }
            Event::HandoverWithdrawn { reason, by } => self.handover_ended(stamped, false, reason, by),
            Event::RunClosed { verdict } => self.summary.run.closed = Some(Closed { n, at, verdict }),
        }
    }

    fn misfit(&mut self, stamped: &Stamped, why: &str) {
        let misfit =
            Misfit { n: stamped.n, at: stamped.at, why: why.to_owned(), event: stamped.event.clone() };
        self.summary.misfits.push(misfit);
    }

    fn session(&mut self, n: u64, at: Timestamp, session: Session) {
        self.operator.clone_from(&session.operator);
        self.summary.sessions.push(SessionFacts { n, at, session });
    }

    fn handed_over(&mut self, n: u64, at: Timestamp, handover: Handover) {
        let Handover { to, standing, note, by } = handover;
        self.acted(&by.who);
        self.summary.handovers.push(HandoverFacts { n, at, to, standing, note, by, end: None });
    }

    fn handover_ended(&mut self, stamped: &Stamped, accepted: bool, reason: Option<String>, by: By) {
        self.acted(&by.who);
        match self.summary.handovers.last_mut().filter(|open| open.end.is_none()) {
            Some(open) => {
                open.end = Some(HandoverEnd { n: stamped.n, at: stamped.at, accepted, reason, by });
            }
            None => self.misfit(stamped, "no handover is open"),
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

    fn step(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// The action or rollback block of this name.
    fn action(&mut self, step: &str, action: &str) -> Option<&mut ActionSummary> {
        let index = self.step(step)?;
        let step = &mut self.summary.steps[index];
        step.actions.iter_mut().chain(&mut step.rollback_blocks).find(|known| known.id == action)
    }

    fn status(&self, step: &str, action: &str) -> Option<Status> {
        let index = self.step(step)?;
        let planned = &self.plan.steps[index];
        let at = self.summary.steps[index].actions.iter().position(|known| known.id == action);
        match at {
            Some(at) => {
                let history = &self.summary.steps[index].actions[at].history;
                Some(of_action(Some(&planned.actions[at].work), history))
            }
            None => {
                let block =
                    self.summary.steps[index].rollback_blocks.iter().find(|known| known.id == action)?;
                Some(of_action(None, &block.history))
            }
        }
    }

    fn put(&mut self, stamped: &Stamped, step: &str, action: &str, what: What) {
        if let Some(by) = what.by() {
            self.acted(&by.who.clone());
        }
        let happening = Happening { n: stamped.n, at: stamped.at, superseded: false, what };
        match self.action(step, action) {
            Some(action) => action.history.push(happening),
            None => self.misfit(stamped, "the document has no such action"),
        }
    }

    fn not_applicable(&mut self, stamped: &Stamped, step: String, action: Option<String>, condition: String) {
        if let Some(action) = action {
            return self.put(stamped, &step, &action, What::NotApplicable { condition });
        }
        let Some(index) = self.step(&step) else {
            return self.misfit(stamped, "the document has no such step");
        };
        let happening = Happening {
            n: stamped.n,
            at: stamped.at,
            superseded: false,
            what: What::NotApplicable { condition },
        };
        let step = &mut self.summary.steps[index];
        for action in &mut step.actions {
            action.history.push(happening.clone());
        }
        step.history.push(happening);
    }

    fn started(&mut self, stamped: &Stamped, started: Started) {
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
        self.put(stamped, &started.step, &started.action, What::Attempt(Box::new(attempt)));
    }

    fn finished(&mut self, stamped: &Stamped, finished: Box<Finished>) {
        self.summary.run.executing_ms += finished.duration_ms;
        let open = self.action(&finished.step, &finished.action).and_then(|action| {
            action.history.iter_mut().rev().find_map(|happening| match &mut happening.what {
                What::Attempt(attempt)
                    if attempt.finished.is_none() && attempt.attempt == finished.attempt =>
                {
                    Some(attempt)
                }
                _ => None,
            })
        });
        match open {
            Some(attempt) => {
                attempt.finished = Some(Ended { n: stamped.n, at: stamped.at, result: finished })
            }
            None => self.misfit(stamped, "nothing that ends here was started"),
        }
    }

    fn signed(&mut self, stamped: &Stamped, given: SignedOff) {
        let SignedOff { step, action, role, meaning, statement, name, assurance, signature, by } =
            given.clone();
        self.put(stamped, &step, &action, What::Given(given));
        let key = signature.map(|signature| signature.key);
        let what = SignOffEvent::Given { role, meaning, statement, name, assurance, key, by };
        self.summary.sign_offs.push(SignOffFacts { n: stamped.n, at: stamped.at, step, action, what });
    }

    fn sign_off(&mut self, stamped: &Stamped, step: String, action: String, what: What) {
        let event = match what.clone() {
            What::Requested { role, statement } => SignOffEvent::Requested { role, statement },
            What::Rejected { reason, by } => SignOffEvent::Rejected { reason, by },
            What::Refused { reason, by } => SignOffEvent::Refused { reason, by },
            What::Lapsed { reason } => SignOffEvent::Lapsed { reason },
            _ => return self.misfit(stamped, "not about a sign-off"),
        };
        self.put(stamped, &step, &action, what);
        self.summary.sign_offs.push(SignOffFacts { n: stamped.n, at: stamped.at, step, action, what: event });
    }

    fn deviation(&mut self, stamped: &Stamped, deviation: Deviation) {
        self.acted(&deviation.by.who.clone());
        let Deviation { kind, step, action, script, overridden, reason, by } = deviation;
        let number = self.summary.deviations.len() + 1;
        let what =
            What::Deviation { number, kind, script: script.clone(), reason: reason.clone(), by: by.clone() };
        let facts = DeviationFacts {
            n: stamped.n,
            at: stamped.at,
            number,
            kind,
            step: step.clone(),
            action: action.clone(),
            script,
            overridden,
            reason,
            by,
        };
        self.summary.deviations.push(facts);
        if kind == DeviationKind::PolicyOverridden {
            // It belongs to no step.
            return;
        }
        let Some(index) = self.step(&step) else { return };
        match kind {
            DeviationKind::Repeated => self.begin_again(index..index + 1),
            DeviationKind::OutOfOrder => self.begin_again(index..self.plan.steps.len()),
            _ => {}
        }
        let happening = Happening { n: stamped.n, at: stamped.at, superseded: false, what };
        if let Some(action) = action {
            return self.put(stamped, &step, &action, happening.what);
        }
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
            step.rollback = None;
        }
    }

    fn rollback(
        &mut self,
        stamped: &Stamped,
        steps: Vec<String>,
        without: Vec<String>,
        reason: Option<String>,
        by: Option<By>,
    ) {
        if let Some(by) = &by {
            self.acted(&by.who.clone());
        }
        for (ids, state) in [(&steps, RollbackState::Unfinished), (&without, RollbackState::Impossible)] {
            for id in ids {
                match self.step(id) {
                    Some(index) => self.summary.steps[index].rollback = Some(state),
                    None => self.misfit(stamped, "the document has no such step"),
                }
            }
        }
        self.summary.rollbacks.push(RollbackFacts {
            n: stamped.n,
            at: stamped.at,
            steps,
            without,
            reason,
            by,
        });
    }

    fn finish(mut self) -> Summary {
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
