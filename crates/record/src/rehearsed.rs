//! Which run is the rehearsal that an environment asks for: asked before a run opens, and by audits ever after.

use std::time::Duration;

use holdpoint_engine::{RunOpened, Verdict};
use holdpoint_model::Requires;
use jiff::Timestamp;

use crate::Verification;

/// What `requires` of an environment asks of a rehearsal of some run-book.
#[derive(Clone, Copy, Debug)]
pub struct RehearsalRule<'a> {
    /// The environment that it was in.
    pub environment: &'a str,
    digest: &'a str,
    /// How old it may be.
    pub max_age: Option<Duration>,
    skips: bool,
    at: Timestamp,
}

/// Why a run is no rehearsal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoRehearsal {
    /// Its record is not intact.
    Altered,
    /// These were skipped, and the rule wants all of it.
    Skipped(Vec<String>),
}

impl<'a> RehearsalRule<'a> {
    /// `digest`: of the run-book's bytes. `at`: when the run opens that relies on it. `None` where nothing is asked for.
    pub fn of(requires: &'a Requires, digest: &'a str, at: Timestamp) -> Option<RehearsalRule<'a>> {
        let environment = requires.rehearsal.as_deref()?;
        Some(RehearsalRule { environment, digest, max_age: requires.max_age, skips: requires.skips, at })
    }

    /// Whether a sealed run may be one, by its ends: how it began, how it closed, and when.
    pub fn may_be(&self, opened: &RunOpened, closed: Option<Verdict>, last: Timestamp) -> bool {
        let age = self.at.duration_since(last).unsigned_abs();
        closed == Some(Verdict::Passed)
            && opened.environment.name == self.environment
            && opened.runbook.blob.sha256 == self.digest
            && self.max_age.is_none_or(|most| age <= most)
    }

    /// Whether one that may be is, by what proving it has shown.
    ///
    /// # Errors
    /// Why it is not.
    pub fn is_met_by(&self, proof: &Verification) -> Result<(), NoRehearsal> {
        match proof {
            proof if !proof.verdict.intact() => Err(NoRehearsal::Altered),
            proof if !self.skips && !proof.skipped.is_empty() => {
                Err(NoRehearsal::Skipped(proof.skipped.clone()))
            }
            _ => Ok(()),
        }
    }
}
