//! What an environment requires before anything runs there: met, and not met.

use crate::runs::book;
use crate::support::Bench;

const LOOK: &str = "## Look\n\n```sh check\ntrue\n```\n";

fn rehearsing(requires: &str) -> Bench {
    let config = format!(
        "[environments.staging]
rehearsal = true

[environments.other]
rehearsal = true

[environments.production]
requires = {{ {requires} }}
"
    );
    Bench::with(&[
        ("book.md", &book("", LOOK)),
        ("fails.md", &book("", &LOOK.replace("true", "test ! -e fail"))),
        ("holdpoint.toml", &config),
    ])
}

const PRODUCTION: [&str; 4] = ["run", "book.md", "--env", "production"];

#[test]
fn a_passed_rehearsal_of_the_same_bytes_opens_the_way() {
    let bench = rehearsing("rehearsal = \"staging\"");
    bench.ends(5, &PRODUCTION);
    // In another environment it is no rehearsal of this; a dry run is none either.
    bench.ends(0, &["run", "book.md", "--env", "other"]);
    bench.ends(0, &["run", "book.md", "--env", "staging", "--dry-run"]);
    bench.ends(5, &PRODUCTION).says("there is none").says("holdpoint run book.md --env staging");
    bench.ends(0, &["run", "book.md", "--env", "staging"]);
    bench.ends(0, &PRODUCTION);
    // Under another name the bytes are the same; with one byte more they are not.
    bench.sh("cp book.md copy.md");
    bench.ends(0, &["run", "copy.md", "--env", "production"]);
    bench.sh("echo >> book.md");
    bench.ends(5, &PRODUCTION);
}

#[test]
fn a_rehearsal_that_failed_parked_or_was_altered_opens_nothing() {
    let bench = rehearsing("rehearsal = \"staging\"");
    bench.file("fail", "");
    let production = ["run", "fails.md", "--env", "production", "--unattended"];
    bench.ends(3, &["run", "fails.md", "--env", "staging", "--unattended"]);
    bench.ends(5, &production);
    std::fs::remove_file(bench.path("fail")).unwrap();
    bench.ends(5, &production);
    bench.ends(0, &["run", "fails.md", "--env", "staging", "--unattended"]);
    bench.ends(0, &production);
    // The record of the rehearsal must be one that verifies.
    let log = bench.run_dir(2).join("run.jsonl");
    let text = std::fs::read_to_string(&log).unwrap();
    std::fs::write(&log, text.replace("\"attempt\":1", "\"attempt\":7")).unwrap();
    bench.ends(5, &production);
}

#[test]
fn a_rehearsal_with_a_forged_outcome_opens_nothing() {
    let bench = rehearsing("rehearsal = \"staging\"");
    bench.ends(0, &["run", "book.md", "--env", "staging"]);
    // The recorded document replaced by other bytes under the same name.
    let digest = bench.events(1)[0]["runbook"]["blob"]["sha256"].as_str().unwrap().to_owned();
    let blob = bench.run_dir(1).join("blobs/sha256").join(digest);
    std::fs::write(&blob, "another document").unwrap();
    bench.ends(5, &PRODUCTION);
}

#[test]
fn a_rehearsal_is_good_for_as_long_as_the_environment_says() {
    let bench = rehearsing("rehearsal = \"staging\", max_age = \"1s\"");
    bench.ends(0, &["run", "book.md", "--env", "staging"]);
    let within = bench.holdpoint(&PRODUCTION);
    assert!(matches!(within.code, 0 | 5), "{}", within.stderr);
    while bench.holdpoint(&PRODUCTION).code == 0 {}
    bench.ends(5, &PRODUCTION).says("within 1s");
    let long = rehearsing("rehearsal = \"staging\", max_age = \"7d\"");
    long.ends(0, &["run", "book.md", "--env", "staging"]);
    long.ends(0, &PRODUCTION);
}

