//! `resume`: takes a run up again where it is, and says for each step why it will or will not run.

use std::collections::{BTreeMap, HashMap};

use holdpoint_document::Plan;
use holdpoint_driver::{Fault, Secrets, Session, Stop, roll_back};
use holdpoint_engine::{
    By, Event, Handover, Next, Question, RollbackState, RollingBack, Run, Stamped, Status, Unexpected,
    Unfound, Via,
};
use holdpoint_view::{Summary, Summing};
use jiff::Timestamp;

use super::choice::{Among, chosen, named};
use super::ending;
use super::exchange;
use super::expected::expected;
use super::farewell::farewell;
use super::handover;
use super::orphan::Orphan;
use super::overriding;
use super::prepare;
use super::read::{Recorded, to_be_taken_up};
use super::run::hide;
use super::session::{self, could_take_up};
use super::taking_up::{OnDisk, go_on, is_over, read_alike, take_up, wait_for_others};
use super::unasked;
use super::watch::{Seen, Watch};
use crate::args;
use crate::exit::Exit;
use crate::inputs::{self, Wanted};
use crate::interrupts::{Interrupts, Prompting};
use crate::notices::Notices;
use crate::operator::{not_in_a_block, session, vouched};
use crate::place::Place;
use crate::problem::Problem;
use crate::screen::{self, Screen};
use crate::world::BlobStore;
use crate::world::answers::Prepared as Answered;
use crate::world::disk::Disk;
use crate::world::kept_state::restored;
use crate::world::local::Local;
use crate::world::places::Places;
use crate::world::screening::Screening;
use crate::world::terminal::{Operator, accepts, is_sure, tell_rollback};

/// That what was done is to be undone.
#[derive(Clone, Copy, Debug)]
pub struct Undo<'a> {
    /// Why.
    pub reason: &'a str,
    /// Whether somebody has said already that they are sure.
    pub sure: bool,
}

/// Drives a run on.
pub async fn resume(screen: &Screen, arguments: &args::Resume, hidden: &Secrets) -> Result<Exit, Problem> {
    if let Some(reason) = &arguments.abort {
        return ending::end(screen, (arguments.run.as_deref(), &arguments.taking_up), reason, hidden).await;
    }
    let other = match &arguments.exchange_reason {
        Some(reason) if arguments.with_new_document => Other::Exchange(reason),
        _ => Other::Nothing,
    };
    take_on(screen, (arguments.run.as_deref(), &arguments.taking_up), other, hidden).await
}

