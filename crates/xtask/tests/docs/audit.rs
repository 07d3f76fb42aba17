//! The tests that the clause table names.

use crate::none;
use crate::page::{Page, root};

/// Every Rust file below a directory, as one text.
fn sources(directory: &std::path::Path, text: &mut String) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, text);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&std::fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn every_test_that_the_clause_table_names_exists_and_every_clause_says_what_is_left() {
    let text = Page::of("docs/audit.md").text;
    let mut code = String::new();
    sources(&root().join("crates"), &mut code);
    let rows = text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| clause"));
    let named: Vec<&str> = rows
        .flat_map(|row| row.split('`').skip(1).step_by(2))
        .filter(|name| name.contains('_') && name.len() > 20)
        .collect();
    assert!(named.len() > 30, "the table names tests: {}", named.len());
    let is_gone = |name: &&str| !code.contains(&format!("fn {name}("));
    none(
        named.into_iter().filter(is_gone).map(str::to_owned).collect(),
        "docs/audit.md names tests that are gone",
    );
}
