//! Documents that nobody wrote for holdpoint.

use holdpoint_document::{Compiled, DocumentKind, Shown, Work, compile, compile_and_lint};

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

/// Every byte of a foreign document is shown at one place, as it is written but for the marks around it.
pub(crate) fn shown_once(source: &str, compiled: &Compiled) {
    let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    let mut at = 0;
    for piece in &compiled.pieces {
        assert_eq!(piece.span.start, at, "{:?} is shown nowhere, or twice", source.get(at..));
        at = piece.span.end;
        let text = piece.span.of(source);
        match piece.shown {
            Shown::Front | Shown::Heading => {}
            Shown::Prose { step, action } => {
                let prose =
                    compiled.plan.steps[step].actions[action].prose.map(|prose| prose.of(source).trim());
                assert_eq!(prose, Some(text.trim()), "{piece:?}");
            }
            Shown::Work { step, action } => {
                let action = &compiled.plan.steps[step].actions[action];
                let Work::Confirm { text: confirmed } = &action.work else { continue };
                let (confirmed, written) = (letters(confirmed), letters(text));
                let mark = written.strip_suffix(&confirmed);
                // Only the number and the tick are left out; what says nothing is confirmed as done.
                let marks =
                    mark.is_some_and(|mark| mark.chars().all(|c| c.is_numeric() || matches!(c, 'x' | 'X')));
                assert!(marks || confirmed == "Done", "{written:?} is confirmed as {confirmed:?}");
            }
            Shown::Passage(passage) => {
                let passage = &compiled.plan.passages[passage];
                let shown = passage.prose.iter().map(|prose| prose.of(source).trim()).collect::<String>();
                assert!(text.trim_end().ends_with(&shown), "{piece:?}");
                assert!(passage.heading.is_some() || text.trim() == shown, "{piece:?}");
            }
        }
    }
    assert_eq!(at, if source.trim().is_empty() { at } else { source.len() }, "the end is shown nowhere");
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
