//! When releases were given, for those that stay good for a time only (`expires`).

use std::collections::BTreeMap;
use std::time::Duration;

use holdpoint_model::{Plan, Work};
use jiff::Timestamp;

use crate::{Event, Next, Run, Task, duration};

/// When each release was given. The engine has no clock: whoever has one, or a record, says when something happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Releases {
    /// By action, by signer; the last time of each.
    given: BTreeMap<String, BTreeMap<String, Timestamp>>,
}

impl Releases {
    /// Takes note of an event and its time.
    pub fn note(&mut self, event: &Event, at: Timestamp) {
        if let Event::SignOffGiven(given) = event {
            self.given.entry(given.action.clone()).or_default().insert(given.by.who.clone(), at);
        }
    }

    /// `signoff.lapsed` for each release that is no longer good at `now`. Where it takes several people, the oldest of
    /// those that count decides. Nothing lapses in a dry run.
    pub fn lapsed(&self, plan: &Plan, run: &Run, now: Timestamp) -> Vec<Event> {
        let lapsed = run.lapsable(plan).into_iter().filter_map(|task| self.lapse(plan, run, task, now));
        lapsed.collect()
    }

    /// Why the event cannot have happened at that time, in words; `None` if it can: something begins although a
    /// release before it is no longer good, or a release lapses before its time.
    pub fn refusal(&self, plan: &Plan, run: &Run, event: &Event, at: Timestamp) -> Option<String> {
        let lapsed = || self.lapsed(plan, run, at).into_iter();
        match event {
            // The engine itself says what lapses for another reason than time.
            Event::SignOffLapsed { .. } if matches!(run.next(plan), Next::Lapse { .. }) => None,
            Event::SignOffLapsed { action, .. } => {
                let named =
                    lapsed().any(|e| matches!(e, Event::SignOffLapsed { action: of, .. } if of == *action));
                (!named).then(|| format!("the release of {action} was still good"))
            }
            _ if event.begins() => match lapsed().next()? {
                Event::SignOffLapsed { action, reason, .. } => {
                    Some(format!("it began though the release of {action} had lapsed ({reason})"))
                }
                _ => None,
            },
            _ => None,
        }
    }

    fn lapse(&self, plan: &Plan, run: &Run, task: Task, now: Timestamp) -> Option<Event> {
        let Some(Work::SignOff(sign_off)) = task.work(plan) else { return None };
        let (good, action) = (sign_off.expires?, task.id(plan));
        // A release whose time nobody knows is not good.
        let given = |who: &str| self.given.get(&action).and_then(|given| given.get(who)).copied();
        let oldest = run.signers(task).map(given).min()?;
        if oldest.is_some_and(|oldest| age(oldest, now) <= good) {
            return None;
        }
        let since = oldest.map(|at| format!("given at {}, ", at.strftime("%Y-%m-%d %H:%M:%SZ")));
        let reason = format!("{}good for {}", since.unwrap_or_default(), duration(good));
        Some(Event::SignOffLapsed { step: task.step_of(plan).id.clone(), action, reason })
    }
}

/// In whole microseconds of both times, as a record holds them. Nothing for a clock that was set back.
fn age(from: Timestamp, to: Timestamp) -> Duration {
    let micros = to.as_microsecond().saturating_sub(from.as_microsecond());
    Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}

impl Run {
    /// `signoff.lapsed` for the sign-off that must lapse now, if one must: nothing else is taken before it.
    pub fn due_lapse(&self, plan: &Plan) -> Option<Event> {
        let Next::Lapse { task, reason } = self.next(plan) else { return None };
        Some(Event::SignOffLapsed { step: task.step_of(plan).id.clone(), action: task.id(plan), reason })
    }

    /// Releases that lapse once their time is up: given in part or in whole, and nothing that they guard has begun.
    /// None while a block runs, in a rollback, at the end, and in a dry run.
    pub fn lapsable(&self, plan: &Plan) -> Vec<Task> {
        if self.unused.is_empty() {
            return Vec::new();
        }
        let waits = matches!(self.next(plan), Next::Execute(_) | Next::Ask(..) | Next::PassOver { .. });
        if !waits || self.is_dry() || self.is_rolling_back() {
            return Vec::new();
        }
        let expires = |task: &&Task| match task.work(plan) {
            Some(Work::SignOff(sign_off)) => sign_off.expires.is_some(),
            _ => false,
        };
        let given = |task: &&Task| self.signers(**task).next().is_some();
        self.unused.iter().filter(expires).filter(given).copied().collect()
    }
}