/// What else is to be done with a run than to drive it on.
#[derive(Clone, Copy, Debug)]
pub enum Other<'a> {
    /// Nothing.
    Nothing,
    /// Undo what was done in it.
    Undo(Undo<'a>),
    /// Go on by the document as it is now, for this reason.
    Exchange(&'a str),
}

/// Drives a run on, or undoes what was done in it.
pub async fn take_on(
    screen: &Screen,
    (run, arguments): (Option<&str>, &args::TakeUp),
    other: Other<'_>,
    hidden: &Secrets,
) -> Result<Exit, Problem> {
    let undo = if let Other::Undo(undo) = other { Some(undo) } else { None };
    if let Other::Exchange(_) = other {
        not_in_a_block("no document is exchanged")?;
    }
    if arguments.overriding.reason.is_some() {
        not_in_a_block("rules are not overridden")?;
    }
    let dir = chosen(screen, named(run, arguments.unattended.then_some("--unattended"))?, Among::Open)?;
    let place = Place::here()?;
    wait_for_others(screen, &dir);
    let recorded = to_be_taken_up(dir.clone())?;
    let mut opened = recorded.opened().clone();
    if let Some(exit) = is_over(screen, &dir, &recorded, undo.is_some())? {
        return Ok(exit);
    }
    read_alike(&recorded)?;
    let session = session(arguments.who.operator.as_deref(), &place.root)?;
    let session = vouched(session, &opened.environment, place.configuration(), &place.root)?;
    let key = arguments.session.key.as_deref();
    could_take_up(&dir.path, &opened, &session.operator, key)?;
    let ask = prepare::asks(screen, arguments.unattended)?;
    let checks = unasked::chosen(&arguments.checks, &place, &recorded.plan, ask)?;
    let session = holdpoint_engine::Session { checks, ..session };
    // Before anything is asked: a signal must not end the program while a prompt has changed the terminal.
    let _signals = Interrupts::catch(screen)?;
    let plan = &recorded.plan;
    super::targets::can_run(plan, &opened.environment)?;
    let new = match other {
        Other::Exchange(reason) => Some(exchange::new(
            (screen, hidden),
            &place.root,
            &recorded,
            &recorded.in_force(),
            (&session, reason),
        )?),
        _ => None,
    };
    // Before the run is taken up, for they may leave it.
    let handed = handed_over(screen, &recorded, &session, ask)?;
    if matches!(handed, Handed::Left) {
        return Ok(Exit::Parked);
    }
    inputs::hide_at_hand(screen, plan, &place.root, hidden);
    let ahead = new.as_ref().map_or(plan, |new| &new.prepared.plan);
    let answers =
        arguments.answers.as_deref().map(|file| prepare::answers(file, ahead, hidden)).transpose()?;
    if let Some(answers) = &answers {
        let people = holdpoint_engine::People::of(&opened);
        prepare::signers_are_known(answers, &people.names(), |name| people.knows(name))?;
    }
    let name = opened.runbook.path.clone();
    let from_answers: BTreeMap<String, String> = crate::world::answers::inputs(&answers);
    let secret = |name: &String| opened.inputs.iter().any(|input| input.secret && input.name == *name);
    let from_answers = from_answers.into_iter().filter(|(name, _)| secret(name)).collect();
    let set = inputs::parse_set(&arguments.set)?;
    let agent = !opened.environment.keys_sign();
    let wanted = Wanted { set, answers: &from_answers, root: &place.root, ask, all: true, agent };
    let secrets =
        inputs::secrets_again(screen, plan, &opened.inputs, &name, recorded.sources.own(), &wanted)?;
    let redactor = hide(&secrets, hidden)?;

    let notices = Notices::of(screen, &place)?;
    let as_it_goes = recorded.as_it_goes();
    let read = (recorded.events, recorded.position);
    let (mut writer, events, recovered) = go_on(screen, &dir, read)?;
    let orphan = Orphan::of(writer.predecessor(), &session.host);
    if orphan.is_none() && writer.predecessor().is_some_and(|before| before.child().is_some()) {
        // Its number may name somebody else tomorrow. A lock that cannot be written tells on the next write.
        let _ = writer.clear_child();
    }
    let disk = Disk::new(writer);
    let label = format!("{} (resumed) · {}", opened.number, place.relative(disk.dir()));
    let book = (plan, recorded.sources.text());
    let environment = opened.environment.name.as_str();
    screen.expects(expected(&place, (plan, &opened.runbook.path), environment, Some(opened.number))?);
    let in_lines = arguments.format == args::Lines::JsonLines;
    let screening = Screening::new(screen, ask).noticing(&notices).in_lines(in_lines);
    let mut recorder = take_up(book, disk, screening, hidden, &events, recovered.as_ref())?;
    let orphan = orphan.filter(|orphan| orphan.counts(recorder.run(), plan));
    let from = Some(session.operator_from.as_str());
    if let Some(why) = recorder.run().operator_refusal(plan, &session.operator, from) {
        return Err(handover::may_not_operate(why));
    }
    if let Some(new) = &new {
        new.fits(plan, recorder.run(), &redactor)?;
    }
    let kept = |blob, root| restored(&recorder.journal().get(blob)?, &secrets, root);
    let here = |blob| kept(blob, Some(place.root.as_path()));
    let state = recorder.run().local_shell_state().map(here).transpose()?;
    let elsewhere = recorder.run().shell_states();
    let elsewhere = elsewhere.map(|(place, blob)| Ok((place.to_owned(), kept(blob, None)?)));
    let elsewhere = elsewhere.collect::<Result<BTreeMap<_, _>, Problem>>()?;
    let accepted = accepted(recorder.run(), &session, &handed, opened.number)?;
    let watch = Watch {
        root: place.root.clone(),
        opened: &opened,
        plan,
        sources: &recorded.sources,
        dir: dir.path.clone(),
        screen: screen.clone(),
        secrets: hidden.clone(),
    };
    let looking = Prompting::of_git(screen);
    let comes = new.as_ref().map(|new| (&new.prepared.sources, &new.prepared.plan));
    let Seen { look, looked, refusal } = watch.look_by(recorder.run(), true, comes)?;
    drop(looking);
    let makes_room = new.is_some() && exchange::leaves_room(recorder.run(), &look.unmet);
    let refusal = match refusal {
        Some(refusal) if new.is_some() && !makes_room => return Err(refusal),
        refusal => refusal.filter(|_| !makes_room),
    };
    let (refusal, disregarded) =
        if recorder.run().is_bound(plan) { (refusal, None) } else { (None, refusal) };
    // The time of a step keeps nobody from taking the run up: it stands in the way of the step, once somebody overrides it.
    let overrides = arguments.overriding.reason.is_some();
    let early = recorder.run().too_early(plan, Timestamp::now()).filter(|_| overrides && new.is_none());
    let refusal =
        refusal.or_else(|| Some(Problem::refused(early.as_ref()?.why.clone(), "Wait until its time comes.")));
    let mut taken_up: Vec<Event> = accepted.into_iter().collect();
    taken_up.push(Event::SessionOpened(session.clone().after(look.clone())));
    let mut bound = None;
    let barred = recorder.run().is_barred_since_opening().then(|| Fault::Barred.into());
    // What was done can be taken back, and the run be ended, by somebody who is asked, or by an answer that says so.
    let refusal = match refusal {
        Some(refusal) if barred.is_none() && arguments.overriding.reason.is_none() => {
            let takes_back = |entry: &holdpoint_document::Entry| {
                matches!(entry.choice.as_deref(), Some("rollback" | "abort"))
            };
            let says = answers.as_ref().is_some_and(|answers| answers.steps.values().any(takes_back));
            if !ask && !says && undo.is_none() {
                return Err(refusal);
            }
            bound = Some(refusal);
            None
        }
        refusal => refusal,
    };
    let ready = match (barred.or(refusal), &arguments.overriding.reason) {
        (None, None) => Ok(None),
        (Some(refusal), None) => Err(refusal),
        (Some(refusal), Some(_)) if recorder.run().is_barred_since_opening() => Err(refusal),
        (refusal, Some(_)) => {
            let mut tried = recorder.run().clone();
            let now = Timestamp::now();
            taken_up.iter().try_for_each(|event| tried.apply(plan, now, event)).map_err(does_not_fit)?;
            let unmet = (refusal, early.as_ref().map(|early| early.rule));
            overriding::ready(&place, &arguments.overriding, unmet, &tried, &session.time_zone).map(Some)
        }
    };
    if let Some(undo) = undo {
        let mut tried = recorder.run().clone();
        let now = Timestamp::now();
        taken_up.iter().try_for_each(|event| tried.apply(plan, now, event)).map_err(does_not_fit)?;
        undoable(&tried, plan, opened.number)?;
        if let Some(orphan) = &orphan {
            orphan.tell(screen);
        }
        let answer = [undoing(&tried, plan, undo)];
        let told = ask && !undo.sure;
        if let Some(orphan) = orphan.as_ref().filter(|orphan| !orphan.unfound().lets(&answer, told)) {
            screen.tell(match (orphan.is_here(), orphan.unfound()) {
                (true, Unfound::Runs) => {
                    "Nothing was rolled back: what still runs may change more. Once it is over, do it again."
                }
                (true, _) => {
                    "Nothing was rolled back: what still runs may change more. Once you know that it does not, do it again at a terminal, without --yes."
                }
                (false, _) => {
                    "Nothing was rolled back: what may still run there may change more. Once you know that it is over, do it again at a terminal, without --yes."
                }
            });
            return Ok(Exit::Parked);
        }
    }
    screen::head(screen, (plan, Some(&place.root)), &as_it_goes, &session, &label);
    notices.tell();
    if let Some(recovered) = &recovered {
        let bytes = recovered.torn.bytes;
        screen.tell(&format!(
            "  The record ended in the middle of a line; {bytes} bytes were kept aside and cut off."
        ));
    }
    let local = Local::new(screen, place.root.clone(), state, secrets.clone(), redactor.clone())?;
    let otherwise = ask.then(|| Operator::new(screen, place.root.clone(), checks));
    let desk = Answered::new(screen, answers.unwrap_or_default(), otherwise).noticing(&notices);
    let ready = ready?;
    let (_, store) = recorder.view_and_store();
    looked.map(|looked| looked.keep(store)).transpose()?;
    recorder.record(taken_up)?;
    session::sign(screen, &mut recorder, &session.seat(), key)?;
    if early.is_some() {
        recorder.record(vec![Event::RulesChecked(look)])?;
    }
    // The time of the step may have come meanwhile.
    if let Some(ready) = ready.filter(|_| early.is_none() || !recorder.run().barred().is_empty()) {
        overriding::record(screen, &mut recorder, ready, arguments.overriding.override_key.as_deref())?;
    }
    let (mut plan, mut sources) = (plan, &recorded.sources);
    if let Some(new) = &new {
        opened = new.record(&mut recorder, (&opened, sources.text()), &session.operator)?;
        exchange::tell(screen, new, hidden);
        (plan, sources) = (&new.prepared.plan, &new.prepared.sources);
    }
    let watch = Watch {
        root: place.root.clone(),
        opened: &opened,
        plan,
        sources,
        dir: dir.path.clone(),
        screen: screen.clone(),
        secrets: hidden.clone(),
    };
    if let Some(remark) = disregarded.filter(|_| recorder.run().is_rolling_back()) {
        screen.tell(&format!("  not kept from rolling back: {remark}"));
    }
    if let Some(refusal) = &bound {
        screen.tell(&format!("  {refusal}"));
    }
    let left = orphan.as_ref().map(|orphan| orphan.left().clone());
    let runner = Places::new(local, &opened, elsewhere).beside(left);
    let mut session = Session { recorder, desk, runner, rules: watch.checks(screen) };
    if let Some(undo) = undo {
        // What was sent to a place may have ended, or may run there still: what is undone depends on it.
        let looked = session.look().await?;
        let (run, told) = (session.recorder.run(), ask && !undo.sure);
        undoable(run, plan, opened.number)?;
        let answer = [undoing(run, plan, undo)];
        let wanted = run.offers(plan).rollback;
        let lets = looked.unfound.is_none_or(|unfound| unfound.lets(&answer, told));
        if looked.leaves || !lets {
            let why = match looked.unfound {
                _ if looked.leaves => "",
                Some(Unfound::Away) => {
                    ": what may still run there may change more. Once its place answers, or you know that it is over, do it again at a terminal, without --yes"
                }
                _ => ": what still runs there may change more. Once it is over, do it again",
            };
            screen.tell(&format!("Nothing was rolled back{why}."));
            return Ok(Exit::Parked);
        }
        let (view, _) = session.recorder.view_and_store();
        tell_rollback(screen, &view, &wanted);
        let sure = undo.sure || ask && is_sure(screen);
        if !sure {
            let unasked = if ask { "" } else { " To do it unasked: --yes." };
            screen.tell(&format!("Nothing was rolled back.{unasked}"));
            return Ok(Exit::Parked);
        }
        session.recorder.record(answer.into())?;
    }
    if undo.is_none() {
        // What has lapsed is told before the first line of that.
        let run = session.recorder.run().going_on_at(plan, Timestamp::now());
        let so_far = Summing::begin(&recorded.plan, &events[0], None).map_err(Problem::ours)?;
        let mut so_far = so_far.overview();
        events[1..].iter().for_each(|stamped| so_far.event(stamped.clone()));
        tell_steps(screen, plan, run.as_ref().unwrap_or(session.recorder.run()), &so_far.end());
    }
    tell_failure(screen, plan, &session.recorder, &events)?;
    // Giving a long record's events back piece by piece takes as long as reading them: the process's end does it.
    std::mem::forget(events);
    if let (Some(orphan), None) = (&orphan, undo) {
        orphan.tell(screen);
    }
    let stop = session.drive().await?;
    notices.farewell();
    if let (Stop::Parked(_, Question::Barred), Some(refusal)) = (&stop, bound) {
        return Err(refusal);
    }
    Ok(farewell(screen, session.recorder.run(), plan, (stop, opened.number), key))
}

/// That what was done is undone, for the reason that is given.
fn undoing(run: &Run, plan: &Plan, undo: Undo<'_>) -> Event {
    let by = By { who: run.operator().to_owned(), via: Via::Command };
    roll_back(plan, &run.offers(plan).rollback, Some(undo.reason.to_owned()), Some(by))
}

/// Whether something that was done can be undone now.
fn undoable(run: &Run, plan: &Plan, number: u64) -> Result<(), Problem> {
    let wanted = run.offers(plan).rollback;
    if !wanted.steps.is_empty() {
        return Ok(());
    }
    let why = match () {
        () if matches!(run.next(plan), Next::Done(_)) => "all of it has been done by now",
        () if run.is_rolling_back() => "it is being rolled back already",
        () if wanted.barrier.is_some() => "what was done in it lies behind a point of no return",
        () if !wanted.without.is_empty() => "what was done in it has no rollback in the document",
        () => "nothing was done in it that could be undone now",
    };
    Err(Problem::usage(
        format!("run {number} is not rolled back: {why}"),
        format!("`holdpoint resume {number}` goes on with it, and asks; it can be aborted there."),
    ))
}

fn does_not_fit(unexpected: Unexpected) -> Problem {
    Problem::record(format!("the run cannot be taken up: {unexpected}"), "Nothing was executed.")
}

/// What became of a handover that was open.
enum Handed {
    /// None was.
    No,
    /// It is accepted.
    Accepted(Box<Handover>),
    /// They leave it.
    Left,
}

/// Whether the run waits to be accepted by its next operator, and whether they do.
fn handed_over(
    screen: &Screen,
    recorded: &Recorded,
    session: &holdpoint_engine::Session,
    ask: bool,
) -> Result<Handed, Problem> {
    if !recorded.events.iter().any(|stamped| matches!(stamped.event, Event::Handover(_))) {
        return Ok(Handed::No);
    }
    let events = recorded.events.iter().map(|stamped| (stamped.at, stamped.event.clone()));
    let run = Run::replay(&recorded.plan, events).map_err(|unexpected| {
        Problem::record(
            format!("the record does not conform: {unexpected}"),
            "Nothing was executed. `holdpoint verify` says more.",
        )
    })?;
    let Some(open) = run.handover() else { return Ok(Handed::No) };
    let number = recorded.opened().number;
    handover::may_accept(&run, &recorded.plan, &session.operator, number)?;
    handover::tell(screen, &run, &recorded.plan);
    not_in_a_block("a run is not taken over")?;
    let stands = || handover::tell(screen, &run, &recorded.plan);
    if ask && accepts(screen, &session.operator, stands) {
        return Ok(Handed::Accepted(Box::new(open.clone())));
    }
    screen.tell(&format!(
        "Run {number}: {} · it waits for you to accept it: {}",
        screen.style().yellow().bold().apply_to("PARKED"),
        screen.neutralise(&handover::accepting(number, &session.operator))
    ));
    Ok(Handed::Left)
}

/// The event that says so, if it is still the handover that was shown.
fn accepted(
    run: &Run,
    session: &holdpoint_engine::Session,
    handed: &Handed,
    number: u64,
) -> Result<Option<Event>, Problem> {
    match (run.handover(), handed) {
        (None, Handed::No) => Ok(None),
        (Some(open), Handed::Accepted(shown)) if *open == **shown => {
            let by = By { who: session.operator.clone(), via: Via::Terminal };
            Ok(Some(Event::HandoverAccepted { by }))
        }
        _ => Err(Problem::usage(
            format!("run {number} has changed meanwhile"),
            format!("Look at it again with: holdpoint resume {number}"),
        )),
    }
}

/// Why each step will or will not run.
fn tell_steps(screen: &Screen, plan: &Plan, run: &Run, so_far: &Summary) {
    if let Some(back) = run.rolling_back(plan) {
        return tell_rollback_steps(screen, plan, run, &back);
    }
    let mut sent = false;
    let (at, doubtful) = match run.next(plan) {
        Next::Ask(task, question) => {
            sent = run.sent_to(task).is_some();
            (Some(task.step), question == Question::InDoubt)
        }
        Next::Execute(execution) => (Some(execution.task.step), false),
        Next::PassOver { task, .. } => (Some(task.step), false),
        _ => (None, false),
    };
    let ended: HashMap<&str, _> =
        so_far.steps.iter().filter_map(|step| Some((step.id.as_str(), step.ended?))).collect();
    let zone = jiff::tz::TimeZone::system();
    for (index, step) in plan.steps.iter().enumerate() {
        let title = screen.neutralise(&run.step_in_words(step));
        let why = match () {
            () if Some(index) == at && doubtful && sent => {
                "in doubt: was started, no end is on record; it is looked for at its place".to_owned()
            }
            () if Some(index) == at && doubtful => {
                "in doubt: was started, no end is on record; you decide".to_owned()
            }
            () if Some(index) == at && run.has_lapsed(index) => {
                "goes on here: its sign-off has lapsed, and is asked for again".to_owned()
            }
            () if Some(index) == at && run.is_touched(index) => {
                "goes on here; what passed in it is not run again".to_owned()
            }
            () if Some(index) == at => "goes on here".to_owned(),
            () if run.is_settled(index) => {
                let why = match run.step_status(plan, index) {
                    Status::NotApplicable => "not for this run".to_owned(),
                    status => status.words().to_lowercase(),
                };
                let at = ended.get(step.id.as_str());
                let at = at.map(|at| format!(" at {}", holdpoint_report::clock(*at, &zone)));
                format!("will not run: {why}{}", at.unwrap_or_default())
            }
            () if run.next(plan) == Next::SignSession => "does not run: the session is not signed".to_owned(),
            () if run.next(plan) == Next::Override => {
                "does not run: rules of the environment do not hold".to_owned()
            }
            () if run.has_lapsed(index) => "will be asked for again: its sign-off has lapsed".to_owned(),
            () => match run.step_status(plan, index) {
                Status::NotReached => "will run: nothing of it has happened yet".to_owned(),
                status => match status.before() {
                    Some(before) => format!("will run again: {before}"),
                    None => "will run; what passed in it is not run again".to_owned(),
                },
            },
        };
        screen.tell(&format!("  {title}: {why}"));
    }
}

/// Of a run that is being rolled back: what is undone, where that goes on, and what else becomes of its steps.
fn tell_rollback_steps(screen: &Screen, plan: &Plan, run: &Run, back: &RollingBack) {
    screen.tell("  The run is being rolled back: this goes on with that, and does no other step.");
    for (index, step) in plan.steps.iter().enumerate() {
        let why = match run.rollback_state(plan, index) {
            Some(RollbackState::Impossible) => "stays: it has no rollback",
            Some(state) if index == back.next.step => match state.seen(false) {
                RollbackState::Failed => "goes on here: its rollback failed; you decide",
                RollbackState::InDoubt => {
                    "goes on here: its rollback was started, no end is on record; you decide"
                }
                _ => "goes on here: its rollback is next",
            },
            Some(_) if back.ahead.contains(&index) => "its rollback comes after that",
            Some(state) => state.words(),
            None if run.is_touched(index) => "stays as it is: the rollback is not about it",
            None => "will not run: nothing of it has happened",
        };
        screen.tell(&format!("  {}: {why}", screen.neutralise(&run.step_in_words(step))));
    }
}

/// What the block that failed expected and what came: whoever takes the run up decides about it.
fn tell_failure(
    screen: &Screen,
    plan: &Plan,
    recorder: &OnDisk<'_>,
    events: &[Stamped],
) -> Result<(), Problem> {
    let run = recorder.run();
    let Next::Ask(task, Question::Failed) = run.next(plan) else { return Ok(()) };
    let finished = events.iter().rev().find_map(|stamped| match &stamped.event {
        Event::ActionFinished(finished) | Event::RollbackFinished(finished)
            if !finished.probe
                && task.is(plan, &finished.step, &finished.action)
                && finished.place.as_deref() == run.place_of(task) =>
        {
            Some((finished, stamped.at))
        }
        _ => None,
    });
    // What cannot be begun has not failed.
    let failed = finished.filter(|_| run.condition_error(plan, task).is_none());
    let Some((finished, at)) = failed else { return Ok(()) };
    let at = holdpoint_report::clock(at, &jiff::tz::TimeZone::system());
    let attempt = format!("  the last attempt of {}, number {}, {at}:", finished.action, finished.attempt);
    screen.tell(&screen.neutralise(&attempt));
    if let Some(output) = &finished.output {
        for (blob, error) in [(&output.stdout, false), (&output.stderr, true)] {
            screen::last_lines(screen, &recorder.journal().get(blob)?, error);
        }
    }
    screen::verdict_line(screen, finished);
    screen::failure(screen, finished);
    Ok(())
}
