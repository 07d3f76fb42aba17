//! `check` of documents that are no run-books, of whole directories, and of front matter that other tools read.

use std::os::unix::fs::symlink;

use serde_json::{Value, json};

use crate::support::Bench;

const RUNAWAY: &str =
    "# Release\n\n## Staging\n\n```\ndeploy --to <HOST>\n\n## Production\n\n- [ ] Wipe the disks\n";
const SOUND: &str = "# Sound\n\n- [ ] Look\n";
const BOOK: &str = "---\nrunbook: 1\n---\n\n# Book\n\n- [ ] Look\n";

fn codes(found: &Value) -> Vec<&str> {
    found.as_array().unwrap().iter().filter_map(|finding| finding["code"].as_str()).collect()
}

#[test]
fn what_a_fence_of_a_foreign_document_swallows_is_a_warning_and_can_be_denied() {
    let bench = Bench::with(&[("a.md", RUNAWAY)]);
    let found = bench.ends(0, &["check", "--format", "json", "a.md"]).json();
    assert_eq!(codes(&found), ["unclosed-fence", "swallowed-by-fence"]);
    assert!(found.as_array().unwrap().iter().all(|finding| finding["severity"] == "warning"), "{found}");
    assert_eq!(found[1]["span"]["line"], 8, "the heading that is no step");
    bench.ends(1, &["check", "--deny", "warnings", "a.md"]);
    // It is told before it runs, too.
    let ran = bench.holdpoint(&["run", "a.md", "--unattended"]);
    assert!(ran.stderr.contains("has swallowed this heading"), "{}", ran.stderr);
}

/// A repository with run-books in many places, of which four are to be read.
fn repository() -> Bench {
    let bench = Bench::with(&[
        ("books/a.md", RUNAWAY),
        ("books/b.MD", BOOK),
        ("books/deep/c.md", SOUND),
        ("books/deep/notes.txt", RUNAWAY),
        ("books/built/d.md", RUNAWAY),
        ("books/built/kept.md", SOUND),
        ("elsewhere/e.md", RUNAWAY),
        (".holdpoint/runs/1/run-book.md", RUNAWAY),
        (".gitignore", "built/\n"),
    ]);
    bench.sh("git init -q -b main . && git add -A && git add -f books/built/kept.md && git commit -qm first");
    bench.file("books/new.md", SOUND);
    symlink(bench.path("elsewhere"), bench.path("books/linked")).unwrap();
    symlink(bench.path("elsewhere/e.md"), bench.path("books/linked.md")).unwrap();
    bench
}

const SUMMARY: &str = "5 files: 0 errors, 2 warnings, 5 steps";

#[test]
fn a_directory_is_every_md_below_it_that_git_does_not_ignore_and_no_link_leads_to() {
    let bench = repository();
    let before = bench.tree();
    let ran = bench.ends(0, &["check", "books"]);
    assert_eq!(bench.tree(), before, "check wrote something");
    let lines: Vec<&str> = ran.stderr.lines().filter(|line| line.contains(" warning")).collect();
    assert_eq!(lines, ["books/a.md: 0 errors, 2 warnings, 1 step", SUMMARY], "{}", ran.stderr);
    assert!(!ran.stderr.contains("elsewhere") && !ran.stderr.contains("books/built/d.md"), "{}", ran.stderr);
}

#[test]
fn the_sum_of_a_directory_is_in_every_format() {
    let bench = repository();
    let wanted = json!({"files": 5, "errors": 0, "warnings": 2, "steps": 5});
    let found = bench.ends(0, &["check", "--format", "json", "books"]).json();
    assert_eq!(found.as_array().unwrap().last().unwrap(), &json!({"summary": wanted}));
    let log = bench.ends(0, &["check", "--format", "sarif", "books"]).json();
    assert_eq!(log["runs"][0]["properties"]["summary"], wanted);
    let told = bench.ends(0, &["check", "--format", "github", "books"]).stdout;
    assert_eq!(told.lines().last(), Some(&*format!("::notice::{SUMMARY}")));
    // What was named by hand has no sum: its own line says it.
    let found = bench.ends(0, &["check", "--format", "json", "books/a.md"]).json();
    assert!(found.as_array().unwrap().iter().all(|finding| finding["summary"].is_null()), "{found}");
}

#[test]
fn a_pattern_is_what_it_matches_below_the_directory_that_it_begins_with() {
    let bench = repository();
    for (pattern, files) in [
        ("books/*.md", 2),
        ("books/**/*.md", 4),
        ("books/**/*.{md,MD}", 5),
        ("**/c.md", 1),
        ("./books/deep/?.md", 1),
    ] {
        let found = bench.ends(0, &["check", "--format", "json", pattern]).json();
        assert_eq!(found.as_array().unwrap().last().unwrap()["summary"]["files"], files, "{pattern}");
    }
    // Named twice, read once.
    let found = bench.ends(0, &["check", "--format", "json", "books", "books/*.md"]).json();
    assert_eq!(found.as_array().unwrap().last().unwrap()["summary"]["files"], 5);
}

#[test]
fn nothing_to_check_is_an_error_and_not_a_pass() {
    let bench = repository();
    bench.sh("mkdir empty; echo x >empty/x.txt");
    for (argument, said) in [
        ("empty", "empty is a directory, and there is no run-book below it"),
        ("books/built/x/*.md", "no run-book matches"),
        ("books/*.mdx", "no run-book matches"),
        ("books/[", "is no pattern of paths"),
    ] {
        let ran = bench.ends(2, &["check", argument]);
        assert!(ran.stderr.contains(said), "{argument}: {}", ran.stderr);
    }
}

