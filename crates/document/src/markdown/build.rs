//! From a stream of openings and closings to the tree.

use super::near::{means_include, titled_tag};
use super::slug::slug;
use super::tree::{Block, Fence, Heading, Item, Link, List, Odd, Quote, Text};
use crate::blocks::{Kind, kind_of};
use crate::placeholders::is_in_title;
use crate::spanned::Mapped;
use crate::{DocumentKind, Span};

/// Containers nested deeper than this are flattened into the deepest one kept, so that no later walk can exhaust
/// the stack; [`Tree::too_deep`] tells.
const MAX_DEPTH: usize = 48;

/// What holds other blocks.
#[derive(Clone, Copy)]
pub(super) enum Container {
    List { ordered: bool },
    Item,
    Quote { caution: bool },
}

/// What holds text.
pub(super) enum Leaf {
    Paragraph,
    Heading(u8),
    Fence(String),
    Indented,
    Html,
    Table,
}

struct Frame {
    container: Option<Container>,
    span: Span,
    task: Option<Span>,
    /// Where its items begin among those of everything that is open, and its blocks.
    items: usize,
    blocks: usize,
    /// Inside of a caution.
    caution: bool,
    /// Whether somebody reads the text that stands directly in it: what an ordered item is called, what a caution says.
    read: bool,
    /// Text of a tight item, which has no paragraph around it.
    tight: Option<Text>,
}

pub(super) struct Builder<'s> {
    source: &'s str,
    stack: Vec<Frame>,
    /// Items and blocks of everything that is open, outermost first: each container takes its own from the end.
    items: Vec<Item>,
    blocks: Vec<Block>,
    leaf: Option<(Leaf, Span)>,
    text: Text,
    body: Mapped,
    in_image: usize,
    /// Inside of a link with a title.
    in_link: bool,
    /// Where links outside of tables lead that have the title of an include, or nearly, each with its title.
    includes: Vec<(String, String)>,
    flattened: usize,
    too_deep: Option<Span>,
    /// Whether the texts of all items are read: any of them may be called something.
    all_items: bool,
}

