//! Sessions do not know of each other; what they tell is masked, and never before it is durable.

#![allow(clippy::unwrap_used)]

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use holdpoint_document::compile;
use holdpoint_driver::{
    Answer, BlobStore, Desk, End, Executed, Fault, Interrupt, Memory, Moment, Observer, Recorder, RunView,
    Runner, Script, Secrets, Session, Stop, Way,
};
use holdpoint_engine::{Event, Execution, Finished, Question, Task, Verdict};
use holdpoint_redact::Redactor;
use serde_json::{Value, json};
use tokio::sync::mpsc::unbounded_channel;

#[path = "../examples/steps.rs"]
#[allow(dead_code, unreachable_pub)]
mod steps;

type Store<'a> = dyn BlobStore<Error = Fault> + 'a;
type Told = Rc<RefCell<Vec<String>>>;

const BOOK: &str = "---\nrunbook: 1\n---\n# A\n\n## One\n\n```sh run\n#| template: true\necho hunter2-ann hunter2-bob\n```\n\n## Two\n\n```sh run\ntrue\n```\n";

/// Lets everything run.
struct Nobody;

impl Desk for Nobody {
    type Error = Fault;

    fn attended(&self) -> bool {
        false
    }

    fn permit(&mut self, _: &RunView<'_>, _: Execution, _: &str, _: &mut Store<'_>) -> Result<Answer, Fault> {
        Ok(Answer::Go)
    }

    fn answer(&mut self, _: &RunView<'_>, _: Task, _: Question, _: &mut Store<'_>) -> Result<Answer, Fault> {
        Ok(Answer::Park)
    }
}

/// Says the secrets of both sessions; lets the other session go on in the middle of each attempt.
struct Talking;

impl Runner for Talking {
    type Error = Fault;
    type Attempt = Execution;

    fn script(&self, view: &RunView<'_>, task: Task, _: &Store<'_>) -> Result<Script, Fault> {
        Ok(Script {
            text: task.block(view.plan).unwrap().script.clone(),
            differs: task.block(view.plan).is_some_and(|block| block.options.template),
        })
    }

    async fn wait(&self, _: Duration) -> Option<Interrupt> {
        None
    }

    async fn asked_to_leave(&self, _: bool) -> bool {
        false
    }

    fn cwd(&self) -> String {
        "/".to_owned()
    }

    fn start(
        &self,
        _: &RunView<'_>,
        begun: Execution,
        _: &Script,
        _: Way,
        _: &mut Store<'_>,
    ) -> Result<Execution, Fault> {
        Ok(begun)
    }

    async fn run(&self, _: &mut Execution, _: impl FnMut(Option<i32>)) {
        // Twice, for the loop looks before it waits.
        tokio::task::yield_now().await;
        tokio::task::yield_now().await;
    }

    fn end(&self, view: &RunView<'_>, begun: Execution, _: &mut Store<'_>) -> Result<End<Fault>, Fault> {
        let finished: Finished = serde_json::from_value(json!({
            "step": begun.task.step_of(view.plan).id, "action": begun.task.id(view.plan), "attempt": begun.attempt,
            "outcome": "passed", "exit": 0, "duration_ms": 1, "captures": {}, "masked": {},
            "expectations": [{ "expected": "exit 0", "held": true }], "remarks": ["hunter2-ann hunter2-bob"]
        }))
        .unwrap();
        Ok(End::Known(Box::new(Executed { finished, park: false, assumed: false, fault: None })))
    }
}

