//! Sequences of events over tiny plans, breadth first: at each state the summary says what the engine says, and an event
//! that the engine refuses there adds nothing to it.

use std::collections::HashSet;

use holdpoint_engine::*;
use holdpoint_model::*;
use holdpoint_view::{SignOffEvent, Summary, Summing, What, summarise};

use crate::build::*;
use crate::sample::Sample;
use crate::story::when;
use crate::universe::*;

/// So many states of each depth, where not all are taken, and so many refused events at each.
const AT_EACH_DEPTH: usize = 10;
const REFUSED: usize = 6;

fn stamped(events: &[Event]) -> Vec<Stamped> {
    let stamp = |(n, event): (usize, &Event)| Stamped {
        n: n as u64,
        prev: String::new(),
        at: when(event),
        event: event.clone(),
    };
    events.iter().enumerate().map(stamp).collect()
}

/// What is told of each action, rollback block and step.
fn statuses(summary: &Summary) -> Vec<Status> {
    let of = |step: &holdpoint_view::StepSummary| {
        let actions = step.actions.iter().chain(&step.rollback_blocks).map(|action| action.status);
        actions.chain([step.status]).collect::<Vec<_>>()
    };
    summary.steps.iter().flat_map(of).collect()
}

fn asked(plan: &Plan, run: &Run) -> Vec<Status> {
    let seen = run.seen_by(plan, false);
    let of = |(index, step): (usize, &Step)| {
        let actions = (0..step.actions.len()).map(move |at| Task::action(index, at));
        let tasks = actions.chain((0..step.rollbacks.len()).map(move |at| Task::rollback(index, at)));
        let tasks = tasks.map(|task| seen.status(task));
        tasks.chain([seen.step_status(index)]).collect::<Vec<_>>()
    };
    plan.steps.iter().enumerate().flat_map(of).collect()
}

fn agrees(plan: &Plan, run: &Run, events: &[Event]) -> Summary {
    let record = stamped(events);
    let summary = summarise(plan, &record, None, None).unwrap();
    let after = || format!("after {events:#?}");
    assert!(summary.misfits.is_empty(), "{:?} {}", summary.misfits, after());
    assert_eq!(statuses(&summary), asked(plan, run), "{}", after());
    let waits = summary.waits.as_ref().map(|waits| (waits.action.clone(), waits.place.as_deref()));
    let stands = run.stands_at(plan).filter(|_| !run.is_closed());
    assert_eq!(waits, stands.map(|task| (task.id(plan), run.place_of(task))), "{}", after());
    places_agree(plan, run, &summary, &after());
    assert_eq!(
        summary.run.closed.as_ref().map(|closed| closed.verdict),
        run.verdict(plan).filter(|_| run.is_closed())
    );
    assert_eq!(summary.deviations.len(), run.deviations());
    // Everybody whose sign-off counts is told of, once.
    for (index, step) in summary.steps.iter().enumerate() {
        for (at, action) in step.actions.iter().enumerate() {
            let counting = summary.sign_offs.iter().filter(|sign_off| sign_off.action == action.id);
            let counting = counting.filter_map(|sign_off| match &sign_off.what {
                SignOffEvent::Given { by, counts: true, .. } => Some(by.who.as_str()),
                _ => None,
            });
            let mut counting: Vec<&str> = counting.collect();
            counting.sort_unstable();
            let task = Task::action(index, at);
            let signers: Vec<&str> = run.signers(task).filter(|who| run.counts(task, who)).collect();
            assert_eq!(counting, signers, "{} {}", action.id, after());
            // What is in doubt has an attempt without an end, and nothing else has.
            let open = action.history.iter().any(
                |happening| matches!(&happening.what, What::Attempt(attempt) if attempt.finished.is_none()),
            );
            assert!(open || action.status != Status::InDoubt, "{} {}", action.id, after());
        }
    }
    let mut summing = Summing::begin(plan, &record[0], None).unwrap().overview();
    record[1..].iter().for_each(|stamped| summing.event(stamped.clone()));
    assert_eq!(statuses(&summing.end()), statuses(&summary), "an overview, {}", after());
    summary
}

