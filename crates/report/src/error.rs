//! What keeps a rendering from being made. What happened in a run is never an error here.

use thiserror::Error;

/// Why no rendering could be made.
#[derive(Debug, Error)]
pub enum ReportError {
    /// The record does not begin with `run.opened`.
    #[error(transparent)]
    NotOpened(#[from] holdpoint_view::NotOpened),
    /// The source text is not the one that ran.
    #[error("the document given is not the one that ran: the record names {recorded}, this text is {given}")]
    OtherDocument {
        /// SHA-256 in the record, lower-case hex.
        recorded: String,
        /// SHA-256 of the text given, lower-case hex.
        given: String,
    },
    /// The plan was not made from this source text.
    #[error(
        "{what} points to bytes {start}..{end}, which are not in the document: the plan is of another text"
    )]
    SpanOutside {
        /// Whose span.
        what: String,
        /// First byte.
        start: usize,
        /// One past the last byte.
        end: usize,
    },
    /// A fault in our own template.
    #[error("the report's template failed")]
    Template(#[from] minijinja::Error),
    /// A fault in our own JSON.
    #[error("the report could not be written as JSON")]
    Json(#[from] serde_json::Error),
}
