//! Undoing what was done.

use holdpoint_engine::*;
use holdpoint_model::*;

use crate::build::*;
use crate::story::*;

fn deploy() -> Plan {
    plan([
        step("db").run().rollback().rollback(),
        step("look").check().rollback(),
        step("web").run().rollback(),
        step("mail").run(),
        step("cdn").run().rollback(),
    ])
}

#[test]
fn steps_that_were_really_started_are_undone_last_first() {
    let mut story = Story::of(deploy());
    for _ in 0..4 {
        story.pass();
    }
    story.fail();
    let offered = story.offers().rollback;
    assert_eq!((offered.steps, offered.without), (vec![4, 2, 0], vec![3]));
    story.roll_back();
    assert!(story.run.is_rolling_back());
    for block in ["cdn#rollback-1", "web#rollback-1", "db#rollback-1", "db#rollback-2"] {
        assert_eq!(story.at(), format!("execute {block}"));
        story.pass();
    }
    assert_eq!(story.at(), "done RolledBack");
    story.refuses(Event::RunClosed { verdict: Verdict::Passed });
    story.close(Verdict::RolledBack);
}

#[test]
fn a_skipped_or_passed_over_step_is_not_undone() {
    let mut story = Story::of(plan([
        step("a").run().rollback(),
        step("b").run().rollback().when("false"),
        step("c").run().rollback(),
    ]));
    story.skip();
    story.pass_over();
    assert!(story.offers().rollback.steps.is_empty());
    story.refuses(story.rolling_back(Some(by(OPS))));
    story.pass();
    assert_eq!(story.at(), "done Passed");
}

#[test]
fn a_repeated_step_is_undone_where_it_was_done_last() {
    let mut story =
        Story::of(plan([step("a").run().rollback(), step("b").run().rollback(), step("c").confirm()]));
    story.pass();
    story.pass();
    story.repeat("a");
    story.pass();
    assert_eq!(story.offers().rollback.steps, [0, 1]);
}

#[test]
fn a_rollback_that_names_other_steps_or_another_order_is_refused() {
    let mut story = Story::of(deploy());
    for _ in 0..4 {
        story.pass();
    }
    let opened = |steps: &[&str], without: &[&str]| Event::RollbackOpened {
        places: Vec::new(),
        steps: steps.iter().map(|s| (*s).to_owned()).collect(),
        without: without.iter().map(|s| (*s).to_owned()).collect(),
        reason: None,
        by: Some(by(OPS)),
    };
    story.refuses(opened(&["db", "web"], &["mail"]));
    story.refuses(opened(&["web"], &["mail"]));
    story.refuses(opened(&["web", "db"], &[]));
    story.refuses(opened(&["web", "look", "db"], &["mail"]));
    story.refuses(story.rolling_back(None));
    story.tell(opened(&["web", "db"], &["mail"]));
    story.refuses(opened(&["web", "db"], &["mail"]));
}

#[test]
fn nothing_before_a_point_of_no_return_is_undone() {
    let mut story = Story::of(plan([
        step("a").run().rollback(),
        step("b").run().rollback().irreversible(),
        step("c").run().rollback(),
        step("d").confirm(),
    ]));
    story.pass();
    assert_eq!(
        story.offers().rollback,
        RollbackPlan { places: Vec::new(), steps: vec![0], without: vec![], barrier: None }
    );
    story.decide(Choice::Proceed);
    assert_eq!(story.offers().rollback.steps, [0], "warned of, not crossed");
    story.fail();
    assert!(story.offers().rollback.steps.is_empty(), "a failed block may have crossed it");
    story.decide(Choice::Retry);
    story.pass();
    story.pass();
    assert_eq!(
        story.offers().rollback,
        RollbackPlan { places: Vec::new(), steps: vec![2], without: vec![], barrier: Some(1) }
    );
}

#[test]
fn a_step_from_before_the_point_of_no_return_is_not_undone_after_it_was_repeated_either() {
    let mut story = Story::of(plan([
        step("a").run().rollback(),
        step("b").run().irreversible(),
        step("c").run().rollback(),
        step("d").confirm(),
    ]));
    story.pass();
    story.decide(Choice::Proceed);
    story.pass();
    story.pass();
    story.repeat("a");
    story.pass();
    assert_eq!(story.offers().rollback.steps, [2], "a's rollback goes back to before b");
}

#[test]
fn a_failure_rolls_back_where_the_document_says_so_and_nobody_is_asked() {
    let mut story =
        Story::of(plan([step("a").run().rollback(), step("b").check().on_failure(OnFailure::Rollback)]));
    story.pass();
    story.fail();
    assert_eq!(story.at(), "roll back");
    assert_eq!(story.offers(), Offers::default());
    story.refuses(story.rolling_back(Some(by(OPS))));
    story.tell(story.rolling_back(None));
    story.pass();
    assert_eq!(story.at(), "done RolledBack");
}

#[test]
fn where_there_is_nothing_to_roll_back_the_run_ends_failed() {
    let mut story = Story::of(plan([step("a").run().on_failure(OnFailure::Rollback)]));
    story.fail();
    assert_eq!(story.at(), "done Failed");
}

