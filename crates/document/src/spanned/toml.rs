//! TOML into [`Node`]s.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Entry, Node, Value};
use crate::findings::Findings;
use crate::{Code, Span};

/// Reads a TOML document. `None` after a finding.
pub(crate) fn parse(source: &str, findings: &mut Findings) -> Option<Node> {
    match DeTable::parse(source) {
        Ok(table) => {
            let span = Span::from(table.span());
            Some(Node { value: Value::Map(entries(source, table.get_ref())), span })
        }
        Err(error) => {
            let span = error.span().map(Span::from).unwrap_or_default();
            let message = format!("this TOML does not parse: {}", error.message());
            findings.add(Code::Syntax, span, message, "see https://toml.io/en/v1.0.0");
            None
        }
    }
}

fn entries(source: &str, table: &DeTable<'_>) -> Vec<Entry> {
    let mut entries: Vec<Entry> = table
        .iter()
        .map(|(key, value)| Entry {
            key: key.get_ref().to_string(),
            key_span: key.span().into(),
            node: node(source, value),
        })
        .collect();
    entries.sort_by_key(|entry| entry.key_span);
    entries
}

fn node(source: &str, value: &Spanned<DeValue<'_>>) -> Node {
    let span = Span::from(value.span());
    let raw = span.of(source).to_owned();
    let value = match value.get_ref() {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Boolean(value) => Value::Bool(*value),
        DeValue::Integer(integer) => match i64::from_str_radix(integer.as_str(), integer.radix()) {
            Ok(value) => Value::Int(value, raw),
            Err(_) => Value::Float(f64::INFINITY, raw),
        },
        DeValue::Float(float) => Value::Float(float.as_str().parse().unwrap_or(f64::NAN), raw),
        DeValue::Datetime(_) => Value::Text(raw),
        DeValue::Array(items) => Value::Seq(items.iter().map(|item| node(source, item)).collect()),
        DeValue::Table(table) => Value::Map(entries(source, table)),
    };
    Node { value, span }
}
