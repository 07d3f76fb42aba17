//! What a path says.

use crate::json::Value;
use crate::pattern;

/// The longest path that is read, in bytes.
pub const LONGEST: usize = 4096;

/// Why a text is no path, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} (at byte {at})")]
pub struct BadPath {
    /// What is wrong, in words.
    pub what: String,
    /// Where, in bytes.
    pub at: usize,
}

/// `.name`, `[…]`; below any value: `..name`, `..[…]`.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    pub(super) descendants: bool,
    pub(super) selectors: Vec<Selector>,
}

#[derive(Clone, Debug)]
pub(super) enum Selector {
    Name(String),
    Wildcard,
    Index(i64),
    Slice { start: Option<i64>, end: Option<i64>, step: i64 },
    Filter(Logical),
}

#[derive(Clone, Debug)]
pub(super) enum Logical {
    Any(Vec<Logical>),
    All(Vec<Logical>),
    Not(Box<Logical>),
    Exists(Query),
    Compare(Operand, Comparison, Operand),
    Matches(Match),
}

/// A path within a filter.
#[derive(Clone, Debug)]
pub(super) struct Query {
    /// `@` and not `$`.
    pub(super) relative: bool,
    pub(super) segments: Vec<Segment>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Comparison {
    Equal,
    Unequal,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

/// What comes to one value, or to none.
#[derive(Clone, Debug)]
pub(super) enum Operand {
    Literal(Value),
    Singular(Query),
    Length(Box<Operand>),
    Count(Query),
    Value(Query),
}

/// `match(…)` and `search(…)`.
#[derive(Clone, Debug)]
pub(super) struct Match {
    pub(super) text: Operand,
    pub(super) pattern: Pattern,
    /// `match`: all of the text.
    pub(super) whole: bool,
}

#[derive(Clone, Debug)]
pub(super) enum Pattern {
    /// Written in the path, and so known to be one.
    Known(pattern::Pattern),
    /// From the document; what is no pattern matches nothing.
    Told(Operand),
}

impl Query {
    pub(super) fn singular(&self) -> bool {
        self.segments.iter().all(|segment| {
            !segment.descendants
                && matches!(segment.selectors.as_slice(), [Selector::Name(_) | Selector::Index(_)])
        })
    }
}
