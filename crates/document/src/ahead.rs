//! What a part of a document comes to by itself, before anything is known of what stands above it. It is found where the
//! part is read: on all processors, and while its blocks are at hand.

use crate::audit::audit;
use crate::blocks::{self, Ahead, Kind};
use crate::findings::Findings;
use crate::lints::{self, Looked};
use crate::markdown::{Block, Fence};
use crate::{DocumentKind, FrontMatter};

/// Where a fence begins, what it comes to, and what is wrong with it.
pub(crate) type DecodedAhead = (usize, Ahead, Findings);

/// Everything in document order.
#[derive(Default)]
pub(crate) struct Part {
    /// What the audit has found.
    pub(crate) findings: Findings,
    /// Every script and every `yaml expect` outside of quotes.
    pub(crate) decoded: Vec<DecodedAhead>,
    /// What lints make of the scripts, where they are asked.
    pub(crate) looked: Vec<Looked>,
    /// Where each caution begins, and its text.
    pub(crate) cautions: Vec<(usize, String)>,
}

impl Part {
    /// Looks at blocks of the document's own level. Scripts are linted if `lints` are given.
    pub(crate) fn of(
        source: &str,
        blocks: &[Block],
        kind: DocumentKind,
        lints: Option<&FrontMatter>,
    ) -> Part {
        let mut part = Part::default();
        // A foreign document has no blocks that do anything, and nothing to be audited.
        if kind == DocumentKind::Annotated {
            audit(source, blocks, &mut part.findings);
            part.fences(blocks, lints);
            part.cautions(blocks);
        }
        part
    }

    /// All parts of a document as one.
    pub(crate) fn joined(parts: Vec<Part>) -> Part {
        let mut all = Part::default();
        let sum = |count: fn(&Part) -> usize| parts.iter().map(count).sum();
        all.decoded.reserve_exact(sum(|part| part.decoded.len()));
        all.looked.reserve_exact(sum(|part| part.looked.len()));
        for part in parts {
            all.findings.append(part.findings);
            all.decoded.extend(part.decoded);
            all.looked.extend(part.looked);
            all.cautions.extend(part.cautions);
        }
        all
    }

    fn fences(&mut self, blocks: &[Block], lints: Option<&FrontMatter>) {
        for block in blocks {
            match block {
                Block::Fence(fence) if fence.kind != Kind::Documentation => self.fence(fence, lints),
                Block::List(list) => list.items.iter().for_each(|item| self.fences(&item.blocks, lints)),
                _ => {}
            }
        }
    }

    fn fence(&mut self, fence: &Fence, lints: Option<&FrontMatter>) {
        let mut findings = Findings::default();
        let look = |block: &crate::Block, body: &_| {
            self.looked.extend(lints.map(|front| lints::look(block, body, front)));
        };
        if let Some(ahead) = blocks::ahead(fence, look, &mut findings) {
            self.decoded.push((fence.span.start, ahead, findings));
        }
    }

    fn cautions(&mut self, blocks: &[Block]) {
        for block in blocks {
            match block {
                Block::Quote(quote) if quote.caution => {
                    self.cautions.push((quote.span.start, quote.plain()));
                }
                Block::Quote(quote) => self.cautions(&quote.blocks),
                Block::List(list) => list.items.iter().for_each(|item| self.cautions(&item.blocks)),
                _ => {}
            }
        }
    }
}
