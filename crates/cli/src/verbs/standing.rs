//! Where recorded runs stand: what the engine makes of each record, whatever its last event says.

use std::sync::Arc;

use holdpoint_document::Plan;
use holdpoint_engine::{Event, RunOpened, Stamped, Verdict};
use holdpoint_record::{
    ReadError, Reader, RunDir, StoreError, by_all, has_tombstones, read_seal, review_count,
};
use holdpoint_view::{Awaited, Driver, HeldBy, Reading, Wanted};
use jiff::Timestamp;

use super::plans::Plans;
use super::read::{document, exchanged, held_by, read_problem, store_problem};
use super::verdict::verdict_words;
use crate::problem::Problem;

/// What is said of a run in which the engine did not ask for every event.
const DOES_NOT_CONFORM: &str = "does not conform";
/// What is said of a run that is not over.
const OPEN: &str = "open";

/// A run in the list of all.
pub struct Standing {
    /// How it began.
    pub opened: Box<RunOpened>,
    /// Who operates it, or did last.
    pub operator: String,
    /// How it ended; `None` while it is open, and of a record that does not conform.
    pub verdict: Option<Verdict>,
    /// How often it was gone about otherwise than the document says.
    pub deviations: usize,
    /// What it waits for, where it is open.
    pub awaited: Option<Awaited>,
    /// Which process has it just now.
    pub driver: Option<Driver>,
    /// Whether something was expunged from it.
    pub expunged: bool,
    /// Where the record stops conforming, and why.
    pub broken: Option<String>,
    /// When event 0 was written.
    pub first: Timestamp,
    /// When the last event was.
    pub last: Timestamp,
    /// Whether it is sealed.
    pub sealed: bool,
    /// How many reviews lie beside it, none of them proved; `None` where what lies there is none.
    pub reviews: Option<usize>,
    /// Until when it stands so, whatever nobody does: then a sign-off lapses.
    until: Option<Timestamp>,
}

/// How much of a record was read.
pub struct Read<'a> {
    /// How it began.
    pub opened: &'a RunOpened,
    /// When.
    pub first: Timestamp,
    /// When the last event was written.
    pub last: Timestamp,
    /// How it was closed, if it was.
    pub closed: Option<Verdict>,
    /// Whether it is sealed.
    pub sealed: bool,
    /// Who had the run when it was begun to be read.
    pub held: Option<HeldBy>,
}

impl Standing {
    /// Of a record that was read to its end.
    pub fn of(dir: &RunDir, reading: &Reading<'_>, read: &Read<'_>) -> Standing {
        let now = Timestamp::now();
        let until = reading.seen_until(now);
        let seen = reading.seen_at(now);
        let reading = seen.as_ref().unwrap_or(reading);
        let broken = reading.broken().map(|broken| format!("event {}: {}", broken.n, broken.why));
        // Somebody may have come since.
        let held = || read.held.clone().or_else(|| held_by(&dir.path));
        let driver = reading.awaited(false).and_then(|_| reading.driver(&held()?));
        let awaited = reading.awaited(driver.as_ref().is_some_and(|driver| driver.drives));
        Standing {
            operator: reading.run().operator().to_owned(),
            opened: Box::new(read.opened.clone()),
            verdict: read.closed.filter(|_| broken.is_none()),
            deviations: reading.run().deviations(),
            driver,
            awaited,
            expunged: has_tombstones(&dir.path),
            broken,
            first: read.first,
            last: read.last,
            sealed: read.sealed,
            reviews: review_count(&dir.path).ok(),
            until,
        }
    }

    /// Whether it waits for somebody who reviews it. What lies beside it and is no review counts for none.
    pub fn is_unreviewed(&self) -> bool {
        self.sealed && self.reviews.is_none_or(|reviews| reviews == 0)
    }

    /// Until when it stands so, whatever nobody does; `None` where time changes nothing.
    pub fn until(&self) -> Option<Timestamp> {
        self.until
    }

    /// Whether time has made another of it since it was read.
    pub fn is_outdated(&self) -> bool {
        self.until.is_some_and(|until| until < Timestamp::now())
    }

    /// In words: `passed with 2 deviations`, `driven by ann`, `waits for qa`.
    pub fn words(&self) -> String {
        self.with_what_is_gone(self.how())
    }

    /// That something was expunged, behind `words` of how it stands.
    pub fn with_what_is_gone(&self, words: String) -> String {
        if self.expunged { format!("{words}, expunged") } else { words }
    }

