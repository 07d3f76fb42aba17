//! JSON paths, all of [RFC 9535](https://www.rfc-editor.org/rfc/rfc9535), read and followed within bounds.

mod evaluate;
mod functions;
mod parse;
mod scan;

use crate::json::Value;
use crate::pattern;

/// The longest path that is read, in bytes.
pub const LONGEST: usize = 4096;

/// A path, ready to be followed.
#[derive(Clone, Debug)]
pub struct Path(Vec<Segment>);

/// Why a text is no path, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} (at byte {at})")]
pub struct BadPath {
    /// What is wrong, in words.
    pub what: String,
    /// Where, in bytes.
    pub at: usize,
}

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

/// `.name`, `[…]`; below any value: `..name`, `..[…]`.
#[derive(Clone, Debug)]
struct Segment {
    descendants: bool,
    selectors: Vec<Selector>,
}

#[derive(Clone, Debug)]
enum Selector {
    Name(String),
    Wildcard,
    Index(i64),
    Slice { start: Option<i64>, end: Option<i64>, step: i64 },
    Filter(Logical),
}

#[derive(Clone, Debug)]
enum Logical {
    Any(Vec<Logical>),
    All(Vec<Logical>),
    Not(Box<Logical>),
    Exists(Query),
    Compare(Operand, Comparison, Operand),
    Matches(Match),
}

/// A path within a filter.
#[derive(Clone, Debug)]
struct Query {
    /// `@` and not `$`.
    relative: bool,
    segments: Vec<Segment>,
}

#[derive(Clone, Copy, Debug)]
enum Comparison {
    Equal,
    Unequal,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

/// What comes to one value, or to none.
#[derive(Clone, Debug)]
enum Operand {
    Literal(Value),
    Singular(Query),
    Length(Box<Operand>),
    Count(Query),
    Value(Query),
}

/// `match(…)` and `search(…)`.
#[derive(Clone, Debug)]
struct Match {
    text: Operand,
    pattern: Pattern,
    /// `match`: all of the text.
    whole: bool,
}

#[derive(Clone, Debug)]
enum Pattern {
    /// Written in the path, and so known to be one.
    Known(pattern::Pattern),
    /// From the document; what is no pattern matches nothing.
    Told(Operand),
}

impl Query {
    fn singular(&self) -> bool {
        self.segments.iter().all(|segment| {
            !segment.descendants
                && matches!(segment.selectors.as_slice(), [Selector::Name(_) | Selector::Index(_)])
        })
    }
}
