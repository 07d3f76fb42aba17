//! What a block must bring, in words: before it runs as well as when it is judged.

use holdpoint_bounded::json::Value;
use holdpoint_model::{Block, Expected, LineKind, LineMatcher, Matcher, Times, many};

use crate::values::Values;

/// One thing that is expected of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expects {
    /// In words, as in the judgement of it.
    pub words: String,
    /// The lines that standard output must be, with their marks, where it is about lines.
    pub lines: Vec<String>,
}

/// What is expected of a block with these values, in the order in which it is judged; of a value that is not known yet,
/// as the document writes it. That it ends within its time and what it captures is not among it.
pub fn expects(block: &Block, values: &Values) -> Vec<Expects> {
    let plain = |words| Expects { words, lines: Vec::new() };
    let written = |expected: &Expected| matches!(expected, Expected::Exit(_));
    let says_how_it_exits = block.probe.is_none() || block.expect.iter().any(|it| written(&it.that));
    let exits = codes(block).into_iter().filter(|_| says_how_it_exits).map(|codes| plain(exit_words(codes)));
    let mut others: Vec<&Expected> = block.expect.iter().map(|expectation| &expectation.that).collect();
    others.sort_by_key(|expected| order(expected));
    let others = others.into_iter().filter_map(|expected| match expected {
        Expected::Exit(_) => None,
        Expected::Stdout(matcher) => Some(plain(matcher_words("stdout", matcher, values))),
        Expected::Stderr(matcher) => Some(plain(matcher_words("stderr", matcher, values))),
        Expected::Json { path, value } => {
            let wanted = rendered(value, values).unwrap_or_else(|_| value.clone());
            Some(plain(json_words(path, &wanted)))
        }
        Expected::Lines(lines) => {
            let told = lines.iter().map(|line| line_words(line, values)).collect();
            Some(Expects { words: lines_words(lines), lines: told })
        }
    });
    exits.chain(others).collect()
}

/// In which order expectations are judged.
pub(crate) fn order(expected: &Expected) -> u8 {
    match expected {
        Expected::Exit(_) => 0,
        Expected::Stderr(_) => 1,
        Expected::Stdout(_) | Expected::Lines(_) => 2,
        Expected::Json { .. } => 3,
    }
}

pub(crate) fn exit_words(codes: &[i32]) -> String {
    let words: Vec<String> = codes.iter().map(i32::to_string).collect();
    format!("exit {}", words.join(" or "))
}

pub(crate) fn lines_words(lines: &[LineMatcher]) -> String {
    format!("stdout is the {}", many(lines.len(), "expected line"))
}

pub(crate) fn json_words(path: &str, wanted: &Value) -> String {
    format!("json {path} = {wanted}")
}

/// What a text is held against, as the document writes it.
pub(crate) fn template(matcher: &Matcher) -> &str {
    match matcher {
        Matcher::Empty | Matcher::NotEmpty => "",
        Matcher::Contains(text)
        | Matcher::NotContains(text)
        | Matcher::Equals(text)
        | Matcher::Matches(text)
        | Matcher::NotMatches(text) => text,
    }
}

/// The same with its values.
pub(crate) fn wanted(matcher: &Matcher, values: &Values) -> Result<String, crate::TemplateError> {
    match matcher {
        Matcher::Matches(text) | Matcher::NotMatches(text) => values.render_pattern(text),
        _ => values.render(template(matcher)),
    }
}

pub(crate) fn text_words(stream: &str, matcher: &Matcher, wanted: &str) -> String {
    let verb = match matcher {
        Matcher::Empty => return format!("{stream} is empty"),
        Matcher::NotEmpty => return format!("{stream} is not empty"),
        Matcher::Contains(_) => "contains",
        Matcher::NotContains(_) => "does not contain",
        Matcher::Equals(_) => "is",
        Matcher::Matches(_) => "matches",
        Matcher::NotMatches(_) => "does not match",
    };
    format!("{stream} {verb} {wanted:?}")
}

fn matcher_words(stream: &str, matcher: &Matcher, values: &Values) -> String {
    let wanted = wanted(matcher, values).unwrap_or_else(|_| template(matcher).to_owned());
    text_words(stream, matcher, &wanted)
}

fn line_words(line: &LineMatcher, values: &Values) -> String {
    let text = match line.how {
        LineKind::Regex => values.render_pattern(&line.text),
        LineKind::Equal | LineKind::Glob => values.render(&line.text),
    };
    let mut words = text.unwrap_or_else(|_| line.text.clone());
    words += match line.how {
        LineKind::Equal => "",
        LineKind::Glob => " (glob)",
        LineKind::Regex => " (regex)",
    };
    words += match line.times {
        Times::Once => "",
        Times::Optional => " (?)",
        Times::Any => " (*)",
        Times::AtLeastOnce => " (+)",
    };
    words
}

/// A value with its templates rendered.
pub(crate) fn rendered(value: &Value, values: &Values) -> Result<Value, crate::TemplateError> {
    Ok(match value {
        Value::String(text) => {
            let wanted = values.render(text)?;
            if wanted.is_empty() && !text.is_empty() {
                let message = format!("`{text}` came to nothing, so there is nothing to compare with");
                return Err(crate::TemplateError { message });
            }
            Value::String(wanted)
        }
        Value::Array(items) => {
            Value::Array(items.iter().map(|item| rendered(item, values)).collect::<Result<_, _>>()?)
        }
        Value::Object(map) => Value::Object(
            map.iter()
                .map(|(key, item)| Ok((key.clone(), rendered(item, values)?)))
                .collect::<Result<_, crate::TemplateError>>()?,
        ),
        other => other.clone(),
    })
}

/// Exit codes that each expectation of them allows; 0 where the document says nothing.
pub(crate) fn codes(block: &Block) -> Vec<&[i32]> {
    let declared = block.expect.iter().filter_map(|expectation| match &expectation.that {
        Expected::Exit(codes) => Some(codes.as_slice()),
        _ => None,
    });
    let codes: Vec<&[i32]> = declared.collect();
    if codes.is_empty() { vec![&[0]] } else { codes }
}
