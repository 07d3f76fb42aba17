//! A driver died, another takes up the run.

use holdpoint_engine::*;

use crate::build::*;
use crate::story::*;

fn in_doubt() -> Story {
    let mut story = Story::of(plan([step("a").run().check().rollback(), step("b").confirm()]));
    story.start();
    story.crash();
    assert_eq!(story.at(), "ask a#1 InDoubt");
    story
}

#[test]
fn a_block_that_never_ended_is_in_doubt_and_never_started_again_by_itself() {
    let mut story = in_doubt();
    let offers = story.offers();
    assert_eq!(offers.choices, [Choice::FindOut, Choice::Happened, Choice::Run, Choice::Abort]);
    assert!(offers.skip && !offers.skip_step && !offers.edit && offers.back.is_empty());
    assert_eq!(offers.rollback.steps, [0]);
    story.refuses(story.decision(Choice::Retry));
    story.refuses(story.decision(Choice::Proceed));
    let mut copy = Story::of(story.plan.clone());
    story.refuses(copy.start_event());
    copy.start();
    story.refuses(copy.finish_event(Outcome::Passed, |_| ()));
}

#[test]
fn it_happened_goes_on() {
    let mut story = in_doubt();
    story.decide(Choice::Happened);
    assert_eq!(story.at(), "execute a#2");
}

#[test]
fn what_somebody_merely_says_happened_is_a_deviation_for_the_run_as_for_its_step() {
    let mut story = in_doubt();
    story.decide(Choice::Happened);
    story.pass();
    assert_eq!(story.run.step_status(&story.plan, 0), Status::PassedWithDeviations);
    let told: Vec<String> = story.run.told_deviations().collect();
    assert_eq!((story.run.deviations(), told.len()), (1, 1));
    assert_eq!(told[0], format!("taken as done: a#1 by {OPS}"));
    // What signers are shown and sign stays as it was worded.
    assert!(story.run.standing(&story.plan).deviations.is_empty());
    // Run after all, it is none.
    let mut story = in_doubt();
    story.decide(Choice::Run);
    story.pass();
    story.pass();
    assert_eq!(story.run.deviations(), 0);
    assert_eq!(story.run.step_status(&story.plan, 0), Status::Passed);
}

#[test]
fn it_did_not_happen_runs_it_as_the_next_attempt() {
    let mut story = in_doubt();
    story.decide(Choice::Run);
    assert_eq!((story.at().as_str(), story.execution().attempt), ("execute a#1", 2));
    story.pass();
    assert_eq!(story.at(), "execute a#2");
}

#[test]
fn the_steps_own_check_finds_out_and_the_operator_still_decides() {
    for outcome in [Outcome::Passed, Outcome::Failed, Outcome::TimedOut, Outcome::Interrupted] {
        let mut story = in_doubt();
        story.decide(Choice::FindOut);
        assert_eq!(story.at(), "execute a#2 to find out");
        assert_eq!(story.offers().choices, [Choice::Abort]);
        story.refuses(story.skipping());
        story.execute(outcome);
        assert_eq!(story.at(), "ask a#1 InDoubt", "{outcome:?}");
        story.decide(Choice::Happened);
        assert_eq!((story.at().as_str(), story.execution().attempt), ("execute a#2", 2));
    }
}

#[test]
fn the_check_of_a_later_block_finds_nothing_out_about_an_earlier_one() {
    let mut story = Story::of(plan([step("a").run().run().check()]));
    story.start();
    story.crash();
    assert_eq!(story.offers().choices, [Choice::Happened, Choice::Run, Choice::Abort]);
}

#[test]
fn a_crash_while_finding_out_asks_the_same_question_again() {
    let mut story = in_doubt();
    story.decide(Choice::FindOut);
    story.crash();
    assert_eq!(story.at(), "ask a#1 InDoubt");
    story.decide(Choice::FindOut);
    story.start();
    story.crash();
    assert_eq!(story.at(), "ask a#1 InDoubt");
    story.decide(Choice::FindOut);
    assert_eq!(story.execution().attempt, 2);
}

#[test]
fn an_abort_is_possible_when_a_check_is_about_to_find_out() {
    let mut story = in_doubt();
    story.decide(Choice::FindOut);
    story.decide(Choice::Abort);
    assert_eq!(story.at(), "done Aborted");
}

#[test]
fn a_check_in_doubt_is_run_again_but_did_not_just_happen() {
    let mut story = Story::of(plan([step("a").check()]));
    story.start();
    story.crash();
    assert_eq!(story.offers().choices, [Choice::Run, Choice::Abort]);
    story.refuses(story.decision(Choice::Happened));
    story.decide(Choice::Run);
    story.pass();
    assert_eq!(story.at(), "done Passed");
}

#[test]
fn an_idempotent_block_is_in_doubt_like_any_other() {
    let mut story = Story::of(plan([step("a").run().retry(1, 60)]));
    story.start();
    story.crash();
    assert_eq!(story.at(), "ask a#1 InDoubt");
}

#[test]
fn a_crash_between_attempts_goes_on_with_the_documents_own_retry() {
    let mut story = Story::of(plan([step("a").check().retry(1, 60)]));
    story.fail();
    let before = story.next();
    story.crash();
    assert_eq!(story.next(), before);
}

#[test]
fn a_doubtful_effect_can_be_rolled_back() {
    let mut story = in_doubt();
    story.roll_back();
    story.pass();
    assert_eq!(story.at(), "done RolledBack");
}

#[test]
fn two_crashes_are_one_doubt() {
    let mut story = in_doubt();
    story.crash();
    assert_eq!(story.at(), "ask a#1 InDoubt");
}

#[test]
fn questions_survive_a_crash() {
    let steps = [step("a").run().caution("!"), step("b").record(&["x", "y"]), step("c").sign_off("qa")];
    let mut story = Story::of(plan(steps));
    story.decide(Choice::Proceed);
    story.crash();
    assert_eq!(story.at(), "execute a#1", "the warning was acknowledged");
    story.execute(Outcome::Interrupted);
    story.crash();
    assert_eq!(story.at(), "ask a#1 Failed");
    story.skip();
    story.record("x", "1");
    story.crash();
    assert_eq!(story.run.open_fields(&story.plan, story.task()).len(), 1);
    story.record("y", "1");
    story.crash();
    assert_eq!(story.at(), "ask c#1 SignOff");
    story.sign(QA);
    story.crash();
    assert_eq!(story.at(), "done Passed");
}

#[test]
fn a_torn_tail_is_on_record_and_changes_nothing() {
    let mut story = in_doubt();
    let before = story.next();
    story.tell(Event::LogRecovered { torn: blob("torn") });
    assert_eq!(story.next(), before);
}
