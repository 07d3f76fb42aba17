//! `handover`: an open run goes from one operator to the next, with where it stands and what is still open.

use holdpoint_document::Plan;
use holdpoint_driver::Secrets;
use holdpoint_engine::{BY_GIT, By, Event, Handover, Next, People, Run, Standing, Via};
use holdpoint_record::{Deed, Position, Visitor};
use jiff::Timestamp;

use super::choice::{Among, chosen};
use super::note::known_secrets;
use super::prepare;
use super::read::read_dir;
use super::run::hide;
use super::session::{self, could_take_up};
use super::taking_up::{go_on_beside, take_up_beside, wait_for_others};
use crate::args;
use crate::exit::Exit;
use crate::interrupts::Interrupts;
use crate::operator::{ProcessOrigin, not_for_another, not_in_a_block, operator, seen, who_else};
use crate::place::Place;
use crate::problem::Problem;
use crate::screen::Screen;
use crate::world::progress;
use crate::world::terminal::questions;

/// Hands a run over, accepts that, or takes it back.
pub fn handover(screen: &Screen, arguments: &args::Handover, secrets: &Secrets) -> Result<Exit, Problem> {
    not_in_a_block("a run is not handed over")?;
    let dir = chosen(screen, arguments.run.as_deref(), Among::Open)?;
    let number = dir.number;
    wait_for_others(screen, &dir);
    let recorded = read_dir(dir.clone())?;
    let plan = &recorded.plan;
    let place = Place::here()?;
    let (who, _) = operator(arguments.who.operator.as_deref(), &place.root)?;
    not_for_another(&who, place.configuration())?;
    hide(&known_secrets(screen, &recorded, &place)?, secrets)?;
    // Before anything is asked: a signal must not end the program while a prompt has changed the terminal.
    let _signals = Interrupts::catch(screen)?;
    let visitor = Visitor { by: who.clone(), does: Deed::HandOver };
    let writer = go_on_beside(screen, &dir, (Vec::new(), Position::default()), &visitor)?;
    let mut recorder = take_up_beside(screen, &recorded, writer, secrets)?;
    let by = By { who, via: Via::Command };
    if arguments.accept {
        may_accept(recorder.run(), plan, &by.who, number)?;
        let key = arguments.session.key.as_deref();
        could_take_up(&dir.path, recorded.opened(), &by.who, key)?;
        tell(screen, recorder.run(), plan);
        recorder.record(vec![Event::HandoverAccepted { by }])?;
        session::sign(screen, &mut recorder, &ProcessOrigin::of_this_process().taken(), key)?;
        screen.tell(&format!(
            "Accepted: {} operates run {number}. Go on with: holdpoint resume {number}",
            screen.neutralise(recorder.run().operator())
        ));
        return Ok(Exit::Passed);
    }
    if arguments.withdraw {
        may_withdraw(recorder.run(), &by.who, arguments.reason.as_deref(), number)?;
        recorder.record(vec![Event::HandoverWithdrawn { reason: arguments.reason.clone(), by }])?;
        screen.tell(&format!("Withdrawn. Go on with: holdpoint resume {number}"));
        return Ok(Exit::Passed);
    }
    let to = arguments.to.as_deref().unwrap_or_default().trim().to_owned();
    seen(&to, "the next operator's name", "--to")?;
    may_hand_over(recorder.run(), plan, &by.who, &to, number)?;
    let people = People::of(recorded.opened());
    if !people.is_empty() && !people.knows(&to) {
        return Err(Problem::refused(
            format!("{to} is not listed in holdpoint.toml"),
            who_else(&to, &people.names()),
        ));
    }
    if let Some(why) = recorder.run().operator_refusal(plan, &to, Some(BY_GIT)) {
        return Err(may_not_operate(why));
    }
    tell(screen, recorder.run(), plan);
    let note = match &arguments.note {
        Some(note) => Some(note.trim().to_owned()).filter(|note| !note.is_empty()),
        None if prepare::asks(screen, false)? => match questions(screen) {
            Some(note) => note,
            None => {
                screen.tell(&format!("Nothing was handed over; run {number} is as it was."));
                return Ok(Exit::Parked);
            }
        },
        None => None,
    };
    let standing = recorder.run().standing(plan);
    recorder.record(vec![Event::Handover(Box::new(Handover { to: to.clone(), standing, note, by }))])?;
    let (to, accept) = (screen.neutralise(&to), screen.neutralise(&accepting(number, &to)));
    screen.tell(&format!("Run {number} is handed over to {to}; nobody drives it until that is accepted."));
    screen.tell(&format!("  {to} types: holdpoint resume {number}, or {accept}"));
    screen.tell(&format!("  to take it back: holdpoint handover {number} --withdraw"));
    Ok(Exit::Passed)
}

/// What the next operator types: with their name, for another may be at hand where they sit.
pub fn accepting(number: u64, to: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "@._-+".contains(c);
    let to = if to.chars().all(plain) { to.to_owned() } else { format!("'{}'", to.replace('\'', r"'\''")) };
    format!("holdpoint handover {number} --accept --operator {to}")
}

