//! Casts and JUnit XML of whole stories, and of whatever a run can throw at them.

#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use holdpoint_engine::*;
use proptest::prelude::*;

const PROMOTE: &str = include_str!("common/promote.md");

fn junit(tape: &Tape) -> String {
    tape.with(Some("intact and complete"), |m| holdpoint_report::junit(m).unwrap())
}

fn cast(tape: &Tape) -> String {
    tape.with(None, |m| holdpoint_report::cast(m).unwrap())
}

/// Lines after the head: interval, code, data.
fn lines(cast: &str) -> Vec<(f64, String, String)> {
    cast.lines()
        .skip(1)
        .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
        .collect()
}

/// A run that is skipped through, in doubt, retried, rolled back.
fn story() -> Tape {
    let mut tape = Tape::open(PROMOTE, |_| {});
    tape.deviated(DeviationKind::Skipped, "prepare", Some("prepare#1"), "hotfix <no notes>");
    tape.confirmed("prepare#2").confirmed("prepare#3").ran("prepare#4", 1, passed("9f2c1e7a\n"));
    tape.ran("deploy#1", 1, passed("done\n"));
    tape.ran("deploy#2", 1, failed(22, "curl: (22) 503\n")).decided("deploy#2", Choice::Retry, Some("again"));
    let mut hung = failed(0, "still waiting\n");
    (hung.outcome, hung.exit) = (Outcome::TimedOut, None);
    tape.ran("deploy#2", 2, hung);
    tape
}

#[test]
fn a_run_that_stopped_is_told_action_by_action() {
    let mut tape = story();
    tape.closed(Verdict::Aborted);
    insta::assert_snapshot!("junit", junit(&tape));
    insta::assert_snapshot!("cast", cast(&tape));
}

#[test]
fn only_a_run_that_passed_is_green() {
    for (verdict, green) in [
        (Some(Verdict::Passed), true),
        (Some(Verdict::Failed), false),
        (Some(Verdict::RolledBack), false),
        (Some(Verdict::Aborted), false),
        (None, false),
    ] {
        let mut tape = Tape::open(PROMOTE, |_| {});
        tape.confirmed("prepare#1");
        let tape = match verdict {
            Some(verdict) => tape.closed(verdict),
            None => &mut tape,
        };
        let written = junit(tape);
        assert_eq!(
            written.contains("failures=\"0\" errors=\"0\">\n  <testsuite "),
            green,
            "{verdict:?}\n{written}"
        );
    }
}

#[test]
fn a_block_in_doubt_and_a_record_that_is_not_intact_are_errors() {
    let mut tape = Tape::open(PROMOTE, |_| {});
    tape.started("deploy#1", 1, None);
    let written = tape.with(Some("altered at event 3"), |m| holdpoint_report::junit(m).unwrap());
    assert!(written.contains("<error message=\"in doubt\""), "{written}");
    assert!(written.contains("<error message=\"altered at event 3\""), "{written}");
}

#[test]
fn waits_are_kept_as_they_were() {
    let mut tape = Tape::open(PROMOTE, |_| {});
    tape.confirmed("prepare#1").wait(3600).confirmed("prepare#2").closed(Verdict::Aborted);
    let lines = lines(&cast(&tape));
    assert!(lines.iter().any(|(interval, ..)| *interval == 3602.0), "{lines:?}");
    let whole: f64 = lines.iter().map(|(interval, ..)| interval).sum();
    assert_eq!(whole, 3608.0);
    assert_eq!(lines.last().unwrap().1, "x");
    assert_eq!(lines.last().unwrap().2, "4");
}

#[test]
fn there_is_a_marker_each_time_the_run_turns_to_a_step() {
    let markers: Vec<String> =
        lines(&cast(&story())).into_iter().filter(|line| line.1 == "m").map(|line| line.2).collect();
    assert_eq!(markers.len(), 2, "{markers:?}");
    assert!(markers[0].starts_with("1 ") && markers[1].starts_with("2 "), "{markers:?}");
}

/// Every escape sequence of a cast is one of ours.
fn only_our_escapes(text: &str) -> bool {
    text.split('\u{1b}').skip(1).all(|rest| {
        ["[0m", "[1m", "[2m", "[31m", "[32m", "[33m", "[36m"].iter().any(|own| rest.starts_with(own))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_printed_and_said_nothing_of_it_acts(
        stdout in proptest::collection::vec(any::<u8>(), 0..200),
        stderr in proptest::collection::vec(any::<u8>(), 0..200),
        // A reason is more than blanks.
        reason in "\\PC{0,20}[\u{0}-\u{1f}<>&\"\u{fffe}\u{202e}]{1,5}\\PC{0,5}[a-z]",
    ) {
        let mut tape = Tape::open(PROMOTE, |opened| opened.environment.name = reason.clone());
        let mut end = failed(1, &stderr);
        end.stdout = stdout;
        end.expectations = vec![broke(&reason, &reason)];
        tape.expects("prepare#4").ran("prepare#4", 1, end);
        tape.deviated(DeviationKind::Skipped, "prepare", None, &reason).noted(&reason, None, None);
        for (interval, code, data) in lines(&cast(&tape)) {
            prop_assert!(interval >= 0.0);
            prop_assert!(only_our_escapes(&data), "{data:?}");
            let harmless = |c: char| !c.is_control() || matches!(c, '\r' | '\n' | '\t' | '\u{1b}');
            prop_assert!(data.chars().all(harmless), "{data:?}");
            prop_assert!(code == "o" || code == "m");
        }
        let xml = junit(&tape);
        let allowed = |c: char| matches!(c, '\t' | '\n' | '\u{20}'..='\u{fffd}' | '\u{10000}'..);
        prop_assert!(xml.chars().all(allowed), "{xml:?}");
        // Outside of our own tags no markup is left.
        prop_assert_eq!(xml.matches('<').count(), xml.matches('>').count());
        let tags = ["?xml", "testsuite", "testcase", "propert", "failure", "error", "skipped", "system-"];
        for rest in xml.split('<').skip(1) {
            let rest = rest.strip_prefix('/').unwrap_or(rest);
            prop_assert!(tags.iter().any(|tag| rest.starts_with(tag)), "{rest}");
        }
    }
}

#[test]
fn junit_says_who_confirmed_and_wrote_down_and_what_an_answers_file_gave() {
    let mut tape = Tape::open(PROMOTE, |_| {});
    let Event::ItemConfirmed { step, action, text, by } = tape.confirming("prepare#1") else { panic!() };
    let by = By { via: Via::Answers, ..by };
    tape.push(Event::ItemConfirmed { step, action, text, by: by.clone() }).confirmed("prepare#2");
    tape.requested("release-approval#2");
    let written = junit(&tape);
    for told in [
        "<system-out>confirmed by olga@example.org (from the answers file)</system-out>",
        "<system-out>confirmed by olga@example.org</system-out>",
        "error_rate = 0, written down by olga@example.org",
    ] {
        assert!(written.contains(told), "{told}: {written}");
    }
}
