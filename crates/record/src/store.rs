//! The store: run directories with numbers that have no gaps (record.md section 1).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::disk::{DiskError, cannot, make_dir, make_parents, open_or_make, sync_dir};
use crate::errors::OpenError;
use crate::layout::{directory_name, number_of};
use crate::reader::is_run;
use crate::writer::Writer;

/// Where creators of runs queue. Without it two of them could take `0042-a` and `0042-b`.
const LOCK: &str = ".lock";

/// A directory of run directories, `.holdpoint/runs` by default.
#[derive(Clone, Debug)]
pub struct Store {
    path: PathBuf,
}

/// A run directory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RunDir {
    /// Its number.
    pub number: u64,
    /// Its directory's name, `0042-promote-staging`.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
}

/// Why a directory is no store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoStore {
    /// It is a run.
    Run,
    /// The store is in it, here.
    Around(PathBuf),
    /// It holds other things, and no run.
    Other,
}

/// Why the store gave no run.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file system refused.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The new run could not be set up. Its number is taken.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Nothing is called that.
    #[error("no run `{what}` in {}", store.display())]
    NotFound {
        /// What was looked for.
        what: String,
        /// Where.
        store: PathBuf,
    },
    /// Several runs are called that.
    #[error("`{what}` is more than one run: {}; give more of the name", candidates.join(", "))]
    Ambiguous {
        /// What was looked for.
        what: String,
        /// The names of the runs that it may mean.
        candidates: Vec<String>,
    },
    /// The path is no run directory.
    #[error("{} is no run directory", .0.display())]
    NotARun(PathBuf),
    /// A directory that has another number than its record: it was copied or renamed by hand.
    #[error("{} has the number {number}, and its record says {recorded}: it was put there by hand", path.display())]
    Misnumbered {
        /// The directory.
        path: PathBuf,
        /// The number in its name.
        number: u64,
        /// The number in its first event.
        recorded: u64,
    },
    /// Two directories have one number, which no creator of ours lets happen.
    #[error("two runs have the number {number}: {}; one of them was put there by hand", names.join(", "))]
    TwoOfOneNumber {
        /// The number.
        number: u64,
        /// The directories' names.
        names: Vec<String>,
    },
}

impl Store {
    /// Names a store. Nothing is read or made.
    pub fn open(path: impl Into<PathBuf>) -> Store {
        Store { path: path.into() }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether what is there may be a store: it has runs, or had some, or holds nothing at all. A directory beside or above
    /// one has no runs either, and would pass for a store in which nothing is wrong.
    ///
    /// # Errors
    /// It cannot be listed.
    pub fn is_one(&self) -> Result<Result<(), NoStore>, StoreError> {
        let entries = fs::read_dir(&self.path).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let entries = entries.map_err(cannot("list", &self.path))?;
        let names: Vec<_> = entries.iter().map(|entry| entry.file_name()).collect();
        if is_run(&self.path) {
            return Ok(Err(NoStore::Run));
        }
        let of_store = |entry: &fs::DirEntry| entry.file_name() == LOCK || number_of(&entry.path()).is_some();
        if entries.iter().any(of_store) || names.iter().all(|name| name == ".gitignore" || name == ".gitkeep")
        {
            return Ok(Ok(()));
        }
        let within = [".holdpoint/runs", "runs"].map(|store| self.path.join(store));
        Ok(Err(match within.into_iter().find(|path| path.is_dir()) {
            Some(store) => NoStore::Around(store),
            None => NoStore::Other,
        }))
    }

    /// Makes the directory of a new run, with the next number, and locks it. The store is made if need be.
    ///
    /// Creators take turns, so that numbers have no gaps and none is taken twice. `slug` is made fit for a
    /// directory's name; it is a convenience and no identity.
    pub fn create_run(&self, slug: &str) -> Result<(u64, Writer), StoreError> {
        self.make()?;
        let path = self.path.join(LOCK);
        let turn = open_or_make(&path).map_err(cannot("open", &path))?;
        turn.lock().map_err(cannot("lock", &path))?;
        let (number, dir) = loop {
            let number = self.numbers()?.into_iter().max().map_or(1, |(last, _)| last + 1);
            let dir = self.path.join(directory_name(number, slug));
            match make_dir(&dir) {
                Ok(()) => break (number, dir),
                // By something that knows nothing of the turns: the next look counts it.
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
                Err(e) => return Err(cannot("create", &dir)(e).into()),
            }
        };
        sync_dir(&self.path)?;
        let names: Vec<_> =
            self.numbers()?.into_iter().filter(|(n, _)| *n == number).map(|(_, name)| name).collect();
        if names.len() != 1 {
            return Err(StoreError::TwoOfOneNumber { number, names });
        }
        drop(turn);
        Ok((number, Writer::create(&dir)?))
    }

    /// Makes the store, and makes what it made durable. Its parents are private too: whoever wants
    /// others to read what is beside it opens them.
    fn make(&self) -> Result<(), StoreError> {
        if self.path.is_dir() {
            return Ok(());
        }
        let missing: Vec<&Path> = self.path.ancestors().skip(1).take_while(|dir| !dir.exists()).collect();
        if let Some(parent) = self.path.parent() {
            make_parents(parent).map_err(cannot("create", parent))?;
        }
        match make_dir(&self.path) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists && self.path.is_dir() => {}
            made => made.map_err(cannot("create", &self.path))?,
        }
        for made in missing.into_iter().chain([self.path.as_path()]) {
            let parent = made.parent().filter(|parent| *parent != Path::new(""));
            sync_dir(parent.unwrap_or(Path::new(".")))?;
        }
        Ok(())
    }

    /// Everything that takes a number, whatever it is: a file in the way must not be stepped over for ever.
    fn numbers(&self) -> Result<Vec<(u64, String)>, StoreError> {
        let entries = match fs::read_dir(&self.path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(cannot("list", &self.path))?,
        };
        let mut numbers = Vec::new();
        for entry in entries {
            let path = entry.map_err(cannot("list", &self.path))?.path();
            if let (Some(number), Some(name)) = (number_of(&path), path.file_name()) {
                numbers.push((number, name.to_string_lossy().into_owned()));
            }
        }
        Ok(numbers)
    }

    /// Everything that has the name of a run, by number: whoever reads one is told what is none. None if there is no
    /// store.
    pub fn runs(&self) -> Result<Vec<RunDir>, StoreError> {
        let run = |(number, name): (u64, String)| RunDir { number, path: self.path.join(&name), name };
        let mut runs: Vec<_> = self.numbers()?.into_iter().map(run).collect();
        runs.sort();
        Ok(runs)
    }

    /// Numbers up to the last one that no run has, from and to: runs that somebody removed. A directory of any name may be the last.
    pub fn missing_numbers(&self) -> Result<Vec<(u64, u64)>, StoreError> {
        let mut before = 0;
        let gap = |run: RunDir| {
            let gap = (before + 1, run.number.saturating_sub(1));
            before = run.number;
            (gap.0 <= gap.1).then_some(gap)
        };
        Ok(self.runs()?.into_iter().filter_map(gap).collect())
    }
}
