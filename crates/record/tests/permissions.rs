//! Alone in its binary: the umask belongs to the whole process.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod common;

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use common::Bench;
use rustix::fs::Mode;

fn modes(dir: &Path, seen: &mut Vec<(String, u32)>) {
    let mode = dir.metadata().unwrap().permissions().mode() & 0o7777;
    seen.push((dir.display().to_string(), mode));
    if dir.is_dir() {
        for entry in std::fs::read_dir(dir).unwrap() {
            modes(&entry.unwrap().path(), seen);
        }
    }
}

#[test]
fn a_record_is_for_its_owner_only_whatever_the_umask_is() {
    for umask in [0o000, 0o022, 0o077, 0o277] {
        let bench = Bench::new();
        std::fs::create_dir(bench.dir.path().join(".holdpoint")).unwrap();
        let before = rustix::process::umask(Mode::from_raw_mode(umask));
        bench.sealed_record();
        rustix::process::umask(before);
        let mut seen = Vec::new();
        modes(bench.store.path(), &mut seen);
        assert!(seen.len() > 10, "{seen:?}");
        for (path, mode) in seen {
            let expected = if Path::new(&path).is_dir() { 0o700 } else { 0o600 };
            assert_eq!(mode, expected, "{path} under umask {umask:o}: {mode:o}");
        }
    }
}
