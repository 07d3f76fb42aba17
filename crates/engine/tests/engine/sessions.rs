//! Sessions that are signed: what the engine takes before, of whom, and on what independence rests then.

use holdpoint_engine::*;
use holdpoint_model::*;

use crate::build::{Written as _, plan, step};
use crate::story::{LEAD, NIGHT, NOW, OPS, QA, by, finished, note, opened, presence, session, started};

fn asking() -> RunOpened {
    let environment = EnvironmentSeen { sessions: Assurance::Ssh, ..opened().environment };
    RunOpened { environment, ..opened() }
}

fn book() -> Plan {
    plan([step("a").run(), step("b").sign_off("qa"), step("c").run()])
}

fn signature(key: &str) -> KeySignature {
    KeySignature { key: key.into(), statement: "s".into(), signature: "t".into() }
}

fn signed(who: &str) -> SignedSession {
    SignedSession {
        name: "Olive".into(),
        assurance: Assurance::Ssh,
        signature: signature(who),
        seat: session(who).seat(),
        by: By { who: who.into(), via: Via::Command },
    }
}

fn signing(signed: SignedSession) -> Event {
    Event::SessionSigned(Box::new(signed))
}

fn begun(opened: RunOpened) -> (Plan, Run) {
    let plan = book();
    let mut run = Run::new(&plan);
    run.apply(&plan, NOW, &Event::RunOpened(Box::new(opened))).unwrap();
    (plan, run)
}

#[track_caller]
fn takes(plan: &Plan, run: &mut Run, event: &Event) {
    run.apply(plan, NOW, event).unwrap_or_else(|why| panic!("{event:?}: {why}"));
}

/// The block that is next, from its start to its end.
fn pass(plan: &Plan, run: &mut Run) {
    let Next::Execute(execution) = run.next(plan) else { panic!("{:?}", run.next(plan)) };
    takes(plan, run, &Event::ActionStarted(started(plan, execution)));
    let ended = finished(plan, execution.task, execution.attempt, false, Outcome::Passed);
    takes(plan, run, &Event::ActionFinished(Box::new(ended)));
}

fn deciding(choice: Choice, reason: Option<&str>, who: &str) -> Event {
    let reason = reason.map(str::to_owned);
    Event::Decision { step: "a".into(), action: "a#1".into(), place: None, choice, reason, by: by(who) }
}

#[test]
fn a_run_whose_operator_has_no_key_that_counts_can_be_ended_by_them_with_a_reason_and_no_other_way() {
    let (plan, mut run) = begun(asking());
    takes(&plan, &mut run, &signing(signed(OPS)));
    pass(&plan, &mut run);
    takes(&plan, &mut run, &Event::SessionOpened(session(OPS)));
    let at_hand = |choice, reason, who| match deciding(choice, reason, who) {
        Event::Decision { place, choice, reason, by, .. } => {
            Event::Decision { step: "b".into(), action: "b#1".into(), place, choice, reason, by }
        }
        other => other,
    };
    for (event, said) in [
        (at_hand(Choice::Abort, None, OPS), "takes a reason"),
        (at_hand(Choice::Abort, Some(" "), OPS), "takes a reason"),
        (at_hand(Choice::Abort, Some("lost"), QA), "only whoever operates"),
        (deciding(Choice::Abort, Some("lost"), OPS), "another action is at hand"),
        (Event::RunClosed { verdict: Verdict::Aborted }, "has not signed that by key"),
    ] {
        let why = run.clone().apply(&plan, NOW, &event).unwrap_err().reason;
        assert!(why.contains(said), "{said}: {why}");
    }
    takes(&plan, &mut run, &at_hand(Choice::Abort, Some("the key is lost"), OPS));
    assert_eq!(run.next(&plan), Next::Done(Verdict::Aborted));
    assert_eq!(run.offers(&plan), Offers::default());
    // A crash before the end is on record takes no key either.
    takes(&plan, &mut run, &Event::SessionOpened(session(OPS)));
    assert_eq!(run.next(&plan), Next::Done(Verdict::Aborted));
    let execution =
        Execution { task: Task::action(2, 0), attempt: 1, pause: std::time::Duration::ZERO, probe: false };
    assert!(run.clone().apply(&plan, NOW, &Event::ActionStarted(started(&plan, execution))).is_err());
    assert!(run.clone().apply(&plan, NOW, &Event::RunClosed { verdict: Verdict::Passed }).is_err());
    takes(&plan, &mut run, &Event::RunClosed { verdict: Verdict::Aborted });
    assert!(run.is_closed() && run.is_session_unsigned());
}

