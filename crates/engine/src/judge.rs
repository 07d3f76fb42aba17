//! Expectations, judged. Pure, so that every one can be re-checked offline on the recorded output.

use std::collections::BTreeMap;
use std::time::Duration;

use holdpoint_document::{Block, Capture, CaptureFrom, Expected, Matcher};
use regex::Regex;
use serde_json::Value;
use serde_json_path::JsonPath;

use crate::values::Values;
use crate::{Judged, Outcome, lines};

/// What a block's execution left behind, as recorded (masked).
pub struct Observation<'a> {
    /// The exit code, if the process ended by itself.
    pub exit: Option<i32>,
    /// The signal that ended it, if one did.
    pub signal: Option<i32>,
    /// Why it could not be started.
    pub error: Option<&'a str>,
    /// It took longer than it may.
    pub timed_out: bool,
    /// The operator stopped it.
    pub interrupted: bool,
    /// Standard output.
    pub stdout: &'a [u8],
    /// Standard error.
    pub stderr: &'a [u8],
    /// Files that captures are taken from, by the path written in the document; absent where there was none.
    pub files: &'a BTreeMap<String, Vec<u8>>,
}

/// The judgement of one execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// How it ended.
    pub outcome: Outcome,
    /// Every expectation in the order of judgement: timeout, exit, stderr, stdout, json, captures.
    pub expectations: Vec<Judged>,
    /// What was captured.
    pub captures: BTreeMap<String, String>,
}

/// Longest text quoted back as what came, in characters.
const QUOTED: usize = 240;

/// Judges one execution of `block`. All expectations are judged, also after one fails.
pub fn judge(block: &Block, values: &Values, seen: &Observation<'_>) -> Judgement {
    let stdout = String::from_utf8_lossy(seen.stdout);
    let stderr = String::from_utf8_lossy(seen.stderr);
    let mut expectations = Vec::new();
    if let Some(timeout) = block.options.timeout {
        let expected = format!("ends within {}", duration(timeout));
        let came = seen.timed_out.then(|| format!("still running after {}", duration(timeout)));
        expectations.push(judged(expected, came));
    }
    expectations.push(judge_exit(block, seen));
    let order = |expected: &Expected| match expected {
        Expected::Exit(_) => 0,
        Expected::Stderr(_) => 1,
        Expected::Stdout(_) | Expected::Lines(_) => 2,
        Expected::Json { .. } => 3,
    };
    let mut others: Vec<&Expected> = block.expect.iter().map(|expectation| &expectation.that).collect();
    others.sort_by_key(|expected| order(expected));
    for expected in others {
        match expected {
            Expected::Exit(_) => {}
            Expected::Stderr(matcher) => expectations.push(judge_text("stderr", matcher, &stderr, values)),
            Expected::Stdout(matcher) => expectations.push(judge_text("stdout", matcher, &stdout, values)),
            Expected::Lines(expected) => {
                let words = format!("stdout is the {} expected lines", expected.len());
                expectations.push(judged(words, lines::mismatch(expected, &stdout)));
            }
            Expected::Json { path, value } => expectations.push(judge_json(path, value, &stdout, values)),
        }
    }
    let mut captures = BTreeMap::new();
    for capture in &block.options.capture {
        match take(capture, &stdout, seen.files) {
            Ok(value) => {
                captures.insert(capture.name.clone(), value);
            }
            Err(came) => expectations.push(judged(capture_words(capture), Some(came))),
        }
    }
    let outcome = match () {
        () if seen.interrupted => Outcome::Interrupted,
        () if seen.timed_out => Outcome::TimedOut,
        () if expectations.iter().all(|judged| judged.held) => Outcome::Passed,
        () => Outcome::Failed,
    };
    Judgement { outcome, expectations, captures }
}

fn judged(expected: String, came: Option<String>) -> Judged {
    Judged { expected, held: came.is_none(), came }
}

fn judge_exit(block: &Block, seen: &Observation<'_>) -> Judged {
    let declared = block.expect.iter().find_map(|expectation| match &expectation.that {
        Expected::Exit(codes) => Some(codes.as_slice()),
        _ => None,
    });
    let codes = declared.unwrap_or(&[0]);
    let words: Vec<String> = codes.iter().map(i32::to_string).collect();
    let came = match (seen.error, seen.signal, seen.exit) {
        (Some(error), _, _) => Some(error.to_owned()),
        (None, Some(signal), _) => Some(format!("killed by signal {signal}")),
        (None, None, Some(code)) if codes.contains(&code) => None,
        (None, None, Some(code)) => Some(format!("exit {code}")),
        (None, None, None) => Some("no exit code".to_owned()),
    };
    judged(format!("exit {}", words.join(" or ")), came)
}

