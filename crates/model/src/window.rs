//! Times of the week in which something may be changed.

use std::fmt;

use jiff::civil::Weekday;
use jiff::tz::{Offset, TimeZone, TimeZoneDatabase};
use serde::{Serialize, Serializer};

/// A part of the week, as a clock on the wall shows it in a time zone. It may go over midnight and over the week's end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// When it begins.
    pub from: WeekMinute,
    /// The first minute that is outside again.
    pub to: WeekMinute,
    /// The zone's IANA name, exactly as the database writes it.
    pub zone: String,
}

/// A minute of the week, counted from Monday 00:00.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WeekMinute(u16);

const DAY: u16 = 24 * 60;

const DAYS: [(&str, Weekday); 7] = [
    ("Mon", Weekday::Monday),
    ("Tue", Weekday::Tuesday),
    ("Wed", Weekday::Wednesday),
    ("Thu", Weekday::Thursday),
    ("Fri", Weekday::Friday),
    ("Sat", Weekday::Saturday),
    ("Sun", Weekday::Sunday),
];

impl WeekMinute {
    /// This time of this day.
    pub fn of(day: Weekday, time: jiff::civil::Time) -> WeekMinute {
        let days = u16::from(day.to_monday_zero_offset().unsigned_abs());
        let (hour, minute) = (time.hour().unsigned_abs(), time.minute().unsigned_abs());
        WeekMinute(days * DAY + u16::from(hour) * 60 + u16::from(minute))
    }

    /// The day of the week.
    pub fn day(self) -> Weekday {
        DAYS[usize::from(self.0 / DAY)].1
    }

    /// The time of that day.
    pub fn time(self) -> jiff::civil::Time {
        let minute = self.0 % DAY;
        // Always a time of the day, so that nothing else is ever made of it.
        let (hour, minute) = (i8::try_from(minute / 60), i8::try_from(minute % 60));
        jiff::civil::Time::new(hour.unwrap_or(0), minute.unwrap_or(0), 0, 0).unwrap_or_default()
    }
}

impl fmt::Display for WeekMinute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = DAYS[usize::from(self.0 / DAY)].0;
        let minute = self.0 % DAY;
        write!(f, "{day} {:02}:{:02}", minute / 60, minute % 60)
    }
}

impl fmt::Display for Window {
    /// As [`Window::parse`] reads it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{} {}", self.from, self.to, self.zone)
    }
}

impl Serialize for Window {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Window {
    /// How a window is written, for help lines.
    pub const FORM: &str = "write it as \"Tue 22:00..Wed 02:00 Europe/Berlin\"";

    /// Reads a window: `Tue 22:00..Wed 02:00 Europe/Berlin`, and nothing that only looks like one.
    ///
    /// # Errors
    /// Why it is none.
    pub fn parse(text: &str) -> Result<Window, NoTime> {
        let none = || NoTime::Form(format!("`{text}` is no window"));
        let (from, rest) = text.split_once("..").ok_or_else(none)?;
        let mut parts = rest.splitn(3, ' ');
        let (Some(day), Some(time), Some(zone)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(none());
        };
        let (from_day, from_time) = from.split_once(' ').ok_or_else(none)?;
        let (from, to) = (week_minute(from_day, from_time)?, week_minute(day, time)?);
        self::zone(zone)?;
        if from == to {
            return Err(NoTime::Empty(format!("the window ends when it begins, {from}")));
        }
        Ok(Window { from, to, zone: zone.to_owned() })
    }

    /// Whether this minute is in it.
    pub fn holds(&self, minute: WeekMinute) -> bool {
        let Window { from, to, .. } = *self;
        if from < to { from <= minute && minute < to } else { from <= minute || minute < to }
    }
}

/// The earliest time at which a step may begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotBefore {
    /// A moment; as it is written, and which one it is.
    Moment(String, jiff::Timestamp),
    /// The first time after the run opened at which a clock shows this.
    Clock(jiff::civil::Time, String),
}

impl NotBefore {
    /// How it is written, for help lines.
    pub const FORM: &str = "write it as 22:00 Europe/Berlin, or as 2027-01-05T22:00:00+01:00";

