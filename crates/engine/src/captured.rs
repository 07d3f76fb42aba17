//! What a run captured under a name, as others may rely on it; and what a rehearsal captured, that the run which relies on it
//! captures too.

use std::collections::{BTreeMap, BTreeSet};

use holdpoint_model::{Block, Plan};

use crate::fold::{Fold, ensure};
use crate::run::state::{Left, State};
use crate::values::MASK;
use crate::{Finished, Judged, Outcome, Rehearsed, Run, Task};

impl Run {
    /// What was captured, by each name under which a block of the plan captures something: the value, where the run came
    /// to one that every later block could use, or else why it did not, in words that follow on the name.
    pub fn captured(&self, plan: &Plan) -> BTreeMap<String, Result<String, String>> {
        let mut tasks: BTreeMap<&str, Vec<Task>> = BTreeMap::new();
        for (task, block) in capturing(plan) {
            for capture in &block.options.capture {
                tasks.entry(&capture.name).or_default().extend(self.at_each_place(task));
            }
        }
        tasks.into_iter().map(|(name, tasks)| (name.to_owned(), self.captured_by(name, &tasks))).collect()
    }

    fn captured_by(&self, name: &str, tasks: &[Task]) -> Result<String, String> {
        let skipped = |state: &State| state.left == Some(Left::Skipped);
        if tasks.iter().any(|task| skipped(self.state(*task)) || skipped(self.state(task.unplaced()))) {
            return Err("was not captured there: its block was skipped".to_owned());
        }
        let passed = |task: &&Task| {
            let state = self.state(**task);
            state.is_done() && state.told.outcome == Some(Outcome::Passed)
        };
        let taken = self.taken.get(name);
        let passed: BTreeSet<&String> =
            tasks.iter().filter(passed).filter_map(|task| taken?.get(task)).collect();
        let one = match passed.len() {
            0 => return Err("was not captured there".to_owned()),
            1 => self.values.get(name).filter(|value| passed.iter().any(|one| one == value)),
            _ => None,
        };
        match (one, self.values.withheld().get(name)) {
            (Some(value), _) => Ok(value.to_owned()),
            (None, Some(why)) => Err(format!("has no one value there: {why}")),
            (None, None) if passed.len() == 1 => {
                Err("got another value there after it was captured".to_owned())
            }
            (None, None) => {
                let all: Vec<String> = passed.into_iter().map(|value| Rehearsed::short(value)).collect();
                Err(format!("was captured there as one thing and another: {}", all.join(", ")))
            }
        }
    }

    /// The rehearsal whose captured values hold for this task: going back is held against none.
    pub(crate) fn rehearsed_for(&self, task: Task) -> Option<&Rehearsed> {
        self.values.rehearsed().filter(|_| !task.is_rollback())
    }
}

/// The blocks of a plan that capture something, but for those that take back.
fn capturing(plan: &Plan) -> impl Iterator<Item = (Task, &Block)> {
    let of = |step: usize| (0..plan.steps[step].actions.len()).map(move |action| Task::action(step, action));
    let tasks = (0..plan.steps.len()).flat_map(of);
    tasks.filter_map(|task| Some((task, task.block(plan).filter(|it| !it.options.capture.is_empty())?)))
}

/// The names under which the blocks of a plan capture something, but for those that take back.
pub fn captured_names(plan: &Plan) -> BTreeSet<&str> {
    capturing(plan).flat_map(|(_, block)| &block.options.capture).map(|it| it.name.as_str()).collect()
}

/// What a block captured, held against what was captured in the rehearsal, where that is asked for.
pub(crate) fn compared(rehearsed: &Rehearsed, name: &str, value: &str) -> Option<Judged> {
    let there = rehearsed.captured.get(name)?;
    let number = rehearsed.number;
    let came = (there != value).then(|| {
        format!(
            "{name} is {}, and was {} in the rehearsal, run {number}",
            Rehearsed::short(value),
            Rehearsed::short(there)
        )
    });
    let expected = format!("{name} is as in the rehearsal, run {number}: {}", Rehearsed::short(there));
    Some(Judged { expected, held: came.is_none(), came })
}

/// Whether each value that must be as in the rehearsal was held against it, and truly. `judged`: the last of what was
/// judged, but for captures that are missing.
pub(crate) fn conform(rehearsed: &Rehearsed, block: &Block, finished: &Finished, judged: &[Judged]) -> Fold {
    let named =
        block.options.capture.iter().filter_map(|capture| finished.captures.get_key_value(&capture.name));
    let due: Vec<_> =
        named.filter_map(|(name, value)| Some((compared(rehearsed, name, value)?, value))).collect();
    let told = judged.len().checked_sub(due.len()).map(|from| &judged[from..]);
    let told = told.ok_or("not every value was held against the rehearsal")?;
    for ((due, value), told) in due.into_iter().zip(told) {
        // What was hidden in the event was compared before.
        ensure(
            due.held == told.held || value.contains(MASK),
            "a value is not held against the rehearsal as it is",
        )?;
    }
    Ok(())
}

/// How many values of a block's end are held against the rehearsal.
pub(crate) fn count(rehearsed: Option<&Rehearsed>, finished: &Finished) -> usize {
    let of = |rehearsed: &Rehearsed| {
        finished.captures.keys().filter(|name| rehearsed.captured.contains_key(*name)).count()
    };
    rehearsed.map_or(0, of)
}
