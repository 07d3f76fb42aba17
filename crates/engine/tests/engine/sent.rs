//! Attempts that were sent to a place: their end may be found after their driver has died.

use holdpoint_engine::*;

use crate::build::*;
use crate::fake::*;
use crate::story::*;

fn to(attempt: &str) -> Option<SentTo> {
    Some(SentTo { attempt: attempt.into(), boot: "boot".into(), store: "store".into() })
}

/// The start of the first block that may begin, sent under this name.
fn sending(fake: &Fake, attempt: &str) -> Event {
    match fake.story.start_event() {
        Event::ActionStarted(started) => Event::ActionStarted(Started { remote: to(attempt), ..started }),
        Event::RollbackStarted(started) => Event::RollbackStarted(Started { remote: to(attempt), ..started }),
        other => panic!("{other:?}"),
    }
}

/// Two places at work, sent there, and a driver that died.
fn left() -> Fake {
    let mut fake = Fake::of([on_web(step("a").run().rollback(), 0, 2, 0), step("b").run()], 2);
    for name in ["one", "two"] {
        let event = sending(&fake, name);
        fake.story.tell(event);
    }
    assert!(fake.frontier().attachable.is_empty());
    fake.story.crash();
    fake
}

#[test]
fn what_was_sent_is_in_doubt_and_may_still_end_place_by_place() {
    let mut fake = left();
    let frontier = fake.frontier();
    assert_eq!(fake.asked(), [format!("a#1 {}", web(1)), format!("a#1 {}", web(2))]);
    assert_eq!(frontier.attachable.iter().map(|it| it.attempt).collect::<Vec<_>>(), [1, 1]);
    let names: Vec<_> =
        frontier.attachable.iter().map(|it| fake.story.run.sent_to(it.task).cloned()).collect();
    assert_eq!(names, [to("one"), to("two")]);
    let end = fake.story.end_of(frontier.attachable[1], Outcome::Passed, |_| ());
    fake.story.tell(end.clone());
    fake.story.refuses(end);
    assert_eq!(fake.asked(), [format!("a#1 {}", web(1))]);
    let end = fake.story.end_of(frontier.attachable[0], Outcome::Passed, |_| ());
    fake.story.tell(end);
    assert_eq!(fake.story.at(), "execute b#1");
}

#[test]
fn after_somebody_has_decided_an_end_counts_until_something_begins_at_its_place() {
    let decided = || {
        let mut fake = left();
        let open = fake.frontier().attachable;
        let end = fake.story.end_of(open[0], Outcome::Passed, |_| ());
        fake.decide_at("a#1", 1, Choice::Run);
        fake.decide_at("a#1", 2, Choice::Happened);
        assert!(fake.frontier().attachable.is_empty());
        assert_eq!(fake.story.run.unended(&fake.story.plan).len(), 2);
        (fake, end)
    };
    let (mut fake, end) = decided();
    fake.story.tell(end.clone());
    assert_eq!(fake.story.at(), "execute b#1");
    fake.story.refuses(end);
    let (mut fake, end) = decided();
    let again = sending(&fake, "three");
    fake.story.tell(again);
    fake.story.refuses(end);
    assert_eq!(fake.story.run.unended(&fake.story.plan).len(), 1, "the other place was not asked");
}

#[test]
fn what_was_taken_as_done_and_has_failed_is_asked_about_again() {
    let mut fake = left();
    let open = fake.frontier().attachable;
    fake.decide_at("a#1", 1, Choice::Happened);
    fake.decide_at("a#1", 2, Choice::Happened);
    assert_eq!(fake.story.at(), "execute b#1");
    let end = fake.story.end_of(open[1], Outcome::Failed, |_| ());
    fake.story.tell(end);
    assert_eq!(fake.asked(), [format!("a#1 {}", web(2))]);
    assert_eq!(fake.frontier().asks[0].1, Question::Failed);
}

