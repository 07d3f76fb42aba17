//! Things to do, each with what belongs to it, and what is enclosed between them.

use super::entries::{Bullets, Enclosure, Entry, Kind, Level, Unit};
use super::layout::is_layout;
use crate::Span;
use crate::markdown::{Containers, Part};

/// A unit with all that belongs to it, but for what is enclosed below it.
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
    /// Where all that ends.
    pub(super) end: usize,
    /// What is enclosed behind it, and belongs to it as well.
    pub(super) enclosed: Vec<Enclosed<'t>>,
}

impl Group<'_> {
    /// What leads to it.
    pub(super) fn lead(&self) -> Span {
        Span::new(self.from, self.start)
    }
}

/// What is set apart from the text around it, in which something is to be done.
pub(super) struct Enclosed<'t> {
    /// Where it begins.
    pub(super) start: usize,
    pub(super) title: String,
    /// Why it is not for every run, if it is not.
    pub(super) why: Option<&'static str>,
    pub(super) inside: Groups<'t>,
    /// What stands behind it and belongs to what it stands in.
    pub(super) rest: Option<Rest>,
}

/// Where what is around something enclosed goes on behind it.
pub(super) struct Rest {
    pub(super) span: Span,
    pub(super) parts: Vec<Part>,
}

/// The things to do at a level.
#[derive(Default)]
pub(super) struct Groups<'t> {
    /// What is enclosed above the first of them.
    pub(super) above: Vec<Enclosed<'t>>,
    pub(super) units: Vec<Group<'t>>,
}

/// One of the things to do, at whatever depth.
pub(super) enum Each<'g, 't> {
    Group(&'g Group<'t>),
    Rest(&'g Rest),
}

impl<'t> Groups<'t> {
    /// All of them, with those that are enclosed, in the order of the document.
    pub(super) fn each(&self) -> Vec<Each<'_, 't>> {
        fn enclosed<'g, 't>(all: &'g [Enclosed<'t>], found: &mut Vec<Each<'g, 't>>) {
            for one in all {
                groups(&one.inside, found);
                found.extend(one.rest.as_ref().map(Each::Rest));
            }
        }
        fn groups<'g, 't>(all: &'g Groups<'t>, found: &mut Vec<Each<'g, 't>>) {
            enclosed(&all.above, found);
            for group in &all.units {
                found.push(Each::Group(group));
                enclosed(&group.enclosed, found);
            }
        }
        let mut found = Vec::new();
        groups(self, &mut found);
        found
    }

    pub(super) fn is_empty(&self) -> bool {
        self.above.is_empty() && self.units.is_empty()
    }

    /// Whether one of them is of such a kind.
    pub(super) fn has(&self, is: impl Fn(Kind) -> bool) -> bool {
        self.each().iter().any(|one| matches!(one, Each::Group(group) if is(group.unit.kind)))
    }

    /// Whether each of them is a step: where they are numbered, or some of them are not for every run.
    pub(super) fn are_steps(&self) -> bool {
        fn sometimes(groups: &Groups<'_>) -> bool {
            let below = groups.units.iter().flat_map(|group| &group.enclosed);
            groups.above.iter().chain(below).any(|one| one.why.is_some() || sometimes(&one.inside))
        }
        self.has(|kind| matches!(kind, Kind::Ordered(_))) || sometimes(self)
    }

    /// Where the first of them begins, or what it is enclosed by.
    pub(super) fn start(&self) -> Option<usize> {
        let above = self.above.first().map(|above| above.start);
        above.or_else(|| Some(self.units.first()?.start))
    }

    /// Where what leads to the first of them begins.
    pub(super) fn from(&mut self) -> Option<&mut usize> {
        match self.above.first_mut() {
            Some(above) => above.inside.from(),
            None => self.units.first_mut().map(|first| &mut first.from),
        }
    }
}

/// Whether both are rows of a table.
fn are_rows(one: &Unit<'_>, other: &Unit<'_>) -> bool {
    (one.kind, other.kind) == (Kind::Row, Kind::Row)
}

/// What groups are made in.
struct Area<'a> {
    around: &'a Containers,
    span: Span,
    /// Where its last block ends.
    end: usize,
}

