//! What is told of a run to whoever was not there: what was undone and what was not, who refused, what was skipped.

use serde_json::json;

use crate::runs::book;
use crate::support::Bench;

const UNDOING: &str = "## One\n\n```sh run\n: one\n```\n\n```sh rollback\n: unmade\n```\n\n\
    ## Two\n\n```sh run\n: two\n```\n\n```sh rollback\nfalse\n```\n\n\
    ## End\n\n```sh check\nfalse\n```\n";

#[test]
fn a_step_whose_rollback_was_skipped_is_never_told_as_undone_or_as_failed() {
    let answers = "steps:\n  end#1: { choice: rollback, reason: it is broken }\n  \
        two#rollback-1: { choice: skip, reason: undone by hand }\n";
    let bench = Bench::with(&[("book.md", &book("", UNDOING)), ("answers.yaml", answers)]);
    let run = bench.ends(1, &["run", "book.md", "--unattended", "--answers", "answers.yaml"]);
    run.says("FAILED").says("not undone: 2 Two (its rollback was skipped)");
    assert!(!run.both().contains("not undone: 1 One"), "{}", run.both());
    let show = bench.ends(0, &["show", "1"]);
    show.says("ROLLBACK SKIPPED").says("skipped the rollback of Two, by");
    show.says("not undone").says("asked for by").says("it is broken");
    assert!(!show.both().contains("ROLLBACK FAILED"), "{}", show.both());
    let json = bench.ends(0, &["show", "1", "--format", "json"]).json();
    let outcomes = json!([{"step": "two", "state": "skipped"}, {"step": "one", "state": "done"}]);
    assert_eq!(json["rollbacks"][0]["outcomes"], outcomes);
    assert_eq!(json["not_undone"], json!([{"step": "two", "why": {"rollback": "skipped"}}]));
    assert_eq!(json["deviations"][0]["of_rollback"], true);
    let told = "2 Two: **not undone, its rollback was skipped**; 1 One: undone";
    bench.ends(0, &["report", "1", "--format", "markdown"]).says(told);
    let told = "<a href=\"#step-two\">2 Two</a>: <strong>not undone, its rollback was skipped</strong>; \
                <a href=\"#step-one\">1 One</a>: undone";
    bench.ends(0, &["report", "1", "--format", "html"]).says(told);
    bench.ends(0, &["report", "1", "--format", "junit"]).says("not undone: 2 Two (its rollback was skipped)");
}

#[test]
fn an_aborted_run_tells_what_was_done_and_stays() {
    let answers = "steps:\n  end#1: { choice: abort, reason: tomorrow }\n";
    let bench = Bench::with(&[("book.md", &book("", UNDOING)), ("answers.yaml", answers)]);
    let run = bench.ends(4, &["run", "book.md", "--unattended", "--answers", "answers.yaml"]);
    run.says("not undone: 1 One").says("not undone: 2 Two");
    bench.ends(0, &["show", "1"]).says("aborted").says("tomorrow");
}

const HELD: &str = "## Look\n\n```sh check\nfalse\n```\n\n```sh check\nfalse\n```\n\n## Release\n\n\
    ```yaml signoff\nrole: qa\nmeaning: approval\nstatement: I release it.\n```\n";

