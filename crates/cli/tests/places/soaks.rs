//! Checks that must hold for a time at other places: each try is one there.

use holdpoint_hosts::Options;

use crate::support::stage;

fn body(script: &str, places: usize) -> String {
    let rollout = if places > 1 { "rollout: { at_once: 2 }\n" } else { "" };
    format!(
        "## Watch\n\n```yaml step\ntarget: web\n{rollout}```\n\n```sh check\n#| hold: {{ for: 400ms, every: 100ms }}\n\
         #| timeout: 20s\n{script}\n```\n\n## Tell\n\n```yaml step\ntarget: web\n{rollout}```\n\n```sh run\necho told >>log\n```\n"
    )
}

#[test]
fn a_check_is_tried_at_each_place_until_it_has_held_there() {
    for places in [1, 2] {
        let Some(stage) = stage("soaks::a_check_is_tried_at_each_place", places, &Options::default()) else {
            return;
        };
        let ran = stage.runs(0, "", &body("echo tried >>log\necho looked", places));
        ran.says("it has held for ").says("of 400ms");
        for host in 0..places {
            let tries = stage.text(host, "log").matches("tried\n").count();
            let passed = format!("watch#1 @{host} passed");
            assert_eq!(
                stage.blocks().iter().filter(|block| **block == passed).count(),
                tries,
                "{:?}",
                stage.blocks()
            );
            assert!(tries >= 2 && stage.text(host, "log").ends_with("told\n"), "{}", stage.text(host, "log"));
            ran.says(&stage.place(host));
        }
        stage.ends(0, &["show", "1"]).says("watch#1 held for ");
        stage.ends(0, &["report", "1", "--format", "json"]).says("\"held_ms\"");
        stage.is_over_and_clean();
    }
}

#[test]
fn the_first_try_that_fails_at_one_place_ends_it_there_and_nothing_follows() {
    let Some(stage) = stage("soaks::the_first_try_that_fails", 2, &Options::default()) else { return };
    // The second host holds at the first try alone.
    std::fs::write(stage.on(1, "breaks"), "").unwrap();
    let script = "test ! -e breaks || test ! -e log || { echo broken; exit 1; }\necho tried >>log";
    let ran = stage.runs(3, "", &body(script, 2));
    ran.says("broken").says(&stage.place(1));
    let blocks = stage.blocks();
    assert_eq!(blocks.iter().filter(|block| **block == "watch#1 @1 failed").count(), 1, "{blocks:?}");
    assert!(!blocks.iter().any(|block| block.starts_with("tell#1")), "{blocks:?}");
    assert_eq!(stage.text(1, "log"), "tried\n");
    stage.ends(0, &["verify", "1"]).says("intact, open");
    // Taken up again, the place that held is not watched anew.
    let held = stage.text(0, "log");
    std::fs::remove_file(stage.on(1, "breaks")).unwrap();
    stage.bench.file("answers.yaml", "steps: { watch: { choice: retry } }\n");
    stage.ends(0, &["resume", "1", "--unattended", "--answers", "answers.yaml"]);
    let log = stage.text(0, "log");
    match held.is_empty() {
        false => assert_eq!(log, format!("{held}told\n")),
        // The second had failed before the first began: there was nothing that held yet.
        true => assert!(log.ends_with("tried\ntold\n"), "{log}"),
    }
    stage.is_over_and_clean();
}
