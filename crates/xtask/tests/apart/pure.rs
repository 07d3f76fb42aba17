//! `engine` and `view` can be carried by a worker or a browser: nothing that they need reads documents, or knows of files,
//! processes, clocks or terminals.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// Parsers of documents, terminals, processes, runtimes, the network.
const HEAVY: [&str; 22] = [
    "pulldown-cmark",
    "saphyr-parser",
    "saphyr",
    "serde_yaml",
    "toml",
    "toml_edit",
    "toml_parser",
    "console",
    "dialoguer",
    "indicatif",
    "miette",
    "clap",
    "duct",
    "os_pipe",
    "tokio",
    "nix",
    "rustix",
    "tempfile",
    "ssh-key",
    "openssh",
    "getrandom",
    "libc",
];

/// All that a crate needs, for the target.
fn tree(name: &str, target: &str) -> BTreeSet<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let arguments = ["tree", "--locked", "-p", name, "-e", "normal", "--prefix", "none", "--target", target];
    let told = Command::new(cargo).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let told = String::from_utf8(told.stdout).unwrap();
    told.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

#[test]
fn the_engine_and_the_view_need_no_parser_of_documents_no_file_process_or_terminal() {
    for name in ["holdpoint-engine", "holdpoint-view", "holdpoint-model"] {
        let needs = tree(name, "wasm32-unknown-unknown");
        assert!(needs.contains(name) && needs.len() > 10, "{needs:?}");
        for heavy in HEAVY.iter().chain(&["holdpoint-document", "holdpoint-executor", "holdpoint-helper"]) {
            assert!(!needs.contains(*heavy), "{name} needs {heavy}");
        }
    }
}

#[test]
fn every_crate_of_ours_that_they_need_is_forbidden_files_processes_and_clocks() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let needs = tree("holdpoint-view", "all");
    let ours: BTreeSet<&str> = needs.iter().filter_map(|name| name.strip_prefix("holdpoint-")).collect();
    assert_eq!(ours, BTreeSet::from(["bounded", "engine", "model", "shell", "view"]));
    for name in ours {
        let rules = std::fs::read_to_string(crates.join(name).join("clippy.toml")).unwrap();
        let rules: toml::Table = rules.parse().unwrap();
        for (key, forbidden) in [
            ("disallowed-types", "std::fs::File"),
            ("disallowed-types", "std::process::Command"),
            ("disallowed-types", "std::time::SystemTime"),
            ("disallowed-methods", "std::fs::read"),
            ("disallowed-methods", "std::env::var"),
            ("disallowed-methods", "jiff::Timestamp::now"),
            ("disallowed-macros", "std::eprintln"),
        ] {
            let all = rules[key].as_array().unwrap();
            assert!(all.iter().any(|name| name.as_str() == Some(forbidden)), "{name}: {forbidden} in {key}");
        }
    }
}
