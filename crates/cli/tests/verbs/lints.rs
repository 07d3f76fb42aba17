//! `check`: every rule through the binary, its formats and its exit codes.

use std::path::{Path, PathBuf};

use holdpoint_document::{Code, Severity};
use serde_json::Value;

use crate::support::Bench;

fn documents() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases/document")
}

/// Dates that the cases hold against the day on which their own tests stand still, held against today.
fn of_today(text: &str) -> String {
    let today = jiff::tz::TimeZone::UTC.to_datetime(jiff::Timestamp::now()).date();
    let soon = today.checked_add(jiff::Span::new().days(2)).unwrap();
    text.replace("effective_date: 2026-11-24", &format!("effective_date: {soon}"))
        .replace("approval_date: 2026-05-23", &format!("approval_date: {today}"))
}

/// What `check --format json` finds in a case of the document crate, with the configuration that stands beside it.
fn found(name: &str) -> (i32, Vec<Value>) {
    let read = |name: String| std::fs::read_to_string(documents().join(name));
    let bench = Bench::new();
    let book = format!("{name}.md");
    bench.file(&book, &of_today(&read(book.clone()).unwrap()));
    for part in ["common/preflight.md", "common/far.md"] {
        bench.file(part, &read(part.to_owned()).unwrap());
    }
    if let Ok(config) = read(format!("{name}.toml")) {
        bench.file("holdpoint.toml", &config);
    }
    let before = bench.tree();
    let ran = bench.holdpoint(&["check", "--format", "json", &book]);
    assert_eq!(bench.tree(), before, "{name}: check wrote something");
    (ran.code, ran.json().as_array().unwrap().clone())
}

#[test]
fn every_rule_is_found_by_check_in_its_case_and_not_in_the_near_one() {
    // Those that hold a date against today's are tried where today is a given day, in the document crate.
    let elsewhere = [
        Code::ScriptSyntax,
        Code::DuplicateDocumentId,
        Code::NoSigners,
        Code::NoAnchors,
        Code::NoRuleFile,
        Code::NotYetEffective,
        Code::ReviewOverdue,
    ];
    for code in Code::ALL.iter().filter(|code| !elsewhere.contains(code)) {
        let rule = code.as_str();
        let (exit, findings) = found(rule);
        let its: Vec<&Value> = findings.iter().filter(|finding| finding["code"] == rule).collect();
        assert!(!its.is_empty(), "{rule} is not found");
        for finding in &its {
            assert!(finding["span"]["line"].as_u64().unwrap() >= 1, "{rule} has no place");
            assert!(!finding["help"].as_str().unwrap().is_empty(), "{rule} has no help");
        }
        if code.severity() == Severity::Error {
            assert_eq!(exit, 2, "{rule}");
        }
        let (_, near) = found(&format!("{rule}.ok"));
        assert!(near.iter().all(|finding| finding["code"] != rule), "{rule} is found in its near case");
    }
}

