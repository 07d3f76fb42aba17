//! One line of `run.jsonl`: how an event becomes bytes, and how strictly bytes become an event (record.md section 2).

use holdpoint_engine::{Event, Stamped};
use jiff::Timestamp;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::FORMAT;
use crate::json::{JsonFault, knows_event, parse};

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

/// What stands on a line: an event in its place, and whether the same write goes on after it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) stamped: Stamped,
    /// Whether another line of the same write follows.
    pub(crate) more: bool,
}

/// The key of a line that another one of the same write follows, as it is written: after `at`, before `type`.
pub(crate) const MORE: &str = ",\"more\":true";

/// A time as records hold it: whole microseconds, so that what was returned equals what is read back.
pub(crate) fn stored_time(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at)
}

/// The line of an event, LF included. Keys in the order n, prev, at, more (where it is), type, then the event's own.
pub(crate) fn encode(stamped: &Stamped, more: bool) -> Result<Vec<u8>, serde_json::Error> {
    #[derive(Serialize)]
    struct Line<'a> {
        n: u64,
        prev: &'a str,
        at: String,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        more: bool,
        #[serde(flatten)]
        event: &'a Event,
    }
    let Stamped { n, prev, at, event } = stamped;
    let mut line = serde_json::to_vec(&Line { n: *n, prev, at: format!("{at:.6}"), more, event })?;
    line.push(b'\n');
    Ok(line)
}

/// Reads the line (without its LF) that must be event `n`, with `prev` the digest of all bytes before it.
pub(crate) fn decode(line: &[u8], n: u64, prev: &str) -> Result<Entry, LineFault> {
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
    let in_order = begins_in_order(&fields);
    chained(&mut fields, n, prev)?;
    let at = time(&mut fields)?;
    let more = match fields.shift_remove("more") {
        None => false,
        Some(Value::Bool(true)) => true,
        Some(_) => return wrong("`more` is `true` or is not there"),
    };
    let Some(kind) = fields.get("type").and_then(Value::as_str) else {
        return wrong("`type` is missing or no string");
    };
    if !in_order {
        return wrong(
            "a line begins with `n`, `prev`, `at`, `more` where it has one, and `type`, in this order",
        );
    }
    match (n, kind == "run.opened") {
        (0, false) => return wrong(format!("the first event is `{kind}` and must be `run.opened`")),
        (0, true) => known_version(&fields)?,
        _ => {}
    }
    if !knows_event(kind) {
        return Err(LineFault::UnknownEvent(kind.to_owned()));
    }
    let event = Event::deserialize(Value::Object(fields)).map_err(|e| LineFault::Wrong(e.to_string()))?;
    Ok(Entry { stamped: Stamped { n, prev: prev.to_owned(), at, event }, more })
}

/// Whether the keys that every line has are its first, in the order in which they are written.
fn begins_in_order(fields: &Map<String, Value>) -> bool {
    fields.keys().filter(|key| *key != "more").take(4).eq(["n", "prev", "at", "type"])
        && fields.keys().position(|key| key == "more").is_none_or(|at| at == 3)
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
    // Two numbers of at most nine digits, without zeros in front.
    let number = |part: &str| {
        let digits = (1..=9).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        let plain = digits && (part == "0" || !part.starts_with('0'));
        plain.then(|| part.parse::<u32>().ok())?
    };
    let numbers = |text: &str| {
        let (major, minor) = text.split_once('.')?;
        Some((number(major)?, number(minor)?))
    };
    match numbers(found) {
        _ if found == FORMAT => Ok(()),
        Some(version) if Some(version) > numbers(FORMAT) => Err(LineFault::NewerVersion(found.to_owned())),
        _ => wrong(format!(
            "`format` is {found:?}, which is no version of the record's format that was ever released"
        )),
    }
}

#[cfg(test)]
#[path = "line_tests.rs"]
mod tests;
