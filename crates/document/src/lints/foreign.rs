//! What is odd about a foreign document, as warnings: it runs all the same, and a person confirms every step of it.

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

use regex::Regex;

use super::placeholder;
use crate::audit::{hidden, html, lines_that_are_none, no_box, swallowed};
use crate::blocks::{self, is_shell, is_shell_like, kind_of};
use crate::findings::Findings;
use crate::front::mentions_runbook;
use crate::markdown::{self, Block, Fence, Fronts, Heading, Tree, slug};
use crate::offered::{asked, doubted};
use crate::{Code, Span};

/// Looks at the whole document.
pub(crate) fn lint(source: &str, fronts: &Fronts, tree: &Tree, findings: &mut Findings) {
    let mut own = Findings::default();
    // One that was meant for a run-book is an error, and was told.
    for span in fronts.later.iter().filter(|span| !mentions_runbook(span.of(source))) {
        let help = "keep one, at the very top; put an empty line after a `---` that is a rule";
        own.add(Code::SecondFrontMatter, *span, "a second front matter stands in mid-file", help);
    }
    let fences: Vec<&Fence> = markdown::fences(&tree.blocks).iter().map(|fenced| fenced.fence).collect();
    walk(source, &tree.blocks, &mut own);
    let open = fences.iter().any(|fence| !fence.closed);
    for fence in &fences {
        runs_on(source, fence, open, &mut own);
    }
    commands(source, tree, &fences, &mut own);
    doubtful(source, tree, &mut own);
    annotated(&fences, &mut own);
    hidden(source, &tree.blocks, &mut own);
    titles(&tree.blocks, &mut own);
    anchors(source, &fences, &mut own);
    own.make_warnings();
    findings.append(own);
}

fn walk(source: &str, blocks: &[Block], findings: &mut Findings) {
    for block in blocks {
        match block {
            // `:::note` is another tool's way to write an alert.
            Block::Text(text)
                if !text.span.of(source).lines().any(|line| line.trim_start().starts_with(":::")) =>
            {
                lines_that_are_none(source, text, false, findings);
            }
            Block::Html(span) => html(source, *span, findings),
            Block::List(list) => {
                for item in &list.items {
                    if item.task.is_none() {
                        no_box(source, item, findings);
                    }
                    walk(source, &item.blocks, findings);
                }
            }
            Block::Quote(quote) => walk(source, &quote.blocks, findings),
            _ => {}
        }
    }
}

/// The word of a fence that says its language.
fn language(fence: &Fence) -> String {
    fence.info.split(|c: char| c.is_whitespace() || c == ',').next().unwrap_or_default().to_lowercase()
}

/// A fence that ends too late or never. `open`: one of the document's is never closed, so that others may be turned inside out.
fn runs_on(source: &str, fence: &Fence, open: bool, findings: &mut Findings) {
    let language = language(fence);
    let commands = is_shell_like(&language);
    if !fence.closed {
        let marks: String = std::iter::repeat_n(fence.mark.0, fence.mark.1).collect();
        let help = format!("close it: {marks} on a line of its own, indented as the opening line is");
        let opening = Span::new(fence.span.start, fence.info_span.end);
        findings.add(Code::UnclosedFence, opening, "this fence is never closed", help);
    }
    let found = swallowed(fence, commands || (language.is_empty() && open));
    let Some(span) = found.or_else(|| heading_in(fence).filter(|_| !fence.closed)) else { return };
    let message = match span.of(source).trim_start().starts_with('#') {
        true => "a fence that opened above has swallowed this heading, so it is part of a block and no step",
        false => "a fence that opened above has swallowed this, so it is part of a block and no step",
    };
    let help = "close the block above with a fence on a line of its own; to show a fence, put a longer one around it";
    findings.add(Code::SwallowedByFence, span, message, help);
}

/// The first line of a block that would be a heading outside of it.
fn heading_in(fence: &Fence) -> Option<Span> {
    let text = fence.body.text();
    let is_heading = |line: &str| {
        let level = line.bytes().take_while(|byte| *byte == b'#').count();
        (2..=6).contains(&level) && line[level..].starts_with(' ') && !line[level..].trim().is_empty()
    };
    let line = fence.body.lines().find(|line| is_heading(&text[line.clone()]))?;
    Some(fence.body.span(line))
}

