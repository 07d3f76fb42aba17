//! A value with its place in the source, and the strict readers of it.

use std::borrow::Cow;
use std::collections::HashSet;
use std::time::Duration;

use holdpoint_bounded::pattern::{Never, Over};
use holdpoint_bounded::{json, pattern};

use crate::findings::{Findings, suggest};
use crate::{Code, Span};

/// What is said of a pattern that no text takes.
const TAKES_NOTHING: (&str, &str) = (
    "no text matches this pattern, whatever is in it",
    "`^` and `$` stand at the ends of lines or of the text; escape what is meant literally: `\\$`",
);

/// An alternative that no text has looks as if something were looked for that is not.
const PART_TAKES_NOTHING: (&str, &str) = (
    "a part of the regular expression is found in no text",
    "take out the alternative, or what stands between `^` or `$` and the rest of it",
);

/// What is told of a pattern that takes no text, or has a part that takes none.
pub(crate) fn what_it_never_takes(pattern: &str, over: Over) -> Option<(&'static str, &'static str)> {
    pattern::never_takes(pattern, over).map(|never| match never {
        Never::Anything => TAKES_NOTHING,
        Never::APart => PART_TAKES_NOTHING,
    })
}

/// A value of YAML or TOML, and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) value: Value,
    pub(crate) span: Span,
}

/// What a value is. Scalars keep how they were written, so that `06` stays `06`.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Int(i64, String),
    Float(f64, String),
    Text(String),
    Seq(Vec<Node>),
    Map(Vec<Entry>),
}

/// A key of a map and its value. Keys are unique: the parsers refuse duplicates.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_span: Span,
    pub(crate) node: Node,
}

impl Node {
    /// What the value is, for messages.
    pub(crate) fn found(&self) -> String {
        match &self.value {
            Value::Null => "nothing".into(),
            Value::Bool(value) => format!("`{value}`"),
            Value::Int(_, raw) | Value::Float(_, raw) => format!("the number `{raw}`"),
            Value::Text(text) => format!("the text `{}`", shorten(text)),
            Value::Seq(_) => "a list".into(),
            Value::Map(_) => "a map".into(),
        }
    }

    fn wrong(&self, findings: &mut Findings, expected: &str, help: impl Into<Cow<'static, str>>) {
        findings.add(Code::BadValue, self.span, format!("expected {expected}, found {}", self.found()), help);
    }

    pub(crate) fn bad(
        &self,
        findings: &mut Findings,
        message: impl Into<Cow<'static, str>>,
        help: impl Into<Cow<'static, str>>,
    ) {
        findings.add(Code::BadValue, self.span, message, help);
    }

    /// A text that is not empty.
    pub(crate) fn text(&self, findings: &mut Findings) -> Option<String> {
        match &self.value {
            Value::Text(text) if !text.trim().is_empty() => Some(text.clone()),
            Value::Text(_) => {
                self.bad(findings, "the text is empty", "write something or leave the key out");
                None
            }
            Value::Int(_, raw) | Value::Float(_, raw) => {
                self.wrong(findings, "a text", format!("put it in quotes: \"{raw}\""));
                None
            }
            Value::Bool(value) => {
                self.wrong(findings, "a text", format!("put it in quotes: \"{value}\""));
                None
            }
            _ => {
                self.wrong(findings, "a text", "write one text; in quotes if it holds `: ` or `#`");
                None
            }
        }
    }

    /// Any scalar but null, as it was written. The text may be empty.
    pub(crate) fn scalar(&self, findings: &mut Findings) -> Option<String> {
        match &self.value {
            Value::Text(text) | Value::Int(_, text) | Value::Float(_, text) => Some(text.clone()),
            Value::Bool(value) => Some(value.to_string()),
            _ => {
                self.wrong(findings, "one value", "write one text or number");
                None
            }
        }
    }

    pub(crate) fn bool(&self, findings: &mut Findings) -> Option<bool> {
        if let Value::Bool(value) = self.value {
            return Some(value);
        }
        self.wrong(findings, "`true` or `false`", "write `true` or `false`");
        None
    }

    pub(crate) fn int(&self, findings: &mut Findings) -> Option<i64> {
        if let Value::Int(value, _) = self.value {
            return Some(value);
        }
        self.wrong(findings, "a whole number", "write digits only, without quotes");
        None
    }

    pub(crate) fn number(&self, findings: &mut Findings) -> Option<json::Number> {
        match self.value {
            Value::Int(value, _) => Some(value.into()),
            Value::Float(value, ref raw) if value.is_finite() => json::Number::lenient(raw),
            _ => {
                self.wrong(findings, "a number", "write digits, without quotes and without a unit");
                None
            }
        }
    }

