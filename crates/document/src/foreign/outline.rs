//! Which sections and items of a document are steps, before they have numbers.

use std::rc::Rc;

use super::Book;
use super::entries::{Bullets, Group, Kind, Level};
use super::inside::{Containers, within};
use super::numbers::{Own, of_heading};
use super::words::{self, Reading};
use crate::Span;
use crate::markdown::Block;
use crate::steps::{Section, item_title, sections};

/// A document's sections and its steps.
pub(super) struct Outline<'t> {
    pub(super) sections: Vec<Section<'t>>,
    /// What has a number of the first level.
    pub(super) top: Vec<Node<'t>>,
    /// Whether its first heading is its title.
    pub(super) titled: bool,
}

/// What has a number: a step, or a group of them.
pub(super) struct Node<'t> {
    /// The document's own number, and the title without it.
    pub(super) own: Option<(Own, String)>,
    pub(super) title: String,
    /// Titles above, outermost first.
    pub(super) path: Rc<Vec<String>>,
    /// What ids begin with: the anchor of the heading around it.
    pub(super) slug: String,
    pub(super) what: What<'t>,
    pub(super) below: Vec<Node<'t>>,
}

/// What a node is made of.
pub(super) enum What<'t> {
    /// A section that groups what is below it; whether its heading leads to items of its own.
    Group { heading: Option<Span> },
    /// A section whose items are confirmed one by one.
    Section { span: Span, heading: Option<Span>, groups: Vec<Group<'t>> },
    /// A section that is confirmed as a whole.
    Manual { span: Span, heading: Option<Span>, text: String },
    /// An item that is a step.
    Item { group: Group<'t>, inner: Vec<Group<'t>> },
    /// An item with items below it that are steps, and where what leads to the first of them begins.
    Items { group: Group<'t>, first: usize },
}

/// Reads the outline. Where it is not `strict`, nothing counts as only to be read.
pub(super) fn outline<'t>(book: &Book<'t>, strict: bool) -> Outline<'t> {
    let all = sections(&book.tree.blocks, book.source.len());
    let mut levels = Vec::new();
    fn visit(section: &Section<'_>, levels: &mut Vec<u8>) {
        levels.extend(section.heading.map(|heading| heading.level));
        section.children.iter().for_each(|child| visit(child, levels));
    }
    all.iter().for_each(|section| visit(section, &mut levels));
    let titled = levels.first() == Some(&1) && levels.iter().filter(|level| **level == 1).count() == 1;
    let reader = Reader { source: book.source, title: book.title, titled, bare: levels.is_empty(), strict };
    let path = Rc::default();
    // What stands below the title or before any heading is only an introduction where the rest holds steps.
    let top = reader.siblings(&all, &path, false);
    Outline { sections: all, top, titled }
}

struct Reader<'t> {
    source: &'t str,
    title: &'t str,
    titled: bool,
    /// Whether there is no heading.
    bare: bool,
    strict: bool,
}

