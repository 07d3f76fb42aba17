//! Where an insertion stands in the document so that it stays inside of the list item or quote it belongs to, and
//! never inside of a fence.

use holdpoint_model::Span;

/// A place between two lines of the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Byte offset of a line's start, or the end of the text.
    pub(crate) offset: usize,
    /// What each inserted line begins with: the indentation and quote marks of the container.
    pub(crate) prefix: String,
    /// Whether it may follow the line above without a blank line, so that a tight list stays tight.
    pub(crate) tight: bool,
}

/// Code, which is never cut by an insertion.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Code {
    pub(crate) span: Span,
    /// It is told by its indentation alone, so that whatever is indented as far becomes a part of it.
    pub(crate) indented: bool,
}

/// Below an action or block. `others` are spans of other actions, `code` is never cut.
pub(crate) fn below(source: &str, span: Span, others: &[Span], code: &[Code]) -> Place {
    let end = trimmed_end(source, span);
    let nested =
        others.iter().map(|other| other.start).filter(|start| span.start < *start && *start < end).min();
    let first_line = after_line(source, span.start);
    let offset = match nested {
        Some(start) if line_start(source, start) >= first_line => line_start(source, start),
        Some(_) => first_line,
        None => after_line(source, end.max(span.start + 1) - 1),
    };
    let (prefix, item) = container_of(source, span, code);
    let text = span.of(source).trim_end();
    let plain = !text.contains('>') && text.lines().all(|line| !line.trim().is_empty());
    let tight = item && plain;
    Place { offset: out_of_code(source, offset, code), prefix, tight }
}

/// Below the heading that a step begins with; `None` where it begins with none.
pub(crate) fn below_heading(source: &str, span: Span) -> Option<Place> {
    let text = span.of(source);
    let first = text.lines().next()?.trim_start();
    let lines = if first.starts_with('#') { 1 } else { setext(text)? };
    let length: usize = text.split_inclusive('\n').take(lines).map(str::len).sum();
    let (prefix, _) = container(source, Span::new(span.start, span.start));
    Some(Place { offset: after_line(source, span.start + length - 1), prefix, tight: false })
}

/// Lines of the underlined heading a text begins with.
fn setext(text: &str) -> Option<usize> {
    let underline = |line: &str| {
        let line = line.trim();
        !line.is_empty() && (line.bytes().all(|b| b == b'=') || line.bytes().all(|b| b == b'-'))
    };
    let first = text.lines().next()?;
    if marker(first.trim_start()).is_some() || underline(first) {
        return None;
    }
    let paragraph = text.lines().take_while(|line| !line.trim().is_empty());
    paragraph.enumerate().skip(1).find(|(_, line)| underline(line)).map(|(at, _)| at + 1)
}

/// The box `[ ]` of a task item that begins on the line where `span` begins: the offset of the character inside it.
pub(super) fn task_box(source: &str, span: Span) -> Option<usize> {
    let start = line_start(source, span.start);
    let line = &source[start..line_end(source, start)];
    let mut at = 0;
    loop {
        let rest = &line[at..];
        if let Some(c) = rest.chars().next().filter(|c| " \t>".contains(*c)) {
            at += c.len_utf8();
        } else if let Some(length) = marker(rest) {
            at += length;
        } else {
            let bytes = rest.as_bytes();
            let is_box =
                bytes.len() >= 3 && bytes[0] == b'[' && b" xX".contains(&bytes[1]) && bytes[2] == b']';
            return is_box.then_some(start + at + 1);
        }
    }
}

/// What continues the containers in which `span` begins, and whether `span` itself is one list item.
pub(super) fn container(source: &str, span: Span) -> (String, bool) {
    let start = line_start(source, span.start);
    let line = &source[start..line_end(source, start)];
    let column = span.start - start;
    let single = is_single_item(source, span);
    let (mut prefix, mut item, mut at) = (String::new(), false, 0);
    while let Some(c) = line[at..].chars().next() {
        let rest = &line[at + c.len_utf8()..];
        if c == '>' {
            // A quote mark takes one space for itself; spell it out, or the indentation after it is one short.
            prefix.push_str(if rest.starts_with([' ', '\t']) { ">" } else { "> " });
            at += 1;
        } else if c == ' ' || c == '\t' {
            prefix.push(c);
            at += 1;
        } else if let Some(length) = marker(&line[at..]).filter(|_| at < column || single) {
            prefix.push_str(&" ".repeat(length));
            item = true;
            at += length;
        } else {
            break;
        }
    }
    (prefix, item && (single || at >= column))
}

