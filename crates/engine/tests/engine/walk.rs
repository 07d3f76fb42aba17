//! Every sequence of events over tiny plans, to some depth: breadth first over distinct states. All of them for
//! `cargo xtask faults`; else some of the states of each depth, with every event tried at each.

use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use holdpoint_engine::*;
use holdpoint_model::*;

use crate::build::*;
use crate::sample::Sample;
use crate::statuses;
use crate::story::{at, on, when};
use crate::universe::*;
use crate::{oracle, oracle_places};

#[derive(Debug, Default)]
struct Count {
    states: usize,
    taken: usize,
    refused: usize,
    answers: HashSet<String>,
}

/// What tells two states apart, the number of events aside.
fn key(run: &Run) -> String {
    format!("{run:?}").replace(&format!("events: {}, ", run.events()), "")
}

/// So many states of each depth, where not all are taken.
const AT_EACH_DEPTH: usize = 12;

fn walk(plan: &Plan, depth: usize, count: &mut Count, sample: &mut Sample) {
    let universe = universe(plan, 3);
    let mut seen = HashSet::new();
    let mut level = vec![(Run::new(plan), Vec::<Event>::new())];
    for _ in 0..depth {
        let mut deeper = Vec::new();
        for (run, events) in sample.some(level, AT_EACH_DEPTH) {
            deeper.append(&mut step_on(plan, &universe, &run, &events, &mut seen, count));
        }
        level = deeper;
    }
}

/// Every event tried at one state; gives the states that nobody has seen before, with how they were reached.
fn step_on(
    plan: &Plan,
    universe: &[Event],
    run: &Run,
    events: &[Event],
    seen: &mut HashSet<String>,
    count: &mut Count,
) -> Vec<(Run, Vec<Event>)> {
    let mut new = Vec::new();
    let now = Now::of(plan, run);
    let mut moved = false;
    for event in universe.iter().cloned().chain(of_the_moment(plan, run)) {
        let mut after = run.clone();
        let result = after.apply(plan, when(&event), &event);
        let invited = invited(plan, run, &now, &event);
        assert_eq!(result.is_ok(), invited, "{event:?}\nat {now:?}\n{result:?}");
        if result.is_err() {
            assert_eq!(after, *run, "a refused event left its mark: {event:?}");
            count.refused += 1;
            continue;
        }
        count.taken += 1;
        moved |= moves(&event) || matches!(now.frontier.due, Some(Due::Lapse { .. }));
        let mut events = events.to_vec();
        events.push(event);
        let told = on(plan, &after.frontier(plan));
        assert_eq!(told, oracle_places::frontier(plan, &events), "after {events:#?}");
        let undone = after.rollback_plan(plan).steps;
        let undone: Vec<&String> = undone.iter().map(|step| &plan.steps[*step].id).collect();
        assert!(undone.into_iter().eq(&oracle::undoable(plan, &events)), "after {events:#?}");
        let units: Vec<(String, Option<String>)> = oracle_places::units(plan, &events);
        let units: Vec<(String, String)> =
            units.into_iter().filter_map(|(step, place)| Some((step, place?))).collect();
        let places = after.rollback_plan(plan).places;
        assert!(places.into_iter().map(|it| (it.step, it.place)).eq(units), "after {events:#?}");
        let lapsable: BTreeSet<String> = after.lapsable(plan).iter().map(|task| task.id(plan)).collect();
        assert_eq!(lapsable, oracle::lapsable(plan, &events), "after {events:#?}");
        statuses::agree(plan, &after, &events);
        count.answers.extend(told);
        if seen.insert(key(&after)) {
            count.states += 1;
            new.push((after, events));
        }
    }
    assert!(moved || run.is_closed(), "a dead end: {}", at(plan, &now.frontier.next()));
    new
}

