//! Every fault that the tests know to inject, where `cargo test` takes some of them.

use std::io;
use std::process::Command;

use crate::{command, tools, workspace};

/// Injects all of them: some two thousand runs of the program, of which each is struck once. Takes about twenty
/// minutes on two cores.
///
/// # Errors
/// A tool is missing, or what a fault left behind is not what must be left.
pub fn run() -> io::Result<()> {
    tools::ensure()?;
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["test", "--locked", "--package", "holdpoint", "--test", "faults"]);
    cargo.args(["--", "--nocapture", "--test-threads=1"]);
    command::run(cargo.env("HOLDPOINT_FAULTS", "all").current_dir(workspace()))
}
