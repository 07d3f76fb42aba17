//! Parts of a document that are not for every run: whoever passes over one deviates from nothing.

use holdpoint_engine::*;
use holdpoint_model::*;

use crate::build::*;
use crate::story::*;

fn optional(step: Step) -> Step {
    let part = Alternative { at: 7, title: "Rollback".into(), why: "a rollback".into() };
    Step { alternatives: vec![part], ..step }
}

fn foreign(steps: impl IntoIterator<Item = Step>) -> Story {
    let plan = Plan { kind: DocumentKind::Foreign, ..plan(steps) };
    Story::opened_as(plan, |opened| opened.runbook.foreign = true)
}

fn status(story: &Story, step: usize) -> Status {
    story.run.step_status(&story.plan, step)
}

#[test]
fn an_alternative_that_is_not_taken_is_on_record_and_no_deviation() {
    let mut story = foreign([optional(step("a").confirm().confirm()), step("b").confirm()]);
    assert!(story.run.offers(&story.plan).choices.contains(&Choice::PassOver));
    story.decide(Choice::PassOver);
    assert_eq!((story.at(), story.run.deviations()), ("ask b#1 Confirm".into(), 0));
    assert_eq!(status(&story, 0), Status::NotApplicable);
}

#[test]
fn what_was_done_of_an_alternative_stays_done() {
    let mut story = foreign([optional(step("a").confirm().confirm()), step("b").confirm()]);
    story.confirm();
    story.decide(Choice::PassOver);
    assert_eq!(story.at(), "ask b#1 Confirm");
    assert_eq!(story.run.status(&story.plan, Task::action(0, 0)), Status::Confirmed);
    assert_eq!(story.run.status(&story.plan, Task::action(0, 1)), Status::NotApplicable);
}

#[test]
fn what_is_no_alternative_is_left_out_by_a_deviation_alone() {
    let mut story = foreign([step("a").confirm()]);
    assert!(!story.run.offers(&story.plan).choices.contains(&Choice::PassOver));
    story.refuses(story.decision(Choice::PassOver));
}

#[test]
fn values_of_an_alternative_are_passed_over_too() {
    let mut story = foreign([optional(step("a").record(&["x"])), step("b").confirm()]);
    story.decide(Choice::PassOver);
    assert_eq!((story.at(), status(&story, 0)), ("ask b#1 Confirm".into(), Status::NotApplicable));
}
