//! The only user of pulldown-cmark.

use pulldown_cmark::{BlockQuoteKind, CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::build::{Builder, Container, Leaf};
use super::tree::Tree;
use crate::Span;

/// Reads Markdown as GitHub renders it: CommonMark, tables, task lists, alerts, footnotes, and one front matter.
pub(crate) fn read(source: &str) -> Tree {
    let base = if source.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let options = Options::ENABLE_GFM
        | Options::ENABLE_TABLES
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_FOOTNOTES;

    // pulldown-cmark takes metadata blocks anywhere, Git hosts only at the very start: so they are looked for apart,
    // and only in what can hold one, and the document itself is read without them.
    let front = front_end(&source[base..])
        .and_then(|end| metadata(&source[base..base + end], base, options).into_iter().next())
        .filter(|(outer, _)| outer.start == base);
    let start = front.map_or(base, |(outer, _)| outer.end);
    let mut builder = Builder::new(source);
    for (event, range) in Parser::new_ext(&source[start..], options).into_offset_iter() {
        feed(&mut builder, event, Span::new(range.start + start, range.end + start));
    }
    let mut tree = builder.finish();
    tree.front = front;
    if source[start..].match_indices("\n---").nth(1).is_some() {
        let later =
            metadata(&source[base..], base, options).into_iter().filter(|(outer, _)| outer.start > base);
        let later = later.filter(|(_, inner)| looks_like_front_matter(inner.of(source)));
        tree.later_fronts = later.map(|(outer, _)| outer).collect();
    }
    tree
}

/// Where a front matter that begins the text would end, if there is one.
fn front_end(text: &str) -> Option<usize> {
    let mut at = text.starts_with("---").then_some(0)?;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        at += line.len();
        if index > 0 && (line.starts_with("---") || line.starts_with("...")) {
            return Some(at);
        }
    }
    None
}

/// The metadata blocks of a text that stands at `base`, with and without their fences.
fn metadata(text: &str, base: usize, options: Options) -> Vec<(Span, Span)> {
    let mut found: Vec<(Span, Span)> = Vec::new();
    let mut inside = false;
    let parser = Parser::new_ext(text, options | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS);
    for (event, range) in parser.into_offset_iter() {
        let span = Span::new(range.start + base, range.end + base);
        match (event, found.last_mut()) {
            (Event::Start(Tag::MetadataBlock(_)), _) => {
                inside = true;
                found.push((span, Span::new(span.end, span.end)));
            }
            (Event::End(TagEnd::MetadataBlock(_)), _) => inside = false,
            (Event::Text(_), Some((_, inner))) if inside => {
                *inner = Span::new(inner.start.min(span.start), span.end);
            }
            _ => {}
        }
    }
    found
}

/// Keys at the left margin and nothing else there.
fn looks_like_front_matter(text: &str) -> bool {
    let mut lines =
        text.lines().filter(|line| !line.starts_with([' ', '\t', '-', '#']) && !line.trim().is_empty());
    let is_key = |line: &str| {
        line.split_once(':').is_some_and(|(key, rest)| {
            !key.is_empty()
                && key.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-')
                && (rest.is_empty() || rest.starts_with(' '))
        })
    };
    lines.next().is_some_and(is_key) && lines.all(is_key)
}

fn feed(builder: &mut Builder<'_>, event: Event<'_>, span: Span) {
    match event {
        Event::Start(tag) => match tag {
            Tag::Paragraph => builder.open_leaf(Leaf::Paragraph, span),
            Tag::Heading { level, .. } => builder.open_leaf(Leaf::Heading(rank(level)), span),
            Tag::CodeBlock(CodeBlockKind::Fenced(info)) => {
                builder.open_leaf(Leaf::Fence(info.to_string()), span)
            }
            Tag::CodeBlock(CodeBlockKind::Indented) => builder.open_leaf(Leaf::Indented, span),
            Tag::HtmlBlock => builder.open_leaf(Leaf::Html, span),
            Tag::Table(_) => builder.open_leaf(Leaf::Table, span),
            Tag::List(start) => builder.open(Container::List { ordered: start.is_some() }, span),
            Tag::Item => builder.open(Container::Item, span),
            Tag::BlockQuote(kind) => {
                builder.open(Container::Quote { caution: kind == Some(BlockQuoteKind::Caution) }, span);
            }
            Tag::FootnoteDefinition(_) => builder.open(Container::Quote { caution: false }, span),
            Tag::Link { title, .. } => builder.link(&title, span),
            Tag::Image { .. } => builder.image(true),
            _ => builder.inline("", span),
        },
        Event::End(tag) => match tag {
            TagEnd::Paragraph
            | TagEnd::Heading(_)
            | TagEnd::CodeBlock
            | TagEnd::HtmlBlock
            | TagEnd::Table => {
                builder.close_leaf();
            }
            TagEnd::List(_) | TagEnd::Item | TagEnd::BlockQuote(_) | TagEnd::FootnoteDefinition => {
                builder.close()
            }
            TagEnd::Image => builder.image(false),
            _ => {}
        },
        Event::Text(text) => builder.text(&text, span),
        Event::Code(text) => builder.inline(&text, span),
        Event::SoftBreak | Event::HardBreak => builder.inline("\n", span),
        Event::TaskListMarker(_) => builder.task(span),
        Event::Rule => builder.rule(span),
        _ => builder.inline("", span),
    }
}

fn rank(level: HeadingLevel) -> u8 {
    match level {
        HeadingLevel::H1 => 1,
        HeadingLevel::H2 => 2,
        HeadingLevel::H3 => 3,
        HeadingLevel::H4 => 4,
        HeadingLevel::H5 => 5,
        HeadingLevel::H6 => 6,
    }
}
