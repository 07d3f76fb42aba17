//! Blocks that stand below their item without its indentation are moved into it.

use super::proposal::Proposal;
use crate::foreign::opened;
use crate::markdown::{Block, Item};
use crate::{Plan, Span};

/// How far each of these active blocks is indented more than it is: those that stand below an item that they belong to. What
/// stands between is indented with them, and so is other code among `fences`: it would be shown with the next item.
pub(super) fn propose(
    proposal: &mut Proposal,
    source: &str,
    blocks: &[Block],
    plan: &Plan,
    (active, fences): (&[Span], &[Span]),
) -> Vec<usize> {
    let mut widths = vec![0; active.len()];
    let mut items = Vec::new();
    collect(blocks, &mut items);
    for item in items {
        let owner = plan.steps.iter().find(|step| step.span.start == item.span.start);
        let Some(step) = owner else { continue };
        let is_below = |span: &Span| item.span.end <= span.start && span.end <= step.span.end;
        let last = fences.iter().filter(|span| is_below(span)).map(|span| span.end).max();
        let Some(last) = last else { continue };
        let last = closed(source, Span::new(item.span.end, last), step.span.end);
        let Some(width) = width(source, item) else {
            proposal.leave(item.span, "indent the blocks below this item, so that they belong to it");
            continue;
        };
        let below = active.iter().zip(&mut widths).filter(|(span, _)| is_below(span));
        below.for_each(|(_, own)| *own = width);
        let mut at = item.span.end;
        while let Some(start) =
            source[at..last].find('\n').map(|end| at + end + 1).filter(|start| *start < last)
        {
            let line = source[start..].lines().next().unwrap_or_default();
            if !line.trim().is_empty() {
                let reason = "indented, so that the block belongs to the item above it";
                proposal.edit(Span::new(start, start), " ".repeat(width), reason);
            }
            at = start;
        }
    }
    widths
}

/// Where what is moved ends: what is folded up in it moves with the line that closes it, where the step holds that.
fn closed(source: &str, moved: Span, end: usize) -> usize {
    let mut open = opened(moved.of(source));
    let mut at = moved.end;
    for line in source[moved.end..end].split_inclusive('\n') {
        if open <= 0 {
            break;
        }
        at += line.len();
        open += opened(line);
    }
    if open > 0 { moved.end } else { at }
}

/// How far contents of an item are indented; `None` where tabs say it.
pub(super) fn width(source: &str, item: &Item) -> Option<usize> {
    let own = item.span.of(source);
    let mark = item.span.start + (own.len() - own.trim_start_matches(' ').len());
    let start = source[..mark].rfind('\n').map_or(0, |end| end + 1);
    let line = source[start..].lines().next()?;
    let before = &source[start..mark];
    if line.contains('\t') || !before.trim().is_empty() {
        return None;
    }
    let rest = &source[mark..start + line.len()];
    let marker = rest.find(' ')?;
    let blanks = rest[marker..].len() - rest[marker..].trim_start().len();
    // What follows more than four blanks is code.
    Some(before.len() + marker + if blanks > 4 { 1 } else { blanks })
}

fn collect<'t>(blocks: &'t [Block], items: &mut Vec<&'t Item>) {
    for block in blocks {
        if let Block::List(list) = block {
            for item in &list.items {
                items.push(item);
                collect(&item.blocks, items);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::adopt::adopt;

    #[test]
    fn what_is_folded_up_moves_with_the_line_that_closes_it() {
        let source = "# T\n\n1. Look\n\n<details>\n<summary>How</summary>\n\n```sh\nls\n```\n\n</details>\n\n2. Go on\n";
        let adopted = adopt(source, None).text;
        let wanted = "1. Look\n\n   <details>\n   <summary>How</summary>\n\n   ```sh check\n   ls\n   ```\n\n   </details>\n\n2. Go on\n";
        assert!(adopted.ends_with(wanted), "{adopted}");
        assert!(adopt(&adopted, None).edits.is_empty());
    }
}
