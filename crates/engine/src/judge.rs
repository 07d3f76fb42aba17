//! Expectations, judged. Pure, so that every one can be re-checked offline on the recorded output.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell};
use std::collections::BTreeMap;
use std::time::Duration;

use holdpoint_bounded::json::{self, Number, Value};
use holdpoint_bounded::path::Path;
use holdpoint_bounded::pattern::{Never, Over, Pattern};
use holdpoint_model::{Block, Capture, CaptureFrom, Expected, LONGEST_VALUES, Matcher, unfit};

use crate::captured::compared;
use crate::expects::{
    codes, exit_words, json_words, lines_words, order, rendered, template, text_words, wanted,
};
use crate::values::{MASK, Values};
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
    /// Every expectation in the order of judgement: timeout, exit, stderr, stdout, json, what must be captured as in the
    /// rehearsal, captures that are missing.
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
    let stdout = Output::of(seen.stdout);
    let stderr = Output::of(seen.stderr);
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
    for codes in codes(block) {
        let came = exit_complaint(codes, seen.error, seen.signal, seen.exit).map(|came| {
            if seen.exit == Some(141) && seen.error.is_none() { format!("{came}{BROKEN_PIPE}") } else { came }
        });
        expectations.push(judged(exit_words(codes), came));
    }
    let mut others: Vec<&Expected> = block.expect.iter().map(|expectation| &expectation.that).collect();
    others.sort_by_key(|expected| order(expected));
    for expected in others {
        match expected {
            Expected::Exit(_) => {}
            Expected::Stderr(matcher) => expectations.push(judge_text("stderr", matcher, &stderr, values)),
            Expected::Stdout(matcher) => expectations.push(judge_text("stdout", matcher, &stdout, values)),
            Expected::Lines(expected) => {
                let words = lines_words(expected);
                let came = stdout
                    .bytes
                    .map_or(Some(UNREAD.to_owned()), |bytes| lines::mismatch(expected, bytes, values));
                expectations.push(judged(words, came));
            }
            Expected::Json { path, value } => expectations.push(judge_json(path, value, &stdout, values)),
        }
    }
    let (mut captures, mut length, mut untaken) = (BTreeMap::new(), 0, Vec::new());
    // Of a block that never began there was nothing to capture, and that is told already.
    for capture in block.options.capture.iter().filter(|_| seen.error.is_none()) {
        let taken = take(capture, seen, &stdout).and_then(carried).and_then(|value| {
            match empty_handed(capture, &value) {
                Some(complaint) => Err(complaint.to_owned()),
                None if length + value.len() > LONGEST_VALUES => {
                    Err(format!("what this block captures is longer than {LONGEST_VALUES} bytes altogether"))
                }
                None => Ok(value),
            }
        });
        length += taken.as_ref().map_or(0, String::len);
        match taken {
            Ok(value) => {
                let rehearsed = values.rehearsed();
                expectations.extend(rehearsed.and_then(|of| compared(of, &capture.name, &value)));
                captures.insert(capture.name.clone(), value);
            }
            Err(came) => untaken.push(judged(capture_words(capture), Some(came))),
        }
    }
    expectations.extend(untaken);
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

/// What came, as people are told of it: a value of JSON as JSON writes it. A record keeps quotation marks around it, in
/// which a number and a text that says it look alike.
pub fn as_told<'t>(expected: &str, came: &'t str) -> Cow<'t, str> {
    let is_value = expected.starts_with("json ") && came.starts_with('"');
    let Some(end) = came.rfind('"').filter(|end| is_value && *end > 0) else { return Cow::Borrowed(came) };
    let (inner, mut told) = (&came[1..end], String::with_capacity(came.len()));
    let mut rest = inner.chars();
    while let Some(c) = rest.next() {
        let next = rest.clone().next().filter(|next| c == '\\' && matches!(next, '\\' | '"'));
        told.push(next.unwrap_or(c));
        if next.is_some() {
            rest.next();
        }
    }
    told.push_str(&came[end + 1..]);
    Cow::Owned(told)
}

impl Judged {
    /// What came, where it did not hold, as people are told of it: [`as_told`].
    pub fn told(&self) -> Option<Cow<'_, str>> {
        self.came.as_deref().map(|came| as_told(&self.expected, came))
    }

    /// Whether it is of the expectations that the document writes out: that a block ends with 0, and within its time,
    /// is expected without a word of them.
    pub fn is_written(&self) -> bool {
        self.expected != "exit 0" && !self.expected.starts_with("ends ")
    }
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
    let exits = codes(block).len();
    let others = block.expect.iter().filter(|e| !matches!(e.that, Expected::Exit(_))).count();
    let count = usize::from(block.options.timeout.is_some()) + exits + others;
    let expectations = vec![judged("assumed".to_owned(), None); count];
    Some(Judgement { outcome: Outcome::Passed, expectations, captures })
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

