//! A person at a terminal.

mod ask;
mod choose;
mod sign;

use holdpoint_document::{Plan, Work};
use holdpoint_engine::{BlobRef, By, Evidence, Execution, Question, Slot, Task, Via};

use super::{Answer, Journal, Person, Scene};
use crate::problem::Problem;
use crate::screen;

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

    fn enter(&mut self, scene: &Scene<'_>, task: Task) {
        self.told = None;
        screen::step_head(scene.plan, task.step_of(scene.plan), scene.run.values());
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
            Question::SignOff => sign::release(scene, task, journal),
            Question::Record => choose::record(self, scene, task, journal),
            Question::Failed | Question::InDoubt | Question::Confirm | Question::Choose => {
                choose::decide(self, scene, task, question, journal)
            }
        }
    }
}

/// The operator, as events name them.
fn me(scene: &Scene<'_>) -> By {
    By { who: scene.run.operator().to_owned(), via: Via::Terminal }
}

fn show_prose(scene: &Scene<'_>, task: Task) {
    let Slot::Action(action) = task.slot else { return };
    let action = &task.step_of(scene.plan).actions[action];
    if let Some(span) = action.prose {
        let prose = screen::prose(span.of(scene.source));
        if !prose.is_empty() {
            screen::say("");
            let mut cautioned = false;
            for paragraph in screen::paragraphs(&prose) {
                let quote = paragraph.trim_start().starts_with('>');
                // A caution is shown by the question that asks for it to be acknowledged.
                cautioned = quote && (cautioned || paragraph.trim_start().starts_with("> [!CAUTION]"));
                if cautioned {
                    continue;
                }
                let style = if quote { screen::style().yellow() } else { screen::style() };
                for line in screen::wrapped(screen::width() - 4, &paragraph) {
                    screen::say(format!("  {}", style.apply_to(line)).trim_end());
                }
            }
        }
    }
    screen::say("");
}

/// The command at hand.
pub fn show_command(scene: &Scene<'_>, task: Task, script: &str) {
    let Some(block) = task.block(scene.plan) else { return };
    let kind = match (task.slot, task.work(scene.plan)) {
        (Slot::Rollback(_), _) => "rollback",
        (_, Some(work)) => work.kind(),
        _ => "run",
    };
    let edited = scene.run.edited_script(task).is_some();
    screen::shown_command(block, script, edited, scene.run.values(), kind);
}

/// What is asked, in words.
pub fn show_question(scene: &Scene<'_>, task: Task, question: Question) {
    let plan = scene.plan;
    match (question, task.work(plan)) {
        (Question::Confirm, Some(Work::Confirm { text })) => {
            let text = scene.run.values().render(text).unwrap_or_else(|_| text.clone());
            screen::say(&format!("  [ ] {}", screen::neutralise(&text).replace('\n', "\n      ")));
        }
        (Question::Confirm, _) => {
            let warning = scene.run.warning(plan, task).unwrap_or_default();
            let lines = screen::neutralise(&warning);
            for line in
                screen::paragraphs(&lines).iter().flat_map(|line| screen::wrapped(screen::width() - 12, line))
            {
                screen::say(&format!("  {} {line}", screen::style().red().bold().apply_to("CAUTION")));
            }
        }
        (Question::Record, _) => {
            for field in scene.run.open_fields(plan, task) {
                let prompt = field.prompt.as_deref().unwrap_or(&field.name);
                let prompt = scene.run.values().render(prompt).unwrap_or_else(|_| prompt.to_owned());
                screen::say(&format!("  write down {}: {}", field.name, screen::neutralise(&prompt)));
            }
        }
        (Question::SignOff, Some(Work::SignOff(sign_off))) => {
            let statement = scene.run.statement(sign_off).unwrap_or_else(|error| error.to_string());
            let independent =
                if sign_off.independent { ", independent of whoever performed the steps" } else { "" };
            let mark = screen::style().magenta().bold();
            screen::say(&format!(
                "  {} release by the role {}{independent}",
                mark.apply_to("HOLD POINT"),
                sign_off.role
            ));
            let quoted = format!("“{}”", screen::neutralise(&statement));
            for line in screen::wrapped(screen::width() - 4, &quoted) {
                screen::say(&format!("  {line}"));
            }
            let ((done, all), deviations) = (scene.run.progress(), scene.run.deviations());
            screen::say(&format!("  so far: {done} of {all} actions done, {deviations} deviation(s)"));
        }
        (Question::Failed, _) => {
            let why = scene.run.condition_error(plan, task);
            let why = why.unwrap_or_else(|| format!("{} did not pass", task.id(plan)));
            screen::say(&format!("  {}", screen::style().red().apply_to(screen::neutralise(&why))));
        }
        (Question::InDoubt, _) => {
            let mark = screen::style().yellow().bold();
            screen::say(&format!(
                "  {} {} was started, and there is no record of how it ended.",
                mark.apply_to("IN DOUBT"),
                task.id(plan)
            ));
            screen::say(
                "  It will not be run again unless you say so. Find out whether it took effect, then decide.",
            );
        }
        _ => {}
    }
}

/// A file named as evidence becomes a blob.
pub fn evidence_file(path: &str, journal: &mut dyn Journal) -> Result<Evidence, Problem> {
    let bytes = std::fs::read(path).map_err(|error| {
        Problem::usage(
            format!("the evidence {path} cannot be read: {error}"),
            "Name a file that can be read.",
        )
    })?;
    let blob: BlobRef = journal.put(&bytes)?;
    Ok(Evidence::File { path: path.to_owned(), blob })
}

/// Titles of steps, for lists.
fn titles(plan: &Plan, steps: &[usize]) -> Vec<String> {
    steps.iter().map(|step| format!("{} {}", plan.steps[*step].number, plan.steps[*step].title)).collect()
}
