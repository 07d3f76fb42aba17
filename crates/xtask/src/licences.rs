//! Licences and sources of dependencies, against `deny.toml`, with cargo-deny.

use std::io;
use std::process::Command;

use crate::tally::Tally;
use crate::{command, tools, workspace};

/// Asks cargo-deny. Where it cannot be had nothing is checked, which is told and counted as skipped.
///
/// # Errors
/// What is not allowed, by package.
pub fn check() -> io::Result<Tally> {
    let Some(deny) = tools::installed("cargo-deny", None) else {
        println!("    NOT CHECKED, for cargo-deny cannot be had here");
        return Ok(Tally::SKIPPED);
    };
    let mut check = Command::new(deny);
    check.args(["--locked", "check", "licenses", "bans", "sources"]).current_dir(workspace());
    println!("    {}", command::line(&check));
    command::run(&mut check).map(|()| Tally::PASSED)
}