fn judge_text(stream: &str, matcher: &Matcher, output: &Output<'_>, values: &Values) -> Judged {
    let template = template(matcher);
    let wanted = match wanted(matcher, values) {
        Ok(wanted) => wanted,
        Err(error) => {
            let expected = text_words(stream, matcher, template);
            return judged(expected, Some(format!("cannot be judged: {error}")));
        }
    };
    let expected = text_words(stream, matcher, &wanted);
    if !matches!(matcher, Matcher::Empty | Matcher::NotEmpty)
        && let Err(why) = says_something(matcher, template, &wanted)
    {
        return judged(expected, Some(format!("cannot be judged: {why}")));
    }
    let Some(bytes) = output.bytes else { return judged(expected, Some(UNREAD.to_owned())) };
    let found = || {
        output.spend(bytes.len() as u64 / 8)?;
        Ok(memchr::memmem::find(bytes, wanted.as_bytes()).is_some())
    };
    let held = match matcher {
        Matcher::Empty => Ok(output.text().trim().is_empty()),
        Matcher::NotEmpty => Ok(!output.text().trim().is_empty()),
        Matcher::Contains(_) => found(),
        Matcher::NotContains(_) => found().map(|found| !found),
        Matcher::Equals(_) => Ok(one_newline_off(bytes) == one_newline_off(wanted.as_bytes())),
        Matcher::Matches(_) => matches(&wanted, output, bytes),
        Matcher::NotMatches(_) => matches(&wanted, output, bytes).map(|matches| !matches),
    };
    match held {
        Ok(true) => judged(expected, None),
        Ok(false) => judged(expected, Some(quoted(&output.text()))),
        Err(error) => judged(expected, Some(format!("cannot be judged: {error}"))),
    }
}