/// What is told of each place is what the engine says of it, and each attempt stands at its place.
fn places_agree(plan: &Plan, run: &Run, summary: &Summary, after: &str) {
    for (index, step) in summary.steps.iter().enumerate() {
        let actions = step.actions.iter().enumerate().map(|(at, action)| (Task::action(index, at), action));
        let blocks =
            step.rollback_blocks.iter().enumerate().map(|(at, block)| (Task::rollback(index, at), block));
        for (task, action) in actions.chain(blocks) {
            let told = action.places.iter().map(|here| (here.place.as_str(), here.status));
            let said = run.places_of(task).iter();
            let said =
                said.map(|place| (run.place_name(*place), run.status(plan, task.at(*place)).seen(false)));
            assert_eq!(told.collect::<Vec<_>>(), said.collect::<Vec<_>>(), "{} {after}", action.id);
            for happening in &action.history {
                let What::Attempt(attempt) = &happening.what else { continue };
                assert_eq!(happening.place.is_some(), !action.places.is_empty(), "{} {after}", action.id);
                let Some(ended) = &attempt.finished else { continue };
                let end = (&ended.result.place, ended.result.attempt);
                assert_eq!((&happening.place, attempt.attempt), end, "{} {after}", action.id);
            }
        }
    }
}

/// An event that the engine refuses adds nothing but doubt.
fn adds_nothing(plan: &Plan, before: &Summary, events: &[Event], refused: &Event) {
    let mut events = events.to_vec();
    events.push(refused.clone());
    let after = summarise(plan, &stamped(&events), None, None).unwrap();
    assert_eq!(after.misfits.len(), 1, "{refused:?}");
    assert_eq!(after.verdict_words(), "DOES NOT CONFORM");
    for (before, after) in statuses(before).into_iter().zip(statuses(&after)) {
        assert!(after == if before.is_done() { before } else { Status::Unknown }, "{refused:?}");
    }
    assert_eq!((&after.run.closed, &after.sign_offs), (&before.run.closed, &before.sign_offs));
    assert_eq!((&after.values, &after.deviations), (&before.values, &before.deviations));
    assert!(after.waits.is_none());
}

fn walk(plan: &Plan, depth: usize, sample: &mut Sample) -> usize {
    let universe = universe(plan, 2);
    let (mut seen, mut states) = (HashSet::new(), 0);
    let mut level = vec![(Run::new(plan), Vec::<Event>::new())];
    for _ in 0..depth {
        let mut deeper = Vec::new();
        for (run, events) in sample.some(level, AT_EACH_DEPTH) {
            states += 1;
            let told = (!events.is_empty()).then(|| agrees(plan, &run, &events));
            let mut refused = Vec::new();
            for event in universe.iter().cloned().chain(of_the_moment(plan, &run)) {
                let mut after = run.clone();
                if after.apply(plan, when(&event), &event).is_err() {
                    refused.push(event);
                    continue;
                }
                let key = format!("{after:?}").replace(&format!("events: {}, ", after.events()), "");
                if seen.insert(key) {
                    let events = events.iter().cloned().chain([event]).collect();
                    deeper.push((after, events));
                }
            }
            if let Some(told) = told {
                for event in sample.some(refused, REFUSED) {
                    adds_nothing(plan, &told, &events, &event);
                }
            }
        }
        level = deeper;
    }
    states
}

fn tiny() -> Vec<(Plan, usize)> {
    let only_if = |condition: &str| {
        let condition = Some(condition.to_owned());
        |block: &mut Block| block.options.when = condition
    };
    let on_web = |step: Step| {
        let rollout = Some(Rollout { first: 0, at_once: 2, stop_after: 2 });
        Step { target: Some("web".into()), rollout, ..step }
    };
    vec![
        (plan([on_web(step("a").run().captures("V").rollback())]), 9),
        (plan([on_web(step("a").run().check()), step("b").confirm()]), 8),
        (plan([step("a").run().check().rollback()]), 8),
        (plan([step("a").run().retry(1, 4).rollback().on_failure(OnFailure::Rollback)]), 8),
        (plan([step("a").run().irreversible(), step("b").run().rollback()]), 7),
        (plan([step("a").confirm(), step("b").sign_off("qa").signed_off(|s| s.count = 2)]), 8),
        (plan([step("a").sign_off("qa"), step("b").run(), step("c").confirm()]), 7),
        (plan([step("a").record(&["x", "y"]), step("b").confirm().sign_off("qa")]), 8),
        (plan([step("a").run().captures("V"), step("b").run().confirm().when("V == 'yes'")]), 7),
        (plan([step("a").run().rollback_with(only_if("false")).rollback()]), 7),
    ]
}

#[test]
fn in_every_state_readers_are_told_what_the_engine_says_and_nothing_by_an_event_that_it_refuses() {
    let mut sample = Sample::told();
    let mut states = 0;
    for (plan, depth) in tiny() {
        sample.again();
        states += walk(&plan, depth, &mut sample);
    }
    assert!(states > 300, "{states}");
}
