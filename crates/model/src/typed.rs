//! Typed values: inputs and what operators write down.

use holdpoint_bounded::json::Number;
use holdpoint_bounded::pattern::{Over, Pattern};

use crate::ValueKind;

/// The longest value, bytes: Linux gives a program no variable of 128 KiB or more, its name included (execve(2)).
pub const LONGEST_VALUE: usize = 128_000;

/// The longest values of one block, or of all inputs, together, bytes: one event holds them, in which each byte may take
/// six.
pub const LONGEST_VALUES: usize = 2_000_000;

/// Why a text can be no value at all: blocks get values as variables.
pub fn unfit(text: &str) -> Option<String> {
    if text.contains('\0') {
        return Some("it holds a NUL byte".to_owned());
    }
    (text.len() > LONGEST_VALUE)
        .then(|| format!("it is {} bytes long, and no value may be longer than {LONGEST_VALUE}", text.len()))
}

/// How a text stands to the type and limits it should keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fit {
    /// Type and limits are kept.
    Within,
    /// The type is right, a limit is not kept; says which.
    OutOfLimits(String),
    /// Not of the type at all; says why.
    Wrong(String),
}

/// Holds `text` against `kind`: the one judgement of inputs and recorded values. Recorded values out of their limits
/// are kept and fail their action, inputs are refused.
pub fn fit(kind: &ValueKind, text: &str) -> Fit {
    if let Some(why) = unfit(text) {
        return Fit::Wrong(why);
    }
    match kind {
        ValueKind::Text { pattern: None } => Fit::Within,
        ValueKind::Text { pattern: Some(pattern) } => match Pattern::new(pattern, Over::Text) {
            Ok(compiled) => match compiled.is_match(text) {
                Ok(true) => Fit::Within,
                Ok(false) => Fit::Wrong(format!("it must match {pattern}")),
                Err(error) => Fit::Wrong(error.to_string()),
            },
            Err(error) => Fit::Wrong(format!("{pattern} is no regular expression: {error}")),
        },
        ValueKind::Integer { min, max } => match text.parse::<i64>() {
            Ok(value) => limits(&value, min.as_ref(), max.as_ref()),
            Err(_) => Fit::Wrong("it must be a whole number".to_owned()),
        },
        // Held against its limits as it is written: a float would take 0.1000000000000000055 for 0.1.
        ValueKind::Number { min, max } => {
            match text.parse::<f64>().map(|value| (value, Number::lenient(text))) {
                Ok((value, Some(number))) if value.is_finite() => limits(&number, min.as_ref(), max.as_ref()),
                _ => Fit::Wrong("it must be a number".to_owned()),
            }
        }
        ValueKind::Boolean if matches!(text, "true" | "false") => Fit::Within,
        ValueKind::Boolean => Fit::Wrong("it must be true or false".to_owned()),
        ValueKind::Choice { choices } if choices.iter().any(|choice| choice == text) => Fit::Within,
        ValueKind::Choice { choices } => Fit::Wrong(format!("it must be one of {}", choices.join(", "))),
    }
}

impl ValueKind {
    /// What it takes, in words for a prompt: `number, 1 to 10`; nothing where any text does.
    pub fn words(&self) -> Option<String> {
        match self {
            ValueKind::Text { pattern: None } => None,
            ValueKind::Text { pattern: Some(pattern) } => Some(format!("text that matches {pattern}")),
            ValueKind::Integer { min, max } => Some(format!("whole number{}", range(*min, *max))),
            ValueKind::Number { min, max } => Some(format!("number{}", range(min.as_ref(), max.as_ref()))),
            ValueKind::Boolean => Some("true or false".to_owned()),
            ValueKind::Choice { choices } => Some(format!("one of {}", choices.join(", "))),
        }
    }

    /// Why this kind does not take `value`, limits included, in words; `None` if it does.
    pub fn refuses(&self, value: &str) -> Option<String> {
        // What is too long to be a value is too long to be shown.
        unfit(value).or_else(|| match fit(self, value) {
            Fit::Within => None,
            Fit::OutOfLimits(why) | Fit::Wrong(why) => Some(format!("`{value}`: {why}")),
        })
    }
}

fn range<T: std::fmt::Display>(min: Option<T>, max: Option<T>) -> String {
    match (min, max) {
        (Some(min), Some(max)) => format!(", {min} to {max}"),
        (Some(min), None) => format!(", at least {min}"),
        (None, Some(max)) => format!(", at most {max}"),
        (None, None) => String::new(),
    }
}

fn limits<T: PartialOrd + std::fmt::Display>(value: &T, min: Option<&T>, max: Option<&T>) -> Fit {
    match (min, max) {
        (Some(min), _) if value < min => Fit::OutOfLimits(format!("it must be at least {min}")),
        (_, Some(max)) if value > max => Fit::OutOfLimits(format!("it must be at most {max}")),
        _ => Fit::Within,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_held_against_both_limits() {
        let limit = Number::lenient;
        let kind = ValueKind::Number { min: limit("0.0"), max: limit("0.1") };
        assert_eq!(fit(&kind, "0.1"), Fit::Within);
        assert_eq!(fit(&kind, "0.2"), Fit::OutOfLimits("it must be at most 0.1".into()));
        assert_eq!(fit(&kind, "-1"), Fit::OutOfLimits("it must be at least 0.0".into()));
        for wrong in ["", "nan", "inf", "ten", "0,1"] {
            assert!(matches!(fit(&kind, wrong), Fit::Wrong(_)), "{wrong}");
        }
    }

    #[test]
    fn a_prompt_says_what_it_takes() {
        let number = |min, max| ValueKind::Number { min: Number::lenient(min), max: Number::lenient(max) };
        for (kind, words) in [
            (number("1", "10"), Some("number, 1 to 10")),
            (number("", "0.1"), Some("number, at most 0.1")),
            (ValueKind::Integer { min: Some(2), max: None }, Some("whole number, at least 2")),
            (number("", ""), Some("number")),
            (ValueKind::Choice { choices: vec!["a".into(), "b".into()] }, Some("one of a, b")),
            (ValueKind::Boolean, Some("true or false")),
            (ValueKind::Text { pattern: None }, None),
        ] {
            assert_eq!(kind.words().as_deref(), words);
        }
    }

    #[test]
    fn limits_are_held_to_the_last_digit() {
        let kind =
            |min: &str, max: &str| ValueKind::Number { min: Number::lenient(min), max: Number::lenient(max) };
        for (min, max, text, within) in [
            ("0", "0.1", "0.1000000000000000055", false),
            ("0", "0.1", "0.1000000000000000000", true),
            ("0", "0.1", "1e-1", true),
            ("0", "0.1000000000000000055", "0.1000000000000000055", true),
            ("0", "0.1000000000000000055", "0.1000000000000000056", false),
            ("0.1", "1", "0.09999999999999999999999", false),
            ("9007199254740993", "9007199254740993", "9007199254740992", false),
            ("-0.5", "-.5", "-0.50", true),
            ("0", "1", "+.5", true),
            ("0", "1", "1.", true),
        ] {
            assert_eq!(fit(&kind(min, max), text) == Fit::Within, within, "{text} in {min} to {max}");
        }
    }

    #[test]
    fn a_choice_is_one_of_the_listed_and_nothing_near() {
        let kind = ValueKind::Choice { choices: vec!["stable".into(), "beta".into()] };
        assert_eq!(fit(&kind, "beta"), Fit::Within);
        assert_eq!(fit(&kind, "Beta"), Fit::Wrong("it must be one of stable, beta".into()));
    }
}
