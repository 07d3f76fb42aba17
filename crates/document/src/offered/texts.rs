//! Texts of actions, cut from a document.

use super::piece::Command;
use crate::placeholders::{Search, is_left_out};
use crate::{LineKind, LineMatcher, Span, Times};

/// What is shown as printed, as lines; a line of dots stands for any, a placeholder in one for whatever is there.
pub(super) fn expected(shown: &str) -> Vec<LineMatcher> {
    let search = Search::of_people(shown);
    let line = |line: &str| {
        let line = line.trim_end();
        if is_left_out(line) {
            return LineMatcher { text: "*".to_owned(), how: LineKind::Glob, times: Times::Any };
        }
        let mut marks = search.as_ref().map(|search| search.in_line(line)).unwrap_or_default();
        marks.retain(|mark| !stands_for_nothing(&line[mark.clone()]));
        if marks.is_empty() {
            return LineMatcher { text: line.to_owned(), how: LineKind::Equal, times: Times::Once };
        }
        let mut glob = String::new();
        for (at, c) in line.char_indices() {
            match marks.iter().find(|mark| mark.contains(&at)) {
                Some(mark) if mark.start == at => glob.push('*'),
                Some(_) => {}
                None if matches!(c, '*' | '?' | '[' | '\\') => glob.extend(['\\', c]),
                None => glob.push(c),
            }
        }
        LineMatcher { text: glob, how: LineKind::Glob, times: Times::Once }
    };
    shown.trim_end().lines().map(line).collect()
}

/// Whether a word is printed where there is no value, and is none to fill in: kubectl and docker write `<none>`.
pub(crate) fn stands_for_nothing(word: &str) -> bool {
    matches!(
        word.to_ascii_lowercase().as_str(),
        "<none>" | "<pending>" | "<unset>" | "<nil>" | "<unknown>" | "<invalid>"
    )
}

/// What follows a command up to `end`, but for what it is shown to print.
pub(super) fn lines_after(text: &str, command: &Command, end: usize) -> String {
    let between = command.output.as_ref().map_or(0..0, |output| command.at.end..output.start);
    let rest = command.output.as_ref().map_or(command.at.end, |output| output.end);
    lines(&text[between]) + &lines(&text[rest..end])
}

/// Code as Markdown that shows it as it is; `info` is what its fence says of it.
pub(super) fn fenced(info: &str, code: &str) -> String {
    let longest = code.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let mark = "`".repeat(longest.max(2) + 1);
    format!("{mark}{info}\n{code}{mark}")
}

/// Whole lines of code, without the blank ones around them.
pub(super) fn lines(text: &str) -> String {
    let all: Vec<&str> = text.lines().collect();
    let blank = |line: &&&str| line.trim().is_empty();
    let from = all.iter().take_while(blank).count();
    let to = all.len() - all.iter().rev().take_while(blank).count();
    all.get(from..to.max(from)).unwrap_or_default().iter().flat_map(|line| [*line, "\n"]).collect()
}

/// What stands between two places, if anything does.
pub(super) fn span_of(source: &str, from: usize, to: usize) -> Option<Span> {
    let text = source.get(from..to)?;
    let start = from + (text.len() - text.trim_start().len());
    (!text.trim().is_empty()).then(|| Span::new(start, start + text.trim().len()))
}

/// The first line of an item with a box to tick, behind that.
pub(super) fn ticked(item: &str) -> Option<&str> {
    let line = item.trim_start().lines().next()?;
    let mark = line.trim_start_matches(|c: char| c.is_ascii_digit() || " \t>.)-*+".contains(c));
    let words = ["[ ]", "[x]", "[X]"].iter().find_map(|tick| mark.strip_prefix(tick))?.trim();
    Some(if words.is_empty() { "Done" } else { words })
}

/// Whether a text says no more than the title of its step.
pub(super) fn is_title(text: &str, title: &str) -> bool {
    let plain = |text: &str| -> String { text.chars().filter(|c| c.is_alphanumeric()).collect() };
    let marker = text.trim_start_matches(|c: char| c.is_ascii_digit() || " .)-*+".contains(c));
    let marker = ["[ ]", "[x]", "[X]"].iter().find_map(|mark| marker.strip_prefix(mark)).unwrap_or(marker);
    plain(marker) == plain(title)
}

/// The Markdown under `span`, without the indentation that all of its lines share.
pub(super) fn dedented(source: &str, span: Span) -> String {
    let start = source[..span.start].rfind('\n').map_or(0, |at| at + 1);
    let indent = source[start..span.start].chars().take_while(|c| *c == ' ').count();
    let strip = |line: &str| {
        let blank = line.chars().take_while(|c| *c == ' ').count().min(indent);
        line[blank..].trim_end().to_owned()
    };
    let mut lines = span.of(source).lines();
    let first = lines.next().unwrap_or_default().trim_end().to_owned();
    std::iter::once(first).chain(lines.map(strip)).collect::<Vec<_>>().join("\n")
}
