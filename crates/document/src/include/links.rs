//! Which links include something.

use crate::blocks::Kind;
use crate::findings::Findings;
use crate::markdown::{Block, Link, Text};
use crate::{Code, Span};

/// A link that includes a file.
pub(crate) struct Include {
    /// Which of the document's blocks it is.
    pub(super) index: usize,
    /// Level of the heading that it stands below; its own steps stand deeper.
    pub(super) level: u8,
    /// Where it leads, as it is written.
    pub(super) to: String,
    /// What it is called.
    pub(super) text: String,
    /// The link.
    pub(super) span: Span,
    /// Where its paragraph ends.
    pub(super) end: usize,
}

/// Takes the links that include something out of the paragraphs that they are alone in. Those that stand elsewhere, and what
/// only looks like one, are left to the audit.
pub(crate) fn take(source: &str, blocks: &mut [Block], findings: &mut Findings) -> Vec<Include> {
    let mut found = Vec::new();
    // Nothing above the title is deeper than it.
    let (mut level, mut behind, mut busy) = (1, false, false);
    for (index, block) in blocks.iter_mut().enumerate() {
        match block {
            Block::Heading(heading) => {
                (level, behind, busy) = (heading.level, false, false);
            }
            Block::Text(text) if is_include(text) => {
                if std::mem::take(&mut busy) {
                    let message = "this stands in a step that has something to do itself: its condition, role and \
                        target would hold for all that is included";
                    let help = "move it above that step, or give it a heading of its own";
                    findings.add(Code::Misplaced, text.span, message, help);
                }
                let link = text.odd.as_mut().and_then(|odd| {
                    odd.is_include = true;
                    odd.links.pop()
                });
                found.extend(link.map(|link| include(index, level, text.span.end, link)));
                behind = true;
            }
            Block::Text(text) if looks_like_one(source, text) => behind = false,
            Block::Html(span) if span.of(source).trim_start().starts_with("<!--") => {}
            block if behind => {
                let help = "give it a heading, or move it above the include";
                let message = "this stands below an include, and belongs to none of its steps";
                findings.add(Code::Misplaced, block.span(), message, help);
                behind = false;
            }
            block => busy |= does_something(block),
        }
    }
    found
}

/// Whether somebody or something has to do what stands in this block.
pub(super) fn does_something(block: &Block) -> bool {
    match block {
        Block::Fence(fence) => !matches!(fence.kind, Kind::Documentation | Kind::Step),
        Block::List(list) => list.ordered || list.items.iter().any(|item| item.task.is_some()),
        _ => false,
    }
}

/// A paragraph that is a link and nothing else, as people write one, with the word in it, and for Markdown is no link with a
/// title.
pub(crate) fn looks_like_one(source: &str, text: &Text) -> bool {
    let has_title = |text: &Text| text.odd.as_ref().is_some_and(|odd| !odd.links.is_empty());
    !has_title(text) && is_written_as_one(text.span.of(source))
}

fn is_written_as_one(written: &str) -> bool {
    let Some((text, to)) = written.trim().split_once(']') else { return false };
    let named = text.trim_start_matches('!').strip_prefix('[').is_some_and(|text| !text.contains('['));
    let Some(to) = to.trim_start().strip_prefix('(').filter(|to| named && !to.contains('\n')) else {
        return false;
    };
    let (to, title) = to.trim().rsplit_once([' ', '\t']).unwrap_or(("", to.trim()));
    let word = title.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    // A link to a file of that name is one to it.
    matches!(&*word, "include" | "includes" | "included")
        && (!to.is_empty() || title.contains(['"', '\'', '“', '”']))
}

fn is_include(text: &Text) -> bool {
    let links = text.odd.as_ref().map(|odd| odd.links.as_slice());
    matches!(links, Some([link]) if link.title == "include" && link.span == text.span)
}

fn include(index: usize, level: u8, end: usize, link: Link) -> Include {
    let Link { to, text, span, .. } = link;
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    Include { index, level, to, text, span, end }
}
