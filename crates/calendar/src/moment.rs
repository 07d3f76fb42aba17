//! Dates and times as calendars write them.

use icalendar::parser::Property;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

/// When an event is: a day, or a time of a clock in a zone.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Moment {
    /// A day has midnight.
    pub(crate) civil: DateTime,
    pub(crate) zone: TimeZone,
    pub(crate) is_day: bool,
}

impl Moment {
    /// All that a property tells, separated by commas.
    pub(crate) fn all(property: &Property<'_>, zone: Option<&str>) -> Result<Vec<Moment>, String> {
        let param = |wanted: &str| {
            let mut found = property.params.iter();
            let found = found.find(|param| param.key.as_str().eq_ignore_ascii_case(wanted));
            found.map(|param| param.val.as_ref().map_or("", |val| val.as_str()).trim_matches('"').to_owned())
        };
        let (kind, own) = (param("VALUE"), param("TZID"));
        let moment = |text: &str| {
            let moment = Moment::read(text, own.as_deref(), zone)?;
            match kind.as_deref().map(str::to_ascii_uppercase).as_deref() {
                None => Ok(moment),
                Some("DATE") if moment.is_day => Ok(moment),
                Some("DATE-TIME") if !moment.is_day => Ok(moment),
                Some(other) => Err(format!("`{text}` is no {other} that can be followed")),
            }
        };
        property.val.as_str().split(',').map(moment).collect()
    }

    fn read(text: &str, own: Option<&str>, zone: Option<&str>) -> Result<Moment, String> {
        let none = || format!("`{text}` is no date or time");
        let (date, time) = match text.split_once('T') {
            None => (text, None),
            Some((date, time)) => (date, Some(time)),
        };
        let date = digits(date, &[4, 2, 2]).and_then(|parts| {
            let day = (i16::try_from(parts[0]), i8::try_from(parts[1]), i8::try_from(parts[2]));
            Date::new(day.0.ok()?, day.1.ok()?, day.2.ok()?).ok()
        });
        let date = date.filter(|date| (1970..=2200).contains(&date.year())).ok_or_else(none)?;
        let zoned = |zone: Option<&str>| match zone {
            None => Err(format!("`{text}` is in no time zone, and the calendar has none (X-WR-TIMEZONE)")),
            Some(name) => holdpoint_model::zone(name).map_err(|why| why.words()),
        };
        let Some(time) = time else {
            return Ok(Moment {
                civil: date.to_datetime(Time::midnight()),
                zone: zoned(zone)?,
                is_day: true,
            });
        };
        let (time, utc) = match time.strip_suffix('Z') {
            Some(time) => (time, true),
            None => (time, false),
        };
        let time = digits(time, &[2, 2, 2]).and_then(|parts| {
            let time = (i8::try_from(parts[0]), i8::try_from(parts[1]), i8::try_from(parts[2]));
            Time::new(time.0.ok()?, time.1.ok()?, time.2.ok()?, 0).ok()
        });
        let civil = date.to_datetime(time.ok_or_else(none)?);
        let zone = match (utc, own) {
            (true, None) => TimeZone::UTC,
            (true, Some(_)) => return Err(format!("`{text}` is in two time zones")),
            (false, own) => zoned(own.or(zone))?,
        };
        Ok(Moment { civil, zone, is_day: false })
    }

    /// When that is. A time that a clock leaves out is as much later.
    pub(crate) fn timestamp(&self) -> Result<Timestamp, String> {
        let found = self.zone.to_timestamp(self.civil);
        found.map_err(|_| format!("`{}` is out of all time", self.civil))
    }

    /// The same time, as a clock in another zone shows it.
    pub(crate) fn civil_in(&self, zone: &TimeZone) -> Result<DateTime, String> {
        Ok(zone.to_datetime(self.timestamp()?))
    }
}

/// Numbers of so many digits each, and nothing else.
fn digits(text: &str, lengths: &[usize]) -> Option<Vec<u16>> {
    if text.len() != lengths.iter().sum::<usize>() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (mut at, mut parts) = (0, Vec::new());
    for length in lengths {
        parts.push(text[at..at + length].parse().ok()?);
        at += length;
    }
    Some(parts)
}
