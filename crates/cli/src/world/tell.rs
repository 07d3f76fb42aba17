//! What is at hand, in words: prose, commands and questions, for whoever is asked or reads along.

use holdpoint_document::Work;
use holdpoint_engine::{Question, Slot, Task};

use super::Scene;
use crate::screen;

/// The prose above an action.
pub fn show_prose(scene: &Scene<'_>, task: Task) {
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