#[test]
fn what_runs_on_this_machine_is_in_doubt_for_good() {
    let mut story = Story::of(plan([step("a").run()]));
    story.start();
    let end = story.finish_event(Outcome::Passed, |_| ());
    story.crash();
    assert!(story.run.frontier(&story.plan).attachable.is_empty());
    story.refuses(end);
}

#[test]
fn an_attempt_has_a_name_of_its_own_and_goes_to_another_place() {
    let mut fake = left();
    for name in ["", "a/b", "one two"] {
        let mut fresh = Fake::of([on_web(step("a").run(), 0, 2, 0)], 2);
        let event = sending(&fresh, name);
        fresh.story.refuses(event);
    }
    fake.decide_at("a#1", 1, Choice::Run);
    fake.decide_at("a#1", 2, Choice::Happened);
    let (again, other) = (sending(&fake, "one"), sending(&fake, "three"));
    fake.story.refuses(again);
    fake.story.tell(other);
    let sent: Vec<_> =
        fake.story.run.attempts_sent().map(|(name, place)| format!("{name} {place}")).collect();
    assert_eq!(sent, [format!("one {}", web(1)), format!("three {}", web(1)), format!("two {}", web(2))]);
    let mut here = Story::of(plan([step("a").run()]));
    let Event::ActionStarted(started) = here.start_event() else { panic!() };
    here.refuses(Event::ActionStarted(Started { remote: to("one"), ..started }));
}

#[test]
fn what_was_sent_nowhere_can_only_not_have_begun() {
    let of = |edit: fn(&mut Finished)| {
        let mut fake = Fake::of([on_web(step("a").run(), 0, 1, 0)], 1);
        let Event::ActionStarted(started) = fake.story.start_event() else { panic!() };
        fake.story.tell(Event::ActionStarted(Started { remote: None, ..started }));
        let not_begun = |finished: &mut Finished| {
            (finished.exit, finished.error) = (None, Some("not started".into()));
            edit(finished);
        };
        let end = fake.story.finish_event(Outcome::Failed, not_begun);
        fake.story.run.apply(&fake.story.plan, NOW, &end).map_err(|error| error.to_string())
    };
    of(|_| ()).unwrap();
    for edit in [
        |finished: &mut Finished| finished.state = Some(blob("state")),
        |finished: &mut Finished| finished.outcome = Outcome::Interrupted,
    ] {
        assert!(of(edit).unwrap_err().contains("it can only not have begun"));
    }
}

#[test]
fn an_end_that_was_forged_for_a_block_that_was_sent_nowhere_is_found() {
    let mut fake = Fake::of([on_web(step("a").run(), 0, 1, 0)], 1);
    let Event::ActionStarted(started) = fake.story.start_event() else { panic!() };
    fake.story.tell(Event::ActionStarted(Started { remote: None, ..started }));
    for outcome in [Outcome::Passed, Outcome::Failed, Outcome::TimedOut, Outcome::Interrupted] {
        let end = fake.story.finish_event(outcome, |_| ());
        fake.story.refuses(end);
    }
}

#[test]
fn what_may_still_have_an_end_is_looked_for_before_an_answer_about_it() {
    let mut fake = left();
    let open = fake.frontier().attachable;
    let unseen = |fake: &Fake, event: Event| fake.story.run.decided_unseen(&fake.story.plan, &[event]);
    let by = || by(OPS);
    let decision = |place: usize, choice: Choice| Event::Decision {
        step: "a".into(),
        action: "a#1".into(),
        place: Some(web(place)),
        choice,
        reason: None,
        by: by(),
    };
    for choice in [Choice::Run, Choice::Happened, Choice::FindOut] {
        assert_eq!(unseen(&fake, decision(2, choice)), [open[1]], "{choice:?}");
    }
    let skip = Deviation::of(DeviationKind::Skipped, "a", Some("a#1".into()), "why", by());
    assert_eq!(unseen(&fake, Event::Deviation(skip.at(Some(web(1))))), [open[0]]);
    assert_eq!(unseen(&fake, decision(1, Choice::Abort)), [], "what ends the run waits for nothing");
    let none = |steps: &[&str]| steps.iter().map(|step| (*step).to_owned()).collect();
    let rollback = Event::RollbackOpened {
        steps: none(&["a"]),
        without: none(&[]),
        places: Vec::new(),
        reason: Some("why".into()),
        by: Some(by()),
    };
    assert_eq!(unseen(&fake, rollback), open);
    let note = Event::Note { text: "a note".into(), step: None, corrects: None, by: by() };
    assert_eq!(unseen(&fake, note), []);
    fake.decide_at("a#1", 1, Choice::Run);
    assert_eq!(unseen(&fake, decision(2, Choice::Run)), [open[1]]);
}

