//! Markdown into a tree of blocks. pulldown-cmark is used in `read.rs` and nowhere else.

mod build;
mod read;
mod slug;
mod tree;

pub(crate) use read::read;
pub(crate) use slug::{Unique, slug};
pub(crate) use tree::*;
