//! Blocks that print much: memory stays small, and nothing is kept twice.

use std::fs;

use crate::support::{Bench, Ran};

/// More than is ever held, bytes.
const MUCH: u64 = 200_000_000;
/// So much memory of its own the program gets, KiB: less than a half of that output.
const LITTLE: u64 = 80_000;

/// One step that prints a lot, with what is expected of it.
fn flood(expected: &str) -> Bench {
    let line = "a line of an output that is neither short nor very long, as logs have them";
    let text = format!(
        "---\nrunbook: 1\n---\n\n# Flood\n\n## One\n\n```sh run\nyes '{line}' | head -c {MUCH}\n```\n{expected}"
    );
    Bench::with(&[("book.md", &text)])
}

/// `holdpoint` with little memory.
fn with_little_memory(bench: &Bench, arguments: &str) -> Ran {
    let line = format!("ulimit -c 0; ulimit -d {LITTLE}; exec holdpoint {arguments}");
    Ran::of(bench.command("sh").args(["-euc", &line]).output().unwrap())
}

#[test]
fn an_output_larger_than_memory_is_recorded_proved_rendered_and_replayed() {
    let bench = flood("");
    let ran = with_little_memory(&bench, "run book.md --unattended");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stderr.len() < MUCH as usize / 20, "{} bytes were shown", ran.stderr.len());
    ran.says("MiB not shown here; all of it is recorded …");
    assert_eq!(bench.of_type(1, "action.finished")[0]["output"]["stdout"]["bytes"], MUCH);
    for arguments in ["verify 1", "report 1", "report 1 --format junit", "report 1 --format json"] {
        let ran = with_little_memory(&bench, arguments);
        assert_eq!(ran.code, 0, "{arguments}: {}", ran.stderr);
    }
    let ran = with_little_memory(&bench, "replay 1 --max-wait 0.001");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    ran.says("MiB not shown here …");
}

#[test]
fn a_dry_run_holds_no_output_that_nothing_looks_at() {
    let text =
        format!("---\nrunbook: 1\n---\n\n# Flood\n\n## One\n\n```sh check\nyes no | head -c {MUCH}\n```\n");
    let bench = Bench::with(&[("book.md", &text)]);
    let ran = with_little_memory(&bench, "run book.md --dry-run");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    ran.says("MiB not shown here …");
    assert!(!ran.stderr.contains("all of it is recorded"), "nothing is");
}

/// The tests above can fail.
#[test]
fn so_little_memory_is_too_little_where_the_output_must_be_judged() {
    let bench = flood("\n```yaml expect\nstdout: not_empty\n```\n");
    let ran = with_little_memory(&bench, "run book.md --unattended");
    assert_ne!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("memory"), "{}", ran.stderr);
}

#[test]
fn what_is_printed_again_or_not_at_all_makes_no_new_file() {
    let block = |n: u32, script: &str| format!("## Step {n}\n\n```sh run\n{script}\n```\n\n");
    let steps = [block(1, "true"), block(2, ":"), block(3, "echo the same"), block(4, "echo the same >&2")];
    let bench = Bench::with(&[("book.md", &format!("---\nrunbook: 1\n---\n\n# Same\n\n{}", steps.concat()))]);
    bench.ends(0, &["run", "book.md", "--unattended"]);
    let blobs: Vec<Vec<u8>> = fs::read_dir(bench.run_dir(1).join("blobs/sha256"))
        .unwrap()
        .map(|entry| fs::read(entry.unwrap().path()).unwrap())
        .collect();
    let count = |bytes: &[u8]| blobs.iter().filter(|blob| *blob == bytes).count();
    assert_eq!((count(b""), count(b"the same\n")), (1, 1));
    let timings = blobs.iter().filter(|blob| blob.starts_with(b"o 9 ") || blob.starts_with(b"e 9 ")).count();
    assert_eq!(blobs.len(), 2 + timings + 1, "the run-book beside them");
    bench.ends(0, &["verify", "1"]).says("intact and complete");
}
