//! Numbered items stay steps of their own: a run-book makes one step of a section in which a box or a block stands beside them.

use std::collections::{BTreeMap, BTreeSet};

use super::edit::{Place, back};
use super::indent::width;
use super::proposal::Proposal;
use crate::markdown::{Block, Item, List};
use crate::steps::sections;
use crate::{Plan, Span, Step, Work, instructions};

/// Takes the boxes of numbered items away, which are confirmed without, and has items with boxes below numbered ones go on
/// with their numbers.
pub(super) fn propose(proposal: &mut Proposal, source: &str, blocks: &[Block], plan: &Plan) {
    fn each<'t>(all: &[crate::steps::Section<'t>], found: &mut Vec<&'t [Block]>) {
        for section in all {
            found.push(section.blocks);
            each(&section.children, found);
        }
    }
    // Of those that begin at one place, the first.
    let ends: BTreeMap<usize, usize> =
        plan.steps.iter().rev().map(|step| (step.span.start, step.span.end)).collect();
    let mut all = Vec::new();
    each(&sections(blocks, source.len()), &mut all);
    for blocks in all {
        let lists: Vec<&List> = blocks.iter().filter_map(list_of).collect();
        let Some(last) = lists.iter().rposition(|list| list.ordered) else { continue };
        let (above, below) = lists.split_at(last + 1);
        let boxed = |item: &&Item| item.task.is_some();
        if above.iter().any(|list| !list.ordered && list.items.iter().any(|item| item.task.is_some())) {
            continue;
        }
        // All of them, or they are one step still.
        let (mut boxes, mut numbers) = (Vec::new(), Vec::new());
        boxes.extend(above.iter().flat_map(|list| &list.items).filter(boxed));
        let is_step = |item: &Item| ends.contains_key(&item.span.start);
        let below: Vec<&&List> = below
            .iter()
            .filter(|list| list.items.iter().any(|item| item.task.is_some() || is_step(item)))
            .collect();
        // A number other than 1 begins no list right below a line of text.
        let is_apart = |list: &&&List| {
            let start = list.items.first().map_or(0, |item| item.span.start);
            let above = source[..start].trim_end_matches([' ', '\t']);
            above
                .strip_suffix('\n')
                .is_some_and(|above| above.trim_end_matches([' ', '\t', '\r']).ends_with('\n'))
        };
        if !below.iter().all(is_apart) {
            continue;
        }
        numbers.extend(below.into_iter().flat_map(|list| &list.items));
        let plain = |item: &&Item| {
            holds_text_alone(&item.blocks)
                && ends.get(&item.span.start).is_some_and(|end| *end <= item.span.end)
                && width(source, item).is_some()
        };
        if boxes.iter().any(|item| holds_box(&item.blocks)) || !numbers.iter().all(plain) {
            continue;
        }
        for item in boxes {
            let Some(task) = item.task else { continue };
            let reason = "a numbered item is a step, which is confirmed without a box";
            proposal.edit(Span::new(task.start, item.content.max(task.end)), "", reason);
        }
        let first = above.last().map_or(1, |list| number(source, list) + list.items.len());
        for (number, item) in (first..).zip(numbers) {
            renumber(proposal, source, item, number);
        }
    }
}

/// Gives each bullet a box that is confirmed by itself, where it is none: a run-book confirms a list of them as one.
pub(super) fn boxes(proposal: &mut Proposal, source: &str, blocks: &[Block], confirmed: &Confirmed) {
    for block in blocks {
        let lists = match block {
            Block::List(list) => list,
            Block::Quote(quote) => {
                boxes(proposal, source, &quote.blocks, confirmed);
                continue;
            }
            _ => continue,
        };
        let together = is_confirmed_together(source, lists, confirmed);
        for item in &lists.items {
            let is_own = !lists.ordered
                && item.task.is_none()
                && !proposal.widths.contains_key(&item.span.start)
                && match together {
                    Some(says_what_to_do) => says_what_to_do,
                    None => confirmed.0.contains_key(&item.span.start),
                };
            let is_bullet = item.span.of(source).trim_start().starts_with(['-', '*', '+']);
            if !is_own || !is_bullet {
                boxes(proposal, source, &item.blocks, confirmed);
                continue;
            }
            // In the text of an item they would be a template.
            if ["{{", "{%", "{#"].iter().any(|opens| item.span.of(source).contains(opens)) {
                let what = "this is confirmed with the items around it, for its braces would be a template: write it as `- [ ]` if \
                            somebody is to confirm it by itself";
                proposal.leave(item.span, what);
                continue;
            }
            let reason = "it says what to do, and is confirmed by itself: without a box the list would be confirmed as one";
            proposal.edit(Span::new(item.content, item.content), "[ ] ", reason);
        }
    }
}

/// Has an empty line above each number that goes on right below a line of text: it begins no list there.
pub(super) fn apart(proposal: &mut Proposal, source: &str, went_on: &[(Span, usize)]) {
    for (span, number) in went_on {
        let line = source[..span.start].rfind('\n').map_or(0, |end| end + 1);
        let reason = format!(
            "an empty line above {number}: right below a line of text no list begins at another number than 1"
        );
        match source[line..span.start].trim().is_empty() {
            true => proposal.edit(Span::new(line, line), "\n", reason),
            false => proposal.leave(*span, "put an empty line above this, or it is no item"),
        }
    }
}

