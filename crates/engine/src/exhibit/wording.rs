//! Which text whoever signs is shown. Another wording takes another number: records keep the text, and later programs make
//! each of them again as it was.

/// A wording of an exhibit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wording {
    /// The first one.
    First,
    /// Tells also with which variables blocks ran, and whether whoever signs must not have performed.
    Second,
}

impl Wording {
    /// What is shown today.
    pub const LATEST: Wording = Wording::Second;
    /// All of them, today's first.
    pub const ALL: [Wording; 2] = [Wording::Second, Wording::First];

    /// The first line of the text.
    pub fn head(self) -> &'static str {
        match self {
            Wording::First => "holdpoint exhibit 1: what whoever signs is shown",
            Wording::Second => "holdpoint exhibit 2: what whoever signs is shown",
        }
    }

    /// The one that a text begins with.
    pub fn of(text: &str) -> Option<Wording> {
        let head = text.split('\n').next()?;
        Wording::ALL.into_iter().find(|wording| wording.head() == head)
    }
}
