//! A run told as it happens: what is on record, and then whatever is added.

use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use holdpoint_document::Plan;
use holdpoint_engine::{Event, RunOpened, Stamped};
use holdpoint_record::{Reader, RunDir};
use holdpoint_view::{HeldBy, Reading};
use holdpoint_web::LiveUpdate;
use jiff::Timestamp;
use serde_json::Value;

use super::happened::happened;
use super::row::row;
use super::stamp::{Stamp, short_enough};
use crate::problem::Problem;
use crate::verbs::read::{begin, document, exchanged, read_problem};
use crate::verbs::standing::{Read, Standing};

/// How often it is looked whether something was added. A driver tells nobody but its record.
const LOOK: Duration = Duration::from_millis(200);

/// How following came to an end.
enum End {
    /// Nobody listens, or the run is over and told.
    Told,
    /// From the beginning once more, by this plan.
    Again(Arc<Plan>),
}

/// Where a follower is.
struct Follower<'t> {
    dir: &'t RunDir,
    /// The next event that is told.
    next: u64,
    /// How the run stood when that was told last.
    stood: Option<Value>,
    /// Until when it stands so, whatever is added.
    until: Option<Timestamp>,
    tell: &'t mut dyn FnMut(LiveUpdate) -> bool,
}

/// Tells all events of a run from `from` on, and how it stands, until it is sealed or nobody listens.
pub fn follow(dir: &RunDir, from: u64, tell: &mut dyn FnMut(LiveUpdate) -> bool) -> Result<(), Problem> {
    short_enough(&dir.path)?;
    let mut follower = Follower { dir, next: from, stood: None, until: None, tell };
    let (_, first) = begin(dir)?;
    let mut plan = Arc::new(document(dir, &first)?.1);
    while let End::Again(by) = follower.by(&plan)? {
        plan = by;
    }
    Ok(())
}

impl Follower<'_> {
    fn by(&mut self, plan: &Arc<Plan>) -> Result<End, Problem> {
        let mut stamp = Stamp::of(&self.dir.path);
        let (mut events, first) = begin(self.dir)?;
        let Event::RunOpened(opened) = &first.event else {
            return Err(Problem::record("the record does not begin with run.opened", "Verify it."));
        };
        let mut reading = Reading::new(plan);
        // What the engine refuses is kept by the reading.
        let _ = reading.take(&first);
        let (mut last, mut closed) = (first.at, None);
        if !self.event(&first) {
            return Ok(End::Told);
        }
        let mut whole = true;
        loop {
            for stamped in events.by_ref() {
                let stamped = stamped.map_err(read_problem)?;
                if reading.broken().is_none()
                    && let Some((_, by)) = exchanged(self.dir, plan, reading.run(), &stamped)?
                {
                    return Ok(End::Again(Arc::new(by)));
                }
                last = stamped.at;
                if reading.take(&stamped).is_ok()
                    && let Event::RunClosed { verdict } = stamped.event
                {
                    closed = Some(verdict);
                }
                if !self.event(&stamped) {
                    return Ok(End::Told);
                }
            }
            if stamp.has_seal() && !whole {
                // The seal is held against all of it.
                return Ok(End::Again(Arc::clone(plan)));
            }
            let sealed = whole && events.seal().map_err(read_problem)?.is_some();
            if !self.standing(&reading, (opened, first.at, last), closed, (sealed, stamp.held())) || sealed {
                return Ok(End::Told);
            }
            let known = events.position();
            stamp = match self.wait(&stamp) {
                Some(stamp) => stamp,
                None => return Ok(End::Told),
            };
            short_enough(&self.dir.path)?;
            events = Reader::behind(&self.dir.path, &known).map_err(read_problem)?.ok_or_else(|| {
                Problem::record(
                    "what was on record is not what it was",
                    "`holdpoint verify` says what is wrong with it.",
                )
            })?;
            whole = false;
        }
    }

    /// Waits until the record may be another; `None` where nobody listens any more.
    fn wait(&mut self, before: &Stamp) -> Option<Stamp> {
        loop {
            // What was written within the same tick as the last look bears the same time.
            let settled = before.settled();
            sleep(LOOK);
            if !(self.tell)(LiveUpdate::Nothing) {
                return None;
            }
            let now = Stamp::of(&self.dir.path);
            let outdated = self.until.is_some_and(|until| until < Timestamp::now());
            if now != *before || !settled || outdated {
                return Some(now);
            }
        }
    }

    fn event(&mut self, stamped: &Stamped) -> bool {
        if stamped.n < self.next {
            return true;
        }
        self.next = stamped.n + 1;
        let mut event = serde_json::to_value(stamped).unwrap_or_default();
        // As the record writes it: whole microseconds.
        event["at"] = Value::from(format!("{:.6}", stamped.at));
        (self.tell)(LiveUpdate::Event { happened: happened(stamped), event })
    }

    fn standing(
        &mut self,
        reading: &Reading<'_>,
        (opened, first, last): (&RunOpened, Timestamp, Timestamp),
        closed: Option<holdpoint_engine::Verdict>,
        (sealed, held): (bool, Option<HeldBy>),
    ) -> bool {
        let read = Read { opened, first, last, closed, sealed, held };
        let standing = Standing::of(self.dir, reading, &read);
        self.until = standing.until();
        let row = row(self.dir, &standing);
        if self.stood.as_ref() == Some(&row.json) {
            return true;
        }
        self.stood = Some(row.json.clone());
        (self.tell)(LiveUpdate::Standing(Box::new(row)))
    }
}
