//! Runs that go from one operator to the next.

use holdpoint_engine::*;

use crate::build::*;
use crate::story::*;

fn story() -> Story {
    Story::of(plan([
        step("a").run().rollback(),
        step("b").run(),
        step("c").sign_off("qa").signed_off(|s| s.independent = true),
    ]))
}

fn withdrawn(who: &str, reason: Option<&str>) -> Event {
    Event::HandoverWithdrawn { reason: reason.map(str::to_owned), by: by(who) }
}

fn accepted(who: &str) -> Event {
    Event::HandoverAccepted { by: by(who) }
}

#[test]
fn a_handover_says_where_the_run_stands() {
    let mut story = story();
    let at = |story: &Story| {
        let Standing { next, in_doubt, sign_offs, deviations } = story.run.standing(&story.plan);
        (next.action.unwrap_or_default(), next.takes, in_doubt.len(), sign_offs.len(), deviations.len())
    };
    assert_eq!(at(&story), ("a#1".into(), Takes::Execution, 0, 0, 0));
    story.start();
    assert_eq!(at(&story), ("a#1".into(), Takes::Certainty, 1, 0, 0), "whoever drove it is gone");
    story.finish(Outcome::Failed);
    assert_eq!(at(&story), ("a#1".into(), Takes::Decision, 0, 0, 0));
    story.skip();
    story.pass();
    assert_eq!(at(&story), ("c#1".into(), Takes::SignOff, 0, 0, 1));
    let (step, action) = ("c".to_owned(), "c#1".to_owned());
    story.tell(Event::SignOffRequested { step, action, role: "qa".into(), statement: "I approve.".into() });
    assert_eq!(at(&story), ("c#1".into(), Takes::SignOff, 0, 1, 1));
    assert_eq!(story.run.standing(&story.plan).deviations, story.run.seen().deviations);
}

#[test]
fn a_handover_that_says_something_else_is_refused() {
    let mut story = story();
    story.skip();
    let good = story.handing_over(OPS, NIGHT);
    let mut doubtful = good.clone();
    doubtful.standing.in_doubt.push("a#1".into());
    let mut quiet = good.clone();
    quiet.standing.deviations.clear();
    let mut elsewhere = good.clone();
    elsewhere.standing.next.step = Some("c".into());
    let mut awaited = good.clone();
    awaited.standing.sign_offs.push("c#1".into());
    let empty = Handover { note: Some(" ".into()), ..good.clone() };
    for bad in [doubtful, quiet, elsewhere, awaited, empty] {
        story.refuses(Event::Handover(Box::new(bad)));
    }
    story.tell(Event::Handover(Box::new(good)));
}

#[test]
fn only_whoever_operates_hands_a_run_over_and_to_somebody_else() {
    let mut story = story();
    for (from, to) in
        [(QA, NIGHT), (OPS, OPS), (OPS, ""), (OPS, " "), (OPS, " night@example.org"), ("", NIGHT)]
    {
        story.refuses(Event::Handover(Box::new(story.handing_over(from, to))));
    }
    story.tell(Event::SessionOpened(session(LEAD)));
    story.refuses(Event::Handover(Box::new(story.handing_over(OPS, NIGHT))));
    story.hand_over(LEAD, NIGHT);
}

#[test]
fn nobody_drives_a_run_until_the_handover_is_accepted_or_withdrawn() {
    for end in [accepted(NIGHT), withdrawn(OPS, None), withdrawn(QA, Some("nobody came"))] {
        let mut story = story();
        story.hand_over(OPS, NIGHT);
        for who in [OPS, NIGHT, QA] {
            let reason = story.refuses(Event::SessionOpened(session(who)));
            assert!(reason.contains("handed over to night@example.org"), "{reason}");
        }
        story.refuses(story.start_event());
        story.refuses(story.skipping());
        story.refuses(story.decision(Choice::Abort));
        story.refuses(Event::Handover(Box::new(story.handing_over(OPS, LEAD))));
        assert!(story.offers().choices.is_empty() && !story.offers().skip, "{:?}", story.offers());
        story.tell(note("windy"));
        story.tell(end);
        story.crash();
        story.pass();
    }
}

