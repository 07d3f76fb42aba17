//! Both ends of an output, harmless, with the middle left out. However long it is, only what is shown is held.

use std::collections::VecDeque;

use holdpoint_model::many;

use crate::text::visible;

/// Longest line shown of an output, in characters.
const LONGEST_LINE: usize = 400;
/// A line of fewer bytes is held as it is, and made harmless only if it is shown.
const SHORT: usize = 4 * LONGEST_LINE;

/// Bytes as lines, harmless, with the middle left out beyond `edge` lines at both ends.
pub(crate) struct Shown {
    /// The lines to show.
    pub(crate) lines: Vec<String>,
    /// How many there were.
    pub(crate) total: usize,
    /// How many were left out.
    pub(crate) hidden: usize,
    /// Whether the last line had no line feed.
    pub(crate) unterminated: bool,
}

/// Shortens an output to its first and last `edge` lines.
pub(crate) fn shorten(bytes: &[u8], edge: usize) -> Shown {
    let mut edges = Edges::new(edge);
    edges.push(bytes);
    edges.shown()
}

/// An output that comes in pieces.
pub(crate) struct Edges {
    edge: usize,
    /// The first lines, as many as are shown where nothing is left out.
    first: Vec<Line>,
    /// The last lines after those.
    last: VecDeque<Line>,
    /// How many lines have ended.
    ended: usize,
    /// The line that has not, and whether there is anything of it.
    open: Line,
    begun: bool,
}

impl Edges {
    pub(crate) fn new(edge: usize) -> Edges {
        let (first, last) = (Vec::new(), VecDeque::new());
        Edges { edge, first, last, ended: 0, open: Line::default(), begun: false }
    }

    /// The next piece.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let text = part.strip_suffix(b"\n").unwrap_or(part);
            self.open.push(text);
            self.begun = true;
            if text.len() < part.len() {
                self.end_line();
            }
        }
    }

    fn end_line(&mut self) {
        self.ended += 1;
        self.begun = false;
        // Leaving out one or two lines would save nothing.
        if self.first.len() < self.edge * 2 + 2 {
            return self.first.push(std::mem::take(&mut self.open));
        }
        // Memory goes round: most lines are left out.
        let spare = if self.last.len() < self.edge { None } else { self.last.pop_front() };
        let mut spare = spare.unwrap_or_default();
        spare.clear();
        self.last.push_back(std::mem::replace(&mut self.open, spare));
    }

    /// What is shown of it, now that it is whole.
    pub(crate) fn shown(mut self) -> Shown {
        let unterminated = self.begun;
        if unterminated {
            self.end_line();
        }
        let Edges { edge, first, last, ended: total, .. } = self;
        if total <= edge * 2 + 2 {
            let lines = first.into_iter().map(Line::shown).collect();
            return Shown { lines, total, hidden: 0, unterminated };
        }
        let (hidden, held) = (total - edge * 2, first.len() + last.len());
        let mut lines = Vec::with_capacity(edge * 2 + 1);
        for (at, line) in first.into_iter().chain(last).enumerate() {
            if at == edge {
                lines.push(format!("⋮ ⟨{} left out here⟩", many(hidden, "line")));
            }
            if at < edge || at >= held - edge {
                lines.push(line.shown());
            }
        }
        Shown { lines, total, hidden, unterminated }
    }
}

/// A line, as much of it as can be shown.
#[derive(Default)]
struct Line {
    /// Its bytes while it is short; then those that the next may complete to a character.
    raw: Vec<u8>,
    long: Option<Long>,
}

/// A long line: its beginning, made harmless, and how many characters it has in that form.
#[derive(Default)]
struct Long {
    text: String,
    characters: usize,
}

impl Line {
    fn clear(&mut self) {
        self.raw.clear();
        self.long = None;
    }

    fn push(&mut self, bytes: &[u8]) {
        self.raw.extend_from_slice(bytes);
        if self.raw.len() > SHORT {
            let end = whole_characters(&self.raw);
            self.long.get_or_insert_default().push(&visible(&self.raw[..end]));
            self.raw.drain(..end);
        }
    }

    fn shown(self) -> String {
        let mut line = self.long.unwrap_or_default();
        line.push(&visible(&self.raw));
        match line.characters.checked_sub(LONGEST_LINE) {
            None | Some(0) => line.text,
            Some(more) => format!("{}… ⟨{more} more characters⟩", line.text),
        }
    }
}

impl Long {
    fn push(&mut self, text: &str) {
        let room = LONGEST_LINE.saturating_sub(self.characters);
        self.text.extend(text.chars().take(room));
        self.characters += text.chars().count();
    }
}

/// Up to where no more bytes can change what characters there are.
fn whole_characters(bytes: &[u8]) -> usize {
    let unfinished = |at: &usize| {
        std::str::from_utf8(&bytes[*at..])
            .is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
    };
    (bytes.len().saturating_sub(3)..bytes.len()).find(unfinished).unwrap_or(bytes.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_long_output_keeps_its_ends_and_says_how_much_is_missing() {
        let output: String = (1..=100).map(|n| format!("line {n}\n")).collect();
        let shown = shorten(output.as_bytes(), 3);
        assert_eq!((shown.total, shown.hidden, shown.lines.len()), (100, 94, 7));
        assert_eq!(shown.lines[3], "⋮ ⟨94 lines left out here⟩");
        assert_eq!(shown.lines[6], "line 100");
        assert_eq!(shorten(b"", 3).total, 0);
        assert!(shorten(b"no end", 3).unterminated);
    }

    /// The whole output at once, as plainly as it can be said.
    fn oracle(bytes: &[u8], edge: usize) -> Vec<String> {
        let text = visible(bytes);
        let lines: Vec<&str> = text.strip_suffix('\n').unwrap_or(&text).split('\n').collect();
        let long = |line: &&str| match line.chars().count().checked_sub(LONGEST_LINE) {
            None | Some(0) => line.to_string(),
            Some(more) => {
                let begin: String = line.chars().take(LONGEST_LINE).collect();
                format!("{begin}… ⟨{more} more characters⟩")
            }
        };
        if text.is_empty() {
            return Vec::new();
        }
        if lines.len() <= edge * 2 + 2 {
            return lines.iter().map(long).collect();
        }
        let mut shown: Vec<String> = lines[..edge].iter().map(long).collect();
        shown.push(format!("⋮ ⟨{} lines left out here⟩", lines.len() - edge * 2));
        shown.extend(lines[lines.len() - edge..].iter().map(long));
        shown
    }

    proptest! {
        #[test]
        fn what_comes_in_pieces_is_shown_as_the_whole(
            pieces in prop::collection::vec(
                prop_oneof![
                    "[a-c\n]{0,12}".prop_map(String::into_bytes),
                    "[é世\u{1b}\n]{0,4}".prop_map(String::into_bytes),
                    prop::collection::vec(any::<u8>(), 0..5),
                    (500..2500_usize).prop_map(|n| "x世".repeat(n).into_bytes()[..n].to_vec()),
                ],
                0..24,
            ),
            edge in 1..4_usize,
        ) {
            let mut edges = Edges::new(edge);
            pieces.iter().for_each(|piece| edges.push(piece));
            let (shown, whole) = (edges.shown(), pieces.concat());
            prop_assert_eq!(&shown.lines, &oracle(&whole, edge));
            prop_assert_eq!(shown.unterminated, !whole.is_empty() && !whole.ends_with(b"\n"));
        }
    }
}
