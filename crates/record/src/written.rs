//! Lines as [`encode`](crate::line::encode) writes them, read the short way: nothing can be wrong with such a line that
//! the strict reader would find, so whatever is read here is right, and any other line is left to it.

use std::collections::BTreeMap;

use holdpoint_engine::{
    BlobRef, By, Event, Finished, Judged, Outcome, Output, SentTo, Stamped, Started, Via,
};
use jiff::Timestamp;

use crate::chain::Hex;
use crate::line::{Entry, MORE};

/// Reads the line (without its LF) that must be event `n`, with `prev` the digest of all bytes before it. `None` for
/// any line, good or bad, that is not byte for byte what is written of its event.
///
/// The line is changed on the way, and is as it was at the end.
pub(crate) fn decode_written(line: &mut [u8], n: u64, prev: &Hex) -> Option<Entry> {
    // Whether its version is known decides about event 0; the strict reader asks.
    if n == 0 {
        return None;
    }
    let mut cursor = Cursor::of(line)?;
    cursor.pass("{\"n\":")?;
    let number: u64 = cursor.whole()?;
    cursor.pass(",\"prev\":\"")?;
    cursor.pass(prev.as_str())?;
    cursor.pass("\",\"at\":\"")?;
    let at = cursor.time()?;
    cursor.pass("\"")?;
    if number != n {
        return None;
    }
    let more = cursor.meets(MORE);
    let object = line.len() - cursor.rest.len();
    let event = match cursor.frequent() {
        Some(event) => event,
        None => other(line, object)?,
    };
    Some(Entry { stamped: Stamped { n, prev: prev.as_str().to_owned(), at, event }, more })
}

/// The event of which the comma at `comma` begins the fields: read, written again, and held against the line.
fn other(line: &mut [u8], comma: usize) -> Option<Event> {
    if line.get(comma) != Some(&b',') {
        return None;
    }
    line[comma] = b'{';
    let object = &line[comma..];
    let event: Option<Event> = serde_json::from_slice(object).ok();
    let event = event.filter(|event| {
        let mut same = Same(object);
        serde_json::to_writer(&mut same, event).is_ok() && same.0.is_empty()
    });
    line[comma] = b',';
    event
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

/// What is left of a line. Each method takes one part of it, in the one form in which it is written.
struct Cursor<'a> {
    rest: &'a str,
    /// Whether anything in the line is escaped.
    escapes: bool,
}

/// What follows a key that is left out where there is nothing to say.
type Item<'a, T> = fn(&mut Cursor<'a>) -> Option<T>;

