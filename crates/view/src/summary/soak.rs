//! Tries of checks that must hold for a time, put together to soaks.

use holdpoint_engine::{Holding, Outcome};
use serde::Serialize;

use super::{ActionSummary, Attempt, What};

/// How a check that must hold for a time stood when a try of it had ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct HeldSoFar {
    /// It had held for so long, milliseconds.
    pub held_ms: u64,
    /// It must for so long, milliseconds.
    pub of_ms: u64,
    /// Tries that had passed one after another; of one that did not pass, those before it.
    pub tries: u32,
    /// How often it had begun anew, as nobody had looked for too long.
    pub anew: u32,
}

impl From<Holding> for HeldSoFar {
    fn from(holding: Holding) -> HeldSoFar {
        let millis = |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let (held_ms, of_ms) = (millis(holding.held), millis(holding.of));
        HeldSoFar { held_ms, of_ms, tries: holding.tries, anew: holding.anew }
    }
}

/// A soak: what happened to an action, by indices of its history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Soak {
    /// At which place, for what is done at places.
    pub place: Option<String>,
    /// Its first try that passed.
    pub first: usize,
    /// Those between the first and the last that passed.
    pub between: Vec<usize>,
    /// The last that passed.
    pub last: usize,
    /// The try that did not pass, and so ended it.
    pub broken_by: Option<usize>,
    /// How it stood then.
    pub held: HeldSoFar,
    /// Whether the step was begun again later.
    pub superseded: bool,
}

impl Soak {
    /// Whether it held for as long as the document asks for.
    pub fn is_whole(&self) -> bool {
        self.broken_by.is_none() && self.held.held_ms >= self.held.of_ms
    }
}

impl ActionSummary {
    /// Every soak of it, in order.
    pub fn soaks(&self) -> Vec<Soak> {
        let mut soaks: Vec<Soak> = Vec::new();
        for (at, happening) in self.history.iter().enumerate() {
            let What::Attempt(attempt) = &happening.what else { continue };
            let Some((held, passed)) = told(attempt) else { continue };
            let here =
                |soak: &&mut Soak| soak.place == happening.place && soak.superseded == happening.superseded;
            match soaks.iter_mut().rev().find(here) {
                Some(soak) if !passed => soak.broken_by = Some(at),
                Some(soak) if held.tries > 1 => {
                    if soak.last != soak.first {
                        soak.between.push(soak.last);
                    }
                    (soak.last, soak.held) = (at, held);
                }
                _ => soaks.push(Soak {
                    place: happening.place.clone(),
                    first: at,
                    between: Vec::new(),
                    last: at,
                    broken_by: None,
                    held,
                    superseded: happening.superseded,
                }),
            }
        }
        soaks
    }
}

fn told(attempt: &Attempt) -> Option<(HeldSoFar, bool)> {
    let passed = attempt.finished.as_ref()?.result.outcome == Outcome::Passed;
    Some((attempt.held?, passed))
}
