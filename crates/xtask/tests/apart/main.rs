//! What no crate may keep for its whole process, and what the pure ones may not need.

#![allow(clippy::unwrap_used)]

mod pure;
mod statics;
