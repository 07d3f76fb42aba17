//! One line of `run.jsonl`: how an event becomes bytes, and how strictly bytes become an event (record.md section 2).

use holdpoint_engine::{Event, Stamped};
use jiff::Timestamp;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::FORMAT;
use crate::json::{JsonFault, knows_event, parse};
use crate::reader::Hex;

/// Why a line is not the event that belongs in its place.
#[derive(Debug)]
pub(crate) enum LineFault {
    /// No JSON: a torn write if it is the last line, tampering otherwise.
    Unparsable(String),
    /// Readable, and wrong.
    Wrong(String),
    /// Event 0 names a format version that this program does not know.
    NewerVersion(String),
    /// A type of event that this program does not know.
    UnknownEvent(String),
}

/// A time as records hold it: whole microseconds, so that what was returned equals what is read back.
pub(crate) fn stored_time(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at)
}

/// The line of an event, LF included. Keys in the order n, prev, at, type, then the event's own.
pub(crate) fn encode(stamped: &Stamped) -> Result<Vec<u8>, serde_json::Error> {
    #[derive(Serialize)]
    struct Line<'a> {
        n: u64,
        prev: &'a str,
        at: String,
        #[serde(flatten)]
        event: &'a Event,
    }
    let Stamped { n, prev, at, event } = stamped;
    let mut line = serde_json::to_vec(&Line { n: *n, prev, at: format!("{at:.6}"), event })?;
    line.push(b'\n');
    Ok(line)
}

/// Reads the line (without its LF) that must be event `n`, with `prev` the digest of all bytes before it.
pub(crate) fn decode(line: &[u8], n: u64, prev: &str) -> Result<Stamped, LineFault> {
    let unparsable = |why| match more_than_one(line) {
        true => LineFault::Wrong("more bytes follow the event on its line".into()),
        false => LineFault::Unparsable(why),
    };
    let text = std::str::from_utf8(line).map_err(|e| unparsable(e.to_string()))?;
    let value = parse(text).map_err(|fault| match fault {
        JsonFault::NotJson(why) => unparsable(why),
        JsonFault::Refused(why) => LineFault::Wrong(why),
    })?;
    if text.contains('\r') {
        return wrong("the line holds a carriage return");
    }
    let Value::Object(mut fields) = value else {
        return wrong("the line is not a JSON object");
    };
    chained(&mut fields, n, prev)?;
    let at = time(&mut fields)?;
    let Some(kind) = fields.get("type").and_then(Value::as_str) else {
        return wrong("`type` is missing or no string");
    };
    match (n, kind == "run.opened") {
        (0, false) => return wrong(format!("the first event is `{kind}` and must be `run.opened`")),
        (0, true) => known_version(&fields)?,
        _ => {}
    }
    if !knows_event(kind) {
        return Err(LineFault::UnknownEvent(kind.to_owned()));
    }
    let event = Event::deserialize(Value::Object(fields)).map_err(|e| LineFault::Wrong(e.to_string()))?;
    Ok(Stamped { n, prev: prev.to_owned(), at, event })
}

/// As [`decode`], for a line that is byte for byte what [`encode`] makes of its event: then nothing can be wrong with
/// it that [`decode`] would find. `None` for any other line, good or bad.
///
/// The line is changed on the way, and is as it was at the end.
pub(crate) fn decode_written(line: &mut [u8], n: u64, prev: &Hex) -> Option<Stamped> {
    // Whether its version is known decides about event 0; `decode` asks.
    if n == 0 {
        return None;
    }
    let number = n.to_string();
    let parts: [&[u8]; 5] =
        [b"{\"n\":", number.as_bytes(), b",\"prev\":\"", prev.as_bytes(), b"\",\"at\":\""];
    let mut rest = &*line;
    for part in parts {
        rest = rest.strip_prefix(part)?;
    }
    let (time, rest) = rest.split_first_chunk::<WRITTEN_TIME>()?;
    let at = written_time(time)?;
    let object = line.len() - rest.strip_prefix(b"\"")?.len();
    if line.get(object) != Some(&b',') {
        return None;
    }
    line[object] = b'{';
    let event = typed(&mut line[object..]);
    let event = event.filter(|event| {
        let mut same = Same(&line[object..]);
        serde_json::to_writer(&mut same, event).is_ok() && same.0.is_empty()
    });
    line[object] = b',';
    Some(Stamped { n, prev: prev.as_str().to_owned(), at, event: event? })
}

/// The event in an object that begins with its type. The frequent ones are read without a detour; whether they were
/// rightly read, writing them again tells.
fn typed(object: &mut [u8]) -> Option<Event> {
    let kind = object.strip_prefix(b"{\"type\":\"")?;
    let start = object.len() - kind.len();
    let end = start + kind.iter().take(64).position(|byte| *byte == b'"')?;
    match &object[start..end] {
        b"action.started" => fields(object, end + 1).map(Event::ActionStarted),
        b"action.finished" => fields(object, end + 1).map(Event::ActionFinished),
        b"rollback.started" => fields(object, end + 1).map(Event::RollbackStarted),
        b"rollback.finished" => fields(object, end + 1).map(Event::RollbackFinished),
        _ => serde_json::from_slice(object).ok(),
    }
}

