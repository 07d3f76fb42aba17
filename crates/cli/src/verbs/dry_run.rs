//! `run --dry-run`: the same engine over a world that executes checks only and keeps nothing; and what it comes to.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use holdpoint_document::{Action, Code, Plan, Requires, Step, Work, many};
use holdpoint_driver::{Recorder, Secrets, Session, Stop};
use holdpoint_engine::{Event, Gate, Run, RunOpened, Verdict, duration};
use holdpoint_helper::Helper;
use holdpoint_redact::Redactor;
use holdpoint_report::took;
use holdpoint_view::Expectations;
use jiff::Timestamp;
use serde::Serialize;

use super::anchored::token_holds;
use super::expected::expected;
use super::opening::{opened, with_program};
use super::prepare::Prepared;
use super::read::{read_problem, store_problem};
use super::rules::Obeyed;
use crate::args::RunFormat;
use crate::exit::Exit;
use crate::place::Traced;
use crate::problem::Problem;
use crate::screen::{self, Screen};
use crate::world::assume::{Assuming, ChecksOnly, How as Known, Learnt, Taken};
use crate::world::before::Before;
use crate::world::local::Local;
use crate::world::places::Places;
use crate::world::screening::Screening;
use crate::world::{Memory, ProseShown, Store};

/// How a dry run is to be made, and told.
pub struct How {
    /// Whether checks are executed.
    pub checks: bool,
    /// How it is told at its end, besides on the screen.
    pub format: RunFormat,
}

/// Walks through a run, and keeps nothing.
pub async fn dry_run(
    screen: &Screen,
    prepared: Prepared,
    (session, traced, unsigned): (holdpoint_engine::Session, Traced, Option<Problem>),
    redactor: Redactor,
    (secrets, how): (&Secrets, How),
) -> Result<Exit, Problem> {
    let mut prepared = prepared;
    if let Some(change) = &mut prepared.requires.change {
        // Nothing of the repository's choice is run to find out what a real run would do.
        change.check = None;
    }
    let before = before(&prepared)?;
    let book = (&prepared.plan, prepared.path.as_str());
    let expected = expected(&prepared.place, book, &prepared.environment.name, None)?;
    let local =
        Local::new(screen, prepared.place.root.clone(), None, prepared.inputs.secrets.clone(), redactor)?;
    let mut memory = Memory::<Problem>::default();
    let (obeyed, refusal) = match prepared.obey(&traced, &session, (screen, secrets)) {
        Ok(obeyed) => {
            let refusal = obeyed.refusal();
            (obeyed, refusal)
        }
        Err(problem) => (Obeyed::default(), Some(problem)),
    };
    let refused: Vec<String> = unsigned.into_iter().chain(refusal).map(|it| it.message(screen)).collect();
    // What does not hold is told, and keeps no checks from being tried.
    let opened = opened(&prepared, &Obeyed::default(), &mut memory, 0, session, traced)?;
    let opened = RunOpened { dry: true, ..with_program(opened) };
    let label = if how.checks { "checks are executed, the rest is assumed" } else { "no block is executed" };
    let label = format!("DRY RUN: {label}, nothing is kept");
    screen::head(screen, (&prepared.plan, Some(&prepared.place.root)), &opened, &opened.session, &label);
    prepared.warn(screen);
    obeyed.warn(screen);
    if let Some(found) = &obeyed.rehearsed {
        for (name, value) in &found.captured {
            let told =
                format!("a real run captures {name} as in the rehearsal, run {}: {value}", found.number);
            screen.say_hung("  ", &screen.neutralise(&told));
        }
    }
    for message in &refused {
        screen.tell(&format!("  a real run would be refused: {message}"));
    }
    let number = before.as_ref().map(|before| before.number);
    let learnt = Rc::new(RefCell::new(Learnt { replayed_from: number, ..Learnt::default() }));
    let desk = Assuming {
        screen: screen.clone(),
        learnt: Rc::clone(&learnt),
        answers: prepared.answers.clone().unwrap_or_default(),
        told: ProseShown::default(),
    };
    let places = Places::new(local, &opened, BTreeMap::new());
    let runner = ChecksOnly { places, learnt: Rc::clone(&learnt), before, checks: how.checks };
    let book = (&prepared.plan, prepared.sources.text());
    let screening =
        Screening::new(screen, true).in_lines(how.format == RunFormat::JsonLines).assuming(&learnt);
    let mut recorder = Recorder::new(book, memory, screening, secrets.clone(), Timestamp::now);
    recorder.record(vec![Event::RunOpened(Box::new(opened))])?;
    // A dry run keeps no rules.
    let rules = Box::new(|_: &Run, _: &mut Store<'_>| {
        Err(Problem::fault("nobody can look at the repository", "This is a fault of holdpoint."))
    });
    let mut session = Session { recorder, desk, runner, rules };
    let stop = session.drive().await?;
    let learnt = learnt.borrow();
    let summary =
        Summary::of(&prepared, session.recorder.run(), &learnt, (number, expected), (stop, refused));
    summary.show(screen);
    if how.format == RunFormat::Json {
        screen.data(&serde_json::to_string_pretty(&summary).unwrap_or_default());
    }
    Ok(summary.outcome.exit())
}

