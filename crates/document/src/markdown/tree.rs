//! What a document is made of, as far as run-books care. Every span points into the document's source.

use super::slug::Unique;
use crate::Span;
use crate::blocks::Kind;
use crate::spanned::Mapped;

/// A document's blocks.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    /// The front matter with and without its fences.
    pub(crate) front: Option<(Span, Span)>,
    /// What looks like another front matter further down.
    pub(crate) later_fronts: Vec<Span>,
    pub(crate) blocks: Vec<Block>,
    /// Set where containers were nested so deeply that the tree flattens them.
    pub(crate) too_deep: Option<Span>,
}

#[derive(Debug)]
pub(crate) enum Block {
    // The large ones apart: every block takes as much room as the largest.
    Heading(Box<Heading>),
    Text(Text),
    Fence(Box<Fence>),
    List(List),
    Quote(Quote),
    Html(Span),
    /// Indented code.
    Indented(Box<Mapped>, Span),
    /// Tables, rules.
    Other(Span),
}

#[derive(Debug)]
pub(crate) struct Heading {
    pub(crate) level: u8,
    pub(crate) span: Span,
    pub(crate) text: Text,
    /// GitHub's anchor, unique in the document.
    pub(crate) slug: String,
}

/// A paragraph, or the text of a tight list item.
#[derive(Debug, Default)]
pub(crate) struct Text {
    pub(crate) span: Span,
    /// Without markup; line breaks kept. Empty where nobody reads it: in paragraphs outside of items and cautions.
    pub(crate) plain: String,
    pub(crate) links: Vec<Link>,
    /// A run of backticks or tildes that stands where a fence would open, but does not open one.
    pub(crate) fence_like: Option<Span>,
}

#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) title: String,
    pub(crate) span: Span,
}

/// A fenced code block.
#[derive(Debug)]
pub(crate) struct Fence {
    pub(crate) span: Span,
    pub(crate) info: String,
    /// What the info string makes of it; documentation where it is refused.
    pub(crate) kind: Kind,
    pub(crate) info_span: Span,
    /// The contents without the indentation of the lists around it.
    pub(crate) body: Mapped,
    pub(crate) closed: bool,
    /// What the fence is made of, and how many of it.
    pub(crate) mark: (char, usize),
}

#[derive(Debug)]
pub(crate) struct List {
    pub(crate) ordered: bool,
    pub(crate) items: Vec<Item>,
}

#[derive(Debug)]
pub(crate) struct Item {
    /// From the marker to the last byte that is not white space.
    pub(crate) span: Span,
    /// Where its contents begin, after marker and task box.
    pub(crate) content: usize,
    /// The box of a task item.
    pub(crate) task: Option<Span>,
    pub(crate) blocks: Vec<Block>,
}

#[derive(Debug)]
pub(crate) struct Quote {
    pub(crate) span: Span,
    pub(crate) caution: bool,
    pub(crate) blocks: Vec<Block>,
}

impl Tree {
    /// The tree of these blocks, whose anchors are made unique.
    pub(super) fn new(mut blocks: Vec<Block>, too_deep: Option<Span>) -> Tree {
        fn name(blocks: &mut [Block], names: &mut Unique) {
            for block in blocks {
                match block {
                    Block::Heading(heading) => heading.slug = names.name(&heading.slug),
                    Block::List(list) => list.items.iter_mut().for_each(|item| name(&mut item.blocks, names)),
                    Block::Quote(quote) => name(&mut quote.blocks, names),
                    _ => {}
                }
            }
        }
        name(&mut blocks, &mut Unique::default());
        Tree { blocks, too_deep, ..Tree::default() }
    }
}

impl Block {
    pub(crate) fn span(&self) -> Span {
        match self {
            Block::Heading(heading) => heading.span,
            Block::Text(text) => text.span,
            Block::Fence(fence) => fence.span,
            Block::List(list) => {
                let start = list.items.first().map_or(0, |item| item.span.start);
                Span::new(start, list.items.last().map_or(start, |item| item.span.end))
            }
            Block::Quote(quote) => quote.span,
            Block::Html(span) | Block::Indented(_, span) | Block::Other(span) => *span,
        }
    }

    /// The blocks directly inside of it.
    pub(crate) fn children(&self) -> Box<dyn Iterator<Item = &Block> + '_> {
        match self {
            Block::List(list) => Box::new(list.items.iter().flat_map(|item| &item.blocks)),
            Block::Quote(quote) => Box::new(quote.blocks.iter()),
            _ => Box::new(std::iter::empty()),
        }
    }
}

impl Text {
    /// On one line.
    pub(crate) fn line(&self) -> String {
        self.plain.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

impl Item {
    /// The text it begins with.
    pub(crate) fn text(&self) -> Option<&Text> {
        match self.blocks.first() {
            Some(Block::Text(text)) => Some(text),
            _ => None,
        }
    }
}

impl Quote {
    /// Its text without markup, paragraphs apart.
    pub(crate) fn plain(&self) -> String {
        fn collect(blocks: &[Block], out: &mut Vec<String>) {
            for block in blocks {
                match block {
                    Block::Text(text) => out.push(text.plain.trim().to_owned()),
                    Block::Heading(heading) => out.push(heading.text.line()),
                    Block::Fence(fence) => out.push(fence.body.text().trim_end().to_owned()),
                    Block::List(list) => list.items.iter().for_each(|item| collect(&item.blocks, out)),
                    Block::Quote(quote) => collect(&quote.blocks, out),
                    _ => {}
                }
            }
        }
        let mut parts = Vec::new();
        collect(&self.blocks, &mut parts);
        parts.join("\n\n")
    }
}
