//! What a summary reads off a record.

#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use holdpoint_engine::*;
use holdpoint_model::{Span, Work};
use holdpoint_report::{FrameKind, ReportError, RollbackState, Status, Stream, Summary, Summing, What};

const PROMOTE: &str = include_str!("common/promote.md");

/// Summed up whole; and for an overview, which must say the same of whatever is in both.
fn summary(tape: &Tape) -> Summary {
    let mut summing = Summing::begin(&tape.plan, &tape.events[0], None).unwrap().overview();
    tape.events[1..].iter().for_each(|stamped| summing.event(stamped.clone()));
    let (whole, overview) = (tape.with(None, |m| holdpoint_report::summarise(m).unwrap()), summing.end());
    assert_eq!(facts(&overview), facts(&whole));
    whole
}

/// Without what happened in detail.
fn facts(summary: &Summary) -> Summary {
    let mut facts = summary.clone();
    facts.values.retain(|value| value.recorded);
    for step in &mut facts.steps {
        step.history.clear();
        let actions = step.actions.iter_mut().chain(&mut step.rollback_blocks);
        actions.for_each(|action| action.history.clear());
    }
    facts
}

fn action(summary: &Summary, id: &str) -> Status {
    let mut all = summary.steps.iter().flat_map(|step| step.actions.iter().chain(&step.rollback_blocks));
    all.find(|action| action.id == id).unwrap().status
}

fn step(summary: &Summary, id: &str) -> Status {
    summary.steps.iter().find(|step| step.id == id).unwrap().status
}

/// What is done to the tape, then what must have become of which action.
type Case = (&'static str, fn(&mut Tape), &'static str, Status);

#[test]
fn an_action_is_what_last_became_of_it() {
    let cases: &[Case] = &[
        ("nothing happened", |_| {}, "deploy#1", Status::NotReached),
        ("it passed", |t| ignore(t.ran("deploy#1", 1, passed(""))), "deploy#1", Status::Passed),
        ("it failed", |t| ignore(t.ran("deploy#1", 1, failed(1, ""))), "deploy#1", Status::Failed),
        (
            "it was interrupted",
            |t| ignore(t.ran("deploy#1", 1, End { outcome: Outcome::Interrupted, ..failed(1, "") })),
            "deploy#1",
            Status::Interrupted,
        ),
        (
            "it failed, then passed",
            |t| ignore(t.ran("deploy#1", 1, failed(1, "")).ran("deploy#1", 2, passed(""))),
            "deploy#1",
            Status::Passed,
        ),
        (
            "it failed, then was skipped with the rest of the step",
            |t| {
                t.ran("deploy#1", 1, failed(1, ""));
                t.deviated(DeviationKind::Skipped, "deploy", None, "known");
            },
            "deploy#1",
            Status::Skipped,
        ),
        (
            "it passed before the rest of the step was skipped",
            |t| {
                t.ran("deploy#1", 1, passed(""));
                t.deviated(DeviationKind::Skipped, "deploy", None, "known");
            },
            "deploy#1",
            Status::Passed,
        ),
        ("its end is not recorded", |t| ignore(t.started("deploy#1", 1, None)), "deploy#1", Status::InDoubt),
        (
            "in doubt, and it did not happen",
            |t| ignore(t.started("deploy#1", 1, None).decided("deploy#1", Choice::Run, None)),
            "deploy#1",
            Status::NotReached,
        ),
        (
            "in doubt, and it happened",
            |t| ignore(t.started("deploy#1", 1, None).decided("deploy#1", Choice::Happened, None)),
            "deploy#1",
            Status::TakenAsDone,
        ),
        (
            "a value out of its limits",
            |t| ignore(t.recorded("release-approval#1", "error_rate", "9", false)),
            "release-approval#1",
            Status::Failed,
        ),
        (
            "a value within its limits",
            |t| ignore(t.recorded("release-approval#1", "error_rate", "0", true)),
            "release-approval#1",
            Status::Recorded,
        ),
        (
            "a release asked for",
            |t| ignore(t.requested("release-approval#2")),
            "release-approval#2",
            Status::Waiting,
        ),
        (
            "a release given",
            |t| ignore(t.requested("release-approval#2").signed("release-approval#2")),
            "release-approval#2",
            Status::Signed,
        ),
        (
            "a release that lapsed and is asked for again",
            |t| {
                t.requested("release-approval#2")
                    .signed("release-approval#2")
                    .requested("release-approval#2");
            },
            "release-approval#2",
            Status::Waiting,
        ),
        (
            "done, then the run went back to a step before it",
            |t| {
                t.ran("deploy#1", 1, passed(""));
                t.deviated(DeviationKind::OutOfOrder, "prepare", None, "wrong tag");
            },
            "deploy#1",
            Status::NotReached,
        ),
        (
            "done, then another step was repeated",
            |t| {
                t.ran("deploy#1", 1, passed(""));
                t.deviated(DeviationKind::Repeated, "prepare", None, "wrong tag");
            },
            "deploy#1",
            Status::Passed,
        ),
        ("a rollback block nobody asked for", |_| {}, "deploy#rollback-1", Status::NotUsed),
    ];
    for (name, happen, id, status) in cases {
        let mut tape = Tape::open(PROMOTE, |_| {});
        happen(&mut tape);
        assert_eq!(action(&summary(&tape), id), *status, "{name}");
    }
}

