//! A step on 32 places: who begins when, what waits for all, what failures do, and what a rollback undoes where.

use holdpoint_engine::*;
use holdpoint_model::*;

use crate::build::*;
use crate::fake::*;
use crate::story::*;

#[test]
fn the_first_place_goes_alone_and_the_others_follow_so_many_at_a_time_in_their_order() {
    let mut fake = Fake::of([on_web(step("a").run().check(), 1, 4, 0)], 32);
    assert_eq!(fake.frontier().ready.len(), 1, "the canary alone");
    assert_eq!(fake.go_on(), "done Passed");
    assert_eq!(fake.most, 4);
    let canary = fake.positions(&format!("passed a#2 {}", web(1)))[0];
    assert!(fake.positions("start").iter().skip(2).all(|start| *start > canary), "{:#?}", fake.log);
    let begun: Vec<&String> = fake.log.iter().filter(|line| line.starts_with("start a#1")).collect();
    let expected: Vec<String> = (1..=32).map(|n| format!("start a#1 {}", web(n))).collect();
    assert!(begun.into_iter().eq(&expected), "{:#?}", fake.log);
    for n in 1..=32 {
        let own: Vec<&String> =
            fake.log.iter().filter(|line| line.ends_with(&format!(" {}", web(n)))).collect();
        assert_eq!(own.len(), 4, "each block once at each place, in document order");
        assert!(own[1].starts_with("passed a#1") && own[2].starts_with("start a#2"), "{own:?}");
    }
}

#[test]
fn without_a_rollout_places_go_one_after_another() {
    let steps = [Step { target: Some("web".into()), ..step("a").run() }];
    let mut fake = Fake::of(steps, 32);
    assert_eq!(fake.go_on(), "done Passed");
    assert_eq!(fake.most, 1);
}

#[test]
fn items_records_and_sign_offs_are_done_once_after_every_place_is_through_what_stands_before_them() {
    let step = step("a").run().confirm().run().record(&["x"]).check().sign_off("qa").run();
    let mut fake = Fake::of([on_web(step, 0, 32, 0)], 32);
    for (block, barrier) in
        [("a#1", "ask a#2 Confirm"), ("a#3", "ask a#4 Record"), ("a#5", "ask a#6 SignOff")]
    {
        assert_eq!(fake.go_on(), barrier);
        assert_eq!(fake.positions(&format!("passed {block}")).len(), 32);
        assert_eq!(fake.asked().len(), 1);
        match barrier {
            "ask a#2 Confirm" => fake.story.confirm(),
            "ask a#4 Record" => fake.story.record("x", "1"),
            _ => fake.story.sign(QA),
        }
    }
    assert_eq!(fake.most, 32);
    assert_eq!(fake.go_on(), "done Passed");
    assert_eq!(fake.story.run.progress(), (7, 7), "actions are counted, not places");
}

#[test]
fn a_block_of_another_target_waits_for_all_places_and_is_waited_for() {
    let here = |block: &mut Block| block.options.target = Some("local".into());
    let db = |block: &mut Block| block.options.target = Some("db".into());
    let mut fake = Fake::of([on_web(step("a").run().run().with(here).run().with(db).run(), 0, 8, 0)], 32);
    assert_eq!(fake.go_on(), "done Passed");
    let (last, own, other) = (
        fake.positions("passed a#1"),
        fake.positions("start a#2 here"),
        fake.positions("start a#3 ssh://db-01"),
    );
    assert!(last.len() == 32 && own.len() == 1 && other.len() == 1);
    assert!(last[31] < own[0] && own[0] < other[0] && other[0] < fake.positions("start a#4")[0]);
}

#[test]
fn a_warning_is_acknowledged_once_before_the_first_place_runs_the_block() {
    let mut fake = Fake::of([on_web(step("a").run().run().caution("Mind the gap."), 0, 4, 0)], 32);
    assert_eq!(fake.go_on(), "ask a#2 Confirm");
    assert_eq!((fake.positions("passed a#1").len(), fake.positions("start a#2").len()), (4, 0));
    fake.story.decide(Choice::Proceed);
    assert_eq!(fake.go_on(), "done Passed");
    assert_eq!(fake.positions("passed a#2").len(), 32);
}

