//! Blocks at many places, driven by one loop: who begins when, who is asked, what is written together.

#![allow(clippy::unwrap_used)]

#[path = "places/doubts.rs"]
mod doubts;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use holdpoint_document::compile;
use holdpoint_driver::{
    Answer, BlobStore, Desk, End, Executed, Fault, Interrupt, Journal, LeftBehind, Memory, Reached, Recorder,
    RunView, Runner, Script, Secrets, Session, Stop, Way, Whereabouts,
};
use holdpoint_engine::{
    By, Choice, Event, Execution, Finished, Question, Run, SentTo, Slot, TargetSeen, Task, Unfound, Verdict,
    Via,
};
use jiff::Timestamp;
use serde_json::json;

type Store<'a> = dyn BlobStore<Error = Fault> + 'a;

/// What happened, in order: `reach`, `run`, `end`, `reap` of places, `write N` of events, questions.
type Log = Rc<RefCell<Vec<String>>>;

/// Places that do as they are told.
#[derive(Clone, Default)]
struct Fake {
    log: Log,
    at_work: Rc<Cell<usize>>,
    most: Rc<Cell<usize>>,
    /// Places whose first block fails.
    fail: BTreeSet<String>,
    /// Places whose end nobody can know while the driver that sent them lives.
    lose: BTreeSet<String>,
    /// Who comes back cannot know either, but of what they send themselves.
    gone: bool,
    /// What whoever comes back hears before there is an end.
    unfound: Rc<RefCell<VecDeque<Unfound>>>,
    /// Places that cannot be reached.
    away: BTreeSet<String>,
    names: Rc<Cell<u32>>,
    /// How often an earlier driver's process group is still there when somebody looks.
    left: Rc<Cell<u32>>,
    /// What is known of it then.
    is: Rc<Cell<Option<Unfound>>>,
}

struct Attempt {
    execution: Execution,
    place: String,
    way: Way,
}

impl Fake {
    fn say(&self, text: String) {
        self.log.borrow_mut().push(text);
    }
}

impl Runner for Fake {
    type Error = Fault;
    type Attempt = Attempt;

    fn script(&self, view: &RunView<'_>, task: Task, _: &Store<'_>) -> Result<Script, Fault> {
        Ok(Script { text: task.block(view.plan).unwrap().script.clone(), differs: false })
    }

    async fn wait(&self, _: Duration) -> Option<Interrupt> {
        None
    }

    async fn asked_to_leave(&self, _: bool) -> bool {
        false
    }

    fn left_behind(&self) -> Option<LeftBehind> {
        let left = self.left.get().checked_sub(1)?;
        self.left.set(left);
        Some(LeftBehind { group: 4711, elsewhere: None, unfound: self.is.get().unwrap_or(Unfound::Runs) })
    }

    fn cwd(&self) -> String {
        "/".to_owned()
    }

    async fn reach(&self, where_to: Whereabouts) -> Reached {
        let cwd = "/".to_owned();
        let Some(place) = where_to.place else { return Reached { cwd, way: Way::Here } };
        self.say(format!("reach {place}"));
        if self.away.contains(&place) {
            return Reached { cwd, way: Way::Nowhere("it is away".to_owned()) };
        }
        self.names.set(self.names.get() + 1);
        let attempt = format!("attempt-{}", self.names.get());
        Reached { cwd, way: Way::To(SentTo { attempt, boot: "b".into(), store: "s".into() }) }
    }

    fn start(
        &self,
        view: &RunView<'_>,
        execution: Execution,
        _: &Script,
        way: Way,
        _: &mut Store<'_>,
    ) -> Result<Attempt, Fault> {
        let place = view.run.place_of(execution.task).unwrap_or("here").to_owned();
        Ok(Attempt { execution, place, way })
    }

