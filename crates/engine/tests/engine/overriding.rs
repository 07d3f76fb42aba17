//! Rules of the environment that do not hold, and who may override them.

use holdpoint_engine::*;
use holdpoint_model::*;

use crate::build::{Written as _, plan, step};
use crate::story::{LEAD, NOW, OPS, QA, by, note, opened, session};

/// An environment whose document nobody approved, and which `qa` may override.
fn unmet() -> RunOpened {
    let why = "qa@example.org has not approved it".to_owned();
    let policy = Policy {
        unmet: vec![Unmet { rule: Rule::ApprovedDocument, why }],
        may_override: vec!["qa".into()],
        ..Policy::default()
    };
    RunOpened { policy, ..opened() }
}

fn overriding(who: &str) -> Deviation {
    Deviation {
        place: None,
        kind: DeviationKind::PolicyOverridden,
        step: String::new(),
        action: None,
        script: None,
        overridden: Some(Box::new(Override {
            rules: vec![Rule::ApprovedDocument],
            role: "qa".into(),
            name: "Quinn".into(),
            assurance: Assurance::Typed,
            signature: None,
        })),
        reason: "the site is down".into(),
        by: By { who: who.into(), via: Via::Command },
    }
}

fn changed(how: impl FnOnce(&mut Override)) -> Deviation {
    let mut deviation = overriding(QA);
    how(deviation.overridden.as_mut().unwrap());
    deviation
}

/// A run of one block, opened like this.
fn run(opened: RunOpened) -> (Plan, Run) {
    let plan = plan([step("a").run()]);
    let mut run = Run::new(&plan);
    run.apply(&plan, NOW, &Event::RunOpened(Box::new(opened))).unwrap();
    (plan, run)
}

fn started() -> Event {
    Event::ActionStarted(Started {
        place: None,
        step: "a".into(),
        action: "a#1".into(),
        attempt: 1,
        probe: false,
        script: None,
        cwd: "/".into(),
        remote: None,
    })
}

#[test]
fn where_a_rule_does_not_hold_nothing_happens_before_it_is_overridden() {
    let (plan, mut run) = run(unmet());
    assert_eq!(run.next(&plan), Next::Override);
    let close = |verdict| Event::RunClosed { verdict };
    let shell =
        Deviation { kind: DeviationKind::Shell, step: "a".into(), overridden: None, ..overriding(QA) };
    for event in [started(), close(Verdict::Passed), close(Verdict::Aborted), Event::Deviation(shell)] {
        assert!(run.apply(&plan, NOW, &event).is_err(), "{event:?}");
    }
    run.apply(&plan, NOW, &note("it waits")).unwrap();
    run.apply(&plan, NOW, &Event::SessionOpened(session(OPS))).unwrap();
    assert_eq!(run.next(&plan), Next::Override);
    run.apply(&plan, NOW, &Event::Deviation(overriding(QA))).unwrap();
    run.apply(&plan, NOW, &started()).unwrap();
    assert_eq!(run.deviations(), 1);
    assert_eq!(
        run.seen().deviations,
        ["rules overridden (approved_document) by qa@example.org: the site is down"]
    );
}

#[test]
fn only_the_role_that_the_environment_names_overrides_its_rules() {
    let nobody = RunOpened { policy: Policy { may_override: vec![], ..unmet().policy }, ..unmet() };
    for (opened, who) in [(unmet(), OPS), (unmet(), "stranger@example.org"), (nobody, QA)] {
        let (plan, mut run) = run(opened);
        assert!(run.may_override(who).is_err(), "{who}");
        assert!(run.apply(&plan, NOW, &Event::Deviation(overriding(who))).is_err(), "{who}");
    }
    let (_, run) = run(unmet());
    assert_eq!((run.may_override(QA), run.may_override(LEAD)), (Ok("qa".into()), Ok("qa".into())));
}

#[test]
fn an_override_says_which_rules_by_whom_why_and_how_surely() {
    let wrong = [
        ("another rule", changed(|it| it.rules = vec![Rule::CleanCommit])),
        ("no rule", changed(|it| it.rules.clear())),
        ("another role", changed(|it| it.role = "operator".into())),
        ("no name", changed(|it| it.name = " ".into())),
        ("no assurance", changed(|it| it.assurance = Assurance::Rehearsal)),
        ("a key without its signature", changed(|it| it.assurance = Assurance::Ssh)),
        ("no reason", Deviation { reason: " ".into(), ..overriding(QA) }),
        ("a step", Deviation { step: "a".into(), ..overriding(QA) }),
        ("an answers file", Deviation { by: By { who: QA.into(), via: Via::Answers }, ..overriding(QA) }),
        ("no right", Deviation { overridden: None, ..overriding(QA) }),
        ("another kind", Deviation { kind: DeviationKind::Shell, step: "a".into(), ..overriding(QA) }),
    ];
    for (what, deviation) in wrong {
        let (plan, mut run) = run(unmet());
        assert!(run.apply(&plan, NOW, &Event::Deviation(deviation)).is_err(), "{what}");
    }
}

