//! Real run-books that other people wrote: each can be stepped through as it is.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)]

mod support;

use std::collections::BTreeSet;

use holdpoint_document::{DocumentKind, compile, lint};

/// Data beside the repository; a clone without it fails here rather than passing for the wrong reason.
fn corpus() -> Vec<(String, String)> {
    let folder = support::root().join("../shared/corpus/files");
    let entries = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("the corpus is not at {}: {error}", folder.display()));
    let files: Vec<_> = entries
        .map(|entry| {
            let path = entry.unwrap().path();
            (path.file_name().unwrap().to_string_lossy().into_owned(), support::text(&path))
        })
        .collect();
    assert!(files.len() > 100, "only {} files in the corpus", files.len());
    files
}

#[test]
fn every_real_run_book_compiles_without_an_error_into_steps_that_a_person_can_confirm() {
    for (name, source) in corpus() {
        let compiled = compile(&source, None);
        assert_eq!(compiled.plan.kind, DocumentKind::Foreign, "{name}");
        assert!(!compiled.has_errors(), "{name}: {:?}", compiled.diagnostics);
        assert!(!compiled.plan.steps.is_empty(), "{name} has no step");
        support::check_invariants(&source, &compiled.plan);
        for action in compiled.plan.steps.iter().flat_map(|step| &step.actions) {
            assert_eq!(action.work.kind(), "confirm", "{name}: {}", action.id);
        }
    }
}

#[test]
fn task_items_in_fences_and_comments_are_no_steps() {
    for (name, source) in corpus() {
        let plan = compile(&source, None).plan;
        let mut hidden: BTreeSet<usize> = BTreeSet::new();
        for (start, _) in source.match_indices("<!--") {
            let end = source[start..].find("-->").map_or(source.len(), |at| start + at);
            hidden.extend(source[start..end].match_indices("- [ ]").map(|(at, _)| start + at));
        }
        for action in plan.steps.iter().flat_map(|step| &step.actions) {
            assert!(!hidden.contains(&action.span.start), "{name}: {}", action.id);
        }
    }
}

#[test]
fn every_real_run_book_still_compiles_when_it_is_declared_to_be_annotated() {
    for (name, source) in corpus() {
        let body = match source.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---\n")) {
            Some((_, body)) => body,
            None => &source,
        };
        let annotated = format!("---\nrunbook: 1\n---\n{body}");
        let compiled = compile(&annotated, None);
        assert_eq!(compiled.plan.kind, DocumentKind::Annotated, "{name}");
        support::check_invariants(&annotated, &compiled.plan);
        support::check_findings(&annotated, &compiled.diagnostics);
        support::check_findings(&annotated, &lint(&annotated, &compiled.plan, None));
        // Nobody's commands become a run-book's by a front matter alone.
        if annotated.contains("```sh\n") || annotated.contains("```bash\n") {
            assert!(compiled.has_errors(), "{name}");
        }
    }
}

#[test]
fn the_lints_are_quiet_about_real_scripts_that_are_only_documentation() {
    for (name, source) in corpus() {
        let plan = compile(&source, None).plan;
        assert_eq!(lint(&source, &plan, None), [], "{name}");
    }
}
