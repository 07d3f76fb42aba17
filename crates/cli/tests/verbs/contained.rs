//! Records that are not all in their own directory, or whose files are endless: the same verdict from every verb and from
//! `verify.sh`, at once.

use std::time::{Duration, Instant};

use holdpoint_xtask::sample;

use crate::support::{Bench, HOLDPOINT, Ran};

const BOOK: &str = "---\nrunbook: 1\n---\n# T\n\n## A\n\n```sh check\necho hi\n```\n";
/// Nothing here takes half of that on a machine that is busy with other tests.
const SOON: Duration = Duration::from_secs(20);

#[track_caller]
fn soon(command: &mut std::process::Command) -> Ran {
    let begun = Instant::now();
    let ran = Ran::of(command.output().unwrap());
    assert!(begun.elapsed() < SOON, "{command:?}");
    ran
}

/// Damages a sealed record by a command line in its directory. Gives what `verify` says of it, once everything else that
/// proves it has said the same, and `reading`, which prove nothing, the same in their way.
#[track_caller]
fn verdict(damage: &str, reading: bool) -> String {
    let bench = Bench::with(&[("a.md", BOOK)]);
    bench.ends(0, &["run", "a.md", "--unattended"]);
    let dir = bench.run_dir(1);
    bench.sh(&format!("cd '{}'; b=blobs/sha256; o=$(grep -lx hi $b/*); {damage}", dir.display()));
    let holdpoint = |words: &[&str]| {
        let mut command = bench.command("timeout");
        soon(command.args(["-k", "1", "30", HOLDPOINT]).args(words))
    };
    let ran = holdpoint(&["verify", "1"]);
    assert_eq!(ran.code, 6, "{damage}\n{}", ran.both());
    let told = ran.stdout.trim_end().to_owned();
    let mut others: Vec<&[&str]> =
        vec![&["report", "1"], &["report", "1", "--format", "html"], &["export", "1", "--output", "out.hpz"]];
    if reading {
        others.extend::<[&[&str]; 6]>([
            &["show", "1"],
            &["replay", "1", "--speed", "1000"],
            &["resume", "1", "--unattended"],
            &["sign", "1", "--as", "qa"],
            &["note", "1", "text"],
            &["handover", "1", "--to", "somebody"],
        ]);
    }
    for words in others {
        let ran = holdpoint(words);
        assert_eq!(ran.code, 6, "{damage}: {words:?}\n{}", ran.both());
    }
    let ran = holdpoint(&["runs"]);
    let code = if reading { 6 } else { 0 };
    assert_eq!((ran.code, ran.stdout.contains("unreadable")), (code, reading), "{}", ran.both());
    let by_path = holdpoint(&["verify", &dir.display().to_string()]);
    assert_eq!((by_path.code, by_path.stdout.trim_end()), (6, told.as_str()));
    std::fs::write(dir.join("verify.sh"), include_str!("../../src/bundle/verify.sh")).unwrap();
    let mut script = bench.command("sh");
    let ran = soon(script.arg(dir.join("verify.sh")));
    assert_eq!((ran.code, ran.stdout.trim_end()), (6, told.as_str()), "{damage}\n{}", ran.stderr);
    told
}

#[test]
fn no_part_of_a_record_is_a_link_or_a_fifo() {
    let log_or_directory = [
        "mv run.jsonl x; ln -s x run.jsonl",
        "rm run.jsonl; ln -s /dev/zero run.jsonl",
        "rm run.jsonl; mkfifo run.jsonl",
        "rm run.jsonl; mkdir run.jsonl",
        "mv blobs x; ln -s x blobs",
        "mv blobs/sha256 x; ln -s ../x blobs/sha256",
        "rm -rf signoffs; ln -s /tmp signoffs",
    ];
    for damage in sample::some(log_or_directory, 2) {
        assert_eq!(verdict(damage, true), "altered at event 0", "{damage}");
    }
    for damage in sample::some(["mv seal.json x; ln -s x seal.json", "rm seal.json; mkfifo seal.json"], 1) {
        assert_eq!(verdict(damage, true), "altered at event 3", "{damage}");
    }
    let blobs = ["mv $o x; ln -s ../../x $o", "rm $o; mkfifo $o", "ln -s /dev/zero $o.expunged"];
    for damage in sample::some(blobs, 1) {
        assert_eq!(verdict(damage, false), "altered at event 2", "{damage}");
    }
}

#[test]
fn no_file_of_a_record_is_read_without_end() {
    let cases = [
        ("truncate -s 200G seal.json", true, 3),
        ("rm seal.json; truncate -s 200G run.jsonl", true, 4),
        ("truncate -s 200G $o", false, 2),
        ("truncate -s 200G $o.expunged", false, 2),
    ];
    for (damage, reading, event) in sample::some(cases, 2) {
        assert_eq!(verdict(damage, reading), format!("altered at event {event}"), "{damage}");
    }
}

#[test]
fn what_follows_a_sealed_record_is_refused_by_every_verb() {
    let more = ["echo x >>run.jsonl", "printf '{\"a\":1}\\n' >>run.jsonl", "printf x >>run.jsonl"];
    for damage in sample::some(more, 1) {
        assert_eq!(verdict(damage, true), "altered at event 4", "{damage}");
        // Nothing is torn where the run is over, with a seal or without one.
        assert_eq!(verdict(&format!("rm seal.json; {damage}"), true), "altered at event 4", "{damage}");
    }
    assert!(verdict("truncate -s -20 run.jsonl", true).starts_with("truncated"));
}
