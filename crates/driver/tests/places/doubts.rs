//! Answers about what is in doubt at a place: it is looked for there first.

use std::collections::{BTreeSet, VecDeque};
use std::rc::Rc;

use holdpoint_driver::{Answer, Desk, Fault, RunView, Stop, roll_back};
use holdpoint_engine::{
    By, Choice, Deviation, DeviationKind, Event, Execution, Question, Task, Unfound, Verdict, Via,
};

use super::{Fake, Log, Store, driven, driven_by, name, nobody, starts};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Says {
    Decides(Choice),
    Skips,
    RollsBack,
}

const ALL: [Says; 6] = [
    Says::Decides(Choice::Run),
    Says::Decides(Choice::Happened),
    Says::Decides(Choice::FindOut),
    Says::Decides(Choice::Abort),
    Says::Skips,
    Says::RollsBack,
];

/// Says one thing after another about what is in doubt, and nothing more.
struct Saying {
    log: Log,
    via: Via,
    says: VecDeque<Says>,
}

impl Desk for Saying {
    type Error = Fault;

    fn attended(&self) -> bool {
        self.via == Via::Terminal
    }

    fn permit(&mut self, _: &RunView<'_>, _: Execution, _: &str, _: &mut Store<'_>) -> Result<Answer, Fault> {
        Ok(Answer::Go)
    }

    fn answer(
        &mut self,
        view: &RunView<'_>,
        task: Task,
        question: Question,
        _: &mut Store<'_>,
    ) -> Result<Answer, Fault> {
        let place = view.run.place_of(task).unwrap_or("here").to_owned();
        self.log.borrow_mut().push(format!("ask {question:?} {place}"));
        if question != Question::InDoubt {
            return Ok(Answer::Park);
        }
        let Some(says) = self.says.pop_front() else { return Ok(Answer::Park) };
        let by = By { who: "ops@example.org".into(), via: self.via };
        let (step, action, place) = (task.step_of(view.plan).id.clone(), task.id(view.plan), Some(place));
        let reason = "so it is".to_owned();
        Ok(Answer::Events(vec![match says {
            Says::Decides(choice) => {
                let reason = (choice == Choice::Abort).then_some(reason);
                Event::Decision { step, action, place, choice, reason, by }
            }
            Says::Skips => {
                let skipped = Deviation::of(DeviationKind::Skipped, step, Some(action), reason, by);
                Event::Deviation(skipped.at(place))
            }
            Says::RollsBack => {
                roll_back(view.plan, &view.run.offers(view.plan).rollback, Some(reason), Some(by))
            }
        }]))
    }
}

/// A run over so many places whose driver died while its first block ran there, taken up by somebody who says this, with what
/// they hear of the block each time it is looked for before there is an end.
fn taken_up(places: usize, via: Via, says: &[Says], unfound: &[Unfound]) -> (Stop, Vec<Event>, Vec<String>) {
    let fake = Fake { lose: (1..=places).map(name).collect(), ..Fake::default() };
    let rollout = format!("{{ at_once: {places} }}");
    let (_, events) = driven(&rollout, places, &fake, Vec::new(), nobody());
    let Event::RunOpened(first) = &events[0] else { unreachable!() };
    let mut before = events[1..].to_vec();
    before.push(Event::SessionOpened(first.session.clone()));
    let again = Fake { names: Rc::clone(&fake.names), ..Fake::default() };
    again.unfound.borrow_mut().extend(unfound);
    let desk = Saying { log: Rc::clone(&again.log), via, says: says.iter().copied().collect() };
    let (stop, events) = driven_by(&rollout, places, &again, before, desk);
    let log = again.log.borrow().clone();
    (stop, events, log)
}

