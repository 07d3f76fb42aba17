//! Rules that must keep holding, judged again from what was seen.

use holdpoint_engine::*;
use holdpoint_model::*;

use crate::build::{Written as _, plan, step};
use crate::story::{LEAD, NOW, OPS, QA, by, finished, opened, presence, session};

const KEPT: [Rule; 4] = [Rule::Committed, Rule::CleanCommit, Rule::SameCommit, Rule::Roles];

/// A sign-off, and a block after it, at the commit `a`, where rules must keep holding.
fn signed_off() -> (Plan, Run) {
    let plan = plan([step("first").sign_off("qa"), step("go").run(), step("on").run()]);
    let mut opened = opened();
    opened.runbook.commit = Some("a".into());
    opened.policy = Policy { kept: KEPT.to_vec(), may_override: vec!["qa".into()], ..Policy::default() };
    let mut run = Run::new(&plan);
    run.apply(&plan, NOW, &Event::RunOpened(Box::new(opened))).unwrap();
    let (step, action) = ("first".to_owned(), "first#1".to_owned());
    let Some(Work::SignOff(sign_off)) = Task::action(0, 0).work(&plan) else { panic!() };
    let statement = run.statement(sign_off).unwrap();
    let role = "qa".to_owned();
    let request = Event::SignOffRequested { step, action, role, statement: statement.clone() };
    run.apply(&plan, NOW, &request).unwrap();
    let given = SignedOff {
        step: "first".into(),
        action: "first#1".into(),
        role: "qa".into(),
        meaning: sign_off.meaning,
        statement,
        name: "Quinn".into(),
        assurance: Assurance::Typed,
        signature: None,
        presence: presence(),
        by: by(QA),
    };
    run.apply(&plan, NOW, &Event::SignOffGiven(given)).unwrap();
    (plan, run)
}

fn started(step: &str) -> Event {
    Event::ActionStarted(Started {
        place: None,
        step: step.into(),
        action: format!("{step}#1"),
        attempt: 1,
        probe: false,
        script: None,
        cwd: "/".into(),
        remote: None,
    })
}

fn look(commit: &str, dirty: bool, unmet: &[Rule]) -> Look {
    let unmet = unmet.iter().map(|rule| Unmet { rule: *rule, why: "it is so".into() }).collect();
    Look {
        commit: Some(commit.into()),
        dirty: Some(dirty),
        committed: Some(true),
        anchor: None,
        change: None,
        unmet,
    }
}

#[test]
fn no_block_begins_after_a_sign_off_before_rules_were_held_once_more() {
    let (plan, mut run) = signed_off();
    assert!(run.is_look_due());
    assert!(run.apply(&plan, NOW, &started("go")).is_err());
    run.apply(&plan, NOW, &Event::RulesChecked(look("a", false, &[]))).unwrap();
    run.apply(&plan, NOW, &started("go")).unwrap();
    assert!(!run.is_look_due() && run.has_look_aged());
}

#[test]
fn a_session_is_such_a_look_too() {
    let (plan, mut run) = signed_off();
    assert!(
        run.apply(&plan, NOW, &Event::SessionOpened(session(OPS))).is_err(),
        "it must say how things stand"
    );
    run.apply(&plan, NOW, &Event::SessionOpened(session(OPS).after(look("a", false, &[])))).unwrap();
    run.apply(&plan, NOW, &started("go")).unwrap();
}

#[test]
fn what_the_facts_break_must_be_told_and_stops_the_run_until_it_holds_or_is_overridden() {
    let (plan, mut run) = signed_off();
    for untold in [look("a", true, &[]), look("b", false, &[]), look("b", true, &[Rule::CleanCommit])] {
        assert!(run.apply(&plan, NOW, &Event::RulesChecked(untold)).is_err());
    }
    let dirty = look("a", true, &[Rule::CleanCommit]);
    run.apply(&plan, NOW, &Event::RulesChecked(dirty.clone())).unwrap();
    assert_eq!((run.next(&plan), run.barred()), (Next::Override, &[Rule::CleanCommit][..]));
    assert!(run.apply(&plan, NOW, &started("go")).is_err());
    let mut clean = run.clone();
    clean.apply(&plan, NOW, &Event::SessionOpened(session(OPS).after(look("a", false, &[])))).unwrap();
    clean.apply(&plan, NOW, &started("go")).unwrap();
    let overridden = Override {
        rules: vec![Rule::CleanCommit],
        role: "qa".into(),
        name: "Lea".into(),
        assurance: Assurance::Typed,
        signature: None,
    };
    let deviation = Event::Deviation(Deviation {
        place: None,
        kind: DeviationKind::PolicyOverridden,
        step: String::new(),
        action: None,
        script: None,
        overridden: Some(Box::new(overridden)),
        reason: "it is urgent".into(),
        by: By { who: LEAD.into(), via: Via::Command },
    });
    run.apply(&plan, NOW, &deviation).unwrap();
    run.apply(&plan, NOW, &started("go")).unwrap();
    // It counts for the rest of the run.
    assert!(run.not_overridden(&dirty.unmet).is_empty());
}

