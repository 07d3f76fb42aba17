//! A finding as it nearly always is, written without miette: thousands of them are written in the time of a few.
//!
//! What comes out is byte for byte what miette makes of it without colours; a property test holds the two together.

use holdpoint_document::{Diagnostic, Severity};

use super::{Text, WIDTH};
use crate::screen::neutralise;

/// Columns that miette leaves free at the right, and fills before a message and before a help.
const MARGIN: usize = 2;
const BEFORE_MESSAGE: usize = 4;
const BEFORE_HELP: usize = 8;

/// Writes findings about one text, in the order of the text: what was counted is not counted again.
pub(super) struct Short<'t> {
    text: &'t Text,
    /// Whether lines may end at CR.
    returns: bool,
    /// How many lines end before this byte.
    counted: usize,
    lines: usize,
}

impl<'t> Short<'t> {
    pub(super) fn of(text: &'t Text) -> Short<'t> {
        Short { text, returns: text.text.contains('\r'), counted: 0, lines: 0 }
    }

    /// Appends the finding to `out`, if it is one of those: in printable ASCII, message and help of a line each, about
    /// a part of one line of the text that has a line above and below. Else `None`, and nothing is written.
    pub(super) fn render(&mut self, diagnostic: &Diagnostic, out: &mut String) -> Option<()> {
        let (message, help) = (neutralise(&diagnostic.message), neutralise(&diagnostic.help));
        let fits = |sentence: &str, before: usize| {
            let edges = |c: char| c == ' ';
            is_plain(sentence)
                && !sentence.is_empty()
                && !sentence.starts_with(edges)
                && !sentence.ends_with(edges)
                && sentence.len() <= WIDTH - MARGIN - before
        };
        let span = diagnostic.span.filter(|span| span.start < span.end)?;
        let (start, end) = (self.text.shown(span.start), self.text.shown(span.end));
        let span = std::ops::Range { start, end };
        let text = self.text.text.as_str();
        let begun = text.get(..span.start)?.rfind('\n')? + 1;
        let first = text[..begun - 1].rfind('\n').map_or(0, |at| at + 1);
        let (above, marked) = (&text[first..begun - 1], text[begun..].split('\n').next()?);
        let ended = begun + marked.len();
        let (below, _) = text.get(ended + 1..)?.split_once('\n')?;
        let plain = is_plain(above) && is_plain(marked) && is_plain(below);
        if !plain || !fits(&message, BEFORE_MESSAGE) || !fits(&help, BEFORE_HELP) || span.end > ended {
            return None;
        }

        let icon = if diagnostic.severity == Severity::Error { "x" } else { "!" };
        let (start, end) = (span.start - begun, span.end - begun);
        let middle = (start + end) / 2;
        let line = self.line(span.start);
        let width = (line + 2).ilog10() as usize + 1;
        let (code, name) = (diagnostic.code.as_str(), &*self.text.name);
        out.extend([code, "\n\n  ", icon, " ", &*message, "\n"]);
        fill(out, BLANKS, width);
        out.extend(["  ,-[", name, ":"]);
        number(out, line + 1, 0);
        out.push(':');
        number(out, start + 1, 0);
        out.push_str("]\n");
        for (at, content) in [(line, above), (line + 1, marked)] {
            out.push(' ');
            number(out, at, width);
            out.extend([" | ", content, "\n"]);
        }
        out.push(' ');
        fill(out, BLANKS, width);
        out.push_str(" : ");
        fill(out, BLANKS, start);
        fill(out, MARKS, middle - start);
        out.push('|');
        fill(out, MARKS, end - middle - 1);
        out.push_str("\n ");
        fill(out, BLANKS, width);
        out.push_str(" : ");
        fill(out, BLANKS, middle);
        out.push_str("`-- here\n ");
        number(out, line + 2, width);
        out.extend([" | ", below, "\n"]);
        fill(out, BLANKS, width);
        out.extend(["  `----\n  help: ", &*help, "\n"]);
        Some(())
    }

    /// How many lines end before `at`. A line ends where miette ends it: at LF, at CR LF, and at CR alone.
    fn line(&mut self, at: usize) -> usize {
        if at < self.counted {
            (self.counted, self.lines) = (0, 0);
        }
        let bytes = self.text.text.as_bytes();
        self.lines += memchr::memchr_iter(b'\n', &bytes[self.counted..at]).count();
        if self.returns {
            let alone = |at: &usize| bytes.get(at + 1) != Some(&b'\n');
            let found = memchr::memchr_iter(b'\r', &bytes[self.counted..at]);
            self.lines += found.map(|found| self.counted + found).filter(alone).count();
        }
        self.counted = at;
        self.lines
    }
}

const BLANKS: &str = "                                                                ";
const MARKS: &str = "^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^";

/// Appends so many bytes of what `of` consists of.
fn fill(out: &mut String, of: &str, mut bytes: usize) {
    while bytes > 0 {
        let some = bytes.min(of.len());
        out.push_str(&of[..some]);
        bytes -= some;
    }
}

/// Appends a number, with blanks before it up to `width`.
fn number(out: &mut String, mut number: usize, width: usize) {
    let mut digits = [b' '; 20];
    let mut at = digits.len();
    while number > 0 || at == digits.len() {
        at -= 1;
        digits[at] = b"0123456789"[number % 10];
        number /= 10;
    }
    let from = at.min(digits.len().saturating_sub(width));
    out.extend(digits[from..].iter().map(|digit| char::from(*digit)));
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
            if Short::of(&text).render(&diagnostic, &mut out).is_some() {
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
        assert!(Short::of(&text).render(&finding, &mut out).is_some());
        assert!(out.contains(" 3 | ## B\n   : ^^|^\n   :   `-- here\n"), "{out}");
    }
}
