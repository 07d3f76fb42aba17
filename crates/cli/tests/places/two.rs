//! Several hosts behind a target.

use holdpoint_hosts::Options;

use crate::support::stage;

const DEPLOY: &str = "## Deploy

```yaml step
target: web
rollout: { first: 1, at_once: 4 }
```
";

#[test]
fn what_places_captured_stops_the_run_where_it_differs_and_is_used_where_it_agrees() {
    for (versions, code) in [(["v2", "v1"], 3), (["v2", "v2"], 0)] {
        let Some(stage) = stage("places::what_places_captured", 2, &Options::default()) else { return };
        for (host, version) in versions.iter().enumerate() {
            std::fs::write(stage.on(host, "version"), version).unwrap();
        }
        let body = format!(
            "{DEPLOY}\n```sh run\n#| capture: {{ RUNNING: {{ stdout: true }} }}\ncat version\n```\n\n\
             ```sh check\ntest \"$RUNNING\" = \"$(cat version)\"\n```\n\n\
             ## Compare\n\n```sh check\ntest \"$RUNNING\" = v2\n```\n"
        );
        let ran = stage.runs(code, "", &body);
        if code == 0 {
            stage.is_over_and_clean();
        } else {
            ran.says("differs between places").says(&format!("`v1` at {}", stage.place(1)));
            assert!(!stage.blocks().iter().any(|block| block.starts_with("compare")));
        }
        stage.ends(0, &["show", "1"]).says(&stage.place(0)).says(&stage.place(1));
        let shown = stage.ends(0, &["show", "1", "--step", "deploy"]).stdout;
        for host in 0..2 {
            let row = format!("at {} ", stage.place(host));
            let rows: Vec<&str> = shown.lines().filter(|line| line.contains(&row)).collect();
            assert!(rows.len() == 2 && rows.iter().all(|row| row.contains("PASSED")), "{shown}");
        }
    }
}

#[test]
fn a_canary_that_fails_leaves_the_other_untouched_and_is_rolled_back_alone() {
    let Some(stage) = stage("places::a_canary_that_fails", 2, &Options::default()) else { return };
    let body = format!(
        "{DEPLOY}\n```sh run\ntouch deployed\n```\n\n```sh check\nfalse\n```\n\n```sh rollback\ntouch undone\n```\n"
    );
    stage.bench.file("answers.yaml", "steps: { deploy: { choice: rollback, reason: the canary failed } }\n");
    stage.book("", &body);
    stage.ends(1, &["run", "book.md", "--env", "staging", "--unattended", "--answers", "answers.yaml"]);
    assert!(stage.on(0, "deployed").exists() && stage.on(0, "undone").exists());
    assert!(!stage.on(1, "deployed").exists() && !stage.on(1, "undone").exists());
    let expected = ["deploy#1 @0", "deploy#2 @0", "deploy#rollback-1 @0"];
    let blocks = stage.blocks();
    let ends: Vec<&str> = blocks
        .iter()
        .filter(|block| !block.ends_with("started"))
        .map(|block| block.rsplit_once(' ').unwrap().0)
        .collect();
    assert_eq!(ends, expected);
    stage.is_over_and_clean();
}

#[test]
fn places_are_at_work_at_the_same_time_and_say_which_they_are() {
    let Some(stage) = stage("places::places_are_at_work_at_the_same_time", 3, &Options::default()) else {
        return;
    };
    // Each waits for all others, which it could not if one came after another.
    let here = stage.bench.path("met");
    std::fs::create_dir(&here).unwrap();
    std::fs::set_permissions(&here, std::os::unix::fs::PermissionsExt::from_mode(0o1777)).unwrap();
    for directory in here.ancestors().skip(1).take(2) {
        std::fs::set_permissions(directory, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }
    let here = here.display();
    let body = format!(
        "## Meet\n\n```yaml step\ntarget: web\nrollout: {{ at_once: 3 }}\n```\n\n```sh run\n#| timeout: 20s\n\
         touch '{here}'/$$\nuntil [ $(ls '{here}' | wc -l) = 3 ]; do sleep 0.05; done\necho all are here\n```\n"
    );
    let ran = stage.runs(0, "", &body);
    for host in 0..3 {
        ran.says(&format!("{} │ all are here", stage.place(host)));
        assert_eq!(stage.output("meet#1", host), "all are here\n");
    }
    let replayed = stage.ends(0, &["replay", "1", "--speed", "1000"]);
    for host in 0..3 {
        let place = stage.place(host);
        replayed.says(&format!("{place} │ all are here"));
        assert!(replayed.stderr.lines().any(|line| line.contains("passed") && line.ends_with(&place)));
    }
    let starts = stage.bench.events(1);
    let starts = starts.iter().filter(|event| event["type"] == "action.started");
    assert_eq!(starts.count(), 3);
    stage.is_over_and_clean();
}

#[test]
fn what_a_place_that_was_skipped_did_not_capture_stops_whoever_reads_it_elsewhere() {
    let Some(stage) = stage("places::what_a_place_that_was_skipped", 2, &Options::default()) else { return };
    std::fs::write(stage.on(0, "version"), "v2").unwrap();
    let body = format!(
        "{DEPLOY}\n```sh check\n#| capture: {{ SERVED: {{ stdout: true }} }}\ncat version\n```\n\n\
         ## Compare\n\n```sh check\ntest \"$SERVED\" = v2\n```\n"
    );
    let skip = "steps: { \"deploy#1\": { choice: skip, reason: it is being repaired } }\n";
    stage.bench.file("answers.yaml", skip);
    stage.runs(3, "", &body).says("waiting for a decision on a failure");
    let ran = stage.ends(3, &["resume", "1", "--unattended", "--answers", "answers.yaml"]);
    ran.says(&format!("`SERVED` was not captured at {}", stage.place(1)));
    assert!(!stage.blocks().iter().any(|block| block.starts_with("compare")), "{:?}", stage.blocks());
    stage.ends(0, &["verify", "1"]).says("intact, open");
}

#[test]
fn a_run_that_is_taken_up_shows_the_attempt_of_the_place_that_failed_whichever_ended_last() {
    let Some(stage) = stage("places::the_attempt_of_the_place_that_failed", 2, &Options::default()) else {
        return;
    };
    std::fs::write(stage.on(0, "bad"), "").unwrap();
    let body = "## Deploy\n\n```yaml step\ntarget: web\nrollout: { at_once: 2, stop_after: 1 }\n```\n\n```sh run\n\
         if [ -f bad ]; then echo broken here; exit 3; fi\nsleep 1\necho fine here\n```\n";
    stage.runs(3, "", body);
    let place = stage.place(0);
    let told = stage.ends(3, &["resume", "1", "--unattended"]);
    told.says("the last attempt of deploy#1").says("│ broken here").says("exit 3").says(&place);
    assert!(!told.both().contains("fine here"), "{}", told.both());
}
