//! Sign-offs that are good for a time only, driven by a clock that people at the prompt let run; and what is written
//! together.

#![allow(clippy::unwrap_used)]

use std::cell::Cell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use holdpoint_document::{Assurance, compile};
use holdpoint_engine::{BlobRef, By, Execution, Outcome, Presence, Program, Question, SignedOff, Task, Via};
use jiff::{SignedDuration, Timestamp};

use holdpoint_model::Work;

use super::*;
use crate::walk::Walk;
use crate::{
    Answer, BlobStore, Desk, End, Fault, Interrupt, Memory, Passing, Position, RunView, Runner, Script,
    Secrets, SignedStatement, Sink, Way,
};

const BOOK: &str = "---\nrunbook: 1\nroles: [qa]\n---\n# A run-book\n\n## Release\n\n\
```yaml signoff\nrole: qa\nmeaning: approval\nstatement: Go.\nexpires: 4h\n```\n\n";
const RUN: &str = "## Change\n\n```sh run\ntrue\n```\n";
const ITEM: &str = "## Tell\n\n- [ ] Everybody was told\n";
const VALUES: &str = "## Observe\n\n```yaml record\nx: { type: number }\ny: { type: number }\n```\n";

type Clock = Rc<Cell<Timestamp>>;

/// Answers everything, each time after so many hours, in order; at once when there are none left.
struct Slow {
    clock: Clock,
    hours: VecDeque<i64>,
}

impl Slow {
    fn wait(&mut self) {
        let hours = self.hours.pop_front().unwrap_or(0);
        self.clock.set(self.clock.get() + SignedDuration::from_hours(hours));
    }
}

impl Desk for Slow {
    type Error = Fault;

    fn attended(&self) -> bool {
        true
    }

    fn permit(
        &mut self,
        _: &RunView<'_>,
        _: Execution,
        _: &str,
        _: &mut dyn BlobStore<Error = Fault>,
    ) -> Result<Answer, Fault> {
        self.wait();
        Ok(Answer::Go)
    }

    fn waits(&mut self, _: &RunView<'_>, _: Task, _: Timestamp) -> bool {
        self.wait();
        true
    }

    fn answer(
        &mut self,
        view: &RunView<'_>,
        task: Task,
        _: Question,
        _: &mut dyn BlobStore<Error = Fault>,
    ) -> Result<Answer, Fault> {
        self.wait();
        let (step, action) = (task.step_of(view.plan).id.clone(), task.id(view.plan));
        let by = By { who: "qa@example.org".into(), via: Via::Terminal };
        Ok(Answer::Events(match task.work(view.plan) {
            Some(Work::Confirm { .. }) => view.run.confirmed(view.plan, task, by).into_iter().collect(),
            Some(Work::Record { .. }) => {
                let value = |name: &str| Event::ValueRecorded {
                    step: step.clone(),
                    action: action.clone(),
                    name: name.into(),
                    value: "1".into(),
                    evidence: None,
                    within_limits: true,
                    by: by.clone(),
                };
                vec![value("x"), value("y")]
            }
            Some(Work::SignOff(sign_off)) => vec![Event::SignOffGiven(SignedOff {
                step,
                action,
                role: sign_off.role.clone(),
                meaning: sign_off.meaning,
                statement: sign_off.statement.clone(),
                name: "Quinn".into(),
                assurance: Assurance::Typed,
                signature: None,
                presence: Some(Box::new(presence())),
                by,
            })],
            _ => panic!("nobody asks this"),
        }))
    }
}

/// Of somebody in an account of their own.
fn presence() -> Presence {
    let shown = BlobRef { sha256: "0".repeat(64), bytes: 1 };
    let program = Program { version: "0".into(), sha256: None };
    Presence { shown, program, os_user: "q".into(), host: "h".into(), tty: None, other_account: true }
}

fn opened(number: u64) -> Event {
    let event = serde_json::from_str(include_str!("../tests/opened.json")).unwrap();
    let Event::RunOpened(mut opened) = event else { unreachable!() };
    (opened.number, opened.dry) = (number, number == 0);
    Event::RunOpened(opened)
}

fn plan(steps: &str) -> Plan {
    let compiled = compile(&format!("{BOOK}{steps}"), None);
    assert!(compiled.diagnostics.iter().all(|d| !d.is_error()), "{:?}", compiled.diagnostics);
    compiled.plan
}

