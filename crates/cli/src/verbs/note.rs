//! `note`: puts something on the record of an open run.

use holdpoint_engine::{By, Event, Run, Via};
use holdpoint_record::Writer;
use jiff::Timestamp;

use super::read::{find, read_dir};
use super::resume::open_problem;
use crate::args;
use crate::exit::Exit;
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
        return Err(Problem::usage(format!("the run has no step {step}"), near.unwrap_or_default()));
    }
    if let Some(corrects) = arguments.corrects
        && corrects >= recorded.events.len() as u64
    {
        let help = format!("Its events are numbered 0 to {}.", recorded.events.len() - 1);
        return Err(Problem::usage(format!("the run has no event {corrects}"), help));
    }
    let (who, _) = operator(arguments.who.operator.as_deref(), &Place::here()?.root);
    let (mut writer, events, recovered) = Writer::open(&dir.path).map_err(open_problem)?;
    let mut run = Run::new(&recorded.plan);
    let conforms = |error| Problem::record(format!("the record does not conform: {error}"), "Verify it.");
    for stamped in events {
        run.apply(&recorded.plan, &stamped.event).map_err(conforms)?;
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
    for event in &events {
        run.apply(&recorded.plan, event).map_err(conforms)?;
    }
    let at = Timestamp::now();
    writer
        .append_all(events.into_iter().map(|event| (at, event)))
        .map_err(|error| Problem::fault(format!("the note cannot be written: {error}"), ""))?;
    screen::say(&format!("Noted in run {}.", dir.number));
    Ok(Exit::Passed)
}
