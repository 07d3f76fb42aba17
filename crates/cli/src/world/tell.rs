//! What is at hand, in words: prose, commands and questions, for whoever is asked or reads along.

use holdpoint_document::{Plan, Work};
use holdpoint_engine::{Execution, NotUndone, Question, Rejection, Run, Slot, Tally, Task};

use super::RunView;
use crate::screen::{self, Screen, with_kind};

/// The prose above an action.
pub fn show_prose(screen: &Screen, view: &RunView<'_>, task: Task) {
    let Slot::Action(action) = task.slot else { return };
    let action = &task.step_of(view.plan).actions[action];
    if let Some(span) = action.prose {
        // A caution is shown by the question that asks for it to be acknowledged.
        screen::markdown(screen, &screen.prose(span.of(view.source)), screen::Cautions::Left);
    }
    screen.say("");
}

/// The text between the steps that stands before the step with this index, or behind the last one.
pub fn show_passages(screen: &Screen, view: &RunView<'_>, before: usize) {
    for passage in view.plan.passages.iter().filter(|passage| passage.before == before) {
        if let Some(heading) = &passage.heading {
            screen.say("");
            let heading = view.run.values().render(heading).unwrap_or_else(|_| heading.clone());
            screen::heading(screen, &heading);
        }
        for span in &passage.prose {
            screen::markdown(screen, &screen.prose(span.of(view.source)), screen::Cautions::Shown);
        }
    }
}

/// Where a block runs that is asked about, where that is not here: ` at PLACE`, for the end of a sentence.
pub fn at_place(view: &RunView<'_>, task: Task) -> String {
    let place =
        view.run.place_of(task).filter(|place| *place != "local" || view.run.places_of(task).len() > 1);
    place.map_or_else(String::new, |place| format!(" at {place}"))
}

/// Which of several places begin with a block when it is let: one answer is for all of them.
fn beginning(view: &RunView<'_>, task: Task) -> Vec<String> {
    let ready = view.run.frontier(view.plan).ready;
    let alike = ready.iter().filter(|ready| (ready.task.step, ready.task.slot) == (task.step, task.slot));
    let places: Vec<String> =
        alike.filter_map(|ready| view.run.place_of(ready.task)).map(str::to_owned).collect();
    if places.is_empty() { view.run.place_of(task).map(str::to_owned).into_iter().collect() } else { places }
}

/// The command at hand. Where somebody is `asked`, it says at which of several places it would begin.
pub fn show_command(screen: &Screen, view: &RunView<'_>, task: Task, script: &str, asked: bool) {
    let Some(block) = task.block(view.plan) else { return };
    let kind = match (task.slot, task.work(view.plan)) {
        (Slot::Rollback(_), _) => "rollback",
        (_, Some(work)) => work.kind(),
        _ => "run",
    };
    let edited = view.run.edited_script(task).is_some();
    let target = task.target(view.plan).unwrap_or("local");
    let place = match (view.run.places_of(task).len(), view.run.place_of(task)) {
        (all @ 2.., _) if asked => {
            let begins = beginning(view, task);
            let all_of_them = if begins.len() == all { "all".to_owned() } else { begins.len().to_string() };
            format!("{target}, {all_of_them} of {all} places: {}", begins.join(", "))
        }
        (2.., _) => format!("{target}, {} places", view.run.places_of(task).len()),
        (_, Some(place)) if place != "local" => format!("{target}, {place}"),
        _ => target.to_owned(),
    };
    screen::shown_command(screen, block, script, edited, &view.run.values_at(task), (kind, &place));
}

/// That a block begins, at one of several places where one is given. Of the tries of a check that holds, and
/// of attempts that are made by themselves, only the first is told.
pub fn tell_start(screen: &Screen, view: &RunView<'_>, execution: Execution, place: Option<&str>) {
    let (task, attempt) = (execution.task, execution.attempt);
    let id = task.id(view.plan);
    match place {
        _ if view.run.is_holding(view.plan, task) || view.run.retrying(view.plan, task).is_some() => {}
        Some(place) => screen::started_at(screen, &id, place, attempt),
        None => screen::started(screen, &id, attempt),
    }
}

/// How far a run has come, in words. What was left out was not done.
pub fn progress(run: &Run) -> String {
    let Tally { done, skipped, passed_over, all } = run.tally();
    let left = [(skipped, "skipped"), (passed_over, "not for this run")];
    let left =
        left.into_iter().filter(|(count, _)| *count > 0).map(|(count, how)| format!(", {count} {how}"));
    format!("{done} of {all} actions done{}", left.collect::<String>())
}

/// How far a dry run has come: nobody skips anything in one, it looks at the rest where something does not hold.
fn walked(run: &Run) -> String {
    let Tally { done, skipped, passed_over, all } = run.tally();
    let failed = if skipped > 0 { format!(", {skipped} did not hold") } else { String::new() };
    let over = if passed_over > 0 { format!(", {passed_over} not for this run") } else { String::new() };
    format!("{done} of {all} actions executed or assumed{failed}{over}")
}

