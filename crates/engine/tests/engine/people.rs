//! What people confirm, write down and sign off.

use holdpoint_engine::*;
use holdpoint_model::*;

use crate::build::*;
use crate::story::*;

#[test]
fn an_item_is_confirmed_as_it_was_shown_with_the_values_of_that_time_and_in_no_other_words() {
    let item = Work::Confirm { text: "The pump shows {{ LOAD }}".into() };
    let mut story = Story::of(plan([step("a").run().captures("LOAD").work(item)]));
    story.pass_with("LOAD", "7");
    let confirmed = |text: &str| Event::ItemConfirmed {
        step: "a".into(),
        action: "a#2".into(),
        text: text.into(),
        by: by(OPS),
    };
    for other in ["The pump shows {{ LOAD }}", "The pump shows 8", "The pump shows 7 ", "", "[REDACTED:LOAD]"]
    {
        assert_eq!(story.refuses(confirmed(other)), "the item says something else", "{other}");
    }
    story.tell(confirmed("The pump shows 7"));
    let actions = story.run.seen().actions;
    assert_eq!(actions[1].outcome, format!("confirmed by {OPS}: The pump shows 7"));
}

#[test]
fn a_secret_that_an_item_itself_holds_is_masked_in_the_record() {
    let item = Work::Confirm { text: "Type hunter22 twice".into() };
    let input = InputGiven { name: "TOKEN".into(), value: None, secret: true, from: "set".into() };
    let mut plan = plan([step("a").work(item)]);
    plan.front.inputs = vec![Input {
        name: "TOKEN".into(),
        prompt: None,
        kind: ValueKind::Text { pattern: None },
        default: None,
        secret: true,
        from: None,
        span: Span::default(),
    }];
    let mut story = Story::opened_as(plan, |opened| opened.inputs = vec![input]);
    let confirmed = |text: &str| Event::ItemConfirmed {
        step: "a".into(),
        action: "a#1".into(),
        text: text.into(),
        by: by(OPS),
    };
    story.refuses(confirmed("Type [REDACTED:OTHER] twice"));
    story.tell(confirmed("Type [REDACTED:TOKEN] twice"));
}

#[test]
fn an_item_is_confirmed_by_naming_it() {
    let mut story = Story::of(plan([step("a").confirm().confirm()]));
    let wrong =
        Event::ItemConfirmed { step: "a".into(), action: "a#2".into(), text: "Do it.".into(), by: by(OPS) };
    story.refuses(wrong);
    story.refuses(story.decision(Choice::Proceed));
    story.confirm();
    story.confirm();
    assert_eq!(story.at(), "done Passed");
}

#[test]
fn values_are_written_down_in_any_order_each_once() {
    let mut story = Story::of(plan([step("a").record(&["x", "y"])]));
    story.refuses(story.recording("z", "1", true));
    story.record("y", "2");
    story.refuses(story.recording("y", "2", true));
    story.record("x", "1");
    assert_eq!(story.at(), "done Passed");
    assert_eq!(story.run.values().get("y"), Some("2"));
}

#[test]
fn a_value_of_another_type_is_refused_and_one_out_of_limits_is_kept_and_fails() {
    let mut story = Story::of(plan([step("a").record(&["x", "y"])]));
    story.refuses(story.recording("x", "many", false));
    story.refuses(story.recording("x", "11", true));
    story.refuses(story.recording("x", "1", false));
    story.tell(story.recording("x", "11", false));
    assert_eq!(story.at(), "ask a#1 Record");
    story.record("y", "1");
    assert_eq!(story.at(), "ask a#1 Failed");
    assert_eq!(story.run.values().get("x"), Some("11"));
    story.decide(Choice::Retry);
    story.record("x", "1");
    story.record("y", "1");
    assert_eq!(story.at(), "done Passed");
}

#[test]
fn a_value_out_of_limits_leads_to_what_the_step_says_of_failures() {
    let mut story = Story::of(plan([step("a").record(&["x"]).on_failure(OnFailure::Stop)]));
    story.tell(story.recording("x", "11", false));
    assert_eq!(story.at(), "done Failed");
}

