//! Every case under `tests/cases/document`: what a document or a configuration must give.

#![allow(clippy::disallowed_methods, clippy::unwrap_used)]

mod support;

use holdpoint_document::{Code, Severity, read_config};

/// Raised by whoever has more than one document or a shell at hand.
const ELSEWHERE: &[Code] = &[Code::DuplicateDocumentId, Code::NoSigners, Code::NoAnchors, Code::NoRuleFile];

fn settings() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(support::cases());
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings
}

#[test]
fn every_document_gives_the_plan_and_the_findings_written_beside_it() {
    settings().bind(|| {
        insta::glob!(support::cases(), "*.md", |path| {
            let case = support::case(path);
            let outline = support::outline(&case.source, &case.compiled.plan);
            let findings = support::findings(&case.source, &case.findings);
            insta::assert_snapshot!("plan", format!("{outline}\n{findings}"));
        });
    });
}

#[test]
fn every_configuration_gives_the_values_and_the_findings_written_beside_it() {
    settings().bind(|| {
        insta::glob!(support::cases(), "config*.toml", |path| {
            let source = support::text(path);
            let (config, findings) = read_config(&source);
            let findings = support::findings(&source, &findings);
            insta::assert_snapshot!("config", format!("{config:#?}\n\n{findings}"));
        });
    });
}

#[test]
fn every_code_has_a_case_that_raises_it_and_a_near_one_that_does_not() {
    for code in Code::ALL.iter().filter(|code| !ELSEWHERE.contains(code)) {
        let raised = |name: &str| support::case(&support::cases().join(format!("{name}.md"))).findings;
        let bad = raised(code.as_str());
        assert!(bad.iter().any(|finding| finding.code == *code), "{} is not raised", code.as_str());
        let good = raised(&format!("{}.ok", code.as_str()));
        let unexpected: Vec<_> =
            good.iter().filter(|found| found.code == *code || found.severity == Severity::Error).collect();
        assert!(unexpected.is_empty(), "{}.ok: {unexpected:?}", code.as_str());
    }
}

#[test]
fn findings_are_sentences_without_a_full_stop_and_say_what_to_do() {
    for entry in std::fs::read_dir(support::cases()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        for finding in support::case(&path).findings {
            assert!(!finding.message.ends_with('.'), "{}", finding.message);
            assert!(!finding.help.is_empty(), "{}", finding.message);
            assert!(finding.span.is_some(), "{}", finding.message);
        }
    }
}

/// Files with this ending below a folder.
fn below(folder: &std::path::Path, ending: &str, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            below(&path, ending, found);
        } else if path.extension().is_some_and(|extension| extension == ending) {
            found.push(path);
        }
    }
}

