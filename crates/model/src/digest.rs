//! A plan's digest.

use std::fmt::Write;

use crate::Plan;
use crate::hash::sha256;

/// The outline that [`Plan::digest`] hashes.
fn outline(plan: &Plan) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    for step in &plan.steps {
        let _ = writeln!(text, "step {} {} {}", step.id, step.number, step.digest);
        for action in &step.actions {
            let _ = writeln!(text, "action {} {}", action.id, action.work.kind());
        }
        for number in 1..=step.rollbacks.len() {
            let _ = writeln!(text, "rollback {number}");
        }
    }
    text
}

impl Plan {
    /// SHA-256, lower-case hex, of the plan's outline: one LF-terminated line `step ID NUMBER DIGEST` a step, each
    /// followed by one line `action ID KIND` an action and `rollback N` for each rollback block. Told in the record
    /// so that a reader can say whether it walks the same plan.
    pub fn digest(&self) -> String {
        sha256(outline(self).as_bytes())
    }
}
