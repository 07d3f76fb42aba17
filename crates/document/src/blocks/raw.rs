//! What is read of a block before it is put together.

use crate::spanned::Mapped;
use crate::{Options, Span};

/// What a fence is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Shown, never executed.
    Documentation,
    Run,
    Check,
    Rollback,
    ExpectYaml,
    ExpectLines,
    SignOff,
    Record,
    Step,
    /// `yaml check`: asks without a script.
    Probe,
}

/// The parts of a run, check or rollback block.
pub(crate) struct Script {
    /// What follows `#!` on the first line.
    pub(crate) shebang: Option<(String, Span)>,
    /// The option lines' YAML; `None` where there are none.
    pub(crate) options: Option<Mapped>,
    /// The script without option lines, `#!` included.
    pub(crate) body: Mapped,
}

/// Whether a text may hold anything of a template: only these three open something.
pub(crate) fn is_templated(text: &str) -> bool {
    let opens = |pair: &[u8]| pair[0] == b'{' && matches!(pair[1], b'{' | b'%' | b'#');
    text.as_bytes().windows(2).any(opens)
}

/// Where a decoded text stands that is a template or an expression.
#[derive(Clone, Debug)]
pub(crate) struct Templated {
    pub(crate) text: String,
    pub(crate) span: Span,
    pub(crate) expression: bool,
}

/// Options, with what is still to be checked of them.
#[derive(Default)]
pub(super) struct Read {
    pub(super) options: Options,
    pub(super) interpreter: Option<Vec<String>>,
    pub(super) interpreter_failed: bool,
    pub(super) templates: Vec<Templated>,
    /// Where `template: true` stands.
    pub(super) template_span: Option<Span>,
    pub(super) capture_spans: Vec<Span>,
    pub(super) id_span: Option<Span>,
    pub(super) target_span: Option<Span>,
    pub(super) secret_spans: Vec<Span>,
}
