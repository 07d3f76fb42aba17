//! The sum of what was found.

use holdpoint_document::many;
use serde::Serialize;

use crate::verbs::prepare::Checked;

/// What there is in all files together.
#[derive(Serialize)]
pub struct Tally {
    files: usize,
    errors: usize,
    warnings: usize,
    steps: usize,
}

impl Tally {
    /// Of these.
    pub fn of(checked: &[Checked]) -> Tally {
        let all = || checked.iter().flat_map(|checked| &checked.findings);
        let errors = all().filter(|finding| finding.is_error()).count();
        Tally {
            files: checked.len(),
            errors,
            warnings: all().count() - errors,
            steps: checked.iter().map(|checked| checked.plan.steps.len()).sum(),
        }
    }

    /// In one line.
    pub fn words(&self) -> String {
        format!(
            "{}: {}, {}, {}",
            many(self.files, "file"),
            many(self.errors, "error"),
            many(self.warnings, "warning"),
            many(self.steps, "step")
        )
    }
}