#[test]
fn a_rejection_is_told_to_whoever_takes_the_run_up_and_so_is_every_deviation() {
    let skip = "steps:\n  look#1: { choice: skip, reason: looked at by eye }\n  look#2: { choice: skip, reason: no time }\n";
    let bench = Bench::with(&[("book.md", &book("roles: [qa]\n", HELD)), ("answers.yaml", skip)]);
    let run = bench.ends(3, &["run", "book.md", "--unattended", "--answers", "answers.yaml"]);
    run.says("2 deviations:").says("skipped look#1 by").says("looked at by eye");
    run.says("skipped look#2 by").says("no time");
    assert!(!run.both().contains("REJECTED"), "{}", run.both());
    let reject = ["sign", "1", "--as", "qa@example.org", "--reject", "--reason", "the graph is red"];
    bench.ends(0, &reject);
    let resumed = bench.ends(3, &["resume", "1", "--unattended"]);
    let told = resumed.both().replace('\n', " ");
    assert_eq!(told.matches("REJECTED by qa@example.org, 20").count(), 2, "{told}");
    assert_eq!(told.matches(": the graph is red").count(), 2, "{told}");
    let show = bench.ends(0, &["show", "1"]);
    show.says("rejected").says("release#1, by qa@example.org, ").says("the graph is red");
    show.says("skipped look#1, by").says("skipped look#2, by");
}

#[test]
fn a_rejection_without_a_key_is_typed_as_a_sign_off_is_where_a_name_is_configured() {
    let qa = "qa@example.org";
    let config = format!("[people.\"{qa}\"]\nname = \"Quinn Auditor\"\n[roles]\nqa = [\"{qa}\"]\n");
    let body = "## Release\n\n```yaml signoff\nrole: qa\nmeaning: approval\nstatement: I release it.\n```\n";
    let bench = Bench::with(&[("book.md", &book("roles: [qa]\n", body)), ("holdpoint.toml", &config)]);
    bench.ends(3, &["run", "book.md", "--unattended"]);
    let reject = ["sign", "1", "--as", qa, "--reject", "--reason", "the graph is red"];
    bench.ends(2, &reject).says("a rejection without a key is typed, as a sign-off is");
    assert!(bench.of_type(1, "signoff.rejected").is_empty());
}

#[test]
fn an_option_that_names_nobody_is_no_way_to_leave_it_out() {
    let bench = Bench::with(&[("book.md", &book("roles: [qa]\n", HELD))]);
    for who in ["", "  "] {
        bench.ends(2, &["run", "book.md", "--unattended", "--operator", who]).says("it names nobody");
        bench.ends(2, &["sign", "1", "--as", who]).says("it names nobody");
        bench.ends(2, &["handover", "1", "--to", who]).says("it names nobody");
    }
    assert!(!bench.exists(".holdpoint"));
}

#[test]
fn of_many_deviations_twenty_are_told_and_the_rest_is_counted() {
    let looks = "```sh check\nfalse\n```\n\n".repeat(22);
    let body = HELD.replace("```sh check\nfalse\n```\n\n```sh check\nfalse\n```\n\n", &looks);
    let skips: String = (1..=22).map(|n| format!("  look#{n}: {{ choice: skip, reason: r }}\n")).collect();
    let bench = Bench::with(&[
        ("book.md", &book("roles: [qa]\n", &body)),
        ("answers.yaml", &format!("steps:\n{skips}")),
    ]);
    let run = bench.ends(3, &["run", "book.md", "--unattended", "--answers", "answers.yaml"]);
    run.says("22 deviations:").says("skipped look#20 by").says("and 2 more");
    assert!(!run.both().contains("skipped look#21 by"), "{}", run.both());
}

#[test]
fn an_item_is_told_as_it_is_written_and_as_it_was_read() {
    let body = "## Look\n\n- [ ] The page shows {{ RELEASE }}\n- [ ] All see {{ RELEASE }}\n";
    let front = "inputs: { RELEASE: { default: v1 } }\n";
    let answers =
        "steps:\n  look#1: { confirm: true }\n  look#2: { choice: skip, reason: nobody is there }\n";
    let bench = Bench::with(&[("book.md", &book(front, body)), ("answers.yaml", answers)]);
    bench.ends(0, &["run", "book.md", "--unattended", "--answers", "answers.yaml"]);
    for format in ["markdown", "html"] {
        let report = bench.ends(0, &["report", "1", "--format", format]);
        report
            .says("The page shows {{ RELEASE }}")
            .says("“The page shows v1”")
            .says("(read as “All see v1”)");
    }
}

