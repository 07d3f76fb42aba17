//! Markdown read, by pulldown-cmark.

use pulldown_cmark::{BlockQuoteKind, CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::build::{Builder, Container, Leaf};
use super::near::means_include;
use super::tabs;
use super::tree::{Block, Fronts, Tree};
use super::went_on::{as_first, went_on};
use crate::findings::Findings;
use crate::spanned::parse_toml;
use crate::{DocumentKind, Span};

/// A document of so many bytes is read in parts: below it, threads cost more than they save.
const LONG: usize = 256 * 1024;

/// Bytes of a part: large enough to be worth it, small enough to stay in a processor's cache.
const PART: usize = 128 * 1024;

/// What of a document is front matter. Git hosts take it for that only at the very start.
pub(crate) fn fronts(source: &str) -> Fronts {
    let base = if source.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let options = options();

    // pulldown-cmark takes metadata blocks anywhere: so they are looked for apart, and only in what can hold one, and
    // the document itself is read without them.
    let front = front_end(&source[base..])
        .and_then(|end| metadata(&source[base..base + end], base, options).into_iter().next())
        .filter(|(outer, _)| outer.start == base)
        .or_else(|| toml_front(source, base));
    let end = front.map_or(base, |(outer, _)| outer.end);
    let mut later = Vec::new();
    if may_hold_later_front(source, end) {
        let found =
            metadata(&source[base..], base, options).into_iter().filter(|(outer, _)| outer.start > base);
        let found = found.filter(|(_, inner)| looks_like_front_matter(inner.of(source)));
        later.extend(found.map(|(outer, _)| outer));
    }
    Fronts { front, later, end }
}

/// Reads Markdown as GitHub renders it: CommonMark, tables, task lists, alerts, footnotes; and of documents that people follow
/// by hand tabs, as items.
pub(crate) fn read(source: &str, fronts: &Fronts, kind: DocumentKind) -> Tree {
    match kind {
        DocumentKind::Annotated => read_plain(source, fronts, kind),
        DocumentKind::Foreign => {
            let parsed = tabs::as_items(source);
            let tree = match &parsed {
                Some(parsed) => whole(source, parsed, fronts.end, kind),
                None => read_plain(source, fronts, kind),
            };
            going_on(source, parsed, fronts.end, tree)
        }
    }
}

/// Times that a document is read anew, for one number that goes on may be what shows the next.
const ROUNDS: usize = 4;

/// Has lists begin right below a line of text where their numbers go on from the list above.
fn going_on(source: &str, parsed: Option<String>, start: usize, mut tree: Tree) -> Tree {
    let mut parsed = parsed;
    let mut all = Vec::new();
    for _ in 0..ROUNDS {
        let found = went_on(source, &tree.blocks);
        if found.is_empty() {
            break;
        }
        let text = as_first(parsed.as_deref().unwrap_or(source), &found);
        tree = whole(source, &text, start, DocumentKind::Foreign);
        parsed = Some(text);
        all.extend(found);
    }
    // What is text still, in a line that goes on otherwise, was not read as an item.
    all.retain(|(span, _)| begins_list(&tree.blocks, span.start));
    all.sort();
    Tree { went_on: all, ..tree }
}

fn begins_list(blocks: &[Block], at: usize) -> bool {
    blocks.iter().any(|block| match block {
        Block::List(list) => list
            .items
            .iter()
            .any(|item| item.span.start == at || item.span.end > at && begins_list(&item.blocks, at)),
        Block::Quote(quote) => begins_list(&quote.blocks, at),
        _ => false,
    })
}

/// A document that people follow by hand, without tabs: as a run-book is read, but for numbers that go on below a line of text.
pub(crate) fn read_without_tabs(source: &str, fronts: &Fronts) -> Tree {
    going_on(source, None, fronts.end, read_plain(source, fronts, DocumentKind::Foreign))
}

fn read_plain(source: &str, fronts: &Fronts, kind: DocumentKind) -> Tree {
    let parts = if source.len() >= LONG { in_parts(source, fronts.end, PART, kind) } else { None };
    parts.unwrap_or_else(|| whole(source, source, fronts.end, kind))
}

/// What is Markdown here, for reading and for rendering alike.
pub(super) fn options() -> Options {
    Options::ENABLE_GFM
        | Options::ENABLE_TABLES
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_FOOTNOTES
}

/// The document from `start` on, in one go; `parsed` is what its blocks are told by, byte for byte in the same place.
fn whole(source: &str, parsed: &str, start: usize, kind: DocumentKind) -> Tree {
    let mut builder = Builder::new(source, kind);
    let parser = Parser::new_ext(&parsed[start..], options());
    let defined: Vec<(Span, String, String)> = parser
        .reference_definitions()
        .iter()
        .filter_map(|(_, one)| {
            Some((one.span.clone(), one.dest.to_string(), one.title.as_deref()?.to_owned()))
        })
        .filter(|(.., title)| means_include(title))
        .map(|(at, to, title)| (Span::new(at.start + start, at.end + start), to, title))
        .collect();
    for (event, range) in parser.into_offset_iter() {
        let span = Span::new(range.start + start, range.end + start);
        let event = match event {
            Event::Text(text) if *text == *span.of(parsed) => Event::Text(span.of(source).into()),
            event => event,
        };
        feed(&mut builder, event, span);
    }
    let mut unused: Vec<Span> = defined
        .into_iter()
        .filter(|(_, to, title)| !builder.has_link(to, title))
        .map(|(span, ..)| span)
        .collect();
    unused.sort();
    let (blocks, too_deep) = builder.finish();
    Tree { unused, ..Tree::new(blocks, too_deep) }
}

/// The document in parts of about `size` bytes, by all processors. `None` where it must be read as a whole.
///
/// Each part ends before a line that looks like a heading, and is read with that line: where the line comes out as a
/// heading outside of everything else, the next part begins as a document does. But for link references and footnotes,
/// which hold anywhere in the document: one that has them is not cut.
fn in_parts(source: &str, start: usize, size: usize, kind: DocumentKind) -> Option<Tree> {
    if memchr::memmem::find(&source.as_bytes()[start..], b"]:").is_some() {
        return None;
    }
    let cuts = cuts(source, start, size);
    let processors = std::thread::available_parallelism().map_or(1, usize::from).min(8);
    let read = |cuts: &[(usize, usize)]| -> Option<Vec<_>> {
        cuts.iter().map(|&(from, to)| part(source, (from, to), kind)).collect()
    };
    let parts: Option<Vec<_>> = std::thread::scope(|scope| {
        // Where no thread can be had, its share is read here.
        let begin = |share| {
            std::thread::Builder::new().spawn_scoped(scope, move || read(share)).map_err(|_| read(share))
        };
        let begun: Vec<_> = cuts.chunks(cuts.len().div_ceil(processors)).map(begin).collect();
        let end = |share: Result<std::thread::ScopedJoinHandle<'_, _>, _>| match share {
            Ok(thread) => thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            Err(read) => read,
        };
        begun.into_iter().map(end).collect()
    });
    let (mut blocks, mut too_deep) = (Vec::new(), None);
    for (more, deep) in parts?.into_iter().flatten() {
        blocks.extend(more);
        too_deep = too_deep.or(deep);
    }
    Some(Tree::new(blocks, too_deep))
}

