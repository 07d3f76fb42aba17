//! Nothing passes by accident: runs that do nothing, blocks that capture nothing, documents without a step.

use crate::runs::book;
use crate::support::Bench;

#[test]
fn a_run_of_which_nothing_was_done_does_not_pass_anywhere() {
    let body = "## Look\n\n```sh check\n#| when: environment.name == \"elsewhere\"\nfalse\n```\n";
    let bench = Bench::with(&[("book.md", &book("", body))]);
    bench.ends(1, &["run", "book.md", "--unattended"]).says("NOTHING DONE");
    bench.ends(1, &["run", "book.md", "--unattended", "--dry-run"]).says("nothing would be done");
    assert_eq!(bench.events(1).last().unwrap()["verdict"], "nothing_done");
    bench.ends(0, &["verify", "1"]);
    assert!(bench.ends(0, &["runs"]).stdout.contains("nothing done"));
    assert!(bench.ends(0, &["show", "1"]).stdout.contains("NOTHING DONE"));
    for (format, words) in [
        ("markdown", "NOTHING DONE"),
        ("html", "NOTHING DONE"),
        ("junit", "nothing done"),
        ("json", "nothing_done"),
    ] {
        let told = bench.ends(0, &["report", "1", "--format", format]).stdout;
        assert!(told.contains(words), "{format}: {told:.2000}");
    }
}

#[test]
fn a_document_without_a_step_is_not_run() {
    let bench = Bench::with(&[("book.md", &book("", "Text only.\n"))]);
    bench.ends(2, &["run", "book.md", "--unattended"]).says("nothing in book.md is a step");
    bench.ends(2, &["run", "book.md", "--unattended", "--dry-run"]);
    assert!(!bench.path(".holdpoint").exists());
}

#[test]
fn a_block_that_captures_nothing_fails() {
    let body = "## Look\n\n```sh check\n#| capture: { DIR: { stdout: true } }\ntrue\n```\n";
    let may = body.replace("true }", "true, empty: true }");
    let bench = Bench::with(&[("book.md", &book("", body)), ("may.md", &book("", &may))]);
    bench.ends(3, &["run", "book.md", "--unattended"]).says("it is empty");
    bench.ends(0, &["run", "may.md", "--unattended"]);
}
