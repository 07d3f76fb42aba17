//! Values that were written down and are put right.

use holdpoint_engine::*;
use holdpoint_model::*;

use crate::build::*;
use crate::story::*;

/// Two values, the first at most 10; a sign-off that saw them; a block behind it.
fn plan_of_two() -> Plan {
    let limits = |fields: &mut [Field]| {
        fields[0].kind = ValueKind::Integer { min: None, max: Some(10) };
        fields[1].kind = ValueKind::Text { pattern: None };
    };
    plan([
        step("a").record(&["x", "y"]).fields(limits),
        step("b").sign_off("qa"),
        step("c").run().rollback(),
        step("d").sign_off("qa"),
    ])
}

fn corrected(name: &str, old: &str, new: &str, within_limits: bool) -> Corrected {
    Corrected {
        step: "a".into(),
        action: "a#1".into(),
        name: name.into(),
        old: old.into(),
        new: new.into(),
        reason: "a slip".into(),
        within_limits,
        by: by(OPS),
    }
}

fn correction(name: &str, old: &str, new: &str, within_limits: bool) -> Event {
    Event::ValueCorrected(corrected(name, old, new, within_limits))
}

fn recorded() -> Story {
    let mut story = Story::of(plan_of_two());
    story.record("x", "1");
    story.record("y", "left");
    story
}

#[test]
fn a_corrected_value_is_what_everything_sees_from_then_on() {
    let mut story = recorded();
    story.tell(correction("x", "1", "2", true));
    assert_eq!(story.run.values().get("x"), Some("2"));
    assert_eq!(story.run.seen().values["x"], "2");
    let told = story.run.seen().actions;
    let words = "x corrected by ops@example.org from 1 to 2: a slip";
    assert!(told.iter().any(|done| done.action == "a#1" && done.outcome == words), "{told:?}");
    assert_eq!(story.at(), "ask b#1 SignOff", "what was done stays done");
    story.tell(correction("x", "2", "3", true));
    assert_eq!(story.run.values().get("x"), Some("3"));
}

#[test]
fn every_sign_off_that_saw_the_old_value_lapses_also_where_something_came_after_it() {
    let mut story = recorded();
    story.sign(QA);
    story.tell(correction("x", "1", "2", true));
    story.lapse();
    assert_eq!(story.at(), "ask b#1 SignOff");
    story.sign(QA);
    story.pass();
    story.sign(QA);
    story.tell(correction("y", "left", "right", true));
    story.lapse();
    assert_eq!(story.at(), "ask b#1 SignOff");
    story.sign(QA);
    assert_eq!(story.at(), "ask d#1 SignOff", "and so has the second one; the block between them stays done");
    story.sign(QA);
    assert_eq!(story.at(), "done Passed");
}

#[test]
fn limits_are_judged_again() {
    let mut story = recorded();
    story.sign(QA);
    story.refuses(correction("x", "1", "11", true));
    story.tell(correction("x", "1", "11", false));
    story.lapse();
    assert_eq!(story.at(), "ask a#1 Failed");
    story.refuses(correction("x", "11", "9", false));
    // The other value changes nothing of it.
    story.tell(correction("y", "left", "right", true));
    assert_eq!(story.at(), "ask a#1 Failed");
    story.tell(correction("x", "11", "9", true));
    assert_eq!(story.at(), "ask b#1 SignOff", "it has not failed after all");
}

/// The same name is written down twice, with limits of its own each time.
#[test]
fn what_an_action_wrote_down_is_not_judged_by_what_another_wrote_under_the_same_name() {
    let limits = |fields: &mut [Field]| fields[0].kind = ValueKind::Integer { min: None, max: Some(10) };
    let twice = step("a").record(&["x", "y"]).fields(limits).record(&["x"]).fields(limits);
    let mut story = Story::of(plan([twice]));
    story.record("x", "1");
    story.record("y", "3");
    story.tell(story.recording("x", "50", false));
    assert_eq!(story.at(), "ask a#2 Failed");
    story.tell(correction("y", "3", "4", true));
    assert_eq!(story.at(), "ask a#2 Failed", "the first x kept its limits, whatever the second is");
}

#[test]
fn a_slip_out_of_the_limits_is_no_failure_once_it_is_put_right() {
    let mut story = Story::of(plan_of_two());
    story.tell(story.recording("x", "99", false));
    story.tell(correction("x", "99", "9", true));
    assert_eq!(story.at(), "ask a#1 Record", "the other value is still to come");
    story.record("y", "left");
    assert_eq!(story.at(), "ask b#1 SignOff");
}

