//! A block that needs the terminal, where there is none to be lent.

#![allow(clippy::unwrap_used)]

use holdpoint_document::compile;
use holdpoint_driver::{Answer, Desk, Memory, Recorder, Secrets, Session};
use holdpoint_engine::{Event, Next, Question, Run};
use holdpoint_redact::Redactor;

use super::*;

/// Answers to blocks that they run.
struct Willing;

impl Desk for Willing {
    type Error = Problem;

    fn attended(&self) -> bool {
        true
    }

    fn permit(
        &mut self,
        _: &RunView<'_>,
        _: Execution,
        _: &str,
        _: &mut Store<'_>,
    ) -> Result<Answer, Problem> {
        Ok(Answer::Go)
    }

    fn answer(
        &mut self,
        _: &RunView<'_>,
        _: Task,
        _: Question,
        _: &mut Store<'_>,
    ) -> Result<Answer, Problem> {
        Ok(Answer::Park)
    }
}

#[test]
fn a_block_that_cannot_be_given_the_terminal_ends_as_not_started_and_is_in_no_doubt() {
    let book = "---\nrunbook: 1\n---\n# A\n\n## Edit\n\n```sh run\n#| tty: true\ntouch came\n```\n";
    let plan = compile(book, None).plan;
    let opened = serde_json::from_str(include_str!("../../../driver/tests/opened.json")).unwrap();
    let redactor = Redactor::new(Vec::new()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (refused, events) = runtime.block_on(async {
        let (screen, _) = Screen::kept(&Secrets::default());
        // Tests have no terminal: there is none to be lent.
        let runner = Local::new(&screen, std::env::temp_dir(), None, Vec::new(), redactor).unwrap();
        let clock = || "2026-11-23T08:00:00Z".parse().unwrap();
        let mut recorder = Recorder::new((&plan, book), Memory::default(), (), Secrets::default(), clock);
        recorder.record(vec![opened]).unwrap();
        let mut session = Session {
            recorder,
            desk: Willing,
            runner,
            rules: Box::new(|_, _| panic!("no rule is kept here")),
        };
        let refused = session.drive().await.unwrap_err().to_string();
        (refused, session.recorder.journal().events.clone())
    });
    assert!(refused.contains("the terminal cannot be lent"), "{refused}");
    let run = Run::replay(&plan, events.clone()).unwrap();
    let Some((_, Event::ActionFinished(finished))) = events.last() else { panic!("{events:?}") };
    assert!(finished.error.as_ref().unwrap().starts_with("not started: the terminal"), "{finished:?}");
    let next = run.next(&plan);
    assert!(matches!(next, Next::Ask(_, Question::Failed)), "{next:?}");
}
