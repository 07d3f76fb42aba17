//! Reading a long record.

use crate::bench::row::{Contender, Content, Figure, Input, Over, Program, Role, Row};

const LONG: Input = Input::Record { events: 1_000_000, closed: true };
const OPEN: Input = Input::Record { events: 100_000, closed: false };
/// The record, in a place of its own.
const ALONE: &str = "0001-long-run";
/// The record, in the store.
const KEPT: &str = ".holdpoint/runs/0001-long-run";

pub(in crate::bench) fn verify() -> Row {
    let conformity = Contender::new("ours", Role::Ours, Program::Holdpoint, &["verify", ALONE]);
    let bytes = Contender::new("ours, bytes only", Role::Ours, Program::Inputs, &["verify-bytes", ALONE]);
    let limit =
        Contender::new("sha256sum", Role::Limit, Program::System("sha256sum"), &["0001-long-run/run.jsonl"]);
    Row::new("verify", "verify of 1,000,000 events, against sha256sum of the file", 5)
        .with(conformity.file(ALONE, Content::Link(LONG)))
        .with(limit.file(ALONE, Content::Link(LONG)))
        .with(bytes.file(ALONE, Content::Link(LONG)))
        .time("bytes ÷ sha256sum", "ours, bytes only", "sha256sum", 1.0)
        .time("with conformity ÷ sha256sum", "ours", "sha256sum", 3.0)
        .target("peak, with conformity", Figure::Memory, "ours", Over::Nothing, 64e6)
        .target("peak, bytes", Figure::Memory, "ours, bytes only", Over::Nothing, 64e6)
        .absent("runbook-exec", "makes no record without a language model's service")
}

pub(in crate::bench) fn show() -> Row {
    reading("show", "show of 100,000 events, against reading the file once", &["show", "1"], 0)
}

/// It parks at once, for what is left to do takes a person.
pub(in crate::bench) fn resume() -> Row {
    let title = "resume of 100,000 events, against reading the file once";
    reading("resume", title, &["resume", "1", "--unattended"], 3)
}

const STORE: Input = Input::Store { runs: 500 };

const GATE: &str = "[environments.staging]\nrehearsal = true\n\n[environments.production]\nrequires = { rehearsal = \"staging\" }\n";

/// What is asked of a store: every run in it is of the document, so every one is read.
pub(in crate::bench) fn store() -> Row {
    let book = super::texts::turns(20);
    let asked = |name: &'static str, arguments: &[&str]| {
        let ours = Contender::new(name, Role::Ours, Program::Holdpoint, arguments);
        ours.text("long.md", &*book).file(".holdpoint/runs", Content::Copy(STORE))
    };
    // None of them is a rehearsal: both ends of each are read before a run is refused.
    let gate = asked("gate", &["run", "long.md", "--env", "production", "--unattended"]);
    let gate = gate.text("holdpoint.toml", GATE).exits(5);
    Row::new("store", "a store of 500 runs of one run-book: each verb within 0.2 s", 9)
        .with(asked("runs", &["runs"]))
        .with(asked("show", &["show", "latest"]))
        .with(asked("history", &["history", "long.md"]))
        .with(asked("coverage", &["coverage", "long.md"]))
        .with(asked("compare", &["compare", "499", "500"]))
        .with(gate)
        .target("runs", Figure::Time, "runs", Over::Nothing, 0.2)
        .target("show", Figure::Time, "show", Over::Nothing, 0.2)
        .target("history", Figure::Time, "history", Over::Nothing, 0.2)
        .target("coverage", Figure::Time, "coverage", Over::Nothing, 0.2)
        .target("compare", Figure::Time, "compare", Over::Nothing, 0.2)
        .target("gate", Figure::Time, "gate", Over::Nothing, 0.2)
}

fn reading(name: &'static str, title: &'static str, arguments: &[&str], exit: i32) -> Row {
    let ours = Contender::new("ours", Role::Ours, Program::Holdpoint, arguments).exits(exit);
    let limit = Contender::new("read", Role::Limit, Program::Limits, &["read", "0001-long-run/run.jsonl"]);
    Row::new(name, title, 9)
        .with(ours.file(KEPT, Content::Copy(OPEN)))
        .with(limit.file(ALONE, Content::Link(OPEN)))
        .time("÷ reading once", "ours", "read", 3.0)
}
