//! Commands as they read once their placeholders are filled in.

use std::borrow::Cow;
use std::ops::Range;

use crate::placeholders::Search;

/// Where the placeholders of a command stand.
pub(super) fn placeholders(text: &str) -> Vec<Range<usize>> {
    let Some(search) = Search::of_people(text) else { return Vec::new() };
    let (mut found, mut start) = (Vec::new(), 0);
    for line in text.split_inclusive('\n') {
        let in_line = search.in_line(line.trim_end_matches('\n'));
        found.extend(in_line.into_iter().map(|at| start + at.start..start + at.end));
        start += line.len();
    }
    found
}

/// A command as it reads once its placeholders are filled in: these look like redirections, globs and lists to a shell.
pub(super) fn filled(text: &str) -> Cow<'_, str> {
    let marks = placeholders(text);
    match marks.is_empty() {
        true => Cow::Borrowed(text),
        false => Cow::Owned(masked(text, marks.into_iter())),
    }
}

/// A text with as many letters in place of each of these parts.
pub(super) fn masked(text: &str, parts: impl Iterator<Item = Range<usize>>) -> String {
    let mut masked = text.to_owned();
    for at in parts {
        let letters = "x".repeat(at.len());
        masked.replace_range(at, &letters);
    }
    masked
}
