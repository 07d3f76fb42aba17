//! What the driver itself can find wrong. Worlds bring errors of their own and say what becomes of these.

use holdpoint_engine::{TemplateError, Unexpected};

/// A fault of the driver, or of whoever uses it. How a block or a run ends is never one.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The engine did not ask for what was to be recorded. Nothing was written.
    #[error("the engine refuses an event of its own driver: {0}")]
    Refused(#[source] Box<Unexpected>),
    /// An event that held a secret was no such event any more once it was masked. Nothing was written.
    #[error("an event cannot be masked: {0}")]
    Unmaskable(#[source] serde_json::Error),
    /// The run is not open, or two drivers are at work.
    #[error("the run is in a state that no driver leaves behind")]
    Stuck,
    /// Rules of the environment did not hold when the run opened, and nobody overrode them.
    #[error("rules of the environment do not hold, and nobody has overridden them")]
    Barred,
    /// Whoever operates must sign that with their key, and has not.
    #[error("the session is not signed")]
    SessionUnsigned,
    /// The statement of a hold point.
    #[error("the statement to be signed cannot be rendered: {0}")]
    Statement(#[source] TemplateError),
    /// Bytes were asked for that were never kept.
    #[error("the blob {0} is not there")]
    NoBlob(String),
    /// A journal in memory keeps nothing that a signature could be bound to.
    #[error("a run in memory keeps nothing that could be signed")]
    Unsigned,
}

/// Recorded events that the engine did not ask for.
#[derive(Debug, thiserror::Error)]
#[error("event {n}: {unexpected}")]
pub struct NotConforming {
    /// The number of the first of them.
    pub n: u64,
    /// Why it does not fit.
    #[source]
    pub unexpected: Box<Unexpected>,
}
