//! What can be wrong with an annotated document before anything is made of it: nothing that was meant as a block
//! or a check may pass as prose.

use std::sync::LazyLock;

use holdpoint_model::shows_nothing;
use regex::Regex;

use crate::blocks::{Kind, kind_of, kind_or_near};
use crate::findings::{Findings, nearest};
use crate::include::looks_like_one;
use crate::markdown::{Block, Fence, Fenced, Item, Text, Tree, fences, titled_tag};
use crate::{Code, Span};

/// Walks the whole document.
pub(crate) fn audit(source: &str, tree: &Tree, findings: &mut Findings) {
    if let Some(span) = tree.too_deep {
        findings.add(Code::Syntax, span, "lists or quotes are nested too deeply", "flatten them");
    }
    line_ends(source, findings);
    blocks(source, &tree.blocks, false, findings);
    for span in &tree.unused {
        let message = "no paragraph is a link of this name, so this definition includes nothing";
        findings.add(Code::BadInclude, *span, message, AS_INCLUDE);
    }
    hidden(source, &tree.blocks, findings);
}

/// A line that ends in a carriage return alone: Markdown takes it for the end of a line, and shells, git and most programs do
/// not, so that nobody could say what stands where.
pub(crate) fn line_ends(source: &str, findings: &mut Findings) {
    if let Some(at) = bare_return(source) {
        let message = "a line ends here in a carriage return alone (CR), which only some programs take for the end of a line";
        let help = "save it with line ends of LF or CR LF; where all of them are CR, `tr '\\r' '\\n' < FILE > NEW` does it";
        findings.add(Code::Syntax, Span::new(at, at + 1), message, help);
    }
}

/// Where the first of them stands.
pub(crate) fn bare_return(source: &str) -> Option<usize> {
    let bytes = source.as_bytes();
    memchr::memchr_iter(b'\r', bytes).find(|at| bytes.get(at + 1) != Some(&b'\n'))
}

/// So many hidden characters are told.
const HIDDEN: usize = 20;

/// Whether a terminal acts on it, or shows what is behind it in the other direction.
pub(crate) fn acts(c: char) -> bool {
    matches!(c, '\u{202d}' | '\u{202e}') || c.is_control() && !matches!(c, '\n' | '\r' | '\t')
}

/// Characters that a terminal acts on, or that turn the text behind them around, outside of what is executed or printed, which
/// is looked at by itself: who reads an item, a condition or a statement must see what it says. A paragraph may hold the latter.
pub(crate) fn hidden(source: &str, list: &[Block], findings: &mut Findings) {
    if !source.chars().any(acts) {
        return;
    }
    let fences = fences(list);
    let paragraphs: Vec<Span> = list
        .iter()
        .filter_map(|block| match block {
            Block::Text(text) => Some(text.span),
            _ => None,
        })
        .collect();
    let prose = |at: usize, c: char| {
        !c.is_control() && paragraphs.iter().any(|span| (span.start..span.end).contains(&at))
    };
    let within = |at: usize| {
        let line = source[..at].rfind('\n').map_or(0, |end| end + 1);
        let is_option = source[line..at].trim_start().starts_with("#|");
        fences.iter().any(|Fenced { fence, .. }| {
            let yaml = matches!(fence.kind, Kind::Step | Kind::SignOff | Kind::Record | Kind::Probe);
            let executed = matches!(fence.kind, Kind::Run | Kind::Check | Kind::Rollback);
            (fence.span.start..fence.span.end).contains(&at) && !yaml && !(executed && is_option)
        })
    };
    for (at, c) in
        source.char_indices().filter(|(at, c)| acts(*c) && !within(*at) && !prose(*at, *c)).take(HIDDEN)
    {
        let message = format!(
            "here is the character U+{:04X}, which nobody sees and which changes what is seen",
            u32::from(c)
        );
        let help = "take it out; where it is meant, write it in an escape of the language that reads it";
        findings.add(Code::HiddenCharacter, Span::new(at, at + c.len_utf8()), message, help);
    }
}

