//! The operator at a terminal: where they stand, and what they have been shown.

use std::cell::RefCell;

use holdpoint_document::{Checks, Work};
use holdpoint_engine::{By, Execution, Slot, Task, Via};

use super::super::tell::{ProseShown, show_command};
use super::super::{RunView, Store};
use super::shown::Shown;
use crate::problem::Problem;
use crate::screen::Screen;

/// The operator, at the keyboard.
pub struct Operator {
    /// Where they look.
    pub(super) screen: Screen,
    /// Working directory for a shell.
    pub(super) root: std::path::PathBuf,
    /// Whether checks wait for an answer.
    checks: Option<Checks>,
    /// What stood above actions, and was shown.
    pub(super) told: ProseShown,
    /// The command that was shown last: what may be run again without another question must have been seen.
    pub(super) shown: Option<(Task, String)>,
    /// The evidence that was shown last: whoever signs is not shown the same twice, and is shown what is new.
    evidence: RefCell<Option<Shown>>,
}

impl Operator {
    /// Somebody at the keyboard, standing in `root`.
    pub fn new(screen: &Screen, root: std::path::PathBuf, checks: Option<Checks>) -> Operator {
        let (screen, evidence) = (screen.clone(), RefCell::default());
        Operator { screen, root, checks, told: ProseShown::default(), shown: None, evidence }
    }

    /// Whether they need not say that this begins: it is a check as the document has it, that nobody types into, and
    /// nobody has just cut a pause short to be asked.
    pub(super) fn lets_unasked(&self, view: &RunView<'_>, execution: Execution) -> bool {
        let task = execution.task;
        let is_check =
            matches!(task.slot, Slot::Action(_)) && matches!(task.work(view.plan), Some(Work::Check(_)));
        let needs_nobody = task.block(view.plan).is_some_and(|block| !block.options.tty);
        self.checks == Some(Checks::Auto)
            && is_check
            && needs_nobody
            && execution.pause.is_zero()
            && view.run.edited_script(task).is_none()
            && view.run.barred().is_empty()
    }

    /// Shows whoever signs what their signature binds: `again`, or where it was not shown as it is now.
    pub(super) fn show_evidence(
        &self,
        view: &RunView<'_>,
        task: Task,
        again: bool,
        store: &Store<'_>,
    ) -> Result<Shown, Problem> {
        let shown = Shown::of(view, task, store)?;
        let before = self.evidence.replace(Some(shown.clone()));
        if again || before.as_ref() != Some(&shown) {
            shown.show(&self.screen, true);
        }
        Ok(shown)
    }

    /// What stands above an action, once.
    pub fn tell_prose(&mut self, view: &RunView<'_>, task: Task) {
        self.told.show(&self.screen, view, task);
    }

    pub(super) fn tell_command(&mut self, view: &RunView<'_>, task: Task, script: &str) {
        show_command(&self.screen, view, task, script, true);
        self.shown = Some((task, script.to_owned()));
    }
}

/// The script as it would run now.
pub(super) fn script_at_hand(
    view: &RunView<'_>,
    task: Task,
    store: &Store<'_>,
) -> Result<Option<String>, Problem> {
    if let Some(edited) = view.run.edited_script(task) {
        return Ok(Some(String::from_utf8_lossy(&store.get(edited)?).into_owned()));
    }
    let Some(block) = task.block(view.plan) else { return Ok(None) };
    if task.offered(view.plan).is_some() {
        return Ok(view.run.item_text(view.plan, task).and_then(Result::ok));
    }
    let rendered = block.options.template.then(|| view.run.values_at(task).render_block(block).ok());
    Ok(Some(rendered.flatten().unwrap_or_else(|| block.script.clone())))
}

/// The operator, as events name them.
pub(super) fn me(view: &RunView<'_>) -> By {
    By { who: view.run.operator().to_owned(), via: Via::Terminal }
}

/// Titles of steps, for lists.
pub(super) fn titles(view: &RunView<'_>, steps: &[usize]) -> Vec<String> {
    steps.iter().map(|step| view.run.step_in_words(&view.plan.steps[*step])).collect()
}
