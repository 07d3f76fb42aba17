//! A run that is ended where it is, for a reason: `resume --abort`.

use holdpoint_document::Plan;
use holdpoint_engine::{By, Choice, Event};

use super::taking_up::OnDisk;
use crate::problem::Problem;

/// The reason, where there is one.
pub fn reasoned(reason: &str) -> Result<&str, Problem> {
    match reason.trim() {
        "" => Err(Problem::usage(
            "to abort takes a reason",
            "Say why: --abort REASON. It stands in the record.",
        )),
        _ => Ok(reason),
    }
}

/// Records that the run ends here. What was done stays.
pub fn abort(
    recorder: &mut OnDisk<'_>,
    plan: &Plan,
    reason: &str,
    by: By,
    number: u64,
) -> Result<(), Problem> {
    recorder.lapse()?;
    let run = recorder.run();
    let offers = run.offers(plan);
    let (Some(task), true) = (offers.task, offers.choices.contains(&Choice::Abort)) else {
        return Err(Problem::usage(
            format!("run {number} cannot be aborted where it is"),
            format!("`holdpoint show {number}` tells where it stands."),
        ));
    };
    let decision = Event::Decision {
        step: task.step_of(plan).id.as_str().to_owned(),
        action: task.id(plan),
        place: run.place_of(task).map(str::to_owned),
        choice: Choice::Abort,
        reason: Some(reason.to_owned()),
        by,
    };
    recorder.record(vec![decision]).map(drop)
}
