//! `docs/format.md` names every finding, key and option; run-books in the documentation compile.

use holdpoint_document::{Code, Plan, Severity, compile, read_answers, read_config, read_user_config};

use crate::none;
use crate::page::{Page, all, between, source, sources_below};

fn page() -> Page {
    Page::of("docs/format.md")
}

#[test]
fn the_table_of_findings_is_the_list_of_codes_with_their_severities() {
    let page = page();
    let (_, table) = page.text.split_once("| code | severity |").unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let listed: Vec<(&str, &str)> = rows
        .map(|row| {
            let mut cells = row.trim_matches('|').split('|').map(str::trim);
            (cells.next().unwrap().trim_matches('`'), cells.next().unwrap())
        })
        .collect();
    let known: Vec<(&str, &str)> = Code::ALL
        .iter()
        .map(|code| match code.severity() {
            Severity::Error => (code.as_str(), "error"),
            Severity::Warning => (code.as_str(), "warning"),
        })
        .collect();
    assert_eq!(listed, known);
}

/// Keys are read by name, so the names stand in the source.
#[test]
fn every_key_that_documents_configuration_and_answers_may_hold_is_named() {
    let (format, cli) = (page(), Page::of("docs/cli.md"));
    let readers = ["get(\"", "need(\"", "text(\"", "texts(\"", "bool(\"", "duration(\"", "flag(\""];
    let mut wrong = Vec::new();
    let mut seen = 0;
    for file in sources_below("crates/document/src") {
        if file.starts_with("lints/") {
            continue;
        }
        let text = source(&format!("crates/document/src/{file}"));
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        for key in readers.iter().flat_map(|reader| between(text, reader, '"')) {
            seen += 1;
            let page = if file == "answers.rs" || *key == *"allow_paths" { &cli } else { &format };
            if !page.mentions(key) {
                wrong.push(format!("`{key}` of {file} is not in {}", page.path));
            }
        }
    }
    assert!(seen > 60, "{seen} keys were found in the sources: are they read in another way now?");
    none(wrong, "keys that nobody can look up");
}

/// Run-books in the documentation, with the page each stands on.
fn run_books() -> Vec<(String, String)> {
    let fences = |page: Page| page.fences.into_iter().map(move |(_, text)| (page.path.clone(), text));
    all().into_iter().flat_map(fences).filter(|(_, text)| text.starts_with("---\nrunbook:")).collect()
}

#[test]
fn every_run_book_in_the_documentation_compiles() {
    let books = run_books();
    assert!(books.len() >= 5, "{} run-books only", books.len());
    let mut wrong = Vec::new();
    for (page, text) in books {
        for finding in compile(&text, None).diagnostics {
            wrong.push(format!("{page}: {}: {} in\n{text}", finding.code.as_str(), finding.message));
        }
    }
    none(wrong, "run-books in the documentation");
}

#[test]
fn every_configuration_in_the_documentation_is_read_and_fits_the_guide() {
    let mut count = 0;
    for page in all() {
        for (info, text) in
            page.fences.iter().filter(|(info, _)| info.starts_with("toml") && info != "toml user")
        {
            let (config, findings) = read_config(text);
            assert!(findings.is_empty(), "{}: {findings:?} in\n{text}", page.path);
            count += 1;
            // `toml alone`: what it is for stands beside it.
            if page.path == "docs/guide.md" && info == "toml" {
                let findings = compile(&switch().1, Some(&config)).diagnostics;
                assert!(findings.is_empty(), "{findings:?}");
            }
        }
    }
    assert!(count >= 2, "{count} configurations only");
    let own = Page::of("docs/cli.md").fences.into_iter().find(|(info, _)| info == "toml user").unwrap().1;
    let (_, findings) = read_user_config(&own);
    assert!(findings.is_empty(), "{findings:?} in\n{own}");
}

/// The run-book that most of the guide is about.
fn switch() -> (Plan, String) {
    let (_, text) =
        run_books().into_iter().find(|(_, text)| text.contains("title: Switch the web site")).unwrap();
    (compile(&text, None).plan, text)
}

#[test]
fn the_answers_in_the_guide_answer_the_guide_s_run_book() {
    let guide = Page::of("docs/guide.md");
    let answers = guide.fences.iter().find(|(info, text)| info == "yaml" && text.contains("steps:"));
    let (_, answers) = answers.unwrap();
    let (read, findings) = read_answers(answers, &switch().0);
    assert!(findings.is_empty(), "{findings:?}");
    assert_eq!(read.steps.len(), 3);
}
