//! Heading sections, nested by level.

use crate::Span;
use crate::markdown::{Block, Heading};

/// A heading with the blocks up to the next heading, and the sections of lower rank below it.
pub(crate) struct Section<'t> {
    /// `None` for what stands before the first heading.
    pub(crate) heading: Option<&'t Heading>,
    pub(crate) blocks: &'t [Block],
    /// From the heading to the next heading of any level.
    pub(crate) span: Span,
    pub(crate) children: Vec<Section<'t>>,
}

/// The document's sections; the first is what stands before any heading. `end` is the source's length.
pub(crate) fn sections(blocks: &[Block], end: usize) -> Vec<Section<'_>> {
    let heads: Vec<usize> = blocks
        .iter()
        .enumerate()
        .filter(|(_, block)| matches!(block, Block::Heading(_)))
        .map(|(at, _)| at)
        .collect();
    let first = heads.first().copied().unwrap_or(blocks.len());
    let place = |from: usize, to: usize| {
        let start = blocks.get(from).map_or(end, |block| block.span().start);
        Span::new(start, blocks.get(to).map_or(end, |block| block.span().start).max(start))
    };
    let root =
        Section { heading: None, blocks: &blocks[..first], span: place(0, first), children: Vec::new() };
    let mut flat = Vec::new();
    for (index, &at) in heads.iter().enumerate() {
        let next = heads.get(index + 1).copied().unwrap_or(blocks.len());
        let Block::Heading(heading) = &blocks[at] else { continue };
        let section = Section {
            heading: Some(heading),
            blocks: &blocks[at + 1..next],
            span: place(at, next),
            children: Vec::new(),
        };
        flat.push(section);
    }
    let mut nested = vec![root];
    nested.extend(nest(flat));
    nested
}

fn nest(flat: Vec<Section<'_>>) -> Vec<Section<'_>> {
    let level = |section: &Section<'_>| section.heading.map_or(0, |heading| heading.level);
    // Sections whose parent is still open, outermost first.
    let mut open: Vec<Section<'_>> = Vec::new();
    let mut done = Vec::new();
    for section in flat {
        while open.last().is_some_and(|parent| level(parent) >= level(&section)) {
            close(&mut open, &mut done);
        }
        open.push(section);
    }
    while !open.is_empty() {
        close(&mut open, &mut done);
    }
    done
}

fn close<'t>(open: &mut Vec<Section<'t>>, done: &mut Vec<Section<'t>>) {
    let Some(section) = open.pop() else { return };
    match open.last_mut() {
        Some(parent) => parent.children.push(section),
        None => done.push(section),
    }
}