impl<'t> Level<'t> {
    /// The things to do in it, each with what belongs to it. What follows a unit is its own, until something introduces a
    /// new list.
    pub(super) fn groups(&self, bullets: Bullets) -> Groups<'t> {
        let end = self.blocks.last().map_or(self.span.end, |block| block.span().end);
        let area = Area { around: &self.around, span: self.span, end };
        let mut groups = self.grouped(self.all(bullets), &area);
        let Groups { above, units } = &mut groups;
        let enclosed = match units.last_mut() {
            Some(last) if last.enclosed.is_empty() => {
                last.tail.extend(self.tail.iter().cloned());
                return groups;
            }
            Some(last) => &mut last.enclosed,
            None => above,
        };
        if let Some(rest) = enclosed.last_mut().and_then(|last| last.rest.as_mut()) {
            rest.parts.extend(self.tail.iter().cloned());
        }
        groups
    }

    fn grouped(&self, entries: Vec<Entry<'t>>, area: &Area<'_>) -> Groups<'t> {
        let mut groups = Groups::default();
        let mut gap: Vec<Entry<'t>> = Vec::new();
        for entry in entries {
            let Entry::Unit(unit) = entry else {
                gap.push(entry);
                continue;
            };
            let (from, start) = self.settle(&mut groups, std::mem::take(&mut gap), Some(&unit), area);
            let (tail, enclosed) = (Vec::new(), Vec::new());
            let end = area.span.end;
            groups.units.push(Group { unit, from, start, tail, has_more: false, end, enclosed });
        }
        self.settle(&mut groups, gap, None, area);
        groups
    }

    /// Gives what stands above a unit, or above the end, to what it belongs to; where what leads to the unit begins, and the
    /// unit itself.
    fn settle(
        &self,
        groups: &mut Groups<'t>,
        gap: Vec<Entry<'t>>,
        next: Option<&Unit<'_>>,
        area: &Area<'_>,
    ) -> (usize, usize) {
        let low = groups.units.last().map_or(area.span.start, |last| last.unit.span().end);
        let (mut above, mut enclosed): (Vec<Entry<'t>>, Vec<(Enclosure<'t>, Vec<Entry<'t>>)>) =
            Default::default();
        for entry in gap {
            match (entry, enclosed.last_mut()) {
                (Entry::Enclosure(inner), _) => enclosed.push((inner, Vec::new())),
                (entry, Some((_, behind))) => behind.push(entry),
                (entry, None) => above.push(entry),
            }
        }
        let begins = |low| next.map_or(area.span.end, |next| self.line_start(next.span().start, low));
        let start =
            enclosed.first().map_or_else(|| begins(low), |(one, _)| self.line_start(one.span.start, low));
        let mut from = match groups.units.last_mut() {
            None => area.span.start,
            Some(last) => {
                let own = match (enclosed.is_empty(), next) {
                    (false, _) => self.before_enclosed(&above),
                    (true, Some(next)) => self.introduction(&above, &last.unit, next),
                    (true, None) => above.len(),
                };
                // What is chosen for a row has no words to add to: text below its table leads to what comes next.
                let more = above[..own].iter().any(|entry| entry.says_more(self.source));
                let leads = next.is_some() || !enclosed.is_empty();
                let own = if last.unit.is_chosen() && !more && leads { 0 } else { own };
                let from = match (above.get(own), next) {
                    (Some(first), _) => self.entry_start(first, low).min(start),
                    // Rows in which nothing is to be done lead to the next one of the table.
                    (None, Some(next))
                        if above.is_empty() && enclosed.is_empty() && are_rows(&last.unit, next) =>
                    {
                        self.line_end(low).min(start)
                    }
                    (None, _) => start,
                };
                let end = if leads { from } else { area.end.max(low) };
                last.end = from;
                last.tail = self.parts(&above[..own], area.around, (low, end));
                last.has_more = more;
                from
            }
        };
        let mut all = enclosed.into_iter().peekable();
        let mut start = start;
        while let Some((one, mut behind)) = all.next() {
            let low = one.span.end;
            let opens = start;
            start = all.peek().map_or_else(|| begins(low), |(one, _)| self.line_start(one.span.start, low));
            let own = match (groups.units.last(), all.peek(), next) {
                (_, None, None) => behind.len(),
                (Some(last), None, Some(next)) => self.introduction(&behind, &last.unit, next),
                (Some(_), Some(_), _) => self.before_enclosed(&behind),
                // Text above the first item leads to it, or to what encloses it.
                (None, ..) => {
                    behind.iter().rposition(|entry| entry.says_more(self.source)).map_or(0, |last| last + 1)
                }
            };
            let begin =
                |at: usize| behind.get(at).map_or(start, |entry| self.entry_start(entry, low).min(start));
            let rest = Span::new(begin(0).min(begin(own)), begin(own));
            let ends = if all.peek().is_none() && next.is_none() { area.end.max(low) } else { rest.end };
            let says = !is_layout(rest.of(self.source));
            let parts = self.parts(&behind[..own], area.around, (rest.start, ends.min(rest.end)));
            // Marks that say nothing stand with the last of what is enclosed.
            let (mut entries, mut end, until) =
                (one.entries, one.span.end, if says { rest.start } else { rest.end });
            if !says {
                end = end.max(ends.min(rest.end));
                entries.extend(behind.drain(..own));
            }
            let inner = Area { around: &one.around, span: Span::new(from, until), end };
            let inside = self.grouped(entries, &inner);
            from = rest.end;
            let rest = says.then_some(Rest { span: rest, parts });
            let made = Enclosed { start: opens, title: one.title, why: one.why, inside, rest };
            match groups.units.last_mut() {
                Some(last) => last.enclosed.push(made),
                None => groups.above.push(made),
            }
        }
        (from, start)
    }
}
