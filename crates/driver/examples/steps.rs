//! Steps a run with answers from a channel, and prints what happens as JSON lines. Nothing is executed: every block
//! passes. `echo y | cargo run -p holdpoint-driver --example steps`

use std::io::{BufRead, Write};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use holdpoint_driver::*;
use holdpoint_engine::{Event, Execution, Finished, Question, Task};
use holdpoint_model::Plan;
use serde_json::json;

type Store<'a> = dyn BlobStore<Error = Fault> + 'a;

/// Answers with whatever comes through a channel; parks where nothing comes any more.
struct Channel(Receiver<bool>);

impl Desk for Channel {
    type Error = Fault;
    fn attended(&self) -> bool {
        false
    }
    fn permit(&mut self, _: &RunView<'_>, _: Execution, _: &str, _: &mut Store<'_>) -> Result<Answer, Fault> {
        Ok(Answer::Go)
    }
    fn answer(&mut self, v: &RunView<'_>, t: Task, q: Question, _: &mut Store<'_>) -> Result<Answer, Fault> {
        let (Question::Confirm, Ok(true)) = (q, self.0.recv()) else { return Ok(Answer::Park) };
        let (step, action, by) =
            (&t.step_of(v.plan).id, t.id(v.plan), json!({ "who": "a", "via": "terminal" }));
        let done = json!({ "type": "item.confirmed", "step": step, "action": action, "by": by });
        Ok(Answer::Events(vec![serde_json::from_value(done).map_err(Fault::Unmaskable)?]))
    }
}

/// Every block passes.
struct Passing;

impl Runner for Passing {
    type Error = Fault;
    type Attempt = Execution;
    fn script(&self, view: &RunView<'_>, task: Task, _: &Store<'_>) -> Result<Script, Fault> {
        Ok(Script { text: task.block(view.plan).map_or(String::new(), |b| b.script.clone()), differs: false })
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
        e: Execution,
        _: &Script,
        _: Way,
        _: &mut Store<'_>,
    ) -> Result<Execution, Fault> {
        Ok(e)
    }
    async fn run(&self, _: &mut Execution, _: impl FnMut(Option<i32>)) {}
    fn end(&self, view: &RunView<'_>, e: Execution, _: &mut Store<'_>) -> Result<End<Fault>, Fault> {
        let (step, action) = (&e.task.step_of(view.plan).id, e.task.id(view.plan));
        let finished: Finished = serde_json::from_value(json!({
            "step": step, "action": action, "attempt": e.attempt, "outcome": "passed", "exit": 0, "duration_ms": 1,
            "expectations": [{ "expected": "exit 0", "held": true }], "captures": {}, "masked": {}
        }))
        .map_err(Fault::Unmaskable)?;
        Ok(End::Known(Box::new(Executed { finished, park: false, assumed: false, fault: None })))
    }
}

/// Prints moments as JSON lines.
struct Lines<W>(W);

impl<W: Write> Observer for Lines<W> {
    fn saw(&mut self, _: &RunView<'_>, moment: &Moment) {
        let _ = writeln!(self.0, "{}", json!(moment));
    }
}

/// Drives the document to its end, or to where nobody answers.
pub async fn step(book: (&Plan, &str), answers: Receiver<bool>, out: impl Write) -> Result<Stop, Fault> {
    let opened: Event =
        serde_json::from_str(include_str!("../tests/opened.json")).map_err(Fault::Unmaskable)?;
    let clock = || jiff::Timestamp::UNIX_EPOCH;
    let mut recorder = Recorder::new(book, Memory::default(), Lines(out), Secrets::default(), clock);
    recorder.record(vec![opened])?;
    let rules = Box::new(|_: &_| Err(Fault::Stuck)); // this run keeps none
    Session { recorder, desk: Channel(answers), runner: Passing, rules }.drive().await
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let source = "---\nrunbook: 1\n---\n# A release\n\n## Build\n\n```sh run\nmake\n```\n\n## Tell\n\n- [ ] Everybody was told\n";
    let plan = holdpoint_document::compile(source, None).plan;
    let (answer, answers) = channel();
    std::io::stdin().lock().lines().map_while(Result::ok).try_for_each(|line| answer.send(line == "y"))?;
    drop(answer);
    tokio::runtime::Builder::new_current_thread().build()?.block_on(step(
        (&plan, source),
        answers,
        std::io::stdout(),
    ))?;
    Ok(())
}
