//! Documentation is true: what it names exists, and what exists is named.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod audit;
mod cli;
mod codemap;
mod format;
mod links;
mod page;
mod record;
mod words;

/// Fails with all of `wrong`, one a line.
#[track_caller]
fn none(wrong: Vec<String>, what: &str) {
    assert!(wrong.is_empty(), "{what}:\n  {}", wrong.join("\n  "));
}