#[test]
fn while_rules_bar_the_run_the_end_of_what_has_begun_is_taken_and_nothing_else_begins() {
    let steps = [on_web(step("a").run().rollback(), 0, 2, 0), step("b").run()];
    let mut fake = Fake::of(steps, 2);
    fake.story = Story::opened_as(fake.story.plan, |opened| {
        opened.environment.targets = targets(&[("web", 2), ("db", 1)]);
        opened.policy = Policy { kept: vec![Rule::CleanCommit], ..Policy::default() };
    });
    for name in ["one", "two"] {
        let event = sending(&fake, name);
        fake.story.tell(event);
    }
    let unmet = vec![Unmet { rule: Rule::CleanCommit, why: "it is so".into() }];
    fake.story.tell(Event::SessionOpened(session(OPS).after(Look {
        unmet,
        dirty: Some(true),
        ..Look::default()
    })));
    let frontier = fake.frontier();
    assert_eq!((frontier.due, frontier.ready.len()), (Some(Due::Override), 0));
    let end = |fake: &Fake, at: usize, outcome| fake.story.end_of(frontier.attachable[at], outcome, |_| ());
    let passed = end(&fake, 1, Outcome::Passed);
    fake.story.tell(passed.clone());
    fake.story.refuses(passed);
    let answer = |choice| Event::Decision {
        step: "a".into(),
        action: "a#1".into(),
        place: Some(web(1)),
        choice,
        reason: None,
        by: by(OPS),
    };
    for choice in [Choice::Run, Choice::Happened, Choice::FindOut] {
        fake.story.refuses(answer(choice));
    }
    let failed = end(&fake, 0, Outcome::Failed);
    fake.story.tell(failed);
    assert!(fake.frontier().attachable.is_empty() && fake.frontier().ready.is_empty());
    assert_eq!(fake.story.at(), "override", "what came of it lifts no rule");
    // Both places are undone, whatever the rules say.
    fake.story.roll_back();
    assert_eq!(fake.go_on(), "done RolledBack");
    assert_eq!(fake.positions("start a#rollback-1").len(), 2);
    assert!(fake.positions("start b#1").is_empty());
}

/// Three places that were done, and a driver that died while the last of them was being undone there.
fn left_undoing() -> (Fake, Execution) {
    let mut fake = Fake::of([on_web(step("a").run().rollback(), 0, 3, 0), step("b").run()], 3);
    fake.start_all();
    (0..3).for_each(|_| fake.end(0));
    fake.story.roll_back();
    let event = sending(&fake, "undoing");
    fake.story.tell(event);
    fake.story.crash();
    let open = fake.frontier().attachable;
    assert_eq!(open.len(), 1);
    (fake, open[0])
}

