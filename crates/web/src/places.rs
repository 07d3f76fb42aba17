//! Places for what takes long: so many at once, and of one identity no more than half, so that nobody keeps all others from it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::identity::Identity;

/// Who has places, and how many of them.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    most: usize,
    taken: Arc<Mutex<HashMap<Identity, usize>>>,
}

/// A place, until it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    of: Places,
    who: Identity,
}

impl Places {
    /// So many, an even number.
    pub(crate) fn new(most: usize) -> Places {
        Places { most, taken: Arc::default() }
    }

    /// A place, where there is one left for them.
    pub(crate) fn place(&self, who: &Identity) -> Option<Place> {
        let mut all = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let theirs = all.get(who).copied().unwrap_or_default();
        if theirs >= self.most / 2 || all.values().sum::<usize>() >= self.most {
            return None;
        }
        all.insert(who.clone(), theirs + 1);
        Some(Place { of: self.clone(), who: who.clone() })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut all = self.of.taken.lock().unwrap_or_else(PoisonError::into_inner);
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
        let places = Places::new(8);
        let who = |name: &str| Identity::Person(name.to_owned());
        let all_of = |name: &str| -> Vec<Place> { std::iter::from_fn(|| places.place(&who(name))).collect() };
        let ann = all_of("ann");
        assert_eq!(ann.len(), 4);
        let bob = places.place(&who("bob")).unwrap();
        let carl = all_of("carl");
        assert_eq!(ann.len() + 1 + carl.len(), 8);
        assert!(places.place(&who("dora")).is_none());
        drop(bob);
        assert!(places.place(&who("dora")).is_some());
        drop((ann, carl));
        assert!(places.taken.lock().unwrap().is_empty());
    }
}
