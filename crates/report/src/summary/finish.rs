//! What is worked out once every event has been seen.

use std::collections::{HashMap, HashSet};

use holdpoint_engine::DeviationKind;
use holdpoint_model::{Plan, Work};

use super::status::{of_rollback, of_step};
use super::*;
use crate::time::between;

/// Attempts, times and people of an action's present round.
pub(super) fn times_of_action(action: &mut ActionSummary) {
    for happening in action.history.iter().filter(|happening| !happening.superseded) {
        action.started.get_or_insert(happening.at);
        let mut end = happening.at;
        let who = match &happening.what {
            What::Attempt(attempt) => {
                action.attempts += u32::from(!attempt.probe);
                if let Some(ended) = &attempt.finished {
                    action.duration_ms += ended.result.duration_ms;
                    end = ended.at;
                }
                Some(&attempt.who)
            }
            other => other.by().map(|by| &by.who),
        };
        action.ended = Some(end);
        if let Some(who) = who.filter(|who| !action.who.contains(who)) {
            action.who.push(who.clone());
        }
    }
}

/// The step's status, times and people, once its actions have theirs.
pub(super) fn settle(step: &mut StepSummary) {
    if step.rollback == Some(RollbackState::Unfinished) {
        step.rollback = Some(of_rollback(&step.rollback_blocks));
    }
    let present = |h: &&Happening| !h.superseded;
    let deviates = |h: &Happening| match &h.what {
        What::Deviation { kind, .. } => !matches!(kind, DeviationKind::Repeated | DeviationKind::OutOfOrder),
        _ => false,
    };
    let all = step.actions.iter().flat_map(|action| &action.history).chain(&step.history);
    let deviated = all.filter(present).any(deviates);
    step.status = of_step(&step.actions, deviated, step.rollback);
    if step.rollback == Some(RollbackState::Done) {
        for action in step.actions.iter_mut().filter(|action| action.kind == "run" && action.attempts > 0) {
            action.status = Status::RolledBack;
        }
    }
    for action in &step.actions {
        step.started = [step.started, action.started].into_iter().flatten().min();
        step.ended = step.ended.max(action.ended);
        for who in &action.who {
            if !step.performers.contains(who) {
                step.performers.push(who.clone());
            }
        }
    }
    if let (Some(started), Some(ended)) = (step.started, step.ended) {
        step.elapsed_ms = between(started, ended);
    }
}

/// Captured and recorded values that still count.
pub(super) fn values(steps: &[StepSummary]) -> Vec<ValueFound> {
    let mut values = Vec::new();
    for step in steps {
        for action in &step.actions {
            for happening in action.history.iter().filter(|happening| !happening.superseded) {
                let value = |n, name: &String, value: &String| ValueFound {
                    n,
                    name: name.clone(),
                    value: value.clone(),
                    step: step.id.clone(),
                    action: action.id.clone(),
                    recorded: false,
                    within_limits: true,
                    evidence: None,
                };
                match &happening.what {
                    What::Attempt(attempt) if !attempt.probe => {
                        let Some(ended) = &attempt.finished else { continue };
                        values.extend(
                            ended.result.captures.iter().map(|(name, text)| value(ended.n, name, text)),
                        );
                    }
                    What::Recorded { name, value: text, evidence, within_limits, .. } => {
                        let (evidence, within_limits) = (evidence.clone(), *within_limits);
                        let value = value(happening.n, name, text);
                        values.push(ValueFound { recorded: true, within_limits, evidence, ..value });
                    }
                    _ => {}
                }
            }
        }
    }
    values.sort_by_key(|value| value.n);
    // A value taken or written down again by the same action replaces the one before it.
    let mut later = HashSet::new();
    let last_first = values.iter().rev().map(|value| later.insert((&value.name, &value.action)));
    let stands: Vec<bool> = last_first.collect();
    values
        .into_iter()
        .zip(stands.into_iter().rev())
        .filter(|(_, stands)| *stands)
        .map(|(value, _)| value)
        .collect()
}

/// The first thing in document order (or in the order of a rollback) that is not done.
pub(super) fn waits(plan: &Plan, summary: &Summary) -> Option<Waits> {
    let waits = |step: &StepSummary, action: &ActionSummary, role| Waits {
        step: step.id.clone(),
        number: step.number.clone(),
        action: action.id.clone(),
        kind: action.kind,
        status: action.status,
        role,
    };
    if let Some(rollback) = summary.rollbacks.last() {
        let by_id: HashMap<&str, &StepSummary> =
            summary.steps.iter().rev().map(|step| (step.id.as_str(), step)).collect();
        let steps = rollback.steps.iter().filter_map(|id| by_id.get(id.as_str()).copied());
        return steps
            .flat_map(|step| step.rollback_blocks.iter().map(move |block| (step, block)))
            .find(|(_, block)| !block.status.is_done())
            .map(|(step, block)| waits(step, block, None));
    }
    for (step, planned) in summary.steps.iter().zip(&plan.steps) {
        for (action, work) in step.actions.iter().zip(planned.actions.iter().map(|action| &action.work)) {
            if !action.status.is_done() {
                let role = match work {
                    Work::SignOff(signoff) => Some(signoff.role.clone()),
                    _ => planned.role.clone(),
                };
                return Some(waits(step, action, role));
            }
        }
    }
    None
}
