//! What stands at one level of a document: things to do by themselves, and what stands between them.

use super::enclosed::{enclosed, title};
use super::tables::{Row, rows};
use super::words;
use crate::Span;
use crate::instructions;
use crate::markdown::{Block, Containers, Item, List, Part, is_inset, is_tab, quoted, tab_title, within};
use crate::steps::item_title;

/// What makes an item a thing to do by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A numbered item, and its number.
    Ordered(u32),
    /// An item with a box, or one beside such.
    Task,
    /// A bullet that says what to do, in a list of such.
    Bullet,
    /// A row of a table that is ticked, or for which something is chosen.
    Row,
}

/// A thing to do by itself.
#[derive(Clone, Debug)]
pub(super) struct Unit<'t> {
    pub(super) of: Of<'t>,
    pub(super) kind: Kind,
    /// What stands around its list.
    pub(super) outer: Containers,
}

/// What a unit is in the document.
#[derive(Clone, Debug)]
pub(super) enum Of<'t> {
    Item(&'t Item),
    Row(Box<Row>),
}

impl<'t> Unit<'t> {
    pub(super) fn span(&self) -> Span {
        match &self.of {
            Of::Item(item) => item.span,
            Of::Row(row) => row.span,
        }
    }

    /// Where its contents begin, behind its mark.
    pub(super) fn content(&self) -> usize {
        match &self.of {
            Of::Item(item) => item.content,
            Of::Row(row) => row.span.start,
        }
    }

    /// What it is called.
    pub(super) fn title(&self) -> String {
        match &self.of {
            Of::Item(item) => item_title(item),
            Of::Row(row) => row.title.clone(),
        }
    }

    /// Whether it has a box.
    pub(super) fn is_boxed(&self) -> bool {
        matches!(self.of, Of::Item(Item { task: Some(_), .. }))
    }

    /// Whether something is chosen for it.
    pub(super) fn is_chosen(&self) -> bool {
        matches!(&self.of, Of::Row(row) if !row.choices.is_empty())
    }

    /// What stands around its lines.
    pub(super) fn containers(&self, source: &str) -> Containers {
        match self.of {
            Of::Item(item) => within(source, item, &self.outer),
            Of::Row(_) => self.outer.clone(),
        }
    }

    /// The blocks in it, but for the text that it begins with, and where that ends.
    pub(super) fn inner(&self) -> (&'t [Block], usize) {
        match self.of {
            Of::Item(item) => match item.text() {
                Some(text) => (&item.blocks[1..], text.span.end),
                None => (&item.blocks, item.content),
            },
            Of::Row(_) => (&[], self.span().end),
        }
    }
}

/// What stands at a level, in the order of the document.
#[derive(Clone, Debug)]
pub(super) enum Entry<'t> {
    Unit(Unit<'t>),
    Block(&'t Block, Containers),
    /// A tab or an admonition in which nothing is done by itself.
    Inset(&'t Item, Containers),
    /// A table or a bullet begins here that holds units: it leads to the next of them.
    Lead(usize),
    Enclosure(Enclosure<'t>),
}

/// What is set apart and holds units: a quote, a tab, an admonition, what is folded up.
#[derive(Clone, Debug)]
pub(super) struct Enclosure<'t> {
    pub(super) span: Span,
    pub(super) title: String,
    /// Why it is not for every run, if it is not.
    pub(super) why: Option<&'static str>,
    /// What stands around its lines.
    pub(super) around: Containers,
    pub(super) entries: Vec<Entry<'t>>,
}

impl Entry<'_> {
    /// Whether something in it is to be done by itself.
    fn holds_units(&self) -> bool {
        matches!(self, Entry::Unit(_) | Entry::Enclosure(_))
    }

    /// Whether it, or something in it, is a numbered item or has a box.
    fn is_listed(&self) -> bool {
        match self {
            Entry::Unit(unit) => matches!(unit.kind, Kind::Ordered(_) | Kind::Task),
            Entry::Enclosure(inner) => inner.entries.iter().any(Entry::is_listed),
            _ => false,
        }
    }

    /// Whether it is more than text: code, commands behind prompts, a list.
    pub(super) fn says_more(&self, source: &str) -> bool {
        match self {
            Entry::Block(Block::List(_), _) => true,
            Entry::Block(Block::Text(text), _) => {
                text.span.of(source).lines().any(|line| line.starts_with("$ "))
            }
            Entry::Block(block, _) => has_code(block),
            Entry::Inset(item, _) => item.blocks.iter().any(has_code),
            _ => false,
        }
    }
}

/// Whether bullets that say what to do count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bullets {
    Count,
    DoNot,
}