#[test]
fn evidence_that_is_asked_for_must_be_given_and_be_of_its_kind() {
    let url = || Evidence::Url("https://example.org/d".into());
    let file = || Evidence::File { path: "a.png".into(), blob: blob("a") };
    let cases = [
        (None, None, true),
        (None, Some(url()), true),
        (None, Some(Evidence::Url(" ".into())), false),
        (Some(EvidenceKind::Url), Some(url()), true),
        (Some(EvidenceKind::Url), Some(Evidence::Url(String::new())), false),
        (Some(EvidenceKind::Url), Some(file()), false),
        (Some(EvidenceKind::Url), None, false),
        (Some(EvidenceKind::File), Some(file()), true),
        (Some(EvidenceKind::File), Some(url()), false),
        (Some(EvidenceKind::File), None, false),
    ];
    for (asked, named, fits) in cases {
        let mut story = Story::of(plan([step("a").record(&["x"]).fields(|f| f[0].evidence = asked)]));
        let Event::ValueRecorded { step, action, name, value, within_limits, by, .. } =
            story.recording("x", "1", true)
        else {
            panic!()
        };
        let event =
            Event::ValueRecorded { step, action, name, value, within_limits, by, evidence: named.clone() };
        if fits {
            story.tell(event);
        } else {
            story.refuses(event);
        }
    }
}

#[test]
fn a_hold_point_takes_the_named_role_and_the_rendered_statement() {
    let statement = |s: &mut SignOff| s.statement = "I approve run {{ run.number }}.".into();
    let mut story = Story::of(plan([step("a").sign_off("qa").signed_off(statement), step("b").confirm()]));
    assert_eq!(story.at(), "ask a#1 SignOff");
    assert_eq!(story.sign_off(QA).statement, "I approve run 7.");
    story.refuses(story.confirming(OPS));
    story.refuses(story.skipping());
    story.refuses(story.skipping_step());
    assert!(story.refuses(story.signing_off(OPS, |_| ())).contains("does not have the role qa"));
    let cases: [fn(&mut SignedOff); 6] = [
        |r| r.role = "operator".into(),
        |r| r.meaning = Meaning::Review,
        |r| r.statement = "I approve run 8.".into(),
        |r| r.name = " ".into(),
        |r| r.action = "b#1".into(),
        |r| r.by.who = " ".into(),
    ];
    for wrong in cases {
        story.refuses(story.signing_off(QA, wrong));
    }
    story.sign(QA);
    assert_eq!(story.at(), "ask b#1 Confirm");
}

#[test]
fn a_request_is_made_once_with_the_hold_points_own_words() {
    let mut story = Story::of(plan([step("a").sign_off("qa")]));
    let request = |role: &str, statement: &str| Event::SignOffRequested {
        step: "a".into(),
        action: "a#1".into(),
        role: role.into(),
        statement: statement.into(),
    };
    story.refuses(request("operator", "I approve."));
    story.refuses(request("qa", "Whatever."));
    story.tell(request("qa", "I approve."));
    assert!(story.run.is_requested(story.task()));
    story.refuses(request("qa", "I approve."));
    story.sign(QA);
}

#[test]
fn where_no_roles_are_configured_anybody_may_sign_off() {
    let mut story =
        Story::opened_as(plan([step("a").sign_off("qa")]), |opened| opened.roles = Default::default());
    story.sign("anybody@example.org");
    assert_eq!(story.at(), "done Passed");
}

#[test]
fn a_sign_off_takes_as_many_different_people_as_the_document_says() {
    let mut story = Story::of(plan([step("a").sign_off("qa").signed_off(|s| s.count = 2)]));
    story.sign(QA);
    assert_eq!(story.at(), "ask a#1 SignOff");
    assert!(story.refuses(story.signing_off(QA, |_| ())).contains("different people"));
    assert_eq!(story.run.signers(story.task()).collect::<Vec<_>>(), [QA]);
    story.sign(LEAD);
    assert_eq!(story.at(), "done Passed");
}

#[test]
fn nobody_signs_off_under_a_name_with_something_that_nobody_sees() {
    let mut story = Story::of(plan([step("a").sign_off("qa")]));
    let printed = story.signing_off(QA, |given| given.name.push('\u{200b}'));
    assert!(story.refuses(printed).contains("the printed name has the character U+200B"));
    let who = format!("{QA}\u{2060}");
    assert!(
        story.refuses(story.signing_off(&who, |_| ())).contains("whoever gives it has the character U+2060")
    );
    story.sign(QA);
    assert_eq!(story.at(), "done Passed");
}