#[test]
fn a_run_in_which_all_is_done_can_be_ended_without_a_key_too() {
    let plan = plan([step("a").run(), step("b").run()]);
    let mut run = Run::new(&plan);
    run.apply(&plan, NOW, &Event::RunOpened(Box::new(asking()))).unwrap();
    takes(&plan, &mut run, &signing(signed(OPS)));
    pass(&plan, &mut run);
    pass(&plan, &mut run);
    assert_eq!(run.next(&plan), Next::Done(Verdict::Passed));
    takes(&plan, &mut run, &Event::SessionOpened(session(OPS)));
    let offers = run.offers(&plan);
    assert_eq!(offers.choices, [Choice::Abort]);
    let last = offers.task.unwrap();
    let Event::Decision { place, choice, reason, by, .. } =
        deciding(Choice::Abort, Some("the key is lost"), OPS)
    else {
        unreachable!()
    };
    let (step, action) = (last.step_of(&plan).id.as_str().to_owned(), last.id(&plan));
    takes(&plan, &mut run, &Event::Decision { step, action, place, choice, reason, by });
    assert_eq!(run.next(&plan), Next::Done(Verdict::Aborted));
}

#[test]
fn nothing_happens_in_a_session_before_its_operator_has_signed_it() {
    let (plan, mut run) = begun(asking());
    assert_eq!(run.next(&plan), Next::SignSession);
    let offered =
        Offers { task: Some(Task::action(0, 0)), choices: vec![Choice::Abort], ..Offers::default() };
    assert_eq!(run.offers(&plan), offered);
    let execution =
        Execution { task: Task::action(0, 0), attempt: 1, pause: std::time::Duration::ZERO, probe: false };
    let refused = [
        Event::ActionStarted(started(&plan, execution)),
        Event::RunClosed { verdict: Verdict::Aborted },
        Event::Deviation(Deviation::of(DeviationKind::Skipped, "a", None, "why", by(OPS))),
        deciding(Choice::Proceed, Some("why"), OPS),
        Event::RollbackOpened {
            steps: vec!["a".into()],
            without: Vec::new(),
            places: Vec::new(),
            reason: None,
            by: Some(by(OPS)),
        },
        Event::HandoverAccepted { by: by(NIGHT) },
    ];
    for event in refused {
        let why = run.apply(&plan, NOW, &event).unwrap_err().reason;
        assert_eq!(why, format!("{OPS} operates this run, and has not signed that by key"), "{event:?}");
    }
    takes(&plan, &mut run, &note("no key today"));
    takes(&plan, &mut run, &Event::SessionOpened(session(OPS)));
    assert_eq!(run.next(&plan), Next::SignSession);
    takes(&plan, &mut run, &signing(signed(OPS)));
    pass(&plan, &mut run);
    // Once is enough, and the next session is another.
    assert!(run.apply(&plan, NOW, &signing(signed(OPS))).is_err());
    takes(&plan, &mut run, &Event::SessionOpened(session(OPS)));
    assert_eq!(run.next(&plan), Next::SignSession);
}

#[test]
fn a_signature_counts_by_whoever_operates_from_where_they_sit_and_by_key_alone() {
    let (plan, run) = begun(asking());
    type Alter = fn(&mut SignedSession);
    let cases: [(&str, Alter); 10] = [
        ("only whoever operates", |it| it.by.who = QA.into()),
        ("a person signs", |it| it.by.via = Via::Answers),
        ("another account", |it| it.seat.os_user = "root".into()),
        ("another account", |it| it.seat.host = "elsewhere".into()),
        ("another account", |it| it.seat.tty = Some("/dev/pts/77".into())),
        ("signed by key", |it| it.assurance = Assurance::Typed),
        ("signed by key", |it| it.assurance = Assurance::Rehearsal),
        ("printed name", |it| it.name = " ".into()),
        ("in a dry run only", |it| it.by.via = Via::Assumed),
        ("it must say who", |it| it.by.who = " ".into()),
    ];
    for (said, how) in cases {
        let mut event = signed(OPS);
        how(&mut event);
        let why = run.clone().apply(&plan, NOW, &signing(event)).unwrap_err().reason;
        assert!(why.contains(said), "{said}: {why}");
    }
}

