//! Calendars: read whole or refused, soon, and twice the same.

use std::time::Instant;

use holdpoint_calendar::busy;
use jiff::Timestamp;

/// A year from 2027 on.
pub(crate) fn followed(bytes: &[u8]) {
    let from = Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_hours(24 * 365 * 57);
    let until = from + jiff::SignedDuration::from_hours(24 * 366);
    for zone in [None, Some("Europe/Berlin")] {
        let began = Instant::now();
        let found = busy(bytes, zone, (from, until));
        assert!(began.elapsed().as_secs() < 20, "it takes too long");
        assert_eq!(found, busy(bytes, zone, (from, until)));
        let Ok(times) = found else { continue };
        for time in &times {
            assert!(time.from < time.to && time.to > from && time.from < until, "{time:?}");
            assert!(!time.what.chars().any(char::is_control) && !time.what.is_empty(), "{time:?}");
        }
        assert!(times.windows(2).all(|two| two[0].to < two[1].from), "{times:?}");
    }
}

/// Calendars to begin with.
pub(crate) fn to_begin_with() -> Vec<Vec<u8>> {
    let events = [
        "DTSTART;VALUE=DATE:20271224\r\nDTEND;VALUE=DATE:20271227\r\nRRULE:FREQ=YEARLY\r\n",
        "DTSTART;TZID=America/New_York:20270701T130000\r\nDURATION:PT8H\r\nRRULE:FREQ=WEEKLY;BYDAY=FR;UNTIL=20271231T000000Z\r\nEXDATE;TZID=America/New_York:20270709T130000\r\n",
        "DTSTART:20270701T130000Z\r\nDTEND:20270701T140000Z\r\nRDATE:20270801T130000Z\r\nSTATUS:CANCELLED\r\n",
        "DTSTART:20270101T000000Z\r\nDURATION:P1D\r\nRRULE:FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=-1;INTERVAL=2;COUNT=9;WKST=SU\r\n",
    ];
    let more = [
        "DTSTART;VALUE=DATE:20270328\r\n",
        "DTSTART:20271031T023000\r\nDURATION:PT1H\r\n",
        "DTSTART:19700101T000000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30\r\n",
        "DTSTART:20270101T000000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=YEARLY;BYWEEKNO=1,53;BYYEARDAY=-1\r\n",
        "DTSTART:20270101T000000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=HOURLY\r\n",
        "DTSTART:20270101T000000Z\r\n",
    ];
    let calendar = |event: &&str| {
        let text = format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nX-WR-TIMEZONE:UTC\r\nBEGIN:VEVENT\r\nSUMMARY:Freeze\r\n{event}END:VEVENT\r\nEND:VCALENDAR\r\n"
        );
        text.into_bytes()
    };
    events.iter().chain(&more).map(calendar).collect()
}
