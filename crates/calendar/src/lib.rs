//! Calendars of somebody else's making: an iCalendar file (RFC 5545) to the times that its events take, recurring ones
//! followed as far as they are asked for.
//!
//! Whatever cannot be followed is an error: an event that is passed over would be a time in which something is changed that
//! was not to be.

mod busy;
mod event;
mod moment;
mod recur;

use icalendar::parser::{Component, read_components, unfold};
use jiff::Timestamp;

pub use busy::Busy;
use event::Event;

/// A file of more bytes is not read.
pub const LONGEST: usize = 256 * 1024;

/// So many events are read.
const EVENTS: usize = 2000;

/// So many of them may recur, each of which takes its time to be followed.
const RECURRING: usize = 20;

/// So many times are told, those that touch one another counted once.
const TIMES: usize = 2000;

/// Components within one another: a calendar, an event, an alarm.
const DEPTH: usize = 3;

/// The times that a calendar's events take from a moment on until another one, in order, none touching another. `zone` is
/// that of days and of times without one; where it is not given, the calendar's own (`X-WR-TIMEZONE`).
///
/// An event that is cancelled takes no time. One that is shown as free takes it all the same: programs show days so.
///
/// # Errors
/// Why the calendar is none, or cannot be followed, in words.
pub fn busy(
    bytes: &[u8],
    zone: Option<&str>,
    (from, until): (Timestamp, Timestamp),
) -> Result<Vec<Busy>, String> {
    if bytes.len() > LONGEST {
        return Err(format!("it is longer than {LONGEST} bytes"));
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|error| format!("it is not UTF-8, from byte {} on", error.valid_up_to()))?;
    let text = unfold(text);
    written(&text)?;
    let begun = begun(&text)?;
    let roots = read_components(&text).map_err(|_| "it is not written as a calendar is".to_owned())?;
    if roots.iter().map(count).sum::<usize>() != begun {
        return Err("not all of it is written as a calendar is".to_owned());
    }
    let mut times = Vec::new();
    let (mut events, mut recurring) = (0, 0);
    for root in &roots {
        if !is(root, "VCALENDAR") {
            return Err(format!("it begins with {}, and a calendar with VCALENDAR", root.name));
        }
        let own = event::text_of(root, "X-WR-TIMEZONE")?;
        let zone = zone.or(own.as_deref());
        for component in &root.components {
            if is(component, "VTIMEZONE") {
                continue;
            }
            if !is(component, "VEVENT") {
                return Err(format!("it has a {}, of which nobody knows when it is", component.name));
            }
            events += 1;
            let Some(event) = Event::read(component, zone)? else { continue };
            recurring += usize::from(event.recurs());
            if events > EVENTS || recurring > RECURRING {
                return Err(format!("it has more than {EVENTS} events, or {RECURRING} that recur"));
            }
            times.extend(event.times(from, until)?);
        }
    }
    let times = joined(times);
    if times.len() > TIMES {
        return Err(format!("its events take more than {TIMES} times"));
    }
    Ok(times)
}

/// Refuses a line that is no property, which the reader passes over: it may be what is left of one.
fn written(text: &str) -> Result<(), String> {
    let is_name = |name: &str| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    for line in text.lines().map(str::trim_end).filter(|line| !line.is_empty()) {
        let name = line.split([';', ':']).next().unwrap_or_default();
        if !is_name(name) || !line.contains(':') {
            let shown: String = line.chars().filter(|c| !c.is_control()).take(40).collect();
            return Err(format!("`{shown}` is no line of a calendar"));
        }
    }
    Ok(())
}

/// How many components begin; refuses what nests deeper than any calendar does.
fn begun(text: &str) -> Result<usize, String> {
    let (mut all, mut depth) = (0, 0_usize);
    for line in text.lines() {
        let word = |word: &str| line.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
        if word("BEGIN:") {
            all += 1;
            depth += 1;
        } else if word("END:") {
            depth = depth.saturating_sub(1);
        }
        if depth > DEPTH {
            return Err(format!("its parts nest more than {DEPTH} deep"));
        }
    }
    Ok(all)
}

fn count(component: &Component<'_>) -> usize {
    1 + component.components.iter().map(count).sum::<usize>()
}

fn is(component: &Component<'_>, name: &str) -> bool {
    component.name.as_str().eq_ignore_ascii_case(name)
}

/// In order, those that touch made one.
fn joined(mut times: Vec<Busy>) -> Vec<Busy> {
    times.sort_by(|a, b| (a.from, a.to, &a.what).cmp(&(b.from, b.to, &b.what)));
    let mut joined: Vec<Busy> = Vec::with_capacity(times.len());
    for time in times {
        match joined.last_mut() {
            Some(last) if time.from <= last.to => last.to = last.to.max(time.to),
            _ => joined.push(time),
        }
    }
    joined
}
