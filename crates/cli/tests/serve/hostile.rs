//! Records that are damaged, or made to be a nuisance: told soon, and the others are shown.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::time::{Duration, Instant};

use crate::http::serving;
use crate::pages::store;
use crate::support::Bench;

/// Not a hang, on a busy machine too.
const SOON: Duration = Duration::from_secs(20);

fn copied(bench: &Bench, number: u64) -> std::path::PathBuf {
    let to = bench.path(&format!(".holdpoint/runs/{number:04}-plain"));
    bench.sh(&format!("cp -r '{}' '{}'", bench.run_dir(1).display(), to.display()));
    to
}

#[test]
fn what_cannot_be_read_is_told_soon_and_the_rest_is_shown() {
    let bench = store();
    let altered = copied(&bench, 4);
    let text = fs::read_to_string(altered.join("run.jsonl")).unwrap();
    fs::write(altered.join("run.jsonl"), text.replacen("staging", "stagong", 1)).unwrap();
    let huge = copied(&bench, 5);
    fs::remove_file(huge.join("run.jsonl")).unwrap();
    File::create(huge.join("run.jsonl")).unwrap().set_len(200 << 30).unwrap();
    let fifo = copied(&bench, 6);
    fs::remove_file(fifo.join("run.jsonl")).unwrap();
    bench.sh(&format!("mkfifo '{}'", fifo.join("run.jsonl").display()));
    symlink("/dev/zero", bench.path(".holdpoint/runs/0007-zero")).unwrap();
    symlink("/etc", bench.path(".holdpoint/runs/0008-etc")).unwrap();
    fs::create_dir(bench.path(".holdpoint/runs/0009-empty")).unwrap();
    let device = copied(&bench, 10);
    fs::remove_file(device.join("run.jsonl")).unwrap();
    symlink("/dev/zero", device.join("run.jsonl")).unwrap();
    copied(&bench, 11);
    let fat = copied(&bench, 12);
    let text = fs::read_to_string(fat.join("run.jsonl")).unwrap();
    fs::write(fat.join("run.jsonl"), text).unwrap();
    File::create(fat.join("blobs/sha256").join("0".repeat(64))).unwrap().set_len(200 << 30).unwrap();

    let server = serving(&bench);
    let cookie = server.signed_in();
    let begun = Instant::now();
    let list = server.get("/", &[&cookie]).is(200);
    for number in 1..=12 {
        assert!(list.body.contains(&format!("/runs/{number}\"")), "run {number} is not listed");
    }
    assert!(list.body.contains("unreadable"), "{}", list.body);
    let here = bench.root().display().to_string();
    assert!(!list.body.contains(&here), "where it lies is nobody's business: {}", list.body);
    for number in 4..=12 {
        for path in
            [format!("/runs/{number}"), format!("/runs/{number}/report"), format!("/api/runs/{number}")]
        {
            let answer = server.get(&path, &[&cookie]);
            assert!([404, 422, 400].contains(&answer.status), "{path}: {} {}", answer.status, answer.body);
            assert!(!answer.body.contains(&here), "{path}: {}", answer.body);
        }
        if number != 12 {
            let path = format!("/api/runs/{number}/events");
            let answer = server.get(&path, &[&cookie]);
            assert!(
                answer.status != 200 || answer.body.contains("event: refused"),
                "{path}: {}",
                answer.body
            );
        }
    }
    assert!(begun.elapsed() < SOON, "it took {:?}", begun.elapsed());
    server.get("/runs/1", &[&cookie]).is(200);
}

#[test]
fn a_record_that_is_cut_or_changed_while_somebody_watches_is_told() {
    let bench = store();
    let server = serving(&bench);
    let cookie = server.signed_in();
    let mut stream = server.stream("/api/runs/3/events", &[&cookie]);
    stream.until("standing");
    let log = bench.run_dir(3).join("run.jsonl");
    let text = fs::read_to_string(&log).unwrap();
    fs::write(&log, text.replacen("staging", "stagong", 1)).unwrap();
    let why = stream.until("refused");
    assert!(!why["error"].as_str().unwrap().is_empty(), "{why}");
}

#[test]
fn texts_of_a_run_are_texts() {
    let hostile = "\u{202e}<script>alert(1)</script>\u{200b}&amp;\"' onload=x";
    let book = format!(
        "---\nrunbook: 1\n---\n# {}\n\n## Do\n\n```sh run\necho done\n```\n",
        hostile.replace('"', "”")
    );
    let bench = Bench::with(&[("r.md", &book)]);
    let ran = bench.holdpoint(&["run", "r.md", "--unattended"]);
    if ran.code != 0 {
        // Such a title may be refused: then a note carries it.
        bench.file("r.md", "---\nrunbook: 1\n---\n# Plain\n\n## Do\n\n- [ ] it\n");
        bench.ends(3, &["run", "r.md", "--unattended"]);
    } else {
        bench.file("p.md", "---\nrunbook: 1\n---\n# Plain\n\n## Do\n\n- [ ] it\n");
        bench.ends(3, &["run", "p.md", "--unattended"]);
    }
    bench.ends(0, &["note", "latest", hostile]);
    let server = serving(&bench);
    let cookie = server.signed_in();
    for path in ["/", "/runs/1", "/runs/2"] {
        let answer = server.get(path, &[&cookie]);
        assert!(!answer.body.contains("<script>alert"), "{path}");
        assert!(!answer.body.contains(['\u{202e}', '\u{200b}']), "{path}");
    }
}