/// Where the run stands, for whoever leaves it and whoever takes it up.
pub fn tell(screen: &Screen, run: &Run, plan: &Plan) {
    let say = |text: String| screen.tell(&format!("  {}", screen.neutralise(&text)));
    let seen = run.seen_at(plan, Timestamp::now());
    let run = seen.as_ref().unwrap_or(run);
    let Standing { next, in_doubt, sign_offs, deviations } = run.standing(plan);
    say(format!("{}, operated by {}", progress(run), run.operator()));
    let at = next.step.as_ref().and_then(|id| plan.step(id)).map(|(_, step)| run.title(step));
    let at = at.map(|title| format!(" {title},")).unwrap_or_default();
    let action = next.action.as_ref().map(|id| format!(" {id}")).unwrap_or_default();
    say(format!("next:{at}{action} takes {}", next.takes.words()));
    for id in in_doubt {
        say(format!("IN DOUBT: {id} was started, no end is on record"));
    }
    for (id, reason) in run.about_to_lapse(plan) {
        say(format!("the sign-off of {id} has lapsed: {reason}"));
    }
    for id in sign_offs {
        say(format!("not signed off yet: {id}"));
    }
    match deviations.len() {
        0 => say("no deviations".to_owned()),
        many => say(format!("deviations ({many})")),
    }
    deviations.into_iter().for_each(|deviation| say(format!("  {deviation}")));
    if let Some(Handover { to, note, by, .. }) = run.handover() {
        say(format!("handed over by {} to {to}", by.who));
        say(format!("open questions: {}", note.as_deref().unwrap_or("none")));
    }
}

/// Somebody who may not operate the run, and why.
pub fn may_not_operate(why: String) -> Problem {
    Problem::refused(
        why,
        "Nothing was done. Somebody else takes the run up: holdpoint resume, or handover --to WHO.",
    )
}

/// Whether this person may accept what is open.
pub fn may_accept(run: &Run, plan: &Plan, who: &str, number: u64) -> Result<(), Problem> {
    let open = open(run, number)?;
    if run.same(&open.to, who) {
        let refusal = run.operator_refusal(plan, who, Some(BY_GIT));
        return refusal.map_or(Ok(()), |why| Err(may_not_operate(why)));
    }
    Err(Problem::refused(
        format!("run {number} is being handed over to {}, and you are {who}", open.to),
        format!(
            "{} accepts with `holdpoint resume {number}`. {} takes it back with `holdpoint handover {number} \
             --withdraw`; whoever else does gives --reason.",
            open.to, open.by.who
        ),
    ))
}

fn may_withdraw(run: &Run, who: &str, reason: Option<&str>, number: u64) -> Result<(), Problem> {
    let open = open(run, number)?;
    if reason.is_some_and(|reason| reason.trim().is_empty()) {
        return Err(Problem::usage("the reason is empty", "Say why in one sentence."));
    }
    if reason.is_none() && !run.same(&open.by.who, who) {
        return Err(Problem::usage(
            format!("run {number} was handed over by {}, and you are {who}", open.by.who),
            "Say with --reason why you decline it, or take it back for them.",
        ));
    }
    Ok(())
}

fn open(run: &Run, number: u64) -> Result<&Handover, Problem> {
    run.handover().ok_or_else(|| {
        Problem::usage(
            format!("no handover of run {number} is open"),
            format!("`holdpoint show {number}` says where it is."),
        )
    })
}

fn may_hand_over(run: &Run, plan: &Plan, who: &str, to: &str, number: u64) -> Result<(), Problem> {
    if let Some(open) = run.handover() {
        return Err(Problem::usage(
            format!("run {number} is being handed over to {} already", open.to),
            format!("Take that back first: holdpoint handover {number} --withdraw"),
        ));
    }
    if run.next(plan) == Next::Override {
        return Err(Problem::refused(
            format!("run {number} was opened against rules that nobody has overridden: nobody drives it"),
            format!("`holdpoint show {number}` says which. Open a new run."),
        ));
    }
    if run.next(plan) == Next::SignSession {
        return Err(Problem::refused(
            run.unsigned_refusal(),
            format!("Once the key is at hand: holdpoint resume {number} --key FILE"),
        ));
    }
    if matches!(run.next(plan), Next::Done(_)) {
        return Err(Problem::usage(
            format!("nothing of run {number} is left to be done"),
            format!("End it with: holdpoint resume {number}"),
        ));
    }
    if !run.same(run.operator(), who) {
        return Err(Problem::refused(
            format!("run {number} is operated by {}, and you are {who}", run.operator()),
            format!("Only they hand it over. Where they cannot, take it up with: holdpoint resume {number}"),
        ));
    }
    if to.is_empty() || run.same(to, who) {
        return Err(Problem::usage("a run is handed over to somebody else", "Name them with --to."));
    }
    Ok(())
}
