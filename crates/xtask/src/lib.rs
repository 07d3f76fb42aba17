//! What happens around the product and is no part of it: a scratch repository to promote, the demo, the test suite.
//!
//! Integration tests use [`product::make`] for a repository with branches, releases that serve, and a run-book.

pub mod advisories;
pub mod audit;
pub mod bench;
pub mod command;
pub mod corpus;
pub mod count;
pub mod demo;
pub mod dist;
pub mod faults;
pub mod fuzz;
pub mod licences;
pub mod mutants;
pub mod product;
pub mod sample;
pub mod site;
pub mod suite;
pub mod tally;
pub mod tidy;
pub mod tools;

use std::path::PathBuf;

/// The root of this workspace, as it was when xtask was built.
pub fn workspace() -> PathBuf {
    let crates = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    crates.ancestors().nth(2).map_or(crates.clone(), PathBuf::from)
}

/// Where cargo builds into: `CARGO_TARGET_DIR`, else `target` in the workspace.
pub fn target() -> PathBuf {
    let root = workspace();
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |directory| root.join(directory))
}
