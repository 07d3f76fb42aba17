//! Nothing passes by accident: runs that do nothing, blocks that capture nothing, documents without a step.

use crate::runs::book;
use crate::support::Bench;

#[test]
fn a_run_of_which_nothing_was_done_does_not_pass_anywhere() {
    let body = "## Look\n\n```sh check\n#| when: run.number > 5\nfalse\n```\n";
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
    bench.ends(2, &["run", "book.md", "--unattended"]).says("nothing in this document is a step");
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

#[test]
fn a_template_of_which_no_command_is_left_does_not_pass() {
    let front = "inputs:\n  LOUD: { type: boolean, default: false }\n";
    for kind in ["run", "check"] {
        let body = format!(
            "## Look\n\n```sh {kind}\n#| template: true\n# only if asked\n{{% if LOUD %}}\necho loud\n{{% endif %}}\n```\n"
        );
        let bench = Bench::with(&[("book.md", &book(front, &body))]);
        bench.ends(3, &["run", "book.md", "--unattended"]).says("no command is left of it");
        assert!(bench.of_type(1, "action.started").is_empty(), "{kind}");
        bench.ends(0, &["verify", "1"]);
        bench.ends(0, &["run", "book.md", "--unattended", "--set", "LOUD=true"]);
    }
}

#[test]
fn a_template_whose_last_command_is_the_text_of_a_here_document_does_not_pass() {
    let front = "inputs:\n  WHERE: { default: made }\n  BOTH: { type: boolean, default: true }\n";
    let open = "cat > {{ WHERE }} <<EOF\nmade\n EOF\nfalse\n";
    let shown = format!("## Look\n\n```sh check\n#| template: true\n{open}```\n");
    let bench = Bench::with(&[("book.md", &book(front, &shown))]);
    bench.ends(2, &["check", "book.md"]).says("the here-document that begins here has no end");
    // What the tags leave of it is known when it runs.
    let tags = format!(
        "## Look\n\n```sh check\n#| template: true\n{{% if BOTH %}}\ntrue\n{{% endif %}}\n{open}```\n"
    );
    let bench = Bench::with(&[("book.md", &book(front, &tags))]);
    bench.ends(3, &["run", "book.md", "--unattended"]).says("has no end");
    assert!(bench.of_type(1, "action.started").is_empty());
}

#[test]
fn what_may_have_taken_effect_is_named_where_nothing_was_done() {
    let body = "## Make\n\n```sh run\necho made > effect\nfalse\n```\n\n```sh rollback\nrm effect\n```\n";
    let answers = "steps:\n  make: { choice: skip, reason: by hand }\n";
    let bench = Bench::with(&[("book.md", &book("", body)), ("answers.yaml", answers)]);
    bench.ends(3, &["run", "book.md", "--unattended"]);
    bench.ends(1, &["resume", "1", "--unattended", "--answers", "answers.yaml"]).says("NOTHING DONE");
    assert!(bench.exists("effect"));
    for verb in [&["show", "1"][..], &["report", "1", "--format", "junit"]] {
        let told = bench.ends(0, verb).stdout;
        assert!(told.to_lowercase().contains("nothing done") && told.contains("not undone"), "{told}");
    }
}

#[test]
fn what_shows_nothing_is_confirmed_and_signed_by_nobody() {
    let front = "inputs:\n  NOTE: { type: text, default: \"\" }\n";
    let answers = "steps:\n  look#1: { confirm: true }\n";
    for item in ["{{ NOTE }}", "{% if NOTE %}look{% endif %}", "{# later #}"] {
        let body = format!("## Look\n\n- [ ] {item}\n");
        let bench = Bench::with(&[("book.md", &book(front, &body)), ("answers.yaml", answers)]);
        bench
            .ends(3, &["run", "book.md", "--unattended", "--answers", "answers.yaml"])
            .says("nothing that can be seen is left of it");
        assert!(bench.of_type(1, "item.confirmed").is_empty(), "{item}");
    }
    let body = "## Look\n\n```yaml signoff\nrole: qa\nmeaning: approval\nstatement: \"{{ NOTE }}\"\n```\n";
    let bench = Bench::with(&[("book.md", &book(&format!("roles: [qa]\n{front}"), body))]);
    bench.ends(3, &["run", "book.md", "--unattended"]).says("nothing that can be seen is left of it");
    for item in ["<!-- look -->", "&nbsp;", "\u{a0}\u{200b}"] {
        let bench = Bench::with(&[("book.md", &book("", &format!("## Look\n\n- [ ] {item}\n")))]);
        bench.ends(2, &["check", "book.md"]).says("there is nothing to confirm");
    }
}

#[test]
fn a_rollback_of_which_no_command_is_left_does_not_count_as_undone() {
    let front = "inputs:\n  LOUD: { type: boolean, default: false }\n";
    let body = "## Make\n\n```sh run\necho made\n```\n\n```sh rollback\n#| template: true\n{% if LOUD %}\necho unmade\n{% endif %}\n```\n\n## Look\n\n```sh check\nfalse\n```\n";
    let answers = "steps:\n  look: { choice: rollback, reason: it is not there }\n";
    let bench = Bench::with(&[("book.md", &book(front, body)), ("answers.yaml", answers)]);
    let ran = bench.holdpoint(&["run", "book.md", "--unattended", "--answers", "answers.yaml"]);
    assert_ne!(ran.code, 0);
    ran.says("no command is left of it");
    assert!(!ran.stderr.contains("ROLLED BACK"), "{}", ran.stderr);
}

#[test]
fn a_block_that_only_comments_or_passes_is_an_error_in_every_language() {
    for (language, script) in [
        ("python3", "pass"),
        ("python", "\"\"\"Looks at it.\"\"\""),
        ("node", "/* later */"),
        ("ruby", "=begin\nlater\n=end"),
        ("perl", "# later\n1;"),
        ("lua run", "--[[ later ]]"),
        ("php run", "<?php // later"),
    ] {
        let (language, kind) = language.split_once(' ').unwrap_or((language, "check"));
        let body = format!("## Look\n\n```{language} {kind}\n{script}\n```\n");
        let bench = Bench::with(&[("book.md", &book("", &body))]);
        bench.ends(2, &["check", "book.md"]).says("empty-script");
    }
}

#[test]
fn whether_a_block_has_a_command_is_asked_in_the_language_of_the_program_that_runs_it() {
    for (fence, options, script, empty) in [
        ("bash", "#!/usr/bin/env python3", "pass", true),
        ("bash", "#!/usr/bin/env -S python3 -u", "'''later'''", true),
        ("sh", "#| interpreter: node", "// later", true),
        ("bash", "#!/usr/bin/env python3", "print(1)", false),
        ("python", "#!/bin/sh", "\"true\"", false),
        ("python", "#!/bin/sh", "# later", true),
        ("bash", "#!/bin/sh", "pass", false),
    ] {
        let body = format!("## Look\n\n```{fence} check\n{options}\n{script}\n```\n");
        let bench = Bench::with(&[("book.md", &book("", &body))]);
        let ran = bench.holdpoint(&["check", "book.md"]);
        assert_eq!(ran.both().contains("this block has no commands"), empty, "{body}\n{}", ran.both());
    }
}

#[test]
fn a_template_is_for_shells_whatever_its_fence_says() {
    let front = "inputs: { X: { default: x } }\n";
    for (program, code) in [("#!/usr/bin/env python3", 2), ("#!/usr/bin/env fish", 2), ("#!/bin/bash -e", 0)]
    {
        let body = format!("## Look\n\n```bash check\n{program}\n#| template: true\necho {{{{ X }}}}\n```\n");
        let bench = Bench::with(&[("book.md", &book(front, &body))]);
        let ran = bench.ends(code, &["check", "book.md"]);
        assert_eq!(ran.both().contains("values cannot be quoted safely"), code == 2, "{}", ran.both());
    }
}
