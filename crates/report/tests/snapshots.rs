//! Whole executed copies, as somebody would file them.

#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use holdpoint_engine::*;

const PROMOTE: &str = include_str!("common/promote.md");

#[test]
fn a_passed_run_reads_as_one_would_file_it() {
    let mut tape = Tape::open(PROMOTE, |_| {});
    tape.captures("deploy#1", "DIGEST");
    tape.plan.steps[2].when = vec!["RELEASE == \"yes\"".to_owned()];
    tape.confirmed("prepare#1").wait(40).confirmed("prepare#2").confirmed("prepare#3");
    tape.ran("prepare#4", 1, passed("9f2c1e7a\n"));
    let log: String = (1..=120).map(|n| format!("[{n:03}] copied layer {n} of 120\n")).collect();
    let mut deploy = passed(log);
    deploy.stderr = b"warning: \x1b[33mslow disk\x1b[0m\n".to_vec();
    deploy.captures = vec![("DIGEST", "sha256:77aa".to_owned())];
    tape.ran("deploy#1", 1, deploy);
    let mut sick = failed(22, "curl: (22) 503\n");
    sick.expectations.push(broke("standard output contains \"healthy\"", "nothing"));
    tape.ran("deploy#2", 1, sick);
    let mut healthy = passed("healthy\n");
    healthy.expectations.push(held("standard output contains \"healthy\""));
    tape.ran("deploy#2", 2, healthy);
    tape.push(Event::NotApplicable {
        place: None,
        step: "migrate".to_owned(),
        action: None,
        condition: "RELEASE == \"yes\"".to_owned(),
    });
    tape.recorded("release-approval#1", "error_rate", "0.04", true);
    tape.requested("release-approval#2").wait(600).signed("release-approval#2");
    tape.confirmed("clean-up#1").noted("Change request CR-118 closed.", Some("clean-up"), None);
    tape.closed(Verdict::Passed);
    insta::assert_snapshot!(tape.markdown());
}

#[test]
fn a_failed_and_rolled_back_run_tells_its_whole_story() {
    let mut tape = Tape::open(PROMOTE, |opened| {
        opened.runbook.dirty = Some(true);
        opened.runbook.committed = Some(false);
        opened.people.clear();
    });
    tape.deviated(DeviationKind::Skipped, "prepare", Some("prepare#1"), "hotfix | no notes yet");
    tape.confirmed("prepare#2").confirmed("prepare#3").ran("prepare#4", 1, passed("9f2c1e7a\n"));
    tape.deviated(DeviationKind::Repeated, "prepare", None, "wrong tag checked");
    tape.confirmed("prepare#1").confirmed("prepare#2").confirmed("prepare#3");
    tape.ran("prepare#4", 2, passed("11aa22bb\n"));
    tape.reach("deploy#1");
    let edited = tape.blob("./deploy.sh --force \"$RELEASE\"\n");
    tape.push(Event::Deviation(Deviation {
        place: None,
        kind: DeviationKind::Edited,
        step: "deploy".to_owned(),
        action: Some("deploy#1".to_owned()),
        script: Some(edited),
        overridden: None,
        reason: "a stale lock is held".to_owned(),
        by: by("olga"),
    }));
    tape.started("deploy#1", 1, Some("./deploy.sh --force \"$RELEASE\"\n"));
    tape.wait(3600);
    let torn = tape.blob("{\"n\":12,\"pr");
    tape.push(Event::LogRecovered { torn });
    tape.push(Event::SessionOpened(session("quinn")));
    tape.decided("deploy#1", Choice::FindOut, None);
    let mut probe = tape.starting("deploy#2", 1, None);
    probe.probe = true;
    tape.push(Event::ActionStarted(probe));
    let mut probed = tape.finishing("deploy#2", 1, passed("healthy\n"));
    probed.probe = true;
    tape.push(Event::ActionFinished(Box::new(probed)));
    tape.decided("deploy#1", Choice::Happened, Some("the health page shows the new digest"));
    tape.ran("deploy#2", 2, failed(1, "timeout\n"));
    let mut hung = failed(0, "still waiting\n");
    hung.outcome = Outcome::TimedOut;
    hung.exit = None;
    hung.expectations = vec![broke("ends within 5m", "it did not end")];
    tape.decided("deploy#2", Choice::Retry, None).ran("deploy#2", 3, hung);
    tape.rolling_back("quinn", "production is down");
    tape.ran("deploy#rollback-1", 1, passed("back at v2.3.9\n"));
    let wrong = tape.events.len() as u64 - 1;
    tape.noted("It came back at v2.3.8, not v2.3.9.", None, Some(wrong));
    tape.closed(Verdict::RolledBack);
    insta::assert_snapshot!(tape.markdown());
}

