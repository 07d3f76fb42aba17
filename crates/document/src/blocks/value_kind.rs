//! `type` and its limits: what an input or a recorded value takes.

use std::collections::HashSet;

use crate::ValueKind;
use crate::findings::Findings;
use crate::spanned::{Fields, Node};
use holdpoint_bounded::pattern::{Over, Pattern};

/// Most choices of one value: nobody chooses among more, and each condition may have to look at all.
const MOST_CHOICES: usize = 1000;

#[derive(Clone, Copy, PartialEq)]
enum Type {
    Text,
    Integer,
    Number,
    Boolean,
    Choice,
}

const TYPES: &[(&str, Type)] = &[
    ("text", Type::Text),
    ("integer", Type::Integer),
    ("number", Type::Number),
    ("boolean", Type::Boolean),
    ("choice", Type::Choice),
];

/// Keys that only some types take, and which.
const LIMITS: &[(&str, &[Type])] = &[
    ("pattern", &[Type::Text]),
    ("min", &[Type::Integer, Type::Number]),
    ("max", &[Type::Integer, Type::Number]),
    ("choices", &[Type::Choice]),
];

/// Reads `type`, `pattern`, `min`, `max` and `choices` of an input or a recorded field. Text where no type is given.
pub(crate) fn value_kind(fields: &mut Fields<'_>, findings: &mut Findings) -> ValueKind {
    let kind = match fields.get("type") {
        Some(node) => node.word(findings, TYPES),
        None => Some(Type::Text),
    };
    let given: Vec<Option<&Node>> = LIMITS.iter().map(|(key, _)| fields.get(key)).collect();
    // An unknown type was reported; its limits cannot be judged.
    let Some(kind) = kind else { return ValueKind::Text { pattern: None } };
    for ((key, types), node) in LIMITS.iter().zip(&given) {
        if let Some(node) = node
            && !types.contains(&kind)
        {
            let names: Vec<&str> =
                TYPES.iter().filter(|(_, t)| types.contains(t)).map(|(name, _)| *name).collect();
            let help = format!("add `type: {}`, or remove `{key}`", names.join("` or `type: "));
            node.bad(findings, format!("this type takes no `{key}`"), help);
        }
    }
    let [pattern, min, max, _] = given[..] else { return ValueKind::Text { pattern: None } };
    match kind {
        Type::Text => {
            let read = pattern.and_then(|node| Some((node.regex(Over::Text, findings)?, node)));
            if let Some((text, node)) = &read
                && Pattern::new(text, Over::Text).is_ok_and(|pattern| pattern.takes_anything())
            {
                node.bad(
                    findings,
                    "this pattern finds itself in every text, so it refuses none",
                    "write `^…$` around all that the value may be, or leave `pattern` out",
                );
            }
            ValueKind::Text { pattern: read.map(|(text, _)| text) }
        }
        Type::Boolean => ValueKind::Boolean,
        Type::Integer => {
            let limits = (min.and_then(|node| node.int(findings)), max.and_then(|node| node.int(findings)));
            order(limits.0.zip(limits.1).is_some_and(|(min, max)| min > max), max, findings);
            ValueKind::Integer { min: limits.0, max: limits.1 }
        }
        Type::Number => {
            let limits =
                (min.and_then(|node| node.number(findings)), max.and_then(|node| node.number(findings)));
            let wrong = limits.0.as_ref().zip(limits.1.as_ref()).is_some_and(|(min, max)| min > max);
            order(wrong, max, findings);
            ValueKind::Number { min: limits.0, max: limits.1 }
        }
        Type::Choice => {
            let help = "list what may be chosen: `choices: [a, b]`";
            let Some(node) = fields.need("choices", help, findings) else {
                return ValueKind::Choice { choices: Vec::new() };
            };
            let (mut choices, mut seen): (Vec<String>, HashSet<String>) = Default::default();
            for item in node.list(findings).unwrap_or_default() {
                let Some(choice) = item.scalar(findings) else { continue };
                if !seen.insert(choice.clone()) {
                    item.bad(findings, format!("`{choice}` stands twice in the list"), "remove one of them");
                } else {
                    choices.push(choice);
                }
            }
            if choices.is_empty() {
                node.bad(findings, "there is nothing to choose from", help);
            }
            if choices.len() > MOST_CHOICES {
                let message = format!("{} choices: there may be {MOST_CHOICES}", choices.len());
                node.bad(findings, message, "take `type: text`, with a `pattern` where there is one");
                choices.clear();
            }
            ValueKind::Choice { choices }
        }
    }
}

fn order(wrong: bool, max: Option<&Node>, findings: &mut Findings) {
    if let Some(node) = max.filter(|_| wrong) {
        node.bad(findings, "`max` is less than `min`", "swap them");
    }
}
