//! Checks that must hold for a time: how long they have is told by the times of their tries alone.

use std::time::Duration;

use holdpoint_engine::*;
use holdpoint_model::*;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use crate::build::*;
use crate::story::*;

fn at(seconds: i64) -> Timestamp {
    NOW + SignedDuration::from_secs(seconds)
}

/// A try that begins and ends at this second.
fn tried(story: &mut Story, seconds: i64, outcome: Outcome) {
    let start = story.start_event();
    story.tell_at(at(seconds), start);
    let end = story.finish_event(outcome, |_| ());
    story.tell_at(at(seconds), end);
}

const GOOD: Outcome = Outcome::Passed;
const BAD: Outcome = Outcome::Failed;
const LATE: Outcome = Outcome::TimedOut;

/// Must hold for a minute, is tried every 20 seconds, and a try may take 20 more: what is longer than 40 is a gap.
fn minute() -> Step {
    step("a").check().hold(60, 20)
}

#[test]
fn a_check_holds_once_its_tries_have_passed_for_so_long_with_nobody_looking_away() {
    type Case = (&'static str, &'static [(i64, Outcome)], &'static str, u64, u32);
    // What, tries, what comes next, the pause before it, tries that count.
    let cases: &[Case] = &[
        ("nothing yet", &[], "execute a#1", 0, 0),
        ("the first try", &[(0, GOOD)], "execute a#1", 20, 1),
        ("in the middle", &[(0, GOOD), (20, GOOD), (40, GOOD)], "execute a#1", 20, 3),
        ("the last pause ends with it", &[(0, GOOD), (25, GOOD), (53, GOOD)], "execute a#1", 7, 3),
        ("long enough", &[(0, GOOD), (20, GOOD), (40, GOOD), (60, GOOD)], "ask b#1 Confirm", 0, 4),
        ("no shorter", &[(0, GOOD), (20, GOOD), (40, GOOD), (59, GOOD)], "execute a#1", 1, 4),
        ("two tries are no soak", &[(0, GOOD), (60, GOOD)], "execute a#1", 20, 1),
        ("a driver that was suspended", &[(0, GOOD), (20, GOOD), (36_000, GOOD)], "execute a#1", 20, 1),
        ("a gap that may be", &[(0, GOOD), (40, GOOD), (80, GOOD)], "ask b#1 Confirm", 0, 3),
        ("a gap that may not", &[(0, GOOD), (41, GOOD)], "execute a#1", 20, 1),
        ("a clock that went back", &[(100, GOOD), (120, GOOD), (90, GOOD)], "execute a#1", 20, 1),
        (
            "anew, and then long enough",
            &[(0, GOOD), (90, GOOD), (110, GOOD), (130, GOOD), (150, GOOD)],
            "ask b#1 Confirm",
            0,
            4,
        ),
        (
            "anew too often",
            &[(0, GOOD), (100, GOOD), (200, GOOD), (300, GOOD), (400, GOOD)],
            "ask a#1 Failed",
            0,
            1,
        ),
        ("the first failure ends it", &[(0, GOOD), (20, GOOD), (40, BAD)], "ask a#1 Failed", 0, 2),
        ("so does a try that takes too long", &[(0, GOOD), (20, LATE)], "ask a#1 Failed", 0, 1),
        ("and one that somebody stopped", &[(0, GOOD), (20, Outcome::Interrupted)], "ask a#1 Failed", 0, 1),
        ("it never passed", &[(0, BAD)], "ask a#1 Failed", 0, 0),
    ];
    for (what, tries, next, pause, counted) in cases {
        let mut story = Story::of(plan([minute(), step("b").confirm()]));
        for (seconds, outcome) in *tries {
            tried(&mut story, *seconds, *outcome);
        }
        let task = Task::action(0, 0);
        assert_eq!(story.at(), *next, "{what}");
        if let Next::Execute(execution) = story.next() {
            assert_eq!(execution.pause, Duration::from_secs(*pause), "{what}");
        }
        let holding = story.run.holding(&story.plan, task);
        assert_eq!(holding.map_or(0, |holding| holding.tries), *counted, "{what}");
        assert_eq!(story.run.is_holding(&story.plan, task), *counted > 0 && *next == "execute a#1", "{what}");
        let given_up = story.run.soak_complaint(&story.plan, task);
        assert_eq!(given_up.is_some(), *what == "anew too often", "{what}: {given_up:?}");
    }
}

#[test]
fn what_must_hold_is_retried_until_it_passes_and_not_afterwards() {
    let mut story = Story::of(plan([minute().retry(2, 100), step("b").confirm()]));
    tried(&mut story, 0, BAD);
    assert_eq!((story.at().as_str(), story.execution().pause), ("execute a#1", Duration::from_secs(2)));
    tried(&mut story, 2, GOOD);
    assert_eq!((story.at().as_str(), story.execution().pause), ("execute a#1", Duration::from_secs(20)));
    tried(&mut story, 22, BAD);
    assert_eq!(story.at(), "ask a#1 Failed");
    story.decide(Choice::Retry);
    assert_eq!(story.run.holding(&story.plan, Task::action(0, 0)), None, "somebody asked: it begins anew");
    for seconds in [30, 50, 70] {
        tried(&mut story, seconds, GOOD);
        assert_eq!(story.at(), "execute a#1");
    }
    tried(&mut story, 90, GOOD);
    assert_eq!(story.at(), "ask b#1 Confirm");
}

#[test]
fn a_soak_that_another_driver_takes_up_begins_anew_whether_a_try_was_under_way_or_not() {
    for under_way in [false, true] {
        let mut story = Story::of(plan([minute(), step("b").confirm()]));
        tried(&mut story, 0, GOOD);
        tried(&mut story, 20, GOOD);
        if under_way {
            story.start();
        }
        story.tell_at(at(25), Event::SessionOpened(session(OPS)));
        let status = story.run.status(&story.plan, Task::action(0, 0));
        if under_way {
            assert_eq!(status, Status::InDoubt);
            story.decide(Choice::Run);
        } else {
            assert_eq!(status, Status::Holding);
        }
        assert_eq!((story.at().as_str(), story.execution().pause), ("execute a#1", Duration::ZERO));
        for (seconds, tries) in [(30, 1), (50, 2), (70, 3)] {
            tried(&mut story, seconds, GOOD);
            let holding = story.run.holding(&story.plan, Task::action(0, 0)).unwrap();
            assert_eq!((holding.tries, holding.anew, story.at().as_str()), (tries, 0, "execute a#1"));
        }
        tried(&mut story, 90, GOOD);
        assert_eq!(story.at(), "ask b#1 Confirm");
    }
}

#[test]
fn what_holds_and_not_for_long_enough_is_told_as_that() {
    let mut story = Story::of(plan([minute()]));
    let of = |story: &Story| story.run.status(&story.plan, Task::action(0, 0));
    assert_eq!(of(&story), Status::NotReached);
    tried(&mut story, 0, GOOD);
    assert_eq!((of(&story), story.run.step_status(&story.plan, 0)), (Status::Holding, Status::Unfinished));
    story.start();
    assert_eq!(of(&story), Status::Running);
    let end = story.finish_event(GOOD, |_| ());
    story.tell_at(at(20), end);
    assert_eq!(of(&story), Status::Holding);
    story.skip();
    assert_eq!(of(&story), Status::Skipped);
    assert_eq!(story.at(), "done NothingDone", "what was left before it had held shows nothing");
}

#[test]
fn a_dry_run_tries_it_once() {
    let mut story = Story::opened_as(plan([minute()]), |opened| (opened.dry, opened.number) = (true, 0));
    story.pass();
    assert_eq!(story.at(), "done Passed");
}

#[test]
fn a_check_that_finds_out_about_a_block_in_doubt_is_asked_once() {
    let mut story = Story::of(plan([step("a").run().check().hold(60, 20)]));
    story.start();
    story.crash();
    story.decide(Choice::FindOut);
    story.execute(GOOD);
    assert_eq!(story.at(), "ask a#1 InDoubt");
}

#[test]
fn every_place_holds_for_its_own_time() {
    let web = Step {
        target: Some("web".into()),
        rollout: Some(Rollout { first: 0, at_once: 2, stop_after: 0 }),
        ..minute()
    };
    let mut story = Story::opened_as(plan([web, step("b").confirm()]), |opened| {
        opened.environment.targets = targets(&[("web", 2)]);
    });
    let try_at = |story: &mut Story, seconds: i64, place: usize| {
        let task = Task::action(0, 0).at(PlaceIx(place));
        let ready = story.run.frontier(&story.plan).ready;
        let execution = *ready.iter().find(|ready| ready.task == task).expect("it may be tried");
        let start = story.start_of(execution);
        story.tell_at(at(seconds), start);
        let end = story.end_of(execution, GOOD, |_| ());
        story.tell_at(at(seconds), end);
    };
    for (seconds, place) in [(0, 0), (10, 1), (20, 0), (30, 1), (40, 0), (50, 1), (60, 0)] {
        try_at(&mut story, seconds, place);
    }
    assert_eq!(story.at(), "execute a#1@1", "the second has held for 40 seconds");
    try_at(&mut story, 70, 1);
    assert_eq!(story.at(), "ask b#1 Confirm");
}

/// What comes after tries with these gaps before them, in words of the list alone: from the last break on, how long.
fn told_otherwise(tries: &[(i64, bool)]) -> &'static str {
    let mut times = vec![0_i64];
    for (gap, _) in tries.iter().skip(1) {
        times.push(times.last().unwrap() + gap);
    }
    let Some(until) = tries.iter().position(|(_, good)| !good) else {
        let breaks: Vec<usize> = (1..tries.len()).filter(|nth| !(0..=40).contains(&tries[*nth].0)).collect();
        // Nothing follows what is over.
        for end in 0..tries.len() {
            let begun = breaks.iter().rev().find(|nth| **nth <= end).copied().unwrap_or(0);
            if times[end] - times[begun] >= 60 {
                return "ask b#1 Confirm";
            }
            if breaks.iter().filter(|nth| **nth <= end).count() > 3 {
                return "ask a#1 Failed";
            }
        }
        return "execute a#1";
    };
    match told_otherwise(&tries[..until]) {
        "execute a#1" => "ask a#1 Failed",
        over => over,
    }
}

