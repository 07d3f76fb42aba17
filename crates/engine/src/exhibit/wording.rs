//! Which text whoever signs is shown. Another wording takes another number: records keep the text, and later programs make
//! each of them again as it was.

use crate::By;
use crate::whose::Whose;

/// A wording of an exhibit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wording {
    /// The first one.
    First,
    /// Tells also with which variables blocks ran, and whether whoever signs must not have performed.
    Second,
    /// Tells also which answers came from a file, and what was done by hand.
    Third,
    /// Tells each value that an action wrote down, with what it is.
    Fourth,
    /// Tells the whole text of an item that begins or ends with an image.
    Fifth,
    /// Tells an item's lines with what they are indented by within it.
    Sixth,
    /// Tells also what was not committed, what the environment's script said of the change, and of a failure what was expected.
    Seventh,
}

impl Wording {
    /// What is shown today.
    pub const LATEST: Wording = Wording::Seventh;
    /// All of them, today's first.
    pub const ALL: [Wording; 7] = [
        Wording::Seventh,
        Wording::Sixth,
        Wording::Fifth,
        Wording::Fourth,
        Wording::Third,
        Wording::Second,
        Wording::First,
    ];

    /// The first line of the text.
    pub fn head(self) -> &'static str {
        match self {
            Wording::First => "holdpoint exhibit 1: what whoever signs is shown",
            Wording::Second => "holdpoint exhibit 2: what whoever signs is shown",
            Wording::Third => "holdpoint exhibit 3: what whoever signs is shown",
            Wording::Fourth => "holdpoint exhibit 4: what whoever signs is shown",
            Wording::Fifth => "holdpoint exhibit 5: what whoever signs is shown",
            Wording::Sixth => "holdpoint exhibit 6: what whoever signs is shown",
            Wording::Seventh => "holdpoint exhibit 7: what whoever signs is shown",
        }
    }

    /// The one that a text begins with.
    pub fn of(text: &str) -> Option<Wording> {
        let head = text.split('\n').next()?;
        Wording::ALL.into_iter().find(|wording| wording.head() == head)
    }

    /// That a file answered, behind a name; empty where a person did.
    pub(super) fn source(self, by: &By) -> &'static str {
        if self >= Wording::Third { by.source() } else { "" }
    }

    /// Whoever it was, and that a file answered, where one did.
    pub(super) fn who(self, by: &By) -> String {
        format!("{}{}", by.who, self.source(by))
    }

    /// What happened, with the name in it.
    pub(super) fn of_whom(self, whose: &Whose) -> String {
        if self >= Wording::Third { whose.sourced() } else { whose.named() }
    }
}
