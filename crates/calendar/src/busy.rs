//! What comes of a calendar.

use jiff::Timestamp;

/// A time that an event takes, or several that touch one another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Busy {
    /// When it begins.
    pub from: Timestamp,
    /// When it is over.
    pub to: Timestamp,
    /// The event's title, the first one's where there are several.
    pub what: String,
}
