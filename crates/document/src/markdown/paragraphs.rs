//! Paragraphs of a text, whatever its lines end in, and what stands in lists and quotes without their marks.

use crate::Span;
use crate::spanned::Mapped;

/// What stands under `span`, without what the lists and quotes around it put before its lines: no more than stands before
/// its first.
pub(crate) fn within_containers(source: &str, span: Span) -> Mapped {
    let start = source[..span.start].rfind('\n').map_or(0, |end| end + 1);
    let width = span.start - start;
    let mut mapped = Mapped::at(span.start);
    let mut at = span.start;
    for line in span.of(source).split_inclusive('\n') {
        let marks = |c: &u8| matches!(*c, b' ' | b'\t' | b'>');
        let most = if at == span.start { 0 } else { width };
        let begin = line.bytes().take(most).take_while(marks).count();
        let text = line.trim_end_matches(['\r', '\n']);
        let end = at + line.len();
        if begin < text.len() {
            mapped.push(&text[begin..], Span::new(at + begin, at + text.len()));
        }
        if line.ends_with('\n') {
            mapped.push("\n", Span::new(end - 1, end));
        }
        at = end;
    }
    mapped
}

/// The lines under `span` as a reader sees them, without what the lists and quotes around them put before them.
pub fn code_of(source: &str, span: Span) -> String {
    within_containers(source, span).into_text()
}

/// The last paragraph, without blank lines around it.
pub(crate) fn last_paragraph(text: &str) -> &str {
    let text = text.trim_end();
    let mut end = text.len();
    for line in text.split_inclusive('\n').rev() {
        if line.trim().is_empty() {
            break;
        }
        end -= line.len();
    }
    text[end..].trim()
}

/// What follows the first paragraph.
pub(crate) fn behind_paragraph(text: &str) -> &str {
    let mut at = 0;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        at += line.len();
        if index > 0 && line.trim().is_empty() {
            return &text[at..];
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_lose_what_lists_and_quotes_put_before_them_and_keep_what_is_their_own() {
        for (source, from, wanted) in [
            ("1. a\n\n   b\n     c\n\n   d", 9, "b\n  c\n\nd"),
            ("> b\r\n>  c\r\n", 2, "b\n c\n"),
            ("b\n  c", 0, "b\n  c"),
            ("   b\nc", 3, "b\nc"),
            ("1. $ a\n   b", 3, "$ a\nb"),
        ] {
            assert_eq!(code_of(source, Span::new(from, source.len())), wanted, "{source:?}");
        }
    }

    #[test]
    fn paragraphs_end_at_blank_lines_whatever_lines_end_in() {
        for (text, last, behind) in [
            ("a\nb\n\nc\nd\n\n", "c\nd", "c\nd\n\n"),
            ("a\r\n\r\nc\r\n", "c", "c\r\n"),
            ("a\n  \nc", "c", "c"),
            ("a", "a", ""),
            ("\n\na", "a", "a"),
            ("", "", ""),
        ] {
            assert_eq!((last_paragraph(text), behind_paragraph(text)), (last, behind), "{text:?}");
        }
    }
}
