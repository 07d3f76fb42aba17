//! What is folded up or set apart between two marks: `<details>` and `</details>`, `:::note` and `:::`. What stands behind
//! its end belongs to what it stands in.

use super::parts::{opened, summary};
use crate::markdown::{Block, Colons, colons};

/// How many of these blocks the first of them encloses, with both marks, and what it calls them; `None` where it encloses
/// none. What is never closed goes on to the end.
pub(super) fn enclosed(source: &str, blocks: &[Block]) -> Option<(usize, String)> {
    let depth = |block: &Block, folds: bool| match (block, folds) {
        (Block::Html(span), true) => opened(span.of(source)),
        (Block::Other(span), false) => match colons(span.of(source).trim()) {
            Some(Colons::Open) => 1,
            Some(Colons::Close) => -1,
            None => 0,
        },
        _ => 0,
    };
    let first = blocks.first()?;
    let folds = matches!(first, Block::Html(_));
    let mut open = depth(first, folds);
    if open <= 0 {
        return None;
    }
    let title = match folds {
        true => summary(first.span().of(source)),
        false => title(first.span().of(source)),
    };
    let last = blocks.iter().skip(1).position(|block| {
        open += depth(block, folds);
        open <= 0
    });
    Some((last.map_or(blocks.len(), |last| last + 2), title))
}

/// What stands behind the kind: `:::note Read this`, `:::note[Read this]`, `!!! note "Read this"`.
pub(super) fn title(mark: &str) -> String {
    let line = mark.trim().lines().next().unwrap_or_default();
    let behind = line.trim_start_matches([':', '!', '?', '+', ' ']);
    let title = match behind.split_once(|c: char| c.is_whitespace() || c == '[') {
        Some((kind, title)) if !kind.starts_with('{') => title,
        _ => behind.split_once('}').map_or("", |(_, title)| title),
    };
    title.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '[' | ']')).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_admonition_is_called_what_stands_behind_its_kind() {
        for (mark, wanted) in [
            (":::note Read this", "Read this"),
            ("::: note", ""),
            (":::note[Read this]", "Read this"),
            (":::{tab-item} Foo", "Foo"),
            ("!!! danger \"Careful\"\n    a", "Careful"),
            ("???+ note\n    a", ""),
        ] {
            assert_eq!(title(mark), wanted, "{mark}");
        }
    }
}