#[test]
fn a_rollback_block_that_fails_asks_and_is_retried_edited_or_skipped_with_a_reason() {
    let begin = || {
        let mut story = Story::of(plan([step("a").run().rollback().rollback().mandatory()]));
        story.fail();
        story.roll_back();
        story.fail();
        assert_eq!(story.at(), "ask a#rollback-1 Failed");
        story
    };
    let mut story = begin();
    let offers = story.offers();
    assert_eq!(offers.choices, [Choice::Retry, Choice::Abort]);
    assert!(offers.skip && offers.edit && !offers.skip_step);
    assert!(offers.back.is_empty() && offers.rollback.steps.is_empty());
    story.refuses(story.skipping_step());
    story.refuses(story.rolling_back(Some(by(OPS))));
    story.refuses(deviation(DeviationKind::OutOfOrder, "a", None));
    story.decide(Choice::Retry);
    assert_eq!(story.execution().attempt, 2);
    story.pass();
    assert_eq!(story.at(), "execute a#rollback-2");

    let mut story = begin();
    story.tell(story.editing("mine"));
    story.pass();
    story.pass();
    assert_eq!(story.at(), "done RolledBack");

    let mut story = begin();
    story.decide(Choice::Abort);
    assert_eq!(story.at(), "done Aborted");
}

#[test]
fn a_rollback_of_which_a_block_was_skipped_has_not_rolled_back() {
    let begin = || {
        let mut story = Story::of(plan([step("a").run().rollback(), step("b").run().rollback()]));
        story.pass();
        story.fail();
        story.roll_back();
        story
    };
    let mut story = begin();
    story.fail();
    story.skip();
    story.pass();
    assert_eq!(story.at(), "done Failed");
    story.refuses(Event::RunClosed { verdict: Verdict::RolledBack });
    story.close(Verdict::Failed);

    let mut story = begin();
    story.pass();
    story.skip();
    assert_eq!(story.at(), "done Failed");
}

#[test]
fn a_rollback_of_which_no_block_is_for_this_run_has_not_rolled_back() {
    let never = |block: &mut Block| block.options.when = Some("false".into());
    let mut story = Story::of(plan([step("a").run().rollback_with(never)]));
    story.fail();
    story.roll_back();
    story.pass_over();
    assert_eq!(story.at(), "done Failed");
}

#[test]
fn a_rollback_block_in_doubt_asks_and_is_never_run_again_by_itself() {
    let mut story = Story::of(plan([step("a").run().check().rollback()]));
    story.pass();
    story.roll_back();
    story.start();
    story.crash();
    assert_eq!(story.at(), "ask a#rollback-1 InDoubt");
    assert_eq!(story.offers().choices, [Choice::Happened, Choice::Run, Choice::Abort]);
    story.decide(Choice::Happened);
    assert_eq!(story.at(), "done RolledBack");
}

#[test]
fn a_rollback_block_is_retried_as_the_document_says() {
    let retry = |block: &mut Block| {
        block.options.idempotent = true;
        block.options.retry =
            Some(Retry { every: std::time::Duration::ZERO, for_: std::time::Duration::MAX });
    };
    let mut story = Story::of(plan([step("a").run().rollback_with(retry)]));
    story.fail();
    story.roll_back();
    story.fail();
    assert_eq!(story.at(), "execute a#rollback-1");
}

#[test]
fn a_rollback_is_not_opened_while_a_block_runs() {
    let mut story = Story::of(plan([step("a").run().rollback()]));
    story.start();
    story.refuses(story.rolling_back(Some(by(OPS))));
}

#[test]
fn a_rollback_survives_a_crash() {
    let mut story = Story::of(plan([step("a").run().rollback().rollback()]));
    story.fail();
    story.roll_back();
    story.pass();
    story.crash();
    assert_eq!(story.at(), "execute a#rollback-2");
}

#[test]
fn a_rollback_that_is_not_over_is_told_by_what_is_undone_what_is_next_and_what_then_comes() {
    let mut story = Story::of(deploy());
    for _ in 0..4 {
        story.pass();
    }
    story.fail();
    assert_eq!(story.run.rolling_back(&story.plan), None);
    story.roll_back();
    let told = |story: &Story, driven| {
        let back = story.run.rolling_back(&story.plan).unwrap();
        back.words(&story.run, &story.plan, driven)
    };
    let [db, web, cdn] = [0, 2, 4].map(|step| story.run.step_in_words(&story.plan.steps[step]));
    let nothing = format!("nothing is undone so far; the rollback of {cdn} is next; then {web}, {db}");
    assert_eq!(told(&story, false), nothing);
    story.pass();
    story.start();
    assert_eq!(told(&story, true), format!("{cdn}: undone; the rollback of {web} runs now; then {db}"));
    let doubt = format!("{cdn}: undone; the rollback of {web} is next; its end is not recorded; then {db}");
    assert_eq!(told(&story, false), doubt);
    story.finish_with(Outcome::Failed, |_| {});
    let failed = format!("{cdn}: undone; the rollback of {web} is next; it failed; then {db}");
    assert_eq!(told(&story, true), failed);
    story.skip();
    story.pass();
    let skipped = "not undone, its rollback was skipped";
    let partly = format!("a part of {db} is undone so far; the rollback of {db} is next");
    assert_eq!(told(&story, true), format!("{cdn}: undone; {web}: {skipped}; {partly}"));
    story.pass();
    assert_eq!(story.run.rolling_back(&story.plan), None, "nothing of it is left");
}
