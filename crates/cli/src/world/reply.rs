//! Events that answer questions, made the same way whoever answers.

use holdpoint_document::Plan;
use holdpoint_engine::{BlobRef, By, Event, Evidence};

use super::Journal;
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
    Event::RollbackOpened { steps: ids(&wanted.steps), without: ids(&wanted.without), reason, by }
}

/// A file named as evidence becomes a blob, its secrets masked.
pub fn evidence_file(path: &str, journal: &mut dyn Journal) -> Result<Evidence, Problem> {
    let bytes = std::fs::read(path).map_err(|error| {
        Problem::usage(
            format!("the evidence {path} cannot be read: {error}"),
            "Name a file that can be read.",
        )
    })?;
    let blob: BlobRef = journal.put(&masked_bytes(bytes))?;
    Ok(Evidence::File { path: path.to_owned(), blob })
}
