//! What lints look at.

use super::shell::{Shell, Started, started, started_by_python};
use crate::blocks::{is_python, spoken};
use crate::findings::Findings;
use crate::spanned::Mapped;
use crate::{Block, Span};

/// A block, with its script mapped to the document.
pub(super) struct Script<'p> {
    pub(super) block: &'p Block,
    pub(super) text: &'p Mapped,
    /// The script as a shell reads it; `None` in other languages.
    pub(super) shell: Option<Shell<'p>>,
}

impl Script<'_> {
    /// What its commands start by themselves.
    pub(super) fn started(&self) -> Vec<Started> {
        match &self.shell {
            Some(shell) => started(self.text.text(), shell),
            None if self.is_python() => started_by_python(self.text.text()),
            None => Vec::new(),
        }
    }

    pub(super) fn is_python(&self) -> bool {
        is_python(spoken(&self.block.interpreter, &self.block.language))
    }
}

/// What is to be said of one script by itself, and what is asked of it once all of them are read.
pub(crate) struct Looked {
    /// Where its fence begins.
    pub(super) start: usize,
    pub(super) findings: Findings,
    /// Variables that are read without a default, and where.
    pub(super) uses: Vec<(String, Span)>,
    /// Variables that are set somewhere in it.
    pub(super) defines: Vec<String>,
    /// Commands that want the SSH agent, and where.
    pub(super) agents: Vec<(String, Span)>,
    /// Images that it names by a tag, and where.
    pub(super) images: Vec<(String, Span)>,
}

/// A script of the plan.
pub(super) struct OfPlan<'p> {
    pub(super) block: &'p Block,
    pub(super) rollback: bool,
    /// Whether it is there to change something.
    pub(super) mutates: bool,
    pub(super) looked: &'p Looked,
}