/// What a run whose people take so many hours for each answer writes after it was opened.
fn sessionn(plan: &Plan, number: u64, hours: &[i64]) -> Vec<String> {
    let clock: Clock = Rc::new(Cell::new("2026-11-23T08:00:00Z".parse().unwrap()));
    let now = Rc::clone(&clock);
    let recorder = Recorder::new((plan, ""), Memory::default(), (), Secrets::default(), move || now.get());
    let mut session = Session {
        recorder,
        desk: Slow { clock, hours: hours.iter().copied().collect() },
        runner: Passing,
        rules: Box::new(|_, _| panic!("no rule is kept here")),
    };
    session.recorder.record(vec![opened(number)]).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert_eq!(runtime.block_on(session.drive()).unwrap(), Stop::Done(Verdict::Passed));
    conforms(plan, &session.recorder.journal.events);
    let kind = |event: &Event| serde_json::to_value(event).unwrap()["type"].as_str().unwrap().to_owned();
    session.recorder.journal.events.iter().skip(1).map(|(_, event)| kind(event)).collect()
}

/// As `verify` would look at it.
fn conforms(plan: &Plan, events: &[(Timestamp, Event)]) {
    let mut run = Run::new(plan);
    for (at, event) in events {
        run.apply(plan, *at, event).unwrap();
    }
}

#[test]
fn before_the_first_block_after_a_sign_off_the_repository_is_looked_at_after_somebody_was_asked() {
    let plan = plan(RUN);
    let recorder = Recorder::new((&plan, ""), Memory::default(), (), Secrets::default(), || {
        "2026-11-23T08:00:00Z".parse().unwrap()
    });
    let mut session = Session {
        recorder,
        desk: Slow { clock: Rc::new(Cell::new(Timestamp::UNIX_EPOCH)), hours: VecDeque::new() },
        runner: Passing,
        rules: Box::new(|_, _| Ok((Look { dirty: Some(false), ..Look::default() }, None))),
    };
    let Event::RunOpened(mut opened) = opened(1) else { unreachable!() };
    opened.policy.kept = vec![holdpoint_engine::Rule::CleanCommit];
    let mut again = opened.session.clone();
    again.dirty = Some(false);
    let task = Task::action(0, 0);
    session.recorder.record(vec![Event::RunOpened(opened)]).unwrap();
    Walk::of(&mut session).request_sign_off(task, Question::SignOff).unwrap();
    let (view, store) = session.recorder.view_and_store();
    let Answer::Events(given) = session.desk.answer(&view, task, Question::SignOff, store).unwrap() else {
        panic!("it is signed")
    };
    session.recorder.record(given).unwrap();
    // Somebody takes the run up once it is signed: rules hold then.
    session.recorder.record(vec![Event::SessionOpened(again)]).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert_eq!(runtime.block_on(session.drive()).unwrap(), Stop::Done(Verdict::Passed));
    conforms(&plan, &session.recorder.journal.events);
    let kind = |event: &Event| serde_json::to_value(event).unwrap()["type"].as_str().unwrap().to_owned();
    let kinds: Vec<String> =
        session.recorder.journal.events.iter().skip(4).map(|(_, event)| kind(event)).collect();
    assert_eq!(kinds, ["rules.checked", "action.started", "action.finished", "run.closed"]);
}

const ASKED: [&str; 2] = ["signoff.requested", "signoff.given"];
const AGAIN: [&str; 5] =
    ["signoff.requested", "signoff.given", "signoff.lapsed", "signoff.requested", "signoff.given"];

#[test]
fn what_begins_in_time_begins() {
    for (steps, begun) in [
        (RUN, vec!["action.started", "action.finished"]),
        (ITEM, vec!["item.confirmed"]),
        (VALUES, vec!["value.recorded", "value.recorded"]),
    ] {
        // Nine hours before the sign-off is given do not count.
        let expected = [&ASKED[..], &begun, &["run.closed"]].concat();
        assert_eq!(sessionn(&plan(steps), 1, &[9, 4]), expected);
    }
}

