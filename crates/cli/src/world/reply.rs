//! Events that answer questions, made the same way whoever answers.

use std::path::Path;

use holdpoint_document::Plan;
use holdpoint_engine::{BlobRef, By, Event, Evidence};

use super::Journal;
use crate::files;
use crate::place::Place;
use crate::problem::Problem;
use crate::secrets::masked_bytes;

/// A rollback that somebody asks for; or the document, where it is nobody.
pub fn roll_back(
    plan: &Plan,
    wanted: &holdpoint_engine::RollbackPlan,
    reason: Option<String>,
    by: Option<By>,
) -> Event {
    let ids = |steps: &[usize]| steps.iter().map(|step| plan.steps[*step].id.clone()).collect();
    let places = wanted.places.clone();
    Event::RollbackOpened { steps: ids(&wanted.steps), without: ids(&wanted.without), places, reason, by }
}

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
pub fn evidence_file(path: &str, journal: &mut dyn Journal) -> Result<Evidence, Problem> {
    let bytes = evidence(path).map_err(|error| {
        Problem::usage(
            format!("the evidence {path} cannot be read: {error}"),
            "Name a regular file that can be read, in the repository or by its whole path.",
        )
    })?;
    let blob: BlobRef = journal.put(&masked_bytes(bytes))?;
    Ok(Evidence::File { path: path.to_owned(), blob })
}