/// What blocks captured in the last rehearsal of these bytes: in the environment that the rules name, else in this one.
fn before(prepared: &Prepared) -> Result<Option<Before>, Problem> {
    let requires = match &prepared.requires.rehearsal {
        Some(_) => prepared.requires.clone(),
        None => Requires {
            rehearsal: Some(prepared.environment.name.clone()),
            skips: true,
            ..Requires::default()
        },
    };
    let document = crate::digest::sha256(prepared.sources.own().as_bytes());
    let (includes, now) = (prepared.sources.named(), Timestamp::now());
    let Some(gate) =
        Gate::of(&requires, (&document, &includes), (&prepared.plan, &prepared.inputs.given), now)
    else {
        return Ok(None);
    };
    if !gate.untellable().is_empty() {
        return Ok(None);
    }
    let store = prepared.place.store();
    let found =
        holdpoint_record::rehearsal(&store, &gate, &prepared.path, &token_holds).map_err(store_problem)?;
    let Ok(found) = found else { return Ok(None) };
    let dir = store.runs().map_err(store_problem)?.into_iter().find(|dir| dir.number == found.number);
    let read = dir.map(|dir| holdpoint_record::read(&dir.path).map_err(read_problem)).transpose()?;
    Ok(read.map(|read| Before::of(found.number, read.events)))
}

/// What a dry run comes to.
#[derive(Serialize)]
struct Summary {
    runbook: String,
    environment: String,
    outcome: Outcome,
    /// Why a real run would not open.
    refused: Vec<String>,
    /// The run whose captures stand in for what was not executed.
    replayed_from: Option<u64>,
    steps: Vec<StepTold>,
    actions: Vec<Taken>,
    values: Vec<ValueTold>,
    /// Actions that a real run would stop at.
    stops_at: Vec<String>,
    /// Checks before the first change that nobody tried.
    untried: Vec<String>,
    /// Steps and actions of which nobody knows whether they are for this run, and on what it depends.
    undecided: BTreeMap<String, Vec<String>>,
    /// Steps and actions of which a value of the run `replayed_from` decided whether they are for this run, and whose.
    decided_by_replay: BTreeMap<String, Vec<String>>,
    points_of_no_return: Vec<String>,
    missing_tools: Vec<String>,
    unreachable: BTreeMap<String, String>,
    undefined_variables: Vec<String>,
    /// How long the steps take together of which that is known.
    expected_ms: Option<u64>,
    /// Whether it is longer than that: nothing is known of some of them.
    expected_at_least: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    /// Whatever could be tried holds.
    Holds,
    /// That, and rules of the environment do not: a real run would not open.
    WouldBeRefused,
    /// Every action is passed over or skipped.
    NothingToDo,
    /// A check before the first change failed.
    WouldStop,
    /// It could not be walked to its end.
    NotWalked,
}

impl Outcome {
    fn exit(self) -> Exit {
        // A dry run tells of rules, and is about the rest.
        match self {
            Outcome::Holds | Outcome::WouldBeRefused => Exit::Passed,
            Outcome::NothingToDo | Outcome::WouldStop | Outcome::NotWalked => Exit::Failed,
        }
    }
}

#[derive(Serialize)]
struct StepTold {
    number: String,
    id: String,
    title: String,
    /// Whether it is for this run; `None` where that depends on what nobody knows.
    applies: Option<bool>,
    does: Vec<String>,
    /// Who is asked something, by their roles.
    asks: Vec<String>,
    point_of_no_return: bool,
    expected_ms: Option<u64>,
}

#[derive(Serialize)]
struct ValueTold {
    name: String,
    /// Left out where nobody knows it, or it is secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    label: &'static str,
    /// The run that it is replayed from.
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<u64>,
}