/// A block ran that can be undone, and what it left makes the tree unclean.
#[test]
fn where_rules_hold_no_more_what_was_done_is_taken_back_or_the_run_ended_and_nothing_else_done() {
    let plan = plan([step("go").run().rollback(), step("on").run()]);
    let mut opened = opened();
    opened.runbook.commit = Some("a".into());
    opened.policy = Policy { kept: KEPT.to_vec(), ..Policy::default() };
    let mut run = Run::new(&plan);
    let barred = session(OPS).after(look("a", true, &[Rule::CleanCommit]));
    let ended = finished(&plan, Task::action(0, 0), 1, false, Outcome::Passed);
    let ended = Event::ActionFinished(Box::new(ended));
    for event in [Event::RunOpened(Box::new(opened)), started("go"), ended] {
        run.apply(&plan, NOW, &event).unwrap();
    }
    run.apply(&plan, NOW, &Event::SessionOpened(barred)).unwrap();
    assert_eq!(run.next(&plan), Next::Override);
    let offers = run.offers(&plan);
    assert_eq!(
        (offers.choices.as_slice(), offers.rollback.steps.as_slice()),
        (&[Choice::Abort][..], &[0][..])
    );
    assert!(!(offers.skip || offers.skip_step || offers.edit) && offers.back.is_empty());
    let decision = |choice| Event::Decision {
        step: "on".into(),
        action: "on#1".into(),
        place: None,
        choice,
        reason: Some("it is enough".into()),
        by: by(OPS),
    };
    let skipped = Deviation::of(DeviationKind::Skipped, "on", Some("on#1".into()), "no", by(OPS));
    let refused =
        [started("on"), decision(Choice::Proceed), decision(Choice::Retry), Event::Deviation(skipped)];
    for event in refused {
        assert!(run.clone().apply(&plan, NOW, &event).is_err(), "{event:?}");
    }
    let note = Event::Note { text: "it is so".into(), step: None, corrects: None, by: by(OPS) };
    run.apply(&plan, NOW, &note).unwrap();
    let mut aborted = run.clone();
    aborted.apply(&plan, NOW, &decision(Choice::Abort)).unwrap();
    assert_eq!(aborted.next(&plan), Next::Done(Verdict::Aborted));
    let rollback = Event::RollbackOpened {
        steps: vec!["go".into()],
        without: Vec::new(),
        places: Vec::new(),
        reason: Some("it left something".into()),
        by: Some(by(OPS)),
    };
    run.apply(&plan, NOW, &rollback).unwrap();
    assert!(matches!(run.next(&plan), Next::Execute(execution) if execution.task == Task::rollback(0, 0)));
}

#[test]
fn a_commit_may_move_by_the_runs_own_blocks_only() {
    let (plan, mut run) = signed_off();
    run.apply(&plan, NOW, &Event::RulesChecked(look("a", false, &[]))).unwrap();
    run.apply(&plan, NOW, &started("go")).unwrap();
    let moved = Facts { commit: Some("b"), dirty: Some(false), committed: Some(true), ..Facts::default() };
    assert!(run.unmet(&plan, &moved).is_empty());
    let unmet = run.unmet(&plan, &Facts { session: true, ..moved });
    assert_eq!(unmet[0].rule, Rule::SameCommit);
}

#[test]
fn whoever_signed_something_off_must_still_have_the_role() {
    let (plan, run) = signed_off();
    let seen = Facts { commit: Some("a"), dirty: Some(false), committed: Some(true), ..Facts::default() };
    let roles = |who: &[&str]| [("qa".to_owned(), who.iter().map(|who| (*who).to_owned()).collect())].into();
    let (still, none) = (roles(&[LEAD, QA]), roles(&[LEAD]));
    assert!(run.unmet(&plan, &Facts { roles: Some(&still), ..seen }).is_empty());
    let unmet = run.unmet(&plan, &Facts { roles: Some(&none), ..seen });
    assert_eq!(unmet[0].rule, Rule::Roles);
    assert!(unmet[0].why.contains(QA), "{}", unmet[0].why);
}

