//! What in outputs differs from run to run and says nothing: masked by rules that are told.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::{Captures, Regex};
use serde::Serialize;

use crate::Summary;

/// A rule, as it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Mask {
    /// What stands in the place of what is masked.
    pub stands: &'static str,
    /// What is masked, in words.
    pub what: &'static str,
}

/// The rules, in the order in which they are applied. Of values alone, ids and digests are compared as they are. Before them, values of the run stand as their names.
pub const MASKS: [Mask; 8] = [
    Mask {
        stands: "‹NAME›",
        what: "values that the run was given, or that were captured or written down; nothing, where a variable is empty in \
               the other",
    },
    Mask {
        stands: "‹time›",
        what: "dates and times, and seconds or milliseconds since 1970 within a day of the run",
    },
    Mask { stands: "‹id›", what: "UUIDs and ULIDs" },
    Mask {
        stands: "‹digest›",
        what: "12 or more hexadecimal digits with a letter among them, and what follows sha256:",
    },
    Mask { stands: "‹scratch›", what: "paths in /tmp and /dev/shm" },
    Mask {
        stands: "‹pid›",
        what: "process ids: after pid, in square brackets behind a name, and values whose names end in PID",
    },
    Mask {
        stands: "‹took›",
        what: "durations: a number and ns, µs, ms, s or min, also behind a blank, or us; and numbers in JSON whose names end in _ms",
    },
    Mask {
        stands: "‹length›",
        what: "in JSON, bytes and content-length: what they count is compared itself",
    },
];

const MONTHS: &str = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)";

static RULES: LazyLock<Vec<(Regex, &'static str)>> = LazyLock::new(|| {
    let rules = [
        (
            r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?(?: ?(?:Z|UTC|[+-][0-9]{2}:?[0-9]{2}))?)?"
                .to_owned(),
            "‹time›",
        ),
        (
            format!(
                r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? )?(?:{MONTHS} +[0-9]{{1,2}}|[0-9]{{1,2}} {MONTHS})(?:,? [0-9]{{4}})?(?: [0-9]{{1,2}}:[0-9]{{2}}(?::[0-9]{{2}})?)?(?: (?:AM|PM))?(?: [A-Z]{{3,4}})?(?: [0-9]{{4}})?"
            ),
            "‹time›",
        ),
        (r"\b[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]+)?\b".to_owned(), "‹time›"),
        (r"\b[0-9]{8}T[0-9]{6}(?:[.,][0-9]+)?Z?\b".to_owned(), "‹time›"),
        (
            r"\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b".to_owned(),
            "‹id›",
        ),
        (r"\b[0-7][0-9A-HJKMNP-TV-Z]{25}\b".to_owned(), "‹id›"),
        (r"\bsha256:[0-9a-f]{7,64}\b".to_owned(), "‹digest›"),
        (r"\b[0-9a-f]{12,}\b".to_owned(), "‹digest›"),
        (r#"/(?:tmp|dev/shm)/[^\s'"`:;,)]+"#.to_owned(), "‹scratch›"),
        (r"(?i)\bpid[ =:]+[0-9]+\b".to_owned(), "‹pid›"),
        (r"(?P<name>\b[A-Za-z][A-Za-z0-9_./-]*)\[[0-9]+\]".to_owned(), "‹pid›"),
        (r"\b[0-9]+(?:\.[0-9]+)?(?: ?(?:ns|µs|ms|s|min)|us)\b".to_owned(), "‹took›"),
        (r#"(?P<name>"[a-z_]+_ms": ?)[0-9]+\b"#.to_owned(), "‹took›"),
        (r#"(?P<name>"(?:bytes|content-length)": ?"?)[0-9]+\b"#.to_owned(), "‹length›"),
    ];
    let compiled = rules.into_iter().filter_map(|(rule, stands)| Some((Regex::new(&rule).ok()?, stands)));
    compiled.collect()
});

/// A value shorter than this may be anything, characters.
const SHORTEST: usize = 4;

/// Seconds or milliseconds since 1970.
static SINCE_1970: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\b(?:[0-9]{10}(?:\.[0-9]+)?|[0-9]{13})\b").ok());

