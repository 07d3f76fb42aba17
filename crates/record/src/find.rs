//! How a run is named: by directory, number, ULID or `latest`.

use std::io;
use std::path::{Path, PathBuf};

use holdpoint_engine::{Event, RunOpened, Stamped};

use crate::LOG;
use crate::disk::{self, DiskError};
use crate::errors::{OpenError, ReadError};
use crate::layout::number_of;
use crate::reader::Reader;
use crate::store::{RunDir, Store, StoreError};

impl Store {
    /// The run that `what` names: a path, `latest`, a number, or the beginning of a directory's name or of a ULID.
    ///
    /// Digits alone are always a number. More than one run is an error that lists them.
    pub fn find(&self, what: &str) -> Result<RunDir, StoreError> {
        if is_path(what) {
            return run_at(Path::new(what));
        }
        let mut runs = self.runs()?;
        let not_found = || StoreError::NotFound { what: what.to_owned(), store: self.path().to_owned() };
        if what == "latest" {
            return runs.pop().ok_or_else(not_found).and_then(as_numbered);
        }
        if let Some(exact) = runs.iter().position(|run| run.name == what) {
            return as_numbered(runs.swap_remove(exact));
        }
        let mut found: Vec<RunDir> = if what.bytes().all(|b| b.is_ascii_digit()) {
            let number = what.parse::<u64>().ok();
            runs.into_iter().filter(|run| Some(run.number) == number).collect()
        } else {
            runs.into_iter().filter(|run| run.name.starts_with(what) || has_id(run, what)).collect()
        };
        match (found.pop(), found.is_empty()) {
            (Some(run), true) => as_numbered(run),
            (Some(last), false) => {
                let candidates = found.into_iter().chain([last]).map(|run| run.name).collect();
                Err(StoreError::Ambiguous { what: what.to_owned(), candidates })
            }
            (None, _) => Err(not_found()),
        }
    }
}

/// The run, unless its record is that of another number. What is no record is told by whoever reads it; a disk that
/// refuses says nothing of which it is.
fn as_numbered(run: RunDir) -> Result<RunDir, StoreError> {
    match first(&run.path)?.map(|opened| opened.number) {
        Some(recorded) if recorded != run.number => {
            Err(StoreError::Misnumbered { path: run.path, number: run.number, recorded })
        }
        _ => Ok(run),
    }
}

fn has_id(run: &RunDir, what: &str) -> bool {
    // A run whose first event cannot be read has no ULID to be found by; its name and number still find it.
    let opened = first(&run.path).ok().flatten();
    opened.is_some_and(|opened| opened.id.to_lowercase().starts_with(&what.to_lowercase()))
}

/// Event 0; `None` where there is none that can be read. The error is the disk's.
fn first(dir: &Path) -> Result<Option<RunOpened>, DiskError> {
    match Reader::open(dir).map(|mut events| events.next().transpose()) {
        Err(ReadError::Disk(error)) | Ok(Err(ReadError::Disk(error))) => Err(error),
        Ok(Ok(Some(Stamped { event: Event::RunOpened(opened), .. }))) => Ok(Some(*opened)),
        Ok(_) | Err(_) => Ok(None),
    }
}

/// Whether a run is named by its path, for which no store is needed.
pub fn is_path(what: &str) -> bool {
    what.contains('/') || what == "." || what == ".."
}

/// A run anywhere. A directory that was renamed has its number in its first event. A link is not followed: whoever
/// reads it says that it is one, as of a link within it.
///
/// # Errors
/// There is none, or the disk does not let anybody look.
pub fn run_at(path: &Path) -> Result<RunDir, StoreError> {
    let not_a_run = || StoreError::NotARun(path.to_owned());
    let absolute = absolute(path).map_err(|e| match e.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => not_a_run(),
        _ => StoreError::from(disk::cannot("find", path)(e)),
    })?;
    if let Err(error) = absolute.join(LOG).symlink_metadata() {
        return match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Err(not_a_run()),
            _ => Err(disk::cannot("look into", &absolute)(error).into()),
        };
    }
    let name = absolute.file_name().map(|name| name.to_string_lossy().into_owned()).ok_or_else(not_a_run)?;
    let number = match number_of(&absolute) {
        Some(number) => number,
        None => match Reader::open(&absolute).and_then(|mut events| events.next().transpose()) {
            Ok(Some(Stamped { event: Event::RunOpened(opened), .. })) => opened.number,
            Ok(_) => return Err(OpenError::from(ReadError::NoFirstEvent(absolute)).into()),
            Err(error) => return Err(OpenError::from(error).into()),
        },
    };
    Ok(RunDir { number, name, path: absolute })
}

/// The path from the root, in which the last part alone may be a link.
fn absolute(path: &Path) -> io::Result<PathBuf> {
    let Some(name) = path.file_name() else { return path.canonicalize() };
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok(parent.canonicalize()?.join(name))
}
