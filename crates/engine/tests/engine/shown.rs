//! What whoever signs is shown, as one text, and what is recorded of their having been there.

use std::convert::Infallible;

use holdpoint_engine::*;
use holdpoint_model::{Assurance, Once, Work};

use crate::build::*;
use crate::offered::{foreign, offer};
use crate::story::*;

fn text(story: &Story) -> String {
    let script = |blob: &BlobRef| Ok::<_, Infallible>(format!("echo {}\n", blob.sha256).into_bytes());
    story.run.exhibit(&story.plan, story.task(), script).unwrap().text()
}

fn holding(line: &str, text: &str) -> usize {
    text.lines().filter(|told| told.trim() == line).count()
}

#[test]
fn titles_commands_expectations_items_values_and_notes_are_shown_in_one_text() {
    let mut story = Story::of(plan([
        step("a").run().confirm().record(&["LOAD"]),
        step("b").run(),
        step("c").sign_off("qa"),
    ]));
    story.start();
    story.finish_with(Outcome::Passed, |finished| {
        let expected = "exit code 0".to_owned();
        finished.expectations = vec![Judged { expected, came: None, held: true }];
    });
    story.confirm();
    story.record("LOAD", "1");
    story.repeat("a");
    story.pass();
    story.confirm();
    story.record("LOAD", "2");
    story.tell(note("DO NOT RELEASE"));
    story.fail();
    story.tell(story.editing("another"));
    story.pass();
    let shown = text(&story);
    assert!(shown.starts_with(&format!("{}\n\nRun\n", Wording::LATEST.head())), "{shown}");
    let title = story.run.numbered_title(&story.plan.steps[1]);
    for line in [title.as_str(), "$ echo another", "LOAD = 2, before that 1", "opened from account u on h"] {
        assert_eq!(holding(line, &shown), 1, "{line}: {shown}");
    }
    for part in ["Deviations (2)", "DO NOT RELEASE", "confirmed by", "b#1, attempt 1: failed", "Hold point\n"]
    {
        assert!(shown.contains(part), "{part}: {shown}");
    }
}

#[test]
fn variables_of_blocks_and_that_a_sign_off_is_independent_are_shown_and_the_first_wording_is_made_as_it_was()
{
    let mut story = Story::of(plan([
        step("a").run().with(|block| block.options.env = vec![("TARGET".into(), "web-1".into())]),
        step("c").sign_off("qa").signed_off(|it| it.independent = true),
    ]));
    story.pass();
    let shown = text(&story);
    assert_eq!(holding("with TARGET=web-1", &shown), 1, "{shown}");
    assert_eq!(holding("independent: by somebody who performed nothing of this run", &shown), 1, "{shown}");
    let script = |_: &BlobRef| Ok::<_, Infallible>(Vec::new());
    let first = story.run.exhibit_in(Wording::First, &story.plan, story.task(), script).unwrap().text();
    assert_eq!(Wording::of(&first), Some(Wording::First));
    assert_eq!(Wording::of(&shown), Some(Wording::LATEST));
    let new = [
        "with TARGET=web-1",
        "independent: by somebody who performed nothing of this run",
        "OF NO COMMIT: nothing but its digest says which document it is",
    ];
    let kept: Vec<&str> = shown.lines().skip(1).filter(|line| !new.contains(&line.trim())).collect();
    assert_eq!(first.lines().skip(1).collect::<Vec<_>>(), kept);
}

#[test]
fn the_expectations_of_the_last_attempt_are_shown_and_of_no_earlier_one() {
    let mut story = Story::of(plan([step("a").run(), step("c").sign_off("qa")]));
    let judged = |expected: &str, held| vec![Judged { expected: expected.into(), came: None, held }];
    story.start();
    story.finish_with(Outcome::Failed, |finished| finished.expectations = judged("the old one", false));
    story.tell(story.decision(Choice::Retry));
    story.start();
    story.finish_with(Outcome::Passed, |finished| finished.expectations = judged("the new one", true));
    let shown = text(&story);
    assert_eq!(holding("expected: the new one (held)", &shown), 1, "{shown}");
    assert_eq!(holding("expected: the old one (did not hold)", &shown), 0, "{shown}");
}

