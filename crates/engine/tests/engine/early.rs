//! Steps that do not begin before a time: when that is, and what the engine takes before it.

use holdpoint_engine::*;
use holdpoint_model::*;
use jiff::Timestamp;

use crate::build::{Written as _, plan, step};
use crate::story::{OPS, QA, by, opened, session, started};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn timed(step: Step, text: &str) -> Step {
    Step { not_before: Some(NotBefore::parse(text).unwrap()), ..step }
}

fn opens_at(plan: &Plan, moment: &str) -> Run {
    let policy = Policy { may_override: vec!["qa".into()], ..Policy::default() };
    let mut run = Run::new(plan);
    run.apply(plan, at(moment), &Event::RunOpened(Box::new(RunOpened { policy, ..opened() }))).unwrap();
    run
}

#[test]
fn a_time_of_the_day_is_the_first_one_after_the_run_opened() {
    let cases = [
        ("22:00 Europe/Berlin", "2027-01-05T20:00:00Z", "2027-01-05T21:00:00Z"),
        ("22:00 Europe/Berlin", "2027-01-05T21:00:00Z", "2027-01-05T21:00:00Z"),
        ("22:00 Europe/Berlin", "2027-01-05T21:00:01Z", "2027-01-06T21:00:00Z"),
        ("02:00 Europe/Berlin", "2027-01-05T22:00:00Z", "2027-01-06T01:00:00Z"),
        ("00:30 Asia/Kolkata", "2027-01-05T19:30:00Z", "2027-01-06T19:00:00Z"),
        // 02:30 is left out on that day.
        ("02:30 Europe/Berlin", "2027-03-28T00:00:00Z", "2027-03-28T01:30:00Z"),
        ("2027-01-05T22:00:00+01:00", "2027-01-01T00:00:00Z", "2027-01-05T21:00:00Z"),
        ("2027-01-05T22:00:00Z", "2027-02-01T00:00:00Z", "2027-01-05T22:00:00Z"),
    ];
    for (text, opens, due) in cases {
        let plan = plan([timed(step("a").run(), text)]);
        assert_eq!(opens_at(&plan, opens).not_before(&plan, 0), Some(at(due)), "{text} opened at {opens}");
    }
}

#[test]
fn what_only_looks_like_a_time_with_a_zone_is_none() {
    for wrong in [
        "22:00",
        "22:00 Berlin",
        "22:00 europe/berlin",
        "24:00 UTC",
        "9:00 UTC",
        "22:00  UTC",
        "2027-01-05",
        "2027-01-05T22:00",
        "2027-01-05T22:00:00",
        "2027-01-05 22:00:00Z",
        "2027-13-05T22:00:00Z",
        "2027-01-05T22:00:00+0100",
        "2027-01-05T22:00:00+01:00[Europe/Berlin]",
        "2027-01-05t22:00:00z",
        "{{ START }}",
    ] {
        assert!(NotBefore::parse(wrong).is_err(), "{wrong}");
    }
    for right in ["22:00 Europe/Berlin", "2027-01-05T22:00:00+01:00", "2027-01-05T22:00:00Z"] {
        assert_eq!(NotBefore::parse(right).unwrap().to_string(), right);
    }
}

/// Whatever a step begins with.
fn begins(plan: &Plan, run: &Run) -> Event {
    match run.next(plan) {
        Next::Execute(execution) => Event::ActionStarted(started(plan, execution)),
        Next::Ask(task, Question::Confirm) => run.confirmed(plan, task, by(OPS)).unwrap(),
        other => panic!("{other:?}"),
    }
}

const BEFORE: &str = "2027-01-05T20:59:59.999Z";
const DUE: &str = "2027-01-05T21:00:00Z";
const OPENS: &str = "2027-01-05T20:00:00Z";

#[test]
fn nothing_of_a_step_is_done_before_its_time() {
    for first in [step("a").run(), step("a").check(), step("a").confirm()] {
        let plan = plan([timed(first, "22:00 Europe/Berlin"), step("b").run()]);
        let run = opens_at(&plan, OPENS);
        let event = begins(&plan, &run);
        let refused = run.clone().apply(&plan, at(BEFORE), &event).unwrap_err().to_string();
        assert!(refused.contains("a does not begin before 22:00 Europe/Berlin"), "{refused}");
        run.clone().apply(&plan, at(DUE), &event).unwrap();
        let skipped = Deviation::of(DeviationKind::Skipped, "a", None, "not needed", by(OPS));
        run.clone().apply(&plan, at(BEFORE), &Event::Deviation(skipped)).unwrap();
    }
}

#[test]
fn whoever_has_the_role_lets_one_step_begin_early_and_no_other() {
    let plan = plan([
        timed(step("a").run(), "22:00 Europe/Berlin"),
        timed(step("b").confirm(), "23:00 Europe/Berlin"),
    ]);
    let mut run = opens_at(&plan, OPENS);
    run.apply(&plan, at(OPENS), &Event::RulesChecked(Look::default())).unwrap();
    assert_eq!((run.next(&plan), run.barred()), (Next::Override, &[Rule::NotBefore][..]));
    let overrides = |who: &str| {
        let overridden = Override {
            rules: vec![Rule::NotBefore],
            role: "qa".into(),
            name: "Quinn".into(),
            assurance: Assurance::Typed,
            signature: None,
        };
        let deviation =
            Deviation::of(DeviationKind::PolicyOverridden, "", None, "everybody is here", by(who));
        Event::Deviation(deviation.overriding(overridden))
    };
    assert!(run.clone().apply(&plan, at(OPENS), &overrides(OPS)).is_err());
    // Or somebody takes the run up once more, which asks nothing of the time by itself.
    let mut taken_up = run.clone();
    taken_up.apply(&plan, at(OPENS), &Event::SessionOpened(session(OPS))).unwrap();
    let event = begins(&plan, &taken_up);
    assert!(taken_up.clone().apply(&plan, at(BEFORE), &event).is_err());
    taken_up.apply(&plan, at(DUE), &event).unwrap();

    run.apply(&plan, at(OPENS), &overrides(QA)).unwrap();
    let event = begins(&plan, &run);
    run.apply(&plan, at(OPENS), &event).unwrap();
    let Event::ActionStarted(_) = event else { panic!() };
    let end = crate::story::finished(&plan, Task::action(0, 0), 1, false, Outcome::Passed);
    run.apply(&plan, at(OPENS), &Event::ActionFinished(Box::new(end))).unwrap();
    let event = begins(&plan, &run);
    assert!(run.clone().apply(&plan, at(DUE), &event).is_err(), "the next step has its own time");
    run.apply(&plan, at("2027-01-05T22:00:00Z"), &event).unwrap();
}

#[test]
fn an_action_that_is_passed_over_begins_nothing() {
    let mut first = step("a").run().run();
    first.actions[0].work = match &first.actions[0].work {
        Work::Run(block) => {
            let mut block = block.clone();
            block.options.when = Some("false".into());
            Work::Run(block)
        }
        _ => unreachable!(),
    };
    let plan = plan([timed(first, "22:00 Europe/Berlin")]);
    let mut run = opens_at(&plan, OPENS);
    let Next::PassOver { condition, .. } = run.next(&plan) else { panic!("{:?}", run.next(&plan)) };
    let over = Event::NotApplicable { step: "a".into(), action: Some("a#1".into()), place: None, condition };
    run.apply(&plan, at(OPENS), &over).unwrap();
    let event = begins(&plan, &run);
    assert!(run.clone().apply(&plan, at(BEFORE), &event).is_err());
    run.apply(&plan, at(DUE), &event).unwrap();
}
