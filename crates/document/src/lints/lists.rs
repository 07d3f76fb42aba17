//! Lists that end where nobody wanted it: what stands between two items is not indented, and the numbers begin again.

use crate::findings::Findings;
use crate::markdown::{Block, List};
use crate::{Code, Span};

/// Numbered lists that begin again behind code alone, each chain of them once.
pub(crate) fn lint(source: &str, blocks: &[Block], findings: &mut Findings) {
    // The number that the list above ended with, while nothing but code stands between.
    let mut above: Option<usize> = None;
    let (mut code, mut told) = (false, false);
    // The number that the last list of the section ended with.
    let mut ends: Option<usize> = None;
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
            Block::List(list) if list.ordered => {
                ends = number(source, list).map(|first| first + list.items.len().saturating_sub(1));
            }
            Block::Text(text) => {
                if let Some((span, next)) = ends.and_then(|last| swallowed(source, text.span, last + 1)) {
                    let message = format!(
                        "this is no item: below a line of text no list begins at another number than 1, so that {next} and what follows are text"
                    );
                    findings.add(Code::SplitList, span, message, "put an empty line above it");
                    ends = None;
                }
            }
            Block::Heading(_) => ends = None,
            _ => {}
        }
        match block {
            Block::List(list) => list.items.iter().for_each(|item| lint(source, &item.blocks, findings)),
            Block::Quote(quote) => lint(source, &quote.blocks, findings),
            _ => {}
        }
    }
}

/// Where a paragraph goes on with this number at the beginning of a line, and what that is.
fn swallowed(source: &str, text: Span, next: usize) -> Option<(Span, usize)> {
    let mut at = text.start;
    for (index, line) in text.of(source).split_inclusive('\n').enumerate() {
        let own = line.trim_start_matches([' ', '\t']);
        let digits = own.len() - own.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let rest = &own[digits..];
        let is_item = rest.strip_prefix(['.', ')']).is_some_and(|rest| rest.starts_with([' ', '\t']));
        if index > 0 && is_item && own[..digits].parse() == Ok(next) {
            let start = at + (line.len() - own.len());
            return Some((Span::new(start, start + own.trim_end().len()), next));
        }
        at += line.len();
    }
    None
}

/// The number that a list begins with, as it is written.
fn number(source: &str, list: &List) -> Option<usize> {
    let text = source.get(list.items.first()?.span.start..)?;
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    text[..digits].parse().ok()
}

#[cfg(test)]
mod tests {
    use crate::{Code, compile_and_lint};

    #[test]
    fn a_number_that_goes_on_below_a_line_of_text_is_no_item_and_is_told() {
        let told = |source: &str| {
            let found = compile_and_lint(source, None).1;
            found.iter().filter(|found| found.code == Code::SplitList).count()
        };
        for (source, wanted) in [
            ("# T\n\n1. a\n2. b\n\n```\nls\n```\nWait.\n3. c\n4. d\n", 1),
            ("# T\n\n1. a\n\nText\n2. b\n", 1),
            ("# T\n\n1. a\n\nText\n\n2. b\n", 0),
            ("# T\n\n1. a\n\nIn version\n3. of it\n", 0),
            ("# T\n\n1. a\n\n## U\n\nText\n2. b\n", 0),
        ] {
            assert_eq!(told(source), wanted, "{source}");
        }
    }
}
