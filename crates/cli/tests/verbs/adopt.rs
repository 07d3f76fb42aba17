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

#[test]
fn the_diff_of_a_name_with_blanks_tabs_and_quotes_is_taken_by_patch_and_git() {
    for name in
        ["sp ace.md", "t\tab.md", "qu\"ote.md", "back\\slash.md", "esc\u{1b}[2J.md", "ümlaut.md", "li\nne.md"]
    {
        for tool in ["patch", "git"] {
            let bench = Bench::with(&[(name, LIST)]);
            bench.command("git").args(["init", "-q"]).output().unwrap();
            let shown = bench.holdpoint(&["adopt", name]);
            assert_eq!(shown.code, 0, "{}", shown.both());
            std::fs::write(bench.path("list.diff"), &shown.stdout).unwrap();
            let arguments: &[&str] = match tool {
                "patch" => &["-s", "-p1", "-i", "list.diff"],
                _ => &["apply", "list.diff"],
            };
            let applied = Ran::of(bench.command(tool).args(arguments).output().unwrap());
            // GNU patch takes no name with a line break.
            if tool == "git" || !name.contains('\n') {
                assert_eq!(applied.code, 0, "{tool} {name:?}: {}\n{}", applied.both(), shown.stdout);
                let text = std::fs::read_to_string(bench.path(name)).unwrap();
                assert!(text.starts_with("---\nrunbook: 1\n"), "{tool} {name:?}: {text}");
            }
        }
    }
}

#[test]
fn a_diff_in_which_lines_move_past_one_another_is_taken_by_patch_and_git() {
    for text in [
        "~~~console\n---\n\n# Case\ntext\n\n- [ ] a\n",
        "```sh\nls\n```\n---\n# T\n\n1. Stop\n\n---\n\n2. Start\n\n```sh\nls\n```\n",
        "\n\n---\n\n1. a",
    ] {
        let bench = Bench::with(&[("list.md", text)]);
        bench.command("git").args(["init", "-q"]).output().unwrap();
        let shown = bench.holdpoint(&["adopt", "list.md"]);
        assert_eq!(shown.code, 0, "{}", shown.both());
        std::fs::write(bench.path("list.diff"), &shown.stdout).unwrap();
        let checked = Ran::of(bench.command("git").args(["apply", "--check", "list.diff"]).output().unwrap());
        assert_eq!(checked.code, 0, "{}\n{}", checked.both(), shown.stdout);
        assert_eq!(bench.holdpoint(&["adopt", "list.md", "--write", "book.md"]).code, 0);
        let patched =
            Ran::of(bench.command("patch").args(["-s", "-p1", "-i", "list.diff"]).output().unwrap());
        assert_eq!(patched.code, 0, "{}\n{}", patched.both(), shown.stdout);
        let text = |name: &str| std::fs::read_to_string(bench.path(name)).unwrap();
        assert_eq!(text("list.md"), text("book.md"));
    }
}

#[test]
fn where_nothing_is_proposed_there_is_no_diff_and_nothing_is_written() {
    let broken = "---\ntitle: {{ .Title }}\n---\n\n# T\n\n1. Stop it\n";
    let wrong = "---\nrunbook: 1\n---\n\n# T\n\n```sh runn\nls\n```\n";
    let bench = Bench::with(&[("broken.md", broken), ("wrong.md", wrong), ("cr.md", "# T\r\r1. Stop it\r")]);
    for (name, code, why) in [
        ("broken.md", 0, "broken.md: nothing can be proposed"),
        ("cr.md", 0, "cr.md: nothing can be proposed"),
        ("wrong.md", 0, "wrong.md is a run-book already"),
    ] {
        let ran = bench.holdpoint(&["adopt", name]);
        assert_eq!((ran.code, ran.stdout.as_str()), (code, ""), "{}", ran.both());
        assert!(ran.both().contains(why), "{}", ran.both());
        let ran = bench.holdpoint(&["adopt", name, "--write", "new.md"]);
        assert_eq!((ran.code, bench.path("new.md").exists()), (2, false), "{}", ran.both());
        ran.says(why);
        ran.says("Nothing was written.");
    }
}

#[test]
fn line_ends_of_carriage_returns_alone_are_refused_by_whatever_reads_a_document() {
    let bench =
        Bench::with(&[("cr.md", "# T\r\r1. Stop it\r"), ("mixed.md", "# T\r\r\n\r\r\n1. Stop it\r\r\n")]);
    for name in ["cr.md", "mixed.md"] {
        for arguments in
            [&["check", name][..], &["plan", name], &["run", name, "--unattended"], &["adopt", name]]
        {
            let ran = bench.holdpoint(arguments);
            assert!(ran.code != 0 || arguments[0] == "adopt", "{arguments:?}: {}", ran.both());
            ran.says("carriage return alone (CR)");
        }
    }
    assert_eq!(bench.holdpoint(&["runs"]).stdout.matches("cr.md").count(), 0);
}

#[test]
fn what_introduces_a_document_and_what_is_only_read_is_no_step_of_what_is_proposed() {
    let list = "# Deploy\n\nRead all of it first.\n\n- The queue\n\n## Purpose\n\nWhy.\n\n## 1. Stop\n\nStop it.\n\n## 2. Start\n\nSome words.\n\n### Web\n\nStart it.\n\n## References\n\n### Ours\n\n- [a](b)\n";
    let bench = Bench::with(&[("list.md", list)]);
    let titles = |name: &str| -> Vec<String> {
        let plan: serde_json::Value =
            serde_json::from_str(&bench.holdpoint(&["plan", name, "--format", "json"]).stdout).unwrap();
        let steps = plan["document"]["steps"].as_array().unwrap().iter();
        steps
            .map(|step| {
                step["title"].as_str().unwrap().trim_start_matches(|c: char| !c.is_alphabetic()).to_owned()
            })
            .collect()
    };
    assert_eq!(titles("list.md"), ["Stop", "Web"]);
    // What the introduction says to do is done.
    std::fs::write(bench.path("more.md"), list.replace("The queue", "Tell ops")).unwrap();
    assert_eq!(titles("more.md"), ["Deploy", "Stop", "Web"]);
    assert_eq!(bench.holdpoint(&["adopt", "more.md", "--write", "told.md"]).code, 0);
    assert_eq!(titles("told.md"), ["Deploy", "Stop", "Web"]);
    assert_eq!(bench.holdpoint(&["adopt", "list.md", "--write", "book.md"]).code, 0);
    assert_eq!(titles("book.md"), ["Stop", "Web"]);
}