/// Ends a chain of calls in a closure that gives nothing.
fn ignore(_: &mut Tape) {}

#[test]
fn a_sign_off_by_two_takes_two_different_people() {
    let mut tape = Tape::open(PROMOTE, |_| {});
    if let Work::SignOff(signoff) = &mut tape.plan.steps[3].actions[1].work {
        signoff.count = 2;
    }
    tape.requested("release-approval#2").signed("release-approval#2").signed("release-approval#2");
    assert_eq!(action(&summary(&tape), "release-approval#2"), Status::Waiting);
    tape.signed("release-approval#2");
    if let Some(Event::SignOffGiven(given)) = tape.events.last_mut().map(|stamped| &mut stamped.event) {
        given.by = by("petra");
    }
    assert_eq!(action(&summary(&tape), "release-approval#2"), Status::Signed);
}

#[test]
fn a_step_is_the_worst_of_its_actions_and_never_more_than_done() {
    let mut tape = Tape::open(PROMOTE, |_| {});
    tape.ran("deploy#1", 1, passed(""));
    assert_eq!(step(&summary(&tape), "deploy"), Status::Unfinished);
    tape.ran("deploy#2", 1, failed(1, ""));
    assert_eq!(step(&summary(&tape), "deploy"), Status::Failed);
    tape.deviated(DeviationKind::Skipped, "deploy", Some("deploy#2"), "flaky");
    assert_eq!(step(&summary(&tape), "deploy"), Status::PassedWithDeviations);
}

#[test]
fn a_rollback_that_did_not_end_well_is_never_rolled_back() {
    let opened = || {
        let mut tape = Tape::open(PROMOTE, |_| {});
        tape.ran("deploy#1", 1, passed(""));
        let steps = vec!["deploy".to_owned()];
        tape.push(Event::RollbackOpened {
            places: Vec::new(),
            steps,
            without: Vec::new(),
            reason: None,
            by: None,
        });
        tape
    };
    type Case = (fn(&mut Tape), RollbackState, Status);
    let cases: [Case; 4] = [
        (|_| {}, RollbackState::Unfinished, Status::RollbackFailed),
        (|t| ignore(t.started("deploy#rollback-1", 1, None)), RollbackState::InDoubt, Status::RollbackFailed),
        (
            |t| ignore(t.ran("deploy#rollback-1", 1, failed(1, ""))),
            RollbackState::Failed,
            Status::RollbackFailed,
        ),
        (|t| ignore(t.ran("deploy#rollback-1", 1, passed(""))), RollbackState::Done, Status::RolledBack),
    ];
    for (happen, state, status) in cases {
        let mut tape = opened();
        happen(&mut tape);
        let summary = summary(&tape);
        assert_eq!((summary.steps[1].rollback, summary.steps[1].status), (Some(state), status));
    }
}