#[test]
fn a_sign_off_lapses_while_the_prompt_is_open_and_nothing_begins_before_it_is_given_again() {
    for (steps, begun) in [
        (RUN, vec!["action.started", "action.finished"]),
        (ITEM, vec!["item.confirmed"]),
        (VALUES, vec!["value.recorded", "value.recorded"]),
    ] {
        let expected = [&AGAIN[..], &begun, &["run.closed"]].concat();
        assert_eq!(sessionn(&plan(steps), 1, &[0, 5]), expected);
    }
}

#[test]
fn once_something_has_begun_time_does_not_matter() {
    let expected =
        [&ASKED[..], &["item.confirmed", "action.started", "action.finished", "run.closed"]].concat();
    assert_eq!(sessionn(&plan(&format!("{ITEM}\n{RUN}")), 1, &[0, 1, 50]), expected);
}

#[test]
fn nothing_lapses_in_a_dry_run() {
    let expected = [&ASKED[..], &["action.started", "action.finished", "run.closed"]].concat();
    assert_eq!(sessionn(&plan(RUN), 0, &[0, 50]), expected);
}

/// What was done, in order: what was written at once, what was executed.
type Done = Rc<std::cell::RefCell<Vec<String>>>;

/// Writes down what is asked of it; from the write with this number on, the disk is broken.
struct Noted(Done, usize);

impl BlobStore for Noted {
    type Error = Fault;

    fn put(&mut self, _: &[u8]) -> Result<BlobRef, Fault> {
        unreachable!()
    }

    fn get(&self, _: &BlobRef) -> Result<Vec<u8>, Fault> {
        unreachable!()
    }

    fn sink(&mut self, _: bool) -> Result<Box<dyn Sink<Error = Fault>>, Fault> {
        unreachable!()
    }

    fn position(&mut self) -> Result<Position, Fault> {
        unreachable!()
    }

    fn keep_signed(&mut self, _: SignedStatement) -> Result<(), Fault> {
        unreachable!()
    }

    fn note_child(&mut self, _: Option<i32>) {}
}

impl Journal for Noted {
    fn append(&mut self, events: Vec<(Timestamp, Event)>) -> Result<(), Fault> {
        if self.1 == 0 {
            return Err(Fault::Stuck);
        }
        self.1 -= 1;
        let kind = |(_, event): &(Timestamp, Event)| {
            let value = serde_json::to_value(event).unwrap();
            format!("{} {}", value["type"].as_str().unwrap(), value["action"].as_str().unwrap_or_default())
        };
        let kinds: Vec<String> = events.iter().map(kind).map(|kind| kind.trim().to_owned()).collect();
        self.0.borrow_mut().push(kinds.join(" + "));
        Ok(())
    }

    fn seal(&mut self, _: Verdict) -> Result<(), Fault> {
        self.0.borrow_mut().push("sealed".to_owned());
        Ok(())
    }
}

/// Lets everything run; answers what it is asked where it is `attended`, and parks where not.
struct Quick {
    attended: bool,
    done: Done,
    clock: Clock,
}

impl Desk for Quick {
    type Error = Fault;

    fn attended(&self) -> bool {
        self.attended
    }

    fn permit(
        &mut self,
        _: &RunView<'_>,
        _: Execution,
        _: &str,
        _: &mut dyn BlobStore<Error = Fault>,
    ) -> Result<Answer, Fault> {
        if self.attended {
            self.done.borrow_mut().push("asked".to_owned());
        }
        Ok(Answer::Go)
    }

    fn answer(
        &mut self,
        view: &RunView<'_>,
        task: Task,
        question: Question,
        store: &mut dyn BlobStore<Error = Fault>,
    ) -> Result<Answer, Fault> {
        self.done.borrow_mut().push("asked".to_owned());
        match self.attended {
            true => Slow { clock: Rc::clone(&self.clock), hours: VecDeque::new() }
                .answer(view, task, question, store),
            false => Ok(Answer::Park),
        }
    }
}

