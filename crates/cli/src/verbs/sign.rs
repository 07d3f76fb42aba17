//! `sign`: somebody else, in their own account and at another time, signs off what a parked run waits for.

use holdpoint_driver::Secrets;
use holdpoint_engine::{By, Event, Next, People, Question, Via};
use holdpoint_record::{Deed, Holder, OpenError, Position, RunDir, Visitor, Writer};
use holdpoint_view::SignOffEvent;

use super::anchored;
use super::choice::{Among, chosen, named};
use super::evidence::{self, awaited};
use super::farewell::{BY_AGENT, resuming};
use super::note::known_secrets;
use super::prepare;
use super::read::open_problem;
use super::read::{summed_up, to_be_signed};
use super::run::hide;
use super::taking_up::{Opened, Patience, take_up_beside};
use super::watch::has_role_still;
use crate::args;
use crate::exit::Exit;
use crate::interrupts::Interrupts;
use crate::operator::{is_beside, listed, not_in_a_block, operator};
use crate::place::Place;
use crate::problem::Problem;
use crate::screen::Screen;
use crate::world::terminal::{Consent, HoldPoint};
use crate::world::{Answer, tell_sign_off_terms};

/// Takes one sign-off, or one rejection.
pub fn sign(screen: &Screen, arguments: &args::Sign, secrets: &Secrets) -> Result<Exit, Problem> {
    if arguments.format.is_some() || arguments.output.is_some() {
        return evidence::give(screen, arguments, secrets);
    }
    not_in_a_block("nothing is signed")?;
    let unasked = arguments.yes.then_some("--yes").or(arguments.reject.then_some("--reject"));
    let dir = chosen(screen, named(arguments.run.as_deref(), unasked)?, Among::SignOff)?;
    let recorded = to_be_signed(dir.clone())?;
    if recorded.events.iter().any(|stamped| matches!(stamped.event, Event::RunClosed { .. })) {
        return Err(over(&dir)?);
    }
    let place = Place::here()?;
    let (said, _) = operator(arguments.principal.as_deref(), &place.root)?;
    let people = People::of(recorded.opened());
    let who = listed(&people, &said)?;
    hide(&known_secrets(screen, &recorded, &place)?, secrets)?;
    // Before anything is asked: a signal must not end the program while a prompt has changed the terminal.
    let _signals = Interrupts::catch(screen)?;
    let mut recorder = take_up_beside(screen, &recorded, take(screen, &dir, &who)?, secrets)?;
    // An earlier hold point may be asked for again: what is shown is what is signed.
    recorder.lapse()?;
    let (task, sign_off) = awaited(recorder.run(), &recorded)?;
    has_role_still(recorder.run(), &place, &sign_off.role, &who)?;
    recorder.request_sign_off(task)?;
    let (view, store) = recorder.view_and_store();
    let hold_point =
        HoldPoint { screen, view: &view, task, sign_off, by: By { who: who.clone(), via: Via::Command } };
    screen.say(&format!("  {}", screen.path(&dir.path)));
    let shown = hold_point.shown(store)?;
    let asks = !arguments.reject && !arguments.yes && prepare::asks(screen, false)?;
    let pager = asks && !arguments.no_pager;
    shown.show(screen, pager);
    tell_sign_off_terms(screen, view.run, view.plan, task);
    if arguments.outputs {
        hold_point.show_outputs(store)?;
    }
    let is_typed = !view.run.takes_key(arguments.key.is_some());
    let types_name = is_typed && recorded.opened().printed_name(&who).is_some();
    if arguments.reject && types_name && !prepare::asks(screen, false)? {
        return Err(Problem::usage(
            "there is no terminal to ask at, and a rejection without a key is typed, as a sign-off is",
            "Reject it from a terminal; or by key, with --key FILE.",
        ));
    }
    let answer = loop {
        let consent = if arguments.reject {
            Consent::Reject(arguments.reason.clone().unwrap_or_default())
        } else if arguments.yes {
            Consent::Sign
        } else if asks {
            hold_point.ask(&shown, pager, store)?
        } else if is_typed {
            return Err(Problem::usage(
                "there is no terminal to ask at, and a sign-off without a key is typed",
                "Look at the evidence above. Then sign from a terminal; or by key, with --key FILE --yes.",
            ));
        } else {
            return Err(Problem::usage(
                "there is no terminal to ask at",
                "Look at the evidence above. Then add --yes to sign it, or --reject --reason WHY.",
            ));
        };
        let answer = match consent {
            Consent::Leave => {
                screen.tell(&format!("Nothing was signed; run {} still waits.", dir.number));
                return Ok(Exit::Parked);
            }
            Consent::Reject(reason) => hold_point.reject(reason, arguments.key.as_deref(), &shown, store)?,
            Consent::Sign => hold_point.sign(arguments.key.as_deref(), arguments.yes, &shown, store)?,
        };
        // Whoever left the question for their name is back at the one before it.
        if answer.is_some() || !asks || !is_typed {
            break answer;
        }
    };
    let Some(Answer::Events(events)) = answer else { return Ok(Exit::Parked) };
    let refused = events.iter().any(|event| matches!(event, Event::SignOffRefused { .. }));
    let rejected = events.iter().any(|event| matches!(event, Event::SignOffRejected { .. }));
    recorder.record(events)?;
    if refused {
        let number = dir.number;
        let key = if is_typed { "" } else { ", with a key of theirs that the run's allowed_signers lists" };
        screen.tell(&format!(
            "Nothing was signed, and the attempt is on record. Whoever may sign it does: holdpoint sign {number} --as WHO{key}."
        ));
        return Ok(Exit::Refused);
    }
    let verb = if rejected { "Rejected" } else { "On record" };
    let waits =
        matches!(recorder.run().next(&recorded.plan), Next::Ask(same, Question::SignOff) if same == task);
    let (number, environment) = (dir.number, &recorded.opened().environment);
    let next = match (waits, rejected) {
        (true, true) => "it waits for a sign-off as before".to_owned(),
        (true, false) => "it waits for another sign-off".to_owned(),
        // What is refused before it is no next step.
        (false, _) if recorder.run().anchor_wanted().is_some() => {
            let anchor = anchored::how(&place, number);
            format!(
                "{} asks for an anchor first. {anchor} Then: {}",
                environment.name,
                resuming(environment, number)
            )
        }
        (false, _) if environment.signs_sessions() => {
            format!("go on with: {}; {BY_AGENT}", resuming(environment, number))
        }
        (false, _) => format!("go on with: {}", resuming(environment, number)),
    };
    screen.tell(&screen.neutralise(&format!("{verb}, by {who}. Run {number}: {next}")));
    Ok(Exit::Passed)
}

