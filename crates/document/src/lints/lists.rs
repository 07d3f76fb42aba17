//! Lists that end where nobody wanted it: what stands between two items is not indented, and the numbers begin again.

use crate::findings::Findings;
use crate::markdown::{Block, List};
use crate::{Code, Span};

/// Numbered lists that begin again behind code alone, each chain of them once.
pub(crate) fn lint(source: &str, blocks: &[Block], findings: &mut Findings) {
    // The number that the list above ended with, while nothing but code stands between.
    let mut above: Option<usize> = None;
    let (mut code, mut told) = (false, false);
    for block in blocks {
        match block {
            Block::List(list) if list.ordered => {
                let first = number(source, list);
                if let Some((last, first)) = above.zip(first).filter(|_| code && !told)
                    && first <= last
                {
                    let start = list.items.first().map_or(0, |item| item.span.start);
                    let line = source[start..].lines().next().unwrap_or_default();
                    let message = format!(
                        "the numbers begin again here, at {first}: the code above is not indented, so that it ended the list"
                    );
                    let help =
                        "indent the code as the text of its item; or introduce a new list by a line of text";
                    findings.add(
                        Code::SplitList,
                        Span::new(start, start + line.trim_end().len()),
                        message,
                        help,
                    );
                    told = true;
                }
                above = first.map(|first| first + list.items.len().saturating_sub(1));
                code = false;
            }
            Block::Fence(_) | Block::Indented(..) => code = true,
            _ => (above, code, told) = (None, false, false),
        }
        match block {
            Block::List(list) => list.items.iter().for_each(|item| lint(source, &item.blocks, findings)),
            Block::Quote(quote) => lint(source, &quote.blocks, findings),
            _ => {}
        }
    }
}

/// The number that a list begins with, as it is written.
fn number(source: &str, list: &List) -> Option<usize> {
    let text = source.get(list.items.first()?.span.start..)?;
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    text[..digits].parse().ok()
}
