//! Where blocks would run, held against where they can.

use std::collections::{BTreeMap, BTreeSet};

use holdpoint_document::{Code, Config, Diagnostic, Environment, Place, Plan, Severity};
use holdpoint_engine::{EnvironmentSeen, Task};

use crate::problem::Problem;

/// Every block of the plan can run where this environment says.
///
/// # Errors
/// A target stands for nothing here, or a block asks for what there is on this machine only.
pub fn can_run(plan: &Plan, environment: &EnvironmentSeen) -> Result<(), Problem> {
    let (name, nothing) = (&environment.name, "Nothing was executed.");
    for task in tasks(plan) {
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

/// What [`can_run`] would refuse in some environment that the document may run in, and reading the document has not
/// found, each with its block. A record is read without this, for it ran in one of them, and well.
pub fn refused(plan: &Plan, config: Option<&Config>) -> Vec<Diagnostic> {
    if config.is_none() {
        return nowhere(plan);
    }
    let named = &plan.front.environments;
    let environments = config.into_iter().flat_map(|config| &config.environments);
    let environments = environments.filter(|(name, _)| named.is_empty() || named.contains(name));
    // What is wrong with a target's `become`, and a place elsewhere: the first environment that has each.
    let (mut becoming, mut away) = (BTreeMap::new(), BTreeMap::new());
    for (environment, Environment { targets, .. }) in environments {
        for (name, target) in targets {
            if let (Some(how), true) = (target.r#become, target.places.contains(&Place::Local)) {
                becoming.entry(name.as_str()).or_insert((environment, how.as_str()));
            }
            if let Some(place) = target.places.iter().find(|place| **place != Place::Local) {
                away.entry(name.as_str()).or_insert((environment, place));
            }
        }
    }
    let mut found = Vec::new();
    for task in tasks(plan) {
        let (Some(block), Some(target)) = (task.block(plan), task.target(plan)) else { continue };
        // Once: it is the target that is wrong.
        if let Some((environment, how)) = becoming.remove(target) {
            let message = format!(
                "the target `{target}` stands for this machine too in the environment `{environment}`, and its `become` is \
                 for other places"
            );
            let help = format!(
                "call {how} in the block, or make two targets of it in [environments.{environment}.targets]"
            );
            found.push(Diagnostic::new(Code::Misplaced, block.span, message, help));
        }
        // Of a step's target it is told already.
        let own = block.options.target.is_some();
        if let (Some((what, help)), Some((environment, place))) =
            (block.options.only_here().filter(|_| own), away.get(target))
        {
            let message = format!(
                "this block {what}, as one on the driving machine can, and in the environment `{environment}` it runs at \
                 {place}"
            );
            found.push(Diagnostic::new(Code::Misplaced, block.span, message, help));
        }
    }
    found
}

/// Each target that blocks name where there is no configuration to say what it stands for: once, at the first of them. A
/// warning, for run-books are also kept for others, whose repositories say it.
fn nowhere(plan: &Plan) -> Vec<Diagnostic> {
    let mut told = BTreeSet::new();
    let mut found = Vec::new();
    for task in tasks(plan) {
        let (Some(block), Some(target)) = (task.block(plan), task.target(plan)) else { continue };
        if target == "local" || !told.insert(target) {
            continue;
        }
        let message = format!(
            "there is no holdpoint.toml to say which places the target `{target}` stands for: a run is refused"
        );
        let help = format!(
            "write a holdpoint.toml with `{target} = \"ssh://USER@HOST\"` under [environments.NAME.targets], for each environment"
        );
        let finding = Diagnostic::new(Code::Undeclared, block.span, message, help);
        found.push(Diagnostic { severity: Severity::Warning, ..finding });
    }
    found
}

fn tasks(plan: &Plan) -> impl Iterator<Item = Task> + '_ {
    plan.steps.iter().enumerate().flat_map(|(index, step)| {
        let actions = (0..step.actions.len()).map(move |action| Task::action(index, action));
        actions.chain((0..step.rollbacks.len()).map(move |block| Task::rollback(index, block)))
    })
}