/// How far from the run such a number is a time of it, seconds.
const NEAR: i64 = 24 * 60 * 60;

/// The rules, and the values of one run.
pub(super) struct Masking {
    /// Everything that has a name in it.
    values: Values,
    /// What it was given alone.
    given: Values,
    /// From when to when numbers are times of the run, seconds since 1970.
    times: (i64, i64),
}

/// Texts with their names, the longest first. One that stands for nothing has none.
struct Values {
    any: Option<Regex>,
    names: BTreeMap<String, BTreeSet<String>>,
}

/// A line, or a value, without what says nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Masked {
    /// Where a name stands there is `‹›`.
    text: String,
    /// What each of them may be: several names may have one value.
    names: Vec<BTreeSet<String>>,
}

impl Masked {
    /// The text, with `‹›` for each name.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Whether it is the other but for what is masked: there is a name for each value that both may mean.
    pub(super) fn is_like(&self, other: &Masked) -> bool {
        let pairs = || self.names.iter().zip(&other.names);
        self.text == other.text
            && self.names.len() == other.names.len()
            && pairs().all(|(one, other)| !one.is_disjoint(other))
    }

    /// As it is told.
    pub(super) fn told(&self) -> String {
        let mut parts = self.text.split("‹›");
        let mut told = parts.next().unwrap_or_default().to_owned();
        for (names, part) in self.names.iter().zip(parts) {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            told.push_str(&format!("‹{}›{part}", names.join(" or ")));
        }
        told
    }
}

impl Masking {
    /// Of a run that is held against another.
    pub(super) fn of(summary: &Summary, beside: &Summary) -> Masking {
        let vars = |summary: &Summary| -> BTreeMap<String, String> {
            let vars = summary.run.environment.vars.iter();
            vars.map(|(name, value)| (name.clone(), value.clone())).collect()
        };
        let empty: BTreeSet<String> =
            vars(beside).into_iter().filter(|(_, value)| value.is_empty()).map(|(name, _)| name).collect();
        let inputs =
            summary.inputs.iter().filter_map(|input| Some((input.name.clone(), input.value.clone()?)));
        let own = [("environment".to_owned(), summary.run.environment.name.clone())];
        let given: Vec<_> = vars(summary).into_iter().chain(inputs).chain(own).collect();
        let values = summary.values.iter().map(|value| (value.name.clone(), value.value.clone()));
        let all: Vec<_> = given.iter().cloned().chain(values).collect();
        let (opened, last) = (summary.run.opened.as_second(), summary.run.last.as_second());
        Masking {
            values: Values::of(&all, &empty),
            given: Values::of(&given, &empty),
            times: (opened.saturating_sub(NEAR), last.saturating_add(NEAR)),
        }
    }

    /// A line of an output.
    pub(super) fn line(&self, line: &str) -> Masked {
        self.masked(line, &self.values, |_| true)
    }

    /// A value by its name. Its ids and digests stay: which commit it was is what one wants to know.
    pub(super) fn value(&self, name: &str, value: &str) -> Masked {
        if is_pid(name, value) {
            return Masked { text: "‹pid›".to_owned(), names: Vec::new() };
        }
        self.masked(value, &self.given, |stands| !matches!(stands, "‹id›" | "‹digest›"))
    }

