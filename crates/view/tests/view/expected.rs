//! How long steps are expected to take: what the document says, else past runs that passed, else nothing.

use std::time::Duration;

use holdpoint_engine::*;
use holdpoint_model::*;
use holdpoint_view::{Expectations, Expected, Summary, Together, late, summarise};
use jiff::SignedDuration;

use crate::build::*;
use crate::story::*;

fn two() -> Plan {
    let mut plan = plan([step("a").run(), step("b").confirm(), step("c").confirm()]);
    plan.steps[1].expected = Some(Duration::from_secs(5));
    plan
}

/// A run in which the block took so many seconds, and which passed, or was ended after it.
fn run(seconds: i64, passes: bool) -> Summary {
    let mut story = Story::of(two());
    story.start();
    story.finish(Outcome::Passed);
    if passes {
        story.confirm();
        story.confirm();
        story.close(Verdict::Passed);
    }
    let at = |n: usize| NOW + SignedDuration::from_secs(if n < 2 { 0 } else { seconds });
    let events: Vec<Stamped> = story
        .events
        .iter()
        .enumerate()
        .map(|(n, event)| Stamped { n: n as u64, prev: String::new(), at: at(n), event: event.clone() })
        .collect();
    summarise(&story.plan, &events, None, None).unwrap()
}

#[test]
fn the_document_comes_first_and_runs_that_passed_stand_in_for_it() {
    let plan = two();
    let written = Expected { ms: 5000, runs: None };
    let by = |runs: &[Summary]| Expectations::of(&plan, runs);
    let nothing = by(&[]);
    assert_eq!((nothing.step("a"), nothing.step("b"), nothing.step("gone")), (None, Some(written), None));
    let runs = [run(10, true), run(30, true), run(20, true), run(1, false)];
    let known = by(&runs);
    assert_eq!(known.step("a"), Some(Expected { ms: 20_000, runs: Some(3) }));
    assert_eq!(known.step("b"), Some(written));
    assert_eq!(by(&runs[3..]), nothing, "a run that did not pass says nothing");
}

#[test]
fn of_several_it_is_at_least_what_is_known_of_some() {
    let plan = two();
    let (none, some) = (Expectations::of(&plan, []), Expectations::of(&plan, &[run(10, true)]));
    let steps = |ids: &[usize]| ids.iter().map(|id| &plan.steps[*id]).collect::<Vec<_>>();
    let cases = [
        (&none, steps(&[]), Together { ms: 0, known: 0, at_least: false }),
        (&none, steps(&[0]), Together { ms: 0, known: 0, at_least: true }),
        (&none, steps(&[0, 1]), Together { ms: 5000, known: 1, at_least: true }),
        (&some, steps(&[0, 1]), Together { ms: 15_000, known: 2, at_least: false }),
    ];
    for (expected, steps, together) in cases {
        assert_eq!(expected.together(steps), together);
    }
}

#[test]
fn nothing_is_late_by_less_than_a_second() {
    let ms = Duration::from_millis;
    for (took, expected) in [(0, 0), (1, 0), (999, 0), (40, 1), (60_999, 60_000), (1, 60_000)] {
        assert_eq!(late(ms(took), ms(expected)), None, "{took} of {expected}");
    }
    assert_eq!(late(ms(1000), ms(0)), Some(ms(1000)));
    assert_eq!(late(ms(61_000), ms(60_000)), Some(ms(1000)));
}
