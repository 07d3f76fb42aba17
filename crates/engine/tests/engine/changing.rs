//! The change under which a run goes: what the engine takes of its id, and of what a script said of it.

use holdpoint_engine::*;
use jiff::Timestamp;

use crate::build::{Written as _, plan, step};
use crate::story::{NOW, OPS, blob, opened, session, started};

fn seen(exit: Option<i32>) -> Option<ChangeSeen> {
    Some(ChangeSeen { at: Timestamp::UNIX_EPOCH, exit, output: blob("said"), script: blob("script") })
}

fn change(id: Option<&str>, seen: Option<ChangeSeen>) -> Change {
    let check = Some("scripts/open.sh".to_owned());
    Change { pattern: r"CHG\d+".into(), check, id: id.map(str::to_owned), seen }
}

fn under(change: Option<Change>, unmet: bool) -> RunOpened {
    let unmet = if unmet { vec![Unmet { rule: Rule::Change, why: "it is not".into() }] } else { Vec::new() };
    let kept = vec![Rule::Roles, Rule::Change];
    RunOpened { policy: Policy { kept, change, unmet, ..Policy::default() }, ..opened() }
}

#[test]
fn event_0_takes_a_change_that_may_go_on_and_tells_of_any_other() {
    let cases = [
        ("open", Some(change(Some("CHG1"), seen(Some(0)))), true),
        ("none is told", None, false),
        ("no id", Some(change(None, None)), false),
        ("another shape", Some(change(Some("chg1"), seen(Some(0)))), false),
        ("more than the pattern", Some(change(Some("CHG1; x"), seen(Some(0)))), false),
        ("before the pattern", Some(change(Some("xCHG1"), seen(Some(0)))), false),
        ("two lines", Some(change(Some("CHG1\nCHG2"), seen(Some(0)))), false),
        ("nobody asked", Some(change(Some("CHG1"), None)), false),
        ("closed", Some(change(Some("CHG1"), seen(Some(1)))), false),
        ("no answer", Some(change(Some("CHG1"), seen(None))), false),
        ("a script for no id", Some(change(None, seen(Some(0)))), false),
    ];
    let plan = plan([step("a").run()]);
    for (what, change, holds) in cases {
        let event = Event::RunOpened(Box::new(under(change.clone(), false)));
        assert_eq!(Run::new(&plan).apply(&plan, NOW, &event).is_ok(), holds, "{what}");
        // Told as not holding, it is overridden or goes nowhere; but what cannot be is none.
        let impossible = change.as_ref().is_none_or(|change| change.id.is_none() && change.seen.is_some());
        let event = Event::RunOpened(Box::new(under(change, true)));
        let mut run = Run::new(&plan);
        assert_eq!(run.apply(&plan, NOW, &event).is_ok(), !impossible, "{what}");
        if !impossible {
            assert_eq!(run.next(&plan), Next::Override, "{what}");
        }
    }
}

#[test]
fn a_pattern_takes_all_of_an_id_whatever_it_says_of_the_ends() {
    for pattern in [r"CHG\d+", r"^CHG\d+$", r"CHG\d+|INC\d+", r"^CHG\d+$|x"] {
        let change = Change { pattern: pattern.into(), ..Change::default() };
        assert_eq!(change.refuses("CHG123"), None, "{pattern}");
        for wrong in ["CHG", "xCHG123", "CHG123x", "CHG123\n", "", "CHG123 INC1"] {
            assert!(change.refuses(wrong).is_some(), "{pattern}: {wrong:?}");
        }
    }
    // What would swallow the end of the whole compiles to nothing that takes anything.
    let change = Change { pattern: r"(?x)CHG #".into(), ..Change::default() };
    assert!(change.refuses("CHG123").is_some());
}

#[test]
fn a_change_that_was_closed_meanwhile_bars_what_comes_next() {
    let plan = plan([step("a").run(), step("b").run()]);
    for (said, holds) in [(seen(Some(0)), true), (seen(Some(1)), false), (seen(None), false), (None, false)] {
        let mut run = Run::new(&plan);
        let first = under(Some(change(Some("CHG1"), seen(Some(0)))), false);
        run.apply(&plan, NOW, &Event::RunOpened(Box::new(first))).unwrap();
        let taken_up = Event::SessionOpened(Session { change: said.clone(), ..session(OPS) });
        assert_eq!(run.clone().apply(&plan, NOW, &taken_up).is_ok(), holds, "{said:?}");
        let unmet = if holds { Vec::new() } else { vec![Unmet { rule: Rule::Change, why: "closed".into() }] };
        let look = Look { change: said.clone(), unmet, ..Look::default() };
        run.apply(&plan, NOW, &Event::SessionOpened(session(OPS).after(look))).unwrap();
        assert_eq!(run.barred().is_empty(), holds);
        let Next::Execute(execution) = run.next(&plan) else {
            assert!(!holds);
            continue;
        };
        run.apply(&plan, NOW, &Event::ActionStarted(started(&plan, execution))).unwrap();
    }
}
