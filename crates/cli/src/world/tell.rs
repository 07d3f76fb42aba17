//! What is at hand, in words: prose, commands and questions, for whoever is asked or reads along.

use std::collections::{BTreeMap, BTreeSet};

use holdpoint_document::{Confidence, Plan, Span, Work, many};
use holdpoint_engine::{Execution, NotUndone, PlaceIx, Question, Rejection, Run, Slot, Tally, Task};

use super::RunView;
use crate::screen::{self, Screen, with_field};

/// The actions whose prose was shown: it stands there once for all places, and is not repeated for a second question.
#[derive(Debug, Default)]
pub struct ProseShown {
    shown: BTreeSet<Task>,
    /// What was shown last at each place.
    last: BTreeMap<Option<PlaceIx>, Task>,
}

impl ProseShown {
    /// Shows what stands above an action, where that was not shown yet.
    pub fn show(&mut self, screen: &Screen, view: &RunView<'_>, task: Task) {
        if self.is_new(task) {
            show_prose(screen, view, task);
        }
    }

    /// Whether it was not shown yet, at whatever place.
    fn is_new(&mut self, task: Task) -> bool {
        // Before what was last at its place: somebody went back, and follows it once more.
        if self.last.insert(task.place, task).is_some_and(|last| task < last) {
            self.shown.clear();
        }
        self.shown.insert(task.unplaced())
    }

    /// Another step begins, or one begins again.
    pub fn forget(&mut self) {
        *self = ProseShown::default();
    }
}

/// The prose above an action.
fn show_prose(screen: &Screen, view: &RunView<'_>, task: Task) {
    let Slot::Action(action) = task.slot else { return };
    let action = &task.step_of(view.plan).actions[action];
    if let Some(span) = action.prose {
        // A caution is shown by the question that asks for it to be acknowledged.
        screen::markdown(screen, whole_lines(view.source, span), screen::Cautions::Left);
    }
    screen.say("");
}

/// What stands under a span, with the blanks that its first line is indented by: without them code would be none.
pub fn whole_lines(source: &str, span: Span) -> &str {
    let above = source[..span.start].trim_end_matches([' ', '\t']);
    let start = if above.is_empty() || above.ends_with('\n') { above.len() } else { span.start };
    &source[start..span.end]
}

/// The text between the steps that stands before the step with this index, or behind the last one.
pub fn show_passages(screen: &Screen, view: &RunView<'_>, before: usize) {
    // What other tools keep above a document belongs to it.
    if before == 0 && view.plan.is_foreign() {
        for line in screen.neutralise(view.plan.front.span.of(view.source)).lines() {
            screen.say(&format!("  {}", screen.style().dim().apply_to(line)));
        }
    }
    for passage in view.plan.passages.iter().filter(|passage| passage.before == before) {
        if let Some(heading) = &passage.heading {
            screen.say("");
            let heading = view.run.values().render(heading).unwrap_or_else(|_| heading.clone());
            screen::heading(screen, &heading);
        }
        for span in &passage.prose {
            screen::markdown(screen, whole_lines(view.source, *span), screen::Cautions::Shown);
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
        (Slot::Action(_), Some(work)) if work.offered().is_some() => "command",
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
            let follow = match view.run.following(view.plan, task) {
                0 => String::new(),
                1 => ", then the other 1 as it has its turn".to_owned(),
                more => format!(", then the other {more} as they have their turn"),
            };
            format!("{target}, {all_of_them} of {all} places: {}{follow}", begins.join(", "))
        }
        (2.., _) => format!("{target}, {} places", view.run.places_of(task).len()),
        (_, Some(place)) if place != "local" => format!("{target}, {place}"),
        _ => target.to_owned(),
    };
    screen::shown_command(screen, block, script, edited, &view.run.values_at(task), (kind, &place));
}

