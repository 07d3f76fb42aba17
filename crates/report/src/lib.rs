//! A record, rendered: the executed copy (Markdown), an HTML page that proves itself, one JSON object, frames to replay, an asciicast, JUnit XML, an in-toto statement.
//!
//! Executes nothing and reads no files: events, plan, source text and a way to read blobs come in, strings go out.
//! What comes from a run (outputs, reasons, names, values) is never trusted: it is made harmless here before it
//! stands in a rendering.

mod blobs;
mod cast;
mod decided;
mod edges;
mod error;
mod escapes;
mod exchanged;
mod html;
mod in_toto;
mod junit;
mod markdown;
mod soaks;
mod text;
mod time;
mod timeline;

pub use blobs::{Absent, Material, Opened, Piece, ReadAt};
pub use cast::cast;
pub use error::ReportError;
pub use escapes::{Drawing, Escapes, Part};
pub use holdpoint_engine::{RollbackState, Status};
pub use holdpoint_view::{
    ActionSummary, Attempt, Ended, Happening, HeldSoFar, NoteFacts, Person, PlaceSummary, SignOffEvent, Soak,
    StepSummary, Summary, Waits, What,
};
pub use html::{
    HtmlPage, Kept, LARGEST_BLOB, Outputs, comparison, exhibit, html, html_and_policy, html_with,
};
pub use in_toto::{PREDICATE, in_toto};
pub use junit::junit;
pub use markdown::markdown;
pub use markdown::words::soaks;
pub use text::visible;
pub use time::{clock, clock_of, moment, took, zone_name};
pub use timeline::*;

use exchanged::{Exchange, exchanges};

/// The record summed up, as every rendering shows it.
///
/// # Errors
///
/// [`ReportError::NotOpened`] where the record does not begin with `run.opened`.
pub fn summarise(m: &Material<'_>) -> Result<Summary, ReportError> {
    let (first, rest) = m.events.split_first().ok_or(holdpoint_view::NotOpened)?;
    let summing = holdpoint_view::Summing::begin(m.plan, first, m.verdict_of_verify.clone())?;
    let mut summing = summing.held_by(m.held.clone()).seen_at(m.now);
    rest.iter().for_each(|stamped| summing.event(stamped.clone()));
    let mut summary = summing.end();
    (summary.reviews, summary.reviews_wrong) = (m.reviews.clone(), m.reviews_wrong.clone());
    summary.anchored_by((m.anchors.clone(), m.anchors_wrong.clone()));
    summary.expunged.clone_from(&m.expunged);
    summary.rehearsal_wrong.clone_from(&m.rehearsal_wrong);
    Ok(summary)
}

/// The record as one JSON object. Every event stands in it under its number `n`; the keys are those of [`Summary`].
///
/// # Errors
///
/// Those of [`summarise`].
pub fn json(m: &Material<'_>) -> Result<serde_json::Value, ReportError> {
    Ok(serde_json::to_value(summarise(m)?)?)
}
