//! Runs that nobody watches: their exit codes, and what stands in their records.

use crate::screens::book;
use crate::support::{Desk, OPS, QA};

fn desk(steps: &str, answers: &str) -> Desk {
    let desk = Desk::with(&book(steps));
    desk.write("answers.yaml", answers);
    desk
}

const RUN: [&str; 5] = ["run", "book.md", "--unattended", "--answers", "answers.yaml"];
const RESUME: [&str; 5] = ["resume", "1", "--unattended", "--answers", "answers.yaml"];

/// A step that does something and can be undone, and one that fails.
fn failing(on_failure: &str) -> String {
    format!(
        "## Make\n\n```sh run\necho made >>log\n```\n\n```sh rollback\necho unmade >>log\n```\n\n\
         ## Use\n\n```yaml step\non_failure: {on_failure}\n```\n\n\
         ```sh run\n#| timeout: 1m\necho used >>log\ntest -e ready\n```\n\n```sh rollback\necho unused >>log\n```\n"
    )
}

#[test]
fn each_way_to_end_has_its_exit_code_and_its_verdict() {
    let made = "made\nused\n";
    for (on_failure, answer, code, verdict, log) in [
        ("stop", "", 1, "failed", made),
        ("rollback", "", 1, "rolled_back", "made\nused\nunused\nunmade\n"),
        ("ask", "choice: rollback, reason: it fails", 1, "rolled_back", "made\nused\nunused\nunmade\n"),
        ("ask", "choice: abort, reason: it fails", 4, "aborted", made),
        ("ask", "choice: skip, reason: not today", 0, "passed", "made\n"),
    ] {
        let desk = desk(&failing(on_failure), &format!("steps:\n  use: {{ {answer} }}\n"));
        let (_, told) = desk.ends(code, &RUN);
        let record = desk.is_intact_and_complete(1);
        assert_eq!(record.last()["verdict"], verdict, "{told}");
        assert_eq!(desk.read("log"), log, "{on_failure} {answer}");
        if !answer.is_empty() {
            let by = record.events.iter().find(|event| event["reason"].is_string()).unwrap();
            assert_eq!(by["by"], serde_json::json!({ "who": OPS, "via": "answers" }));
        }
        if verdict == "rolled_back" && answer.is_empty() {
            assert!(record.one("rollback.opened").get("by").is_none(), "the document asked for it");
        }
        let seal: serde_json::Value =
            serde_json::from_slice(&std::fs::read(record.dir.join("seal.json")).unwrap()).unwrap();
        assert_eq!(seal["verdict"], verdict);

        // It has ended: resuming says so, gives its exit code, and changes nothing.
        let (_, told) = desk.ends(code, &["resume", "1", "--unattended"]);
        assert!(told.contains("there is nothing to resume"), "{told}");
        assert_eq!(desk.record(1).bytes, record.bytes);
    }
}

#[test]
fn what_is_chosen_for_after_a_failure_does_not_end_a_run_where_the_same_entry_answers_what_is_asked() {
    let asked = "## Ask\n\n- [ ] Everybody was told\n\n```yaml record\nn: { type: integer, prompt: How many }\n```\n\n\
                 ```sh run\ntest -e ready\n```\n";
    let made = failing("stop").split("## Use").next().unwrap().to_owned();
    for (choice, code) in [("rollback", 1), ("abort", 4)] {
        let entry = format!(
            "steps:\n  ask: {{ confirm: true, value: {{ n: \"5\" }}, choice: {choice}, reason: it fails }}\n"
        );
        let ready = desk(&format!("{made}{asked}"), &entry);
        ready.write("ready", "");
        ready.ends(0, &RUN);
        assert_eq!(ready.read("log"), "made\n", "{choice}");
        let failed = desk(&format!("{made}{asked}"), &entry);
        failed.ends(code, &RUN);
        assert_eq!(failed.is_intact_and_complete(1).starts("ask#3"), 1, "{choice}");
    }
}

#[test]
fn a_failure_that_nobody_decides_on_parks_and_a_retry_is_taken_once() {
    let desk = desk(&failing("ask"), "steps:\n  use: { choice: retry }\n");
    let (_, told) = desk.ends(3, &["run", "book.md", "--unattended"]);
    assert!(told.contains("waiting for a decision on a failure"), "{told}");
    assert_eq!(desk.is_intact_and_open(1).last()["outcome"], "failed");
    // It fails again, and the same answer must not be taken for ever.
    desk.ends(3, &RESUME);
    assert_eq!(desk.is_intact_and_open(1).starts("use#1"), 2);
    desk.write("ready", "");
    desk.ends(0, &RESUME);
    let record = desk.is_intact_and_complete(1);
    assert_eq!((record.starts("make#1"), record.starts("use#1")), (1, 3));
    assert_eq!(record.all("session.opened").len(), 2);
}

