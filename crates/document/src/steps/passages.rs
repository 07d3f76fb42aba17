//! What stands between the steps, for whoever is stepped through them.

use super::context::Book;
use crate::blocks::Kind;
use crate::include::instance;
use crate::markdown::Block;
use crate::{Passage, Span, Step};

/// Text that no action shows, in document order: sections that hold no steps, introductions, what follows the last
/// action of a step. Comments and options of steps are no text; a heading without text of its own is told by the steps
/// below it.
pub(crate) fn passages(book: &Book<'_>, steps: &[Step]) -> Vec<Passage> {
    let Book { source, tree, .. } = *book;
    let title = title(&tree.blocks);
    let mut found: Vec<Passage> = Vec::new();
    let ends: Vec<usize> = steps.iter().map(work_end).collect();
    let (mut before, mut heading, mut open) = (0, None, false);
    for block in &tree.blocks {
        let span = block.span();
        while ends.get(before).is_some_and(|end| *end <= span.start) {
            before += 1;
            (heading, open) = (None, false);
        }
        let text = match block {
            Block::Heading(own) => {
                (heading, open) = ((title != Some(own.span)).then_some(own), false);
                continue;
            }
            Block::Html(html) => !html.of(source).trim_start().starts_with("<!--"),
            Block::Fence(fence) => fence.kind == Kind::Documentation,
            _ => true,
        };
        let shown = steps.get(before).is_some_and(|step| belongs(step, span));
        if !text || shown {
            continue;
        }
        match found.last_mut() {
            Some(last) if open => last.prose.push(span),
            _ => {
                let heading = heading.take().map(|heading| heading.text.line());
                let file = instance(book.instances, span.start).map(|from| from.path.clone());
                found.push(Passage { before, file, heading, prose: vec![span] });
            }
        }
        open = true;
    }
    found
}

/// The document's only first-level heading, where it is its first heading too.
fn title(blocks: &[Block]) -> Option<Span> {
    let mut headings = blocks.iter().filter_map(|block| match block {
        Block::Heading(heading) => Some(heading),
        _ => None,
    });
    let first = headings.next().filter(|first| first.level == 1)?;
    headings.all(|other| other.level != 1).then_some(first.span)
}

/// Where what there is to do in a step ends. A foreign step's text is part of what is confirmed.
fn work_end(step: &Step) -> usize {
    let actions = step.actions.iter().map(|action| action.span.end);
    actions.chain(step.rollbacks.iter().map(|block| block.span.end)).max().unwrap_or(0)
}

/// Whether a block that stands above a step's end is shown with its actions, or about a rollback.
fn belongs(step: &Step, span: Span) -> bool {
    let Some(first) = step.actions.first() else { return false };
    let start = first.prose.map_or(first.span.start, |prose| prose.start.min(first.span.start));
    start < span.end
}

#[cfg(test)]
mod tests {
    use crate::compile;

    /// `BEFORE HEADING: TEXT | TEXT`, one a line.
    fn told(source: &str) -> String {
        let plan = compile(source, None).plan;
        let line = |passage: &crate::Passage| {
            let texts: Vec<&str> = passage.prose.iter().map(|span| span.of(source).trim()).collect();
            format!(
                "{} {}: {}",
                passage.before,
                passage.heading.as_deref().unwrap_or("-"),
                texts.join(" | ").replace('\n', "⏎")
            )
        };
        plan.passages.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    const FRONT: &str = "---\nrunbook: 1\ntitle: T\n---\n\n";

    #[test]
    fn sections_without_steps_stand_before_the_step_that_follows_them() {
        let body = "# T\n\nTop.\n\n## Scope\n\nWhat it is.\n\n- a\n- b\n\n<!-- hidden -->\n\n## Part\n\n\
                    ```yaml step\nrole: x\n```\n\nIntroduces.\n\n### Do\n\nProse.\n\n```sh run\ntrue\n```\n\n\
                    About undoing.\n\n```sh rollback\ntrue\n```\n\nAfterwards.\n\n## Empty\n\n## End\n\nGoodbye.\n";
        let wanted = "0 -: Top.\n0 Scope: What it is. | - a⏎- b\n0 Part: Introduces.\n1 -: Afterwards.\n1 End: Goodbye.";
        assert_eq!(told(&format!("{FRONT}{body}")), wanted);
    }

    #[test]
    fn what_an_action_shows_is_not_told_twice() {
        let body = "# T\n\n## Phase\n\nRead this.\n\n1. First\n2. Second\n\n   ```sh run\n   true\n   ```\n\nTail.\n\n\
                    ## Items\n\nBoth.\n\n- [ ] one\n- [ ] two\n";
        assert_eq!(told(&format!("{FRONT}{body}")), "2 -: Tail.");
    }
}
