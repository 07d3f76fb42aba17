//! Commands that a document offers: none runs but by somebody's word for it, and each way is told apart.

use holdpoint_engine::*;
use holdpoint_model::*;

use crate::build::*;
use crate::judging::printed;
use crate::story::*;

fn blank(name: &str, written: &str) -> Blank {
    let kind = ValueKind::Text { pattern: Some("^[^-].*$".into()) };
    let field = Field { name: name.into(), prompt: None, kind, evidence: None, may_be_empty: false };
    Blank { field, takes: "text", written: written.into(), example: false }
}

pub(crate) fn offer(step: Step, text: &str, values: Vec<Blank>) -> Step {
    let reading = Reading { class: Class::Offered, confidence: Confidence::Sure, reason: "it is one".into() };
    let (lead, after) = (String::new(), String::new());
    let offered = Offered { text: text.into(), lead, after, values, refused: None, reading };
    step.run().with(|block| block.offered = Some(Box::new(offered)))
}

pub(crate) fn foreign(steps: impl IntoIterator<Item = Step>) -> Story {
    let plan = Plan { kind: DocumentKind::Foreign, ..plan(steps) };
    Story::opened_as(plan, |opened| opened.runbook.foreign = true)
}

fn one() -> Story {
    foreign([offer(step("a"), "true", Vec::new()), step("b").confirm()])
}

fn status(story: &Story) -> Status {
    story.run.status(&story.plan, Task::action(0, 0))
}

/// That somebody did it by hand.
fn by_hand(story: &Story, via: Via) -> Event {
    let by = By { who: OPS.into(), via };
    story.run.confirmed(&story.plan, Task::action(0, 0), by).expect("an item")
}

#[test]
fn a_command_is_run_by_nobody_who_was_not_asked() {
    let mut story = one();
    assert_eq!(story.at(), "ask a#1 Choose");
    let execution =
        Execution { task: Task::action(0, 0), attempt: 1, pause: std::time::Duration::ZERO, probe: false };
    story.refuses(story.start_of(execution));
    for choice in [Choice::Proceed, Choice::Retry, Choice::Run, Choice::Happened, Choice::Accepted] {
        story.refuses(story.decision(choice));
    }
    story.decide(Choice::RunCommand);
    assert_eq!(story.at(), "execute a#1");
    story.pass();
    assert_eq!((story.at(), status(&story)), ("ask b#1 Confirm".into(), Status::Passed));
    assert_eq!(story.run.deviations(), 0);
}

#[test]
fn whoever_takes_a_run_up_is_asked_once_more_about_what_was_not_begun() {
    let mut story = one();
    story.decide(Choice::RunCommand);
    story.crash();
    assert_eq!(story.at(), "ask a#1 Choose");
    story.decide(Choice::RunCommand);
    story.start();
    story.crash();
    assert_eq!(story.at(), "ask a#1 InDoubt");
    story.decide(Choice::Run);
    assert_eq!(story.at(), "execute a#1");
}

#[test]
fn done_by_hand_and_not_applicable_are_no_deviations_and_skipping_is_one() {
    let mut story = one();
    let confirmed = by_hand(&story, Via::Terminal);
    story.tell(confirmed);
    assert_eq!((status(&story), story.run.deviations()), (Status::ByHand, 0));
    let mut story = one();
    story.decide(Choice::NotApplicable);
    assert_eq!((status(&story), story.run.deviations()), (Status::NotApplicable, 0));
    assert_eq!(story.run.tally().passed_over, 1);
    let mut story = one();
    story.skip();
    assert_eq!((status(&story), story.run.deviations()), (Status::Skipped, 1));
}

#[test]
fn a_dry_run_assumes_that_it_is_done_by_hand_and_never_that_it_is_run() {
    let plan = Plan { kind: DocumentKind::Foreign, ..plan([offer(step("a"), "true", Vec::new())]) };
    let mut story = Story::opened_as(plan, |opened| {
        (opened.runbook.foreign, opened.dry, opened.number) = (true, true, 0);
    });
    let Event::Decision { step, action, place, choice, reason, .. } = story.decision(Choice::RunCommand)
    else {
        panic!()
    };
    let by = By { who: OPS.into(), via: Via::Assumed };
    let why = story.refuses(Event::Decision { step, action, place, choice, reason, by });
    assert_eq!(why, "a command that is offered is run by a person's word alone");
    let assumed = by_hand(&story, Via::Assumed);
    story.tell(assumed);
    assert_eq!(story.at(), "done Passed");
}