/// As [`container`], of what may be code, or a part of such: the indentation of code is not that of what holds it.
fn container_of(source: &str, span: Span, code: &[Code]) -> (String, bool) {
    let inside = |code: &&Code| code.span.start <= span.start && span.start < code.span.end;
    match code.iter().find(inside) {
        Some(Code { span: Span { start, .. }, indented: true }) => {
            let (prefix, item) = container(source, Span::new(*start, *start));
            (outdented(&prefix), item)
        }
        Some(code) if code.span.start < span.start => container(source, code.span),
        _ => container(source, span),
    }
}

/// Without the four columns that make code of what stands behind it.
fn outdented(prefix: &str) -> String {
    let column =
        |text: &str| text.chars().fold(0_usize, |at, c| if c == '\t' { at / 4 * 4 + 4 } else { at + 1 });
    let marks = prefix.trim_end_matches([' ', '\t']);
    let width = column(prefix) - column(marks);
    // One space belongs to the mark of a quote.
    let least = usize::from(marks.ends_with('>'));
    format!("{marks}{}", " ".repeat(width.saturating_sub(4).max(least)))
}

/// Whether a span is one list item: nothing in it after its first line begins another item of the same list.
fn is_single_item(source: &str, span: Span) -> bool {
    let text = span.of(source);
    let first = text.trim_start();
    let Some(length) = marker(first) else { return false };
    let before = span.start - line_start(source, span.start) + (text.len() - first.len());
    let content = before + length + 1;
    text.trim_end().lines().skip(1).all(|line| {
        let inner = line.trim_start();
        inner.is_empty() || marker(inner).is_none() || line.len() - inner.len() >= content
    })
}

/// Length of the list marker a text begins with, without the space that must follow it.
pub(super) fn marker(text: &str) -> Option<usize> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let length = match text.as_bytes().get(digits)? {
        b'-' | b'*' | b'+' if digits == 0 => 1,
        b'.' | b')' if (1..=9).contains(&digits) => digits + 1,
        _ => return None,
    };
    text[length..].starts_with([' ', '\t']).then_some(length)
}

fn out_of_code(source: &str, offset: usize, code: &[Code]) -> usize {
    code.iter().map(|code| code.span).fold(offset, |offset, fence| {
        let after = after_line(source, trimmed_end(source, fence).max(fence.start + 1) - 1);
        if line_start(source, fence.start) < offset && offset < after { after } else { offset }
    })
}

fn trimmed_end(source: &str, span: Span) -> usize {
    span.start + span.of(source).trim_end().len()
}

/// Start of the line that byte `at` stands on.
pub(super) fn line_start(source: &str, at: usize) -> usize {
    source.as_bytes()[..at.min(source.len())].iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1)
}

/// End of the line that byte `at` stands on, its line feed not included.
pub(super) fn line_end(source: &str, at: usize) -> usize {
    let at = at.min(source.len());
    source.as_bytes()[at..].iter().position(|b| *b == b'\n').map_or(source.len(), |length| at + length)
}