#[test]
fn only_the_one_it_was_handed_to_accepts_and_whoever_else_ends_it_says_why() {
    let mut story = story();
    story.refuses(accepted(NIGHT));
    story.refuses(withdrawn(OPS, None));
    story.hand_over(OPS, NIGHT);
    for who in [OPS, QA, "", "night@example.or"] {
        story.refuses(accepted(who));
    }
    for (who, reason) in [(QA, None), (NIGHT, None), (OPS, Some(" ")), ("", Some("x"))] {
        story.refuses(withdrawn(who, reason));
    }
    story.tell(accepted(NIGHT));
    assert_eq!(story.run.operator(), NIGHT);
    story.refuses(accepted(NIGHT));
    story.refuses(withdrawn(OPS, None));
}

#[test]
fn both_operators_performed_what_they_did_and_neither_may_sign_it_off() {
    let mut story = story();
    story.pass();
    story.hand_over(OPS, QA);
    story.tell(accepted(QA));
    story.pass();
    for who in [OPS, QA] {
        let role = story.refuses(story.signing_off(who, |_| ()));
        assert!(role.contains("performed") || role.contains("role"), "{role}");
    }
    let why = story.refuses(story.signing_off(QA, |_| ()));
    assert!(why.contains("performed steps of this run"), "{why}");
    story.sign(LEAD);
    assert_eq!(story.at(), "done Passed");
}

#[test]
fn whoever_accepted_and_did_nothing_may_still_sign_off() {
    let mut story = story();
    story.pass();
    story.hand_over(OPS, QA);
    story.tell(accepted(QA));
    story.hand_over(QA, OPS);
    story.tell(accepted(OPS));
    story.pass();
    story.sign(QA);
}

#[test]
fn a_sign_off_is_given_while_the_run_waits_for_its_next_operator() {
    let mut story = story();
    story.pass();
    story.pass();
    story.hand_over(OPS, NIGHT);
    story.sign(LEAD);
    assert_eq!(story.run.handover().map(|open| open.to.as_str()), Some(NIGHT));
    story.refuses(Event::RunClosed { verdict: Verdict::Passed });
    story.refuses(Event::Handover(Box::new(story.handing_over(OPS, NIGHT))));
    story.tell(accepted(NIGHT));
    assert!(
        story.refuses(Event::Handover(Box::new(story.handing_over(NIGHT, OPS)))).contains("nothing left")
    );
    story.close(Verdict::Passed);
}

#[test]
fn what_ran_when_it_was_handed_over_is_in_doubt() {
    let mut story = story();
    story.start();
    let ended = story.finish_event(Outcome::Passed, |_| ());
    story.hand_over(OPS, NIGHT);
    story.refuses(ended.clone());
    story.tell(withdrawn(OPS, None));
    story.refuses(ended);
    assert_eq!(story.at(), "ask a#1 InDoubt");
}

#[test]
fn a_person_is_the_same_under_their_alias() {
    let mut opened = opened();
    opened.aliases =
        [("github.com/olive".to_owned(), OPS.to_owned()), ("github.com/n".to_owned(), NIGHT.to_owned())]
            .into();
    let plan = plan([step("a").run()]);
    let mut run = Run::new(&plan);
    run.apply(&plan, NOW, &Event::RunOpened(Box::new(opened))).unwrap();
    let handing = |run: &Run, from: &str, to: &str| {
        let standing = run.standing(&plan);
        Event::Handover(Box::new(Handover { to: to.to_owned(), standing, note: None, by: by(from) }))
    };
    let to_themselves = handing(&run, OPS, "github.com/olive");
    assert!(run.apply(&plan, NOW, &to_themselves).is_err(), "nobody hands a run over to themselves");
    let good = handing(&run, "github.com/olive", "github.com/n");
    run.apply(&plan, NOW, &good).unwrap();
    assert!(run.clone().apply(&plan, NOW, &accepted(QA)).is_err());
    run.clone().apply(&plan, NOW, &withdrawn(OPS, None)).unwrap();
    run.apply(&plan, NOW, &accepted(NIGHT)).unwrap();
}
