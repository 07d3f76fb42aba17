//! What is known of a value before anything runs, and what a comparison of two such values can come out as.

use std::collections::HashSet;

use holdpoint_bounded::json::Number;
use holdpoint_bounded::template;
use minijinja::Value;
use minijinja::value::ValueKind as Form;

use super::matching::{Matching, Room};
use crate::{Field, ValueKind};

/// What is known of a value. `Unknown` is never a reason to complain.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    Text(Texts),
    Number(Range),
    /// True or false; which, where it is written out.
    Truth(Option<bool>),
    List(Items),
    /// Values by their names, as `environment` is.
    Group,
    /// `none`, which no value of a run ever is.
    Nothing,
    Unknown,
}

/// What is known of the items of a list.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Items {
    /// The texts among them. Where it is not known how many there are, there are two.
    pub(super) texts: Vec<Texts>,
    /// Whether all of them are texts.
    pub(super) only: bool,
    /// Whether numbers stand among them.
    pub(super) numbers: bool,
    /// One that a template has as a text where it was not written in the shortest way.
    pub(super) as_written: bool,
}

/// Which texts a value can be.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Texts {
    Any,
    /// Anything, and somebody said that it is meant as a text: by a filter.
    Said,
    /// Anything but the empty text.
    NotEmpty,
    /// One of these; and what they are, in words.
    OneOf(Vec<String>, &'static str),
    /// What this pattern matches.
    Matching(Matching),
    /// What these filters leave as it is; and whether that may be empty.
    Left(Vec<&'static str>, bool),
    /// What begins and ends so, with anything in between.
    Framed(String, String),
    /// What has this many characters: at least, and at most.
    Sized(usize, usize),
    /// Written out.
    Exactly(String),
}

/// Which numbers a value can be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Range {
    pub(crate) least: f64,
    pub(crate) most: f64,
    pub(crate) whole: bool,
    /// Read by its declared type alone, which a template does only where it is written in the shortest way.
    pub(crate) declared: bool,
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    Unequal,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

impl Kind {
    /// A value that an operator writes down. An optional text may be an empty one.
    pub(crate) fn of_field(field: &Field) -> Kind {
        match (&field.kind, field.may_be_empty) {
            (ValueKind::Text { .. }, true) => Kind::Text(Texts::Any),
            (kind, _) => Kind::of(kind, false),
        }
    }

    /// An input, or a value that an operator writes down: of the latter one out of its limits is kept, so they say
    /// nothing.
    pub(crate) fn of(kind: &ValueKind, limited: bool) -> Kind {
        let range = |least: Option<f64>, most: Option<f64>, whole| {
            Kind::Number(Range {
                least: least.filter(|_| limited).unwrap_or(f64::NEG_INFINITY),
                most: most.filter(|_| limited).unwrap_or(f64::INFINITY),
                whole,
                declared: true,
            })
        };
        match kind {
            ValueKind::Text { pattern: None } => Kind::Text(Texts::Any),
            ValueKind::Text { pattern: Some(pattern) } => Kind::Text(Texts::Matching(Matching::new(pattern))),
            ValueKind::Choice { choices } => Kind::Text(Texts::OneOf(choices.clone(), "choices")),
            ValueKind::Integer { min, max } => range(min.and_then(exact), max.and_then(exact), true),
            ValueKind::Number { min, max } => range(float(min.as_ref()), float(max.as_ref()), false),
            ValueKind::Boolean => Kind::Truth(None),
        }
    }

    /// The same, of which no more is worked out than there is room for.
    pub(crate) fn within(self, room: &Room) -> Kind {
        match self {
            Kind::Text(Texts::Matching(matching)) => Kind::Text(Texts::Matching(matching.within(room))),
            other => other,
        }
    }

    /// A whole number that is at least this.
    pub(crate) fn number(least: f64) -> Kind {
        Kind::Number(Range { least, ..Range::any(true) })
    }

    /// What is known where it may be one or the other.
    pub(crate) fn or(self, other: Kind) -> Kind {
        match (self, other) {
            (one, other) if one == other => one,
            (Kind::Text(one), Kind::Text(other)) if one.listed().is_some() && other.listed().is_some() => {
                let mut seen = HashSet::new();
                let texts = [&one, &other].into_iter().flat_map(|texts| texts.listed().unwrap_or_default());
                let texts: Vec<String> = texts.filter(|text| seen.insert(*text)).cloned().collect();
                // Of many alternatives with many values each.
                if texts.len() > MOST_LISTED {
                    return Kind::Text(Texts::Any);
                }
                let plural = [&one, &other].into_iter().find_map(Texts::elsewhere);
                Kind::Text(Texts::OneOf(texts, plural.unwrap_or("values")))
            }
            (Kind::Text(_), Kind::Text(_)) => Kind::Text(Texts::Any),
            (Kind::Number(one), Kind::Number(other)) => Kind::Number(Range::any(one.whole && other.whole)),
            (Kind::Truth(_), Kind::Truth(_)) => Kind::Truth(None),
            _ => Kind::Unknown,
        }
    }

    /// Everything that it can be, where that is little.
    pub(crate) fn values(&self) -> Option<Vec<Value>> {
        match self {
            Kind::Text(texts) => {
                let texts = texts.listed().filter(|texts| texts.len() <= FEW)?;
                Some(texts.iter().map(|text| Value::from(text.as_str())).collect())
            }
            Kind::Number(range) if range.one(*range) && !range.whole => Some(vec![Value::from(range.least)]),
            Kind::Number(range) if range.whole && range.most - range.least < FEW as f64 => {
                let (least, most) = (range.least as i64, range.most as i64);
                Some((least..=most).map(Value::from).collect())
            }
            _ => None,
        }
    }

    /// What is known of one of these values, which were made of `other`.
    pub(crate) fn of_values(values: &[Value], other: &Kind) -> Kind {
        let texts: Option<Vec<String>> =
            values.iter().map(|value| value.as_str().map(str::to_owned)).collect();
        if let Some(texts) = texts {
            let plural = match other {
                Kind::Text(Texts::OneOf(_, plural)) => plural,
                _ => "values",
            };
            let mut once: Vec<String> = Vec::with_capacity(texts.len());
            for text in texts {
                if !once.contains(&text) {
                    once.push(text);
                }
            }
            return Kind::Text(match (once.len(), other) {
                (1, Kind::Text(Texts::Exactly(_))) => Texts::Exactly(once.remove(0)),
                _ => Texts::OneOf(once, plural),
            });
        }
        let number = |value: &Value| match value.kind() {
            Form::Number => f64::try_from(value.clone()).ok(),
            _ => None,
        };
        match values.iter().map(number).collect::<Option<Vec<f64>>>() {
            Some(numbers) => Kind::Number(Range {
                least: numbers.iter().copied().fold(f64::INFINITY, f64::min),
                most: numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max),
                whole: numbers.iter().all(|number| number.fract() == 0.0),
                declared: false,
            }),
            None => Kind::Unknown,
        }
    }

    /// In words; `None` where nothing is known.
    pub(crate) fn words(&self) -> Option<&'static str> {
        match self {
            Kind::Text(_) => Some("a text"),
            Kind::Number(_) => Some("a number"),
            Kind::Truth(_) => Some("true or false"),
            Kind::List(_) => Some("a list"),
            Kind::Group => Some("a group of values"),
            Kind::Nothing => Some("nothing"),
            Kind::Unknown => None,
        }
    }
}

