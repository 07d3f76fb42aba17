//! What a replay and a cast show of blocks while something else happens: at other places, or to the run as a whole.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod common;

use std::time::Duration;

use common::{End, Tape, by, failed, passed, session};
use holdpoint_engine::{Choice, Deviation, DeviationKind, Event, SentTo, Started, TargetSeen};
use holdpoint_report::{Player, Turn, Wish};
use serde_json::Value;

const BOOK: &str =
    "# Roll out\n\n## Deploy\n\nTarget: web\n\n```sh run\ndeploy\n```\n\n```sh check\nlook\n```\n";
const DEPLOY: &str = "deploy#1";

fn web(n: usize) -> String {
    format!("ssh://web-{n:02}")
}

fn tape_at(places: usize) -> Tape {
    Tape::open(BOOK, |opened| {
        let seen = TargetSeen { places: (1..=places).map(web).collect(), r#become: None };
        opened.environment.targets = [("web".to_owned(), seen)].into();
    })
}

/// Starts the block at a place that outlives its driver.
fn sent(tape: &mut Tape, place: &str) {
    let word = |word: &str| word.to_owned();
    let remote = Some(SentTo { attempt: "a".repeat(32), boot: word("boot"), store: word("store") });
    let started = tape.starting(DEPLOY, 1, None);
    tape.push(Event::ActionStarted(Started { place: Some(place.to_owned()), remote, ..started }));
}

fn both(stdout: &str, stderr: &str) -> End {
    End { stderr: stderr.into(), ..passed(stdout) }
}

/// What a cast shows, in its order, without colours.
fn shown(tape: &Tape) -> Vec<String> {
    let cast = tape.with(None, |m| holdpoint_report::cast(m).unwrap());
    let lines = cast.lines().skip(1).map(|line| serde_json::from_str::<Value>(line).unwrap());
    let text: String =
        lines.filter(|line| line[1] == "o").map(|line| line[2].as_str().unwrap().to_owned()).collect();
    let mut plain = String::new();
    for (at, part) in text.split('\u{1b}').enumerate() {
        plain.push_str(if at == 0 { part } else { part.split_once('m').unwrap().1 });
    }
    plain.lines().map(|line| line.trim().to_owned()).collect()
}

#[track_caller]
fn is_in_order(shown: &[String], expected: &[&str]) {
    let mut rest = shown.iter();
    for line in expected {
        assert!(
            rest.any(|found| found.starts_with(line)),
            "{line} is not there, or not in order:\n{shown:#?}"
        );
    }
}

#[test]
fn what_places_print_stands_where_it_came_and_each_line_says_where_it_is_from() {
    let mut tape = tape_at(2);
    tape.started_at(DEPLOY, &web(1), 1).started_at(DEPLOY, &web(2), 1);
    tape.finished_at(DEPLOY, &web(2), 1, both("begin 2\nend 2\n", "careful 2\n"));
    tape.finished_at(DEPLOY, &web(1), 1, both("begin 1\nend 1\n", "careful 1\n"));
    let shown = shown(&tape);
    is_in_order(
        &shown,
        &[
            "deploy#1 at ssh://web-01 · sh run",
            "ssh://web-01 │ begin 1",
            "ssh://web-01 │ end 1",
            "deploy#1 at ssh://web-02 · sh run",
            "ssh://web-01 ┃ careful 1",
            "ssh://web-02 │ begin 2",
            "ssh://web-02 │ end 2",
            "ssh://web-02 ┃ careful 2",
            "PASSED · exit 0 · 4.0 s · ssh://web-02",
            "PASSED · exit 0 · 4.0 s · ssh://web-01",
        ],
    );
    assert_eq!(
        shown.iter().filter(|line| line.contains(" 1") && line.contains(['│', '┃'])).count(),
        3,
        "{shown:#?}"
    );
}

#[test]
fn half_a_line_of_one_place_is_not_joined_with_what_another_prints() {
    let mut tape = tape_at(2);
    tape.started_at(DEPLOY, &web(1), 1).started_at(DEPLOY, &web(2), 1);
    tape.finished_at(DEPLOY, &web(2), 1, passed("two"));
    tape.finished_at(DEPLOY, &web(1), 1, passed("one"));
    let end = "PASSED · exit 0 · 4.0 s";
    let (one, two) = (format!("{end} · ssh://web-01"), format!("{end} · ssh://web-02"));
    is_in_order(&shown(&tape), &["ssh://web-02 │ two", &two, "ssh://web-01 │ one", &one]);
}

#[test]
fn a_block_that_outlived_its_driver_is_shown_whole_around_the_session_that_took_it_up() {
    let mut tape = tape_at(1);
    sent(&mut tape, &web(1));
    tape.push(Event::SessionOpened(session("olga")));
    // Standard output came before that session, standard error after it.
    tape.finished_at(DEPLOY, &web(1), 1, End { stdout: b"begin\n".to_vec(), ..failed(7, "no room\n") });
    is_in_order(
        &shown(&tape),
        &[
            "deploy#1 at ssh://web-01 · sh run",
            "ssh://web-01 │ begin",
            "taken up again by olga@example.org",
            "ssh://web-01 ┃ no room",
            "FAILED · exit 7 · 4.0 s · ssh://web-01",
        ],
    );
}

#[test]
fn answers_and_deviations_name_the_place_they_are_of() {
    let mut tape = tape_at(2);
    tape.started_at(DEPLOY, &web(1), 1).started_at(DEPLOY, &web(2), 1);
    tape.finished_at(DEPLOY, &web(2), 1, failed(1, "")).finished_at(DEPLOY, &web(1), 1, passed(""));
    tape.started_at("deploy#2", &web(1), 1).finished_at("deploy#2", &web(1), 1, passed(""));
    tape.push(Event::Decision {
        place: Some(web(2)),
        step: "deploy".into(),
        action: DEPLOY.into(),
        choice: Choice::Retry,
        reason: None,
        by: by("olga"),
    });
    tape.started_at(DEPLOY, &web(2), 2).finished_at(DEPLOY, &web(2), 2, failed(1, ""));
    tape.push(Event::Deviation(Deviation {
        place: Some(web(2)),
        kind: DeviationKind::Skipped,
        step: "deploy".into(),
        action: Some(DEPLOY.into()),
        script: None,
        overridden: None,
        reason: "it is drained".into(),
        by: by("olga"),
    }));
    is_in_order(
        &shown(&tape),
        &[
            "decided by olga@example.org at ssh://web-02: retry",
            "deploy#1 at ssh://web-02 · sh run · attempt 2",
            "DEVIATION (skipped) at ssh://web-02 by olga@example.org: it is drained",
        ],
    );
}

#[test]
fn a_note_that_is_written_while_a_block_prints_stands_where_it_was_written() {
    let mut tape = Tape::open("# A\n\n## S\n\n```sh run\nx\n```\n", |_| {});
    tape.started("s#1", 1, None).noted("the lights flicker", None, None);
    tape.finished("s#1", 1, both("early\n", "late\n"));
    is_in_order(
        &shown(&tape),
        &["│ early", "note by olga@example.org: the lights flicker", "┃ late", "PASSED"],
    );
}

#[test]
fn arrows_step_through_places_at_work_at_the_same_time_and_leave_nothing_out() {
    let mut tape = tape_at(2);
    tape.started_at(DEPLOY, &web(1), 1).started_at(DEPLOY, &web(2), 1);
    tape.finished_at(DEPLOY, &web(2), 1, both("two\n", "careful\n"));
    tape.finished_at(DEPLOY, &web(1), 1, both("one\n", "careful\n"));
    let frames = tape.with(None, holdpoint_report::timeline);
    let mut player = Player::new(&frames, 1.0, Duration::from_secs(2));
    let mut steps = Vec::new();
    while let Turn::Show(range) = player.wish(Wish::Forward) {
        let sources = frames[range].iter().filter_map(|frame| frame.kind.source().map(|of| (frame, of)));
        let told = sources.map(|(frame, of)| format!("{} {}", frame.kind.name(), of.place.as_ref().unwrap()));
        steps.push(told.filter(|told| !told.starts_with("expectation")).collect::<Vec<_>>());
    }
    let expected: [&[&str]; 4] = [
        &[],
        &["command ssh://web-01"],
        &["output ssh://web-01", "command ssh://web-02"],
        &[
            "output ssh://web-01",
            "output ssh://web-02",
            "output ssh://web-02",
            "ended ssh://web-02",
            "ended ssh://web-01",
        ],
    ];
    assert_eq!(steps, expected);
}