#[test]
fn earlier_rounds_stay_visible_as_history() {
    let mut tape = Tape::open(PROMOTE, |_| {});
    tape.ran("deploy#1", 1, failed(1, "first time\n"));
    tape.deviated(DeviationKind::OutOfOrder, "prepare", None, "start over").ran("deploy#1", 2, passed(""));
    let summary = summary(&tape);
    let history = &summary.steps[1].actions[0].history;
    assert_eq!(history.iter().map(|h| h.superseded).collect::<Vec<_>>(), [true, false]);
    assert_eq!(
        (summary.steps[1].rounds, summary.steps[0].rounds, summary.steps[1].actions[0].attempts),
        (2, 1, 1)
    );
    assert!(tape.markdown().contains("> first time"));
}

#[test]
fn a_probe_does_not_decide_what_became_of_its_check() {
    let mut tape = Tape::open(PROMOTE, |_| {});
    let mut probe = tape.starting("deploy#2", 1, None);
    probe.probe = true;
    tape.push(Event::ActionStarted(probe));
    let mut probed = tape.finishing("deploy#2", 1, passed(""));
    probed.probe = true;
    tape.push(Event::ActionFinished(Box::new(probed)));
    let summary = summary(&tape);
    assert_eq!((action(&summary, "deploy#2"), summary.misfits.len()), (Status::NotReached, 0));
    assert!(matches!(&summary.steps[1].actions[1].history[0].what, What::Attempt(attempt) if attempt.probe));
    assert!(tape.markdown().contains("**PROBE PASSED**"));
}

#[test]
fn an_event_without_a_place_is_told_loudly() {
    let mut tape = Tape::open(PROMOTE, |_| {});
    tape.confirmed("nowhere#1").finished("deploy#1", 1, passed(""));
    assert_eq!(summary(&tape).misfits.iter().map(|misfit| misfit.n).collect::<Vec<_>>(), [1, 2]);
    assert!(tape.markdown().contains("**This record does not conform: 2 of its events"));
}

#[test]
fn who_operates_is_who_drove_at_that_time() {
    let mut tape = Tape::open(PROMOTE, |_| {});
    tape.ran("deploy#1", 1, passed("")).push(Event::SessionOpened(session("quinn")));
    tape.ran("deploy#2", 1, passed(""));
    let summary = summary(&tape);
    let who: Vec<_> = summary.steps[1].actions.iter().map(|action| action.who.join(",")).collect();
    assert_eq!(who, ["olga@example.org", "quinn@example.org"]);
    assert_eq!(summary.name_of("quinn@example.org"), "Quinn Q. Approver");
}

#[test]
fn what_does_not_belong_together_is_refused() {
    let tape = Tape::open(PROMOTE, |_| {});
    let mut other = Tape::open(PROMOTE, |_| {});
    other.source.push('x');
    assert!(matches!(other.with(None, holdpoint_report::markdown), Err(ReportError::OtherDocument { .. })));
    let mut headless = Tape::open(PROMOTE, |_| {});
    headless.events.clear();
    assert!(matches!(headless.with(None, holdpoint_report::json), Err(ReportError::NotOpened)));
    let mut outside = tape;
    outside.plan.steps[0].actions[0].span = Span::new(10, 1_000_000);
    assert!(matches!(outside.with(None, holdpoint_report::markdown), Err(ReportError::SpanOutside { .. })));
}

#[test]
fn bytes_that_are_missing_or_altered_are_said_to_be_and_never_shown() {
    let mut tape = Tape::open(PROMOTE, |_| {});
    tape.ran("deploy#1", 1, passed("genuine\n"));
    let digest = sha256(b"genuine\n");
    tape.blobs.insert(digest.clone(), b"forged!\n".to_vec());
    let copy = tape.markdown();
    assert!(copy.contains("Standard output: **ALTERED") && !copy.contains("forged"), "{copy}");
    tape.blobs.remove(&digest);
    assert!(tape.markdown().contains("Standard output: **MISSING"));
}