#[test]
fn a_look_where_nothing_must_keep_holding_and_an_unknown_rule_are_refused() {
    let plan = plan([step("go").run()]);
    let mut run = Run::new(&plan);
    run.apply(&plan, NOW, &Event::RunOpened(Box::new(opened()))).unwrap();
    assert!(run.apply(&plan, NOW, &Event::RulesChecked(look("a", false, &[]))).is_err());
    run.apply(&plan, NOW, &started("go")).unwrap();
    let (plan, mut run) = signed_off();
    for rules in [&[Rule::Rehearsal][..], &[Rule::Roles, Rule::Roles]] {
        assert!(run.apply(&plan, NOW, &Event::RulesChecked(look("a", false, rules))).is_err(), "{rules:?}");
    }
}

#[test]
fn a_run_with_nothing_left_to_do_ends_whatever_is_seen_then() {
    let (plan, mut run) = signed_off();
    run.apply(&plan, NOW, &Event::SessionOpened(session(OPS).after(look("a", false, &[])))).unwrap();
    for (at, step) in ["go", "on"].into_iter().enumerate() {
        run.apply(&plan, NOW, &started(step)).unwrap();
        let passed = finished(&plan, Task::action(at + 1, 0), 1, false, Outcome::Passed);
        run.apply(&plan, NOW, &Event::ActionFinished(Box::new(passed))).unwrap();
    }
    let dirty = look("a", true, &[Rule::CleanCommit]);
    run.apply(&plan, NOW, &Event::SessionOpened(session(OPS).after(dirty))).unwrap();
    assert_eq!(run.next(&plan), Next::Done(Verdict::Passed));
    run.apply(&plan, NOW, &Event::RunClosed { verdict: Verdict::Passed }).unwrap();
}

/// A run of which a block has failed after it changed something, in a tree that changes then.
fn to_undo() -> (Plan, Run) {
    let plan = plan([step("go").run().rollback(), step("on").run()]);
    let mut opened = opened();
    opened.runbook.commit = Some("a".into());
    opened.policy = Policy { kept: KEPT.to_vec(), may_override: vec!["qa".into()], ..Policy::default() };
    let mut run = Run::new(&plan);
    run.apply(&plan, NOW, &Event::RunOpened(Box::new(opened))).unwrap();
    run.apply(&plan, NOW, &started("go")).unwrap();
    let failed = finished(&plan, Task::action(0, 0), 1, false, Outcome::Failed);
    run.apply(&plan, NOW, &Event::ActionFinished(Box::new(failed))).unwrap();
    (plan, run)
}

#[test]
fn a_rollback_goes_on_whatever_the_tree_is_and_the_record_says_what_it_was() {
    let (plan, mut run) = to_undo();
    let wanted = Event::RollbackOpened {
        places: Vec::new(),
        steps: vec!["go".into()],
        without: Vec::new(),
        reason: None,
        by: Some(by(OPS)),
    };
    let dirty = Event::SessionOpened(session(OPS).after(look("a", true, &[Rule::CleanCommit])));
    let mut waiting = run.clone();
    waiting.apply(&plan, NOW, &dirty).unwrap();
    assert_eq!(waiting.next(&plan), Next::Override, "what goes forwards is barred as before");
    assert!(waiting.is_bound(&plan));
    run.apply(&plan, NOW, &wanted).unwrap();
    run.apply(&plan, NOW, &dirty).unwrap();
    assert!(!run.is_bound(&plan));
    assert!(matches!(run.next(&plan), Next::Execute(_)), "{:?}", run.next(&plan));
    assert_eq!(run.barred(), [Rule::CleanCommit]);
    // What is not told is not passed over.
    assert!(run.apply(&plan, NOW, &Event::RulesChecked(look("a", true, &[]))).is_err());
    let undo = Started {
        place: None,
        step: "go".into(),
        action: "go#rollback-1".into(),
        attempt: 1,
        probe: false,
        script: None,
        cwd: "/".into(),
        remote: None,
    };
    run.apply(&plan, NOW, &Event::RollbackStarted(undo)).unwrap();
}
