//! Steps with their numbers and texts, and the piece of the source that each text is.

use super::book::Book;
use super::entries::{Bullets, Of};
use super::groups::{Each, Group, Rest};
use super::layer::{Piece, Shown, complete, trimmed};
use super::numbers::siblings;
use super::outline::{Node, Outline, What, level_of};
use super::tables::Row;
use crate::markdown::{Containers, Part, Unique, slug, text};
use crate::steps::{Section, item_slug};
use crate::{Action, Field, OnFailure, Passage, Span, Step, ValueKind, Work, sha256};

/// What was made of it.
#[derive(Debug, Default)]
pub(crate) struct Read {
    pub(crate) steps: Vec<Step>,
    pub(crate) passages: Vec<Passage>,
    /// Where every byte is shown, in the order of the document.
    pub(crate) pieces: Vec<Piece>,
}

/// Makes the steps of an outline.
pub(super) fn make(book: &Book<'_>, outline: &Outline<'_>) -> Read {
    let mut ids = Unique::default();
    fn name(section: &Section<'_>, ids: &mut Unique) {
        if let Some(heading) = section.heading {
            ids.name(heading.slug.as_str());
        }
        section.children.iter().for_each(|child| name(child, ids));
    }
    outline.sections.iter().for_each(|section| name(section, &mut ids));
    let mut maker =
        Maker { source: book.source, ids, names: Unique::default(), steps: Vec::new(), pieces: Vec::new() };
    maker.nodes(&outline.top, "");
    let Maker { steps, mut pieces, .. } = maker;
    let passages = complete(book, outline, &steps, &mut pieces);
    Read { steps, passages, pieces }
}

struct Maker<'m> {
    source: &'m str,
    ids: Unique,
    /// Names of values that are written down.
    names: Unique,
    steps: Vec<Step>,
    pieces: Vec<Piece>,
}

