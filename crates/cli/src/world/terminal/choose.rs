//! What the operator may choose at each moment. The engine says what is on offer; nothing else is shown.

use holdpoint_document::Step;
use holdpoint_engine::{
    By, Choice, Deviation, DeviationKind, Event, Execution, Offers, Question, RollbackPlan, Task,
};

use super::ask::{self, Asked};
use super::operator::{Operator, me, titles};
use crate::problem::Problem;
use crate::screen::{self, Screen};
use crate::world::needs::{actions_of, anew, lacking, without};
use crate::world::tell::{progress, tell_still_done};
use crate::world::{Answer, RunView, Store, roll_back};

pub(super) use super::ask::Choice as Option_;

/// What a written reason is for.
const REASON: &str = "A sentence for whoever reads the record: it stands there with your name.";

/// Of a step that is one of alternatives.
pub(super) const NOT_THIS_ONE: Option_ =
    ("not this one", 'x', "this part is not for this run: pass over it; is no deviation");

/// For a command that is offered, and for one that was run and failed.
pub(super) const BY_HAND: Option_ = ("by hand", 'h', "I did it by hand, and say so; no deviation");

/// Of a command whose values are all known.
pub(super) const VALUES: Option_ =
    ("values", 'v', "see the values it has, and put one right; needs a reason, is no deviation");

/// Before a block runs.
pub(super) fn before(
    operator: &Operator,
    view: &RunView<'_>,
    execution: Execution,
    script: &str,
    store: &mut Store<'_>,
) -> Result<Answer, Problem> {
    let (task, now) = (execution.task, jiff::Timestamp::now());
    if !execution.pause.is_zero() {
        let text = format!("The pause was cut short: attempt {} has not begun.", execution.attempt);
        operator.screen.say_hung("  ", &text);
    }
    if let Some(ending) = view.run.ending(now).filter(|_| task.mutates(view.plan) && !task.is_rollback()) {
        let left = screen::time_left(&ending, now);
        operator.screen.say_hung("  time left: ", &operator.screen.neutralise(&left));
    }
    let first: &[Option_] = &[("run", 'r', "run it now")];
    choose(operator, view, task, script, first, true, store)
}

/// After a question of the engine.
pub(super) fn decide(
    operator: &Operator,
    view: &RunView<'_>,
    task: Task,
    question: Question,
    store: &mut Store<'_>,
) -> Result<Answer, Problem> {
    let offers = view.run.offers(view.plan);
    let mut first: Vec<Option_> = Vec::new();
    if question == Question::Confirm && task.block(view.plan).is_none() {
        first.push(("confirm", 'c', "it is done, and I say so"));
    }
    if question == Question::SignOff {
        first.push(("sign", 's', "sign it off: whoever holds the role signs"));
        first.push(("evidence", 'v', "show all that a signature binds"));
        first.push(("reject", 'j', "refuse to sign it off, with a written reason; nothing is rolled back"));
    }
    if question == Question::Barred && view.run.is_barred_by_time() {
        first.push(("go on", 'g', "go on all the same: by a role that may, with a reason; is a deviation"));
    }
    for choice in &offers.choices {
        match choice {
            Choice::Proceed => first.push(("proceed", 'y', "I have read the warning: go on")),
            Choice::Retry => first.push(("retry", 'r', "do it again")),
            Choice::FindOut => first.push(("find out", 'f', "run the step's own check, to find out")),
            Choice::Happened => first.push(("happened", 'h', "it took effect: go on after it")),
            Choice::Run => first.push(("run", 'r', "it did not take effect: run it")),
            Choice::PassOver => first.push(NOT_THIS_ONE),
            Choice::Accepted => {
                first.push(("accept", 'c', "what it printed is as it should be: go on"));
            }
            Choice::Abort | Choice::RunCommand | Choice::NotApplicable => {}
        }
    }
    if question == Question::Failed && view.run.is_offered_still(view.plan, task) {
        first.push(BY_HAND);
        first.extend(super::blanks::may_be_mended(view, task).then_some(VALUES));
    }
    let script = task.block(view.plan).map(|block| block.script.clone()).unwrap_or_default();
    choose(operator, view, task, &script, &first, false, store)
}

