//! `requires.same` of a name that blocks capture: what was rehearsed is what runs.

use std::fs;

use serde_json::{Value, json};

use crate::runs::book;
use crate::support::{Bench, Ran, forge};

const CONFIG: &str = r#"[people."lead@example.org"]
name = "Lee Lead"

[roles]
lead = ["lead@example.org"]

[environments.staging]
rehearsal = true

[environments.production]
override = ["lead"]
requires = { rehearsal = "staging", same = ["IMAGE"] }
"#;

const BODY: &str = "## Build\n\n```yaml step\non_failure: rollback\n```\n\n```sh run\n#| capture: { IMAGE: { stdout: true } }\n\
    cat image\n```\n\n```sh check\ntest -n \"$IMAGE\"\n```\n\n```sh rollback\necho \"undone $IMAGE\" > undone\n```\n\n\
    ## Transfer\n\n```sh run\necho \"$IMAGE\" > transferred\n```\n\n```sh check\ntest -s transferred\n```\n";

fn bench() -> Bench {
    Bench::with(&[
        ("book.md", &book("", BODY)),
        ("holdpoint.toml", CONFIG),
        ("image", "sha256:aaaa\n"),
        ("skips.yaml", "steps: { build: { choice: skip, reason: not here } }\n"),
    ])
}

fn run(bench: &Bench, environment: &str, more: &[&str]) -> Ran {
    bench.holdpoint(&[&["run", "book.md", "--unattended", "--env", environment][..], more].concat())
}

#[track_caller]
fn ends(code: i32, ran: Ran) -> Ran {
    assert_eq!(ran.code, code, "{}", ran.both());
    ran
}

/// Rehearsed, with one image, and run with it.
fn released() -> Bench {
    let bench = bench();
    ends(0, run(&bench, "staging", &[]));
    ends(0, run(&bench, "production", &[]));
    bench
}

/// A rehearsal in which there was no image, and somebody went on.
fn skipped(bench: &Bench) {
    let asks = BODY.replace("on_failure: rollback", "role: ops").replace("$IMAGE", "${IMAGE:-none}");
    bench.file("book.md", &book("", &asks.replace("```yaml step\nrole: ops\n```\n\n", "")));
    fs::remove_file(bench.path("image")).unwrap();
    ends(0, run(bench, "staging", &["--answers", "skips.yaml"]));
    bench.file("image", "sha256:aaaa\n");
}

#[test]
fn production_captures_what_was_rehearsed_and_whoever_reads_the_run_is_told() {
    let bench = bench();
    ends(5, run(&bench, "production", &[])).says("in staging with the same IMAGE").says("--env staging");
    ends(0, run(&bench, "staging", &[]));
    let dry = run(&bench, "production", &["--dry-run"]);
    ends(0, dry).says("a real run captures IMAGE as in the rehearsal, run 1: sha256:aaaa");
    ends(0, run(&bench, "production", &[])).says("with the same IMAGE sha256:aaaa");
    assert_eq!(bench.events(2)[0]["policy"]["rehearsed"]["captured"], json!({"IMAGE": "sha256:aaaa"}));
    bench.ends(0, &["verify", "2"]).says("intact and complete").says("with the same IMAGE sha256:aaaa");
    bench.ends(0, &["show", "2"]).says("with the same IMAGE sha256:aaaa");
    for format in ["html", "json", "junit", "markdown"] {
        bench.ends(0, &["report", "2", "--format", format]).says("sha256:aaaa");
    }
    bench.ends(0, &["report", "2", "--format", "html"]).says("Captured there, and the same here");
}

#[test]
fn a_block_that_captures_another_image_than_was_rehearsed_fails_and_nothing_after_it_runs() {
    let bench = bench();
    ends(0, run(&bench, "staging", &[]));
    fs::remove_file(bench.path("transferred")).unwrap();
    bench.file("image", "sha256:bbbb\n");
    let ran = ends(1, run(&bench, "production", &[]));
    ran.says("IMAGE is sha256:bbbb, and was sha256:aaaa in the rehearsal, run 1");
    assert!(!bench.exists("transferred"), "{}", ran.both());
    assert_eq!(bench.text("undone"), "undone sha256:bbbb\n", "what was begun is taken back");
    bench.ends(0, &["verify", "2"]).says("intact and complete");
    // As if it had held: whoever proves the record judges it again.
    forge(&bench.run_dir(2), |events| {
        let failed = events.iter_mut().find(|event| event["outcome"] == "failed").unwrap();
        let told = failed["expectations"].as_array_mut().unwrap().last_mut().unwrap();
        told["held"] = json!(true);
        told.as_object_mut().unwrap().shift_remove("came");
        failed["outcome"] = json!("passed");
    });
    bench.ends(6, &["verify", "2"]).says("does not conform").says("is judged failed, not passed");
}

#[test]
fn a_rehearsal_that_captured_no_such_value_opens_nothing() {
    let bench = bench();
    bench.file("holdpoint.toml", &CONFIG.replace("same =", "complete = false, same ="));
    skipped(&bench);
    let ran = ends(5, run(&bench, "production", &[]));
    ran.says("The nearest is run 1: IMAGE was not captured there: its block was skipped");
    ran.says("Run it there again, with the blocks that capture it: holdpoint run book.md --env staging");
}

#[test]
fn a_name_that_is_neither_an_input_nor_captured_is_refused_with_those_that_are() {
    let bench = bench();
    bench.file("holdpoint.toml", &CONFIG.replace("\"IMAGE\"", "\"IMGAE\""));
    let ran = ends(5, run(&bench, "production", &[]));
    ran.says("IMGAE, which must be the same there, is no input of the document, and no block captures it");
    ran.says("it captures IMAGE");
}

#[test]
fn whoever_overrides_the_gate_is_held_to_no_value() {
    let bench = bench();
    ends(0, run(&bench, "staging", &[]));
    bench.file("image", "sha256:bbbb\n").file("book.md", &book("", &format!("{BODY}\n")));
    let overriding = ["--override", "the site is down", "--override-by", "lead@example.org"];
    ends(0, run(&bench, "production", &overriding)).says("RULES OVERRIDDEN");
    bench.ends(0, &["verify", "2"]).says("intact and complete");
}

#[test]
fn event_0_cannot_tell_of_other_captured_values_than_the_rehearsal_had() {
    let bench = released();
    let dir = bench.run_dir(2);
    let script = |code: i32| {
        fs::write(dir.join("verify.sh"), include_str!("../../src/bundle/verify.sh")).unwrap();
        let ran = Ran::of(bench.command("sh").arg(dir.join("verify.sh")).output().unwrap());
        fs::remove_file(dir.join("verify.sh")).unwrap();
        ends(code, ran)
    };
    script(0).says("rehearsed: run 1 in staging");
    let says = |how: &dyn Fn(&mut Value)| {
        forge(&dir, |events| how(&mut events[0]["policy"]["rehearsed"]));
        let why = "it captured other values than event 0 says";
        bench.ends(6, &["verify", "2"]).says("does not conform at event 0").says(why);
    };
    says(&|rehearsed| rehearsed["captured"]["IMAGE"] = json!("sha256:bbbb"));
    script(6).says("it captured other values than the run says");
    says(&|rehearsed| rehearsed["captured"] = json!({"IMAGE": "sha256:aaaa", "MORE": "x"}));
    says(&|rehearsed| drop(rehearsed.as_object_mut().unwrap().shift_remove("captured")));
}