#[test]
fn where_keys_sign_a_typed_override_is_not_enough() {
    let mut opened = unmet();
    opened.environment.signature = Assurance::Ssh;
    let (plan, mut run) = run(opened);
    assert!(run.apply(&plan, NOW, &Event::Deviation(overriding(QA))).is_err());
    let digest = || "0".repeat(64);
    let signature = KeySignature { key: "SHA256:x".into(), statement: digest(), signature: digest() };
    let by_key = changed(|it| (it.assurance, it.signature) = (Assurance::Ssh, Some(signature)));
    run.apply(&plan, NOW, &Event::Deviation(by_key)).unwrap();
}

#[test]
fn a_key_that_somebody_signed_with_overrides_nothing_for_somebody_else() {
    let mut opened = unmet();
    opened.environment.signature = Assurance::Ssh;
    opened.policy.kept = vec![Rule::CleanCommit];
    let (plan, mut run) = run(opened);
    let by_key = |who: &str, rule| {
        let digest = || "0".repeat(64);
        let signature = KeySignature { key: "SHA256:x".into(), statement: digest(), signature: digest() };
        let by = By { who: who.into(), via: Via::Command };
        let how = |it: &mut Override| {
            (it.assurance, it.signature, it.rules) = (Assurance::Ssh, Some(signature), vec![rule]);
        };
        Event::Deviation(Deviation { by, ..changed(how) })
    };
    run.apply(&plan, NOW, &by_key(QA, Rule::ApprovedDocument)).unwrap();
    let unmet = vec![Unmet { rule: Rule::CleanCommit, why: "it has changes".into() }];
    let look = Look { commit: None, dirty: Some(true), committed: None, anchor: None, change: None, unmet };
    run.apply(&plan, NOW, &Event::RulesChecked(look)).unwrap();
    assert_eq!(run.next(&plan), Next::Override);
    let refused = run.apply(&plan, NOW, &by_key(LEAD, Rule::CleanCommit)).unwrap_err();
    assert!(refused.reason.contains("one key is one person"), "{refused}");
    run.apply(&plan, NOW, &by_key(QA, Rule::CleanCommit)).unwrap();
}

#[test]
fn where_four_eyes_are_asked_for_the_operator_overrides_nothing_under_any_name() {
    for name in [QA, "github.com/quinn"] {
        let mut opened = unmet();
        opened.environment.four_eyes = true;
        opened.session.operator = name.into();
        opened.aliases = [("github.com/quinn".to_owned(), QA.to_owned())].into();
        let (plan, mut run) = run(opened);
        assert!(run.apply(&plan, NOW, &Event::Deviation(overriding(QA))).is_err(), "{name}");
        run.apply(&plan, NOW, &Event::Deviation(overriding(LEAD))).unwrap();
    }
}

#[test]
fn an_override_where_every_rule_holds_or_once_more_is_refused() {
    let (plan, mut sound) = run(opened());
    assert!(sound.apply(&plan, NOW, &Event::Deviation(overriding(QA))).is_err());
    let (plan, mut run) = run(unmet());
    run.apply(&plan, NOW, &Event::Deviation(overriding(QA))).unwrap();
    assert!(run.apply(&plan, NOW, &Event::Deviation(overriding(QA))).is_err());
}

#[test]
fn whoever_performs_under_an_alias_cannot_sign_off_under_their_principal() {
    let mut opened = opened();
    opened.aliases = [("github.com/quinn".to_owned(), QA.to_owned())].into();
    let plan = plan([step("a").confirm().sign_off("qa").signed_off(|s| s.independent = true)]);
    let mut run = Run::new(&plan);
    run.apply(&plan, NOW, &Event::RunOpened(Box::new(opened))).unwrap();
    let (step, action) = ("a".to_owned(), "a#1".to_owned());
    run.apply(
        &plan,
        NOW,
        &Event::ItemConfirmed { step, action, text: "Do it.".into(), by: by("github.com/quinn") },
    )
    .unwrap();
    let Some(Work::SignOff(sign_off)) = Task::action(0, 1).work(&plan) else { panic!() };
    assert!(run.role_refusal(sign_off, QA).unwrap().contains("must be independent"));
    assert_eq!(run.role_refusal(sign_off, LEAD), None);
}
