//! What every text that a pattern matches has in common, as far as that can be told without trying any.

use regex_syntax::hir::literal::{ExtractKind, Extractor, Seq};
use regex_syntax::hir::{Hir, HirKind, Look};

/// What the texts that a pattern is found in have in common.
#[derive(Clone, Debug)]
pub struct Shape {
    /// The fewest characters that they have.
    pub least: usize,
    /// The most, where there is a bound.
    pub most: Option<usize>,
    /// What they begin with: one of these, where that is known.
    begins: Option<Vec<Vec<u8>>>,
    ends: Option<Vec<Vec<u8>>>,
}

impl Shape {
    /// Of a pattern that lies anywhere over a text, whose ends `^` and `$` are.
    ///
    /// # Errors
    /// It is none, or larger than patterns may be; the reason in words.
    pub fn of(source: &str) -> Result<Shape, String> {
        let hir = super::Checked::new(source, false)?.hir;
        let looks = hir.properties();
        let first = looks.look_set_prefix().contains(Look::Start);
        let last = looks.look_set_suffix().contains(Look::End);
        let (least, most) = length(&hir);
        Ok(Shape {
            least,
            most: most.filter(|_| first && last),
            begins: if first { words(Extractor::new().extract(&hir)) } else { None },
            ends: if last { words(Extractor::new().kind(ExtractKind::Suffix).extract(&hir)) } else { None },
        })
    }

    /// Whether all of them begin with a word, or none does; `None` where that depends, or is not known.
    pub fn begins_with(&self, word: &str) -> Option<bool> {
        common(
            self.begins.as_deref()?,
            |one| one.starts_with(word.as_bytes()),
            |one| word.as_bytes().starts_with(one),
        )
    }

    /// The same of their ends.
    pub fn ends_with(&self, word: &str) -> Option<bool> {
        common(
            self.ends.as_deref()?,
            |one| one.ends_with(word.as_bytes()),
            |one| word.as_bytes().ends_with(one),
        )
    }
}

fn common(words: &[Vec<u8>], has: impl Fn(&[u8]) -> bool, may_go_on: impl Fn(&[u8]) -> bool) -> Option<bool> {
    if words.iter().all(|one| has(one)) {
        return Some(true);
    }
    if words.iter().any(|one| has(one) || may_go_on(one)) { None } else { Some(false) }
}

fn words(found: Seq) -> Option<Vec<Vec<u8>>> {
    let found = found.literals().filter(|words| !words.is_empty())?;
    Some(found.iter().map(|word| word.as_bytes().to_vec()).collect())
}

/// Characters of what it matches: at least, and at most. The nesting has been bounded before.
fn length(hir: &Hir) -> (usize, Option<usize>) {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => (0, Some(0)),
        HirKind::Literal(literal) => {
            // Bytes that are no UTF-8 are counted as one each.
            let count =
                literal.0.utf8_chunks().map(|part| part.valid().chars().count() + part.invalid().len()).sum();
            (count, Some(count))
        }
        HirKind::Class(_) => (1, Some(1)),
        HirKind::Repetition(repetition) => {
            let (least, most) = length(&repetition.sub);
            let times = repetition.max.map(|times| times as usize);
            let most = match (times, most) {
                (_, Some(0)) => Some(0),
                (times, most) => times.zip(most).and_then(|(times, most)| times.checked_mul(most)),
            };
            (least.saturating_mul(repetition.min as usize), most)
        }
        HirKind::Capture(capture) => length(&capture.sub),
        HirKind::Concat(parts) => parts.iter().map(length).fold((0, Some(0)), |(least, most), part| {
            let most: Option<usize> =
                most.zip(part.1).and_then(|(one, other): (usize, usize)| one.checked_add(other));
            (least.saturating_add(part.0), most)
        }),
        HirKind::Alternation(parts) => {
            let all: Vec<_> = parts.iter().map(length).collect();
            let least = all.iter().map(|part| part.0).min().unwrap_or(0);
            let most = all.iter().map(|part| part.1).try_fold(0, |most, part| Some(most.max(part?)));
            (least, most)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_all_texts_have_in_common_is_told_where_the_pattern_lies_over_all_of_them() {
        for (source, least, most) in [
            (r"^v\d+\.\d+$", 4, None),
            (r"^(ab|c)?é$", 1, Some(3)),
            (r"^[a-z]{2,4}$", 2, Some(4)),
            (r"[a-z]{2,4}", 2, None),
            (r"^a$|b", 1, None),
            (r"(?m)^a$", 1, None),
            (r"^(a{0}|\b)*$", 0, Some(0)),
        ] {
            let shape = Shape::of(source).unwrap();
            assert_eq!((shape.least, shape.most), (least, most), "{source}");
        }
    }

    #[test]
    fn what_they_begin_and_end_with_is_told_of_patterns_that_are_held_at_that_end() {
        for (source, word, begins, ends) in [
            (r"^v\d+\.\d+$", "v", Some(true), Some(false)),
            (r"^v\d+\.\d+$", "x", Some(false), Some(false)),
            (r"^v\d+\.\d+$", "v1", None, None),
            (r"v\d", "x", None, None),
            (r"^(ab|ac).*z$", "a", Some(true), Some(false)),
            (r"^(ab|ac).*z$", "abz", None, None),
            (r"^.*$", "a", None, None),
            (r"^$", "a", None, None),
        ] {
            let shape = Shape::of(source).unwrap();
            assert_eq!((shape.begins_with(word), shape.ends_with(word)), (begins, ends), "{source} {word}");
        }
    }
}
