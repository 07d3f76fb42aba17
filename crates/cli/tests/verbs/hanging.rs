//! A git that does not answer.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::process::{Child, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{Bench, HOLDPOINT, Ran};

const BOOK: &str = "---\nrunbook: 1\ntitle: Look\n---\n\n# Look\n\n## Look\n\n- [ ] done\n";

/// A repository, and a git that asks at a FIFO before it does `hangs_at`, and then waits for another one.
fn bench(hangs_at: &str) -> Bench {
    let bench = Bench::with(&[("book.md", BOOK)]);
    bench.committed();
    bench.ends(3, &["run", "book.md", "--unattended"]);
    bench.sh(&format!(
        "mkdir ../bin; mkfifo ../asked ../answer; real=$(command -v git)
        printf '#!/bin/sh\\ncase \"$*\" in *%s*) echo asked > %s; read x < %s;; esac\\nexec %s \"$@\"\\n' \
            '{hangs_at}' \"$PWD/../asked\" \"$PWD/../answer\" \"$real\" > ../bin/git
        chmod 755 ../bin/git"
    ));
    bench
}

fn begin(bench: &Bench, arguments: &[&str]) -> Child {
    let path = std::env::var("PATH").unwrap();
    let path = format!("{}:{path}", bench.all().join("bin").display());
    let mut command = bench.command(HOLDPOINT);
    command.args(arguments).env("PATH", path).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

#[test]
fn a_signal_ends_a_wait_for_git_and_nothing_is_recorded() {
    for (hangs_at, arguments) in [
        ("show-toplevel", &["run", "book.md", "--unattended"][..]),
        ("cat-file", &["run", "book.md", "--unattended"]),
        ("cat-file", &["resume", "1", "--unattended"]),
    ] {
        for signal in [Signal::TERM, Signal::INT] {
            let bench = bench(hangs_at);
            let before = bench.sh("find .holdpoint -type f -name run.jsonl -exec sha256sum {} +");
            let child = begin(&bench, arguments);
            // Opening it waits until git is there.
            let mut said = String::new();
            File::open(bench.all().join("asked")).unwrap().read_to_string(&mut said).unwrap();
            kill_process(Pid::from_child(&child), signal).unwrap();
            // It ends while git still waits.
            let ran = Ran::of(child.wait_with_output().unwrap());
            assert_eq!(ran.code, 2, "{arguments:?} {signal:?}: {}", ran.stderr);
            ran.says("Interrupted while git was asked about the repository. Nothing was executed.");
            assert_eq!(bench.sh("find .holdpoint -type f -name run.jsonl -exec sha256sum {} +"), before);
            let mut answer = OpenOptions::new().write(true).open(bench.all().join("answer")).unwrap();
            answer.write_all(b"now\n").unwrap();
            bench.ends(0, &["verify", "1"]);
        }
    }
}