/// How many values are gone through one by one, at most.
const FEW: usize = 200;

/// Most texts that are known one by one: as many as there may be choices, or environments.
const MOST_LISTED: usize = 1000;

/// What texts are called that `holdpoint.toml` names. Another one may name others.
pub(crate) const ENVIRONMENTS: &str = "environments";
/// Values of `vars`.
pub(crate) const CONFIGURED: &str = "values in holdpoint.toml";

impl Texts {
    /// What they are called, where another configuration may have others.
    pub(crate) fn elsewhere(&self) -> Option<&'static str> {
        match self {
            Texts::OneOf(_, plural @ (ENVIRONMENTS | CONFIGURED)) => Some(plural),
            _ => None,
        }
    }

    /// All of them, where they are known one by one.
    pub(crate) fn listed(&self) -> Option<&[String]> {
        match self {
            Texts::OneOf(texts, _) => Some(texts),
            Texts::Exactly(text) => Some(std::slice::from_ref(text)),
            _ => None,
        }
    }
}

impl Texts {
    /// How many characters it has: at least, and at most, where that is known.
    pub(crate) fn length(&self) -> (usize, Option<usize>) {
        match self {
            Texts::Sized(least, most) => (*least, Some(*most)),
            Texts::Framed(begins, ends) => (begins.chars().count() + ends.chars().count(), None),
            Texts::Matching(matching) => matching.length(),
            texts => (usize::from(!may_be_empty(texts)), None),
        }
    }
}

