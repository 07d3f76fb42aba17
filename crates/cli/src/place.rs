//! Where we are: the repository, its configuration, its store, and what git knows of the document.

pub mod user;

use std::path::{Path, PathBuf};

use holdpoint_document::Config;
use holdpoint_record::Store;

use crate::files;
use crate::git;
use crate::problem::{Finding, Problem};

/// The configuration's file name, at the repository's root.
pub const CONFIG: &str = "holdpoint.toml";

/// Where we keep things, at the repository's root.
const OWN: &str = ".holdpoint";

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
    /// Whether the bytes of the document and of what it includes are those of the commit.
    pub committed: Option<bool>,
    /// The first included file whose bytes are not, where those of the document itself are.
    pub included: Option<String>,
    /// What git was told to overlook, in words.
    pub overlooked: Option<String>,
    /// Paths that differ from the commit, fit to be shown.
    pub changed: Vec<String>,
}

impl Place {
    /// The place that `directory` lies in.
    pub fn of(directory: &Path) -> Result<Place, Problem> {
        let top = git::top(directory)?;
        let configured = || {
            directory.ancestors().find(|up| up.join(CONFIG).symlink_metadata().is_ok()).map(Path::to_owned)
        };
        let root = top.clone().or_else(configured).unwrap_or_else(|| directory.to_owned());
        let config = Configured::read(&root.join(CONFIG))?;
        let place = Place { root, is_git: top.is_some(), config };
        place.keep_to_the_repository()?;
        Ok(place)
    }

    /// Refuses paths of the configuration that lead out of the repository, by links too: whoever wrote it is not
    /// whoever runs it. Only the user's own configuration may allow other places.
    fn keep_to_the_repository(&self) -> Result<(), Problem> {
        let config = self.configuration();
        let of = |path: Option<&String>| path.map(|path| self.root.join(path));
        let paths = [
            ("[store] path", Some(self.store().path().to_owned())),
            ("[signers] file", of(config.and_then(|config| config.signers.as_ref()))),
            ("[signers] revoked", of(config.and_then(|config| config.revoked.as_ref()))),
        ];
        self.keep_out_of_git()?;
        for (key, path) in paths {
            let Some(path) = path.filter(|path| files::beneath(&self.root, path).is_none()) else { continue };
            let allowed = user::allowed_paths()?;
            if !allowed.iter().any(|directory| files::beneath(directory, &path).is_some()) {
                let user =
                    user::file().map_or("holdpoint/config.toml".into(), |file| file.display().to_string());
                return Err(Problem::usage(
                    format!("{key} of {CONFIG} leads out of the repository, to {}", path.display()),
                    format!(
                        "Keep it in the repository, or allow the place yourself: allow_paths = [\"DIRECTORY\"] in {user}."
                    ),
                ));
            }
        }
        self.keep_without_links()
    }

    /// Refuses a link in the place of our own directory: runs and approvals would be kept, and looked for, elsewhere.
    fn keep_without_links(&self) -> Result<(), Problem> {
        let own = self.root.join(OWN);
        if own.symlink_metadata().is_ok_and(|found| !found.is_dir()) {
            return Err(Problem::usage(
                format!("{OWN} is a link or a file, not a directory"),
                format!(
                    "Nothing was done. Make it a directory; to keep runs elsewhere, say [store] path in {CONFIG}."
                ),
            ));
        }
        Ok(())
    }

    /// Refuses a store in git's own directory, by whatever way: git takes what lies there for its own, and no commit
    /// sees it.
    fn keep_out_of_git(&self) -> Result<(), Problem> {
        let store = self.store();
        let below = store.path().strip_prefix(&self.root).unwrap_or(store.path());
        let of_git =
            |path: &Path| path.components().any(|part| part.as_os_str().eq_ignore_ascii_case(".git"));
        let root = self.root.canonicalize().unwrap_or_else(|_| self.root.clone());
        let found = files::beneath(&root, store.path());
        let inside = found.is_some_and(|found| of_git(found.strip_prefix(&root).unwrap_or(&found)));
        if !of_git(below) && !inside {
            return Ok(());
        }
        Err(Problem::usage(
            format!("[store] path of {CONFIG} leads into git's own directory: {}", below.display()),
            "Nothing was done. Keep runs in a directory of their own: path = \".holdpoint/runs\".",
        ))
    }

    /// The bytes of a file that the configuration names. Where it may be was looked at when the configuration was read.
    pub fn configured_file(&self, path: &str) -> std::io::Result<Vec<u8>> {
        let path = self.root.join(path);
        let error = match files::read_within(&[&self.root], &path, files::TEXT) {
            Ok(bytes) => return Ok(bytes),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(error),
            Err(error) => error,
        };
        // Nobody asks the user's own configuration for what lies in the repository.
        let Ok(allowed) = user::allowed_paths() else { return Err(error) };
        let allowed: Vec<&Path> = allowed.iter().map(PathBuf::as_path).collect();
        if allowed.is_empty() {
            return Err(error);
        }
        files::read_within(&allowed, &path, files::TEXT)
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
        self.relative_path(path).to_string_lossy().into_owned()
    }

    /// The same, byte for byte.
    pub fn relative_path(&self, path: &Path) -> PathBuf {
        let root = self.root.canonicalize().unwrap_or_else(|_| self.root.clone());
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        path.strip_prefix(&root).map_or(path.clone(), Path::to_owned)
    }

    /// A path as the record names it, as somebody types it where they are: quoted for a shell.
    pub fn typed(&self, path: &str) -> String {
        let root = self.root.canonicalize().unwrap_or_else(|_| self.root.clone());
        let here = std::env::current_dir().and_then(|here| here.canonicalize());
        let up = here.ok().and_then(|here| Some(here.strip_prefix(&root).ok()?.components().count()));
        let typed = match up {
            Some(_) if Path::new(path).is_absolute() => path.to_owned(),
            Some(up) => "../".repeat(up) + path,
            None => root.join(path).to_string_lossy().into_owned(),
        };
        shlex::try_quote(&typed).map_or_else(|_| typed.clone(), std::borrow::Cow::into_owned)
    }

    /// What git knows of a document and of the files that it includes, each by its path and the bytes that were read: they
    /// are compared, and no file again.
    pub fn trace(&self, read: &[(&str, &[u8])]) -> Result<Traced, Problem> {
        if !self.is_git {
            return Ok(Traced::default());
        }
        let store = self.store();
        let (looked, held) = std::thread::scope(|scope| {
            let held = scope.spawn(|| git::holds(&self.root, read));
            (git::look(&self.root, Some(store.path())), git::joined(held))
        });
        let (looked, (commit, held)) = (looked?, held?);
        let others = held.iter().position(|holds| !holds);
        if looked.commit != commit {
            return Err(Problem::usage(
                "the repository moved to another commit while it was looked at",
                "Nothing was executed. Try again once nobody works in it.",
            ));
        }
        Ok(Traced {
            commit,
            dirty: Some(looked.is_dirty()),
            committed: Some(others.is_none()),
            included: others.filter(|at| *at > 0).map(|at| read[at].0.to_owned()),
            overlooked: looked.overlooked,
            changed: looked.changed,
        })
    }
}

impl Configured {
    fn read(path: &Path) -> Result<Option<Configured>, Problem> {
        let text = match files::read_text(path, files::TEXT) {
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