impl<'a> Cursor<'a> {
    /// `None` where the line holds what is always written escaped.
    fn of(line: &'a [u8]) -> Option<Cursor<'a>> {
        let plain = line.iter().fold(true, |plain, byte| plain & (*byte >= b' '));
        let rest = std::str::from_utf8(line).ok().filter(|_| plain)?;
        Some(Cursor { rest, escapes: memchr::memchr(b'\\', line).is_some() })
    }

    /// The events of which a record is full, to the end of the line: no detour over serde, for there is only one way
    /// to write them, and it is read and checked at the same time.
    fn frequent(&mut self) -> Option<Event> {
        self.pass(",\"type\":\"")?;
        let event = if self.meets("action.started\"") {
            Event::ActionStarted(self.started()?)
        } else if self.meets("action.finished\"") {
            Event::ActionFinished(Box::new(self.finished()?))
        } else if self.meets("item.confirmed\"") {
            self.confirmed()?
        } else if self.meets("rollback.started\"") {
            Event::RollbackStarted(self.started()?)
        } else if self.meets("rollback.finished\"") {
            Event::RollbackFinished(Box::new(self.finished()?))
        } else {
            return None;
        };
        self.pass("}")?;
        self.rest.is_empty().then_some(event)
    }

    fn started(&mut self) -> Option<Started> {
        let (step, action, place, attempt, probe) = self.execution()?;
        let script = self.optional(",\"script\":", Cursor::blob)?;
        self.pass(",\"cwd\":")?;
        let cwd = self.text()?;
        let remote = self.optional(",\"remote\":", Cursor::sent_to)?;
        Some(Started { step, action, place, attempt, probe, script, cwd, remote })
    }

    fn finished(&mut self) -> Option<Finished> {
        let (step, action, place, attempt, probe) = self.execution()?;
        let outcome = self.outcome()?;
        let exit = self.optional(",\"exit\":", Cursor::code)?;
        let signal = self.optional(",\"signal\":", Cursor::code)?;
        let error = self.optional(",\"error\":", Cursor::text)?;
        self.pass(",\"duration_ms\":")?;
        let duration_ms = self.whole()?;
        Some(Finished {
            step,
            action,
            place,
            attempt,
            probe,
            outcome,
            exit,
            signal,
            error,
            duration_ms,
            output: self.optional(",\"output\":", Cursor::output)?,
            expectations: self.list(",\"expectations\":", Cursor::judged)?,
            captures: self.map(",\"captures\":", Cursor::text)?,
            files: self.map(",\"files\":", Cursor::blob)?,
            state: self.optional(",\"state\":", Cursor::blob)?,
            masked: self.map(",\"masked\":", Cursor::whole)?,
            remarks: self.list(",\"remarks\":", Cursor::text)?,
        })
    }

    fn sent_to(&mut self) -> Option<SentTo> {
        self.pass("{\"attempt\":")?;
        let attempt = self.text()?;
        self.pass(",\"boot\":")?;
        let boot = self.text()?;
        self.pass(",\"store\":")?;
        let store = self.text()?;
        self.pass("}")?;
        Some(SentTo { attempt, boot, store })
    }

    fn confirmed(&mut self) -> Option<Event> {
        let (step, action) = self.names()?;
        self.pass(",\"text\":")?;
        let text = self.text()?;
        self.pass(",\"by\":{\"who\":")?;
        let who = self.text()?;
        self.pass(",\"via\":")?;
        let via = match () {
            () if self.meets("\"terminal\"") => Via::Terminal,
            () if self.meets("\"answers\"") => Via::Answers,
            () if self.meets("\"command\"") => Via::Command,
            () => return None,
        };
        self.pass("}")?;
        Some(Event::ItemConfirmed { step, action, text, by: By { who, via } })
    }

    fn names(&mut self) -> Option<(String, String)> {
        self.pass(",\"step\":")?;
        let step = self.text()?;
        self.pass(",\"action\":")?;
        Some((step, self.text()?))
    }

    fn execution(&mut self) -> Option<(String, String, Option<String>, u32, bool)> {
        let (step, action) = self.names()?;
        let place = self.optional(",\"place\":", Cursor::text)?;
        self.pass(",\"attempt\":")?;
        let attempt = self.whole()?;
        Some((step, action, place, attempt, self.meets(",\"probe\":true")))
    }

    fn outcome(&mut self) -> Option<Outcome> {
        self.pass(",\"outcome\":")?;
        match () {
            () if self.meets("\"passed\"") => Some(Outcome::Passed),
            () if self.meets("\"failed\"") => Some(Outcome::Failed),
            () if self.meets("\"timed_out\"") => Some(Outcome::TimedOut),
            () if self.meets("\"interrupted\"") => Some(Outcome::Interrupted),
            () => None,
        }
    }

    fn output(&mut self) -> Option<Output> {
        self.pass("{\"stdout\":")?;
        let stdout = self.blob()?;
        self.pass(",\"stderr\":")?;
        let stderr = self.blob()?;
        self.pass(",\"timing\":")?;
        let timing = self.blob()?;
        self.pass("}")?;
        Some(Output { stdout, stderr, timing })
    }

    fn judged(&mut self) -> Option<Judged> {
        self.pass("{\"expected\":")?;
        let expected = self.text()?;
        let came = self.optional(",\"came\":", Cursor::text)?;
        self.pass(",\"held\":")?;
        let held = self.meets("true");
        if !held {
            self.pass("false")?;
        }
        self.pass("}")?;
        Some(Judged { expected, came, held })
    }

    fn blob(&mut self) -> Option<BlobRef> {
        self.pass("{\"sha256\":")?;
        let sha256 = self.text()?;
        self.pass(",\"bytes\":")?;
        let bytes = self.whole()?;
        self.pass("}")?;
        Some(BlobRef { sha256, bytes })
    }

    /// Passes over what must stand here.
    fn pass(&mut self, what: &str) -> Option<()> {
        self.rest = self.rest.strip_prefix(what)?;
        Some(())
    }

    /// Passes over what may stand here, and says whether it does.
    fn meets(&mut self, what: &str) -> bool {
        self.pass(what).is_some()
    }

    fn optional<T>(&mut self, key: &str, item: Item<'a, T>) -> Option<Option<T>> {
        if self.meets(key) { item(self).map(Some) } else { Some(None) }
    }

    /// An empty list is not written.
    fn list<T>(&mut self, key: &str, item: Item<'a, T>) -> Option<Vec<T>> {
        let mut list = Vec::new();
        if !self.meets(key) {
            return Some(list);
        }
        self.pass("[")?;
        loop {
            list.push(item(self)?);
            if self.meets("]") {
                return Some(list);
            }
            self.pass(",")?;
        }
    }

    /// An empty map is not written; the keys of one stand in order, and each once.
    fn map<T>(&mut self, key: &str, item: Item<'a, T>) -> Option<BTreeMap<String, T>> {
        let mut map = BTreeMap::new();
        if !self.meets(key) {
            return Some(map);
        }
        self.pass("{")?;
        loop {
            let name = self.text()?;
            if map.last_key_value().is_some_and(|(last, _)| *last >= name) {
                return None;
            }
            self.pass(":")?;
            map.insert(name, item(self)?);
            if self.meets("}") {
                return Some(map);
            }
            self.pass(",")?;
        }
    }

    fn text(&mut self) -> Option<String> {
        self.pass("\"")?;
        if self.escapes {
            return self.escaped();
        }
        let (text, rest) = self.rest.split_at_checked(memchr::memchr(b'"', self.rest.as_bytes())?)?;
        self.rest = &rest[1..];
        Some(text.to_owned())
    }

    /// The rest of a text, in which the common escapes may stand.
    fn escaped(&mut self) -> Option<String> {
        let mut text = String::new();
        loop {
            let at = memchr::memchr2(b'"', b'\\', self.rest.as_bytes())?;
            let (plain, rest) = self.rest.split_at_checked(at)?;
            text.push_str(plain);
            if let Some(rest) = rest.strip_prefix('"') {
                self.rest = rest;
                return Some(text);
            }
            let mut rest = rest[1..].chars();
            text.push(match rest.next()? {
                same @ ('"' | '\\') => same,
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'b' => '\u{8}',
                'f' => '\u{c}',
                _ => return None,
            });
            self.rest = rest.as_str();
        }
    }

    fn whole<T: TryFrom<u64>>(&mut self) -> Option<T> {
        let digits = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = self.rest.split_at_checked(digits)?;
        if number.starts_with('0') && digits > 1 {
            return None;
        }
        let mut whole = 0_u64;
        for digit in number.bytes() {
            whole = whole.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?;
        }
        self.rest = rest;
        (digits > 0).then_some(whole).and_then(|whole| T::try_from(whole).ok())
    }

    fn code(&mut self) -> Option<i32> {
        let negative = self.meets("-");
        let code: i64 = self.whole::<u32>()?.into();
        match negative {
            true if code == 0 => None,
            true => i32::try_from(-code).ok(),
            false => i32::try_from(code).ok(),
        }
    }

    fn time(&mut self) -> Option<Timestamp> {
        let (time, rest) = self.rest.split_at_checked(WRITTEN_TIME)?;
        self.rest = rest;
        written_time(time.as_bytes().try_into().ok()?)
    }
}

/// Length of a time as it is written, `2026-11-23T14:34:05.123456Z`.
const WRITTEN_TIME: usize = 27;

/// A time as it is written; `None` for any other.
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

#[cfg(test)]
#[path = "written_tests.rs"]
mod tests;
