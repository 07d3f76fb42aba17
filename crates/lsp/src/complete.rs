//! What may be written at a place: kinds of blocks, keys, and names that the document or the configuration has.

use std::collections::BTreeSet;

use holdpoint_document::{KINDS, Work};
use lsp_types::{CompletionItem, CompletionItemKind, Documentation};
use serde_json::Value;

use crate::text::Text;
use crate::{Host, Read};

/// Where a word is about to be written.
#[derive(Debug, PartialEq, Eq)]
enum Place<'t> {
    /// Behind the language of a fence.
    Kind { language: &'t str },
    /// A key of YAML, of this schema.
    Key { schema: &'static str },
    /// A value of such a key.
    Value { key: &'t str },
    /// A variable, behind `$` or in `{{ }}`.
    Name,
    /// An id, behind `](#`.
    Id,
}

/// What may be written at a byte. The text may be ahead of what was read of it.
pub(crate) fn complete(
    text: &Text,
    read: Option<&Read>,
    host: &dyn Host,
    offset: usize,
) -> Vec<CompletionItem> {
    let Some(place) = place(text, offset) else { return Vec::new() };
    match place {
        Place::Kind { language } => kinds(language),
        Place::Key { schema } => keys(host, schema),
        Place::Value { key } => values(key, read),
        Place::Name => names(read),
        Place::Id => ids(read),
    }
}

fn place(text: &Text, offset: usize) -> Option<Place<'_>> {
    let source = text.as_str();
    let (start, _) = text.line(offset);
    let before = source.get(start..offset)?;
    let indented = before.trim_start();
    if let Some(info) = fence(indented) {
        let (language, rest) = info.trim_start().split_once(char::is_whitespace)?;
        let is_second = !rest.trim_start().contains(char::is_whitespace);
        return is_second.then_some(Place::Kind { language });
    }
    if is_open(before, "](#", ")") {
        return Some(Place::Id);
    }
    if is_open(before, "{{", "}}") {
        return Some(Place::Name);
    }
    let block = block(source, start);
    let name = before.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || c == '_');
    if block.is_some() && (name.ends_with('$') || name.ends_with("${")) {
        return Some(Place::Name);
    }
    let (schema, line) = match block {
        None if in_front(source, start) => ("front-matter", before),
        Some(info) => {
            let mut words = info.split_whitespace();
            match (words.next()?, words.next()?) {
                ("yaml", "step") => ("step", before),
                ("yaml", "expect") => ("expect", before),
                ("yaml", "signoff") => ("signoff", before),
                ("yaml", "record") => ("record", before),
                ("yaml", "check") => ("probe", before),
                (_, "run" | "check" | "rollback") => {
                    let option = ["#|", "--|", "//|"].iter().find_map(|mark| indented.strip_prefix(mark))?;
                    ("options", option)
                }
                _ => return None,
            }
        }
        None => return None,
    };
    match line.rsplit_once(':') {
        Some((key, _)) => {
            Some(Place::Value { key: key.rsplit(['{', ',', ' ']).next().unwrap_or_default().trim() })
        }
        None if line.trim_start().chars().all(|c| c.is_alphanumeric() || c == '_') => {
            Some(Place::Key { schema })
        }
        None => None,
    }
}

/// What follows the marks of a fence.
fn fence(line: &str) -> Option<&str> {
    let mark = line.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let info = line.trim_start_matches(mark);
    (line.len() - info.len() >= 3 && !info.contains('`')).then_some(info)
}

fn is_open(before: &str, opens: &str, closes: &str) -> bool {
    before.rfind(opens).is_some_and(|at| !before[at + opens.len()..].contains(closes))
}

/// The info string of the fence that a line stands in.
fn block(source: &str, start: usize) -> Option<&str> {
    let mut open: Option<(char, usize, &str)> = None;
    for line in source[..start].lines() {
        let line = line.trim_start();
        match open {
            Some((mark, count, _)) => {
                let marks = line.chars().take_while(|c| *c == mark).count();
                if marks >= count && line[marks..].trim().is_empty() {
                    open = None;
                }
            }
            None => {
                if let Some(info) = fence(line) {
                    let mark = line.chars().next()?;
                    open = Some((mark, line.len() - info.len(), info.trim()));
                }
            }
        }
    }
    open.map(|(.., info)| info)
}

/// Whether a line stands between the two `---` at the top.
fn in_front(source: &str, start: usize) -> bool {
    let mut lines = source[..start].lines();
    lines.next().is_some_and(|first| first.trim_end() == "---") && lines.all(|line| line.trim_end() != "---")
}

fn item(label: &str, kind: CompletionItemKind, about: Option<String>) -> CompletionItem {
    CompletionItem {
        label: label.to_owned(),
        kind: Some(kind),
        documentation: about.map(Documentation::String),
        ..CompletionItem::default()
    }
}

fn kinds(language: &str) -> Vec<CompletionItem> {
    let fits = |kind: &&&str| match language {
        "yaml" => matches!(**kind, "check" | "expect" | "signoff" | "record" | "step" | "example"),
        "text" => matches!(**kind, "expect" | "example"),
        _ => matches!(**kind, "run" | "check" | "rollback" | "example"),
    };
    KINDS.iter().filter(fits).map(|kind| item(kind, CompletionItemKind::KEYWORD, None)).collect()
}

