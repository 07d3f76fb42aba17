//! What git says of a repository. It is asked about the directory at hand and nothing else: variables that would have it
//! look elsewhere are left out, and programs that the repository's own configuration names are not run. What git cannot
//! tell is an error with its own words; only that nothing is there to be told is an answer.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use holdpoint_helper::{Answer, Helper, Unanswered};

mod below;
mod objects;
mod settings;
mod tracked;
mod tree;

pub use below::below;
pub use objects::{at, holds};
pub use settings::verifiers;
pub use tree::{Looked, look};

/// Variables of git's that stay: they say where the user's own configuration is, as HOME does.
const KEPT: [&str; 3] = ["GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM"];
/// No answer of git's is waited for any longer: a FIFO among its own files would keep it for ever.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// A value of the configuration is no longer than this, bytes.
const SHORT: u64 = 64 * 1024;

/// git cannot tell about a directory.
#[derive(Debug, thiserror::Error)]
#[error("git cannot tell about {}: {why}", directory.display())]
pub struct Untold {
    /// What it was asked about.
    pub directory: PathBuf,
    /// Its own words, or ours.
    pub why: String,
}

/// The root of the repository that `directory` lies in. `None` where neither it nor a directory above it has a `.git`.
pub fn top(directory: &Path) -> Result<Option<PathBuf>, Untold> {
    let Some(nearest) = nearest(directory)? else { return Ok(None) };
    let told = asked(&nearest, ["rev-parse", "--show-toplevel"])?;
    if told.is_empty() {
        return Err(unable(&nearest, "it ended well and did not say where the root is"));
    }
    let told = PathBuf::from(OsStr::from_bytes(told.strip_suffix(b"\n").unwrap_or(&told)));
    let same = nearest
        .canonicalize()
        .ok()
        .is_some_and(|nearest| told.canonicalize().is_ok_and(|told| told == nearest));
    if same {
        return Ok(Some(told));
    }
    Err(unable(
        &nearest,
        &format!(
            "there is a .git in it, and git takes {} for the root of the work tree (core.worktree?)",
            told.display()
        ),
    ))
}

/// The nearest directory upwards that has a `.git` of whatever kind: whether git can read it, git must say.
fn nearest(directory: &Path) -> Result<Option<PathBuf>, Untold> {
    use std::io::ErrorKind::{NotADirectory, NotFound};
    for up in directory.ancestors() {
        match up.join(".git").symlink_metadata() {
            Ok(_) => return Ok(Some(up.to_owned())),
            Err(error) if matches!(error.kind(), NotFound | NotADirectory) => {}
            Err(error) => return Err(unable(up, &format!("its .git cannot be looked at: {error}"))),
        }
    }
    Ok(None)
}

/// A value of git's configuration. `None` where it is not set; and outside of a repository, where there is no git.
pub fn configured(directory: &Path, key: &str) -> Result<Option<String>, Untold> {
    let answer = match git(directory).arguments(["config", "--get", key]).at_most(SHORT).ask() {
        Err(Unanswered::Missing(_)) if nearest(directory)?.is_none() => return Ok(None),
        answer => answer.map_err(|error| unable(directory, &error.to_string()))?,
    };
    match answer.code() {
        Some(0) => Ok(Some(String::from_utf8_lossy(&answer.printed).trim_end().to_owned())),
        Some(1) => Ok(None),
        _ => Err(unable(directory, &answer.words())),
    }
}

/// Whether git ignores `path`; `though_tracked` asks what its ignore files say, whether the path is tracked or not.
pub fn ignores(root: &Path, path: &str, though_tracked: bool) -> Result<bool, Untold> {
    let index = though_tracked.then_some("--no-index");
    let asking = git(root).arguments(["check-ignore", "-q"]).arguments(index);
    let answer = asking.arguments(["--", path]).ask();
    let answer = answer.map_err(|error| unable(root, &error.to_string()))?;
    match answer.code() {
        Some(0) => Ok(true),
        Some(1) => Ok(false),
        _ => Err(unable(root, &answer.words())),
    }
}

/// git in this directory, whatever the environment and the repository's configuration say otherwise.
pub fn git(directory: &Path) -> Helper {
    Helper::git(directory, &KEPT)
        .within(LONGEST_WAIT)
        .variable("GIT_DISCOVERY_ACROSS_FILESYSTEM", "1")
        .variable("GIT_ALLOW_PROTOCOL", "none")
        .variable("GIT_TERMINAL_PROMPT", "0")
        // A filter of the user's own configuration is a program like any other: it signs nothing for anybody.
        .variable("HOLDPOINT_RUN", "0")
}

/// What git prints, where it succeeds.
pub fn asked<const N: usize>(directory: &Path, arguments: [&str; N]) -> Result<Vec<u8>, Untold> {
    succeeded(directory, git(directory).arguments(arguments).ask())
}

pub(crate) fn succeeded(directory: &Path, answer: Result<Answer, Unanswered>) -> Result<Vec<u8>, Untold> {
    let answer = answer.map_err(|error| unable(directory, &error.to_string()))?;
    match answer.code() {
        Some(0) => Ok(answer.printed),
        _ => Err(unable(directory, &answer.words())),
    }
}

/// git cannot tell, and why.
pub(crate) fn unable(directory: &Path, why: &str) -> Untold {
    Untold { directory: directory.to_owned(), why: why.to_owned() }
}

/// What git prints with `-z`, entry by entry.
pub(crate) fn entries(told: &[u8]) -> impl Iterator<Item = &[u8]> {
    told.split(|byte| *byte == 0).filter(|entry| !entry.is_empty())
}
