//! Code that may be a shell's and is only shown: none of it is read as commands.

use super::units::units;
use crate::blocks::is_shell_like;
use crate::markdown::{self, Block};
use crate::{DocumentKind, Span};

/// Code of which nothing is read as a command, and why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnlyShown {
    /// All of it.
    pub span: Span,
    /// Why, in words.
    pub reason: &'static str,
}

/// Untagged and indented code, and a shell's, of which no line is read as a command, in order.
pub fn only_shown(source: &str) -> Vec<OnlyShown> {
    let fronts = markdown::fronts(source);
    let tree = markdown::read(source, &fronts, DocumentKind::Foreign);
    let units = units(source, &tree);
    let mut found = Vec::new();
    visit(&tree.blocks, &mut found);
    let is_read = |span: Span| {
        let mut within = units.iter().filter(|unit| unit.span.start < span.end && span.start < unit.span.end);
        within.any(|unit| !unit.cut.commands.is_empty())
    };
    found.retain(|code| !is_read(code.span));
    found
}

fn visit(blocks: &[Block], found: &mut Vec<OnlyShown>) {
    for block in blocks {
        let (span, reason) = match block {
            Block::Fence(fence) if fence.info.trim().is_empty() => (
                fence.span,
                "no language is named, and it does not read as commands: write `sh` behind its fence if it is",
            ),
            Block::Fence(fence) if is_shell_like(&fence.info.to_lowercase()) => {
                (fence.span, "none of it reads as a command")
            }
            Block::Indented(_, span) => (
                *span,
                "it is indented code, and does not read as commands: put it into a fence with `sh` if it is",
            ),
            Block::List(list) => {
                list.items.iter().for_each(|item| visit(&item.blocks, found));
                continue;
            }
            Block::Quote(quote) => {
                visit(&quote.blocks, found);
                continue;
            }
            _ => continue,
        };
        found.push(OnlyShown { span, reason });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_that_does_not_read_as_commands_says_why_it_is_only_shown() {
        let source = "# T\n\n## A\n\n```sh\nls\n```\n\n```\nHello there, all of you.\n```\n\nThen:\n\n    SELECT count(*) FROM users;\n\n```yaml\na: b\n```\n";
        let told: Vec<(String, bool)> = only_shown(source)
            .iter()
            .map(|code| (code.span.of(source).trim().to_owned(), code.reason.contains("indented")))
            .collect();
        assert_eq!(
            told,
            [
                ("```\nHello there, all of you.\n```".to_owned(), false),
                ("SELECT count(*) FROM users;".to_owned(), true)
            ]
        );
    }
}
