//! What went wrong.

/// What went wrong, told once and then the end.
pub(crate) type Failure = Box<dyn std::error::Error>;