#[test]
fn an_open_run_says_what_it_waits_for() {
    let mut tape = Tape::open(PROMOTE, |opened| {
        opened.runbook.commit = None;
        opened.runbook.dirty = None;
        opened.runbook.committed = None;
        opened.environment.protected = false;
    });
    tape.confirmed("prepare#1").confirmed("prepare#2").confirmed("prepare#3").ran("prepare#4", 1, passed(""));
    tape.deviated(DeviationKind::Skipped, "deploy", None, "already deployed by run 41");
    tape.ran("migrate#1", 1, passed("0 migrations\n"));
    tape.recorded("release-approval#1", "error_rate", "0.9", false);
    tape.decided("release-approval#1", Choice::Retry, Some("the dashboard was stale"));
    tape.recorded("release-approval#1", "error_rate", "0.05", true);
    tape.requested("release-approval#2");
    let (step, action) = ("release-approval".to_owned(), "release-approval#2".to_owned());
    let reason = "olga@example.org performed the steps and so cannot sign them off".to_owned();
    tape.push(Event::SignOffRefused { step, action, reason, by: by("olga") });
    tape.rejected("release-approval#2", "quinn", "error rate still rising");
    insta::assert_snapshot!(tape.with(None, |m| holdpoint_report::markdown(m).unwrap()));
}

#[test]
fn secrets_are_told_by_name_only() {
    let source = "# Rotate\n\n## Rotate\n\n```sh run\n#| sensitive: true\n./rotate.sh\n```\n\n```sh check\n#| record: false\ngpg --list-keys\n```\n";
    let mut tape = Tape::open(source, |opened| {
        opened.inputs.push(InputGiven {
            name: "API_TOKEN".to_owned(),
            value: None,
            secret: true,
            from: "env API_TOKEN".to_owned(),
        });
    });
    let mut rotated = passed("token [REDACTED:API_TOKEN] replaced\n");
    rotated.masked = vec![("API_TOKEN", 1)];
    tape.ran("rotate#1", 1, rotated);
    let mut unkept = passed("");
    unkept.kept = false;
    tape.ran("rotate#2", 1, unkept).closed(Verdict::Passed);
    insta::assert_snapshot!(tape.markdown());
}

#[test]
fn a_step_reads_in_json_as_it_went() {
    let mut tape = Tape::open(PROMOTE, |_| {});
    tape.captures("deploy#1", "DIGEST").reach("deploy#1");
    let edited = "./deploy.sh --force\n";
    let script = Some(tape.blob(edited));
    let (kind, reason) = (DeviationKind::Edited, "a stale lock is held".to_owned());
    let (step, action) = ("deploy".to_owned(), Some("deploy#1".to_owned()));
    tape.push(Event::Deviation(Deviation {
        place: None,
        kind,
        step,
        action,
        script,
        overridden: None,
        reason,
        by: by("olga"),
    }));
    let mut end = passed("deployed\n");
    end.captures = vec![("DIGEST", "sha256:77aa".to_owned())];
    tape.started("deploy#1", 1, Some(edited)).finished("deploy#1", 1, end);
    tape.started("deploy#2", 1, None);
    let mut json = tape.json();
    insta::assert_json_snapshot!(json["steps"][1].take());
    json["steps"] = serde_json::Value::Null;
    insta::assert_json_snapshot!(json);
}