/// Placeholders, each of them once, and characters that are not what they look like. A placeholder is what a run asks for,
/// wherever the command stands, and what is shown in a fence of a shell.
fn commands(source: &str, tree: &Tree, fences: &[&Fence], findings: &mut Findings) {
    let mut all = asked(source, tree);
    for fence in fences {
        let language = language(fence);
        if is_shell_like(&language) {
            blocks::disguised(&fence.body, is_shell(&language), findings);
            all.extend(placeholder::found(&fence.body, false));
        }
    }
    all.sort_by_key(|(span, _)| *span);
    let mut told = BTreeSet::new();
    for (span, found) in all {
        if told.insert(found.clone()) {
            let message =
                format!("`{found}` looks like a placeholder: the command is not to be run as it stands");
            let help = "say in the text what is to stand there; under `runbook: 1` it is an input, and \"$NAME\" in the command";
            findings.add(Code::Placeholder, span, message, help);
        }
    }
}

/// What may be a command and is not offered as one: nobody would see that it is left out.
fn doubtful(source: &str, tree: &Tree, findings: &mut Findings) {
    for (span, reason) in doubted(source, tree) {
        let first = span.of(source).trim().lines().next().unwrap_or_default().trim();
        let message = format!("`{first}` is not offered: {reason}");
        let help = "put a prompt before each command, or what they print into a fence of its own; `plan --explain` tells what each line was taken for";
        findings.add(Code::UnsureCommand, span, message, help);
    }
}

/// Blocks that only mean something under `runbook: 1`.
fn annotated(fences: &[&Fence], findings: &mut Findings) {
    let does = |fence: &&&Fence| kind_of(&fence.info).is_ok_and(|kind| kind != blocks::Kind::Documentation);
    if let Some(fence) = fences.iter().find(does) {
        let becomes = match is_shell_like(&language(fence)) {
            true => "its commands are offered like any others, and nothing is made of the rest",
            false => "it is only shown",
        };
        let message = format!(
            "`{}` is a block of a run-book, and this document does not say `runbook: 1`: {becomes}",
            fence.info
        );
        let help = "write `---`, `runbook: 1` and `---` at the top of the file";
        findings.add(Code::MissingKey, fence.info_span, message, help);
    }
}

/// Sections of one name beside each other: who is sent to one of them may read the other.
fn titles(blocks: &[Block], findings: &mut Findings) {
    // Of each open heading, what stands directly below it.
    let mut open: Vec<(u8, HashMap<String, Span>)> = vec![(0, HashMap::new())];
    for block in blocks {
        let Block::Heading(heading) = block else { continue };
        while open.len() > 1 && open.last().is_some_and(|(level, _)| *level >= heading.level) {
            open.pop();
        }
        let name = heading.text.line();
        let wanted = slug(&heading.text.plain);
        if let Some((_, siblings)) = open.last_mut()
            && !wanted.is_empty()
            && siblings.insert(wanted.clone(), heading.span).is_some()
        {
            second(heading, &name, &wanted, findings);
        }
        open.push((heading.level, HashMap::new()));
    }
}

fn second(heading: &Heading, name: &str, wanted: &str, findings: &mut Findings) {
    let message = format!("a second section is called “{name}” here: `{wanted}` leads to the first one");
    let help = format!("give it a name of its own; now its id is `{}`", heading.slug);
    findings.add(Code::DuplicateId, heading.span, message, help);
}

/// Anchors that are given twice by hand.
fn anchors(source: &str, fences: &[&Fence], findings: &mut Findings) {
    static ANCHOR: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r#"(?i)<a\s[^<>]*?\b(?:id|name)\s*=\s*["']([^"'<>\s]+)["']|^#{1,6} .*\{#([\w.:-]+)\}\s*$"#)
            .ok()
    });
    if !source.contains("<a ") && !source.contains("{#") {
        return;
    }
    let mut seen = BTreeSet::new();
    let (mut at, mut passed) = (0, 0);
    for line in source.split_inclusive('\n') {
        let start = at;
        at += line.len();
        // Fences are in the order of the document.
        passed += fences[passed..].iter().take_while(|fence| fence.span.end <= start).count();
        if fences.get(passed).is_some_and(|fence| fence.span.start <= start) {
            continue;
        }
        for found in ANCHOR.iter().flat_map(|pattern| pattern.captures_iter(line.trim_end())) {
            let Some(name) = found.get(1).or(found.get(2)) else { continue };
            if !seen.insert(name.as_str().to_owned()) {
                let span = Span::new(start + name.start(), start + name.end());
                let message = format!("the id `{}` is given twice by hand", name.as_str());
                findings.add(Code::DuplicateId, span, message, "give one of them another id");
            }
        }
    }
}
