//! What a document is read from.

use crate::Span;
use crate::markdown::Tree;

/// What is read.
pub(crate) struct Book<'b> {
    pub(crate) source: &'b str,
    pub(crate) tree: &'b Tree,
    pub(crate) title: &'b str,
    /// The front matter with its fences, if there is one.
    pub(crate) front: Span,
    /// Code with commands that are offered, in order.
    pub(crate) commands: &'b [Span],
}