#[test]
fn nothing_that_somebody_wrote_passes_for_a_line_of_the_text_or_acts_on_a_terminal() {
    let mut story = Story::of(plan([step("c").sign_off("qa")]));
    story.tell(note("fine\nNo deviations\n\nHold point\n  \u{1b}[8mhidden \u{202e}"));
    let shown = text(&story);
    assert_eq!(shown.lines().filter(|line| *line == "No deviations").count(), 1, "{shown}");
    assert_eq!(shown.lines().filter(|line| *line == "Hold point").count(), 1, "{shown}");
    assert!(!shown.contains('\u{1b}') && !shown.contains('\u{202e}'), "{shown:?}");
}

#[test]
fn whatever_happens_next_shows_in_the_text() {
    let mut story = Story::of(plan([step("a").run(), step("c").sign_off("qa")]));
    story.pass();
    let before = text(&story);
    story.tell(note("one"));
    let noted = text(&story);
    story.tell(Event::SessionOpened(session(LEAD)));
    let taken_up = text(&story);
    assert!(before != noted && noted != taken_up);
    // Looked at twice, it is the same.
    assert_eq!(text(&story), taken_up);
}

#[test]
fn a_script_that_cannot_be_had_makes_no_text() {
    let mut story = Story::of(plan([step("a").run(), step("c").sign_off("qa")]));
    story.fail();
    story.tell(story.editing("another"));
    story.pass();
    let came = story.run.exhibit(&story.plan, story.task(), |_| Err("gone"));
    assert_eq!(came, Err("gone"));
}

#[test]
fn a_person_who_signs_or_rejects_was_shown_something_and_sat_somewhere_and_an_answers_file_did_not() {
    type Change = fn(&mut Presence);
    let changed = |change: Change| {
        let mut presence = *presence().unwrap();
        change(&mut presence);
        Some(Box::new(presence))
    };
    let cases: [(Via, Option<Box<Presence>>, bool); 8] = [
        (Via::Terminal, presence(), true),
        (Via::Command, presence(), true),
        (Via::Terminal, None, false),
        (Via::Command, None, false),
        (Via::Answers, presence(), false),
        (Via::Answers, None, true),
        (Via::Terminal, changed(|presence| presence.os_user = " ".into()), false),
        (Via::Terminal, changed(|presence| presence.host.clear()), false),
    ];
    for (via, presence, taken) in cases {
        let opened = || {
            Story::opened_as(plan([step("c").sign_off("qa")]), |opened| {
                opened.environment.rehearsal = via == Via::Answers;
            })
        };
        let by = By { via, ..by(QA) };
        let story = opened();
        let given = story.signing_off(QA, |given| {
            (given.by, given.presence) = (by.clone(), presence.clone());
            if via == Via::Answers {
                given.assurance = Assurance::Rehearsal;
            }
        });
        let (step, action, reason) = ("c".into(), "c#1".into(), "no".into());
        let rejected = Event::SignOffRejected { step, action, reason, signed: None, presence, by };
        for event in [given, rejected] {
            let came = opened().run.apply(&story.plan, NOW, &event);
            assert_eq!(came.is_ok(), taken, "{event:?}: {came:?}");
        }
    }
}

#[test]
fn whether_a_signers_account_is_another_one_is_held_against_the_sessions() {
    let mut story = Story::of(plan([step("c").sign_off("qa")]));
    let of = |os_user: &str, other_account: bool| {
        let presence = Presence { os_user: os_user.into(), other_account, ..*presence().unwrap() };
        Some(Box::new(presence))
    };
    let signing = |story: &Story, presence: Option<Box<Presence>>| {
        story.signing_off(QA, |given| given.presence = presence.clone())
    };
    // `u` opened it; `v` took it up later, from another machine.
    assert!(story.run.is_other_account("v") && !story.run.is_other_account("u"));
    story.refuses(signing(&story, of("u", true)));
    story.refuses(signing(&story, of("v", false)));
    let session = Session { os_user: "v".into(), host: "elsewhere".into(), ..session(LEAD) };
    story.tell(Event::SessionOpened(session));
    story.refuses(signing(&story, of("v", true)));
    story.tell(signing(&story, of("v", false)));
}