#[test]
fn outside_of_git_and_in_a_repository_within_it_is_looked_too() {
    let bench = Bench::with(&[
        ("books/a.md", SOUND),
        ("books/inner/b.md", SOUND),
        ("books/inner/.gitignore", "c.md\n"),
    ]);
    bench.file("books/inner/c.md", RUNAWAY);
    bench.sh("git init -q books/inner");
    let ran = bench.ends(0, &["check", "books"]);
    assert!(ran.stderr.contains("2 files: 0 errors, 0 warnings, 2 steps"), "{}", ran.stderr);
    // A repository in a repository is one entry to git.
    bench.sh("git init -q . && git add books/a.md && git commit -qm first");
    let ran = bench.ends(0, &["check", "."]);
    assert!(ran.stderr.contains("2 files: 0 errors, 0 warnings, 2 steps"), "{}", ran.stderr);
}

#[test]
fn a_file_that_cannot_be_read_is_a_finding_beside_those_of_the_others() {
    let bench = Bench::with(&[("books/a.md", RUNAWAY)]);
    std::fs::write(bench.path("books/b.md"), b"# A\xff\n").unwrap();
    let ran = bench.ends(2, &["check", "--format", "json", "books"]);
    let found = ran.json();
    assert_eq!(codes(&found), ["unclosed-fence", "swallowed-by-fence", "syntax"]);
    assert_eq!(found[2]["file"], "books/b.md");
    // A run-book with an error, likewise.
    bench.file("books/b.md", "---\nrunbook: 1\n---\n\n# A\n\n```sh rnu\n```\n");
    let found = bench.ends(2, &["check", "--format", "json", "books"]).json();
    assert!(codes(&found).contains(&"unknown-kind") && codes(&found).contains(&"unclosed-fence"), "{found}");
}

#[test]
fn keys_of_other_tools_are_shown_by_plan_and_slips_of_ours_stop_it() {
    let front = |keys: &str| format!("---\nrunbook: 1\n{keys}\n---\n\n# A\n\n- [ ] Done\n");
    let bench = Bench::with(&[
        ("kept.md", &front("keep: [weight, tags]\nweight: 30\ntags: [ops, web]\nx-owner: { team: web }")),
        ("foreign.md", "---\nweight: 30\nlayout: page\n---\n\n# A\n\n- [ ] Done\n"),
        ("slip.md", &front("enviroments: [staging]")),
        ("kept-slip.md", &front("keep: [enviroments]\nenviroments: [staging]")),
        ("told.md", &front("env: [staging]")),
    ]);
    let told = bench.ends(0, &["plan", "kept.md"]).stdout;
    for line in ["  weight: 30  (", "  tags: [\"ops\",\"web\"]  (", "  x-owner: {\"team\":\"web\"}  ("] {
        assert!(told.contains(line), "{line} is not in\n{told}");
    }
    let plan = bench.ends(0, &["plan", "--format", "json", "kept.md"]).json();
    assert_eq!(plan["document"]["front"]["kept"][0], json!({"name": "weight", "value": "30"}));
    assert!(bench.ends(0, &["plan", "foreign.md"]).stdout.contains("  layout: page  ("));
    assert_eq!(codes(&bench.ends(0, &["check", "--format", "json", "kept.md"]).json()), [""; 0]);
    for slip in ["slip.md", "kept-slip.md"] {
        let ran = bench.ends(2, &["plan", slip]);
        assert!(ran.stderr.contains("`environments`"), "{slip}: {}", ran.stderr);
    }
    assert_eq!(codes(&bench.ends(0, &["check", "--format", "json", "told.md"]).json()), ["kept-key"]);
}

#[test]
fn prose_of_a_run_book_is_confirmed_where_it_says_so_and_its_loss_is_told_where_it_does_not() {
    let body = "# A\n\nWhat it is.\n\n## Freeze\n\nTell everybody.\n\n## Look\n\n```sh check\ntrue\n```\n\n## Thaw\n\nTell them again.\n";
    let with = |key: &str| format!("---\nrunbook: 1\n{key}---\n\n{body}");
    let bench = Bench::with(&[
        ("none.md", &with("")),
        ("yes.md", &with("manual: true\n")),
        ("no.md", &with("manual: false\n")),
    ]);
    let ids = |book: &str| -> Vec<String> {
        let plan = bench.ends(0, &["plan", "--format", "json", book]).json();
        let steps = plan["document"]["steps"].as_array().unwrap().clone();
        steps.iter().map(|step| step["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids("none.md"), ["look"]);
    assert_eq!(ids("no.md"), ["look"]);
    assert_eq!(ids("yes.md"), ["freeze", "look", "thaw"]);
    let found = bench.ends(0, &["check", "--format", "json", "none.md"]).json();
    let lost: Vec<(&str, &Value)> = found
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| (finding["code"].as_str().unwrap(), &finding["span"]["line"]))
        .collect();
    assert_eq!(lost, [("lost-step", &json!(9)), ("lost-step", &json!(19))]);
    for quiet in ["yes.md", "no.md"] {
        assert_eq!(codes(&bench.ends(0, &["check", "--format", "json", quiet]).json()), [""; 0], "{quiet}");
    }
    // Confirmed by nobody, it parks; confirmed, it passes.
    bench.ends(3, &["run", "yes.md", "--unattended"]);
    bench.file("answers.yaml", "steps: { freeze: { confirm: true }, thaw: { confirm: true } }\n");
    bench.ends(0, &["run", "yes.md", "--unattended", "--answers", "answers.yaml"]);
}
