//! Reads the front matter, and tells annotated documents from foreign ones.

mod kept;

use std::sync::LazyLock;

use regex::Regex;

use crate::blocks::{disguised_command, of_command, value_kind};
use crate::findings::{Findings, nearest};
use crate::lints::in_command;
use crate::markdown::Fronts;
use crate::names::is_variable;
use crate::spanned::{Entry, Fields, Mapped, Node, Value, parse_toml, parse_yaml};
use crate::{Code, DocumentKind, FrontMatter, Input, Source, Span, unseen};

/// Front matter with the places of what can only be checked against other things.
#[derive(Default)]
pub(crate) struct Front {
    pub(crate) matter: FrontMatter,
    pub(crate) role_spans: Vec<(String, Span)>,
    pub(crate) environment_spans: Vec<(String, Span)>,
    /// Whether it says what becomes of prose, one way or the other.
    pub(crate) says_manual: bool,
    /// Templates of titles and prompts: text and place.
    pub(crate) templates: Vec<(String, Span)>,
}

/// A document is annotated if its front matter has `runbook: 1`. A near miss of that is an error, never foreign.
pub(crate) fn read(source: &str, fronts: &Fronts, findings: &mut Findings) -> (DocumentKind, Front) {
    let mut foreign = (DocumentKind::Foreign, Front::default());
    let Some((outer, inner)) = fronts.front else {
        unread_front_matter(source, fronts, findings);
        return foreign;
    };
    let mut quiet = Findings::default();
    let is_toml = outer.of(source).starts_with("+++");
    if is_toml && mentions_runbook(inner.of(source)) {
        unread_front_matter(source, fronts, findings);
        return foreign;
    }
    foreign.1.matter.span = outer;
    let node = match is_toml {
        true => parse_toml(inner.of(source), &mut quiet),
        false => parse_yaml(&Mapped::slice(source, inner), &mut quiet),
    };
    let entries = match &node {
        Some(Node { value: Value::Map(entries), .. }) => entries,
        _ if mentions_runbook(inner.of(source)) => {
            if node.is_none() {
                parse_yaml(&Mapped::slice(source, inner), findings);
            } else {
                findings.add(
                    Code::Syntax,
                    inner,
                    "the front matter is not keys and values",
                    "write `runbook: 1`",
                );
            }
            return foreign;
        }
        _ => return foreign,
    };
    let version = entries.iter().find(|entry| entry.key == "runbook").filter(|_| !is_toml);
    let Some(version) = version else {
        let title = entries.iter().find(|entry| entry.key == "title");
        foreign.1.matter.title = title.and_then(|title| match &title.node.value {
            Value::Text(text) if !text.trim().is_empty() => {
                Some(text.split_whitespace().collect::<Vec<_>>().join(" "))
            }
            _ => None,
        });
        // Places in TOML are counted from where that begins.
        let mut near = Findings::default();
        near_miss(entries, &mut near);
        if is_toml && near.len() > 0 {
            let message =
                "a key of this front matter is nearly `runbook`, so this may be meant as a run-book";
            findings.add(
                Code::UnknownKey,
                outer,
                message,
                "write `runbook: 1` in YAML, between two lines of `---`",
            );
        } else {
            findings.append(near);
        }
        commented_out(inner, source, findings);
        if !fronts.later.is_empty() {
            unread_front_matter(source, fronts, findings);
        }
        foreign.1.matter.kept = entries.iter().map(kept::kept).collect();
        return foreign;
    };
    if !matches!(version.node.value, Value::Int(1, ref raw) if raw == "1") {
        let message = format!("this program reads version 1 of the format, not {}", version.node.found());
        findings.add(Code::FormatVersion, version.node.span, message, "write `runbook: 1`");
    }
    for span in &fronts.later {
        let help = "keep one, at the very top; put an empty line after a `---` that is a rule";
        findings.add(Code::SecondFrontMatter, *span, "a second front matter stands in mid-file", help);
    }
    let front = match &node {
        Some(node) => decode(node, outer, findings),
        None => Front::default(),
    };
    (DocumentKind::Annotated, front)
}

