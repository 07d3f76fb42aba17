//! Whether tests notice what is changed: cargo-mutants on the crates that decide, drive and record.

use std::io;
use std::process::Command;

use crate::{command, suite, target, tools, workspace};

/// What is changed, and held by its own tests.
const CRATES: &[&str] = &["holdpoint-engine", "holdpoint-driver", "holdpoint-record"];

/// A run without words for more takes one part of so many.
const PARTS: u64 = 60;

/// Which mutants are tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// All of them: hours.
    All,
    /// One part of many, as `K/N`.
    Part(String),
    /// One part of sixty, by `HOLDPOINT_SEED`, or by the time of day.
    Any,
}

/// Tries them, with a copy of the sources. `.cargo/mutants.toml` names those that no test can tell apart, and why.
///
/// # Errors
/// cargo-mutants cannot be had, or a mutant survives.
pub fn run(which: &Which) -> io::Result<()> {
    let mutants = tools::installed("cargo-mutants", None)
        .ok_or_else(|| io::Error::other("cargo-mutants cannot be had here"))?;
    let mut command = Command::new(mutants);
    command.args(["mutants", "--no-shuffle", "--colors", "never", "--timeout", "300", "--output"]);
    command.arg(target().join("mutants")).current_dir(workspace());
    command.args(CRATES.iter().flat_map(|name| ["--package", *name]));
    match which {
        Which::All => {}
        Which::Part(part) => drop(command.args(["--shard", part])),
        Which::Any => {
            let seed: u64 =
                suite::seed().parse().map_err(|_| io::Error::other("HOLDPOINT_SEED is no number"))?;
            let part = seed % PARTS;
            println!("    part {part} of {PARTS}; HOLDPOINT_SEED={part} takes the same again");
            command.args(["--shard", &format!("{part}/{PARTS}")]);
        }
    }
    println!("    {}", command::line(&command));
    command::run(&mut command)
}
