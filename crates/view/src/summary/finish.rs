//! What is worked out once every event has been seen.

use std::collections::{HashMap, HashSet};

use holdpoint_engine::{Onlooker, Rule, Run, Slot, Task, Verdict};
use holdpoint_model::{Plan, Work};

use super::*;
use crate::time::between;

/// What the engine says of an action at each of its places; none of what is done at no place.
pub(super) fn at_places(run: &Run, task: Task, known: impl Fn(Task) -> Status) -> Vec<PlaceSummary> {
    let of = |place: &holdpoint_engine::PlaceIx| PlaceSummary {
        place: run.place_name(*place).to_owned(),
        status: known(task.at(*place)),
        attempts: 0,
        duration_ms: 0,
    };
    run.places_of(task).iter().map(of).collect()
}

/// Attempts, times and people of an action's present round.
pub(super) fn times_of_action(action: &mut ActionSummary) {
    for happening in action.history.iter().filter(|happening| !happening.superseded) {
        if action.started.is_none() && happening.what.begins_nothing() {
            continue;
        }
        action.started.get_or_insert(happening.at);
        let mut end = happening.at;
        let who = match &happening.what {
            What::Attempt(attempt) => {
                let here = happening.place.as_ref();
                let here = action.places.iter_mut().find(|place| Some(&place.place) == here);
                let took = attempt.finished.as_ref().map_or(0, |ended| ended.result.duration_ms);
                action.attempts += u32::from(!attempt.probe);
                action.duration_ms = action.duration_ms.saturating_add(took);
                if let Some(here) = here {
                    here.attempts += u32::from(!attempt.probe);
                    here.duration_ms = here.duration_ms.saturating_add(took);
                }
                if let Some(ended) = &attempt.finished {
                    end = ended.at;
                }
                Some(&attempt.who)
            }
            // Whoever tried to sign, and did not count, has done nothing here.
            What::Refused { .. } => None,
            other => other.by().map(|by| &by.who),
        };
        // At several places what ends last need not have begun last.
        action.ended = if action.places.is_empty() { Some(end) } else { action.ended.max(Some(end)) };
        if let Some(who) = who.filter(|who| !action.who.contains(who)) {
            action.who.push(who.clone());
        }
    }
    if let Some(most) = action.places.iter().map(|place| place.attempts).max() {
        action.attempts = most;
    }
}

/// The step's times and people, once its actions have theirs.
pub(super) fn settle(step: &mut StepSummary) {
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
                    place: happening.place.clone(),
                    recorded: false,
                    within_limits: true,
                    evidence: None,
                    corrected: None,
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
                    What::Corrected(corrected) => {
                        // The proof is of what was seen, whatever was written down of it.
                        let of =
                            |found: &&ValueFound| found.name == corrected.name && found.action == action.id;
                        let evidence = values.iter().rev().find(of).and_then(|found| found.evidence.clone());
                        let value = value(happening.n, &corrected.name, &corrected.new);
                        let (within_limits, corrected) =
                            (corrected.within_limits, Some(corrected.old.clone()));
                        values.push(ValueFound {
                            recorded: true,
                            within_limits,
                            evidence,
                            corrected,
                            ..value
                        });
                    }
                    _ => {}
                }
            }
        }
    }
    values.sort_by_key(|value| value.n);
    // A value taken or written down again by the same action, at the same place, replaces the one before it.
    let mut later = HashSet::new();
    let last_first =
        values.iter().rev().map(|value| later.insert((&value.name, &value.action, &value.place)));
    let stands: Vec<bool> = last_first.collect();
    values
        .into_iter()
        .zip(stands.into_iter().rev())
        .filter(|(_, stands)| *stands)
        .map(|(value, _)| value)
        .collect()
}

/// Which of the sign-offs given count still, as the engine says: of those that one person gave at one hold point, the
/// last.
pub(super) fn sign_offs_that_count(summary: &mut Summary, by_id: &HashMap<&str, usize>, run: &Run) {
    let Summary { sign_offs, steps, .. } = summary;
    let mut later = HashSet::new();
    for SignOffFacts { step, action, what, .. } in sign_offs.iter_mut().rev() {
        let SignOffEvent::Given { by, counts, .. } = what else { continue };
        let Some(index) = by_id.get(step.as_str()).copied() else { continue };
        let at = steps[index].actions.iter().position(|known| known.id == *action);
        let Some(task) = at.map(|at| Task::action(index, at)) else { continue };
        *counts = later.insert((task, by.who.clone())) && run.counts(task, &by.who);
    }
}

