//! The options of a line of `allowed_signers` (ssh-keygen(1), ALLOWED SIGNERS).

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// What a line restricts its key to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// The key is an authority: certificates that it signed are taken, the key itself is not.
    pub(crate) authority: bool,
    /// Pattern list of namespaces.
    pub(crate) namespaces: Option<String>,
    pub(crate) valid_after: Option<Timestamp>,
    pub(crate) valid_before: Option<Timestamp>,
}

/// Reads `cert-authority,namespaces="a,b",valid-after="20260101Z"`. Times without `Z` are of `zone`.
pub(crate) fn read(text: &str, zone: &TimeZone) -> Result<Options, String> {
    let mut options = Options::default();
    let mut rest = text;
    loop {
        let end = rest.find([',', '=']).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        let name = name.to_ascii_lowercase();
        let (value, after) = match after.strip_prefix("=\"") {
            Some(quoted) => {
                let (value, after) = quoted_value(quoted).ok_or("a quotation mark is missing")?;
                (Some(value), after)
            }
            None if after.starts_with('=') => {
                return Err(format!("the value of `{name}` needs quotation marks"));
            }
            None => (None, after),
        };
        let twice = || Err(format!("`{name}` is given twice"));
        match (name.as_str(), value) {
            ("cert-authority", None) if options.authority => return twice(),
            ("cert-authority", None) => options.authority = true,
            ("namespaces", Some(_)) if options.namespaces.is_some() => return twice(),
            ("namespaces", Some(list)) => options.namespaces = Some(list),
            ("valid-after", Some(_)) if options.valid_after.is_some() => return twice(),
            ("valid-after", Some(time)) => options.valid_after = Some(moment(&time, zone)?),
            ("valid-before", Some(_)) if options.valid_before.is_some() => return twice(),
            ("valid-before", Some(time)) => options.valid_before = Some(moment(&time, zone)?),
            _ => {
                return Err(format!(
                    "`{name}` is no option that is known, or its value is missing or too much"
                ));
            }
        }
        if after.is_empty() {
            break;
        }
        rest = after
            .strip_prefix(',')
            .filter(|rest| !rest.is_empty())
            .ok_or("options are separated by commas")?;
    }
    if let (Some(after), Some(before)) = (options.valid_after, options.valid_before)
        && before <= after
    {
        return Err("`valid-before` is not after `valid-after`".to_owned());
    }
    Ok(options)
}

/// Up to the closing mark; `\"` stands for a mark.
fn quoted_value(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' if characters.peek().is_some_and(|(_, next)| *next == '"') => {
                value.push('"');
                characters.next();
            }
            '"' => return Some((value, &text[at + 1..])),
            other => value.push(other),
        }
    }
    None
}

/// `YYYYMMDD[HHMM[SS]]`, and `Z` or `UTC` behind it.
fn moment(text: &str, zone: &TimeZone) -> Result<Timestamp, String> {
    let bad =
        || format!("`{text}` is no time: write YYYYMMDD, YYYYMMDDHHMM or YYYYMMDDHHMMSS, and Z for UTC");
    let lower = text.to_ascii_lowercase();
    let utc = lower.strip_suffix("utc").or_else(|| lower.strip_suffix('z'));
    let digits = utc.unwrap_or(&lower);
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) || !matches!(digits.len(), 8 | 12 | 14) {
        return Err(bad());
    }
    let part = |from: usize, to: usize| digits.get(from..to).map_or(Some(0), |part| part.parse::<i16>().ok());
    let small = |from, to| part(from, to).and_then(|value| i8::try_from(value).ok());
    let civil = (|| {
        DateTime::new(
            part(0, 4)?,
            small(4, 6)?,
            small(6, 8)?,
            small(8, 10)?,
            small(10, 12)?,
            small(12, 14)?,
            0,
        )
        .ok()
    })();
    let civil = civil.ok_or_else(bad)?;
    // The end of the last year is written for "never".
    let never = (civil.year() == 9999).then_some(Timestamp::MAX);
    let moment = if utc.is_some() { TimeZone::UTC.to_timestamp(civil).ok() } else { standard(civil, zone) };
    // OpenSSH takes no time before 1970, nor its first second.
    moment.or(never).filter(|moment| *moment > Timestamp::UNIX_EPOCH).ok_or_else(bad)
}

/// How far apart glibc's `mktime` looks for a time of the wanted kind, and how far it goes, seconds.
const STRIDE: i64 = 601_200;
const BOUND: i64 = 268_227_000 + STRIDE;

/// What a clock in the zone that never shows summer time says, as OpenSSH has it: it asks `mktime` for standard time. So
/// at noon in summer it is an hour later than the clock on the wall.
fn standard(civil: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    let guess = zone.to_timestamp(civil).ok()?;
    let offset = |at: Timestamp| {
        let info = zone.to_offset_info(at);
        (!info.dst().is_dst()).then(|| info.offset())
    };
    let strides = (1..=BOUND / STRIDE).flat_map(|count| [-count, count]);
    let mut near =
        strides.filter_map(|count| guess.checked_add(SignedDuration::from_secs(count * STRIDE)).ok());
    let standard = offset(guess).or_else(|| near.find_map(offset))?;
    standard.to_timestamp(civil).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_as_openssh_does() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let options = read(
            r#"cert-authority,namespaces="a,b\"c",valid-after="20260101",valid-before="202607010830utc""#,
            &zone,
        );
        let expected = Options {
            authority: true,
            namespaces: Some("a,b\"c".to_owned()),
            valid_after: Some("2025-12-31T23:00:00Z".parse().unwrap()),
            valid_before: Some("2026-07-01T08:30:00Z".parse().unwrap()),
        };
        assert_eq!(options, Ok(expected));
    }

    #[test]
    fn times_without_a_zone_are_standard_time_in_summer_too() {
        let times = |zone: &str, text: &str| moment(text, &TimeZone::get(zone).unwrap()).unwrap().to_string();
        for (zone, text, time) in [
            ("Europe/Berlin", "20260115120000", "2026-01-15T11:00:00Z"),
            ("Europe/Berlin", "20260701120000", "2026-07-01T11:00:00Z"),
            // No clock on the wall shows the one, and the other is shown twice.
            ("Europe/Berlin", "20260329023000", "2026-03-29T01:30:00Z"),
            ("Europe/Berlin", "20261025023000", "2026-10-25T01:30:00Z"),
            ("Australia/Sydney", "20260115120000", "2026-01-15T02:00:00Z"),
            ("UTC", "20260701120000", "2026-07-01T12:00:00Z"),
        ] {
            assert_eq!(times(zone, text), time, "{text} in {zone}");
        }
    }

    #[test]
    fn what_is_not_known_or_makes_no_sense_is_refused() {
        for bad in [
            "",
            "verify-required",
            "namespaces",
            "namespaces=a",
            "namespaces=\"a",
            "namespaces=\"a\"x",
            "cert-authority,",
            "cert-authority,cert-authority",
            "cert-authority=\"yes\"",
            "valid-after=\"2026\"",
            "valid-after=\"20261301\"",
            "valid-after=\"202601012560\"",
            "valid-after=\"20260101+1\"",
            "valid-after=\"19700101Z\"",
            "valid-before=\"19691231235959Z\"",
            "valid-after=\"20260102\",valid-before=\"20260101\"",
            "valid-after=\"20260101\",valid-before=\"20260101\"",
        ] {
            assert!(read(bad, &TimeZone::UTC).is_err(), "{bad}");
        }
    }
}
