//! `note`: puts something on the record of an open run.

use std::collections::BTreeMap;

use holdpoint_driver::Secrets;
use holdpoint_engine::{By, Corrected, Event, People, Run, Via};
use holdpoint_record::{Deed, Visitor};

use super::read::Recorded;
use super::read::{find, read_dir};
use super::run::hide;
use super::taking_up::{go_on_beside, take_up_beside, wait_for_others};
use crate::args;
use crate::exit::Exit;
use crate::inputs::{self, Wanted};
use crate::operator::{listed, not_for_another, operator};
use crate::place::Place;
use crate::problem::Problem;
use crate::screen::Screen;

/// Appends one note.
pub fn note(screen: &Screen, arguments: &args::Note, secrets: &Secrets) -> Result<Exit, Problem> {
    not_empty(&arguments.text)?;
    let dir = find(&arguments.run)?;
    wait_for_others(screen, &dir);
    let mut recorded = read_dir(dir.clone())?;
    if let Some(step) = &arguments.step
        && recorded.plan.step(step).is_none()
    {
        let ids: Vec<&str> = recorded.plan.steps.iter().map(|step| step.id.as_str()).collect();
        let near = holdpoint_document::nearest(step, &ids).map(|near| format!("Did you mean {near}?"));
        let help = near.unwrap_or_else(|| format!("Its steps are {}.", ids.join(", ")));
        return Err(Problem::usage(format!("the run has no step {step}"), help));
    }
    if let Some(corrects) = arguments.corrects
        && corrects >= recorded.events.len() as u64
    {
        let help = format!("Its events are numbered 0 to {}.", recorded.events.len() - 1);
        return Err(Problem::usage(format!("the run has no event {corrects}"), help));
    }
    let place = Place::here()?;
    not_a_value(&recorded, arguments.corrects)?;
    let (who, _) = operator(arguments.who.operator.as_deref(), &place.root)?;
    not_for_another(&who, place.configuration())?;
    // What corrects an event makes sign-offs lapse: that is for people whom the run knows, as a correction of a value is.
    let who = match arguments.corrects {
        Some(_) => listed(&People::of(recorded.opened()), &who)?,
        None => who,
    };
    hide(&known_secrets(screen, &recorded, &place)?, secrets)?;
    let read = (std::mem::take(&mut recorded.events), recorded.position.clone());
    let visitor = Visitor { by: who.clone(), does: Deed::Note };
    let writer = go_on_beside(screen, &dir, read, &visitor)?;
    let mut recorder = take_up_beside(screen, &recorded, writer, secrets)?;
    recorder.record(vec![Event::Note {
        text: arguments.text.clone(),
        step: arguments.step.clone(),
        corrects: arguments.corrects,
        by: By { who, via: Via::Command },
    }])?;
    screen.tell(&format!("Noted in run {}.", dir.number));
    Ok(Exit::Passed)
}

/// Refuses a note of no words.
pub fn not_empty(text: &str) -> Result<(), Problem> {
    match text.trim().is_empty() {
        true => Err(Problem::usage("the note is empty", "Write it in quotes after the run.")),
        false => Ok(()),
    }
}

/// A note leaves every value as it is: where it would correct one that can still be corrected, that is what is meant.
fn not_a_value(recorded: &Recorded, corrects: Option<u64>) -> Result<(), Problem> {
    let Some(n) = corrects else { return Ok(()) };
    let about = recorded.events.iter().find(|stamped| stamped.n == n).map(|stamped| &stamped.event);
    let (Some(Event::ValueRecorded { action, name, .. })
    | Some(Event::ValueCorrected(Corrected { action, name, .. }))) = about
    else {
        return Ok(());
    };
    let plan = &recorded.plan;
    let events = recorded.events.iter().map(|stamped| (stamped.at, stamped.event.clone()));
    // A record that does not conform is told once it is taken up.
    let Ok(run) = Run::replay(plan, events) else { return Ok(()) };
    let stands = run.correctable(plan, name).is_some_and(|(task, _)| task.id(plan) == *action);
    if !stands || run.correction_refusal(plan).is_some() {
        return Ok(());
    }
    let number = recorded.dir.number;
    Err(Problem::usage(
        format!("event {n} is the value {name}, and a note would leave it as it is"),
        format!(
            "Nothing was noted. Put it right with: holdpoint correct {number} {name} VALUE --reason TEXT. A note without \
             --corrects only tells what you know."
        ),
    ))
}

/// The run's secrets, as far as their sources tell them here, so that none is noted in the clear.
pub fn known_secrets(
    screen: &Screen,
    recorded: &Recorded,
    place: &Place,
) -> Result<Vec<(String, String)>, Problem> {
    let opened = recorded.opened();
    let (set, answers) = (BTreeMap::new(), BTreeMap::new());
    let agent = !opened.environment.keys_sign();
    let wanted = Wanted { set, answers: &answers, root: &place.root, ask: false, all: false, agent };
    let secrets = inputs::secrets_again(
        screen,
        &recorded.plan,
        &opened.inputs,
        &opened.runbook.path,
        recorded.sources.own(),
        &wanted,
    )?;
    for input in opened.inputs.iter().filter(|input| input.secret) {
        if !secrets.iter().any(|(name, _)| *name == input.name) {
            screen.tell(&format!("The secret {} is not known here; what holds it shows it.", input.name));
        }
    }
    Ok(secrets)
}
