//! What became of what was done: undone, or not and why. Asked to undo is not undone, and skipped is not failed.

use std::collections::BTreeSet;

use holdpoint_model::Plan;
use serde::Serialize;

use crate::{RollbackState, Run, Status, Task};

/// Why a step that may have taken effect is not undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NotUndone {
    /// Nobody rolled back.
    NotAsked,
    /// A rollback was about it, and came to this.
    Rollback(RollbackState),
    /// It was done at a point of no return, or before it.
    PointOfNoReturn,
}

impl NotUndone {
    /// Why, in words; `None` where that says itself.
    pub fn words(self) -> Option<&'static str> {
        match self {
            NotUndone::NotAsked | NotUndone::Rollback(RollbackState::Done) => None,
            NotUndone::Rollback(RollbackState::Skipped) => Some("its rollback was skipped"),
            NotUndone::Rollback(RollbackState::Failed) => Some("its rollback failed"),
            NotUndone::Rollback(RollbackState::Running | RollbackState::InDoubt) => {
                Some("in doubt: the end of its rollback is not recorded")
            }
            NotUndone::Rollback(RollbackState::Unfinished) => Some("not all of its rollback was run"),
            NotUndone::Rollback(RollbackState::Impossible) => Some("it has no rollback"),
            NotUndone::PointOfNoReturn => Some("up to the point of no return"),
        }
    }

    /// Of this step: its name, and why where that does not say itself.
    pub fn told_of(self, step: &str) -> String {
        self.words().map_or_else(|| step.to_owned(), |why| format!("{step} ({why})"))
    }
}

/// A rollback that is not over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollingBack {
    /// Its steps that are behind, in the order in which they were undone, and how far that came.
    pub behind: Vec<(usize, RollbackState)>,
    /// The rollback block that is begun, or is next.
    pub next: Task,
    /// Its steps that come after the one of `next`, in order.
    pub ahead: Vec<usize>,
}

impl RollingBack {
    /// In one line: what is undone, which rollback is next and how it stands, and what then comes.
    pub fn words(&self, run: &Run, plan: &Plan, driven: bool) -> String {
        let named = |step: &usize| run.step_in_words(&plan.steps[*step]);
        let mut behind: Vec<String> =
            self.behind.iter().map(|(step, state)| format!("{}: {}", named(step), state.words())).collect();
        let partly = run.rollback.as_ref().is_some_and(|rollback| {
            let mut settled = rollback.queue[..rollback.settled].iter();
            settled.any(|task| task.step == self.next.step && rollback.state(*task).is_done())
        });
        match (partly, behind.is_empty()) {
            (true, _) => behind.push(format!("a part of {} is undone so far", named(&self.next.step))),
            (false, true) => behind.push("nothing is undone so far".to_owned()),
            (false, false) => {}
        }
        let next = named(&self.next.step);
        let how = run.rollback_state(plan, self.next.step).map(|state| state.seen(driven));
        behind.push(match how {
            Some(RollbackState::Running) => format!("the rollback of {next} runs now"),
            Some(RollbackState::Failed) => format!("the rollback of {next} is next; it failed"),
            Some(RollbackState::InDoubt) => {
                format!("the rollback of {next} is next; its end is not recorded")
            }
            _ => format!("the rollback of {next} is next"),
        });
        if !self.ahead.is_empty() {
            behind.push(format!("then {}", self.ahead.iter().map(named).collect::<Vec<_>>().join(", ")));
        }
        behind.join("; ")
    }
}

impl Run {
    /// How far a rollback came that is not over; `None` where there is none.
    pub fn rolling_back(&self, plan: &Plan) -> Option<RollingBack> {
        let rollback = self.rollback.as_ref().filter(|_| !self.is_closed())?;
        let next = rollback.current()?;
        let mut steps: Vec<usize> = rollback.queue.iter().map(|task| task.step).collect();
        let mut ahead = Vec::new();
        for step in steps.split_off(rollback.settled) {
            if step != next.step && !ahead.contains(&step) {
                ahead.push(step);
            }
        }
        let mut behind = Vec::new();
        for step in steps {
            let over = step != next.step && !ahead.contains(&step);
            if over && !behind.iter().any(|(known, _)| *known == step) {
                behind.extend(self.rollback_state(plan, step).map(|state| (step, state)));
            }
        }
        Some(RollingBack { behind, next, ahead })
    }

    /// How far undoing a step came; `None` where no rollback is about it.
    pub fn rollback_state(&self, plan: &Plan, step: usize) -> Option<RollbackState> {
        self.rollback.as_ref()?;
        if !self.undoes(Task::rollback(step, 0)) {
            let unable = plan.steps[step].rollbacks.is_empty() && self.effects.is_undoable(step);
            return unable.then_some(RollbackState::Impossible);
        }
        let blocks = 0..plan.steps[step].rollbacks.len();
        // Of what is undone at several places, each counts: skipped at one of them is not undone.
        let tasks = blocks.flat_map(|block| self.at_each_place(Task::rollback(step, block)));
        let blocks: Vec<Status> = tasks.map(|task| self.own_status(plan, task)).collect();
        let any = |of: &[Status]| blocks.iter().any(|block| of.contains(block));
        Some(if any(&[Status::InDoubt]) {
            RollbackState::InDoubt
        } else if any(&[Status::Running]) {
            RollbackState::Running
        } else if any(&[Status::Failed, Status::TimedOut, Status::Interrupted]) {
            RollbackState::Failed
        } else if any(&[Status::Skipped, Status::LeftAfterFailure]) {
            RollbackState::Skipped
        } else if any(&[Status::NotReached]) || !any(&[Status::Passed, Status::TakenAsDone]) {
            // Where no block was for this run, nothing was undone.
            RollbackState::Unfinished
        } else {
            RollbackState::Done
        })
    }

    /// Whether this rollback block is one that the rollback under way is to run.
    pub(crate) fn undoes(&self, task: Task) -> bool {
        let tasks = if task.place.is_some() { vec![task] } else { self.at_each_place(task) };
        self.rollback.as_ref().is_some_and(|rollback| tasks.iter().any(|task| rollback.runs(*task)))
    }

    /// Steps that may have taken effect and are not undone, in the document's order, and why.
    pub fn not_undone(&self, plan: &Plan) -> Vec<(usize, NotUndone)> {
        let undoable: BTreeSet<usize> = self.effects.undoable.values().map(|(step, _)| *step).collect();
        let steps: BTreeSet<usize> = undoable.union(&self.effects.kept).copied().collect();
        let why = |step: usize| match self.rollback_state(plan, step) {
            Some(RollbackState::Done) => None,
            _ if self.effects.kept.contains(&step) => Some(NotUndone::PointOfNoReturn),
            // Asked where a run has ended: nothing runs any more.
            Some(state) => Some(NotUndone::Rollback(state.seen(false))),
            None => Some(NotUndone::NotAsked),
        };
        steps.into_iter().filter_map(|step| Some((step, why(step)?))).collect()
    }
}
