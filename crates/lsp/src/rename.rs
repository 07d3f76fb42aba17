//! Another name for an id that was given by hand.

use holdpoint_document::{Span, Work};

use crate::Read;
use crate::text::Text;

/// Where the id at a byte stands, and links that lead to it; the first is where it is given.
pub(crate) fn places(text: &Text, read: &Read, offset: usize) -> Option<(String, Vec<Span>)> {
    let all = given(text, read);
    let source = text.as_str();
    let links = |id: &str| -> Vec<Span> {
        let wanted = format!("](#{id})");
        source.match_indices(&wanted).map(|(at, _)| Span::new(at + 3, at + 3 + id.len())).collect()
    };
    all.into_iter().find_map(|(id, span)| {
        let spans: Vec<Span> = std::iter::once(span).chain(links(&id)).collect();
        spans.iter().any(|span| (span.start..=span.end).contains(&offset)).then_some((id, spans))
    })
}

/// Whether nothing else is called so, and an id may be; else why not.
pub(crate) fn refused(read: &Read, name: &str) -> Option<String> {
    let shaped = name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    if !shaped {
        return Some(format!("`{name}` cannot be an id: use letters, digits, `-`, `_` and `.`"));
    }
    let steps = &read.plan.steps;
    let taken =
        steps.iter().any(|step| step.id == name || step.actions.iter().any(|action| action.id == name));
    taken.then(|| format!("`{name}` is taken: an id is there once in a document"))
}

/// Ids in option lines, and where the id itself stands.
fn given(text: &Text, read: &Read) -> Vec<(String, Span)> {
    let mut found = Vec::new();
    for step in read.plan.steps.iter().filter(|step| step.file.is_none()) {
        let actions = step.actions.iter().filter_map(|action| match &action.work {
            Work::Run(block) | Work::Check(block) => Some(block),
            _ => None,
        });
        for block in actions.chain(&step.rollbacks) {
            if let Some(id) = &block.options.id {
                found.extend(place(text.as_str(), block.span, id).map(|span| (id.clone(), span)));
            }
        }
    }
    found
}

/// The place of `id: ID` in an option line, or in the map of such a line, of the block; in a probe, on a line of its own.
fn place(source: &str, block: Span, id: &str) -> Option<Span> {
    let text = block.of(source);
    let mut at = block.start;
    for line in text.split_inclusive('\n') {
        let key = line.find("id:").filter(|key| {
            let before = line[..*key].trim_end();
            before.is_empty() || before.ends_with(['|', '{', ','])
        });
        if let Some(key) = key
            && let Some(found) = line[key + 3..].find(id)
        {
            let start = at + key + 3 + found;
            return Some(Span::new(start, start + id.len()));
        }
        at += line.len();
    }
    None
}
