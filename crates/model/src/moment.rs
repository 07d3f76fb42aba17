//! Times as records write them, in statements and beside: one writing, so that every reader takes the same.

use jiff::Timestamp;
use serde::{Deserialize as _, Deserializer, de::Error as _};

/// A time of RFC 3339: with a `T`, at most nine digits after the point or none of them, no second 60, and a `Z` or an
/// offset of hours and minutes.
///
/// # Errors
/// It is none, in words.
pub fn moment(text: &str) -> Result<Timestamp, String> {
    match is_written(text.as_bytes()) {
        true => text.parse().map_err(|error: jiff::Error| format!("`{text}` is no time: {error}")),
        false => Err(format!("`{text}` is no time as RFC 3339 writes it")),
    }
}

/// The same, for serde.
///
/// # Errors
/// It is no text, or none of a time.
pub fn moment_of<'a, D: Deserializer<'a>>(from: D) -> Result<Timestamp, D::Error> {
    moment(&String::deserialize(from)?).map_err(D::Error::custom)
}

/// Whether digits and marks stand where they must. Which days there are, the parser knows.
fn is_written(text: &[u8]) -> bool {
    let like = |text: &[u8], form: &[u8]| {
        text.len() == form.len()
            && text.iter().zip(form).all(|(byte, wanted)| match wanted {
                b'0' => byte.is_ascii_digit(),
                _ => byte == wanted,
            })
    };
    let Some((date, rest)) = text.split_at_checked("0000-00-00T00:00:00".len()) else { return false };
    let rest = match rest.strip_prefix(b".") {
        None => rest,
        Some(fraction) => {
            let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
            if !(1..=9).contains(&digits) {
                return false;
            }
            &fraction[digits..]
        }
    };
    let zone = rest == b"Z"
        || (like(rest, b"+00:00") || like(rest, b"-00:00"))
            && rest[1..3] <= b"23"[..]
            && rest[4..6] <= b"59"[..];
    like(date, b"0000-00-00T00:00:00") && date[17..19] <= b"59"[..] && zone
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_one_writing() {
        for text in [
            "2026-03-02T09:00:00Z",
            "2026-03-02T09:00:00.5Z",
            "2026-03-02T09:00:00.123456789+01:00",
            "2026-03-02T09:00:00-23:59",
            "0001-01-01T00:00:00Z",
        ] {
            assert!(moment(text).is_ok(), "{text}: {:?}", moment(text));
        }
        for text in [
            "",
            "2026-03-02T09:00:00z",
            "2026-03-02t09:00:00Z",
            "2026-03-02 09:00:00Z",
            "2026-03-02T09:00:60Z",
            "2026-02-30T09:00:00Z",
            "2026-03-02T24:00:00Z",
            "2026-03-02T09:60:00Z",
            "2026-03-02T09:00Z",
            "2026-03-02T09:00:00",
            "2026-03-02T09:00:00.Z",
            "2026-03-02T09:00:00,5Z",
            "2026-03-02T09:00:00.1234567890Z",
            "2026-03-02T09:00:00+0100",
            "2026-03-02T09:00:00+01",
            "2026-03-02T09:00:00+24:00",
            "2026-03-02T09:00:00+01:60",
            "2026-03-02T09:00:00+01:00[Europe/Berlin]",
            "2026-03-02T09:00:00Z\n",
            "+02026-03-02T09:00:00Z",
            "٢026-03-02T09:00:00Z",
        ] {
            assert!(moment(text).is_err(), "{text}");
        }
    }
}