/// Start of the line after the one that byte `at` stands on.
pub(super) fn after_line(source: &str, at: usize) -> usize {
    (line_end(source, at) + 1).min(source.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(source: &str, part: &str) -> Span {
        let start = source.find(part).unwrap();
        Span::new(start, start + part.len())
    }

    fn fence(span: Span) -> Code {
        Code { span, indented: false }
    }

    #[test]
    fn an_insertion_takes_the_indentation_of_what_holds_its_action() {
        let cases = [
            ("```sh run\nx\n```\n", "```sh run\nx\n```\n", ""),
            ("- [ ] one\n- [ ] two\n", "- [ ] one\n", "  "),
            ("- [ ] one\n- [ ] two\n", "[ ] one", "  "),
            ("10. one\n11. two\n", "10. one\n", "    "),
            ("1. a\n\n   ```sh run\n   x\n   ```\n", "```sh run\n   x\n   ```", "   "),
            ("1. ```sh run\n   x\n   ```\n", "```sh run\n   x\n   ```", "   "),
            ("> - [ ] quoted\n", "- [ ] quoted\n", ">   "),
            (">- [ ] close\n", "- [ ] close\n", ">   "),
            ("- a\n- b\n", "- a\n- b\n", ""),
            ("- a\n  - b\n", "- a\n  - b\n", "  "),
            ("prose - with a dash\n", "prose - with a dash\n", ""),
        ];
        for (source, part, prefix) in cases {
            assert_eq!(below(source, span(source, part), &[], &[]).prefix, prefix, "{source:?}");
        }
    }

    #[test]
    fn an_insertion_stands_before_an_action_nested_in_its_item() {
        let source = "- [ ] outer\n\n  ```sh run\n  x\n  ```\n";
        let inner = span(source, "```sh run\n  x\n  ```");
        let place = below(source, span(source, source), &[inner], &[fence(inner)]);
        assert_eq!(&source[place.offset..place.offset + 5], "  ```");
    }

    #[test]
    fn an_insertion_never_cuts_a_fence() {
        let source = "a\n```sh run\nx\ny\n```\nb\n";
        let code = fence(span(source, "```sh run\nx\ny\n```"));
        let inside = span(source, "x");
        assert_eq!(below(source, inside, &[], &[code]).offset, source.find("b\n").unwrap());
    }

    #[test]
    fn an_insertion_stands_outside_of_code_that_is_told_by_its_indentation() {
        let cases = [
            ("    x\n", "x", "", ""),
            ("\tx\n", "x", "", ""),
            ("    x\n    y\n\nz\n", "x", "", "\nz\n"),
            ("    x\n\n    y\nz\n", "x", "", "z\n"),
            ("1. a\n\n       x\n\n   b\n", "x", "   ", "\n   b\n"),
            ("- a\n\n\t\tx\n", "x", "    ", ""),
            ("-     x\n", "x", "  ", ""),
            ("> a\n>\n>     x\n> b\n", "x", "> ", "> b\n"),
            ("> 1. a\n>\n>        x\n", "x", ">    ", ""),
            // A line that is done by hand begins with its indentation.
            ("1. a\n\n       x\n       y\n", "       y\n", "   ", ""),
            // As far in as code, and none: its item is as wide.
            ("1.  a\n\n    x\n", "x", "    ", ""),
        ];
        for (source, part, prefix, rest) in cases {
            let code = holdpoint_document::indented_code(source, holdpoint_model::DocumentKind::Foreign);
            let code: Vec<Code> = code.into_iter().map(|span| Code { span, indented: true }).collect();
            let place = below(source, span(source, part), &[], &code);
            assert_eq!((place.prefix.as_str(), &source[place.offset..]), (prefix, rest), "{source:?}");
        }
    }

    #[test]
    fn an_insertion_about_a_part_of_a_fence_takes_the_indentation_of_the_fence() {
        let source = "1. a\n\n   ```sh\n   x\n       y\n   ```\n";
        let code = fence(span(source, "```sh\n   x\n       y\n   ```"));
        let place = below(source, span(source, "       y\n   ```"), &[], &[code]);
        assert_eq!((place.prefix.as_str(), place.offset), ("   ", source.len()));
    }

    #[test]
    fn a_missing_last_line_feed_is_no_fault() {
        let source = "- [ ] last";
        assert_eq!(below(source, span(source, source), &[], &[]).offset, source.len());
    }

    #[test]
    fn headings_of_both_kinds_are_found() {
        let cases = [
            ("## A\n\ntext\n", Some("\ntext\n")),
            ("A\nB\n===\ntext\n", Some("text\n")),
            ("1. item\n", None),
            ("text\n\n---\n", None),
            ("## only", Some("")),
        ];
        for (source, rest) in cases {
            let place = below_heading(source, span(source, source));
            assert_eq!(place.map(|place| &source[place.offset..]), rest, "{source:?}");
        }
    }

    #[test]
    fn a_task_box_is_found_behind_markers_and_nowhere_else() {
        let cases = [
            ("- [ ] a", Some(3)),
            ("  1. [x] a", Some(6)),
            ("> - [ ] a", Some(5)),
            ("text [ ] a", None),
            ("- [a] link", None),
            ("- none", None),
        ];
        for (source, at) in cases {
            assert_eq!(task_box(source, Span::new(0, source.len())), at, "{source:?}");
        }
    }
}