#[test]
fn the_mark_is_one_the_document_does_not_hold() {
    let source = "# T\n\n## S\n\n> **PASSED** · ⟦42·D9E0FG⟧\n\n- [ ] item\n";
    let mut tape = Tape::open(source, |_| {});
    tape.confirmed("s#1");
    let copy = tape.markdown();
    assert!(
        copy.contains("> **CONFIRMED** · 2026-11-23 14:00:02 +01:00 · Olga Operator · ⟦42·8D9E0FG⟧"),
        "{copy}"
    );
}

#[test]
fn a_box_shows_this_run_whatever_the_document_was_written_with() {
    let mut tape = Tape::open("# T\n\n## S\n\n- [x] ticked before\n- [ ] not yet\n", |_| {});
    tape.confirmed("s#2");
    let copy = tape.markdown();
    assert!(copy.contains("- [ ] ticked before") && copy.contains("- [x] not yet"), "{copy}");
}

#[test]
fn front_matter_and_windows_line_ends_survive() {
    let source = "---\r\nrunbook: 1\r\n---\r\n# T\r\n\r\n## S\r\n\r\n- [ ] item\r\n";
    let mut tape = Tape::open("# T\n", |_| {});
    tape.source = source.to_owned();
    tape.plan = plan(source);
    let blob = tape.blob(source);
    if let Event::RunOpened(opened) = &mut tape.events[0].event {
        opened.runbook.blob = blob;
    }
    let copy = tape.markdown();
    assert!(copy.contains("```yaml\n---\nrunbook: 1\n---\n```"), "{copy}");
    assert!(copy.contains("- [ ] item\r\n  > **NOT REACHED**"), "{copy}");
}

#[test]
fn frames_show_a_block_as_it_was_seen() {
    let mut tape = Tape::open(PROMOTE, |_| {});
    tape.ran("deploy#1", 1, End { stderr: b"careful\n".to_vec(), ..passed("done\n") })
        .closed(Verdict::Passed);
    let frames = tape.with(None, holdpoint_report::timeline);
    let output: Vec<_> = frames
        .iter()
        .filter_map(|frame| match &frame.kind {
            FrameKind::Output { stream, piece } => {
                let bytes = piece.read(tape.fetch(piece.blob())).unwrap();
                Some((frame.at.as_millis(), *stream, bytes))
            }
            _ => None,
        })
        .collect();
    assert_eq!(
        output,
        [(3500, Stream::Stdout, b"done\n".to_vec()), (4000, Stream::Stderr, b"careful\n".to_vec())]
    );
    let kinds: Vec<String> = frames
        .iter()
        .map(|frame| format!("{:?}", frame.kind).split([' ', '(']).next().unwrap().to_owned())
        .collect();
    assert_eq!(
        kinds,
        ["Session", "StepHead", "Command", "Output", "Output", "Ended", "Expectation", "Closed"]
    );
}

#[test]
fn a_release_that_lapsed_is_asked_for_again_and_told_in_every_form() {
    let mut tape = Tape::open(PROMOTE, |_| {});
    let (step, action) = ("release-approval".to_owned(), "release-approval#2".to_owned());
    tape.requested(&action).signed(&action).wait(5 * 3600);
    let reason = "given at 2026-11-23 08:00:00Z, good for 4h".to_owned();
    tape.push(Event::SignOffLapsed { step, action: action.clone(), reason: reason.clone() });
    assert_eq!(self::action(&summary(&tape), &action), Status::Waiting);
    let copy = tape.with(None, |m| holdpoint_report::markdown(m).unwrap());
    assert!(copy.contains(&format!("**LAPSED** · {reason} · ")), "{copy}");
    assert!(copy.contains(&format!("| **lapsed**: {reason} |")), "{copy}");
    let json = tape.json();
    assert_eq!(json["sign_offs"][2]["what"], "lapsed");
    assert_eq!(json["sign_offs"][2]["reason"], reason);
    let frames = tape.with(None, holdpoint_report::timeline);
    assert!(frames.iter().any(|frame| frame.kind == FrameKind::SignOffLapsed { reason: reason.clone() }));
    tape.requested(&action).signed(&action);
    assert_eq!(self::action(&summary(&tape), &action), Status::Signed);
}
