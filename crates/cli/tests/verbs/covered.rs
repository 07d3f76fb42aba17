//! What of run-books is checked, can be undone and was tried, and the floors that holdpoint.toml sets.

use serde_json::{Value, json};

use crate::runs::book;
use crate::support::Bench;

const BODY: &str = "## One\n\n```sh run\necho one\n```\n\n```sh check\ntrue\n```\n\n```sh rollback\ntrue\n```\n\n\
    ## Two\n\n```sh run\necho two\n```\n\n## Three\n\n```sh run\ntest ! -e broken\n```\n\n## Look\n\n```sh check\ntrue\n```\n";

fn bench() -> Bench {
    Bench::with(&[("books/book.md", &book("", BODY)), ("books/notes.md", "# Notes\n\n- [ ] x\n")])
}

fn told(bench: &Bench, code: i32, path: &str) -> Value {
    bench.ends(code, &["coverage", path, "--format", "json"]).json()
}

#[test]
fn each_block_with_an_effect_says_whether_it_is_checked_can_be_undone_and_was_tried() {
    let bench = bench();
    let json = told(&bench, 0, "books/book.md");
    assert_eq!(json["covered"], json!({"blocks": 3, "checked": 2, "rollback": 1, "rehearsed": 0, "ran": 0}));
    let block = &json["documents"][0]["blocks"][1];
    assert_eq!((&block["action"], &block["checked"]), (&json!("two#1"), &json!(false)));
    bench.file("broken", "");
    bench.ends(3, &["run", "books/book.md", "--unattended"]);
    bench.ends(1, &["rollback", "1", "--unattended", "--yes", "--reason", "broken"]);
    let json = told(&bench, 0, "books");
    assert_eq!(json["covered"], json!({"blocks": 3, "checked": 2, "rollback": 1, "rehearsed": 1, "ran": 3}));
    assert_eq!(json["not_run_books"], json!(["books/notes.md"]));
    let failed = &json["documents"][0]["blocks"][2]["last_failed"];
    assert!(failed.is_string(), "{json:#}");
    let said = bench.ends(0, &["coverage", "books"]);
    said.says("two#1: no check follows, no rollback").says("three#1: no rollback; last failed").says("66 %");
}

#[test]
fn a_history_counts_a_value_out_of_its_limits_as_a_failure_and_calls_steps_as_the_runs_did() {
    let body =
        "## Watch {{ RELEASE }}\n\n```yaml record\nrate: { prompt: Rate, type: number, max: 1 }\n```\n";
    let bench = Bench::with(&[("book.md", &book("inputs: { RELEASE: {} }\n", body))]);
    let run = |code: i32, release: &str, rate: &str| {
        bench.file("answers.yaml", &format!("inputs: {{ RELEASE: {release} }}\nsteps: {{ watch--release-: {{ value: {{ rate: \"{rate}\" }} }} }}\n"));
        bench.ends(code, &["run", "book.md", "--unattended", "--answers", "answers.yaml"]);
    };
    let history = || {
        let json = bench.ends(0, &["history", "book.md", "--format", "json"]).json();
        let step = &json["steps"][0];
        (step["runs"].clone(), step["failed"].clone(), step["title"].clone())
    };
    run(0, "v1", "0.5");
    assert_eq!(history(), (json!(1), json!(0), json!("Watch v1")));
    run(3, "v1", "2");
    assert_eq!(history(), (json!(2), json!(1), json!("Watch v1")));
    run(0, "v2", "0.5");
    assert_eq!(history(), (json!(3), json!(1), json!("Watch RELEASE")));
    bench.ends(0, &["history", "book.md"]).says("Watch RELEASE");
}

#[test]
fn a_floor_that_is_not_kept_fails_and_one_that_is_no_part_of_a_hundred_is_an_error() {
    let bench = bench();
    bench.file("holdpoint.toml", "[coverage]\nchecked = 66\nrollback = 34\n");
    let json = told(&bench, 1, "books");
    assert_eq!(json["below"], json!(["rollback: 33 %, and holdpoint.toml asks for 34 %"]));
    bench.ends(1, &["coverage", "books"]).says("BELOW  rollback");
    bench.file("holdpoint.toml", "[coverage]\nrollback = 33\n");
    told(&bench, 0, "books");
    for wrong in ["checked = 101", "checked = -1", "checked = \"66\"", "check = 1"] {
        bench.file("holdpoint.toml", &format!("[coverage]\n{wrong}\n"));
        bench.ends(2, &["coverage", "books"]);
    }
}

#[test]
fn a_check_that_is_for_some_runs_only_and_an_exit_code_that_is_asked_for_anyway_cover_nothing() {
    let body = "## One\n\n```sh run\necho one\n```\n\n```yaml expect\nexit: 0\n```\n\n```sh check\n#| when: FULL\ntrue\n```\n";
    let bench =
        Bench::with(&[("book.md", &book("inputs:\n  FULL: { type: boolean, default: false }\n", body))]);
    assert_eq!(told(&bench, 0, "book.md")["covered"]["checked"], 0);
    bench.sh("sed -i 's/^exit: 0/stdout: [ { contains: one } ]/' book.md");
    assert_eq!(told(&bench, 0, "book.md")["covered"]["checked"], 1);
}

#[test]
fn what_is_no_run_book_or_has_errors_covers_nothing() {
    let bench = bench();
    bench.ends(2, &["coverage", "books/notes.md"]).says("there is no run-book");
    bench.file("books/book.md", &book("", "## One\n\n```sh run\n```\n"));
    bench.ends(2, &["coverage", "books"]).says("has errors");
}
