//! `yaml expect`.

use super::capture::check_json_path;
use super::contradiction;
use super::inserted::{Written, misread};
use super::raw::{Templated, is_templated};
use crate::findings::{Findings, suggest};
use crate::spanned::{Entry, Fields, Node, Value};
use crate::{Code, Expectation, Expected, Matcher, Span};
use holdpoint_bounded::pattern::{Over, Pattern};

/// Whether a pattern finds something in whatever was printed, and where nothing was.
pub(super) fn takes_anything(pattern: &str) -> bool {
    Pattern::new(pattern, Over::Lines).is_ok_and(|pattern| pattern.takes_anything())
}

const MATCHERS: &[&str] = &["contains", "not_contains", "equals", "matches", "not_matches"];
const HELP: &str = "write `empty`, `not_empty`, or [ { contains: TEXT }, { not_contains: TEXT } ]; \
    also: equals, matches, not_matches";

/// The expectations of one block in the order written, and their texts that are templates.
pub(crate) fn expectations(node: &Node, findings: &mut Findings) -> (Vec<Expectation>, Vec<Templated>) {
    let before = findings.len();
    let mut read = Reader { expectations: Vec::new(), templates: Vec::new() };
    let Some(mut fields) = Fields::open(node, "an expectation", findings) else {
        return (read.expectations, read.templates);
    };
    if let Some(node) = fields.get("exit") {
        read.exit(node, findings);
    }
    if let Some(node) = fields.get("stdout") {
        read.stream(node, Expected::Stdout, findings);
    }
    if let Some(node) = fields.get("stderr") {
        read.stream(node, Expected::Stderr, findings);
    }
    if let Some(node) = fields.get("json") {
        read.json(node, findings);
    }
    fields.finish(findings);
    if read.expectations.is_empty() && findings.len() == before {
        let help = "write `exit: 0`, or remove the block";
        findings.add(Code::MissingKey, node.span, "this block expects nothing", help);
    }
    read.expectations.sort_by_key(|expectation| expectation.span);
    contradiction::look(&read.expectations, findings);
    (read.expectations, read.templates)
}

struct Reader {
    expectations: Vec<Expectation>,
    templates: Vec<Templated>,
}

impl Reader {
    fn push(&mut self, that: Expected, node: &Node) {
        self.expectations.push(Expectation { that, span: node.span });
    }

    /// Notes a text that is a template.
    fn text(&mut self, text: &str, span: Span) {
        if is_templated(text) {
            self.templates.push(Templated { text: text.to_owned(), span, expression: false });
        }
    }

    fn exit(&mut self, node: &Node, findings: &mut Findings) {
        let nodes = match &node.value {
            Value::Seq(items) if items.is_empty() => {
                node.bad(findings, "no exit code is named", "write `exit: 0` or `exit: [0, 1]`");
                return;
            }
            Value::Seq(items) => items.as_slice(),
            _ => std::slice::from_ref(node),
        };
        let mut codes = Vec::new();
        for node in nodes {
            match node.int(findings).map(|code| (i32::try_from(code), code)) {
                Some((Ok(code), _)) if (0..=255).contains(&code) => codes.push(code),
                Some((_, code)) => {
                    node.bad(findings, format!("{code} is not an exit code"), "exit codes are 0 to 255")
                }
                None => return,
            }
        }
        if codes.len() == nodes.len() {
            self.push(Expected::Exit(codes), node);
        }
    }

    fn stream(&mut self, node: &Node, make: fn(Matcher) -> Expected, findings: &mut Findings) {
        match &node.value {
            Value::Text(word) if word == "empty" => self.push(make(Matcher::Empty), node),
            Value::Text(word) if word == "not_empty" => self.push(make(Matcher::NotEmpty), node),
            Value::Text(word) => {
                let help = match suggest(word, &["empty", "not_empty"], "words") {
                    near if near.starts_with("did") => near,
                    _ => format!("did you mean {{ contains: {word:?} }} or {{ equals: {word:?} }}?"),
                };
                node.bad(findings, "a text alone does not say how it is compared", help);
            }
            Value::Map(_) => self.matcher(node, make, findings),
            Value::Seq(items) if !items.is_empty() => {
                for item in items {
                    self.matcher(item, make, findings);
                }
            }
            _ => node.bad(findings, format!("expected a comparison, found {}", node.found()), HELP),
        }
    }

    fn matcher(&mut self, node: &Node, make: fn(Matcher) -> Expected, findings: &mut Findings) {
        let Value::Map(entries) = &node.value else {
            node.bad(findings, format!("expected a comparison, found {}", node.found()), HELP);
            return;
        };
        let [Entry { key, key_span, node: value }] = entries.as_slice() else {
            node.bad(findings, "each comparison stands in a map of its own", HELP);
            return;
        };
        if !MATCHERS.contains(&key.as_str()) {
            let message = format!("`{key}` is not a comparison");
            findings.add(Code::UnknownKey, *key_span, message, suggest(key, MATCHERS, "comparisons"));
            return;
        }
        let is_pattern = key.ends_with("matches");
        // A pattern that holds a template is compiled when the value is known.
        let templated =
            matches!(&value.value, Value::Text(text) if text.contains("{{") || text.contains("{%"));
        let text = match is_pattern && !templated {
            true => value.regex(Over::Lines, findings),
            false => value.text(findings),
        };
        let Some(text) = text else { return };
        if is_pattern && let Some((message, help)) = misread(&text, Written::Regex) {
            value.bad(findings, message, help);
            return;
        }
        if is_pattern && !templated && takes_anything(&text) {
            let (holds, help) = match key.as_str() {
                "matches" => (
                    "holds whatever is printed",
                    "say what must be printed; for anything at all: `not_empty`",
                ),
                _ => ("never holds", "say what must not be printed; for anything at all: `empty`"),
            };
            value.bad(findings, format!("this pattern finds itself in every text, so `{key}` {holds}"), help);
            return;
        }
        self.text(&text, value.span);
        let matcher = match key.as_str() {
            "contains" => Matcher::Contains(text),
            "not_contains" => Matcher::NotContains(text),
            "equals" => Matcher::Equals(text),
            "matches" => Matcher::Matches(text),
            _ => Matcher::NotMatches(text),
        };
        self.push(make(matcher), node);
    }

    fn json(&mut self, node: &Node, findings: &mut Findings) {
        let Value::Map(entries) = &node.value else {
            let message = format!("expected paths and values, found {}", node.found());
            node.bad(findings, message, "write `json: { $.status: ok }`");
            return;
        };
        if entries.is_empty() {
            node.bad(findings, "no path is named", "write `json: { $.status: ok }`");
        }
        for Entry { key, key_span, node } in entries {
            if !check_json_path(key, *key_span, findings) {
                continue;
            }
            self.texts_in(node);
            let Some(value) = node.json(findings) else { continue };
            let that = Expected::Json { path: key.clone(), value };
            self.expectations
                .push(Expectation { that, span: Span::new(key_span.start, node.span.end.max(key_span.end)) });
        }
    }

    fn texts_in(&mut self, node: &Node) {
        match &node.value {
            Value::Text(text) => {
                self.text(text, node.span);
            }
            Value::Seq(items) => items.iter().for_each(|item| self.texts_in(item)),
            Value::Map(entries) => entries.iter().for_each(|entry| self.texts_in(&entry.node)),
            _ => {}
        }
    }
}
