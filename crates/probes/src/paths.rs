//! Files that a document names: where they lie, and how they are opened.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

/// Where a path of a document leads: in the repository, or at the machine where it begins at `/`.
pub(crate) fn place(root: &Path, path: &str) -> Result<PathBuf, String> {
    if path.split('/').any(|part| part == "..") || path.is_empty() {
        return Err(format!("the path `{path}` leaves the repository"));
    }
    let whole = root.join(path);
    if path.starts_with('/') {
        return Ok(whole);
    }
    // What is not there yet leads to where its nearest parent does.
    let outside = || format!("the path `{path}` leads out of the repository");
    let existing = whole.ancestors().find(|up| up.symlink_metadata().is_ok()).ok_or_else(outside)?;
    let found = existing.canonicalize().map_err(|_| format!("`{path}` is a link that leads nowhere"))?;
    let root = root.canonicalize().map_err(|error| error.to_string())?;
    if found.starts_with(root) { Ok(whole) } else { Err(outside()) }
}

/// A regular file. Anything else is refused before it is opened, and again afterwards.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    let refused = || invalid("it is no regular file");
    if !std::fs::metadata(path)?.is_file() {
        return Err(refused());
    }
    let careful = OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = OpenOptions::new().read(true).custom_flags(careful.bits() as i32).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(refused()) }
}

pub(crate) fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        Err(invalid(&format!("it is longer than {most} bytes")))
    } else {
        Ok(bytes)
    }
}

pub(crate) fn invalid(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, why)
}
