//! Where blocks would run, held against where they can.

use holdpoint_document::Plan;
use holdpoint_engine::{EnvironmentSeen, Task};

use crate::problem::Problem;

/// Every block of the plan can run where this environment says.
///
/// # Errors
/// A target stands for nothing here, or a block asks for what there is on this machine only.
pub fn can_run(plan: &Plan, environment: &EnvironmentSeen) -> Result<(), Problem> {
    let tasks = plan.steps.iter().enumerate().flat_map(|(index, step)| {
        let actions = (0..step.actions.len()).map(move |action| Task::action(index, action));
        actions.chain((0..step.rollbacks.len()).map(move |block| Task::rollback(index, block)))
    });
    let (name, nothing) = (&environment.name, "Nothing was executed.");
    for task in tasks {
        let (Some(block), Some(target)) = (task.block(plan), task.target(plan)) else { continue };
        let Some(seen) = environment.targets.get(target) else {
            let help =
                format!("Add `{target}` under [environments.{name}.targets] in holdpoint.toml. {nothing}");
            return Err(Problem::usage(format!("the environment {name} has no target {target}"), help));
        };
        let here = seen.places.iter().any(|place| place == "local");
        if let (Some(how), true) = (&seen.r#become, here) {
            let help = format!("Call {how} in the block, or make two targets of it. {nothing}");
            let message =
                format!("`become` is for other places, and the target {target} stands for this machine too");
            return Err(Problem::usage(message, help));
        }
        if let (Some((what, help)), Some(place)) =
            (block.options.only_here(), seen.places.iter().find(|place| *place != "local"))
        {
            let action = task.id(plan);
            let message = format!("{action} {what}, as blocks on this machine can, but it runs at {place}");
            return Err(Problem::usage(message, format!("To run it there, {help}. {nothing}")));
        }
    }
    Ok(())
}
