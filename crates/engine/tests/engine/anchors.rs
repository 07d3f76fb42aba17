//! Anchors that an environment asks for: what the engine takes after a sign-off, and when the seal needs one.

use holdpoint_engine::*;
use holdpoint_model::*;

use crate::build::{Written as _, plan, step};
use crate::story::{NOW, OPS, QA, by, opened, presence, session, started};

fn asking() -> RunOpened {
    let policy = Policy {
        kept: vec![Rule::Roles, Rule::Anchor],
        may_override: vec!["qa".into()],
        ..Policy::default()
    };
    RunOpened { policy, ..opened() }
}

/// A run that was signed off at event 1, and a block that comes next.
fn signed_off(opened: RunOpened) -> (Plan, Run) {
    let plan = plan([step("a").sign_off("qa"), step("b").run()]);
    let mut run = Run::new(&plan);
    takes(&plan, &mut run, &Event::RunOpened(Box::new(opened)));
    let given = SignedOff {
        step: "a".into(),
        action: "a#1".into(),
        role: "qa".into(),
        meaning: Meaning::Approval,
        statement: "I approve.".into(),
        name: "Quinn".into(),
        assurance: Assurance::Typed,
        signature: None,
        presence: presence(),
        by: by(QA),
    };
    takes(&plan, &mut run, &Event::SignOffGiven(given));
    (plan, run)
}

#[track_caller]
fn takes(plan: &Plan, run: &mut Run, event: &Event) {
    run.apply(plan, NOW, event).unwrap_or_else(|why| panic!("{event:?}: {why}"));
}

fn over(events: u64) -> Option<AnchorSeen> {
    Some(AnchorSeen { number: 1, statement: "a".repeat(64), events })
}

fn unmet(rule: Rule) -> Vec<Unmet> {
    vec![Unmet { rule, why: "none is there".into() }]
}

fn begins(plan: &Plan) -> Event {
    let pause = std::time::Duration::ZERO;
    Event::ActionStarted(started(
        plan,
        Execution { task: Task::action(1, 0), attempt: 1, pause, probe: false },
    ))
}

#[test]
fn a_look_that_passes_over_a_missing_anchor_is_refused_and_one_that_tells_it_bars_the_run() {
    let cases = [
        ("none", None, false),
        ("one from before the sign-off", over(1), false),
        ("one over the sign-off", over(2), true),
        ("one of what was not there", over(3), false),
        ("one over nothing", over(0), false),
    ];
    for (what, anchor, holds) in cases {
        let (plan, run) = signed_off(asking());
        let look = Look { anchor: anchor.clone(), ..Look::default() };
        for event in [
            Event::RulesChecked(look.clone()),
            Event::SessionOpened(Session { anchor: anchor.clone(), ..session(OPS) }),
        ] {
            let mut run = run.clone();
            assert_eq!(run.apply(&plan, NOW, &event).is_ok(), holds, "{what}");
            if holds {
                takes(&plan, &mut run, &begins(&plan));
            }
        }
    }
    let (plan, mut run) = signed_off(asking());
    assert!(run.apply(&plan, NOW, &begins(&plan)).is_err(), "no block begins without a look");
    takes(&plan, &mut run, &Event::RulesChecked(Look { unmet: unmet(Rule::Anchor), ..Look::default() }));
    assert_eq!((run.next(&plan), run.barred()), (Next::Override, &[Rule::Anchor][..]));
    assert!(run.apply(&plan, NOW, &begins(&plan)).is_err());
    // A session that finds one lifts that.
    takes(&plan, &mut run, &Event::SessionOpened(Session { anchor: over(3), ..session(OPS) }));
    takes(&plan, &mut run, &begins(&plan));
    assert!(run.asks_for_anchored_seal());
}

#[test]
fn whoever_overrides_it_answers_for_the_seal_too() {
    let (plan, mut run) = signed_off(asking());
    takes(&plan, &mut run, &Event::RulesChecked(Look { unmet: unmet(Rule::Anchor), ..Look::default() }));
    let overridden = Override {
        rules: vec![Rule::Anchor],
        role: "qa".into(),
        name: "Quinn".into(),
        assurance: Assurance::Typed,
        signature: None,
    };
    let deviation = Deviation::of(DeviationKind::PolicyOverridden, "", None, "the authority is down", by(QA));
    takes(&plan, &mut run, &Event::Deviation(deviation.overriding(overridden)));
    takes(&plan, &mut run, &begins(&plan));
    assert!(!run.asks_for_anchored_seal());
}

#[test]
fn where_none_is_asked_for_none_is_relied_on() {
    let policy = Policy { kept: vec![Rule::Roles], ..Policy::default() };
    let (plan, mut run) = signed_off(RunOpened { policy, ..opened() });
    assert_eq!((run.anchor_due(), run.asks_for_anchored_seal()), (None, false));
    let look = Look { anchor: over(2), ..Look::default() };
    assert!(run.apply(&plan, NOW, &Event::RulesChecked(look)).is_err());
    takes(&plan, &mut run, &Event::RulesChecked(Look::default()));
}
