//! Steps a run with answers from a channel, and prints what happens as JSON lines. Nothing is executed: every block
//! passes. `echo y | cargo run -p holdpoint-driver --example steps`

use std::io::{BufRead, Write};

use holdpoint_driver::*;
use holdpoint_engine::{By, Execution, Question, Task, Via};
use holdpoint_model::Plan;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

type Store<'a> = dyn BlobStore<Error = Fault> + 'a;

/// Answers with whatever comes through a channel, when it comes; parks where nothing comes any more.
struct Channel(UnboundedReceiver<bool>, Option<bool>);

impl Desk for Channel {
    type Error = Fault;
    fn attended(&self) -> bool {
        false
    }
    fn permit(&mut self, _: &RunView<'_>, _: Execution, _: &str, _: &mut Store<'_>) -> Result<Answer, Fault> {
        Ok(Answer::Go)
    }
    fn answer(&mut self, v: &RunView<'_>, t: Task, q: Question, _: &mut Store<'_>) -> Result<Answer, Fault> {
        let by = By { who: "a".to_owned(), via: Via::Terminal };
        Ok(match (q, self.1.take()) {
            (Question::Confirm, Some(true)) => Answer::Events(Vec::from_iter(v.run.confirmed(v.plan, t, by))),
            (Question::Confirm, None) => Answer::Later,
            _ => Answer::Park,
        })
    }
    async fn heard(&mut self) -> bool {
        self.1 = self.0.recv().await;
        self.1.is_some()
    }
}

/// Prints moments as JSON lines.
struct Lines<W>(W);

impl<W: Write> Observer for Lines<W> {
    fn saw(&mut self, _: &RunView<'_>, moment: &Moment) {
        let _ = writeln!(self.0, "{}", serde_json::json!(moment));
    }
}

/// Drives the document to its end, or to where nobody answers.
pub async fn step(
    book: (&Plan, &str),
    answers: UnboundedReceiver<bool>,
    out: impl Write,
) -> Result<Stop, Fault> {
    let opened = serde_json::from_str(include_str!("../tests/opened.json")).map_err(Fault::Unmaskable)?;
    let clock = || jiff::Timestamp::UNIX_EPOCH;
    let mut recorder = Recorder::new(book, Memory::default(), Lines(out), Secrets::default(), clock);
    recorder.record(vec![opened])?;
    let rules: Box<Rules<'_, Fault>> = Box::new(|_, _| Err(Fault::Stuck)); // this run keeps none
    Session { recorder, desk: Channel(answers, None), runner: Passing, rules }.drive().await
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Fault> {
    let book = "---\nrunbook: 1\n---\n# A release\n\n## Build\n\n```sh run\nmake\n```\n\n## Tell\n\n- [ ] Everybody was told\n";
    let (answer, answers) = unbounded_channel();
    let lines = std::io::stdin().lock().lines().map_while(Result::ok);
    lines.take_while(|line| answer.send(line == "y").is_ok()).for_each(drop);
    drop(answer);
    step((&holdpoint_document::compile(book, None).plan, book), answers, std::io::stdout()).await.map(drop)
}
