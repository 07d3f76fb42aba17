//! What somebody decided, in the order in which it happened: what a run's questions were answered with, and commands that were
//! done by hand instead of run.

use holdpoint_engine::{By, Choice, Outcome, Status};
use holdpoint_view::{ActionSummary, Happening, StepSummary, Summary, What};
use jiff::Timestamp;
use serde::Serialize;

use crate::markdown::words::choice;

/// A decision as the head of a report tells it.
#[derive(Serialize)]
pub(crate) struct Decided<'a> {
    n: u64,
    at: Timestamp,
    step: &'a str,
    action: &'a str,
    place: Option<&'a str>,
    /// How it stood then, in words.
    about: String,
    what: &'static str,
    /// Why; empty where nobody is asked for that.
    reason: &'a str,
    by: &'a By,
}

/// All of them.
pub(crate) fn decided(summary: &Summary) -> Vec<Decided<'_>> {
    let decisions = summary.decisions.iter().map(|decision| Decided {
        n: decision.n,
        at: decision.at,
        step: &decision.step,
        action: &decision.action,
        place: decision.place.as_deref(),
        about: decision.about.words().to_lowercase(),
        what: choice(decision.choice),
        reason: decision.reason.as_deref().unwrap_or(match decision.choice {
            Choice::Abort => "none given",
            _ => "",
        }),
        by: &decision.by,
    });
    let steps = summary.steps.iter();
    let by_hand = steps.flat_map(|step| step.actions.iter().flat_map(|action| by_hand(step, action)));
    let mut all: Vec<_> = decisions.chain(by_hand).collect();
    all.sort_by_key(|decided| decided.n);
    all
}

/// A command is not confirmed but done by hand.
fn by_hand<'a>(step: &'a StepSummary, action: &'a ActionSummary) -> Vec<Decided<'a>> {
    if action.kind != "offer" {
        return Vec::new();
    }
    let history = action.history.iter().enumerate();
    let done = history.filter_map(|(at, happening)| match &happening.what {
        What::Confirmed { by, .. } => Some(Decided {
            n: happening.n,
            at: happening.at,
            step: &step.id,
            action: &action.id,
            place: happening.place.as_deref(),
            about: before(&action.history[..at]).words().to_lowercase(),
            what: "done by hand",
            reason: "",
            by,
        }),
        _ => None,
    });
    done.collect()
}

/// How a command stood after this.
fn before(history: &[Happening]) -> Status {
    let ended = history.iter().rev().find_map(|happening| match &happening.what {
        What::Attempt(attempt) => attempt.finished.as_ref().map(|ended| ended.result.outcome),
        _ => None,
    });
    ended.map_or(Status::NotReached, |outcome: Outcome| Status::from(outcome))
}