impl Summary {
    fn of(
        prepared: &Prepared,
        run: &Run,
        learnt: &Learnt,
        (replayed_from, expected): (Option<u64>, Expectations),
        (stop, refused): (Stop, Vec<String>),
    ) -> Summary {
        let plan = &prepared.plan;
        let undecided = hanging_on(plan, |condition| learnt.unknown_in(condition));
        let mut decided_by_replay = hanging_on(plan, |condition| learnt.replayed_in(condition));
        decided_by_replay.retain(|what, _| !undecided.contains_key(what));
        let outcome = match (stop, learnt.failures.is_empty()) {
            (_, false) => Outcome::WouldStop,
            (Stop::Done(Verdict::NothingDone), _) if undecided.is_empty() => Outcome::NothingToDo,
            (Stop::Done(_), _) if !refused.is_empty() => Outcome::WouldBeRefused,
            (Stop::Done(_), _) => Outcome::Holds,
            _ => Outcome::NotWalked,
        };
        let applies = |step: &Step| match undecided.contains_key(&step.id) {
            true => None,
            false => Some(step.when.iter().all(|condition| run.values().holds(condition).unwrap_or(true))),
        };
        let title = |step: &Step| run.values().render(&step.title).unwrap_or_else(|_| step.title.clone());
        let steps: Vec<StepTold> = plan
            .steps
            .iter()
            .map(|step| StepTold {
                number: step.number.clone(),
                id: step.id.clone(),
                title: title(step),
                applies: applies(step),
                does: does(step),
                asks: asks(step),
                point_of_no_return: step.irreversible,
                expected_ms: expected.step(&step.id).map(|expected| expected.ms),
            })
            .collect();
        let labelled = |(name, value): (&String, &String)| {
            let (label, known) = match () {
                () if learnt.unknown.contains(name) => ("unknown", false),
                () if learnt.real.contains(name) => ("real", true),
                () if learnt.is_replayed(name) => ("replayed", true),
                () => ("given", true),
            };
            let run = replayed_from.filter(|_| label == "replayed");
            ValueTold { name: name.clone(), value: known.then(|| value.clone()), label, run }
        };
        let secrets = run.values().secrets().iter().map(|name| ValueTold {
            name: name.to_owned(),
            value: None,
            label: "given",
            run: None,
        });
        let undefined = prepared.warnings.iter().filter(|finding| finding.code == Code::UndefinedVariable);
        let undefined: BTreeSet<String> = undefined.map(|finding| finding.message.to_string()).collect();
        let applying = plan.steps.iter().zip(&steps).filter(|(_, told)| told.applies != Some(false));
        let all = expected.together(applying.map(|(step, _)| step));
        Summary {
            runbook: prepared.path.clone(),
            environment: prepared.environment.name.clone(),
            outcome,
            refused,
            replayed_from: replayed_from.filter(|_| !learnt.replayed.is_empty()),
            expected_ms: (all.known > 0).then_some(all.ms),
            expected_at_least: all.at_least,
            actions: learnt.taken.clone(),
            values: run.values().vars().iter().map(labelled).chain(secrets).collect(),
            stops_at: learnt.failures.clone(),
            untried: learnt.untried.clone(),
            points_of_no_return: plan
                .steps
                .iter()
                .filter(|step| step.irreversible)
                .map(|it| it.id.clone())
                .collect(),
            missing_tools: missing(plan),
            unreachable: learnt.unreachable.clone(),
            undefined_variables: undefined.into_iter().collect(),
            undecided,
            decided_by_replay,
            steps,
        }
    }

