//! The places that the targets of an environment stand for.

use std::collections::{BTreeMap, HashMap};

use super::table::table;
use crate::findings::{Findings, line};
use crate::spanned::{Fields, Node, Value};
use crate::{Become, Place, Span, Target};

/// `"local"`, a list of places, or `{ places = […], become = "sudo" }`, by target.
pub(super) fn read(node: Option<&Node>, source: &str, findings: &mut Findings) -> BTreeMap<String, Target> {
    let mut targets = BTreeMap::new();
    for entry in table(node, "targets.NAME = [\"ssh://user@host\"]", findings) {
        if entry.key == "local" {
            let bad = Node { value: Value::Null, span: entry.key_span };
            bad.bad(
                findings,
                "`local` is always the machine that drives the run",
                "give the target another name",
            );
            continue;
        }
        targets.insert(entry.key.clone(), target(&entry.node, source, findings));
    }
    targets
}

fn target(node: &Node, source: &str, findings: &mut Findings) -> Target {
    match &node.value {
        Value::Map(_) => {
            let Some(mut fields) = Fields::open(node, "a target", findings) else { return Target::default() };
            let places = fields.need("places", "write places = [\"ssh://user@host\"]", findings);
            let places = places.map(|node| places_of(node, source, findings)).unwrap_or_default();
            let r#become =
                fields.get("become").and_then(|node| node.word(findings, &[("sudo", Become::Sudo)]));
            fields.finish(findings);
            Target { places, r#become }
        }
        _ => Target { places: places_of(node, source, findings), r#become: None },
    }
}

/// One place or a list of them, all different.
fn places_of(node: &Node, source: &str, findings: &mut Findings) -> Vec<Place> {
    let items = match &node.value {
        Value::Seq(items) if items.is_empty() => {
            node.bad(findings, "the target names no place", "write [\"ssh://user@host\"]");
            return Vec::new();
        }
        Value::Seq(items) => items.as_slice(),
        Value::Text(_) => std::slice::from_ref(node),
        _ => {
            let message = format!("expected a place or a list of places, found {}", node.found());
            node.bad(findings, message, Place::FORMS);
            return Vec::new();
        }
    };
    let mut places = Vec::new();
    // By what they are but for who logs in: looking at each two of them would take the square of their number.
    let mut seen: HashMap<Place, BTreeMap<Option<String>, (String, Span)>> = HashMap::new();
    for item in items {
        let Some(text) = item.text(findings) else { continue };
        match Place::parse(&text) {
            Err(why) => item.bad(findings, why, Place::FORMS),
            Ok(place) => {
                let (whoever, login) = place.whoever_logs_in();
                let seen = seen.entry(whoever).or_default();
                let same = match &login {
                    Some(_) => seen.get(&login).or_else(|| seen.get(&None)),
                    None => seen.values().next(),
                };
                if let Some((other, span)) = same {
                    let message = match *other == text {
                        true => format!("`{text}` stands twice: the places of a target are all different"),
                        false => format!(
                            "`{text}` and `{other}` on line {} are one place: the places of a target are all different",
                            line(*span, source)
                        ),
                    };
                    item.bad(findings, message, "remove one of them, or give both a login name and a port");
                    continue;
                }
                seen.insert(login, (text, item.span));
                places.push(place);
            }
        }
    }
    places
}
