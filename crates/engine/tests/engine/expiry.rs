//! Sign-offs that stay good for a time only. The clock is an argument.

use std::time::Duration;

use holdpoint_engine::*;
use holdpoint_model::*;
use jiff::{SignedDuration, Timestamp};

use crate::build::*;
use crate::story::*;

const HOUR: i64 = 3_600_000_000;

/// So many microseconds after the run was opened.
fn at(micros: i64) -> Timestamp {
    "2026-11-23T08:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_micros(micros)
}

/// Good for four hours.
fn expires(sign_off: &mut SignOff) {
    sign_off.expires = Some(Duration::from_secs(4 * 3600));
}

/// A story whose events have times.
struct Timed {
    story: Story,
}

impl Timed {
    fn of(steps: impl IntoIterator<Item = Step>) -> Timed {
        Timed { story: Story::of(plan(steps)) }
    }

    fn tell(&mut self, micros: i64, event: Event) {
        self.story.tell_at(at(micros), event);
    }

    fn sign(&mut self, micros: i64, who: &str) {
        self.tell(micros, self.story.signing_off(who, |_| ()));
    }

    /// Actions whose sign-offs are no longer good.
    fn lapsed(&self, micros: i64) -> Vec<String> {
        let lapsed = self.story.run.lapses_at(&self.story.plan, at(micros));
        let named = lapsed.into_iter().map(|event| match event {
            Event::SignOffLapsed { action, .. } => action,
            other => panic!("{other:?}"),
        });
        named.collect()
    }

    fn lapse(&mut self, micros: i64) {
        for event in self.story.run.lapses_at(&self.story.plan, at(micros)) {
            self.tell(micros, event);
        }
    }

    fn refusal(&self, micros: i64, event: &Event) -> Option<String> {
        let mut run = self.story.run.clone();
        run.apply(&self.story.plan, at(micros), event).err().map(|error| error.reason)
    }
}

#[test]
fn a_sign_off_is_good_for_as_long_as_the_document_says_to_the_microsecond_and_no_longer() {
    let mut timed = Timed::of([step("a").sign_off("qa").signed_off(expires), step("b").run()]);
    timed.sign(HOUR, QA);
    assert!(timed.lapsed(HOUR).is_empty());
    assert!(timed.lapsed(5 * HOUR).is_empty());
    assert_eq!(timed.lapsed(5 * HOUR + 1), ["a#1"]);
    assert!(timed.lapsed(0).is_empty(), "a clock that was set back proves nothing");
    timed.lapse(5 * HOUR + 1);
    assert_eq!(timed.story.at(), "ask a#1 SignOff");
    assert_eq!(timed.lapsed(50 * HOUR), [""; 0], "there is nothing left to lapse");
    timed.sign(50 * HOUR, QA);
    assert!(timed.lapsed(54 * HOUR).is_empty(), "the new sign-off counts from when it was given");
    timed.story.pass();
    assert_eq!(timed.story.at(), "done Passed");
}

#[test]
fn a_sign_off_that_does_not_expire_never_lapses() {
    let mut timed = Timed::of([step("a").sign_off("qa"), step("b").run()]);
    timed.sign(0, QA);
    assert!(timed.lapsed(1_000 * HOUR).is_empty());
    let forged = Event::SignOffLapsed { step: "a".into(), action: "a#1".into(), reason: "old".into() };
    timed.story.refuses(forged);
}

#[test]
fn a_sign_off_is_used_once_something_it_guards_has_begun() {
    for begin in [step("b").run(), step("b").check(), step("b").confirm(), step("b").record(&["x", "y"])] {
        let mut timed = Timed::of([step("a").sign_off("qa").signed_off(expires), begin, step("c").run()]);
        timed.sign(0, QA);
        match timed.story.at().as_str() {
            "ask b#1 Confirm" => timed.story.confirm(),
            "ask b#1 Record" => timed.story.record("x", "5"),
            _ => timed.story.fail(),
        }
        assert!(timed.lapsed(9 * HOUR).is_empty(), "{}", timed.story.at());
        let late = Event::SignOffLapsed { step: "a".into(), action: "a#1".into(), reason: "old".into() };
        timed.story.refuses(late);
    }
}