/// The keys that a schema has at its top, with what it says of them.
fn keys(host: &dyn Host, schema: &str) -> Vec<CompletionItem> {
    let Ok(schema) = serde_json::from_str::<Value>(host.schema(schema)) else { return Vec::new() };
    let Some(properties) = schema["properties"].as_object() else { return Vec::new() };
    let about = |value: &Value| value["description"].as_str().map(str::to_owned);
    properties.iter().map(|(key, value)| item(key, CompletionItemKind::PROPERTY, about(value))).collect()
}

fn values(key: &str, read: Option<&Read>) -> Vec<CompletionItem> {
    let Some(read) = read else { return Vec::new() };
    let config = read.config.as_ref();
    let mut found: BTreeSet<&str> = BTreeSet::new();
    match key {
        "role" => found.extend(read.plan.front.roles.iter().map(String::as_str)),
        "roles" => found.extend(config.iter().flat_map(|config| config.roles.keys()).map(String::as_str)),
        "environments" => {
            found.extend(config.iter().flat_map(|config| config.environments.keys()).map(String::as_str));
        }
        "target" => {
            let environments = config.iter().flat_map(|config| config.environments.values());
            found.extend(environments.flat_map(|environment| environment.targets.keys()).map(String::as_str));
            found.insert("local");
        }
        "secrets" => {
            let secret = read.plan.front.inputs.iter().filter(|input| input.secret);
            found.extend(secret.map(|input| input.name.as_str()));
        }
        "after" => found.extend(read.plan.steps.iter().map(|step| step.id.as_str())),
        "on_failure" => found.extend(["ask", "stop", "rollback"]),
        "meaning" => found.extend(["review", "approval", "responsibility", "authorship"]),
        "when" => return names(Some(read)),
        "irreversible" | "skippable" | "independent" | "manual" | "idempotent" | "tty" | "agent"
        | "strict" => {
            found.extend(["true", "false"]);
        }
        _ => {}
    }
    found.into_iter().map(|value| item(value, CompletionItemKind::VALUE, None)).collect()
}

/// Inputs, what blocks capture, what is written down, and what the configuration sets.
fn names(read: Option<&Read>) -> Vec<CompletionItem> {
    let Some(read) = read else { return Vec::new() };
    let mut found: BTreeSet<(&str, &str)> = BTreeSet::new();
    found.extend(read.plan.front.inputs.iter().map(|input| (input.name.as_str(), "an input")));
    for action in read.plan.steps.iter().flat_map(|step| &step.actions) {
        match &action.work {
            Work::Run(block) | Work::Check(block) => {
                found.extend(block.options.capture.iter().map(|capture| (capture.name.as_str(), "captured")));
            }
            Work::Record { fields } => {
                found
                    .extend(fields.iter().map(|field| (field.name.as_str(), "written down by the operator")));
            }
            _ => {}
        }
    }
    let environments = read.config.iter().flat_map(|config| config.environments.values());
    let vars = environments.flat_map(|environment| environment.vars.keys());
    found.extend(vars.map(|name| (name.as_str(), "a variable of environments")));
    let named =
        |(name, about): (&str, &str)| item(name, CompletionItemKind::VARIABLE, Some(about.to_owned()));
    found.into_iter().map(named).collect()
}

fn ids(read: Option<&Read>) -> Vec<CompletionItem> {
    let Some(read) = read else { return Vec::new() };
    let steps = read.plan.steps.iter();
    steps
        .map(|step| {
            let about = format!("{} {}", step.number, step.title);
            item(&step.id, CompletionItemKind::REFERENCE, Some(about))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The place where `|` stands.
    fn at(source: &str) -> String {
        let offset = source.find('¦').unwrap();
        let text = Text::new(source.replace('¦', ""));
        format!("{:?}", place(&text, offset))
    }

    #[test]
    fn a_place_is_told_by_what_stands_before_it() {
        let kind = r#"Some(Kind { language: "sh" })"#;
        let key = |schema| format!("Some(Key {{ schema: {schema:?} }})");
        let value = |key| format!("Some(Value {{ key: {key:?} }})");
        for (source, wanted) in [
            ("```sh ¦", kind.to_owned()),
            ("   ```sh ru¦", kind.to_owned()),
            ("```s¦", "None".to_owned()),
            ("```sh run ¦", "None".to_owned()),
            ("---\nrunbook: 1\nro¦", key("front-matter")),
            ("---\nrunbook: 1\nenvironments: [st¦", value("environments")),
            ("---\nrunbook: 1\n---\n\nro¦", "None".to_owned()),
            ("```sh run\n#| ti¦", key("options")),
            ("```sh run\n#| target: ¦", value("target")),
            ("```sh run\necho ti¦", "None".to_owned()),
            ("```sh run\necho $RE¦", "Some(Name)".to_owned()),
            ("```sh run\necho ${RE¦", "Some(Name)".to_owned()),
            ("Costs $¦", "None".to_owned()),
            ("```yaml step\nro¦", key("step")),
            ("```yaml step\nrole: ¦", value("role")),
            ("```yaml signoff\nstatement: I release {{ RE¦", "Some(Name)".to_owned()),
            ("```yaml step\nrole: x\n```\nro¦", "None".to_owned()),
            ("````md\n```sh ¦\n```\n", kind.to_owned()),
            ("See [there](#fi¦", "Some(Id)".to_owned()),
            ("See [there](#first) ¦", "None".to_owned()),
        ] {
            assert_eq!(at(source), wanted, "{source}");
        }
    }
}
