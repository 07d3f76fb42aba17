//! Rules that hang on the time: when a window is open, and what the engine takes outside of it.

use holdpoint_engine::*;
use holdpoint_model::*;
use jiff::Timestamp;

use crate::build::{Written as _, plan, step};
use crate::story::{OPS, QA, blob, by, finished, opened, session, started};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn window(text: &str) -> Window {
    Window::parse(text).unwrap()
}

#[test]
fn a_window_is_open_while_a_clock_there_shows_a_time_in_it() {
    let night = "Tue 22:00..Wed 02:00 Europe/Berlin";
    let summer = "Sun 01:30..Sun 03:30 Europe/Berlin";
    let early = "Sun 02:30..Sun 04:00 Europe/Berlin";
    let cases = [
        // In winter Berlin is an hour before UTC, in summer two.
        (night, "2027-01-05T20:59:59Z", None, Some("2027-01-05T21:00:00Z")),
        (night, "2027-01-05T21:00:00Z", Some("2027-01-06T01:00:00Z"), None),
        (night, "2027-01-06T00:59:59.999Z", Some("2027-01-06T01:00:00Z"), None),
        (night, "2027-01-06T01:00:00Z", None, Some("2027-01-12T21:00:00Z")),
        (night, "2027-07-06T20:00:00Z", Some("2027-07-07T00:00:00Z"), None),
        // The next one is on the other side of the change to summer time: 2027-03-28.
        (night, "2027-03-24T12:00:00Z", None, Some("2027-03-30T20:00:00Z")),
        // 02:00 to 03:00 is left out on that Sunday, and so there is half an hour before and half an hour after.
        (summer, "2027-03-28T00:30:00Z", Some("2027-03-28T01:30:00Z"), None),
        (early, "2027-03-28T00:59:59Z", None, Some("2027-03-28T01:00:00Z")),
        (early, "2027-03-28T01:00:00Z", Some("2027-03-28T02:00:00Z"), None),
        // It comes twice on 2027-10-31: what a clock shows twice is in the window twice.
        (summer, "2027-10-30T23:30:00Z", Some("2027-10-31T02:30:00Z"), None),
        (early, "2027-10-31T00:30:00Z", Some("2027-10-31T01:00:00Z"), None),
        (early, "2027-10-31T01:00:00Z", None, Some("2027-10-31T01:30:00Z")),
        (early, "2027-10-31T01:30:00Z", Some("2027-10-31T03:00:00Z"), None),
        // Over the end of the week.
        ("Sat 22:00..Mon 05:00 UTC", "2027-01-03T12:00:00Z", Some("2027-01-04T05:00:00Z"), None),
        ("Sat 22:00..Mon 05:00 UTC", "2027-01-04T05:00:00Z", None, Some("2027-01-09T22:00:00Z")),
    ];
    for (text, moment, until, next) in cases {
        let (window, moment) = (window(text), at(moment));
        assert_eq!(closes(&window, moment), until.map(at), "{text} at {moment}");
        if until.is_none() {
            assert_eq!(opens(&window, moment), next.map(at), "{text} at {moment}");
        }
    }
}

/// Wherever a window opens and closes, it is open from there on and closed from there on, and nowhere between.
#[test]
fn what_a_window_says_of_its_ends_is_what_it_says_of_each_minute() {
    for (text, from) in [
        ("Sun 01:30..Sun 03:30 Europe/Berlin", "2027-03-27T20:00:00Z"),
        ("Sun 02:30..Sun 02:45 Europe/Berlin", "2027-10-30T20:00:00Z"),
        ("Sun 01:45..Sun 02:15 Australia/Lord_Howe", "2027-04-03T10:00:00Z"),
        ("Fri 23:00..Sat 01:00 America/New_York", "2027-03-13T00:00:00Z"),
    ] {
        let (window, from) = (window(text), at(from));
        let mut told: Option<(bool, Timestamp)> = None;
        for minute in 0..(36 * 60) {
            let now = from + jiff::SignedDuration::from_mins(minute);
            let (until, next) = (closes(&window, now), opens(&window, now));
            let is_open = until.is_some();
            if let Some((was_open, ends)) = told {
                assert_eq!(is_open == was_open, now < ends, "{text} at {now}: {was_open} until {ends}");
            }
            told = Some((is_open, if is_open { until } else { next }.unwrap()));
        }
    }
}