/// Most marks that enclose one another: those deeper down are text.
const DEEPEST: usize = 8;

/// A level of a document.
pub(super) struct Level<'t> {
    pub(super) source: &'t str,
    pub(super) blocks: &'t [Block],
    pub(super) around: Containers,
    /// Where it begins and ends.
    pub(super) span: Span,
    /// What follows it and belongs to its last unit.
    pub(super) tail: Vec<Part>,
}

impl<'t> Level<'t> {
    /// What stands in it.
    pub(super) fn all(&self, bullets: Bullets) -> Vec<Entry<'t>> {
        self.introduced(self.entries(self.blocks, &self.around, (bullets, 0)))
    }

    /// Bullets that say what to do, behind the last of the numbered items or boxes of a section and introduced by themselves,
    /// are a list of their own.
    fn introduced(&self, entries: Vec<Entry<'t>>) -> Vec<Entry<'t>> {
        let last = entries.iter().rposition(Entry::is_listed).filter(|_| self.around.is_empty());
        let Some(last) = last else { return entries };
        let mut found: Vec<Entry<'t>> = Vec::with_capacity(entries.len());
        for (at, entry) in entries.into_iter().enumerate() {
            let leads = |entry: &Entry<'_>| match entry {
                Entry::Block(Block::Text(text), _) => {
                    let text = text.span.of(self.source);
                    words::ends_open(text) || words::heads(text)
                }
                _ => false,
            };
            match &entry {
                Entry::Block(Block::List(list), around)
                    if at > last
                        && found.last().is_some_and(leads)
                        && !list.ordered
                        && instructions::imperative(self.source, list) =>
                {
                    found.extend(list.items.iter().map(|item| {
                        let (of, outer) = (Of::Item(item), around.clone());
                        Entry::Unit(Unit { of, kind: Kind::Bullet, outer })
                    }));
                }
                _ => found.push(entry),
            }
        }
        found
    }

    fn entries(
        &self,
        blocks: &'t [Block],
        around: &Containers,
        (bullets, depth): (Bullets, usize),
    ) -> Vec<Entry<'t>> {
        let mut found = Vec::new();
        let mut rest = blocks;
        while let Some((block, below)) = rest.split_first() {
            // Each is looked for the end of, which takes the longer the more there are.
            let marked = if depth < DEEPEST { enclosed(self.source, rest) } else { None };
            if let Some((count, title)) = marked {
                let entries = self.entries(&rest[1..count], around, (bullets, depth + 1));
                let end = rest[count - 1].span().end;
                if entries.iter().any(Entry::holds_units) {
                    let span = Span::new(block.span().start, end);
                    let why = words::alternative(&title);
                    let around = around.clone();
                    found.push(Entry::Enclosure(Enclosure { span, title, why, around, entries }));
                } else {
                    found.push(Entry::Block(block, around.clone()));
                    found.extend(entries);
                }
                rest = &rest[count..];
                continue;
            }
            rest = below;
            match block {
                Block::List(list) => self.list(block, list, around, (bullets, depth), &mut found),
                Block::Quote(quote) => {
                    let inner = quoted(around);
                    let entries = self.entries(&quote.blocks, &inner, (Bullets::DoNot, depth));
                    found.push(match entries.iter().any(Entry::holds_units) {
                        true => Entry::Enclosure(Enclosure {
                            span: quote.span,
                            title: String::new(),
                            why: None,
                            around: inner,
                            entries,
                        }),
                        false => Entry::Block(block, around.clone()),
                    });
                }
                Block::Other(span) => {
                    let rows = rows(self.source, *span);
                    if rows.is_empty() {
                        found.push(Entry::Block(block, around.clone()));
                        continue;
                    }
                    found.push(Entry::Lead(span.start));
                    let unit =
                        |row| Unit { of: Of::Row(Box::new(row)), kind: Kind::Row, outer: around.clone() };
                    found.extend(rows.into_iter().map(unit).map(Entry::Unit));
                }
                _ => found.push(Entry::Block(block, around.clone())),
            }
        }
        found
    }

    fn list(
        &self,
        block: &'t Block,
        list: &'t List,
        around: &Containers,
        (bullets, depth): (Bullets, usize),
        found: &mut Vec<Entry<'t>>,
    ) {
        let unit = |item, kind| Entry::Unit(Unit { of: Of::Item(item), kind, outer: around.clone() });
        let entries = |item: &'t Item| {
            let inner = within(self.source, item, around);
            let entries = self.entries(&item.blocks, &inner, (Bullets::DoNot, depth));
            (inner, entries)
        };
        let is_own = |item: &Item| is_inset(item.span.of(self.source));
        if list.ordered {
            let first = list.items.first().map_or(1, |item| number(self.source, item));
            found.extend((first..).zip(&list.items).map(|(n, item)| unit(item, Kind::Ordered(n))));
        } else if list.items.iter().any(is_own) {
            // They stand beside each other, and are no list to whoever wrote them.
            for item in &list.items {
                if !is_own(item) && item.task.is_some() {
                    found.push(unit(item, Kind::Task));
                    continue;
                }
                let (inner, entries) = entries(item);
                found.push(match entries.iter().any(Entry::holds_units) {
                    true => Entry::Enclosure(self.inset(item, inner, entries)),
                    false => Entry::Inset(item, around.clone()),
                });
            }
        } else if list.items.iter().any(|item| item.task.is_some()) {
            found.extend(list.items.iter().map(|item| unit(item, Kind::Task)));
        } else if bullets == Bullets::Count && instructions::imperative(self.source, list) {
            found.extend(list.items.iter().map(|item| unit(item, Kind::Bullet)));
        } else {
            let inside: Vec<_> = list.items.iter().map(|item| entries(item).1).collect();
            if !inside.iter().flatten().any(Entry::holds_units) {
                found.push(Entry::Block(block, around.clone()));
                return;
            }
            for (item, inside) in list.items.iter().zip(inside) {
                found.push(Entry::Lead(item.span.start));
                if inside.iter().any(Entry::holds_units) {
                    found.extend(inside);
                }
            }
        }
    }

    /// A tab or an admonition in which something is done by itself.
    fn inset(&self, item: &Item, around: Containers, entries: Vec<Entry<'t>>) -> Enclosure<'t> {
        let text = item.span.of(self.source);
        let (title, why) = match is_tab(text) {
            true => (tab_title(text).to_owned(), Some("one of several ways")),
            false => {
                let title = title(text);
                let why = words::alternative(&title);
                (title, why)
            }
        };
        Enclosure { span: item.span, title, why, around, entries }
    }

    /// How many entries between two units belong to the first: the rest introduces the second.
    pub(super) fn introduction(&self, gap: &[Entry<'t>], before: &Unit<'_>, after: &Unit<'_>) -> usize {
        let goes_on = match (before.kind, after.kind) {
            (Kind::Ordered(a), Kind::Ordered(b)) => b == a + 1 || (a, b) == (1, 1),
            (a, b) => a == b && a != Kind::Row,
        };
        let numbered =
            matches!((before.kind, after.kind), (Kind::Ordered(a), Kind::Ordered(b)) if b == a + 1);
        // A line in bold or a rule begins something new, but for what the numbers go on across.
        if !numbered && let Some(at) = gap.iter().position(|entry| self.divides(entry)) {
            return at;
        }
        let leads = gap.iter().rposition(|entry| matches!(entry, Entry::Lead(_)));
        let at = leads.unwrap_or(gap.len());
        let introduces = |entry: &Entry<'_>| match entry {
            Entry::Block(Block::Text(text), _) => !goes_on || words::ends_open(text.span.of(self.source)),
            _ => false,
        };
        match at.checked_sub(1).and_then(|last| gap.get(last)) {
            Some(last) if introduces(last) => at - 1,
            _ => at,
        }
    }

    /// How many entries between a unit and what is enclosed below it belong to the unit: the rest leads to the other.
    pub(super) fn before_enclosed(&self, gap: &[Entry<'t>]) -> usize {
        let leads = |entry: &Entry<'_>| match entry {
            Entry::Block(Block::Text(text), _) => words::ends_open(text.span.of(self.source)),
            _ => false,
        };
        let open = gap.last().is_some_and(leads).then(|| gap.len() - 1);
        gap.iter().position(|entry| self.divides(entry)).or(open).unwrap_or(gap.len())
    }

    /// Whether something new begins here: a line in bold, or a rule.
    fn divides(&self, entry: &Entry<'_>) -> bool {
        match entry {
            Entry::Block(Block::Text(text), _) => words::heads(text.span.of(self.source)),
            Entry::Block(Block::Other(span), _) => words::rule(span.of(self.source)),
            _ => false,
        }
    }

    /// These entries as pieces of the document that follow one another from `from` to `end`.
    pub(super) fn parts(
        &self,
        entries: &[Entry<'t>],
        around: &Containers,
        (from, end): (usize, usize),
    ) -> Vec<Part> {
        let mut parts: Vec<Part> = Vec::new();
        let mut at = from;
        for (index, entry) in entries.iter().enumerate() {
            let containers = match entry {
                Entry::Block(_, containers) | Entry::Inset(_, containers) => containers.clone(),
                _ => around.clone(),
            };
            let next = entries.get(index + 1).map_or(end, |next| self.entry_start(next, at)).max(at);
            parts.push((Span::new(at, next), containers));
            at = next;
        }
        parts
    }

    pub(super) fn entry_start(&self, entry: &Entry<'_>, low: usize) -> usize {
        self.line_start(
            match entry {
                Entry::Unit(unit) => unit.span().start,
                Entry::Block(block, _) => block.span().start,
                Entry::Inset(item, _) => item.span.start,
                Entry::Enclosure(inner) => inner.span.start,
                Entry::Lead(start) => *start,
            },
            low,
        )
    }

    /// Where the line begins that something begins in, as far as only marks of what is around it stand there and that is
    /// not before `low`.
    pub(super) fn line_start(&self, at: usize, low: usize) -> usize {
        line_start(self.source, at, low)
    }

    /// Where the line ends that `at` is in.
    pub(super) fn line_end(&self, at: usize) -> usize {
        self.source[at..].find('\n').map_or(self.source.len(), |end| at + end + 1)
    }
}

/// Where the line of something that begins at `at` begins, if nothing but marks of quotes and lists stands before it there;
/// never before `low`.
pub(super) fn line_start(source: &str, at: usize, low: usize) -> usize {
    let start = source[..at].rfind('\n').map_or(0, |found| found + 1);
    let marks = |c: char| matches!(c, ' ' | '\t' | '>');
    if start >= low && source[start..at].chars().all(marks) { start } else { at }
}

/// Whether code stands in a block.
pub(super) fn has_code(block: &Block) -> bool {
    match block {
        Block::Fence(_) | Block::Indented(..) => true,
        Block::List(list) => list.items.iter().any(|item| item.blocks.iter().any(has_code)),
        Block::Quote(quote) => quote.blocks.iter().any(has_code),
        _ => false,
    }
}

/// The number that an item is written with.
fn number(source: &str, item: &Item) -> u32 {
    let text = item.span.of(source).trim_start();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    text[..digits].parse().unwrap_or(1)
}