/// What QA may have done before that makes a sign-off by QA one of their own work.
fn done_by_qa() -> Vec<(&'static str, Story)> {
    let story =
        |first: Step| Story::of(plan([first, step("z").sign_off("qa").signed_off(|s| s.independent = true)]));
    let mut all = Vec::new();

    let mut ran = story(step("a").run());
    ran.tell(Event::SessionOpened(session(QA)));
    ran.pass();
    ran.tell(Event::SessionOpened(session(OPS)));
    all.push(("ran a block", ran));

    let mut confirmed = story(step("a").confirm());
    confirmed.tell(confirmed.confirming(QA));
    all.push(("confirmed an item", confirmed));

    let mut recorded = story(step("a").record(&["x"]));
    let Event::ValueRecorded { step: s, action, name, value, evidence, within_limits, .. } =
        recorded.recording("x", "1", true)
    else {
        panic!()
    };
    let event = Event::ValueRecorded { step: s, action, name, value, evidence, within_limits, by: by(QA) };
    recorded.tell(event);
    all.push(("wrote a value down", recorded));

    for (what, kind) in [("skipped", DeviationKind::Skipped), ("used a shell", DeviationKind::Shell)] {
        let mut story = story(step("a").confirm());
        let Event::Deviation(event) = deviation(kind, "a", None) else { panic!() };
        story.tell(Event::Deviation(Deviation { by: by(QA), ..event }));
        if kind == DeviationKind::Shell {
            story.confirm();
        }
        all.push((what, story));
    }

    let mut edited = story(step("a").run());
    let Event::Deviation(event) = edited.editing("mine") else { panic!() };
    edited.tell(Event::Deviation(Deviation { by: by(QA), ..event }));
    edited.pass();
    all.push(("edited a script", edited));

    let mut said = story(step("a").run());
    said.start();
    said.crash();
    let choice = Choice::Happened;
    said.tell(Event::Decision {
        place: None,
        step: "a".into(),
        action: "a#1".into(),
        choice,
        reason: None,
        by: by(QA),
    });
    all.push(("said that a block in doubt happened", said));
    all
}

#[test]
fn an_independent_sign_off_is_not_by_whoever_performed_anything() {
    for (what, mut story) in done_by_qa() {
        assert_eq!(story.at(), "ask z#1 SignOff", "{what}");
        let event = story.signing_off(QA, |_| ());
        let reason = story.run.clone().apply(&story.plan, NOW, &event).expect_err(what).reason;
        assert!(reason.contains("independent"), "{what}: {reason}");
        story.sign(LEAD);
        assert_eq!(story.at(), "done Passed");
    }
}

#[test]
fn four_eyes_in_the_environment_make_every_sign_off_independent() {
    let steps = || plan([step("a").confirm(), step("b").sign_off("qa")]);
    for four_eyes in [false, true] {
        let mut story = Story::opened_as(steps(), |opened| opened.environment.four_eyes = four_eyes);
        story.tell(story.confirming(QA));
        let taken = story.run.clone().apply(&story.plan, NOW, &story.signing_off(QA, |_| ())).is_ok();
        assert_eq!(taken, !four_eyes);
    }
}

fn signature() -> KeySignature {
    KeySignature { key: "SHA256:x".into(), statement: "0".repeat(64), signature: "1".repeat(64) }
}

#[test]
fn a_sign_off_by_key_has_a_signature_and_no_other_has_one() {
    for (assurance, signed) in [(Assurance::Ssh, false), (Assurance::FidoUv, false), (Assurance::Typed, true)]
    {
        let mut story = Story::of(plan([step("a").sign_off("qa")]));
        let event = story.signing_off(QA, |sign_off| {
            sign_off.assurance = assurance;
            sign_off.signature = signed.then(signature);
        });
        let refused = story.run.apply(&story.plan, NOW, &event).unwrap_err();
        assert_eq!(refused.reason, "a sign-off by key, and no other, has a signature", "{assurance:?}");
    }
}

#[test]
fn assurance_is_held_against_what_the_environment_asks_for() {
    use Assurance::{FidoUv, Rehearsal, Ssh, Typed};
    use Via::{Answers, Command, Terminal};
    let cases = [
        // rehearsal, least, given, via, taken
        (false, Typed, Typed, Terminal, true),
        (false, Typed, Ssh, Command, true),
        (false, Ssh, Typed, Terminal, false),
        (false, Ssh, FidoUv, Terminal, true),
        (false, FidoUv, Ssh, Terminal, false),
        (false, Typed, Rehearsal, Terminal, false),
        (false, Typed, Rehearsal, Answers, false),
        (false, Typed, Typed, Answers, false),
        (false, Rehearsal, Rehearsal, Answers, false),
        (true, Typed, Rehearsal, Answers, true),
        (true, Ssh, Rehearsal, Answers, true),
        (true, Typed, Ssh, Answers, false),
        (true, Typed, Rehearsal, Terminal, false),
        (true, Typed, Rehearsal, Command, false),
        (true, Typed, Typed, Terminal, true),
        (true, Ssh, Typed, Terminal, false),
    ];
    for (rehearsal, least, assurance, via, taken) in cases {
        let mut story = Story::opened_as(plan([step("a").sign_off("qa")]), |opened| {
            opened.environment.rehearsal = rehearsal;
            opened.environment.signature = least;
        });
        let event = story.signing_off(QA, |sign_off| {
            sign_off.assurance = assurance;
            sign_off.signature = matches!(assurance, Ssh | FidoUv).then(signature);
            sign_off.by.via = via;
            sign_off.presence = presence().filter(|_| via != Answers);
        });
        let result = story.run.apply(&story.plan, NOW, &event);
        assert_eq!(result.is_ok(), taken, "{rehearsal} {least:?} {assurance:?} {via:?}");
    }
}

