//! The options of one probe, read one by one; what must hold of its answer is noted on the way.

use std::borrow::Cow;
use std::net::SocketAddr;

use holdpoint_bounded::json::Value as Json;

use crate::blocks::raw::{Templated, is_templated};
use crate::findings::Findings;
use crate::spanned::{Fields, Node, Value};
use crate::{Expectation, Expected, Span};

pub(super) struct Reader<'n, 'f> {
    pub(super) node: &'n Node,
    fields: Fields<'n>,
    pub(super) findings: &'f mut Findings,
    templates: Vec<Templated>,
    expect: Vec<Expectation>,
    /// Secrets that it reads, and where they are named.
    pub(super) secrets: Vec<(String, Span)>,
}

impl<'n, 'f> Reader<'n, 'f> {
    pub(super) fn open(
        node: &'n Node,
        key: &'static str,
        findings: &'f mut Findings,
    ) -> Option<Reader<'n, 'f>> {
        let fields = Fields::open(node, what(key), findings)?;
        Some(Reader {
            node,
            fields,
            findings,
            templates: Vec::new(),
            expect: Vec::new(),
            secrets: Vec::new(),
        })
    }

    /// The expectations, the templates and the secrets of everything that was read; what nobody asked for is a finding.
    pub(super) fn finish(self) -> (Vec<Expectation>, Vec<Templated>, Vec<(String, Span)>) {
        self.fields.finish(self.findings);
        (self.expect, self.templates, self.secrets)
    }

    pub(super) fn get(&mut self, key: &'static str) -> Option<&'n Node> {
        self.fields.get(key)
    }

    /// A text, which is a template.
    pub(super) fn text(&mut self, key: &'static str) -> Option<String> {
        let node = self.get(key)?;
        self.text_of(node)
    }

    pub(super) fn text_of(&mut self, node: &Node) -> Option<String> {
        let text = node.text(self.findings)?;
        self.templates.push(Templated { text: text.clone(), span: node.span, expression: false });
        Some(text)
    }

    /// A text that a probe cannot do without.
    pub(super) fn need(&mut self, key: &'static str, help: &'static str) -> Option<String> {
        let node = self.fields.need(key, help, self.findings)?;
        self.text_of(node)
    }

    pub(super) fn texts(&mut self, key: &'static str) -> Option<(Vec<String>, Span)> {
        let node = self.get(key)?;
        let items = node.list(self.findings)?;
        let texts: Vec<String> = items.iter().filter_map(|item| self.text_of(item)).collect();
        if items.is_empty() {
            self.bad(node, "the list is empty", "name one at least, or leave the key out");
        }
        (!texts.is_empty() && texts.len() == items.len()).then_some((texts, node.span))
    }

    /// Two texts of which something is asked together.
    pub(super) fn pair(&mut self, key: &'static str, help: &'static str) -> Option<((String, String), Span)> {
        let node = self.get(key)?;
        if let Value::Seq(items) = &node.value
            && let [one, other] = items.as_slice()
        {
            return Some(((self.text_of(one)?, self.text_of(other)?), node.span));
        }
        self.bad(node, "two revisions are compared", help);
        None
    }

    pub(super) fn int(&mut self, key: &'static str, range: std::ops::RangeInclusive<i64>) -> Option<i64> {
        let node = self.get(key)?;
        let number = node.int(self.findings)?;
        if !range.contains(&number) {
            let help = format!("write a whole number from {} to {}", range.start(), range.end());
            self.bad(node, format!("`{key}` cannot be {number}"), help);
            return None;
        }
        Some(number)
    }

    /// A text without a template keeps to `good`; one with a template is looked at when its values are known.
    pub(super) fn must_be(
        &mut self,
        key: &'static str,
        text: Option<String>,
        good: impl Fn(&str) -> bool,
        help: &'static str,
    ) -> Option<String> {
        let text = text?;
        if is_templated(&text) || good(&text) {
            return Some(text);
        }
        if let Some(node) = self.get(key) {
            self.bad(node, format!("`{key}` cannot be `{}`", shown(&text)), help);
        }
        None
    }

    pub(super) fn bad(
        &mut self,
        node: &Node,
        message: impl Into<Cow<'static, str>>,
        help: impl Into<Cow<'static, str>>,
    ) {
        node.bad(self.findings, message, help);
    }

    /// The text of a key, without a template of this form, is what the answer must hold at a path.
    pub(super) fn expects_text(
        &mut self,
        key: &'static str,
        path: &str,
        good: impl Fn(&str) -> bool,
        help: &'static str,
    ) -> Option<String> {
        let text = self.text(key);
        let text = self.must_be(key, text, good, help)?;
        let span = self.get(key)?.span;
        self.expects(path, Json::String(text.clone()), span);
        Some(text)
    }

    /// How much the answer must hold until now.
    pub(super) fn expected(&self) -> usize {
        self.expect.len()
    }

    /// What the answer must hold at a path.
    pub(super) fn expects(&mut self, path: impl Into<String>, value: Json, span: Span) {
        let that = Expected::Json { path: path.into(), value };
        self.expect.push(Expectation { that, span });
    }

    /// Texts of a value that is expected are templates.
    pub(super) fn texts_in(&mut self, node: &Node) {
        match &node.value {
            Value::Text(text) => {
                self.templates.push(Templated { text: text.clone(), span: node.span, expression: false });
            }
            Value::Seq(items) => items.iter().for_each(|item| self.texts_in(item)),
            Value::Map(entries) => entries.iter().for_each(|entry| self.texts_in(&entry.node)),
            _ => {}
        }
    }
}

/// An address and a port, or an address alone and this port.
pub(super) fn address(text: &str, port: u16) -> Option<SocketAddr> {
    text.parse().ok().or_else(|| Some(SocketAddr::new(text.parse().ok()?, port)))
}

/// An address, or an address and a port.
pub(super) fn is_address(text: &str) -> bool {
    address(text, 0).is_some()
}

pub(super) fn shown(text: &str) -> String {
    text.chars().take(60).collect()
}

fn what(key: &str) -> &'static str {
    match key {
        "http" => "`http`",
        "tcp" => "`tcp`",
        "dns" => "`dns`",
        "file" => "`file`",
        "git" => "`git`",
        _ => "`image`",
    }
}
