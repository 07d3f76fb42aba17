//! Reads a map key by key; what nobody asked for is an unknown key.

use std::time::Duration;

use super::{Entry, Node, Value};
use crate::findings::{Findings, suggest};
use crate::{Code, Span};

/// The keys of one map, as they are asked for.
///
/// Invariant: every key that the map may hold is asked for before [`Fields::finish`], whether it is there or not.
pub(crate) struct Fields<'n> {
    what: &'static str,
    span: Span,
    entries: &'n [Entry],
    asked: Vec<&'static str>,
}

impl<'n> Fields<'n> {
    /// Opens a map. `what` names it in messages (`the options`). Anything but a map is an error.
    pub(crate) fn open(node: &'n Node, what: &'static str, findings: &mut Findings) -> Option<Fields<'n>> {
        match &node.value {
            Value::Map(entries) => Some(Fields { what, span: node.span, entries, asked: Vec::new() }),
            _ => {
                let message = format!("expected {what} as keys and values, found {}", node.found());
                findings.add(Code::BadValue, node.span, message, "write `key: value`");
                None
            }
        }
    }

    /// The value of `key`, if the map has it.
    pub(crate) fn get(&mut self, key: &'static str) -> Option<&'n Node> {
        if !self.asked.contains(&key) {
            self.asked.push(key);
        }
        self.entries.iter().find(|entry| entry.key == key).map(|entry| &entry.node)
    }

    /// The value of `key`; its absence is an error.
    pub(crate) fn need(
        &mut self,
        key: &'static str,
        help: &'static str,
        findings: &mut Findings,
    ) -> Option<&'n Node> {
        let found = self.get(key);
        if found.is_none() {
            findings.add(Code::MissingKey, self.span, format!("`{key}` is missing from {}", self.what), help);
        }
        found
    }

    pub(crate) fn text(&mut self, key: &'static str, findings: &mut Findings) -> Option<String> {
        self.get(key)?.text(findings)
    }

    pub(crate) fn bool(&mut self, key: &'static str, findings: &mut Findings) -> Option<bool> {
        self.get(key)?.bool(findings)
    }

    pub(crate) fn duration(&mut self, key: &'static str, findings: &mut Findings) -> Option<Duration> {
        self.get(key)?.duration(findings)
    }

    /// What nobody asked for, and the keys that somebody did; instead of [`Fields::finish`].
    pub(crate) fn rest(self) -> (impl Iterator<Item = &'n Entry>, Vec<&'static str>) {
        let known = self.asked.clone();
        let rest = self.entries.iter().filter(move |entry| !self.asked.contains(&entry.key.as_str()));
        (rest, known)
    }

    /// Reports every key that was not asked for.
    pub(crate) fn finish(self, findings: &mut Findings) {
        for entry in self.entries.iter().filter(|entry| !self.asked.contains(&entry.key.as_str())) {
            let message = format!("`{}` is not a key of {}", super::shorten(&entry.key), self.what);
            findings.add(Code::UnknownKey, entry.key_span, message, suggest(&entry.key, &self.asked, "keys"));
        }
    }
}