impl Maker<'_> {
    fn nodes(&mut self, nodes: &[Node<'_>], above: &str) {
        let own = |node: &Node<'_>| node.own.as_ref().map(|(own, _)| own.clone());
        let firm = |node: &Node<'_>| if node.enclosed { None } else { own(node) };
        let mut owns: Vec<_> = nodes.iter().map(firm).collect();
        if owns.iter().all(Option::is_none) {
            owns = nodes.iter().map(own).collect();
        }
        for (node, numbered) in nodes.iter().zip(siblings(&owns, above)) {
            let title = match &node.own {
                Some((_, title)) if numbered.own => title,
                _ => &node.title,
            };
            let number = match &node.written {
                Some(written) if numbered.own && above.is_empty() => written,
                Some(written) if numbered.own => &format!("{above}.{written}"),
                _ => &numbered.number,
            };
            self.node(node, number, title);
        }
    }

    fn node(&mut self, node: &Node<'_>, number: &str, title: &str) {
        match &node.what {
            What::Group { heading } => {
                self.heading(*heading);
                self.nodes(&node.below, number);
            }
            What::Section { span, heading, groups } => {
                self.heading(*heading);
                let id = self.section_id(node);
                let mut actions = Vec::new();
                self.each(&groups.each(), &mut actions);
                self.step(node, (id, number, title), *span, actions);
                self.nodes(&node.below, number);
            }
            What::Rest(rest) => {
                let id = self.item_id(node);
                let mut actions = Vec::new();
                self.rest(rest, &mut actions);
                self.step(node, (id, number, title), self.trimmed(rest.span), actions);
            }
            What::Manual { span, heading, text } => {
                self.heading(*heading);
                let id = self.section_id(node);
                let from = heading.map_or(span.start, |heading| heading.end);
                let prose = self.prose(Span::new(from, span.end), 0);
                let work = Work::Confirm { text: text.clone() };
                let action =
                    Action { id: String::new(), span: *span, prose, caution: None, work, once: None };
                self.step(node, (id, number, title), *span, vec![action]);
                self.nodes(&node.below, number);
            }
            What::Item { group, inner } => {
                let id = self.item_id(node);
                let title = if title.is_empty() { format!("Item {number}") } else { title.to_owned() };
                let mut actions = Vec::new();
                let inner = inner.each();
                match inner.first() {
                    // What led to it is a passage above the step.
                    Some(Each::Group(first)) => {
                        let own = self.own(group, first.lead().start);
                        // What it is called stands above its items; it is confirmed itself where it has a box.
                        if !group.unit.is_boxed() {
                            self.pieces.push(Piece { span: own, shown: Shown::Heading });
                        }
                        self.each(&inner, &mut actions);
                        if group.unit.is_boxed() {
                            self.words(group, own, &mut actions);
                        }
                    }
                    _ => self.leaf(group, group.lead(), &mut actions),
                }
                let start = group.unit.span().start;
                self.step(node, (id, number, &title), self.trimmed(Span::new(start, group.end)), actions);
                self.nodes(&node.below, number);
            }
            What::Items { group, first, coded } => {
                let own = self.own(group, *first);
                // What it says to run is run before what stands in it.
                if *coded {
                    self.item_of_items(node, group, own, (number, title));
                } else if !group.unit.is_boxed() {
                    self.pieces.push(Piece { span: own, shown: Shown::Heading });
                }
                self.nodes(&node.below, number);
                if group.unit.is_boxed() && !coded {
                    self.item_of_items(node, group, own, (number, title));
                }
            }
        }
    }

    /// An item below which others are steps, as a step of its own.
    fn item_of_items(
        &mut self,
        node: &Node<'_>,
        group: &Group<'_>,
        own: Span,
        (number, title): (&str, &str),
    ) {
        let mut actions = Vec::new();
        self.words(group, own, &mut actions);
        let id = self.item_id(node);
        let span = self.trimmed(Span::new(group.unit.span().start, own.end));
        self.step(node, (id, number, title), span, actions);
    }

    fn section_id(&mut self, node: &Node<'_>) -> String {
        if !node.slug.is_empty() {
            return node.slug.clone();
        }
        let wanted = slug(&node.title);
        self.ids.name(if wanted.is_empty() { "document".to_owned() } else { wanted })
    }

    fn item_id(&mut self, node: &Node<'_>) -> String {
        self.ids.name(format!("{}/{}", node.slug, item_slug(&node.title)))
    }

    fn heading(&mut self, heading: Option<Span>) {
        self.pieces.extend(heading.map(|span| Piece { span, shown: Shown::Heading }));
    }

    /// Prose of the action that comes next in the step that comes next.
    fn prose(&mut self, span: Span, action: usize) -> Option<Span> {
        if span.start >= span.end || span.of(self.source).trim().is_empty() {
            return None;
        }
        self.pieces.push(Piece { span, shown: Shown::Prose { step: self.steps.len(), action } });
        Some(self.trimmed(span))
    }

    fn trimmed(&self, span: Span) -> Span {
        trimmed(self.source, span)
    }

    fn each(&mut self, all: &[Each<'_, '_>], actions: &mut Vec<Action>) {
        for one in all {
            match one {
                Each::Group(group) => self.action(group, group.lead(), actions),
                Each::Rest(rest) => self.rest(rest, actions),
            }
        }
    }

    /// What goes on behind something enclosed.
    fn rest(&mut self, rest: &Rest, actions: &mut Vec<Action>) {
        let whole = || vec![(rest.span, Containers::from([]))];
        let parts = if rest.parts.is_empty() { whole() } else { rest.parts.clone() };
        let outer = parts[0].1.clone();
        let text = text(self.source, &self.with_what_between((rest.span.end, &outer), parts));
        self.confirm(rest.span, (self.trimmed(rest.span).start, None), text, actions);
    }

    /// An item, after what stands in it.
    fn action(&mut self, group: &Group<'_>, lead: Span, actions: &mut Vec<Action>) {
        let inner = level_of(self.source, group).groups(Bullets::DoNot);
        let inner = inner.each();
        let Some(Each::Group(first)) = inner.first() else { return self.leaf(group, lead, actions) };
        // What led to it leads to what stands in it; there is one place for that.
        let led = !lead.of(self.source).trim().is_empty();
        let (own, first_lead) = match led {
            true => (self.own(group, first.start), lead),
            false => (self.own(group, first.from), first.lead()),
        };
        self.action(first, first_lead, actions);
        self.each(&inner[1..], actions);
        self.words(group, own, actions);
    }

    /// An item in which nothing else is to be done.
    fn leaf(&mut self, group: &Group<'_>, lead: Span, actions: &mut Vec<Action>) {
        let unit = &group.unit;
        let prose = self.prose(lead, actions.len());
        if let Of::Row(row) = &unit.of
            && (!row.choices.is_empty() || group.has_more)
        {
            return self.row(group, row, prose, actions);
        }
        let own = (Span::new(unit.content(), unit.span().end), unit.containers(self.source));
        let parts: Vec<Part> = [own].into_iter().chain(group.tail.iter().cloned()).collect();
        let text = text(self.source, &self.with_what_between((group.end, &unit.outer), parts));
        self.confirm(Span::new(group.start, group.end), (unit.span().start, prose), text, actions);
    }

    /// A row, and what follows its table by itself: it belongs to all of that.
    fn row(&mut self, group: &Group<'_>, row: &Row, prose: Option<Span>, actions: &mut Vec<Action>) {
        let own = Span::new(group.start, row.span.end);
        if row.choices.is_empty() {
            let part = (row.span, group.unit.containers(self.source));
            self.confirm(own, (row.span.start, prose), text(self.source, &[part]), actions);
        } else {
            let work = Work::Record { fields: self.fields(row) };
            let shown = Shown::Work { step: self.steps.len(), action: actions.len() };
            self.pieces.push(Piece { span: own, shown });
            actions.push(Action {
                id: String::new(),
                span: row.span,
                prose,
                caution: None,
                work,
                once: None,
            });
        }
        let rest = self.trimmed(Span::new(own.end, group.end));
        if group.has_more && rest.start < rest.end {
            let text = text(
                self.source,
                &self.with_what_between((group.end, &group.unit.outer), group.tail.clone()),
            );
            self.confirm(Span::new(own.end, group.end), (rest.start, None), text, actions);
        }
    }

    /// What is written down for a row: what was chosen, and a remark, which may be empty.
    fn fields(&mut self, row: &Row) -> Vec<Field> {
        let wanted = item_slug(&row.title).replace('-', "_");
        let wanted: String = wanted.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        let name = self.names.name(format!("row_{wanted}")).replace('-', "_");
        let field = |name, prompt, kind| Field {
            name,
            prompt: Some(prompt),
            kind,
            evidence: None,
            may_be_empty: false,
        };
        let remark = row.comment.iter().map(|comment| {
            let written = match comment.written.as_str() {
                "" => String::new(),
                written => format!(", beside “{written}”"),
            };
            let prompt = format!("{}{written}", comment.called);
            let field = field(format!("{name}_comment"), prompt, ValueKind::Text { pattern: None });
            Field { may_be_empty: true, ..field }
        });
        let choice = ValueKind::Choice { choices: row.choices.clone() };
        [field(name.clone(), row.title.clone(), choice)].into_iter().chain(remark).collect()
    }

    /// These parts with what stands between and after them and is no block: definitions of links.
    fn with_what_between(&self, (end, outer): (usize, &Containers), parts: Vec<Part>) -> Vec<Part> {
        let mut all: Vec<Part> = Vec::with_capacity(parts.len() + 1);
        let says = |span: Span| span.of(self.source).contains(char::is_alphanumeric);
        let ends: Vec<usize> = parts.iter().skip(1).map(|(span, _)| span.start).chain([end]).collect();
        for (part, end) in parts.into_iter().zip(ends) {
            let between = Span::new(part.0.end, end.max(part.0.end));
            all.push(part);
            if says(between) {
                all.push((between, outer.clone()));
            }
        }
        all
    }

    /// The words of an item in which more is to be done.
    fn words(&mut self, group: &Group<'_>, own: Span, actions: &mut Vec<Action>) {
        let unit = &group.unit;
        let part = (Span::new(unit.content().min(own.end), own.end), unit.containers(self.source));
        let text = text(self.source, &[part]);
        self.confirm(own, (unit.span().start, None), text, actions);
    }

    fn confirm(
        &mut self,
        piece: Span,
        (start, prose): (usize, Option<Span>),
        text: String,
        actions: &mut Vec<Action>,
    ) {
        let text = if text.is_empty() { "Done".to_owned() } else { text };
        self.pieces.push(Piece {
            span: piece,
            shown: Shown::Work { step: self.steps.len(), action: actions.len() },
        });
        let end = self.trimmed(piece).end.max(start);
        let (span, work) = (Span::new(start, end), Work::Confirm { text });
        actions.push(Action { id: String::new(), span, prose, caution: None, work, once: None });
    }

    /// The words of an item before what stands in it, which begins at `inner`.
    fn own(&self, group: &Group<'_>, inner: usize) -> Span {
        Span::new(group.start, inner.max(group.start))
    }

    fn step(
        &mut self,
        node: &Node<'_>,
        (id, number, title): (String, &str, &str),
        span: Span,
        mut actions: Vec<Action>,
    ) {
        for (index, action) in actions.iter_mut().enumerate() {
            action.id = format!("{id}#{}", index + 1);
        }
        self.steps.push(Step {
            id,
            file: None,
            number: number.to_owned(),
            title: if title.is_empty() { "Document".to_owned() } else { title.to_owned() },
            once_titled: None,
            path: node.around.path.clone(),
            span,
            digest: sha256(span.of(self.source).as_bytes()),
            role: None,
            when: Vec::new(),
            target: None,
            rollout: None,
            not_before: None,
            on_failure: OnFailure::Ask,
            expected: None,
            irreversible: false,
            skippable: true,
            alternatives: node.around.alternatives.clone(),
            actions,
            rollbacks: Vec::new(),
        });
    }
}
