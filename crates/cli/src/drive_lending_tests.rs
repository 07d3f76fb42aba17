//! A block that needs the terminal, where there is none to be lent.

use super::*;

/// Answers to blocks that they run.
struct Willing;

impl Desk for Willing {
    fn attended(&self) -> bool {
        true
    }

    fn permit(
        &mut self,
        _: &RunView<'_>,
        _: Execution,
        _: &str,
        _: &mut dyn Journal,
    ) -> Result<Answer, Problem> {
        Ok(Answer::Go)
    }

    fn answer(
        &mut self,
        _: &RunView<'_>,
        _: Task,
        _: Question,
        _: &mut dyn Journal,
    ) -> Result<Answer, Problem> {
        Ok(Answer::Park)
    }
}

#[test]
fn a_block_that_cannot_be_given_the_terminal_ends_as_not_started_and_is_in_no_doubt() {
    let book = "---\nrunbook: 1\n---\n# A\n\n## Edit\n\n```sh run\n#| tty: true\ntouch came\n```\n";
    let plan = compile(book, None).plan;
    let redactor = holdpoint_record::Redactor::new(Vec::new()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let ended = runtime.block_on(async {
        // Tests have no terminal: there is none to be lent.
        let runner =
            crate::world::local::Local::new(std::env::temp_dir(), None, Vec::new(), redactor).unwrap();
        let mut drive = Session {
            plan: &plan,
            source: book,
            run: Run::new(&plan),
            clock: Box::new(|| "2026-11-23T08:00:00Z".parse().unwrap()),
            check: Box::new(|_| panic!("no rule is kept here")),
            journal: Memory::default(),
            desk: Willing,
            runner,
            held: Vec::new(),
        };
        drive.record(vec![opened(1)]).unwrap();
        let refused = drive.on().await.unwrap_err().to_string();
        (refused, drive.journal.events, drive.run.next(&plan))
    });
    let (refused, events, next) = ended;
    assert!(refused.contains("the terminal cannot be lent"), "{refused}");
    conforms(&plan, &events);
    let Some((_, Event::ActionFinished(finished))) = events.last() else { panic!("{events:?}") };
    assert!(finished.error.as_ref().unwrap().starts_with("not started: the terminal"), "{finished:?}");
    assert!(matches!(next, Next::Ask(_, Question::Failed)), "{next:?}");
}
