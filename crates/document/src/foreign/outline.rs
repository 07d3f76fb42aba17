//! Which sections and items of a document are steps, before they have numbers.

use std::rc::Rc;

use super::book::Book;
use super::entries::{Bullets, Kind, Level, has_code, line_start};
use super::groups::{Enclosed, Group, Groups, Rest};
use super::layout::is_layout;
use super::numbers::{Own, Titled, of_headings};
use super::words;
use crate::background::{Reading, reading};
use crate::instructions;
use crate::markdown::{Block, Containers, is_tab};
use crate::steps::{Section, sections};
use crate::{Alternative, Span};

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
    /// That number as it is written, where it is Roman.
    pub(super) written: Option<String>,
    pub(super) title: String,
    /// What it stands in.
    pub(super) around: Rc<Around>,
    /// What ids begin with: the anchor of the heading around it.
    pub(super) slug: String,
    pub(super) what: What<'t>,
    /// Whether it is set apart from those beside it: its number counts only where none of theirs does.
    pub(super) enclosed: bool,
    pub(super) below: Vec<Node<'t>>,
}

/// What holds for all that stands below a heading or an item.
#[derive(Clone, Default)]
pub(super) struct Around {
    /// Titles above, outermost first.
    pub(super) path: Vec<String>,
    /// Parts above that are not for every run, outermost first; of a step, itself included.
    pub(super) alternatives: Vec<Alternative>,
    /// Whether it stands in a part that is only there to be read.
    background: bool,
}

impl Around {
    /// The same within something of this title that begins at `at`, if that is not for every run.
    fn entered(&self, title: &str, at: usize) -> Around {
        let mut inner = self.clone();
        inner.alternatives.extend(words::alternative(title).map(|why| Alternative {
            at,
            title: title.to_owned(),
            why: why.to_owned(),
        }));
        inner
    }

    /// The same within something that is set apart.
    fn enclosed(&self, one: &Enclosed<'_>) -> Around {
        let mut inner = self.clone();
        let Enclosed { start, title, why, .. } = one;
        inner.alternatives.extend(why.map(|why| Alternative {
            at: *start,
            title: title.clone(),
            why: why.to_owned(),
        }));
        inner
    }

    /// The same below this title.
    fn below(&self, title: &str) -> Rc<Around> {
        let mut inner = self.clone();
        inner.path.push(title.to_owned());
        Rc::new(inner)
    }
}

/// What a node is made of.
pub(super) enum What<'t> {
    /// A section that groups what is below it; whether its heading leads to items of its own.
    Group { heading: Option<Span> },
    /// A section whose items are confirmed one by one.
    Section { span: Span, heading: Option<Span>, groups: Groups<'t> },
    /// A section that is confirmed as a whole.
    Manual { span: Span, heading: Option<Span>, text: String },
    /// Where a section or an item goes on behind what is enclosed in it.
    Rest(Rest),
    /// An item that is a step.
    Item { group: Group<'t>, inner: Groups<'t> },
    /// An item with items below it that are steps, and where what leads to the first of them begins; whether it has
    /// code of its own before that.
    Items { group: Group<'t>, first: usize, coded: bool },
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
    let Book { source, title, commands, .. } = *book;
    let reader = Reader { source, title, commands, titled, bare: levels.is_empty(), strict };
    // What stands below the title or before any heading is only an introduction where the rest holds steps.
    let top = reader.siblings(&all, &Rc::default());
    Outline { sections: all, top, titled }
}

struct Reader<'t> {
    source: &'t str,
    title: &'t str,
    /// Code with commands that are offered, in order.
    commands: &'t [Span],
    titled: bool,
    /// Whether there is no heading.
    bare: bool,
    strict: bool,
}

