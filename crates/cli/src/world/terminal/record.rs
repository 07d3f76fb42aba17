//! Values to write down: each is asked for at once, and whatever else may be chosen stands behind a colon.

use holdpoint_document::{EvidenceKind, Field, ValueKind, Work};
use holdpoint_engine::{Choice, Event, Evidence, Fit, Task, fit, is_address};

use super::ask::{self, Asked, Typed};
use super::choose::{NOT_THIS_ONE, Option_, act, options};
use super::operator::{Operator, me};
use crate::problem::Problem;
use crate::screen::{self, with_field};
use crate::world::reply::{evidence_at, evidence_file};
use crate::world::{Answer, RunView, Store};

/// What came of asking for a value.
enum ValueAnswer {
    /// It was written down.
    Value(Box<Event>),
    /// Something else was chosen.
    Else(Answer),
    /// Nothing, as the question was left.
    Left,
    /// Nothing: the evidence for it was left, and it is asked for again.
    Again,
}

/// What can be written down.
fn wanted(kind: &ValueKind) -> String {
    match fit(kind, "?") {
        Fit::Within => "Any text.".to_owned(),
        Fit::OutOfLimits(why) | Fit::Wrong(why) => format!("What it takes: {why}."),
    }
}

/// Values to write down. Leaving the first question parks the run, as leaving "What now?" does; leaving a later one goes back
/// to the first.
pub(super) fn record(
    operator: &Operator,
    view: &RunView<'_>,
    task: Task,
    store: &mut Store<'_>,
) -> Result<Answer, Problem> {
    let screen = &operator.screen;
    let Some(Work::Record { .. }) = task.work(view.plan) else { return Ok(Answer::Park) };
    let offers = view.run.offers(view.plan);
    let passes = offers.choices.contains(&Choice::PassOver).then_some(NOT_THIS_ONE);
    let options = options(view, &offers, passes.as_slice());
    let mut events: Vec<Event> = Vec::new();
    loop {
        if let Some(field) = view.run.open_fields(view.plan, task).get(events.len()) {
            match value(operator, view, task, (field, events.is_empty()), &options, store)? {
                ValueAnswer::Value(event) => events.push(*event),
                ValueAnswer::Else(answer) => return Ok(answer),
                ValueAnswer::Left if events.is_empty() => return Ok(Answer::Park),
                ValueAnswer::Left => events.clear(),
                ValueAnswer::Again => {}
            }
            continue;
        }
        if ask::are_right(screen, &events, &options) {
            return Ok(Answer::Events(events));
        }
        events.clear();
    }
}

/// The value of one field as it was typed, or what was chosen instead.
fn value(
    operator: &Operator,
    view: &RunView<'_>,
    task: Task,
    (field, first): (&Field, bool),
    options: &[Option_],
    store: &mut Store<'_>,
) -> Result<ValueAnswer, Problem> {
    let screen = &operator.screen;
    let prompt = field.prompt.as_deref().unwrap_or(&field.name);
    let prompt = view.run.values().render(prompt).unwrap_or_else(|_| prompt.to_owned());
    let prompt = screen.neutralise(&with_field(prompt, field));
    let fits = |text: &str| match fit(&field.kind, screen::meant(&field.kind, text)) {
        Fit::Wrong(why) => Err(why),
        _ => Ok(()),
    };
    let asked = (&*prompt, field.may_be_empty);
    let value = match ask::value(screen, asked, (options, first), &wanted(&field.kind), fits) {
        Asked::Said(Typed::Value(value)) => value,
        Asked::Said(Typed::Choice(word)) => {
            let offers = view.run.offers(view.plan);
            let answer = act(operator, view, task, "", word, &offers, store)?;
            if !first && answer.is_some() {
                screen.tell("    What was typed before is not written down.");
            }
            // What only tells something leads back to this question.
            return match answer {
                Some(answer) => Ok(ValueAnswer::Else(answer)),
                None => self::value(operator, view, task, (field, first), options, store),
            };
        }
        Asked::Left => return Ok(ValueAnswer::Left),
    };
    let value = screen::meant(&field.kind, &value).to_owned();
    let within_limits = match field.fit(&value) {
        Fit::OutOfLimits(why) => {
            screen.tell(&format!("    {}: {why}. It is kept, and the step fails.", field.name));
            false
        }
        _ => true,
    };
    let evidence = match field.is_left_empty(&value) {
        true => Some(None),
        false => evidence(operator, view, field, store)?,
    };
    let Some(evidence) = evidence else { return Ok(ValueAnswer::Again) };
    let (step, action, by) = (task.step_of(view.plan).id.clone(), task.id(view.plan), me(view));
    let name = field.name.clone();
    let written = Event::ValueRecorded { step, action, name, value, evidence, within_limits, by };
    Ok(ValueAnswer::Value(Box::new(written)))
}

/// What is named as evidence, where the field asks for that; `None` where somebody left.
fn evidence(
    operator: &Operator,
    view: &RunView<'_>,
    field: &Field,
    store: &mut Store<'_>,
) -> Result<Option<Option<Evidence>>, Problem> {
    let screen = &operator.screen;
    Ok(match field.evidence {
        None => Some(None),
        Some(EvidenceKind::Url) => {
            let asked = ask::fitting(
                screen,
                "Evidence (address)",
                "Where what you saw can be seen: an address, as https://….",
                |text| match is_address(text) {
                    true => Ok(()),
                    false => Err("write an address that begins with https:// or http://".to_owned()),
                },
            );
            match asked {
                Asked::Said(url) => Some(Some(Evidence::Url(url))),
                Asked::Left => None,
            }
        }
        Some(EvidenceKind::File) => {
            let readable = |path: &str| evidence_at(path).map_err(|error| error.to_string());
            let help = "The path of a file; a copy of it goes into the record.";
            match ask::fitting(screen, "Evidence (file)", help, readable) {
                Asked::Said(path) => Some(Some(evidence_file(&path, view.secrets, store)?)),
                Asked::Left => None,
            }
        }
    })
}
