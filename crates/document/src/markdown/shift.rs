//! Blocks that come to stand elsewhere: a file's, in the text of the document that includes it.

use super::tree::{Block, Fence, Item, Text};
use crate::Span;

/// Where what stood at a byte comes to stand; the end of something may go elsewhere than what begins there.
pub(crate) trait Shift {
    /// For what begins at `at`.
    fn start(&self, at: usize) -> usize;
    /// For what ends at `at`.
    fn end(&self, at: usize) -> usize;

    /// For what lies in between.
    fn span(&self, span: Span) -> Span {
        let start = self.start(span.start);
        Span::new(start, self.end(span.end).max(start))
    }
}

/// Moves every place in these blocks.
pub(crate) fn shift(blocks: &mut [Block], to: &impl Shift) {
    for block in blocks {
        match block {
            Block::Heading(heading) => {
                heading.span = to.span(heading.span);
                text(&mut heading.text, to);
            }
            Block::Text(own) => text(own, to),
            Block::Fence(own) => fence(own, to),
            Block::List(list) => list.items.iter_mut().for_each(|own| item(own, to)),
            Block::Quote(quote) => {
                quote.span = to.span(quote.span);
                shift(&mut quote.blocks, to);
            }
            Block::Html(span) | Block::Other(span) => *span = to.span(*span),
            Block::Indented(body, span) => {
                body.shift(|at| to.start(at));
                *span = to.span(*span);
            }
        }
    }
}

fn text(text: &mut Text, to: &impl Shift) {
    text.span = to.span(text.span);
    if let Some(odd) = &mut text.odd {
        odd.links.iter_mut().for_each(|link| link.span = to.span(link.span));
        odd.fence_like = odd.fence_like.map(|span| to.span(span));
        odd.without_images =
            odd.without_images.map(|span| if span == Span::default() { span } else { to.span(span) });
    }
}

fn fence(fence: &mut Fence, to: &impl Shift) {
    fence.span = to.span(fence.span);
    fence.info_span = to.span(fence.info_span);
    fence.body.shift(|at| to.start(at));
}

fn item(item: &mut Item, to: &impl Shift) {
    item.span = to.span(item.span);
    item.content = to.start(item.content);
    item.task = item.task.map(|span| to.span(span));
    shift(&mut item.blocks, to);
}