fn judge_text(stream: &str, matcher: &Matcher, text: &str, values: &Values) -> Judged {
    let (template, verb) = match matcher {
        Matcher::Empty | Matcher::NotEmpty => ("", ""),
        Matcher::Contains(text) => (text.as_str(), "contains"),
        Matcher::NotContains(text) => (text.as_str(), "does not contain"),
        Matcher::Equals(text) => (text.as_str(), "is"),
        Matcher::Matches(text) => (text.as_str(), "matches"),
        Matcher::NotMatches(text) => (text.as_str(), "does not match"),
    };
    let expected = match matcher {
        Matcher::Empty => format!("{stream} is empty"),
        Matcher::NotEmpty => format!("{stream} is not empty"),
        _ => format!("{stream} {verb} {template:?}"),
    };
    let wanted = match values.render(template) {
        Ok(wanted) => wanted,
        Err(error) => return judged(expected, Some(format!("cannot be judged: {error}"))),
    };
    // `$` stands before the newline that ends an output, as people expect of a line.
    let regex = |pattern: &str| Regex::new(pattern).map(|regex| regex.is_match(one_newline_off(text)));
    let held = match matcher {
        Matcher::Empty => Ok(text.trim().is_empty()),
        Matcher::NotEmpty => Ok(!text.trim().is_empty()),
        Matcher::Contains(_) => Ok(text.contains(&wanted)),
        Matcher::NotContains(_) => Ok(!text.contains(&wanted)),
        Matcher::Equals(_) => Ok(one_newline_off(text) == one_newline_off(&wanted)),
        Matcher::Matches(_) => regex(&wanted),
        Matcher::NotMatches(_) => regex(&wanted).map(|matched| !matched),
    };
    let expected = if wanted == template { expected } else { format!("{stream} {verb} {wanted:?}") };
    match held {
        Ok(true) => judged(expected, None),
        Ok(false) => judged(expected, Some(quoted(text))),
        Err(error) => judged(expected, Some(format!("cannot be judged: {error}"))),
    }
}

fn judge_json(path: &str, value: &Value, stdout: &str, values: &Values) -> Judged {
    let wanted = match rendered(value, values) {
        Ok(wanted) => wanted,
        Err(error) => {
            return judged(format!("json {path} = {value}"), Some(format!("cannot be judged: {error}")));
        }
    };
    let came = match select(path, stdout) {
        Err(came) => Some(came),
        Ok(came) if same(&wanted, &came, &wanted != value) => None,
        Ok(came) => Some(quoted(&came.to_string())),
    };
    judged(format!("json {path} = {wanted}"), came)
}

/// The one node that `path` selects in `text` read as JSON.
fn select(path: &str, text: &str) -> Result<Value, String> {
    let json: Value =
        serde_json::from_str(text).map_err(|error| format!("no JSON ({error}): {}", quoted(text)))?;
    let path = JsonPath::parse(path).map_err(|error| format!("{path} is no JSON path: {error}"))?;
    let nodes = path.query(&json).all();
    match nodes.as_slice() {
        [one] => Ok((*one).clone()),
        [] => Err(format!("nothing there in {}", quoted(text))),
        many => Err(format!("{} values there in {}", many.len(), quoted(text))),
    }
}

/// Equal values; numbers by value. Where the expectation was a template, a scalar's text may equal it.
fn same(wanted: &Value, came: &Value, from_template: bool) -> bool {
    match (wanted, came) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::String(text), Value::Number(_) | Value::Bool(_)) if from_template => {
            *text == came.to_string()
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b, from_template))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b, from_template)))
        }
        _ => wanted == came,
    }
}

fn rendered(value: &Value, values: &Values) -> Result<Value, crate::TemplateError> {
    Ok(match value {
        Value::String(text) => Value::String(values.render(text)?),
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

fn take(capture: &Capture, stdout: &str, files: &BTreeMap<String, Vec<u8>>) -> Result<String, String> {
    match &capture.from {
        CaptureFrom::Stdout => Ok(one_newline_off(stdout).to_owned()),
        CaptureFrom::File(path) => match files.get(path) {
            None => Err("no such file".to_owned()),
            Some(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => Ok(one_newline_off(text).to_owned()),
                Err(_) => Err("not UTF-8".to_owned()),
            },
        },
        CaptureFrom::Regex(pattern) => {
            let regex = Regex::new(pattern).map_err(|error| error.to_string())?;
            let found = regex.captures(stdout).ok_or_else(|| quoted(stdout))?;
            let group = found.get(1).or_else(|| found.get(0));
            Ok(group.map(|found| found.as_str().to_owned()).unwrap_or_default())
        }
        CaptureFrom::Json(path) => match select(path, stdout)? {
            Value::String(text) => Ok(text),
            other => Ok(other.to_string()),
        },
    }
}

fn capture_words(capture: &Capture) -> String {
    let name = &capture.name;
    match &capture.from {
        CaptureFrom::File(path) => format!("{name} is captured from the file {path}"),
        CaptureFrom::Stdout => format!("{name} is captured from stdout"),
        CaptureFrom::Regex(pattern) => format!("{name} is captured from stdout by {pattern}"),
        CaptureFrom::Json(path) => format!("{name} is captured from stdout at {path}"),
    }
}

fn one_newline_off(text: &str) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}

fn quoted(text: &str) -> String {
    let text = text.trim_end();
    if text.is_empty() {
        return "nothing".to_owned();
    }
    let shown: String = text.chars().take(QUOTED).collect();
    if shown.len() < text.len() {
        format!("{shown:?}… ({} bytes in all)", text.len())
    } else {
        format!("{shown:?}")
    }
}

/// A duration as people write it: `90s` is `1m 30s`.
pub fn duration(duration: Duration) -> String {
    let millis = duration.as_millis();
    let (hours, minutes, seconds) = (millis / 3_600_000, millis / 60_000 % 60, millis / 1000 % 60);
    let parts = [(hours, "h"), (minutes, "m"), (seconds, "s"), (millis % 1000, "ms")];
    let words: Vec<String> =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, unit)| format!("{count}{unit}")).collect();
    if words.is_empty() { "0s".to_owned() } else { words.join(" ") }
}
