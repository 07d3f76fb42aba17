//! The program under strace: which calls touch the store, and one of them made to fail, or to be its last.
//!
//! Only the main thread is traced, and no block: all of the program's writing happens there. strace counts calls of
//! each name by itself, and only those that touch one of the paths given, so that a point is the same in every run.

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::support::Desk;

/// The calls that change what is stored, or open it.
const CALLS: &str =
    "write,pwrite64,writev,fdatasync,fsync,rename,renameat,renameat2,openat,mkdir,mkdirat,ftruncate,unlink";

/// One call of the program that touches the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its name, `fdatasync`.
    pub name: String,
    /// Which of its name it is, from 1.
    pub nth: usize,
    /// As strace writes it.
    pub line: String,
}

/// What is made of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The disk is broken.
    Eio,
    /// The disk is full.
    Enospc,
    /// The machine takes the program away before the call is made.
    Kill,
}

impl Fault {
    fn injected(self) -> &'static str {
        match self {
            Fault::Eio => "error=EIO",
            Fault::Enospc => "error=ENOSPC",
            Fault::Kill => "signal=SIGKILL",
        }
    }
}

/// A run of the program that was watched.
pub struct Traced {
    pub code: Option<i32>,
    pub killed: bool,
    pub told: String,
    pub trace: String,
}

/// The paths of a store that one run after another touches in the same way.
pub struct Wire {
    paths: Vec<String>,
}

impl Wire {
    /// Watches the program do what it does in the first of a pair of like desks, and learns the paths.
    pub fn learn(desk: &Desk, words: &[&str]) -> Wire {
        let traced = Wire { paths: Vec::new() }.run(desk, words, None);
        let root = desk.path("");
        let store = format!("{}.holdpoint", root.display());
        let mut paths: Vec<String> = Vec::new();
        for line in traced.trace.lines() {
            // Paths stand between quotes where they are arguments, between < and > where they are descriptors.
            for part in line.split(['"', '<', '>']).filter(|part| part.starts_with(&store)) {
                if let Some(rest) = part.strip_prefix(&root.display().to_string())
                    && !paths.iter().any(|path| path == rest)
                {
                    paths.push(rest.to_owned());
                }
            }
        }
        assert!(!paths.is_empty(), "nothing touches the store:\n{}\n{}", traced.trace, traced.told);
        Wire { paths }
    }

    /// Every call that touches the store, in order, in a run in which all goes well.
    pub fn calls(&self, desk: &Desk, words: &[&str]) -> Vec<Call> {
        let traced = self.run(desk, words, None);
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        let calls = traced.trace.lines().filter_map(|line| {
            let name = name_of(line)?;
            let nth = counts.entry(name.to_owned()).or_default();
            *nth += 1;
            Some(Call { name: name.to_owned(), nth: *nth, line: line.to_owned() })
        });
        calls.collect()
    }

    /// Runs the program, with a fault at one call.
    pub fn run(&self, desk: &Desk, words: &[&str], fault: Option<(&Call, Fault)>) -> Traced {
        let file = desk.root().join("trace");
        let mut strace: Command = desk.command("strace");
        strace.args(["-qq", "-y", "-s", "16", "-e", &format!("trace={CALLS}"), "-e", "signal=none", "-o"]);
        strace.arg(&file);
        for path in &self.paths {
            strace.arg("-P").arg(format!("{}{path}", desk.path("").display()));
        }
        if let Some((call, fault)) = fault {
            strace.args(["-e", &format!("inject={}:{}:when={}", call.name, fault.injected(), call.nth)]);
        }
        strace.arg(env!("CARGO_BIN_EXE_holdpoint")).args(words).stdin(Stdio::null());
        let Output { status, stdout, stderr } = strace.output().unwrap();
        let trace = std::fs::read_to_string(&file).unwrap_or_default();
        let told = String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr);
        let killed = status.signal() == Some(9) || status.code() == Some(128 + 9);
        Traced { code: status.code(), killed, told, trace }
    }

    /// Runs the program with a fault at one call, and makes sure that it came to it.
    #[track_caller]
    pub fn strikes(&self, desk: &Desk, words: &[&str], call: &Call, fault: Fault) -> Traced {
        let traced = self.run(desk, words, Some((call, fault)));
        let fired = match fault {
            Fault::Kill => traced.killed,
            _ => traced.trace.contains("(INJECTED)"),
        };
        assert!(fired, "{fault:?} at {call:?} was not injected:\n{}\n{}", traced.tail(), traced.told);
        traced
    }
}

impl Traced {
    /// The last calls, for messages.
    pub fn tail(&self) -> String {
        let lines: Vec<&str> = self.trace.lines().collect();
        lines[lines.len().saturating_sub(6)..].join("\n")
    }

    /// How many bytes of a file the system had promised to keep, by the last sync of it that returned.
    pub fn promised(&self, file: &Path) -> u64 {
        let descriptor = format!("<{}>", file.display());
        let (mut written, mut promised) = (0, 0);
        for line in self.trace.lines().filter(|line| line.contains(&descriptor)) {
            let result = line.rsplit(" = ").next().and_then(|result| result.trim().parse::<u64>().ok());
            match (name_of(line), result) {
                (Some("write" | "pwrite64"), Some(bytes)) => written += bytes,
                (Some("fdatasync" | "fsync"), Some(0)) => promised = written,
                _ => {}
            }
        }
        promised
    }
}

fn name_of(line: &str) -> Option<&str> {
    let name = line.split_once('(')?.0;
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_').then_some(name)
}

/// The first run directory of a desk, if there is one.
pub fn first_run(desk: &Desk) -> Option<PathBuf> {
    let runs = std::fs::read_dir(desk.path(".holdpoint/runs")).ok()?;
    runs.flatten()
        .map(|entry| entry.path())
        .find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("0001-")))
}