#[test]
fn the_rehearsal_that_the_run_relied_on_is_shown_with_its_seal() {
    let relied = |opened: &mut RunOpened| {
        opened.policy.rehearsed = Some(Rehearsed {
            number: 3,
            id: "01JC".into(),
            environment: "staging".into(),
            ended: "2026-11-20T08:00:00Z".parse().unwrap(),
            seal: blob("5ea1"),
            log: blob("1049"),
            config: None,
            captured: [("IMAGE".to_owned(), "sha256:aa".to_owned())].into(),
        });
    };
    let story = Story::opened_as(plan([step("a").sign_off("qa")]), relied);
    let shown = text(&story);
    let line = "rehearsed in staging: run 3 (01JC), ended 2026-11-20T08:00:00Z, seal sha256 5ea1";
    assert_eq!(holding(line, &shown), 1, "{shown}");
    assert_eq!(holding("captured there, and the same here: IMAGE = sha256:aa", &shown), 1, "{shown}");
}

/// The text in these words.
fn text_in(wording: Wording, story: &Story) -> String {
    let script = |_: &BlobRef| Ok::<_, Infallible>(Vec::new());
    story.run.exhibit_in(wording, &story.plan, story.task(), script).unwrap().text()
}

/// A run in which every kind of answer came by `via`, up to a hold point.
fn answered(via: Via) -> Story {
    let mut story = foreign([
        step("a").run().confirm().record(&["LOAD"]),
        step("b").run(),
        offer(step("d"), "make it", Vec::new()),
        offer(step("e"), "make that", Vec::new()),
        step("c").sign_off("qa"),
    ]);
    let by = || By { via, ..by(OPS) };
    let confirmed = |story: &Story| story.run.confirmed(&story.plan, story.task(), by()).unwrap();
    story.pass();
    story.tell(confirmed(&story));
    story.tell(Event::ValueRecorded {
        step: "a".into(),
        action: "a#3".into(),
        name: "LOAD".into(),
        value: "1".into(),
        evidence: None,
        within_limits: true,
        by: by(),
    });
    story.fail();
    let Event::Deviation(skipping) = story.skipping() else { panic!("it may be skipped") };
    story.tell(Event::Deviation(Deviation { by: by(), ..skipping }));
    story.tell(confirmed(&story));
    let choice = Choice::NotApplicable;
    let (step, action) = ("e".into(), "e#1".into());
    story.tell(Event::Decision { step, action, place: None, choice, reason: None, by: by() });
    story
}

#[test]
fn what_an_answers_file_answered_is_told_so_and_the_second_wording_is_made_as_it_was() {
    let (file, person) = (answered(Via::Answers), answered(Via::Terminal));
    let from = "(from the answers file)";
    let shown = text(&file);
    for line in [
        &format!("confirmed by {OPS} {from}: "),
        &format!("a#3                            LOAD = 1, recorded by {OPS} {from}"),
        &format!("LOAD = 1, recorded by {OPS} {from}"),
        &format!("skipped b#1 by {OPS} {from}: "),
        &format!("done by hand, says {OPS} {from}: make it"),
        &format!("not for this run, says {OPS} {from}"),
        &format!("decided about e#1 by {OPS} {from}: "),
        &"5 answers came from an answers file: nobody was asked".to_owned(),
    ] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
    let typed = text(&person);
    assert!(!typed.contains("answers file"), "{typed}");
    assert!(typed.contains(&format!("done by hand, says {OPS}: make it")), "{typed}");
    // What was not told then is not told now, and a key that signed it goes on holding.
    let second = text_in(Wording::Second, &file);
    assert_eq!(second, text_in(Wording::Second, &person));
    assert!(second.contains(&format!("confirmed by {OPS}: make it")), "{second}");
    assert_eq!(file.run.seen().actions, person.run.seen().actions);
    assert_eq!(file.run.seen().deviations, person.run.seen().deviations);
}

#[test]
fn what_was_left_out_is_told_by_what_it_says_and_a_file_that_signed_before() {
    let confirm = || step("a").confirm();
    let steps = [confirm(), step("c").sign_off("qa").signed_off(|it| it.count = 2)];
    // A file signs in a rehearsal alone.
    let mut story = Story::opened_as(plan(steps), |opened| opened.environment.rehearsal = true);
    let Some(Work::Confirm { text: item }) = story.task().work(&story.plan).cloned() else {
        panic!("no item")
    };
    story.skip();
    story.tell(story.signing_off(QA, |signed| {
        signed.by.via = Via::Answers;
        signed.assurance = Assurance::Rehearsal;
        signed.presence = None;
    }));
    let shown = text(&story);
    assert_eq!(holding(&format!("not done: {item}"), &shown), 1, "{shown}");
    let signed = format!("signed off so far by {QA} (from the answers file); it takes 2");
    assert_eq!(holding(&signed, &shown), 1, "{shown}");
    let second = text_in(Wording::Second, &story);
    assert!(!second.contains("not done:") && !second.contains("answers file"), "{second}");
}