proptest! {
    #[test]
    fn tries_at_any_times_come_to_what_their_list_says(
        tries in prop::collection::vec((prop_oneof![8 => 0..41_i64, 1 => 41..90_i64, 1 => -30..0_i64], prop::bool::weighted(0.95)), 1..12),
    ) {
        let mut story = Story::of(plan([minute(), step("b").confirm()]));
        let mut now = 0;
        for (nth, (gap, good)) in tries.iter().enumerate() {
            if story.at() != "execute a#1" {
                break;
            }
            now += if nth == 0 { 0 } else { *gap };
            tried(&mut story, now, if *good { GOOD } else { BAD });
        }
        prop_assert_eq!(story.at(), told_otherwise(&tries));
        let replayed = Run::replay(&story.plan, told_at(&story, &tries));
        prop_assert_eq!(replayed.unwrap(), story.run);
    }

    /// A record that is shorter than its document wants, forged from one that is not.
    #[test]
    fn a_soak_from_which_tries_were_taken_is_refused_unless_it_is_one_still(
        gaps in prop::collection::vec(1..41_i64, 2..20),
        taken in any::<prop::sample::Index>(),
        count in 1..4_usize,
    ) {
        let mut times = vec![0];
        for gap in gaps {
            if times.last().is_some_and(|last| *last >= 60) {
                break;
            }
            times.push(times.last().unwrap() + gap);
        }
        let last = *times.last().unwrap();
        prop_assume!(last >= 60);
        let from = taken.index(times.len());
        let kept: Vec<i64> =
            times.iter().enumerate().filter(|(nth, _)| !(from..from + count).contains(nth)).map(|(_, at)| *at).collect();
        let mut story = Story::of(plan([minute(), step("b").confirm()]));
        kept.iter().for_each(|at| if story.at() == "execute a#1" { tried(&mut story, *at, GOOD) });
        let whole = kept.windows(2).all(|pair| pair[1] - pair[0] <= 40)
            && kept.last().zip(kept.first()).is_some_and(|(last, first)| last - first >= 60);
        let confirmed = Event::ItemConfirmed {
            step: "b".into(), action: "b#1".into(), text: "Do it.".into(), by: by(OPS),
        };
        let plan = story.plan.clone();
        prop_assert_eq!(story.run.apply(&plan, at(last), &confirmed).is_ok(), whole, "{:?}", kept);
    }
}

/// The events of a story once more, with the times at which they were told.
fn told_at(story: &Story, tries: &[(i64, bool)]) -> Vec<(Timestamp, Event)> {
    let mut now = 0;
    let mut times = vec![NOW];
    for (nth, (gap, _)) in tries.iter().enumerate() {
        now += if nth == 0 { 0 } else { *gap };
        times.extend([at(now), at(now)]);
    }
    times.into_iter().zip(story.events.clone()).collect()
}
