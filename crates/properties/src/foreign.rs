//! Documents that nobody wrote for holdpoint.

use holdpoint_document::{DocumentKind, compile, compile_and_lint};

use crate::text;

/// What holds of a document that people follow by hand, as it is.
pub(crate) fn followed(source: &str) {
    let plan = text::document(source, None);
    assert_eq!(plan.kind, DocumentKind::Foreign, "it says of itself that it is one of ours");
    let compiled = compile(source, None);
    assert!(!compiled.has_errors(), "{:?}", compiled.diagnostics);
    assert!(!plan.steps.is_empty(), "it has no step");
    assert!(
        compile_and_lint(source, None).1.iter().all(|finding| !finding.is_error()),
        "a finding that stops it"
    );
    hidden_items_are_no_steps(source);
    annotated(source);
    crate::adopted::adopted(source);
}

/// A task item in an HTML comment is not there.
fn hidden_items_are_no_steps(source: &str) {
    let plan = compile(source, None).plan;
    for (start, _) in source.match_indices("<!--") {
        let end = source[start..].find("-->").map_or(source.len(), |at| start + at);
        for action in plan.steps.iter().flat_map(|step| &step.actions) {
            let hidden =
                (start..end).contains(&action.span.start) && source[action.span.start..].starts_with("- [ ]");
            assert!(!hidden, "{} stands in a comment", action.id);
        }
    }
}

/// The same text under a front matter of ours: findings have places, and nobody's commands become a run-book's by a
/// front matter alone.
fn annotated(source: &str) {
    let body = match source.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---\n")) {
        Some((_, body)) => body,
        None => source,
    };
    let annotated = format!("---\nrunbook: 1\n---\n{body}");
    let plan = text::document(&annotated, None);
    assert_eq!(plan.kind, DocumentKind::Annotated);
    if annotated.contains("\n```sh\n") || annotated.contains("\n```bash\n") {
        assert!(compile(&annotated, None).has_errors(), "commands became blocks, or prose, without a word");
    }
}
