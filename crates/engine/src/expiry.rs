//! Sign-offs that stay good for a time only (`expires`). The engine has no clock: every event comes with its time.

use std::time::Duration;

use holdpoint_model::{Plan, Work};
use jiff::Timestamp;

use crate::fold::Fold;
use crate::{Due, Event, Frontier, Run, Task, Unexpected, duration};

impl Run {
    /// `signoff.lapsed` for each sign-off that is no longer good at `now`. Where it takes several people, the oldest of
    /// those that count decides. Nothing lapses in a dry run.
    pub fn lapses_at(&self, plan: &Plan, now: Timestamp) -> Vec<Event> {
        self.lapses(plan, &self.frontier(plan), now)
    }

    /// The run as it goes on at `now`: with each sign-off lapsed that lapses before anything else happens.
    ///
    /// # Errors
    /// The run is closed, or something else is due first.
    pub fn going_on_at(&self, plan: &Plan, now: Timestamp) -> Result<Run, Unexpected> {
        let mut run = self.clone();
        run.lapse_what_is_due(plan, now)?;
        for lapsed in run.lapses_at(plan, now) {
            run.apply(plan, now, &lapsed)?;
            run.lapse_what_is_due(plan, now)?;
        }
        Ok(run)
    }

    /// The run as whoever reads its record at `now` is told of it: what is no longer good then is about to lapse, though no
    /// event says so yet. `None` where nothing is: what was used, and a run that is over, stay as they were recorded.
    pub fn seen_at(&self, plan: &Plan, now: Timestamp) -> Option<Run> {
        let plan = plan.after(self.exchanges);
        let expiring = self.expiring(plan);
        let lapses = expiring.into_iter().filter_map(|task| Some((task, self.age_of(plan, task, now)?)));
        let lapses: Vec<(Task, String)> = lapses.filter(|(task, _)| !self.is_lapsing(*task)).collect();
        if lapses.is_empty() {
            return None;
        }
        let mut seen = self.clone();
        lapses.iter().for_each(|(task, reason)| seen.lapse(*task, reason));
        Some(seen)
    }

    /// Until when [`Run::seen_at`] stays as it is; `None` where time changes nothing.
    pub fn seen_until(&self, plan: &Plan, now: Timestamp) -> Option<Timestamp> {
        let plan = plan.after(self.exchanges);
        let until = |task: Task| {
            let Some(Work::SignOff(sign_off)) = task.work(plan) else { return None };
            let until = self.oldest(task)??.checked_add(sign_off.expires?).ok()?;
            (until >= now).then_some(until)
        };
        self.expiring(plan).into_iter().filter_map(until).min()
    }

    /// What a reader may be told has lapsed: also where nobody may do anything just now, and so nothing lapses yet.
    fn expiring(&self, plan: &Plan) -> Vec<Task> {
        let unused = self.expires_unused(plan);
        if unused.is_empty() {
            return unused;
        }
        let frontier = self.frontier(plan);
        if frontier.verdict.is_none() && frontier.running.is_empty() { unused } else { Vec::new() }
    }

    /// Sign-offs that are about to lapse, by their actions, and why.
    pub fn about_to_lapse(&self, plan: &Plan) -> Vec<(String, String)> {
        let plan = plan.after(self.exchanges);
        self.lapsing.iter().map(|(task, reason)| (task.id(plan), reason.clone())).collect()
    }

    fn lapse_what_is_due(&mut self, plan: &Plan, now: Timestamp) -> Result<(), Unexpected> {
        while let Some(lapsed) = self.due_lapse(plan) {
            self.apply(plan, now, &lapsed)?;
        }
        Ok(())
    }

    fn lapses(&self, plan: &Plan, frontier: &Frontier, now: Timestamp) -> Vec<Event> {
        let tasks = self.lapsable_at(plan, frontier);
        tasks.into_iter().filter_map(|task| self.lapse_of(plan, task, now)).collect()
    }

    /// Something begins although a sign-off before it is no longer good, or a sign-off lapses before its time.
    pub(crate) fn in_time(&self, plan: &Plan, frontier: &Frontier, event: &Event, at: Timestamp) -> Fold {
        match event {
            // The engine itself says what lapses for another reason than time.
            Event::SignOffLapsed { .. } if matches!(frontier.due, Some(Due::Lapse { .. })) => Ok(()),
            Event::SignOffLapsed { action, .. } => {
                let lapses = self.lapses(plan, frontier, at);
                let named = |e: &Event| matches!(e, Event::SignOffLapsed { action: of, .. } if of == action);
                if lapses.iter().any(named) {
                    return Ok(());
                }
                Err(format!("the sign-off of {action} was still good"))
            }
            _ if event.begins() => match self.lapses(plan, frontier, at).first() {
                Some(Event::SignOffLapsed { action, reason, .. }) => {
                    Err(format!("it began though the sign-off of {action} had lapsed ({reason})"))
                }
                _ => Ok(()),
            },
            _ => Ok(()),
        }
    }

    fn lapse_of(&self, plan: &Plan, task: Task, now: Timestamp) -> Option<Event> {
        let reason = self.age_of(plan, task, now)?;
        Some(Event::SignOffLapsed { step: task.step_of(plan).id.clone(), action: task.id(plan), reason })
    }

    /// When the oldest of those that count was given, which nobody may know; nothing where none was.
    fn oldest(&self, task: Task) -> Option<Option<Timestamp>> {
        let given = |who: &str| self.given.get(&task).and_then(|given| given.get(who)).copied();
        self.signers(task).map(given).min()
    }

    /// Why a sign-off is no longer good at `now`, in words; `None` where it is.
    fn age_of(&self, plan: &Plan, task: Task, now: Timestamp) -> Option<String> {
        let Some(Work::SignOff(sign_off)) = task.work(plan) else { return None };
        let good = sign_off.expires?;
        // A sign-off whose time nobody knows is not good.
        let oldest = self.oldest(task)?;
        if oldest.is_some_and(|oldest| age(oldest, now) <= good) {
            return None;
        }
        let since = oldest.map(|at| format!("given at {}, ", at.strftime("%Y-%m-%d %H:%M:%SZ")));
        Some(format!("{}good for {}", since.unwrap_or_default(), duration(good)))
    }

    /// `signoff.lapsed` for the sign-off that must lapse now, if one must: nothing else is taken before it.
    pub fn due_lapse(&self, plan: &Plan) -> Option<Event> {
        let plan = plan.after(self.exchanges);
        let Some(Due::Lapse { task, reason }) = self.frontier(plan).due else { return None };
        Some(Event::SignOffLapsed { step: task.step_of(plan).id.clone(), action: task.id(plan), reason })
    }

    /// Sign-offs that lapse once their time is up: given in part or in whole, and nothing that they guard has begun.
    /// None while a block runs, in a rollback, at the end, and in a dry run.
    pub fn lapsable(&self, plan: &Plan) -> Vec<Task> {
        self.lapsable_at(plan, &self.frontier(plan))
    }

    pub(crate) fn lapsable_at(&self, plan: &Plan, frontier: &Frontier) -> Vec<Task> {
        if frontier.waits() { self.expires_unused(plan) } else { Vec::new() }
    }

    fn expires_unused(&self, plan: &Plan) -> Vec<Task> {
        if self.unused.is_empty() || self.is_closed() || self.is_dry() || self.is_rolling_back() {
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

/// In whole microseconds of both times, as a record holds them. Nothing for a clock that was set back.
fn age(from: Timestamp, to: Timestamp) -> Duration {
    let micros = to.as_microsecond().saturating_sub(from.as_microsecond());
    Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}
