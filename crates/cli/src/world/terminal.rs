//! A person at a terminal.

pub mod ask;
mod choose;
mod edit;
mod handover;
mod hold_point;
mod sign;

pub use handover::{accepts, questions};
pub use hold_point::{Consent, HoldPoint};

use holdpoint_engine::{By, Execution, Question, Task, Via};

use super::tell::{show_command, show_prose, show_question};
use super::{Answer, Desk, RunView, Store};
use crate::problem::Problem;

/// The operator, at the keyboard.
pub struct Operator {
    /// Working directory for a shell.
    root: std::path::PathBuf,
    /// What the prose was shown for last: it is not repeated for a second question on the same action.
    told: Option<Task>,
    /// The command that was shown last: what may be run again without another question must have been seen.
    shown: Option<(Task, String)>,
}

impl Operator {
    /// Somebody at the keyboard, standing in `root`.
    pub fn new(root: std::path::PathBuf) -> Operator {
        Operator { root, told: None, shown: None }
    }

    fn tell_prose(&mut self, view: &RunView<'_>, task: Task) {
        if self.told.replace(task) != Some(task) {
            show_prose(view, task);
        }
    }

    fn tell_command(&mut self, view: &RunView<'_>, task: Task, script: &str) {
        show_command(view, task, script);
        self.shown = Some((task, script.to_owned()));
    }
}

/// The script as it would run now.
fn script_at_hand(view: &RunView<'_>, task: Task, store: &Store<'_>) -> Result<Option<String>, Problem> {
    if let Some(edited) = view.run.edited_script(task) {
        return Ok(Some(String::from_utf8_lossy(&store.get(edited)?).into_owned()));
    }
    let Some(block) = task.block(view.plan) else { return Ok(None) };
    let rendered = block.options.template.then(|| view.run.values_at(task).render_script(&block.script).ok());
    Ok(Some(rendered.flatten().unwrap_or_else(|| block.script.clone())))
}

impl Desk for Operator {
    type Error = Problem;

    fn attended(&self) -> bool {
        true
    }

    fn enter(&mut self, _view: &RunView<'_>, _task: Task) {
        (self.told, self.shown) = (None, None);
    }

    fn permit(
        &mut self,
        view: &RunView<'_>,
        execution: Execution,
        script: &str,
        store: &mut Store<'_>,
    ) -> Result<Answer, Problem> {
        self.tell_prose(view, execution.task);
        self.tell_command(view, execution.task, script);
        choose::before(self, view, execution.task, script, store)
    }

    fn answer(
        &mut self,
        view: &RunView<'_>,
        task: Task,
        question: Question,
        store: &mut Store<'_>,
    ) -> Result<Answer, Problem> {
        if !matches!(question, Question::Failed | Question::InDoubt) {
            self.tell_prose(view, task);
        }
        if matches!(question, Question::Failed | Question::InDoubt)
            && let Some(script) = script_at_hand(view, task, store)?
            && self.shown.as_ref().is_none_or(|shown| (shown.0, &shown.1) != (task, &script))
        {
            self.tell_command(view, task, &script);
        }
        show_question(view, task, question);
        match question {
            Question::Record => choose::record(self, view, task, store),
            Question::SignOff
            | Question::Failed
            | Question::InDoubt
            | Question::Confirm
            | Question::Choose => choose::decide(self, view, task, question, store),
        }
    }
}

/// The operator, as events name them.
fn me(view: &RunView<'_>) -> By {
    By { who: view.run.operator().to_owned(), via: Via::Terminal }
}

/// Titles of steps, for lists.
fn titles(view: &RunView<'_>, steps: &[usize]) -> Vec<String> {
    steps.iter().map(|step| view.run.numbered_title(&view.plan.steps[*step])).collect()
}
