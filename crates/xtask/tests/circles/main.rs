//! No two files of a crate need one another, straight or by way of others: each can be understood with what stands
//! below it alone.
//!
//! The rule: there is an edge from file A to file B where A names an item that is defined in B. Re-exports are followed
//! to the file with the definition, and are no edges themselves: a parent that declares its children and hands their
//! names on needs none of them. What a private `use` brings in is named; so is what stands in a path, or after `super`,
//! or in the arguments of a macro. Methods are not seen: `impl Run` in three files makes no edge among them. Tests are
//! left out.

#![allow(clippy::unwrap_used)]

mod graph;
mod modules;

use std::fmt::Write as _;
use std::path::Path;

use graph::Graph;

/// Edges that make circles and stay, each with the reason. From, to, why.
const KNOWN: [(&str, &str, &str); 0] = [];

#[test]
fn no_two_files_of_a_crate_need_one_another() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut told = String::new();
    let mut left: Vec<_> = KNOWN.iter().collect();
    for root in modules::roots(crates) {
        let mut graph = Graph::of(&modules::read(crates, &root));
        for circle in graph.circles() {
            left.retain(|(from, to, _)| {
                !(circle.contains(*from) && circle.contains(*to) && graph.has(from, to))
            });
        }
        for (from, to, _) in &KNOWN {
            graph.forget(from, to);
        }
        for circle in graph.circles() {
            writeln!(told, "a circle of {} files:", circle.len()).unwrap();
            for (from, to, names) in graph.within(&circle) {
                writeln!(told, "  {from} -> {to}: {names}").unwrap();
            }
        }
    }
    for (from, to, _) in left {
        writeln!(told, "known, and in no circle any more: {from} -> {to}").unwrap();
    }
    assert!(told.is_empty(), "{told}");
}

#[test]
fn a_circle_is_found_behind_re_exports_and_inline_modules() {
    let files = [
        ("a/src/lib.rs", "mod one; mod two; pub use one::One; mod inner { pub fn f() { crate::two::Two; } }"),
        ("a/src/one.rs", "use super::two; pub struct One(two::Two);"),
        ("a/src/two.rs", "pub enum Two { A } fn f() -> bool { matches!(x, crate::One(_)) } mod three;"),
        ("a/src/two/three.rs", "use super::Two::{self, *}; #[cfg(test)] mod tests { use crate::One; }"),
    ];
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let root = &modules::roots(dir.path())[0];
    let graph = Graph::of(&modules::read(dir.path(), root));
    let circles = graph.circles();
    assert_eq!(circles.len(), 1, "{circles:?}");
    let edges: Vec<_> = graph.within(&circles[0]).collect();
    let of = |from: &str, to: &str, names: &str| (from.to_owned(), to.to_owned(), names.to_owned());
    assert_eq!(edges, [of("a/src/one.rs", "a/src/two.rs", "Two"), of("a/src/two.rs", "a/src/one.rs", "One")]);
    assert!(graph.has("a/src/lib.rs", "a/src/two.rs") && graph.has("a/src/two/three.rs", "a/src/two.rs"));
    assert!(!graph.has("a/src/lib.rs", "a/src/one.rs"), "handing a name on is no need of it");
}
