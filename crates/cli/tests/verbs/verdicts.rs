//! Tampering with the bytes of a sealed record: the right words and the right exit code.

use std::fs;
use std::process::Command;

use holdpoint_xtask::sample;
use serde_json::Value;

use crate::runs::book;
use crate::sealed::Copy;
use crate::support::{Bench, Ran};

#[test]
fn an_untouched_record_is_intact_and_complete_wherever_it_lies() {
    let copy = Copy::new();
    copy.is(0, "intact and complete");
    let json = copy.bench.ends(0, &["verify", "./evidence", "--format", "json"]).json();
    assert_eq!(json["events"], copy.events().len());
    assert_eq!(json["bytes"], copy.log().len());
    assert_eq!(json["expectations_judged_again"], 4);
    // A path needs no ./ before it, and the configuration beside it is nobody's business.
    fs::write(copy.bench.path("holdpoint.toml"), "not = [ toml").unwrap();
    copy.bench.ends(0, &["verify", "evidence"]);
    copy.bench.ends(0, &["verify", copy.dir.to_str().unwrap()]);
}

#[test]
fn a_changed_byte_is_altered_at_its_event_or_the_next() {
    let copy = Copy::new();
    let lines = copy.lines();
    let last = lines.len() - 1;
    let mut at = 0;
    for (n, line) in lines.iter().enumerate() {
        // The first byte, one in the time, one in the middle, the last before the line's end.
        for offset in [0, line.len() / 5, line.len() / 2, line.len() - 2] {
            let mut log = copy.log();
            log[at + offset] ^= 1;
            copy.set_log(&log);
            let (code, verdict) = copy.glance();
            let event = verdict.strip_prefix("altered at event ").unwrap_or_else(|| panic!("{verdict}"));
            let event: usize = event.parse().unwrap();
            assert!(code == 6 && (event == n || event == (n + 1).min(last)), "{n}: {verdict}");
            log[at + offset] ^= 1;
            copy.set_log(&log);
        }
        at += line.len();
    }
    copy.is(0, "intact and complete");
}

#[test]
fn a_changed_line_end_is_altered() {
    let copy = Copy::new();
    let log = copy.log();
    for new in [&b"\r\n"[..], b" \n", b"\n\n", b""] {
        let end = log.iter().position(|byte| *byte == b'\n').unwrap();
        copy.set_log(&[&log[..end], new, &log[end + 1..]].concat());
        let (code, verdict, _) = copy.verdict();
        assert!(code == 6 && verdict.starts_with("altered at event "), "{new:?}: {verdict}");
    }
}

#[test]
fn a_missing_line_is_altered_where_it_was() {
    let copy = Copy::new();
    let lines = copy.lines();
    for missing in 0..lines.len() - 1 {
        let kept: Vec<_> = lines.iter().enumerate().filter(|(n, _)| *n != missing).collect();
        copy.set_log(&kept.into_iter().flat_map(|(_, line)| line.clone()).collect::<Vec<_>>());
        assert_eq!(copy.glance(), (6, format!("altered at event {missing}")));
    }
}

#[test]
fn two_swapped_lines_are_altered_at_the_first() {
    let copy = Copy::new();
    let lines = copy.lines();
    for first in [0, 3, lines.len() - 2] {
        let mut swapped = lines.clone();
        swapped.swap(first, first + 1);
        copy.set_log(&swapped.concat());
        copy.is(6, &format!("altered at event {first}"));
    }
}

#[test]
fn a_doubled_or_an_added_line_is_altered_where_it_stands() {
    let copy = Copy::new();
    let lines = copy.lines();
    let mut doubled = lines.clone();
    doubled.insert(4, lines[3].clone());
    copy.set_log(&doubled.concat());
    copy.is(6, "altered at event 4");
    copy.set_log(&[lines.concat(), b"{}\n".to_vec()].concat());
    copy.is(6, &format!("altered at event {}", lines.len()));
    copy.set_log(&[lines.concat(), b"{\"n\":".to_vec()].concat());
    copy.is(6, &format!("altered at event {}", lines.len()));
}