#[test]
fn no_shipped_run_book_has_an_error() {
    let root = support::cases().join("../../..");
    let mut books = Vec::new();
    for folder in ["runbooks", "examples", "tests/cases/real"] {
        below(&root.join(folder), "md", &mut books);
    }
    assert!(books.len() > 10, "{books:?}");
    let mut wrong = Vec::new();
    for path in books {
        let source = support::text(&path);
        let root = root.canonicalize().unwrap();
        let name = path.canonicalize().unwrap();
        let name = name.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
        let read = &mut |path: &str| Ok(support::text(&root.join(path)));
        let compiled = holdpoint_document::compile_with((&name, &source), None, read);
        // Variables of an environment are not known here.
        let errors = compiled
            .diagnostics
            .iter()
            .filter(|finding| finding.severity == Severity::Error && finding.code != Code::UndefinedName);
        wrong.extend(
            errors.map(|error| format!("{}: {} {}", path.display(), error.code.as_str(), error.message)),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_nearly_a_front_matter_is_told_and_never_a_foreign_document_without_a_word() {
    let body = "# T\n\n## Ship\n\n```sh run\n./ship\n```\n";
    for top in [
        "----\nrunbook: 1\n----\n",
        "---\u{a0}\nrunbook: 1\n---\n",
        "\u{200b}---\nrunbook: 1\n---\n",
        "--\nrunbook: 1\n--\n",
        "—\u{2014}—\nrunbook: 1\n---\n",
        "---yaml\nrunbook: 1\n---\n",
        "```yaml\nrunbook: 1\n```\n",
        "+++\nrunbook = 1\n+++\n",
        "---\rrunbook: 1\r---\r",
        "---\nrunbook 1\n---\n",
        "---\nrunbook\u{ff1a} 1\n---\n",
        "---\n- runbook: 1\n---\n",
        "---\n\u{feff}runbook: 1\ntitle: T\n",
        "runbook: 1\ntitle: T\n",
        "\n\n---\nrunbook: 1\n---\n",
        "---\nRun-Book: 1\n---\n",
    ] {
        let compiled = holdpoint_document::compile_with(
            ("book.md", &format!("{top}\n{body}")),
            None,
            &mut |_: &str| unreachable!(),
        );
        let told = compiled.diagnostics.iter().any(|finding| finding.severity == Severity::Error);
        assert!(told, "{top:?}: {:?}", compiled.diagnostics);
    }
    for top in [
        "",
        "***\n",
        "---\ntitle: Our run-book\n---\n",
        "Run-book 1 of 3\n",
        "Runbook: payments\n",
        "---\n\nRun-book 12 is elsewhere.\n\n---\n",
    ] {
        let compiled = holdpoint_document::compile_with(
            ("book.md", &format!("{top}\n{body}")),
            None,
            &mut |_: &str| unreachable!(),
        );
        assert!(compiled.diagnostics.is_empty(), "{top:?}: {:?}", compiled.diagnostics);
    }
}

/// Each item with what it says, and what it said once.
fn items(compiled: &holdpoint_document::Compiled) -> Vec<(String, Option<String>)> {
    let actions = compiled.plan.steps.iter().flat_map(|step| &step.actions);
    let items = actions.filter_map(|action| match &action.work {
        holdpoint_document::Work::Confirm { text } => {
            let cut = action.once.as_ref().and_then(|once| once.cut.as_deref());
            Some((text.clone(), cut.map(str::to_owned)))
        }
        _ => None,
    });
    items.collect()
}

#[test]
fn an_item_that_begins_or_ends_with_an_image_is_read_whole_and_keeps_what_it_said_once() {
    let item = |text: &str, once: Option<&str>| (text.to_owned(), once.map(str::to_owned));
    let cases = [
        (
            "- [ ] ![is green](x.png) is seen\n",
            item("![is green](x.png) is seen", Some("is green](x.png) is seen")),
        ),
        ("- [ ] ![**is** green][x] is seen\n", item("![**is** green][x] is seen", None)),
        ("- [ ] ![](x.png) is seen\n", item("![](x.png) is seen", Some("is seen"))),
        ("- [ ] ![![a](b)](c) d\n", item("![![a](b)](c) d", Some("a](b)](c) d"))),
        ("- [ ] ![a](b)\n", item("![a](b)", Some("a](b)"))),
        ("- [ ] ![](b)\n", item("![](b)", None)),
        ("- [ ] [![a](b)](c) d\n", item("[![a](b)](c) d", None)),
        ("- [ ] see ![a](b) now\n", item("see ![a](b) now", None)),
        ("- [ ] ![a](b)\n\n  more\n", item("![a](b)\n\nmore", None)),
        ("- [ ] see ![a](b)\n  ```sh run\n  make\n  ```\n", item("see ![a](b)", Some("see ![a"))),
        ("1. ![a](b) is seen\n", item("![a](b) is seen", Some("a](b) is seen"))),
    ];
    for (body, due) in cases {
        let annotated = format!("---\nrunbook: 1\n---\n\n## Look\n\n{body}");
        let compiled = holdpoint_document::compile(&annotated, None);
        assert!(compiled.diagnostics.is_empty(), "{body}: {:?}", compiled.diagnostics);
        assert_eq!(items(&compiled), std::slice::from_ref(&due), "{body}");
    }
    let foreign = holdpoint_document::compile("# Look\n\n- [ ] ![a](b) is seen\n- [ ] it is green\n", None);
    assert_eq!(items(&foreign), [item("![a](b) is seen", Some("a](b) is seen")), item("it is green", None)]);
    let included = "> [!NOTE]\n> x\n\n[Part](part.md \"include\")\n";
    let compiled = holdpoint_document::compile_with(
        ("book.md", &format!("---\nrunbook: 1\n---\n\n{included}")),
        None,
        &mut |_: &str| Ok("---\nrunbook: 1\n---\n\n## Look\n\n- [ ] ![a](b) is seen\n".to_owned()),
    );
    assert!(compiled.diagnostics.is_empty(), "{:?}", compiled.diagnostics);
    assert_eq!(items(&compiled), [item("![a](b) is seen", Some("a](b) is seen"))]);
}

#[test]
fn an_item_keeps_what_its_lines_are_indented_by_within_it_and_what_it_said_once() {
    let read = |body: &str| {
        let annotated = format!("---\nrunbook: 1\n---\n\n## Look\n\n{body}");
        let plan = holdpoint_document::compile(&annotated, None).plan;
        let action = &plan.steps[0].actions[0];
        let holdpoint_document::Work::Confirm { text } = &action.work else { panic!("{body}") };
        (text.clone(), action.once.as_ref().and_then(|once| once.flat.as_deref()).map(str::to_owned))
    };
    let code = |indent: &str| {
        format!("a:\n\n{indent}```yaml\n{indent}t:\n{indent}  b: c\n{indent}    d: e\n{indent}```")
    };
    for (body, wanted) in [
        ("- [ ] a:\n\n  ```yaml\n  t:\n    b: c\n      d: e\n  ```\n", code("")),
        ("- [ ] a:\n\n    ```yaml\n    t:\n      b: c\n        d: e\n    ```\n", code("  ")),
        ("1. [ ] a:\n\n   ```yaml\n   t:\n     b: c\n       d: e\n   ```\n", code("")),
        ("- x\n  - [ ] a:\n\n    ```yaml\n    t:\n      b: c\n        d: e\n    ```\n", code("")),
        ("- [ ] a\n  - b\n    - c\n", "a\n- b\n  - c".to_owned()),
    ] {
        let (text, once) = read(body);
        assert_eq!(text, wanted, "{body}");
        assert!(once.is_some_and(|once| once != text), "{body}");
    }
    for body in ["- [ ] a\ngoes on\n", "1. a:\n\n   ```\n     b\n   ```\n"] {
        assert_eq!(read(body).1, None, "{body}");
    }
}
