//! What a place in a document comes to: the step's number, and what is going to be done.

use std::fmt::Write as _;

use holdpoint_document::{Action, Block, Plan, Span, Step, Work};
use lsp_types::{Hover, HoverContents, MarkupContent, MarkupKind};

use crate::text::Text;

/// What the step around a byte is, and the block there.
pub(crate) fn hover(text: &Text, plan: &Plan, offset: usize) -> Option<Hover> {
    let around = |span: Span| (span.start..=span.end).contains(&offset);
    // The innermost: an item may stand within a step.
    let own = plan.steps.iter().filter(|step| step.file.is_none() && around(step.span));
    let step = own.min_by_key(|step| step.span.end - step.span.start)?;
    let mut told = String::new();
    head(step, &mut told);
    let actions = step.actions.iter().filter(|action| around(action.span));
    let action = actions.min_by_key(|action| action.span.end - action.span.start);
    let rollback = step.rollbacks.iter().find(|block| around(block.span));
    match (action, rollback) {
        (_, Some(block)) => {
            told.push_str(
                "\n\n**rollback**: undoes the step; runs where somebody asks for it, never by itself",
            );
            self::block(block, &mut told);
        }
        (Some(action), None) => self::action(action, &mut told),
        (None, None) => {
            for (index, action) in step.actions.iter().enumerate() {
                let _ = write!(told, "\n{}. {}", index + 1, what(action));
            }
        }
    }
    let shown = match (action, rollback) {
        (_, Some(block)) => block.span,
        (Some(action), None) => action.span,
        (None, None) => {
            let (start, line) = text.line(offset);
            Span::new(start, start + line.len())
        }
    };
    let value = MarkupContent { kind: MarkupKind::Markdown, value: told };
    Some(Hover { contents: HoverContents::Markup(value), range: Some(text.range(shown)) })
}

fn head(step: &Step, told: &mut String) {
    let _ = write!(told, "**Step {}**: {}  \nid `{}`", escaped(&step.number), escaped(&step.title), step.id);
    if let Some(role) = &step.role {
        let _ = write!(told, ", role `{role}`");
    }
    if let Some(target) = &step.target {
        let _ = write!(told, ", at the places of `{target}`");
    }
    if step.irreversible {
        told.push_str(", a point of no return");
    }
    for condition in &step.when {
        let _ = write!(told, "  \nonly when `{condition}`");
    }
    match step.rollbacks.len() {
        0 => {}
        1 => told.push_str("  \nhas a rollback"),
        many => {
            let _ = write!(told, "  \nhas {many} rollbacks");
        }
    }
}

/// In one line.
fn what(action: &Action) -> String {
    match &action.work {
        Work::Run(block) if block.offered.is_some() => {
            "offers the command: it runs where the operator says so, and never unasked".to_owned()
        }
        Work::Run(block) => format!("runs a block of {}", block.language),
        Work::Check(block) if block.probe.is_some() => "asks, and judges the answer".to_owned(),
        Work::Check(block) => format!("checks with a block of {}", block.language),
        Work::Confirm { .. } => "the operator confirms it by hand".to_owned(),
        Work::Record { fields } => {
            let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
            format!("the operator writes down {}", names.join(", "))
        }
        Work::SignOff(_) => "waits for a sign-off".to_owned(),
    }
}

fn action(action: &Action, told: &mut String) {
    let _ = write!(told, "\n\n**{}** `{}`: {}", action.work.kind(), action.id, what(action));
    match &action.work {
        Work::Run(block) | Work::Check(block) => self::block(block, told),
        Work::SignOff(signoff) => {
            let independent = if signoff.independent { ", by somebody who performed none of it" } else { "" };
            let _ = write!(told, " of {} with the role `{}`{independent}", signoff.count, signoff.role);
        }
        _ => {}
    }
    if action.caution.is_some() {
        told.push_str("  \nasks for a confirmation first: a caution stands above it");
    }
}

fn block(block: &Block, told: &mut String) {
    let options = &block.options;
    if block.probe.is_none() && !block.interpreter.is_empty() {
        let _ = write!(told, "  \nby `{}`", block.interpreter.join(" "));
    }
    if let Some(limit) = options.timeout {
        let _ = write!(told, "  \nat most {} s", limit.as_secs_f64());
    }
    if let Some(target) = &options.target {
        let _ = write!(told, "  \nat the places of `{target}`");
    }
    if let Some(condition) = &options.when {
        let _ = write!(told, "  \nonly when `{condition}`");
    }
    for capture in &options.capture {
        let _ = write!(told, "  \ncaptures `{}`", capture.name);
    }
    match block.expect.len() {
        0 => {}
        1 => told.push_str("  \none expectation is judged"),
        many => {
            let _ = write!(told, "  \n{many} expectations are judged");
        }
    }
}

/// Text in which nothing is markup.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if c.is_ascii_punctuation() && !matches!(c, '.' | ',' | ':' | '-' | '\'' | '"' | '/' | '%') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
