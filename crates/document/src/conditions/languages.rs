//! Sets of texts, as far as automata can tell what is in them.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use holdpoint_bounded::pattern::{Language, Over, Pattern, Shape};

use super::kinds::{Operator, Texts};

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

    fn language(&self) -> Option<&Language> {
        self.0.language.get_or_init(|| Language::of(self.source())).as_ref()
    }
}

impl PartialEq for Matching {
    fn eq(&self, other: &Matching) -> bool {
        self.source() == other.source()
    }
}

/// The texts that these are, where an automaton can be made of them.
fn language(texts: &Texts) -> Option<Cow<'_, Language>> {
    let made = match texts {
        Texts::Matching(matching) => return matching.language().map(Cow::Borrowed),
        Texts::Framed(begins, ends) => Language::between(begins, ends),
        Texts::Exactly(text) => Language::exactly(text),
        Texts::Sized(least, most) => Language::of(&format!(r"(?s)\A.{{{least},{most}}}\z")),
        Texts::NotEmpty => Language::of(r"\S"),
        Texts::Any | Texts::Said | Texts::Left(..) | Texts::OneOf(..) => None,
    };
    made.map(Cow::Owned)
}

/// Whether every text of these is one of a set, or none is; `None` where that depends, or cannot be told.
fn all_in(texts: &Texts, set: impl Fn() -> Option<Language>) -> Option<bool> {
    let texts = language(texts)?;
    let set = set()?;
    match (texts.meets(&set)?, texts.is_within(&set)?) {
        (_, true) => Some(true),
        (false, _) => Some(false),
        _ => None,
    }
}

/// Whether every text of these begins with a word (or ends, where `last`), or none does.
pub(super) fn all_have(texts: &Texts, word: &str, last: bool) -> Option<bool> {
    let (begins, ends) = if last { ("", word) } else { (word, "") };
    if word.is_empty() { Some(true) } else { all_in(texts, || Language::between(begins, ends)) }
}

/// Whether a word is in every text of these, or in none.
pub(super) fn all_contain(texts: &Texts, word: &str) -> Option<bool> {
    all_in(texts, || Language::containing(word))
}

/// What a comparison of these texts with one that is written out, by their order, comes to.
pub(super) fn ordered(texts: &Texts, operator: Operator, text: &str) -> Option<bool> {
    let before = |strictly: bool| match strictly {
        true => all_in(texts, || Language::before(text)),
        // The next text after it.
        false => all_in(texts, || Language::before(&format!("{text}\0"))),
    };
    match operator {
        Operator::Less => before(true),
        Operator::AtMost => before(false),
        Operator::Greater => before(false).map(|held| !held),
        Operator::AtLeast => before(true).map(|held| !held),
        Operator::Equal | Operator::Unequal => None,
    }
}

/// Whether no text is one of both, as far as that can be told.
pub(super) fn apart(left: &Texts, right: &Texts) -> bool {
    let meet = language(left).zip(language(right)).and_then(|(left, right)| left.meets(&right));
    meet == Some(false)
}
