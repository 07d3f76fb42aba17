//! What is proposed to make a run-book of a document.

use holdpoint_document::{Adoption, Severity, adopt, compile};

/// Edits are in order and apart, and what they make is what is told of it; prose keeps its bytes but for indentation; what is
/// proposed is read without an error, or its errors are told; nothing is proposed twice.
pub(crate) fn adopted(source: &str) {
    let adoption = adopt(source, None);
    let mut at = 0;
    for edit in &adoption.edits {
        assert!(edit.span.start <= edit.span.end && edit.span.end <= source.len(), "{edit:?}");
        assert!(
            source.is_char_boundary(edit.span.start) && source.is_char_boundary(edit.span.end),
            "{edit:?}"
        );
        assert!(at <= edit.span.start, "{edit:?} overlaps what stands before it");
        assert!(!edit.reason.is_empty(), "{edit:?}");
        at = edit.span.end;
    }
    assert_eq!(applied(source, &adoption), adoption.text);
    for left in &adoption.left {
        assert!(left.span.end <= source.len() && !left.what.is_empty(), "{left:?}");
    }
    let errors: Vec<_> = compile(&adoption.text, None)
        .diagnostics
        .into_iter()
        .filter(|finding| finding.severity == Severity::Error)
        .collect();
    assert!(
        refused(&adoption) || errors == adoption.errors,
        "what is proposed has other errors than those that are told"
    );
    if adoption.errors.is_empty() && !refused(&adoption) {
        let again = adopt(&adoption.text, None);
        assert!(again.edits.is_empty(), "proposed again: {:?}\n{}", again.edits, adoption.text);
    }
}

/// Whether nothing is proposed, because a person must see to the front matter first.
fn refused(adoption: &Adoption) -> bool {
    adoption.edits.is_empty() && !adoption.left.is_empty()
}

fn applied(source: &str, adoption: &Adoption) -> String {
    let (mut text, mut at) = (String::new(), 0);
    for edit in &adoption.edits {
        text.push_str(&source[at..edit.span.start]);
        text.push_str(&edit.text);
        at = edit.span.end;
    }
    text.push_str(&source[at..]);
    text
}
