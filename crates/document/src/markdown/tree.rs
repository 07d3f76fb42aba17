//! What a document is made of, as far as run-books care. Every span points into the document's source.

use super::slug::Unique;
use crate::Span;
use crate::blocks::Kind;
use crate::spanned::Mapped;

/// What of a document is front matter, or looks like it.
#[derive(Debug, Default)]
pub(crate) struct Fronts {
    /// The front matter with and without its fences.
    pub(crate) front: Option<(Span, Span)>,
    /// What looks like another front matter further down.
    pub(crate) later: Vec<Span>,
    /// Where the document itself begins.
    pub(super) end: usize,
}

/// A document's blocks.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    pub(crate) blocks: Vec<Block>,
    /// Set where containers were nested so deeply that the tree flattens them.
    pub(crate) too_deep: Option<Span>,
    /// Definitions of links with the title of an include, or nearly, that no link outside of tables goes by.
    pub(crate) unused: Vec<Span>,
    /// Of a document that people follow by hand: numbers right below a line of text that go on from the list above, and begin
    /// a list all the same. From each to the end of its line, and the number.
    pub(crate) went_on: Vec<(Span, usize)>,
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
    /// Without markup; line breaks kept. Empty where nobody reads it: outside of headings, ordered items and cautions.
    pub(crate) plain: String,
    /// What the audit looks at. Most texts have nothing of it, and every block takes as much room as a text.
    pub(crate) odd: Option<Box<Odd>>,
}

/// What may have been meant otherwise than it is read.
#[derive(Debug, Default)]
pub(crate) struct Odd {
    /// Links with a title.
    pub(crate) links: Vec<Link>,
    /// It was a link that includes something, and is taken out of the links.
    pub(crate) is_include: bool,
    /// The first image or tag of HTML with the title of an include, or nearly: neither includes anything.
    pub(crate) no_include: Option<(Span, &'static str)>,
    /// A run of backticks or tildes that stands where a fence would open, but does not open one.
    pub(crate) fence_like: Option<Span>,
    /// Where an image stands at its edge: the span that it had once, when nobody looked at what begins an image;
    /// empty where there was nothing else. See [`Tree::as_read_before`].
    pub(crate) without_images: Option<Span>,
    /// [`Text::plain`] with the tags that are placeholders, where there are any. See [`Tree::swap_tags`].
    pub(crate) with_tags: Option<String>,
}

#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) title: String,
    /// Where it leads, as it is written.
    pub(crate) to: String,
    /// What it is called, without markup.
    pub(crate) text: String,
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
                    Block::Heading(heading) => heading.slug = names.name(std::mem::take(&mut heading.slug)),
                    Block::List(list) => list.items.iter_mut().for_each(|item| name(&mut item.blocks, names)),
                    Block::Quote(quote) => name(&mut quote.blocks, names),
                    _ => {}
                }
            }
        }
        name(&mut blocks, &mut Unique::default());
        Tree { blocks, too_deep, unused: Vec::new(), went_on: Vec::new() }
    }

    /// Has texts say their placeholders in angle brackets, which Markdown takes for tags of HTML, or takes these out again.
    /// Whether any text is another by that.
    pub(crate) fn swap_tags(&mut self) -> bool {
        fn swap(blocks: &mut [Block]) -> bool {
            let mut any = false;
            for block in blocks {
                any |= match block {
                    Block::Heading(heading) => heading.text.swap_tags(),
                    Block::Text(text) => text.swap_tags(),
                    Block::List(list) => {
                        list.items.iter_mut().map(|item| swap(&mut item.blocks)).filter(|any| *any).count()
                            > 0
                    }
                    Block::Quote(quote) => swap(&mut quote.blocks),
                    _ => false,
                };
            }
            any
        }
        swap(&mut self.blocks)
    }

    /// Makes of it what it was once, when an image at the edge of a text was cut there. Whether anything is another by that.
    pub(crate) fn cut_images(&mut self) -> bool {
        fn cut(blocks: &mut [Block]) -> bool {
            let mut any = false;
            for block in blocks {
                any |= match block {
                    Block::Heading(heading) => {
                        let start = heading.span.start;
                        heading.text.cut_images(Span::new(start, start))
                    }
                    Block::List(list) => list.items.iter_mut().map(of_item).filter(|cut| *cut).count() > 0,
                    Block::Quote(quote) => cut(&mut quote.blocks),
                    _ => false,
                };
            }
            any
        }
        fn of_item(item: &mut Item) -> bool {
            let mut any = false;
            if let Some(Block::Text(text)) = item.blocks.first_mut()
                && text.cut_images(Span::default())
            {
                any = true;
                if text.span == Span::default() {
                    item.blocks.remove(0);
                }
                let boxed = item.task.map(|task| task.end);
                let first = item.blocks.first().map(|block| block.span().start);
                let content = first.or(boxed).unwrap_or(item.span.end);
                item.content = content.clamp(item.span.start, item.span.end);
            }
            cut(&mut item.blocks) || any
        }
        cut(&mut self.blocks)
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
}

/// A fence, and whether it stands in a quote.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fenced<'t> {
    pub(crate) fence: &'t Fence,
    pub(crate) quoted: bool,
}

/// All fences, at any depth, in the order of the document.
pub(crate) fn fences(blocks: &[Block]) -> Vec<Fenced<'_>> {
    fn visit<'t>(blocks: &'t [Block], quoted: bool, found: &mut Vec<Fenced<'t>>) {
        for block in blocks {
            match block {
                Block::Fence(fence) => found.push(Fenced { fence, quoted }),
                Block::List(list) => list.items.iter().for_each(|item| visit(&item.blocks, quoted, found)),
                Block::Quote(quote) => visit(&quote.blocks, true, found),
                _ => {}
            }
        }
    }
    let mut found = Vec::new();
    visit(blocks, false, &mut found);
    found
}

impl Text {
    fn swap_tags(&mut self) -> bool {
        let with = self.odd.as_mut().and_then(|odd| odd.with_tags.as_mut());
        with.map(|with| std::mem::swap(with, &mut self.plain)).is_some()
    }

    /// Makes its span what it was once; `nothing` where that was none.
    fn cut_images(&mut self, nothing: Span) -> bool {
        let Some(bare) = self.odd.as_ref().and_then(|odd| odd.without_images) else { return false };
        let former = std::mem::replace(&mut self.span, if bare == Span::default() { nothing } else { bare });
        former != self.span
    }

    /// On one line.
    pub(crate) fn line(&self) -> String {
        let mut line = String::with_capacity(self.plain.len());
        for word in self.plain.split_whitespace() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        line
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
