//! Where the paths lie that a document names.

use std::path::{Path, PathBuf};

/// Where a path of a document leads: in the repository, or at the machine where it begins at `/`.
pub(crate) fn place(root: &Path, path: &str) -> Result<PathBuf, String> {
    if path.split('/').any(|part| part == "..") || path.is_empty() {
        return Err(format!("the path `{path}` leaves the repository"));
    }
    let whole = root.join(path);
    if path.starts_with('/') {
        return Ok(whole);
    }
    holdpoint_files::beneath(root, &whole).ok_or_else(|| match whole.canonicalize() {
        Err(_) if whole.symlink_metadata().is_ok() => format!("`{path}` is a link that leads nowhere"),
        _ => format!("the path `{path}` leads out of the repository"),
    })
}
