//! Times and durations, as people read them.

use jiff::{Timestamp, tz::TimeZone};

/// Date and time to the second with the offset from UTC: `2026-11-23 15:34:05 +01:00`.
pub fn clock(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned_datetime(zone.clone()).strftime("%Y-%m-%d %H:%M:%S %:z").to_string()
}

/// A time as a statement writes it (RFC 3339), as [`clock`] shows times; as it stands where it is none.
pub fn clock_of(time: &str, zone: &TimeZone) -> String {
    time.parse().map_or_else(|_| time.to_owned(), |at| clock(at, zone))
}

/// A time in lists, whose head names the zone: `14:03:09` of today, else `2026-11-28 14:03:09`.
pub fn moment(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let (at, now) = (at.to_zoned_datetime(zone.clone()), now.to_zoned_datetime(zone.clone()));
    let form = if at.date() == now.date() { "%H:%M:%S" } else { "%Y-%m-%d %H:%M:%S" };
    at.strftime(form).to_string()
}

/// The zone's name, where it has one.
pub fn zone_name(zone: &TimeZone, at: Timestamp) -> String {
    match zone.iana_name() {
        Some(name) => name.to_owned(),
        None => format!("UTC{}", at.to_zoned_datetime(zone.clone()).strftime("%:z")),
    }
}

/// Milliseconds in words: `850 ms`, `4.2 s`, `3 min 05 s`, `2 h 07 min`.
pub fn took(ms: u64) -> String {
    let seconds = ms / 1000;
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..60_000 => format!("{}.{} s", seconds, ms % 1000 / 100),
        60_000..3_600_000 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_told_in_the_unit_a_reader_expects() {
        let cases = [
            (0, "0 ms"),
            (850, "850 ms"),
            (4_250, "4.2 s"),
            (59_999, "59.9 s"),
            (185_000, "3 min 05 s"),
            (7_620_000, "2 h 07 min"),
        ];
        for (ms, words) in cases {
            assert_eq!(took(ms), words);
        }
    }

    #[test]
    fn a_time_carries_its_offset() {
        let at: Timestamp = "2026-11-23T14:34:05.123456Z".parse().unwrap();
        let zone = jiff::tz::Offset::constant(1).to_time_zone();
        assert_eq!(clock(at, &zone), "2026-11-23 15:34:05 +01:00");
        assert_eq!(zone_name(&zone, at), "UTC+01:00");
    }
}
