//! Which files are checked: those that were named, what a pattern matches, and every `.md` below a directory.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};

use crate::git;
use crate::problem::Problem;

/// A file to be checked.
pub struct Named {
    /// Where it is.
    pub path: PathBuf,
    /// Whether it was found, and not named itself.
    pub found: bool,
}

/// Directories within one another that are gone into.
const DEEPEST: usize = 100;

/// The files that arguments stand for, each once, in the order of the arguments and by name below each of them.
pub fn which(arguments: &[PathBuf]) -> Result<Vec<Named>, Problem> {
    let mut all = Vec::new();
    let mut seen = BTreeSet::new();
    for argument in arguments {
        let pattern = argument.to_str().filter(|text| text.contains(['*', '?', '[', '{']));
        match pattern {
            _ if argument.is_dir() => {
                let found = run_books(argument)?;
                if found.is_empty() {
                    return Err(Problem::usage(
                        format!("{} is a directory, and there is no run-book below it", argument.display()),
                        "Run-books are files whose names end in `.md`; what git ignores is not looked at.",
                    ));
                }
                all.extend(found.into_iter().map(|path| Named { path, found: true }));
            }
            Some(pattern) if argument.symlink_metadata().is_err() => {
                all.extend(matching(pattern)?.into_iter().map(|path| Named { path, found: true }));
            }
            _ => all.push(Named { path: argument.clone(), found: false }),
        }
    }
    // A file that is named twice by hand is checked twice, as it always was.
    all.retain(|named| !named.found || seen.insert(named.path.clone()));
    Ok(all)
}

/// What a pattern matches among the run-books below the directory that it begins with.
fn matching(pattern: &str) -> Result<Vec<PathBuf>, Problem> {
    let glob = GlobBuilder::new(pattern).literal_separator(true).build();
    let glob = glob.map_err(|error| {
        Problem::usage(
            format!("{pattern} is no pattern of paths: {}", error.kind()),
            "Write it as docs/**/*.md.",
        )
    })?;
    let matcher: GlobMatcher = glob.compile_matcher();
    let plain = |part: &Component<'_>| {
        part.as_os_str().to_str().is_none_or(|text| !text.contains(['*', '?', '[', '{']))
    };
    let base: PathBuf = Path::new(pattern).components().take_while(plain).collect();
    let from = if base.as_os_str().is_empty() { Path::new(".") } else { &base };
    let found = if from.is_dir() { run_books(from)? } else { Vec::new() };
    let found: Vec<PathBuf> = found.into_iter().filter(|path| matcher.is_match(path)).collect();
    if found.is_empty() {
        return Err(Problem::usage(
            format!("no run-book matches {pattern}"),
            "`*` stays in one directory and `**` goes below; run-books end in `.md`, and what git ignores is not looked at.",
        ));
    }
    Ok(found)
}

fn run_books(directory: &Path) -> Result<Vec<PathBuf>, Problem> {
    let mut found = Vec::new();
    gather(
        directory,
        git::top(&directory.canonicalize().unwrap_or_else(|_| directory.to_owned()))?.is_some(),
        0,
        &mut found,
    )?;
    found.sort();
    Ok(found)
}

/// Regular files with the ending of run-books, by no link. git is asked what it ignores in each repository by itself.
fn gather(directory: &Path, is_git: bool, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), Problem> {
    if depth > DEEPEST {
        return Ok(());
    }
    let listed: Vec<PathBuf> = match is_git {
        true => git::below(directory)?,
        false => entries(directory)?,
    };
    for path in listed {
        if path.components().any(|part| is_ours(part.as_os_str())) || by_link(directory, &path) {
            continue;
        }
        let whole = if directory == Path::new(".") { path } else { directory.join(&path) };
        let Ok(about) = whole.symlink_metadata() else { continue };
        if about.is_dir() {
            let is_git = whole.join(".git").symlink_metadata().is_ok();
            gather(&whole, is_git, depth + 1, found)?;
        } else if about.is_file() && whole.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("md"))
        {
            found.push(whole);
        }
    }
    Ok(())
}

/// Whether git or the store keeps its own there.
fn is_ours(name: &OsStr) -> bool {
    name == ".git" || name == ".holdpoint"
}

/// Whether a directory on the way to it is a link.
fn by_link(directory: &Path, path: &Path) -> bool {
    let mut ups = path.ancestors().skip(1).filter(|up| !up.as_os_str().is_empty());
    ups.any(|up| directory.join(up).symlink_metadata().is_ok_and(|about| about.is_symlink()))
}

fn entries(directory: &Path) -> Result<Vec<PathBuf>, Problem> {
    let read = || -> std::io::Result<Vec<PathBuf>> {
        std::fs::read_dir(directory)?.map(|entry| Ok(PathBuf::from(entry?.file_name()))).collect()
    };
    read().map_err(|error| {
        Problem::usage(
            format!("{} cannot be read: {error}", directory.display()),
            "Name directories that can be read.",
        )
    })
}
