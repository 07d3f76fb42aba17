//! The few file-system operations a record needs, each with its permissions and its error text.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

/// What the file system refused, and where.
#[derive(Debug, thiserror::Error)]
#[error("cannot {doing} {}: {cause}", path.display())]
pub struct DiskError {
    /// What was being done, as a verb phrase: `create`, `write to`.
    pub doing: &'static str,
    /// To which file or directory.
    pub path: PathBuf,
    /// What the system said. Part of the message, therefore not also a source.
    pub cause: io::Error,
}

impl DiskError {
    /// Whether something else than a file stands there.
    pub fn is_no_file(&self) -> bool {
        is_no_file(&self.cause)
    }

    /// Whether this process, or the system, may open no more files.
    pub fn lacks_descriptors(&self) -> bool {
        use rustix::io::Errno;
        matches!(Errno::from_io_error(&self.cause), Some(Errno::MFILE | Errno::NFILE))
    }
}

/// Names an IO error: `.map_err(cannot("sync", path))`.
pub(crate) fn cannot(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> DiskError + use<> {
    let path = path.to_owned();
    move |cause| DiskError { doing, path, cause }
}

/// Whether a directory is one that a group shares: its group may write, and what is made in it stays the group's
/// (`chmod 2770`). What is made in such a directory is shared likewise, so that others can sign.
fn is_shared(directory: Option<&Path>) -> bool {
    let directory = directory.filter(|path| *path != Path::new("")).unwrap_or(Path::new("."));
    fs::metadata(directory).is_ok_and(|found| found.permissions().mode() & 0o2020 == 0o2020)
}

/// Makes one directory, 0700 whatever the umask is; 2770 in a directory that a group shares.
pub(crate) fn make_dir(path: &Path) -> io::Result<()> {
    let mode = if is_shared(path.parent()) { 0o2770 } else { 0o700 };
    DirBuilder::new().mode(mode & 0o777).create(path)?;
    fs::set_permissions(path, Permissions::from_mode(mode))
}

/// Makes what is missing of a path, 0700 or narrower.
pub(crate) fn make_parents(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Makes one file that is not there yet, 0600 whatever the umask is; 0660 in a directory that a group shares.
pub(crate) fn make_file(path: &Path) -> io::Result<File> {
    let mode = if is_shared(path.parent()) { 0o660 } else { 0o600 };
    let file = OpenOptions::new().read(true).write(true).create_new(true).mode(mode).open(path)?;
    file.set_permissions(Permissions::from_mode(mode))?;
    Ok(file)
}

/// Makes the entries of a directory durable.
pub(crate) fn sync_dir(path: &Path) -> Result<(), DiskError> {
    File::open(path).and_then(|dir| dir.sync_all()).map_err(cannot("sync the directory", path))
}

/// Opens a file for reading. A record may come from anywhere: a link or a pipe in it is not followed or waited for.
pub fn open_regular(path: &Path) -> io::Result<File> {
    regular(OpenOptions::new().read(true).custom_flags(careful()).open(path)?)
}

/// What stands at `path` if it is none of what it should be: a link, a directory, something of that kind. Nothing is
/// followed or opened.
pub(crate) fn not_a(wanted: Kind, path: &Path) -> Option<&'static str> {
    let found = fs::symlink_metadata(path).ok()?.file_type();
    match wanted {
        Kind::File if found.is_file() => None,
        Kind::Directory if found.is_dir() => None,
        _ if found.is_symlink() => Some("a link"),
        _ if found.is_dir() => Some("a directory"),
        _ if found.is_file() => Some("a file"),
        _ => Some("a FIFO or a device"),
    }
}

/// Why what stands at `path` could not be opened as a file, in words that follow its name.
pub(crate) fn no_file(path: &Path, error: &io::Error) -> String {
    not_a(Kind::File, path).map_or_else(|| error.to_string(), |found| format!("it is {found}, not a file"))
}

/// What a part of a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
}

/// As [`open_regular`], for writing as well. Nothing is cut, and writing begins at the beginning.
pub(crate) fn write_regular(path: &Path) -> io::Result<File> {
    regular(OpenOptions::new().read(true).write(true).custom_flags(careful()).open(path)?)
}

/// Opens the lock file, making it if need be. Its content is left as it is.
pub(crate) fn open_or_make(path: &Path) -> io::Result<File> {
    match make_file(path) {
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => write_regular(path),
        made => made,
    }
}

/// Whether an opening failed because something else than a file stands there, and not because the disk or the system
/// could not tell: that would say nothing about the record.
pub(crate) fn is_no_file(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let by_us = error.raw_os_error().is_none() && error.kind() == io::ErrorKind::InvalidInput;
    by_us
        || matches!(
            Errno::from_io_error(error),
            Some(Errno::LOOP | Errno::NXIO | Errno::NODEV | Errno::ISDIR)
        )
}

fn careful() -> i32 {
    (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits() as i32
}

fn regular(file: File) -> io::Result<File> {
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"))
    }
}