#[test]
fn a_clean_commit_and_a_committed_document_pass_where_they_are_required() {
    let config = "[roles]\noperator = [\"ops@example.org\"]\n[environments.production]\nprotected = true\nrequires = { clean_commit = true }\n";
    let bench = Bench::with(&[("book.md", &book("", LOOK)), ("holdpoint.toml", config)]);
    bench.committed();
    bench.ends(0, &PRODUCTION);
    bench.ends(0, &PRODUCTION);
    bench.file("more", "");
    bench.ends(5, &PRODUCTION);
}

#[test]
fn a_protected_environment_minds_the_document_not_the_rest_of_the_work_tree() {
    let config = "[roles]\noperator = [\"ops@example.org\"]\n[environments.production]\nprotected = true\n";
    let bench = Bench::with(&[("book.md", &book("", LOOK)), ("holdpoint.toml", config)]);
    bench.committed();
    bench.file("more", "");
    bench.ends(0, &PRODUCTION);
    bench.sh("printf '*.md -text\\n' > .gitattributes; printf ' ' >> book.md");
    bench.ends(5, &PRODUCTION);
}

#[test]
fn a_dry_run_says_that_a_real_one_would_be_refused() {
    let bench = rehearsing("rehearsal = \"staging\"");
    let ran = bench.holdpoint(&["run", "book.md", "--env", "production", "--dry-run"]);
    ran.says("a real run would be refused");
    assert!(!bench.exists(".holdpoint"));
}

#[test]
fn a_sign_off_from_an_answers_file_counts_in_a_rehearsal_only() {
    let body = "## Release\n\n```yaml signoff\nrole: qa\nmeaning: approval\nstatement: I release it.\n```\n";
    let config = r#"[roles]
qa = ["qa@example.org"]

[environments.staging]
rehearsal = true

[environments.production]
"#;
    let answers = "steps:\n  release: { sign: { as: qa@example.org, name: Quinn } }\n";
    let bench = Bench::with(&[
        ("book.md", &book("roles: [qa]\n", body)),
        ("holdpoint.toml", config),
        ("answers.yaml", answers),
    ]);
    let run =
        |env: &'static str| ["run", "book.md", "--unattended", "--answers", "answers.yaml", "--env", env];
    bench.ends(0, &run("staging"));
    let given = &bench.of_type(1, "signoff.given")[0];
    assert_eq!((&given["assurance"], &given["name"]), (&"rehearsal".into(), &"Quinn".into()));
    bench.ends(3, &run("production")).says("refused");
    assert!(bench.of_type(2, "signoff.given").is_empty());
    assert_eq!(bench.of_type(2, "signoff.refused").len(), 1, "a failed attempt is evidence too");
    // Nor does one by somebody whom nobody knows: that is seen before anything is done.
    bench.file("answers.yaml", &answers.replace("qa@", "mallory@"));
    let refused = bench.ends(5, &run("staging"));
    refused.says("signs as mallory@example.org, who is not listed in holdpoint.toml");
    refused.says("holdpoint.toml lists qa@example.org.");
    for number in ["1", "2"] {
        bench.ends(0, &["verify", number]);
    }
}

#[test]
fn a_rehearsal_that_skipped_something_opens_nothing_unless_the_rule_says_so() {
    let body = "## Look\n\n```sh check\ntrue\n```\n\n## Turn\n\n```sh check\ntest -e on\n```\n";
    let answers = "steps:\n  turn: { choice: skip, reason: nobody can turn it there }\n";
    for (requires, code) in [("", 5), (", complete = true", 5), (", complete = false", 0)] {
        let bench = rehearsing(&format!("rehearsal = \"staging\"{requires}"));
        bench.file("book.md", &book("", body));
        bench.file("answers.yaml", answers);
        bench.file("on", "");
        bench.ends(0, &["run", "book.md", "--env", "staging", "--unattended", "--answers", "answers.yaml"]);
        let ran = bench.ends(code, &PRODUCTION);
        if code == 5 {
            ran.says("run 1: turn#1 was skipped in it").says("requires.complete = false");
            bench.ends(0, &["run", "book.md", "--env", "staging", "--unattended"]);
            bench.ends(0, &PRODUCTION);
        }
    }
}
