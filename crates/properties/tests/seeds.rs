//! The fuzzer's properties hold of its seeds and of all that it ever found.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use holdpoint_properties::{TARGETS, seeds};
use holdpoint_xtask::sample;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn every_property_holds_of_its_seeds() {
    for target in TARGETS {
        let seeds = seeds::seeds(&root(), target.name).unwrap();
        assert!(seeds.len() >= 8, "{} begins with {} seeds", target.name, seeds.len());
        for seed in sample::some(seeds, 24) {
            // Shown where it does not hold, the one that does not as the last.
            println!("{}: {:?}", target.name, String::from_utf8_lossy(&seed[..seed.len().min(60)]));
            (target.holds)(&seed);
        }
    }
}

#[test]
fn what_the_fuzzer_found_once_is_not_found_again() {
    let folder = root().join("tests/cases/fuzz");
    for target in TARGETS {
        for (path, bytes) in seeds::found(&root(), target.name).unwrap() {
            println!("{}", path.display());
            (target.holds)(&bytes);
        }
    }
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(TARGETS.iter().any(|target| target.name == name), "{name} is the folder of no target");
    }
}

/// Nobody compiles the targets here, for that takes a nightly toolchain; so they hold nothing that could rot.
#[test]
fn every_property_has_its_target_and_every_target_its_property() {
    let manifest = std::fs::read_to_string(root().join("fuzz/Cargo.toml")).unwrap();
    let mut files: Vec<String> = std::fs::read_dir(root().join("fuzz/fuzz_targets"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    let mut names: Vec<String> = TARGETS.iter().map(|target| format!("{}.rs", target.name)).collect();
    names.sort();
    assert_eq!(files, names);
    for target in TARGETS {
        let name = target.name;
        let text = std::fs::read_to_string(root().join(format!("fuzz/fuzz_targets/{name}.rs"))).unwrap();
        assert_eq!(
            text,
            format!(
                "#![no_main]\n\nlibfuzzer_sys::fuzz_target!(|bytes: &[u8]| holdpoint_properties::{name}(bytes));\n"
            )
        );
        assert!(
            manifest.contains(&format!("name = \"{name}\"\npath = \"fuzz_targets/{name}.rs\"\n")),
            "{name}"
        );
    }
}
