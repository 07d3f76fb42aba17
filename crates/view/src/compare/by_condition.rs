//! What the document itself wants in one environment alone: that it was passed over in the other is no difference.

use std::sync::LazyLock;

use holdpoint_engine::Status;
use regex::Regex;
use serde::Serialize;

use crate::{ActionSummary, Happening, StepSummary, What};

/// A step or an action that one of two runs passed over, by a condition that asks for nothing but the environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ByCondition {
    /// The step or action.
    pub at: String,
    /// The condition, as written.
    pub condition: String,
    /// How it was in the first, in words.
    pub a: String,
    /// How it was in the second.
    pub b: String,
}

/// A whole step.
pub(super) fn step(a: Option<&StepSummary>, b: Option<&StepSummary>) -> Option<ByCondition> {
    let (a, b) = (a?, b?);
    of(&a.id, (a.status, &a.history), (b.status, &b.history))
}

/// One action.
pub(super) fn action(a: &ActionSummary, b: &ActionSummary) -> Option<ByCondition> {
    of(&a.id, (a.status, &a.history), (b.status, &b.history))
}

fn of(at: &str, a: (Status, &[Happening]), b: (Status, &[Happening])) -> Option<ByCondition> {
    let done = |status: Status| {
        use Status::{Confirmed, Passed, Recorded, Signed};
        status.is_by_hand() || matches!(status, Passed | Confirmed | Recorded | Signed)
    };
    let history = match (a.0, b.0) {
        (Status::NotApplicable, other) if done(other) => a.1,
        (other, Status::NotApplicable) if done(other) => b.1,
        _ => return None,
    };
    let condition = history.iter().find_map(|happened| match &happened.what {
        What::NotApplicable { condition } => Some(condition.clone()),
        _ => None,
    })?;
    let words = |status: Status| status.words().to_owned();
    asks_for_the_environment(&condition).then(|| ByCondition {
        at: at.to_owned(),
        condition,
        a: words(a.0),
        b: words(b.0),
    })
}

/// Whether a condition is one comparison of the environment and nothing else.
fn asks_for_the_environment(condition: &str) -> bool {
    static ONE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let text = r#"(?:"[^"\\]*"|'[^'\\]*')"#;
        let texts = format!(r"(?:not\s+)?in\s*[\[(]\s*{text}(?:\s*,\s*{text})*\s*,?\s*[\])]");
        let flag = r"(?:not\s+)?environment\.(?:rehearsal|protected)";
        let name = format!(r"environment\.name\s*(?:(?:==|!=)\s*{text}|{texts})");
        Regex::new(&format!(r"^\s*(?:{flag}|{name})\s*$")).ok()
    });
    ONE.as_ref().is_some_and(|one| one.is_match(condition))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_on_the_environment_alone_is_told_from_one_on_more() {
        for condition in [
            r#"environment.name == "staging""#,
            "environment.name != 'staging'",
            r#" environment.name in ["a", "b"] "#,
            r#"environment.name not in ["a"]"#,
            "environment.rehearsal",
            "not environment.protected",
        ] {
            assert!(asks_for_the_environment(condition), "{condition}");
        }
        for condition in [
            r#"environment.name == "staging" and VERIFY"#,
            "environment.name == NAME",
            "VERIFY",
            r#"environment.name == "a" or environment.name == X"#,
            r#"environment.name ~ "x" == "y""#,
            "",
        ] {
            assert!(!asks_for_the_environment(condition), "{condition}");
        }
    }
}
