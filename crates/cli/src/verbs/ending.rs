//! A run that is ended where it is, for a reason: `resume --abort`. Nobody is asked for anything and no program is started but
//! git and what signs: a run must end also where nothing else of it can be had any more.

use std::collections::BTreeMap;

use holdpoint_document::Plan;
use holdpoint_driver::{Secrets, Session};
use holdpoint_engine::{By, Choice, Event, Via};
use holdpoint_redact::Redactor;

use super::choice::{Among, chosen, named};
use super::farewell::farewell;
use super::handover;
use super::orphan::Orphan;
use super::read::read_dir;
use super::session;
use super::taking_up::{OnDisk, go_on, is_over, read_alike, take_up, wait_for_others};
use super::watch::{Seen, Watch};
use crate::args;
use crate::exit::Exit;
use crate::inputs;
use crate::interrupts::{Interrupts, Prompting};
use crate::notices::Notices;
use crate::operator::{not_in_a_block, session as session_of, vouched};
use crate::place::Place;
use crate::problem::Problem;
use crate::screen::Screen;
use crate::world::answers::Prepared as Answered;
use crate::world::disk::Disk;
use crate::world::local::Local;
use crate::world::places::Places;
use crate::world::screening::Screening;

/// Ends the run that is named.
pub async fn end(
    screen: &Screen,
    (run, arguments): (Option<&str>, &args::TakeUp),
    reason: &str,
    hidden: &Secrets,
) -> Result<Exit, Problem> {
    not_in_a_block("no run is ended")?;
    let reason = reasoned(reason)?;
    let dir = chosen(screen, named(run, Some("--abort"))?, Among::Open)?;
    let place = Place::here()?;
    wait_for_others(screen, &dir);
    let recorded = read_dir(dir.clone())?;
    if let Some(exit) = is_over(screen, &dir, &recorded, false)? {
        return Ok(exit);
    }
    read_alike(&recorded)?;
    let opened = recorded.opened().clone();
    let operating = session_of(arguments.who.operator.as_deref(), &place.root)?;
    let operating = vouched(operating, &opened.environment, place.configuration(), &place.root)?;
    let _signals = Interrupts::catch(screen)?;
    let plan = &recorded.plan;
    inputs::hide_at_hand(screen, plan, &place.root, hidden);

    let notices = Notices::of(screen, &place)?;
    notices.tell();
    let read = (recorded.events, recorded.position);
    let (writer, events, recovered) = go_on(screen, &dir, read)?;
    let orphan = Orphan::of(writer.predecessor(), &operating.host);
    let book = (plan, recorded.sources.text());
    let (disk, screening) = (Disk::new(writer), Screening::new(screen, false).noticing(&notices));
    let mut recorder = take_up(book, disk, screening, hidden, &events, recovered.as_ref())?;
    let orphan = orphan.filter(|orphan| orphan.counts(recorder.run(), plan));
    let from = Some(operating.operator_from.as_str());
    if let Some(why) = recorder.run().operator_refusal(plan, &operating.operator, from) {
        return Err(handover::may_not_operate(why));
    }
    let number = opened.number;
    if recorder.run().handover().is_some() {
        return Err(Problem::usage(
            format!("run {number} is handed over, and nobody has accepted it yet"),
            format!(
                "Nothing was done. holdpoint handover {number} --accept, or --withdraw; then it can be ended."
            ),
        ));
    }
    // What the system of changes says is no matter here: the script that asks it is not run.
    let mut unasked = opened.clone();
    if let Some(change) = &mut unasked.policy.change {
        change.check = None;
    }
    let watch = Watch {
        root: place.root.clone(),
        opened: &unasked,
        plan,
        sources: &recorded.sources,
        dir: dir.path.clone(),
        screen: screen.clone(),
        secrets: hidden.clone(),
    };
    let looking = Prompting::of_git(screen);
    let Seen { look, .. } = watch.look(recorder.run(), true)?;
    drop(looking);
    let seat = operating.seat();
    let by = By { who: operating.operator.clone(), via: Via::Command };
    recorder.record(vec![Event::SessionOpened(operating.after(look))])?;
    match session::sign(screen, &mut recorder, &seat, arguments.session.key.as_deref()) {
        Err(refused) if refused.exit == Exit::Refused => {
            screen.tell(&format!("  {}", refused.message(screen)));
        }
        signed => signed?,
    }
    abort(&mut recorder, plan, reason, by, number)?;
    if let Some(orphan) = &orphan {
        orphan.tell(screen);
    }
    // Nothing is left to be done but to close the record.
    let redactor =
        Redactor::new(Vec::new()).map_err(|error| Problem::fault(error.to_string(), "Try again."))?;
    let local = Local::new(screen, place.root.clone(), None, Vec::new(), redactor)?;
    let runner = Places::new(local, &opened, BTreeMap::new());
    let desk = Answered::new(screen, Default::default(), None).noticing(&notices);
    let mut session = Session { recorder, desk, runner, rules: watch.checks(screen) };
    let stop = session.drive().await?;
    notices.farewell();
    Ok(farewell(screen, session.recorder.run(), plan, (stop, number), None))
}

/// The reason, where there is one.
fn reasoned(reason: &str) -> Result<&str, Problem> {
    match reason.trim() {
        "" => Err(Problem::usage(
            "to abort takes a reason",
            "Say why: --abort REASON. It stands in the record.",
        )),
        _ => Ok(reason),
    }
}

/// Records that the run ends here. What was done stays.
fn abort(recorder: &mut OnDisk<'_>, plan: &Plan, reason: &str, by: By, number: u64) -> Result<(), Problem> {
    recorder.lapse()?;
    let run = recorder.run();
    let offers = run.offers(plan);
    let (Some(task), true) = (offers.task, offers.choices.contains(&Choice::Abort)) else {
        return Err(Problem::usage(
            format!("run {number} cannot be aborted where it is"),
            format!("`holdpoint show {number}` tells where it stands."),
        ));
    };
    let decision = Event::Decision {
        step: task.step_of(plan).id.as_str().to_owned(),
        action: task.id(plan),
        place: run.place_of(task).map(str::to_owned),
        choice: Choice::Abort,
        reason: Some(reason.to_owned()),
        by,
    };
    recorder.record(vec![decision]).map(drop)
}