/// `Runbook: 1`, `runbok: 1`: a foreign document's own key has another kind of value.
fn near_miss(entries: &[Entry], findings: &mut Findings) {
    for entry in entries {
        if let Value::Map(inner) = &entry.node.value {
            near_miss(inner, findings);
        }
        let squeezed: String = entry.key.chars().filter(|c| c.is_alphanumeric()).collect();
        let squeezed = squeezed.to_lowercase();
        let names = ["runbook", "runbookversion", "runbookformat", "holdpoint", "holdpointversion"];
        let near = names.contains(&squeezed.as_str()) || nearest(&entry.key, ["runbook"]).is_some();
        let version = match &entry.node.value {
            Value::Int(..) | Value::Float(..) | Value::Bool(_) | Value::Null => true,
            Value::Text(text) => {
                text.trim_start_matches(['v', 'V']).starts_with(|c: char| c.is_ascii_digit())
            }
            _ => false,
        };
        if near && version {
            let message = format!("`{}` is nearly `runbook`, so this may be meant as a run-book", entry.key);
            findings.add(Code::UnknownKey, entry.key_span, message, "did you mean `runbook: 1`?");
        }
    }
}

/// `# runbook: 1`: who comments out the one line that makes a run-book of it is told what that does.
fn commented_out(inner: Span, source: &str, findings: &mut Findings) {
    static COMMENT: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r#"(?im)^[ \t]*#+[ \t]*["']?runbook["']?[ \t]*:[ \t]*["']?1\b"#).ok());
    if let Some(found) = COMMENT.as_ref().and_then(|comment| comment.find(inner.of(source))) {
        let span = Span::new(inner.start + found.start(), inner.start + found.end());
        let message = "`runbook: 1` is commented out, so nothing in this document is run or checked";
        findings.add(Code::UnknownKey, span, message, "take the `#` away, or the line");
    }
}

/// `runbook: 1` that stands where no Git host takes it for front matter.
fn unread_front_matter(source: &str, fronts: &Fronts, findings: &mut Findings) {
    for span in fronts.later.iter().filter(|span| mentions_runbook(span.of(source))) {
        let help = "move it to the first line of the file";
        findings.add(
            Code::SecondFrontMatter,
            *span,
            "front matter stands in mid-file, where nobody reads it",
            help,
        );
    }
    if !fronts.later.is_empty() {
        return;
    }
    let is_blank = |c: char| c.is_whitespace() || unseen(c.encode_utf8(&mut [0; 4])).is_some();
    let text = source.trim_start_matches(is_blank);
    let offset = source.len() - text.len();
    let first = text.split(['\n', '\r']).next().unwrap_or_default();
    let is_fence = FENCE.as_ref().is_some_and(|fence| fence.is_match(first.trim_end_matches(is_blank)));
    // Without any fence: the document begins with the key itself.
    let is_key = ALONE.as_ref().is_some_and(|key| key.is_match(first));
    if !is_fence && !is_key {
        return;
    }
    // Up to where a front matter would end: a heading cannot stand in one.
    let head: usize = text[first.len()..]
        .split_inclusive(['\n', '\r'])
        .take_while(|line| !line.starts_with("---") && !line.starts_with("+++") && !line.starts_with("# "))
        .map(str::len)
        .sum();
    let head = &text[..first.len() + head];
    if is_key || mentions_runbook(head) {
        let span = Span::new(offset, offset + head.trim_end().len());
        let help = "write `---` on the first line, `runbook: 1` below it, and `---` below the keys";
        findings.add(Code::Syntax, span, "this front matter is not YAML between two `---` lines", help);
    }
}

