//! `resume --abort`: a run is ended where it is, for a reason.

use serde_json::json;

use crate::support::{Bench, Ran};

#[test]
fn a_run_is_ended_where_it_is_for_a_reason_whatever_it_waits_for_and_nothing_is_executed() {
    let hold_point = "```yaml signoff\nrole: qa\nmeaning: approval\nstatement: I release it.\n```";
    for (what, body) in [
        ("a failure", "```sh run\nfalse\n```"),
        ("an item", "- [ ] Look at it"),
        ("a hold point", hold_point),
    ] {
        let text = format!(
            "---\nrunbook: 1\nroles: [qa]\n---\n# A release\n\n## First\n\n{body}\n\n## Later\n\n```sh run\ntouch later\n```\n"
        );
        let bench = Bench::with(&[("book.md", &text)]);
        bench.ends(3, &["run", "book.md", "--unattended"]);
        let before = bench.events(1).len();
        bench.ends(2, &["resume", "1", "--abort", "  ", "--unattended"]).says("takes a reason");
        assert_eq!(bench.events(1).len(), before, "{what}");
        bench.ends(4, &["resume", "1", "--abort", "the mill is down", "--unattended"]).says("ABORTED");
        let decision = &bench.of_type(1, "decision")[0];
        assert_eq!(
            (&decision["choice"], &decision["reason"], &decision["by"]["via"]),
            (&json!("abort"), &json!("the mill is down"), &json!("command")),
            "{what}"
        );
        assert!(!bench.exists("later"), "{what}");
        bench.ends(0, &["verify", "1"]).says("intact and complete");
        bench.ends(0, &["report", "1"]).says("the mill is down");
        bench.ends(4, &["resume", "1", "--abort", "again"]).says("there is nothing to resume");
    }
}

#[test]
fn a_run_is_ended_without_asking_anything_and_without_a_program_of_the_repository() {
    let config = "[environments.try]\nrequires = { change = { pattern = '^CHG[0-9]+$', check = \"scripts/asked.sh\" } }\n";
    let text = "---\nrunbook: 1\ninputs:\n  TOKEN: { secret: true, from: { command: \"touch ../asked; echo a-long; echo secret | tr s S\" } }\n---\n\
                # A release\n\n## First\n\n- [ ] Look at it\n\n## Later\n\n```sh run\ntouch later\n```\n";
    let bench = Bench::with(&[("book.md", text), ("holdpoint.toml", config)]);
    bench.file("scripts/asked.sh", "#!/bin/sh\ntouch ../asked\n").sh("chmod +x scripts/asked.sh");
    bench.ends(3, &["run", "book.md", "--env", "try", "--change", "CHG1", "--unattended"]);
    let asked = bench.all().join("asked");
    assert!(asked.exists(), "it was asked when the run opened");
    std::fs::remove_file(&asked).unwrap();
    bench.ends(4, &["resume", "1", "--abort", "the mill is down"]).says("ABORTED");
    assert!(!asked.exists() && !bench.exists("later"));
    bench.ends(0, &["verify", "1"]).says("intact and complete");
}

#[test]
fn a_run_that_is_ended_is_named_and_no_block_ends_one() {
    let text = "---\nrunbook: 1\n---\n# A release\n\n## First\n\n- [ ] Look at it\n";
    let bench = Bench::with(&[("book.md", text)]);
    bench.ends(3, &["run", "book.md", "--unattended"]);
    bench.ends(2, &["resume", "--abort", "no"]).says("with --abort the run must be named");
    let mut within = bench.command(env!("CARGO_BIN_EXE_holdpoint"));
    let ran =
        Ran::of(within.args(["resume", "1", "--abort", "no"]).env("HOLDPOINT_RUN", "1").output().unwrap());
    assert_eq!(ran.code, 5, "{}", ran.both());
    assert!(bench.of_type(1, "decision").is_empty());
}
