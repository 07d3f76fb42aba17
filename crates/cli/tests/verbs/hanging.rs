//! A git that does not answer.

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use super::looked::{CONFIG, GATED, RUN};
use crate::runs::book;
use crate::support::{Bench, HOLDPOINT, Ran};

const BOOK: &str = "---\nrunbook: 1\ntitle: Look\n---\n\n# Look\n\n## Look\n\n- [ ] done\n";

/// A repository, and a git that asks at a FIFO before it does `hangs_at`, and then waits for another one.
fn bench(hangs_at: &str) -> Bench {
    let bench = Bench::with(&[("book.md", BOOK)]);
    bench.committed();
    bench.ends(3, &["run", "book.md", "--unattended"]);
    hang(&bench, hangs_at, "true");
    bench
}

/// Puts that git beside the repository: it hangs where a command of the shell holds.
fn hang(bench: &Bench, hangs_at: &str, when: &str) {
    bench.sh(&format!(
        "mkdir ../bin; mkfifo ../asked ../answer; real=$(command -v git)
        printf '#!/bin/sh\\ncase \"$*\" in *%s*) if %s; then echo asked > %s; read x < %s; fi;; esac\\nexec %s \"$@\"\\n' \
            '{hangs_at}' '{when}' \"$PWD/../asked\" \"$PWD/../answer\" \"$real\" > ../bin/git
        chmod 755 ../bin/git"
    ));
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

#[test]
fn a_signal_ends_a_wait_for_git_in_the_middle_of_a_run_and_parks_it() {
    for signal in [Signal::TERM, Signal::INT] {
        let hangs = "## Change\n\n```sh run\ntouch ../hang\n```\n\n";
        let bench = Bench::with(&[
            ("book.md", &book("roles: [qa]\n", &format!("{hangs}{GATED}"))),
            ("holdpoint.toml", CONFIG),
            (".gitignore", "/.holdpoint/\n"),
        ]);
        bench.committed();
        hang(&bench, "rev-parse", "test -e ../hang");
        let child = begin(&bench, &RUN);
        let mut said = String::new();
        File::open(bench.all().join("asked")).unwrap().read_to_string(&mut said).unwrap();
        kill_process(Pid::from_child(&child), signal).unwrap();
        let ran = Ran::of(child.wait_with_output().unwrap());
        assert_eq!(ran.code, 3, "{signal:?}: {}", ran.stderr);
        ran.says("PARKED: interrupted while git was asked about the repository.");
        assert_eq!(bench.of_type(1, "signoff.requested").len(), 0);
        std::fs::remove_file(bench.all().join("hang")).unwrap();
        bench.ends(3, &["resume", "1", "--unattended"]);
        assert_eq!(bench.of_type(1, "signoff.requested").len(), 1);
    }
}

#[test]
fn a_signal_ends_a_wait_for_whoever_holds_the_run() {
    let book = "---\nrunbook: 1\ntitle: Slow\nroles: [qa]\n---\n\n# Slow\n\n## One\n\n```sh check\necho on > ../asked; read x < ../answer\n```\n";
    for signal in [Signal::TERM, Signal::INT] {
        let bench = Bench::with(&[("book.md", book), ("holdpoint.toml", CONFIG)]);
        bench.committed();
        bench.sh("mkfifo ../asked ../answer");
        let drives = begin(&bench, &["run", "book.md", "--env", "plain", "--unattended"]);
        let mut said = String::new();
        File::open(bench.all().join("asked")).unwrap().read_to_string(&mut said).unwrap();
        let mut waits = begin(&bench, &["sign", "1", "--as", "qa@example.org", "--yes"]);
        let mut heard = BufReader::new(waits.stderr.take().unwrap());
        let mut told = String::new();
        while !told.contains("Waiting for it") {
            assert_ne!(heard.read_line(&mut told).unwrap(), 0, "{told}");
        }
        kill_process(Pid::from_child(&waits), signal).unwrap();
        heard.read_to_string(&mut told).unwrap();
        assert_eq!(waits.wait().unwrap().code(), Some(3), "{told}");
        assert!(told.contains("Nothing was written."), "{told}");
        let mut answer = OpenOptions::new().write(true).open(bench.all().join("answer")).unwrap();
        answer.write_all(b"now\n").unwrap();
        assert_eq!(Ran::of(drives.wait_with_output().unwrap()).code, 0);
    }
}
