//! The codemap in `ARCHITECTURE.md` names what is there, and nothing else.

use crate::none;
use crate::page::{Page, all, between, root, sources_below};

const CRATES: &[&str] = &[
    "bounded",
    "calendar",
    "model",
    "shell",
    "document",
    "engine",
    "driver",
    "redact",
    "record",
    "executor",
    "files",
    "helper",
    "lsp",
    "probes",
    "properties",
    "report",
    "repository",
    "view",
    "web",
    "signing",
    "cli",
    "gauge",
    "hosts",
    "xtask",
];

/// First cells of the table under a crate's heading: files and folders below its `src`.
fn listed(page: &Page, name: &str) -> Vec<String> {
    let (_, section) = page
        .text
        .split_once(&format!("### `crates/{name}`\n"))
        .unwrap_or_else(|| panic!("{name} has no section"));
    let rows = section
        .lines()
        .skip_while(|line| !line.starts_with('|'))
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let cell = |row: &str| {
        let cell = row.split('|').nth(1).unwrap().to_owned();
        between(&cell, "`", '`').into_iter().step_by(2).map(str::to_owned).collect::<Vec<_>>()
    };
    rows.flat_map(cell).collect()
}

#[test]
fn every_file_in_the_codemap_exists() {
    let page = Page::of("ARCHITECTURE.md");
    let mut wrong = Vec::new();
    for name in CRATES {
        for path in listed(&page, name) {
            let at = root().join(format!("crates/{name}/src/{path}"));
            let there = if path.ends_with('/') { at.is_dir() } else { at.is_file() };
            if !there {
                wrong.push(format!("crates/{name}/src/{path}"));
            }
        }
    }
    none(wrong, "ARCHITECTURE.md names what is not there");
}

#[test]
fn every_source_file_or_its_folder_is_in_the_codemap() {
    let page = Page::of("ARCHITECTURE.md");
    let mut wrong = Vec::new();
    for name in CRATES {
        let listed = listed(&page, name);
        for file in sources_below(&format!("crates/{name}/src")) {
            let within = listed.iter().any(|path| path.ends_with('/') && file.starts_with(path.as_str()));
            if !within && !listed.contains(&file) {
                wrong.push(format!("crates/{name}/src/{file}"));
            }
        }
    }
    none(wrong, "ARCHITECTURE.md does not name");
}

#[test]
fn every_crate_is_in_the_codemap() {
    let mut crates: Vec<String> = std::fs::read_dir(root().join("crates"))
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().join("Cargo.toml").is_file())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    crates.sort();
    let mut known: Vec<String> = CRATES.iter().map(|name| (*name).to_owned()).collect();
    known.sort();
    assert_eq!(crates, known);
}

/// `crates/engine/src/rollback.rs`, or `engine/rollback.rs` for short; folders end with a `/`.
#[test]
fn every_source_that_any_page_names_exists() {
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for page in all() {
        for path in page.codes.iter().filter(|code| code.contains('/') && !code.contains(' ')) {
            let (name, rest) = path.split_once('/').unwrap_or_default();
            let source = path.ends_with(".rs") || path.starts_with("crates/");
            let short = CRATES.contains(&name) && (source || path.ends_with('/'));
            let within_crate = page.path == "ARCHITECTURE.md" && source && !short && name != "crates";
            if !(source || short) || within_crate {
                continue;
            }
            seen += 1;
            let at = if short { format!("crates/{name}/src/{rest}") } else { path.clone() };
            if !root().join(&at).exists() {
                wrong.push(format!("{}: {path}", page.path));
            }
        }
    }
    assert!(seen > 20, "{seen} sources only");
    none(wrong, "sources that do not exist");
}

#[test]
fn processes_are_started_where_blocks_and_helpers_are_and_nowhere_else() {
    const STARTING: [&str; 4] =
        ["executor/pty.rs", "executor/remote/line.rs", "executor/spawn.rs", "helper/helper.rs"];
    let mut starting = Vec::new();
    for name in CRATES.iter().filter(|name| !["gauge", "hosts", "xtask"].contains(name)) {
        for file in sources_below(&format!("crates/{name}/src")) {
            let text = std::fs::read_to_string(root().join(format!("crates/{name}/src/{file}"))).unwrap();
            let starts = ["Command::new(", "duct::cmd("].iter().any(|word| text.contains(word));
            if starts && !file.ends_with("tests.rs") {
                starting.push(format!("{name}/{file}"));
            }
        }
    }
    starting.sort();
    assert_eq!(starting, STARTING);
}
