//! What a comparison of two runs comes to, as a part of a page.

use holdpoint_view::{Comparison, Difference};
use minijinja::value::Serde;
use minijinja::{Value, context};

use super::environment::bare;
use crate::{ReportError, took};

/// What a comparison comes to, at a heading of this level and with these names for the two: in its own page, and in the report
/// of a run that relied on the other.
pub(super) fn beside(
    comparison: &Comparison,
    level: u8,
    names: [&'static str; 2],
) -> Result<Value, ReportError> {
    let mut env = bare()?;
    env.add_filter("took", took);
    env.add_template("beside.html", BESIDE)?;
    let told = |difference: &Difference| {
        context! {
            what => difference.what.words(), place => difference.place_words(), a => &difference.a, b => &difference.b,
            diff => difference.diff.join("\n"),
        }
    };
    let differences: Vec<Value> = comparison.differences.iter().map(told).collect();
    let comparison = Value::from(Serde(comparison));
    let html = env.get_template("beside.html")?.render(context! { comparison, differences, level, names })?;
    Ok(Value::from_safe_string(html))
}

const BESIDE: &str = include_str!("page/beside.html");