    /// A duration such as `90s`, `5m`, `1h 30m`, `7d`; a day is 24 hours; longer than zero.
    pub(crate) fn duration(&self, findings: &mut Findings) -> Option<Duration> {
        let help = "write a number with its unit: 500ms, 30s, 5m, 1h 30m, 7d";
        let Value::Text(text) = &self.value else {
            self.wrong(findings, "a duration", help);
            return None;
        };
        let days = jiff::SpanRelativeTo::days_are_24_hours();
        let parsed = text.trim().parse::<jiff::Span>().ok().and_then(|span| span.to_duration(days).ok());
        match parsed.and_then(|duration| Duration::try_from(duration).ok()) {
            Some(duration) if !duration.is_zero() => Some(duration),
            _ => {
                self.wrong(findings, "a duration", help);
                None
            }
        }
    }

    pub(crate) fn date(&self, findings: &mut Findings) -> Option<jiff::civil::Date> {
        let text = match &self.value {
            Value::Text(text) => text.as_str(),
            _ => "",
        };
        // jiff reads more than format.md names (times, compact dates), so the shape is held here.
        let parsed = (text.len() == 10).then(|| text.parse::<jiff::civil::Date>().ok()).flatten();
        if parsed.is_none() {
            self.wrong(findings, "a date", "write it as 2026-11-23");
        }
        parsed
    }

    pub(crate) fn list(&self, findings: &mut Findings) -> Option<&[Node]> {
        if let Value::Seq(items) = &self.value {
            return Some(items);
        }
        self.wrong(findings, "a list", "write [a, b]");
        None
    }

    /// A list of texts, each written as a scalar and none of them twice.
    pub(crate) fn texts(&self, findings: &mut Findings) -> Option<Vec<String>> {
        let mut texts: Vec<String> = Vec::new();
        let mut seen = HashSet::new();
        for item in self.list(findings)? {
            if let Some(text) = item.text(findings) {
                if !seen.insert(text.clone()) {
                    item.bad(findings, format!("`{text}` stands twice in the list"), "remove one of them");
                } else {
                    texts.push(text);
                }
            }
        }
        Some(texts)
    }

    /// One of the words in `words`.
    pub(crate) fn word<T: Copy>(&self, findings: &mut Findings, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(findings)?;
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text) {
            return Some(*value);
        }
        let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let message = format!("`{}` is not a value this key takes", shorten(&text));
        self.bad(findings, message, suggest(&text, &names, "values"));
        None
    }

    /// A regular expression, kept as written, that lies so over a text.
    pub(crate) fn regex(&self, over: Over, findings: &mut Findings) -> Option<String> {
        let text = self.text(findings)?;
        if !findings.has_room_for_pattern(text.len(), self.span) {
            return None;
        }
        match pattern::check(&text) {
            Ok(()) => match what_it_never_takes(&text, over) {
                Some((message, help)) => {
                    self.bad(findings, message, help);
                    None
                }
                None => Some(text),
            },
            Err(reason) => {
                let message = format!("the regular expression does not compile: {reason}");
                self.bad(findings, message, "see https://docs.rs/regex/latest/regex/#syntax");
                None
            }
        }
    }

    /// The same value of JSON, numbers with every digit that is written.
    pub(crate) fn json(&self, findings: &mut Findings) -> Option<json::Value> {
        Some(match &self.value {
            Value::Null => json::Value::Null,
            Value::Bool(value) => json::Value::Bool(*value),
            Value::Int(_, raw) | Value::Float(_, raw) => match json_number(&self.value, raw) {
                Some(number) => json::Value::Number(number),
                None => {
                    self.bad(findings, "this number is too large to be compared", "write a smaller exponent");
                    return None;
                }
            },
            Value::Text(text) => json::Value::String(text.clone()),
            Value::Seq(items) => {
                json::Value::Array(items.iter().map(|item| item.json(findings)).collect::<Option<_>>()?)
            }
            Value::Map(entries) => json::Value::Object(
                entries
                    .iter()
                    .map(|entry| Some((entry.key.clone(), entry.node.json(findings)?)))
                    .collect::<Option<_>>()?,
            ),
        })
    }
}

/// A number of YAML as JSON writes it: YAML also has `+1`, `.5`, `1.`, `06` and `0x1f`.
fn json_number(value: &Value, raw: &str) -> Option<json::Number> {
    if let Value::Int(value, _) = value {
        return Some((*value).into());
    }
    json::Number::lenient(raw)
}

/// At most 40 characters of a text, on one line.
pub(crate) fn shorten(text: &str) -> String {
    let line: String = text.chars().take_while(|c| *c != '\n').take(40).collect();
    if line.len() < text.len() { format!("{line}…") } else { line }
}
