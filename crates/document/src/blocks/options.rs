//! The option lines of run, check and rollback blocks.

use super::capture::captures;
use super::patience::{self, Patience};
use super::raw::{Kind, Read, Script, Templated};
use super::terminal;
use crate::Code;
use crate::findings::Findings;
use crate::names::is_variable;
use crate::spanned::{Fields, Node, Value, parse_yaml};

pub(super) fn read(script: &Script, kind: Kind, findings: &mut Findings) -> Read {
    let mut read = Read::default();
    let Some(node) = script.options.as_ref().and_then(|text| parse_yaml(text, findings)) else { return read };
    let Some(mut fields) = Fields::open(&node, "the options", findings) else { return read };

    read.options.idempotent = fields.bool("idempotent", findings).unwrap_or(false);
    let patience = beside(&mut fields, kind, &mut read, findings);
    if let Some(node) = fields.get("target") {
        read.options.target = node.text(findings);
        read.target_span = Some(node.span);
    }
    read.options.cwd = fields.get("cwd").and_then(|node| cwd(node, findings));
    if let Some(node) = fields.get("env") {
        env(node, &mut read, findings);
    }
    if let Some(node) = fields.get("interpreter") {
        read.interpreter = interpreter(node, findings);
        read.interpreter_failed = read.interpreter.is_none();
    }
    read.options.agent = fields.bool("agent", findings).unwrap_or(false);
    let tty = fields.get("tty");
    read.options.tty = tty.and_then(|node| node.bool(findings)).unwrap_or(false);
    if let Some(node) = fields.get("secrets") {
        read.options.secrets = node.texts(findings);
        read.secret_spans = match &node.value {
            Value::Seq(items) => items.iter().map(|item| item.span).collect(),
            _ => Vec::new(),
        };
    }
    if let Some(node) = fields.get("template") {
        read.options.template = node.bool(findings).unwrap_or(false);
        read.template_span = read.options.template.then_some(node.span);
    }
    read.options.strict = fields.bool("strict", findings).unwrap_or(true);
    fields.finish(findings);
    if let Some(node) = tty.filter(|_| read.options.tty) {
        terminal::options(&read, patience, node.span, findings);
    }

    if kind == Kind::Rollback {
        let given = [("id", read.id_span.is_some()), ("when", read.options.when.is_some())];
        let captures = ("capture", !read.options.capture.is_empty());
        for (key, _) in given.into_iter().chain([captures]).filter(|(_, given)| *given) {
            let message = format!("`{key}` means nothing on a rollback");
            findings.add(Code::Misplaced, node.span, message, format!("remove `{key}`"));
        }
    }
    read
}

/// Options that every check may have. Gives where those stand that begin a block again by themselves.
pub(super) fn beside(
    fields: &mut Fields<'_>,
    kind: Kind,
    read: &mut Read,
    findings: &mut Findings,
) -> Patience {
    if let Some(node) = fields.get("id") {
        read.options.id = node.text(findings).filter(|id| id_is_good(id, node, findings));
        read.id_span = Some(node.span);
    }
    read.options.timeout = fields.duration("timeout", findings);
    let patience = patience::patience(fields, kind, read, findings);
    if let Some(node) = fields.get("capture") {
        (read.options.capture, read.capture_spans) = captures(node, findings);
    }
    if let Some(node) = fields.get("when") {
        read.options.when = node.text(findings);
        if let Some(text) = read.options.when.clone() {
            read.templates.push(Templated { text, span: node.span, expression: true });
        }
    }
    self::kept(fields, read, findings);
    read.options.sensitive = fields.bool("sensitive", findings).unwrap_or(false);
    patience
}

fn id_is_good(id: &str, node: &Node, findings: &mut Findings) -> bool {
    let good = id.starts_with(|c: char| c.is_ascii_alphanumeric())
        && id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    if !good {
        node.bad(findings, format!("`{id}` cannot be an id"), "use letters, digits, `-`, `_` and `.`");
    }
    good
}

fn cwd(node: &Node, findings: &mut Findings) -> Option<String> {
    let text = node.text(findings)?;
    if text.starts_with(['/', '~']) || text.split('/').any(|part| part == "..") {
        node.bad(
            findings,
            format!("`{text}` leaves the repository"),
            "name a folder below the repository's root",
        );
        return None;
    }
    Some(text)
}

fn env(node: &Node, read: &mut Read, findings: &mut Findings) {
    // A map of any names: its keys are checked here, so there is nothing left for `Fields` to refuse.
    let Value::Map(entries) = &node.value else {
        node.bad(findings, format!("expected variables, found {}", node.found()), "write `{ NAME: value }`");
        return;
    };
    for entry in entries {
        is_variable(&entry.key, entry.key_span, findings);
        if let Some(text) = entry.node.scalar(findings) {
            read.templates.push(Templated { text: text.clone(), span: entry.node.span, expression: false });
            read.options.env.push((entry.key.clone(), text));
        }
    }
}

fn interpreter(node: &Node, findings: &mut Findings) -> Option<Vec<String>> {
    let words = match &node.value {
        Value::Seq(_) => node.texts(findings)?,
        _ => {
            let text = node.text(findings)?;
            match shlex::split(&text) {
                Some(words) => words,
                None => {
                    node.bad(findings, "a quote is not closed", "write `interpreter: [PROGRAM, ARGUMENT]`");
                    return None;
                }
            }
        }
    };
    if words.is_empty() {
        node.bad(findings, "no program is named", "write `interpreter: PROGRAM ARGUMENTS`");
        return None;
    }
    Some(words)
}

fn kept(fields: &mut Fields<'_>, read: &mut Read, findings: &mut Findings) {
    let record = fields.get("record");
    let reason = fields.get("reason");
    read.options.record = record.and_then(|node| node.bool(findings)).unwrap_or(true);
    read.options.reason = reason.and_then(|node| node.text(findings));
    match (record, reason) {
        (Some(node), None) if !read.options.record => findings.add(
            Code::MissingKey,
            node.span,
            "nothing of this block's output is kept, and no reason is given",
            "add `reason: …`; it is shown in the record",
        ),
        (_, Some(node)) if read.options.record => findings.add(
            Code::Misplaced,
            node.span,
            "`reason` says why output is not kept, but it is kept",
            "add `record: false`, or remove `reason`",
        ),
        _ => {}
    }
}
