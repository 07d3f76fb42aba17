//! Names that would have no value, and what reads them: so that whoever skips what sets one is told beforehand.

use std::collections::BTreeSet;

use holdpoint_document::{Plan, Work};
use holdpoint_engine::{Slot, Task, names_around, names_in_condition, names_in_template};

use super::RunView;
use super::reads::reads;

/// The actions of a step.
pub fn actions_of(plan: &Plan, step: usize) -> Vec<Task> {
    (0..plan.steps[step].actions.len()).map(|action| Task::action(step, action)).collect()
}

fn rollbacks_of(plan: &Plan, step: usize) -> impl Iterator<Item = Task> {
    (0..plan.steps[step].rollbacks.len()).map(move |block| Task::rollback(step, block))
}

/// Names that an action gives values.
fn given_by(plan: &Plan, task: Task) -> Vec<&str> {
    let captured = task.block(plan).into_iter().flat_map(|block| &block.options.capture);
    let fields = match task.work(plan) {
        Some(Work::Record { fields }) => fields.as_slice(),
        _ => &[],
    };
    // Another command that needs a value asks for it too, so that none is given by an offered one alone.
    captured.map(|capture| &*capture.name).chain(fields.iter().map(|field| &*field.name)).collect()
}

/// Whether a block, an item, a statement or a condition reads the name.
fn is_read_by(plan: &Plan, task: Task, name: &str) -> bool {
    let in_text = |text: &str| names_in_template(text).contains(name);
    let in_condition = |condition: &String| names_in_condition(condition).contains(name);
    if matches!(task.slot, Slot::Action(_)) && plan.steps[task.step].when.iter().any(in_condition) {
        return true;
    }
    match (task.block(plan), task.work(plan)) {
        (Some(block), _) => {
            reads(block, &block.script, name)
                || names_around(block).contains(name)
                || block.options.when.as_ref().is_some_and(in_condition)
        }
        (None, Some(Work::Confirm { text })) => in_text(text),
        (None, Some(Work::SignOff(sign_off))) => in_text(&sign_off.statement),
        _ => false,
    }
}

fn has_value(view: &RunView<'_>, task: Task, name: &str) -> bool {
    let values = view.run.values_at(task);
    values.vars().contains_key(name) || values.secrets().contains(name)
}

/// What these actions would have given values that have none, and what still to come reads it: a sentence a name.
pub fn without(view: &RunView<'_>, left: &[Task]) -> Vec<String> {
    let plan = view.plan;
    let after = |task: &Task| left.last().is_some_and(|last| task > last);
    let later = |task: &Task| after(task) && !view.run.status(plan, *task).is_done();
    let steps = 0..plan.steps.len();
    let actions = steps.clone().flat_map(|step| actions_of(plan, step)).filter(later);
    let all: Vec<Task> = actions.chain(steps.flat_map(|step| rollbacks_of(plan, step))).collect();
    let lack = |(task, name): (Task, &str)| {
        let open = !view.run.status(plan, task).is_done() && !has_value(view, task, name);
        let readers = all.iter().filter(|reader| open && is_read_by(plan, **reader, name));
        let readers: Vec<String> = readers.map(|reader| reader.id(plan)).collect();
        (!readers.is_empty())
            .then(|| format!("{name} will have no value, and {} reads it", readers.join(", ")))
    };
    let given = left.iter().flat_map(|task| given_by(plan, *task).into_iter().map(|name| (*task, name)));
    given.filter_map(lack).collect()
}

/// What these steps would capture or write down anew, and a rollback of what was done goes by: a sentence a name. What
/// was there before the change is lost to it where a check looks again after it.
pub fn anew(view: &RunView<'_>, again: std::ops::Range<usize>) -> Vec<String> {
    let plan = view.plan;
    let undone: Vec<usize> = view.run.rollback_plan(plan).steps;
    let actions = again.flat_map(|step| actions_of(plan, step));
    let named = actions.flat_map(|task| given_by(plan, task).into_iter().map(move |name| (task, name)));
    let told = named.filter(|(task, name)| has_value(view, *task, name)).filter_map(|(task, name)| {
        let reads = |step: &&usize| rollbacks_of(plan, **step).any(|block| is_read_by(plan, block, name));
        let readers: Vec<String> =
            undone.iter().filter(reads).map(|step| view.run.step_in_words(&plan.steps[*step])).collect();
        let value = view.run.values_at(task).vars().get(name).cloned();
        let value = value.map(|value| format!(" ({value} now)")).unwrap_or_default();
        (!readers.is_empty()).then(|| {
            format!("{name}{value} is given anew, and the rollback of {} goes by it", readers.join(", "))
        })
    });
    told.collect()
}

/// What a block reads that some action would have given a value and none did: a sentence a name.
pub fn lacking(view: &RunView<'_>, block: Task) -> Vec<String> {
    let plan = view.plan;
    let tasks = (0..plan.steps.len()).flat_map(|step| actions_of(plan, step));
    let names: BTreeSet<&str> = tasks.flat_map(|task| given_by(plan, task)).collect();
    let lacks =
        names.into_iter().filter(|name| is_read_by(plan, block, name) && !has_value(view, block, name));
    lacks.map(|name| format!("{name} has no value: what sets it was not done")).collect()
}
