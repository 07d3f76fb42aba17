//! The order in which a document is read.

use crate::findings::Findings;
use crate::lints::Looked;
use crate::markdown::{self, Block, Tree};
use crate::scope::Scope;
use crate::{Code, Config, Diagnostic, DocumentKind, Plan, Span, audit, declared, front, lints, steps};

pub(crate) fn compile(source: &str, config: Option<&Config>) -> Compiled {
    read(source, config, false).0
}

pub(crate) fn compile_and_lint(source: &str, config: Option<&Config>) -> (Compiled, Vec<Diagnostic>) {
    let (compiled, looked) = read(source, config, true);
    let warnings = lints::judge(source, &looked, &compiled.plan, config);
    (compiled, warnings)
}

/// The document, and what lints make of its scripts by themselves where they are asked.
fn read(source: &str, config: Option<&Config>, linted: bool) -> (Compiled, Vec<Looked>) {
    let mut findings = Findings::default();
    let fronts = markdown::fronts(source);
    let (kind, front) = front::read(source, &fronts, &mut findings);
    let tree = markdown::read(source, &fronts);
    // A foreign document has no blocks that do anything, and nothing to be audited.
    if kind == DocumentKind::Annotated {
        audit::audit(source, &tree, &mut findings);
    }
    let title = front.matter.title.clone().or_else(|| first_heading(&tree)).unwrap_or_default();
    let mut scope = Scope::new(&front.matter, config);
    for (text, span) in &front.templates {
        scope.check_text(text, *span, &mut findings);
    }
    let lints = linted.then_some(&front.matter);
    let built = steps::build(source, &tree, kind, &title, lints, &mut scope, &mut findings);
    declared::check(&front, &built, config, &mut findings);
    if built.steps.is_empty() && !findings.any_error() {
        let whole = Span::new(0, source.len().min(source.find('\n').unwrap_or(source.len())));
        let help = "write steps: headings with blocks, numbered items, or `- [ ]` items";
        findings.add(Code::NoSteps, whole, "nothing in this document is a step", help);
    }
    let passages = steps::passages(source, &tree, kind, &built.steps);
    let plan = Plan { kind, title, front: front.matter, steps: built.steps, passages };
    let compiled = Compiled { plan, diagnostics: findings.into_sorted(source) };
    (compiled, built.looked)
}

fn first_heading(tree: &Tree) -> Option<String> {
    tree.blocks.iter().find_map(|block| match block {
        Block::Heading(heading) => Some(heading.text.line()),
        _ => None,
    })
}

/// A document read, with everything that is wrong with it.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// What to do, as far as it could be read. Run it only if no diagnostic is an error.
    pub plan: Plan,
    /// Findings in source order.
    pub diagnostics: Vec<Diagnostic>,
}

impl Compiled {
    /// Whether any finding keeps the document from running.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }
}
