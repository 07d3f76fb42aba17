//! Parts of a document that have a name and no heading: what stands below a line in bold, in an item, or is folded up.

use std::sync::LazyLock;

use regex::Regex;

use super::words;
use crate::Span;
use crate::markdown::Block;

/// A part, and what it is called.
pub(crate) struct Part {
    pub(crate) span: Span,
    pub(crate) title: String,
}

impl Part {
    /// Whether something stands in it.
    pub(crate) fn holds(&self, span: Span) -> bool {
        self.span.start <= span.start && span.end <= self.span.end
    }
}

/// All such parts, at any depth.
pub(crate) fn parts(source: &str, blocks: &[Block]) -> Vec<Part> {
    let mut found = Vec::new();
    visit(source, blocks, &mut found);
    found
}

fn visit(source: &str, blocks: &[Block], found: &mut Vec<Part>) {
    let end = blocks.last().map_or(0, |last| last.span().end);
    for (at, block) in blocks.iter().enumerate() {
        let below = &blocks[at + 1..];
        match block {
            Block::Text(text) => {
                let Some(title) = words::called(text.span.of(source)) else { continue };
                let next = below.iter().find(|block| begins(source, block));
                let end = next.map_or(end, |next| next.span().start);
                found.push(Part { span: Span::new(text.span.start, end), title: title.to_owned() });
            }
            Block::Html(span) => {
                let mut open = opened(span.of(source));
                if open <= 0 {
                    continue;
                }
                let last = below.iter().find(|block| {
                    open += if let Block::Html(span) = block { opened(span.of(source)) } else { 0 };
                    open <= 0
                });
                let span = Span::new(span.start, last.map_or(end, |last| last.span().end));
                found.push(Part { span, title: summary(span.of(source)) });
            }
            Block::List(list) => {
                for item in &list.items {
                    if let Some(text) = item.text() {
                        found.push(Part { span: item.span, title: text.line() });
                    }
                    visit(source, &item.blocks, found);
                }
            }
            Block::Quote(quote) => visit(source, &quote.blocks, found),
            Block::Heading(_) | Block::Fence(_) | Block::Indented(..) | Block::Other(_) => {}
        }
    }
}

/// Whether the part above ends where this begins.
fn begins(source: &str, block: &Block) -> bool {
    match block {
        Block::Heading(_) => true,
        Block::Text(text) => words::called(text.span.of(source)).is_some(),
        _ => false,
    }
}

/// How many more `<details>` a piece of HTML opens than it closes.
pub(crate) fn opened(html: &str) -> isize {
    let html = html.to_ascii_lowercase();
    let count = |mark: &str| isize::try_from(html.matches(mark).count()).unwrap_or_default();
    count("<details") - count("</details")
}

/// What is written where something is folded up.
pub(super) fn summary(html: &str) -> String {
    static SUMMARY: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"(?is)<summary\b[^>]*>(.*?)</summary").ok());
    static TAG: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"<[^<>]*>").ok());
    let found = SUMMARY.as_ref().and_then(|summary| summary.captures(html)?.get(1));
    let (Some(found), Some(tag)) = (found, TAG.as_ref()) else { return String::new() };
    tag.replace_all(found.as_str(), "").trim().to_owned()
}
