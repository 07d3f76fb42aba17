//! A record, rendered: the executed copy (Markdown), an HTML page that proves itself, one JSON object, frames to replay, an asciicast, JUnit XML, an in-toto statement.
//!
//! Executes nothing and reads no files: events, plan, source text and a way to read blobs come in, strings go out.
//! What comes from a run (outputs, reasons, names, values) is never trusted: it is made harmless here before it
//! stands in a rendering.

mod blobs;
mod cast;
mod edges;
mod error;
mod escapes;
mod html;
mod in_toto;
mod junit;
mod markdown;
mod text;
mod time;
mod timeline;

use holdpoint_engine::{BlobRef, Stamped};
use holdpoint_model::Plan;

pub use blobs::{Piece, ReadAt};
pub use cast::cast;
pub use error::ReportError;
pub use escapes::{Drawing, Escapes, Part};
pub use holdpoint_engine::{RollbackState, Status};
pub use holdpoint_view::{
    ActionSummary, Attempt, Ended, Happening, NoteFacts, Person, PlaceSummary, SignOffEvent, StepSummary,
    Summary, Waits, What,
};
pub use html::{Kept, LARGEST_BLOB, html};
pub use in_toto::{PREDICATE, in_toto};
pub use junit::junit;
pub use markdown::markdown;
pub use text::visible;
pub use time::{clock, clock_of, took};
pub use timeline::*;

/// What a rendering is made from.
pub struct Material<'a> {
    /// The plan, compiled from `source`.
    pub plan: &'a Plan,
    /// The document's text, exactly the bytes the record names.
    pub source: &'a str,
    /// The record's events, in order, from event 0.
    pub events: &'a [Stamped],
    /// Opens a blob of the record; `None` where it is not there. Digest and length are checked here again.
    pub blob: &'a dyn Fn(&BlobRef) -> Option<Box<dyn ReadAt>>,
    /// What `verify` said of the record, in its own words; `None` where nobody asked it.
    pub verdict_of_verify: Option<String>,
    /// The zone that times are shown in.
    pub zone: jiff::tz::TimeZone,
}

/// The record summed up, as every rendering shows it.
///
/// # Errors
///
/// [`ReportError::NotOpened`] where the record does not begin with `run.opened`.
pub fn summarise(m: &Material<'_>) -> Result<Summary, ReportError> {
    Ok(holdpoint_view::summarise(m.plan, m.events, m.verdict_of_verify.clone())?)
}

/// The record as one JSON object. Every event stands in it under its number `n`; the keys are those of [`Summary`].
///
/// # Errors
///
/// Those of [`summarise`].
pub fn json(m: &Material<'_>) -> Result<serde_json::Value, ReportError> {
    Ok(serde_json::to_value(summarise(m)?)?)
}
