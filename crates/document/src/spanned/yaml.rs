//! YAML 1.2 into [`Node`]s. The only user of saphyr-parser: its events keep duplicate keys, its tree does not.

use std::collections::HashSet;

use saphyr_parser::{Event, Parser, ScalarStyle};

use super::simple::plain;
use super::{Entry, Mapped, Node, Value};
use crate::findings::Findings;
use crate::{Code, Span};

/// Nesting beyond this is refused.
const MAX_DEPTH: usize = 32;

enum Open {
    Seq { start: usize, items: Vec<Node> },
    Map { start: usize, entries: Vec<Entry>, key: Option<(String, Span)>, seen: HashSet<String> },
}

/// Reads one YAML document. `None` after a finding; an empty text is `Null`.
///
/// Refused: duplicate keys, anchors, aliases, tags, more than one document. They hide what a reader sees.
pub(crate) fn parse(text: &Mapped, findings: &mut Findings) -> Option<Node> {
    super::simple::simple(text).or_else(|| read(text, findings))
}

pub(super) fn read(text: &Mapped, findings: &mut Findings) -> Option<Node> {
    let offsets = Offsets::new(text.text());
    let mut stack: Vec<Open> = Vec::new();
    let mut root: Option<Node> = None;
    let mut documents = 0;
    for event in Parser::new_from_str(text.text()) {
        let (event, span) = match event {
            Ok(event) => event,
            Err(error) => {
                // At the end of the text there is nothing to point at but what stands last.
                let last = text.text().trim_end().char_indices().last().map_or(0, |(at, _)| at);
                let at = offsets.byte(error.marker().index()).min(last);
                let at = text.span(at..next_char(text.text(), at));
                let message = format!("this YAML does not parse: {}", error.info());
                findings.add(Code::Syntax, at, message, "texts that hold `: `, `#`, `{` or `*` need quotes");
                return None;
            }
        };
        let (start, end) = (offsets.byte(span.start.index()), offsets.byte(span.end.index()));
        let mut refuse = |what: &'static str, help: &'static str| {
            findings.add(Code::Syntax, text.span(start..end.max(start)), what, help);
            None
        };
        let done = match event {
            Event::Scalar(_, _, anchor, _)
            | Event::SequenceStart(anchor, _)
            | Event::MappingStart(anchor, _)
                if anchor != 0 =>
            {
                return refuse("YAML anchors are not read", "write the value out where it is needed");
            }
            Event::Scalar(_, _, _, Some(_))
            | Event::SequenceStart(_, Some(_))
            | Event::MappingStart(_, Some(_)) => {
                return refuse("YAML tags are not read", "leave the `!` out, or put the text in quotes");
            }
            Event::Alias(_) => {
                return refuse("YAML aliases are not read", "write the value out, or put the text in quotes");
            }
            Event::DocumentStart(_) => {
                documents += 1;
                if documents > 1 {
                    return refuse(
                        "there is more than one YAML document here",
                        "keep one and remove the `---`",
                    );
                }
                None
            }
            Event::SequenceStart(..) | Event::MappingStart(..) if stack.len() >= MAX_DEPTH => {
                return refuse("this YAML is nested too deeply", "flatten it");
            }
            Event::SequenceStart(..) => {
                stack.push(Open::Seq { start, items: Vec::new() });
                None
            }
            Event::MappingStart(..) => {
                stack.push(Open::Map { start, entries: Vec::new(), key: None, seen: HashSet::new() });
                None
            }
            Event::SequenceEnd | Event::MappingEnd => stack.pop().map(|open| match open {
                Open::Seq { start, items } => {
                    let end = items.last().map_or(end, |_| end);
                    Node { value: Value::Seq(items), span: trimmed(text, start, end) }
                }
                Open::Map { start, entries, .. } => {
                    Node { value: Value::Map(entries), span: trimmed(text, start, end) }
                }
            }),
            Event::Scalar(raw, style, _, _) => {
                let is_key = matches!(stack.last(), Some(Open::Map { key: None, .. }));
                let value = match style == ScalarStyle::Plain {
                    // `null: true`, as a capture says it, is the name of something and no null.
                    true if is_key && raw == "null" => Value::Text(raw.into_owned()),
                    true => plain(&raw),
                    false => Value::Text(raw.into_owned()),
                };
                Some(Node { value, span: trimmed(text, start, end) })
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => None,
        };
        let Some(node) = done else { continue };
        match stack.last_mut() {
            None => root = Some(node),
            Some(Open::Seq { items, .. }) => items.push(node),
            Some(Open::Map { entries, key, seen, .. }) => match key.take() {
                Some((key, key_span)) => entries.push(Entry { key, key_span, node }),
                None => {
                    let name = match &node.value {
                        Value::Text(name) | Value::Int(_, name) | Value::Float(_, name) => name.clone(),
                        Value::Bool(value) => value.to_string(),
                        _ => {
                            findings.add(
                                Code::Syntax,
                                node.span,
                                "a key must be a text",
                                "write `key: value`",
                            );
                            return None;
                        }
                    };
                    if !seen.insert(name.clone()) {
                        let message = format!("the key `{name}` is given twice");
                        findings.add(Code::Syntax, node.span, message, "keep one of them");
                        return None;
                    }
                    *key = Some((name, node.span));
                }
            },
        }
    }
    Some(root.unwrap_or(Node { value: Value::Null, span: text.span(0..text.text().len()) }))
}

fn trimmed(text: &Mapped, start: usize, end: usize) -> Span {
    let end = end.max(start);
    let length = text.text()[start..end].trim_end().len();
    text.span(start..start + length)
}

fn next_char(text: &str, at: usize) -> usize {
    at + text[at..].chars().next().map_or(0, char::len_utf8)
}

/// saphyr counts characters, spans count bytes.
struct Offsets {
    bytes: Option<Vec<usize>>,
    len: usize,
}

impl Offsets {
    fn new(text: &str) -> Offsets {
        let bytes = (!text.is_ascii()).then(|| text.char_indices().map(|(at, _)| at).collect());
        Offsets { bytes, len: text.len() }
    }

    fn byte(&self, char_index: usize) -> usize {
        match &self.bytes {
            Some(bytes) => bytes.get(char_index).copied().unwrap_or(self.len),
            None => char_index.min(self.len),
        }
    }
}
