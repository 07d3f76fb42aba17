//! What an adversary found, and what is like it.

use std::os::unix::fs::symlink;

use serde_json::json;

use crate::support::{Bench, forge};

const BOOK: &str =
    "---\nrunbook: 1\n---\n# T\n\n## A\n\n```sh check\necho hi\n```\n\n## B\n\n```sh check\necho ho\n```\n";

#[test]
fn names_of_files_reach_the_terminal_as_text_where_all_went_well_too() {
    let name = "h\u{1b}[35m";
    let bench = Bench::with(&[(&format!("{name}.md"), BOOK)]);
    let book = format!("{name}.md");
    let (report, bundle, pages) = (format!("{name}.html"), format!("{name}.zst"), format!("{name}.d"));
    let told = [
        bench.ends(0, &["check", &book]),
        bench.ends(0, &["check", "--deny", "warnings", &book]),
        bench.ends(0, &["run", &book, "--unattended"]),
        bench.ends(0, &["report", "1", "--format", "html", "-o", &report]),
        bench.ends(0, &["export", "1", "-o", &bundle]),
        bench.ends(0, &["man", "-o", &pages]),
        bench.ends(2, &["report", "1", "-o", &format!("{name}/none")]),
        bench.ends(2, &["verify", &format!("{name}.gone")]),
    ];
    for ran in told {
        assert!(!ran.both().contains("\u{1b}[35m"), "{:?}", ran.both());
    }
}

#[test]
fn numbers_of_a_record_that_no_sum_holds_end_no_verb() {
    let bench = Bench::with(&[("book.md", BOOK)]);
    bench.ends(0, &["run", "book.md", "--unattended"]);
    forge(&bench.run_dir(1), |events| {
        for event in events.iter_mut().filter(|event| event["type"] == "action.finished") {
            event["duration_ms"] = json!(u64::MAX);
        }
    });
    let code = bench.holdpoint(&["verify", "1"]).code;
    for words in [
        &["show", "1"][..],
        &["runs"],
        &["replay", "1", "--speed", "1000"],
        &["report", "1", "--format", "markdown"],
        &["report", "1", "--format", "html"],
        &["report", "1", "--format", "json"],
        &["report", "1", "--format", "junit"],
        &["report", "1", "--format", "cast"],
        &["export", "1", "-o", "run.tar.zst"],
    ] {
        let ran = bench.holdpoint(words);
        assert!([0, code].contains(&ran.code), "{words:?}: {} {}", ran.code, ran.both());
    }
}

#[test]
fn what_is_found_far_to_the_right_is_told_by_its_line() {
    let far = "x".repeat(70_000);
    let cases = [
        format!("---\nrunbook: 1\n---\n# T\n\n## A\n\n```sh check\necho {far} <VERSION>\n```\n"),
        format!("---\nrunbook: 1\n---\n# T\n\n## A\n\n```sh check\necho {far} \u{202e}\n```\n"),
        format!(
            "---\nrunbook: 1\n---\n# T\n\n## A\n\n```sh check\ntrue\n```\n\n```yaml expect\nexit:{}0\n```\n",
            "\t".repeat(60_000)
        ),
    ];
    for case in cases {
        let bench = Bench::with(&[("book.md", &case)]);
        let ran = bench.holdpoint(&["check", "--deny", "warnings", "book.md"]);
        assert!(
            [1, 2].contains(&ran.code),
            "{}: {}",
            ran.code,
            ran.stderr.chars().take(600).collect::<String>()
        );
        ran.says("book.md, line ");
    }
}

#[test]
fn a_configuration_that_is_a_link_to_nothing_is_refused_and_not_missing() {
    let bench = Bench::with(&[("book.md", BOOK)]);
    bench.committed();
    symlink("/nonexistent/holdpoint.toml", bench.path("holdpoint.toml")).unwrap();
    for words in [&["run", "book.md", "--unattended"][..], &["check", "book.md"], &["targets"]] {
        bench.ends(2, words).says("leads nowhere");
    }
    assert!(!bench.exists(".holdpoint"));
}

#[test]
fn a_file_that_git_does_not_track_is_seen_whatever_its_name_is_like() {
    let config = "[environments.p]\nprotected = true\nrequires = { clean_commit = true }\n\
                  [people.\"ops@example.org\"]\nname = \"Olive\"\n[roles]\noperator = [\"ops@example.org\"]\n";
    let bench = Bench::with(&[
        ("book.md", BOOK),
        ("holdpoint.toml", config),
        (".gitignore", "/.holdpoint/\n"),
        ("sub/x", "1"),
    ]);
    bench.committed();
    bench.sh("git config core.ignoreCase true");
    bench.ends(0, &["run", "book.md", "--env", "p", "--unattended"]);
    for name in ["BOOK.MD", "SUB/x"] {
        bench.file(name, "something else");
        bench.ends(5, &["run", "book.md", "--env", "p", "--unattended"]).says("uncommitted");
        bench.sh(&format!("rm -r {}", name.split('/').next().unwrap()));
    }
}
