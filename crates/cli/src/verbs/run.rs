//! `run`: opens a run and drives it; dry runs take the same way through another world.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use holdpoint_driver::{Recorder, Secrets, Session, Stop};
use holdpoint_engine::{Claims, EnvironmentSeen, Event, Next, Run, RunOpened, Runbook, Verdict};
use holdpoint_record::{FORMAT, OpenError, StoreError};
use holdpoint_redact::Redactor;
use holdpoint_signing::{BadFiles, Signers};
use jiff::Timestamp;

use super::farewell::farewell;
use super::overriding;
use super::prepare::{self, Prepared, keep_secrets_of_rehearsal};
use super::read::store_problem;
use super::rules::Obeyed;
use super::session;
use super::targets;
use super::watch::Watch;
use crate::args;
use crate::exit::Exit;
use crate::git::joined;
use crate::interrupts::{Interrupts, Prompting};
use crate::operator;
use crate::place::{Place, Traced};
use crate::problem::Problem;
use crate::screen::{self, Screen};
use crate::world::answers::Prepared as Answered;
use crate::world::assume::{Assuming, ChecksOnly, Learnt};
use crate::world::disk::Disk;
use crate::world::local::Local;
use crate::world::places::Places;
use crate::world::screening::Screening;
use crate::world::terminal::Operator;
use crate::world::{Memory, RunView, Store};

/// Opens a run and drives it.
pub async fn run(screen: &Screen, arguments: &args::Run, secrets: &Secrets) -> Result<Exit, Problem> {
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
    let could =
        |place: &Place, environment: &EnvironmentSeen| session::could_open(place, environment, who, key);
    let may = |place: &Place, environment: &EnvironmentSeen| match arguments.dry_run {
        true => Ok(()),
        false => could(place, environment),
    };
    let prepared = prepare::prepare(screen, &arguments.file, &arguments.given, (ask, true), secrets, may)?;
    targets::can_run(&prepared.plan, &prepared.environment)?;
    let redactor = hide(&prepared.inputs.secrets, secrets)?;
    prepared.keep_secrets(&redactor)?;
    let looking = Prompting::of_git(screen);
    let (traced, session) = circumstances(&prepared, who)?;
    drop(looking);
    if arguments.dry_run {
        let unsigned = could(&prepared.place, &prepared.environment).err();
        return dry_run(screen, prepared, session, (traced, unsigned), redactor, secrets).await;
    }
    let obeyed = prepared.obey(&traced, &session)?;
    if let Some(rehearsed) = &obeyed.rehearsed {
        keep_secrets_of_rehearsal(rehearsed, &redactor)?;
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
            Some(overriding::ready(place, &arguments.overriding, refusal, &run, zone)?)
        }
    };
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
    let opened = opened(&prepared, &obeyed, &mut disk, number, session, traced)?;
    let opened = RunOpened { former: store.former(number).map_err(store_problem)?, ..opened };
    // Where somebody is asked first, it would wait for as long as they do.
    if !ask {
        get_ready(&prepared, &local, &opened, &disk, secrets);
    }
    let opened = with_program(opened);
    let label = format!("{number} · {}", prepared.place.relative(disk.dir()));
    screen::head(screen, &opened, &opened.session.operator, &label);
    prepared.warn(screen);
    obeyed.warn(screen);
    let otherwise = ask.then(|| Operator::new(screen, prepared.place.root.clone()));
    let desk = Answered::new(screen, prepared.answers.clone().unwrap_or_default(), otherwise);
    let root = prepared.place.root.clone();
    let book = (&prepared.plan, prepared.source.as_str());
    let dir = disk.dir().to_owned();
    let rules = Watch { root, opened: &opened, plan: book.0, source: book.1, dir }.checks(screen);
    let mut recorder =
        Recorder::new(book, disk, Screening::new(screen, ask), secrets.clone(), Timestamp::now);
    recorder.record(vec![Event::RunOpened(Box::new(opened.clone()))])?;
    session::sign(&mut recorder, &opened.session.seat(), key)?;
    if let Some(ready) = ready {
        overriding::record(screen, &mut recorder, ready, arguments.overriding.override_key.as_deref())?;
    }
    let runner = Places::new(local, &opened, BTreeMap::new());
    let mut session = Session { recorder, desk, runner, rules };
    let stop = session.drive().await?;
    Ok(farewell(screen, session.recorder.run(), &prepared.plan, stop, number))
}

/// Has the shell of the first block started, if a block comes first: it waits until its own start is on record.
fn get_ready(prepared: &Prepared, local: &Local, opened: &RunOpened, disk: &Disk, secrets: &Secrets) {
    let (plan, source) = (&prepared.plan, prepared.source.as_str());
    let opened = Event::RunOpened(Box::new(opened.clone()));
    // What the engine will make of it; if it refuses, that is said when it is recorded.
    let Ok(run) = Run::replay(plan, [(Timestamp::now(), opened)]) else { return };
    if let Next::Execute(execution) = run.next(plan)
        && run.places_of(execution.task).is_empty()
    {
        local.get_ready(&RunView { plan, source, run: &run, secrets }, execution.task, disk);
    }
}

