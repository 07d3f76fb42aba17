//! From blocks to steps of a run-book (format.md section 3).
//!
//! A heading section (up to the next heading of any level) or an ordered item is a container. One that holds
//! things to do directly, not counting what stands in ordered items without a task box, is a step: all of it, at any
//! depth, becomes the step's actions in document order. A container without such, but with ordered items, is a phase,
//! and each item is a container by the same rule; an item that holds neither is a step with one thing to confirm.
//! Under `manual: true` a section with text and no items is a step with one thing to confirm: its heading.
//!
//! Numbers: a heading or item that is or contains steps takes the next number among its siblings. The document's
//! only first-level heading, where it is also its first heading, is its title and no level: what it holds is
//! numbered from 1 as if it were not there. A step that has sub-headings keeps its number and they count under it.

mod actions;
mod container;
mod context;
mod passages;
mod sections;
mod titles;
mod walk;

pub(crate) use context::{Book, Built};
pub(crate) use passages::passages;
pub(crate) use sections::{Section, sections};
pub(crate) use titles::{item_slug, item_title};
pub(crate) use walk::build;
