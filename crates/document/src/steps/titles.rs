//! What steps are called: titles, ids, numbers.

use crate::markdown::{Item, slug, undented};
use crate::{Once, Span};

/// The item's first line of text, without markup.
pub(crate) fn item_title(item: &Item) -> String {
    item.text().map(|text| text.line()).unwrap_or_default()
}

/// The anchor of an item's first five words.
pub(crate) fn item_slug(title: &str) -> String {
    let words: Vec<String> = title
        .split_whitespace()
        .map(slug)
        .map(|word| word.trim_matches('-').to_owned())
        .filter(|word| !word.is_empty())
        .take(5)
        .collect();
    if words.is_empty() { "item".to_owned() } else { words.join("-") }
}

/// The Markdown under `span` in an item, without the indentation of that; and as it was read once, without what stood below
/// the item's box, where that is another text.
pub(super) fn words(source: &str, item: &Item, span: Span) -> (String, Option<Box<Once>>) {
    let text = undented(source, item, span);
    let flat = flat(source, span);
    let once = (flat != text).then(|| Box::new(Once { flat: Some(flat.into()), cut: None }));
    (text, once)
}

fn flat(source: &str, span: Span) -> String {
    let line_start = source[..span.start].rfind('\n').map_or(0, |at| at + 1);
    let indent = source[line_start..span.start].chars().count();
    let mut lines = span.of(source).trim_end().lines();
    let mut text = lines.next().unwrap_or_default().trim_end().to_owned();
    for line in lines {
        let blank = line.chars().take_while(|c| *c == ' ' || *c == '\t').take(indent).count();
        text.push('\n');
        text.push_str(line[blank..].trim_end());
    }
    text.trim().to_owned()
}

/// Hands out numbers among siblings.
pub(super) struct Numbers {
    prefix: String,
    last: usize,
}

impl Numbers {
    pub(super) fn top() -> Numbers {
        Numbers { prefix: String::new(), last: 0 }
    }

    pub(super) fn under(number: &str) -> Numbers {
        Numbers { prefix: format!("{number}."), last: 0 }
    }

    pub(super) fn take(&mut self) -> String {
        self.last += 1;
        [&*self.prefix, &self.last.to_string()].concat()
    }
}
