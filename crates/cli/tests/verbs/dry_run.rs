//! `run --dry-run`: the same engine over a world that executes checks only and keeps nothing.

use crate::runs::book;
use crate::support::Bench;

const DRY: [&str; 4] = ["run", "book.md", "--dry-run", "--unattended"];

#[test]
fn checks_are_executed_changes_are_assumed_and_nothing_is_kept() {
    let body = "## Preflight\n\n```sh check\n#| capture: { SEEN: { stdout: true } }\necho really\n```\n\n## Change it\n\n```sh run\n#| capture: { DIGEST: { stdout: true } }\ntouch happened; echo abc\n```\n\n```sh check\n#| capture: { AFTER: { stdout: true } }\necho \"$DIGEST\"; touch needs-digest\n```\n\n```sh rollback\nrm happened\n```\n\n## Look\n\n- [ ] It is good\n\n## Watch\n\n```yaml record\nrate: { prompt: Rate, type: number, min: 1 }\n```\n\n## Release\n\n```yaml signoff\nrole: qa\nmeaning: approval\nstatement: I release {{ NAME }}.\n```\n";
    let front = "inputs:\n  NAME: { default: v1 }\n  TOKEN: { secret: true }\nroles: [qa]\n";
    let bench = Bench::with(&[("book.md", &book(front, body))]);
    let before = bench.tree();
    let ran = bench.ends(0, &[&DRY[..], &["--set", "TOKEN=hunter2hunter2"]].concat());
    for part in [
        "DRY RUN",
        "│ really",
        "not executed, it changes something",
        "DIGEST = unknown",
        "not executed, it needs DIGEST",
        "asked to confirm this",
        "would wait here for a release by the role qa",
        "“I release v1.”",
        "rate = unknown",
        "SEEN = really (real)",
        "NAME = v1 (given)",
        "DIGEST = unknown before the real run",
        "TOKEN = [REDACTED:TOKEN] (given)",
        "Nothing was changed or kept",
    ] {
        ran.says(part);
    }
    assert_eq!(ran.stdout, "");
    assert!(!ran.stderr.contains("hunter2"), "{}", ran.stderr);
    assert_eq!(bench.tree(), before, "a dry run wrote something");
}

#[test]
fn a_check_that_fails_before_the_first_change_fails_the_dry_run_and_the_rest_is_looked_at_all_the_same() {
    let body = "## Preflight\n\n```sh check\nfalse\n```\n\n## Another\n\n```sh check\necho looked\n```\n\n## Change it\n\n```sh run\ntouch happened\n```\n";
    let bench = Bench::with(&[("book.md", &book("", body))]);
    let before = bench.tree();
    let ran = bench.ends(1, &DRY);
    ran.says("✗ FAILED").says("│ looked").says("a real run would stop at preflight#1");
    assert_eq!(bench.tree(), before);
}

#[test]
fn a_check_after_an_assumed_change_may_fail_without_failing_the_dry_run() {
    let body = "## Change it\n\n```sh run\ntouch happened\n```\n\n```sh check\n#| capture: { NOW: { stdout: true } }\ncat happened\n```\n\n## Use it\n\n```sh check\necho \"$NOW\"\n```\n";
    let bench = Bench::with(&[("book.md", &book("", body))]);
    let ran = bench.ends(0, &DRY);
    ran.says("before the changes that this run would make").says("NOW = unknown");
}

#[test]
fn values_of_an_answers_file_are_labelled_given() {
    let body = "## Watch\n\n```yaml record\nrate: { prompt: Rate, type: number }\n```\n";
    let bench = Bench::with(&[
        ("book.md", &book("", body)),
        ("answers.yaml", "steps:\n  watch: { value: { rate: 3 } }\n"),
    ]);
    bench.ends(0, &[&DRY[..], &["--answers", "answers.yaml"]].concat()).says("rate = 3 (given)");
}

#[test]
fn a_dry_run_leaves_the_numbers_and_the_store_alone() {
    let bench = Bench::with(&[("book.md", &book("", "## Look\n\n```sh check\ntrue\n```\n"))]);
    bench.ends(0, &["run", "book.md"]);
    let before = bench.tree();
    bench.ends(0, &DRY);
    assert_eq!(bench.tree(), before);
}
