//! Skip, edit, repeat, go back, shell: with a reason, and where the engine offers it.

use holdpoint_engine::*;

use crate::build::*;
use crate::story::*;

#[test]
fn an_action_is_skipped_with_a_reason_only() {
    let mut story = Story::of(plan([step("a").run().confirm()]));
    let Event::Deviation(right) = story.skipping() else { panic!() };
    for reason in ["", "  \n"] {
        let wrong = Event::Deviation(Deviation { reason: reason.into(), ..right.clone() });
        assert_eq!(story.refuses(wrong), "a deviation needs a reason");
    }
    story.refuses(deviation(DeviationKind::Skipped, "a", Some("a#2")));
    story.refuses(deviation(DeviationKind::Skipped, "z", Some("a#1")));
    story.skip();
    assert_eq!(story.at(), "ask a#2 Confirm");
    assert_eq!(story.run.deviations(), 1);
}

#[test]
fn a_failed_or_doubtful_action_may_be_skipped() {
    let mut story = Story::of(plan([step("a").run().run().confirm()]));
    story.fail();
    story.skip();
    story.start();
    story.crash();
    story.skip();
    assert_eq!(story.at(), "ask a#3 Confirm");
}

#[test]
fn what_is_left_of_a_step_is_skipped_but_never_its_hold_point() {
    let mut story = Story::of(plan([step("a").run().run().sign_off("qa").run(), step("b").confirm()]));
    story.pass();
    story.tell(story.skipping_step());
    assert_eq!(story.at(), "ask a#3 SignOff");
    story.refuses(story.skipping());
    story.refuses(story.skipping_step());
    story.sign(QA);
    assert_eq!(story.at(), "ask b#1 Confirm");
}

#[test]
fn a_mandatory_step_cannot_be_skipped_at_any_moment() {
    let mut story = Story::of(plan([step("a").run().confirm().record(&["x"]).mandatory()]));
    let refuse_both = |story: &mut Story| {
        assert!(!story.offers().skip && !story.offers().skip_step);
        story.refuses(story.skipping());
        story.refuses(story.skipping_step());
    };
    refuse_both(&mut story);
    story.fail();
    refuse_both(&mut story);
    story.decide(Choice::Retry);
    story.start();
    story.crash();
    refuse_both(&mut story);
    story.decide(Choice::Happened);
    refuse_both(&mut story);
    story.confirm();
    refuse_both(&mut story);
}

#[test]
fn an_edited_script_runs_instead_and_nothing_else_does() {
    let mut story = Story::of(plan([step("a").run(), step("b").run()]));
    story.refuses(deviation(DeviationKind::Edited, "a", Some("a#1")));
    let Event::Deviation(edit) = story.editing("mine") else { panic!() };
    story.refuses(Event::Deviation(Deviation { action: None, ..edit.clone() }));
    story.refuses(Event::Deviation(Deviation { action: Some("b#1".into()), ..edit.clone() }));
    story.refuses(Event::Deviation(Deviation { kind: DeviationKind::Skipped, ..edit }));
    story.tell(story.editing("mine"));
    let Event::ActionStarted(right) = story.start_event() else { panic!() };
    assert_eq!(right.script, Some(blob("mine")));
    for script in [None, Some(blob("other"))] {
        story.refuses(Event::ActionStarted(Started { script, ..right.clone() }));
    }
    story.pass();
    assert_eq!(story.at(), "execute b#1");
    assert_eq!(story.run.edited_script(story.task()), None);
}

#[test]
fn an_edit_after_a_failure_runs_with_a_new_budget() {
    let mut story = Story::of(plan([step("a").check().retry(1, 2)]));
    story.fail();
    assert_eq!(story.at(), "ask a#1 Failed");
    story.tell(story.editing("mine"));
    story.pass();
    assert_eq!(story.at(), "done Passed");
}

#[test]
fn an_edit_is_forgotten_when_the_step_is_repeated() {
    let mut story = Story::of(plan([step("a").run(), step("b").confirm()]));
    story.tell(story.editing("mine"));
    story.pass();
    story.repeat("a");
    assert_eq!(story.run.edited_script(story.task()), None);
    assert_eq!(story.execution().attempt, 2, "attempts keep counting");
}