fn blocks(source: &str, list: &[Block], quoted: bool, findings: &mut Findings) {
    for block in list {
        match block {
            Block::Fence(fence) => self::fence(fence, quoted, findings),
            Block::Text(text) => {
                self::text(source, text, findings);
                lines_that_are_none(source, text, quoted, findings);
            }
            Block::Heading(heading) => self::text(source, &heading.text, findings),
            Block::Html(span) => html(source, *span, findings),
            Block::Indented(body, span) => indented(body.text(), *span, findings),
            Block::List(list) => {
                for item in &list.items {
                    self::item(source, item, quoted, findings);
                    blocks(source, &item.blocks, quoted, findings);
                }
            }
            Block::Quote(quote) => blocks(source, &quote.blocks, true, findings),
            Block::Other(span) => {
                includes(source, *span, "a table", findings);
            }
        }
    }
}

fn fence(fence: &Fence, quoted: bool, findings: &mut Findings) {
    let opening = Span::new(fence.span.start, fence.info_span.end);
    if !fence.closed {
        let marks: String = std::iter::repeat_n(fence.mark.0, fence.mark.1).collect();
        let help = format!("close it: {marks} on a line of its own, indented as the opening line is");
        findings.add(Code::UnclosedFence, opening, "this fence is never closed", help);
    } else if let Some(span) = swallowed(fence, does_something(fence)) {
        findings.add(
            Code::SwallowedByFence,
            span,
            "a fence that opened above has swallowed this, so it is part of a block and no step",
            "close the block above with a fence on a line of its own; to show a fence, put a longer one around it",
        );
    }
    let before = findings.len();
    if let Err(refused) = kind_of(&fence.info) {
        let code = if refused.missing { Code::MissingKind } else { Code::UnknownKind };
        let span = if fence.info_span.start == fence.info_span.end { opening } else { fence.info_span };
        findings.add(code, span, refused.message, refused.help);
    }
    if quoted && findings.len() == before && kind_or_near(&fence.info) {
        let help = "move the block out of the quote, or mark it `example`";
        findings.add(
            Code::Misplaced,
            fence.info_span,
            "a block inside a quote or a footnote is never run",
            help,
        );
    }
}

/// Whether a fence is refused, or of a kind that does something.
fn does_something(fence: &Fence) -> bool {
    fence.kind != Kind::Documentation || kind_of(&fence.info).is_err()
}

/// Where the body holds what a fence closed in time would have left outside. A heading counts in what `does` something:
/// data and prose may hold one.
pub(crate) fn swallowed(fence: &Fence, does: bool) -> Option<Span> {
    let (mark, count) = fence.mark;
    let text = fence.body.text();
    if !text.contains(mark) && !text.contains('#') {
        return None;
    }
    let marks: String = std::iter::repeat_n(mark, count).collect();
    if !(text.contains(&marks) || does && text.contains("## ")) {
        return None;
    }
    let lines: Vec<_> = fence.body.lines().collect();
    let line = |index: usize| lines.get(index).map_or("", |range| text[range.clone()].trim());
    let blank = |index: Option<usize>| index.is_none_or(|index| line(index).is_empty());
    (0..lines.len())
        .find(|&index| {
            let content = line(index);
            let opens = content.starts_with(&marks)
                && content
                    .trim_start_matches(mark)
                    .starts_with(|c: char| c.is_alphanumeric() || matches!(c, '{' | ' '));
            let closes_late = content.ends_with(&marks) && !content.starts_with(mark);
            // `## ` with empty lines around it: a comment in a script has no such level, data has none at all.
            let level = content.bytes().take_while(|byte| *byte == b'#').count();
            let heads = (2..=6).contains(&level)
                && content[level..].starts_with(' ')
                && blank(index.checked_sub(1))
                && blank(Some(index + 1));
            opens || (mark == '`' && closes_late) || (does && heads)
        })
        .map(|index| fence.body.span(lines[index].clone()))
}

/// How an include is written.
const AS_INCLUDE: &str = "write `[what it is](path/to/file.md \"include\")` in a paragraph of its own, with %20 for a blank in the path";