    fn masked(&self, line: &str, values: &Values, wanted: impl Fn(&str) -> bool) -> Masked {
        let (numbered, names) = values.numbered(line);
        let mut line = Cow::Borrowed(numbered.as_str());
        for (rule, stands) in RULES.iter().filter(|(_, stands)| wanted(stands)) {
            let masked = |found: &Captures<'_>| {
                // A number alone may be anything.
                if found[0].len() > 11 && found[0].bytes().all(|byte| byte.is_ascii_digit()) {
                    return found[0].to_owned();
                }
                format!("{}{stands}", found.name("name").map_or("", |name| name.as_str()))
            };
            if let Cow::Owned(masked) = rule.replace_all(&line, masked) {
                line = Cow::Owned(masked);
            }
        }
        let time = |found: &Captures<'_>| {
            let seconds = found[0].get(..10).and_then(|seconds| seconds.parse::<i64>().ok());
            match seconds.filter(|at| (self.times.0..=self.times.1).contains(at)) {
                Some(_) => "‹time›".to_owned(),
                None => found[0].to_owned(),
            }
        };
        if let Some(Cow::Owned(masked)) = SINCE_1970.as_ref().map(|rule| rule.replace_all(&line, time)) {
            line = Cow::Owned(masked);
        }
        // A rule may have taken a name with what stands around it.
        let mut masked = Masked { text: String::with_capacity(line.len()), names: Vec::new() };
        let mut parts = line.split('‹');
        masked.text.push_str(parts.next().unwrap_or_default());
        for part in parts {
            let number =
                part.split_once('›').and_then(|(number, rest)| Some((number.strip_prefix('#')?, rest)));
            match number.and_then(|(number, rest)| Some((names.get(number.parse::<usize>().ok()?)?, rest))) {
                Some((names, rest)) => {
                    masked.names.push((*names).clone());
                    masked.text.push_str("‹›");
                    masked.text.push_str(rest);
                }
                None => {
                    masked.text.push('‹');
                    masked.text.push_str(part);
                }
            }
        }
        masked
    }
}

impl Values {
    /// Of `named`, names and texts. Those that are `empty` in the other run stand for nothing.
    fn of(named: &[(String, String)], empty: &BTreeSet<String>) -> Values {
        let mut names: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (name, value) in
            named.iter().filter(|(name, value)| value.chars().count() >= SHORTEST || is_pid(name, value))
        {
            let of = names.entry(value.clone()).or_default();
            if !empty.contains(name) {
                of.insert(name.clone());
            }
        }
        let mut texts: Vec<&String> = names.keys().collect();
        texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
        let any = texts.iter().map(|text| regex::escape(text)).collect::<Vec<_>>().join("|");
        let any = if any.is_empty() { None } else { Regex::new(&any).ok() };
        Values { any, names }
    }

    /// The text with `‹#0›`, `‹#1›` and so on in the place of values, and their names.
    fn numbered<'v>(&'v self, text: &str) -> (String, Vec<&'v BTreeSet<String>>) {
        let (mut out, mut names) = (String::with_capacity(text.len()), Vec::new());
        let (mut told, mut from) = (0, 0);
        while let Some(found) = self.any.as_ref().and_then(|any| any.find_at(text, from)) {
            from = found.end();
            let of = self.names.get(found.as_str()).filter(|_| stands_alone(text, found.range()));
            let Some(of) = of else { continue };
            out.push_str(&text[told..found.start()]);
            told = found.end();
            if !of.is_empty() {
                out.push_str(&format!("‹#{}›", names.len()));
                names.push(of);
            }
        }
        out.push_str(&text[told..]);
        (out, names)
    }
}

/// Whether a value is a process id, by its name.
fn is_pid(name: &str, value: &str) -> bool {
    let number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    number && name.to_ascii_uppercase().ends_with("PID")
}

