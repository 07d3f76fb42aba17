//! What a summary reads off a record.

#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use holdpoint_engine::*;
use holdpoint_model::{Span, Work};
use holdpoint_report::{FrameKind, ReportError, Stream};
use holdpoint_view::{Summary, Summing, What};

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
            Status::LeftAfterFailure,
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
            "a sign-off asked for",
            |t| ignore(t.requested("release-approval#2")),
            "release-approval#2",
            Status::Waiting,
        ),
        (
            "a sign-off given",
            |t| ignore(t.requested("release-approval#2").signed("release-approval#2")),
            "release-approval#2",
            Status::Signed,
        ),
        (
            "a sign-off that lapsed and is asked for again",
            |t| {
                t.requested("release-approval#2").signed("release-approval#2");
                t.noted("the error rate was misread", None, Some(1)).requested("release-approval#2");
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
            Status::ToBeDoneAgain,
        ),
        (
            "failed, then the run went back to a step before it",
            |t| {
                t.ran("deploy#1", 1, failed(1, ""));
                t.deviated(DeviationKind::OutOfOrder, "prepare", None, "wrong tag");
            },
            "deploy#1",
            Status::FailedBefore,
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

#[test]
fn a_sign_off_by_two_takes_two_different_people() {
    let mut tape = by_two();
    if let Work::SignOff(signoff) = &mut tape.plan.steps[3].actions[1].work {
        signoff.count = 2;
    }
    tape.requested("release-approval#2").signed("release-approval#2");
    tape.offer(Event::SignOffGiven(Tape::signing("release-approval#2", "quinn", "Quinn Q. Approver")));
    assert_eq!(action(&summary(&tape), "release-approval#2"), Status::Waiting);
    tape.signed_by("release-approval#2", "petra", "Petra");
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
    assert_eq!(step(&summary(&tape), "deploy"), Status::LeftAfterFailure);
}

#[test]
fn a_rollback_that_did_not_end_well_is_never_rolled_back() {
    let opened = || {
        let mut tape = Tape::open(PROMOTE, |_| {});
        tape.ran("deploy#1", 1, passed(""));
        tape.rolling_back("olga", "it does not work");
        tape
    };
    type Case = (fn(&mut Tape), RollbackState, Status);
    let cases: [Case; 5] = [
        (|_| {}, RollbackState::Unfinished, Status::RollbackUnfinished),
        (
            |t| ignore(t.started("deploy#rollback-1", 1, None)),
            RollbackState::InDoubt,
            Status::RollbackInDoubt,
        ),
        (
            |t| ignore(t.ran("deploy#rollback-1", 1, failed(1, ""))),
            RollbackState::Failed,
            Status::RollbackFailed,
        ),
        (
            |t| ignore(t.deviated(DeviationKind::Skipped, "deploy", Some("deploy#rollback-1"), "by hand")),
            RollbackState::Skipped,
            Status::RollbackSkipped,
        ),
        (|t| ignore(t.ran("deploy#rollback-1", 1, passed(""))), RollbackState::Done, Status::RolledBack),
    ];
    for (happen, state, status) in cases {
        let mut tape = opened();
        happen(&mut tape);
        let summary = summary(&tape);
        assert_eq!((summary.steps[1].rollback, summary.steps[1].status), (Some(state), status));
        let told = &summary.rollbacks[0].outcomes;
        assert_eq!((told[0].step.as_str(), told[0].state), ("deploy", state));
        let markdown = tape.markdown();
        let row = markdown.lines().find(|line| line.contains("it does not work")).unwrap();
        assert!(row.contains(state.words()), "{row}");
        assert_eq!(row.contains("**"), state != RollbackState::Done, "{row}");
    }
}

#[test]
fn what_runs_while_it_is_driven_is_told_as_running_everywhere_and_as_in_doubt_when_nobody_drives() {
    let mut tape = Tape::open(PROMOTE, |_| {});
    tape.started("deploy#1", 1, None);
    let told = |driven: bool| {
        let read = |m: &holdpoint_report::Material<'_>| {
            let summary = holdpoint_report::summarise(m).unwrap();
            let markdown = holdpoint_report::markdown(m).unwrap();
            (summary, markdown, holdpoint_report::junit(m).unwrap())
        };
        if driven { tape.driven(read) } else { tape.with(None, read) }
    };
    let (summary, markdown, junit) = told(true);
    assert_eq!((action(&summary, "deploy#1"), step(&summary, "deploy")), (Status::Running, Status::Running));
    assert_eq!(summary.running[0].action, "deploy#1");
    assert_eq!(summary.running[0].since, summary.steps[1].started.unwrap());
    assert!(markdown.contains("**RUNNING**") && markdown.contains("**running** since"), "{markdown}");
    assert!(!markdown.contains("IN DOUBT") && junit.contains("running"), "{markdown}\n{junit}");
    let (summary, markdown, junit) = told(false);
    assert_eq!((action(&summary, "deploy#1"), step(&summary, "deploy")), (Status::InDoubt, Status::InDoubt));
    assert!(summary.running.is_empty() && summary.driver.is_none());
    assert!(markdown.contains("**IN DOUBT**") && !markdown.to_lowercase().contains("running"), "{markdown}");
    assert!(junit.contains("in doubt"), "{junit}");
}

#[test]
fn whoever_took_the_lock_after_the_last_session_began_does_not_drive() {
    let mut tape = Tape::open(PROMOTE, |_| {});
    tape.started("deploy#1", 1, None);
    let since = tape.events.last().unwrap().at;
    let held = Some(holdpoint_view::HeldBy { pid: 1, host: "h".to_owned(), since, visitor: None });
    let summary = tape.with(None, |m| {
        let m = holdpoint_report::Material { held, ..m.clone() };
        holdpoint_report::summarise(&m).unwrap()
    });
    assert!(!summary.driver.as_ref().unwrap().drives);
    assert_eq!(action(&summary, "deploy#1"), Status::InDoubt);
}

#[test]
fn a_rollback_that_runs_is_told_as_running_while_it_is_driven() {
    let mut tape = Tape::open(PROMOTE, |_| {});
    tape.ran("deploy#1", 1, passed("")).rolling_back("olga", "it does not work");
    tape.started("deploy#rollback-1", 1, None);
    let (summary, markdown) =
        tape.driven(|m| (holdpoint_report::summarise(m).unwrap(), holdpoint_report::markdown(m).unwrap()));
    assert_eq!(
        (summary.steps[1].rollback, summary.steps[1].status),
        (Some(RollbackState::Running), Status::RollbackRunning)
    );
    assert_eq!(summary.rollbacks[0].outcomes[0].state, RollbackState::Running);
    assert!(markdown.contains("**ROLLBACK RUNNING**") && markdown.contains("being undone now"), "{markdown}");
    assert!(!markdown.to_lowercase().contains("in doubt"), "{markdown}");
}

#[test]
fn a_step_that_the_document_cannot_undo_is_told_as_such() {
    let mut tape = Tape::open(PROMOTE, |_| {});
    tape.ran("migrate#1", 1, passed("")).rolling_back("olga", "it does not work");
    tape.ran("deploy#rollback-1", 1, passed(""));
    let summary = summary(&tape);
    assert_eq!(
        (summary.steps[2].rollback, step(&summary, "migrate")),
        (Some(RollbackState::Impossible), Status::Passed)
    );
    assert_eq!(
        (action(&summary, "deploy#1"), action(&summary, "deploy#2")),
        (Status::RolledBack, Status::Passed)
    );
    assert!(tape.markdown().contains("**NOT ROLLED BACK**: the document has no rollback for this step."));
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
        (2, 2, 1)
    );
    assert!(tape.markdown().contains("> first time"));
}

