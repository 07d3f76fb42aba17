//! The run-book's prose, with what happened beside each action.

use holdpoint_document::{Insertion, Span};
use minijinja::Environment;

use super::environment::anchor;
use super::happened::About;
use super::told::{Moved, Outputs, Pen};
use crate::markdown::{body, place};
use crate::{Material, ReportError, Summary};

/// The document as executed.
pub(super) struct Executed {
    /// The front matter as written, with its delimiters; empty where there is none.
    pub(super) front: String,
    /// The rest, as HTML.
    pub(super) html: String,
    /// What is shown behind it.
    pub(super) appendix: Vec<Moved>,
}

/// Renders it.
pub(super) fn executed(
    m: &Material<'_>,
    summary: &Summary,
    env: &Environment<'_>,
    outputs: Outputs,
) -> Result<Executed, ReportError> {
    let (front, start) = body::split_front_matter(m);
    let pen = Pen::new(m, summary, env, outputs)?;
    let mut text = m.source.to_owned();
    let mut insertions = Vec::new();
    let actions: Vec<Span> = m.plan.steps.iter().flat_map(|s| &s.actions).map(|action| action.span).collect();
    let code = body::code(m);
    let below = |span| place::below(m.source, span, &actions, &code).offset;
    for (step, result) in m.plan.steps.iter().zip(&summary.steps) {
        let head = pen.step(result)?;
        let mut first = None;
        match place::below_heading(&text, step.span) {
            Some(place) => insertions.push(Insertion { at: place.offset, html: head }),
            // A step without a heading (a list item) tells its own story above that of its first action.
            None if body::remarkable(result) => first = Some(head),
            // Links to it lead there all the same.
            None => first = Some(format!("<span id=\"step-{}\"></span>", anchor(&result.id))),
        }
        for (action, result) in step.actions.iter().zip(&result.actions) {
            let at = below(body::action_span(m.source, action, &actions));
            let html = first.take().unwrap_or_default() + &pen.action(result, About::of(action))?;
            body::tick(&mut text, action, result);
            insertions.push(Insertion { at, html });
        }
        for (block, result) in step.rollbacks.iter().zip(&result.rollback_blocks) {
            let html = pen.action(result, About::rollback(block))?;
            insertions.push(Insertion { at: below(block.span), html });
        }
    }
    insertions.sort_by_key(|insertion| insertion.at);
    let html = holdpoint_document::html(&text, start, &insertions);
    Ok(Executed { front: front.to_owned(), html, appendix: pen.appendix.into_inner() })
}