/// Everything passes, but a block of this name; says what is executed and what is expected next. Where it waits, the clock
/// goes on.
struct Noting(Done, &'static str, Clock);

impl Runner for Noting {
    type Error = Fault;
    type Attempt = Execution;

    fn script(
        &self,
        view: &RunView<'_>,
        task: Task,
        journal: &dyn BlobStore<Error = Fault>,
    ) -> Result<Script, Fault> {
        Passing.script(view, task, journal)
    }

    async fn wait(&self, pause: Duration) -> Option<Interrupt> {
        self.0.borrow_mut().push("waited".to_owned());
        self.2.set(self.2.get() + pause);
        None
    }

    async fn asked_to_leave(&self, _: bool) -> bool {
        false
    }

    fn cwd(&self) -> String {
        "/".into()
    }

    fn expect(&self, view: &RunView<'_>, next: Option<Task>, _: &dyn BlobStore<Error = Fault>) {
        let next = next.map_or("nothing".to_owned(), |task| task.id(view.plan));
        self.0.borrow_mut().push(format!("expects {next}"));
    }

    fn start(
        &self,
        _: &RunView<'_>,
        execution: Execution,
        _: &Script,
        _: Way,
        _: &mut dyn BlobStore<Error = Fault>,
    ) -> Result<Execution, Fault> {
        Ok(execution)
    }

    async fn run(&self, _: &mut Execution, _: impl FnMut(Option<i32>)) {}

    fn end(
        &self,
        view: &RunView<'_>,
        execution: Execution,
        store: &mut dyn BlobStore<Error = Fault>,
    ) -> Result<End<Fault>, Fault> {
        let End::Known(mut executed) = Passing.end(view, execution, store)? else { unreachable!() };
        executed.assumed = false;
        let action = executed.finished.action.clone();
        if action == self.1 {
            executed.finished.outcome = Outcome::Failed;
            executed.finished.expectations[0].held = false;
            executed.finished.exit = Some(1);
        }
        self.0.borrow_mut().push(format!("ran {action}"));
        Ok(End::Known(executed))
    }
}

/// What is done where every block but one passes and the disk takes so many writes; and how it ends.
fn done(steps: &str, attended: bool, fails: &'static str, writes: usize) -> (Vec<String>, Option<Stop>) {
    let compiled = compile(&format!("---\nrunbook: 1\nroles: [qa]\n---\n# A run-book\n\n{steps}"), None);
    let clock: Clock = Rc::new(Cell::new("2026-11-23T08:00:00Z".parse().unwrap()));
    let (done, now) = (Done::default(), Rc::clone(&clock));
    let recorder = Recorder::new(
        (&compiled.plan, ""),
        Noted(Rc::clone(&done), writes),
        (),
        Secrets::default(),
        move || now.get(),
    );
    let mut session = Session {
        recorder,
        desk: Quick { attended, done: Rc::clone(&done), clock: Rc::clone(&clock) },
        runner: Noting(Rc::clone(&done), fails, clock),
        rules: Box::new(|_, _| panic!("no rule is kept here")),
    };
    session.recorder.record(vec![opened(1)]).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let stop = runtime.block_on(session.drive()).ok();
    let done = done.borrow().clone();
    (done, stop)
}

const THREE: &str =
    "## One\n\n```sh run\ntrue\n```\n\n```sh check\ntrue\n```\n\n## Two\n\n```sh run\ntrue\n```\n";

#[test]
fn where_nothing_is_asked_the_end_of_a_block_is_written_with_the_start_of_the_next_and_before_it_runs() {
    let (done, stop) = done(THREE, false, "", 99);
    let expected = [
        "run.opened",
        "action.started one#1",
        "expects one#2",
        "ran one#1",
        "action.finished one#1 + action.started one#2",
        "expects two#1",
        "ran one#2",
        "action.finished one#2 + action.started two#1",
        "expects nothing",
        "ran two#1",
        "action.finished two#1 + run.closed",
        "sealed",
    ];
    assert_eq!((done, stop), (expected.map(str::to_owned).to_vec(), Some(Stop::Done(Verdict::Passed))));
}

#[test]
fn where_somebody_is_asked_the_end_of_a_block_is_durable_before() {
    let asked = format!("{THREE}\n## Tell\n\n- [ ] Everybody was told\n");
    for (steps, attended, fails) in
        [(THREE, true, ""), (asked.as_str(), true, ""), (asked.as_str(), false, ""), (THREE, false, "one#2")]
    {
        let (done, stop) = done(steps, attended, fails, 99);
        let mut unwritten = None;
        for what in &done {
            if let Some(action) = what.strip_prefix("ran ") {
                unwritten = Some(action.to_owned());
            } else if unwritten
                .as_ref()
                .is_some_and(|action| what.contains(&format!("action.finished {action}")))
            {
                unwritten = None;
            } else if what == "asked" || what == "waited" || what == "sealed" {
                assert_eq!(unwritten, None, "{done:#?}");
            }
        }
        assert_eq!(unwritten, None, "{done:#?}");
        assert!(done.iter().any(|what| what == "asked"), "{done:#?}");
        assert_eq!(matches!(stop, Some(Stop::Parked(..))), !attended);
        assert_eq!(done.iter().any(|what| what.starts_with("expects")), !attended, "{done:#?}");
    }
}

#[test]
fn a_pause_before_a_retry_begins_after_the_failure_is_durable() {
    let steps = "## One\n\n```sh check\n#| retry: { every: 1s, for: 2s }\ntrue\n```\n";
    let (done, _) = done(steps, false, "one#1", 99);
    assert_eq!(done[3..6], ["ran one#1", "action.finished one#1", "waited"], "{done:#?}");
}

#[test]
fn when_the_end_of_a_block_cannot_be_written_the_next_does_not_run() {
    for (writes, ran) in [(1, 0), (2, 1), (3, 2), (4, 3)] {
        let (done, stop) = done(THREE, false, "", writes);
        assert_eq!(done.iter().filter(|what| what.starts_with("ran ")).count(), ran, "{done:#?}");
        assert_eq!(stop, None);
    }
}

#[test]
fn a_step_that_is_waited_for_begins_at_its_time_however_late_somebody_says_that_it_is() {
    let plan = plan(
        "## Change\n\n```yaml step\nnot_before: \"2026-11-23T10:00:00Z\"\n```\n\n```sh run\ntrue\n```\n",
    );
    for (hours, begins) in [(0, "10:00:00"), (1, "10:00:00"), (3, "11:00:00")] {
        let clock: Clock = Rc::new(Cell::new("2026-11-23T08:00:00Z".parse().unwrap()));
        let now = Rc::clone(&clock);
        let recorder =
            Recorder::new((&plan, ""), Memory::default(), (), Secrets::default(), move || now.get());
        let mut session = Session {
            recorder,
            desk: Slow { clock: Rc::clone(&clock), hours: [0, hours].into() },
            runner: Noting(Done::default(), "", clock),
            rules: Box::new(|_, _| panic!("no rule is kept here")),
        };
        session.recorder.record(vec![opened(1)]).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        assert_eq!(runtime.block_on(session.drive()).unwrap(), Stop::Done(Verdict::Passed));
        let events = &session.recorder.journal.events;
        let begun = events.iter().find(|(_, event)| matches!(event, Event::ActionStarted(_))).unwrap();
        assert_eq!(begun.0.to_string(), format!("2026-11-23T{begins}Z"), "after {hours} hours");
    }
}

/// Says nothing, to any question.
struct Silent;

impl Desk for Silent {
    type Error = Fault;

    fn attended(&self) -> bool {
        true
    }

    fn permit(
        &mut self,
        _: &RunView<'_>,
        _: Execution,
        _: &str,
        _: &mut dyn BlobStore<Error = Fault>,
    ) -> Result<Answer, Fault> {
        Ok(Answer::Events(Vec::new()))
    }

    fn answer(
        &mut self,
        _: &RunView<'_>,
        _: Task,
        _: Question,
        _: &mut dyn BlobStore<Error = Fault>,
    ) -> Result<Answer, Fault> {
        Ok(Answer::Events(Vec::new()))
    }
}

#[test]
fn a_desk_that_answers_with_nothing_is_not_asked_the_same_for_ever() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for step in ["- [ ] It is good\n", "```sh run\ntouch x\n```\n"] {
        let plan = compile(&format!("---\nrunbook: 1\n---\n# A run-book\n\n## Do\n\n{step}"), None).plan;
        let now = || "2026-11-23T08:00:00Z".parse().unwrap();
        let recorder = Recorder::new((&plan, ""), Memory::default(), (), Secrets::default(), now);
        let mut session = Session {
            recorder,
            desk: Silent,
            runner: Passing,
            rules: Box::new(|_, _| panic!("no rule is kept here")),
        };
        session.recorder.record(vec![opened(1)]).unwrap();
        let asked = Stop::Parked(Task::action(0, 0), Question::Confirm);
        assert_eq!(runtime.block_on(session.drive()).unwrap(), asked, "{step}");
    }
}
