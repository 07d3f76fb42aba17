//! Numbered items right below a line of text. To CommonMark these are text too, unless they begin with 1; where their number goes
//! on from the list above, whoever wrote it saw an item.

use super::tree::Block;
use crate::Span;

/// Where numbers go on right below a line of text: the rest of the line from the number on, and the number.
pub(crate) fn went_on(source: &str, blocks: &[Block]) -> Vec<(Span, usize)> {
    let mut found = Vec::new();
    visit(source, blocks, &mut found);
    found
}

fn visit(source: &str, blocks: &[Block], found: &mut Vec<(Span, usize)>) {
    // The number that the last list of the section ended with.
    let mut ends: Option<usize> = None;
    for block in blocks {
        match block {
            Block::List(list) => {
                if list.ordered {
                    let first = list.items.first().and_then(|item| number(source, item.span));
                    ends = first.map(|first| first + list.items.len().saturating_sub(1));
                }
                list.items.iter().for_each(|item| visit(source, &item.blocks, found));
            }
            Block::Text(text) => {
                if let Some(one) = ends.and_then(|last| line(source, text.span, last + 1)) {
                    found.push(one);
                    ends = None;
                }
            }
            Block::Quote(quote) => visit(source, &quote.blocks, found),
            Block::Heading(_) => ends = None,
            _ => {}
        }
    }
}

/// Where a paragraph goes on with this number at the beginning of a line, and the number.
fn line(source: &str, text: Span, next: usize) -> Option<(Span, usize)> {
    let mut at = text.start;
    for (index, line) in text.of(source).split_inclusive('\n').enumerate() {
        let own = line.trim_start_matches([' ', '\t', '>']);
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
pub(crate) fn number(source: &str, list: Span) -> Option<usize> {
    let text = source.get(list.start..)?;
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    text[..digits].parse().ok()
}

/// The text with a 1 for each of these numbers, as long as that: with it a list may begin below a line of text.
pub(super) fn as_first(text: &str, found: &[(Span, usize)]) -> String {
    let mut text = text.to_owned();
    for (span, _) in found {
        let digits = span.of(&text).bytes().take_while(u8::is_ascii_digit).count();
        let one = format!("{:0>digits$}", 1);
        text.replace_range(span.start..span.start + digits, &one);
    }
    text
}