#[test]
fn no_place_begins_after_a_failure_those_that_run_are_waited_for_and_then_the_failed_ones_are_asked_about() {
    let mut fake = Fake::of([on_web(step("a").run().check(), 1, 4, 0)], 32)
        .ends("a#1", 3, &[Outcome::Failed])
        .ends("a#2", 5, &[Outcome::TimedOut]);
    fake.go_on();
    assert_eq!(fake.asked(), [format!("a#1 {}", web(3)), format!("a#2 {}", web(5))]);
    let begun = fake.positions("start a#1").len();
    assert_eq!(begun, 5, "the canary and the four after it: {:#?}", fake.log);
    assert_eq!(fake.positions("passed a#2").len(), 3, "whoever had begun went through: {:#?}", fake.log);
    let wrong = Event::Decision {
        step: "a".into(),
        action: "a#1".into(),
        place: Some(web(2)),
        choice: Choice::Retry,
        reason: None,
        by: by(OPS),
    };
    fake.story.refuses(wrong);
    fake.decide_at("a#1", 3, Choice::Retry);
    assert_eq!(fake.asked(), [format!("a#2 {}", web(5))], "the others are asked about still");
    fake.decide_at("a#2", 5, Choice::Retry);
    let ready = fake.frontier().ready;
    let again: Vec<&str> = ready.iter().take(2).map(|e| fake.story.run.place_of(e.task).unwrap()).collect();
    assert_eq!(again, [web(3), web(5)], "both go again, at once");
    assert_eq!(fake.go_on(), "done Passed");
    assert_eq!(fake.positions("passed a#1").len(), 32);
}

#[test]
fn so_many_failures_are_tolerated_and_asked_about_once_all_others_are_through() {
    let script = |fake: Fake| (4..=6).fold(fake, |fake, n| fake.ends("a#1", n, &[Outcome::Failed]));
    let mut fake = script(Fake::of([on_web(step("a").run(), 0, 2, 3)], 32));
    fake.go_on();
    assert_eq!(fake.asked().len(), 3);
    assert_eq!(fake.positions("passed a#1").len(), 29, "all others went on");
    let mut fake = script(Fake::of([on_web(step("a").run(), 0, 1, 2)], 32));
    fake.go_on();
    assert_eq!(fake.asked().len(), 3);
    assert_eq!(fake.positions("start a#1").len(), 6, "one failure too many");
}

#[test]
fn a_canary_that_failed_is_never_tolerated() {
    let mut fake = Fake::of([on_web(step("a").run(), 1, 8, 9)], 32).ends("a#1", 1, &[Outcome::Failed]);
    fake.go_on();
    assert_eq!((fake.asked().len(), fake.positions("start").len()), (1, 1));
    fake.skip_at("a#1", 1);
    assert_eq!(fake.go_on(), "done Passed");
    assert_eq!(
        fake.story.run.skipped(&fake.story.plan),
        [format!("a#1 at {}", web(1))],
        "skipped at one place is skipped"
    );
}

#[test]
fn where_several_places_go_first_one_that_failed_keeps_the_others_from_beginning() {
    let steps = || [on_web(step("a").run(), 2, 1, 2)];
    let mut fake = Fake::of(steps(), 4).ends("a#1", 1, &[Outcome::Failed, Outcome::Failed]);
    fake.go_on();
    assert_eq!(fake.asked(), [format!("a#1 {}", web(1))]);
    assert_eq!(fake.positions("start").len(), 1, "{:#?}", fake.log);
    fake.decide_at("a#1", 1, Choice::Retry);
    fake.go_on();
    assert_eq!(fake.positions("start").len(), 2, "nor does it while it is tried again: {:#?}", fake.log);
    fake.skip_at("a#1", 1);
    assert_eq!(fake.go_on(), "done Passed");
    assert_eq!(fake.positions("start").len(), 5);
    let mut second = Fake::of(steps(), 4).ends("a#1", 2, &[Outcome::Failed]);
    second.go_on();
    assert_eq!((second.asked().len(), second.positions("start").len()), (1, 2));
}