impl Range {
    pub(crate) fn any(whole: bool) -> Range {
        Range { least: f64::NEG_INFINITY, most: f64::INFINITY, whole, declared: false }
    }

    pub(crate) fn exactly(value: f64) -> Range {
        Range { least: value, most: value, whole: value.fract() == 0.0, declared: false }
    }

    /// What is left of it when it is divided by another; it has the sign of that.
    pub(crate) fn rest(self, by: Range) -> Range {
        let whole = self.whole && by.whole;
        let most = by.least.abs().max(by.most.abs()) - if whole { 1.0 } else { 0.0 };
        Range {
            least: if by.least > 0.0 { 0.0 } else { -most },
            most: if by.most < 0.0 { 0.0 } else { most },
            whole,
            declared: false,
        }
    }

    /// What comes of any two of their numbers, by something that goes one way between its ends.
    pub(crate) fn combined(self, other: Range, whole: bool, of: impl Fn(f64, f64) -> f64) -> Range {
        let ends = [
            (self.least, other.least),
            (self.least, other.most),
            (self.most, other.least),
            (self.most, other.most),
        ];
        let ends = ends.map(|(one, other)| of(one, other));
        if ends.iter().any(|end| end.is_nan()) {
            return Range::any(whole);
        }
        Range {
            least: ends.iter().copied().fold(f64::INFINITY, f64::min),
            most: ends.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            whole,
            declared: false,
        }
    }

    /// One of its numbers and one of another together.
    pub(crate) fn plus(self, other: Range) -> Range {
        Range {
            least: self.least + other.least,
            most: self.most + other.most,
            whole: self.whole && other.whole,
            declared: false,
        }
    }

    /// With the other sign.
    pub(crate) fn negated(self) -> Range {
        Range { least: -self.most, most: -self.least, ..self }
    }

    /// Without its sign.
    pub(crate) fn absolute(self) -> Range {
        let most = self.least.abs().max(self.most.abs());
        let least =
            if self.least <= 0.0 && self.most >= 0.0 { 0.0 } else { self.least.abs().min(self.most.abs()) };
        Range { least, most, whole: self.whole, declared: false }
    }

    pub(crate) fn apart(self, other: Range) -> bool {
        let broken = |one: Range, of: Range| of.whole && one.least == one.most && one.least.fract() != 0.0;
        self.most < other.least || self.least > other.most || broken(self, other) || broken(other, self)
    }

    pub(super) fn one(self, other: Range) -> bool {
        self.least == self.most && other.least == other.most && self.least == other.least
    }
}

/// A limit as a float: conditions compare floats.
fn float(limit: Option<&Number>) -> Option<f64> {
    limit.and_then(|limit| limit.as_str().parse().ok())
}

/// A whole number that a float holds as it is: what is rounded would be a limit that nobody wrote.
fn exact(value: i64) -> Option<f64> {
    const MOST: i64 = 1 << 53;
    (-MOST..=MOST).contains(&value).then_some(value as f64)
}

pub(crate) fn may_be_empty(texts: &Texts) -> bool {
    takes(texts, "")
}

pub(super) fn takes(texts: &Texts, text: &str) -> bool {
    match texts {
        Texts::Any | Texts::Said => true,
        Texts::NotEmpty => !text.trim().is_empty(),
        Texts::OneOf(texts, _) => texts.iter().any(|one| one == text),
        Texts::Matching(matching) => matching.takes(text),
        Texts::Left(by, empty) => {
            let left = by.iter().all(|filter| match *filter {
                "lower" => text.to_lowercase() == text,
                "upper" => text.to_uppercase() == text,
                "trim" => text.trim() == text,
                filter => {
                    let made =
                        template::environment().empty_state().apply_filter(filter, &[Value::from(text)]);
                    made.map_or(true, |made| made.as_str() == Some(text))
                }
            });
            left && (*empty || !text.trim().is_empty())
        }
        Texts::Framed(begins, ends) => {
            text.len() >= begins.len() + ends.len() && text.starts_with(begins) && text.ends_with(ends)
        }
        Texts::Sized(least, most) => (*least..=*most).contains(&text.chars().count()),
        Texts::Exactly(one) => one == text,
    }
}

/// Whether people see a number, or a version, where the text is compared letter by letter: `"10"` comes before `"9"`.
pub(crate) fn looks_like_a_number(text: &str) -> bool {
    let text = text.trim();
    let digits = text.trim_start_matches(['v', 'V', '-', '+']);
    let dotted = !digits.is_empty()
        && digits.split('.').all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    dotted || text.parse::<f64>().is_ok()
}
