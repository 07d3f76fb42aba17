//! What holds for every verb: help, version, standard output, who operates.

use std::io::Read;
use std::process::Stdio;

use crate::runs::book;
use crate::support::{Bench, HOLDPOINT, Ran};

const VERBS: [&str; 16] = [
    "check",
    "plan",
    "run",
    "resume",
    "runs",
    "show",
    "note",
    "verify",
    "replay",
    "report",
    "init",
    "expunge",
    "export",
    "completions",
    "man",
    "schema",
];
const LOOK: &str = "## Look\n\n```sh check\necho seen\n```\n";

#[test]
fn help_and_version_are_data_and_no_error() {
    let bench = Bench::new();
    let help = bench.ends(0, &["--help"]);
    for verb in VERBS {
        assert!(help.stdout.contains(verb), "{verb} is not in the help");
        let own = bench.ends(0, &[verb, "--help"]);
        assert!(own.stdout.contains("Usage: holdpoint") && own.stderr.is_empty());
    }
    for code in ["0 ", "1 ", "2 ", "3 ", "4 ", "5 ", "6 ", "70 "] {
        assert!(help.stdout.contains(&format!(" {code} ")), "exit code {code}");
    }
    let version = bench.ends(0, &["--version"]);
    assert_eq!(version.stdout.trim(), concat!("holdpoint ", env!("CARGO_PKG_VERSION")));
}

#[test]
fn an_unknown_verb_is_a_usage_error() {
    let ran = Bench::new().ends(2, &["prommote"]);
    assert_eq!(ran.stdout, "");
    ran.says("unrecognized subcommand");
}

#[test]
fn standard_output_holds_data_only() {
    let bench = Bench::with(&[("book.md", &book("", LOOK))]);
    assert_eq!(bench.ends(0, &["run", "book.md"]).stdout, "");
    assert_eq!(bench.ends(0, &["resume", "1"]).stdout, "");
    assert_eq!(bench.ends(0, &["check", "book.md"]).stdout, "");
    assert_eq!(bench.ends(0, &["verify", "1"]).stdout, "intact and complete\n");
    for verb in [
        &["show", "1"][..],
        &["plan", "book.md"],
        &["verify", "1"],
        &["runs"],
        &["report", "1"],
        &["replay", "1"],
    ] {
        let ran = bench.ends(0, &[verb, &["--format", "json"]].concat());
        ran.json();
        assert!(ran.stdout.ends_with('\n'), "{verb:?} ends in the middle of a line");
    }
}

#[test]
fn a_reader_that_leaves_early_is_no_fault() {
    let bench = Bench::with(&[("book.md", &book("", LOOK))]);
    bench.ends(0, &["run", "book.md"]);
    for arguments in [
        &["report", "1"][..],
        &["plan", "book.md"],
        &["runs"],
        &["verify", "1"],
        &["--help"],
        &["show", "1", "--format", "json"],
        &["check", "--format", "sarif", "book.md"],
    ] {
        let mut child = bench
            .command(HOLDPOINT)
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let mut errors = String::new();
        child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
        let status = child.wait().unwrap();
        assert!(!errors.contains("panicked"), "{arguments:?}: {errors}");
        assert_eq!(status.code(), Some(0), "{arguments:?}: {errors}");
    }
    bench.sh("holdpoint report 1 | head -1");
    // Nor is a screen that went away a reason to lose a run.
    let mut child = bench.command(HOLDPOINT).args(["run", "book.md"]).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stderr.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    bench.ends(0, &["verify", "2"]).says("intact and complete");
}

#[test]
fn who_operates_comes_from_the_option_the_variable_git_or_the_system_in_this_order() {
    let bench = Bench::with(&[("book.md", &book("", LOOK))]);
    bench.committed();
    bench.sh("git config user.email git@example.org");
    let run = |arguments: &[&str], variable: Option<&str>| {
        let mut command = bench.command(HOLDPOINT);
        match variable {
            Some(value) => command.env("HOLDPOINT_OPERATOR", value),
            None => command.env_remove("HOLDPOINT_OPERATOR"),
        };
        let ran = Ran::of(command.args(["run", "book.md"]).args(arguments).output().unwrap());
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let rows = bench.ends(0, &["runs", "--format", "json"]).json();
        let session = bench.events(rows.as_array().unwrap().len() as u64)[0]["session"].clone();
        (
            session["operator"].as_str().unwrap().to_owned(),
            session["operator_from"].as_str().unwrap().to_owned(),
            session["os_user"].as_str().unwrap().to_owned(),
        )
    };
    let pair = |(who, from, _): (String, String, String)| (who, from);
    let is = |who: &str, from: &str| (who.to_owned(), from.to_owned());
    let option = &["--operator", "option@example.org"];
    assert_eq!(pair(run(option, Some("variable@example.org"))), is("option@example.org", "option"));
    assert_eq!(
        pair(run(&[], Some("variable@example.org"))),
        is("variable@example.org", "HOLDPOINT_OPERATOR")
    );
    assert_eq!(pair(run(&[], Some("  "))), is("git@example.org", "git"));
    assert_eq!(pair(run(&[], None)), is("git@example.org", "git"));
    bench.sh("git config --unset user.email");
    let (who, from, os_user) = run(&[], None);
    assert_eq!((who.as_str(), from.as_str()), (os_user.as_str(), "os"));
}

#[test]
fn nothing_is_left_in_the_temporary_directory() {
    let bench = Bench::with(&[
        ("book.md", &book("", LOOK)),
        ("bash.md", &book("", "## Look\n\n```bash check\nx=1\necho seen\n```\n")),
    ]);
    bench.ends(0, &["run", "book.md"]);
    bench.ends(0, &["run", "bash.md"]);
    bench.ends(0, &["run", "book.md", "--dry-run"]);
    bench.ends(0, &["check", "bash.md"]);
    let left: Vec<_> =
        std::fs::read_dir(bench.all().join("tmp")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(left.is_empty(), "{left:?}");
}
