//! The texts that a value with a pattern can be.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use holdpoint_bounded::pattern::{Language, Over, Pattern, Shape};

/// The texts that a pattern is found in. What is worked out of it is kept, however often it is asked about.
#[derive(Clone, Debug)]
pub(crate) struct Matching(Arc<Found>, Option<Room>);

/// How much may be worked out of all the patterns of a document, in bytes of automata that are made or walked. A handful of
/// the largest, thousands of those that people write: what is left of it bounds the time that all conditions take.
#[derive(Clone, Debug)]
pub(crate) struct Room(Arc<AtomicUsize>);

impl Default for Room {
    fn default() -> Room {
        Room(Arc::new(AtomicUsize::new(16 * Language::LARGEST)))
    }
}

impl Room {
    fn is_left(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }

    fn take(&self, bytes: usize) {
        let left = |left: usize| Some(left.saturating_sub(bytes));
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, left);
    }
}

#[derive(Debug)]
struct Found {
    source: String,
    pattern: OnceLock<Option<Pattern>>,
    language: OnceLock<Option<Language>>,
}

impl Matching {
    pub(crate) fn new(source: &str) -> Matching {
        let (pattern, language) = (OnceLock::new(), OnceLock::new());
        Matching(Arc::new(Found { source: source.to_owned(), pattern, language }), None)
    }

    /// The same, of which no more is worked out than there is room for.
    pub(super) fn within(self, room: &Room) -> Matching {
        Matching(self.0, Some(room.clone()))
    }

    pub(crate) fn source(&self) -> &str {
        &self.0.source
    }

    /// A pattern that is none is told where it stands.
    pub(crate) fn takes(&self, text: &str) -> bool {
        let pattern = self.0.pattern.get_or_init(|| Pattern::new(self.source(), Over::Text).ok());
        pattern.as_ref().is_none_or(|pattern| pattern.is_match(text).unwrap_or(true))
    }

    /// Characters: at least, and at most where there is a bound.
    pub(crate) fn length(&self) -> (usize, Option<usize>) {
        Shape::of(self.source()).map_or((0, None), |shape| (shape.least, shape.most))
    }

    /// As an automaton; `None` where it is too large for one, or too much was asked already.
    pub(super) fn language(&self) -> Option<&Language> {
        if self.1.as_ref().is_some_and(|room| !room.is_left()) {
            return None;
        }
        let language = self.0.language.get_or_init(|| Language::of(self.source())).as_ref();
        if let Some(room) = &self.1 {
            room.take(language.map_or(Language::LARGEST, Language::size));
        }
        language
    }
}

impl PartialEq for Matching {
    fn eq(&self, other: &Matching) -> bool {
        self.source() == other.source()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_large_patterns_a_handful_is_worked_out_and_of_small_ones_all() {
        let told = |pattern: &dyn Fn(usize) -> String| {
            let room = Room::default();
            (0..100).filter(|n| Matching::new(&pattern(*n)).within(&room).language().is_some()).count()
        };
        let large = told(&|n| format!("^(a|b|[c-z]{{1,60}}){{1,20}}{n}$"));
        assert!(large < 50, "{large}");
        assert_eq!(told(&|n| format!(r"^v\d+\.\d+-{n}$")), 100);
    }
}