/// Whether what a template came to still says something: every text contains nothing, and a blank is hardly more.
fn says_something(matcher: &Matcher, template: &str, wanted: &str) -> Result<(), String> {
    let is_blank = wanted.trim().is_empty();
    match matcher {
        // `equals: ""` says so; a template that came to nothing did not mean it.
        Matcher::Equals(_) if !is_blank || template.trim().is_empty() => Ok(()),
        _ if wanted.is_empty() || is_blank && !template.trim().is_empty() => {
            Err("there is nothing to look for".to_owned())
        }
        Matcher::Matches(_) if wanted != template && Pattern::new(wanted, Over::Lines)?.takes_any_words() => {
            Err(format!("the pattern came to {wanted:?}, which takes whatever is printed"))
        }
        Matcher::NotMatches(_) if wanted != template => {
            match Pattern::new(wanted, Over::Lines)?.never_takes() {
                Some(Never::Anything) => {
                    Err(format!("the pattern came to {wanted:?}, which takes nothing that can be printed"))
                }
                Some(Never::APart) => Err(format!(
                    "the pattern came to {wanted:?}, and a part of that takes nothing that can be printed"
                )),
                None => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

/// `^` and `$` stand at the lines of an output, as in grep: otherwise `not_matches: ^ERROR` would see the first line
/// only. `\A` and `\z` are the ends of the whole, and `$` stands before the newline that ends an output.
fn matches(source: &str, output: &Output<'_>, bytes: &[u8]) -> Result<bool, String> {
    let pattern = Pattern::new(source, Over::Lines)?;
    output.spend(pattern.work(bytes.len()))?;
    pattern.is_match_bytes(one_newline_off(bytes)).map_err(|error| error.to_string())
}

/// What looking into one output may take, for all that is expected of it: bytes times states that are looked at for each
/// of them.
const LOOKS: u64 = 20_000_000_000;

/// All paths through one output together take no more than so many may by themselves.
const PATHS: u64 = 2;

/// One output, read as what is asked for.
struct Output<'a> {
    bytes: Option<&'a [u8]>,
    json: OnceCell<Result<(Value, usize), String>>,
    /// What looking into it may take yet, and what paths through it may.
    left: Cell<u64>,
    paths: Cell<Option<u64>>,
}

impl<'a> Output<'a> {
    fn of(bytes: Option<&'a [u8]>) -> Output<'a> {
        Output { bytes, json: OnceCell::new(), left: Cell::new(LOOKS), paths: Cell::new(None) }
    }

    /// Looks into it once more, which takes so much.
    fn spend(&self, work: u64) -> Result<(), String> {
        let left =
            self.left.get().checked_sub(work).ok_or("all that is expected of it together takes too long")?;
        self.left.set(left);
        Ok(())
    }

    /// For people: bytes that are no UTF-8 are replaced.
    fn text(&self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.bytes.unwrap_or_default())
    }

    fn utf8(&self) -> Result<&'a str, String> {
        utf8(self.bytes.ok_or_else(|| UNREAD.to_owned())?)
    }

    /// The one node that `path` selects in it, read as JSON.
    fn select(&self, path: &str) -> Result<&Value, String> {
        let json = self.json.get_or_init(|| {
            let text = self.utf8()?;
            let value = json::read(text).map_err(|fault| format!("no JSON ({fault}): {}", quoted(text)))?;
            Ok((value, text.len()))
        });
        let (value, bytes) = json.as_ref().map_err(Clone::clone)?;
        let path = Path::parse(path).map_err(|error| format!("{path} is no JSON path: {error}"))?;
        let most = Path::steps(*bytes);
        let left = self.paths.get().unwrap_or(most.saturating_mul(PATHS));
        let found = path.select_within(value, most.min(left));
        let rest = found.as_ref().map_or(0, |(_, rest)| *rest);
        self.paths.set(Some(left - (most.min(left) - rest)));
        let (nodes, _) = found.map_err(|error| match left < most {
            true => "cannot be judged: all paths through it together take too long".to_owned(),
            false => format!("cannot be judged: {error}"),
        })?;
        match nodes.as_slice() {
            [one] => Ok(one),
            [] => Err(format!("nothing there in {}", quoted(&self.text()))),
            many => Err(format!("{} values there in {}", many.len(), quoted(&self.text()))),
        }
    }
}

fn utf8(bytes: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(bytes).map_err(|_| "not UTF-8".to_owned())
}

fn judge_json(path: &str, value: &Value, stdout: &Output<'_>, values: &Values) -> Judged {
    let wanted = match rendered(value, values) {
        Ok(wanted) => wanted,
        Err(error) => {
            return judged(json_words(path, value), Some(format!("cannot be judged: {error}")));
        }
    };
    let came = match stdout.select(path) {
        Err(came) => Some(came),
        Ok(came) if same(value, &wanted, came) => None,
        Ok(came) => Some(quoted(&came.to_string())),
    };
    judged(json_words(path, &wanted), came)
}

/// Equal values; numbers by value. Where the expectation was a template, what it came to may also be written as a
/// number or a truth value is.
fn same(written: &Value, wanted: &Value, came: &Value) -> bool {
    match (written, wanted, came) {
        (_, Value::String(text), Value::Number(number)) => {
            written != wanted && Number::parse(text).is_some_and(|wanted| wanted == *number)
        }
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

fn take(capture: &Capture, seen: &Observation<'_>, stdout: &Output<'_>) -> Result<String, String> {
    let text = |bytes| utf8(one_newline_off(bytes)).map(str::to_owned);
    match &capture.from {
        CaptureFrom::Stdout => text(stdout.bytes.ok_or_else(|| UNREAD.to_owned())?),
        CaptureFrom::File(path) => match seen.files.get(path) {
            None => Err("no such file".to_owned()),
            Some(bytes) => text(bytes),
        },
        CaptureFrom::Regex(source) => {
            let (output, stdout) = (stdout, stdout.utf8()?);
            let pattern = Pattern::new(source, Over::Lines)?;
            output.spend(pattern.work(stdout.len()))?;
            let found = pattern.captures(stdout).map_err(|error| error.to_string())?;
            let found = found.ok_or_else(|| quoted(stdout))?;
            let wanted = if pattern.groups() > 1 { found.get(1) } else { found.get(0) };
            wanted.map(|found| found.as_str().to_owned()).ok_or_else(|| quoted(stdout))
        }
        CaptureFrom::Json(path) => match stdout.select(path)? {
            Value::String(text) => Ok(text.clone()),
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
    // A byte order mark and blanks without width are nothing to a reader either.
    let unseen =
        |c: char| c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}'..='\u{200d}' | '\u{2060}');
    let text = value.trim_matches(unseen);
    // In JSON the text "null" is another value.
    let printed = !matches!(capture.from, CaptureFrom::Json(_));
    match text {
        "" if !capture.empty => Some(EMPTY),
        "null" if printed && !capture.null => Some(NULL),
        _ => None,
    }
}

/// What can be carried to other blocks as a variable: no mask, which would be taken for the value, and what a
/// program can be given.
fn carried(value: String) -> Result<String, String> {
    if let Some(name) = masked(&value) {
        return Err(format!("it holds the secret {name}, which is not kept"));
    }
    unfit(&value).map_or(Ok(value), Err)
}

/// The name in the first mask of a text. Any name: blocks register secrets that no input declares.
fn masked(text: &str) -> Option<&str> {
    let named = |rest: &'_ str| rest.find(']').filter(|end| *end > 0);
    text.split(MASK).skip(1).find_map(|rest| {
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

fn one_newline_off(text: &[u8]) -> &[u8] {
    text.strip_suffix(b"\r\n").or_else(|| text.strip_suffix(b"\n")).unwrap_or(text)
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
