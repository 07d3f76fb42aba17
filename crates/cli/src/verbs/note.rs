//! `note`: puts something on the record of an open run.

use std::collections::BTreeMap;

use holdpoint_document::Assurance;
use holdpoint_engine::{By, Event, Run, Via};
use holdpoint_record::Writer;
use jiff::Timestamp;

use super::read::Recorded;
use super::read::{find, read_dir};
use super::resume::open_problem;
use super::run::redactor;
use crate::args;
use crate::exit::Exit;
use crate::fold::fold;
use crate::inputs::{self, Wanted};
use crate::operator::operator;
use crate::place::Place;
use crate::problem::Problem;
use crate::screen;

/// Appends one note.
pub fn note(arguments: &args::Note) -> Result<Exit, Problem> {
    if arguments.text.trim().is_empty() {
        return Err(Problem::usage("the note is empty", "Write it in quotes after the run."));
    }
    let dir = find(&arguments.run)?;
    let recorded = read_dir(dir.clone())?;
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
    let (who, _) = operator(arguments.who.operator.as_deref(), &place.root)?;
    redactor(&secrets(&recorded, &place)?)?;
    let read = (recorded.events, recorded.position);
    let (mut writer, events, recovered) = Writer::go_on(&dir.path, read).map_err(open_problem)?;
    let mut run = Run::new(&recorded.plan);
    let conforms = |error| Problem::record(format!("the record does not conform: {error}"), "Verify it.");
    for stamped in events {
        run.apply(&recorded.plan, stamped.at, &stamped.event).map_err(conforms)?;
    }
    let note = Event::Note {
        text: arguments.text.clone(),
        step: arguments.step.clone(),
        corrects: arguments.corrects,
        by: By { who, via: Via::Command },
    };
    let mut events: Vec<Event> =
        recovered.map(|recovered| Event::LogRecovered { torn: recovered.torn }).into_iter().collect();
    events.push(note);
    let at = Timestamp::now();
    let events = fold(&mut run, &recorded.plan, at, events)?;
    writer.append_all(events.into_iter().map(|event| (at, event))).map_err(|error| {
        Problem::fault(
            format!("the note cannot be written: {error}"),
            "Make room or mend the disk, then try again; `holdpoint verify` tells what there is.",
        )
    })?;
    screen::say(&format!("Noted in run {}.", dir.number));
    Ok(Exit::Passed)
}

/// The run's secrets, as far as their sources tell them here, so that none is noted in the clear.
pub fn secrets(recorded: &Recorded, place: &Place) -> Result<Vec<(String, String)>, Problem> {
    let opened = recorded.opened();
    let (set, answers) = (BTreeMap::new(), BTreeMap::new());
    let agent = opened.environment.signature <= Assurance::Typed;
    let wanted = Wanted { set, answers: &answers, root: &place.root, ask: false, all: false, agent };
    let secrets = inputs::secrets_again(
        &recorded.plan,
        &opened.inputs,
        &opened.runbook.path,
        &recorded.source,
        &wanted,
    )?;
    for input in opened.inputs.iter().filter(|input| input.secret) {
        if !secrets.iter().any(|(name, _)| *name == input.name) {
            screen::say(&format!("The secret {} is not known here; what holds it shows it.", input.name));
        }
    }
    Ok(secrets)
}