/// A command that is offered, with what stands around it and what it must have.
pub fn show_offer(screen: &Screen, view: &RunView<'_>, task: Task, script: &str) {
    let Some(offered) = task.offered(view.plan) else { return };
    let code = |text: &str| {
        for line in screen.neutralise(text.trim_end_matches('\n')).lines() {
            screen.say(&format!("    {}", screen.style().dim().apply_to(line)));
        }
    };
    if !offered.lead.is_empty() {
        code(&offered.lead);
    }
    show_command(screen, view, task, script, true);
    if let Some(expected) = task.block(view.plan).and_then(|block| block.expect.first()) {
        screen.tell("  shown to print:");
        code(&holdpoint_document::code_of(view.source, expected.span));
    }
    if !offered.after.is_empty() {
        code(&offered.after);
    }
    let reading = &offered.reading;
    if reading.confidence != Confidence::Sure {
        let told = format!("{}: {}", reading.confidence.words(), reading.reason);
        screen.say_hung("  taken for a command, ", &screen.neutralise(&told));
    }
    if let Some(why) = offered.refused.as_ref().filter(|_| view.run.edited_script(task).is_none()) {
        screen.say_hung("  not run from here: ", &screen.neutralise(why));
    }
    for blank in view.run.missing(view.plan, task) {
        let asked = blank.field.prompt.as_deref().unwrap_or(&blank.field.name);
        let takes = if blank.example { String::new() } else { format!(" ({})", blank.takes) };
        screen.say_hung("  needed before it runs: ", &screen.neutralise(&format!("{asked}{takes}")));
    }
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
    let Tally { done, skipped, passed_over, again, all } = run.tally();
    let left = [(again, "to be done again"), (skipped, "skipped"), (passed_over, "not for this run")];
    let left =
        left.into_iter().filter(|(count, _)| *count > 0).map(|(count, how)| format!(", {count} {how}"));
    format!("{done} of {} done{}", many(all, "action"), left.collect::<String>())
}

/// How far a dry run has come: nobody skips anything in one, it looks at the rest where something does not hold.
fn walked(run: &Run) -> String {
    let Tally { done, skipped, passed_over, all, .. } = run.tally();
    let failed = if skipped > 0 {
        format!(", {skipped} did not hold or hung on what is unknown")
    } else {
        String::new()
    };
    let over = if passed_over > 0 { format!(", {passed_over} not for this run") } else { String::new() };
    format!("{done} of {} executed or assumed{failed}{over}", many(all, "action"))
}

