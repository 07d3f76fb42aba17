//! What every text that a pattern matches has in common, as far as that can be told without trying any.

use regex_syntax::hir::{Hir, HirKind, Look};

/// What the texts that a pattern is found in have in common.
#[derive(Clone, Debug)]
pub struct Shape {
    /// The fewest characters that they have.
    pub least: usize,
    /// The most, where there is a bound.
    pub most: Option<usize>,
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
        Ok(Shape { least, most: most.filter(|_| first && last) })
    }
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
}
