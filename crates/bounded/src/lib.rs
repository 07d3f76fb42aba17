//! The languages that documents and outputs bring along, each read within bounds: JSON, JSON paths, regular
//! expressions, templates.
//!
//! Whatever is read here may have been written by an adversary: a path of a hundred bytes that takes a minute, a
//! thousand parentheses that a parser follows until its stack is used up. So depth and length are held before anything
//! is followed, and work is counted while it is done. What goes beyond is an error in words, never a truth value.

pub mod json;
pub mod path;
pub mod pattern;
pub mod template;