/// What is asked, in words.
pub fn show_question(screen: &Screen, view: &RunView<'_>, task: Task, question: Question) {
    let plan = view.plan;
    match (question, task.work(plan)) {
        (Question::Confirm, Some(Work::Confirm { text })) => {
            let text = view.run.values().render(text).unwrap_or_else(|_| text.clone());
            screen::marked(screen, "  [ ] ", &text);
        }
        (Question::Confirm, _) => {
            let warning = view.run.warning(plan, task).unwrap_or_default();
            for line in screen
                .prose(&warning)
                .iter()
                .flat_map(|line| screen.wrapped(screen.prose_width() - 8, &line.text))
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
                let prompt = with_field(prompt, field);
                let told = format!("{}: {prompt}", field.name);
                screen.say_hung("  write down ", &screen.neutralise(&told));
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
            tell_sign_off_terms(screen, view.run, plan, task);
            tell_rejection(screen, view.run, task);
            if view.run.is_dry() {
                screen.tell(&format!("  so far: {}", walked(view.run)));
                return;
            }
            let deviations = match view.run.deviations() {
                0 => "no deviations".to_owned(),
                deviations => format!("{}:", many(deviations, "deviation")),
            };
            screen.tell(&format!("  so far: {}, {deviations}", progress(view.run)));
            tell_each(screen, "    ", view.run.told_deviations());
        }
        (Question::Failed, _) if view.run.printed_otherwise(task) => {
            let text =
                "It ended well, and printed something else than the document shows: is that as it should be?";
            screen.say_hung("  ", text);
        }
        (Question::Failed, _) => {
            let why = view.run.condition_error(plan, task).or_else(|| view.run.soak_complaint(plan, task));
            let why =
                why.unwrap_or_else(|| format!("{} did not pass{}", task.id(plan), at_place(view, task)));
            for line in screen.hung("  ", &screen.neutralise(&why)) {
                screen.say(&screen.style().red().apply_to(line).to_string());
            }
            tell_each(screen, "    out of limits: ", view.run.out_of_limits(plan, task).into_iter());
        }
        (Question::Choose, _) => {
            let text = view.run.item_text(plan, task).and_then(Result::ok).unwrap_or_default();
            show_offer(screen, view, task, &text);
        }
        (Question::InDoubt, _) => {
            let mark = screen.style().yellow().bold();
            let (mark, id, place) = (mark.apply_to("IN DOUBT"), task.id(plan), at_place(view, task));
            let place = screen.neutralise(&place);
            let text = format!("{mark} {id} was started{place}, and there is no record of how it ended.");
            screen.say_hung("  ", &text);
            let text = match view.run.sent_to(task) {
                None => {
                    "It will not be run again unless you say so. Find out whether it took effect, then decide."
                }
                Some(_) => {
                    "Find out whether it took effect, then decide. Whatever you answer, it is looked for there once more first: \
                     if it has an end, that counts, and it is run again only once its place has answered."
                }
            };
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
        screen.say_hung(margin, &screen.within_a_line(&one));
    }
    if more > 0 {
        screen.tell(&format!("{margin}and {more} more"));
    }
}

/// What was done and is not undone, and why not.
pub fn tell_still_done(screen: &Screen, run: &Run, plan: &Plan) {
    let still = run.not_undone(plan).into_iter();
    let told = |(step, why): (usize, NotUndone)| {
        format!("not undone: {}", why.told_of(&run.step_in_words(&plan.steps[step])))
    };
    tell_each(screen, "  ", still.map(told));
}

/// What a hold point takes beyond that one person signs.
pub fn tell_sign_off_terms(screen: &Screen, run: &Run, plan: &Plan, task: Task) {
    run.sign_off_terms(plan, task).iter().for_each(|terms| screen.say_hung("  ", &screen.neutralise(terms)));
}

/// That somebody refused to sign it off, where nobody has signed since: whoever takes the run up was not there.
pub fn tell_rejection(screen: &Screen, run: &Run, task: Task) {
    if let Some(Rejection { who, reason, at }) = run.rejection(task) {
        let mark = screen.style().red().bold().apply_to("REJECTED");
        let at = holdpoint_report::clock(*at, &jiff::tz::TimeZone::system());
        screen.say_hung("  ", &format!("{mark} {}", screen.neutralise(&format!("by {who}, {at}: {reason}"))));
    }
}

/// What a step, or one action of it, does where a condition holds of which nobody knows yet whether it does.
pub fn show_what_it_does(screen: &Screen, view: &RunView<'_>, step: &str, action: Option<&str>) {
    let Some((index, step)) = view.plan.step(step) else { return };
    for (slot, of) in step.actions.iter().enumerate() {
        let task = Task { step: index, slot: Slot::Action(slot), place: None };
        let is_it = action.is_none_or(|action| action == of.id);
        let say = |text: &str| screen.tell(&format!("  {}", screen.neutralise(text)));
        match &of.work {
            _ if !is_it => {}
            Work::Run(block) | Work::Check(block) => show_command(screen, view, task, &block.script, false),
            Work::Confirm { text } => say(&format!("somebody confirms: {text}")),
            Work::Record { .. } => say("somebody writes values down"),
            Work::SignOff(sign_off) => say(&format!("a hold point for the role {}", sign_off.role)),
        }
    }
}

#[cfg(test)]
mod tests {
    use holdpoint_engine::{PlaceIx, Task};

    use super::ProseShown;

    #[test]
    fn what_stands_above_an_action_is_shown_once_for_all_of_its_places() {
        let mut shown = ProseShown::default();
        let task = Task::action(0, 0);
        let [one, other] = [0, 1].map(|place| task.at(PlaceIx(place)));
        assert_eq!([one, other, task, one].map(|task| shown.is_new(task)), [true, false, false, false]);
        assert!(shown.is_new(Task::action(0, 1)));
        assert!(!shown.is_new(other), "the other place is at it");
        assert!(shown.is_new(task) && shown.is_new(Task::action(0, 1)), "it was gone back to");
        shown.forget();
        assert!(shown.is_new(other), "its step began again");
    }
}
