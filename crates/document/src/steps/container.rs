//! What a container is: step, phase, or nothing.

use crate::blocks::Kind;
use crate::markdown::{Block, Item};

/// What the blocks of a container make of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// Things to do stand directly in it.
    Step,
    /// Ordered items, each a container.
    Phase,
    /// Neither.
    Nothing,
}

pub(super) fn classify(blocks: &[Block]) -> Class {
    if blocks.iter().any(has_direct) {
        Class::Step
    } else if ordered_items(blocks).is_empty() {
        Class::Nothing
    } else {
        Class::Phase
    }
}

fn has_direct(block: &Block) -> bool {
    match block {
        Block::Fence(fence) => !matches!(fence.kind, Kind::Documentation | Kind::Step),
        Block::List(list) => list
            .items
            .iter()
            .any(|item| item.task.is_some() || (!list.ordered && item.blocks.iter().any(has_direct))),
        _ => false,
    }
}

/// The ordered items nearest to the container, through bullets but not through each other.
pub(super) fn ordered_items(blocks: &[Block]) -> Vec<&Item> {
    let mut found = Vec::new();
    for block in blocks {
        if let Block::List(list) = block {
            for item in &list.items {
                if list.ordered {
                    found.push(item);
                } else {
                    found.extend(ordered_items(&item.blocks));
                }
            }
        }
    }
    found
}

/// Whether anything is to be done in these blocks, at any depth.
pub(super) fn has_work(blocks: &[Block]) -> bool {
    blocks.iter().any(|block| match block {
        Block::Fence(fence) => !matches!(fence.kind, Kind::Documentation | Kind::Step),
        Block::List(list) => {
            list.items.iter().any(|item| list.ordered || item.task.is_some() || has_work(&item.blocks))
        }
        _ => false,
    })
}