impl<'s> Builder<'s> {
    pub(super) fn new(source: &'s str, kind: DocumentKind) -> Builder<'s> {
        Builder {
            source,
            all_items: kind == DocumentKind::Foreign,
            stack: vec![Frame::DOCUMENT],
            items: Vec::new(),
            blocks: Vec::new(),
            leaf: None,
            text: Text::default(),
            body: Mapped::default(),
            in_image: 0,
            in_link: false,
            includes: Vec::new(),
            flattened: 0,
            too_deep: None,
        }
    }

    /// Whether nothing is open.
    pub(super) fn is_outside(&self) -> bool {
        self.stack.len() == 1 && self.leaf.is_none() && self.flattened == 0
    }

    /// The blocks, whose anchors are not unique yet, and what was nested too deeply.
    pub(super) fn finish(mut self) -> (Vec<Block>, Option<Span>) {
        while self.stack.len() > 1 {
            self.close();
        }
        self.end_tight();
        (self.blocks, self.too_deep)
    }

    pub(super) fn open(&mut self, container: Container, span: Span) {
        self.end_tight();
        if self.stack.len() >= MAX_DEPTH {
            self.flattened += 1;
            self.too_deep.get_or_insert(span);
        } else {
            let (items, blocks) = (self.items.len(), self.blocks.len());
            let above = self.stack.last().unwrap_or(&Frame::DOCUMENT);
            let mut frame = above.inside(container, span, items, blocks);
            frame.read |= self.all_items && matches!(container, Container::Item);
            self.stack.push(frame);
        }
    }

    pub(super) fn close(&mut self) {
        self.end_tight();
        if self.flattened > 0 {
            self.flattened -= 1;
            return;
        }
        let Some(frame) = self.stack.pop() else { return };
        let Some(container) = frame.container else { return };
        match container {
            Container::List { ordered } => {
                let items = self.items.drain(frame.items..).collect();
                self.blocks.truncate(frame.blocks);
                self.blocks.push(Block::List(List { ordered, items }));
            }
            Container::Quote { caution } => {
                let blocks = self.blocks.drain(frame.blocks..).collect();
                self.items.truncate(frame.items);
                self.blocks.push(Block::Quote(Quote { span: frame.span, caution, blocks }));
            }
            Container::Item => {
                let blocks: Vec<Block> = self.blocks.drain(frame.blocks..).collect();
                let length = frame.span.of(self.source).trim_end().len();
                let span = Span::new(frame.span.start, frame.span.start + length);
                let first = blocks.first().map(|block| block.span().start);
                let boxed = frame.task.map(|task| task.end);
                self.items.truncate(frame.items);
                let content = first.or(boxed).unwrap_or(span.end).min(span.end).max(span.start);
                self.items.push(Item { span, content, task: frame.task, blocks });
            }
        }
    }

    /// A tight item's text ends where its first inner block begins.
    fn end_tight(&mut self) {
        if let Some(top) = self.stack.last_mut()
            && let Some(text) = top.tight.take()
        {
            self.blocks.push(Block::Text(text));
        }
    }

    pub(super) fn open_leaf(&mut self, leaf: Leaf, span: Span) {
        self.end_tight();
        self.text = Text::default();
        // Hardly more than what is kept of it stands there.
        let room = span.end - span.start;
        match leaf {
            Leaf::Heading(_) => self.text.plain.reserve_exact(room),
            Leaf::Fence(_) | Leaf::Indented => self.body = Mapped::with_room(span.start, room),
            _ => {}
        }
        self.leaf = Some((leaf, span));
    }

    pub(super) fn close_leaf(&mut self) {
        let Some((leaf, span)) = self.leaf.take() else { return };
        let mut text = std::mem::take(&mut self.text);
        let body = std::mem::take(&mut self.body);
        let block = match leaf {
            Leaf::Paragraph => {
                text.span = trim(self.source, span);
                if let Some(odd) = &mut text.odd {
                    odd.without_images = None;
                }
                Block::Text(text)
            }
            Leaf::Heading(level) => {
                let slug = slug(&text.plain);
                if text.span == Span::default() {
                    text.span = Span::new(span.start, span.start);
                }
                Block::Heading(Box::new(Heading { level, span: trim(self.source, span), text, slug }))
            }
            Leaf::Fence(info) => Block::Fence(Box::new(fence(self.source, span, info, body))),
            Leaf::Indented => Block::Indented(Box::new(body), span),
            Leaf::Html => Block::Html(span),
            Leaf::Table => Block::Other(span),
        };
        self.blocks.push(block);
    }

    pub(super) fn rule(&mut self, span: Span) {
        self.end_tight();
        self.blocks.push(Block::Other(span));
    }

    pub(super) fn task(&mut self, span: Span) {
        if self.flattened == 0
            && let Some(top) = self.stack.last_mut()
        {
            top.task = Some(span);
        }
    }

    pub(super) fn begin_image(&mut self, title: &str, span: Span) {
        if means_include(title) {
            self.odd().no_include.get_or_insert((span, "an image"));
        }
        let current = self.current();
        let bare = current.odd.as_ref().and_then(|odd| odd.without_images).unwrap_or(current.span);
        self.inline("", span);
        if self.current().span != bare {
            self.odd().without_images = Some(bare);
        }
        self.in_image += 1;
    }

    pub(super) fn end_image(&mut self) {
        self.in_image = self.in_image.saturating_sub(1);
    }

    /// A tag of HTML in a text.
    pub(super) fn tag(&mut self, tag: &str, span: Span) {
        self.inline("", span);
        if is_in_title(tag) && self.is_read() && self.in_image == 0 {
            let plain = self.current().plain.clone();
            self.odd().with_tags.get_or_insert(plain).push_str(tag);
        }
        if titled_tag(tag).is_some() {
            self.odd().no_include.get_or_insert((span, "HTML"));
        }
    }

    /// Whether a link outside of tables leads there with this title, which is nearly that of an include.
    pub(super) fn has_link(&self, to: &str, title: &str) -> bool {
        self.includes.iter().any(|(other, its)| other == to && its == title)
    }

    pub(super) fn link(&mut self, title: &str, to: &str, span: Span) {
        if !matches!(self.leaf, Some((Leaf::Table, _))) && means_include(title) {
            self.includes.push((to.to_owned(), title.to_owned()));
        }
        self.inline("", span);
        if !title.is_empty() {
            let (title, to) = (title.to_owned(), to.to_owned());
            self.odd().links.push(Link { title, to, text: String::new(), span });
            self.in_link = true;
        }
    }

    pub(super) fn end_link(&mut self) {
        self.in_link = false;
    }

    pub(super) fn text(&mut self, text: &str, span: Span) {
        match &self.leaf {
            Some((Leaf::Fence(_) | Leaf::Indented, _)) => return self.body.push(text, span),
            Some((Leaf::Html | Leaf::Table, _)) => return,
            _ => {}
        }
        if text.starts_with("```") || text.starts_with("~~~") {
            let line_start = self.source[..span.start].trim_end_matches([' ', '\t']);
            if line_start.is_empty() || line_start.ends_with(['\n', ']', '>']) {
                self.odd().fence_like.get_or_insert(span);
            }
        }
        self.inline(text, span);
    }

    /// Text as a reader sees it; `""` only stretches the span over markup.
    pub(super) fn inline(&mut self, text: &str, span: Span) {
        if self.in_link
            && self.in_image == 0
            && let Some(link) = self.odd().links.last_mut()
        {
            link.text.push_str(text);
        }
        // Such leaves are known by their own span.
        if self.leaf.is_some() && !self.is_read() {
            return;
        }
        let kept = self.is_read() && self.in_image == 0;
        let current = self.current();
        current.span = stretched(current.span, span);
        if let Some(bare) = current.odd.as_mut().and_then(|odd| odd.without_images.as_mut()) {
            *bare = stretched(*bare, span);
        }
        if kept {
            current.plain.push_str(text);
            if let Some(whole) = current.odd.as_mut().and_then(|odd| odd.with_tags.as_mut()) {
                whole.push_str(text);
            }
        }
    }

    /// Whether somebody reads the text that is open.
    fn is_read(&self) -> bool {
        match self.leaf {
            Some((Leaf::Heading(_), _)) => true,
            None | Some((Leaf::Paragraph, _)) => self.stack.last().is_some_and(|frame| frame.read),
            Some(_) => false,
        }
    }

    fn odd(&mut self) -> &mut Odd {
        self.current().odd.get_or_insert_default()
    }

    fn current(&mut self) -> &mut Text {
        if self.leaf.is_none()
            && let Some(top) = self.stack.last_mut()
        {
            return top.tight.get_or_insert_default();
        }
        &mut self.text
    }
}

impl Frame {
    /// What is outside of every container.
    const DOCUMENT: Frame = Frame {
        container: None,
        span: Span { start: 0, end: 0 },
        task: None,
        items: 0,
        blocks: 0,
        caution: false,
        read: false,
        tight: None,
    };