const EVENING: &str = "2027-01-05T21:30:00Z";
const MORNING: &str = "2027-01-06T01:00:00Z";

fn kept() -> RunOpened {
    let policy = Policy {
        kept: vec![Rule::Roles, Rule::Window],
        window: Some("Tue 22:00..Wed 02:00 Europe/Berlin".into()),
        may_override: vec!["qa".into()],
        ..Policy::default()
    };
    RunOpened { policy, ..opened() }
}

fn freeze(times: &[(&str, &str)]) -> Freeze {
    let times =
        times.iter().map(|(from, to)| Frozen { from: at(from), to: at(to), what: "Christmas".into() });
    let until = at("2028-01-01T00:00:00Z");
    Freeze { path: "freeze.ics".into(), calendar: blob("ics"), until, times: times.collect() }
}

fn frozen(times: &[(&str, &str)]) -> RunOpened {
    let policy = Policy {
        kept: vec![Rule::Roles, Rule::Freeze],
        freeze: Some(freeze(times)),
        may_override: vec!["qa".into()],
        ..Policy::default()
    };
    RunOpened { policy, ..opened() }
}

/// A check, a block that changes something, and one more.
fn book() -> Plan {
    plan([step("look").check(), step("a").run().rollback(), step("b").run()])
}

fn execution(run: &Run, plan: &Plan) -> Execution {
    match run.next(plan) {
        Next::Execute(execution) => execution,
        other => panic!("{other:?}"),
    }
}

/// Runs what comes next, at this moment.
fn runs(plan: &Plan, run: &mut Run, moment: &str) -> Result<(), String> {
    let next = execution(run, plan);
    run.apply(plan, at(moment), &Event::ActionStarted(started(plan, next))).map_err(|why| why.to_string())?;
    let end = finished(plan, next.task, next.attempt, next.probe, Outcome::Passed);
    run.apply(plan, at(moment), &Event::ActionFinished(Box::new(end))).unwrap();
    Ok(())
}

fn opens_at(plan: &Plan, opened: RunOpened, moment: &str) -> Run {
    let mut run = Run::new(plan);
    run.apply(plan, at(moment), &Event::RunOpened(Box::new(opened))).unwrap();
    run
}

fn overrides(run: &Run, who: &str) -> Event {
    let overridden = Override {
        rules: run.barred().to_vec(),
        role: "qa".into(),
        name: "Quinn".into(),
        assurance: Assurance::Typed,
        signature: None,
    };
    let deviation = Deviation::of(DeviationKind::PolicyOverridden, "", None, "half of it is done", by(who));
    Event::Deviation(deviation.overriding(overridden))
}

#[test]
fn nothing_that_changes_something_begins_once_the_window_has_ended() {
    let plan = book();
    let mut run = opens_at(&plan, kept(), EVENING);
    runs(&plan, &mut run, EVENING).unwrap();
    runs(&plan, &mut run, "2027-01-06T00:59:59Z").unwrap();
    let late = runs(&plan, &mut run.clone(), MORNING).unwrap_err();
    assert!(late.contains("it began though the rule window did not hold"), "{late}");
    // A look bars it, whatever it tells: the time is that of the event.
    let look = Event::RulesChecked(Look::default());
    run.apply(&plan, at(MORNING), &look).unwrap();
    assert_eq!((run.next(&plan), run.barred()), (Next::Override, &[Rule::Window][..]));
    assert!(run.is_barred_by_time());
    let mut goes_on = run.clone();
    assert!(goes_on.apply(&plan, at(MORNING), &overrides(&run, OPS)).is_err(), "without the role");
    goes_on.apply(&plan, at(MORNING), &overrides(&run, QA)).unwrap();
    assert_eq!(goes_on.deviations(), 1);
    runs(&plan, &mut goes_on, MORNING).unwrap();
    // Or it goes on when the window opens again.
    let mut waits = run.clone();
    let next_week = "2027-01-12T21:00:00Z";
    waits.apply(&plan, at(next_week), &Event::SessionOpened(session(OPS))).unwrap();
    runs(&plan, &mut waits, next_week).unwrap();
}

