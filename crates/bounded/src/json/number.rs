//! Numbers of any length: kept as they were written, compared by value.

use std::cmp::Ordering;
use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// Digits of an exponent beyond which nobody can compare anything: ten to the power of this many digits.
const EXPONENT: usize = 15;

/// A number as JSON writes it. Equal numbers may be written differently: `1.0`, `1`, `10e-1`.
#[derive(Clone, Debug)]
pub struct Number(String);

/// What a number comes to: 0.DIGITS × 10^`magnitude`, without zeros at either end of the digits.
struct Decimal {
    negative: bool,
    digits: Vec<u8>,
    magnitude: i64,
}

impl Number {
    /// The number that `text` writes, all of it, by the grammar of RFC 8259; `None` where it is none, or has an
    /// exponent that nothing can be compared by.
    pub fn parse(text: &str) -> Option<Number> {
        let rest = text.strip_prefix('-').unwrap_or(text);
        let (whole, rest) = digits(rest);
        if whole.is_empty() || (whole.len() > 1 && whole.starts_with('0')) {
            return None;
        }
        let rest = match rest.strip_prefix('.') {
            None => rest,
            Some(rest) => {
                let (fraction, rest) = digits(rest);
                if fraction.is_empty() {
                    return None;
                }
                rest
            }
        };
        if let Some(rest) = rest.strip_prefix(['e', 'E']) {
            let (exponent, rest) = digits(rest.strip_prefix(['+', '-']).unwrap_or(rest));
            let long = exponent.trim_start_matches('0').len() > EXPONENT;
            return (!exponent.is_empty() && !long && rest.is_empty()).then(|| Number(text.to_owned()));
        }
        rest.is_empty().then(|| Number(text.to_owned()))
    }

    /// The number that `text` writes as other languages do, too: with `+` or zeros before it, `.5`, `1.`.
    pub fn lenient(text: &str) -> Option<Number> {
        let (sign, digits) = match text.strip_prefix('-') {
            Some(digits) => ("-", digits),
            None => ("", text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, exponent) = digits.split_at(digits.find(['e', 'E']).unwrap_or(digits.len()));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let whole = whole.trim_start_matches('0');
        let whole = if whole.is_empty() { "0" } else { whole };
        let dot = if fraction.is_empty() { "" } else { "." };
        Number::parse(&format!("{sign}{whole}{dot}{fraction}{exponent}"))
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn decimal(&self) -> Decimal {
        let text = self.0.as_str();
        let negative = text.starts_with('-');
        let text = text.trim_start_matches('-');
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let mut digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
        let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
        digits.drain(..zeros);
        while digits.last() == Some(&b'0') {
            digits.pop();
        }
        if digits.is_empty() {
            return Decimal { negative: false, digits, magnitude: 0 };
        }
        let length = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        // `parse` took no exponent that could overflow.
        let exponent: i64 = exponent.parse().unwrap_or_default();
        let magnitude = exponent.saturating_add(length(whole.len())).saturating_sub(length(zeros));
        Decimal { negative, digits, magnitude }
    }
}

fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.bytes().take_while(u8::is_ascii_digit).count())
}

impl Decimal {
    /// -1, 0 or 1.
    fn sign(&self) -> i8 {
        match (self.digits.is_empty(), self.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        }
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Number) -> Ordering {
        let (a, b) = (self.decimal(), other.decimal());
        let sizes = a.magnitude.cmp(&b.magnitude).then_with(|| a.digits.cmp(&b.digits));
        a.sign().cmp(&b.sign()).then(if a.negative { sizes.reverse() } else { sizes })
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Number) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Number) -> bool {
        self.0 == other.0 || self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Number {}

impl From<i64> for Number {
    fn from(number: i64) -> Number {
        Number(number.to_string())
    }
}

impl From<usize> for Number {
    fn from(number: usize) -> Number {
        Number(number.to_string())
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// As it was written, where that is written to JSON text.
impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.0.clone()).map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number(text: &str) -> Number {
        Number::parse(text).unwrap()
    }

    #[test]
    fn numbers_are_equal_by_value_however_they_are_written() {
        for (a, b) in [
            ("1", "1.0"),
            ("1e3", "1000"),
            ("1E+3", "1000.000"),
            ("10e-1", "1"),
            ("0", "-0.0e7"),
            ("0.10", "1e-1"),
            ("1e400", "10e399"),
            ("123456789012345678901234567890", "1.23456789012345678901234567890e29"),
        ] {
            assert_eq!(number(a), number(b), "{a} {b}");
        }
        for (less, more) in [
            ("18446744073709551616", "18446744073709551617"),
            ("0.1", "0.10000000000000000000000000000000001"),
            ("-1e400", "1e-400"),
            ("-2", "-1"),
            ("-1", "0"),
            ("9", "10"),
            ("1e400", "1e401"),
            ("12", "123"),
            ("1e999999999999999", "1.1e999999999999999"),
        ] {
            assert!(number(less) < number(more), "{less} {more}");
            assert!(number(more) > number(less), "{less} {more}");
            assert_ne!(number(less), number(more), "{less} {more}");
        }
    }

    #[test]
    fn what_json_would_not_write_is_no_number() {
        for text in [
            "",
            "-",
            "+1",
            "01",
            "1.",
            ".5",
            "1e",
            "1e+",
            "0x1f",
            "1 ",
            "1_0",
            "NaN",
            "१",
            "1e1234567890123456",
        ] {
            assert!(Number::parse(text).is_none(), "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn numbers_compare_as_whole_numbers_of_that_many_tenths_do(a in -100_000_i64..100_000, b in -100_000_i64..100_000, e in 0_usize..4) {
            let places = 10_i64.pow(u32::try_from(e).unwrap());
            let written = |n: i64| {
                let sign = if n < 0 { "-" } else { "" };
                let n = n.abs();
                if e == 0 { format!("{sign}{n}") } else { format!("{sign}{}.{:0e$}", n / places, n % places) }
            };
            let (x, y) = (number(&written(a)), number(&format!("{b}e-{e}")));
            prop_assert_eq!(x.cmp(&y), a.cmp(&b), "{} {}", x, y);
        }
    }
}