pub(super) fn choose(
    operator: &Operator,
    view: &RunView<'_>,
    task: Task,
    script: &str,
    first: &[Option_],
    default: bool,
    store: &mut Store<'_>,
) -> Result<Answer, Problem> {
    let screen = &operator.screen;
    let offers = view.run.offers(view.plan);
    let options = options(view, &offers, first);
    loop {
        let Asked::Said(word) = ask::one_of(screen, "What now?", &options, default) else {
            return Ok(Answer::Park);
        };
        match act(operator, view, task, script, word, &offers, store)? {
            Some(answer) => return Ok(answer),
            None => continue,
        }
    }
}

/// All that may be chosen: `first`, and what there always is.
pub(super) fn options(view: &RunView<'_>, offers: &Offers, first: &[Option_]) -> Vec<Option_> {
    // Rules do not hold, and nothing is done but to take back what was.
    let barred = !view.run.barred().is_empty() && !view.run.is_rolling_back();
    let RollbackPlan { steps, without, .. } = view.run.rollback_plan(view.plan);
    let undoes = view.plan.steps.iter().any(|step| !step.rollbacks.is_empty())
        && !(steps.is_empty() && without.is_empty());
    let mut options = first.to_vec();
    if offers.skip {
        options.push(("skip", 's', "do not do it; needs a reason, is a deviation"));
    } else if offers.skip_step {
        options.push(("skip step", 's', "leave the whole step; needs a reason, is a deviation"));
    }
    if offers.edit {
        options.push(("edit", 'e', "change the script for this run; needs a reason, is a deviation"));
    }
    if !barred {
        options.push(("shell", 'l', "open a shell beside the run; needs a reason, is a deviation"));
    }
    if !offers.back.is_empty() {
        options.push(("back", 'b', "repeat a step, or go back to one; needs a reason, is a deviation"));
    }
    if undoes {
        options.push(("what rollback", 'w', "say what a rollback would do now; does nothing"));
    }
    if !offers.rollback.steps.is_empty() {
        options.push(("roll back", 'k', "undo what was done, last first, and end the run"));
    }
    options.push(("info", 'i', "say where the run stands: steps, people, time, deviations, values"));
    options.push(("note", 'n', "write a note into the record"));
    options.push(("park", 'p', "leave the run as it is; holdpoint resume takes it up again"));
    options.push(("abort", 'a', "end the run here, for good"));
    options
}

