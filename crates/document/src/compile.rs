//! The order in which a document is read.

use crate::audit::audit;
use crate::findings::Findings;
use crate::markdown::{self, Block, Tree};
use crate::scope::Scope;
use crate::{Code, Compiled, Config, Diagnostic, DocumentKind, Plan, Span, declared, front, lints, steps};

pub(crate) fn compile(source: &str, config: Option<&Config>) -> Compiled {
    compile_tree(source, &markdown::read(source), config)
}

pub(crate) fn compile_and_lint(source: &str, config: Option<&Config>) -> (Compiled, Vec<Diagnostic>) {
    let tree = markdown::read(source);
    let compiled = compile_tree(source, &tree, config);
    let warnings = lints::lint_tree(source, &tree, &compiled.plan, config);
    (compiled, warnings)
}

fn compile_tree(source: &str, tree: &Tree, config: Option<&Config>) -> Compiled {
    let mut findings = Findings::default();
    let (kind, front) = front::read(source, tree, &mut findings);
    if kind == DocumentKind::Annotated {
        audit(source, tree, &mut findings);
    }
    let title = front.matter.title.clone().or_else(|| first_heading(tree)).unwrap_or_default();
    let mut scope = Scope::new(&front.matter, config);
    for (text, span) in &front.templates {
        let templated = crate::blocks::Templated { text: text.clone(), span: *span, expression: false };
        scope.check(&templated, &mut findings);
    }
    let built = steps::build(source, tree, kind, &title, &mut scope, &mut findings);
    declared::check(&front, &built, config, &mut findings);
    if built.steps.is_empty() && !findings.any_error() {
        let whole = Span::new(0, source.len().min(source.find('\n').unwrap_or(source.len())));
        let help = "write steps: headings with blocks, numbered items, or `- [ ]` items";
        findings.add(Code::NoSteps, whole, "nothing in this document is a step", help);
    }
    let passages = steps::passages(source, &tree, kind, &built.steps);
    let plan = Plan { kind, title, front: front.matter, steps: built.steps, passages };
    Compiled { plan, diagnostics: findings.into_sorted(source) }
}

fn first_heading(tree: &Tree) -> Option<String> {
    tree.blocks.iter().find_map(|block| match block {
        Block::Heading(heading) => Some(heading.text.line()),
        _ => None,
    })
}
