//! What a dry run knows of blocks that it does not execute: what they captured in the last rehearsal.

use std::collections::BTreeMap;

use holdpoint_engine::{Event, MASK, Outcome, Stamped};

/// What blocks captured in one run.
#[derive(Debug, Default)]
pub struct Before {
    /// The run's number.
    pub number: u64,
    /// By action, and by place where it has places.
    captures: BTreeMap<String, BTreeMap<Option<String>, BTreeMap<String, String>>>,
}

impl Before {
    /// Of a rehearsal, by its events.
    pub fn of(number: u64, events: Vec<Stamped>) -> Before {
        let mut captures: BTreeMap<String, BTreeMap<_, _>> = BTreeMap::new();
        for stamped in events {
            if let Event::ActionFinished(finished) = stamped.event
                && finished.outcome == Outcome::Passed
            {
                let of_action = captures.entry(finished.action).or_default();
                of_action.insert(finished.place, finished.captures);
            }
        }
        Before { number, captures }
    }

    /// What an action captured under a name: at this place, or at all of the run's places alike. Nothing of a value that
    /// was masked.
    pub fn captured(&self, action: &str, place: Option<&str>, name: &str) -> Option<&str> {
        let places = self.captures.get(action)?;
        let found = match places.get(&place.map(str::to_owned)) {
            Some(captures) => captures.get(name)?,
            None => {
                let mut all = places.values().map(|captures| captures.get(name));
                let first = all.next()??;
                all.all(|other| other == Some(first)).then_some(first)?
            }
        };
        (!found.contains(MASK)).then_some(found.as_str())
    }
}
