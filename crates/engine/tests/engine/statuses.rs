//! What became of every action and step, held against what the engine asks next and against the list of events.

use holdpoint_engine::*;
use holdpoint_model::*;

use crate::build::*;
use crate::oracle;
use crate::story::*;

/// Whether what is told of every task agrees with what comes next, and with the events alone.
pub(crate) fn agree(plan: &Plan, run: &Run, events: &[Event]) {
    let next = run.next(plan);
    let mut done = 0;
    for (index, step) in plan.steps.iter().enumerate() {
        for (at, action) in step.actions.iter().enumerate() {
            let task = Task::action(index, at);
            let status = run.status(plan, task);
            done += usize::from(status.is_done() || status == Status::RolledBack);
            if let Work::SignOff(sign_off) = &action.work {
                let signed = oracle::signers(plan, events, index, &action.id);
                let overtaken = run.is_lapsing(task);
                let enough = signed.len() >= sign_off.count as usize && !overtaken;
                let told = matches!(status, Status::Signed);
                assert_eq!(told, enough && status != Status::NotApplicable, "{status:?} after {events:#?}");
                for who in [QA, LEAD] {
                    assert_eq!(run.counts(task, who), signed.contains(who) && !overtaken, "{who}");
                }
            }
            assert_ne!(status, Status::Unknown);
            assert_ne!(status.seen(false), Status::Running);
        }
        let whole = run.step_status(plan, index);
        let settled = (0..step.actions.len()).all(|at| run.status(plan, Task::action(index, at)).is_done());
        if settled && !run.is_rolling_back() {
            assert!(whole.is_done(), "{whole:?} after {events:#?}");
        }
        if whole == Status::Passed || whole == Status::Signed {
            assert!(settled, "{whole:?} after {events:#?}");
        }
    }
    if run.is_rolling_back() {
        let state = |step| run.rollback_state(plan, step);
        let undone = (0..plan.steps.len()).filter(|step| state(*step) == Some(RollbackState::Done)).count();
        assert!(run.verdict(plan) != Some(Verdict::RolledBack) || undone > 0, "after {events:#?}");
        return;
    }
    let lapsing = plan
        .steps
        .iter()
        .enumerate()
        .flat_map(|(index, step)| (0..step.actions.len()).map(move |at| Task::action(index, at)));
    let lapsing = lapsing.filter(|task| run.is_lapsing(*task) && run.status(plan, *task) == Status::Waiting);
    // What lapses next is settled still, and does not count any more.
    let (settled, _) = run.progress();
    assert!(done <= settled && settled <= done + lapsing.count(), "after {events:#?}");
    match next {
        Next::Await(execution) if !execution.probe => {
            assert_eq!(run.status(plan, execution.task), Status::Running);
        }
        Next::Ask(task, Question::InDoubt) => assert_eq!(run.status(plan, task), Status::InDoubt),
        Next::Lapse { task, .. } => {
            // It may have been begun again, passed over or rejected in the meantime; it is not signed in any case.
            assert_ne!(run.status(plan, task), Status::Signed);
        }
        Next::Ask(task, _) | Next::PassOver { task, .. } => assert!(!run.status(plan, task).is_done()),
        Next::Execute(execution) => assert!(!run.status(plan, execution.task).is_done()),
        Next::Done(Verdict::Passed | Verdict::NothingDone) => {
            assert_eq!((run.stands_at(plan), done), (None, run.progress().1));
        }
        _ => {}
    }
}

fn status(story: &Story, step: usize, action: usize) -> Status {
    story.run.status(&story.plan, Task::action(step, action))
}

#[test]
fn a_sign_off_that_somebody_rejected_after_another_gave_it_does_not_count_beside_a_second_one() {
    let mut story = Story::of(plan([step("a").sign_off("qa").signed_off(|s| s.count = 2)]));
    story.sign(QA);
    assert_eq!(status(&story, 0, 0), Status::Waiting);
    let by = by(QA);
    let (step, action, reason) = ("a".to_owned(), "a#1".to_owned(), "I misread it".to_owned());
    story.tell(Event::SignOffRejected { step, action, reason, signed: None, presence: presence(), by });
    assert_eq!(status(&story, 0, 0), Status::Rejected);
    assert!(!story.run.counts(Task::action(0, 0), QA));
    story.lapse();
    story.sign(LEAD);
    assert_eq!((status(&story, 0, 0), story.at().as_str()), (Status::Waiting, "ask a#1 SignOff"));
    story.sign(QA);
    assert_eq!(status(&story, 0, 0), Status::Signed);
}

