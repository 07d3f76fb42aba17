//! Blocks: started, ended, retried, interrupted, warned of.

use std::time::Duration;

use holdpoint_engine::*;
use holdpoint_model::*;

use crate::build::*;
use crate::story::*;

#[test]
fn blocks_run_one_after_the_other_and_the_run_passes() {
    let mut story = Story::of(plan([step("a").run().check(), step("b").run()]));
    for action in ["a#1", "a#2", "b#1"] {
        assert_eq!(story.at(), format!("execute {action}"));
        story.start();
        assert_eq!(story.at(), format!("await {action}"));
        story.finish(Outcome::Passed);
    }
    assert_eq!(story.at(), "done Passed");
    assert_eq!(story.run.progress(), (3, 3));
    story.close(Verdict::Passed);
    assert!(story.run.is_closed());
}

#[test]
fn a_run_begins_with_its_opening_and_opens_once() {
    let plan = plan([step("a").run()]);
    let mut run = Run::new(&plan);
    assert_eq!(run.next(&plan), Next::Open);
    assert!(run.apply(&plan, NOW, &note("early")).is_err());
    let mut story = Story::of(plan);
    assert_eq!(story.refuses(Event::RunOpened(Box::new(opened()))), "the run is open already");
}

#[test]
fn a_plan_of_nothing_to_do_does_not_pass() {
    assert_eq!(Story::of(plan([])).at(), "done NothingDone");
}

#[test]
fn only_the_verdict_that_came_closes_and_nothing_follows_it() {
    let mut story = Story::of(plan([step("a").confirm()]));
    story.refuses(Event::RunClosed { verdict: Verdict::Passed });
    story.confirm();
    for wrong in [Verdict::NothingDone, Verdict::Failed, Verdict::RolledBack, Verdict::Aborted] {
        story.refuses(Event::RunClosed { verdict: wrong });
    }
    story.close(Verdict::Passed);
    for late in [
        note("late"),
        Event::SessionOpened(session(OPS)),
        Event::LogRecovered { torn: blob("x") },
        Event::RunClosed { verdict: Verdict::Passed },
        deviation(DeviationKind::Shell, "a", None),
    ] {
        assert_eq!(story.refuses(late), "the run is closed");
    }
}

#[test]
fn another_block_attempt_or_kind_than_the_one_at_hand_does_not_start() {
    let mut story = Story::of(plan([step("a").run().run().rollback()]));
    let Event::ActionStarted(right) = story.start_event() else { panic!() };
    for wrong in [
        Started { action: "a#2".into(), ..right.clone() },
        Started { step: "b".into(), ..right.clone() },
        Started { attempt: 2, ..right.clone() },
        Started { probe: true, ..right.clone() },
        Started { script: Some(blob("other")), ..right.clone() },
    ] {
        story.refuses(Event::ActionStarted(wrong));
    }
    story.refuses(Event::RollbackStarted(right));
    story.refuses(story.confirming(OPS));
    story.start();
    story.refuses(story.finish_event(Outcome::Passed, |f| f.attempt = 2));
    story.refuses(story.finish_event(Outcome::Passed, |f| f.action = "a#2".into()));
    story.refuses(story.finish_event(Outcome::Passed, |f| f.probe = true));
}

