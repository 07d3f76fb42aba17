//! Two people are two people: whoever signed performs nothing of it, by whatever name.

use holdpoint_engine::*;
use holdpoint_model::*;

use crate::build::*;
use crate::story::*;

/// A hold point that must be independent, and then something to do in every way.
fn guarded() -> Plan {
    plan([
        step("a").sign_off("qa").signed_off(|s| s.independent = true),
        step("b").confirm(),
        step("c").record(&["x"]),
        step("d").run().rollback(),
    ])
}

#[test]
fn whoever_signed_off_operates_nothing_that_comes_after_it() {
    let mut story = Story::of(guarded());
    story.sign(QA);
    let why = story.refuses(Event::SessionOpened(session(QA)));
    assert_eq!(why, "qa@example.org signed off a#1, and whoever did performs nothing that comes after it");
    story.refuses(Event::Handover(Box::new(story.handing_over(OPS, QA))));
    story.refuses(story.confirming(QA));
    story.confirm();
    let Event::ValueRecorded { step, action, name, value, evidence, within_limits, .. } =
        story.recording("x", "1", true)
    else {
        panic!()
    };
    let by_qa = by(QA);
    story.refuses(Event::ValueRecorded { step, action, name, value, evidence, within_limits, by: by_qa });
    let Event::Deviation(skipping) = story.skipping() else { panic!() };
    story.refuses(Event::Deviation(Deviation { by: by(QA), ..skipping }));
    story.tell(Event::SessionOpened(session(LEAD)));
    story.record("x", "1");
    story.pass();
    assert_eq!(story.at(), "done Passed");
}

#[test]
fn whoever_signed_off_while_a_handover_was_open_cannot_accept_it() {
    let mut story = Story::of(guarded());
    story.hand_over(OPS, QA);
    story.sign(QA);
    let why = story.refuses(Event::HandoverAccepted { by: by(QA) });
    assert!(why.contains("signed off a#1"), "{why}");
}

#[test]
fn whoever_operates_does_not_sign_off_what_must_be_independent() {
    let mut story = Story::of(guarded());
    story.tell(Event::SessionOpened(session(QA)));
    let why = story.refuses(story.signing_off(QA, |_| ()));
    assert!(why.contains("operates this run"), "{why}");
    story.sign(LEAD);
    // Where nobody else is asked for, they may.
    let mut plain = Story::of(plan([step("a").sign_off("qa"), step("b").confirm()]));
    plain.tell(Event::SessionOpened(session(QA)));
    plain.sign(QA);
    plain.tell(plain.confirming(QA));
    assert_eq!(plain.at(), "done Passed");
}

#[test]
fn whoever_signed_off_may_perform_once_that_is_no_more() {
    let mut story = Story::of(plan([
        step("a").confirm(),
        step("b").sign_off("qa").signed_off(|s| s.independent = true),
        step("c").confirm(),
    ]));
    story.confirm();
    story.sign(QA);
    story.refuses(Event::SessionOpened(session(QA)));
    story.go_back("a");
    story.tell(Event::SessionOpened(session(QA)));
    story.tell(story.confirming(QA));
    story.refuses(story.signing_off(QA, |_| ()));
}

#[test]
fn a_rollback_was_signed_for_by_nobody() {
    let mut story = Story::of(guarded());
    story.sign(QA);
    story.confirm();
    story.record("x", "1");
    story.fail();
    story.refuses(Event::SessionOpened(session(QA)));
    let wanted = story.run.rollback_plan(&story.plan);
    let ids = |steps: &[usize]| steps.iter().map(|step| story.plan.steps[*step].id.clone()).collect();
    let (steps, without) = (ids(&wanted.steps), ids(&wanted.without));
    story.tell(Event::RollbackOpened { places: Vec::new(), steps, without, reason: None, by: Some(by(OPS)) });
    story.tell(Event::SessionOpened(session(QA)));
    story.pass();
    assert_eq!(story.at(), "done RolledBack");
}

#[test]
fn names_that_differ_in_case_or_are_aliases_are_one_person() {
    for name in ["QA@Example.org", " qa@example.org ", "github.com/Quinn"] {
        let open = |opened: &mut RunOpened| {
            opened.aliases = [("github.com/quinn".to_owned(), QA.to_owned())].into();
        };
        let mut signed = Story::opened_as(guarded(), open);
        signed.sign(QA);
        signed.refuses(Event::SessionOpened(session(name)));
        signed.refuses(signed.confirming(name));

        let mut performed =
            Story::opened_as(plan([step("a").confirm(), step("b").sign_off("qa")]), |opened| {
                open(opened);
                opened.environment.four_eyes = true;
            });
        performed.tell(performed.confirming(name));
        let why = performed.refuses(performed.signing_off(QA, |_| ()));
        assert!(why.contains("performed steps"), "{name:?}: {why}");
    }
}

#[test]
fn one_person_under_two_names_is_one_of_two_who_sign_off() {
    for (first, second) in [
        (QA, "github.com/quinn"),
        ("github.com/quinn", QA),
        ("github.com/quinn", "GitHub.com/Quinn"),
        (QA, "QA@example.org"),
        (" github.com/quinn ", QA),
        (QA, QA),
    ] {
        let both = plan([step("a").sign_off("qa").signed_off(|s| s.count = 2), step("b").confirm()]);
        let mut story = Story::opened_as(both, |opened: &mut RunOpened| {
            opened.aliases = [("github.com/quinn".to_owned(), QA.to_owned())].into();
        });
        story.sign(first);
        let why = story.refuses(story.signing_off(second, |_| ()));
        assert!(why.contains("different people"), "{first:?} and {second:?}: {why}");
        assert_eq!(story.at(), "ask a#1 SignOff", "one of two has signed");
        story.sign(LEAD);
        assert_eq!(story.at(), "ask b#1 Confirm");
    }
}