#[test]
fn a_rollback_block_in_doubt_at_one_place_keeps_the_others_waiting_until_its_end_is_found() {
    let (mut fake, open) = left_undoing();
    let doubtful = vec![format!("a#rollback-1 {}", web(3))];
    assert_eq!(fake.asked(), doubtful);
    assert!(fake.frontier().ready.is_empty(), "nothing is undone elsewhere meanwhile");
    assert_eq!(fake.story.run.standing(&fake.story.plan).in_doubt, [format!("a#rollback-1 at {}", web(3))]);
    let plan = fake.story.plan.clone();
    let seen = fake.story.run.seen_by(&plan, false);
    assert_eq!(seen.step_status(0), Status::RollbackInDoubt);
    assert_eq!(seen.rollback_state(0), Some(RollbackState::InDoubt));
    let end = fake.story.end_of(open, Outcome::Passed, |_| ());
    fake.story.tell(end.clone());
    fake.story.refuses(end);
    assert_eq!(fake.go_on(), "done RolledBack");
    // The one at the third place ran once, before the crash.
    for (place, times) in [(1, 1), (2, 1), (3, 0)] {
        assert_eq!(fake.positions(&format!("start a#rollback-1 {}", web(place))).len(), times, "{place}");
    }
    let replayed = Run::replay(&plan, timed(&fake.story.events)).unwrap();
    assert_eq!(replayed, fake.story.run);
}

#[test]
fn a_rollback_block_in_doubt_at_one_place_is_run_again_there_or_skipped_there_only_by_somebody() {
    let decided = |decide: &dyn Fn(&mut Fake)| {
        let (mut fake, _) = left_undoing();
        decide(&mut fake);
        let over = fake.go_on();
        let at = |place| fake.positions(&format!("start a#rollback-1 {}", web(place))).len();
        (over, [at(1), at(2), at(3)])
    };
    let of = |choice| move |fake: &mut Fake| fake.decide_at("a#rollback-1", 3, choice);
    assert_eq!(decided(&of(Choice::Run)), ("done RolledBack".into(), [1, 1, 1]));
    assert_eq!(decided(&of(Choice::Happened)), ("done RolledBack".into(), [1, 1, 0]));
    assert_eq!(decided(&|fake| fake.skip_at("a#rollback-1", 3)), ("done Failed".into(), [1, 1, 0]));
    let (mut fake, _) = left_undoing();
    // Of the other places nothing is asked, and nothing said.
    let elsewhere = Event::Decision {
        step: "a".into(),
        action: "a#rollback-1".into(),
        place: Some(web(1)),
        choice: Choice::Happened,
        reason: None,
        by: by(OPS),
    };
    fake.story.refuses(elsewhere);
}

#[test]
fn the_end_of_a_rollback_block_counts_after_somebody_has_answered_for_it() {
    let ends = |answer: &dyn Fn(&mut Fake), outcome| {
        let (mut fake, open) = left_undoing();
        let end = fake.story.end_of(open, outcome, |_| ());
        answer(&mut fake);
        fake.story.tell(end.clone());
        fake.story.refuses(end);
        fake
    };
    let decides = |choice| move |fake: &mut Fake| fake.decide_at("a#rollback-1", 3, choice);
    let skips = |fake: &mut Fake| fake.skip_at("a#rollback-1", 3);
    for answer in [&decides(Choice::Run) as &dyn Fn(&mut Fake), &decides(Choice::Happened), &skips] {
        let mut fake = ends(answer, Outcome::Passed);
        assert_eq!(fake.go_on(), "done RolledBack");
        assert_eq!(
            fake.positions(&format!("start a#rollback-1 {}", web(3))).len(),
            0,
            "it ran before the crash"
        );
        let fake = ends(answer, Outcome::Failed);
        assert_eq!(fake.asked(), [format!("a#rollback-1 {}", web(3))]);
        assert_eq!(fake.frontier().asks[0].1, Question::Failed);
    }
}

