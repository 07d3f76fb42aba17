//! Calendars as people and programs write them, and as somebody does who means harm.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::time::Instant;

use holdpoint_calendar::{Busy, busy};
use jiff::Timestamp;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn calendar(events: &str) -> String {
    let events = events.trim().replace('\n', "\r\n");
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n{events}\r\nEND:VCALENDAR\r\n")
}

fn event(lines: &str) -> String {
    calendar(&format!("BEGIN:VEVENT\nUID:1\nDTSTAMP:20270101T000000Z\nSUMMARY:Freeze\n{lines}\nEND:VEVENT"))
}

/// What is taken in 2027, in Berlin where no zone is said.
fn taken(text: &str) -> Result<Vec<(String, String)>, String> {
    let year = (at("2027-01-01T00:00:00Z"), at("2028-01-01T00:00:00Z"));
    let times = busy(text.as_bytes(), Some("Europe/Berlin"), year)?;
    Ok(times.into_iter().map(|Busy { from, to, .. }| (from.to_string(), to.to_string())).collect())
}

#[track_caller]
fn takes(text: &str, expected: &[(&str, &str)]) {
    let expected: Vec<(String, String)> =
        expected.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect();
    assert_eq!(taken(text).unwrap(), expected, "{text}");
}

#[test]
fn days_and_times_are_those_of_their_zone() {
    let christmas = &[("2027-12-23T23:00:00Z", "2027-12-26T23:00:00Z")];
    takes(&event("DTSTART;VALUE=DATE:20271224\nDTEND;VALUE=DATE:20271227"), christmas);
    takes(&event("DTSTART;VALUE=DATE:20271224\nDURATION:P3D"), christmas);
    takes(&event("DTSTART:20271224\nDTEND:20271227"), christmas);
    takes(&event("DTSTART;VALUE=DATE:20270701"), &[("2027-06-30T22:00:00Z", "2027-07-01T22:00:00Z")]);
    let evening = &[("2027-07-01T17:00:00Z", "2027-07-01T19:30:00Z")];
    takes(&event("DTSTART:20270701T170000Z\nDTEND:20270701T193000Z"), evening);
    takes(&event("DTSTART:20270701T190000\nDURATION:PT2H30M"), evening);
    takes(
        &event("DTSTART;TZID=America/New_York:20270701T130000\nDTEND;TZID=\"Europe/Berlin\":20270701T213000"),
        evening,
    );
    // The day of the change to summer time has 23 hours.
    takes(&event("DTSTART;VALUE=DATE:20270328"), &[("2027-03-27T23:00:00Z", "2027-03-28T22:00:00Z")]);
    // One that was under way at the beginning, and one that is over.
    takes(
        &event("DTSTART:20261231T220000Z\nDTEND:20270101T010000Z"),
        &[("2026-12-31T22:00:00Z", "2027-01-01T01:00:00Z")],
    );
    takes(&event("DTSTART:20261231T220000Z\nDTEND:20270101T000000Z"), &[]);
}

#[test]
fn what_recurs_is_followed_on_the_clock_of_its_zone() {
    takes(
        &event("DTSTART:20270327T220000\nDTEND:20270327T230000\nRRULE:FREQ=DAILY;COUNT=3"),
        &[
            ("2027-03-27T21:00:00Z", "2027-03-27T22:00:00Z"),
            ("2027-03-28T20:00:00Z", "2027-03-28T21:00:00Z"),
            ("2027-03-29T20:00:00Z", "2027-03-29T21:00:00Z"),
        ],
    );
    // Every last Friday of a quarter, from years ago, but for one; and one day more.
    takes(
        &event(
            "DTSTART;VALUE=DATE:20200327\nRRULE:FREQ=YEARLY;BYMONTH=3,6,9,12;BYDAY=-1FR\nEXDATE;VALUE=DATE:20270625\nRDATE;VALUE=DATE:20271111",
        ),
        &[
            ("2027-03-25T23:00:00Z", "2027-03-26T23:00:00Z"),
            ("2027-09-23T22:00:00Z", "2027-09-24T22:00:00Z"),
            ("2027-11-10T23:00:00Z", "2027-11-11T23:00:00Z"),
            ("2027-12-30T23:00:00Z", "2027-12-31T23:00:00Z"),
        ],
    );
    for until in ["20270103", "20270103T050000Z", "20270103T060000"] {
        let rule = format!("DTSTART:20270101T060000\nDURATION:PT1H\nRRULE:FREQ=DAILY;UNTIL={until}");
        let days: Vec<String> = taken(&event(&rule)).unwrap().into_iter().map(|(from, _)| from).collect();
        assert_eq!(days, ["2027-01-01T05:00:00Z", "2027-01-02T05:00:00Z", "2027-01-03T05:00:00Z"], "{until}");
    }
    // Nights that go over into one another are one time.
    takes(
        &event("DTSTART:20270101T000000Z\nDURATION:P1D\nRRULE:FREQ=DAILY;UNTIL=20270131T000000Z"),
        &[("2027-01-01T00:00:00Z", "2027-02-01T00:00:00Z")],
    );
}

