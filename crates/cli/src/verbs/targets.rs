//! Where blocks would run, held against where they can.

use std::collections::BTreeSet;

use holdpoint_document::Plan;
use holdpoint_engine::{EnvironmentSeen, Task};

use crate::problem::Problem;

/// Every block of the plan runs on this machine in this environment.
///
/// # Errors
/// A target stands for another place, asks for another user, or stands for nothing here.
pub fn run_here(plan: &Plan, environment: &EnvironmentSeen) -> Result<(), Problem> {
    let tasks = plan.steps.iter().enumerate().flat_map(|(index, step)| {
        let actions = (0..step.actions.len()).map(move |action| Task::action(index, action));
        actions.chain((0..step.rollbacks.len()).map(move |block| Task::rollback(index, block)))
    });
    let blocks = tasks.filter(|task| task.block(plan).is_some());
    let targets: BTreeSet<&str> = blocks.filter_map(|task| task.target(plan)).collect();
    let (name, nothing) = (&environment.name, "Nothing was executed.");
    for target in targets {
        let Some(seen) = environment.targets.get(target) else {
            let help =
                format!("Add `{target}` under [environments.{name}.targets] in holdpoint.toml. {nothing}");
            return Err(Problem::usage(format!("the environment {name} has no target {target}"), help));
        };
        if let Some(place) = seen.places.iter().find(|place| *place != "local") {
            let help = format!(
                "Call ssh in the block, or choose an environment where `{target}` is local. {nothing}"
            );
            let message = format!(
                "blocks run on this machine only so far, and in {name} the target {target} is {place}"
            );
            return Err(Problem::usage(message, help));
        }
        if let Some(how) = &seen.r#become {
            let help = format!("Call {how} in the block, and take `become` out of the target. {nothing}");
            return Err(Problem::usage(
                format!("`become` is not supported yet, and the target {target} asks for it"),
                help,
            ));
        }
    }
    Ok(())
}
