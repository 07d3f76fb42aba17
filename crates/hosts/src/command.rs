//! Programs that set hosts up and take them down.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Command;

use crate::Missing;

/// Runs a program to its end and gives what it printed.
pub(crate) fn run<A: AsRef<OsStr>>(
    program: impl AsRef<OsStr>,
    arguments: impl IntoIterator<Item = A>,
) -> Result<String, Missing> {
    let mut command = Command::new(&program);
    let output = command.args(arguments).output();
    let name = program.as_ref().to_string_lossy().into_owned();
    let output = output.map_err(|error| Missing(format!("{name} cannot be run: {error}")))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(Missing(format!("{name} ended with {}: {said}", output.status)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Where a program is; servers are not on everybody's `PATH`.
pub(crate) fn find(program: &str, package: &str) -> Result<PathBuf, Missing> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin", "/sbin"].map(PathBuf::from));
    let found = folders.map(|folder| folder.join(program)).find(|file| file.is_file());
    found.ok_or_else(|| Missing(format!("`{program}` is not installed (Debian: apt-get install {package})")))
}

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
