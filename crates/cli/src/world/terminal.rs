//! A person at a terminal.

pub mod ask;
mod choose;
mod edit;
mod handover;
mod release;
mod sign;

pub use handover::{accepts, questions};
pub use release::{Consent, Release};

use std::collections::BTreeSet;

use holdpoint_engine::{By, Execution, Question, Slot, Task, Via};

use super::tell::{show_command, show_passages, show_prose, show_question};
use super::{Answer, Journal, Person, Scene};
use crate::problem::Problem;

/// The operator, at the keyboard.
pub struct Operator {
    /// Working directory for a shell.
    root: std::path::PathBuf,
    /// What the prose was shown for last: it is not repeated for a second question on the same action.
    told: Option<Task>,
    /// The command that was shown last: what may be run again without another question must have been seen.
    shown: Option<(Task, String)>,
    /// Steps before which the text between the steps was shown.
    passed: BTreeSet<usize>,
}

impl Operator {
    /// Somebody at the keyboard, standing in `root`.
    pub fn new(root: std::path::PathBuf) -> Operator {
        Operator { root, told: None, shown: None, passed: BTreeSet::new() }
    }

    fn tell_prose(&mut self, scene: &Scene<'_>, task: Task) {
        if self.told.replace(task) != Some(task) {
            show_prose(scene, task);
        }
    }

    fn tell_passages(&mut self, scene: &Scene<'_>, before: usize) {
        if self.passed.insert(before) {
            show_passages(scene, before);
        }
    }

    fn tell_command(&mut self, scene: &Scene<'_>, task: Task, script: &str) {
        show_command(scene, task, script);
        self.shown = Some((task, script.to_owned()));
    }
}

/// The script as it would run now.
fn script_at_hand(scene: &Scene<'_>, task: Task, journal: &dyn Journal) -> Result<Option<String>, Problem> {
    if let Some(edited) = scene.run.edited_script(task) {
        return Ok(Some(String::from_utf8_lossy(&journal.get(edited)?).into_owned()));
    }
    let Some(block) = task.block(scene.plan) else { return Ok(None) };
    let rendered =
        block.options.template.then(|| scene.run.values_at(task).render_script(&block.script).ok());
    Ok(Some(rendered.flatten().unwrap_or_else(|| block.script.clone())))
}

impl Person for Operator {
    fn attended(&self) -> bool {
        true
    }

    fn enter(&mut self, scene: &Scene<'_>, task: Task) {
        (self.told, self.shown) = (None, None);
        if matches!(task.slot, Slot::Action(_)) {
            self.tell_passages(scene, task.step);
        }
    }

    fn leave(&mut self, scene: &Scene<'_>) {
        self.tell_passages(scene, scene.plan.steps.len());
    }

    fn permit(
        &mut self,
        scene: &Scene<'_>,
        execution: Execution,
        script: &str,
        journal: &mut dyn Journal,
    ) -> Result<Answer, Problem> {
        self.tell_prose(scene, execution.task);
        self.tell_command(scene, execution.task, script);
        choose::before(self, scene, execution.task, script, journal)
    }

    fn answer(
        &mut self,
        scene: &Scene<'_>,
        task: Task,
        question: Question,
        journal: &mut dyn Journal,
    ) -> Result<Answer, Problem> {
        if !matches!(question, Question::Failed | Question::InDoubt) {
            self.tell_prose(scene, task);
        }
        if matches!(question, Question::Failed | Question::InDoubt)
            && let Some(script) = script_at_hand(scene, task, journal)?
            && self.shown.as_ref().is_none_or(|shown| (shown.0, &shown.1) != (task, &script))
        {
            self.tell_command(scene, task, &script);
        }
        show_question(scene, task, question);
        match question {
            Question::Record => choose::record(self, scene, task, journal),
            Question::SignOff
            | Question::Failed
            | Question::InDoubt
            | Question::Confirm
            | Question::Choose => choose::decide(self, scene, task, question, journal),
        }
    }
}

/// The operator, as events name them.
fn me(scene: &Scene<'_>) -> By {
    By { who: scene.run.operator().to_owned(), via: Via::Terminal }
}

/// Titles of steps, for lists.
fn titles(scene: &Scene<'_>, steps: &[usize]) -> Vec<String> {
    steps.iter().map(|step| scene.run.numbered_title(&scene.plan.steps[*step])).collect()
}
