//! How a work tree differs from its commit, whatever git was told not to look at.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path};

use holdpoint_helper::Answer;
use holdpoint_model::visible;

use crate::tracked::{Tracked, filtered, filters, is_missing, tracked};
use crate::{Untold, entries, git, succeeded, top, unable};

/// How a work tree differs from its commit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// The commit at hand; `None` before the first one.
    pub commit: Option<String>,
    /// What git would not show by itself, in words: it was told to overlook it.
    pub overlooked: Option<String>,
    /// Paths that differ, from the root, fit to be shown.
    pub changed: Vec<String>,
}

impl Looked {
    /// Whether anything differs, or may differ without git seeing it.
    pub fn is_dirty(&self) -> bool {
        !self.changed.is_empty() || self.overlooked.is_some()
    }
}

/// How the work tree at `root` differs from its commit. Of the `store` of runs that may lie in it, the run directories and
/// the lock are passed over.
///
/// # Errors
/// git cannot tell.
pub fn look(root: &Path, store: Option<&Path>) -> Result<Looked, Untold> {
    // Its configuration first: it may name programs that looking for differences would run.
    let (filters, tracked) = std::thread::scope(|scope| {
        let tracked = scope.spawn(|| tracked(root));
        let filters = filters(root);
        (filters, tracked.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    });
    let (filters, tracked) = (filters?, tracked?);
    let aside = Aside::new(root, store);
    let quiet = filters.iter().flat_map(|name| {
        let set = |key: &str, value: &str| ["-c".to_owned(), format!("filter.{name}.{key}={value}")];
        [set("clean", ""), set("process", ""), set("required", "false")].into_iter().flatten()
    });
    let status = |more: &[OsString]| {
        let status = git(root).arguments(quiet.clone()).arguments([
            "status",
            "--porcelain=v2",
            "--branch",
            "--no-ahead-behind",
            "-z",
            // Submodules are looked at by themselves, with what is asked for here.
            "--ignore-submodules=dirty",
            "--no-renames",
        ]);
        let answer = status.arguments(more).ask();
        let unseen = answer.as_ref().ok().and_then(unlooked);
        Ok::<_, Untold>((succeeded(root, answer)?, unseen))
    };
    let mut arguments: Vec<OsString> = vec!["--untracked-files=normal".into(), "--".into(), ":/".into()];
    arguments.extend(aside.excluded());
    let (told, unseen) = status(&arguments)?;
    let mut looked = Looked::default();
    for entry in entries(&told) {
        match entry.strip_prefix(b"# ") {
            Some(header) => {
                let oid = header.strip_prefix(b"branch.oid ").filter(|oid| *oid != b"(initial)");
                looked.commit = looked.commit.or(oid.map(|oid| String::from_utf8_lossy(oid).into_owned()));
            }
            None => looked.changed.push(path_of(entry)),
        }
    }
    // What is committed is no run of ours, whatever it is called.
    if looked.changed.is_empty() && tracked.iter().any(|file| aside.holds(&file.path)) {
        let (told, _) = status(&["--untracked-files=no".into()])?;
        looked.changed = entries(&told).filter(|entry| !entry.starts_with(b"# ")).map(path_of).collect();
    }
    looked.overlooked = match unseen {
        Some(unseen) => Some(unseen),
        None => overlooked(root, store, &filters, &tracked)?,
    };
    if let (false, Some(commit)) = (looked.is_dirty(), &looked.commit) {
        looked.changed = differing(root, commit, &quiet.clone().collect::<Vec<_>>(), &tracked)?;
    }
    Ok(looked)
}

/// What git could not look at, in its own words: it says so, and goes on as if nothing were there.
fn unlooked(answer: &Answer) -> Option<String> {
    let said = String::from_utf8_lossy(&answer.said);
    let said = said.lines().find(|line| !line.trim().is_empty() && !line.starts_with("hint:"))?;
    Some(format!("git cannot look at all of it: {}", visible(said.as_bytes())))
}

/// The path of an entry of `status --porcelain=v2 --no-renames`, fit to be shown.
fn path_of(entry: &[u8]) -> String {
    let before = match entry.first() {
        Some(b'1') => 8,
        Some(b'u') => 10,
        _ => 1,
    };
    visible(entry.splitn(before + 1, |byte| *byte == b' ').last().unwrap_or_default())
}

/// Which tracked files differ from what `commit` has, as far as its bytes tell. git believes its index where a file
/// looks as it did when it was added, whatever it went through then; an index that was just made remembers nothing.
fn differing(
    root: &Path,
    commit: &str,
    quiet: &[String],
    tracked: &[Tracked],
) -> Result<Vec<String>, Untold> {
    let scratch = tempfile::Builder::new().prefix("holdpoint-index-").tempdir();
    let scratch = scratch.map_err(|error| {
        let within = std::env::temp_dir();
        let why = format!(
            "no directory for an index of ours can be made in {} (TMPDIR): {error}",
            within.display()
        );
        unable(root, &why)
    })?;
    let index = scratch.path().join("index");
    let index = index.to_str().ok_or_else(|| unable(root, "TMPDIR is no UTF-8"))?;
    let git = || git(root).arguments(quiet).variable("GIT_INDEX_FILE", index);
    succeeded(root, git().arguments(["read-tree", commit]).ask())?;
    let told = git().arguments([
        "status",
        "--porcelain",
        "-z",
        "--ignore-submodules=dirty",
        "--no-renames",
        "--untracked-files=no",
    ]);
    let told = succeeded(root, told.ask())?;
    let left_out = tracked.iter().filter(|file| file.left_out);
    let left_out: BTreeSet<&[u8]> = left_out.map(|file| file.path.as_os_str().as_bytes()).collect();
    let missing = |entry: &[u8]| entry.strip_prefix(b" D ").is_some_and(|path| left_out.contains(path));
    let differing = entries(&told).filter(|entry| !missing(entry));
    Ok(differing.map(|entry| visible(entry.get(3..).unwrap_or_default())).collect())
}

/// What git was told not to look at, in words.
fn overlooked(
    root: &Path,
    store: Option<&Path>,
    filters: &BTreeSet<String>,
    tracked: &[Tracked],
) -> Result<Option<String>, Untold> {
    // It stands in the record too.
    let shown = |path: &Path| visible(path.as_os_str().as_bytes());
    if let Some(file) = tracked.iter().find(|file| file.overlooked) {
        let path = shown(&file.path);
        return Ok(Some(format!(
            "git is told to overlook changes of {path} (assume-unchanged or skip-worktree)"
        )));
    }
    if let Some(name) = filters.first()
        && let Some(path) = filtered(root)?
    {
        return Ok(Some(format!(
            "the repository's own configuration has a filter ({}), which may hide changes of {}",
            visible(name.as_bytes()),
            shown(&path)
        )));
    }
    for module in tracked.iter().filter(|file| file.module) {
        let directory = root.join(&module.path);
        let path = shown(&module.path);
        if is_missing(&directory.join(".git")) {
            // Not brought here: git does not look into it, so nothing may be there.
            let empty = std::fs::read_dir(&directory)
                .map_or_else(|_| is_missing(&directory), |mut entries| entries.next().is_none());
            if empty {
                continue;
            }
            return Ok(Some(format!(
                "the submodule {path} is not initialised, and files are in its directory"
            )));
        }
        top(&directory)?;
        let looked = look(&directory, store)?;
        if looked.is_dirty() {
            let why = looked.overlooked.unwrap_or_else(|| "it has uncommitted changes".to_owned());
            return Ok(Some(format!("in the submodule {path}: {why}")));
        }
    }
    Ok(None)
}

/// What of the store is no part of the work tree: run directories and the lock. The rest of its directory is, for
/// `[store] path` may name one in which other files are.
struct Aside(Option<String>);

impl Aside {
    fn new(root: &Path, store: Option<&Path>) -> Aside {
        let below = store.and_then(|store| store.strip_prefix(root).ok()).and_then(|below| {
            let mut parts = Vec::new();
            for part in below.components() {
                match part {
                    Component::CurDir => {}
                    Component::Normal(part) => parts.push(part.to_str()?),
                    _ => return None,
                }
            }
            Some(parts.iter().map(|part| format!("{part}/")).collect())
        });
        Aside(below)
    }

    fn excluded(&self) -> Vec<OsString> {
        let Some(below) = &self.0 else { return Vec::new() };
        let mut pattern = String::new();
        for c in below.chars() {
            if matches!(c, '*' | '?' | '[' | ']' | '\\') {
                pattern.push('\\');
            }
            pattern.push(c);
        }
        let runs = format!(":(exclude,top,glob){pattern}[0-9][0-9][0-9][0-9]*-*/**");
        vec![runs.into(), format!(":(exclude,top,literal){below}.lock").into()]
    }

    fn holds(&self, path: &Path) -> bool {
        let below = self.0.as_ref().and_then(|below| path.to_str()?.strip_prefix(below.as_str()));
        below.is_some_and(|name| name == ".lock" || name.starts_with(|first: char| first.is_ascii_digit()))
    }
}