#[test]
fn a_fence_that_runs_on_is_the_cause_that_is_told() {
    let text = "---
runbook: 1
title: Case
---
# Case

## One

```sh check
echo \"`date

```sh check
true
```

## Two

```sh check
if true; echo
```
";
    let codes = |text: &str| -> Vec<String> {
        let bench = Bench::with(&[("book.md", text)]);
        let found = bench.ends(2, &["check", "--format", "json", "book.md"]).json();
        let errors = found.as_array().unwrap().iter().filter(|finding| finding["severity"] == "error");
        errors.map(|finding| finding["code"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(codes(text), ["swallowed-by-fence", "script-syntax"]);
    let open = text.replace("if true; echo\n```\n", "if true; echo\n");
    assert_eq!(codes(&open), ["swallowed-by-fence", "unclosed-fence"]);
}

fn shell(language: &str, script: &str) -> String {
    format!(
        "---
runbook: 1
title: A script
---
# A script

## Look

```{language} check
{script}
```
"
    )
}

#[test]
fn a_script_that_its_interpreter_cannot_parse_is_an_error_and_is_not_executed() {
    let bad = [
        ("sh", "touch happened\nif true; then echo"),
        ("bash", "touch happened\necho ${A[1"),
        ("sh", "touch happened; fi"),
        ("bash", "touch happened\ncat <(echo"),
        ("sh", "touch happened\ncat >f <<EOF\nx\n EOF\nfalse"),
        ("bash", "touch happened\ncat >f <<EOF\nx\n EOF\nfalse"),
    ];
    for (language, script) in bad {
        let bench = Bench::with(&[("book.md", &shell(language, script))]);
        let ran = bench.ends(2, &["check", "book.md"]);
        ran.says("script-syntax").says("1 error");
        bench.ends(2, &["run", "book.md", "--unattended"]);
        assert!(!bench.exists("happened") && !bench.exists(".holdpoint"));
    }
    for (language, script) in [("sh", "if true; then echo; fi"), ("bash", "echo ${A[1]:-none}; cat <(echo)")]
    {
        let bench = Bench::with(&[("book.md", &shell(language, script))]);
        bench.ends(0, &["check", "book.md"]).says("0 errors");
    }
}

#[test]
fn a_document_id_used_by_two_files_is_an_error_where_both_are_checked() {
    let text = shell("sh", "true").replace("title:", "document_id: SOP-1\ntitle:");
    let other = text.replace("SOP-1", "SOP-2");
    let bench = Bench::with(&[("a.md", &text), ("b.md", &text), ("c.md", &other)]);
    let ran = bench.ends(2, &["check", "--format", "json", "a.md", "b.md"]);
    let findings = ran.json();
    let of = |file: &str| {
        let its = findings.as_array().unwrap().iter().filter(|f| f["file"] == file);
        its.filter(|f| f["code"] == "duplicate-document-id").count()
    };
    assert_eq!((of("a.md"), of("b.md")), (0, 1));
    assert!(findings[0]["message"].as_str().unwrap().contains("a.md"), "{findings}");
    bench.ends(0, &["check", "a.md", "c.md"]);
    // The same file named twice is still one document.
    bench.ends(0, &["check", "a.md", "./a.md"]);
}

#[test]
fn a_file_of_signers_that_is_not_there_is_told_by_check() {
    let bench = Bench::with(&[
        ("book.md", &shell("sh", "true")),
        ("holdpoint.toml", "[signers]\nfile = \"allowed_signers\"\nrevoked = \"revoked_keys\"\n"),
        ("revoked_keys", ""),
    ]);
    let ran = bench.ends(0, &["check", "book.md"]);
    ran.says("no-signers").says("names allowed_signers as `file` of [signers]");
    assert!(!ran.both().contains("revoked_keys"), "{}", ran.both());
}

#[test]
fn what_an_environment_asks_for_and_nobody_could_give_is_told_by_check_and_plan() {
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFh";
    let bench = Bench::with(&[("book.md", &shell("sh", "true")), ("allowed_signers", "")]);
    let (sessions, anchors) = ("sessions = \"ssh\"", "requires = { anchor = true }");
    let file = "[signers]\nfile = \"allowed_signers\"\n";
    let tsa = "[anchors]\ntsa = \"https://tsa.example.org\"\n";
    let all = format!("ops@example.org {key}\n");
    let other = format!("ops@example.org namespaces=\"signoff@holdpoint\" {key}\n");
    for (asked, files, signers, said) in [
        (sessions, "", "", Some("holdpoint.toml names no file of allowed signers")),
        (sessions, file, "", Some("lets nobody sign for `session@holdpoint`")),
        (sessions, file, &other, Some("lets nobody sign for `session@holdpoint`")),
        (sessions, file, &all, None),
        (anchors, "", "", Some("nothing here could make one")),
        (anchors, file, &other, Some("nothing here could make one")),
        (anchors, file, &all, None),
        (anchors, tsa, "", None),
    ] {
        bench.file("allowed_signers", signers);
        bench.file("holdpoint.toml", &format!("{files}[environments.vault]\n{asked}\n"));
        for words in [&["check", "book.md"][..], &["plan", "book.md", "--env", "vault"]] {
            let ran = bench.ends(0, words);
            // Lines are broken at the width of a terminal.
            let text = ran.both().replace('|', " ").split_whitespace().collect::<Vec<_>>().join(" ");
            assert_eq!(text.contains("vault asks for"), said.is_some(), "{words:?} {asked} {files}: {text}");
            assert!(said.is_none_or(|said| text.contains(said)), "{text}");
        }
    }
}

#[test]
fn a_file_of_the_rules_that_is_not_there_is_told_by_check_and_plan_before_a_run_is_refused() {
    let rules = "requires = { change = { pattern = 'C', check = \"open.sh\" }, freeze = \"freeze.ics\" }";
    let bench = Bench::with(&[
        ("book.md", &shell("sh", "true")),
        ("holdpoint.toml", &format!("[environments.vault]\n{rules}\n")),
    ]);
    for words in [&["check", "book.md"][..], &["plan", "book.md", "--env", "vault"]] {
        let ran = bench.ends(0, words);
        ran.says("no-rule-file")
            .says("vault names freeze.ics as `requires.freeze`")
            .says("`requires.change.check`");
    }
    bench.ends(2, &["run", "book.md", "--env", "vault", "--unattended", "--change", "C"]);
    bench.file("open.sh", "true\n");
    bench.file("freeze.ics", "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nEND:VCALENDAR\n");
    let ran = bench.ends(0, &["check", "book.md"]).both();
    assert!(!ran.contains("no-rule-file"), "{ran}");
}

const WARNED: &str =
    "---\nrunbook: 1\ntitle: Warned\n---\n# Warned\n\n## Chänge: it, 100%\n\n```sh run\ntrue\n```\n";

#[test]
fn warnings_let_a_document_pass_unless_they_are_denied() {
    let bench = Bench::with(&[("book.md", WARNED), ("good.md", &shell("sh", "true"))]);
    let ran = bench.ends(0, &["check", "book.md"]);
    ran.says("no-check").says("[book.md:7:1]").says("0 errors, 2 warnings, 1 step");
    assert_eq!(ran.stdout, "", "findings for people are no data");
    bench.ends(1, &["check", "--deny", "warnings", "book.md"]).says("2 errors, 0 warnings");
    bench.ends(0, &["check", "--deny", "warnings", "good.md"]).says("0 errors, 0 warnings");
}

#[test]
fn check_gives_every_finding_as_json() {
    let bench = Bench::with(&[("book.md", WARNED)]);
    let findings = bench.ends(0, &["check", "--format", "json", "book.md"]).json();
    let finding = &findings[0];
    assert_eq!(finding["file"], "book.md");
    assert_eq!(finding["code"], "no-check");
    assert_eq!(finding["severity"], "warning");
    let (span, line) = (&finding["span"], "## Chänge: it, 100%");
    assert_eq!((span["line"].as_u64(), span["column"].as_u64()), (Some(7), Some(1)));
    // Columns count characters; `start` and `end` count bytes.
    assert_eq!(span["end_column"].as_u64().unwrap() as usize, line.chars().count() + 1);
    let (start, end) = (span["start"].as_u64().unwrap() as usize, span["end"].as_u64().unwrap() as usize);
    assert_eq!(&WARNED[start..end], line);
    let good = Bench::with(&[("good.md", &shell("sh", "true"))]);
    assert_eq!(good.ends(0, &["check", "--format", "json", "good.md"]).stdout.trim(), "[]");
}

#[test]
fn check_gives_sarif_that_names_every_rule() {
    let bench = Bench::with(&[("docs/book.md", WARNED)]);
    let sarif = bench.ends(0, &["check", "--format", "sarif", "docs/book.md"]).json();
    assert_eq!(sarif["version"], "2.1.0");
    let run = &sarif["runs"][0];
    let rules: Vec<&str> = run["tool"]["driver"]["rules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["id"].as_str().unwrap())
        .collect();
    assert_eq!(rules, Code::ALL.iter().map(|code| code.as_str()).collect::<Vec<_>>());
    let result = &run["results"][0];
    assert_eq!((&result["ruleId"], &result["level"]), (&Value::from("no-check"), &Value::from("warning")));
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "docs/book.md");
    assert_eq!(place["region"]["startLine"], 7);
    bench.ends(1, &["check", "--format", "sarif", "--deny", "warnings", "docs/book.md"]);
}

#[test]
fn check_gives_workflow_commands_with_everything_escaped() {
    let bench = Bench::with(&[("a,b:c.md", WARNED)]);
    let ran = bench.ends(0, &["check", "--format", "github", "a,b:c.md"]);
    let first = ran.stdout.lines().next().unwrap();
    assert!(first.starts_with("::warning file=a%2Cb%3Ac.md,line=7,col=1,title=no-check::"), "{first}");
    assert_eq!(ran.stdout.lines().count(), 2);
    let denied = bench.ends(1, &["check", "--format", "github", "--deny", "warnings", "a,b:c.md"]);
    assert!(denied.stdout.starts_with("::error "), "{}", denied.stdout);
}

#[test]
fn one_bad_document_among_many_fails_the_check_and_all_are_told() {
    let bench = Bench::with(&[
        ("bad.md", &shell("sh", "true").replace("sh check", "sh chek")),
        ("good.md", &shell("sh", "true")),
        ("warned.md", WARNED),
    ]);
    let ran = bench.ends(2, &["check", "good.md", "bad.md", "warned.md"]);
    ran.says("good.md: 0 errors, 0 warnings, 1 step")
        .says("bad.md: 1 error")
        .says("warned.md: 0 errors, 2 warnings");
}

#[test]
fn a_placeholder_is_a_warning_to_check_and_plan_and_an_error_to_a_run() {
    let text = shell("sh", "touch happened; ./restart YOUR_HOST");
    let bench = Bench::with(&[("book.md", &text)]);
    bench.ends(0, &["check", "book.md"]).says("placeholder").says("0 errors");
    bench.ends(0, &["plan", "book.md"]);
    let ran = bench.ends(2, &["run", "book.md"]);
    ran.says("`YOUR_HOST` looks like a placeholder")
        .says("has placeholders that nobody filled in; nothing was run");
    assert!(!ran.both().contains("has errors"), "{}", ran.both());
    bench.ends(2, &["run", "book.md", "--dry-run"]);
    assert!(!bench.exists("happened") && !bench.exists(".holdpoint"));
}

#[test]
fn what_a_run_refuses_but_for_marked_placeholders_is_an_error_to_check() {
    for (text, said) in [
        (shell("sh", "touch happened; ./greet {{ hello }}"), "is filled in in a template alone"),
        (shell("bash", "touch happened; ./greet \"{{hello}}\""), "is filled in in a template alone"),
        ("---\nrunbook: 1\n---\n\n# Book\n\nOnly {{ hello }} and prose.\n".to_owned(), "is a step"),
    ] {
        let bench = Bench::with(&[("book.md", &*text)]);
        bench.ends(2, &["check", "book.md"]).says("1 error").says(said);
        bench.ends(2, &["run", "book.md"]).says("has errors; nothing was run").says(said);
        assert!(!bench.exists("happened") && !bench.exists(".holdpoint"));
    }
    // A person reads prose, and a document without steps may be none to be run.
    let prose = shell("sh", "touch happened").replace("## ", "Say {{ hello }}.\n\n## ");
    let bench = Bench::with(&[("book.md", &*prose), ("read.md", "---\ntitle: Read\n---\n")]);
    bench.ends(0, &["check", "book.md", "read.md"]);
    bench.ends(0, &["run", "book.md", "--unattended"]);
    bench.ends(2, &["run", "read.md"]).says("nothing in read.md is a step");
}

#[test]
fn two_hundred_findings_are_shown_and_the_rest_is_counted() {
    let bench = Bench::new();
    let steps: String = (0..300).map(|at| format!("## Do {at}\n\n```sh run\nmkdir a{at}\n```\n\n")).collect();
    bench.file("book.md", &format!("---\nrunbook: 1\n---\n\n# Book\n\n{steps}## Last\n\n```sh run\n```\n"));
    let text = bench.ends(2, &["check", "book.md"]);
    let said = format!("{}{}", text.stdout, text.stderr);
    assert_eq!(said.matches("help:").count(), 200, "{said:.400}");
    assert!(said.contains("empty-script"), "errors are shown before warnings");
    assert!(said.contains("403 more warnings are not shown (at most 200 findings are listed)"), "{said}");
    assert!(said.contains("book.md: 1 error, 602 warnings, 301 steps"), "{said}");

    let found = bench.ends(2, &["check", "--format", "json", "book.md"]).json();
    let found = found.as_array().unwrap();
    assert_eq!(found.len(), 201);
    assert_eq!(found[200]["more"]["warnings"], 403);
    assert!(found[..200].iter().any(|finding| finding["code"] == "empty-script"));
    let sarif = bench.ends(2, &["check", "--format", "sarif", "book.md"]).json();
    assert_eq!(sarif["runs"][0]["properties"]["more"]["warnings"], 403);
    let github = bench.ends(2, &["check", "--format", "github", "book.md"]).stdout;
    assert_eq!(github.lines().count(), 201);
    assert!(github.lines().last().unwrap().starts_with("::notice::"));
}

#[test]
fn a_broken_script_is_told_of_at_each_block_that_holds_it() {
    let bench = Bench::new();
    let block = "```sh check\nif true\n```\n\n";
    bench.file(
        "book.md",
        &format!("---\nrunbook: 1\n---\n\n# Book\n\n## A\n\n{block}## B\n\n{block}## C\n\n{block}"),
    );
    let found = bench.ends(2, &["check", "--format", "json", "book.md"]).json();
    let lines: Vec<u64> =
        found.as_array().unwrap().iter().map(|it| it["span"]["line"].as_u64().unwrap()).collect();
    assert_eq!(lines, [9, 15, 21]);
}