    fn show(&self, screen: &Screen) {
        screen.say("");
        screen.say(&screen.rule("values"));
        for ValueTold { name, value, label, run } in &self.values {
            let told = match (value, *label, run) {
                (None, "unknown", _) => "unknown before the real run".to_owned(),
                (None, ..) => format!("{} (given)", holdpoint_engine::mask(name)),
                (Some(value), "replayed", Some(number)) => {
                    format!("{} (replayed from run {number})", screen.neutralise(value))
                }
                (Some(value), label, _) => format!("{} ({label})", screen.neutralise(value)),
            };
            screen.tell(&format!("  {name} = {told}"));
        }
        screen.say("");
        screen.say(&screen.rule("what a real run does"));
        for step in &self.steps {
            let expected = step.expected_ms.map_or_else(|| "-".to_owned(), took);
            let told = self.told(step);
            let margin = format!("  {:<7} {expected:>8}  ", step.number);
            let told = screen.neutralise(&told);
            for (line, text) in screen.hung(&" ".repeat(margin.chars().count()), &told).iter().enumerate() {
                let text = text.trim_start();
                screen.say(&match line {
                    0 => format!("{margin}{text}"),
                    _ => format!("{}{text}", " ".repeat(margin.chars().count())),
                });
            }
        }
        if let Some(all) = self.expected_ms {
            let by = "by the document or half of the past runs, waiting for people included";
            let at_least = if self.expected_at_least { "at least " } else { "" };
            screen.tell(&format!("  expected in all: {at_least}{}, {by}", took(all)));
        }
        let list = |what: &str, all: &[String]| {
            if !all.is_empty() {
                screen.tell(&format!("  {what}: {}", screen.neutralise(&all.join(", "))));
            }
        };
        list("points of no return", &self.points_of_no_return);
        list("not found on PATH here", &self.missing_tools);
        list("variables", &self.undefined_variables);
        for (place, why) in &self.unreachable {
            screen.tell(&format!("  not reachable: {place} ({})", screen.neutralise(why)));
        }
        screen.say("");
        for (what, unknown) in &self.undecided {
            screen.tell(&format!(
                "  whether {what} is for this run depends on {}, unknown before the real run",
                unknown.join(", ")
            ));
        }
        for (what, names) in &self.decided_by_replay {
            screen.tell(&format!("  whether {what} is for this run was decided by {}", self.replayed(names)));
        }
        let told = match self.outcome {
            Outcome::NothingToDo => {
                "Dry run: nothing would be done, every action is passed over or skipped.".to_owned()
            }
            Outcome::Holds | Outcome::WouldBeRefused => {
                format!("Dry run: {}. Nothing was changed or kept.", self.held())
            }
            Outcome::NotWalked => {
                "Dry run: it could not be walked to its end. Nothing was changed or kept.".to_owned()
            }
            Outcome::WouldStop => format!(
                "Dry run: a real run would stop at {}. Nothing was changed or kept.",
                self.stops_at.join(", ")
            ),
        };
        screen.tell(&told);
        for message in &self.refused {
            screen.tell(&format!("A real run would be refused: {message}"));
        }
    }

    /// One step, in words. What hangs on something unknown is told for both ways.
    fn told(&self, step: &StepTold) -> String {
        let mut does = step.does.join(", ");
        if !step.asks.is_empty() {
            does += &format!("; asks {}", step.asks.join(" and "));
        }
        if step.point_of_no_return {
            does += "; point of no return";
        }
        match (step.applies, self.undecided.get(&step.id)) {
            (Some(true), _) => format!("{}: {does}{}{}", step.title, self.within(step), self.by_replay(step)),
            (Some(false), _) => format!("{}: passed over{}", step.title, self.by_replay(step)),
            (None, unknown) => {
                let unknown = unknown.map(|names| names.join(", ")).unwrap_or_default();
                format!("{}: passed over, or {does}, by what {unknown} comes to", step.title)
            }
        }
    }

    /// What a step is told by that hangs on a value of an earlier run.
    fn by_replay(&self, step: &StepTold) -> String {
        let names = self.decided_by_replay.get(&step.id);
        names.map(|names| format!(", by {}", self.replayed(names))).unwrap_or_default()
    }

    fn replayed(&self, names: &[String]) -> String {
        let from = self.replayed_from.map(|number| format!(" (replayed from run {number})"));
        format!("{}{}", names.join(", "), from.unwrap_or_default())
    }

    /// Actions of a step that hang on something unknown.
    fn within(&self, step: &StepTold) -> String {
        let of = |id: &String| id.strip_prefix(&step.id).is_some_and(|rest| rest.starts_with('#'));
        let told = self.undecided.iter().filter(|(id, _)| of(id));
        told.map(|(id, names)| format!("; {id} or not, by what {} comes to", names.join(", "))).collect()
    }

    /// What may be said where no check failed: nothing of those that nobody tried, nor of what a stand-in decided about.
    fn held(&self) -> String {
        let holds = self.actions.iter().any(|taken| matches!(taken.how, Known::Held));
        let all = self.untried.is_empty() && self.undecided.is_empty();
        let mut told = match (holds, all) {
            (true, true) => "every check before the first change holds".to_owned(),
            (true, false) => "every check that could be tried before the first change holds".to_owned(),
            (false, true) => {
                "nothing is known to hold, for no check stands before the first change".to_owned()
            }
            (false, false) => "nothing is known to hold".to_owned(),
        };
        let early = |taken: &&Taken| matches!(taken.how, Known::TooEarly { holds: false });
        let early: BTreeSet<&str> = self.actions.iter().filter(early).map(|it| it.action.as_str()).collect();
        if !early.is_empty() {
            let early = early.into_iter().collect::<Vec<_>>().join(", ");
            told += &format!("; tried before what they check was done, and did not hold then: {early}");
        }
        if !self.untried.is_empty() {
            told += &format!("; not tried: {}", self.untried.join(", "));
        }
        if !self.undecided.is_empty() {
            let all: Vec<&str> = self.undecided.keys().map(String::as_str).collect();
            told += &format!("; not known to be for this run: {}", all.join(", "));
        }
        told
    }
}

