//! The files below a directory that git does not ignore.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use crate::{Untold, asked, entries};

/// Paths from `directory` on: what is tracked there, and what is not and is not ignored either. Another repository in it is
/// one entry, a directory; and what is tracked need not be there.
pub fn below(directory: &Path) -> Result<Vec<PathBuf>, Untold> {
    let arguments = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"];
    let told = asked(directory, arguments)?;
    Ok(entries(&told).map(|path| PathBuf::from(OsString::from_vec(path.to_vec()))).collect())
}
