//! Expectations, judged. Pure, so that every one can be re-checked offline on the recorded output.

use std::collections::BTreeMap;
use std::time::Duration;

use holdpoint_document::{Block, Capture, CaptureFrom, Expected, Matcher};
use regex::{Regex, RegexBuilder};
use serde_json::{Number, Value};
use serde_json_path::JsonPath;

use crate::values::Values;
use crate::{Judged, Outcome, conform, lines};

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
    /// Standard output; may be `None`, unread, where the block does not look at it ([`Block::looks_at_stdout`]).
    pub stdout: Option<&'a [u8]>,
    /// Standard error; as standard output ([`Block::looks_at_stderr`]).
    pub stderr: Option<&'a [u8]>,
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

/// What 141 says of a block: 128 and the number of the signal.
const BROKEN_PIPE: &str = ": by SIGPIPE, something in a pipe wrote to a command that had ended already, as `head` and \
    `grep -q` do; `pipefail` counts that as a failure";

/// What came where nobody read the output: nothing meant as a check passes unseen.
const UNREAD: &str = "cannot be judged: the output was not read";

/// Judges one execution of `block`. All expectations are judged, also after one fails.
pub fn judge(block: &Block, values: &Values, seen: &Observation<'_>) -> Judgement {
    // Only where somebody looks: a text is a copy where bytes are no UTF-8.
    let stdout = seen.stdout.filter(|_| block.looks_at_stdout()).map(String::from_utf8_lossy);
    let stderr = seen.stderr.filter(|_| block.looks_at_stderr()).map(String::from_utf8_lossy);
    let (stdout, stderr) = (stdout.as_deref(), stderr.as_deref());
    let mut expectations = Vec::new();
    match block.options.timeout.map(duration) {
        Some(timeout) => {
            let came = seen.timed_out.then(|| format!("still running after {timeout}"));
            expectations.push(judged(format!("ends within {timeout}"), came));
        }
        None if seen.timed_out && !seen.interrupted => {
            expectations.push(judged("ends in time".to_owned(), Some("still running".to_owned())));
        }
        None => {}
    }
    for codes in conform::codes(block) {
        let came = exit_complaint(codes, seen.error, seen.signal, seen.exit).map(|came| {
            if seen.exit == Some(141) && seen.error.is_none() { format!("{came}{BROKEN_PIPE}") } else { came }
        });
        expectations.push(judged(exit_words(codes), came));
    }
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
            Expected::Stderr(matcher) => expectations.push(judge_text("stderr", matcher, stderr, values)),
            Expected::Stdout(matcher) => expectations.push(judge_text("stdout", matcher, stdout, values)),
            Expected::Lines(expected) => {
                let words = format!("stdout is the {} expected lines", expected.len());
                let came = stdout.map_or(Some(UNREAD.to_owned()), |stdout| lines::mismatch(expected, stdout));
                expectations.push(judged(words, came));
            }
            Expected::Json { path, value } => expectations.push(judge_json(path, value, stdout, values)),
        }
    }
    let mut captures = BTreeMap::new();
    for capture in &block.options.capture {
        let taken =
            take(capture, seen).and_then(carried).and_then(|value| match empty_handed(capture, &value) {
                Some(complaint) => Err(complaint.to_owned()),
                None => Ok(value),
            });
        match taken {
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

/// A judgement for a dry run, which executes nothing that changes something: everything held, and these are the
/// captures. `None` where a declared capture has no value. Never for a stored record.
pub fn assumed(block: &Block, captures: &BTreeMap<String, String>) -> Option<Judgement> {
    let captures: BTreeMap<String, String> = block
        .options
        .capture
        .iter()
        .map(|capture| captures.get_key_value(&capture.name).map(|(k, v)| (k.clone(), v.clone())))
        .collect::<Option<_>>()?;
    let exits = conform::codes(block).len();
    let others = block.expect.iter().filter(|e| !matches!(e.that, Expected::Exit(_))).count();
    let count = usize::from(block.options.timeout.is_some()) + exits + others;
    let expectations = vec![judged("assumed".to_owned(), None); count];
    Some(Judgement { outcome: Outcome::Passed, expectations, captures })
}

fn exit_words(codes: &[i32]) -> String {
    let words: Vec<String> = codes.iter().map(i32::to_string).collect();
    format!("exit {}", words.join(" or "))
}

/// What is wrong with how the process ended, in words; `None` where it is as expected.
pub(crate) fn exit_complaint(
    codes: &[i32],
    error: Option<&str>,
    signal: Option<i32>,
    exit: Option<i32>,
) -> Option<String> {
    match (error, signal, exit) {
        (Some(error), _, _) => Some(error.to_owned()),
        (None, Some(signal), _) => Some(format!("killed by signal {signal}")),
        (None, None, Some(code)) if codes.contains(&code) => None,
        (None, None, Some(code)) => Some(format!("exit {code}")),
        (None, None, None) => Some("no exit code".to_owned()),
    }
}

fn judge_text(stream: &str, matcher: &Matcher, text: Option<&str>, values: &Values) -> Judged {
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
    let is_pattern = matches!(matcher, Matcher::Matches(_) | Matcher::NotMatches(_));
    let rendered = if is_pattern { values.render_pattern(template) } else { values.render(template) };
    let wanted = match rendered {
        Ok(wanted) => wanted,
        Err(error) => return judged(expected, Some(format!("cannot be judged: {error}"))),
    };
    let expected = if wanted == template { expected } else { format!("{stream} {verb} {wanted:?}") };
    // Every text contains nothing.
    let idle =
        !matches!(matcher, Matcher::Empty | Matcher::NotEmpty | Matcher::Equals(_)) && wanted.is_empty();
    if idle {
        return judged(expected, Some("cannot be judged: there is nothing to look for".to_owned()));
    }
    let Some(text) = text else { return judged(expected, Some(UNREAD.to_owned())) };
    // `$` stands before the newline that ends an output, as people expect of a line.
    let line = one_newline_off(text);
    let held = match matcher {
        Matcher::Empty => Ok(text.trim().is_empty()),
        Matcher::NotEmpty => Ok(!text.trim().is_empty()),
        Matcher::Contains(_) => Ok(text.contains(&wanted)),
        Matcher::NotContains(_) => Ok(!text.contains(&wanted)),
        Matcher::Equals(_) => Ok(one_newline_off(text) == one_newline_off(&wanted)),
        Matcher::Matches(_) => pattern(&wanted).map(|regex| regex.is_match(line)),
        Matcher::NotMatches(_) => pattern(&wanted).map(|regex| !regex.is_match(line)),
    };
    match held {
        Ok(true) => judged(expected, None),
        Ok(false) => judged(expected, Some(quoted(text))),
        Err(error) => judged(expected, Some(format!("cannot be judged: {error}"))),
    }
}

/// `^` and `$` stand at the lines of an output, as in grep: otherwise `not_matches: ^ERROR` would see the first line
/// only. `\A` and `\z` are the ends of the whole.
fn pattern(source: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(source).multi_line(true).crlf(true).build()
}

fn judge_json(path: &str, value: &Value, stdout: Option<&str>, values: &Values) -> Judged {
    let wanted = match rendered(value, values) {
        Ok(wanted) => wanted,
        Err(error) => {
            return judged(format!("json {path} = {value}"), Some(format!("cannot be judged: {error}")));
        }
    };
    let came = match stdout.ok_or_else(|| UNREAD.to_owned()).and_then(|stdout| select(path, stdout)) {
        Err(came) => Some(came),
        Ok(came) if same(value, &wanted, &came) => None,
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
fn same(written: &Value, wanted: &Value, came: &Value) -> bool {
    match (written, wanted, came) {
        (_, Value::Number(a), Value::Number(b)) => same_number(a, b),
        (_, Value::String(text), Value::Number(number)) => written != wanted && *text == number.to_string(),
        (_, Value::String(text), Value::Bool(truth)) => written != wanted && *text == truth.to_string(),
        (Value::Array(w), Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && w.iter().zip(a).zip(b).all(|((w, a), b)| same(w, a, b))
        }
        (Value::Object(w), Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && w.iter().all(|(key, w)| match (a.get(key), b.get(key)) {
                    (Some(a), Some(b)) => same(w, a, b),
                    _ => false,
                })
        }
        _ => wanted == came,
    }
}

/// `1` is `1.0`; whole numbers are compared exactly, beyond what a float can tell apart.
fn same_number(a: &Number, b: &Number) -> bool {
    match (a.as_i128(), b.as_i128()) {
        (Some(a), Some(b)) => a == b,
        (None, None) => a.as_f64() == b.as_f64(),
        (Some(whole), None) => same_whole(whole, b),
        (None, Some(whole)) => same_whole(whole, a),
    }
}

fn same_whole(whole: i128, float: &Number) -> bool {
    float.as_f64().is_some_and(|float| float.fract() == 0.0 && float as i128 == whole)
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

fn take(capture: &Capture, seen: &Observation<'_>) -> Result<String, String> {
    let text = |bytes| std::str::from_utf8(bytes).map_err(|_| "not UTF-8".to_owned());
    let stdout = || text(seen.stdout.ok_or_else(|| UNREAD.to_owned())?);
    match &capture.from {
        CaptureFrom::Stdout => Ok(one_newline_off(stdout()?).to_owned()),
        CaptureFrom::File(path) => match seen.files.get(path) {
            None => Err("no such file".to_owned()),
            Some(bytes) => Ok(one_newline_off(text(bytes)?).to_owned()),
        },
        CaptureFrom::Regex(source) => {
            let stdout = stdout()?;
            let regex = pattern(source).map_err(|error| error.to_string())?;
            let found = regex.captures(stdout).ok_or_else(|| quoted(stdout))?;
            let wanted = if regex.captures_len() > 1 { found.get(1) } else { found.get(0) };
            wanted.map(|found| found.as_str().to_owned()).ok_or_else(|| quoted(stdout))
        }
        CaptureFrom::Json(path) => match select(path, stdout()?)? {
            Value::String(text) => Ok(text),
            Value::Null if !capture.null => Err(NULL.to_owned()),
            other => Ok(other.to_string()),
        },
    }
}

const EMPTY: &str = "it is empty, and nothing says that it may be (`empty: true`)";
const NULL: &str = "it is null, and nothing says that it may be (`null: true`)";

/// Why what was captured is no value. A path that is empty, or `null` as `jq -r` prints it for what is not there, would
/// be used like any other by the blocks that follow.
pub(crate) fn empty_handed(capture: &Capture, value: &str) -> Option<&'static str> {
    let text = value.trim();
    // In JSON the text "null" is another value.
    let printed = !matches!(capture.from, CaptureFrom::Json(_));
    match text {
        "" if !capture.empty => Some(EMPTY),
        "null" if printed && !capture.null => Some(NULL),
        _ => None,
    }
}

/// What can be carried to other blocks as a variable: no mask, which would be taken for the value, and no NUL.
fn carried(value: String) -> Result<String, String> {
    if let Some(name) = masked(&value) {
        return Err(format!("it holds the secret {name}, which is not kept"));
    }
    if value.contains('\0') { Err("it holds a NUL".to_owned()) } else { Ok(value) }
}

/// The name in the first mask of a text. Any name: blocks register secrets that no input declares.
fn masked(text: &str) -> Option<&str> {
    let named = |rest: &'_ str| rest.find(']').filter(|end| *end > 0);
    text.split("[REDACTED:").skip(1).find_map(|rest| {
        let name = &rest[..named(rest)?];
        name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_').then_some(name)
    })
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
    text.strip_suffix("\r\n").or_else(|| text.strip_suffix('\n')).unwrap_or(text)
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
