//! What holdpoint makes of a document, held against a parser that is nobody's here: markdown-it-py, of PyPI.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command;

/// The one that the figures in the documentation are of.
const PACKAGE: &str = "markdown-it-py==4.3.0";

/// A Python that has it, in an environment of its own; made now if need be.
///
/// # Errors
/// It cannot be had.
pub(super) fn ensure() -> io::Result<PathBuf> {
    let home = crate::target().join("tools/markdown-it");
    let (python, stamp) = (home.join("bin/python"), home.join("installed"));
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == PACKAGE) {
        return Ok(python);
    }
    command::output(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&home))?;
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "--quiet", "--disable-pip-version-check", "install", "--only-binary", ":all:"]);
    command::output(pip.arg(PACKAGE))?;
    fs::write(stamp, PACKAGE)?;
    Ok(python)
}

/// Holds a document against its plan and against what a dry run showed of it.
///
/// # Errors
/// What does not hold, or that it could not be asked.
pub(super) fn compare(
    python: &Path,
    (document, plan, shown): (&Path, &[u8], &[u8]),
    scratch: &Path,
) -> Result<(), String> {
    let files = [("compare.py", include_bytes!("compare.py").as_slice()), ("plan", plan), ("shown", shown)];
    for (name, bytes) in files {
        fs::write(scratch.join(name), bytes).map_err(|error| format!("{name} cannot be written: {error}"))?;
    }
    let mut asked = Command::new(python);
    let at = |name| scratch.join(name);
    asked.arg(at("compare.py")).arg(document).arg(at("plan")).arg(at("shown")).env("PYTHONUTF8", "1");
    let output =
        asked.output().map_err(|error| format!("{} cannot be started: {error}", python.display()))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        )),
    }
}