#[test]
fn nothing_is_corrected_but_what_somebody_wrote_down_by_whoever_may_with_a_reason_and_in_time() {
    let mut story = recorded();
    for event in [
        correction("z", "1", "2", true),
        correction("x", "2", "3", true),
        correction("x", "1", "1", true),
        correction("x", "1", "two", true),
        Event::ValueCorrected(Corrected { reason: " ".into(), ..corrected("x", "1", "2", true) }),
        Event::ValueCorrected(Corrected { action: "c#1".into(), ..corrected("x", "1", "2", true) }),
        Event::ValueCorrected(Corrected { by: by(" "), ..corrected("x", "1", "2", true) }),
        Event::ValueCorrected(Corrected {
            by: By { who: OPS.into(), via: Via::Answers },
            ..corrected("x", "1", "2", true)
        }),
    ] {
        story.refuses(event);
    }
    story.sign(QA);
    story.start();
    let why = story.refuses(correction("x", "1", "2", true));
    assert!(why.contains("a block runs"), "{why}");
    story.finish(Outcome::Failed);
    story.tell(correction("x", "1", "2", true));
    story.lapse();
    story.roll_back();
    story.refuses(correction("x", "2", "3", true));
}

#[test]
fn whoever_signed_a_value_off_independently_does_not_change_it() {
    let independent = |sign_off: &mut SignOff| sign_off.independent = true;
    let steps = [step("a").record(&["x"]), step("b").sign_off("qa").signed_off(independent), step("c").run()];
    let mut story = Story::of(plan(steps));
    story.record("x", "1");
    story.sign(QA);
    story.refuses(Event::ValueCorrected(Corrected { by: by(QA), ..corrected("x", "1", "2", true) }));
    story.tell(Event::ValueCorrected(Corrected { by: by(LEAD), ..corrected("x", "1", "2", true) }));
    story.lapse();
    // Whoever corrected it has performed something.
    story.refuses(story.signing_off(LEAD, |_| ()));
    story.sign(QA);
}

#[test]
fn what_a_step_writes_down_again_is_not_corrected_meanwhile() {
    let mut story = recorded();
    story.repeat("a");
    story.refuses(correction("x", "1", "2", true));
    assert_eq!(story.run.correctable_names(&story.plan), [""; 0]);
    story.record("x", "5");
    assert_eq!(story.run.correctable_names(&story.plan), ["x"]);
    story.tell(correction("x", "5", "6", true));
}

#[test]
fn what_was_captured_since_is_not_corrected_whoever_wrote_it_down_before() {
    let mut story =
        Story::of(plan([step("a").record(&["x"]), step("b").check().captures("x"), step("c").run()]));
    story.record("x", "1");
    story.pass_with("x", "77");
    story.refuses(correction("x", "77", "2", true));
    assert!(story.run.correctable(&story.plan, "x").is_none());
}

#[test]
fn nothing_is_corrected_while_nobody_drives_and_nobody_has_accepted() {
    let mut story = recorded();
    story.hand_over(OPS, NIGHT);
    assert!(story.run.correction_refusal(&story.plan).unwrap().contains("handed over"));
    story.refuses(correction("x", "1", "2", true));
    story.tell(Event::HandoverAccepted { by: by(NIGHT) });
    story.tell(correction("x", "1", "2", true));
}

#[test]
fn nobody_whom_the_run_does_not_know_corrects_anything() {
    let known = |opened: &mut RunOpened| {
        opened.people = [(OPS.to_owned(), String::new()), (QA.to_owned(), String::new())].into();
    };
    let mut story = Story::opened_as(plan_of_two(), known);
    story.record("x", "1");
    let stranger = by("mallory@example.org");
    story.refuses(Event::ValueCorrected(Corrected { by: stranger, ..corrected("x", "1", "2", true) }));
    story.tell(correction("x", "1", "2", true));
}

#[test]
fn conditions_that_were_decided_with_the_old_value_are_named() {
    let mut story =
        Story::of(plan([step("a").record(&["x"]), step("b").when("false").run(), step("c").run()]));
    story.plan.steps[1].when = vec!["x > 5".into()];
    story.plan.steps[2].when = vec!["x < 5".into()];
    story.record("x", "1");
    assert!(story.run.decided_by(&story.plan, "x").is_empty());
    story.pass_over();
    story.tell(correction("x", "1", "9", true));
    assert_eq!(story.run.decided_by(&story.plan, "x"), ["b"]);
}

#[test]
fn a_slip_is_put_right_before_the_rollback_that_it_leads_to() {
    let steps = [step("a").run().rollback(), step("b").record(&["x"]).on_failure(OnFailure::Rollback)];
    let mut story = Story::of(plan(steps));
    story.pass();
    story.tell(story.recording("x", "50", false));
    assert_eq!(story.at(), "roll back");
    let slip = Corrected { step: "b".into(), action: "b#1".into(), ..corrected("x", "50", "5", true) };
    story.tell(Event::ValueCorrected(slip));
    assert_eq!(story.at(), "done Passed");
}
