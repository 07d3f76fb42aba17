//! What each format says of a step that is done at several places.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod common;

use std::collections::BTreeMap;

use common::{End, Tape, by, failed, ignore, passed};
use holdpoint_engine::{Choice, Deviation, DeviationKind, Event, TargetSeen};
use holdpoint_report::{FrameKind, Kept, Status, timeline};
use serde_json::json;

const BOOK: &str = "# Roll out\n\n## Deploy\n\nTarget: web\n\n```sh run\ndeploy\n```\n\n```sh check\nlook\n```\n\n\
    ```sh rollback\nundo\n```\n\n## Tell\n\n- [ ] Everybody was told\n";
const DEPLOY: &str = "deploy#1";
const LOOK: &str = "deploy#2";

fn web(n: usize) -> String {
    format!("ssh://web-{n:02}")
}

fn tape_at(places: Vec<String>) -> Tape {
    let mut tape = Tape::open(BOOK, |opened| {
        let seen = TargetSeen { places, r#become: None };
        opened.environment.targets = [("web".to_owned(), seen)].into();
    });
    tape.captures(DEPLOY, "BUILD");
    tape
}

fn built(build: &str) -> End {
    End { captures: vec![("BUILD", build.to_owned())], ..passed(format!("build {build}\n")) }
}

fn no_room() -> End {
    End { stdout: b"no room\n".to_vec(), captures: vec![("BUILD", "half".to_owned())], ..failed(28, "") }
}

/// Three places at once: they end in another order than they began, the second fails, and waits for an answer when the
/// others are through.
fn one_failed() -> Tape {
    let mut tape = tape_at((1..=3).map(web).collect());
    (1..=3).for_each(|n| ignore(tape.started_at(DEPLOY, &web(n), 1)));
    tape.finished_at(DEPLOY, &web(3), 1, built("b3"));
    tape.finished_at(DEPLOY, &web(2), 1, no_room());
    tape.finished_at(DEPLOY, &web(1), 1, built("b1"));
    tape.started_at(LOOK, &web(1), 1).started_at(LOOK, &web(3), 1);
    tape.finished_at(LOOK, &web(1), 1, passed("ok\n")).finished_at(LOOK, &web(3), 1, passed("ok\n"));
    tape
}

/// The same, tried once more at the second place, and the check skipped there.
fn tried_again() -> Tape {
    let mut tape = one_failed();
    tape.push(Event::Decision {
        place: Some(web(2)),
        step: "deploy".into(),
        action: DEPLOY.into(),
        choice: Choice::Retry,
        reason: Some("the disk was cleared".into()),
        by: by("olga"),
    });
    tape.started_at(DEPLOY, &web(2), 2).finished_at(DEPLOY, &web(2), 2, built("b2"));
    tape.started_at(LOOK, &web(2), 1).finished_at(LOOK, &web(2), 1, failed(1, "down\n"));
    tape.push(Event::Deviation(Deviation {
        place: Some(web(2)),
        kind: DeviationKind::Skipped,
        step: "deploy".into(),
        action: Some(LOOK.into()),
        script: None,
        overridden: None,
        reason: "it is drained".into(),
        by: by("olga"),
    }));
    tape
}

#[test]
fn json_tells_of_each_place_and_of_the_place_of_everything_that_happened() {
    let told = one_failed().json();
    let deploy = &told["steps"][0]["actions"][0];
    assert_eq!((&deploy["status"], &deploy["attempts"]), (&json!("failed"), &json!(1)));
    assert_eq!(
        deploy["places"],
        json!([
            {"place": web(1), "status": "passed", "attempts": 1, "duration_ms": 4000},
            {"place": web(2), "status": "failed", "attempts": 1, "duration_ms": 4000},
            {"place": web(3), "status": "passed", "attempts": 1, "duration_ms": 4000},
        ])
    );
    // Each end stands with the start at its place.
    for (at, (n, exit)) in [(1, 0), (2, 28), (3, 0)].into_iter().enumerate() {
        let happening = &deploy["history"][at];
        assert_eq!((&happening["place"], &happening["finished"]["exit"]), (&json!(web(n)), &json!(exit)));
        assert_eq!(happening["finished"]["place"], json!(web(n)));
    }
    let build = |n: usize, event: u64, value: &str| {
        json!({"n": event, "name": "BUILD", "value": value, "step": "deploy", "action": DEPLOY,
            "place": web(n), "recorded": false, "within_limits": true, "evidence": null})
    };
    assert_eq!(told["values"], json!([build(3, 4, "b3"), build(2, 5, "half"), build(1, 6, "b1")]));
    assert_eq!((&told["waits"]["action"], &told["waits"]["place"]), (&json!(DEPLOY), &json!(web(2))));

    let told = tried_again().json();
    let (deploy, look) = (&told["steps"][0]["actions"][0], &told["steps"][0]["actions"][1]);
    assert_eq!((&deploy["status"], &deploy["attempts"]), (&json!("passed"), &json!(2)));
    assert_eq!(
        deploy["places"][1],
        json!({"place": web(2), "status": "passed", "attempts": 2, "duration_ms": 8000})
    );
    assert_eq!(
        (&look["places"][1]["status"], &look["places"][2]["status"]),
        (&json!("left_after_failure"), &json!("passed"))
    );
    assert_eq!(told["decisions"][0]["place"], json!(web(2)));
    assert_eq!(told["decisions"][0]["about"], json!("failed"), "as it stood at that place");
    assert_eq!(told["deviations"][0]["place"], json!(web(2)));
    assert_eq!(told["values"].as_array().unwrap().len(), 3, "each place has its own");
}

#[test]
fn the_executed_copy_has_a_table_by_place_and_names_the_place_of_each_attempt() {
    let copy = one_failed().markdown();
    for line in [
        "> | Place | `deploy#1` run | `deploy#2` check |",
        "> | `ssh://web-01` | PASSED | PASSED |",
        "> | `ssh://web-02` | FAILED | NOT REACHED |",
        "> | `ssh://web-03` | PASSED | PASSED |",
    ] {
        assert!(copy.lines().any(|found| found == line), "{line} is not in\n{copy}");
    }
    assert!(copy.contains("**FAILED** · at 3 places: 2 passed, 1 failed · "), "{copy}");
    assert!(copy.contains("> **FAILED** · at `ssh://web-02` · attempt 1 · exit 28 · "), "{copy}");
    assert!(copy.contains("> **PASSED** · at `ssh://web-03` · attempt 1 · exit 0 · "), "{copy}");
    assert!(copy.contains("| `BUILD` | `b3` | captured | 1 Deploy at `ssh://web-03` |"), "{copy}");
    assert!(copy.contains("run `deploy#1` at `ssh://web-02`, failed"), "{copy}");

    let copy = tried_again().markdown();
    assert!(copy.contains("> | `ssh://web-02` | PASSED, 2 attempts | FAILED, THEN SKIPPED |"), "{copy}");
    assert!(copy.contains("at 3 places: 3 passed · up to 2 attempts at a place · "), "{copy}");
    assert!(copy.contains("> **DECIDED** · at `ssh://web-02` · "), "{copy}");
    assert!(copy.contains("> **SKIPPED** · at `ssh://web-02` · deviation 1 · "), "{copy}");
    assert!(copy.contains("1 Deploy: check `deploy#2` at `ssh://web-02` |"), "{copy}");
}

fn page(tape: &Tape) -> String {
    let kept = Kept { log: b"", seal: None, signoffs: &BTreeMap::new(), expunged: &[], rehearsal: None };
    tape.with(None, |m| holdpoint_report::html(m, &kept)).unwrap()
}

#[test]
fn the_page_has_a_table_by_place_and_names_the_place_of_each_attempt() {
    let page = page(&one_failed());
    let page: String = page.lines().map(str::trim).collect::<Vec<_>>().join("\n");
    assert!(page.contains("<th>Place</th><th>deploy#1 run</th><th>deploy#2 check</th>"), "{page}");
    assert!(
        page.contains(r#"<td>ssh://web-02</td><td class="bad">FAILED</td><td class="none">NOT REACHED</td>"#)
            || page.contains(r#"<td>ssh:&#x2f;&#x2f;web-02</td><td class="bad">FAILED</td>"#),
        "{page}"
    );
    assert!(page.contains("at 3 places: 2 passed, 1 failed"));
    assert!(
        page.contains("web-02</span> <span class=\"dot\">·</span> <span class=\"fact\">exit 28</span>"),
        "{page}"
    );
    assert!(page.contains("deploy#1 at ssh://web-02, attempt 1: 4"), "the drawing");
}

#[test]
fn junit_has_a_case_for_each_place() {
    let junit = one_failed().with(None, holdpoint_report::junit).unwrap();
    for n in [1, 3] {
        assert!(
            junit.contains(&format!(
                "<testcase name=\"deploy#1 run at {}\" classname=\"deploy\" time=\"4.000\">",
                web(n)
            )),
            "{junit}"
        );
    }
    let (_, failed) = junit.split_once("name=\"deploy#1 run at ssh://web-02\"").unwrap();
    let failed = failed.split_once("</testcase>").unwrap().0;
    assert!(
        failed.contains("<failure") && failed.contains("exit 28") && failed.contains("no room"),
        "{failed}"
    );
    assert!(
        junit.contains("name=\"1 Deploy\" tests=\"6\" failures=\"1\" errors=\"0\" skipped=\"1\""),
        "{junit}"
    );
    assert!(junit.contains("it stands at deploy#1 at ssh://web-02"), "{junit}");

    let junit = tried_again().with(None, holdpoint_report::junit).unwrap();
    let (_, skipped) = junit.split_once("name=\"deploy#2 check at ssh://web-02\"").unwrap();
    assert!(skipped.split_once("</testcase>").unwrap().0.contains("it is drained"), "{junit}");
    let (_, passed) = junit.split_once("name=\"deploy#2 check at ssh://web-03\"").unwrap();
    assert!(!passed.split_once("</testcase>").unwrap().0.contains("drained"), "{junit}");
}

#[test]
fn a_replay_tells_each_end_from_its_own_beginning_and_names_its_place() {
    let tape = one_failed();
    let frames = tape.with(None, timeline);
    let ended = frames.iter().filter_map(|frame| match &frame.kind {
        FrameKind::Ended { of, .. } if of.action == DEPLOY => Some(of.name()),
        _ => None,
    });
    let expected = [3, 2, 1].map(|n| format!("deploy#1 at {}", web(n)));
    assert_eq!(ended.collect::<Vec<_>>(), expected);
    let began = frames.iter().filter(
        |frame| matches!(&frame.kind, FrameKind::Command { of, .. } if expected.contains(&of.name())),
    );
    assert_eq!(began.count(), 3);
}

#[test]
fn a_block_that_has_no_end_at_one_place_is_in_doubt_there_only() {
    let mut tape = tape_at((1..=2).map(web).collect());
    tape.started_at(DEPLOY, &web(1), 1).started_at(DEPLOY, &web(2), 1);
    tape.finished_at(DEPLOY, &web(1), 1, built("b"));
    let summary = tape.with(None, holdpoint_report::summarise).unwrap();
    let statuses: Vec<Status> = summary.steps[0].actions[0].places.iter().map(|place| place.status).collect();
    assert_eq!(statuses, [Status::Passed, Status::InDoubt]);
    let page = page(&tape);
    assert!(page.contains("deploy#1 at ssh://web-02: no end recorded"));
    assert!(!page.contains("deploy#1 at ssh://web-01: no end recorded"));
}

#[test]
fn a_step_at_one_place_has_no_table_and_names_it_all_the_same() {
    let mut tape = tape_at(vec!["local".to_owned()]);
    tape.started_at(DEPLOY, "local", 1).finished_at(DEPLOY, "local", 1, built("b"));
    let copy = tape.markdown();
    assert!(copy.contains("**PASSED** · at `local` · exit 0 · ") && !copy.contains("| Place |"), "{copy}");
}