    /// Reads `22:00 Europe/Berlin` or `2027-01-05T22:00:00+01:00`.
    ///
    /// # Errors
    /// Why it is neither.
    pub fn parse(text: &str) -> Result<NotBefore, NoTime> {
        let none = || NoTime::Form(format!("`{text}` is no time with a zone"));
        if let Some((time, name)) = text.split_once(' ') {
            let time = time_of_day(time)?;
            zone(name)?;
            return Ok(NotBefore::Clock(time, name.to_owned()));
        }
        // The shape is held here, for more is read as a time than RFC 3339 names.
        let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        let offsets = ["Z", "+00:00", "-00:00"];
        if !offsets.iter().any(|offset| shape == format!("0000-00-00T00:00:00{offset}")) {
            return Err(none());
        }
        text.parse().map(|moment| NotBefore::Moment(text.to_owned(), moment)).map_err(|_| none())
    }
}

impl fmt::Display for NotBefore {
    /// As [`NotBefore::parse`] reads it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotBefore::Moment(text, _) => f.write_str(text),
            NotBefore::Clock(time, zone) => write!(f, "{} {zone}", time.strftime("%H:%M")),
        }
    }
}

impl Serialize for NotBefore {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Why a text is no window, or no time with a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoTime {
    /// It is written otherwise.
    Form(String),
    /// There is no such day of the week, which is given.
    Day(String),
    /// There is no such time of the day.
    Time(String),
    /// There is no time zone of this name.
    Zone(String),
    /// There is no time in it.
    Empty(String),
}

impl NoTime {
    /// What is wrong, in words.
    pub fn words(&self) -> String {
        match self {
            NoTime::Form(why) | NoTime::Empty(why) => why.clone(),
            NoTime::Day(day) => format!("`{day}` is no day of the week"),
            NoTime::Time(time) => format!("`{time}` is no time of the day"),
            NoTime::Zone(zone) => format!("there is no time zone `{zone}`"),
        }
    }
}

fn week_minute(day: &str, time: &str) -> Result<WeekMinute, NoTime> {
    let found = DAYS.iter().find(|(name, _)| *name == day);
    let (_, weekday) = found.ok_or_else(|| NoTime::Day(day.to_owned()))?;
    Ok(WeekMinute::of(*weekday, time_of_day(time)?))
}

/// Reads `22:00`, always with two digits each.
///
/// # Errors
/// It is no time of the day.
pub fn time_of_day(text: &str) -> Result<jiff::civil::Time, NoTime> {
    let two = |part: &str| match part.as_bytes() {
        [a, b] if a.is_ascii_digit() && b.is_ascii_digit() => part.parse::<i8>().ok(),
        _ => None,
    };
    let time = text.split_once(':').and_then(|(hour, minute)| Some((two(hour)?, two(minute)?)));
    let time = time.and_then(|(hour, minute)| jiff::civil::Time::new(hour, minute, 0, 0).ok());
    time.ok_or_else(|| NoTime::Time(text.to_owned()))
}

/// The days of the week, as windows write them.
pub fn weekdays() -> Vec<&'static str> {
    DAYS.iter().map(|(name, _)| *name).collect()
}

/// The time zone of exactly this IANA name, by the database that this program brings along: what a record was judged by
/// does not hang on the machine that reads it.
///
/// # Errors
/// There is none of this name.
pub fn zone(name: &str) -> Result<TimeZone, NoTime> {
    let none = || NoTime::Zone(name.to_owned());
    // The database takes any case, and other programs do not.
    let zone = TimeZoneDatabase::bundled().get(name).map_err(|_| none())?;
    if zone.iana_name() == Some(name) { Ok(zone) } else { Err(none()) }
}

/// The time zone that a record names: by its IANA name, as [`zone`], or how far it is ahead of UTC, as `+03` and `-03:30`.
///
/// # Errors
/// It is neither.
pub fn recorded_zone(name: &str) -> Result<TimeZone, NoTime> {
    let Some(offset) = name.strip_prefix(['+', '-']) else { return zone(name) };
    let none = || NoTime::Zone(name.to_owned());
    let number = |text: &str, below: i32| {
        let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse().ok()).flatten().filter(|number: &i32| *number < below)
    };
    let (hours, minutes) = offset.split_once(':').unwrap_or((offset, "00"));
    let ahead =
        number(hours, 24).zip(number(minutes, 60)).map(|(hours, minutes)| hours * 3600 + minutes * 60);
    let ahead = ahead.ok_or_else(none)?;
    let offset = Offset::from_seconds(if name.starts_with('-') { -ahead } else { ahead });
    offset.map(Offset::to_time_zone).map_err(|_| none())
}

