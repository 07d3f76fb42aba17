//! The texts that a value with a pattern can be.

use std::sync::{Arc, OnceLock};

use holdpoint_bounded::pattern::{Language, Over, Pattern, Shape};

/// The texts that a pattern is found in. What is worked out of it is kept, however often it is asked about.
#[derive(Clone, Debug)]
pub(crate) struct Matching(Arc<Found>);

#[derive(Debug)]
struct Found {
    source: String,
    pattern: OnceLock<Option<Pattern>>,
    language: OnceLock<Option<Language>>,
}

impl Matching {
    pub(crate) fn new(source: &str) -> Matching {
        let (pattern, language) = (OnceLock::new(), OnceLock::new());
        Matching(Arc::new(Found { source: source.to_owned(), pattern, language }))
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

    /// As an automaton; `None` where it is too large for one.
    pub(super) fn language(&self) -> Option<&Language> {
        self.0.language.get_or_init(|| Language::of(self.source())).as_ref()
    }
}

impl PartialEq for Matching {
    fn eq(&self, other: &Matching) -> bool {
        self.source() == other.source()
    }
}
