//! The document's lines with insertions between them.

use holdpoint_model::{Action, Block, Span, Step, Work};

use super::pen::{Pen, push_line};
use super::place::{Code, Place};
use super::{place, reach};
use crate::{ActionSummary, Material, Status, StepSummary};

/// The front matter with its delimiters, and where the rest begins. The plan's own span is not relied on: a foreign
/// document may have front matter that the plan says nothing of.
pub(crate) fn split_front_matter<'a>(m: &Material<'a>) -> (&'a str, usize) {
    let mut lines = m.source.split_inclusive('\n');
    let Some(first) = lines.next().filter(|line| line.trim_end() == "---") else { return ("", 0) };
    let mut end = first.len();
    for line in lines {
        end += line.len();
        if matches!(line.trim_end(), "---" | "...") {
            let holds_steps = m.plan.steps.iter().any(|step| step.span.start < end);
            return if holds_steps { ("", 0) } else { (&m.source[..end], end) };
        }
    }
    ("", 0)
}

struct Insertion {
    place: Place,
    lines: Vec<String>,
}

/// The document from `start` on, with what happened.
pub(super) fn executed(pen: &Pen<'_>, start: usize) -> String {
    let mut insertions = Vec::new();
    let mut text = pen.m.source.to_owned();
    let actions: Vec<Span> =
        pen.m.plan.steps.iter().flat_map(|s| &s.actions).map(|action| action.span).collect();
    let code = code(pen.m);
    for (step, summary) in pen.m.plan.steps.iter().zip(&pen.summary.steps) {
        let mut step_lines = pen.step(summary);
        if let Some(place) = place::below_heading(&text, step.span) {
            insertions.push(Insertion { place, lines: std::mem::take(&mut step_lines) });
        } else if !remarkable(summary) {
            step_lines.clear();
        }
        for (action, result) in step.actions.iter().zip(&summary.actions) {
            let place =
                place::below(pen.m.source, action_span(pen.m.source, action, &actions), &actions, &code);
            // A step without a heading (a list item) tells its own story above that of its first action.
            let mut lines = std::mem::take(&mut step_lines);
            if !lines.is_empty() {
                lines.push(String::new());
            }
            lines.extend(pen.action(result, Some(action)));
            tick(&mut text, action, result);
            insertions.push(Insertion { place, lines });
        }
        for (block, result) in step.rollbacks.iter().zip(&summary.rollback_blocks) {
            let place = place::below(pen.m.source, block.span, &actions, &code);
            insertions.push(Insertion { place, lines: pen.rollback_block(result, block) });
        }
    }
    insertions.sort_by_key(|insertion| insertion.place.offset);
    let blank = text[start..].len() - text[start..].trim_start_matches(['\r', '\n']).len();
    assemble(&text, start + blank, &insertions)
}

/// Whether a step without a heading has something to tell that its actions do not.
pub(crate) fn remarkable(step: &StepSummary) -> bool {
    let told = |n| step.actions.iter().flat_map(|action| &action.history).any(|happening| happening.n == n);
    step.rounds > 1
        || step.rollback.is_some()
        || step.by_place().is_some()
        || step.history.iter().any(|happening| !told(happening.n))
}

pub(crate) fn action_span(source: &str, action: &Action, actions: &[Span]) -> Span {
    let Some(block) = action.work.block() else { return action.span };
    let expected: Vec<Span> = block.expect.iter().map(|expectation| expectation.span).collect();
    let reach = reach::with_expectations(source, block.span, &expected, actions);
    // The action itself may already reach over the block's expectations.
    Span::new(reach.start, reach.end.max(action.span.end))
}

/// What must never be cut by an insertion: every block of the plan, and all code that is told by its indentation.
pub(crate) fn code(m: &Material<'_>) -> Vec<Code> {
    let of_step = |step: &Step| {
        let rollbacks = step.rollbacks.iter().map(|block: &Block| block.span);
        let yaml = |action: &&Action| matches!(action.work, Work::Record { .. } | Work::SignOff(_));
        let blocks = step.actions.iter().filter_map(|action| action.work.block()).map(|block| block.span);
        rollbacks
            .chain(blocks)
            .chain(step.actions.iter().filter(yaml).map(|action| action.span))
            .collect::<Vec<_>>()
    };
    let indented = holdpoint_document::indented_code(m.source, m.plan.kind);
    let indented = indented.into_iter().map(|span| Code { span, indented: true });
    let blocks = m.plan.steps.iter().flat_map(of_step).map(|span| Code { span, indented: false });
    indented.chain(blocks).collect()
}

/// A box shows what was confirmed in this run, whatever the document was written with.
pub(crate) fn tick(text: &mut String, action: &Action, result: &ActionSummary) {
    if let (Work::Confirm { .. }, Some(at)) = (&action.work, place::task_box(text, action.span)) {
        let state = if result.status == Status::Confirmed { "x" } else { " " };
        text.replace_range(at..at + 1, state);
    }
}

fn assemble(text: &str, start: usize, insertions: &[Insertion]) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let mut at = start;
    for (index, Insertion { place, lines }) in insertions.iter().enumerate() {
        let offset = place.offset.max(at);
        out.push_str(&text[at..offset]);
        if !out.is_empty() && !out.ends_with('\n') {
            out.push('\n');
        }
        let follows_ours = index > 0 && offset == at;
        at = offset;
        let blank = place.prefix.trim_end();
        if follows_ours || !(place.tight || last_line_is_blank(&out)) {
            push_line(&mut out, blank);
        }
        for line in lines {
            push_line(&mut out, format!("{}> {line}", place.prefix).trim_end());
        }
        let next_is_ours = insertions.get(index + 1).is_some_and(|next| next.place.offset <= at);
        // Without a blank line the document's next line would be taken for a lazy continuation of our quote.
        if let Some(next) = text[at..].lines().next().filter(|_| !next_is_ours) {
            let bare = bare(next);
            if !(bare.is_empty() || place.tight && place::marker(bare).is_some()) {
                push_line(&mut out, blank);
            }
        }
    }
    out.push_str(&text[at..]);
    out
}

fn bare(line: &str) -> &str {
    line.trim_start_matches([' ', '\t', '>']).trim_end()
}

fn last_line_is_blank(out: &str) -> bool {
    out.lines().next_back().is_none_or(|line| bare(line).is_empty())
}