fn valued(name: &str, value: &str) -> Event {
    Event::ValueRecorded {
        step: "a".into(),
        action: "a#1".into(),
        name: name.into(),
        value: value.into(),
        evidence: None,
        within_limits: true,
        by: by(OPS),
    }
}

/// Two commands with the same placeholder.
fn with_values() -> Story {
    let template = |block: &mut Block| {
        block.script = "deploy {{ version }}\n".into();
        block.options.template = true;
    };
    let values = || vec![blank("version", "<version>")];
    let steps = [
        offer(step("a"), "deploy <version>", values()).with(template),
        offer(step("b"), "deploy <version>", values()).with(template),
    ];
    foreign(steps)
}

#[test]
fn a_command_with_a_value_that_nobody_gave_is_refused_and_each_is_asked_once() {
    let mut story = with_values();
    assert_eq!(story.at(), "ask a#1 Choose");
    assert_eq!(story.refuses(story.decision(Choice::RunCommand)), "this may not be chosen here");
    let task = story.task();
    let why = story.run.run_refusal(&story.plan, task);
    assert_eq!(why.as_deref(), Some("nobody has said yet what <version> is"));
    assert!(!story.offers().choices.contains(&Choice::RunCommand));
    story.refuses(valued("other", "x"));
    story.refuses(valued("version", "-x"));
    story.refuses(valued("version", ""));
    story.tell(valued("version", "it's; rm -rf /"));
    story.refuses(valued("version", "again"));
    let shown = story.run.item_text(&story.plan, task).expect("a command").expect("a text");
    assert_eq!(shown, r"deploy 'it'\''s; rm -rf /'");
    story.decide(Choice::RunCommand);
    story.pass();
    // The same value, and not asked again.
    assert_eq!(story.at(), "ask b#1 Choose");
    assert!(story.run.missing(&story.plan, story.task()).is_empty());
    story.decide(Choice::RunCommand);
    story.pass();
    assert_eq!(story.at(), "done Passed");
}

#[test]
fn by_hand_a_command_is_done_whatever_is_missing() {
    let mut story = with_values();
    let confirmed = by_hand(&story, Via::Terminal);
    let Event::ItemConfirmed { text, .. } = &confirmed else { panic!() };
    assert_eq!(text, "deploy <version>");
    let Event::ItemConfirmed { step, action, by, .. } = confirmed.clone() else { panic!() };
    story.refuses(Event::ItemConfirmed { step, action, text: "deploy v2".into(), by });
    story.tell(confirmed);
    assert_eq!(story.at(), "ask b#1 Choose");
}

#[test]
fn an_edited_command_is_offered_once_more_as_it_is_then() {
    let mut story = with_values();
    story.tell(story.editing("mine"));
    assert_eq!(story.at(), "ask a#1 Choose");
    story.decide(Choice::RunCommand);
    story.fail();
    story.tell(story.editing("other"));
    assert_eq!(story.at(), "ask a#1 Choose");
}

#[test]
fn what_cannot_be_run_from_here_is_done_by_hand_or_left() {
    let mut story = foreign([offer(step("a"), "x", Vec::new()).with(|block| {
        block.offered.as_mut().expect("offered").refused = Some("a here-document".into());
    })]);
    assert_eq!(story.offers().choices, [Choice::NotApplicable, Choice::Abort]);
    story.refuses(story.decision(Choice::RunCommand));
    let confirmed = by_hand(&story, Via::Terminal);
    story.tell(confirmed);
}

/// One that is shown to print `no`, and prints `yes`.
fn shown() -> Story {
    foreign([offer(step("a"), "true", Vec::new()).with(|block| {
        let line = LineMatcher { text: "no".into(), how: LineKind::Equal, times: Times::Once };
        block.expect.push(expect(Expected::Lines(vec![line])));
    })])
}

#[test]
fn what_is_printed_otherwise_than_shown_asks_and_neither_passes_nor_fails_by_itself() {
    let mut story = shown();
    story.decide(Choice::RunCommand);
    story.start();
    let task = story.task();
    let mut finished = finished_otherwise(&story);
    story.refuses(Event::ActionFinished(Box::new(Finished { outcome: Outcome::Passed, ..finished.clone() })));
    finished.outcome = Outcome::Failed;
    story.tell(Event::ActionFinished(Box::new(finished)));
    assert_eq!(story.at(), "ask a#1 Failed");
    assert!(story.run.printed_otherwise(task));
    assert!(story.offers().choices.contains(&Choice::Accepted));
    story.decide(Choice::Accepted);
    assert_eq!((story.at(), status(&story)), ("done Passed".into(), Status::Passed));
    assert_eq!(story.run.deviations(), 0);
}

