//! Tries of checks that must hold for a time, put together to soaks.

use holdpoint_engine::Outcome;

use super::{ActionSummary, Attempt, HeldSoFar, What};

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