#[test]
fn an_attempt_that_was_sent_nowhere_leaves_the_one_before_it_to_be_looked_for() {
    let mut fake = left();
    let open = fake.frontier().attachable;
    let end = fake.story.end_of(open[0], Outcome::Failed, |_| ());
    fake.decide_at("a#1", 1, Choice::Happened);
    fake.decide_at("a#1", 2, Choice::Happened);
    fake.story.repeat("a");
    let execution = fake.frontier().ready[0];
    assert_eq!((fake.story.run.place_of(execution.task), execution.attempt), (Some(&*web(1)), 2));
    let mut start = started(&fake.story.plan, execution);
    (start.place, start.remote) = (Some(web(1)), None);
    fake.story.tell(Event::ActionStarted(start));
    let gone = fake.story.end_of(execution, Outcome::Failed, |finished| {
        (finished.exit, finished.error) = (None, Some("it is away".into()));
    });
    fake.story.tell(gone);
    assert_eq!(fake.story.run.unended(&fake.story.plan).len(), 2);
    // Of an earlier round: on record, and of nothing any more.
    fake.story.tell(end.clone());
    fake.story.refuses(end);
    assert_eq!(fake.story.run.unended(&fake.story.plan).len(), 1);
}

#[test]
fn a_failure_that_is_found_when_the_run_would_be_over_is_asked_about() {
    let mut fake = Fake::of([on_web(step("a").run(), 0, 1, 0)], 1);
    let event = sending(&fake, "one");
    fake.story.tell(event);
    fake.story.crash();
    let end = fake.story.end_of(fake.frontier().attachable[0], Outcome::Failed, |_| ());
    fake.decide_at("a#1", 1, Choice::Happened);
    assert_eq!(fake.story.at(), "done Passed");
    let over = fake.story.run.clone();
    let told = |run: &Run| (run.deviations(), run.told_deviations().count());
    assert_eq!(told(&over), (1, 1));
    fake.story.tell(end.clone());
    // It counts as if nobody had answered: nothing was taken as done.
    assert_eq!(told(&fake.story.run), (0, 0));
    assert_eq!(fake.frontier().asks[0].1, Question::Failed);
    fake.story.run = over;
    fake.story.close(Verdict::Passed);
    fake.story.refuses(end);
    let open: Vec<&str> = fake.story.run.attempts_without_end().map(|(name, _)| name).collect();
    assert_eq!((open, fake.story.run.attempts_to_clear().count()), (vec!["one"], 0));
}

#[test]
fn an_attempt_without_an_end_is_never_cleared_whatever_has_begun_at_its_place_since() {
    let mut fake = Fake::of([on_web(step("a").run(), 0, 1, 0), on_web(step("b").run(), 0, 1, 0)], 1);
    let event = sending(&fake, "one");
    fake.story.tell(event);
    fake.story.crash();
    fake.decide_at("a#1", 1, Choice::Happened);
    let event = sending(&fake, "two");
    fake.story.tell(event);
    fake.end(0);
    let run = &fake.story.run;
    let names = |attempts: Vec<(&str, &str)>| attempts.into_iter().map(|(name, _)| name.to_owned()).collect();
    let open: Vec<String> = names(run.attempts_without_end().collect());
    let over: Vec<String> = names(run.attempts_to_clear().collect());
    assert_eq!((open, over), (vec!["one".to_owned()], vec!["two".to_owned()]));
}

#[test]
fn what_is_undone_at_one_of_two_places_is_told_as_a_part() {
    let mut fake = Fake::of([on_web(step("a").run().rollback(), 0, 2, 0), step("b").run()], 2);
    fake.start_all();
    (0..2).for_each(|_| fake.end(0));
    fake.story.roll_back();
    let told = |fake: &Fake| {
        let (run, plan) = (&fake.story.run, &fake.story.plan);
        run.rolling_back(plan).unwrap().words(run, plan, true)
    };
    assert!(told(&fake).starts_with("nothing is undone so far"), "{}", told(&fake));
    let event = fake.story.start_of(fake.frontier().ready[0]);
    fake.story.tell(event);
    fake.end(0);
    assert!(told(&fake).contains("a part of 1 a is undone so far"), "{}", told(&fake));
}