#[test]
fn where_nobody_asks_for_it_no_session_is_signed_and_a_dry_run_needs_none() {
    let (plan, mut run) = begun(opened());
    assert!(run.apply(&plan, NOW, &signing(signed(OPS))).is_err());
    let (plan, run) = begun(RunOpened { dry: true, number: 0, ..asking() });
    assert!(matches!(run.next(&plan), Next::Execute(_)));
}

#[test]
fn whoever_accepts_a_run_signs_that_and_the_key_is_theirs_alone() {
    let (plan, mut run) = begun(asking());
    takes(&plan, &mut run, &signing(signed(OPS)));
    let handover = Handover { to: NIGHT.into(), standing: run.standing(&plan), note: None, by: by(OPS) };
    takes(&plan, &mut run, &Event::Handover(Box::new(handover)));
    takes(&plan, &mut run, &Event::HandoverAccepted { by: by(NIGHT) });
    assert_eq!(run.next(&plan), Next::SignSession);
    let theirs = SignedSession { signature: signature(OPS), ..signed(NIGHT) };
    let why = run.clone().apply(&plan, NOW, &signing(theirs)).unwrap_err().reason;
    assert!(why.contains("one key is one person"), "{why}");
    // From wherever they sit: nothing told of it before.
    let seat = Login { os_user: "night".into(), host: "home".into(), tty: None };
    takes(&plan, &mut run, &signing(SignedSession { seat, ..signed(NIGHT) }));
    assert!(matches!(run.next(&plan), Next::Execute(_)));
}

#[test]
fn independence_rests_on_typed_names_only_as_far_as_no_key_signed() {
    let done = |assurance: Assurance, corrected: bool| {
        let plan =
            plan([step("v").record(&["x"]), step("b").sign_off("qa").signed_off(|it| it.independent = true)]);
        let mut run = Run::new(&plan);
        takes(&plan, &mut run, &Event::RunOpened(Box::new(asking())));
        takes(&plan, &mut run, &signing(signed(OPS)));
        let (step, action) = ("v".to_owned(), "v#1".to_owned());
        let value = Event::ValueRecorded {
            step: step.clone(),
            action: action.clone(),
            name: "x".into(),
            value: "1".into(),
            evidence: None,
            within_limits: true,
            by: by(OPS),
        };
        takes(&plan, &mut run, &value);
        if corrected {
            let correction = Corrected {
                step,
                action,
                name: "x".into(),
                old: "1".into(),
                new: "2".into(),
                reason: "a slip".into(),
                within_limits: true,
                by: By { who: LEAD.into(), via: Via::Command },
            };
            takes(&plan, &mut run, &Event::ValueCorrected(correction));
        }
        let given = SignedOff {
            step: "b".into(),
            action: "b#1".into(),
            role: "qa".into(),
            meaning: Meaning::Approval,
            statement: "I approve.".into(),
            name: "Quinn".into(),
            assurance,
            signature: (assurance == Assurance::Ssh).then(|| signature(QA)),
            presence: presence(),
            by: by(QA),
        };
        takes(&plan, &mut run, &Event::SignOffGiven(given));
        run.independence().words()
    };
    assert_eq!(done(Assurance::Ssh, false), None);
    let head = "independence rests on typed names: keys prove who operated, none proves who ";
    assert_eq!(done(Assurance::Typed, false).unwrap(), format!("{head}signed off ({QA})"));
    let beside = format!("performed something beside that ({LEAD})");
    assert_eq!(done(Assurance::Ssh, true).unwrap(), format!("{head}{beside}"));
    assert_eq!(done(Assurance::Typed, true).unwrap(), format!("{head}signed off ({QA}) or who {beside}"));
}
