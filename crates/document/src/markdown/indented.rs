//! Code that is told by its indentation alone.

use holdpoint_model::DocumentKind;

use super::{Block, fronts, read};
use crate::Span;

/// Where it stands, in order: each from its first character behind the indentation.
pub fn indented_code(source: &str, kind: DocumentKind) -> Vec<Span> {
    let mut found = Vec::new();
    gather(&read(source, &fronts(source), kind).blocks, &mut found);
    found
}

fn gather(blocks: &[Block], found: &mut Vec<Span>) {
    for block in blocks {
        match block {
            Block::Indented(_, span) => found.push(*span),
            Block::List(list) => list.items.iter().for_each(|item| gather(&item.blocks, found)),
            Block::Quote(quote) => gather(&quote.blocks, found),
            Block::Heading(_) | Block::Text(_) | Block::Fence(_) | Block::Html(_) | Block::Other(_) => {}
        }
    }
}