/// What is asked, in words.
pub fn show_question(screen: &Screen, view: &RunView<'_>, task: Task, question: Question) {
    let plan = view.plan;
    match (question, task.work(plan)) {
        (Question::Confirm, Some(Work::Confirm { text })) => {
            let text = view.run.values().render(text).unwrap_or_else(|_| text.clone());
            screen.say_hung("  [ ] ", &screen.neutralise(&text));
        }
        (Question::Confirm, _) => {
            let warning = view.run.warning(plan, task).unwrap_or_default();
            let lines = screen.neutralise(&warning);
            for line in screen::paragraphs(&lines)
                .iter()
                .flat_map(|line| screen.wrapped(screen.prose_width() - 8, line))
            {
                screen.say(&format!("  {} {line}", screen.style().red().bold().apply_to("CAUTION")));
            }
        }
        (Question::Barred, _) => {
            let rules: Vec<&str> = view.run.barred().iter().map(|rule| rule.as_str()).collect();
            let mark = screen.style().red().bold();
            for unmet in view.run.hours_unmet(jiff::Timestamp::now()) {
                screen.say_hung("  ", &screen.neutralise(&unmet.why));
            }
            screen.tell(&format!(
                "  {} {}: no block runs. What was done can be rolled back, and the run be aborted, or parked.",
                mark.apply_to("RULES DO NOT HOLD"),
                rules.join(", ")
            ));
        }
        (Question::Record, _) => {
            for field in view.run.open_fields(plan, task) {
                let prompt = field.prompt.as_deref().unwrap_or(&field.name);
                let prompt = view.run.values().render(prompt).unwrap_or_else(|_| prompt.to_owned());
                let prompt = with_kind(prompt, &field.kind);
                screen.say_hung(&format!("  write down {}: ", field.name), &screen.neutralise(&prompt));
            }
        }
        (Question::SignOff, Some(Work::SignOff(sign_off))) => {
            let statement = view.run.statement(sign_off).unwrap_or_else(|error| error.to_string());
            let independent =
                if sign_off.independent { ", independent of whoever performed the steps" } else { "" };
            let mark = screen.style().magenta().bold();
            screen.tell(&format!(
                "  {} sign-off by the role {}{independent}",
                mark.apply_to("HOLD POINT"),
                sign_off.role
            ));
            let quoted = format!("“{}”", screen.neutralise(&statement));
            for line in screen.wrapped(screen.prose_width(), &quoted) {
                screen.tell(&format!("  {line}"));
            }
            tell_rejection(screen, view.run, task);
            if view.run.is_dry() {
                screen.tell(&format!("  so far: {}", walked(view.run)));
                return;
            }
            let deviations = match view.run.deviations() {
                0 => "no deviations".to_owned(),
                1 => "1 deviation:".to_owned(),
                many => format!("{many} deviations:"),
            };
            screen.tell(&format!("  so far: {}, {deviations}", progress(view.run)));
            tell_each(screen, "    ", view.run.told_deviations().iter().cloned());
        }
        (Question::Failed, _) => {
            let why = view.run.condition_error(plan, task).or_else(|| view.run.soak_complaint(plan, task));
            let why =
                why.unwrap_or_else(|| format!("{} did not pass{}", task.id(plan), at_place(view, task)));
            for line in screen.hung("  ", &screen.neutralise(&why)) {
                screen.say(&screen.style().red().apply_to(line).to_string());
            }
        }
        (Question::InDoubt, _) => {
            let mark = screen.style().yellow().bold();
            let (mark, id, place) = (mark.apply_to("IN DOUBT"), task.id(plan), at_place(view, task));
            let place = screen.neutralise(&place);
            let text = format!("{mark} {id} was started{place}, and there is no record of how it ended.");
            screen.say_hung("  ", &text);
            let text =
                "It will not be run again unless you say so. Find out whether it took effect, then decide.";
            screen.say_hung("  ", text);
        }
        _ => {}
    }
}

/// How many of a list are told one by one.
const MOST: usize = 20;

/// Each of a list below the other, so many of them that they can be read; the rest is counted.
pub fn tell_each(screen: &Screen, margin: &str, all: impl ExactSizeIterator<Item = String>) {
    let more = all.len().saturating_sub(MOST);
    for one in all.take(MOST) {
        screen.say_hung(margin, &screen.neutralise(&one));
    }
    if more > 0 {
        screen.tell(&format!("{margin}and {more} more"));
    }
}

/// What was done and is not undone, and why not.
pub fn tell_still_done(screen: &Screen, run: &Run, plan: &Plan) {
    let still = run.not_undone(plan).into_iter();
    let told = |(step, why): (usize, NotUndone)| {
        format!("not undone: {}", why.told_of(&run.numbered_title(&plan.steps[step])))
    };
    tell_each(screen, "  ", still.map(told));
}

/// That somebody refused to sign it off, where nobody has signed since: whoever takes the run up was not there.
pub fn tell_rejection(screen: &Screen, run: &Run, task: Task) {
    if let Some(Rejection { who, reason, at }) = run.rejection(task) {
        let mark = screen.style().red().bold().apply_to("REJECTED");
        let at = holdpoint_report::clock(*at, &jiff::tz::TimeZone::system());
        screen.say_hung("  ", &format!("{mark} {}", screen.neutralise(&format!("by {who}, {at}: {reason}"))));
    }
}
