//! How far a block reaches: over the `expect` fences that belong to it.

use holdpoint_model::Span;

use super::place::{after_line, container, line_end};

/// A block's span, stretched over the `expect` fences that follow it in the same container, so that a result stands
/// below what it was held against. `expected` says where expectations are written, `others` where actions begin.
pub(super) fn with_expectations(source: &str, block: Span, expected: &[Span], others: &[Span]) -> Span {
    expected.iter().fold(block, |reach, expected| {
        let end =
            (expected.start >= reach.end).then(|| fence_end(source, reach.end, *expected, block)).flatten();
        match end {
            Some(end) if !others.iter().any(|other| (block.end..end).contains(&other.start)) => {
                Span::new(block.start, end)
            }
            _ => reach,
        }
    })
}

/// Where the fence around `inside` ends, if it begins after `from` and in the container that `block` begins in.
fn fence_end(source: &str, from: usize, inside: Span, block: Span) -> Option<usize> {
    let mut opening = None;
    let mut at = after_line(source, from.max(1) - 1);
    while at <= inside.start && at < source.len() {
        let line = &source[at..line_end(source, at)];
        if let Some((mark, length, _)) = marks(line).filter(|(_, _, info)| info.ends_with(" expect")) {
            opening = Some((at, mark, length));
        }
        at = after_line(source, at);
    }
    let (opened, mark, length) = opening?;
    let line = &source[opened..line_end(source, opened)];
    let fence = opened + line.len() - line.trim_start_matches([' ', '\t', '>']).len();
    let here = Span::new(fence, fence);
    if container(source, here).0 != container(source, Span::new(block.start, block.start)).0 {
        return None;
    }
    let mut at = after_line(source, opened);
    while at < source.len() {
        let end = line_end(source, at);
        if marks(&source[at..end]).is_some_and(|(m, l, info)| m == mark && l >= length && info.is_empty()) {
            return (inside.end <= end).then_some(end);
        }
        at = after_line(source, at);
    }
    None
}

/// Mark, length and info string of a line that begins or ends a fence.
fn marks(line: &str) -> Option<(char, usize, &str)> {
    let bare = line.trim_start_matches([' ', '\t', '>']);
    let mark = bare.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let length = bare.chars().take_while(|c| *c == mark).count();
    (length >= 3).then(|| (mark, length, bare[length..].trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(source: &str, part: &str) -> Span {
        let start = source.find(part).unwrap();
        Span::new(start, start + part.len())
    }

    #[test]
    fn a_result_stands_below_the_expectations_it_was_held_against() {
        let check = "```sh check\nx\n```";
        let cases = [
            ("```sh check\nx\n```\n```yaml expect\nexit: 0\n```\nrest\n", "exit: 0", Some("\nrest\n")),
            ("```sh check\nx\n```\n\nIt says:\n\n~~~text expect\n```\nok\n~~~\nrest", "ok", Some("\nrest")),
            ("```sh check\nx\n```\n```yaml expect\nexit: 0\n```", "```yaml expect\nexit: 0\n```", Some("")),
            ("```sh check\nx\n```\n- a\n\n  ```yaml expect\n  exit: 0\n  ```\n", "exit: 0", None),
            ("```sh check\nx\n```\n```yaml expect\nexit: 0\n", "exit: 0", None),
            ("```sh check\nx\n```\nexit: 0\n", "exit: 0", None),
        ];
        for (source, expected, rest) in cases {
            let block = span(source, check);
            let reach = with_expectations(source, block, &[span(source, expected)], &[block]);
            let rest = rest.map_or(block.end, |rest| source.len() - rest.len());
            assert_eq!(reach.end, rest, "{source:?}");
        }
    }
}
