//! What whoever signs is told: everything that happened, in order, and not only how each action ended last.

use holdpoint_engine::*;

use crate::build::*;
use crate::story::*;

fn story() -> Story {
    Story::of(plan([step("a").run(), step("b").run(), step("c").sign_off("qa")]))
}

/// The types and numbers of what is told.
fn told(story: &Story) -> Vec<(u64, String)> {
    let kind = |happened: &Happened| {
        let json = serde_json::to_value(happened).unwrap();
        (happened.n, json["type"].as_str().unwrap().to_owned())
    };
    story.run.seen().history.iter().map(kind).collect()
}

fn names(story: &Story) -> Vec<String> {
    told(story).into_iter().map(|(_, kind)| kind).collect()
}

#[test]
fn attempts_that_failed_and_decisions_with_their_reasons_are_told_though_the_last_one_passed() {
    let mut story = story();
    story.fail();
    let Event::Decision { step, action, place, choice, by, .. } = story.decision(Choice::Retry) else {
        panic!("a decision")
    };
    let reason = Some("the disk was full".to_owned());
    story.tell(Event::Decision { step, action, place, choice, reason, by });
    story.pass();
    assert_eq!(told(&story), [(2, "action.finished".into()), (3, "decision".into())]);
    let seen = story.run.seen();
    assert_eq!(
        seen.actions,
        [Done { action: "a#1".into(), outcome: "passed (exit code 0), attempt 2".into() }]
    );
    for happened in &seen.history {
        assert_eq!(happened.event, story.events[usize::try_from(happened.n).unwrap()]);
    }
}

#[test]
fn of_an_attempt_that_failed_all_is_told_but_what_was_kept_of_it() {
    let mut story = story();
    story.start();
    story.finish_with(Outcome::Failed, |finished| {
        finished.output = Some(Output { stdout: blob("out"), stderr: blob("err"), timing: blob("timing") });
        finished.state = Some(blob("state"));
        finished.masked.insert("TOKEN".into(), 1);
        finished.remarks.push("a pipe was left open".into());
    });
    let json = serde_json::to_value(&story.run.seen().history[0]).unwrap();
    let keys: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
    for key in [
        "n",
        "type",
        "step",
        "action",
        "attempt",
        "outcome",
        "exit",
        "duration_ms",
        "expectations",
        "remarks",
    ] {
        assert!(keys.contains(&key), "{key}: {keys:?}");
    }
    for key in ["output", "files", "state", "masked"] {
        assert!(!keys.contains(&key), "{key}: {keys:?}");
    }
}

#[test]
fn notes_corrections_handovers_and_sessions_are_told_with_who_and_why() {
    let mut story = story();
    story.tell(note("DO NOT RELEASE"));
    story.hand_over(OPS, NIGHT);
    story.tell(Event::HandoverWithdrawn { reason: Some("nobody came".into()), by: by(QA) });
    story.hand_over(OPS, NIGHT);
    story.accept();
    story.tell(Event::SessionOpened(session(LEAD)));
    let by = by(QA);
    story.tell(Event::Note { text: "it was the other disk".into(), step: None, corrects: Some(1), by });
    let expected =
        ["note", "handover", "handover.withdrawn", "handover", "handover.accepted", "session.opened", "note"];
    assert_eq!(names(&story), expected);
    let history = story.run.seen().history;
    assert!(history.iter().all(|happened| story.events[happened.n as usize] == happened.event));
}

#[test]
fn an_edited_script_is_told_with_its_digest() {
    let mut story = story();
    story.fail();
    story.tell(story.editing("another"));
    let history = story.run.seen().history;
    let Event::Deviation(deviation) = &history[1].event else { panic!("{history:?}") };
    assert_eq!(deviation.script, Some(blob("another")));
}

#[test]
fn attempts_that_do_not_count_rejections_and_torn_tails_are_told() {
    let mut story = story();
    story.pass();
    story.pass();
    let (step, action) = ("c".to_owned(), "c#1".to_owned());
    story.tell(Event::SignOffRefused {
        step: step.clone(),
        action: action.clone(),
        reason: "they do not have the role".into(),
        by: by(OPS),
    });
    let (reason, who) = ("The footer is wrong".into(), by(QA));
    story.tell(Event::SignOffRejected { step, action, reason, signed: None, presence: presence(), by: who });
    story.tell(Event::LogRecovered { torn: blob("torn") });
    assert_eq!(names(&story), ["signoff.refused", "signoff.rejected", "log.recovered"]);
    story.sign(QA);
    assert_eq!(names(&story).last().map(String::as_str), Some("signoff.given"));
}

#[test]
fn what_passes_at_once_is_told_by_its_outcome_alone() {
    let mut story = Story::of(plan([step("a").run().confirm(), step("b").run()]));
    story.pass();
    story.confirm();
    story.pass();
    assert_eq!((story.run.seen().history.len(), story.run.seen().actions.len()), (0, 3));
}

#[test]
fn a_value_that_was_recorded_again_is_told_with_what_it_was_before() {
    let mut story = Story::of(plan([step("a").record(&["LOAD"]), step("b").run()]));
    story.record("LOAD", "1");
    story.repeat("a");
    story.record("LOAD", "2");
    assert_eq!(names(&story), ["value.recorded", "deviation", "value.recorded"]);
}
