//! Everything that must hold before a change goes in. What continuous integration runs is this and nothing else.

use std::io;
use std::process::Command;
use std::time::Instant;

use crate::{command, count, licences, tidy, tools, workspace};

/// Runs every part in turn, cheapest first, and stops at the first that does not hold.
///
/// # Errors
/// The part that does not hold.
pub fn run() -> io::Result<()> {
    let begun = Instant::now();
    part("tools that the tests need", tools::ensure)?;
    part("tracked files are fit to be read elsewhere", || tidy::check(&workspace()))?;
    part("format", || cargo(&["fmt", "--all", "--check"], &[]))?;
    part("clippy, warnings are errors", || {
        cargo(&["clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"], &[])
    })?;
    part("documentation of every public item", || {
        cargo(&["doc", "--locked", "--workspace", "--no-deps"], &[("RUSTDOCFLAGS", "-D warnings")])
    })?;
    part("tests of the parts", || {
        cargo(&["test", "--locked", "--workspace", "--exclude", "holdpoint"], &[])
    })?;
    part("journeys through the binary", || cargo(&["test", "--locked", "--package", "holdpoint"], &[]))?;
    part("instructions of fixed work", || count::run(false))?;
    part("licences and sources of dependencies", licences::check)?;
    println!("\nAll of it holds, after {} s.", begun.elapsed().as_secs());
    Ok(())
}

fn part(name: &str, work: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
    println!("\n==> {name}");
    let begun = Instant::now();
    work().map_err(|error| io::Error::new(error.kind(), format!("{name}: {error}")))?;
    println!("    holds, after {:.1} s", begun.elapsed().as_secs_f32());
    Ok(())
}

fn cargo(arguments: &[&str], environment: &[(&str, &str)]) -> io::Result<()> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(arguments).envs(environment.iter().copied()).current_dir(workspace());
    println!("    cargo {}", arguments.join(" "));
    command::run(&mut cargo)
}