#[test]
fn a_probe_does_not_decide_what_became_of_its_check() {
    let mut tape = Tape::open(PROMOTE, |_| {});
    tape.started("deploy#1", 1, None).decided("deploy#1", Choice::FindOut, None);
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
fn an_event_that_the_engine_did_not_ask_for_is_told_loudly_and_so_is_what_follows_it() {
    let mut tape = Tape::open(PROMOTE, |_| {});
    tape.forging().confirmed("nowhere#1").finished("deploy#1", 1, passed(""));
    assert_eq!(summary(&tape).misfits.iter().map(|misfit| misfit.n).collect::<Vec<_>>(), [1, 2]);
    assert!(tape.markdown().contains("**This record does not conform from event 1 on.**"));
}

#[test]
fn nothing_is_signed_or_passed_by_events_that_the_engine_did_not_ask_for() {
    let mut tape = Tape::open(PROMOTE, |_| {});
    tape.ran("deploy#1", 1, passed("")).forging();
    let first = tape.events.len();
    for action in ["deploy#2", "migrate#1"] {
        tape.finished(action, 1, passed(""));
    }
    tape.recorded("release-approval#1", "error_rate", "0", true);
    tape.requested("release-approval#2").signed("release-approval#2").confirmed("clean-up#1");
    tape.closed(Verdict::Passed);
    let summary = summary(&tape);
    assert_eq!(summary.verdict_words(), "DOES NOT CONFORM");
    assert_eq!(summary.misfits.len(), tape.events.len() - first);
    assert_eq!((summary.run.closed.as_ref(), summary.waits.as_ref()), (None, None));
    assert_eq!((step(&summary, "prepare"), action(&summary, "deploy#1")), (Status::Passed, Status::Passed));
    for id in ["deploy#2", "migrate#1", "release-approval#1", "release-approval#2", "clean-up#1"] {
        assert_eq!(action(&summary, id), Status::Unknown, "{id}");
    }
    assert!(summary.sign_offs.is_empty() && summary.values.is_empty());
    let copy = tape.markdown();
    assert!(copy.contains("| Verdict | **DOES NOT CONFORM** |") && !copy.contains("SIGNED"), "{copy}");
    let junit = tape.with(Some("does not conform"), |m| holdpoint_report::junit(m).unwrap());
    let errors = junit.matches("<error message=\"unknown\"").count();
    assert!(errors == 6 && junit.contains("<error message=\"does not conform\""), "{junit}");
    let cast = tape.with(None, |m| holdpoint_report::cast(m).unwrap());
    assert!(!cast.contains("signed") && cast.contains("this event does not count"), "{cast}");
}

#[test]
fn a_run_that_goes_on_after_its_end_has_no_verdict() {
    let mut tape = Tape::open(PROMOTE, |_| {});
    tape.closed(Verdict::Passed);
    assert_eq!(summary(&tape).verdict(), Some(Verdict::Passed));
    tape.forging().noted("and one thing more", None, None);
    let told = summary(&tape);
    assert_eq!((told.verdict(), told.verdict_words().as_str()), (None, "DOES NOT CONFORM"));
    let junit = tape.with(None, |m| holdpoint_report::junit(m).unwrap());
    assert!(junit.contains("<error message=\"does not conform\""), "{junit}");
}

/// The promotion, with a hold point that takes two people.
fn by_two() -> Tape {
    let mut tape = Tape::open(PROMOTE, |opened| {
        opened.people.insert("petra@example.org".to_owned(), "Petra".to_owned());
        opened.roles.entry("qa".to_owned()).or_default().push("petra@example.org".to_owned());
    });
    let Work::SignOff(sign_off) = &mut tape.plan.steps[3].actions[1].work else { panic!("a hold point") };
    sign_off.count = 2;
    tape
}

#[test]
fn a_sign_off_that_somebody_rejected_afterwards_does_not_count_beside_a_second_one() {
    let mut tape = by_two();
    let at = "release-approval#2";
    tape.requested(at).signed(at).rejected(at, "quinn", "I saw the wrong dashboard");
    tape.requested(at).signed_by(at, "petra", "Petra");
    let summary = summary(&tape);
    assert_eq!(action(&summary, at), Status::Waiting);
    let counting =
        tape.json()["sign_offs"].as_array().unwrap().iter().filter(|it| it["counts"] == true).count();
    assert_eq!((counting, summary.waits.map(|waits| waits.action).as_deref()), (1, Some(at)));
    assert!(!tape.markdown().contains("> **SIGNED** · 2 sign-offs"));
    let junit = tape.with(None, |m| holdpoint_report::junit(m).unwrap());
    assert!(
        junit.contains("release-approval#2 signoff") && junit.contains("<skipped>waiting</skipped>"),
        "{junit}"
    );
}

#[test]
fn a_sign_off_that_a_correction_is_about_to_take_back_does_not_count_any_more() {
    let mut tape = Tape::open(PROMOTE, |_| {});
    let at = "release-approval#2";
    tape.requested(at).signed(at);
    assert_eq!(action(&summary(&tape), at), Status::Signed);
    tape.noted("the error rate was misread", None, Some(1));
    let told = summary(&tape);
    assert_eq!(
        (action(&told, at), told.waits.map(|waits| waits.action).as_deref()),
        (Status::Waiting, Some(at))
    );
    assert!(tape.json()["sign_offs"].as_array().unwrap().iter().all(|it| it["counts"] != true));
}

#[test]
fn skipping_the_rest_of_a_step_leaves_its_hold_point_to_be_signed() {
    let mut tape = Tape::open(PROMOTE, |_| {});
    tape.deviated(DeviationKind::Skipped, "release-approval", None, "the dashboard is down");
    let summary = summary(&tape);
    assert_eq!(action(&summary, "release-approval#1"), Status::Skipped);
    assert_eq!(action(&summary, "release-approval#2"), Status::NotReached);
    assert_eq!(summary.waits.map(|waits| waits.action).as_deref(), Some("release-approval#2"));
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
    assert!(matches!(headless.with(None, holdpoint_report::json), Err(ReportError::NotOpened(_))));
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
    tape.deviated(DeviationKind::Skipped, "s", Some("s#1"), "not for now").confirmed("s#2");
    let copy = tape.markdown();
    assert!(copy.contains("- [ ] ticked before") && copy.contains("- [x] not yet"), "{copy}");
}

#[test]
fn front_matter_and_windows_line_ends_survive() {
    let source = "---\r\nrunbook: 1\r\n---\r\n# T\r\n\r\n## S\r\n\r\n- [ ] item\r\n";
    let tape = Tape::open(source, |_| {});
    let copy = tape.markdown();
    assert!(copy.contains("```yaml\n---\nrunbook: 1\n---\n```"), "{copy}");
    assert!(copy.contains("- [ ] item\r\n  > **WAITING**"), "{copy}");
}

#[test]
fn frames_show_a_block_as_it_was_seen() {
    let mut tape = Tape::open("# T\n\n## S\n\n```sh run\n./deploy.sh\n```\n", |_| {});
    tape.ran("s#1", 1, End { stderr: b"careful\n".to_vec(), ..passed("done\n") }).closed(Verdict::Passed);
    let frames = tape.with(None, holdpoint_report::timeline);
    let output: Vec<_> = frames
        .iter()
        .filter_map(|frame| match &frame.kind {
            FrameKind::Output { stream, piece, .. } => {
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
fn a_sign_off_that_lapsed_is_asked_for_again_and_told_in_every_form() {
    let mut tape = Tape::open(PROMOTE, |_| {});
    let (step, action) = ("release-approval".to_owned(), "release-approval#2".to_owned());
    let Work::SignOff(sign_off) = &mut tape.plan.steps[3].actions[1].work else { panic!("a hold point") };
    sign_off.expires = Some(std::time::Duration::from_secs(4 * 3600));
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

#[test]
fn whoever_tried_to_sign_and_did_not_count_has_performed_nothing() {
    let mut tape = Tape::open(PROMOTE, |_| {});
    tape.requested("release-approval#2");
    let (step, action) = ("release-approval".to_owned(), "release-approval#2".to_owned());
    let reason = "they have not the role".to_owned();
    tape.push(Event::SignOffRefused { step, action, reason, by: by("peter") });
    tape.signed("release-approval#2");
    let summary = summary(&tape);
    let step = summary.steps.iter().find(|step| step.id == "release-approval").unwrap();
    assert!(step.performers.contains(&"quinn@example.org".to_owned()), "{:?}", step.performers);
    assert!(!step.performers.contains(&"peter@example.org".to_owned()), "{:?}", step.performers);
    let hold_point = step.actions.iter().find(|action| action.id == "release-approval#2").unwrap();
    assert_eq!(hold_point.who, ["quinn@example.org"]);
    assert!(hold_point.history.iter().any(|told| matches!(told.what, What::Refused { .. })));
}
