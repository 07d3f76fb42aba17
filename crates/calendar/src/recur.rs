//! Rules by which an event comes again. Days of a clock are followed, whatever the zone: each is put into it afterwards.

use std::collections::BTreeSet;

use chrono::{DateTime as ChronoTime, TimeZone as _};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use rrule::{RRuleSet, Tz};

use crate::moment::Moment;

/// A rule of more characters is not read.
const RULE: usize = 500;

/// So many times one event may be in the time that is asked for.
const TIMES: u16 = 2000;

/// What a rule may be made of: nothing that comes more than once a day, which would take for ever to follow.
const PARTS: [&str; 11] = [
    "FREQ",
    "INTERVAL",
    "COUNT",
    "UNTIL",
    "BYDAY",
    "BYMONTH",
    "BYMONTHDAY",
    "BYYEARDAY",
    "BYWEEKNO",
    "BYSETPOS",
    "WKST",
];

/// When an event is again that is first at `start`, as its own clock shows it.
pub(crate) fn followed(
    rule: &str,
    start: &Moment,
    (first, last): (DateTime, DateTime),
) -> Result<Vec<DateTime>, String> {
    let rule = checked(rule, start)?;
    let text = format!("DTSTART:{}Z\nRRULE:{rule}", written(start.civil));
    let unread = |_| format!("its RRULE cannot be followed: {rule}");
    let set: RRuleSet = text.parse().map_err(unread)?;
    let (Some(first), Some(last)) = (foreign(first), foreign(last)) else {
        return Err("it is out of all time".to_owned());
    };
    let found = set.after(first).before(last).all(TIMES);
    if found.limited {
        return Err(format!("its RRULE cannot be followed so far: {rule}"));
    }
    found.dates.into_iter().map(|date| ours(&date)).collect()
}

/// The rule, where all of it is known: with its end as the event's own clock shows it.
fn checked(rule: &str, start: &Moment) -> Result<String, String> {
    if rule.len() > RULE {
        return Err("its RRULE is too long".to_owned());
    }
    // RFC 5545, section 3.3.10, knows no other letters; the library that follows the rule cuts texts at bytes.
    if !rule.is_ascii() {
        return Err("its RRULE has letters that no rule has".to_owned());
    }
    let mut seen = BTreeSet::new();
    let mut parts = Vec::new();
    for part in rule.split(';') {
        let (key, value) = part.split_once('=').ok_or_else(|| format!("its RRULE has `{part}`"))?;
        let key = key.to_ascii_uppercase();
        let known = PARTS.contains(&key.as_str());
        let often = key == "FREQ" && !["YEARLY", "MONTHLY", "WEEKLY", "DAILY"].contains(&value);
        if !known || often {
            return Err(format!("its RRULE has {part}, which is not followed"));
        }
        if !seen.insert(key.clone()) {
            return Err(format!("its RRULE has two {key}"));
        }
        let value = if key == "UNTIL" { until(value, start)? } else { value.to_owned() };
        parts.push(format!("{key}={value}"));
    }
    Ok(parts.join(";"))
}

/// The end of a rule, on the event's own clock. A day is the whole day.
fn until(value: &str, start: &Moment) -> Result<String, String> {
    let property = icalendar::parser::Property::new_ref("UNTIL", value);
    // What has no zone is in that of the event.
    let zone = start.zone.iana_name().unwrap_or("UTC");
    let all = Moment::all(&property, Some(zone))?;
    let [end] = all.as_slice() else { return Err("its RRULE has no one UNTIL".to_owned()) };
    let civil = match end.is_day {
        true => end.civil.date().at(23, 59, 59, 0),
        false => end.civil_in(&start.zone)?,
    };
    Ok(format!("{}Z", written(civil.max(start.civil))))
}

fn written(civil: DateTime) -> String {
    civil.strftime("%Y%m%dT%H%M%S").to_string()
}

/// A clock's time as if it were UTC's, for who follows rules.
fn foreign(civil: DateTime) -> Option<ChronoTime<Tz>> {
    let second = TimeZone::UTC.to_timestamp(civil).ok()?.as_second();
    Tz::UTC.timestamp_opt(second, 0).single()
}

fn ours(date: &ChronoTime<Tz>) -> Result<DateTime, String> {
    let at =
        jiff::Timestamp::from_second(date.timestamp()).map_err(|_| "it is out of all time".to_owned())?;
    Ok(TimeZone::UTC.to_datetime(at))
}