/// What somebody may have meant as the `---` above a front matter.
static FENCE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)^(?:[\p{Pd}\u{2212}+=~`*_;>{\s]*[\p{Pd}\u{2212}+=~`*_;]\s*[\p{Pd}\u{2212}+=~`*_;]|[\u{2014}\u{2015}{])\s*(?:json|ya?ml|toml)?$").ok()
});

/// `runbook: 1` and nothing else in a line.
static ALONE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?i)^(?:-\s*|\{\s*)?["']?run[-_ ]?book["']?\s*[:=\u{ff1a}]\s*["']?v?1["']?\s*\}?\s*$"#).ok()
});

/// Whether a key in it may be meant as `runbook: 1`.
pub(crate) fn mentions_runbook(text: &str) -> bool {
    static KEY: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let key = r#"[\s\p{Cf}>{]*(?:-\s*)?["']?run[-_ ]?book["']?"#;
        Regex::new(&format!(r#"(?im)^{key}(?:\s*[:=\u{{ff1a}}]\s*["']?v?\d|\s+v?1\s*$)"#)).ok()
    });
    let text = text.replace('\r', "\n");
    KEY.as_ref().is_some_and(|key| key.is_match(&text))
}

/// Keys of a front matter that are none of a run-book's.
pub(crate) fn keys_of_others(node: &Node) -> Vec<String> {
    let matter = decode(node, node.span, &mut Findings::default()).matter;
    matter.kept.into_iter().map(|kept| kept.name).collect()
}

fn decode(node: &Node, outer: Span, findings: &mut Findings) -> Front {
    let Some(mut fields) = Fields::open(node, "the front matter", findings) else { return Front::default() };
    fields.get("runbook");
    let mut front = Front::default();
    let matter = &mut front.matter;
    matter.span = outer;
    if let Some(node) = fields.get("title") {
        matter.title = node.text(findings);
        front.templates.extend(matter.title.clone().map(|title| (title, node.span)));
    }
    matter.document_id = fields.get("document_id").and_then(|node| claim(node, findings));
    matter.revision = fields.get("revision").and_then(|node| claim(node, findings));
    for key in ["authors", "approvers"] {
        let Some(node) = fields.get(key) else { continue };
        let names = node.texts(findings).unwrap_or_default();
        if let Some(c) = names.iter().find_map(|name| unseen(name)) {
            let message = format!("a name has the character U+{:04X}, which nobody sees", u32::from(c));
            node.bad(findings, message, "remove it: who is who must be seen");
        }
        *(if key == "authors" { &mut matter.authors } else { &mut matter.approvers }) = names;
    }
    matter.approval_date = fields.get("approval_date").and_then(|node| node.date(findings));
    matter.effective_date = fields.get("effective_date").and_then(|node| node.date(findings));
    matter.review_in = fields.get("review_in").and_then(|node| {
        let text = node.text(findings)?;
        let span = text.parse::<jiff::Span>().ok().filter(jiff::Span::is_positive);
        if span.is_none() {
            node.bad(
                findings,
                format!("`{text}` is not a length of time"),
                "write `6 months`, `1 year`, `90 days`",
            );
        }
        span.map(|_| text)
    });
    matter.description = fields.text("description", findings);
    matter.repository = fields.text("repository", findings);
    matter.folder = fields.text("folder", findings);
    matter.content_type = fields.text("content_type", findings);
    if let Some(node) = fields.get("inputs") {
        inputs(node, &mut front, findings);
    }
    front.role_spans = listed(fields.get("roles"), findings);
    let environments = fields.get("environments");
    front.environment_spans = listed(environments, findings);
    if let Some(node) = environments
        && matches!(&node.value, Value::Seq(items) if items.is_empty())
    {
        let help =
            "name the environments it may run in, or leave `environments` out: then it runs in every one";
        node.bad(findings, "no environment is named, so this could run nowhere", help);
    }
    let manual = fields.get("manual");
    front.says_manual = manual.is_some();
    front.matter.manual = manual.and_then(|node| node.bool(findings)).unwrap_or(false);
    let keep = fields.get("keep");
    front.matter.kept = kept::read(keep, fields, findings);
    front.matter.roles = front.role_spans.iter().map(|(name, _)| name.clone()).collect();
    front.matter.environments = front.environment_spans.iter().map(|(name, _)| name.clone()).collect();
    front
}

/// A number in a quality system may look like a number of YAML; how it is written is what counts.
fn claim(node: &Node, findings: &mut Findings) -> Option<String> {
    match &node.value {
        Value::Int(..) | Value::Float(..) => node.scalar(findings),
        _ => node.text(findings),
    }
}

fn listed(node: Option<&Node>, findings: &mut Findings) -> Vec<(String, Span)> {
    let Some(node) = node else { return Vec::new() };
    let names = node.texts(findings).unwrap_or_default();
    let Value::Seq(items) = &node.value else { return Vec::new() };
    let texts = items.iter().filter(|item| matches!(item.value, Value::Text(_)));
    names.into_iter().zip(texts).map(|(name, item)| (name, item.span)).collect()
}

fn inputs(node: &Node, front: &mut Front, findings: &mut Findings) {
    let Value::Map(entries) = &node.value else {
        node.bad(
            findings,
            format!("expected inputs, found {}", node.found()),
            "write `inputs: { NAME: { prompt: … } }`",
        );
        return;
    };
    for entry in entries {
        is_variable(&entry.key, entry.key_span, findings);
        // `NAME:` alone is an input without any limits.
        let empty = Node { value: Value::Map(Vec::new()), span: entry.node.span };
        let node = if matches!(entry.node.value, Value::Null) { &empty } else { &entry.node };
        let Some(mut fields) = Fields::open(node, "an input", findings) else { continue };
        let prompt_node = fields.get("prompt");
        let prompt = prompt_node.and_then(|node| node.text(findings));
        let kind = value_kind(&mut fields, findings);
        let default_node = fields.get("default");
        let default = default_node.and_then(|node| node.scalar(findings));
        let secret_node = fields.get("secret");
        let secret = secret_node.and_then(|node| node.bool(findings)).unwrap_or(false);
        let from = fields.get("from").and_then(|node| from(node, findings));
        fields.finish(findings);
        if let Some((default, node)) = default.as_ref().zip(default_node) {
            if secret {
                node.bad(
                    findings,
                    "a secret must not stand in the document",
                    "use `from`, or leave it to be asked",
                );
            } else if let Some(reason) = kind.refuses(default) {
                node.bad(
                    findings,
                    format!("the default is refused by the input itself: {reason}"),
                    "correct one of the two",
                );
            }
        }
        let span = Span::new(entry.key_span.start, entry.node.span.end.max(entry.key_span.end));
        front.matter.inputs.push(Input {
            name: entry.key.clone(),
            prompt,
            kind,
            default,
            secret,
            from,
            span,
        });
    }
}

fn from(node: &Node, findings: &mut Findings) -> Option<Source> {
    let before = findings.len();
    let mut fields = Fields::open(node, "`from`", findings)?;
    let env = fields.text("env", findings).map(Source::Env);
    let file = fields.text("file", findings).map(Source::File);
    let command = fields.get("command").and_then(|node| Some((node.text(findings)?, node)));
    if let Some((text, node)) = &command {
        of_command(text, node, findings);
        disguised_command(text, node.span, findings);
        if let Some((message, help)) = in_command(text) {
            findings.add(Code::PipeInSh, node.span, message, help);
        }
    }
    let command = command.map(|(text, _)| Source::Command(text));
    fields.finish(findings);
    let mut given: Vec<Source> = [env, file, command].into_iter().flatten().collect();
    if given.len() == 1 {
        return given.pop();
    }
    if findings.len() == before {
        let help = "write { env: NAME }, { file: PATH } or { command: TEXT }";
        node.bad(findings, "an input comes from exactly one place", help);
    }
    None
}