#[test]
fn a_cut_tail_is_truncated_in_the_middle_of_a_line_and_at_its_end() {
    let copy = Copy::new();
    let lines = copy.lines();
    for kept in 0..lines.len() {
        let whole = lines[..kept].concat();
        for cut in [whole.clone(), [&whole[..], &lines[kept][..lines[kept].len() / 2]].concat()] {
            copy.set_log(&cut);
            assert_eq!(copy.glance(), (6, "truncated".to_owned()), "{kept} lines are left");
        }
    }
    let all = lines.concat();
    copy.set_log(&all[..all.len() - 1]);
    let (code, verdict, _) = copy.verdict();
    assert_eq!((code, verdict.as_str()), (6, "truncated"), "only the last line's end is missing");
}

#[test]
fn a_changed_or_missing_blob_is_altered_at_the_event_that_names_it() {
    let copy = Copy::new();
    let events = copy.events();
    let started = events.iter().position(|event| event["type"] == "action.finished").unwrap();
    let named = [
        (0, &events[0]["runbook"]["blob"]),
        (0, &events[0]["config"]),
        (started, &events[started]["output"]["stdout"]),
        (started, &events[started]["output"]["timing"]),
    ];
    for (event, blob) in named {
        let path = copy.dir.join("blobs/sha256").join(blob["sha256"].as_str().unwrap());
        let good = fs::read(&path).unwrap();
        let mut bad = good.clone();
        bad[0] ^= 1;
        for bytes in [&bad[..], &good[..good.len() - 1], &[&good[..], b"x"].concat()] {
            fs::write(&path, bytes).unwrap();
            copy.is(6, &format!("altered at event {event}"));
        }
        fs::remove_file(&path).unwrap();
        copy.is(6, &format!("altered at event {event}"));
        fs::write(&path, good).unwrap();
    }
    copy.is(0, "intact and complete");
}

#[test]
fn a_blob_that_no_event_names_is_no_fault_and_is_told() {
    let copy = Copy::new();
    copy.blob(b"put there later");
    let (code, verdict, remarks) = copy.verdict();
    assert_eq!((code, verdict.as_str()), (0, "intact and complete"));
    assert!(remarks.contains("no event names"), "{remarks}");
}

#[test]
fn a_changed_seal_is_altered_and_a_missing_one_leaves_the_record_open() {
    let copy = Copy::new();
    let path = copy.dir.join("seal.json");
    let good = fs::read(&path).unwrap();
    let seal: Value = serde_json::from_slice(&good).unwrap();
    let last = copy.events().len() - 1;
    for (key, value) in seal.as_object().unwrap() {
        let mut bad = seal.clone();
        bad[key] = match value {
            Value::Number(number) => Value::from(number.as_u64().unwrap() - 1),
            Value::String(text) if text == "passed" => Value::from("failed"),
            Value::String(text) => Value::from(text.chars().rev().collect::<String>()),
            other => panic!("{other}"),
        };
        fs::write(&path, serde_json::to_vec(&bad).unwrap()).unwrap();
        let ran = copy.verify();
        // Another format version in the seal is one that this program does not know.
        let known =
            matches!((ran.code, ran.stdout.trim()), (6, verdict) if verdict.starts_with("altered at event "));
        assert!(known || (key == "format" && ran.code == 2), "{key}: {}", ran.both());
    }
    fs::write(&path, "{").unwrap();
    copy.is(6, &format!("altered at event {last}"));
    fs::remove_file(&path).unwrap();
    let (code, verdict, remarks) = copy.verdict();
    assert_eq!((code, verdict.as_str()), (0, "intact, open"));
    assert!(remarks.contains("not sealed"), "{remarks}");
}

#[test]
fn an_open_record_with_a_torn_tail_is_intact_and_open_and_is_told() {
    let copy = Copy::new();
    fs::remove_file(copy.dir.join("seal.json")).unwrap();
    let lines = copy.lines();
    let kept = lines[..4].concat();
    copy.set_log(&kept);
    copy.is(0, "intact, open");
    for torn in [&lines[4][..lines[4].len() / 2], &lines[4][..lines[4].len() - 1], b"\0\0\0\0"] {
        copy.set_log(&[&kept[..], torn].concat());
        let (code, verdict, remarks) = copy.verdict();
        assert_eq!((code, verdict.as_str()), (0, "intact, open"));
        assert!(remarks.contains("torn write"), "{remarks}");
    }
    copy.set_log(b"");
    copy.is(6, "truncated");
}