#[test]
fn a_block_that_failed_is_told_as_failed_until_it_is_started_again() {
    let mut story = Story::of(plan([step("a").run()]));
    story.execute(Outcome::TimedOut);
    assert_eq!(status(&story, 0, 0), Status::TimedOut);
    story.decide(Choice::Retry);
    assert_eq!(status(&story, 0, 0), Status::TimedOut);
    story.start();
    assert_eq!(status(&story, 0, 0), Status::Running);
    story.crash();
    assert_eq!(status(&story, 0, 0), Status::InDoubt);
    story.decide(Choice::Happened);
    assert_eq!(status(&story, 0, 0), Status::TakenAsDone);
}

#[test]
fn what_was_begun_and_has_no_end_runs_where_its_driver_is_at_it_and_is_in_doubt_where_nobody_is() {
    let mut story = Story::of(plan([step("a").run().rollback(), step("b").confirm()]));
    story.start();
    let seen = |story: &Story, driven| {
        (status(story, 0, 0).seen(driven), story.run.step_status(&story.plan, 0).seen(driven))
    };
    assert_eq!(seen(&story, true), (Status::Running, Status::Running));
    assert_eq!(seen(&story, false), (Status::InDoubt, Status::InDoubt));
    story.finish(Outcome::Passed);
    assert_eq!(seen(&story, true), seen(&story, false), "what has ended is told alike");
    story.roll_back();
    story.start();
    let state = story.run.rollback_state(&story.plan, 0).unwrap();
    assert_eq!(seen(&story, true).1, Status::RollbackRunning);
    assert_eq!(seen(&story, false).1, Status::RollbackInDoubt);
    assert_eq!((state.seen(true), state.seen(false)), (RollbackState::Running, RollbackState::InDoubt));
    story.crash();
    assert_eq!(seen(&story, true).1, Status::RollbackInDoubt, "whoever drives it now has not begun it");
}

#[test]
fn what_was_done_before_the_run_went_back_is_to_be_done_again_and_what_never_was_is_not_reached() {
    let mut story = Story::of(plan([
        step("a").run().confirm(),
        step("b").record(&["RATE"]).run().with(|block| block.options.when = Some("false".into())),
        step("c").sign_off("qa"),
        step("d").confirm(),
    ]));
    story.pass();
    story.confirm();
    story.record("RATE", "1");
    story.pass_over();
    story.sign(QA);
    story.go_back("a");
    let steps = |story: &Story| {
        let seen = story.run.seen_by(&story.plan, false);
        [0, 1, 2, 3].map(|step| seen.step_status(step))
    };
    let (again, not_reached) = (Status::ToBeDoneAgain, Status::NotReached);
    assert_eq!(steps(&story), [again, again, again, not_reached]);
    assert_eq!([(0, 0), (0, 1), (1, 0)].map(|(step, action)| status(&story, step, action)), [again; 3]);
    assert_eq!(status(&story, 1, 1), not_reached, "it was not for this run");
    assert_eq!(story.run.tally(), Tally { done: 0, skipped: 0, passed_over: 0, again: 4, all: 6 });
    assert_eq!([0, 3].map(|step| story.run.times_begun(step)), [1, 1]);
    story.start();
    assert_eq!((status(&story, 0, 0), story.run.times_begun(0)), (Status::Running, 2));
    story.finish(Outcome::Passed);
    assert_eq!(steps(&story), [Status::Waiting, again, again, not_reached]);
    story.decide(Choice::Abort);
    story.close(Verdict::Aborted);
    assert_eq!(steps(&story), [Status::Unfinished, again, again, not_reached]);
}