/// The names of all time zones.
pub fn zones() -> Vec<String> {
    TimeZoneDatabase::bundled().available().map(|name| name.as_str().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recorded_zone_is_a_name_of_the_data_base_or_an_offset() {
        for name in ["UTC", "Etc/UTC", "Europe/Berlin", "CET", "+00", "+05:45", "-03:30"] {
            assert!(recorded_zone(name).is_ok(), "{name}");
        }
        for name in [
            "",
            "utc",
            "right/UTC",
            "posix/UTC",
            "localtime",
            "posixrules",
            "Mars/Olympus",
            "Z",
            "+3",
            "+0300",
            "+24",
            "+03:60",
            "+03:00:00",
            "03:00",
            "CET-1CEST",
            "EST5EDT,M3.2.0,M11.1.0",
        ] {
            assert!(recorded_zone(name).is_err(), "{name}");
        }
    }

    #[test]
    fn a_window_is_written_as_it_is_read() {
        for text in [
            "Tue 22:00..Wed 02:00 Europe/Berlin",
            "Sat 00:00..Mon 00:00 UTC",
            "Sun 23:30..Sun 04:00 Asia/Kolkata",
        ] {
            assert_eq!(Window::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_only_looks_like_a_window_is_none() {
        let cases = [
            ("Tu 22:00..Wed 02:00 Europe/Berlin", "`Tu` is no day of the week"),
            ("tue 22:00..Wed 02:00 Europe/Berlin", "`tue` is no day of the week"),
            ("Tuesday 22:00..Wed 02:00 Europe/Berlin", "`Tuesday` is no day of the week"),
            ("Tue 25:00..Wed 02:00 Europe/Berlin", "`25:00` is no time of the day"),
            ("Tue 24:00..Wed 02:00 Europe/Berlin", "`24:00` is no time of the day"),
            ("Tue 2:00..Wed 02:00 Europe/Berlin", "`2:00` is no time of the day"),
            ("Tue 22:00:00..Wed 02:00 Europe/Berlin", "`22:00:00` is no time of the day"),
            ("Tue +2:00..Wed 02:00 Europe/Berlin", "`+2:00` is no time of the day"),
            ("Tue 22:00..Wed 02:00 Europe/Berlim", "there is no time zone `Europe/Berlim`"),
            ("Tue 22:00..Wed 02:00 europe/berlin", "there is no time zone `europe/berlin`"),
            ("Tue 22:00..Wed 02:00 +01:00", "there is no time zone `+01:00`"),
            ("Tue 22:00..Wed 02:00 Europe/Berlin ", "there is no time zone `Europe/Berlin `"),
            ("Tue 22:00..Wed 02:00", "`Tue 22:00..Wed 02:00` is no window"),
            ("Tue 22:00-Wed 02:00 UTC", "`Tue 22:00-Wed 02:00 UTC` is no window"),
            ("Tue 22:00 .. Wed 02:00 UTC", "`22:00 ` is no time of the day"),
            ("Tue 22:00..Tue 22:00 UTC", "the window ends when it begins, Tue 22:00"),
            ("", "`` is no window"),
        ];
        for (text, why) in cases {
            assert_eq!(Window::parse(text).unwrap_err().words(), why);
        }
    }

    #[test]
    fn a_window_goes_over_midnight_and_over_the_weeks_end() {
        let minute = |text: &str| week_minute(&text[..3], &text[4..]).unwrap();
        let over_midnight = Window::parse("Tue 22:00..Wed 02:00 UTC").unwrap();
        let over_the_end = Window::parse("Sat 22:00..Mon 05:00 UTC").unwrap();
        let cases = [
            (&over_midnight, "Tue 21:59", false),
            (&over_midnight, "Tue 22:00", true),
            (&over_midnight, "Wed 01:59", true),
            (&over_midnight, "Wed 02:00", false),
            (&over_midnight, "Sun 23:00", false),
            (&over_the_end, "Sat 21:59", false),
            (&over_the_end, "Sun 12:00", true),
            (&over_the_end, "Mon 04:59", true),
            (&over_the_end, "Mon 05:00", false),
            (&over_the_end, "Wed 12:00", false),
        ];
        for (window, at, holds) in cases {
            assert_eq!(window.holds(minute(at)), holds, "{window}: {at}");
        }
    }
}