#[test]
fn only_expectations_that_the_document_writes_are_counted_as_held() {
    let body = |block: &str| book("", &format!("## Look\n\n{block}"));
    let timed = "```sh check\n#| timeout: 30s\nfalse\n```\n";
    let bench = Bench::with(&[("book.md", &body(timed))]);
    let ran = bench.ends(3, &["run", "book.md", "--unattended"]);
    assert!(ran.both().contains("FAILED") && !ran.both().contains("held)"), "{}", ran.both());
    let written = "```sh check\necho yes; false\n```\n\n```yaml expect\nstdout: [ { contains: yes } ]\n```\n";
    bench.file("book.md", &body(written));
    bench.ends(3, &["run", "book.md", "--unattended"]).says("(1 expectation held)");
}

#[test]
fn how_many_must_sign_and_for_how_long_that_is_good_is_told_wherever_a_signature_is_waited_for() {
    let body = "## Release\n\n```yaml signoff\nrole: qa\nmeaning: approval\nstatement: I release it.\ncount: 2\nexpires: 4h\n```\n";
    let qa = "qa@example.org";
    let config = format!("[roles]\nqa = [\"{qa}\"]\n\n[environments.staging]\nrehearsal = true\n");
    let answers = format!("steps:\n  release: {{ sign: {{ as: {qa}, name: Quinn Auditor }} }}\n");
    let book = book("roles: [qa]\n", body);
    let bench = Bench::with(&[("book.md", &book), ("holdpoint.toml", &config), ("answers.yaml", &answers)]);
    bench.ends(0, &["plan", "book.md", "--env", "staging"]).says("role qa, 2 signatures, good for 4h");
    let run = ["run", "book.md", "--env", "staging", "--unattended"];
    let parked = bench.ends(3, &run).both();
    let (nobody, good) = ("nobody has signed so far; it takes 2 different people", "good for 4h, unless");
    assert_eq!([nobody, good].map(|told| parked.matches(told).count()), [2, 2], "{parked}");
    bench.ends(0, &["show", "1"]).says(nobody).says(good);
    bench.ends(3, &["resume", "1", "--unattended"]).says(nobody);
    let parked = bench.ends(3, &[&run[..], &["--answers", "answers.yaml"]].concat()).both();
    let signed = format!("signed off so far by {qa}; it takes 2 different people");
    assert_eq!(parked.matches(&signed).count(), 2, "{parked}");
    bench.ends(0, &["show", "2"]).says(&signed);
    let waits = &bench.ends(0, &["show", "2", "--format", "json"]).json()["waits"];
    assert_eq!(waits["terms"], json!([signed, "good for 4h, unless what it guards has begun by then"]));
}

#[test]
fn an_answer_of_a_file_that_did_not_count_is_none_and_every_report_says_at_its_head_which_did() {
    let body = "## Look\n\n- [ ] Fine\n\n## Release\n\n```yaml signoff\nrole: qa\nmeaning: approval\nstatement: I release it.\n```\n";
    let answers = "steps:\n  look#1: { confirm: true }\n  release: { sign: { as: qa@example.org, name: Quinn Auditor } }\n";
    let bench = Bench::with(&[("book.md", &book("roles: [qa]\n", body)), ("answers.yaml", answers)]);
    bench.ends(3, &["run", "book.md", "--unattended", "--answers", "answers.yaml"]);
    assert_eq!(bench.of_type(1, "signoff.refused")[0]["by"]["via"], "answers");
    let came = "1 answer came from an answers file, and nobody was asked: look#1";
    let show = bench.ends(0, &["show", "1"]).both();
    assert!(show.contains(&format!("{came}\n")), "{show}");
    for format in ["markdown", "html", "junit"] {
        let came = came.trim_end_matches("look#1");
        bench.ends(0, &["report", "1", "--format", format]).says(came);
    }
}