/// The rest of an object as an object of its own.
fn fields<T: serde::de::DeserializeOwned>(object: &mut [u8], comma: usize) -> Option<T> {
    if object.get(comma) != Some(&b',') {
        return None;
    }
    object[comma] = b'{';
    let read = serde_json::from_slice(&object[comma..]).ok();
    object[comma] = b',';
    read
}

/// What is written must be what is left of this.
struct Same<'a>(&'a [u8]);

impl std::io::Write for Same<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 = self.0.strip_prefix(bytes).ok_or(std::io::ErrorKind::InvalidData)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Length of a time as [`encode`] writes it, `2026-11-23T14:34:05.123456Z`.
const WRITTEN_TIME: usize = 27;

/// A time as [`encode`] writes it; `None` for any other.
fn written_time(text: &[u8; WRITTEN_TIME]) -> Option<Timestamp> {
    let marks = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':'), (19, b'.'), (26, b'Z')];
    if marks.iter().any(|(at, mark)| text[*at] != *mark) {
        return None;
    }
    let number = |from: usize, to: usize| {
        text[from..to].iter().try_fold(0_i32, |number, digit| {
            digit.is_ascii_digit().then(|| number * 10 + i32::from(digit - b'0'))
        })
    };
    let small = |from: usize| i8::try_from(number(from, from + 2)?).ok();
    let year = i16::try_from(number(0, 4)?).ok()?;
    let (hour, minute, second) = (small(11)?, small(14)?, small(17)?);
    let date = jiff::civil::Date::new(year, small(5)?, small(8)?).ok()?;
    let time = jiff::civil::Time::new(hour, minute, second, number(20, 26)? * 1000).ok()?;
    jiff::tz::Offset::UTC.to_timestamp(date.to_datetime(time)).ok()
}

/// Whether something follows a whole JSON value. No crash does that: it leaves part of a line, or NUL where it was to
/// be. Two lines whose LF was taken away look like this.
fn more_than_one(line: &[u8]) -> bool {
    let mut values = serde_json::Deserializer::from_slice(line).into_iter::<IgnoredAny>();
    let whole = matches!(values.next(), Some(Ok(_)));
    whole && line.get(values.byte_offset()).is_some_and(|next| *next != 0)
}

fn wrong<T>(why: impl Into<String>) -> Result<T, LineFault> {
    Err(LineFault::Wrong(why.into()))
}

fn chained(fields: &mut Map<String, Value>, n: u64, prev: &str) -> Result<(), LineFault> {
    match fields.shift_remove("n").as_ref().map(Value::as_u64) {
        Some(Some(found)) if found == n => {}
        Some(Some(found)) => return wrong(format!("`n` is {found} and must be {n}")),
        _ => return wrong("`n` is missing or no number"),
    }
    match fields.shift_remove("prev") {
        Some(Value::String(found)) if found == prev => Ok(()),
        Some(_) => wrong("`prev` is not the SHA-256 of the bytes before the line"),
        None => wrong("`prev` is missing"),
    }
}

/// RFC 3339 in UTC, and nothing else that a lenient parser would take.
fn time(fields: &mut Map<String, Value>) -> Result<Timestamp, LineFault> {
    let Some(Value::String(text)) = fields.shift_remove("at") else {
        return wrong("`at` is missing or no string");
    };
    let digits = text.split_once('.').map_or(0, |(_, fraction)| fraction.len().saturating_sub(1));
    match text.parse::<Timestamp>() {
        Ok(at) if text.as_bytes()[0].is_ascii_digit() && format!("{at:.digits$}") == text => Ok(at),
        _ => wrong(format!("`at` is {text:?} and must be a time in UTC as RFC 3339 writes it")),
    }
}

fn known_version(fields: &Map<String, Value>) -> Result<(), LineFault> {
    let Some(found) = fields.get("format").and_then(Value::as_str) else {
        return wrong("`format` is missing or no string");
    };
    let numbers = |text: &str| {
        let (major, minor) = text.split_once('.')?;
        let number =
            |part: &str| part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse::<u32>().ok())?;
        Some((number(major)?, number(minor)?))
    };
    match numbers(found) {
        _ if found == FORMAT => Ok(()),
        Some(version) if Some(version) > numbers(FORMAT) => Err(LineFault::NewerVersion(found.to_owned())),
        _ => wrong(format!("`format` is {found:?}, which never was a version of the record's format")),
    }
}

#[cfg(test)]
#[path = "line_tests.rs"]
mod tests;