/// What somebody confirms: where it begins, and where the last of what begins there ends.
pub(super) struct Confirmed(BTreeMap<usize, usize>);

impl Confirmed {
    pub(super) fn of(plan: &Plan) -> Confirmed {
        let mut all = BTreeMap::new();
        for action in plan.steps.iter().flat_map(|step| &step.actions) {
            if matches!(action.work, Work::Confirm { .. }) {
                let end = all.entry(action.span.start).or_insert(action.span.end);
                *end = action.span.end.max(*end);
            }
        }
        Confirmed(all)
    }
}

/// Of a list that one confirmation begins with, whether it says what to do; `None` for others.
fn is_confirmed_together(source: &str, list: &List, confirmed: &Confirmed) -> Option<bool> {
    let (first, last) = (list.items.first()?.span, list.items.last()?.span);
    let is_one = confirmed.0.get(&first.start).is_some_and(|end| *end >= last.end);
    (!list.ordered && list.items.len() > 1 && is_one).then(|| instructions::imperative(source, list))
}

/// Lists of bullets that get boxes and are confirmed behind a block: they belong to the item that the block is in.
pub(super) fn below_blocks(source: &str, blocks: &[Block], confirmed: &Confirmed) -> Vec<Span> {
    let lists = blocks.iter().filter_map(|block| Some((list_of(block)?, block.span())));
    lists
        .filter(|(list, _)| is_confirmed_together(source, list, confirmed) == Some(true))
        .map(|(_, span)| span)
        .collect()
}

fn list_of(block: &Block) -> Option<&List> {
    match block {
        Block::List(list) => Some(list),
        _ => None,
    }
}

/// Gives an item with a box a number.
fn renumber(proposal: &mut Proposal, source: &str, item: &Item, number: usize) {
    let Some(old) = width(source, item) else { return };
    let mark = format!("{number}. ");
    let before = item.span.start - source[..item.span.start].rfind('\n').map_or(0, |end| end + 1);
    let new = before + mark.len();
    let reason = "beside an item with a box the numbered ones would be one step: it goes on with their numbers, and is confirmed";
    proposal.edit(Span::new(item.span.start, item.content), mark, reason);
    let mut at = item.content;
    while let Some(start) = source[at..item.span.end].find('\n').map(|end| at + end + 1) {
        let blank = source[start..].lines().next().unwrap_or_default().trim().is_empty();
        if !blank && new > old {
            proposal.edit(Span::new(start, start), " ".repeat(new - old), "indented as its number asks for");
        }
        at = start;
    }
    proposal.widths.insert(item.span.start, new);
}

/// The number that a list begins with.
fn number(source: &str, list: &List) -> usize {
    let text = list.items.first().map(|item| item.span.of(source).trim_start()).unwrap_or_default();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    text[..digits].parse().unwrap_or(1)
}

fn holds_text_alone(blocks: &[Block]) -> bool {
    blocks.iter().all(|block| match block {
        Block::Text(_) => true,
        Block::List(list) => {
            !list.ordered
                && list.items.iter().all(|item| item.task.is_none() && holds_text_alone(&item.blocks))
        }
        _ => false,
    })
}

fn holds_box(blocks: &[Block]) -> bool {
    blocks.iter().any(|block| match block {
        Block::List(list) => list.items.iter().any(|item| item.task.is_some() || holds_box(&item.blocks)),
        _ => false,
    })
}

/// Names the numbered items that are steps, and would be none in the run-book that was read of the proposal.
pub(super) fn left(proposal: &mut Proposal, source: &str, plan: &Plan, (read, places): (&Plan, &[Place])) {
    let starts: BTreeSet<usize> = read.steps.iter().map(|step| back(places, step.span.start)).collect();
    let numbered = |span: Span| {
        let text = span.of(source).trim_start();
        let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
        rest.len() < text.len() && rest.starts_with(['.', ')'])
    };
    let lost = plan.steps.iter().filter(|step| numbered(step.span) && !starts.contains(&step.span.start));
    let mut sections: Vec<&[String]> = Vec::new();
    for step in lost {
        if !sections.contains(&&*step.path) {
            sections.push(&step.path);
            let what = "the numbered items from here on fall together in one step, for something to do stands beside them that has no \
                        number: give that one too, or a heading of its own";
            proposal.leave(step.span, what);
        }
    }
}

/// Names the first step that has another number in the run-book that was read of the proposal: its document, and people, may
/// call it by the one that it has.
pub(super) fn renumbered(proposal: &mut Proposal, plan: &Plan, read: &Plan) {
    let numbers: BTreeMap<&str, &str> =
        read.steps.iter().map(|step| (step.id.as_str(), step.number.as_str())).collect();
    let other = |step: &&Step| numbers.get(step.id.as_str()).is_some_and(|number| *number != step.number);
    if let Some(step) = plan.steps.iter().find(other) {
        let what = format!(
            "a run-book counts its steps, and from here on some have other numbers there: {} “{}” is {}. Where a text calls one \
             by its number, say what it is called",
            step.number,
            step.title,
            numbers[step.id.as_str()]
        );
        proposal.leave(step.span, what);
    }
}