#[test]
fn a_rejection_needs_the_role_and_a_reason_and_is_no_failure() {
    let mut story = Story::of(plan([
        step("a").run().rollback(),
        step("b").sign_off("qa").on_failure(OnFailure::Rollback),
    ]));
    story.pass();
    let rejected = |reason: &str, who: &str| Event::SignOffRejected {
        step: "b".into(),
        action: "b#1".into(),
        reason: reason.into(),
        signed: None,
        presence: presence(),
        by: by(who),
    };
    story.refuses(rejected(" ", QA));
    story.refuses(rejected("not tested", OPS));
    story.tell(rejected("not tested", QA));
    assert_eq!(story.at(), "ask b#1 SignOff");
    story.go_back("a");
    story.pass();
    story.sign(QA);
    assert_eq!(story.at(), "done Passed");
}

#[test]
fn a_rejection_makes_what_others_signed_lapse_and_its_own_too() {
    let mut story = Story::of(plan([step("a").sign_off("qa").signed_off(|s| s.count = 2)]));
    story.sign(QA);
    story.tell(Event::SignOffRejected {
        step: "a".into(),
        action: "a#1".into(),
        reason: "looked again".into(),
        signed: None,
        presence: presence(),
        by: by(QA),
    });
    assert_eq!(story.at(), "lapse a#1");
    story.refuses(story.run.due_lapse(&story.plan).map(in_other_words).unwrap());
    story.refuses(note("meanwhile"));
    story.refuses(Event::SessionOpened(session(OPS)));
    story.lapse();
    story.sign(LEAD);
    assert_eq!(story.at(), "ask a#1 SignOff", "QA has not signed since");
    story.sign(QA);
    assert_eq!(story.at(), "done Passed");
}

fn in_other_words(event: Event) -> Event {
    match event {
        Event::SignOffLapsed { step, action, .. } => {
            Event::SignOffLapsed { step, action, reason: "old".into() }
        }
        other => other,
    }
}

#[test]
fn a_refused_attempt_is_on_record_and_changes_nothing() {
    let mut story = Story::of(plan([step("a").sign_off("qa")]));
    let refused = |reason: &str| Event::SignOffRefused {
        step: "a".into(),
        action: "a#1".into(),
        reason: reason.into(),
        by: by(OPS),
    };
    story.refuses(refused(""));
    story.tell(refused("no such role"));
    assert_eq!(story.at(), "ask a#1 SignOff");
}

fn signed_off_then(second: Step) -> Story {
    let mut story = Story::of(plan([step("a").sign_off("qa"), second, step("c").confirm()]));
    story.sign(QA);
    story
}

#[test]
fn a_sign_off_lapses_when_something_its_signer_saw_changes_before_the_next_step_begins() {
    let correction = Event::Note { text: "wrong".into(), step: None, corrects: Some(0), by: by(OPS) };
    for change in [deviation(DeviationKind::Shell, "b", None), correction] {
        let mut story = signed_off_then(step("b").run());
        story.tell(change.clone());
        assert_eq!(story.at(), "lapse a#1", "{change:?}");
        story.lapse();
        assert_eq!(story.at(), "ask a#1 SignOff", "{change:?}");
        story.sign(QA);
        assert_eq!(story.at(), "execute b#1");

        let mut story = signed_off_then(step("b").run());
        story.fail();
        story.tell(change);
        assert_eq!(story.at(), "ask b#1 Failed", "the next step had begun");
    }
}

#[test]
fn a_sign_off_does_not_lapse_once_a_block_that_it_guards_in_its_own_step_has_begun() {
    let mut story = Story::of(plan([step("a").sign_off("qa").confirm().run()]));
    story.sign(QA);
    story.confirm();
    story.fail();
    story.tell(deviation(DeviationKind::Shell, "a", None));
    assert_eq!(story.at(), "ask a#3 Failed");
}

