//! A run on its way, with everything around it. Runs, resumes, rehearsals and dry runs differ in the world around the loop.

use holdpoint_engine::{By, Event, Look, Question, RollbackPlan, Run, Task, Verdict};
use holdpoint_model::Plan;

use crate::{BlobStore, Journal, Recorder};

/// How a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The run is closed.
    Done(Verdict),
    /// It waits for somebody.
    Parked(Task, Question),
}

/// Holds the environment's rules against the repository as it is now: what was seen, and the refusal if one does not
/// hold that nobody has overridden. What it names is kept in the store.
pub type Rules<'a, E> = dyn Fn(&Run, &mut dyn BlobStore<Error = E>) -> Result<(Look, Option<E>), E> + 'a;

/// A run on its way, with everything around it.
pub struct Session<'a, J: Journal, D, R, O> {
    /// The run and its record.
    pub recorder: Recorder<'a, J, O>,
    /// Answers.
    pub desk: D,
    /// Executes.
    pub runner: R,
    /// Asked where rules must be held once more.
    pub rules: Box<Rules<'a, J::Error>>,
}

/// A rollback that somebody asks for; or the document, where it is nobody.
pub fn roll_back(plan: &Plan, wanted: &RollbackPlan, reason: Option<String>, by: Option<By>) -> Event {
    let ids = |steps: &[usize]| steps.iter().map(|step| plan.steps[*step].id.clone()).collect();
    let places = wanted.places.clone();
    Event::RollbackOpened { steps: ids(&wanted.steps), without: ids(&wanted.without), places, reason, by }
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
