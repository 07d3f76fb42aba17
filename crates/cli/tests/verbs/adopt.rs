//! `adopt`: a check-list as a run-book, proposed.

use crate::support::{Bench, Ran};

const LIST: &str = "# Release\n\n1. Look at it\n\n```sh\ngit status\n```\n\n2. Publish <version>\n\n   ```sh\n   publish <version>\n   ```\n\n3. Wait for approval by QA\n";

#[test]
fn the_diff_says_why_and_makes_with_patch_what_is_written_otherwise() {
    let bench = Bench::with(&[("list.md", LIST)]);
    let shown = bench.holdpoint(&["adopt", "list.md"]);
    assert_eq!(shown.code, 0, "{}", shown.both());
    assert_eq!(std::fs::read_to_string(bench.path("list.md")).unwrap(), LIST, "the document was written");
    for line in shown.stdout.lines().filter(|line| line.starts_with("@@ ")) {
        assert!(line.rsplit("@@ ").next().is_some_and(|reason| reason.len() > 10), "{line}");
    }
    let written = bench.holdpoint(&["adopt", "list.md", "--write", "book.md"]);
    assert_eq!((written.code, written.stdout.as_str()), (0, ""), "{}", written.both());
    std::fs::write(bench.path("list.diff"), &shown.stdout).unwrap();
    let patched = Ran::of(
        bench.command("patch").args(["-s", "-o", "patched.md", "list.md", "list.diff"]).output().unwrap(),
    );
    assert_eq!(patched.code, 0, "{}", patched.both());
    assert_eq!(
        std::fs::read_to_string(bench.path("patched.md")).unwrap(),
        std::fs::read_to_string(bench.path("book.md")).unwrap()
    );
    let checked = bench.holdpoint(&["check", "book.md"]);
    assert_eq!(checked.code, 0, "{}", checked.both());
    // Again, and nothing is proposed.
    let again = bench.holdpoint(&["adopt", "book.md"]);
    assert_eq!((again.code, again.stdout.as_str()), (0, ""), "{}", again.both());
    again.says("is a run-book already");
}

#[test]
fn what_a_person_must_decide_is_named_with_its_line() {
    let bench = Bench::with(&[("list.md", LIST)]);
    let ran = bench.holdpoint(&["adopt", "list.md"]);
    ran.says("Commands: 2. Run as they are written: 1; once a value is known: 1; left to you: 0.");
    ran.says("list.md:15: who may sign this off?");
    let data: serde_json::Value =
        serde_json::from_str(&bench.holdpoint(&["adopt", "list.md", "--format", "json"]).stdout).unwrap();
    assert_eq!(data["commands"]["with_values"], 1);
    assert_eq!(data["left"][0]["at"]["line"], 15);
}

#[test]
fn nothing_is_written_over() {
    let bench = Bench::with(&[("list.md", LIST), ("book.md", "mine\n")]);
    for target in ["book.md", "list.md"] {
        let ran = bench.holdpoint(&["adopt", "list.md", "--write", target]);
        assert_eq!(ran.code, 2, "{}", ran.both());
        ran.says("is there already");
    }
    assert_eq!(std::fs::read_to_string(bench.path("book.md")).unwrap(), "mine\n");
}
