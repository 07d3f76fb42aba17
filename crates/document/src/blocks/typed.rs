//! `yaml step`, `yaml signoff` and `yaml record`.

use std::time::Duration;

use holdpoint_model::shows_nothing;

use super::Templated;
use super::value_kind::value_kind;
use crate::config_file::no_time;
use crate::findings::Findings;
use crate::names::is_variable;
use crate::spanned::{Fields, Node, Value};
use crate::{Code, EvidenceKind, Field, Meaning, NotBefore, OnFailure, Rollout, SignOff, Span};

/// What a `yaml step` block says; `None` where it does not.
#[derive(Debug, Default)]
pub(crate) struct StepOptions {
    pub(crate) role: Option<(String, Span)>,
    pub(crate) when: Option<(String, Span)>,
    pub(crate) target: Option<(String, Span)>,
    pub(crate) rollout: Option<(Rollout, Span)>,
    pub(crate) not_before: Option<(NotBefore, Span)>,
    pub(crate) on_failure: Option<OnFailure>,
    pub(crate) expected: Option<(Duration, Span)>,
    pub(crate) irreversible: Option<(bool, Span)>,
    pub(crate) skippable: Option<(bool, Span)>,
}

pub(crate) fn step_options(node: &Node, findings: &mut Findings) -> StepOptions {
    let Some(mut fields) = Fields::open(node, "a step's options", findings) else {
        return StepOptions::default();
    };
    let mut text = |key, findings: &mut Findings| {
        let node = fields.get(key)?;
        Some((node.text(findings)?, node.span))
    };
    let (role, when, target) = (text("role", findings), text("when", findings), text("target", findings));
    let rollout = fields.get("rollout").and_then(|node| Some((rollout(node, findings)?, node.span)));
    let not_before = fields.get("not_before").and_then(|node| Some((not_before(node, findings)?, node.span)));
    let on_failure = fields.get("on_failure").and_then(|node| {
        let words = [("ask", OnFailure::Ask), ("stop", OnFailure::Stop), ("rollback", OnFailure::Rollback)];
        node.word(findings, &words)
    });
    let expected = fields.get("expected").and_then(|node| Some((node.duration(findings)?, node.span)));
    let mut flag = |key, findings: &mut Findings| {
        let node = fields.get(key)?;
        Some((node.bool(findings)?, node.span))
    };
    let (irreversible, skippable) = (flag("irreversible", findings), flag("skippable", findings));
    fields.finish(findings);
    StepOptions { role, when, target, rollout, not_before, on_failure, expected, irreversible, skippable }
}

/// When a step may begin at the earliest.
fn not_before(node: &Node, findings: &mut Findings) -> Option<NotBefore> {
    let text = node.text(findings)?;
    NotBefore::parse(&text).map_err(|why| no_time(node, &why, NotBefore::FORM, findings)).ok()
}

/// How a step goes over the places of its target.
fn rollout(node: &Node, findings: &mut Findings) -> Option<Rollout> {
    let mut fields = Fields::open(node, "a rollout", findings)?;
    let least = Rollout::default();
    let mut count = |key: &'static str, least: u32, otherwise: u32, findings: &mut Findings| {
        let Some(node) = fields.get(key) else { return Some(otherwise) };
        let number = node.int(findings)?;
        match u32::try_from(number) {
            Ok(number) if number >= least => Some(number),
            _ => {
                let help = format!("write a whole number from {least}");
                node.bad(findings, format!("`{key}` cannot be {number}"), help);
                None
            }
        }
    };
    let first = count("first", 0, least.first, findings);
    let at_once = count("at_once", 1, least.at_once, findings);
    let stop_after = count("stop_after", 0, least.stop_after, findings);
    fields.finish(findings);
    Some(Rollout { first: first?, at_once: at_once?, stop_after: stop_after? })
}

/// The sign-off, where its role stands, and its statement as a template.
pub(crate) fn signoff(node: &Node, findings: &mut Findings) -> Option<(SignOff, Span, Templated)> {
    let mut fields = Fields::open(node, "a sign-off", findings)?;
    let role_node = fields.need("role", "say whose sign-off it takes: `role: qa`", findings);
    let role = role_node.and_then(|node| node.text(findings));
    let meaning =
        fields.need("meaning", "write `meaning: approval`, or review, responsibility, authorship", findings);
    let meaning = meaning.and_then(|node| {
        let words = [
            ("review", Meaning::Review),
            ("approval", Meaning::Approval),
            ("responsibility", Meaning::Responsibility),
            ("authorship", Meaning::Authorship),
        ];
        node.word(findings, &words)
    });
    let statement_node = fields.need("statement", "write the sentence that is signed", findings);
    let statement = statement_node.and_then(|node| {
        let text = node.text(findings)?;
        if shows_nothing(&text) {
            node.bad(findings, "nothing of this statement can be seen", "write the sentence that is signed");
            return None;
        }
        Some(text)
    });
    let independent = fields.bool("independent", findings).unwrap_or(false);
    let count = match fields.get("count") {
        None => Some(1),
        Some(node) => match node.int(findings).map(u32::try_from) {
            Some(Ok(count)) if count > 0 => Some(count),
            Some(_) => {
                node.bad(findings, "a sign-off takes at least one person", "write `count: 1` or more");
                None
            }
            None => None,
        },
    };
    let expires = fields.duration("expires", findings);
    fields.finish(findings);
    let template = Templated { text: statement.clone()?, span: statement_node?.span, expression: false };
    let signoff = SignOff {
        role: role?,
        meaning: meaning?,
        statement: statement?,
        independent,
        count: count?,
        expires,
    };
    Some((signoff, role_node?.span, template))
}

/// The recorded fields, where their names stand, and their prompts as templates.
pub(crate) fn record(node: &Node, findings: &mut Findings) -> (Vec<Field>, Vec<Span>, Vec<Templated>) {
    let (mut read, mut spans, mut templates) = (Vec::new(), Vec::new(), Vec::new());
    let entries = match &node.value {
        Value::Map(entries) if !entries.is_empty() => entries,
        Value::Map(_) | Value::Null => {
            let help = "write `name: { prompt: …, type: number }`";
            findings.add(Code::MissingKey, node.span, "there is nothing to record", help);
            return (read, spans, templates);
        }
        _ => {
            let message = format!("expected names of values, found {}", node.found());
            node.bad(findings, message, "write `name: { prompt: …, type: number }`");
            return (read, spans, templates);
        }
    };
    for entry in entries {
        is_variable(&entry.key, entry.key_span, findings);
        let Some(mut fields) = Fields::open(&entry.node, "a recorded value", findings) else { continue };
        let prompt_node = fields.get("prompt");
        let prompt = prompt_node.and_then(|node| node.text(findings));
        if let Some((text, node)) = prompt.clone().zip(prompt_node) {
            templates.push(Templated { text, span: node.span, expression: false });
        }
        let kind = value_kind(&mut fields, findings);
        let evidence = fields.get("evidence").and_then(|node| {
            node.word(findings, &[("url", EvidenceKind::Url), ("file", EvidenceKind::File)])
        });
        let may_be_empty = fields.bool("optional", findings).unwrap_or(false);
        fields.finish(findings);
        read.push(Field { name: entry.key.clone(), prompt, kind, evidence, may_be_empty });
        spans.push(entry.key_span);
    }
    (read, spans, templates)
}
