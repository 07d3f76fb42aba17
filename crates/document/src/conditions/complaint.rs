//! What is said against a condition.

/// What is wrong with an expression, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Complaint {
    pub(crate) message: String,
    pub(crate) help: String,
}

/// Why an expression has no kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It cannot be right.
    Wrong(Complaint),
    /// Nothing is known of it, or it says in a roundabout way what can be said plainly. In a condition that is wrong
    /// too.
    Unclear(Complaint),
}
