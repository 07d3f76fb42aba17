//! Where diagnostics are collected, and how a near miss is told.

use std::borrow::Cow;

use crate::{Code, Diagnostic, Severity, Span};

/// Findings of one document, in the order they were made.
#[derive(Clone, Debug, Default)]
pub(crate) struct Findings {
    list: Vec<Diagnostic>,
    /// Bytes of the regular expressions that were read so far.
    patterns: usize,
}

/// Most bytes that all regular expressions of a document have together: each may be long, and looking at it takes long
/// then; hundreds of such would take minutes.
pub(crate) const LONGEST_PATTERNS: usize = 32 * 1024;

impl Findings {
    pub(crate) fn add(
        &mut self,
        code: Code,
        span: Span,
        message: impl Into<Cow<'static, str>>,
        help: impl Into<Cow<'static, str>>,
    ) {
        self.list.push(Diagnostic::new(code, span, told(message.into()), told(help.into())));
    }

    /// Takes over what another part found.
    pub(crate) fn append(&mut self, mut other: Findings) {
        self.list.append(&mut other.list);
        self.patterns += other.patterns;
    }

    /// Counts a regular expression of so many bytes. Whether there is room for it; if not, that is a finding.
    pub(crate) fn has_room_for_pattern(&mut self, bytes: usize, span: Span) -> bool {
        let before = self.patterns;
        self.patterns += bytes;
        if self.patterns <= LONGEST_PATTERNS {
            return true;
        }
        // Once: all that follow are too much as well.
        if before <= LONGEST_PATTERNS {
            let message = format!(
                "with this one the regular expressions of the document have more than {LONGEST_PATTERNS} bytes together"
            );
            self.add(Code::BadValue, span, message, "write shorter ones, or more than one document");
        }
        false
    }

    /// Has them stand where `to` says.
    pub(crate) fn move_to(&mut self, to: impl Fn(Span) -> Span) {
        for finding in &mut self.list {
            finding.span = finding.span.map(&to);
        }
    }

    pub(crate) fn any_error(&self) -> bool {
        self.list.iter().any(Diagnostic::is_error)
    }

    /// Makes errors of all from the one with this number on: more is known of them than of others of their rule.
    pub(crate) fn make_errors(&mut self, from: usize) {
        self.list.iter_mut().skip(from).for_each(|finding| finding.severity = Severity::Error);
    }

    /// Makes warnings of all: the document runs all the same.
    pub(crate) fn make_warnings(&mut self) {
        self.list.iter_mut().for_each(|finding| finding.severity = Severity::Warning);
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether somebody may read them all: where there are thousands, no more suggestions are looked for.
    pub(crate) fn are_few(&self) -> bool {
        self.len() < 1000
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

/// Longest message or help, in bytes: what a document holds is repeated in it, and can be of any length.
const SAID: usize = 2000;

/// A text that is not longer than anybody reads.
fn told(text: Cow<'static, str>) -> Cow<'static, str> {
    if text.len() <= SAID {
        return text;
    }
    let cut = |mut at: usize| {
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    format!("{} … {}", &text[..cut(SAID / 2)], &text[cut(text.len() - SAID / 4)..]).into()
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
const TRIED: usize = 100;

/// Most candidates that are looked at at all.
const LOOKED_AT: usize = 1000;

/// Longest word that may be a slip of another one, in characters.
const LONGEST: usize = 200;

/// Most candidates that are listed.
const TOLD: usize = 50;

/// The candidate that `word` was probably meant to be.
pub(crate) fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let lower = word.to_lowercase();
    let length = lower.chars().count();
    // One letter is near to every other one.
    let allowed = if length < 2 { 0 } else { (length / 3).clamp(1, 3) };
    if length > LONGEST {
        return None;
    }
    // Comparing takes long beside everything else: thousands of names are not all tried for each of thousands.
    let letters = letters(&lower);
    candidates
        .into_iter()
        .take(LOOKED_AT)
        .filter(|candidate| candidate.len() <= 4 * LONGEST)
        .filter(|candidate| candidate.chars().count().abs_diff(length) <= allowed)
        .map(|candidate| (candidate.to_lowercase(), candidate))
        .filter(|(lower, _)| apart(&letters, &self::letters(lower)) <= 2 * allowed)
        .take(TRIED)
        .map(|(other, candidate)| (strsim::damerau_levenshtein(&lower, &other), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The line on which something stands, from 1.
pub(crate) fn line(span: Span, source: &str) -> usize {
    source.get(..span.start).unwrap_or_default().matches('\n').count() + 1
}

/// How often each letter stands in a word; letters that share a place are counted together.
fn letters(word: &str) -> [u16; 32] {
    let mut counted = [0_u16; 32];
    word.chars().for_each(|c| counted[u32::from(c) as usize % 32] += 1);
    counted
}

/// In how many letters two words differ, however these are ordered: each slip makes two of them at most.
fn apart(one: &[u16; 32], other: &[u16; 32]) -> usize {
    one.iter().zip(other).map(|(one, other)| usize::from(one.abs_diff(*other))).sum()
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