/// What comes of a choice; `None` where the question stands.
#[allow(clippy::too_many_arguments)] // one row of the table of choices
pub(super) fn act(
    operator: &Operator,
    view: &RunView<'_>,
    task: Task,
    script: &str,
    word: &str,
    offers: &Offers,
    store: &mut Store<'_>,
) -> Result<Option<Answer>, Problem> {
    let screen = &operator.screen;
    let plan = view.plan;
    let question = match view.run.next(plan) {
        holdpoint_engine::Next::Ask(_, question) => Some(question),
        _ => None,
    };
    let by = me(view);
    let (step, action) = (task.step_of(plan).id.clone(), task.id(plan));
    let place = view.run.place_of(task).map(str::to_owned);
    let decision = |choice, reason: Option<String>| {
        let (step, action, by) = (step.clone(), action.clone(), by.clone());
        let place = place.clone();
        Ok(Some(Answer::Events(vec![Event::Decision { step, action, place, choice, reason, by }])))
    };
    let deviation = |kind, step: &str, action: Option<String>, script, reason: String| {
        // Going back and a shell are about no one place.
        let of_a_place = matches!(kind, DeviationKind::Skipped | DeviationKind::Edited);
        let place = place.clone().filter(|_| of_a_place);
        let deviation = Deviation::of(kind, step, action, reason, by.clone()).at(place).running(script);
        Ok(Some(Answer::Events(vec![Event::Deviation(deviation)])))
    };
    match word {
        "run" if question.is_none() => Ok(Some(Answer::Go)),
        "go on" => super::goes_on::go_on(screen, view, store),
        "evidence" => operator.show_evidence(view, task, true, store).map(|_| None),
        "sign" => {
            let shown = operator.show_evidence(view, task, false, store)?;
            super::sign::sign(screen, view, task, &shown, store)
        }
        "reject" => {
            let shown = operator.show_evidence(view, task, false, store)?;
            super::sign::reject(screen, view, task, &shown, store)
        }
        "run" if question == Some(Question::Choose) => decision(Choice::RunCommand, None),
        "run" => decision(Choice::Run, None),
        "values" => Ok(super::blanks::values(screen, view, task)),
        "not applicable" => decision(Choice::NotApplicable, None),
        "accept" => decision(Choice::Accepted, None),
        "proceed" => decision(Choice::Proceed, None),
        "retry" => decision(Choice::Retry, None),
        "find out" => decision(Choice::FindOut, None),
        "happened" => decision(Choice::Happened, None),
        "not this one" => Ok(Some(Answer::Events(passed_over(view, task, &by)))),
        "confirm" | "by hand" => {
            Ok(view.run.confirmed(plan, task, by).map(|confirmed| Answer::Events(vec![confirmed])))
        }
        "skip" | "skip step" => {
            let left = if word == "skip" { vec![task] } else { actions_of(plan, task.step) };
            for lack in without(view, &left) {
                screen.say_hung("    note: ", &screen.neutralise(&lack));
            }
            let Asked::Said(reason) = ask::text(screen, "Why is it skipped?", REASON) else {
                return Ok(None);
            };
            deviation(DeviationKind::Skipped, &step, (word == "skip").then_some(action), None, reason)
        }
        "edit" => {
            let Some(edited) = super::edit::edited(screen, view, task, script, store)? else {
                return Ok(None);
            };
            let Asked::Said(reason) = ask::text(screen, "Why is it changed?", REASON) else {
                return Ok(None);
            };
            let blob = store.put(edited.as_bytes())?;
            deviation(DeviationKind::Edited, &step, Some(action), Some(blob), reason)
        }
        "shell" => {
            let Asked::Said(reason) = ask::text(screen, "What is the shell for?", REASON) else {
                return Ok(None);
            };
            super::beside::open_shell(screen, view, &operator.root);
            deviation(DeviationKind::Shell, &step, Some(action), None, reason)
        }
        "back" => go_back(screen, view, offers, deviation),
        "what rollback" => {
            tell_rollback(screen, view, &view.run.rollback_plan(plan));
            Ok(None)
        }
        "roll back" => {
            tell_rollback(screen, view, &offers.rollback);
            if !is_sure(screen) {
                return Ok(None);
            }
            let Asked::Said(reason) = ask::text(screen, "Why is it rolled back?", REASON) else {
                return Ok(None);
            };
            Ok(Some(Answer::Events(vec![roll_back(plan, &offers.rollback, Some(reason), Some(by))])))
        }
        "info" => {
            super::info::tell(screen, view);
            Ok(None)
        }
        "note" => {
            let Asked::Said(text) = ask::text(
                screen,
                "Note",
                "Whatever is worth keeping: it goes into the record with your name.",
            ) else {
                return Ok(None);
            };
            Ok(Some(Answer::Events(vec![Event::Note { text, step: Some(step), corrects: None, by }])))
        }
        "park" => Ok(Some(Answer::Park)),
        "abort" => {
            screen.tell(&format!("    so far: {}", progress(view.run)));
            tell_still_done(screen, view.run, plan);
            let sure: [Option_; 2] = [("no", 'n', "go on"), ("yes", 'y', "end the run here, for good")];
            if ask::one_of(screen, "End the run for good?", &sure, true) != Asked::Said("yes") {
                return Ok(None);
            }
            let Asked::Said(reason) = ask::text(screen, "Why is it aborted?", REASON) else {
                return Ok(None);
            };
            decision(Choice::Abort, Some(reason))
        }
        _ => Ok(None),
    }
}

/// That an alternative is not taken: the step at hand, and those of the same part that follow it.
fn passed_over(view: &RunView<'_>, task: Task, by: &By) -> Vec<Event> {
    let plan = view.plan;
    let Some(part) = task.step_of(plan).alternatives.last() else { return Vec::new() };
    let of_it = |step: &&Step| step.alternatives.contains(part);
    let decision = |step: &Step, action: String| Event::Decision {
        step: step.id.clone(),
        action,
        place: None,
        choice: Choice::PassOver,
        reason: Some(format!("{}: {}", part.why, part.title)),
        by: by.clone(),
    };
    let following = plan.steps[task.step + 1..].iter().take_while(of_it);
    let following = following.filter_map(|step| Some(decision(step, step.actions.first()?.id.clone())));
    std::iter::once(decision(task.step_of(plan), task.id(plan))).chain(following).collect()
}

