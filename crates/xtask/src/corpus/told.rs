//! Whether every line of a document is told: in the text of its plan, and on the screen of a dry run.

/// The first line of a document whose letters stand nowhere in what was shown of it. Code is held against the plan by another
/// parser, and headings are.
pub(super) fn untold<'d>(document: &'d str, plan: &str, screen: &str) -> Option<&'d str> {
    let (plan, screen) = (letters(plan), letters(screen));
    lines(document).find(|line| {
        let (written, seen) = (letters(bare(line)), letters(&without_addresses(bare(line))));
        !plan.contains(&written) || !(screen.contains(&seen) || screen.contains(&written))
    })
}

fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// The lines of text, tables and lists, in order.
fn lines(document: &str) -> impl Iterator<Item = &str> {
    let mut front = document.trim_start_matches('\u{feff}').starts_with("---");
    let mut fence: Option<String> = None;
    document.lines().enumerate().filter_map(move |(number, line)| {
        if front {
            front = number == 0 || line.trim() != "---";
            return None;
        }
        let text = bare(line);
        let mark = ["```", "~~~"].into_iter().find(|mark| text.starts_with(mark));
        match (&fence, mark) {
            (None, Some(mark)) => fence = Some(mark.to_owned()),
            (Some(open), Some(mark)) if open == mark => fence = None,
            (None, None) if !text.starts_with('#') && !is_definition(text) => return Some(line),
            _ => {}
        }
        None
    })
}

/// `[name]: address`, which nobody sees.
fn is_definition(text: &str) -> bool {
    text.starts_with('[') && text.split_once("]:").is_some_and(|(name, _)| !name.contains(']'))
}

/// A line without quotes, marks and boxes before it.
fn bare(line: &str) -> &str {
    let text =
        line.trim_start_matches(|c: char| c.is_whitespace() || "->*+.)".contains(c) || c.is_ascii_digit());
    ["[ ]", "[x]", "[X]"].iter().find_map(|mark| text.strip_prefix(mark)).unwrap_or(text)
}

/// A line without what a screen does not show of it: addresses of links, footnotes, tags.
fn without_addresses(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(at) = rest.find(['<', ']', '[']) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let (hidden, end) = match from.as_bytes() {
            [b']', b'(', ..] => (true, ')'),
            [b']', b'[', ..] | [b'[', b'^', ..] => (true, ']'),
            [b'<', ..] => (true, '>'),
            _ => (false, ' '),
        };
        let from = &from[1..];
        match from.find(end).filter(|_| hidden) {
            Some(end) => rest = &from[end + usize::from(end < from.len())..],
            None => rest = from,
        }
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_told_nowhere_is_found() {
        let document = "---\nkey: front\n---\n# T\n\nLook at [it](https://x.test/y) twice.\n\n```sh\ncode\n```\n\n| Note | see [1] |\n";
        let whole = "Look at [it](https://x.test/y) twice. | Note | see [1] |";
        let seen = "Look at it twice. Note see 1";
        assert_eq!(untold(document, whole, seen), None);
        assert_eq!(untold(document, whole, "Look at it twice."), Some("| Note | see [1] |"));
        assert_eq!(untold(document, "", seen), Some("Look at [it](https://x.test/y) twice."));
    }
}
