//! kill -9 in the middle of the promotion of the sample product; then looked at, decided, finished, and held against
//! what an uninterrupted promotion leaves.

use holdpoint_xtask::command::{git, output};
use holdpoint_xtask::product::{ANSWERS, Product, RUNBOOK};

use crate::stage::{Stage, Stages};
use crate::support::{Desk, group_is_gone};
use crate::wire::{Call, Fault, Wire, first_run};
use crate::{spread, sweep};

const REHEARSE: &[&str] = &["run", RUNBOOK, "--env", "staging", "--unattended", "--answers", ANSWERS];

/// What is left when all is done: branches and tags by name and commit, releases, what serves where.
fn left(product: &Product) -> Vec<String> {
    let name = |commit: &str| match commit {
        _ if commit == product.candidate => "candidate".to_owned(),
        _ if commit == product.previous => "previous".to_owned(),
        _ => "another".to_owned(),
    };
    let refs = output(git(&product.repo).args(["ls-remote", "origin"])).unwrap();
    let mut left: Vec<String> = refs
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .map(|(commit, of)| format!("{of} {}", name(commit)))
        .collect();
    for place in [&product.staging, &product.production] {
        let serves = product.version(place).unwrap()["commit"].as_str().unwrap().to_owned();
        left.push(format!("{} serves {}", place.environment, name(&serves)));
        for release in std::fs::read_dir(place.root.join("releases")).unwrap() {
            let release = release.unwrap().file_name().to_string_lossy().into_owned();
            left.push(format!("{} holds {}", place.environment, name(&release)));
        }
    }
    left.sort();
    left
}

/// The process group that a killed driver left, if it had one.
fn orphan(desk: &Desk) -> Option<i32> {
    let lock = std::fs::read(first_run(desk)?.join("lock")).ok()?;
    let lock: serde_json::Value = serde_json::from_slice(&lock).ok()?;
    i32::try_from(lock["child_group"].as_i64()?).ok()
}

/// What a person finds out about a block in doubt, and decides.
fn decide(product: &Product, action: &str) -> &'static str {
    let refs = output(git(&product.repo).args(["ls-remote", "origin"])).unwrap();
    let has = |of: &str, commit: &str| {
        refs.lines().any(|line| line.ends_with(of) && (commit.is_empty() || line.starts_with(commit)))
    };
    match action {
        "fast-forward-the-branch#1" if has("refs/heads/rehearsal/production", &product.candidate) => {
            "happened"
        }
        "tag-the-release#1" if has("refs/tags/rehearsal-v1.4.0", "") => "happened",
        "tag-the-release#1" => {
            // Half done: the tag is here and was not pushed. Whoever finds that takes it away before trying again.
            let _ = git(&product.repo).args(["tag", "--delete", "rehearsal-v1.4.0"]).output();
            "run"
        }
        _ => "run",
    }
}

#[test]
fn a_promotion_that_is_killed_at_any_event_ends_as_one_that_is_not() {
    let stages = Stages::new();
    let (wire, expected) = stages.on(|stage| (Wire::learn(&stage.desk, REHEARSE), left(&stage.product)));
    let calls: Vec<Call> = stages.on(|stage| wire.calls(&stage.desk, REHEARSE));
    let event =
        |call: &Call| call.line.contains("/run.jsonl>") && (call.name == "write" || call.name == "fdatasync");
    let all: Vec<Call> = calls.into_iter().filter(event).collect();
    let points = spread(&all, 3);
    sweep("kill -9 at events of the promotion", all.len(), &points, |_, call| {
        stages.on(|stage| killed(stage, &wire, call, &expected))
    });
}

/// How many bytes stand before the room for lines to come.
fn lines_of(log: &[u8]) -> usize {
    log.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1)
}

/// Kills a promotion at one call, finishes it as a person would, and holds it against what was to come of it.
fn killed(stage: &Stage, wire: &Wire, call: &Call, expected: &[String]) {
    let Stage { desk, product, .. } = stage;
    let traced = wire.strikes(desk, REHEARSE, call, Fault::Kill);
    let what = format!("killed at {}", call.line);
    let log = first_run(desk).unwrap().join("run.jsonl");
    let (before, promised) = (std::fs::read(&log).unwrap(), traced.promised(&log));
    let number = if before.contains(&b'\n') {
        let answers = std::fs::read_to_string(desk.path(ANSWERS)).unwrap();
        for round in 0.. {
            assert!(round < 4, "{what}: {:#?}", desk.record(1).shape());
            let doubt = desk.record(1).in_doubt();
            // The block may have outlived the program: nothing can be decided before it has ended.
            orphan(desk).into_iter().for_each(group_is_gone);
            let decided = doubt.map_or(String::new(), |action| {
                format!("  {action}: {{ choice: {}, reason: looked at it }}\n", decide(product, &action))
            });
            // Beside the repository, which must stay clean.
            let file = desk.root().join("answers.yaml");
            std::fs::write(&file, format!("{answers}{decided}")).unwrap();
            let words = ["resume", "1", "--unattended", "--answers", file.to_str().unwrap()];
            let ended = desk.holdpoint(&words).output().unwrap();
            match ended.status.code() {
                Some(0) => break,
                Some(3) => {}
                code => panic!("{what}: {code:?}\n{}", String::from_utf8_lossy(&ended.stderr)),
            }
        }
        1
    } else {
        desk.ends(0, REHEARSE);
        2
    };
    let record = desk.is_intact_and_complete(number);
    if number == 1 {
        // A write may have brought room for lines to come, which is cut off in the end.
        let promised = usize::try_from(promised).unwrap().min(lines_of(&before));
        assert!(record.bytes.starts_with(&before[..promised]), "{what}");
    }
    started_once_or_decided(&record.events, &what);
    assert_eq!(left(product), expected, "{what}\n{:#?}", record.shape());
}

/// No block ran twice but where somebody said so.
fn started_once_or_decided(events: &[serde_json::Value], what: &str) {
    for event in events.iter().filter(|event| event["type"] == "action.started") {
        let about = |kind: &'static str| {
            events.iter().filter(move |other| other["type"] == kind && other["action"] == event["action"])
        };
        let decided = about("decision").filter(|event| event["choice"] == "run").count();
        let failed = about("action.finished").filter(|event| event["outcome"] != "passed").count();
        assert!(about("action.started").count() <= 1 + decided + failed, "{what}: {}", event["action"]);
    }
}