#[test]
fn an_outcome_that_contradicts_the_exit_or_the_expectations_is_refused() {
    let mut story = Story::of(plan([step("a").run().captures("OUT").with(|block| {
        block.options.timeout = Some(Duration::from_secs(60));
        block.expect.push(expect(Expected::Stderr(Matcher::Empty)));
    })]));
    story.start();
    type Case = (&'static str, Outcome, fn(&mut Finished));
    let cases: [Case; 14] = [
        ("nothing was judged", Outcome::Passed, |f| f.expectations.clear()),
        ("one was not judged", Outcome::Passed, |f| drop(f.expectations.pop())),
        ("one was judged twice", Outcome::Passed, |f| f.expectations.push(f.expectations[0].clone())),
        ("an exit that is not expected", Outcome::Passed, |f| f.exit = Some(3)),
        ("no exit at all", Outcome::Passed, |f| f.exit = None),
        ("killed", Outcome::Passed, |f| f.signal = Some(9)),
        ("not started", Outcome::Passed, |f| f.error = Some("no such program".into())),
        ("an expectation that did not hold", Outcome::Passed, |f| f.expectations[2].held = false),
        ("a capture is missing", Outcome::Passed, |f| f.captures.clear()),
        ("a capture is missing and nothing says so", Outcome::Failed, |f| {
            f.captures.clear();
            f.expectations.push(Judged { expected: "OUT".into(), came: None, held: true });
        }),
        ("a capture nobody declared", Outcome::Passed, |f| drop(f.captures.insert("X".into(), "1".into()))),
        ("everything held", Outcome::Failed, |f| {
            f.exit = Some(0);
            f.expectations.iter_mut().for_each(|judged| judged.held = true);
        }),
        ("too late, yet failed", Outcome::TimedOut, |f| f.outcome = Outcome::Failed),
        ("in time, yet timed out", Outcome::Failed, |f| f.outcome = Outcome::TimedOut),
    ];
    for (case, outcome, how) in cases {
        let event = story.finish_event(outcome, how);
        let before = story.run.clone();
        assert!(story.run.apply(&story.plan, NOW, &event).is_err(), "{case}");
        assert_eq!(story.run, before, "{case}");
    }
    story.finish(Outcome::Passed);
}

#[test]
fn an_assumed_judgement_is_taken_like_a_real_one_once_every_capture_is_known() {
    let mut story = Story::of(plan([step("a").run().captures("OUT")]));
    let block = story.task().block(&story.plan).unwrap().clone();
    assert_eq!(assumed(&block, &Default::default()), None);
    let judgement = assumed(&block, &[("OUT".to_owned(), "v1".to_owned())].into()).unwrap();
    story.start();
    story.finish_with(Outcome::Passed, |f| {
        f.expectations = judgement.expectations;
        f.captures = judgement.captures;
    });
    assert_eq!(story.run.values().get("OUT"), Some("v1"));
}

#[test]
fn captures_are_variables_for_what_follows() {
    let mut story = Story::of(plan([step("a").run().captures("OUT").run()]));
    story.pass_with("OUT", "v2");
    assert_eq!(story.run.values().get("OUT"), Some("v2"));
}

#[test]
fn shell_state_is_carried_over_for_each_target() {
    let on = |target: &str| {
        let target = Some(target.to_owned());
        move |block: &mut Block| block.options.target = target
    };
    let steps = [step("a").run().with(on("web")).run().with(on("db")).run().with(on("web"))];
    let mut story =
        Story::opened_as(plan(steps), |o| o.environment.targets = targets(&[("web", 1), ("db", 1)]));
    assert_eq!(story.run.shell_state(story.task()), None);
    story.start();
    story.finish_with(Outcome::Passed, |f| f.state = Some(blob("state of web")));
    assert_eq!(story.run.shell_state(story.task()), None, "db is another machine");
    story.start();
    story.finish_with(Outcome::Passed, |f| f.state = Some(blob("state of db")));
    assert_eq!(story.run.shell_state(story.task()), Some(&blob("state of web")));
}

#[test]
fn a_rendered_script_must_be_kept_and_the_documents_own_must_not_be_told_again() {
    let mut story = Story::of(plan([step("a").run().with(|block| block.options.template = true)]));
    let Event::ActionStarted(right) = story.start_event() else { panic!() };
    assert!(right.script.is_some());
    story.refuses(Event::ActionStarted(Started { script: None, ..right }));
    story.start();
}

#[test]
fn a_check_is_retried_while_attempts_and_pauses_keep_the_budget() {
    // Each attempt costs one second and each pause two: attempts begin at 0, 3 and 6 of 7 seconds.
    let mut story = Story::of(plan([step("a").check().retry(2, 7)]));
    assert_eq!(story.execution().pause, Duration::ZERO);
    story.fail();
    for attempt in [2, 3] {
        assert_eq!(story.at(), "execute a#1");
        assert_eq!((story.execution().attempt, story.execution().pause), (attempt, Duration::from_secs(2)));
        story.fail();
    }
    assert_eq!(story.at(), "ask a#1 Failed");
    story.decide(Choice::Retry);
    assert_eq!((story.execution().attempt, story.execution().pause), (4, Duration::ZERO));
    story.fail();
    assert_eq!(story.at(), "execute a#1", "asking for it again gives the whole budget again");
    story.pass();
    assert_eq!(story.at(), "done Passed");
}

#[test]
fn retrying_ends_even_where_an_attempt_takes_no_time_at_all() {
    let mut story = Story::of(plan([step("a").check().retry(0, 1)]));
    for attempt in 1..=1000 {
        assert_eq!(story.execution().attempt, attempt);
        story.start();
        story.finish_with(Outcome::Failed, |f| f.duration_ms = 0);
    }
    assert_eq!(story.at(), "ask a#1 Failed");
}

#[test]
fn a_timeout_is_an_outcome_and_counts_as_an_attempt() {
    let mut story = Story::of(plan([step("a").check().retry(2, 4)]));
    story.execute(Outcome::TimedOut);
    assert_eq!(story.at(), "execute a#1");
    story.execute(Outcome::TimedOut);
    assert_eq!(story.at(), "ask a#1 Failed");
}

#[test]
fn a_run_that_is_not_idempotent_is_not_tried_again_by_itself() {
    let mut story =
        Story::of(plan([step("a").run().retry(1, 60).with(|block| block.options.idempotent = false)]));
    story.fail();
    assert_eq!(story.at(), "ask a#1 Failed");
}

#[test]
fn what_the_operator_interrupted_is_never_retried_stopped_or_rolled_back_by_itself() {
    for what in [OnFailure::Ask, OnFailure::Stop, OnFailure::Rollback] {
        let a = step("a").run().retry(1, 60).rollback().on_failure(what);
        let mut story = Story::of(plan([a]));
        story.execute(Outcome::Interrupted);
        assert_eq!(story.at(), "ask a#1 Failed", "{what:?}");
        story.decide(Choice::Retry);
        story.pass();
        assert_eq!(story.at(), "done Passed");
    }
}

#[test]
fn a_failure_asks_and_retry_runs_it_once_more() {
    let mut story = Story::of(plan([step("a").run()]));
    story.fail();
    assert_eq!(story.at(), "ask a#1 Failed");
    assert_eq!(story.offers().choices, [Choice::Retry, Choice::Abort]);
    story.decide(Choice::Retry);
    assert_eq!(story.execution().attempt, 2);
    story.pass();
    assert_eq!(story.at(), "done Passed");
}

#[test]
fn a_failure_stops_the_run_where_the_document_says_so() {
    let mut story = Story::of(plan([step("a").run().on_failure(OnFailure::Stop), step("b").run()]));
    story.fail();
    assert_eq!(story.at(), "done Failed");
    story.refuses(deviation(DeviationKind::Skipped, "a", Some("a#1")));
    story.close(Verdict::Failed);
}

#[test]
fn abort_ends_the_run_and_nothing_runs_after_it() {
    let mut story = Story::of(plan([step("a").run().rollback(), step("b").run()]));
    story.pass();
    let start = story.start_event();
    let back = story.rolling_back(Some(by(OPS)));
    story.decide(Choice::Abort);
    assert_eq!(story.at(), "done Aborted");
    story.refuses(start);
    story.refuses(back);
    story.tell(note("why"));
    story.close(Verdict::Aborted);
}

#[test]
fn a_running_block_must_end_before_the_run_is_aborted() {
    let mut story = Story::of(plan([step("a").run()]));
    let abort = story.decision(Choice::Abort);
    story.start();
    story.refuses(abort);
    story.refuses(deviation(DeviationKind::Shell, "a", None));
}

#[test]
fn a_caution_is_acknowledged_before_the_block_runs() {
    let mut story = Story::of(plan([step("a").run().caution("Users will notice.")]));
    assert_eq!(story.at(), "ask a#1 Confirm");
    assert_eq!(story.run.warning(&story.plan, story.task()).as_deref(), Some("Users will notice."));
    story.refuses(story.confirming(OPS));
    story.decide(Choice::Proceed);
    assert_eq!(story.at(), "execute a#1");
}

#[test]
fn a_point_of_no_return_is_acknowledged_once_before_it_is_crossed() {
    let mut story = Story::of(plan([step("a").check().run().run().irreversible()]));
    story.pass();
    assert_eq!(story.at(), "ask a#2 Confirm");
    assert!(story.run.warning(&story.plan, story.task()).unwrap().contains("point of no return"));
    story.decide(Choice::Proceed);
    story.pass();
    assert_eq!(story.at(), "execute a#3");
}

#[test]
fn a_point_of_no_return_is_said_before_the_second_block_too_if_the_first_never_was_at_hand() {
    let mut story = Story::of(plan([step("a")
        .run()
        .with(|b| b.options.when = Some("false".into()))
        .run()
        .irreversible()]));
    story.pass_over();
    assert_eq!(story.at(), "ask a#2 Confirm");

    let mut story = Story::of(plan([step("a").run().run().irreversible()]));
    story.skip();
    assert_eq!(story.at(), "ask a#2 Confirm");
}

#[test]
fn a_warning_is_acknowledged_again_when_the_step_is_repeated() {
    let mut story = Story::of(plan([step("a").run().irreversible(), step("b").confirm()]));
    story.decide(Choice::Proceed);
    story.pass();
    story.repeat("a");
    assert_eq!(story.at(), "ask a#1 Confirm");
}

#[test]
fn an_operator_may_take_over_and_the_run_knows_who_operates() {
    let mut story = Story::of(plan([step("a").run()]));
    assert_eq!(story.run.operator(), OPS);
    story.tell(Event::SessionOpened(session(LEAD)));
    assert_eq!(story.run.operator(), LEAD);
    assert_eq!(story.at(), "execute a#1");
}