/// Waits for the digest of the program: nothing is recorded without.
fn with_program(opened: RunOpened) -> RunOpened {
    RunOpened { session: operator::with_program(opened.session), ..opened }
}

/// What git knows of the document, and who operates; both are asked at the same time. The digest of the program is not
/// waited for yet.
fn circumstances(
    prepared: &Prepared,
    who: Option<&str>,
) -> Result<(Traced, holdpoint_engine::Session), Problem> {
    let Prepared { place, path, source, .. } = prepared;
    let (traced, session) = std::thread::scope(|scope| {
        let session = scope.spawn(|| {
            let session = operator::circumstances(who, &place.root)?;
            operator::vouched(session, &prepared.environment, place.configuration(), &place.root)
        });
        (place.trace(path, source.as_bytes()), joined(session))
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

/// The files that say who may sign and whose keys are revoked. One that is no such file is refused: what the
/// configuration names may be anything, a private key for instance, and would be kept with the run.
fn signer_files(prepared: &Prepared) -> Result<[Option<Vec<u8>>; 2], Problem> {
    let read = |path: Option<&String>,
                what: &str,
                parse: fn(&[u8]) -> Result<Signers, BadFiles>|
     -> Result<_, Problem> {
        let Some(path) = path else { return Ok(None) };
        let bytes = prepared.place.configured_file(path).map_err(|error| {
            Problem::usage(
                format!("{what} `{path}` cannot be read: {error}"),
                "holdpoint.toml names it under [signers]. Make the file, or remove the key.",
            )
        })?;
        parse(&bytes).map_err(|error| {
            Problem::usage(
                format!("`{path}` is not {what}: {error}"),
                "Nothing was run or copied. holdpoint.toml names it under [signers]: name the right file, or correct it.",
            )
        })?;
        Ok(Some(bytes))
    };
    let config = prepared.place.configuration();
    Ok([
        read(config.and_then(|it| it.signers.as_ref()), "the file of allowed signers", |bytes| {
            Signers::read(Some(bytes), None, "UTC")
        })?,
        read(config.and_then(|it| it.revoked.as_ref()), "the list of revoked keys", |bytes| {
            Signers::read(None, Some(bytes), "UTC")
        })?,
    ])
}

/// Event 0, but for the digest of the program.
fn opened(
    prepared: &Prepared,
    obeyed: &Obeyed,
    store: &mut Store<'_>,
    number: u64,
    session: holdpoint_engine::Session,
    traced: Traced,
) -> Result<RunOpened, Problem> {
    let config =
        prepared.place.config.as_ref().map(|config| store.put(config.text.as_bytes())).transpose()?;
    let configuration = prepared.place.configuration();
    let [signers, revoked] = signer_files(prepared)?;
    let signers = signers.map(|bytes| store.put(&bytes)).transpose()?;
    let revoked = revoked.map(|bytes| store.put(&bytes)).transpose()?;
    Ok(RunOpened {
        former: None,
        dry: false,
        format: FORMAT.to_owned(),
        id: ulid::Ulid::generate().to_string(),
        number,
        runbook: Runbook {
            path: prepared.path.clone(),
            blob: store.put(prepared.source.as_bytes())?,
            commit: traced.commit,
            dirty: traced.dirty,
            committed: traced.committed,
            title: prepared.plan.title.clone(),
            document_id: prepared.plan.front.document_id.clone(),
            revision: prepared.plan.front.revision.clone(),
            claims: Claims::of(&prepared.plan.front),
            foreign: prepared.plan.is_foreign(),
        },
        plan: prepared.plan.digest(),
        environment: prepared.environment.clone(),
        inputs: prepared.inputs.given.clone(),
        config,
        signers,
        revoked,
        roles: configuration.map(|config| config.roles.clone()).unwrap_or_default(),
        people: configuration.map(holdpoint_document::Config::printed_names).unwrap_or_default(),
        aliases: configuration.map(holdpoint_document::Config::aliases).unwrap_or_default(),
        policy: overriding::policy(obeyed, store)?,
        session,
    })
}

/// The same engine over a world that executes checks only and keeps nothing.
async fn dry_run(
    screen: &Screen,
    prepared: Prepared,
    session: holdpoint_engine::Session,
    (traced, unsigned): (Traced, Option<Problem>),
    redactor: Redactor,
    secrets: &Secrets,
) -> Result<Exit, Problem> {
    let local =
        Local::new(screen, prepared.place.root.clone(), None, prepared.inputs.secrets.clone(), redactor)?;
    let mut memory = Memory::<Problem>::default();
    let refusal = prepared.obey(&traced, &session).map_or_else(Some, |obeyed| obeyed.refusal());
    // What does not hold is told, and keeps no checks from being tried.
    let opened = opened(&prepared, &Obeyed::default(), &mut memory, 0, session, traced)?;
    let opened = RunOpened { dry: true, ..with_program(opened) };
    screen::head(
        screen,
        &opened,
        &opened.session.operator,
        "DRY RUN: checks are executed, the rest is assumed, nothing is kept",
    );
    prepared.warn(screen);
    for problem in unsigned.into_iter().chain(refusal) {
        screen.tell(&format!("  a real run would be refused: {}", problem.message(screen)));
    }
    let learnt = Rc::new(RefCell::new(Learnt::default()));
    let desk = Assuming {
        screen: screen.clone(),
        learnt: Rc::clone(&learnt),
        answers: prepared.answers.clone().unwrap_or_default(),
        told: None,
    };
    let places = Places::new(local, &opened, BTreeMap::new());
    let runner = ChecksOnly { places, learnt: Rc::clone(&learnt) };
    let book = (&prepared.plan, prepared.source.as_str());
    let mut recorder =
        Recorder::new(book, memory, Screening::new(screen, true), secrets.clone(), Timestamp::now);
    recorder.record(vec![Event::RunOpened(Box::new(opened))])?;
    // A dry run keeps no rules.
    let rules = Box::new(|_: &Run| {
        Err(Problem::fault("nobody can look at the repository", "This is a fault of holdpoint."))
    });
    let mut session = Session { recorder, desk, runner, rules };
    let stop = session.drive().await?;
    let learnt = learnt.borrow();
    screen.say("");
    screen.say(&screen.rule("values"));
    for (name, value) in session.recorder.run().values().vars() {
        let label = match () {
            () if learnt.unknown.contains(name) => "unknown before the real run".to_owned(),
            () if learnt.real.contains(name) => format!("{} (real)", screen.neutralise(value)),
            () => format!("{} (given)", screen.neutralise(value)),
        };
        screen.tell(&format!("  {name} = {label}"));
    }
    for name in session.recorder.run().values().secrets() {
        screen.tell(&format!("  {name} = {} (given)", holdpoint_engine::mask(name)));
    }
    screen.say("");
    let undecided = undecided(&prepared.plan, &learnt);
    for (what, unknown) in &undecided {
        screen.tell(&format!(
            "  whether {what} is for this run depends on {unknown}, unknown before the real run"
        ));
    }
    match (stop, learnt.failures.as_slice()) {
        (Stop::Done(Verdict::NothingDone), []) if undecided.is_empty() => {
            screen.tell("Dry run: nothing would be done, every action is passed over or skipped.");
            Ok(Exit::Failed)
        }
        (Stop::Done(_), []) => {
            let what = held(&learnt.untried, undecided.iter().map(|(what, _)| what.as_str()).collect());
            screen.tell(&format!("Dry run: {what}. Nothing was changed or kept."));
            Ok(Exit::Passed)
        }
        (_, []) => {
            screen.tell("Dry run: it could not be walked to its end. Nothing was changed or kept.");
            Ok(Exit::Failed)
        }
        (_, failures) => {
            screen.tell(&format!(
                "Dry run: a real run would stop at {}. Nothing was changed or kept.",
                failures.join(", ")
            ));
            Ok(Exit::Failed)
        }
    }
}

/// What may be said where no check failed: nothing of those that nobody tried, nor of what a stand-in decided about.
fn held(untried: &[String], undecided: Vec<&str>) -> String {
    if untried.is_empty() && undecided.is_empty() {
        return "every check before the first change holds".to_owned();
    }
    let mut told = "every check that could be tried holds".to_owned();
    if !untried.is_empty() {
        told += &format!("; not tried: {}", untried.join(", "));
    }
    if !undecided.is_empty() {
        told += &format!("; not known to be for this run: {}", undecided.join(", "));
    }
    told
}

/// Steps and actions whose condition reads what nobody knows yet, with what that is: a dry run decides it by a stand-in.
fn undecided(plan: &holdpoint_document::Plan, learnt: &Learnt) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut look = |what: &str, condition: &str| {
        let names = holdpoint_engine::names_in_condition(condition);
        let unknown: Vec<String> = names.into_iter().filter(|name| learnt.unknown.contains(name)).collect();
        if !unknown.is_empty() {
            found.push((what.to_owned(), unknown.join(", ")));
        }
    };
    for step in &plan.steps {
        step.when.iter().for_each(|condition| look(&step.id, condition));
        for action in &step.actions {
            let own = action.work.block().and_then(|block| block.options.when.as_ref());
            own.into_iter().for_each(|condition| look(&action.id, condition));
        }
    }
    found
}