#[test]
fn an_event_that_is_cancelled_takes_no_time_and_one_that_is_shown_as_free_does() {
    takes(&event("DTSTART:20270701T170000Z\nDTEND:20270701T193000Z\nSTATUS:CANCELLED"), &[]);
    takes(
        &event("DTSTART:20270701T170000Z\nDTEND:20270701T193000Z\nTRANSP:TRANSPARENT\nSTATUS:TENTATIVE"),
        &[("2027-07-01T17:00:00Z", "2027-07-01T19:30:00Z")],
    );
}

#[test]
fn a_calendar_may_name_its_own_zone_and_has_a_title_for_each_time() {
    let text = calendar(
        "X-WR-TIMEZONE:Asia/Kolkata\nBEGIN:VTIMEZONE\nTZID:Asia/Kolkata\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0530\nTZOFFSETTO:+0530\nEND:STANDARD\nEND:VTIMEZONE\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20270701\nSUMMARY:Audit\\, \n all day\\nlong\nBEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT15M\nEND:VALARM\nEND:VEVENT",
    );
    let times =
        busy(text.as_bytes(), None, (at("2027-01-01T00:00:00Z"), at("2028-01-01T00:00:00Z"))).unwrap();
    assert_eq!(times.len(), 1);
    assert_eq!((times[0].from, times[0].what.as_str()), (at("2027-06-30T18:30:00Z"), "Audit, all day long"));
}

#[test]
fn whatever_cannot_be_followed_is_an_error_and_no_free_time() {
    let dated = |more: &str| event(&format!("DTSTART:20270701T170000Z\nDTEND:20270701T193000Z\n{more}"));
    let cases = [
        (String::new(), "is"),
        ("nothing of the kind".to_owned(), "is"),
        (event("DTEND:20270701T193000Z"), "it has no DTSTART"),
        (dated("RRULE:FREQ=WEEKLY;BYDAY=A\u{2028}X"), "letters that no rule has"),
        (event("DTSTART:20270701T170000Z"), "it has no end"),
        (event("DTSTART:20270701T170000Z\nDTEND:20270701T170000Z"), "does not end after it begins"),
        (event("DTSTART:20270701T170000Z\nDURATION:-PT1H"), "is no DURATION"),
        (event("DTSTART:20270701T170000Z\nDTEND:20270701T180000Z\nDURATION:PT1H"), "a DTEND and a DURATION"),
        (event("DTSTART:20270701\nDTEND:20270701T193000Z"), "begins with a day and ends with a time"),
        (event("DTSTART:20270732\nDTEND:20270802"), "is no date or time"),
        (event("DTSTART:20270701T250000Z\nDURATION:PT1H"), "is no date or time"),
        (
            event("DTSTART;TZID=W. Europe Standard Time:20270701T170000\nDURATION:PT1H"),
            "no time zone `W. Europe Standard Time`",
        ),
        (event("DTSTART;TZID=europe/berlin:20270701T170000\nDURATION:PT1H"), "no time zone"),
        (event("DTSTART;TZID=Europe/Berlin:20270701T170000Z\nDURATION:PT1H"), "two time zones"),
        (event("DTSTART:20270701T170000Z\nDTSTART:20270801T170000Z\nDURATION:PT1H"), "two DTSTART"),
        (dated("RRULE:FREQ=HOURLY"), "FREQ=HOURLY, which is not followed"),
        (dated("RRULE:FREQ=SECONDLY;INTERVAL=1"), "which is not followed"),
        (dated("RRULE:FREQ=DAILY;BYHOUR=1,2,3"), "BYHOUR=1,2,3, which is not followed"),
        (dated("RRULE:FREQ=DAILY;FREQ=WEEKLY"), "two FREQ"),
        (dated("RRULE:FREQ=DAILI"), "which is not followed"),
        (dated("RRULE:INTERVAL=2"), "cannot be followed"),
        (dated("RRULE:FREQ=DAILY;BYDAY=XX"), "cannot be followed"),
        (dated("RRULE:FREQ=DAILY;UNTIL=soon"), "is no date or time"),
        (dated("RRULE:"), "its RRULE has ``"),
        (dated("RRULE:FREQ=DAILY\nRRULE:FREQ=DAILY"), "two RRULE"),
        (dated("EXRULE:FREQ=DAILY"), "EXRULE is not followed"),
        (dated("RDATE;VALUE=PERIOD:20270801T170000Z/PT1H"), "is no"),
        (dated("EXDATE;VALUE=DATE:20270701"), "not written as its DTSTART"),
        (calendar("BEGIN:VTODO\nSUMMARY:Change nothing\nDUE:20270701T170000Z\nEND:VTODO"), "VTODO"),
        (calendar("BEGIN:VJOURNAL\nSUMMARY:Changed nothing\nEND:VJOURNAL"), "VJOURNAL"),
        (dated("garbage"), "`garbage` is no line of a calendar"),
        (dated("RRULE FREQ=DAILY"), "`RRULE FREQ=DAILY` is no line of a calendar"),
        (dated("R RULE:FREQ=DAILY"), "is no line of a calendar"),
        (dated("RRUEL:FREQ=DAILY"), "it has a RRUEL, which no event has"),
        (dated("rrules;X-A=b:FREQ=DAILY"), "it has a rrules, which no event has"),
        (calendar("BEGIN:VFREEBUSY\nFREEBUSY:20270701T170000Z/PT3H\nEND:VFREEBUSY"), "VFREEBUSY"),
        (
            calendar("BEGIN:VEVENT\nDTSTART:20270701T170000Z\nDURATION:PT1H\nEND:VTODO"),
            "written as a calendar is",
        ),
        (calendar("BEGIN:VEVENT\nDTSTART:20270701T170000Z\nDURATION:PT1H"), "written as a calendar is"),
        (
            "BEGIN:VEVENT\r\nDTSTART:20270701T170000Z\r\nDURATION:PT1H\r\nEND:VEVENT\r\n".to_owned(),
            "begins with VEVENT",
        ),
        (format!("{}BEGIN:VEVENT\r\nDTSTART:2027", event("DTSTART:20270701\nDURATION:P1D")), "is"),
    ];
    for (text, why) in cases {
        match taken(&text) {
            Ok(times) => panic!("{times:?} in\n{text}"),
            Err(told) => assert!(told.contains(why), "{told:?} is not {why:?}:\n{text}"),
        }
    }
    let text = event("DTSTART;VALUE=DATE:20270701");
    let year = (at("2027-01-01T00:00:00Z"), at("2028-01-01T00:00:00Z"));
    assert!(busy(text.as_bytes(), None, year).unwrap_err().contains("is in no time zone"));
    assert!(
        busy(b"BEGIN:VCALENDAR\r\nX:\xff\r\nEND:VCALENDAR\r\n", None, year)
            .unwrap_err()
            .contains("is not UTF-8")
    );
    let no_event = calendar("X-WR-CALNAME:Nothing yet");
    assert_eq!(busy(no_event.as_bytes(), None, year).unwrap(), []);
}