#[test]
fn what_reads_a_record_refuses_an_altered_one() {
    let copy = Copy::new();
    let mut log = copy.log();
    let middle = log.len() / 2;
    log[middle] ^= 1;
    copy.set_log(&log);
    for verb in ["show", "replay", "report", "resume"] {
        let ran = copy.bench.holdpoint(&[verb, "./evidence"]);
        assert_eq!(ran.code, 6, "{verb}: {}", ran.both());
        assert_eq!(ran.stdout, "", "{verb}");
    }
    copy.bench.ends(6, &["note", "./evidence", "a note"]);
    assert_eq!(copy.log(), log);
}

/// record.md sections 1 and 2, by the tools it names and nothing else.
const BY_HAND: &str = r#"
bytes=0 n=0
while IFS= read -r line; do
    test "$(printf '%s\n' "$line" | jq -r .prev)" = "$(head -c "$bytes" run.jsonl | sha256sum | cut -d' ' -f1)"
    test "$(printf '%s\n' "$line" | jq .n)" = "$n"
    bytes=$((bytes + $(printf '%s\n' "$line" | wc -c))) n=$((n + 1))
done < run.jsonl
test "$bytes" = "$(wc -c < run.jsonl)"
test "$(jq -r .sha256 seal.json)" = "$(sha256sum < run.jsonl | cut -d' ' -f1)"
test "$(jq .bytes seal.json)" = "$bytes"
test "$(jq .events seal.json)" = "$n"
jq -r '.. | objects | select(has("sha256") and has("bytes")) | "\(.sha256)  blobs/sha256/\(.sha256)"' run.jsonl |
    sort -u > ../blobs.sum
test -s ../blobs.sum
sha256sum --check --strict --quiet ../blobs.sum
"#;

fn by_hand(copy: &Copy) -> Ran {
    let mut command: Command = copy.bench.command("bash");
    Ran::of(command.args(["-euo", "pipefail", "-c", BY_HAND]).current_dir(&copy.dir).output().unwrap())
}

#[test]
fn a_record_checks_with_sha256sum_head_and_jq_alone() {
    let copy = Copy::new();
    let ran = by_hand(&copy);
    assert_eq!(ran.code, 0, "{}", ran.both());
    let log = copy.log();
    for at in sample::some([10, log.len() / 2, log.len() - 10], 1) {
        let mut bad = log.clone();
        bad[at] ^= 1;
        copy.set_log(&bad);
        assert_ne!(by_hand(&copy).code, 0, "byte {at}");
    }
    copy.set_log(&log);
    let events = copy.events();
    let blob = events[0]["runbook"]["blob"]["sha256"].as_str().unwrap();
    fs::write(copy.dir.join("blobs/sha256").join(blob), "another document").unwrap();
    assert_ne!(by_hand(&copy).code, 0);
}

#[test]
fn a_record_of_a_failed_run_is_as_complete_as_any() {
    let bench = Bench::with(&[(
        "book.md",
        "---
runbook: 1
title: T
---
# T

## Stop

```yaml step
on_failure: stop
```

```sh check
false
```
",
    )]);
    bench.ends(1, &["run", "book.md", "--unattended"]);
    bench.ends(0, &["verify", "1"]).says("intact and complete");
}

#[test]
fn one_record_has_one_verdict_from_every_verb_by_whatever_path_it_is_named() {
    for how in [
        "ln -s ../whole it",
        "cp -r ../whole it; mv it/run.jsonl ../log; ln -s ../../log it/run.jsonl",
        "cp -r ../whole it; rm it/run.jsonl; ln -s /dev/zero it/run.jsonl",
        "cp -r ../whole it; rm it/run.jsonl; mkfifo it/run.jsonl",
        "cp -r ../whole it; mv it/blobs ../blobs; ln -s ../../blobs it/blobs",
        "cp -r ../whole it; sed -i '1s/passed/pissed/;2s/look/luck/' it/run.jsonl; truncate -s 100 it/run.jsonl",
    ] {
        let bench = Bench::with(&[("book.md", &book("", "## Look\n\n```sh check\ntrue\n```\n"))]);
        bench.ends(0, &["run", "book.md", "--unattended"]);
        bench.sh(&format!("cp -r .holdpoint/runs/0001-* ../whole; {how}"));
        for verb in
            [&["verify"][..], &["show"], &["replay", "--speed", "1000"], &["report", "--format", "markdown"]]
        {
            let arguments = [&verb[..1], &["./it"], &verb[1..]].concat();
            let ran = bench.holdpoint(&arguments);
            assert_eq!(ran.code, 6, "{how}: {arguments:?}: {}", ran.both());
        }
    }
}