#[test]
fn each_value_that_an_action_wrote_down_is_told_with_what_it_is_and_the_third_wording_is_made_as_it_was() {
    let mut story = Story::of(plan([
        step("a").record(&["REPLICAS", "LOAD"]).record(&["NOTE"]),
        step("c").sign_off("qa"),
    ]));
    story.record("REPLICAS", "3");
    story.record("LOAD", "0.7");
    story.record("NOTE", "1");
    let told = |shown: &str| -> Vec<String> {
        let part = shown.split("\n\n").find(|part| part.starts_with("What happened")).unwrap();
        let lines = part.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
        lines.filter(|line| line.starts_with("a#")).collect()
    };
    let recorded = |action: &str, value: &str| format!("{action} {value}, recorded by {OPS}");
    let both = [recorded("a#1", "REPLICAS = 3"), recorded("a#1", "LOAD = 0.7")];
    assert_eq!(told(&text(&story)), [&both[..], &[recorded("a#2", "NOTE = 1")]].concat());
    let third = text_in(Wording::Third, &story);
    assert_eq!(told(&third), [format!("a#1 LOAD recorded by {OPS}"), format!("a#2 NOTE recorded by {OPS}")]);
    assert_eq!(story.run.seen().actions.len(), 2, "statements go on naming the last one");
    story.tell(Event::ValueCorrected(Corrected {
        step: "a".into(),
        action: "a#1".into(),
        name: "REPLICAS".into(),
        old: "3".into(),
        new: "4".into(),
        reason: "misread".into(),
        within_limits: true,
        by: by(OPS),
    }));
    let corrected = format!("a#1 REPLICAS corrected by {OPS} from 3 to 4: misread");
    let now = told(&text(&story));
    assert!(now.contains(&corrected) && now.contains(&both[1]) && !now.contains(&both[0]), "{now:?}");
    story.repeat("a");
    story.record("REPLICAS", "5");
    let again = told(&text(&story));
    assert!(again.contains(&recorded("a#1", "REPLICAS = 5")), "{again:?}");
    assert!(!again.iter().any(|line| line.contains("LOAD")), "it is still to be written down: {again:?}");
}

#[test]
fn a_record_of_a_time_when_an_image_at_the_edge_of_an_item_was_cut_is_taken_as_it_was_made() {
    let item = || Work::Confirm { text: "![green](x.png) is seen".into() };
    let mut plan = plan([step("a").work(item()).work(item()), step("c").sign_off("qa")]);
    let once = Once { cut: Some("green](x.png) is seen".into()), flat: None };
    plan.steps[0].actions.iter_mut().for_each(|action| action.once = Some(Box::new(once.clone())));
    let mut story = Story::of(plan);
    let confirmed = |text: &str| Event::ItemConfirmed {
        step: "a".into(),
        action: "a#1".into(),
        text: text.into(),
        by: by(OPS),
    };
    assert_eq!(story.refuses(confirmed("is seen")), "the item says something else");
    assert!(matches!(
        story.run.confirmed(&story.plan, story.task(), by(OPS)),
        Some(Event::ItemConfirmed { text, .. }) if text == "![green](x.png) is seen"
    ));
    story.tell(confirmed("green](x.png) is seen"));
    story.skip();
    let (once, now) = (text_in(Wording::Fourth, &story), text(&story));
    assert!(once.contains("not done: green](x.png) is seen"), "{once}");
    assert!(now.contains("not done: ![green](x.png) is seen"), "{now}");
}

