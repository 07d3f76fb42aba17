//! Where diagnostics are collected, and how a near miss is told.

use std::borrow::Cow;

use crate::{Code, Diagnostic, Severity, Span};

/// Findings of one document, in the order they were made.
#[derive(Clone, Debug, Default)]
pub(crate) struct Findings {
    list: Vec<Diagnostic>,
}

impl Findings {
    pub(crate) fn add(
        &mut self,
        code: Code,
        span: Span,
        message: impl Into<Cow<'static, str>>,
        help: impl Into<Cow<'static, str>>,
    ) {
        self.list.push(Diagnostic::new(code, span, message, help));
    }

    /// Takes over what another part found.
    pub(crate) fn append(&mut self, mut other: Findings) {
        self.list.append(&mut other.list);
    }

    pub(crate) fn any_error(&self) -> bool {
        self.list.iter().any(Diagnostic::is_error)
    }

    /// Makes errors of all from the one with this number on: more is known of them than of others of their rule.
    pub(crate) fn make_errors(&mut self, from: usize) {
        self.list.iter_mut().skip(from).for_each(|finding| finding.severity = Severity::Error);
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    /// In source order, spans cut to what exists in `source`.
    pub(crate) fn into_sorted(mut self, source: &str) -> Vec<Diagnostic> {
        for finding in &mut self.list {
            finding.span = finding.span.map(|span| fit(span, source));
        }
        self.list.sort_by_key(|finding| (finding.span, finding.code));
        self.list.dedup();
        self.list
    }
}

/// The span moved onto character boundaries inside of `source`. Only matters where Markdown expanded a tab.
fn fit(span: Span, source: &str) -> Span {
    let floor = |mut at: usize| {
        at = at.min(source.len());
        while !source.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = floor(span.start);
    Span::new(start, floor(span.end).max(start))
}

/// Most candidates that a word is compared with.
const TRIED: usize = 1000;

/// Most candidates that are listed.
const TOLD: usize = 50;

/// The candidate that `word` was probably meant to be.
pub(crate) fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let lower = word.to_lowercase();
    let length = lower.chars().count();
    // One letter is near to every other one.
    let allowed = if length < 2 { 0 } else { (length / 3).clamp(1, 3) };
    // Comparing takes long beside everything else: thousands of names are not all tried for each of thousands.
    candidates
        .into_iter()
        .filter(|candidate| candidate.chars().count().abs_diff(length) <= allowed)
        .take(TRIED)
        .map(|candidate| (strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The line on which something stands, from 1.
pub(crate) fn line(span: Span, source: &str) -> usize {
    source.get(..span.start).unwrap_or_default().matches('\n').count() + 1
}

/// "did you mean" where there is a near miss, else what there is to choose from.
pub(crate) fn suggest(word: &str, candidates: &[&str], plural: &str) -> String {
    match nearest(word, candidates.iter().copied()) {
        Some(candidate) => format!("did you mean `{candidate}`?"),
        None if candidates.is_empty() => format!("there are no {plural}"),
        None if candidates.len() > TOLD => {
            let (told, more) = candidates.split_at(TOLD);
            format!("{plural} are: {} and {} more", told.join(", "), more.len())
        }
        None => format!("{plural} are: {}", candidates.join(", ")),
    }
}
