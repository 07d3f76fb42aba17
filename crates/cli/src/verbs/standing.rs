//! Where recorded runs stand: what the engine makes of each record, whatever its last event says.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use holdpoint_document::Plan;
use holdpoint_engine::{Event, RunOpened, Verdict};
use holdpoint_record::{ReadError, Reader, RunDir, StoreError, by_all, read_seal};
use holdpoint_view::Reading;
use jiff::Timestamp;

use super::read::{document, read_problem, store_problem};
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
    let plan = plans.of(opened, || document(dir, &first).map(|(_, plan)| plan))?;
    let mut reading = Reading::new(&plan);
    let (mut verdict, mut last) = (None, first.at);
    // What the engine refuses is kept by the reading.
    let _ = reading.take(&first);
    for stamped in events.by_ref() {
        let stamped = stamped.map_err(read_problem)?;
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
    Ok(Standing { opened: opened.clone(), verdict, broken, first: first.at, last, sealed })
}

/// A document and what it includes, and the digest of its configuration.
type Digests = (Vec<(String, String)>, Option<String>);

/// Plans by what they were made of: many runs are of one document.
#[derive(Default)]
struct Plans(Mutex<HashMap<Digests, Arc<Plan>>>);

impl Plans {
    fn of(
        &self,
        opened: &RunOpened,
        compiled: impl FnOnce() -> Result<Plan, Problem>,
    ) -> Result<Arc<Plan>, Problem> {
        let config = opened.config.as_ref().map(|config| config.sha256.clone());
        // Where it lies decides which file a link leads to.
        let book = &opened.runbook;
        let own = (book.path.clone(), book.blob.sha256.clone());
        let included = book.includes.iter().map(|one| (one.path.clone(), one.blob.sha256.clone()));
        let key = (std::iter::once(own).chain(included).collect(), config);
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(plan) = known().get(&key).cloned() {
            return Ok(plan);
        }
        let plan = Arc::new(compiled()?);
        known().insert(key, Arc::clone(&plan));
        Ok(plan)
    }
}