#[test]
fn one_key_is_one_person() {
    let by_key = |story: &Story, who: &str, key: &str| {
        let (statement, signature) = ("0".repeat(64), "1".repeat(64));
        let signature = KeySignature { key: key.to_owned(), statement, signature };
        story.signing_off(who, |given| (given.assurance, given.signature) = (Assurance::Ssh, Some(signature)))
    };
    let mut story = Story::of(plan([step("a").sign_off("qa").signed_off(|s| s.count = 2)]));
    story.tell(by_key(&story, QA, "SHA256:one"));
    let why = story.refuses(by_key(&story, LEAD, "SHA256:one"));
    assert!(why.contains("one key is one person"), "{why}");
    story.tell(by_key(&story, LEAD, "SHA256:other"));
}

#[test]
fn under_four_eyes_or_protected_the_operator_is_somebody() {
    let from = |operator: &str, from: &str| Session { operator_from: from.into(), ..session(operator) };
    let cases = [
        // four eyes, protected, who, from, taken
        (false, false, "somebody", "option", true),
        (true, false, "somebody", "option", false),
        (true, false, "somebody", "git", false),
        (true, false, "OPS@example.org", "option", true),
        (false, true, "somebody", "option", false),
        (false, true, "somebody", "HOLDPOINT_OPERATOR", false),
        (false, true, "somebody", "git", true),
        (false, true, OPS, "os", true),
    ];
    for (four_eyes, protected, who, how, taken) in cases {
        let mut opened = opened();
        (opened.environment.four_eyes, opened.environment.protected) = (four_eyes, protected);
        let plan = guarded();
        let mut resumed = Run::new(&plan);
        resumed.apply(&plan, NOW, &Event::RunOpened(Box::new(opened.clone()))).unwrap();
        let came = resumed.apply(&plan, NOW, &Event::SessionOpened(from(who, how)));
        assert_eq!(came.is_ok(), taken, "{four_eyes} {protected} {who} {how}");
        opened.session = from(who, how);
        let came = Run::new(&plan).apply(&plan, NOW, &Event::RunOpened(Box::new(opened)));
        assert_eq!(came.is_ok(), taken, "{four_eyes} {protected} {who} {how}");
    }
}

#[test]
fn under_four_eyes_whoever_overrode_rules_performs_nothing() {
    let mut story = Story::opened_as(guarded(), |opened| {
        opened.environment.four_eyes = true;
        opened.policy.unmet = vec![Unmet { rule: Rule::CleanCommit, why: "it is not".into() }];
        opened.policy.may_override = vec!["qa".into()];
    });
    let overridden = Override {
        rules: vec![Rule::CleanCommit],
        role: "qa".into(),
        name: "L".into(),
        assurance: Assurance::Typed,
        signature: None,
    };
    story.tell(Event::Deviation(Deviation {
        place: None,
        kind: DeviationKind::PolicyOverridden,
        step: String::new(),
        action: None,
        script: None,
        overridden: Some(Box::new(overridden)),
        reason: "now".into(),
        by: by(LEAD),
    }));
    let why = story.refuses(Event::SessionOpened(session(LEAD)));
    assert!(why.contains("overrode rules"), "{why}");
}

#[test]
fn a_rejection_takes_the_assurance_of_a_sign_off() {
    let signed = |assurance| {
        let (statement, signature) = ("0".repeat(64), "1".repeat(64));
        Some(Box::new(SignedRejection {
            role: "qa".into(),
            meaning: Meaning::Approval,
            statement: "ok".into(),
            name: "Quinn".into(),
            assurance,
            signature: KeySignature { key: "SHA256:x".into(), statement, signature },
        }))
    };
    let (ssh, uv) = (signed(Assurance::Ssh), signed(Assurance::FidoUv));
    let cases = [
        (Assurance::Typed, None, true),
        (Assurance::Typed, ssh.clone(), true),
        (Assurance::Typed, signed(Assurance::Typed), false),
        (Assurance::Ssh, None, false),
        (Assurance::Ssh, ssh.clone(), true),
        (Assurance::FidoUv, ssh, false),
        (Assurance::FidoUv, uv, true),
    ];
    for (least, mut signed, taken) in cases {
        let mut story = Story::opened_as(plan([step("a").sign_off("qa")]), |opened| {
            opened.environment.signature = least;
        });
        let given = story.sign_off(QA);
        if let Some(signed) = &mut signed {
            (signed.meaning, signed.statement) = (given.meaning, given.statement);
        }
        let (step, action) = ("a".to_owned(), "a#1".to_owned());
        let event = Event::SignOffRejected {
            step,
            action,
            reason: "no".into(),
            signed,
            presence: presence(),
            by: by(QA),
        };
        let came = story.run.apply(&story.plan, NOW, &event);
        assert_eq!(came.is_ok(), taken, "{least:?} {event:?}: {came:?}");
    }
}

#[test]
fn it_is_told_where_independence_rests_on_a_typed_name() {
    let mut story = Story::of(guarded());
    assert_eq!(story.run.independence().words(), None);
    story.sign(QA);
    let words = story.run.independence().words().unwrap();
    assert!(words.contains("typed names only") && words.contains(QA), "{words}");
    let mut plain = Story::of(plan([step("a").sign_off("qa")]));
    plain.sign(QA);
    assert_eq!(plain.run.independence().words(), None);
}