fn go_back(
    screen: &Screen,
    view: &RunView<'_>,
    offers: &Offers,
    deviation: impl Fn(
        DeviationKind,
        &str,
        Option<String>,
        Option<holdpoint_engine::BlobRef>,
        String,
    ) -> Result<Option<Answer>, Problem>,
) -> Result<Option<Answer>, Problem> {
    let plan = view.plan;
    for title in titles(view, &offers.back) {
        screen.tell(&format!("    {}", screen.neutralise(&title)));
    }
    let numbers: Vec<&str> = offers.back.iter().map(|step| plan.steps[*step].number.as_str()).collect();
    let known = |text: &str| {
        if numbers.contains(&text) {
            Ok(())
        } else {
            Err(format!("Type one of {}, or press Ctrl-C to leave this question.", numbers.join(", ")))
        }
    };
    let Asked::Said(number) = ask::fitting(
        screen,
        "Which step?",
        "The number of a step that has been entered, as listed above.",
        known,
    ) else {
        return Ok(None);
    };
    let Some(index) = offers.back.iter().find(|step| plan.steps[**step].number == number) else {
        return Ok(None);
    };
    let how: [Option_; 2] = [
        ("repeat", 'r', "do this one step again, then go on where we are"),
        ("from there", 'f', "do everything again from there on"),
    ];
    let Asked::Said(how) = ask::one_of(screen, "Repeat it, or go on from there?", &how, false) else {
        return Ok(None);
    };
    let last = offers.back.iter().max().map_or(*index, |last| *last);
    let again = if how == "repeat" { *index..*index + 1 } else { *index..last + 1 };
    for warning in anew(view, again) {
        screen.say_hung("    CAUTION ", &screen.within_a_line(&warning));
    }
    let Asked::Said(reason) = ask::text(screen, "Why?", REASON) else { return Ok(None) };
    let kind = if how == "repeat" { DeviationKind::Repeated } else { DeviationKind::OutOfOrder };
    deviation(kind, &plan.steps[*index].id, None, None, reason)
}

/// Whether somebody who is asked is sure.
pub fn is_sure(screen: &Screen) -> bool {
    let sure: [Option_; 2] = [("no", 'n', "do not roll back"), ("yes", 'y', "roll back now")];
    ask::one_of(screen, "Roll back and end the run?", &sure, true) == Asked::Said("yes")
}

/// What a rollback would do now.
pub fn tell_rollback(screen: &Screen, view: &RunView<'_>, wanted: &RollbackPlan) {
    let plan = view.plan;
    if wanted.steps.is_empty() && wanted.without.is_empty() {
        screen.tell("    Nothing was changed that could be rolled back.");
    }
    for (at, title) in titles(view, &wanted.steps).iter().enumerate() {
        let step = &plan.steps[wanted.steps[at]].id;
        let places = wanted.places.iter().filter(|effect| effect.step == *step).map(|effect| &*effect.place);
        let places: Vec<&str> = places.collect();
        let at_places =
            if places.is_empty() { String::new() } else { format!(" at {}", places.join(", then ")) };
        screen
            .say_hung(&format!("    {}. undo ", at + 1), &screen.neutralise(&format!("{title}{at_places}")));
        for (index, block) in plan.steps[wanted.steps[at]].rollbacks.iter().enumerate() {
            for lack in lacking(view, Task::rollback(wanted.steps[at], index)) {
                screen.say_hung("         note: ", &screen.neutralise(&lack));
            }
            for line in screen.neutralise(block.script.trim_end()).lines() {
                screen.say(&format!("         {}", screen.style().cyan().apply_to(line)));
            }
        }
    }
    for title in titles(view, &wanted.without) {
        screen.tell(&format!("    by hand: {} has no rollback", screen.neutralise(&title)));
    }
    if let Some(barrier) = wanted.barrier {
        let title = &titles(view, &[barrier])[0];
        screen.tell(&format!(
            "    stays: {} was a point of no return, and so does all before it",
            screen.neutralise(title)
        ));
    }
}
