//! `correct`: a value that was written down is put right, in an open run that nobody drives.

use holdpoint_driver::Secrets;
use holdpoint_engine::{By, Corrected, Event, Fit, Next, People, Run, Via};
use holdpoint_record::{Deed, Visitor};

use super::note::known_secrets;
use super::read::{Recorded, find, read_dir};
use super::run::hide;
use super::taking_up::{go_on_beside, take_up_beside, wait_for_others};
use crate::args;
use crate::exit::Exit;
use crate::operator::{listed, not_for_another, not_in_a_block, operator};
use crate::place::Place;
use crate::problem::Problem;
use crate::screen::Screen;

/// Puts one value right.
pub fn correct(screen: &Screen, arguments: &args::Correct, secrets: &Secrets) -> Result<Exit, Problem> {
    not_in_a_block("no value is corrected")?;
    if arguments.reason.trim().is_empty() {
        return Err(Problem::usage("the reason is empty", "Write it in quotes after --reason."));
    }
    let dir = find(&arguments.run)?;
    wait_for_others(screen, &dir);
    let mut recorded = read_dir(dir.clone())?;
    let place = Place::here()?;
    let (said, _) = operator(arguments.who.operator.as_deref(), &place.root)?;
    not_for_another(&said, place.configuration())?;
    let people = People::of(recorded.opened());
    let by = By { who: listed(&people, &said)?, via: Via::Command };
    hide(&known_secrets(screen, &recorded, &place)?, secrets)?;
    let read = (std::mem::take(&mut recorded.events), recorded.position.clone());
    let visitor = Visitor { by: by.who.clone(), does: Deed::Correct };
    let writer = go_on_beside(screen, &dir, read, &visitor)?;
    let mut recorder = take_up_beside(screen, &recorded, writer, secrets)?;
    recorder.lapse()?;
    let corrected = corrected(screen, recorder.run(), &recorded, arguments, by)?;
    let (name, within) = (corrected.name.clone(), corrected.within_limits);
    let told = format!("{name} is “{}” now, it was “{}”.", corrected.new, corrected.old);
    let before = recorder.run().events();
    recorder.record(vec![Event::ValueCorrected(corrected)])?;
    screen.say(&screen.within_a_line(&told));
    if !within {
        let next = match recorder.run().next(&recorded.plan) {
            Next::RollBack => format!("run {} is rolled back once it is taken up", dir.number),
            Next::Done(_) => format!("run {} ends once it is taken up, as the document says", dir.number),
            _ => format!("run {} waits at that step again", dir.number),
        };
        screen.tell(&format!("It is out of its limits: {next}."));
    }
    if recorder.run().events() > before + 1 {
        screen.tell("Sign-offs that saw the old value count no longer, and are asked for again.");
    }
    let decided = recorder.run().decided_by(&recorded.plan, &name);
    if !decided.is_empty() {
        let of = decided.join(", ");
        screen.say_hung("", &format!("It stands in the condition of {of}, which was decided with the old value and stays so. Whoever goes on decides whether that is to be done again."));
    }
    Ok(Exit::Passed)
}

/// What is to be put on record, where the engine takes it.
fn corrected(
    screen: &Screen,
    run: &Run,
    recorded: &Recorded,
    arguments: &args::Correct,
    by: By,
) -> Result<Corrected, Problem> {
    let plan = &recorded.plan;
    if let Some(why) = run.correction_refusal(plan) {
        return Err(Problem::usage(why, "`holdpoint note` puts on record what you know."));
    }
    let name = &arguments.name;
    let Some((task, field)) = run.correctable(plan, name) else {
        let names = run.correctable_names(plan);
        let help = match holdpoint_document::nearest(name, &names) {
            Some(near) => format!("Did you mean {near}?"),
            None if names.is_empty() => "Nothing was written down in it so far.".to_owned(),
            None => format!("What was written down can be corrected: {}.", names.join(", ")),
        };
        let message = run
            .not_correctable(plan, name)
            .unwrap_or_else(|| format!("no value {name} was written down in this run"));
        return Err(Problem::usage(message, help));
    };
    let within_limits = match field.fit(&arguments.value) {
        Fit::Within => true,
        Fit::OutOfLimits(_) => false,
        Fit::Wrong(why) => {
            return Err(Problem::usage(format!("{name}: {why}"), "Nothing was corrected."));
        }
    };
    if let Some(why) = run.performer_refusal(plan, &by.who) {
        return Err(Problem::refused(why, "Somebody else has to correct it."));
    }
    let old = run.values().get(name).unwrap_or_default().to_owned();
    // Both are masked on their way into the record, where a secret is known by now.
    if screen.masked(&old) == screen.masked(&arguments.value) {
        let message = format!("{name} is {} already", screen.neutralise(&old));
        return Err(Problem::usage(message, "Nothing was corrected."));
    }
    Ok(Corrected {
        step: task.step_of(plan).id.clone(),
        action: task.id(plan),
        name: name.clone(),
        old,
        new: arguments.value.clone(),
        reason: arguments.reason.clone(),
        within_limits,
        by,
    })
}
