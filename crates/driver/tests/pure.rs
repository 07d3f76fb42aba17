//! What the driver must not know of, and the one place where anything is appended.

#![allow(clippy::unwrap_used, clippy::disallowed_types, clippy::disallowed_methods)] // the tests look at sources and the tree

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Terminals, processes, ssh, parsers of documents, runtimes.
const HEAVY: [&str; 16] = [
    "console",
    "dialoguer",
    "indicatif",
    "miette",
    "clap",
    "duct",
    "os_pipe",
    "pty-process",
    "process-wrap",
    "nix",
    "ssh-key",
    "ssh-agent-lib",
    "openssh",
    "tokio",
    "pulldown-cmark",
    "saphyr-parser",
];

#[test]
fn the_driver_needs_no_terminal_process_ssh_or_parser() {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let tree = ["tree", "--offline", "-p", "holdpoint-driver", "-e", "normal", "--prefix", "none"];
    let told = Command::new(cargo).args(tree).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    let told = String::from_utf8(told.stdout).unwrap();
    let names: BTreeSet<&str> = told.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(names.contains("holdpoint-engine") && names.len() > 10, "{told}");
    for heavy in HEAVY.iter().chain(&["holdpoint-document", "holdpoint-executor", "holdpoint-helper"]) {
        assert!(!names.contains(heavy), "{heavy}");
    }
}

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

/// Whether a line hands an event to whatever appends: a method of that name, whatever it is called on, or its path. That a file
/// is opened for appending is something else.
fn appends(line: &str) -> bool {
    let calls = [".append(", ".append_all(", "Writer::append", "Journal::append", "Memory::append"];
    calls.iter().any(|call| line.contains(call)) && !line.contains(".append(true)")
}

#[test]
fn whoever_appends_is_seen_whatever_they_append_with() {
    for line in [
        "writer.append(Timestamp::now(), &event)?;",
        "let n = taken.writer.append(at, event)?;",
        "self.0.append(at, event)",
        "disk.append_all(events)?;",
        "Writer::append(&mut writer, at, event)",
        "Journal::append(&mut disk, events)",
    ] {
        assert!(appends(line), "{line}");
    }
    assert!(!appends("std::fs::OpenOptions::new().append(true).open(&path)"));
}

#[test]
fn events_are_appended_in_one_place() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut found = Vec::new();
    ["driver", "cli"].iter().for_each(|name| sources(&crates.join(name).join("src"), &mut found));
    assert!(found.len() > 60, "{found:?}");
    let mut appending = Vec::new();
    for path in found {
        let code = fs::read_to_string(&path).unwrap();
        let path = path.strip_prefix(crates).unwrap().to_string_lossy().into_owned();
        for line in code.lines().filter(|line| !line.trim_start().starts_with("//")) {
            if appends(line) {
                appending.push(format!("{path}: {}", line.trim()));
            }
        }
    }
    appending.sort();
    assert_eq!(
        appending.iter().map(|line| line.split(": ").next().unwrap()).collect::<Vec<_>>(),
        // The journal on the disk, which is asked by the recorder alone.
        ["cli/src/world/disk.rs", "driver/src/recorder.rs"],
        "{appending:#?}"
    );
}