#[test]
fn a_place_that_is_tried_again_counts_as_failed_until_it_has_passed() {
    let mut fake = Fake::of([on_web(step("a").run().run(), 0, 2, 0)], 4).ends(
        "a#1",
        1,
        &[Outcome::Failed, Outcome::Failed],
    );
    fake.start_all();
    fake.end(0);
    fake.go_on();
    assert_eq!(fake.asked(), [format!("a#1 {}", web(1))]);
    let begun = fake.positions("start a#1").len();
    for left in [1, 0] {
        fake.decide_at("a#1", 1, Choice::Retry);
        let ready = fake.frontier().ready;
        assert_eq!(ready.len(), 1, "nothing begins beside it");
        fake.start_all();
        assert_eq!(fake.frontier().running.len(), 1);
        fake.end(0);
        if left == 1 {
            assert_eq!(fake.positions("start a#1").len(), begun + 1);
            assert_eq!(fake.asked(), [format!("a#1 {}", web(1))]);
        }
    }
    assert_eq!(fake.frontier().ready.len(), 2, "it has passed, and goes on beside the next");
    assert_eq!(fake.go_on(), "done Passed");
    let mut tolerant = Fake::of([on_web(step("a").run(), 0, 2, 1)], 4)
        .ends("a#1", 1, &[Outcome::Failed])
        .ends("a#1", 2, &[Outcome::Failed]);
    tolerant.start_all();
    tolerant.end(0);
    tolerant.end(0);
    tolerant.decide_at("a#1", 1, Choice::Retry);
    assert_eq!(tolerant.frontier().ready.len(), 1, "two have failed, one is tolerated");
}

#[test]
fn a_place_is_skipped_with_a_reason_and_what_is_left_of_it_too() {
    let mut fake =
        Fake::of([on_web(step("a").run().check(), 0, 32, 0)], 3).ends("a#1", 2, &[Outcome::Failed]);
    fake.go_on();
    fake.story.tell(deviation_at(DeviationKind::Skipped, "a", None, Some(web(2))));
    assert_eq!(fake.go_on(), "done Passed");
    assert_eq!((fake.positions("start a#2").len(), fake.story.run.seen().deviations.len()), (2, 1));
    assert_eq!(fake.story.run.seen().deviations[0], format!("skipped a at {} by {OPS}: because", web(2)));
}

#[test]
fn it_is_known_how_many_places_follow_unasked_while_others_are_at_work() {
    let following = |step: Step, places| {
        let fake = Fake::of([step], places);
        let task = fake.frontier().ready[0].task;
        fake.story.run.following(&fake.story.plan, task)
    };
    assert_eq!(following(on_web(step("a").run(), 0, 2, 0), 5), 3);
    assert_eq!(following(on_web(step("a").run(), 3, 2, 0), 5), 1, "of those that go first");
    assert_eq!(following(on_web(step("a").run(), 0, 1, 0), 5), 0, "each in its turn");
    assert_eq!(following(on_web(step("a").run(), 1, 4, 0), 5), 0, "the canary alone");
    assert_eq!(following(on_web(step("a").run(), 0, 5, 0), 5), 0, "all begin at once");
    assert_eq!(
        following(on_web(step("a").run().run(), 0, 2, 0), 5),
        0,
        "each keeps its room for the next block"
    );
}

#[test]
fn what_the_operator_stopped_stops_the_rollout() {
    let mut fake =
        Fake::of([on_web(step("a").run().run(), 0, 4, 9)], 32).ends("a#1", 4, &[Outcome::Interrupted]);
    fake.go_on();
    assert_eq!(fake.asked(), [format!("a#1 {}", web(4))]);
    assert_eq!(fake.positions("start").len(), 4, "nothing else began: {:#?}", fake.log);
}

#[test]
fn a_failure_ends_the_run_or_rolls_back_where_the_document_says_so_once_nothing_runs() {
    for (what, end) in [(OnFailure::Stop, "done Failed"), (OnFailure::Rollback, "roll back")] {
        let step = step("a").run().rollback().on_failure(what);
        let mut fake = Fake::of([on_web(step, 0, 4, 0)], 32).ends("a#1", 4, &[Outcome::Failed]);
        assert_eq!(fake.go_on(), end);
        assert!(fake.frontier().running.is_empty());
        assert_eq!(fake.positions("passed").len(), 3);
    }
}

#[test]
fn a_rollback_undoes_in_reverse_at_each_place_where_something_was_done() {
    let local = |block: &mut Block| block.options.target = Some("local".into());
    let steps = [
        on_web(step("a").run().rollback().rollback_with(local), 1, 2, 0),
        step("b").run().rollback(),
        on_web(step("c").run().rollback(), 1, 2, 0),
    ];
    let mut fake = Fake::of(steps, 3).ends("c#1", 2, &[Outcome::Failed]);
    fake.go_on();
    // The third place of c had begun with the second, the canary before them.
    let mut wrong = fake.story.rolling_back(Some(by(OPS)));
    if let Event::RollbackOpened { places, .. } = &mut wrong {
        assert_eq!(places.len(), 6);
        places.reverse();
    }
    fake.story.refuses(wrong);
    fake.story.roll_back();
    let from = fake.log.len();
    assert_eq!(fake.go_on(), "done RolledBack");
    let undone: Vec<String> =
        fake.log[from..].iter().filter_map(|l| l.strip_prefix("start ")).map(str::to_owned).collect();
    let expected = [
        format!("c#rollback-1 {}", web(3)),
        format!("c#rollback-1 {}", web(2)),
        format!("c#rollback-1 {}", web(1)),
        "b#rollback-1 here".to_owned(),
        format!("a#rollback-1 {}", web(3)),
        format!("a#rollback-1 {}", web(2)),
        format!("a#rollback-1 {}", web(1)),
        "a#rollback-2 here".to_owned(),
    ];
    assert_eq!(undone, expected);
}

