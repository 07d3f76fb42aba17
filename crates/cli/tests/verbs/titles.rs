//! Titles are templates, and are shown with their values wherever a run is told of; one that cannot be rendered is said
//! to be so, and its braces pass for no title.

use crate::support::Bench;

const FRONT: &str = "---\nrunbook: 1\ntitle: Release {{ RELEASE }}\ninputs: { RELEASE: { default: v1 } }\n---\n\n\
    # Book\n\n";
const MAKE: &str = "# Part {{ RELEASE }}\n\n## Make {{ RELEASE }}\n\n```sh check\n#| capture: { X: { stdout: true } }\necho seen\n```\n\n";
const TELL: &str = "## Tell {{ X }}\n\n- [ ] One knows\n- [ ] All know\n";
const UNRENDERED: &str = "(the title cannot be rendered)";

/// A run that waits in its second step, whose title has a value of the first.
fn parked(skips: bool) -> Bench {
    let body = format!("{}{MAKE}{TELL}", FRONT.replace("# Book\n\n", ""));
    // A replay tells of steps in which something happened.
    let confirmed = "steps:\n  \"tell--x-#1\": { confirm: true }\n";
    let skipped = "  make--release-: { choice: skip, reason: not here }\n";
    let answers = &format!("{confirmed}{}", if skips { skipped } else { "" });
    let bench = Bench::with(&[("book.md", &body), ("answers.yaml", answers)]);
    bench.ends(3, &["run", "book.md", "--unattended", "--answers", "answers.yaml"]);
    bench
}

/// Whatever tells of run 1, by verb, with what it says.
fn told(bench: &Bench) -> Vec<(&'static str, String)> {
    let mut told = vec![("resume", bench.ends(3, &["resume", "1", "--unattended"]).both())];
    for (name, words) in [
        ("show", &["show", "1"][..]),
        ("show as JSON", &["show", "1", "--format", "json"]),
        ("report as Markdown", &["report", "1", "--format", "markdown"]),
        ("report as JUnit", &["report", "1", "--format", "junit"]),
        ("replay", &["replay", "1", "--speed", "1000"]),
    ] {
        told.push((name, bench.ends(0, words).both()));
    }
    told.push(("handover", bench.ends(0, &["handover", "1", "--to", "night@example.org"]).both()));
    told
}

#[test]
fn every_verb_shows_titles_with_their_values() {
    let bench = parked(false);
    let runs = bench.ends(0, &["runs"]);
    runs.says("Release v1");
    assert!(!runs.both().contains("{{"), "{}", runs.both());
    assert_eq!(bench.ends(0, &["runs", "--format", "json"]).json()[0]["title"], "Release v1");
    for (verb, said) in told(&bench) {
        for title in ["Make v1", "Tell seen"] {
            // A handover tells of the step that is next alone.
            assert!(
                said.contains(title) || verb == "handover" && title == "Make v1",
                "{verb}: {title}\n{said}"
            );
        }
        // The document itself stands in the executed copy.
        let raw = said.contains("Make {{ RELEASE }}") || said.contains("Tell {{ X }}");
        assert!(!raw || verb == "report as Markdown", "{verb}\n{said}");
    }
}

#[test]
fn a_title_without_its_value_is_said_to_be_so_by_every_verb() {
    let bench = parked(true);
    for (verb, said) in told(&bench) {
        let title = said.replace("the title, `Tell {{ X }}`, cannot be rendered", "");
        assert!(title.contains(UNRENDERED), "{verb}\n{said}");
        assert!(verb == "report as Markdown" || !title.contains("Tell {{"), "{verb}\n{said}");
    }
}

#[test]
fn a_documents_title_that_cannot_be_rendered_is_told_with_the_reason() {
    let front = FRONT.replace("{{ RELEASE }}", "{{ RELEASE + 1 }}");
    let bench = Bench::with(&[("book.md", &format!("{front}## Look\n\n```sh check\ntrue\n```\n"))]);
    let ran = bench.ends(0, &["run", "book.md", "--unattended"]);
    ran.says(&format!("{UNRENDERED} ─")).says("the title, `Release {{ RELEASE + 1 }}`, cannot be rendered: ");
    bench.ends(0, &["runs"]).says(UNRENDERED);
    bench.ends(0, &["show", "1"]).says(UNRENDERED);
}

#[test]
fn a_title_that_would_be_endless_is_said_to_take_too_long_by_every_verb() {
    let doubled = format!("{{% set a = [1] %}}{}{{{{ a }}}}", "{% set a = [a, a] %}".repeat(60));
    let body = format!(
        "---\nrunbook: 1\n---\n\n# Book\n\n## One\n\n- [ ] first\n\n## Two {doubled}\n\n- [ ] x {doubled}\n"
    );
    let answers = "steps:\n  one: { confirm: true }\n";
    let bench = Bench::with(&[("book.md", &body), ("answers.yaml", answers)]);
    bench.ends(0, &["check", "book.md"]);
    bench.ends(0, &["plan", "book.md"]);
    bench.holdpoint(&["run", "book.md", "--dry-run"]).says("it takes too long");
    bench.ends(3, &["run", "book.md", "--unattended", "--answers", "answers.yaml"]).says("it takes too long");
    for words in [
        &["show", "1"][..],
        &["show", "1", "--format", "json"],
        &["report", "1", "--format", "markdown"],
        &["report", "1", "--format", "html"],
    ] {
        bench.ends(0, words);
    }
    bench.ends(0, &["verify", "1"]);
}