/// What a step does, in words.
fn does(step: &Step) -> Vec<String> {
    let count = |wanted: fn(&Action) -> bool| step.actions.iter().filter(|action| wanted(action)).count();
    let told = |count: usize, what: &str| (count > 0).then(|| many(count, what));
    let mut does: Vec<String> = [
        told(count(|action| action.work.offered().is_some()), "offered command"),
        told(count(|action| action.work.kind() == "run"), "change"),
        told(count(|action| matches!(action.work, Work::Check(_))), "check"),
        soaks(step),
        told(count(|action| matches!(action.work, Work::Confirm { .. })), "confirmation"),
        told(count(|action| matches!(action.work, Work::Record { .. })), "record"),
    ]
    .into_iter()
    .flatten()
    .collect();
    if step.actions.iter().any(|action| matches!(action.work, Work::SignOff(_))) {
        does.push("hold point".to_owned());
    }
    does
}

/// For how long checks must hold in a real run: a dry run tries each once.
fn soaks(step: &Step) -> Option<String> {
    let holds = step.actions.iter().filter_map(|action| action.work.block()?.options.hold);
    let holds: Vec<String> = holds.map(|hold| duration(hold.for_)).collect();
    (!holds.is_empty()).then(|| format!("must hold for {} (tried once here)", holds.join(" and ")))
}

/// Roles of whom something is asked.
fn asks(step: &Step) -> Vec<String> {
    let operator = || step.role.clone().unwrap_or_else(|| "the operator".to_owned());
    let roles: BTreeSet<String> = step
        .actions
        .iter()
        .filter_map(|action| match &action.work {
            Work::Confirm { .. } | Work::Record { .. } => Some(operator()),
            Work::SignOff(sign_off) => Some(sign_off.role.clone()),
            Work::Run(block) | Work::Check(block) => {
                (block.options.tty || block.offered.is_some()).then(operator)
            }
        })
        .collect();
    roles.into_iter().collect()
}

/// Steps and actions whose condition reads something of which `found` names what it is.
fn hanging_on(plan: &Plan, found: impl Fn(&str) -> Vec<String>) -> BTreeMap<String, Vec<String>> {
    let mut all = BTreeMap::new();
    let mut look = |what: &str, condition: &str| {
        let names = found(condition);
        if !names.is_empty() {
            all.entry(what.to_owned()).or_insert_with(Vec::new).extend(names);
        }
    };
    for step in &plan.steps {
        step.when.iter().for_each(|condition| look(&step.id, condition));
        for action in &step.actions {
            let own = action.work.block().and_then(|block| block.options.when.as_ref());
            own.into_iter().for_each(|condition| look(&action.id, condition));
        }
    }
    all
}

/// Shells that may be asked what they can call.
const SHELLS: [&str; 5] = ["sh", "bash", "dash", "ksh", "zsh"];

/// Programs that blocks of this machine call by name, and that are not on its PATH. Each shell is asked about those of its
/// own scripts, for some are part of it; nothing of them is executed.
fn missing(plan: &Plan) -> Vec<String> {
    let blocks =
        plan.steps.iter().filter(|step| step.target.is_none()).flat_map(|step| {
            step.actions.iter().filter_map(|action| action.work.block()).chain(&step.rollbacks)
        });
    let mut asked: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for block in blocks.filter(|block| block.probe.is_none() && block.options.target.is_none()) {
        let Some(interpreter) = block.interpreter.first() else { continue };
        asked.entry("sh".to_owned()).or_default().insert(interpreter.clone());
        let called = holdpoint_document::programs(block, &block.script).unwrap_or_default();
        // No program of the document's choice is run to be asked.
        let shell = if SHELLS.contains(&interpreter.as_str()) { interpreter.as_str() } else { "sh" };
        asked.entry(shell.to_owned()).or_default().extend(called);
    }
    let mut missing = BTreeSet::new();
    for (shell, names) in asked {
        let script = "for name do command -v \"$name\" >/dev/null 2>&1 || printf '%s\\n' \"$name\"; done";
        let asking = Helper::new(&shell).arguments(["-c", script, "sh"]).arguments(&names).alone();
        // A shell that is not there is told by `sh`.
        let Ok(answer) = asking.ask() else { continue };
        let told = String::from_utf8_lossy(&answer.printed).into_owned();
        missing.extend(told.lines().map(str::to_owned));
    }
    missing.into_iter().collect()
}
