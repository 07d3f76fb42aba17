//! Two runs beside one another, as a page to print. Nothing in it acts.

use holdpoint_view::Comparison;
use jiff::tz::TimeZone;
use minijinja::value::Serde;
use minijinja::{Value, context};

use crate::time::clock;
use crate::{ReportError, took};

/// The page of a comparison, with times of that zone.
///
/// # Errors
/// The page cannot be rendered, which is a fault of ours.
pub fn comparison(comparison: &Comparison, zone: &TimeZone) -> Result<String, ReportError> {
    let mut env = super::environment::bare()?;
    env.add_filter("took", took);
    env.add_template("comparison.html", PAGE)?;
    let style = Value::from_safe_string(super::STYLE.to_owned());
    let style_digest = super::embed::digest(super::STYLE.as_bytes());
    let beside = super::beside::beside(comparison, 2, ["a", "b"])?;
    let differ = !comparison.differences.is_empty();
    let opened = [clock(comparison.a.opened, zone), clock(comparison.b.opened, zone)];
    let title = format!("Run {} beside run {}", comparison.a.number, comparison.b.number);
    let comparison = Value::from(Serde(comparison));
    let page = context! { title, comparison, differ, opened, style, style_digest, beside };
    Ok(env.get_template("comparison.html")?.render(page)?)
}

const PAGE: &str = concat!(include_str!("page/plain.html"), include_str!("page/comparison.html"));
