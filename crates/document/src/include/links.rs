//! Which links include something.

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

/// Takes the links that include something out of the paragraphs that they are alone in. Those that stand elsewhere are left
/// to the audit.
pub(crate) fn take(source: &str, blocks: &mut [Block], findings: &mut Findings) -> Vec<Include> {
    let mut found = Vec::new();
    // Nothing above the title is deeper than it.
    let (mut level, mut behind) = (1, false);
    for (index, block) in blocks.iter_mut().enumerate() {
        match block {
            Block::Heading(heading) => (level, behind) = (heading.level, false),
            Block::Text(text) if is_include(text) => {
                let link = text.odd.as_mut().and_then(|odd| odd.links.pop());
                found.extend(link.map(|link| include(index, level, text.span.end, link)));
                behind = true;
            }
            Block::Html(span) if span.of(source).trim_start().starts_with("<!--") => {}
            block if behind => {
                let help = "give it a heading, or move it above the include";
                let message = "this stands below an include, and belongs to none of its steps";
                findings.add(Code::Misplaced, block.span(), message, help);
                behind = false;
            }
            _ => {}
        }
    }
    found
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
