//! `run`: opens a run and drives it; dry runs take the same way through another world.

use std::collections::BTreeMap;

use holdpoint_driver::{Recorder, Secrets, Session};
use holdpoint_engine::{Event, Next, Run, RunOpened};
use holdpoint_record::{OpenError, StoreError};
use holdpoint_redact::Redactor;
use jiff::Timestamp;

use super::changes;
use super::dry_run::{How, dry_run};
use super::expected::expected;
use super::farewell::farewell;
use super::hours::Calendar;
use super::opening::{opened, signer_files, with_program};
use super::overriding;
use super::prepare::{self, Prepared, holds_none, keep_secrets_of_rehearsal};
use super::read::store_problem;
use super::session;
use super::targets;
use super::unasked;
use super::watch::Watch;
use crate::args;
use crate::exit::Exit;
use crate::git::joined;
use crate::interrupts::{Interrupts, Prompting};
use crate::notices::Notices;
use crate::operator;
use crate::place::Traced;
use crate::problem::Problem;
use crate::screen::{self, Screen};
use crate::world::answers::Prepared as Answered;
use crate::world::disk::Disk;
use crate::world::local::Local;
use crate::world::places::Places;
use crate::world::screening::Screening;
use crate::world::terminal::Operator;
use crate::world::{Memory, RunView};

/// Opens a run and drives it.
pub async fn run(screen: &Screen, arguments: &args::Run, secrets: &Secrets) -> Result<Exit, Problem> {
    if arguments.format == args::RunFormat::Json && !arguments.dry_run {
        return Err(Problem::usage(
            "--format json tells of a dry run at its end, and this is none",
            "Add --dry-run, or say --format json-lines: a line each time something happens.",
        ));
    }
    if arguments.overriding.reason.is_some() {
        operator::not_in_a_block("rules are not overridden")?;
    }
    let ask = prepare::asks(
        screen,
        arguments.unattended || arguments.dry_run && screen.audience() == screen::Audience::Blind,
    )?;
    // Before anything is asked: a signal must not end the program while a prompt has changed the terminal.
    let _signals = Interrupts::catch(screen)?;
    let (who, key) = (arguments.who.operator.as_deref(), arguments.session.key.as_deref());
    let could = |prepared: &Prepared| session::could_open(&prepared.place, &prepared.environment, who, key);
    let may = |prepared: &mut Prepared, asks: bool| {
        let asked = ask && !arguments.dry_run;
        prepared.change = changes::given(screen, prepared, arguments.change.as_deref(), asked)?;
        targets::can_run(&prepared.plan, &prepared.environment)?;
        if arguments.dry_run {
            return Ok(());
        }
        could(prepared)?;
        // What is asked about is the state of things when the run opens: all of it is looked at again then.
        if asks && arguments.overriding.reason.is_none() {
            let looking = Prompting::of_git(screen);
            let (traced, session) = circumstances(prepared, who)?;
            drop(looking);
            prepared.may_open(&traced, &session, (screen, secrets))?;
        }
        Ok(())
    };
    let prepared = prepare::prepare(screen, &arguments.file, &arguments.given, (ask, true), secrets, may)?;
    let redactor = hide(&prepared.inputs.secrets, secrets)?;
    prepared.keep_secrets(&redactor)?;
    let looking = Prompting::of_git(screen);
    let (traced, mut session) = circumstances(&prepared, who)?;
    drop(looking);
    session.checks =
        unasked::chosen(&arguments.checks, &prepared.place, &prepared.plan, ask && !arguments.dry_run)?;
    if arguments.dry_run {
        let hows = How { checks: !arguments.no_checks, format: arguments.format };
        let unsigned = could(&prepared).err();
        return dry_run(screen, prepared, (session, traced, unsigned), redactor, (secrets, hows)).await;
    }
    let obeyed = prepared.obey(&traced, &session, (screen, secrets))?;
    if let Some(rehearsed) = &obeyed.rehearsed {
        keep_secrets_of_rehearsal(rehearsed, &redactor)?;
    }
    if let Some(Calendar { path, bytes, .. }) = &obeyed.calendar {
        holds_none(&redactor, path, bytes, |name| {
            format!("Change the secret {name}, and take it out of the calendar.")
        })?;
    }
    let ready = match (&arguments.overriding.reason, obeyed.refusal()) {
        (None, None) => None,
        (None, Some(refusal)) => return Err(refusal),
        (Some(_), refusal) => {
            let mut nowhere = Memory::<Problem>::default();
            let tried = opened(&prepared, &obeyed, &mut nowhere, 1, session.clone(), traced.clone())?;
            let run = Run::replay(&prepared.plan, [(Timestamp::now(), Event::RunOpened(Box::new(tried)))])
                .map_err(|unexpected| {
                    Problem::fault(unexpected.to_string(), "This is a fault of holdpoint.")
                })?;
            let (place, zone) = (&prepared.place, &session.time_zone);
            Some(overriding::ready(place, &arguments.overriding, (refusal, None), &run, zone)?)
        }
    };
    let notices = Notices::of(screen, &prepared.place)?;
    // Before there is a run that they could be copied into.
    signer_files(&prepared)?;
    let local = Local::new(
        screen,
        prepared.place.root.clone(),
        None,
        prepared.inputs.secrets.clone(),
        redactor.clone(),
    )?;

    // From here on things are written.
    let store = prepared.place.store();
    let (number, writer) = store.create_run(&prepared.slug()).map_err(|error| {
        let message = format!("no run can be opened: {error}");
        match error {
            StoreError::Disk(error) | StoreError::Open(OpenError::Disk(error)) => {
                Problem::disk(&error, message)
            }
            _ => Problem::usage(message, "Nothing was run: without a durable record nothing is."),
        }
    })?;
    let mut disk = Disk::new(writer);
    let asked = (&prepared.plan, prepared.path.as_str());
    let expected = expected(&prepared.place, asked, &prepared.environment.name, Some(number))?;
    let opened = opened(&prepared, &obeyed, &mut disk, number, session, traced)?;
    let opened = RunOpened { former: store.former(number).map_err(store_problem)?, ..opened };
    // Where somebody is asked first, it would wait for as long as they do.
    if !ask {
        get_ready(&prepared, &local, &opened, &disk, secrets);
    }
    let opened = with_program(opened);
    let label = format!("{number} · {}", prepared.place.relative(disk.dir()));
    screen::head(screen, (&prepared.plan, Some(&prepared.place.root)), &opened, &opened.session, &label);
    prepared.warn(screen);
    obeyed.warn(screen);
    notices.tell();
    screen.expects(expected);
    let otherwise = ask.then(|| Operator::new(screen, prepared.place.root.clone(), opened.session.checks));
    let desk =
        Answered::new(screen, prepared.answers.clone().unwrap_or_default(), otherwise).noticing(&notices);
    let root = prepared.place.root.clone();
    let book = (&prepared.plan, prepared.sources.text());
    let dir = disk.dir().to_owned();
    let watch = Watch {
        root,
        opened: &opened,
        plan: book.0,
        sources: &prepared.sources,
        dir,
        screen: screen.clone(),
        secrets: secrets.clone(),
    };
    let rules = watch.checks(screen);
    let mut recorder = Recorder::new(
        book,
        disk,
        Screening::new(screen, ask)
            .noticing(&notices)
            .in_lines(arguments.format == args::RunFormat::JsonLines),
        secrets.clone(),
        Timestamp::now,
    );
    recorder.record(vec![Event::RunOpened(Box::new(opened.clone()))])?;
    session::sign(screen, &mut recorder, &opened.session.seat(), key)?;
    if let Some(ready) = ready {
        overriding::record(screen, &mut recorder, ready, arguments.overriding.override_key.as_deref())?;
    }
    let runner = Places::new(local, &opened, BTreeMap::new());
    let mut session = Session { recorder, desk, runner, rules };
    let stop = session.drive().await?;
    notices.farewell();
    Ok(farewell(screen, session.recorder.run(), &prepared.plan, (stop, number), key))
}