fn text(source: &str, text: &Text, findings: &mut Findings) {
    no_include(source, text, findings);
    let Some(odd) = &text.odd else { return };
    if let Some(span) = odd.fence_like {
        let help =
            "begin the fence on a line of its own, and keep backticks out of what follows it on that line";
        findings.add(Code::Misplaced, span, "this looks like a fence and opens none", help);
    }
    for link in &odd.links {
        if link.title == "include" {
            let help = "put the link into a paragraph of its own, outside of lists, quotes and headings";
            let message = "a link that includes a run-book stands alone in a paragraph";
            findings.add(Code::Misplaced, link.span, message, help);
        } else if nearest(&link.title, ["include"]).is_some() {
            let message = format!("`{}` is nearly the title that includes another run-book", link.title);
            findings.add(Code::UnknownKind, link.span, message, "did you mean \"include\"?");
        }
    }
}

/// What looks like a link that includes something, and is none for Markdown, or nothing that is followed.
fn no_include(source: &str, text: &Text, findings: &mut Findings) {
    // A title in quotes, as nobody writes in brackets otherwise.
    static QUOTED: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let titled = r#"\[[^\[\]\n]*\][ \t]*\([^()\n]*[\s"'“‘]["'“‘](\p{L}+)["'”’][ \t]*\)"#;
        let behind = r#"\[[^\[\]\n]*\][ \t]*\([^()\n]*\)[ \t]*["'“‘](\p{L}+)["'”’]"#;
        Regex::new(&format!("{titled}|{behind}")).ok()
    });
    if text.odd.as_ref().is_some_and(|odd| odd.is_include) {
        return;
    }
    if let Some((span, what)) = text.odd.as_ref().and_then(|odd| odd.no_include) {
        let message = format!("this looks like an include, and is none: {what} includes nothing");
        return findings.add(Code::BadInclude, span, message, AS_INCLUDE);
    }
    let message = "this looks like an include, and is none";
    if looks_like_one(source, text) {
        return findings.add(Code::BadInclude, text.span, message, AS_INCLUDE);
    }
    let written = text.span.of(source);
    if text.odd.as_ref().is_some_and(|odd| !odd.links.is_empty()) || !written.contains('(') {
        return;
    }
    // What is shown as code is meant to be seen.
    let shown = |at: usize| written[..at].matches('`').count() % 2 == 1;
    let mut links = QUOTED.iter().flat_map(|link| link.captures_iter(written));
    let found = links.find_map(|link| {
        let (title, whole) = (link.get(1).or(link.get(2))?, link.get(0)?);
        (!shown(whole.start()) && nearest(title.as_str(), ["include"]).is_some()).then_some(whole.range())
    });
    if let Some(found) = found {
        let span = Span::new(text.span.start + found.start, text.span.start + found.end);
        findings.add(Code::BadInclude, span, message, AS_INCLUDE);
    }
}

/// Lines of a paragraph that look like something else, which Markdown takes for prose: nobody would be asked, and nothing
/// would run.
pub(crate) fn lines_that_are_none(source: &str, text: &Text, quoted: bool, findings: &mut Findings) {
    // A fence that begins the paragraph's text was told already.
    let told = text.odd.as_ref().is_some_and(|odd| odd.fence_like.is_some());
    let mut at = text.span.start;
    for line in text.span.of(source).split_inclusive('\n') {
        if let Some((length, message, help)) = is_none(line, quoted, told) {
            findings.add(Code::Misplaced, Span::new(at, at + length), message, help);
            return;
        }
        at += line.len();
    }
}

/// Whether a word is what documentation tools call an alert, whatever its title is.
fn is_alert(info: &str) -> bool {
    const ALERTS: &str = "abstract attention bug caution danger details error example failure hint important info note question quote \
        secondary seealso spoiler success summary tip todo warning";
    let word =
        info.trim_start_matches(['{', ' ']).split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    ALERTS.split_whitespace().any(|alert| alert.eq_ignore_ascii_case(word))
}

