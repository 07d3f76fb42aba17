//! Typed probes through the real binary, against real servers, files, repositories and images.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::disallowed_types, reason = "tests")]
#![allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    reason = "a test binary: nothing of it can be reached from outside"
)]

#[path = "../verbs/support.rs"]
mod bench;
mod here;
mod images;
mod posts;
mod registry;
mod server;
mod stopped;
mod tls;
#[path = "../common/waiting.rs"]
mod waiting;
mod web;

/// A run-book of one probe in each of these blocks.
pub fn book(blocks: &[&str]) -> String {
    let inputs = "inputs:\n  WANT: { default: abc }\n  TOKEN: { secret: true, from: { env: TOKEN } }\n";
    let steps: String = blocks
        .iter()
        .enumerate()
        .map(|(index, block)| format!("## Look {index}\n\n```yaml check\n{block}\n```\n\n"))
        .collect();
    format!("---\nrunbook: 1\ntitle: Look\n{inputs}---\n\n# Look\n\n{steps}")
}

/// Runs a book of one probe to its end, which must have this code.
pub fn asks(bench: &bench::Bench, code: i32, block: &str) -> bench::Ran {
    bench.file("book.md", &book(&[block]));
    let mut command = bench.command(bench::HOLDPOINT);
    command.args(["run", "book.md", "--unattended"]).env("TOKEN", SECRET);
    let ran = bench::Ran::of(command.output().unwrap());
    assert_eq!(ran.code, code, "{block}\n{}", ran.both());
    ran
}

/// The secret that every run is given.
pub const SECRET: &str = "a-secret-that-nobody-sees";
