//! Whether a record is sound: what `verify` said of it, and what lies beside it. Whoever tells of that asks here.

use serde::Serialize;

use crate::Break;

/// What `verify` said of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Verified {
    /// In its own words.
    pub words: String,
    /// Whether nothing is wrong with it, complete or open.
    #[serde(skip)]
    pub intact: bool,
    /// The first event that does not conform, where one does not: nothing counts from there on.
    #[serde(skip)]
    pub broken: Option<Break>,
}

/// What is wrong with what lies beside a record, or should.
#[derive(Clone, Copy, Debug, Default)]
pub struct Beside<'a> {
    /// Why the record of a rehearsal that it relied on is not what it was.
    pub rehearsal: Option<&'a str>,
    /// Why its reviews do not hold.
    pub reviews: Option<&'a str>,
    /// Why its anchors do not hold.
    pub anchors: Option<&'a str>,
    /// That it has no anchor, and must.
    pub no_anchor: Option<&'a str>,
}

impl<'a> Beside<'a> {
    /// What does not hold, and why: nothing where all of it does.
    pub fn wrong(self) -> impl Iterator<Item = (&'static str, &'a str)> {
        let told = [
            ("its rehearsal is not what it relied on", self.rehearsal),
            ("its reviews do not hold", self.reviews),
            ("its anchors do not hold", self.anchors),
            // Of anchors that do not hold, that says enough.
            ("it has no anchor", self.no_anchor.filter(|_| self.anchors.is_none())),
        ];
        told.into_iter().filter_map(|(what, why)| Some((what, why?)))
    }
}
