//! What stands where in a document: asked for so often that nothing is looked for from its beginning.

use std::collections::{HashMap, HashSet};

use holdpoint_document::{Action, Bullets, Plan, Span};

/// A document's plan and lists, by place.
pub(super) struct Places<'p> {
    plan: &'p Plan,
    /// Where its lines end.
    ends: Vec<usize>,
    /// Steps, by what they show: their commands, and what leads to those.
    shown: Spans<usize>,
    /// Steps, by all that they hold.
    held: Spans<usize>,
    /// Commands that are offered, by step and action.
    offered: Spans<(usize, usize)>,
    /// Lists of bullets, by where an item of theirs begins.
    lists: HashMap<usize, &'p Bullets>,
    /// Where something is asked.
    asked: HashSet<usize>,
}

impl<'p> Places<'p> {
    pub(super) fn of(source: &str, plan: &'p Plan, lists: &'p [Bullets]) -> Places<'p> {
        let (mut shown, mut offered) = (Vec::new(), Vec::new());
        for (index, step) in plan.steps.iter().enumerate() {
            for (nth, action) in step.actions.iter().enumerate() {
                if action.work.offered().is_some() {
                    shown.push((action.span, index));
                    offered.push((action.span, (index, nth)));
                }
                shown.extend(action.prose.map(|prose| (prose, index)));
            }
        }
        // Where two lists have an item, it is the first one's.
        let items = lists.iter().rev().flat_map(|list| list.items.iter().map(move |at| (*at, list)));
        Places {
            plan,
            ends: source.match_indices('\n').map(|(at, _)| at).collect(),
            shown: Spans::of(shown),
            held: Spans::of(plan.steps.iter().enumerate().map(|(index, step)| (step.span, index)).collect()),
            offered: Spans::of(offered),
            lists: items.collect(),
            asked: plan.steps.iter().flat_map(|step| &step.actions).map(|action| action.span.start).collect(),
        }
    }

    /// The line of a place, from 1.
    pub(super) fn line(&self, at: usize) -> usize {
        1 + self.ends.partition_point(|end| *end < at)
    }

    /// The step under which what stands there is shown: above its items, too, which lie elsewhere than what leads to them.
    pub(super) fn owner(&self, at: usize) -> Option<usize> {
        self.shown.holding(at).into_iter().min().or_else(|| self.held.holding(at).into_iter().max())
    }

    /// What is offered there, in the order of the plan.
    pub(super) fn offered(&self, at: usize) -> impl Iterator<Item = &'p Action> {
        let mut found = self.offered.holding(at);
        found.sort_unstable();
        let plan = self.plan;
        found.into_iter().filter_map(|(step, action)| plan.steps.get(step)?.actions.get(action))
    }

    /// The list of which an item begins there.
    pub(super) fn list(&self, at: usize) -> Option<&'p Bullets> {
        self.lists.get(&at).copied()
    }

    /// Whether something is asked that begins there.
    pub(super) fn is_asked(&self, at: usize) -> bool {
        self.asked.contains(&at)
    }
}

/// Spans that may hold one another, each with what it is of.
struct Spans<T> {
    /// By where they begin.
    all: Vec<(Span, T)>,
    /// Of the middle one of each part of `all`, halved again and again: where the last of that part ends.
    last: Vec<usize>,
}

impl<T: Copy> Spans<T> {
    fn of(mut all: Vec<(Span, T)>) -> Spans<T> {
        all.sort_by_key(|(span, _)| span.start);
        let mut spans = Spans { last: vec![0; all.len()], all };
        spans.measure(0, spans.all.len());
        spans
    }

    fn measure(&mut self, from: usize, to: usize) -> usize {
        if from == to {
            return 0;
        }
        let middle = from.midpoint(to);
        let around = self.measure(from, middle).max(self.measure(middle + 1, to));
        self.last[middle] = around.max(self.all[middle].0.end);
        self.last[middle]
    }

    /// What the spans are of that hold a place.
    fn holding(&self, at: usize) -> Vec<T> {
        let mut found = Vec::new();
        self.gather(at, (0, self.all.len()), &mut found);
        found
    }

    fn gather(&self, at: usize, (from, to): (usize, usize), found: &mut Vec<T>) {
        let middle = from.midpoint(to);
        if from == to || self.last[middle] <= at {
            return;
        }
        self.gather(at, (from, middle), found);
        let (span, of) = self.all[middle];
        if span.start <= at {
            found.extend((at < span.end).then_some(of));
            self.gather(at, (middle + 1, to), found);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_place_is_held_by_the_spans_around_it_and_by_no_other(
            spans in prop::collection::vec((0_usize..50, 0_usize..20), 0..40), at in 0_usize..70,
        ) {
            let spans = spans.into_iter().map(|(start, length)| Span::new(start, start + length));
            let all: Vec<(Span, usize)> = spans.enumerate().map(|(index, span)| (span, index)).collect();
            let mut found = Spans::of(all.clone()).holding(at);
            found.sort_unstable();
            let holds = all.iter().filter(|(span, _)| span.start <= at && at < span.end);
            prop_assert_eq!(found, holds.map(|(_, index)| *index).collect::<Vec<_>>());
        }
    }
}
