//! Which file runs a script.

use std::ffi::OsStr;
use std::fs::Metadata;
use std::path::{Path, PathBuf};

pub(crate) use holdpoint_shell::interpreter::{Interpreter, Kind};

/// Finds the program's file: beside `cwd` if its name holds a `/`, else in the first of `paths` (values of `PATH`)
/// that has it, and what stands there. Empty entries are passed over: the current directory is no place to take an interpreter from unseen.
pub(crate) fn find<'a>(
    program: &str,
    cwd: &Path,
    paths: impl IntoIterator<Item = &'a OsStr>,
) -> Option<(PathBuf, Metadata)> {
    if program.contains('/') {
        return as_program(cwd.join(program));
    }
    let folders =
        paths.into_iter().flat_map(std::env::split_paths).filter(|folder| !folder.as_os_str().is_empty());
    folders.map(|folder| cwd.join(folder).join(program)).find_map(as_program)
}

fn as_program(file: PathBuf) -> Option<(PathBuf, Metadata)> {
    let found = file.metadata().ok().filter(Metadata::is_file)?;
    rustix::fs::access(&file, rustix::fs::Access::EXEC_OK).is_ok().then_some((file, found))
}