/// What takes long to follow is refused, or followed, within seconds.
#[test]
fn a_hostile_calendar_ends_soon() {
    let many = |one: &str, times: usize| {
        calendar(
            &format!("BEGIN:VEVENT\nDTSTART:19700101T000000Z\nDURATION:PT1H\n{one}\nEND:VEVENT\n")
                .repeat(times),
        )
    };
    let deep = format!("{}{}", "BEGIN:VCALENDAR\r\n".repeat(10_000), "END:VCALENDAR\r\n".repeat(10_000));
    let cases = [
        ("never again", many("RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", 20)),
        ("never again, by days", many("RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", 20)),
        ("every day since 1970", many("RRULE:FREQ=DAILY", 20)),
        (
            "every day at once",
            many(
                "RRULE:FREQ=YEARLY;BYMONTHDAY=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21;BYSETPOS=-1",
                20,
            ),
        ),
        ("far apart", many("RRULE:FREQ=YEARLY;INTERVAL=65535", 20)),
        ("too many that recur", many("RRULE:FREQ=DAILY", 21)),
        ("too many", many("", 2500)),
        ("a huge count", many("RRULE:FREQ=DAILY;COUNT=4294967295", 20)),
        ("deep", deep),
        ("folded", calendar(&format!("X-A:{}", "\n a".repeat(60_000)))),
        ("a long line", calendar(&format!("X-A:{}", "a".repeat(200_000)))),
        ("many parameters", calendar(&format!("X-A{}:b", ";A=b".repeat(50_000)))),
        ("quotes", calendar(&format!("X-A;A={}:b", "\"".repeat(100_000)))),
        ("colons", ":".repeat(200_000)),
        ("begins", "BEGIN:\r\n".repeat(30_000)),
        ("too long", " ".repeat(300_000)),
    ];
    for (what, text) in cases {
        let began = Instant::now();
        let found = taken(&text);
        let took = began.elapsed().as_secs();
        assert!(took < 20, "{what} took {took} s: {:?}", found.map(|times| times.len()));
    }
}
