//! What whoever signs is shown, as a page to print. Nothing in it acts.

use holdpoint_engine::Exhibit;
use minijinja::{Value, context};

use crate::ReportError;

/// The page of an exhibit, with the digest of its text, and texts that stand beside it: each with its title.
///
/// # Errors
/// The page cannot be rendered, which is a fault of ours.
pub fn exhibit(
    title: &str,
    exhibit: &Exhibit,
    digest: &str,
    beside: Vec<(String, String)>,
) -> Result<String, ReportError> {
    let mut env = super::environment::bare()?;
    env.add_template("exhibit.html", PAGE)?;
    let style = Value::from_safe_string(super::STYLE.to_owned());
    let parts: Vec<_> =
        exhibit.parts.iter().map(|part| (part.title.clone(), part.lines.join("\n"))).collect();
    let style_digest = super::embed::digest(super::STYLE.as_bytes());
    let page = context! { title, parts, digest, beside, style, style_digest };
    Ok(env.get_template("exhibit.html")?.render(page)?)
}

const PAGE: &str = concat!(include_str!("page/plain.html"), include_str!("page/exhibit.html"));