/// Has the shell of the first block started, if a block comes first: it waits until its own start is on record.
fn get_ready(prepared: &Prepared, local: &Local, opened: &RunOpened, disk: &Disk, secrets: &Secrets) {
    let (plan, source) = (&prepared.plan, prepared.sources.text());
    let opened = Event::RunOpened(Box::new(opened.clone()));
    // What the engine will make of it; if it refuses, that is said when it is recorded.
    let Ok(run) = Run::replay(plan, [(Timestamp::now(), opened)]) else { return };
    if let Next::Execute(execution) = run.next(plan)
        && run.places_of(execution.task).is_empty()
    {
        local.get_ready(&RunView { plan, source, run: &run, secrets }, execution.task, disk);
    }
}

/// What git knows of the document, and who operates; both are asked at the same time. The digest of the program is not
/// waited for yet.
fn circumstances(
    prepared: &Prepared,
    who: Option<&str>,
) -> Result<(Traced, holdpoint_engine::Session), Problem> {
    let Prepared { place, path, sources, .. } = prepared;
    let (traced, session) = std::thread::scope(|scope| {
        let session = scope.spawn(|| {
            let session = operator::circumstances(who, &place.root)?;
            operator::vouched(session, &prepared.environment, place.configuration(), &place.root)
        });
        (place.trace(&sources.each(path)), joined(session))
    });
    Ok((traced?, session?))
}

/// Hides the secrets; refuses what is too short to be masked.
pub fn hide(values: &[(String, String)], secrets: &Secrets) -> Result<Redactor, Problem> {
    let redactor = Redactor::new(values.to_vec()).map_err(|error| {
        Problem::usage(
            error.to_string(),
            "A secret that short would be masked everywhere, or nowhere. Use a longer one.",
        )
    })?;
    secrets.hide(&redactor);
    Ok(redactor)
}