/// How much of the line looks like something that it is not, what, and what to do.
fn is_none(line: &str, quoted: bool, told: bool) -> Option<(usize, &'static str, &'static str)> {
    // `-[ ] x`, `• [ ] x`, `(1) [ ] x`.
    static ITEM: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let bullet = r"[-*+–—•·‣▪◦−‐→:]+|o|#\.|[0-9]{1,12}[.):]|\(?[0-9a-zA-Z]{1,3}[.)]";
        let boxes = r"\[[\sxX]\]|［[\sxX]?］|[☐☑☒❏❑⬜🔲◻▢⬚]";
        Regex::new(&format!(r"^[\s>]*(?:(?:{bullet})\s*)?(?:{boxes})(?:\s|$)")).ok()
    });
    // `##Step`; a word behind one sign is what people write of channels and tickets.
    static HEADING: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"^\s{0,3}(?:#{2,6}[\p{L}\p{N}]|#{7,}\s)").ok());
    // `[!CAUTON]`, `[!CAUTION] and text`; in a quote `[CAUTION]` and `!CAUTION` too.
    static ALERT: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"^[\s>]*\\?\[\s*![ \t]*\p{L}+[ \t]*\]?").ok());
    static QUOTED_ALERT: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"(?i)^[\s>]*(?:\[\s*(?:note|tip|important|warning|caution)\s*\]|!(?:note|tip|important|warning|caution)\b)")
            .ok()
    });
    // A fence that goes on in the line of a paragraph, being indented too far, and marks that are none.
    static MARKS: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"^[\s>]*\\?([`~]{2,}|['´｀ˋ‘’:]{3,})").ok());
    let find =
        |pattern: &LazyLock<Option<Regex>>| Some(pattern.as_ref()?.find(line)?.as_str().trim_end().len());
    if let Some(length) = find(&ITEM) {
        let message = "this looks like an item and is none: nobody would be asked";
        return Some((length, message, "write `- [ ] ` and the text, below an empty line"));
    }
    if let Some(length) = find(&HEADING) {
        let message = "this looks like a heading and is none: what follows would belong to the step above";
        return Some((length, message, "write one to six `#`, a blank, and the title"));
    }
    if let Some(length) = find(&ALERT).or_else(|| find(&QUOTED_ALERT).filter(|_| quoted)) {
        let message = "this looks like an alert and is none: nobody would have to acknowledge it";
        let help = "write `> [!CAUTION]` on a line of its own (or NOTE, TIP, IMPORTANT, WARNING), and the text on the lines below";
        return Some((length, message, help));
    }
    let marks = MARKS.as_ref()?.captures(line)?.get(0)?;
    let info = line[marks.end()..].trim();
    // Text that is shown as code closes in its line. `:::tip Extra` is another tool's way to write an alert.
    let alert = marks.as_str().ends_with(':') && is_alert(info);
    if told || info.contains(['`', '~']) || alert || !kind_or_near(info) {
        return None;
    }
    let help = "begin the fence on a line of its own with three backticks, below an empty line, indented as the text above is";
    Some((line.trim_end().len(), "this looks like a fence and opens none", help))
}

fn item(source: &str, item: &Item, quoted: bool, findings: &mut Findings) {
    match item.task {
        Some(task) if quoted => {
            let help = "move the list out of the quote";
            findings.add(Code::Misplaced, task, "an item inside a quote or a footnote is no step", help);
        }
        Some(task) if source.get(task.end..item.span.end).is_none_or(shows_nothing) => {
            findings.add(
                Code::MissingKey,
                task,
                "there is nothing to confirm",
                "write what the operator confirms",
            );
        }
        Some(_) => {}
        None => no_box(source, item, findings),
    }
}

/// `[]`, `[ x]`, `[y]`, `☐`: a task box that is none, so that the item would be prose.
pub(crate) fn no_box(source: &str, item: &Item, findings: &mut Findings) {
    static BOX: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let boxes = [
            // Blanks, and what people tick with.
            r"^\[(?:\s*|\s+[xX]\s*|[xX]\s+|[vVyYoO\p{S}\p{P}--[\[\]]])\](?:\s|$)",
            r"^\[[ xX]\]\S",
            r"^\((?:\s*|[xX])\)\s",
            r"^(?:[☐☑☒❏❑□■⬜🔲◻▢⬚]|\{\s*\})\s",
            r"^(?:［[\sxX]?］|\[&nbsp;\]|:white_square_button:)\s",
            r"^(?:\*\*|__|\*|_|`)\[[\sxX]\]",
        ];
        Regex::new(&boxes.join("|")).ok()
    });
    let content = source.get(item.content..item.span.end).unwrap_or_default();
    let line = content.lines().next().unwrap_or_default();
    let links = || line.contains("](") || line.contains("][");
    if !links()
        && let Some(found) = BOX.as_ref().and_then(|pattern| pattern.find(line))
    {
        let span = Span::new(item.content, item.content + found.end());
        let message = format!("`{}` is no task box", found.as_str().trim());
        findings.add(Code::Misplaced, span, message, "write `- [ ] ` and the text");
    }
}