/// Two places: a canary, both at once, a barrier, failures that are tolerated or not, what is undone where.
fn on_two_places() -> Vec<(Plan, usize)> {
    let web = |step: Step, first: u32, at_once: u32, stop_after: u32| {
        let rollout = Some(Rollout { first, at_once, stop_after });
        Step { target: Some("web".into()), rollout, ..step }
    };
    vec![
        (plan([web(step("a").run().rollback(), 1, 2, 0)]), 6),
        (plan([web(step("a").run().check(), 0, 2, 0)]), 6),
        (plan([web(step("a").check().confirm(), 0, 2, 1).on_failure(OnFailure::Stop)]), 7),
        (plan([web(step("a").run().rollback(), 0, 1, 0).on_failure(OnFailure::Rollback)]), 7),
        (plan([web(step("a").check().retry(1, 4), 0, 2, 0)]), 6),
        (plan([web(step("a").check().hold(60, 20), 0, 2, 0)]), 6),
        (plan([web(step("a").check(), 2, 1, 2)]), 7),
        (plan([web(step("a").check(), 0, 2, 0)]), 8),
        (plan([web(step("a").check().captures("V"), 0, 2, 1), step("b").confirm().when("V == 'yes'")]), 7),
    ]
}

fn tiny() -> Vec<(Plan, usize)> {
    let only_if = |condition: &str| {
        let condition = Some(condition.to_owned());
        |block: &mut Block| block.options.when = condition
    };
    let expires = |sign_off: &mut SignOff| sign_off.expires = Some(Duration::from_secs(60));
    vec![
        (plan([step("a").run().check().rollback()]), 9),
        (plan([step("a").check().retry(1, 4).on_failure(OnFailure::Stop)]), 9),
        (plan([step("a").check().hold(60, 20).retry(1, 4).on_failure(OnFailure::Stop)]), 8),
        (plan([step("a").run().retry(1, 4).rollback().on_failure(OnFailure::Rollback)]), 8),
        (plan([step("a").run().irreversible(), step("b").run().rollback()]), 7),
        (plan([step("a").run().rollback(), step("b").run().irreversible().rollback()]), 7),
        (plan([step("a").confirm(), step("b").sign_off("qa").signed_off(|s| s.count = 2)]), 7),
        (plan([step("a").sign_off("qa").run()]), 8),
        (plan([step("a").run().captures("V").run().captures("V").with(only_if("V == 'yes'"))]), 7),
        (plan([step("a").sign_off("qa"), step("b").run(), step("c").confirm()]), 6),
        (plan([step("a").sign_off("qa").signed_off(expires).run(), step("b").confirm()]), 8),
        (
            plan([
                step("a").sign_off("qa").signed_off(expires).sign_off("qa").signed_off(|s| s.count = 2),
                step("b").run(),
            ]),
            7,
        ),
        (plan([step("a").record(&["x", "y"]).mandatory(), step("b").confirm()]), 8),
        (plan([step("a").run().captures("V"), step("b").run().confirm().when("V == 'yes'")]), 7),
        (plan([step("a").run().captures("V").check().with(only_if("V == 'yes'"))]), 8),
        (plan([step("a").confirm().sign_off("qa").when("NOBODY"), step("b").confirm()]), 6),
        (plan([step("a").run().with(only_if("false")).run().irreversible().caution("!")]), 7),
        (
            plan([step("a")
                .run()
                .rollback_with(only_if("false"))
                .rollback_with(only_if("NOBODY"))
                .rollback()]),
            8,
        ),
    ]
}

#[test]
fn every_sequence_over_tiny_plans_is_taken_or_refused_as_asked_and_the_oracle_agrees() {
    let (count, whole) = walk_all(tiny(), "tiny plans");
    assert!(!whole || count.states > 10_000 && count.taken > 40_000 && count.refused > 500_000, "{count:?}");
    assert!(count.states > 500 && count.taken > 1_000 && count.refused > 20_000, "{count:?}");
    assert!(count.answers.len() > if whole { 40 } else { 20 }, "{count:?}");
}

#[test]
fn every_sequence_on_two_places_is_taken_or_refused_as_asked_and_the_oracle_agrees() {
    let (count, whole) = walk_all(on_two_places(), "tiny plans on two places");
    assert!(!whole || count.states > 10_000 && count.taken > 40_000 && count.refused > 500_000, "{count:?}");
    assert!(count.states > 100 && count.taken > 500 && count.refused > 10_000, "{count:?}");
    assert!(count.answers.len() > if whole { 20 } else { 10 }, "{count:?}");
}

fn walk_all(plans: Vec<(Plan, usize)>, of: &str) -> (Count, bool) {
    let (mut count, mut sample) = (Count::default(), Sample::told());
    for (plan, depth) in plans {
        sample.again();
        walk(&plan, depth, &mut count, &mut sample);
    }
    if sample.is_whole() {
        println!("faults: {0} of {0} points struck: states of {of}", count.states);
    }
    (count, sample.is_whole())
}
