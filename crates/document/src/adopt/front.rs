//! The front matter that makes a run-book of a document.

use super::proposal::{Left, Proposal};
use super::signoff::yaml_text;
use crate::findings::Findings;
use crate::front;
use crate::markdown::Fronts;
use crate::names::is_secret;
use crate::spanned::{Mapped, Node, Value, parse_yaml};
use crate::{Blank, Span, ValueKind};

/// Puts the keys in that the document needs, above those that it has.
pub(super) fn propose(proposal: &mut Proposal, source: &str, fronts: &Fronts, roles: &[String]) {
    let mut keys = "runbook: 1\nmanual: true\n".to_owned();
    let mut why = vec!["makes a run-book of this; steps in prose stay steps that are confirmed".to_owned()];
    if !roles.is_empty() {
        keys.push_str(&format!("roles: [{}]\n", roles.join(", ")));
    }
    if !proposal.asked.is_empty() {
        keys.push_str("inputs:\n");
        proposal.asked.iter().for_each(|blank| keys.push_str(&input(blank)));
        why.push("values that commands need are asked for once a run".to_owned());
    }
    let Some((_, inner)) = fronts.front else {
        let bom = source.len() - source.trim_start_matches('\u{feff}').len();
        proposal.edit(Span::new(bom, bom), format!("---\n{keys}---\n\n"), why.join("; "));
        return;
    };
    let node = read(source, inner);
    let others = node.iter().flat_map(front::keys_of_others).filter(|key| !key.starts_with("x-"));
    let others: Vec<String> = others.collect();
    if !others.is_empty() {
        let listed: Vec<String> = others.iter().map(|key| yaml_text(key)).collect();
        keys.push_str(&format!("keep: [{}]\n", listed.join(", ")));
        why.push("keys of other tools stay".to_owned());
    }
    proposal.edit(Span::new(inner.start, inner.start), keys, why.join("; "));
}

/// The front matter that a document has, if it is keys and values, or nothing.
fn read(source: &str, inner: Span) -> Option<Node> {
    let mut findings = Findings::default();
    let node = parse_yaml(&Mapped::slice(source, inner), &mut findings)?;
    let fits = !findings.any_error() && matches!(node.value, Value::Map(_) | Value::Null);
    fits.then_some(node)
}

/// Why nothing can be proposed for a document with such front matter.
pub(super) fn refused(source: &str, fronts: &Fronts) -> Option<Left> {
    let toml = source.trim_start_matches('\u{feff}').starts_with("+++");
    let (outer, inner) = match fronts.front {
        Some(both) => both,
        None if toml => {
            let line = Span::new(0, source.lines().next().unwrap_or_default().len());
            return Some(left(line, true));
        }
        None => return None,
    };
    (toml || read(source, inner).is_none() && !inner.of(source).trim().is_empty()).then(|| left(outer, toml))
}

fn left(span: Span, toml: bool) -> Left {
    let what = match toml {
        true => {
            "nothing is proposed: this front matter is TOML, and that of a run-book is YAML: write its keys as `key: value`, each once, between two lines of `---`"
        }
        false => {
            "nothing is proposed: write this front matter as keys and values of YAML, each key once, between two lines of `---`"
        }
    };
    Left { span, what: what.to_owned() }
}

/// An input as a line or a few of YAML.
fn input(blank: &Blank) -> String {
    let field = &blank.field;
    let mut line = format!("  {}:\n", field.name);
    let mut push = |key: &str, value: &str| line.push_str(&format!("    {key}: {value}\n"));
    if let Some(prompt) = &field.prompt {
        push("prompt", &yaml_text(prompt));
    }
    if is_secret(&field.name) {
        push("secret", "true");
    } else if blank.example {
        push("default", &yaml_text(&blank.written));
    }
    match &field.kind {
        ValueKind::Integer { min, max } => {
            push("type", "integer");
            for (key, limit) in [("min", min), ("max", max)] {
                if let Some(limit) = limit {
                    push(key, &limit.to_string());
                }
            }
        }
        // YAML keeps what stands in single quotes as it is.
        ValueKind::Text { pattern: Some(pattern) } => {
            push("pattern", &format!("'{}'", pattern.replace('\'', "''")))
        }
        _ => {}
    }
    line
}
