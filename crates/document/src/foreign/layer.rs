//! Where every byte of a document is shown: the layer under its plan.

use super::book::Book;
use super::outline::Outline;
use crate::steps::Section;
use crate::{Passage, Span, Step};

/// Where something of the document is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Before everything else: keys and values of other tools.
    Front,
    /// As the title of the document, of a step or of what groups steps.
    Heading,
    /// Above an action.
    Prose {
        /// Index of the step.
        step: usize,
        /// Index of its action.
        action: usize,
    },
    /// As what is to be done.
    Work {
        /// Index of the step.
        step: usize,
        /// Index of its action.
        action: usize,
    },
    /// Between the steps, to be read: index of the passage.
    Passage(usize),
}

/// A piece of the source. Blank lines belong to the piece above them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Which.
    pub span: Span,
    /// Where it is shown.
    pub shown: Shown,
}

/// Has every byte belong to one piece: what no step shows becomes passages.
pub(super) fn complete(
    book: &Book<'_>,
    outline: &Outline<'_>,
    steps: &[Step],
    pieces: &mut Vec<Piece>,
) -> Vec<Passage> {
    if book.front.end > book.front.start {
        pieces.push(Piece { span: book.front, shown: Shown::Front });
    }
    pieces.retain(|piece| piece.span.start < piece.span.end);
    pieces.sort_by_key(|piece| piece.span.start);
    let mut gaps = Gaps { source: book.source, shown: pieces, steps, passages: Vec::new(), more: Vec::new() };
    let first = outline.sections.first().map_or(book.source.len(), |section| section.span.start);
    gaps.between(Span::new(0, first), None, false);
    for (index, section) in outline.sections.iter().enumerate() {
        gaps.section(section, outline.titled && index <= 1);
    }
    let Gaps { passages, more, .. } = gaps;
    pieces.extend(more);
    pieces.sort_by_key(|piece| piece.span.start);
    close_gaps(pieces, book.source.len());
    passages
}

/// Has what is left between pieces, which are in order, belong to the one above it: it is blank.
pub(crate) fn close_gaps(pieces: &mut [Piece], length: usize) {
    let mut end = length;
    for piece in pieces.iter_mut().rev() {
        piece.span.end = end;
        end = piece.span.start;
    }
    if let Some(first) = pieces.first_mut() {
        first.span.start = 0;
    }
}

struct Gaps<'g> {
    source: &'g str,
    /// What is shown already, in order.
    shown: &'g [Piece],
    steps: &'g [Step],
    passages: Vec<Passage>,
    more: Vec<Piece>,
}

impl Gaps<'_> {
    fn section(&mut self, section: &Section<'_>, title: bool) {
        let title = section.heading.filter(|heading| title && heading.level == 1).map(|heading| heading.span);
        let told = section.children.iter().any(|child| self.works(child));
        match title {
            // The title of the document stands above everything.
            Some(title) => {
                let shown = self.shown.iter().any(|piece| piece.span.start == title.start);
                self.more.extend((!shown).then_some(Piece { span: title, shown: Shown::Heading }));
                self.between(Span::new(title.end, section.span.end), None, true);
            }
            None => {
                let heading = section.heading.map(|heading| (heading.span, heading.text.line()));
                self.between(section.span, heading, told);
            }
        }
        section.children.iter().for_each(|child| self.section(child, false));
    }

    /// Whether steps stand in a section.
    fn works(&self, section: &Section<'_>) -> bool {
        let from = self.steps.partition_point(|step| step.span.start < section.span.start);
        self.steps.get(from).is_some_and(|step| step.span.start < section.span.end)
            || section.children.iter().any(|child| self.works(child))
    }

    /// What is not shown yet in a section of this heading; `told` where the heading alone is told by what is below it.
    fn between(&mut self, span: Span, heading: Option<(Span, String)>, told: bool) {
        let from = self.shown.partition_point(|piece| piece.span.end <= span.start);
        let mut at = span.start;
        let mut gaps = Vec::new();
        for piece in self.shown[from..].iter().take_while(|piece| piece.span.start < span.end) {
            gaps.push(Span::new(at, piece.span.start.max(at)));
            at = at.max(piece.span.end);
        }
        gaps.push(Span::new(at, span.end.max(at)));
        gaps.retain(|gap| !gap.of(self.source).trim().is_empty());
        for gap in gaps {
            let own = heading.as_ref().filter(|(heading, _)| heading.start == gap.start);
            let body = Span::new(own.map_or(gap.start, |(heading, _)| heading.end.min(gap.end)), gap.end);
            let blank = body.of(self.source).trim().is_empty();
            if let Some((span, _)) = own.filter(|_| blank && told) {
                self.more.push(Piece { span: *span, shown: Shown::Heading });
                continue;
            }
            let before = self.steps.partition_point(|step| step.span.start < gap.start);
            let prose = if blank { Vec::new() } else { vec![trimmed(self.source, body)] };
            self.more.push(Piece { span: gap, shown: Shown::Passage(self.passages.len()) });
            let heading = own.map(|(_, title)| title.clone());
            self.passages.push(Passage { before, file: None, heading, prose });
        }
    }
}

/// Without blank lines at both ends.
pub(super) fn trimmed(source: &str, span: Span) -> Span {
    let whole = span.of(source);
    let text = whole.trim_end();
    let blank: usize =
        text.split_inclusive('\n').take_while(|line| line.trim().is_empty()).map(str::len).sum();
    Span::new(span.start + blank, span.start + text.len())
}
