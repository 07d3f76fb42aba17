//! Markdown into a tree of blocks, and into HTML. pulldown-cmark is used in `read.rs`, `html.rs` and `gist.rs` and
//! nowhere else.

mod build;
mod gist;
mod html;
mod indented;
mod inside;
mod lines;
mod near;
mod paragraphs;
mod read;
mod shift;
mod slug;
mod tabs;
mod tree;
mod went_on;

pub use gist::gist;
pub use html::{Insertion, html};
pub use indented::indented_code;
pub(crate) use inside::{Containers, Part, quoted, text, undented, within};
pub use lines::{Line, lines};
pub(crate) use near::titled_tag;
pub use paragraphs::code_of;
pub(crate) use paragraphs::{behind_paragraph, last_paragraph, within_containers};
pub(crate) use read::{fronts, read, read_without_tabs};
pub(crate) use shift::{Shift, shift};
pub(crate) use slug::{Unique, slug};
pub(crate) use tabs::{Colons, colons, is_admonition, is_inset, is_tab, title as tab_title};
pub(crate) use tree::*;
pub(crate) use went_on::{number, went_on};
