//! The files that are tracked, and the filters that they may go through.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use crate::settings::settings;
use crate::{Untold, asked, configured, entries, unable};

/// A file that is tracked.
pub(crate) struct Tracked {
    pub(crate) path: PathBuf,
    /// Whether git is told not to look for changes of it.
    pub(crate) overlooked: bool,
    /// Whether a sparse checkout leaves it out.
    pub(crate) left_out: bool,
    /// Whether it is a submodule.
    pub(crate) module: bool,
}

/// Whether nothing stands there. What cannot be looked at is not missing.
pub(crate) fn is_missing(path: &Path) -> bool {
    use std::io::ErrorKind::{NotADirectory, NotFound};
    path.symlink_metadata().is_err_and(|error| matches!(error.kind(), NotFound | NotADirectory))
}

pub(crate) fn tracked(root: &Path) -> Result<Vec<Tracked>, Untold> {
    let sparse = configured(root, "core.sparseCheckout")?.is_some_and(|value| is_true(&value));
    let told = asked(root, ["ls-files", "-v", "-s", "-z"])?;
    let read = |line: &[u8]| {
        let tab = line.iter().position(|byte| *byte == b'\t')?;
        let (facts, path) = (std::str::from_utf8(&line[..tab]).ok()?, &line[tab + 1..]);
        let (tag, facts) = facts.split_once(' ')?;
        let path = PathBuf::from(OsString::from_vec(path.to_vec()));
        // A sparse checkout leaves files out, and git does not look for them; where one is there, it may differ.
        let left_out = tag == "S" && sparse && is_missing(&root.join(&path));
        let overlooked = tag.starts_with(|tag: char| tag.is_ascii_lowercase()) || tag == "S" && !left_out;
        Some(Tracked { path, overlooked, left_out, module: facts.starts_with("160000 ") })
    };
    entries(&told)
        .map(|line| read(line).ok_or_else(|| unable(root, "git ls-files prints what is not known here")))
        .collect()
}

/// Whether git takes this for yes.
fn is_true(value: &str) -> bool {
    ["true", "yes", "on"].iter().any(|yes| value.eq_ignore_ascii_case(yes))
        || value.is_empty()
        || value.parse::<i64>().is_ok_and(|number| number != 0)
}

/// Names of filters that the repository's own configuration has: they are programs, and git would run them.
pub(crate) fn filters(root: &Path) -> Result<BTreeSet<String>, Untold> {
    let mut names = BTreeSet::new();
    for setting in settings(root)?.iter().filter(|setting| setting.own) {
        let Some((name, _)) = setting.key.strip_prefix("filter.").and_then(|key| key.rsplit_once('.')) else {
            continue;
        };
        if name.contains('=') {
            return Err(unable(root, "a filter of its configuration has an equals sign in its name"));
        }
        names.insert(name.to_owned());
    }
    Ok(names)
}

/// A tracked file that goes through a filter.
pub(crate) fn filtered(root: &Path) -> Result<Option<PathBuf>, Untold> {
    let told =
        asked(root, ["ls-files", "-z", "--", ":/", ":(exclude,attr:!filter)", ":(exclude,attr:-filter)"])?;
    let first = told.split(|byte| *byte == 0).next().filter(|path| !path.is_empty());
    Ok(first.map(|path| PathBuf::from(OsString::from_vec(path.to_vec()))))
}