#[test]
fn what_never_began_at_a_place_is_not_undone_there() {
    let mut fake =
        Fake::of([on_web(step("a").run().rollback(), 0, 2, 0)], 32).ends("a#1", 2, &[Outcome::Failed]);
    fake.go_on();
    fake.story.roll_back();
    fake.go_on();
    assert_eq!(fake.positions("start a#rollback-1").len(), 2);
}

#[test]
fn a_driver_that_died_leaves_every_open_attempt_in_doubt_and_each_is_decided_by_itself() {
    let mut fake = Fake::of([on_web(step("a").run().check(), 1, 4, 0)], 32);
    fake.start_all();
    fake.end(0);
    fake.start_all();
    fake.end(0);
    fake.start_all();
    assert_eq!(fake.frontier().running.len(), 4);
    fake.end(1);
    fake.story.crash();
    let doubtful = fake.asked();
    assert_eq!(doubtful, [2, 4, 5].map(|n| format!("a#1 {}", web(n))));
    assert!(fake.frontier().ready.is_empty(), "nothing begins while something is in doubt");
    assert_eq!(
        fake.story.run.standing(&fake.story.plan).in_doubt,
        [2, 4, 5].map(|n| format!("a#1 at {}", web(n)))
    );
    // In any order, each in its own way.
    fake.decide_at("a#1", 5, Choice::Run);
    fake.decide_at("a#1", 2, Choice::FindOut);
    let check = fake.story.execution();
    assert!(check.probe && fake.story.run.place_of(check.task) == Some(web(2).as_str()));
    fake.story.pass();
    fake.decide_at("a#1", 2, Choice::Happened);
    fake.story.crash();
    assert_eq!(fake.asked(), [format!("a#1 {}", web(4))]);
    fake.skip_at("a#1", 4);
    let replayed = Run::replay(&fake.story.plan, timed(&fake.story.events)).unwrap();
    assert_eq!(replayed, fake.story.run);
    assert_eq!(fake.go_on(), "done Passed");
    assert_eq!(fake.positions(&format!("start a#1 {}", web(5))).len(), 2);
    assert_eq!(fake.positions(&format!("start a#1 {}", web(2))).len(), 1);
}

#[test]
fn a_retry_of_the_documents_own_goes_on_by_itself_at_its_place() {
    let step = step("a").run().retry(1, 60);
    let mut fake = Fake::of([on_web(step, 0, 4, 0)], 8).ends("a#1", 3, &[Outcome::Failed, Outcome::Failed]);
    assert_eq!(fake.go_on(), "done Passed");
    assert_eq!(fake.positions(&format!("start a#1 {}", web(3))).len(), 3);
}

#[test]
fn while_blocks_run_nobody_goes_back_rolls_back_or_ends_the_run() {
    let mut fake = Fake::of([step("z").run(), on_web(step("a").run().rollback(), 0, 4, 9)], 8);
    fake.start_all();
    fake.end(0);
    fake.start_all();
    fake.end(0);
    let offers = fake.story.offers();
    assert!(offers.back.is_empty() && offers.rollback.steps.is_empty() && offers.choices.is_empty());
    fake.story.refuses(deviation(DeviationKind::Repeated, "z", None));
    fake.story.refuses(deviation(DeviationKind::Shell, "a", None));
    fake.story.refuses(fake.story.rolling_back(Some(by(OPS))));
    fake.story.refuses(fake.story.decision(Choice::Abort));
}

#[test]
fn a_step_that_is_done_again_is_done_again_everywhere() {
    let mut fake = Fake::of([on_web(step("a").run(), 1, 8, 0), step("b").confirm()], 32);
    assert_eq!(fake.go_on(), "ask b#1 Confirm");
    fake.story.repeat("a");
    assert_eq!(fake.frontier().ready.len(), 1, "the canary first, once more");
    assert_eq!(fake.go_on(), "ask b#1 Confirm");
    assert_eq!(fake.positions("passed a#1").len(), 64);
}
