//! Where we are: the repository, its configuration, its store, and what git knows of the document.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use holdpoint_document::Config;
use holdpoint_record::Store;

use crate::problem::{Finding, Problem};

/// The configuration's file name, at the repository's root.
pub const CONFIG: &str = "holdpoint.toml";

/// A repository, or a directory where there is none.
#[derive(Debug)]
pub struct Place {
    /// Root of the repository; outside of one, the nearest directory upwards with a `holdpoint.toml`, else here.
    pub root: PathBuf,
    /// Whether it is a git repository.
    pub is_git: bool,
    /// The configuration, if there is one.
    pub config: Option<Configured>,
}

/// The configuration and its exact text.
#[derive(Debug)]
pub struct Configured {
    /// As read.
    pub config: Config,
    /// Its bytes.
    pub text: String,
}

/// What git knows of a document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traced {
    /// The commit at hand.
    pub commit: Option<String>,
    /// Whether the work tree differs from it, the store aside.
    pub dirty: Option<bool>,
    /// Whether the document's bytes are those of the commit.
    pub committed: Option<bool>,
}

impl Place {
    /// The place that `directory` lies in.
    pub fn of(directory: &Path) -> Result<Place, Problem> {
        let asked = may_be_git(directory);
        let top =
            asked.then(|| git(directory, &["rev-parse", "--show-toplevel"])).flatten().map(PathBuf::from);
        let configured = || directory.ancestors().find(|up| up.join(CONFIG).is_file()).map(Path::to_owned);
        let root = top.clone().or_else(configured).unwrap_or_else(|| directory.to_owned());
        let config = Configured::read(&root.join(CONFIG))?;
        Ok(Place { root, is_git: top.is_some(), config })
    }

    /// The place of the current directory.
    pub fn here() -> Result<Place, Problem> {
        Place::of(&current_dir()?)
    }

    /// Where runs are kept.
    pub fn store(&self) -> Store {
        let path =
            self.configuration().and_then(|config| config.store.as_deref()).unwrap_or(".holdpoint/runs");
        Store::open(self.root.join(path))
    }

    /// The configuration, if there is one.
    pub fn configuration(&self) -> Option<&Config> {
        self.config.as_ref().map(|configured| &configured.config)
    }

    /// A path as the record names it: relative to the root where it lies below it.
    pub fn relative(&self, path: &Path) -> String {
        let root = self.root.canonicalize().unwrap_or_else(|_| self.root.clone());
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        path.strip_prefix(&root).unwrap_or(&path).to_string_lossy().into_owned()
    }

    /// What git knows of the document at `path`.
    pub fn trace(&self, path: &str) -> Traced {
        if !self.is_git {
            return Traced::default();
        }
        let store = self.store();
        let store =
            store.path().strip_prefix(&self.root).unwrap_or(Path::new(".holdpoint/runs")).to_path_buf();
        let aside = format!(":(exclude,top){}", store.display());
        let status = ["status", "--porcelain", "--untracked-files=normal", "--", ":/", &aside];
        let head = format!("HEAD:{path}");
        let verify = |what| ["rev-parse", "--verify", "--quiet", what];
        // Four questions to four processes, at the same time.
        let (status, in_commit, on_disk, commit) = std::thread::scope(|scope| {
            let status = scope.spawn(|| git(&self.root, &status));
            let in_commit = scope.spawn(|| git(&self.root, &verify(&head)));
            let on_disk = scope.spawn(|| git(&self.root, &["hash-object", "--", path]));
            let commit = git(&self.root, &verify("HEAD"));
            let told =
                |thread: std::thread::ScopedJoinHandle<'_, Option<String>>| thread.join().ok().flatten();
            (told(status), told(in_commit), told(on_disk), commit)
        });
        Traced {
            commit,
            dirty: status.map(|status| !status.is_empty()),
            committed: Some(in_commit.is_some() && in_commit == on_disk),
        }
    }
}

/// Whether git is worth asking for the repository that `directory` is in. It looks for `.git` in it and above it, if
/// nothing in the environment tells it where to look.
fn may_be_git(directory: &Path) -> bool {
    let told = ["GIT_DIR", "GIT_WORK_TREE"].iter().any(|name| std::env::var_os(name).is_some());
    told || directory.ancestors().any(|up| up.join(".git").symlink_metadata().is_ok())
}

impl Configured {
    fn read(path: &Path) -> Result<Option<Configured>, Problem> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(Problem::usage(
                    format!("the configuration cannot be read: {error}"),
                    format!("Look at {}.", path.display()),
                ));
            }
        };
        let (config, diagnostics) = holdpoint_document::read_config(&text);
        if diagnostics.iter().any(holdpoint_document::Diagnostic::is_error) {
            let findings = diagnostics.into_iter().map(|found| Finding::new(CONFIG, &text, found)).collect();
            return Err(Problem::findings("the configuration has errors; nothing was done", findings));
        }
        Ok(Some(Configured { config, text }))
    }
}

/// The current directory.
pub fn current_dir() -> Result<PathBuf, Problem> {
    std::env::current_dir().map_err(|error| {
        Problem::usage(format!("the current directory cannot be told: {error}"), "Change to one that exists.")
    })
}

/// What git prints, trimmed; `None` where it fails or is not there.
pub fn git(directory: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .arg("-C")
        .arg(directory)
        .args(arguments)
        .env("GIT_OPTIONAL_LOCKS", "0")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
}