impl<'t> Reader<'t> {
    fn siblings(&self, sections: &[Section<'t>], path: &Rc<Vec<String>>, background: bool) -> Vec<Node<'t>> {
        let mut nodes: Vec<Node<'t>> = Vec::new();
        // Backwards: whether a section without a level is an introduction depends on what follows it.
        for section in sections.iter().rev() {
            let more = self.section(section, path, background, !nodes.is_empty());
            nodes.splice(0..0, more);
        }
        nodes
    }

    /// What a section holds; `followed` where steps follow a section that is no level of its own.
    fn section(
        &self,
        section: &Section<'t>,
        path: &Rc<Vec<String>>,
        background: bool,
        followed: bool,
    ) -> Vec<Node<'t>> {
        let title = section.heading.map_or_else(|| self.title.to_owned(), |heading| heading.text.line());
        let own = section.heading.and_then(|_| of_heading(&title));
        let own = own.map(|(own, rest)| (own, rest.to_owned()));
        let reading = match self.strict && section.heading.is_some() {
            true => words::reading(own.as_ref().map_or(&*title, |(_, rest)| rest)),
            false => Reading::Work,
        };
        let background = background || reading == Reading::Background;
        let is_title = section.heading.is_none_or(|heading| heading.level == 1 && self.titled);
        let inner = match section.heading {
            Some(_) => below(path, &title),
            None => path.clone(),
        };
        let mut under = self.siblings(&section.children, &inner, background);

        let heading = section.heading.map(|heading| heading.span);
        let from = heading.map_or(section.span.start, |heading| heading.end);
        let slug = section.heading.map(|heading| heading.slug.clone()).unwrap_or_default();
        let level = Level {
            source: self.source,
            blocks: section.blocks,
            around: Containers::from([]),
            span: Span::new(from, section.span.end),
            tail: Vec::new(),
        };
        let mut groups = level.groups(Bullets::DoNot);
        if background && !groups.iter().any(|group| group.unit.kind == Kind::Task) {
            groups.clear();
        } else if groups.is_empty() && reading == Reading::Work {
            groups = level.groups(Bullets::Count);
        }
        let node = |own, path: &Rc<Vec<String>>, what| Node {
            own,
            title: title.clone(),
            path: path.clone(),
            slug: slug.clone(),
            what,
            below: Vec::new(),
        };
        let span = section.span;
        let ordered = groups.iter().any(|group| matches!(group.unit.kind, Kind::Ordered(_)));
        let itself = if ordered {
            let items = groups.into_iter().map(|group| self.item(group, &inner, &slug));
            under.splice(0..0, items);
            Some(What::Group { heading })
        } else if !groups.is_empty() {
            Some(What::Section { span, heading, groups })
        } else if self.is_manual(section, reading, background, !under.is_empty() || (is_title && followed)) {
            let text = section.heading.map(|heading| heading.text.span.of(self.source).trim());
            let text = [text.unwrap_or_default(), &title, "Follow the document"];
            let text = text.into_iter().find(|text| !text.is_empty()).unwrap_or_default().to_owned();
            Some(What::Manual { span, heading, text })
        } else {
            None
        };
        if is_title {
            let step = itself.filter(|what| !matches!(what, What::Group { .. }));
            under.splice(0..0, step.map(|what| node(None, path, what)));
            return under;
        }
        match itself {
            None if under.is_empty() => Vec::new(),
            itself => {
                // A heading that leads to no items of its own is told by what is below it.
                let what = itself.unwrap_or(What::Group { heading: None });
                vec![Node { below: under, ..node(own, path, what) }]
            }
        }
    }

    /// Whether a section without items is confirmed as a whole.
    fn is_manual(&self, section: &Section<'_>, reading: Reading, background: bool, leads: bool) -> bool {
        let says = |block: &Block| match block {
            Block::Html(span) => !span.of(self.source).trim_start().starts_with("<!--"),
            _ => true,
        };
        let code = section.blocks.iter().any(has_code);
        if !self.strict {
            return section.blocks.iter().any(says)
                || (section.heading.is_some() && section.children.is_empty());
        }
        if background {
            return false;
        }
        if section.blocks.iter().any(says) {
            let read = leads || reading == Reading::Introduction || (section.heading.is_none() && !self.bare);
            return code || !read;
        }
        // All that it says is its heading.
        let title = section.heading.map(|heading| heading.text.line()).unwrap_or_default();
        let own = of_heading(&title);
        section.children.is_empty()
            && reading == Reading::Work
            && (own.is_some() || words::begins_with_verb(&title))
    }

    fn item(&self, group: Group<'t>, path: &Rc<Vec<String>>, slug: &str) -> Node<'t> {
        let item = group.unit.item;
        let title = item_title(item);
        let own = match group.unit.kind {
            Kind::Ordered(number) => Some((vec![number], title.clone())),
            _ => None,
        };
        let inner = level_of(self.source, &group).groups(Bullets::DoNot);
        let ordered = inner.iter().any(|inner| matches!(inner.unit.kind, Kind::Ordered(_)));
        let (what, under) = if ordered {
            let first = inner.first().map_or(group.end, |first| first.from);
            let path = below(path, &title);
            let under = inner.into_iter().map(|inner| self.item(inner, &path, slug)).collect();
            (What::Items { group, first }, under)
        } else {
            (What::Item { group, inner }, Vec::new())
        };
        Node { own, title, path: path.clone(), slug: slug.to_owned(), what, below: under }
    }
}

/// The level inside of an item, behind its own text.
pub(super) fn level_of<'t>(source: &'t str, group: &Group<'t>) -> Level<'t> {
    let item = group.unit.item;
    let blocks = if item.text().is_some() { &item.blocks[1..] } else { &item.blocks[..] };
    Level {
        source,
        blocks,
        around: within(source, item, &group.unit.outer),
        span: Span::new(item.text().map_or(item.content, |text| text.span.end), group.end),
        tail: group.tail.clone(),
    }
}

fn below(path: &Rc<Vec<String>>, title: &str) -> Rc<Vec<String>> {
    Rc::new(path.iter().cloned().chain([title.to_owned()]).collect())
}

fn has_code(block: &Block) -> bool {
    match block {
        Block::Fence(_) | Block::Indented(..) => true,
        Block::List(list) => list.items.iter().any(|item| item.blocks.iter().any(has_code)),
        Block::Quote(quote) => quote.blocks.iter().any(has_code),
        _ => false,
    }
}