/// Whether no number that begins or ends a value goes on around it.
fn stands_alone(text: &str, value: std::ops::Range<usize>) -> bool {
    let number = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    let goes_on = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '.');
    let found = &text[value.clone()];
    let (before, mut after) = (text[..value.start].chars().next_back(), text[value.end..].chars());
    let next = after.next();
    // A full stop ends a sentence as well.
    let full_stop = next == Some('.') && !after.next().is_some_and(char::is_alphanumeric);
    let (begins, ends) = (number(found.chars().next()), number(found.chars().next_back()));
    !(begins && goes_on(before) || ends && goes_on(next) && !full_stop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_from_run_to_run_is_masked_and_nothing_else_is() {
        let named = |all: &[(&str, &str)]| {
            let all: Vec<_> =
                all.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
            Values::of(&all, &BTreeSet::from(["PREFIX".to_owned()]))
        };
        let release = ("RELEASE", "v1.4.0");
        let plain = Masking {
            given: named(&[release]),
            values: named(&[
                release,
                ("PREFIX", "rehearsal-"),
                ("RATE", "0.02"),
                ("TAG", "v2.0.0"),
                ("NEW", "v2.0.0"),
                ("OLD_PID", "93"),
            ]),
            times: (1_795_900_000, 1_796_000_000),
        };
        for (line, masked) in [
            ("deployed v1.4.0", "deployed ‹RELEASE›"),
            ("at 2026-11-29T01:44:12Z done", "at ‹time› done"),
            ("at 2026-11-29 01:44:12.123 +0100 done", "at ‹time› done"),
            ("Sun Nov 29 01:44:12 UTC 2026", "‹time›"),
            ("Nov 29 01:44:12 host sshd[123]: ok", "‹time› host sshd‹pid›: ok"),
            ("at 01:44:12 done", "at ‹time› done"),
            ("0b7a1c2e-0000-4000-8000-0123456789ab is up", "‹id› is up"),
            ("image sha256:0123456789ab", "image ‹digest›"),
            ("container 0123456789abcdef0123 started", "container ‹digest› started"),
            ("wrote /tmp/tmp.Xa81/x, then left", "wrote ‹scratch›, then left"),
            ("PID 4711 is up in 12.5ms", "‹pid› is up in ‹took›"),
            ("in 3ms, 3 ms, 1.2 s, 4 min, 7 µs", "in ‹took›, ‹took›, ‹took›, ‹took›, ‹took›"),
            ("took 80 ms on 3 hosts", "took ‹took› on 3 hosts"),
            ("3 mins, 2  s, 4 max, 5 us hosts, 1 sshd", "3 mins, 2  s, 4 max, 5 us hosts, 1 sshd"),
            (r#"{"all_ms": 4, "port": 8080}"#, r#"{"all_ms": ‹took›, "port": 8080}"#),
            ("rows 999999999999, HTTP [500]", "rows 999999999999, HTTP [500]"),
            ("3 rows, 12 of 15, port 8080", "3 rows, 12 of 15, port 8080"),
            ("commit abc1234 is live", "commit abc1234 is live"),
            ("VERSION v1.4.1", "VERSION v1.4.1"),
            ("v1.4.0.", "‹RELEASE›."),
            ("to v2.0.0", "to ‹NEW or TAG›"),
            (r#"{"pid":93,"n":939}"#, r#"{"pid":‹OLD_PID›,"n":939}"#),
            ("/tmp/v1.4.0/x, v2.0.0", "‹scratch›, ‹NEW or TAG›"),
            ("‹quoted› v1.4.0 ‹#0›", "‹quoted› ‹RELEASE› ‹RELEASE›"),
            ("v1.4.01", "v1.4.01"),
            ("tag rehearsal-v1.4.0", "tag ‹RELEASE›"),
            ("rate 0.02, in 0.02s, 10.02", "rate ‹RATE›, in ‹took›, 10.02"),
            ("backup-20261129T120028Z.tar", "backup-‹time›.tar"),
            ("backup-20261129T120028.123456789Z.tar", "backup-‹time›.tar"),
            (r#"{"started":1795953624}"#, r#"{"started":‹time›}"#),
            ("at 1795953624.5 or 1795953624123", "at ‹time› or ‹time›"),
            ("rows 1234567890", "rows 1234567890"),
            (
                r#""content-length": "87", "bytes": 87, "rows": 87"#,
                r#""content-length": "‹length›", "bytes": ‹length›, "rows": 87"#,
            ),
        ] {
            assert_eq!(plain.line(line).told(), masked, "{line}");
        }
        for (name, value, masked) in [
            ("OLD_PID", "4711", "‹pid›"),
            ("ROWS", "4711", "4711"),
            ("BACKUP", "v1.4.0-20261129T120028Z.tar", "‹RELEASE›-‹time›.tar"),
            (
                "CANDIDATE",
                "0d3f8fd26bb88e43ad2453a541b62be7a44ec476",
                "0d3f8fd26bb88e43ad2453a541b62be7a44ec476",
            ),
        ] {
            assert_eq!(plain.value(name, value).told(), masked, "{name}");
        }
        assert_eq!(RULES.len(), 14, "each rule is one");
        for (_, stands) in RULES.iter() {
            assert!(MASKS.iter().any(|mask| mask.stands == *stands), "{stands} is told");
        }
    }
}