#[test]
fn what_follows_in_the_same_step_uses_it_too() {
    let mut timed = Timed::of([step("a").sign_off("qa").signed_off(expires).confirm().run()]);
    timed.sign(0, QA);
    assert_eq!(timed.lapsed(5 * HOUR), ["a#1"]);
    timed.story.confirm();
    assert!(timed.lapsed(5 * HOUR).is_empty());
}

#[test]
fn what_is_passed_over_skipped_or_signed_does_not_use_it() {
    let second = step("c").sign_off("qa");
    let steps = [step("a").sign_off("qa").signed_off(expires), step("b").run().when("false"), second];
    let mut timed = Timed::of(steps.into_iter().chain([step("d").confirm(), step("e").run()]));
    timed.sign(0, QA);
    timed.story.pass_over();
    timed.sign(3 * HOUR, LEAD);
    timed.story.skip();
    assert_eq!(timed.story.at(), "execute e#1");
    assert_eq!(timed.lapsed(5 * HOUR), ["a#1"]);
    timed.lapse(5 * HOUR);
    assert_eq!(timed.story.at(), "ask a#1 SignOff");
    timed.sign(5 * HOUR, QA);
    assert_eq!(timed.story.at(), "execute e#1", "nothing else is asked for again");
}

#[test]
fn of_several_people_the_oldest_sign_off_decides_and_all_are_asked_again() {
    let two = |s: &mut SignOff| (s.count, s.expires) = (2, Some(Duration::from_secs(4 * 3600)));
    let mut timed = Timed::of([step("a").sign_off("qa").signed_off(two), step("b").run()]);
    timed.sign(0, QA);
    assert_eq!(timed.lapsed(5 * HOUR), ["a#1"], "one alone lapses as well");
    timed.sign(3 * HOUR, LEAD);
    assert!(timed.lapsed(4 * HOUR).is_empty());
    timed.lapse(5 * HOUR);
    assert_eq!(timed.story.run.signers(timed.story.task()).count(), 0);
}

#[test]
fn a_sign_off_that_was_taken_back_does_not_decide() {
    let two = |s: &mut SignOff| (s.count, s.expires) = (2, Some(Duration::from_secs(4 * 3600)));
    let mut timed = Timed::of([step("a").sign_off("qa").signed_off(two), step("b").run()]);
    timed.sign(0, QA);
    timed.sign(0, LEAD);
    let mut timed = Timed { story: Story::of(timed.story.plan) };
    timed.sign(HOUR, QA);
    let (step, action) = ("a".to_owned(), "a#1".to_owned());
    timed.tell(
        2 * HOUR,
        Event::SignOffRejected {
            step,
            action,
            reason: "no".into(),
            signed: None,
            presence: presence(),
            by: by(QA),
        },
    );
    timed.story.lapse();
    assert!(timed.lapsed(9 * HOUR).is_empty());
    timed.sign(3 * HOUR, QA);
    timed.sign(3 * HOUR, LEAD);
    assert!(timed.lapsed(7 * HOUR).is_empty());
    assert_eq!(timed.lapsed(7 * HOUR + 1), ["a#1"]);
}

#[test]
fn nothing_lapses_while_a_block_runs_in_a_rollback_at_the_end_or_in_a_dry_run() {
    let steps = || [step("a").run().rollback(), step("b").sign_off("qa").signed_off(expires)];
    let mut timed = Timed::of(steps().into_iter().chain([step("c").run()]));
    timed.story.pass();
    timed.sign(0, QA);
    timed.story.roll_back();
    assert!(timed.lapsed(9 * HOUR).is_empty(), "no sign-off guards a rollback");
    timed.story.start();
    assert!(timed.lapsed(9 * HOUR).is_empty());

    let mut timed = Timed::of(steps());
    timed.story.pass();
    timed.sign(0, QA);
    assert_eq!(timed.story.at(), "done Passed");
    assert!(timed.lapsed(9 * HOUR).is_empty());

    let story = Story::opened_as(plan([step("a").sign_off("qa").signed_off(expires).run()]), |o| {
        (o.number, o.dry) = (0, true)
    });
    let mut timed = Timed { story };
    timed.sign(0, QA);
    assert!(timed.lapsed(9 * HOUR).is_empty());
}

