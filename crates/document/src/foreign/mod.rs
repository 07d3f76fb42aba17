//! Documents that people follow by hand, as steps (decision 080).
//!
//! Every byte of the source belongs to one place that is shown: front matter, a heading, the prose above an action, an
//! action's own text, or a passage that is only read. Each byte is cut from the source once, so none is lost and none is
//! shown twice.
//!
//! - A section with numbered items is a group, and each of them a step; one with items to tick, or with bullets that say
//!   what to do, is a step, and each of these is confirmed by itself. Any other section is one step, confirmed by its
//!   heading, unless it is only there to be read.
//! - What follows an item belongs to it, indented or not, until something introduces a new list: a paragraph that ends in
//!   a colon, a line in bold, a rule, or, where numbers begin anew, the last paragraph above them.
//! - What is set apart (folded up, in an admonition, a tab, a quote) belongs to the item above it, and its items are steps
//!   below that. What stands behind it belongs to that item again, and not to the last one inside.
//! - Numbers are the document's own where they rise.

mod book;
mod bullets;
mod enclosed;
mod entries;
mod groups;
mod layer;
mod layout;
mod maker;
mod numbers;
mod outline;
mod parts;
mod tables;
mod words;

pub use bullets::{Bullets, bullets};
pub(crate) use layer::close_gaps;
pub use layer::{Piece, Shown};

pub(crate) use book::Book;
pub(crate) use layout::is_layout;
pub(crate) use maker::Read;
pub(crate) use parts::{Part, opened, parts};
pub(crate) use tables::{Row, rows};
pub(crate) use words::alternative;

/// Makes steps of a document. One in which everything is only to be read is read as if nothing were: whoever runs it wants
/// to confirm something.
pub(crate) fn read(book: &Book<'_>) -> Read {
    let read = |strict| maker::make(book, &outline::outline(book, strict));
    let strict = read(true);
    if strict.steps.is_empty() { read(false) } else { strict }
}
