//! A record read: the engine driven over its events, as far as they are ones that it asked for.

use holdpoint_engine::{Event, Run, Stamped};
use holdpoint_model::Plan;
use jiff::Timestamp;

use crate::awaited::{Awaited, Wanted, leads_on, moves};
use crate::driver::{Driver, HeldBy};

/// Drives a [`Run`] over recorded events. After the first event that the engine refuses, it takes no other: nobody can
/// say what they mean.
#[derive(Clone, Debug)]
pub struct Reading<'p> {
    plan: &'p Plan,
    run: Run,
    broken: Option<Break>,
    /// What somebody else refuses.
    refused: Option<Break>,
    moved: Option<Timestamp>,
    /// When it came to where it stands.
    reached: Option<Timestamp>,
    /// When the last session began.
    session: Option<Timestamp>,
}

/// Where a record stops conforming.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Break {
    /// The first event that the engine did not ask for.
    pub n: u64,
    /// Why, in the engine's words.
    pub why: String,
}

impl<'p> Reading<'p> {
    /// Of a record of this plan, before its first event.
    pub fn new(plan: &'p Plan) -> Reading<'p> {
        Reading {
            plan,
            run: Run::new(plan),
            broken: None,
            refused: None,
            moved: None,
            reached: None,
            session: None,
        }
    }

    /// The same, where `verify` found an event that does not conform, such as a sign-off whose signature is by another key:
    /// the engine knows no signatures, and would take it.
    pub fn refusing(self, refused: Option<Break>) -> Reading<'p> {
        Reading { refused, ..self }
    }

    /// Takes the next event. The error says why it does not count.
    pub fn take(&mut self, stamped: &Stamped) -> Result<(), String> {
        if self.broken.is_none() {
            self.broken = self.refused.take_if(|refused| refused.n == stamped.n);
            if let Some(Break { why, .. }) = &self.broken {
                return Err(why.clone());
            }
        }
        if let Some(Break { n, .. }) = &self.broken {
            return Err(format!("it follows event {n}, which the engine did not ask for"));
        }
        let Stamped { n, at, event, .. } = stamped;
        self.run.apply(self.plan, *at, event).map_err(|unexpected| {
            self.broken = Some(Break { n: *n, why: unexpected.reason.clone() });
            unexpected.reason
        })?;
        if matches!(event, Event::RunOpened(_) | Event::SessionOpened(_)) {
            self.session = Some(*at);
        }
        if moves(event) {
            self.moved = Some(*at);
            if leads_on(event) {
                self.reached = Some(*at);
            }
        }
        Ok(())
    }

    /// The same as whoever reads it at `now` is told of it; `None` where time has changed nothing, see [`Run::seen_at`].
    pub fn seen_at(&self, now: Timestamp) -> Option<Reading<'p>> {
        let run = self.run.seen_at(self.plan, now).filter(|_| self.broken.is_none())?;
        Some(Reading { run, ..self.clone() })
    }

    /// Until when [`Reading::seen_at`] gives the same; `None` where time changes nothing.
    pub fn seen_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.run.seen_until(self.plan, now).filter(|_| self.broken.is_none())
    }

    /// The run, as far as the record conforms.
    pub fn run(&self) -> &Run {
        &self.run
    }

    /// The plan that is walked: where the document is exchanged later, the one until then.
    pub fn plan(&self) -> &'p Plan {
        self.plan.after(self.run.exchanges())
    }

    /// What the run waits for, where it is `driven` and where not; `None` where it is over, has not begun, or does not
    /// conform.
    pub fn awaited(&self, driven: bool) -> Option<Awaited> {
        let goes_on = self.broken.is_none() && !self.run.is_closed();
        let moved = self.moved.filter(|_| goes_on)?;
        let awaited = Awaited::of(&self.run, self.plan, moved, driven);
        // Whoever signs is waited for since the hold point was reached, whatever was done beside it.
        let since = self.reached.filter(|_| awaited.what == Wanted::SignOff).unwrap_or(moved);
        Some(Awaited { since, ..awaited })
    }

    /// What whoever has the run just now does with it; `None` where it has not begun.
    pub fn driver(&self, held: &HeldBy) -> Option<Driver> {
        Some(Driver::of(held, self.run.operator(), self.session?))
    }

    /// Where the record stops conforming; `None` as long as it conforms.
    pub fn broken(&self) -> Option<&Break> {
        self.broken.as_ref()
    }
}
