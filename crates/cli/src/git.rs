//! What git says. It is asked about the directory at hand and nothing else: variables that would have it look elsewhere
//! are left out, and programs that the repository's own configuration names are not run. What git cannot tell is an
//! error with its own words; only that nothing is there to be told is an answer.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use holdpoint_helper::{Answer, Helper, Unanswered};
use holdpoint_report::visible;

use crate::problem::Problem;

/// Variables of git's that stay: they say where the user's own configuration is, as HOME does.
const KEPT: [&str; 3] = ["GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM"];
/// No answer of git's is waited for any longer: a FIFO among its own files would keep it for ever.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// A value of the configuration is no longer than this, bytes.
const SHORT: u64 = 64 * 1024;

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

/// The root of the repository that `directory` lies in. `None` where neither it nor a directory above it has a `.git`.
pub fn top(directory: &Path) -> Result<Option<PathBuf>, Problem> {
    let Some(nearest) = nearest(directory)? else { return Ok(None) };
    let told = asked(&nearest, ["rev-parse", "--show-toplevel"])?;
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
fn nearest(directory: &Path) -> Result<Option<PathBuf>, Problem> {
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
pub fn configured(directory: &Path, key: &str) -> Result<Option<String>, Problem> {
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
pub fn ignores(root: &Path, path: &str, though_tracked: bool) -> Result<bool, Problem> {
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

/// The commit at hand, and of each path with bytes whether they are what it holds there, byte for byte.
pub fn holds(root: &Path, read: &[(&str, &[u8])]) -> Result<(Option<String>, Vec<bool>), Problem> {
    // The end of a request that a path may hold needs a newer git.
    let odd = read.iter().any(|(path, _)| path.contains('\n'));
    let (end, option) = if odd { ('\0', Some("-z")) } else { ('\n', None) };
    let asked: String = read.iter().map(|(path, _)| format!("HEAD:{path}{end}")).collect();
    let asking = git(root)
        .arguments(["cat-file", "--batch"])
        .arguments(option)
        .input(format!("HEAD{end}{asked}"))
        .ask();
    let answer = succeeded(root, asking)?;
    let mut rest = answer.as_slice();
    let commit = object(&mut rest);
    let held = read.iter().map(|(_, bytes)| {
        object(&mut rest).is_some_and(|(_, kind, there)| kind == "blob" && there == *bytes)
    });
    let held = held.collect();
    Ok((commit.map(|(name, ..)| name), held))
}

/// What these paths hold at a commit, byte for byte, each `None` where it is no file there. `None` for all where the commit
/// is not in the history of the one at hand: an object may lie in a repository without anybody there vouching for it.
pub fn at<const N: usize>(
    root: &Path,
    commit: &str,
    paths: [&str; N],
) -> Result<Option<[Option<Vec<u8>>; N]>, Problem> {
    // A record may say anything here, an option or a name.
    if !matches!(commit.len(), 40 | 64) || !commit.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(None);
    }
    let answer = git(root).arguments(["merge-base", "--is-ancestor", commit, "HEAD"]).ask();
    let answer = answer.map_err(|error| unable(root, &error.to_string()))?;
    match answer.code() {
        Some(0) => {}
        // 128 where there is no such commit.
        Some(1 | 128) => return Ok(None),
        _ => return Err(unable(root, &answer.words())),
    }
    let one = |path: &str| -> Result<Option<Vec<u8>>, Problem> {
        if path.contains('\n') {
            return Ok(None);
        }
        let asking = git(root).arguments(["cat-file", "--batch"]).input(format!("{commit}:{path}\n")).ask();
        let answer = succeeded(root, asking)?;
        let found = object(&mut answer.as_slice());
        Ok(found.filter(|(_, kind, _)| kind == "blob").map(|(.., bytes)| bytes.to_vec()))
    };
    let mut found = [const { None }; N];
    for (found, path) in found.iter_mut().zip(paths) {
        *found = one(path)?;
    }
    Ok(Some(found))
}

/// The next object that `cat-file --batch` printed: name, kind, bytes. `None` where there is none.
fn object<'a>(rest: &mut &'a [u8]) -> Option<(String, String, &'a [u8])> {
    let line = rest.iter().position(|byte| *byte == b'\n')?;
    let (header, after) = (std::str::from_utf8(&rest[..line]).ok(), &rest[line + 1..]);
    *rest = after;
    let mut words = header?.split(' ');
    let (name, kind, length) = (words.next()?, words.next()?, words.next()?.parse().ok()?);
    if words.next().is_some() {
        return None;
    }
    let (bytes, after) = rest.split_at_checked(length)?;
    *rest = after.strip_prefix(b"\n")?;
    Some((name.to_owned(), kind.to_owned(), bytes))
}

/// How the work tree at `root` differs from its commit. Of the `store`, the run directories and the lock are passed over.
pub fn look(root: &Path, store: &Path) -> Result<Looked, Problem> {
    // Its configuration first: it may name programs that looking for differences would run.
    let (filters, tracked) = std::thread::scope(|scope| {
        let tracked = scope.spawn(|| tracked(root));
        let filters = filters(root);
        (filters, joined(tracked))
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
        succeeded(root, status.arguments(more).ask())
    };
    let mut arguments: Vec<OsString> = vec!["--untracked-files=normal".into(), "--".into(), ":/".into()];
    arguments.extend(aside.excluded());
    let told = status(&arguments)?;
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
        let told = status(&["--untracked-files=no".into()])?;
        looked.changed = entries(&told).filter(|entry| !entry.starts_with(b"# ")).map(path_of).collect();
    }
    looked.overlooked = overlooked(root, store, &filters, &tracked)?;
    if let (false, Some(commit)) = (looked.is_dirty(), &looked.commit) {
        looked.changed = differing(root, commit, &quiet.clone().collect::<Vec<_>>(), &tracked)?;
    }
    Ok(looked)
}

/// What git prints with `-z`, entry by entry.
fn entries(told: &[u8]) -> impl Iterator<Item = &[u8]> {
    told.split(|byte| *byte == 0).filter(|entry| !entry.is_empty())
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
) -> Result<Vec<String>, Problem> {
    let scratch = tempfile::Builder::new().prefix("holdpoint-index-").tempdir();
    let scratch =
        scratch.map_err(|error| unable(root, &format!("there is no room for an index of ours: {error}")))?;
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
    store: &Path,
    filters: &BTreeSet<String>,
    tracked: &[Tracked],
) -> Result<Option<String>, Problem> {
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
        if directory.join(".git").symlink_metadata().is_err() {
            // Not brought here: git does not look into it, so nothing may be there.
            let empty = std::fs::read_dir(&directory).map_or(true, |mut entries| entries.next().is_none());
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

/// A file that is tracked.
struct Tracked {
    path: PathBuf,
    /// Whether git is told not to look for changes of it.
    overlooked: bool,
    /// Whether a sparse checkout leaves it out.
    left_out: bool,
    /// Whether it is a submodule.
    module: bool,
}

fn tracked(root: &Path) -> Result<Vec<Tracked>, Problem> {
    let told = asked(root, ["ls-files", "-v", "-s", "-z"])?;
    let read = |line: &[u8]| {
        let tab = line.iter().position(|byte| *byte == b'\t')?;
        let (facts, path) = (std::str::from_utf8(&line[..tab]).ok()?, &line[tab + 1..]);
        let (tag, facts) = facts.split_once(' ')?;
        let path = PathBuf::from(OsString::from_vec(path.to_vec()));
        // A sparse checkout leaves files out, and git does not look for them; where one is there, it may differ.
        let left_out = tag == "S" && root.join(&path).symlink_metadata().is_err();
        let overlooked = tag.starts_with(|tag: char| tag.is_ascii_lowercase()) || tag == "S" && !left_out;
        Some(Tracked { path, overlooked, left_out, module: facts.starts_with("160000 ") })
    };
    entries(&told)
        .map(|line| read(line).ok_or_else(|| unable(root, "git ls-files prints what is not known here")))
        .collect()
}

/// Names of filters that the repository's own configuration has: they are programs, and git would run them.
fn filters(root: &Path) -> Result<BTreeSet<String>, Problem> {
    let told = asked(root, ["config", "--list", "-z", "--show-scope"])?;
    let mut parts = told.split(|byte| *byte == 0);
    let mut names = BTreeSet::new();
    while let (Some(scope), Some(entry)) = (parts.next(), parts.next()) {
        let key = entry.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let Some((name, _)) = std::str::from_utf8(key)
            .ok()
            .and_then(|key| key.strip_prefix("filter."))
            .and_then(|key| key.rsplit_once('.'))
        else {
            continue;
        };
        if !matches!(scope, b"local" | b"worktree") {
            continue;
        }
        if name.contains('=') {
            return Err(unable(root, "a filter of its configuration has an equals sign in its name"));
        }
        names.insert(name.to_owned());
    }
    Ok(names)
}

/// A tracked file that goes through a filter.
fn filtered(root: &Path) -> Result<Option<PathBuf>, Problem> {
    let told =
        asked(root, ["ls-files", "-z", "--", ":/", ":(exclude,attr:!filter)", ":(exclude,attr:-filter)"])?;
    let first = told.split(|byte| *byte == 0).next().filter(|path| !path.is_empty());
    Ok(first.map(|path| PathBuf::from(OsString::from_vec(path.to_vec()))))
}

/// What of the store is no part of the work tree: run directories and the lock. The rest of its directory is, for
/// `[store] path` may name one in which other files are.
struct Aside(Option<String>);

impl Aside {
    fn new(root: &Path, store: &Path) -> Aside {
        let below = store.strip_prefix(root).ok().and_then(|below| {
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

/// git in this directory, whatever the environment and the repository's configuration say otherwise.
fn git(directory: &Path) -> Helper {
    Helper::git(directory, &KEPT)
        .within(LONGEST_WAIT)
        .variable("GIT_DISCOVERY_ACROSS_FILESYSTEM", "1")
        .variable("GIT_ALLOW_PROTOCOL", "none")
        .variable("GIT_TERMINAL_PROMPT", "0")
}

/// Makes a signed annotated tag at the commit at hand, by SSH: with the key in a file, else with the one that the user's
/// configuration names. Gives the tag object, byte for byte. What git and `ssh-keygen` have to ask, they ask at the terminal.
pub fn sign_tag(root: &Path, name: &str, message: &str, key: Option<&Path>) -> Result<Vec<u8>, Problem> {
    let no = |why: String| Problem::usage(why, "Nothing was kept beside the record.");
    let key = match key {
        Some(key) => key.as_os_str().to_owned(),
        None => match configured(root, "user.signingKey")? {
            Some(key) => key.into(),
            None => {
                return Err(Problem::usage(
                    "nothing says with which key to sign the tag",
                    "Give --key FILE, or set git's user.signingKey to an SSH key. Nothing was written.",
                ));
            }
        },
    };
    let mut signing = OsString::from("user.signingKey=");
    signing.push(key);
    let answer = git(root)
        .arguments(["-c", "gpg.format=ssh", "-c", "gpg.ssh.program=ssh-keygen", "-c"])
        .arguments([signing])
        .arguments(["tag", "--sign", "--cleanup=verbatim", "--file=-", "--", name])
        .input(message)
        .ask_at_terminal();
    if !answer.map_err(|error| no(error.to_string()))?.status.success() {
        return Err(no(format!("git did not make the tag {name}, and has said why")));
    }
    asked(root, ["cat-file", "tag", &format!("refs/tags/{name}")])
}

/// What git prints, where it succeeds.
fn asked<const N: usize>(directory: &Path, arguments: [&str; N]) -> Result<Vec<u8>, Problem> {
    succeeded(directory, git(directory).arguments(arguments).ask())
}

fn succeeded(directory: &Path, answer: Result<Answer, Unanswered>) -> Result<Vec<u8>, Problem> {
    let answer = answer.map_err(|error| unable(directory, &error.to_string()))?;
    match answer.code() {
        Some(0) => Ok(answer.printed),
        _ => Err(unable(directory, &answer.words())),
    }
}

/// git cannot tell, and why.
fn unable(directory: &Path, why: &str) -> Problem {
    let directory = directory.display();
    // Configuration that comes by the environment (GIT_CONFIG_COUNT) is not listened to.
    let help = match why.contains("dubious ownership") {
        true => format!(
            "Nothing was executed. It belongs to somebody else; if you trust them: git config --global --add \
             safe.directory '{directory}'"
        ),
        false => "Nothing was executed. Without git it is not known which repository this is; `git status` there says \
                  more."
            .to_owned(),
    };
    Problem::usage(format!("git cannot tell about {directory}: {why}"), help)
}

/// The thread's result.
pub fn joined<T>(thread: std::thread::ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
