//! The engine and what is told of it can be carried anywhere: they name no file, process, clock, thread or terminal.

use std::fs;
use std::path::{Path, PathBuf};

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// What would tie a crate to a machine.
const WORLD: [&str; 14] = [
    "std::fs",
    "std::process",
    "std::net",
    "std::env",
    "std::thread",
    "std::io",
    "std::os",
    "Instant",
    "SystemTime",
    "Timestamp::now",
    "Zoned::now",
    "TimeZone::system",
    "println!",
    "eprint!",
];

#[test]
fn neither_the_engine_nor_the_view_names_a_file_a_process_a_clock_or_a_terminal() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut found = Vec::new();
    for name in ["engine", "view"] {
        sources(&crates.join(name).join("src"), &mut found);
    }
    assert!(found.len() > 20, "{found:?}");
    for path in found {
        let text = fs::read_to_string(&path).unwrap();
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        for (at, line) in code.enumerate() {
            for word in WORLD {
                assert!(!line.contains(word), "{}, line {} of its code: {word}", path.display(), at + 1);
            }
        }
    }
}

#[test]
fn both_forbid_the_same_types_functions_and_macros() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let rules = |name: &str| fs::read_to_string(crates.join(name).join("clippy.toml")).unwrap();
    assert_eq!(rules("view"), rules("engine"));
}