#[test]
fn a_rollback_that_fails_waits_for_somebody() {
    let steps = "## Make\n\n```yaml step\non_failure: rollback\n```\n\n```sh run\nfalse\n```\n\n\
        ```sh rollback\ntest -e ready\n```\n";
    let desk = desk(steps, "steps:\n  make#rollback-1: { choice: retry }\n");
    let (_, told) = desk.ends(3, &["run", "book.md", "--unattended"]);
    assert!(told.contains("make#rollback-1 did not pass"), "{told}");
    desk.is_intact_and_open(1);
    desk.write("ready", "");
    desk.ends(1, &RESUME);
    assert_eq!(desk.is_intact_and_complete(1).last()["verdict"], "rolled_back");
}

#[test]
fn a_block_that_takes_too_long_is_stopped_and_fails() {
    let steps = "## Wait\n\n```yaml step\non_failure: stop\n```\n\n```sh run\n#| timeout: 1s\necho begun\nsleep 999\n```\n";
    let desk = desk(steps, "");
    let (_, told) = desk.ends(1, &RUN);
    assert!(told.contains("✗ TIMED OUT"), "{told}");
    let record = desk.is_intact_and_complete(1);
    let finished = record.one("action.finished");
    assert_eq!((&finished["outcome"], &finished["signal"]), (&"timed_out".into(), &15.into()));
    assert_eq!(record.stdout_of("wait#1"), "begun\n");
}

const SIGNED: &str = "## Work\n\n```sh run\necho worked >>log\n```\n\n## Release\n\n- [ ] Read\n\n\
    ```yaml record\nrate: { prompt: Rate, type: number, max: 1, evidence: url }\n```\n\n\
    ```yaml signoff\nrole: qa\nmeaning: approval\nstatement: Rate {{ rate }} is good.\nindependent: true\n```\n";

fn signed_by(who: &str, rate: &str) -> String {
    format!(
        "steps:\n  release:\n    confirm: true\n    value: {{ rate: \"{rate}\" }}\n    \
         evidence: {{ rate: https://example.org/rate }}\n    sign: {{ as: {who}, name: Quinn Auditor }}\n"
    )
}

#[test]
fn a_sign_off_parks_until_the_right_person_gives_it() {
    let desk = Desk::with(&book(SIGNED));
    desk.ends(3, &["run", "book.md", "--unattended"]);
    assert_eq!(desk.is_intact_and_open(1).last()["type"], "action.finished");
    desk.write("answers.yaml", &signed_by(QA, "0.5"));
    let (_, told) = desk.ends(3, &RESUME);
    assert!(told.contains("counts in a rehearsal only"), "{told}");
    assert!(told.contains("waiting for a sign-off"), "{told}");
    let record = desk.is_intact_and_open(1);
    assert_eq!(record.one("signoff.requested")["statement"], "Rate 0.5 is good.");
    assert_eq!(record.one("signoff.refused")["by"]["who"], QA);
    // Asked for once, however often the run is taken up.
    desk.ends(3, &["resume", "1", "--unattended"]);
    let mut terminal = desk.terminal(&["resume", "1"]);
    terminal.waits_for("Rate 0.5 is good.").chooses("sign");
    terminal.answers("Who signs it off (as holdpoint.toml names people)?", QA);
    terminal.answers("Printed name", "Quinn Auditor").waits_for("PASSED");
    terminal.ends(0);
    let record = desk.is_intact_and_complete(1);
    assert_eq!(record.all("signoff.requested").len(), 1);
    assert_eq!(record.one("signoff.given")["by"]["via"], "terminal");
    assert_eq!(desk.read("log"), "worked\n");
}

#[test]
fn a_rehearsal_takes_sign_offs_from_the_answers_file_and_says_so() {
    for (who, code) in [(QA, 0), (OPS, 3), ("night@example.org", 3), ("guest@example.org", 5)] {
        let desk = Desk::with(&book(SIGNED)).configure("[environments.staging]\nrehearsal = true\n");
        desk.write("answers.yaml", &signed_by(who, "0.5"));
        let (_, told) = desk.ends(code, &[&RUN[..], &["--env", "staging"]].concat());
        if code == 0 {
            let record = desk.is_intact_and_complete(1);
            let given = record.one("signoff.given");
            assert_eq!((&given["assurance"], &given["by"]["via"]), (&"rehearsal".into(), &"answers".into()));
        } else if code == 5 {
            // Whom nobody knows signs nothing: that is said before anything is done.
            assert!(told.contains("guest@example.org, who is not listed in holdpoint.toml"), "{told}");
            assert!(!desk.path("log").exists());
        } else {
            assert!(told.contains("refused:"), "{told}");
            let record = desk.is_intact_and_open(1);
            assert_eq!(record.one("signoff.refused")["by"]["who"], who);
            assert!(record.all("signoff.given").is_empty());
        }
    }
}

