//! Placeholders left in commands: they parse as redirections and globs, and do real damage.

use crate::blocks::{marks_placeholders, spoken};
use crate::findings::Findings;
use crate::placeholders::Search;
use crate::spanned::Mapped;
use crate::{Block, Code, Span};

pub(super) fn lint(block: &Block, text: &Mapped, findings: &mut Findings) {
    let language = spoken(&block.interpreter, &block.language);
    if !marks_placeholders(language) {
        return;
    }
    // A template where there is none is an error, and was told.
    let marked = found(text, block.options.template);
    for (span, found) in marked.into_iter().filter(|(_, found)| !found.starts_with("{{")) {
        findings.add(
            Code::Placeholder,
            span,
            format!("`{found}` looks like a placeholder that nobody filled in"),
            "make it an input and write \"$NAME\"; a run refuses placeholders",
        );
    }
}

/// What looks like a placeholder, and where. What `is_rendered` may hold names in braces.
pub(super) fn found(script: &Mapped, is_rendered: bool) -> Vec<(Span, String)> {
    let text = script.text();
    let mut all = Vec::new();
    let Some(search) = Search::of(text, is_rendered) else { return all };
    for line in script.lines() {
        for found in search.in_line(&text[line.clone()]) {
            let at = line.start + found.start..line.start + found.end;
            all.push((script.span(at.clone()), text[at].to_owned()));
        }
    }
    all
}