/// Writes down whose session tells what.
struct Telling(&'static str, Told);

impl Observer for Telling {
    fn saw(&mut self, _: &RunView<'_>, moment: &Moment) {
        self.1.borrow_mut().push(format!("{} {}", self.0, json!(moment)));
    }
}

fn opened() -> Event {
    serde_json::from_str(include_str!("opened.json")).unwrap()
}

/// Drives the book with one secret; what stands in its record.
async fn driven(who: &'static str, secret: &str, told: Told) -> String {
    let plan = compile(BOOK, None).plan;
    let secrets = Secrets::default();
    secrets.hide(&Redactor::new(vec![("TOKEN".to_owned(), secret.to_owned())]).unwrap());
    let clock = || jiff::Timestamp::UNIX_EPOCH;
    let mut recorder = Recorder::new((&plan, BOOK), Memory::default(), Telling(who, told), secrets, clock);
    recorder.record(vec![opened()]).unwrap();
    let mut session = Session {
        recorder,
        desk: Nobody,
        runner: Talking,
        rules: Box::new(|_, _| panic!("no rule is kept here")),
    };
    assert_eq!(session.drive().await.unwrap(), Stop::Done(Verdict::Passed));
    let events = &session.recorder.journal().events;
    let scripts = events.iter().filter_map(|(_, event)| match event {
        Event::ActionStarted(started) => started.script.as_ref(),
        _ => None,
    });
    let scripts =
        scripts.map(|blob| session.recorder.journal().get(blob).unwrap()).collect::<Vec<_>>().concat();
    format!("{events:?} {}", String::from_utf8(scripts).unwrap())
}

#[test]
fn two_sessions_in_one_process_know_nothing_of_each_others_secrets_and_observers() {
    let told = Told::default();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (ann, bob) = runtime.block_on(async {
        tokio::join!(
            driven("ann", "hunter2-ann", Rc::clone(&told)),
            driven("bob", "hunter2-bob", Rc::clone(&told))
        )
    });
    let told = told.borrow();
    let of = |who: &str| told.iter().filter(|line| line.starts_with(who)).cloned().collect::<String>();
    for (who, record, own, other) in
        [("ann", &ann, "hunter2-ann", "hunter2-bob"), ("bob", &bob, "hunter2-bob", "hunter2-ann")]
    {
        for text in [record, &of(who)] {
            assert!(
                !text.contains(own) && text.contains(other) && text.contains("[REDACTED:TOKEN]"),
                "{text}"
            );
        }
    }
    // They went on in turn: neither waited for the other to end.
    let turns = told.iter().map(|line| &line[..3]).collect::<Vec<_>>();
    assert!(turns.windows(2).filter(|pair| pair[0] != pair[1]).count() > 2, "{turns:?}");
}

#[test]
fn moments_come_in_order_and_what_is_not_durable_is_told_behind_it() {
    let told = Told::default();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(driven("ann", "hunter2-ann", Rc::clone(&told)));
    let moment = |line: &String| {
        let value: Value = serde_json::from_str(&line[4..]).unwrap();
        value["moment"].as_str().unwrap().to_owned()
    };
    let moments: Vec<String> = told.borrow().iter().map(moment).collect();
    let step = ["step_entered", "permitted", "attempt_started"];
    let expected =
        [&step[..], &["attempt_ended"], &step, &["attempt_ended", "steps_passed", "closed"]].concat();
    assert_eq!(moments, expected);
}

#[test]
fn the_example_steps_a_run_with_answers_from_a_channel_and_prints_json_lines() {
    let source = "---\nrunbook: 1\n---\n# A\n\n## Build\n\n```sh run\nmake\n```\n\n## Tell\n\n- [ ] Everybody was told\n";
    let plan = compile(source, None).plan;
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for (answers, ends) in [(vec![true], "closed"), (vec![], "parked"), (vec![false], "parked")] {
        let (answer, waiting) = unbounded_channel();
        answers.iter().for_each(|yes| answer.send(*yes).unwrap());
        drop(answer);
        let mut out = Vec::new();
        runtime.block_on(steps::step((&plan, source), waiting, &mut out)).unwrap();
        let lines = String::from_utf8(out).unwrap();
        let moments: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(moments[0]["moment"], "step_entered", "{lines}");
        assert_eq!(moments.last().unwrap()["moment"], ends, "{lines}");
        assert_eq!(lines.contains(r#""moment":"answered""#), ends == "closed", "{lines}");
    }
}

/// What one session printed, read while it goes on.
#[derive(Clone, Default)]
struct Printed(Rc<RefCell<Vec<u8>>>);

impl std::io::Write for Printed {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Printed {
    fn says(&self, moment: &str) -> bool {
        String::from_utf8_lossy(&self.0.borrow()).contains(&format!(r#""moment":"{moment}""#))
    }

    async fn until(&self, moment: &str) {
        while !self.says(moment) {
            tokio::task::yield_now().await;
        }
    }
}

#[test]
fn two_runs_on_one_thread_wait_for_their_answers_and_go_on_as_these_arrive() {
    let source = "---\nrunbook: 1\n---\n# A\n\n## Tell\n\n- [ ] Everybody was told\n";
    let plan = compile(source, None).plan;
    let ((ann, anns), (bob, bobs)) = (unbounded_channel(), unbounded_channel());
    let (of_ann, of_bob) = (Printed::default(), Printed::default());
    let answering = async {
        of_ann.until("asked").await;
        of_bob.until("asked").await;
        bob.send(true).unwrap();
        of_bob.until("closed").await;
        assert!(!of_ann.says("answered"), "nobody has answered there");
        ann.send(true).unwrap();
    };
    let book = (&plan, source);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (first, second, ()) = runtime.block_on(async {
        tokio::join!(
            steps::step(book, anns, of_ann.clone()),
            steps::step(book, bobs, of_bob.clone()),
            answering
        )
    });
    assert_eq!((first.unwrap(), second.unwrap()), (Stop::Done(Verdict::Passed), Stop::Done(Verdict::Passed)));
    let asked = String::from_utf8(of_ann.0.borrow().clone()).unwrap();
    assert_eq!(asked.matches(r#""moment":"asked""#).count(), 1, "it is told of once: {asked}");
}

#[test]
fn the_example_is_short() {
    let lines = include_str!("../examples/steps.rs").lines().map(str::trim);
    let code = lines.filter(|line| !line.is_empty() && !line.starts_with("//")).count();
    assert!(code <= 60, "{code} lines");
}
