//! Where recorded runs stand: what the engine makes of each record, whatever its last event says.

use std::sync::Arc;

use holdpoint_document::Plan;
use holdpoint_engine::{Event, RunOpened, Stamped, Verdict};
use holdpoint_record::{ReadError, Reader, RunDir, StoreError, by_all, read_seal};
use holdpoint_view::Reading;
use jiff::Timestamp;

use super::plans::Plans;
use super::read::{document, exchanged, read_problem, store_problem};
use crate::problem::Problem;

/// A run in the list of all.
pub struct Standing {
    /// How it began.
    pub opened: Box<RunOpened>,
    /// How it ended; `None` while it is open, and of a record that does not conform.
    pub verdict: Option<Verdict>,
    /// Where the record stops conforming, and why.
    pub broken: Option<String>,
    /// When event 0 was written.
    pub first: Timestamp,
    /// When the last event was.
    pub last: Timestamp,
    /// Whether it is sealed.
    pub sealed: bool,
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

fn standing(dir: &RunDir, plans: &Plans) -> Result<Standing, Unreadable> {
    let mut events = Reader::open(&dir.path).map_err(read_problem)?;
    let Some(first) = events.next() else {
        let never_opened = matches!(read_seal(&dir.path), Ok(None));
        let problem = read_problem(ReadError::NoFirstEvent(dir.path.clone()));
        return Err(Unreadable { problem, never_opened });
    };
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
            Stands::Here(standing) => return Ok(standing),
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
    Here(Standing),
    Goes(Box<Plan>),
}

fn standing_by(
    dir: &RunDir,
    plan: &Plan,
    (mut events, first, opened): (Reader, &Stamped, &RunOpened),
) -> Result<Stands, Unreadable> {
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
    let broken = reading.broken().map(|broken| format!("event {}: {}", broken.n, broken.why));
    let verdict = verdict.filter(|_| broken.is_none());
    let opened = Box::new(opened.clone());
    Ok(Stands::Here(Standing { opened, verdict, broken, first: first.at, last, sealed }))
}
