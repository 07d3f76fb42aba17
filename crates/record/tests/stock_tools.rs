//! A record is checked without this program: the commands of the specification, run as they stand there.
//! The tools are part of the promise: without them these tests fail.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod common;

use std::path::Path;
use std::process::Command;

use common::Bench;

/// The whole check with `jq`, `head` and `sha256sum`: every link of the chain, every blob, the seal.
const CHECK: &str = r#"
set -eu
bytes=0 n=0
while IFS= read -r line; do
    prev=$(head -c "$bytes" run.jsonl | sha256sum | cut -d' ' -f1)
    printf '%s\n' "$line" | jq -e --arg prev "$prev" --argjson n "$n" '.prev == $prev and .n == $n' >/dev/null
    bytes=$((bytes + $(printf '%s\n' "$line" | wc -c))) n=$((n + 1))
done < run.jsonl
jq -r '.. | objects | select(keys == ["bytes","sha256"] and (.bytes | type == "number")) | "\(.sha256)  blobs/sha256/\(.sha256)"' run.jsonl |
    sort -u | sha256sum --check --strict --quiet -
jq -r '"\(.sha256)  run.jsonl"' seal.json | sha256sum --check --strict --quiet -
test "$(jq .events seal.json)" = "$n"
test "$(jq .bytes seal.json)" = "$bytes"
test "$(jq .verdict seal.json)" = "$(tail -n 1 run.jsonl | jq 'select(.type == "run.closed" and (has("more") | not)) | .verdict')"
"#;

fn check(dir: &Path) -> bool {
    let output =
        Command::new("bash").args(["-c", CHECK]).current_dir(dir).env("LC_ALL", "C").output().unwrap();
    assert_ne!(
        output.status.code(),
        Some(127),
        "a tool is missing: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    output.status.success()
}

#[test]
fn stock_tools_find_a_sealed_record_good() {
    let bench = Bench::new();
    assert!(check(&bench.sealed_record()));
}

#[test]
fn stock_tools_find_an_altered_record_bad() {
    let bench = Bench::new();
    let dir = bench.sealed_record();
    let good = common::log(&dir);
    for at in (0..good.len()).step_by(good.len() / 5) {
        let mut bad = good.clone();
        bad[at] ^= 1;
        common::set_log(&dir, &bad);
        assert!(!check(&dir), "byte {at}");
    }
    common::set_log(&dir, &good);
    assert!(check(&dir));
    let blob = holdpoint_record::referenced(&holdpoint_record::read(&dir).unwrap().events[2].event).unwrap();
    std::fs::write(dir.join("blobs/sha256").join(&blob[0].sha256), b"deployeD\n").unwrap();
    assert!(!check(&dir));
}

#[test]
fn any_point_is_checked_with_head_and_sha256sum() {
    let bench = Bench::new();
    let writer = bench.driven();
    let position = writer.position();
    let command = format!("head -c {} run.jsonl | sha256sum", position.bytes);
    let output = Command::new("sh").args(["-c", &command]).current_dir(writer.dir()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), format!("{}  -\n", position.sha256));
}
