//! What in outputs differs from run to run and says nothing: masked by rules that are told.

use std::borrow::Cow;
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

/// The rules, in the order in which they are applied. Before them, values of the run stand as their names.
pub const MASKS: [Mask; 7] = [
    Mask {
        stands: "‹NAME›", what: "values that the run was given, or that were captured or written down"
    },
    Mask { stands: "‹time›", what: "dates and times" },
    Mask { stands: "‹id›", what: "UUIDs and ULIDs" },
    Mask {
        stands: "‹digest›",
        what: "12 or more hexadecimal digits with a letter among them, and what follows sha256:",
    },
    Mask { stands: "‹scratch›", what: "paths in /tmp and /dev/shm" },
    Mask { stands: "‹pid›", what: "process ids: after pid, and in square brackets behind a name" },
    Mask {
        stands: "‹took›",
        what: "durations: a number and ns, us, µs, ms or s, and numbers in JSON whose names end in _ms",
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
        (r"\b[0-9]+(?:\.[0-9]+)?(?:ns|us|µs|ms|s)\b".to_owned(), "‹took›"),
        (r#"(?P<name>"[a-z_]+_ms": ?)[0-9]+\b"#.to_owned(), "‹took›"),
    ];
    let compiled = rules.into_iter().filter_map(|(rule, stands)| Some((Regex::new(&rule).ok()?, stands)));
    compiled.collect()
});

/// A value shorter than this may be anything, characters.
const SHORTEST: usize = 4;

/// The rules, and the values of one run.
pub(super) struct Masking {
    /// Texts and the names that stand for them, the longest first.
    values: Vec<(String, String)>,
}

impl Masking {
    pub(super) fn of(summary: &Summary) -> Masking {
        let vars = summary.run.environment.vars.iter().map(|(name, value)| (value.clone(), name.clone()));
        let inputs =
            summary.inputs.iter().filter_map(|input| Some((input.value.clone()?, input.name.clone())));
        let values = summary.values.iter().map(|value| (value.value.clone(), value.name.clone()));
        let own = [(summary.run.environment.name.clone(), "environment".to_owned())];
        let all = vars.chain(inputs).chain(values).chain(own);
        let mut values: Vec<_> = all.filter(|(value, _)| value.chars().count() >= SHORTEST).collect();
        values.sort_by(|(one, a), (other, b)| other.len().cmp(&one.len()).then_with(|| a.cmp(b)));
        Masking { values }
    }

    /// A line without what says nothing.
    pub(super) fn masked(&self, line: &str) -> String {
        let mut line = Cow::Borrowed(line);
        for (value, name) in &self.values {
            if line.contains(value.as_str()) {
                line = Cow::Owned(line.replace(value.as_str(), &format!("‹{name}›")));
            }
        }
        for (rule, stands) in RULES.iter() {
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
        line.into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_from_run_to_run_is_masked_and_nothing_else_is() {
        let plain = Masking { values: vec![("v1.4.0".to_owned(), "RELEASE".to_owned())] };
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
            (r#"{"all_ms": 4, "port": 8080}"#, r#"{"all_ms": ‹took›, "port": 8080}"#),
            ("rows 999999999999, HTTP [500]", "rows 999999999999, HTTP [500]"),
            ("3 rows, 12 of 15, port 8080", "3 rows, 12 of 15, port 8080"),
            ("commit abc1234 is live", "commit abc1234 is live"),
            ("VERSION v1.4.1", "VERSION v1.4.1"),
        ] {
            assert_eq!(plain.masked(line), masked, "{line}");
        }
        assert_eq!(RULES.len(), 12, "each rule is one");
        for (_, stands) in RULES.iter() {
            assert!(MASKS.iter().any(|mask| mask.stands == *stands), "{stands} is told");
        }
    }
}
