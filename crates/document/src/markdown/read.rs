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

    // pulldown-cmark takes metadata blocks anywhere, Git hosts only at the very start: so one pass to find them,
    // and a second one, without them, over what follows the first.
    let mut front = None;
    let mut later_fronts = Vec::new();
    let mut whole = None;
    for (event, range) in
        Parser::new_ext(&source[base..], options | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS)
            .into_offset_iter()
    {
        let span = Span::new(range.start + base, range.end + base);
        match event {
            Event::Start(Tag::MetadataBlock(_)) => whole = Some((span, Span::new(span.end, span.end))),
            Event::Text(_) => {
                if let Some((_, inner)) = &mut whole {
                    *inner = Span::new(inner.start.min(span.start), span.end);
                }
            }
            Event::End(TagEnd::MetadataBlock(_)) => match whole.take() {
                Some((outer, inner)) if outer.start == base => front = Some((outer, inner)),
                Some((outer, inner)) if looks_like_front_matter(inner.of(source)) => later_fronts.push(outer),
                _ => {}
            },
            _ => {}
        }
    }

    let start = front.map_or(base, |(outer, _)| outer.end);
    let mut builder = Builder::new(source);
    for (event, range) in Parser::new_ext(&source[start..], options).into_offset_iter() {
        feed(&mut builder, event, Span::new(range.start + start, range.end + start));
    }
    let mut tree = builder.finish();
    tree.front = front;
    tree.later_fronts = later_fronts;
    tree
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
