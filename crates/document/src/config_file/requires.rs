//! What must hold before a run opens in an environment.

use crate::findings::Findings;
use crate::names::is_variable;
use crate::spanned::{Fields, Node, Value};
use crate::{Code, Requires, Span};

/// `requires = { … }`. The environments that it wants rehearsed in go to `rehearsals`.
pub(super) fn read(
    node: Option<&Node>,
    rehearsals: &mut Vec<(String, Span)>,
    findings: &mut Findings,
) -> Requires {
    let mut requires = Requires::default();
    let Some(mut fields) = node.and_then(|node| Fields::open(node, "`requires`", findings)) else {
        return requires;
    };
    requires.clean_commit = fields.bool("clean_commit", findings).unwrap_or(false);
    requires.approved_document = fields.bool("approved_document", findings).unwrap_or(false);
    requires.anchor = fields.bool("anchor", findings).unwrap_or(false);
    let rehearsal = fields.get("rehearsal");
    if let Some(node) = rehearsal {
        requires.rehearsal = node.text(findings);
        rehearsals.extend(requires.rehearsal.clone().map(|name| (name, node.span)));
    }
    let max_age = fields.get("max_age");
    requires.max_age = max_age.and_then(|node| node.duration(findings));
    let same = fields.get("same");
    requires.same = same.map(|node| inputs(node, findings)).unwrap_or_default();
    let complete = fields.get("complete");
    requires.skips = complete.and_then(|node| node.bool(findings)) == Some(false);
    let of_a_rehearsal = [
        (max_age, "max_age", "says how old a rehearsal may be"),
        (same, "same", "says which inputs must have had the same values in a rehearsal"),
        (complete, "complete", "says how much of a rehearsal must be done"),
    ];
    if rehearsal.is_none() {
        for (node, key, what) in of_a_rehearsal {
            let Some(node) = node else { continue };
            let message = format!("`{key}` {what}, but none is required");
            let help = format!("add `rehearsal = \"NAME\"`, or remove `{key}`");
            findings.add(Code::Misplaced, node.span, message, help);
        }
    }
    fields.finish(findings);
    requires
}

/// Names of inputs. Whether a document declares them is seen when one is to run.
fn inputs(node: &Node, findings: &mut Findings) -> Vec<String> {
    let names = node.texts(findings).unwrap_or_default();
    if names.is_empty()
        && let Value::Seq(items) = &node.value
        && items.is_empty()
    {
        findings.add(Code::BadValue, node.span, "`same` names no input", "name some, or leave the key out");
    }
    for name in &names {
        let items = match &node.value {
            Value::Seq(items) => items.as_slice(),
            _ => &[],
        };
        let item = items.iter().find(|item| matches!(&item.value, Value::Text(text) if text == name));
        let span = item.map_or(node.span, |item| item.span);
        is_variable(name, span, findings);
    }
    names
}
