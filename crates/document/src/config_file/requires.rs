//! What must hold before a run opens in an environment.

use holdpoint_bounded::pattern::Over;

use crate::findings::{Findings, nearest};
use crate::names::is_variable;
use crate::spanned::{Fields, Node, Value};
use crate::{ChangeAsked, Code, NoTime, Requires, Span, Window, weekdays, zones};

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
    requires.same = same.map(|node| names(node, findings)).unwrap_or_default();
    let complete = fields.get("complete");
    requires.skips = complete.and_then(|node| node.bool(findings)) == Some(false);
    let of_a_rehearsal = [
        (max_age, "max_age", "says how old a rehearsal may be"),
        (same, "same", "says which values must have been the same in a rehearsal"),
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
    requires.change = fields.get("change").and_then(|node| change(node, findings));
    requires.window = fields.get("window").and_then(|node| window(node, findings));
    requires.freeze = fields.get("freeze").and_then(|node| freeze(node, findings));
    fields.finish(findings);
    requires
}

/// `{ pattern = '^CHG\d+$', check = "scripts/change-open.sh" }`.
fn change(node: &Node, findings: &mut Findings) -> Option<ChangeAsked> {
    let mut fields = Fields::open(node, "`change`", findings)?;
    let pattern = fields.need("pattern", "write what ids look like: pattern = '^CHG\\d+$'", findings);
    let pattern = pattern.and_then(|node| node.regex(Over::Text, findings));
    let check = fields.get("check").and_then(|node| {
        let path = node.text(findings)?;
        in_repository(
            node,
            &path,
            "name a script by its path from the root: \"scripts/change-open.sh\"",
            findings,
        )
        .then_some(path)
    });
    fields.finish(findings);
    Some(ChangeAsked { pattern: pattern?, check })
}

/// Whether a path stays in the repository.
fn in_repository(node: &Node, path: &str, help: &'static str, findings: &mut Findings) -> bool {
    let leaves = path.starts_with('/') || path.split('/').any(|part| part == "..");
    if leaves {
        node.bad(findings, format!("`{path}` does not lie in the repository"), help);
    }
    !leaves
}

/// `Tue 22:00..Wed 02:00 Europe/Berlin`.
fn window(node: &Node, findings: &mut Findings) -> Option<Window> {
    let text = node.text(findings)?;
    Window::parse(&text).map_err(|why| no_time(node, &why, Window::FORM, findings)).ok()
}

/// Tells why a text is no time, with what it was probably meant to be.
pub(crate) fn no_time(node: &Node, why: &NoTime, form: &'static str, findings: &mut Findings) {
    let near = |word: &str, names: &[&str]| nearest(word, names.iter().copied()).map(str::to_owned);
    let meant = match why {
        NoTime::Day(day) => near(day.get(..3).unwrap_or(day), &weekdays()),
        NoTime::Zone(zone) => {
            let zones = zones();
            near(zone, &zones.iter().map(String::as_str).collect::<Vec<_>>())
        }
        NoTime::Form(_) | NoTime::Time(_) | NoTime::Empty(_) => None,
    };
    let help = match (meant, why) {
        (Some(meant), _) => format!("did you mean `{meant}`?"),
        (None, NoTime::Day(_)) => format!("days are {}", weekdays().join(", ")),
        (None, NoTime::Time(_)) => "write it as 22:00; the end of a day is 00:00 of the next one".to_owned(),
        (None, NoTime::Zone(_)) => "write the IANA name of the zone: Europe/Berlin, UTC".to_owned(),
        (None, NoTime::Empty(_)) => "leave the key out where any time will do".to_owned(),
        (None, NoTime::Form(_)) => form.to_owned(),
    };
    node.bad(findings, why.words(), help);
}

/// A calendar in the repository.
fn freeze(node: &Node, findings: &mut Findings) -> Option<String> {
    let path = node.text(findings)?;
    let help = "name a file in the iCalendar form by its path from the root: \"freeze.ics\"";
    if !in_repository(node, &path, help, findings) {
        return None;
    }
    if !path.ends_with(".ics") {
        node.bad(findings, format!("`{path}` is no calendar by its name"), help);
        return None;
    }
    Some(path)
}

/// Names of inputs and of what blocks capture. Whether a document has them is seen when one is to run.
fn names(node: &Node, findings: &mut Findings) -> Vec<String> {
    let names = node.texts(findings).unwrap_or_default();
    if names.is_empty()
        && let Value::Seq(items) = &node.value
        && items.is_empty()
    {
        findings.add(Code::BadValue, node.span, "`same` names no value", "name some, or leave the key out");
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
