//! Events that answer questions, made the same way whoever answers.

use std::path::Path;

use holdpoint_driver::Secrets;
use holdpoint_engine::{BlobRef, Evidence};

use super::Store;
use crate::files;
use crate::place::Place;
use crate::problem::Problem;

/// Whether evidence can be taken from there; the error says why not.
pub fn evidence_at(path: &str) -> std::io::Result<()> {
    files::open(Path::new(path)).map(drop)
}

/// The bytes of evidence. A path that stays in the repository as it is written stays there: no link leads out of it.
fn evidence(path: &str) -> std::io::Result<Vec<u8>> {
    let file = Path::new(path);
    if !files::stays(path) {
        return files::read(file, files::EVIDENCE);
    }
    let here = std::env::current_dir()?;
    let root = Place::of(&here).map_or_else(|_| here.clone(), |place| place.root);
    files::read_within(&[&here, &root], file, files::EVIDENCE)
}

/// A file named as evidence becomes a blob, its secrets masked.
pub fn evidence_file(path: &str, secrets: &Secrets, store: &mut Store<'_>) -> Result<Evidence, Problem> {
    let bytes = evidence(path).map_err(|error| {
        Problem::waits(
            format!("the evidence {path} cannot be read: {error}"),
            "Name a regular file that can be read, in the repository or by its whole path.",
        )
    })?;
    let blob: BlobRef = store.put(&secrets.masked_bytes(bytes))?;
    Ok(Evidence::File { path: path.to_owned(), blob })
}