#[test]
fn a_value_out_of_its_limits_parks_and_is_on_record() {
    let desk = desk(SIGNED, &signed_by(QA, "1.5"));
    let (_, told) = desk.ends(3, &RUN);
    assert!(told.contains("out of its limits"), "{told}");
    let record = desk.is_intact_and_open(1);
    assert_eq!(record.one("value.recorded")["within_limits"], false);
    assert!(record.all("signoff.requested").is_empty());
}

#[test]
fn a_run_that_ended_without_its_seal_is_sealed_when_it_is_resumed() {
    for (on_failure, code) in [("stop", 1), ("rollback", 1)] {
        let desk = desk(&failing(on_failure), "");
        desk.ends(code, &RUN);
        let record = desk.record(1);
        // As a crash leaves it between the last event and the seal.
        let file = record.dir.join("seal.json");
        let seal = std::fs::read(&file).unwrap();
        std::fs::remove_file(&file).unwrap();
        let (verdict, _) = desk.ends(0, &["verify", "1"]);
        assert_eq!(verdict.trim_end(), "intact, open");
        let (_, told) = desk.ends(code, &["resume", "1", "--unattended"]);
        assert!(told.contains("was not sealed yet; it is now"), "{told}");
        assert_eq!(std::fs::read(&file).unwrap(), seal);
        assert_eq!(desk.is_intact_and_complete(1).bytes, record.bytes);
    }
}

#[test]
fn conditions_decide_what_is_for_this_run() {
    let steps = "## Only there\n\n```yaml step\nwhen: environment.name == \"there\"\n```\n\n```sh run\necho there >>log\n```\n\n\
        ## Everywhere\n\n```sh run\necho everywhere >>log\n```\n";
    let desk = Desk::with(&book(steps)).configure("[environments.here]\n[environments.there]\n");
    desk.ends(0, &["run", "book.md", "--unattended", "--env", "here"]);
    assert_eq!(desk.is_intact_and_complete(1).one("step.not_applicable")["step"], "only-there");
    assert_eq!(desk.read("log"), "everywhere\n");
    desk.ends(0, &["run", "book.md", "--unattended", "--env", "there"]);
    assert!(desk.is_intact_and_complete(2).all("step.not_applicable").is_empty());
    assert_eq!(desk.read("log"), "everywhere\nthere\neverywhere\n");
}

#[test]
fn a_dry_run_changes_nothing_and_keeps_nothing() {
    let desk = desk(&failing("ask"), "");
    let (_, told) = desk.ends(0, &["run", "book.md", "--dry-run"]);
    assert!(told.contains("Nothing was changed or kept."), "{told}");
    assert_eq!(desk.read("log"), "");
    assert!(!desk.path(".holdpoint").exists());
}

#[test]
fn a_block_whose_interpreter_is_missing_fails_without_having_begun() {
    let steps = "## Work\n\n```yaml step\non_failure: stop\n```\n\n```sh run\n#!/nowhere/sh\necho worked >>log\n```\n";
    let desk = desk(steps, "");
    let (_, told) = desk.ends(1, &RUN);
    assert!(told.contains("not started"), "{told}");
    let record = desk.is_intact_and_complete(1);
    let finished = record.one("action.finished");
    assert!(finished["error"].as_str().unwrap().contains("/nowhere/sh"), "{finished}");
    assert!(finished.get("exit").is_none() && desk.read("log").is_empty());
}

#[test]
fn runs_that_are_opened_at_the_same_time_get_numbers_without_gaps() {
    let desk = desk("## Work\n\n```sh run\ntrue\n```\n", "");
    let mut programs: Vec<_> =
        (0..5).map(|_| desk.holdpoint(&RUN).stderr(std::process::Stdio::null()).spawn().unwrap()).collect();
    assert!(programs.iter_mut().all(|program| program.wait().unwrap().success()));
    for number in 1..=5 {
        assert_eq!(desk.is_intact_and_complete(number).events[0]["number"], number);
    }
    assert_eq!(desk.runs(), 5);
}