/// The same, taken up while what the dead driver ran on this machine is still there for so many looks: the block itself, or what
/// it started.
fn taken_up_beside((left, is): (u32, Unfound), via: Via, says: &[Says]) -> (Stop, Vec<Event>, Vec<String>) {
    let fake = Fake { lose: BTreeSet::from([name(1)]), ..Fake::default() };
    let (_, events) = driven("{ at_once: 1 }", 1, &fake, Vec::new(), nobody());
    let Event::RunOpened(first) = &events[0] else { unreachable!() };
    let mut before = events[1..].to_vec();
    before.push(Event::SessionOpened(first.session.clone()));
    let again = Fake { names: Rc::clone(&fake.names), ..Fake::default() };
    again.unfound.borrow_mut().extend([Unfound::Lost; 9]);
    again.left.set(left);
    again.is.set(Some(is));
    let desk = Saying { log: Rc::clone(&again.log), via, says: says.iter().copied().collect() };
    let (stop, events) = driven_by("{ at_once: 1 }", 1, &again, before, desk);
    let log = again.log.borrow().clone();
    (stop, events, log)
}

fn begun(events: &[Event]) -> usize {
    starts(events).iter().filter(|start| start.starts_with("deploy#1")).count()
}

fn is_answer(event: &Event) -> bool {
    matches!(event, Event::Decision { .. } | Event::Deviation(_) | Event::RollbackOpened { .. })
}

fn count(log: &[String], what: &str) -> usize {
    log.iter().filter(|line| line.starts_with(what)).count()
}

#[test]
fn whatever_is_answered_about_a_block_that_has_ended_meanwhile_its_end_counts_and_it_runs_once() {
    for via in [Via::Terminal, Via::Answers] {
        for says in ALL.into_iter().filter(|says| *says != Says::Decides(Choice::Abort)) {
            let (stop, events, log) = taken_up(1, via, &[says], &[Unfound::Away]);
            // Whoever wanted it undone lets nothing else begin.
            match says {
                Says::RollsBack => assert!(matches!(stop, Stop::Parked(..)), "{stop:?} {log:#?}"),
                _ => assert_eq!(stop, Stop::Done(Verdict::Passed), "{says:?} {log:#?}"),
            }
            assert_eq!((begun(&events), count(&log, "run back")), (1, 2), "{says:?} {log:#?}");
            assert!(!events.iter().any(is_answer), "{says:?} {events:#?}");
        }
    }
}

#[test]
fn while_its_place_cannot_be_reached_a_block_is_asked_about_again_and_never_run_again() {
    let [run, happened] = [Choice::Run, Choice::Happened].map(Says::Decides);
    let away = [Unfound::Away; 5];
    let (stop, events, log) = taken_up(1, Via::Terminal, &[run, run, happened], &away);
    // What follows there is not begun: its place is still away.
    assert!(matches!(stop, Stop::Parked(_, Question::Failed)), "{stop:?} {log:#?}");
    assert_eq!(begun(&events), 1, "{log:#?}");
    assert_eq!((count(&log, "run back"), count(&log, "ask InDoubt")), (5, 3), "{log:#?}");
    assert_eq!(events.iter().filter(|event| is_answer(event)).count(), 1, "{events:#?}");
    for says in ALL {
        let (stop, events, log) = taken_up(1, Via::Terminal, &[says], &away);
        assert_eq!(begun(&events), 1, "{says:?} {log:#?}");
        let aborts = says == Says::Decides(Choice::Abort);
        // Ending the run runs nothing.
        assert_eq!(
            (events.iter().any(is_answer), matches!(stop, Stop::Done(Verdict::Aborted))),
            (aborts, aborts)
        );
        assert_eq!(count(&log, "ask InDoubt"), if aborts { 1 } else { 2 }, "{says:?} {log:#?}");
    }
}

#[test]
fn an_answer_from_a_file_about_what_cannot_be_reached_leaves_the_run() {
    let [run, happened] = [Choice::Run, Choice::Happened].map(Says::Decides);
    for says in [run, happened, Says::Skips, Says::RollsBack] {
        let (stop, events, log) = taken_up(1, Via::Answers, &[says, says, says], &[Unfound::Away; 9]);
        assert!(matches!(stop, Stop::Parked(_, Question::InDoubt)), "{says:?} {stop:?}");
        assert_eq!((begun(&events), count(&log, "ask InDoubt")), (1, 1), "{says:?} {log:#?}");
        assert!(!events.iter().any(is_answer), "{says:?} {events:#?}");
    }
}

