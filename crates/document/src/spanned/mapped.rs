//! Text taken out of a document, with the way back to where each byte stood.

use std::ops::Range;

use crate::Span;

/// Text that was cut out of the source piece by piece: list indentation and option prefixes are gone from it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mapped {
    text: String,
    /// Nearly every text is one piece, for which no room is allocated.
    first: Option<Piece>,
    more: Vec<Piece>,
    /// Where an empty text stands.
    origin: usize,
}

#[derive(Clone, Copy, Debug)]
struct Piece {
    text: usize,
    source: usize,
    /// Bytes it takes in the source; differs from its text only where a tab was expanded.
    source_len: usize,
}

impl Mapped {
    /// An empty text that stands at `origin`.
    pub(crate) fn at(origin: usize) -> Mapped {
        Mapped { origin, ..Mapped::default() }
    }

    /// An empty text that stands at `origin` and will have about so many bytes.
    pub(crate) fn with_room(origin: usize, bytes: usize) -> Mapped {
        Mapped { text: String::with_capacity(bytes), ..Mapped::at(origin) }
    }

    /// The bytes of `source` under `span`, unchanged.
    pub(crate) fn slice(source: &str, span: Span) -> Mapped {
        let mut mapped = Mapped::at(span.start);
        mapped.push(span.of(source), span);
        mapped
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Another text of the same length, which stands where this one does.
    pub(crate) fn reading(&self, text: String) -> Mapped {
        debug_assert_eq!(text.len(), self.text.len());
        Mapped { text, ..self.clone() }
    }

    pub(crate) fn into_text(self) -> String {
        self.text
    }

    /// Appends text that stands at `source` in the document.
    pub(crate) fn push(&mut self, text: &str, source: Span) {
        if text.is_empty() {
            return;
        }
        let piece =
            Piece { text: self.text.len(), source: source.start, source_len: source.end - source.start };
        match self.more.last_mut().or(self.first.as_mut()) {
            // It goes on where the last one ended, and both are as they stand in the source.
            Some(last)
                if last.source + last.source_len == piece.source
                    && last.text + last.source_len == piece.text
                    && piece.source_len == text.len() =>
            {
                last.source_len += piece.source_len;
            }
            Some(_) => self.more.push(piece),
            None => self.first = Some(piece),
        }
        self.text.push_str(text);
    }

    /// Appends the part `range` of another text.
    pub(crate) fn push_part(&mut self, other: &Mapped, range: Range<usize>) {
        self.push(&other.text[range.clone()], other.span(range));
    }

    /// Where `range` of this text stands in the document.
    pub(crate) fn span(&self, range: Range<usize>) -> Span {
        let start = self.source_of(range.start, false);
        let end = if range.end > range.start { self.source_of(range.end, true) } else { start };
        Span::new(start, end.max(start))
    }

    fn source_of(&self, at: usize, is_end: bool) -> usize {
        let Some(first) = self.first else { return self.origin };
        let index =
            self.more.partition_point(|piece| if is_end { piece.text < at } else { piece.text <= at });
        let piece = index.checked_sub(1).map_or(first, |index| self.more[index]);
        piece.source + (at - piece.text).min(piece.source_len)
    }

    /// Has it stand elsewhere: `to` says where each of its pieces begins.
    pub(crate) fn shift(&mut self, to: impl Fn(usize) -> usize) {
        self.origin = to(self.origin);
        for piece in self.first.iter_mut().chain(&mut self.more) {
            piece.source = to(piece.source);
        }
    }

    /// Byte ranges of the lines, without their ends.
    pub(crate) fn lines(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        let mut start = 0;
        self.text.split_inclusive('\n').map(move |line| {
            let range = start..start + line.len() - usize::from(line.ends_with('\n'));
            start += line.len();
            range
        })
    }
}