#[test]
fn an_event_that_begins_something_after_its_sign_off_lapsed_is_refused_and_so_is_an_early_lapse() {
    let mut timed = Timed::of([step("a").sign_off("qa").signed_off(expires), step("b").run()]);
    timed.sign(0, QA);
    let start = timed.story.start_event();
    assert_eq!(timed.refusal(4 * HOUR, &start), None);
    assert_eq!(
        timed.refusal(4 * HOUR + 1, &start).unwrap(),
        "it began though the sign-off of a#1 had lapsed (given at 2026-11-23 08:00:00Z, good for 4h)"
    );
    assert_eq!(timed.refusal(9 * HOUR, &note("still here")), None);
    let lapse = Event::SignOffLapsed { step: "a".into(), action: "a#1".into(), reason: "old".into() };
    assert_eq!(timed.refusal(4 * HOUR + 1, &lapse), None);
    assert_eq!(timed.refusal(4 * HOUR, &lapse).unwrap(), "the sign-off of a#1 was still good");
}

#[test]
fn a_lapse_says_why_and_names_the_sign_off() {
    let mut timed = Timed::of([step("a").sign_off("qa").signed_off(expires), step("b").run()]);
    timed.sign(0, QA);
    let lapse = |action: &str, reason: &str| Event::SignOffLapsed {
        step: "a".into(),
        action: action.into(),
        reason: reason.into(),
    };
    timed.story.refuses(lapse("a#1", " "));
    timed.story.refuses(lapse("a#2", "old"));
    timed.story.refuses(lapse("b#1", "old"));
    timed.story.tell(lapse("a#1", "old"));
    timed.story.refuses(lapse("a#1", "old"));
}

#[test]
fn whoever_reads_the_record_is_told_that_time_has_run_out_though_no_event_says_so_yet() {
    let mut timed = Timed::of([step("a").sign_off("qa").signed_off(expires), step("b").confirm()]);
    timed.sign(HOUR, QA);
    let plan = timed.story.plan.clone();
    let run = &timed.story.run;
    let a = Task::action(0, 0);
    assert!(run.seen_at(&plan, at(5 * HOUR)).is_none(), "it is still good");
    assert_eq!(run.seen_until(&plan, at(2 * HOUR)), Some(at(5 * HOUR)));
    let seen = run.seen_at(&plan, at(5 * HOUR + 1)).unwrap();
    assert_eq!(run.seen_until(&plan, at(5 * HOUR + 1)), None);
    assert_eq!((seen.status(&plan, a), seen.counts(a, QA)), (Status::Waiting, false));
    assert_eq!(seen.stands_at(&plan), Some(a));
    assert_eq!(seen.about_to_lapse(&plan)[0].0, "a#1");
    let terms = seen.sign_off_terms(&plan, a).join("; ");
    assert!(terms.contains("has lapsed: given at 2026-11-23 09:00:00Z, good for 4h"), "{terms}");
    assert_eq!(run.status(&plan, a), Status::Signed, "the run itself is as it was recorded");

    timed.story.confirm();
    assert!(timed.story.run.seen_at(&plan, at(50 * HOUR)).is_none(), "what it guards was done in time");
    timed.story.close(Verdict::Passed);
    assert!(timed.story.run.seen_at(&plan, at(50 * HOUR)).is_none(), "a closed run stays as it was recorded");
}

#[test]
fn a_run_that_was_ended_before_its_sign_off_ran_out_is_told_as_it_was_recorded_for_ever() {
    let mut timed = Timed::of([step("a").sign_off("qa").signed_off(expires), step("b").confirm()]);
    timed.sign(HOUR, QA);
    let plan = timed.story.plan.clone();
    timed.story.decide(Choice::Abort);
    assert!(timed.story.run.seen_at(&plan, at(50 * HOUR)).is_none());
    timed.story.close(Verdict::Aborted);
    assert!(timed.story.run.seen_at(&plan, at(50 * HOUR)).is_none());
}
