//! What is measured and what measures, built as it is shipped.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{command, target, workspace};

/// Programs of this workspace; and one that does nothing.
pub(crate) struct Built {
    pub(crate) holdpoint: PathBuf,
    pub(crate) gauge: PathBuf,
    pub(crate) limits: PathBuf,
    pub(crate) inputs: PathBuf,
    pub(crate) nothing: PathBuf,
}

/// Builds them as they are shipped. Each package by itself, so that none changes the features that another is built with.
pub(crate) fn build(home: &Path) -> io::Result<Built> {
    let target = target();
    for package in ["holdpoint", "holdpoint-gauge"] {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args(["build", "--quiet", "--release", "--locked", "--package", package]);
        command::run(cargo.env("CARGO_TARGET_DIR", &target).current_dir(workspace()))?;
    }
    let bin = |name| target.join("release").join(name);
    let limits = bin("holdpoint-limits");
    let nothing = static_true(home)?.unwrap_or_else(|| limits.clone());
    Ok(Built {
        holdpoint: bin("holdpoint"),
        gauge: bin("holdpoint-gauge"),
        inputs: bin("holdpoint-inputs"),
        limits,
        nothing,
    })
}

/// A C program that does nothing, linked statically; `None` where there is no compiler that can.
fn static_true(home: &Path) -> io::Result<Option<PathBuf>> {
    let (source, program) = (home.join("true.c"), home.join("true"));
    if !program.exists() {
        fs::write(&source, "int main(void) { return 0; }\n")?;
        let mut cc = Command::new("cc");
        cc.args(["-O2", "-static", "-o"]).arg(&program).arg(&source);
        if command::output(&mut cc).is_err() {
            println!("    no cc that links statically: a Rust program that does nothing takes its place");
            return Ok(None);
        }
    }
    Ok(Some(program))
}