#[test]
fn what_changes_nothing_goes_on_after_the_window_and_so_does_taking_back() {
    let plan = book();
    let mut run = opens_at(&plan, kept(), EVENING);
    runs(&plan, &mut run, MORNING).unwrap();
    assert!(runs(&plan, &mut run, MORNING).is_err());
    let mut run = opens_at(&plan, kept(), EVENING);
    runs(&plan, &mut run, EVENING).unwrap();
    runs(&plan, &mut run, EVENING).unwrap();
    let rollback = Event::RollbackOpened {
        steps: vec!["a".into()],
        without: Vec::new(),
        places: Vec::new(),
        reason: Some("late".into()),
        by: Some(by(OPS)),
    };
    run.apply(&plan, at(MORNING), &rollback).unwrap();
    let next = execution(&run, &plan);
    run.apply(&plan, at(MORNING), &Event::RollbackStarted(started(&plan, next))).unwrap();
}

#[test]
fn a_run_that_opens_outside_of_its_window_does_nothing_before_somebody_answers_for_it_whatever_it_tells() {
    let plan = book();
    let mut run = opens_at(&plan, kept(), MORNING);
    assert_eq!((run.next(&plan), run.barred()), (Next::Override, &[Rule::Window][..]));
    assert!(!run.is_barred_by_time(), "no later look mends that");
    run.apply(&plan, at(MORNING), &overrides(&run, QA)).unwrap();
    runs(&plan, &mut run, MORNING).unwrap();
    runs(&plan, &mut run, MORNING).unwrap();
}

#[test]
fn nothing_begins_in_a_freeze_nor_after_the_calendar_was_followed() {
    let plan = book();
    let times = &[("2027-12-24T00:00:00Z", "2027-12-27T00:00:00Z")];
    for (moment, free) in [
        ("2027-12-23T23:59:59Z", true),
        ("2027-12-24T00:00:00Z", false),
        ("2027-12-26T23:59:59Z", false),
        ("2027-12-27T00:00:00Z", true),
        ("2028-01-01T00:00:00Z", false),
    ] {
        let mut run = opens_at(&plan, frozen(times), "2027-12-01T00:00:00Z");
        runs(&plan, &mut run, moment).unwrap();
        assert_eq!(runs(&plan, &mut run, moment).is_ok(), free, "{moment}");
        let run = opens_at(&plan, frozen(times), moment);
        assert_eq!(run.barred().is_empty(), free, "{moment}");
    }
}

#[test]
fn event_0_says_what_its_rules_of_time_are_and_in_order() {
    let plan = book();
    let opens = |how: fn(&mut Policy)| {
        let mut opened = kept();
        opened.policy.kept.push(Rule::Freeze);
        opened.policy.freeze = Some(freeze(&[("2027-12-24T00:00:00Z", "2027-12-27T00:00:00Z")]));
        how(&mut opened.policy);
        Run::new(&plan).apply(&plan, at(EVENING), &Event::RunOpened(Box::new(opened))).is_ok()
    };
    assert!(opens(|_| ()));
    assert!(!opens(|policy| policy.window = None));
    assert!(!opens(|policy| policy.freeze = None));
    assert!(!opens(|policy| policy.kept.clear()));
    let twice = |policy: &mut Policy| {
        let times = &mut policy.freeze.as_mut().unwrap().times;
        times.push(times[0].clone());
    };
    assert!(!opens(twice));
    assert!(!opens(|policy| policy.freeze.as_mut().unwrap().times[0].to = Timestamp::MIN));
}

#[test]
fn what_ends_first_is_told_with_the_time_that_is_left() {
    let mut policy = kept().policy;
    let ending = policy.ending(at(EVENING)).unwrap();
    assert_eq!((ending.rule, ending.left(at(EVENING)).as_str()), (Rule::Window, "3h 30m"));
    policy.freeze = Some(freeze(&[("2027-01-05T22:00:00Z", "2027-01-06T22:00:00Z")]));
    let ending = policy.ending(at(EVENING)).unwrap();
    assert_eq!((ending.rule, ending.left(at(EVENING)).as_str()), (Rule::Freeze, "30m"));
    assert_eq!(ending.why, "the freeze begins: Christmas");
    assert_eq!(ending.left(at("2027-01-05T21:59:30Z")), "less than a minute");
}