    /// As [`Standing::words`], whatever was expunged.
    pub fn how(&self) -> String {
        match (&self.broken, self.verdict, &self.awaited) {
            (Some(_), ..) => DOES_NOT_CONFORM.to_owned(),
            (None, Some(verdict), _) => verdict.told(self.deviations),
            // Somebody else's signature is waited for whether the driver waits along or not.
            (None, None, Some(awaited)) if !self.is_driven() || awaited.what == Wanted::SignOff => {
                awaited.words()
            }
            (None, None, Some(awaited)) if awaited.rolling_back => {
                format!("driven by {}, rolling back", self.operator)
            }
            (None, None, Some(awaited)) if awaited.what == Wanted::EndOfBlock => {
                format!("driven by {}, {}", self.operator, awaited.words())
            }
            (None, None, Some(_)) => format!("driven by {}", self.operator),
            (None, None, None) => OPEN.to_owned(),
        }
    }

    /// How it stands, in one word or two that never change, for programs.
    pub fn state(&self) -> &'static str {
        match (&self.broken, self.verdict) {
            (Some(_), _) => DOES_NOT_CONFORM,
            (None, Some(verdict)) => verdict_words(verdict),
            (None, None) => OPEN,
        }
    }

    /// Whether somebody drives it just now: others may have it, too.
    fn is_driven(&self) -> bool {
        self.driver.as_ref().is_some_and(|driver| driver.drives)
    }

    /// Since when it waits, runs or is driven.
    pub fn since(&self) -> Option<Timestamp> {
        let awaited = self.awaited.as_ref()?;
        let moves = matches!(awaited.what, Wanted::SignOff | Wanted::EndOfBlock);
        let driven = self.driver.as_ref().filter(|driver| driver.drives && !moves);
        Some(driven.map_or(awaited.since, |driver| driver.since))
    }
}

/// Why it cannot be told where a run stands.
pub struct Unreadable {
    /// What is wrong.
    pub problem: Problem,
    /// Whether nothing of it was ever recorded, as a crash leaves it: not even a first event, and no seal.
    pub never_opened: bool,
}

impl From<Problem> for Unreadable {
    fn from(problem: Problem) -> Unreadable {
        Unreadable { problem, never_opened: false }
    }
}

/// Where each of these runs stands, in their order; by all processors. The error says why one cannot be read.
pub fn standings(dirs: &[RunDir]) -> Vec<Result<Standing, Unreadable>> {
    let plans = Plans::default();
    by_all(dirs, |dir| standing(dir, &plans))
}

/// Where a run stands; `plans` are those of the runs before it.
pub fn standing(dir: &RunDir, plans: &Plans) -> Result<Standing, Unreadable> {
    let no_first_event = || {
        let never_opened = matches!(read_seal(&dir.path), Ok(None));
        Unreadable { problem: read_problem(ReadError::NoFirstEvent(dir.path.clone())), never_opened }
    };
    let mut events = match Reader::open(&dir.path) {
        Err(ReadError::NoFirstEvent(_)) => return Err(no_first_event()),
        events => events.map_err(read_problem)?,
    };
    let first = events.next().ok_or_else(no_first_event)?;
    let first = first.map_err(read_problem)?;
    let Event::RunOpened(opened) = &first.event else {
        return Err(Problem::record("the record does not begin with run.opened", "Verify it.").into());
    };
    if opened.number != dir.number {
        let (path, number, recorded) = (dir.path.clone(), dir.number, opened.number);
        return Err(store_problem(StoreError::Misnumbered { path, number, recorded }).into());
    }
    let mut plan = plans.of(opened, || document(dir, &first).map(|(_, plan)| plan))?;
    loop {
        match standing_by(dir, &plan, (events, &first, opened))? {
            Stands::Here(standing) => return Ok(*standing),
            // Few are: from the beginning once more.
            Stands::Goes(by) => {
                (plan, events) = (Arc::from(by), Reader::open(&dir.path).map_err(read_problem)?);
                events.next();
            }
        }
    }
}

/// Where a run stands by a plan, or by which plan it goes on.
enum Stands {
    Here(Box<Standing>),
    Goes(Box<Plan>),
}

fn standing_by(
    dir: &RunDir,
    plan: &Plan,
    (mut events, first, opened): (Reader, &Stamped, &RunOpened),
) -> Result<Stands, Unreadable> {
    let held = held_by(&dir.path);
    let mut reading = Reading::new(plan);
    let (mut verdict, mut last) = (None, first.at);
    // What the engine refuses is kept by the reading.
    let _ = reading.take(first);
    for stamped in events.by_ref() {
        let stamped = stamped.map_err(read_problem)?;
        if reading.broken().is_none()
            && let Some((_, plan)) = exchanged(dir, plan, reading.run(), &stamped)?
        {
            return Ok(Stands::Goes(Box::new(plan)));
        }
        last = stamped.at;
        if reading.take(&stamped).is_ok()
            && let Event::RunClosed { verdict: closed } = stamped.event
        {
            verdict = Some(closed);
        }
    }
    let sealed = events.seal().map_err(read_problem)?.is_some();
    let read = Read { opened, first: first.at, last, closed: verdict, sealed, held };
    Ok(Stands::Here(Box::new(Standing::of(dir, &reading, &read))))
}
