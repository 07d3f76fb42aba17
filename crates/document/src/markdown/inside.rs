//! Lines of a document without what the lists and quotes around them ask for.

use std::borrow::Cow;
use std::rc::Rc;

use super::tabs::is_inset;
use super::tree::Item;
use crate::Span;

/// What stands around a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Container {
    /// A quote, whose lines begin with `>`.
    Quote,
    /// A list item, whose lines are indented by so many columns.
    Item(usize),
}

/// Containers, outermost first.
pub(crate) type Containers = Rc<[Container]>;

/// A piece of the document and what stands around it.
pub(crate) type Part = (Span, Containers);

/// Those of what stands in an item, where `outer` are those around it.
pub(crate) fn within(source: &str, item: &Item, outer: &Containers) -> Containers {
    outer.iter().copied().chain([Container::Item(indent(source, item.span, outer))]).collect()
}

/// Those of what stands in a quote.
pub(crate) fn quoted(outer: &Containers) -> Containers {
    outer.iter().copied().chain([Container::Quote]).collect()
}

/// How many columns an item's lines are indented in what is around it: before its mark, its mark, and the blanks behind
/// that.
fn indent(source: &str, item: Span, outer: &[Container]) -> usize {
    let text = item.of(source);
    let start = item.start + (text.len() - text.trim_start_matches([' ', '\t']).len());
    let line = source[start..item.end].lines().next().unwrap_or_default();
    if is_inset(line) {
        let line_start = source[..start].rfind('\n').map_or(0, |at| at + 1);
        return stripped(&source[line_start..start], outer).len() + 4;
    }
    let line_start = source[..start].rfind('\n').map_or(0, |at| at + 1);
    let above = &source[line_start..start];
    let own = stripped(above, outer);
    // Another item's mark in the same line is no indentation.
    let before = if own.trim().is_empty() { own.len() } else { 0 };
    before + mark(line, column(above, 0))
}

/// How many columns an item's mark takes with the blanks behind it, in a line that begins at it, in this column.
fn mark(line: &str, from: usize) -> usize {
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let mark = digits + 1;
    let rest = line.get(mark..).unwrap_or_default();
    // A tab goes to the next stop, counted from the line's own beginning.
    let after = from + mark;
    let blanks = &rest[..rest.len() - rest.trim_start_matches([' ', '\t']).len()];
    let width = column(blanks, after) - after;
    // Five and more belong to code; nothing behind the mark is one blank.
    if blanks.len() == rest.len() || width > 4 { mark + 1 } else { mark + width }
}

/// What stands under `span` in an item that no quote is around, without the indentation that the item's lines have, and
/// without blanks at the ends of lines.
pub(crate) fn undented(source: &str, item: &Item, span: Span) -> String {
    let text = item.span.of(source);
    let start = item.span.start + (text.len() - text.trim_start_matches([' ', '\t']).len());
    let line_start = source[..start].rfind('\n').map_or(0, |at| at + 1);
    let before = column(&source[line_start..start], 0);
    let width = before + mark(source[start..].lines().next().unwrap_or_default(), before);
    let mut out = String::new();
    for (index, line) in span.of(source).trim_end().lines().enumerate() {
        match index {
            0 => out.push_str(line.trim_end()),
            _ => out.extend(["\n", stripped(line, &[Container::Item(width)]).trim_end()]),
        }
    }
    out.trim().to_owned()
}

/// The column that a text ends at.
fn column(text: &str, from: usize) -> usize {
    text.chars().fold(from, |column, c| if c == '\t' { column / 4 * 4 + 4 } else { column + 1 })
}

/// A line without what its containers ask for, as far as they are there: a paragraph may go on without.
fn stripped<'l>(line: &'l str, containers: &[Container]) -> Cow<'l, str> {
    let mut rest = line;
    let (mut column, mut pending) = (0, 0);
    // Takes blanks, of a tab a part where it reaches further.
    let blanks = |rest: &mut &'l str, column: &mut usize, pending: &mut usize, most: usize| {
        for _ in 0..most {
            if *pending > 0 {
                *pending -= 1;
            } else if let Some(after) = rest.strip_prefix(' ') {
                (*rest, *column) = (after, *column + 1);
            } else if let Some(after) = rest.strip_prefix('\t') {
                let width = 4 - *column % 4;
                (*rest, *column, *pending) = (after, *column + width, width - 1);
            } else {
                break;
            }
        }
    };
    for container in containers {
        match container {
            Container::Quote => {
                let before = (rest, column, pending);
                blanks(&mut rest, &mut column, &mut pending, 3);
                match rest.strip_prefix('>').filter(|_| pending == 0) {
                    Some(after) => {
                        (rest, column) = (after, column + 1);
                        blanks(&mut rest, &mut column, &mut pending, 1);
                    }
                    None => {
                        (rest, _, pending) = before;
                        break;
                    }
                }
            }
            Container::Item(width) => blanks(&mut rest, &mut column, &mut pending, *width),
        }
    }
    if pending == 0 { Cow::Borrowed(rest) } else { Cow::Owned(" ".repeat(pending) + rest) }
}

/// What a reader sees of these parts, one after the other, as Markdown: each line without its containers, code as it
/// is. Blank lines at both ends are left out.
pub(crate) fn text(source: &str, parts: &[Part]) -> String {
    let mut out = String::new();
    for (span, containers) in parts {
        for (index, line) in span.of(source).split_inclusive('\n').enumerate() {
            let begins = index > 0 || source[..span.start].ends_with('\n') || span.start == 0;
            let (line, end) = match line.strip_suffix('\n') {
                Some(line) => (line.strip_suffix('\r').unwrap_or(line), "\n"),
                None => (line, ""),
            };
            let line = if begins { stripped(line, containers) } else { Cow::Borrowed(line) };
            out.push_str(&line);
            out.push_str(end);
        }
    }
    out.truncate(out.trim_end().len());
    let blank: usize =
        out.split_inclusive('\n').take_while(|line| line.trim().is_empty()).map(str::len).sum();
    out.drain(..blank);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_lose_what_their_containers_ask_for_and_nothing_else() {
        use Container::{Item, Quote};
        for (line, containers, wanted) in [
            ("   a", vec![Item(3)], "a"),
            ("     a", vec![Item(3)], "  a"),
            ("a", vec![Item(3)], "a"),
            ("\ta", vec![Item(3)], " a"),
            ("\t\ta", vec![Item(4)], "\ta"),
            ("> a", vec![Quote], "a"),
            (">a", vec![Quote], "a"),
            (">   a", vec![Quote, Item(2)], "a"),
            ("  > > a", vec![Quote, Quote], "a"),
            ("a", vec![Quote, Item(2)], "a"),
            ("  a", vec![Quote, Item(2)], "  a"),
        ] {
            assert_eq!(stripped(line, &containers), wanted, "{line:?} in {containers:?}");
        }
    }

    #[test]
    fn an_item_is_indented_by_its_mark_and_what_follows_it() {
        for (item, wanted) in
            [("- a", 2), ("10. a", 4), ("-   a", 4), ("-      a", 2), ("-", 2), ("-\ta", 4), ("1)\ta", 4)]
        {
            assert_eq!(indent(item, Span::new(0, item.len()), &[]), wanted, "{item:?}");
        }
    }
}
