//! How many listen to what happens: so many at once, and of one identity no more than half, so that nobody keeps all others from it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::identity::Identity;

/// So many listen at once.
const MOST: usize = 32;
/// So many of one identity.
const OF_ONE: usize = MOST / 2;

/// Who listens, and how often.
#[derive(Clone, Debug, Default)]
pub(crate) struct Listeners(Arc<Mutex<HashMap<Identity, usize>>>);

/// The place of one that listens, until it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    of: Listeners,
    who: Identity,
}

impl Listeners {
    /// A place, where there is one left for them.
    pub(crate) fn place(&self, who: &Identity) -> Option<Place> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let theirs = all.get(who).copied().unwrap_or_default();
        if theirs >= OF_ONE || all.values().sum::<usize>() >= MOST {
            return None;
        }
        all.insert(who.clone(), theirs + 1);
        Some(Place { of: self.clone(), who: who.clone() })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut all = self.of.0.lock().unwrap_or_else(PoisonError::into_inner);
        match all.get_mut(&self.who) {
            Some(theirs) if *theirs > 1 => *theirs -= 1,
            _ => drop(all.remove(&self.who)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_takes_the_places_of_all_others_and_each_is_given_back() {
        let listeners = Listeners::default();
        let who = |name: &str| Identity::Person(name.to_owned());
        let all_of =
            |name: &str| -> Vec<Place> { std::iter::from_fn(|| listeners.place(&who(name))).collect() };
        let ann = all_of("ann");
        assert_eq!(ann.len(), OF_ONE);
        let bob = listeners.place(&who("bob")).unwrap();
        let carl = all_of("carl");
        assert_eq!(ann.len() + 1 + carl.len(), MOST);
        assert!(listeners.place(&who("dora")).is_none());
        drop(bob);
        assert!(listeners.place(&who("dora")).is_some());
        drop((ann, carl));
        assert!(listeners.0.lock().unwrap().is_empty());
    }
}
