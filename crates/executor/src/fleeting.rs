//! Directories and files that are to be gone when this process is, however it ends.
//!
//! Each is locked as long as its process lives. What a process that was killed could not remove is told by that nobody
//! holds its lock, and is removed by the next one that makes another beside it. A process id would tell less: another
//! process may have it by now, or one of another machine or container. Only what we made is removed: a directory holds a
//! mark that says so, and a file's name has twelve random letters and digits behind words that nobody else writes.

use std::fs::{File, Metadata, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::process::geteuid;
use tempfile::{Builder, NamedTempFile, TempDir};

/// What the names of such directories begin with, and how many letters and digits follow. Short: sockets lie in them.
const DIRECTORY: (&str, usize) = ("holdpoint-", 6);
/// Likewise for files: they may lie where people look.
const FILE: (&str, usize) = (".holdpoint-unfinished-", 12);
/// A file in each such directory, and what it holds.
const MARK: (&str, &str) =
    (".holdpoint-fleeting", "holdpoint made this directory, and removes it once nobody holds its lock.\n");
/// How often something new is lost to one who clears up before it is given up.
const ATTEMPTS: usize = 100;

/// A private directory (0700), gone when dropped.
#[derive(Debug)]
pub struct FleetingDir {
    // In this order: it is gone before its lock is.
    directory: TempDir,
    _lock: File,
}

impl FleetingDir {
    /// Makes one in `parent`, and removes those there whose process is dead.
    ///
    /// # Errors
    /// The file system refuses to make one. What cannot be cleared is left.
    pub fn create(parent: &Path) -> io::Result<FleetingDir> {
        clear(parent, DIRECTORY, is_marked, |path| std::fs::remove_dir_all(path));
        held(|| {
            let private = Permissions::from_mode(0o700);
            let mut builder = Builder::new();
            let directory = builder
                .prefix(DIRECTORY.0)
                .rand_bytes(DIRECTORY.1)
                .permissions(private)
                .tempdir_in(parent)?;
            let lock = match File::open(directory.path()) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                opened => opened?,
            };
            if !hold(&lock, directory.path()) {
                return Ok(None);
            }
            let mut mark = OpenOptions::new();
            let mut mark =
                mark.write(true).create_new(true).mode(0o600).open(directory.path().join(MARK.0))?;
            mark.write_all(MARK.1.as_bytes())?;
            Ok(Some(FleetingDir { directory, _lock: lock }))
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }
}

/// Makes a private file (0600) in `parent` that is gone when dropped, unless it is kept under another name. Removes those
/// there whose process is dead.
///
/// # Errors
/// The file system refuses to make one. What cannot be cleared is left.
pub fn fleeting_file(parent: &Path) -> io::Result<NamedTempFile> {
    clear(parent, FILE, |_, found| found.is_file(), |path| std::fs::remove_file(path));
    held(|| {
        let file = Builder::new().prefix(FILE.0).rand_bytes(FILE.1).tempfile_in(parent)?;
        Ok(hold(file.as_file(), file.path()).then_some(file))
    })
}

/// Makes one until it is held: between its making and its locking a file looks like that of a dead process.
fn held<T>(mut make: impl FnMut() -> io::Result<Option<T>>) -> io::Result<T> {
    for _ in 0..ATTEMPTS {
        if let Some(made) = make()? {
            return Ok(made);
        }
    }
    Err(io::Error::other("another process removes what is made there"))
}

/// Locks what was made, and says whether it is there still. Where nothing can be locked, nothing is cleared either.
fn hold(made: &File, path: &Path) -> bool {
    match flock(made, FlockOperation::NonBlockingLockExclusive) {
        Err(rustix::io::Errno::WOULDBLOCK) => false,
        _ => made.metadata().is_ok_and(|made| is_at(&made, path)),
    }
}

fn is_at(found: &Metadata, path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|at| (at.dev(), at.ino()) == (found.dev(), found.ino()))
}

/// Whether a directory says that it was made here.
fn is_marked(path: &Path, found: &Metadata) -> bool {
    let mark = path.join(MARK.0);
    let is_plain = |it: Metadata| it.is_file() && it.uid() == found.uid() && it.len() == MARK.1.len() as u64;
    found.is_dir()
        && std::fs::symlink_metadata(&mark).is_ok_and(is_plain)
        && std::fs::read(&mark).is_ok_and(|held| held == MARK.1.as_bytes())
}

/// Removes what dead processes of this user left. Nobody is told what cannot be removed: it does no harm.
fn clear(
    parent: &Path,
    (prefix, random): (&str, usize),
    is_one: fn(&Path, &Metadata) -> bool,
    remove: impl Fn(&Path) -> io::Result<()>,
) {
    let Ok(entries) = std::fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let rest = name.to_str().and_then(|name| name.strip_prefix(prefix));
        if !rest.is_some_and(|rest| rest.len() == random && rest.bytes().all(|b| b.is_ascii_alphanumeric())) {
            continue;
        }
        let path = entry.path();
        let careful = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits() as i32;
        let Ok(found) = OpenOptions::new().read(true).custom_flags(careful).open(&path) else { continue };
        let is_ours = |found: &Metadata| {
            let mode = if found.is_dir() { 0o700 } else { 0o600 };
            found.uid() == geteuid().as_raw() && found.mode() & 0o7777 == mode && is_at(found, &path)
        };
        let ours = found.metadata().is_ok_and(|found| is_ours(&found) && is_one(&path, &found));
        if ours && flock(&found, FlockOperation::NonBlockingLockExclusive).is_ok() {
            let _ = remove(&path);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn names(parent: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(parent).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// As a process that was killed leaves it.
    fn dead(parent: &Path, name: &str, mode: u32) -> PathBuf {
        let path = parent.join(name);
        std::fs::create_dir(&path).unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        std::fs::write(path.join(MARK.0), MARK.1).unwrap();
        path
    }

    fn written(path: PathBuf, mode: u32) {
        std::fs::write(&path, "left").unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn what_a_dead_process_left_is_cleared_and_what_a_living_one_has_stays() {
        let parent = tempfile::tempdir().unwrap();
        let living = FleetingDir::create(parent.path()).unwrap();
        std::fs::write(living.path().join("script"), "in use").unwrap();
        // Nobody holds the lock of this one: its process was killed.
        let dead = dead(parent.path(), "holdpoint-Dead01", 0o700);
        std::fs::create_dir_all(dead.join("deep")).unwrap();
        std::fs::write(dead.join("deep/script"), "left").unwrap();
        let another = FleetingDir::create(parent.path()).unwrap();
        assert!(!dead.exists());
        assert_eq!(std::fs::read_to_string(living.path().join("script")).unwrap(), "in use");
        assert!(another.path().is_dir());
        drop((living, another));
        assert_eq!(names(parent.path()), [""; 0]);
    }

    #[test]
    fn files_that_a_dead_process_left_are_cleared_likewise() {
        let parent = tempfile::tempdir().unwrap();
        let living = fleeting_file(parent.path()).unwrap();
        written(parent.path().join(".holdpoint-unfinished-Dead01Dead02"), 0o600);
        drop(fleeting_file(parent.path()).unwrap());
        let name = living.path().file_name().unwrap().to_str().unwrap();
        assert_eq!(names(parent.path()), [name]);
    }

    #[test]
    fn what_only_looks_alike_stays() {
        let parent = tempfile::tempdir().unwrap();
        let path = |name: &str| parent.path().join(name);
        let elsewhere = path("precious");
        std::fs::create_dir(&elsewhere).unwrap();
        std::fs::write(elsewhere.join("data"), "").unwrap();
        std::os::unix::fs::symlink(&elsewhere, path("holdpoint-link01")).unwrap();
        std::os::unix::fs::symlink(elsewhere.join("data"), path(".holdpoint-unfinished-link01link01"))
            .unwrap();
        // As people call their own: what they unpack, what they keep.
        for name in
            ["holdpoint-0.1.0", "holdpoint-master", "holdpoint-backup", "holdpoint-", ".holdpoint-dir001"]
        {
            std::fs::create_dir(path(name)).unwrap();
            std::fs::set_permissions(path(name), Permissions::from_mode(0o700)).unwrap();
        }
        std::fs::create_dir(path("holdpoint-master/.holdpoint-fleeting")).unwrap();
        std::fs::write(path("holdpoint-backup/.holdpoint-fleeting"), "mine").unwrap();
        for name in ["holdpoint-file01", ".holdpoint-config", ".holdpoint-backup", ".holdpoint-Secret"] {
            written(path(name), 0o600);
        }
        // Not as we make them.
        dead(parent.path(), "holdpoint-longer1", 0o700);
        dead(parent.path(), "holdpoint-open01", 0o755);
        written(path(".holdpoint-unfinished-Dead01Dead02"), 0o644);
        let before = names(parent.path());
        drop((FleetingDir::create(parent.path()).unwrap(), fleeting_file(parent.path()).unwrap()));
        assert_eq!(names(parent.path()), before);
        assert!(elsewhere.join("data").exists());
    }

    #[test]
    fn many_that_are_made_at_once_are_kept() {
        let parent = tempfile::tempdir().unwrap();
        let make = || {
            for _ in 0..50 {
                let made = FleetingDir::create(parent.path()).unwrap();
                std::fs::write(made.path().join("script"), "in use").unwrap();
            }
        };
        std::thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(make))));
        assert_eq!(names(parent.path()), [""; 0]);
    }

    #[test]
    fn they_are_private() {
        let parent = tempfile::tempdir().unwrap();
        let mode = |path: &Path| path.metadata().unwrap().mode() & 0o777;
        assert_eq!(mode(FleetingDir::create(parent.path()).unwrap().path()), 0o700);
        assert_eq!(mode(fleeting_file(parent.path()).unwrap().path()), 0o600);
    }
}
