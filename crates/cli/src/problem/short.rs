//! A finding as it nearly always is, written without miette: thousands of them are written in the time of a few.
//!
//! What comes out is byte for byte what miette makes of it without colours; a property test holds the two together.

use std::fmt::Write as _;

use holdpoint_document::{Diagnostic, Severity};

use super::{Text, WIDTH};
use crate::secrets::masked;

/// Columns that miette leaves free at the right, and fills before a message and before a help.
const MARGIN: usize = 2;
const BEFORE_MESSAGE: usize = 4;
const BEFORE_HELP: usize = 8;

/// Appends the finding to `out`, if it is one of those: in printable ASCII, message and help of a line each, about a
/// part of one line of the text that has a line above and below. Else `None`, and nothing is written.
pub(super) fn render(text: &Text, diagnostic: &Diagnostic, out: &mut String) -> Option<()> {
    let (message, help) = (masked(&diagnostic.message), masked(&diagnostic.help));
    let fits = |sentence: &str, before: usize| {
        let edges = |c: char| c == ' ';
        is_plain(sentence)
            && !sentence.is_empty()
            && !sentence.starts_with(edges)
            && !sentence.ends_with(edges)
            && sentence.len() <= WIDTH - MARGIN - before
    };
    let span = diagnostic.span.filter(|span| span.start < span.end)?;
    let line = text.lines.partition_point(|start| *start <= span.start).checked_sub(1)?;
    let around = text.lines.get(line.checked_sub(1)?..line + 3)?;
    let content =
        |at: usize| text.text[around[at]..around[at + 1]].strip_suffix('\n').filter(|line| is_plain(line));
    let (above, marked, below) = (content(0)?, content(1)?, content(2)?);
    if !fits(&message, BEFORE_MESSAGE) || !fits(&help, BEFORE_HELP) || span.end > around[1] + marked.len() {
        return None;
    }

    let icon = if diagnostic.severity == Severity::Error { 'x' } else { '!' };
    let (start, end) = (span.start - around[1], span.end - around[1]);
    let middle = (start + end) / 2;
    let (left, right) = (middle - start, end - middle - 1);
    let (code, name) = (diagnostic.code.as_str(), &text.name);
    let (first, number, last, column) = (line, line + 1, line + 2, start + 1);
    let width = last.ilog10() as usize + 1;
    let _ = write!(
        out,
        "{code}\n\n  {icon} {message}\n{0:width$}  ,-[{name}:{number}:{column}]\n {first:width$} | {above}\n \
         {number:width$} | {marked}\n {0:width$} : {0:start$}{0:^<left$}|{0:^<right$}\n \
         {0:width$} : {0:middle$}`-- here\n {last:width$} | {below}\n{0:width$}  `----\n  help: {help}\n",
        ""
    );
    Some(())
}

fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

#[cfg(test)]
mod tests {
    use holdpoint_document::{Code, Span};
    use proptest::prelude::*;

    use super::super::{Finding, rendered};
    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_written_the_short_way_is_what_miette_writes(
            above in 0..120usize,
            lines in prop::collection::vec("[ -~]{0,12}|[ -~]{60,130}|\t|é|\r", 3..6),
            at in any::<prop::sample::Index>(),
            length in 0..30usize,
            message in "[ -~]{0,20}|([a-z-]{1,9} ){8,12}[a-z]{0,9}|é",
            help in "[ -~]{0,20}|([a-z-]{1,9} ){8,12}[a-z]{0,9}|a\nb",
            error in any::<bool>(),
        ) {
            let source = format!("{}{}\n", "x\n".repeat(above), lines.join("\n"));
            let floor = |mut at: usize| {
                while !source.is_char_boundary(at) {
                    at -= 1;
                }
                at
            };
            let start = floor(at.index(source.len()));
            let span = Span::new(start, floor((start + length).min(source.len())).max(start));
            let code = if error { Code::Syntax } else { Code::NoCheck };
            let diagnostic = Diagnostic::new(code, span, message, help);
            let text = Text::new("name.md", source.clone());
            let mut out = String::new();
            if render(&text, &diagnostic, &mut out).is_some() {
                let theme = miette::GraphicalTheme::none();
                prop_assert_eq!(out, rendered(&Finding::in_text(&text, diagnostic), theme));
            } else {
                prop_assert_eq!(out, "");
            }
        }
    }

    #[test]
    fn most_findings_are_written_the_short_way() {
        let text = Text::new("a.md", "# A\n\n## B\n\nc\n".to_owned());
        let span = Span::new(5, 9);
        let finding =
            Diagnostic::new(Code::NoCheck, span, "nothing checks that it worked", "add a `sh check`");
        let mut out = String::new();
        assert!(render(&text, &finding, &mut out).is_some());
        assert!(out.contains(" 3 | ## B\n   : ^^|^\n   :   `-- here\n"), "{out}");
    }
}