#[test]
fn nothing_counts_while_a_block_that_nobody_keeps_still_runs_but_that_the_run_ends() {
    let all: Vec<Says> =
        ALL.iter().chain(&ALL).copied().filter(|says| *says != ALL[3]).chain([ALL[3]]).collect();
    let (stop, events, log) = taken_up(1, Via::Terminal, &all, &[Unfound::Runs; 20]);
    assert_eq!((stop, begun(&events)), (Stop::Done(Verdict::Aborted), 1), "{log:#?}");
    assert_eq!(events.iter().filter(|event| is_answer(event)).count(), 1, "{events:#?}");
}

#[test]
fn what_nobody_can_know_is_for_somebody_to_decide_after_one_more_look() {
    for via in [Via::Terminal, Via::Answers] {
        let says = [Says::Decides(Choice::Run)];
        let (stop, events, log) = taken_up(1, via, &says, &[Unfound::Lost; 2]);
        assert_eq!((stop, begun(&events)), (Stop::Done(Verdict::Passed), 2), "{log:#?}");
        assert_eq!(count(&log, "run back"), 2, "{log:#?}");
    }
}

#[test]
fn an_answer_about_one_place_looks_there_and_one_about_the_run_looks_everywhere() {
    let away = [Unfound::Away; 2];
    let (_, events, log) = taken_up(2, Via::Terminal, &[Says::Decides(Choice::Run)], &away);
    let looks = |place| count(&log, &format!("run back {}", name(place)));
    assert_eq!((looks(1), looks(2), begun(&events)), (2, 1, 2), "{log:#?}");
    let (_, events, log) = taken_up(2, Via::Terminal, &[Says::RollsBack], &away);
    assert_eq!((count(&log, "run back"), begun(&events)), (4, 2), "{log:#?}");
    assert!(!events.iter().any(is_answer), "{events:#?}");
}

#[test]
fn while_a_block_that_was_left_behind_runs_an_answer_is_held_at_a_terminal_and_the_run_left_elsewhere() {
    for says in ALL.into_iter().filter(|says| *says != Says::Decides(Choice::Abort)) {
        let (stop, events, log) = taken_up_beside((9, Unfound::Runs), Via::Answers, &[says; 3]);
        assert!(matches!(stop, Stop::Parked(_, Question::InDoubt)), "{says:?} {stop:?}");
        assert_eq!((begun(&events), count(&log, "ask InDoubt")), (1, 1), "{says:?} {log:#?}");
        assert!(!events.iter().any(is_answer), "{says:?} {events:#?}");
    }
    let happened = Says::Decides(Choice::Happened);
    let (stop, events, log) = taken_up_beside((2, Unfound::Runs), Via::Terminal, &[happened; 3]);
    assert_eq!((stop, begun(&events)), (Stop::Done(Verdict::Passed), 1), "{log:#?}");
    assert_eq!(count(&log, "ask InDoubt"), 3, "{log:#?}");
    assert_eq!(events.iter().filter(|event| is_answer(event)).count(), 1, "{events:#?}");
    let (stop, ..) = taken_up_beside((9, Unfound::Runs), Via::Answers, &[Says::Decides(Choice::Abort)]);
    assert_eq!(stop, Stop::Done(Verdict::Aborted));
}