#[test]
fn a_record_of_a_time_when_code_in_an_item_lost_its_indentation_is_taken_as_it_was_made() {
    let item = || Work::Confirm { text: "add:\n\ntags:\n  a: b".into() };
    let mut plan = plan([step("a").work(item()).work(item()), step("c").sign_off("qa")]);
    let once = Once { flat: Some("add:\n\ntags:\na: b".into()), cut: None };
    plan.steps[0].actions.iter_mut().for_each(|action| action.once = Some(Box::new(once.clone())));
    let mut story = Story::of(plan);
    let confirmed = |text: &str| Event::ItemConfirmed {
        step: "a".into(),
        action: "a#1".into(),
        text: text.into(),
        by: by(OPS),
    };
    assert_eq!(story.refuses(confirmed("add:\ntags:\na: b")), "the item says something else");
    story.tell(confirmed("add:\n\ntags:\na: b"));
    story.skip();
    let (once, now) = (text_in(Wording::Fifth, &story), text(&story));
    assert!(once.contains("tags:\n") && !once.contains("  a: b"), "{once}");
    assert!(now.contains("  a: b"), "{now}");
}

/// A run that was opened so, which waits for QA.
fn opened_as(how: impl FnOnce(&mut RunOpened)) -> Story {
    Story::opened_as(plan([step("c").sign_off("qa")]), how)
}

#[test]
fn what_the_commit_does_not_have_is_told_and_where_all_is_committed_nothing_is() {
    let of = |commit: Option<&str>, committed, dirty| {
        let book = |opened: &mut RunOpened| {
            let commit = commit.map(str::to_owned);
            opened.runbook = Runbook { commit, committed, dirty, ..opened.runbook.clone() };
        };
        let story = opened_as(book);
        assert!(!text_in(Wording::Sixth, &story).contains("COMMIT"));
        ["OF NO COMMIT", "NOT AS COMMITTED", "UNCOMMITTED CHANGES"].map(|told| text(&story).contains(told))
    };
    assert_eq!(of(Some("c0"), Some(true), Some(false)), [false, false, false]);
    assert_eq!(of(Some("c0"), Some(false), Some(true)), [false, true, true]);
    assert_eq!(of(Some("c0"), Some(true), Some(true)), [false, false, true]);
    assert_eq!(of(Some("c0"), None, None), [false, true, false]);
    assert_eq!(of(None, None, None), [true, false, false]);
}

#[test]
fn what_was_found_at_each_session_and_what_a_failure_missed_is_told() {
    let mut story = Story::of(plan([step("a").run(), step("c").sign_off("qa")]));
    let judged = Judged { expected: "exit 0".into(), came: Some("exit 1".into()), held: false };
    story.start();
    story.finish_with(Outcome::Failed, |finished| finished.expectations = vec![judged]);
    let look =
        Look { commit: Some("c1".into()), dirty: Some(true), committed: Some(false), ..Look::default() };
    story.tell(Event::SessionOpened(session(LEAD).after(look)));
    story.tell(story.decision(Choice::Retry));
    story.pass();
    let (shown, sixth) = (text(&story), text_in(Wording::Sixth, &story));
    for told in [
        "failed (exit code 1); expected exit 0, got exit 1",
        "(account u on h); at commit c1; THE DOCUMENT IS NOT AS COMMITTED; UNCOMMITTED CHANGES in the work tree",
    ] {
        assert!(shown.contains(told) && !sixth.contains(told), "{told}: {shown}");
    }
    assert!(sixth.contains("failed (exit code 1); exit 0: exit 1\n"), "{sixth}");
}

#[test]
fn what_was_said_of_the_change_is_told_to_so_many_lines() {
    let seen = ChangeSeen { at: NOW, exit: Some(0), output: blob("said"), script: blob("script") };
    let change = Change {
        pattern: ".*".into(),
        check: Some("open.sh".into()),
        id: Some("CHG7".into()),
        seen: Some(seen),
    };
    let kept = vec![Rule::Roles, Rule::Change];
    let story =
        opened_as(|opened| opened.policy = Policy { kept, change: Some(change), ..Policy::default() });
    let said = |lines: usize| {
        let script = |_: &BlobRef| Ok::<_, Infallible>("state=DRAFT\n".repeat(lines).into_bytes());
        story.run.exhibit(&story.plan, story.task(), script).unwrap().text()
    };
    let shown = said(31);
    assert!(
        shown.contains("under the change CHG7, as open.sh said\n    exit code 0, printed sha256 "),
        "{shown}"
    );
    assert_eq!(holding("> state=DRAFT", &shown), 30, "{shown}");
    assert_eq!(holding("… and 1 more line", &shown), 1, "{shown}");
    assert_eq!(holding("… and 1 more line", &said(30)), 0);
}