impl<'t> Reader<'t> {
    fn siblings(&self, sections: &[Section<'t>], around: &Rc<Around>) -> Vec<Node<'t>> {
        let (mut backwards, mut followed): (Vec<Vec<Node<'t>>>, bool) = Default::default();
        // Backwards: whether a section without a level is an introduction depends on what follows it.
        let title = |section: &Section<'_>| Some(section.heading?.text.line());
        let numbers = of_headings(&sections.iter().map(title).collect::<Vec<_>>());
        for (section, number) in sections.iter().zip(numbers).rev() {
            let nodes = self.section(section, number, around, followed);
            followed |= !nodes.is_empty();
            backwards.push(nodes);
        }
        backwards.into_iter().rev().flatten().collect()
    }

    /// What a section holds; `followed` where steps follow a section that is no level of its own.
    fn section(
        &self,
        section: &Section<'t>,
        number: Option<Titled>,
        around: &Rc<Around>,
        followed: bool,
    ) -> Vec<Node<'t>> {
        let title = section.heading.map_or_else(|| self.title.to_owned(), |heading| heading.text.line());
        let (own, written) = match number {
            Some(Titled { own, written, rest }) => (Some((own, rest)), written),
            None => (None, None),
        };
        let reading = match self.strict && section.heading.is_some() {
            // What holds code is not there to be read only, whatever it is called.
            true => match reading(own.as_ref().map_or(&*title, |(_, rest)| rest)) {
                Reading::Background if section.blocks.iter().any(has_code) => Reading::Introduction,
                reading => reading,
            },
            false => Reading::Work,
        };
        let is_title = section.heading.is_none_or(|heading| heading.level == 1 && self.titled);
        // The whole document is no alternative of anything.
        let mut entered = match is_title {
            true => Around::clone(around),
            false => around.entered(own.as_ref().map_or(&*title, |(_, rest)| rest), section.span.start),
        };
        entered.background |= reading == Reading::Background;
        let background = entered.background;
        let inner = match section.heading {
            Some(_) => entered.below(&title),
            None => Rc::new(entered.clone()),
        };
        let mut under = self.siblings(&section.children, &inner);

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
        if background && !groups.has(|kind| matches!(kind, Kind::Task | Kind::Row)) {
            groups = Groups::default();
        } else if !groups.has(|kind| kind != Kind::Row) && reading == Reading::Work {
            // Numbers and boxes say that bullets beside them explain; rows of a table do not.
            groups = level.groups(Bullets::Count);
        }
        let entered = Rc::new(entered);
        let is_numbered = own.is_some();
        let node = |own, what| Node {
            own,
            written: written.clone(),
            title: title.clone(),
            around: entered.clone(),
            slug: slug.clone(),
            what,
            enclosed: false,
            below: Vec::new(),
        };
        let span = section.span;
        let itself = if groups.are_steps() {
            let above = self.above(&mut groups, section);
            let called = own.as_ref().map_or(&title, |(_, rest)| rest);
            let items = self.items(groups, &inner, (&entered, called), &slug);
            under.splice(0..0, items);
            Some(match above {
                Some(end) => self.manual(Span::new(span.start, end), section, &title),
                None => What::Group { heading },
            })
        } else if !groups.is_empty() {
            Some(What::Section { span, heading, groups })
        } else if self.is_manual(
            section,
            is_numbered,
            (reading, background),
            !under.is_empty() || (is_title && followed),
        ) {
            Some(self.manual(span, section, &title))
        } else {
            None
        };
        if is_title {
            let step = itself.filter(|what| !matches!(what, What::Group { .. }));
            under.splice(0..0, step.map(|what| node(None, what)));
            return under;
        }
        match itself {
            None if under.is_empty() => Vec::new(),
            itself => {
                // A heading that leads to no items of its own is told by what is below it.
                let what = itself.unwrap_or(What::Group { heading: None });
                vec![Node { below: under, ..node(own, what) }]
            }
        }
    }

    /// A section as a step that is confirmed as a whole, as far as `span` goes.
    fn manual(&self, span: Span, section: &Section<'_>, title: &str) -> What<'t> {
        let text = section.heading.map(|heading| heading.text.span.of(self.source).trim());
        let text = [text.unwrap_or_default(), title, "Follow the document"];
        let text = text.into_iter().find(|text| !text.is_empty()).unwrap_or_default().to_owned();
        What::Manual { span, heading: section.heading.map(|heading| heading.span), text }
    }

    /// The steps of these groups; what goes on behind something enclosed is called `title`, and stands in `own`.
    fn items(
        &self,
        groups: Groups<'t>,
        around: &Rc<Around>,
        (own, title): (&Rc<Around>, &str),
        slug: &str,
    ) -> Vec<Node<'t>> {
        let mut nodes = self.enclosed(groups.above, around, (own, title), slug);
        nodes.extend(groups.units.into_iter().map(|group| self.item(group, around, slug)));
        nodes
    }

    /// The steps of what is enclosed, and of what goes on behind it.
    fn enclosed(
        &self,
        all: Vec<Enclosed<'t>>,
        around: &Rc<Around>,
        (own, title): (&Rc<Around>, &str),
        slug: &str,
    ) -> Vec<Node<'t>> {
        let mut nodes = Vec::new();
        for one in all {
            let entered = Rc::new(around.enclosed(&one));
            let called = if one.title.is_empty() { title } else { &one.title };
            let inner = match one.title.is_empty() {
                true => entered.clone(),
                false => entered.below(&one.title),
            };
            let items = self.items(one.inside, &inner, (&entered, called), slug);
            nodes.extend(items.into_iter().map(|node| Node { enclosed: true, ..node }));
            nodes.extend(one.rest.map(|rest| Node {
                own: None,
                written: None,
                title: title.to_owned(),
                around: own.clone(),
                slug: slug.to_owned(),
                what: What::Rest(rest),
                enclosed: false,
                below: Vec::new(),
            }));
        }
        nodes
    }

    /// Where the last command ends that stands above the first item of a section: that is no part of the item. Text behind
    /// it leads to the item.
    fn above(&self, groups: &mut Groups<'_>, section: &Section<'_>) -> Option<usize> {
        let start = groups.start()?;
        let is_code = |block: &&Block| {
            let of = block.span();
            let from = self.commands.partition_point(|code| code.start < of.start);
            let own = match block {
                // What stands in a tab is one of several ways.
                Block::List(list) => !list.items.iter().any(|item| is_tab(item.span.of(self.source))),
                Block::Quote(_) => false,
                _ => true,
            };
            own && self.commands.get(from).is_some_and(|code| code.end <= of.end)
        };
        let above = section.blocks.iter().take_while(|block| block.span().end <= start);
        let end = above.filter(is_code).last()?.span().end;
        let next = section.blocks.iter().find(|block| block.span().start >= end);
        let next = next.map_or(start, |block| line_start(self.source, block.span().start, end));
        *groups.from()? = next.min(start);
        Some(end)
    }

    /// Whether a section without items is confirmed as a whole.
    fn is_manual(
        &self,
        section: &Section<'_>,
        is_numbered: bool,
        (reading, background): (Reading, bool),
        leads: bool,
    ) -> bool {
        let says = |block: &Block| match block {
            Block::Html(span) => {
                let text = span.of(self.source);
                !text.trim_start().starts_with("<!--") && !is_layout(text)
            }
            Block::Other(span) => !is_layout(span.of(self.source)),
            Block::Text(text) => !is_layout(text.span.of(self.source)),
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
        section.children.is_empty()
            && reading == Reading::Work
            && (is_numbered || instructions::begins_with_verb(&title))
    }

    fn item(&self, mut group: Group<'t>, around: &Rc<Around>, slug: &str) -> Node<'t> {
        let title = group.unit.title();
        let entered = Rc::new(around.entered(&title, group.unit.span().start));
        let below = entered.below(&title);
        let own = match group.unit.kind {
            Kind::Ordered(number) => Some((vec![number], title.clone())),
            _ => None,
        };
        let enclosed = std::mem::take(&mut group.enclosed);
        let mut inner = level_of(self.source, &group).groups(Bullets::DoNot);
        let (what, mut under) = if inner.are_steps() {
            let (blocks, _) = group.unit.inner();
            let start = inner.start().unwrap_or(group.end);
            let before: Vec<&Block> = blocks.iter().take_while(|block| block.span().end <= start).collect();
            let code = before.iter().rposition(|block| has_code(block));
            // Text behind its code leads to what stands in it.
            if let (Some(code), Some(from)) = (code, inner.from()) {
                let low = before[code].span().end;
                let next = before.get(code + 1).map(|block| line_start(self.source, block.span().start, low));
                *from = next.unwrap_or(start);
            }
            let coded = code.is_some();
            let first = inner.from().map_or(group.end, |from| *from);
            let under = self.items(inner, &below, (&entered, &title), slug);
            (What::Items { group, first, coded }, under)
        } else {
            (What::Item { group, inner }, Vec::new())
        };
        under.extend(self.enclosed(enclosed, &below, (&entered, &title), slug));
        Node {
            own,
            written: None,
            title,
            around: entered,
            slug: slug.to_owned(),
            what,
            enclosed: false,
            below: under,
        }
    }
}

/// The level inside of an item, behind its own text.
pub(super) fn level_of<'t>(source: &'t str, group: &Group<'t>) -> Level<'t> {
    let (blocks, start) = group.unit.inner();
    Level {
        source,
        blocks,
        around: group.unit.containers(source),
        span: Span::new(start, group.end),
        tail: group.tail.clone(),
    }
}