/// Where to cut: at lines that look like headings, about every `size` bytes.
fn cuts(source: &str, start: usize, size: usize) -> Vec<(usize, usize)> {
    let mut cuts = Vec::new();
    let mut from = start;
    while let Some(to) = source.as_bytes().get(from + size..).and_then(|rest| {
        memchr::memmem::find_iter(rest, b"\n#")
            .map(|at| from + size + at + 1)
            .find(|at| is_heading(&source[*at..]))
    }) {
        cuts.push((from, to));
        from = to;
    }
    cuts.push((from, source.len()));
    cuts
}

fn is_heading(text: &str) -> bool {
    let after = text.trim_start_matches('#');
    (1..=6).contains(&(text.len() - after.len())) && after.starts_with(' ')
}

/// The blocks from `from` to the heading at `to`. `None` where no heading of the document's own level is there.
fn part(source: &str, (from, to): (usize, usize), kind: DocumentKind) -> Option<(Vec<Block>, Option<Span>)> {
    let mut builder = Builder::new(source, kind);
    let end = source[to..].find('\n').map_or(source.len(), |length| to + length + 1);
    let mut clean = to == source.len();
    for (event, range) in Parser::new_ext(&source[from..end], options()).into_offset_iter() {
        let span = Span::new(range.start + from, range.end + from);
        if span.start >= to && !clean {
            clean = span.start == to
                && builder.is_outside()
                && matches!(event, Event::Start(Tag::Heading { .. }));
            break;
        }
        feed(&mut builder, event, span);
    }
    clean.then(|| builder.finish())
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

/// Front matter of TOML, as Hugo has it, with and without its fences: between two lines of `+++`, keys and values.
fn toml_front(source: &str, base: usize) -> Option<(Span, Span)> {
    let text = &source[base..];
    let mut lines = text.split_inclusive('\n');
    let first = lines.next().filter(|first| first.trim_end() == "+++")?;
    let mut at = first.len();
    for line in lines {
        if line.trim_end() == "+++" {
            let inner = Span::new(base + first.len(), base + at);
            let reads = parse_toml(inner.of(source), &mut Findings::default()).is_some();
            return reads.then(|| (Span::new(base, base + at + line.len()), inner));
        }
        at += line.len();
    }
    None
}

/// Whether a second front matter may stand below: a line that ends in `---`, and a key below it.
fn may_hold_later_front(source: &str, start: usize) -> bool {
    let mut passed = start;
    for at in memchr::memmem::find_iter(&source.as_bytes()[start..], b"---") {
        let at = start + at + 3;
        let Some((rest, below)) = source[at..].split_once('\n') else { return false };
        // Several marks with nothing but blank or indented lines between them have the same line below.
        if at < passed || !rest.trim().is_empty() {
            continue;
        }
        let Some(line) = left_margin(below).next() else { return false };
        if is_key(line) {
            return true;
        }
        passed = line.as_ptr() as usize - source.as_ptr() as usize;
    }
    false
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
    let mut lines = left_margin(text);
    lines.next().is_some_and(is_key) && lines.all(is_key)
}

/// The lines that are neither blank nor indented, nor items or comments.
fn left_margin(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.starts_with([' ', '\t', '-', '#']) && !line.trim().is_empty())
}