    /// A container directly in this one.
    fn inside(&self, container: Container, span: Span, items: usize, blocks: usize) -> Frame {
        let caution = self.caution || matches!(container, Container::Quote { caution: true });
        let ordered = matches!(container, Container::Item)
            && matches!(self.container, Some(Container::List { ordered: true }));
        let read = caution || ordered;
        Frame { container: Some(container), span, items, blocks, caution, read, ..Frame::DOCUMENT }
    }
}

/// With what more there is of it.
fn stretched(span: Span, by: Span) -> Span {
    if span == Span::default() { by } else { Span::new(span.start.min(by.start), span.end.max(by.end)) }
}

fn trim(source: &str, span: Span) -> Span {
    Span::new(span.start, span.start + span.of(source).trim_end().len())
}

fn fence(source: &str, span: Span, mut info: String, body: Mapped) -> Fence {
    let whole = span.of(source);
    let opening = whole.lines().next().unwrap_or_default();
    let mark = opening.chars().next().unwrap_or('`');
    let count = opening.chars().take_while(|c| *c == mark).count();
    let after = &opening[count * mark.len_utf8()..];
    let info_start = span.start + count * mark.len_utf8() + (after.len() - after.trim_start().len());
    let info_span = Span::new(info_start, info_start + after.trim().len());

    // What the body leaves of the span is the closing line, if there is one.
    let body_end = if body.text().is_empty() {
        (span.start + opening.len()).min(span.end)
    } else {
        body.span(body.text().len() - 1..body.text().len()).end.clamp(span.start, span.end)
    };
    let rest = source.get(body_end..span.end).unwrap_or_default();
    let closed = rest.contains(mark);
    let kind = kind_of(&info).unwrap_or(Kind::Documentation);
    if info.trim().len() < info.len() {
        info = info.trim().to_owned();
    }
    Fence { span: trim(source, span), kind, info, info_span, body, closed, mark: (mark, count) }
}