    async fn run(&self, attempt: &mut Attempt, _: impl FnMut(Option<i32>)) {
        let back = if matches!(attempt.way, Way::Back(_)) { "back " } else { "" };
        self.say(format!("run {back}{}", attempt.place));
        self.at_work.set(self.at_work.get() + 1);
        self.most.set(self.most.get().max(self.at_work.get()));
        // Those with higher numbers take longer, so that ends come apart.
        let number = attempt.place.rsplit('-').next().and_then(|number| number.parse().ok()).unwrap_or(0_u32);
        for _ in 0..=number {
            tokio::task::yield_now().await;
        }
        self.at_work.set(self.at_work.get() - 1);
    }

    fn end(&self, view: &RunView<'_>, attempt: Attempt, _: &mut Store<'_>) -> Result<End<Fault>, Fault> {
        let Attempt { execution, place, way } = attempt;
        if self.lose.contains(&place) && self.gone == matches!(way, Way::Back(_)) {
            return Ok(End::Open(Unfound::Lost, "the line is cut".to_owned()));
        }
        if let (Way::Back(_), Some(unfound)) = (&way, self.unfound.borrow_mut().pop_front()) {
            return Ok(End::Open(unfound, "no end is known".to_owned()));
        }
        let first = execution.task.slot == Slot::Action(0) && execution.attempt == 1;
        let failed = self.fail.contains(&place) && first;
        let away = matches!(way, Way::Nowhere(_));
        let outcome = if failed || away { "failed" } else { "passed" };
        self.say(format!("end {place} {outcome}"));
        let exit = if failed { json!(1) } else { json!(0) };
        let mut finished = json!({
            "step": execution.task.step_of(view.plan).id, "action": execution.task.id(view.plan),
            "attempt": execution.attempt, "outcome": outcome, "exit": exit, "duration_ms": 1,
            "expectations": [{ "expected": "exit 0", "held": !failed && !away }], "captures": {}, "masked": {}
        });
        if execution.probe {
            finished["probe"] = json!(true);
        }
        if let Some(place) = view.run.place_of(execution.task) {
            finished["place"] = json!(place);
        }
        if let Way::Nowhere(why) = way {
            finished["error"] = json!(why);
            finished.as_object_mut().unwrap().remove("exit");
        }
        let finished: Finished = serde_json::from_value(finished).unwrap();
        Ok(End::Known(Box::new(Executed { finished, park: false, assumed: false, fault: None })))
    }

    async fn reap(&self, where_to: Whereabouts, attempt: String) {
        self.say(format!("reap {} {attempt}", where_to.place.unwrap()));
    }

    async fn clean(&self, over: Vec<(String, String)>, open: Vec<(String, String)>) {
        self.say(format!("clean {} keep {}", over.len(), open.len()));
    }
}

/// Answers what it was told to, and parks otherwise.
struct Answering {
    log: Log,
    attended: bool,
    at_work: Rc<Cell<usize>>,
    choices: BTreeMap<String, Choice>,
}

impl Desk for Answering {
    type Error = Fault;

    fn attended(&self) -> bool {
        self.attended
    }

    fn permit(
        &mut self,
        view: &RunView<'_>,
        e: Execution,
        _: &str,
        _: &mut Store<'_>,
    ) -> Result<Answer, Fault> {
        assert!(!self.attended || self.at_work.get() == 0, "nobody is asked while something runs");
        let place = view.run.place_of(e.task).unwrap_or("here").to_owned();
        self.log.borrow_mut().push(format!("permit {} {place}", e.task.id(view.plan)));
        Ok(Answer::Go)
    }

    fn answer(
        &mut self,
        view: &RunView<'_>,
        task: Task,
        q: Question,
        _: &mut Store<'_>,
    ) -> Result<Answer, Fault> {
        assert_eq!(self.at_work.get(), 0, "nobody is asked while something runs");
        let place = view.run.place_of(task).unwrap_or("here").to_owned();
        self.log.borrow_mut().push(format!("ask {q:?} {place}"));
        let Some(choice) = self.choices.remove(&place) else { return Ok(Answer::Park) };
        let by = By { who: "ops@example.org".into(), via: Via::Answers };
        let (step, action) = (task.step_of(view.plan).id.clone(), task.id(view.plan));
        Ok(Answer::Events(vec![Event::Decision {
            step,
            action,
            place: Some(place),
            choice,
            reason: None,
            by,
        }]))
    }
}

