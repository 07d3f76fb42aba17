//! What comparisons come out as whatever their values are: of texts, as far as automata can tell what is in a set of them.

use std::borrow::Cow;
use std::collections::HashSet;

use holdpoint_bounded::pattern::Language;

use super::kinds::{Kind, Operator, Texts, takes};

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

/// What a comparison of two values of one kind comes out as, whatever they are; `None` where that depends.
pub(super) fn outcome(operator: Operator, left: &Kind, right: &Kind) -> Option<bool> {
    let (apart, same) = match (left, right) {
        (Kind::Text(texts), Kind::Text(Texts::Exactly(text))) if operator.orders() => {
            return ordered(texts, operator, text);
        }
        (Kind::Text(Texts::Exactly(text)), Kind::Text(texts)) if operator.orders() => {
            return ordered(texts, operator.turned(), text);
        }
        (Kind::Text(left), Kind::Text(right)) => (
            disjoint(left, right),
            matches!(
                (left, right),
                (Texts::Exactly(left), Texts::Exactly(right)) if left == right
            ),
        ),
        (Kind::Number(left), Kind::Number(right)) => {
            let (below, above) = (left.most < right.least, left.least > right.most);
            let decided = match operator {
                Operator::Less => (below, left.least >= right.most),
                Operator::AtMost => (left.most <= right.least, above),
                Operator::Greater => (above, left.most <= right.least),
                Operator::AtLeast => (left.least >= right.most, below),
                Operator::Equal | Operator::Unequal => (left.one(*right), left.apart(*right)),
            };
            let decided = match decided {
                (true, _) => Some(true),
                (_, true) => Some(false),
                _ => None,
            };
            return if operator == Operator::Unequal { decided.map(|held| !held) } else { decided };
        }
        (Kind::Truth(Some(left)), Kind::Truth(Some(right))) => (left != right, left == right),
        _ => return None,
    };
    match operator {
        Operator::Equal if apart => Some(false),
        Operator::Equal if same => Some(true),
        Operator::Unequal if apart => Some(true),
        Operator::Unequal if same => Some(false),
        _ => None,
    }
}

/// Whether no text can be both.
fn disjoint(left: &Texts, right: &Texts) -> bool {
    match (left, right) {
        (Texts::OneOf(texts, _), Texts::OneOf(others, _)) => {
            let texts: HashSet<&String> = texts.iter().collect();
            !others.iter().any(|other| texts.contains(other))
        }
        (Texts::OneOf(texts, _), other) | (other, Texts::OneOf(texts, _)) => {
            !texts.iter().any(|text| takes(other, text))
        }
        (Texts::Exactly(text), other) | (other, Texts::Exactly(text)) => !takes(other, text),
        (left, right) => apart(left, right),
    }
}
