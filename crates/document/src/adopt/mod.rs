//! What would make a run-book of a document that people wrote for themselves: proposed as edits, each with its reason.
//!
//! No byte of prose changes, but for indentation that a block needs to belong to its item. What a person must decide is
//! named. Whatever is proposed is read once more as the run-book that it is to be: what does not hold there is taken back,
//! and becomes an `example`.

mod asked;
mod code;
mod edit;
mod front;
mod indent;
mod items;
mod proposal;
mod rows;
mod shown;
mod signoff;
mod turn;

use std::collections::BTreeMap;

pub use edit::Edit;
use proposal::Proposal;
pub use proposal::{Commands, Left};

use crate::foreign::parts;
use crate::markdown::{self, Fenced};
use crate::offered::{Unit, Values, units};
use crate::{Config, Diagnostic, DocumentKind, Span, audit, compile};

/// What is proposed for a document.
#[derive(Clone, Debug, Default)]
pub struct Adoption {
    /// In the order of the document; none overlaps another.
    pub edits: Vec<Edit>,
    /// What a person must decide, in the order of the document.
    pub left: Vec<Left>,
    /// The document with all edits.
    pub text: String,
    /// Errors that [`Adoption::text`] has still.
    pub errors: Vec<Diagnostic>,
    /// What became of its commands.
    pub commands: Commands,
    /// It is a run-book already, for which nothing is proposed.
    pub is_run_book: bool,
}

/// Most times that what does not hold is taken back.
const ROUNDS: usize = 40;

/// Proposes what makes a run-book of a document; nothing where it is one.
pub fn adopt(source: &str, config: Option<&Config>) -> Adoption {
    let compiled = compile(source, config);
    if compiled.plan.kind == DocumentKind::Annotated {
        let text = source.to_owned();
        let errors = errors(compiled.diagnostics);
        return Adoption { text, errors, is_run_book: true, ..Adoption::default() };
    }
    let fronts = markdown::fronts(source);
    let bare = audit::bare_return(source).map(|at| Left {
        span: Span::new(at, at + 1),
        what: "nothing is proposed: a line ends in a carriage return alone (CR); save it with line ends of LF or CR LF".to_owned(),
    });
    if let Some(left) = bare.or_else(|| front::refused(source, &fronts)) {
        return Adoption { left: vec![left], text: source.to_owned(), ..Adoption::default() };
    }
    let tree = markdown::read_without_tabs(source, &fronts);
    let units = units(source, &tree);
    let parts = parts(source, &tree.blocks);
    let in_tabs = turn::in_tabs(source, &fronts, &units);
    let fences = markdown::fences(&tree.blocks);
    let fence_of = |unit: &Unit| fences.iter().find(|fenced| fenced.fence.span == unit.span).copied();
    let confirmed = items::Confirmed::of(&compiled.plan);
    let mut values = Values::of(&units);
    // Units that did not hold as blocks, and why.
    let mut taken_back: BTreeMap<usize, String> = BTreeMap::new();
    let (mut without_signoffs, mut without_rows) = (false, false);
    let mut proposal = Proposal::default();
    for _ in 0..ROUNDS {
        proposal = Proposal::default();
        let mut blocks = Vec::new();
        for (at, unit) in units.iter().enumerate() {
            let fence = fence_of(unit);
            let why = turn::one_of_several(unit)
                .or_else(|| turn::out_of(source, &compiled.plan, &parts, unit.span))
                .or_else(|| code::why_not(source, &values, unit, fence, taken_back.get(&at)));
            match (why, fence) {
                (None, Some(Fenced { fence, .. })) => blocks.push((unit, fence)),
                (why, _) => code::leave(&mut proposal, unit, fence, why.unwrap_or_default()),
            }
        }
        let others = fences.iter().filter(|fenced| !units.iter().any(|unit| unit.span == fenced.fence.span));
        others.for_each(|fenced| code::documentation(&mut proposal, fenced.fence));
        let active: Vec<Span> = blocks.iter().map(|(unit, _)| unit.span).collect();
        // In the text of an item, braces would be a template.
        let moves = |span: &Span| {
            active.contains(span) || !["{{", "{%", "{#"].iter().any(|opens| span.of(source).contains(opens))
        };
        let all = fences.iter().filter(|fenced| !fenced.quoted).map(|fenced| fenced.fence.span);
        let lists = items::below_blocks(source, &tree.blocks, &confirmed);
        let all: Vec<Span> = all.chain(lists).filter(moves).collect();
        let widths = indent::propose(&mut proposal, source, &tree.blocks, &compiled.plan, (&active, &all));
        for (both, width) in blocks.into_iter().zip(widths) {
            code::rewrite(&mut proposal, &mut values, source, both, width);
        }
        proposal.active = active;
        items::propose(&mut proposal, source, &tree.blocks, &compiled.plan);
        items::boxes(&mut proposal, source, &tree.blocks, &confirmed);
        items::apart(&mut proposal, source, &tree.went_on);
        if !without_rows {
            rows::propose(&mut proposal, source, &tree.blocks, &compiled.plan);
        }
        turn::leave_tabs(&mut proposal, &in_tabs);
        turn::left(&mut proposal, source, &compiled.plan, &parts);
        let roles = match without_signoffs {
            true => Vec::new(),
            false => signoff::propose(&mut proposal, source, &tree.blocks, &compiled.plan, config),
        };
        front::propose(&mut proposal, source, &fronts, &roles);
        proposal.settle(source);
        proposal.leave_literals(source, &values);
        let (text, places) = edit::apply(source, &proposal.edits);
        let read = compile(&text, config);
        items::left(&mut proposal, source, &compiled.plan, (&read.plan, &places));
        asked::left(&mut proposal, source, &compiled.plan, (&read.plan, &places));
        let found = errors(read.diagnostics);
        if found.is_empty() {
            items::renumbered(&mut proposal, &compiled.plan, &read.plan);
        }
        proposal.text = text;
        // What an error is about, if it stands in a block that was proposed.
        let mut again = false;
        for error in &found {
            let Some(at) = error.span.map(|span| edit::back(&places, span.start)) else { continue };
            let unit = units.iter().position(|unit| unit.span.start <= at && at <= unit.span.end);
            if let Some(unit) = unit.filter(|unit| proposal.active.contains(&units[*unit].span)) {
                again |= taken_back.insert(unit, error.message.to_string()).is_none();
            } else if !without_signoffs && proposal.signoffs.contains(&at) {
                (again, without_signoffs) = (true, true);
            } else if !without_rows && proposal.tables.iter().any(|table| table.end == at) {
                (again, without_rows) = (true, true);
            }
        }
        proposal.errors = found;
        if !again {
            break;
        }
    }
    proposal.left.sort_by_key(|left| left.span);
    Adoption {
        edits: proposal.edits,
        left: proposal.left,
        text: proposal.text,
        errors: proposal.errors,
        commands: proposal.commands,
        is_run_book: false,
    }
}

fn errors(all: Vec<Diagnostic>) -> Vec<Diagnostic> {
    all.into_iter().filter(Diagnostic::is_error).collect()
}

#[cfg(test)]
mod tests;