#[test]
fn what_is_in_doubt_cannot_be_edited_nor_walked_away_from() {
    let mut story = Story::of(plan([step("a").run(), step("b").run()]));
    story.pass();
    story.start();
    story.crash();
    assert_eq!(story.at(), "ask b#1 InDoubt");
    story.refuses(story.editing("mine"));
    story.refuses(deviation(DeviationKind::Repeated, "a", None));
    story.refuses(deviation(DeviationKind::OutOfOrder, "a", None));
    story.refuses(story.skipping_step());
}

#[test]
fn repeating_does_one_step_again_and_going_back_all_from_there() {
    let three = || Story::of(plan([step("a").confirm(), step("b").confirm(), step("c").confirm()]));
    let mut story = three();
    story.confirm();
    story.confirm();
    story.repeat("a");
    story.confirm();
    assert_eq!(story.at(), "ask c#1 Confirm");

    let mut story = three();
    story.confirm();
    story.confirm();
    story.go_back("a");
    assert_eq!(story.run.progress(), (0, 3));
    story.confirm();
    assert_eq!(story.at(), "ask b#1 Confirm");
}

#[test]
fn the_run_goes_back_to_what_has_been_begun_only() {
    let mut story = Story::of(plan([step("a").confirm().confirm(), step("b").confirm()]));
    assert_eq!(story.offers().back, Vec::<usize>::new());
    story.refuses(deviation(DeviationKind::Repeated, "a", None));
    story.confirm();
    assert_eq!(story.offers().back, [0]);
    story.refuses(deviation(DeviationKind::OutOfOrder, "b", None));
    story.refuses(deviation(DeviationKind::OutOfOrder, "a", Some("a#1")));
    story.go_back("a");
    assert_eq!(story.at(), "ask a#1 Confirm");
}

#[test]
fn going_back_asks_for_every_sign_off_after_it_again() {
    for kind in [DeviationKind::Repeated, DeviationKind::OutOfOrder] {
        let steps = [step("a").confirm(), step("b").sign_off("qa"), step("c").confirm(), step("d").confirm()];
        let mut story = Story::of(plan(steps));
        story.confirm();
        story.sign(QA);
        story.confirm();
        story.tell(deviation(kind, "a", None));
        story.lapse();
        story.confirm();
        assert_eq!(story.at(), "ask b#1 SignOff", "{kind:?}");
        story.sign(QA);
        let then = if kind == DeviationKind::Repeated { "ask d#1 Confirm" } else { "ask c#1 Confirm" };
        assert_eq!(story.at(), then);
    }
}

#[test]
fn repeating_does_not_ask_for_a_sign_off_that_was_not_for_this_run() {
    let steps = [step("a").confirm(), step("b").sign_off("qa").when("false"), step("c").confirm()];
    let mut story = Story::of(plan(steps));
    story.confirm();
    story.pass_over();
    story.repeat("a");
    story.confirm();
    assert_eq!(story.at(), "ask c#1 Confirm");
}

#[test]
fn a_shell_is_a_deviation_at_any_moment_at_which_nothing_runs() {
    let mut story = Story::of(plan([step("a").run()]));
    story.tell(deviation(DeviationKind::Shell, "a", None));
    story.tell(deviation(DeviationKind::Shell, "a", Some("a#1")));
    story.refuses(deviation(DeviationKind::Shell, "a", Some("a#9")));
    story.start();
    story.refuses(deviation(DeviationKind::Shell, "a", None));
    story.finish(Outcome::Passed);
    story.refuses(deviation(DeviationKind::Shell, "a", None));
    assert_eq!(story.run.deviations(), 2);
}

#[test]
fn notes_come_at_any_time_and_change_nothing_that_is_asked() {
    let mut story = Story::of(plan([step("a").run()]));
    let tell = |story: &mut Story| {
        let before = story.next();
        story.tell(note("seen"));
        assert_eq!(story.next(), before);
        assert_eq!(story.refuses(note(" ")), "the note is empty");
    };
    tell(&mut story);
    story.start();
    tell(&mut story);
    story.finish(Outcome::Failed);
    tell(&mut story);
    story.decide(Choice::Abort);
    tell(&mut story);
}

#[test]
fn a_note_is_about_a_step_that_exists_and_corrects_an_event_that_happened() {
    let mut story = Story::of(plan([step("a").run()]));
    let about = |step: Option<&str>, corrects| Event::Note {
        text: "wrong".into(),
        step: step.map(str::to_owned),
        corrects,
        by: by(OPS),
    };
    story.refuses(about(Some("z"), None));
    story.refuses(about(None, Some(1)));
    story.tell(about(Some("a"), Some(0)));
    story.tell(about(None, Some(1)));
}