fn is_key(line: &str) -> bool {
    line.split_once(':').is_some_and(|(key, rest)| {
        !key.is_empty()
            && key.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-')
            && (rest.is_empty() || rest.starts_with(' '))
    })
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
            Tag::Link { title, dest_url, .. } => builder.link(&title, &dest_url, span),
            Tag::Image { title, .. } => builder.begin_image(&title, span),
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
            TagEnd::Image => builder.end_image(),
            TagEnd::Link => builder.end_link(),
            _ => {}
        },
        Event::Text(text) => builder.text(&text, span),
        Event::Code(text) => builder.inline(&text, span),
        Event::SoftBreak | Event::HardBreak => builder.inline("\n", span),
        Event::TaskListMarker(_) => builder.task(span),
        Event::Rule => builder.rule(span),
        Event::InlineHtml(tag) => builder.tag(&tag, span),
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What begins and ends blocks, with many lines that look like headings.
    const PARTS: &[&str] = &[
        "# A\n",
        "## B\n",
        "### A\n",
        "####### no\n",
        "#no\n",
        "# \n",
        " # C\n",
        "> # D\n",
        "- # E\n",
        "a\n",
        "\n",
        "\n\n",
        "b *c* `d`\n",
        "```sh run\n",
        "```\n",
        "~~~\n",
        "````\n",
        "- a\n",
        "- [ ] a\n",
        "1. a\n",
        "   ",
        "    ",
        "\t",
        "> ",
        "> [!CAUTION]\n",
        "<!--\n",
        "-->\n",
        "<div>\n",
        "</div>\n",
        "<pre>\n",
        "<?\n",
        "<![CDATA[\n",
        "`",
        "``",
        "*",
        "**",
        "[a](b \"include\")\n",
        "[a]\n",
        "![i\n",
        "|a|\n|-|\n|b|\n",
        "---\n",
        "===\n",
        "\\\n",
        "<a\n",
        "é",
        "\r\n",
        "a  \n",
        "<!-- x",
        "<b>",
        "~~",
        "&amp;",
        "http://a.b\n",
        "$",
        "[^1]",
    ];

    fn document() -> impl Strategy<Value = String> {
        prop::collection::vec((0..PARTS.len()).prop_map(|index| PARTS[index]), 0..60)
            .prop_map(|parts| parts.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_document_read_in_parts_is_the_one_read_as_a_whole(source in document(), size in 1..40usize, foreign: bool) {
            let kind = if foreign { DocumentKind::Foreign } else { DocumentKind::Annotated };
            if let Some(tree) = in_parts(&source, 0, size, kind) {
                prop_assert_eq!(format!("{tree:?}"), format!("{:?}", whole(&source, &source, 0, kind)));
            }
        }
    }

    #[test]
    fn what_holds_in_the_whole_document_keeps_it_whole() {
        let cut =
            |source: &str| in_parts(source, 0, 1, DocumentKind::Annotated).map(|tree| tree.blocks.len());
        assert_eq!(cut("a\n# A\nb\n# B\nc\n"), Some(5));
        for source in [
            "[a]\n# A\n[a]\n\n[a]: b\n",
            "a[^1]\n# A\n[^1]: b\n",
            "```\n# A\n```\n",
            "<!--\n# A\n-->\n",
            "~~~\na\n# A\n",
        ] {
            assert_eq!(cut(source), None, "{source}");
        }
    }
}
