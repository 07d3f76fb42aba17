//! Lists that end where nobody wanted it: what stands between two items is not indented, and the numbers begin again.

use crate::findings::Findings;
use crate::markdown::{Block, Tree, number, went_on};
use crate::{Code, Span};

/// Numbered lists that begin again, or do not begin, where somebody meant them to go on.
pub(crate) fn lint(source: &str, tree: &Tree, findings: &mut Findings) {
    begin_again(source, &tree.blocks, findings);
    let help = "put an empty line above it";
    for (span, next) in went_on(source, &tree.blocks) {
        let message = format!(
            "this is no item: below a line of text no list begins at another number than 1, so that {next} and what follows are text"
        );
        findings.add(Code::SplitList, span, message, help);
    }
    for (span, next) in &tree.went_on {
        let message = format!(
            "to Markdown this is text: below a line of text no list begins at another number than 1. A run takes it for item {next}, which goes on \
             from the list above"
        );
        findings.add(Code::SplitList, *span, message, help);
    }
}

/// Numbered lists that begin again behind code alone, each chain of them once.
fn begin_again(source: &str, blocks: &[Block], findings: &mut Findings) {
    // The number that the list above ended with, while nothing but code stands between.
    let mut above: Option<usize> = None;
    let (mut code, mut told) = (false, false);
    for block in blocks {
        match block {
            Block::List(list) if list.ordered => {
                let first = list.items.first().and_then(|item| number(source, item.span));
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
            Block::List(list) => {
                list.items.iter().for_each(|item| begin_again(source, &item.blocks, findings))
            }
            Block::Quote(quote) => begin_again(source, &quote.blocks, findings),
            _ => {}
        }
    }
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