/// A journal that tells how many events each write has.
struct Written(Memory<Fault>, Log);

impl BlobStore for Written {
    type Error = Fault;

    fn put(&mut self, bytes: &[u8]) -> Result<holdpoint_engine::BlobRef, Fault> {
        self.0.put(bytes)
    }

    fn get(&self, blob: &holdpoint_engine::BlobRef) -> Result<Vec<u8>, Fault> {
        self.0.get(blob)
    }

    fn sink(&mut self, again: bool) -> Result<Box<dyn holdpoint_driver::Sink<Error = Fault>>, Fault> {
        self.0.sink(again)
    }

    fn position(&mut self) -> Result<holdpoint_driver::Position, Fault> {
        self.0.position()
    }

    fn keep_signed(&mut self, signed: holdpoint_driver::SignedStatement) -> Result<(), Fault> {
        self.0.keep_signed(signed)
    }

    fn note_child(&mut self, _: Option<i32>) {}
}

impl Journal for Written {
    fn append(&mut self, events: Vec<(Timestamp, Event)>) -> Result<(), Fault> {
        self.1.borrow_mut().push(format!("write {}", events.len()));
        self.0.append(events)
    }

    fn seal(&mut self, verdict: Verdict) -> Result<(), Fault> {
        self.0.seal(verdict)
    }
}

fn book(rollout: &str) -> String {
    format!(
        "---\nrunbook: 1\n---\n# A\n\n## Deploy\n\n```yaml step\ntarget: web\nrollout: {rollout}\n```\n\n\
         ```sh run\ndeploy\n```\n\n```sh check\nlook\n```\n\n```sh rollback\nback\n```\n\n## After\n\n```sh run\ntrue\n```\n"
    )
}

fn name(place: usize) -> String {
    format!("ssh://web-{place:02}")
}

