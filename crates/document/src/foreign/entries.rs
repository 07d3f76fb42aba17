//! What stands at one level of a document: things to do by themselves, and what stands between them.

use super::tables::{Row, rows};
use super::words;
use crate::Span;
use crate::instructions;
use crate::markdown::{Block, Containers, Item, List, Part, is_tab, quoted, tab_title, within};
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
    /// The tab that it stands in, outermost first, and where that begins: one of several ways.
    pub(super) tabs: Vec<(usize, String)>,
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
    fn is_chosen(&self) -> bool {
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
enum Entry<'t> {
    Unit(Unit<'t>),
    Block(&'t Block, Containers),
    /// A quote or a bullet begins here that holds units: it leads to the next of them.
    Lead(usize),
}

impl Entry<'_> {
    /// Whether it is more than text: code, commands behind prompts, a list.
    fn says_more(&self, source: &str) -> bool {
        match self {
            Entry::Block(Block::List(_), _) => true,
            Entry::Block(Block::Text(text), _) => {
                text.span.of(source).lines().any(|line| line.starts_with("$ "))
            }
            Entry::Block(block, _) => has_code(block),
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

/// A unit with all that belongs to it.
pub(super) struct Group<'t> {
    pub(super) unit: Unit<'t>,
    /// Where what leads to it begins; its own start where nothing does.
    pub(super) from: usize,
    /// Where it begins itself.
    pub(super) start: usize,
    /// What follows it at its level and belongs to it.
    pub(super) tail: Vec<Part>,
    /// Whether code or lists follow it and belong to it, and not text alone.
    pub(super) has_more: bool,
    /// Where all that belongs to it ends.
    pub(super) end: usize,
}

impl Group<'_> {
    /// What leads to it.
    pub(super) fn lead(&self) -> Span {
        Span::new(self.from, self.start)
    }
}

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
    /// The things to do in it, each with what belongs to it. What follows a unit is its own, until something introduces a
    /// new list.
    pub(super) fn groups(&self, bullets: Bullets) -> Vec<Group<'t>> {
        let entries = self.introduced(self.entries(self.blocks, &self.around, bullets));
        let mut groups: Vec<Group<'t>> = Vec::new();
        let mut gap: Vec<Entry<'t>> = Vec::new();
        for entry in entries {
            let Entry::Unit(unit) = entry else {
                gap.push(entry);
                continue;
            };
            let low = groups.last().map_or(self.span.start, |last| last.unit.span().end);
            let start = self.line_start(unit.span().start, low);
            let from = match groups.last_mut() {
                None => self.span.start,
                Some(last) => {
                    let own = self.introduction(&gap, &last.unit, &unit);
                    // What is chosen for a row has no words to add to: text below its table leads to what comes next.
                    let more = gap[..own].iter().any(|entry| entry.says_more(self.source));
                    let own = if last.unit.is_chosen() && !more { 0 } else { own };
                    let from = match (gap.get(own), last.unit.kind, unit.kind) {
                        (Some(first), ..) => self.entry_start(first, low).min(start),
                        // Rows in which nothing is to be done lead to the next one of the table.
                        (None, Kind::Row, Kind::Row) if gap.is_empty() => self.line_end(low).min(start),
                        (None, ..) => start,
                    };
                    last.end = from;
                    last.tail = self.parts(&gap[..own], last.unit.span().end, from);
                    last.has_more = gap[..own].iter().any(|entry| entry.says_more(self.source));
                    from
                }
            };
            gap.clear();
            groups.push(Group { unit, from, start, tail: Vec::new(), has_more: false, end: self.span.end });
        }
        if let Some(last) = groups.last_mut() {
            let end = self.blocks.last().map_or(self.span.end, |block| block.span().end);
            last.tail = self.parts(&gap, last.unit.span().end, end.max(last.unit.span().end));
            last.has_more = gap.iter().any(|entry| entry.says_more(self.source));
            last.tail.extend(self.tail.iter().cloned());
        }
        groups
    }

    /// Bullets that say what to do, behind the last of the numbered items or boxes of a section and introduced by themselves,
    /// are a list of their own.
    fn introduced(&self, entries: Vec<Entry<'t>>) -> Vec<Entry<'t>> {
        let is_own = |entry: &Entry<'t>| matches!(entry, Entry::Unit(unit) if matches!(unit.kind, Kind::Ordered(_) | Kind::Task));
        let last = entries.iter().rposition(is_own).filter(|_| self.around.is_empty());
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
                        Entry::Unit(Unit { of, kind: Kind::Bullet, outer, tabs: Vec::new() })
                    }));
                }
                _ => found.push(entry),
            }
        }
        found
    }

    fn entries(&self, blocks: &'t [Block], around: &Containers, bullets: Bullets) -> Vec<Entry<'t>> {
        let mut found = Vec::new();
        for block in blocks {
            match block {
                Block::List(list) => self.list(block, list, around, bullets, &mut found),
                Block::Quote(quote) => {
                    let inside = self.entries(&quote.blocks, &quoted(around), Bullets::DoNot);
                    if inside.iter().any(|entry| matches!(entry, Entry::Unit(_))) {
                        found.push(Entry::Lead(quote.span.start));
                        found.extend(inside);
                    } else {
                        found.push(Entry::Block(block, around.clone()));
                    }
                }
                Block::Other(span) => {
                    let rows = rows(self.source, *span);
                    if rows.is_empty() {
                        found.push(Entry::Block(block, around.clone()));
                        continue;
                    }
                    found.push(Entry::Lead(span.start));
                    let unit = |row| Unit {
                        of: Of::Row(Box::new(row)),
                        kind: Kind::Row,
                        outer: around.clone(),
                        tabs: Vec::new(),
                    };
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
        bullets: Bullets,
        found: &mut Vec<Entry<'t>>,
    ) {
        let unit = |item, kind| {
            Entry::Unit(Unit { of: Of::Item(item), kind, outer: around.clone(), tabs: Vec::new() })
        };
        if list.ordered {
            let first = list.items.first().map_or(1, |item| number(self.source, item));
            found.extend((first..).zip(&list.items).map(|(n, item)| unit(item, Kind::Ordered(n))));
        } else if list.items.iter().any(|item| item.task.is_some()) {
            found.extend(list.items.iter().map(|item| unit(item, Kind::Task)));
        } else if bullets == Bullets::Count && instructions::imperative(self.source, list) {
            found.extend(list.items.iter().map(|item| unit(item, Kind::Bullet)));
        } else {
            let within = |item: &'t Item| {
                let inside = self.entries(&item.blocks, &within(self.source, item, around), Bullets::DoNot);
                inside.iter().any(|entry| matches!(entry, Entry::Unit(_))).then_some(inside)
            };
            let inside: Vec<_> = list.items.iter().map(within).collect();
            if inside.iter().all(Option::is_none) {
                found.push(Entry::Block(block, around.clone()));
                return;
            }
            for (item, inside) in list.items.iter().zip(inside) {
                found.push(Entry::Lead(item.span.start));
                let mut inside = inside.unwrap_or_default();
                if let Some(tab) = tab(self.source, item) {
                    inside.iter_mut().for_each(|entry| {
                        if let Entry::Unit(unit) = entry {
                            unit.tabs.insert(0, tab.clone());
                        }
                    });
                }
                found.extend(inside);
            }
        }
    }

    /// How many entries between two units belong to the first: the rest introduces the second.
    fn introduction(&self, gap: &[Entry<'t>], before: &Unit<'_>, after: &Unit<'_>) -> usize {
        let goes_on = match (before.kind, after.kind) {
            (Kind::Ordered(a), Kind::Ordered(b)) => b == a + 1 || (a, b) == (1, 1),
            (a, b) => a == b && a != Kind::Row,
        };
        let numbered =
            matches!((before.kind, after.kind), (Kind::Ordered(a), Kind::Ordered(b)) if b == a + 1);
        // A line in bold or a rule begins something new, but for what the numbers go on across.
        let divides = |entry: &Entry<'_>| match entry {
            Entry::Block(Block::Text(text), _) => words::heads(text.span.of(self.source)),
            Entry::Block(Block::Other(span), _) => words::rule(span.of(self.source)),
            _ => false,
        };
        if !numbered && let Some(at) = gap.iter().position(divides) {
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

    /// These entries as pieces of the document that follow one another from `from` to `end`.
    fn parts(&self, entries: &[Entry<'t>], from: usize, end: usize) -> Vec<Part> {
        let mut parts: Vec<Part> = Vec::new();
        let mut at = from;
        for (index, entry) in entries.iter().enumerate() {
            let containers = match entry {
                Entry::Block(_, containers) => containers.clone(),
                _ => self.around.clone(),
            };
            let next = entries.get(index + 1).map_or(end, |next| self.entry_start(next, at)).max(at);
            parts.push((Span::new(at, next), containers));
            at = next;
        }
        parts
    }

    fn entry_start(&self, entry: &Entry<'_>, low: usize) -> usize {
        self.line_start(
            match entry {
                Entry::Unit(unit) => unit.span().start,
                Entry::Block(block, _) => block.span().start,
                Entry::Lead(start) => *start,
            },
            low,
        )
    }

    /// Where the line begins that something begins in, as far as only marks of what is around it stand there and that is
    /// not before `low`.
    fn line_start(&self, at: usize, low: usize) -> usize {
        line_start(self.source, at, low)
    }

    /// Where the line ends that `at` is in.
    fn line_end(&self, at: usize) -> usize {
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

/// Where a tab begins and what it is called, if an item is one.
fn tab(source: &str, item: &Item) -> Option<(usize, String)> {
    let text = item.span.of(source);
    is_tab(text).then(|| (item.span.start, tab_title(text).to_owned()))
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