/// That the run has ended, so that nothing is left to be signed, and who signed.
pub fn over(dir: &RunDir) -> Result<Problem, Problem> {
    let summary = summed_up(dir, false)?;
    let signed: Vec<String> = summary
        .sign_offs
        .iter()
        .filter_map(|facts| match &facts.what {
            SignOffEvent::Given { name, counts: true, by, .. } => {
                Some(format!("{} was signed off by {name} ({})", facts.action, by.who))
            }
            _ => None,
        })
        .collect();
    let (number, verdict) = (dir.number, summary.verdict_words());
    let signed =
        if signed.is_empty() { "nothing was signed off in it".to_owned() } else { signed.join(", ") };
    Ok(Problem::usage(
        format!("run {number} is over ({verdict}), and waits for no signature: {signed}"),
        format!(
            "`holdpoint show {number}` tells of it. What is to be said of it now is signed beside it: holdpoint review \
             {number} --kind late-note --text TEXT (or audit-trail, post-release)."
        ),
    ))
}

/// That somebody has it still, for a signer, who cannot end what others do.
pub fn held_still(holder: Option<Box<Holder>>, driven: bool) -> Problem {
    let error = OpenError::Held(holder);
    match driven {
        true => Problem::usage(error.to_string(), "Nothing was signed. Ask them to park it (p), then sign."),
        false => open_problem(error),
    }
}

/// Takes the run up, waiting for another signer. Whoever drives it must park it first.
fn take(screen: &Screen, dir: &RunDir, who: &str) -> Result<Opened, Problem> {
    let mut patience = Patience::new(screen);
    loop {
        let visitor = Visitor { by: who.to_owned(), does: Deed::Sign };
        match Writer::go_on_beside(&dir.path, (Vec::new(), Position::default()), visitor) {
            Err(OpenError::Held(holder)) => {
                if holder.as_ref().is_some_and(|holder| is_beside(holder.pid, &holder.host)) {
                    return Err(open_problem(OpenError::Held(holder)));
                }
                let driven = holder.as_ref().is_none_or(|holder| holder.visitor.is_none());
                let parks = if driven { "; its operator parks it with p" } else { "" };
                if !patience.waits(holder.clone(), parks) {
                    return Err(held_still(holder, driven));
                }
            }
            other => return other.map_err(open_problem),
        }
    }
}