#[test]
fn beside_what_a_block_started_that_has_ended_an_answer_counts_when_somebody_gives_it_twice() {
    let beside = (99, Unfound::Away);
    for says in ALL.into_iter().filter(|says| *says != Says::Decides(Choice::Abort)) {
        let (stop, events, _) = taken_up_beside(beside, Via::Answers, &[says; 3]);
        assert!(matches!(stop, Stop::Parked(_, Question::InDoubt)), "{says:?} {stop:?}");
        assert!(!events.iter().any(is_answer), "{says:?} {events:#?}");
        let (_, events, log) = taken_up_beside(beside, Via::Terminal, &[says; 3]);
        let runs = says == Says::Decides(Choice::Run);
        assert_eq!((begun(&events), events.iter().any(is_answer)), (1, !runs), "{says:?} {log:#?}");
    }
    let happened = Says::Decides(Choice::Happened);
    let (stop, _, log) = taken_up_beside(beside, Via::Terminal, &[happened; 3]);
    assert_eq!((stop, count(&log, "ask InDoubt")), (Stop::Done(Verdict::Passed), 2), "{log:#?}");
}

#[test]
fn nothing_begins_beside_a_block_that_was_left_behind() {
    let fake = Fake::default();
    fake.left.set(9);
    let (stop, events) = driven("{ at_once: 1 }", 1, &fake, Vec::new(), nobody());
    assert!(matches!(stop, Stop::Parked(_, Question::Confirm)), "{stop:?}");
    assert_eq!(begun(&events), 0);
}

#[test]
fn what_was_answered_for_while_its_place_was_away_is_looked_for_before_anything_begins_there() {
    let happened = Says::Decides(Choice::Happened);
    // Looked for on coming back and at the first answer; the second one counts. Then its place answers.
    for (says, away) in [(happened, 3), (Says::RollsBack, 3), (Says::Decides(Choice::FindOut), 3)] {
        let unfound = [Unfound::Away; 3];
        let (stop, events, log) = taken_up(1, Via::Terminal, &[says; 2], &unfound[..away]);
        assert!(matches!(stop, Stop::Done(_)), "{says:?} {log:#?}");
        let begins = |event: &Event| match event {
            Event::ActionStarted(started) | Event::RollbackStarted(started) => started.place.is_some(),
            _ => false,
        };
        let ends =
            |event: &Event| matches!(event, Event::ActionFinished(finished) if finished.action == "deploy#1");
        let end = events.iter().position(ends).expect("it is recorded");
        let next = events.iter().rposition(begins).expect("something begins there");
        assert!(end < next, "{says:?} {events:#?}");
        assert_eq!((begun(&events), count(&log, "run back")), (1, 4), "{says:?} {log:#?}");
    }
}

#[test]
fn nothing_begins_where_what_was_answered_for_still_runs_or_cannot_be_asked() {
    let says = [Says::Decides(Choice::Happened); 2];
    let runs = [Unfound::Away, Unfound::Away, Unfound::Away, Unfound::Runs];
    let (stop, events, log) = taken_up(1, Via::Terminal, &says, &runs);
    assert!(matches!(stop, Stop::Parked(_, Question::Confirm)), "{stop:?} {log:#?}");
    assert_eq!(starts(&events).len(), 1, "{log:#?}");
    let (_, events, log) = taken_up(1, Via::Terminal, &says, &[Unfound::Away; 4]);
    // It is as if nobody had been reached for the check.
    assert_eq!((count(&log, "end ssh://web-01 failed"), count(&log, "run ssh")), (1, 0), "{log:#?}");
    assert_eq!(starts(&events).len(), 2, "{log:#?}");
}

#[test]
fn to_abort_waits_for_no_place_and_the_place_keeps_what_has_no_end_on_record() {
    for unfound in [Unfound::Away, Unfound::Runs] {
        let (stop, events, log) = taken_up(1, Via::Answers, &[Says::Decides(Choice::Abort)], &[unfound; 2]);
        assert_eq!(stop, Stop::Done(Verdict::Aborted), "{log:#?}");
        assert_eq!((count(&log, "run back"), begun(&events)), (1, 1), "{log:#?}");
        assert!(log.contains(&"clean 0 keep 1".to_owned()), "{log:#?}");
    }
}
