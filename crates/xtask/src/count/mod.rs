//! `cargo xtask count`: instructions of fixed work, under callgrind, against those of the last time.
//!
//! Unlike times these are nearly the same on a busy machine, so that a regression is seen in continuous integration.
//! They depend on compiler, C library and processor; where one of these is another, the change is told and not judged.

mod baseline;
mod callgrind;

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::process::Command;

use baseline::{Baseline, Machine};
use callgrind::Count;

use crate::bench::{Built, build, document, home, runbook};
use crate::{command, tools};

/// How much more is no regression yet, in percent.
const TOLERANCE: f64 = 10.0;

/// Work that is counted, and what it is.
const CASES: &[(&str, &str)] = &[
    ("compile", "a run-book of 400 blocks, compiled and linted"),
    ("verify", "a record of 6,000 events, proved with conformity"),
    ("show", "a record of 6,000 events, told at a glance"),
    ("redact", "4 MB in which eight secrets are masked"),
    ("block", "one block more of an unattended run, our process alone"),
];

/// Counts every case and holds it against the baseline; or makes the counts the baseline.
///
/// # Errors
/// A case cannot be counted, is not in the baseline, or has grown by more than the tolerance.
pub fn run(accept: bool) -> io::Result<()> {
    tools::ensure()?;
    let home = home()?;
    let built = build(&home)?;
    let machine = Machine::here()?;
    let directory = home.join("count");
    if directory.exists() {
        fs::remove_dir_all(&directory)?;
    }
    fs::create_dir_all(&directory)?;
    let counts = CASES
        .iter()
        .map(|(name, _)| Ok((*name, count(name, &built, &directory)?)))
        .collect::<io::Result<Vec<_>>>()?;
    fs::remove_dir_all(&directory)?;
    if accept {
        return Baseline::write(&machine, &counts);
    }
    let baseline = Baseline::read()?;
    let comparison = baseline.compare(&machine, &counts, TOLERANCE);
    println!("{}", comparison.told(CASES));
    match comparison.wrong() {
        Some(wrong) => Err(io::Error::other(format!(
            "{wrong}\n`cargo xtask count --accept` makes these counts the baseline, where they are meant"
        ))),
        None => Ok(()),
    }
}

fn count(name: &str, built: &Built, directory: &Path) -> io::Result<Count> {
    let path = |name: &str| directory.join(name);
    let counted = |program: &Path, arguments: &[&str]| callgrind::count(program, arguments, directory);
    match name {
        "compile" => {
            fs::write(path("document.md"), document(400))?;
            counted(&built.inputs, &["compile", "document.md"])
        }
        "verify" | "show" => {
            if !path("0001-record").exists() {
                let mut maker = Command::new(&built.inputs);
                command::run(maker.args(["record", "closed", "6000", "0001-record"]).current_dir(directory))?;
            }
            counted(&built.holdpoint, &[name, "./0001-record"])
        }
        "redact" => {
            let flood = File::create(path("flood"))?;
            command::run(Command::new(&built.limits).args(["flood", "4000000"]).stdout(flood))?;
            counted(&built.inputs, &["redact", "flood"])
        }
        "block" => {
            let run = |steps: u32| {
                fs::write(path("book.md"), runbook(steps))?;
                counted(&built.holdpoint, &["run", "book.md", "--unattended"])
            };
            let (few, many) = (run(10)?, run(60)?);
            Ok(many.less(few).over(50))
        }
        other => Err(io::Error::other(format!("nobody knows how to count {other}"))),
    }
}
