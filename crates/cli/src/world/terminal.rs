//! A person at a terminal.

mod ask;
mod choose;
mod release;
mod sign;

pub use release::{Consent, Release};

use holdpoint_document::Plan;
use holdpoint_engine::{By, Execution, Question, Task, Via};

use super::tell::{show_command, show_prose, show_question};
use super::{Answer, Journal, Person, Scene};
use crate::problem::Problem;

/// The operator, at the keyboard.
pub struct Operator {
    /// Working directory for a shell.
    root: std::path::PathBuf,
    /// What the prose was shown for last: it is not repeated for a second question on the same action.
    told: Option<Task>,
}

impl Operator {
    /// Somebody at the keyboard, standing in `root`.
    pub fn new(root: std::path::PathBuf) -> Operator {
        Operator { root, told: None }
    }

    fn tell_prose(&mut self, scene: &Scene<'_>, task: Task) {
        if self.told.replace(task) != Some(task) {
            show_prose(scene, task);
        }
    }
}

impl Person for Operator {
    fn attended(&self) -> bool {
        true
    }

    fn enter(&mut self) {
        self.told = None;
    }

    fn permit(
        &mut self,
        scene: &Scene<'_>,
        execution: Execution,
        script: &str,
        journal: &mut dyn Journal,
    ) -> Result<Answer, Problem> {
        self.tell_prose(scene, execution.task);
        show_command(scene, execution.task, script);
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
fn titles(plan: &Plan, steps: &[usize]) -> Vec<String> {
    steps.iter().map(|step| format!("{} {}", plan.steps[*step].number, plan.steps[*step].title)).collect()
}