/// What looks like a link that includes something, where Markdown sees none, or one that nobody follows. Whether there is
/// such a thing.
fn includes(source: &str, span: Span, inside: &str, findings: &mut Findings) -> bool {
    static LINK: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let titled = r#"\][ \t]*\([^()\n]*[\s"'“‘](\p{L}+)["'”’]?[ \t]*\)"#;
        let behind = r#"\][ \t]*\([^()\n]*\)[ \t]*["'“‘](\p{L}+)["'”’]"#;
        Regex::new(&format!("{titled}|{behind}")).ok()
    });
    let text = span.of(source);
    let mut links = LINK.iter().flat_map(|link| link.captures_iter(text));
    let found = links.find_map(|link| {
        let (title, whole) = (link.get(1).or(link.get(2))?, link.get(0)?);
        let word = title.as_str().to_lowercase();
        (word == "include" || nearest(&word, ["include"]).is_some()).then_some((whole, title))
    });
    let link = found.map(|(whole, title)| {
        let from = text[..whole.start()].rfind('[').unwrap_or(whole.start());
        from..whole.end().max(title.end())
    });
    let Some(link) = link.or_else(|| titled_tag(text)) else { return false };
    let to = Span::new(span.start + link.start, span.start + link.end);
    let message = format!("this looks like an include, and stands in {inside}, where nothing is included");
    let help =
        "put the link into a paragraph of its own, outside of tables, HTML, lists, quotes and headings";
    findings.add(Code::Misplaced, to, message, help);
    true
}

pub(crate) fn html(source: &str, span: Span, findings: &mut Findings) {
    let text = span.of(source);
    let lower = text.trim_start().to_lowercase();
    let pairs = [
        ("<!--", "-->"),
        ("<script", "</script>"),
        ("<pre", "</pre>"),
        ("<style", "</style>"),
        ("<textarea", "</textarea>"),
        ("<?", "?>"),
        ("<![cdata[", "]]>"),
    ];
    if let Some((opens, closes)) = pairs.iter().find(|(opens, _)| lower.starts_with(opens)) {
        if !lower.contains(closes) {
            let first = Span::new(span.start, span.start + text.lines().next().unwrap_or_default().len());
            let message =
                format!("`{opens}` is never closed, so the rest of the document is no part of the page");
            findings.add(Code::Syntax, first, message, format!("add `{closes}`"));
            return;
        }
        // What is commented out is meant to be.
        if *opens == "<!--" {
            return;
        }
    }
    if includes(source, span, "a block of HTML", findings) {
        return;
    }
    static ITEM: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"(?i)^(?:<[^<>]*>\s*)*<li\b[^<>]*>\s*(?:<p>\s*)?\[[\sxX]?\]\s").ok());
    let mut at = span.start;
    for line in text.split_inclusive('\n') {
        let content = line.trim();
        let marks = content.trim_start_matches(['`', '~']);
        let fence = content.len() - marks.len() >= 3 && kind_or_near(marks.trim());
        if fence || content.starts_with("- [ ]") || ITEM.as_ref().is_some_and(|item| item.is_match(content)) {
            let help = "take it out of the HTML; below a tag, an empty line ends what is HTML";
            let span = Span::new(at, at + line.trim_end().len());
            findings.add(
                Code::Misplaced,
                span,
                "this is part of an HTML block, so it is no block and no item",
                help,
            );
            return;
        }
        at += line.len();
    }
}

fn indented(text: &str, span: Span, findings: &mut Findings) {
    let meant = text.lines().any(|line| {
        let marks = line.trim().trim_start_matches(['`', '~']);
        line.trim().len() - marks.len() >= 3 && kind_or_near(marks.trim())
    });
    if meant {
        let help = "indent it as the text around it, by less than four columns more";
        findings.add(Code::Misplaced, span, "this fence is indented so far that it is plain code", help);
    }
}