#[test]
fn a_step_of_which_no_rollback_block_was_for_this_run_is_not_told_as_rolled_back() {
    let never = |block: &mut Block| block.options.when = Some("false".to_owned());
    let mut story = Story::of(plan([
        step("a").run().rollback_with(never),
        step("b").run().rollback(),
        step("c").run(),
        step("d").confirm(),
    ]));
    story.pass();
    story.pass();
    story.pass();
    story.roll_back();
    let state = |story: &Story, step| story.run.rollback_state(&story.plan, step);
    assert_eq!(state(&story, 1), Some(RollbackState::Unfinished));
    story.pass();
    story.pass_over();
    let states = [0, 1, 2, 3].map(|step| state(&story, step));
    let (undone, not, unable) = (RollbackState::Done, RollbackState::Unfinished, RollbackState::Impossible);
    assert_eq!(states, [Some(not), Some(undone), Some(unable), None]);
    assert_eq!(story.run.step_status(&story.plan, 0), Status::RollbackUnfinished);
    assert_eq!((status(&story, 1, 0), status(&story, 2, 0)), (Status::RolledBack, Status::Passed));
}

#[test]
fn a_step_whose_rollback_was_skipped_is_told_apart_from_one_undone_and_from_one_whose_rollback_failed() {
    let steps =
        [step("a").run().rollback(), step("b").run().rollback(), step("c").run(), step("d").confirm()];
    let mut story = Story::of(plan(steps));
    (0..3).for_each(|_| story.pass());
    let not = |story: &Story| story.run.not_undone(&story.plan);
    assert_eq!(not(&story), [0, 1, 2].map(|step| (step, NotUndone::NotAsked)));
    story.roll_back();
    story.fail();
    let state = |story: &Story, step| story.run.rollback_state(&story.plan, step);
    assert_eq!(state(&story, 1), Some(RollbackState::Failed));
    assert_eq!(story.run.step_status(&story.plan, 1), Status::RollbackFailed);
    story.skip();
    story.pass();
    let states = [0, 1, 2, 3].map(|step| state(&story, step));
    let (undone, skipped, unable) = (RollbackState::Done, RollbackState::Skipped, RollbackState::Impossible);
    assert_eq!(states, [Some(undone), Some(skipped), Some(unable), None]);
    assert_eq!(story.run.step_status(&story.plan, 1), Status::RollbackSkipped);
    assert_eq!(not(&story), [(1, NotUndone::Rollback(skipped)), (2, NotUndone::Rollback(unable))]);
    assert_eq!(story.at(), "done Failed");
}

#[test]
fn what_only_ever_failed_before_the_run_went_back_is_not_told_as_done_then() {
    let mut story = Story::of(plan([step("a").run().run().run(), step("b").record(&["RATE"])]));
    story.pass();
    story.execute(Outcome::Failed);
    story.go_back("a");
    let told = |story: &Story| {
        let words = [0, 1, 2].map(|action| status(story, 0, action).words());
        (words, story.run.step_status(&story.plan, 0).words())
    };
    let (again, failed, never) = ("TO BE DONE AGAIN", "FAILED, TO BE DONE AGAIN", "NOT REACHED");
    assert_eq!(told(&story), ([again, failed, never], again));
    assert_eq!(story.run.tally().again, 2);
    // What failed this time was done before all the same.
    story.execute(Outcome::TimedOut);
    story.go_back("a");
    assert_eq!(told(&story), ([again, failed, never], again));
    story.pass();
    story.pass();
    story.go_back("a");
    assert_eq!(told(&story), ([again, again, never], again));
    // Nothing of the step but what failed.
    let mut story = Story::of(plan([step("a").run(), step("b").confirm()]));
    story.execute(Outcome::TimedOut);
    story.go_back("a");
    assert_eq!(story.run.step_status(&story.plan, 0).words(), failed);
}

#[test]
fn a_step_that_is_undone_after_the_run_went_back_and_its_actions_tell_one_story() {
    let step_of = |name: &str| step(name).run().check().confirm().rollback();
    let mut story = Story::of(plan([step_of("a"), step("b").confirm()]));
    story.pass();
    story.pass();
    story.confirm();
    story.go_back("a");
    story.roll_back();
    let told = |story: &Story| {
        let actions = [0, 1, 2].map(|action| status(story, 0, action).words());
        (actions, story.run.step_status(&story.plan, 0).words(), story.run.tally().again)
    };
    assert_eq!(told(&story), (["PASSED", "PASSED", "CONFIRMED"], "ROLLBACK NOT FINISHED", 0));
    story.execute(Outcome::Failed);
    assert_eq!(told(&story), (["PASSED", "PASSED", "CONFIRMED"], "ROLLBACK FAILED", 0));
    story.decide(Choice::Retry);
    story.pass();
    assert_eq!(told(&story), (["ROLLED BACK", "PASSED", "CONFIRMED"], "ROLLED BACK", 0));
}