#[test]
fn a_script_edited_right_after_the_sign_off_is_signed_off_again_before_it_runs() {
    let mut story = signed_off_then(step("b").run());
    story.tell(story.editing("mine"));
    story.lapse();
    assert_eq!(story.at(), "ask a#1 SignOff");
    story.sign(QA);
    assert_eq!(story.run.edited_script(story.task()), Some(&blob("mine")));
    story.pass();
    assert_eq!(story.at(), "ask c#1 Confirm");
}

#[test]
fn one_of_two_sign_offs_lapses_too() {
    let mut story = Story::of(plan([step("a").sign_off("qa").signed_off(|s| s.count = 2)]));
    story.sign(QA);
    story.tell(deviation(DeviationKind::Shell, "a", None));
    story.lapse();
    story.sign(LEAD);
    assert_eq!(story.at(), "ask a#1 SignOff");
    story.sign(QA);
    assert_eq!(story.at(), "done Passed");
}

#[test]
fn a_note_a_crash_or_a_step_that_is_not_for_this_run_does_not_make_a_sign_off_lapse() {
    let mut story = signed_off_then(step("b").run().when("false"));
    story.tell(note("fine"));
    story.crash();
    story.pass_over();
    assert_eq!(story.at(), "ask c#1 Confirm");
    story.tell(deviation(DeviationKind::Shell, "c", None));
    assert_eq!(story.at(), "lapse a#1", "what was passed over has not begun");
}

#[test]
fn a_statement_that_cannot_be_rendered_cannot_be_signed_but_the_run_can_go_back_or_end() {
    let statement = |s: &mut SignOff| s.statement = "{{ NOBODY }}".into();
    let mut story = Story::of(plan([step("a").confirm().sign_off("qa").signed_off(statement)]));
    story.confirm();
    let Some(Work::SignOff(sign_off)) = story.task().work(&story.plan) else { panic!() };
    assert!(story.run.statement(sign_off).is_err());
    let forged = SignedOff {
        step: "a".into(),
        action: "a#2".into(),
        role: "qa".into(),
        meaning: Meaning::Approval,
        statement: "{{ NOBODY }}".into(),
        name: "Q".into(),
        assurance: Assurance::Typed,
        signature: None,
        presence: presence(),
        by: by(QA),
    };
    story.refuses(Event::SignOffGiven(forged));
    assert_eq!((story.offers().choices, story.offers().back), (vec![Choice::Abort], vec![0]));
}

#[test]
fn nobody_is_no_answer() {
    let mut story = Story::of(plan([step("a").confirm().run().rollback()]));
    for who in ["", " "] {
        story.refuses(story.confirming(who));
        story.refuses(Event::Note { text: "x".into(), step: None, corrects: None, by: by(who) });
        story.refuses(Event::SessionOpened(session(who)));
        let Event::Deviation(skip) = story.skipping() else { panic!() };
        story.refuses(Event::Deviation(Deviation { by: by(who), ..skip }));
        let (step, action) = ("a".to_owned(), "a#1".to_owned());
        story.refuses(Event::Decision {
            place: None,
            step,
            action,
            choice: Choice::Abort,
            reason: None,
            by: by(who),
        });
    }
    story.confirm();
    story.fail();
    story.refuses(story.rolling_back(Some(by(" "))));
}

#[test]
fn whoever_is_listed_without_a_printed_name_is_known_and_has_none() {
    let mut opened = crate::story::opened();
    opened.people.insert("olga@example.org".into(), String::new());
    assert!(People::of(&opened).knows("Olga@example.org"));
    assert_eq!(opened.printed_name("olga@example.org"), None);
    let mut story = Story::opened_as(plan([step("a").sign_off("qa")]), |opened| {
        opened.people.insert(QA.into(), String::new());
    });
    story.tell(story.signing_off(QA, |given| given.name = "Quinn Auditor".into()));
}

#[test]
fn a_sign_off_is_signed_under_the_printed_name_that_is_configured() {
    let mut story = Story::opened_as(plan([step("a").sign_off("qa")]), |opened| {
        opened.people.insert(QA.into(), "Quinn Auditor".into());
    });
    let named = |story: &Story, name: &str| {
        let name = name.to_owned();
        story.signing_off(QA, |given| given.name = name)
    };
    assert!(story.refuses(named(&story, "Quinn")).contains("is Quinn Auditor, not Quinn"));
    story.tell(named(&story, "Quinn Auditor"));
    assert_eq!(story.at(), "done Passed");
}
