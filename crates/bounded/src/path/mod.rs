//! JSON paths, all of [RFC 9535](https://www.rfc-editor.org/rfc/rfc9535), read and followed within bounds.

mod evaluate;
mod functions;
mod parse;
mod scan;
mod tree;

use crate::json::Value;

use tree::Segment;
pub use tree::{BadPath, LONGEST};

/// A path, ready to be followed.
#[derive(Clone, Debug)]
pub struct Path(Vec<Segment>);

/// Following a path took more steps than it may: 200,000, and 16 for each byte of the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("following the path takes more than {0} steps")]
pub struct TooManySteps(u64);

impl Path {
    /// Reads a path.
    ///
    /// # Errors
    /// The text is no path, longer than [`LONGEST`], or nested deeper than 32.
    pub fn parse(text: &str) -> Result<Path, BadPath> {
        parse::path(text).map(Path)
    }

    /// The values that the path selects, in its order. `bytes` is how long the document's text is.
    ///
    /// # Errors
    /// It would take too long.
    pub fn select<'v>(&self, root: &'v Value, bytes: usize) -> Result<Vec<&'v Value>, TooManySteps> {
        let steps = (bytes as u64).saturating_mul(16).saturating_add(200_000);
        evaluate::select(&self.0, root, steps).ok_or(TooManySteps(steps))
    }
}