/// Its end, with exit code 0 and an output that differs.
fn finished_otherwise(story: &Story) -> Finished {
    let Execution { task, attempt, .. } = story.execution();
    let block = task.block(&story.plan).expect("a block");
    let judgement = judge(block, &Values::default(), &printed("yes\n").observed());
    let mut finished = finished(&story.plan, task, attempt, false, Outcome::Interrupted);
    (finished.exit, finished.signal) = (Some(0), None);
    (finished.expectations, finished.outcome) = (judgement.expectations, judgement.outcome);
    finished
}

#[test]
fn a_command_that_failed_is_not_as_it_should_be() {
    let mut story = shown();
    story.decide(Choice::RunCommand);
    story.fail();
    assert_eq!(story.at(), "ask a#1 Failed");
    assert!(!story.offers().choices.contains(&Choice::Accepted));
    story.refuses(story.decision(Choice::Accepted));
}

#[test]
fn a_value_that_was_given_can_be_corrected() {
    let mut story = with_values();
    story.tell(valued("version", "v1"));
    story.tell(Event::ValueCorrected(Corrected {
        step: "a".into(),
        action: "a#1".into(),
        name: "version".into(),
        old: "v1".into(),
        new: "v2".into(),
        reason: "a slip".into(),
        within_limits: true,
        by: by(OPS),
    }));
    let text = story.run.item_text(&story.plan, story.task()).expect("a command").expect("a text");
    assert_eq!(text, "deploy 'v2'");
}

/// One that was run and failed.
fn failed() -> Story {
    let mut story = foreign([offer(step("a"), "true", Vec::new()).confirm(), step("b").confirm()]);
    story.decide(Choice::RunCommand);
    story.fail();
    assert_eq!(story.at(), "ask a#1 Failed");
    story
}

#[test]
fn a_command_that_failed_may_be_done_by_hand_and_what_failed_stays_on_record() {
    let mut story = failed();
    let confirmed = by_hand(&story, Via::Terminal);
    story.tell(confirmed);
    assert_eq!((story.at(), status(&story)), ("ask a#2 Confirm".into(), Status::ByHandAfterFailure));
    assert_eq!(story.run.deviations(), 0);
}

#[test]
fn a_command_that_failed_is_skipped_with_a_reason_and_not_called_not_applicable() {
    let mut story = failed();
    assert_eq!(story.offers().choices, [Choice::Retry, Choice::Abort]);
    story.refuses(story.decision(Choice::NotApplicable));
    story.refuses(story.decision(Choice::PassOver));
    story.skip();
    assert_eq!((status(&story), story.run.deviations()), (Status::LeftAfterFailure, 1));
}

#[test]
fn no_verdict_hides_that_a_command_failed_and_was_then_skipped() {
    let mut story = failed();
    story.skip();
    assert_eq!((status(&story), story.run.deviations()), (Status::LeftAfterFailure, 1));
    let confirmed = story.run.confirmed(&story.plan, Task::action(0, 1), by(OPS)).expect("an item");
    story.tell(confirmed);
    assert_eq!(story.run.step_status(&story.plan, 0), Status::LeftAfterFailure);
    // Tried again, and passed: nothing is left out.
    let mut story = failed();
    story.decide(Choice::Retry);
    story.pass();
    assert_eq!(status(&story), Status::Passed);
}

#[test]
fn nothing_but_an_offered_command_is_said_to_be_done_by_hand_once_it_failed() {
    let mut story = Story::opened_as(plan([step("a").run()]), |_| {});
    story.fail();
    assert_eq!(story.at(), "ask a#1 Failed");
    story.refuses(Event::ItemConfirmed {
        step: "a".into(),
        action: "a#1".into(),
        text: "true".into(),
        by: by(OPS),
    });
    story.refuses(story.decision(Choice::NotApplicable));
}

#[test]
fn a_command_that_failed_and_was_then_done_by_hand_says_both_and_so_does_its_step() {
    let mut story = failed();
    let confirmed = by_hand(&story, Via::Terminal);
    story.tell(confirmed);
    assert_eq!((status(&story).words(), story.run.deviations()), ("FAILED, THEN DONE BY HAND", 0));
    assert!(status(&story).is_done());
    let confirmed = story.run.confirmed(&story.plan, Task::action(0, 1), by(OPS)).expect("an item");
    story.tell(confirmed);
    assert_eq!(story.run.step_status(&story.plan, 0).words(), "FAILED, THEN DONE BY HAND");
    // Done by hand without a try: nothing failed.
    let mut story = one();
    let confirmed = by_hand(&story, Via::Terminal);
    story.tell(confirmed);
    assert_eq!(status(&story).words(), "DONE BY HAND");
}
