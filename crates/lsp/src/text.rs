//! Places in a text as editors count them: lines from 0, and columns in UTF-16.

use holdpoint_document::Span;
use lsp_types::{Position, Range};

/// A text with where each of its lines begins.
pub(crate) struct Text {
    text: String,
    lines: Vec<usize>,
}

impl Text {
    pub(crate) fn new(text: String) -> Text {
        // A line ends at LF, at CR LF and at CR alone.
        let bytes = text.as_bytes();
        let ends = |at: &usize| match bytes[*at] {
            b'\n' => true,
            b'\r' => bytes.get(at + 1) != Some(&b'\n'),
            _ => false,
        };
        let lines = std::iter::once(0).chain((0..bytes.len()).filter(ends).map(|at| at + 1)).collect();
        Text { text, lines }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// The byte at a position; of one that is behind the end of its line or of the text, that end.
    pub(crate) fn offset(&self, position: Position) -> usize {
        let line = position.line as usize;
        let Some(start) = self.lines.get(line).copied() else { return self.text.len() };
        let end = self.lines.get(line + 1).copied().unwrap_or(self.text.len());
        let content = self.text[start..end].trim_end_matches(['\n', '\r']);
        let mut column = 0;
        for (at, c) in content.char_indices() {
            if column >= position.character as usize {
                return start + at;
            }
            column += c.len_utf16();
        }
        start + content.len()
    }

    pub(crate) fn position(&self, offset: usize) -> Position {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.lines.partition_point(|start| *start <= offset).saturating_sub(1);
        let column: usize = self.text[self.lines[line]..offset].chars().map(char::len_utf16).sum();
        Position::new(number(line), number(column))
    }

    pub(crate) fn range(&self, span: Span) -> Range {
        Range::new(self.position(span.start), self.position(span.end))
    }

    /// The line around a byte, without its end, and where it begins.
    pub(crate) fn line(&self, offset: usize) -> (usize, &str) {
        let line = self.lines.partition_point(|start| *start <= offset).saturating_sub(1);
        let end = self.lines.get(line + 1).copied().unwrap_or(self.text.len());
        (self.lines[line], self.text[self.lines[line]..end].trim_end_matches(['\n', '\r']))
    }

    /// The text with a part of it put in the place of another.
    pub(crate) fn changed(&self, range: Range, by: &str) -> String {
        let start = self.offset(range.start);
        let end = self.offset(range.end).max(start);
        [&self.text[..start], by, &self.text[end..]].concat()
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_counted_in_utf_16_and_lead_back_to_the_byte() {
        let text = Text::new("aä𝄞b\r\nzwei\rdrei\n".to_owned());
        for (offset, line, column) in
            [(0, 0, 0), (1, 0, 1), (3, 0, 2), (7, 0, 4), (8, 0, 5), (10, 1, 0), (15, 2, 0), (20, 3, 0)]
        {
            let position = text.position(offset);
            assert_eq!(position, Position::new(line, column), "{offset}");
            assert_eq!(text.offset(position), offset);
        }
        // In the middle of a character that is two units long, and behind everything.
        assert_eq!(text.offset(Position::new(0, 3)), 7);
        assert_eq!(text.offset(Position::new(0, 99)), 8);
        assert_eq!(text.offset(Position::new(99, 0)), 20);
        assert_eq!(text.position(2), Position::new(0, 1));
    }

    #[test]
    fn a_part_of_it_is_changed_by_its_range() {
        let text = Text::new("ä1\nb\n".to_owned());
        let range = |a, b, c, d| Range::new(Position::new(a, b), Position::new(c, d));
        assert_eq!(text.changed(range(0, 1, 1, 0), "2"), "ä2b\n");
        assert_eq!(text.changed(range(9, 0, 9, 9), "c"), "ä1\nb\nc");
        assert_eq!(text.changed(range(1, 1, 0, 0), "x"), "ä1\nbx\n", "ends before it begins");
    }
}