fn opened(places: usize) -> Event {
    let event = serde_json::from_str(include_str!("opened.json")).unwrap();
    let Event::RunOpened(mut opened) = event else { unreachable!() };
    let web = TargetSeen { places: (1..=places).map(name).collect(), r#become: None };
    opened.environment.targets.insert("web".into(), web);
    (opened.number, opened.dry) = (1, false);
    Event::RunOpened(opened)
}

/// Drives a run over so many places, after these events of an earlier driver.
fn driven(
    rollout: &str,
    places: usize,
    fake: &Fake,
    before: Vec<Event>,
    (attended, choices): (bool, BTreeMap<String, Choice>),
) -> (Stop, Vec<Event>) {
    let desk = Answering { log: Rc::clone(&fake.log), attended, at_work: Rc::clone(&fake.at_work), choices };
    driven_by(rollout, places, fake, before, desk)
}

fn driven_by(
    rollout: &str,
    places: usize,
    fake: &Fake,
    before: Vec<Event>,
    desk: impl Desk<Error = Fault>,
) -> (Stop, Vec<Event>) {
    let source = book(rollout);
    let plan = compile(&source, None);
    assert!(plan.diagnostics.iter().all(|found| !found.is_error()), "{:?}", plan.diagnostics);
    let plan = plan.plan;
    let journal = Written(Memory::default(), Rc::clone(&fake.log));
    let clock = || Timestamp::UNIX_EPOCH;
    let mut recorder = Recorder::new((&plan, &source), journal, (), Secrets::default(), clock);
    recorder.record(vec![opened(places)]).unwrap();
    for event in before {
        recorder.record(vec![event]).unwrap();
    }
    fake.log.borrow_mut().clear();
    let mut session = Session {
        recorder,
        desk,
        runner: fake.clone(),
        rules: Box::new(|_, _| panic!("no rule is kept here")),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let stop = runtime.block_on(session.drive()).unwrap();
    let events: Vec<_> = session.recorder.journal().0.events.clone();
    // As `verify` would look at it.
    let mut run = Run::new(&plan);
    for (at, event) in &events {
        run.apply(&plan, *at, event).unwrap();
    }
    (stop, events.into_iter().map(|(_, event)| event).collect())
}

fn nobody() -> (bool, BTreeMap<String, Choice>) {
    (false, BTreeMap::new())
}

fn starts(events: &[Event]) -> Vec<String> {
    let of = |event: &Event| match event {
        Event::ActionStarted(started) => {
            Some(format!("{} {}", started.action, started.place.clone().unwrap_or_default()))
        }
        _ => None,
    };
    events.iter().filter_map(of).collect()
}

#[test]
fn thirty_two_places_run_at_once_and_what_comes_together_is_written_together() {
    let fake = Fake::default();
    let (stop, events) = driven("{ at_once: 32 }", 32, &fake, Vec::new(), nobody());
    assert_eq!(stop, Stop::Done(Verdict::Passed));
    assert_eq!(fake.most.get(), 32);
    let log = fake.log.borrow();
    let first = log.iter().find(|line| line.starts_with("write")).unwrap();
    assert_eq!(first, "write 32", "{log:?}");
    let written = log.iter().position(|line| line == first).unwrap();
    assert!(log[..written].iter().all(|line| !line.starts_with("run")), "no durable start, no execution");
    assert_eq!(starts(&events).len(), 65);
    // A place goes on to its check while others are still at their first block, and the barrier holds.
    let all = starts(&events);
    assert!(all[..64].iter().all(|start| start.starts_with("deploy")) && all[64].starts_with("after#1"));
    let reaped = log.iter().filter(|line| line.starts_with("reap")).count();
    assert_eq!((reaped, log.last().unwrap().as_str()), (64, "clean 64 keep 0"));
}

#[test]
fn a_canary_goes_first_alone_and_then_so_many_at_once() {
    let fake = Fake::default();
    let (stop, events) = driven("{ first: 1, at_once: 4 }", 12, &fake, Vec::new(), nobody());
    assert_eq!((stop, fake.most.get()), (Stop::Done(Verdict::Passed), 4));
    let all = starts(&events);
    assert_eq!(all[..2], [format!("deploy#1 {}", name(1)), format!("deploy#2 {}", name(1))]);
}

#[test]
fn a_failure_lets_no_other_place_begin_and_is_asked_about_when_all_have_ended() {
    let fake = Fake { fail: [name(2)].into(), ..Fake::default() };
    let (stop, events) = driven("{ at_once: 4 }", 32, &fake, Vec::new(), nobody());
    assert!(matches!(stop, Stop::Parked(_, Question::Failed)), "{stop:?}");
    let begun: BTreeSet<String> =
        starts(&events).iter().map(|start| start.split(' ').nth(1).unwrap().to_owned()).collect();
    assert!(begun.len() < 8, "{begun:?}");
    let log = fake.log.borrow();
    let (ask, rest) = log.split_last().unwrap();
    assert_eq!(*ask, format!("ask Failed {}", name(2)));
    assert!(rest.iter().filter(|line| line.starts_with("run")).count() == starts(&events).len());
}

#[test]
fn failures_within_what_is_tolerated_are_asked_about_at_the_end_and_retried_there() {
    let fake = Fake { fail: [name(3), name(5)].into(), ..Fake::default() };
    let choices = [(name(3), Choice::Retry), (name(5), Choice::Retry)].into();
    let (stop, events) = driven("{ at_once: 8, stop_after: 2 }", 8, &fake, Vec::new(), (false, choices));
    assert_eq!(stop, Stop::Done(Verdict::Passed));
    assert_eq!(starts(&events).len(), 8 * 2 + 2 + 1);
    let log = fake.log.borrow();
    let first = log.iter().position(|line| line.starts_with("ask")).unwrap();
    let ended = |line: &&String| line.starts_with("end") && line.ends_with("passed");
    assert_eq!(log[..first].iter().filter(ended).count(), 12, "{log:?}");
}

#[test]
fn a_place_that_cannot_be_reached_was_not_started_and_others_are() {
    let fake = Fake { away: [name(2)].into(), ..Fake::default() };
    let (stop, events) = driven("{ at_once: 3, stop_after: 1 }", 3, &fake, Vec::new(), nobody());
    assert!(matches!(stop, Stop::Parked(_, Question::Failed)));
    let sent = events.iter().filter_map(|event| match event {
        Event::ActionStarted(started) => Some((started.place.clone().unwrap(), started.remote.is_some())),
        _ => None,
    });
    let sent: BTreeMap<String, bool> = sent.collect();
    assert_eq!(sent, [(name(1), true), (name(2), false), (name(3), true)].into());
    assert!(!fake.log.borrow().contains(&format!("run {}", name(2))));
}

#[test]
fn somebody_is_asked_once_for_a_block_at_all_places_that_begin_together() {
    let fake = Fake::default();
    let (stop, _) = driven("{ first: 1, at_once: 8 }", 5, &fake, Vec::new(), (true, BTreeMap::new()));
    assert_eq!(stop, Stop::Done(Verdict::Passed));
    let log = fake.log.borrow();
    let asked: Vec<&String> = log.iter().filter(|line| line.starts_with("permit")).collect();
    let expected = [
        format!("permit deploy#1 {}", name(1)),
        format!("permit deploy#2 {}", name(1)),
        format!("permit deploy#1 {}", name(2)),
        format!("permit deploy#2 {}", name(2)),
        "permit after#1 here".to_owned(),
    ];
    assert_eq!(asked, expected.iter().collect::<Vec<_>>());
}

#[test]
fn what_an_earlier_driver_sent_is_looked_for_at_all_places_at_once_before_anybody_is_asked() {
    let lost: BTreeSet<String> = (1..=32).map(name).collect();
    let fake = Fake { lose: lost, ..Fake::default() };
    let (stop, events) = driven("{ at_once: 32 }", 32, &fake, Vec::new(), nobody());
    assert!(matches!(stop, Stop::Parked(_, Question::InDoubt)), "{stop:?}");
    assert_eq!(starts(&events).len(), 32);
    let mut before = events[1..].to_vec();
    let Event::RunOpened(first) = &events[0] else { unreachable!() };
    before.push(Event::SessionOpened(first.session.clone()));
    let again = Fake { names: Rc::clone(&fake.names), ..Fake::default() };
    let (stop, events) = driven("{ at_once: 32 }", 32, &again, before, nobody());
    assert_eq!(stop, Stop::Done(Verdict::Passed));
    assert_eq!(again.most.get(), 32);
    let log = again.log.borrow();
    assert_eq!(log.iter().filter(|line| line.starts_with("run back")).count(), 32);
    assert!(!log.iter().any(|line| line.starts_with("ask")), "{log:?}");
    let first = starts(&events);
    assert_eq!(first.iter().filter(|start| start.starts_with("deploy#1")).count(), 32, "none ran again");
}

#[test]
fn what_cannot_be_found_again_is_for_somebody_to_decide() {
    let fake = Fake { lose: [name(1)].into(), ..Fake::default() };
    let (_, events) = driven("{}", 1, &fake, Vec::new(), nobody());
    let Event::RunOpened(first) = &events[0] else { unreachable!() };
    let mut before = events[1..].to_vec();
    before.push(Event::SessionOpened(first.session.clone()));
    let again = Fake { gone: true, ..fake.clone() };
    let (stop, after) = driven("{}", 1, &again, before.clone(), nobody());
    assert!(matches!(stop, Stop::Parked(_, Question::InDoubt)), "{stop:?}");
    assert_eq!(after.len(), before.len() + 1, "nothing is known, and nothing recorded");
    let log = again.log.borrow();
    let asked = format!("ask InDoubt {}", name(1));
    assert_eq!(*log, [format!("run back {}", name(1)), asked], "it is looked for once");
}

/// Somebody elsewhere, whose answer arrives some moments after they were asked.
struct Elsewhere {
    log: Log,
    at_work: Rc<Cell<usize>>,
    answered: bool,
    /// How many pass before the answer arrives.
    moments: usize,
}

impl Desk for Elsewhere {
    type Error = Fault;

    fn attended(&self) -> bool {
        false
    }

    fn permit(&mut self, _: &RunView<'_>, _: Execution, _: &str, _: &mut Store<'_>) -> Result<Answer, Fault> {
        Ok(Answer::Go)
    }

    fn answer(
        &mut self,
        view: &RunView<'_>,
        task: Task,
        q: Question,
        _: &mut Store<'_>,
    ) -> Result<Answer, Fault> {
        let place = view.run.place_of(task).unwrap().to_owned();
        let did = if self.answered { "answered" } else { "asked" };
        self.log.borrow_mut().push(format!("{did} {q:?} {place} while {} run", self.at_work.get()));
        if !self.answered {
            return Ok(Answer::Later);
        }
        let by = By { who: "ops@example.org".into(), via: Via::Answers };
        let (step, action) = (task.step_of(view.plan).id.clone(), task.id(view.plan));
        let (place, choice) = (Some(place), Choice::Happened);
        Ok(Answer::Events(vec![Event::Decision { step, action, place, choice, reason: None, by }]))
    }

    fn is_asked_meanwhile(&self) -> bool {
        true
    }

    async fn heard(&mut self) -> bool {
        std::future::poll_fn(|cx| match self.moments.checked_sub(1) {
            Some(left) => {
                self.moments = left;
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            None => Poll::Ready(!std::mem::replace(&mut self.answered, true)),
        })
        .await
    }
}

#[test]
fn an_answer_arrives_and_is_recorded_while_blocks_run_at_other_places() {
    let fake = Fake { lose: (1..=8).map(name).collect(), ..Fake::default() };
    let (_, events) = driven("{ at_once: 8 }", 8, &fake, Vec::new(), nobody());
    let Event::RunOpened(first) = &events[0] else { unreachable!() };
    let mut before = events[1..].to_vec();
    before.push(Event::SessionOpened(first.session.clone()));
    let again = Fake { lose: [name(1)].into(), gone: true, names: Rc::clone(&fake.names), ..Fake::default() };
    let (log, at_work) = (Rc::clone(&again.log), Rc::clone(&again.at_work));
    let desk = Elsewhere { log, at_work, answered: false, moments: 2 };
    let (stop, events) = driven_by("{ at_once: 8 }", 8, &again, before, desk);
    let log = again.log.borrow();
    assert_eq!(stop, Stop::Done(Verdict::Passed), "{log:#?}");
    let of = |what: &str| log.iter().filter(|line| line.starts_with(what)).collect::<Vec<_>>();
    let (asked, answered) = (of("asked InDoubt"), of("answered InDoubt"));
    assert_eq!((asked.len(), answered.len()), (1, 1), "{log:#?}");
    assert!(!asked[0].ends_with("while 0 run") && !answered[0].ends_with("while 0 run"), "{log:#?}");
    let decided = events.iter().position(|event| matches!(event, Event::Decision { .. })).unwrap();
    let ended = |event: &Event| matches!(event, Event::ActionFinished(it) if it.action == "deploy#1");
    let last = events.iter().rposition(ended).unwrap();
    assert!(decided < last, "on record while others ran: {events:#?}");
}
