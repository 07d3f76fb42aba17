//! Keys of other tools in the front matter of a run-book. A slip must not take a check away without a word: what is near to
//! a key of ours is an error, and what nobody has named in `keep` is told.

use std::collections::{BTreeSet, HashMap};

use crate::findings::{Findings, nearest, suggest};
use crate::spanned::{Entry, Fields, Node, Value, shorten};
use crate::{Code, Kept, Span};

/// Keys that decide what runs, where and by whom: nothing that is near to one of them may be kept.
const DECIDING: [&str; 6] = ["runbook", "inputs", "roles", "environments", "manual", "keep"];

/// What other tools read, with a finding for each key that may have been meant as one of ours.
pub(super) fn read(keep: Option<&Node>, fields: Fields<'_>, findings: &mut Findings) -> Vec<Kept> {
    let (rest, known) = fields.rest();
    let rest: Vec<&Entry> = rest.collect();
    let listed = keep.map(|node| listed(node, &rest, &known, findings)).unwrap_or_default();
    for entry in &rest {
        stands(entry, &listed, &known, findings);
    }
    rest.into_iter().map(kept).collect()
}

/// A key with its value, as it is shown.
pub(super) fn kept(entry: &Entry) -> Kept {
    let value = match &entry.node.value {
        Value::Null => String::new(),
        Value::Bool(value) => value.to_string(),
        Value::Int(_, text) | Value::Float(_, text) | Value::Text(text) => text.clone(),
        Value::Seq(_) | Value::Map(_) => {
            let value = entry.node.json(&mut Findings::default());
            value.and_then(|value| serde_json::to_string(&value).ok()).unwrap_or_else(|| "…".to_owned())
        }
    };
    Kept { name: entry.key.clone(), value }
}

/// The keys that `keep` names.
fn listed(node: &Node, rest: &[&Entry], known: &[&'static str], findings: &mut Findings) -> Vec<String> {
    let names = node.texts(findings).unwrap_or_default();
    let Value::Seq(items) = &node.value else { return names };
    let mut places: HashMap<&str, Span> = HashMap::new();
    for item in items {
        if let Value::Text(text) = &item.value {
            places.entry(text).or_insert(item.span);
        }
    }
    let place = |name: &str| places.get(name).copied().unwrap_or(node.span);
    let here: BTreeSet<&str> = rest.iter().map(|entry| entry.key.as_str()).collect();
    for name in &names {
        name_is_another_tools(name, place(name), known, findings);
        if !here.contains(name.as_str())
            && let Some(near) = nearest(name, here.iter().copied())
        {
            let message = format!("`{}` is no key here", shorten(name));
            findings.add(Code::BadValue, place(name), message, format!("did you mean `{near}`?"));
        }
    }
    names
}

fn name_is_another_tools(name: &str, span: Span, known: &[&'static str], findings: &mut Findings) {
    let same = known.iter().copied().find(|key| squeezed(key) == squeezed(name));
    let Some(near) = same.or_else(|| nearest(name, DECIDING)) else { return };
    let message = match near == name {
        true => format!("`{name}` is a key of run-books, and is read"),
        false => {
            format!("`{}` is so near to `{near}` that it cannot be kept for another tool", shorten(name))
        }
    };
    findings.add(
        Code::BadValue,
        span,
        message,
        "take it out of `keep`; `keep` names keys that other tools read",
    );
}

/// Without what people leave out or write otherwise: case, `-`, `_`.
fn squeezed(key: &str) -> String {
    key.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn stands(entry: &Entry, listed: &[String], known: &[&'static str], findings: &mut Findings) {
    let key = &entry.key;
    if key.starts_with("x-") && key.len() > 2 || listed.contains(key) {
        return;
    }
    let same = known.iter().copied().find(|ours| squeezed(ours) == squeezed(key));
    if let Some(near) = same.or_else(|| nearest(key, known.iter().copied())) {
        let message = format!("`{}` is not a key of the front matter", shorten(key));
        let help = match nearest(key, DECIDING).is_some() || same.is_some() {
            true => format!("did you mean `{near}`?"),
            false => format!("did you mean `{near}`? If another tool reads it: `keep: [{}]`", shorten(key)),
        };
        return findings.add(Code::UnknownKey, entry.key_span, message, help);
    }
    let message = format!("`{}` is another tool's key, or none: nothing here reads it", shorten(key));
    let list = suggest(key, known, "keys");
    let help = format!("if another tool reads it, write `keep: [{}]`; {list}", shorten(key));
    findings.add(Code::KeptKey, entry.key_span, message, help);
}