/// What came of each step that the rollback was asked to undo, as the engine says: a run has one.
pub(super) fn rollback_outcomes(summary: &mut Summary, by_id: &HashMap<&str, usize>, seen: &Onlooker<'_>) {
    let Some(RollbackFacts { steps, outcomes, .. }) = summary.rollbacks.last_mut() else { return };
    let told = steps.iter().filter_map(|id| {
        let state = seen.rollback_state(*by_id.get(id.as_str())?)?;
        Some(RollbackOutcome { step: id.clone(), state })
    });
    *outcomes = told.collect();
}

/// What stays done, where that is for somebody to know: what passed is meant to stay.
pub(super) fn not_undone(plan: &Plan, summary: &Summary, run: &Run) -> Vec<StillDone> {
    match summary.verdict() {
        None | Some(Verdict::Passed) => Vec::new(),
        Some(Verdict::NothingDone | Verdict::Failed | Verdict::RolledBack | Verdict::Aborted) => {
            let still = run.not_undone(plan).into_iter();
            still.map(|(step, why)| StillDone { step: plan.steps[step].id.clone(), why }).collect()
        }
    }
}

/// What runs just now, of a run that is driven, as the engine says; its attempts are marked.
pub(super) fn running(plan: &Plan, summary: &mut Summary, run: &Run) -> Vec<RunningNow> {
    let expected = run.frontier(plan).running;
    let mut all = Vec::new();
    for (index, step) in summary.steps.iter_mut().enumerate() {
        let actions = step.actions.iter_mut().enumerate().map(|(at, of)| (Task::action(index, at), of));
        let blocks =
            step.rollback_blocks.iter_mut().enumerate().map(|(at, of)| (Task::rollback(index, at), of));
        for (task, action) in actions.chain(blocks) {
            let mut later = HashSet::new();
            for happening in action.history.iter_mut().rev() {
                let What::Attempt(attempt) = &mut happening.what else { continue };
                let place = happening.place.as_deref();
                let here = run.at_place(task, place).unwrap_or(task);
                // One that was in doubt, and was begun again, runs no more.
                let last = later.insert((here, attempt.probe)) && !happening.superseded;
                let runs = !attempt.probe && run.status(plan, here) == Status::Running
                    || expected.iter().any(|next| next.task == here && next.probe == attempt.probe);
                attempt.running = last && runs && attempt.finished.is_none();
                if attempt.running {
                    all.push(RunningNow {
                        step: step.id.clone(),
                        number: step.number.clone(),
                        action: action.id.clone(),
                        place: place.map(str::to_owned),
                        since: happening.at,
                    });
                }
            }
        }
    }
    all
}

/// What is told of a task among the actions and rollback blocks of its step.
fn of_task(step: &StepSummary, task: Task) -> &ActionSummary {
    match task.slot {
        Slot::Action(action) => &step.actions[action],
        Slot::Rollback(block) => &step.rollback_blocks[block],
    }
}

/// What may run at a place still, though somebody answered for it, as the engine says.
pub(super) fn may_run(plan: &Plan, summary: &Summary, run: &Run) -> Vec<RunningNow> {
    let told = run.unended(plan).into_iter().filter_map(|open| {
        let step = &summary.steps[open.task.step];
        let action = of_task(step, open.task);
        let place = run.place_of(open.task);
        let begun = action.history.iter().rev().find(|happening| {
            let What::Attempt(attempt) = &happening.what else { return false };
            (attempt.attempt, attempt.probe) == (open.attempt, open.probe)
                && happening.place.as_deref() == place
        });
        Some(RunningNow {
            step: step.id.clone(),
            number: step.number.clone(),
            action: action.id.clone(),
            place: place.map(str::to_owned),
            since: begun?.at,
        })
    });
    told.collect()
}

/// What the engine waits for, as a reader wants it told.
pub(super) fn waits(plan: &Plan, summary: &Summary, run: &Run, task: Task) -> Waits {
    let step = &summary.steps[task.step];
    let action = of_task(step, task);
    let role = match (task.slot, task.work(plan)) {
        (Slot::Rollback(_), _) => None,
        (_, Some(Work::SignOff(sign_off))) => Some(sign_off.role.clone()),
        _ => step.role.clone(),
    };
    let mut terms = run.sign_off_terms(plan, task);
    let early = run.out_of_time(plan, task, summary.run.last).into_iter();
    let early = early.filter(|unmet| unmet.rule == Rule::NotBefore);
    terms.extend(early.map(|unmet| format!("{}: {}", unmet.rule.as_str(), unmet.why)));
    Waits {
        step: step.id.clone(),
        number: step.number.clone(),
        action: action.id.clone(),
        place: run.place_of(task).map(str::to_owned),
        kind: action.kind,
        status: action.status,
        role,
        terms,
    }
}
