//! The outline: steps, and in each of them what there is to do.

use holdpoint_document::{Action, Plan, Span, Step, Work};
use lsp_types::{DocumentSymbol, SymbolKind};

use crate::text::Text;

/// The steps of a document, without those of files that it includes.
pub(crate) fn outline(text: &Text, plan: &Plan) -> Vec<DocumentSymbol> {
    plan.steps.iter().filter(|step| step.file.is_none()).map(|step| of_step(text, step)).collect()
}

fn of_step(text: &Text, step: &Step) -> DocumentSymbol {
    let children = step.actions.iter().map(|action| of_action(text, action)).collect();
    let name = format!("{} {}", step.number, step.title);
    symbol(text, name, step.id.clone(), SymbolKind::FUNCTION, step.span, children)
}

fn of_action(text: &Text, action: &Action) -> DocumentSymbol {
    let kind = match action.work {
        Work::Run(_) => SymbolKind::EVENT,
        Work::Check(_) => SymbolKind::BOOLEAN,
        Work::Record { .. } => SymbolKind::FIELD,
        Work::SignOff(_) => SymbolKind::KEY,
        Work::Confirm { .. } => SymbolKind::CONSTANT,
    };
    let name = action.work.kind().to_owned();
    symbol(text, name, action.id.clone(), kind, action.span, Vec::new())
}

fn symbol(
    text: &Text,
    name: String,
    detail: String,
    kind: SymbolKind,
    span: Span,
    children: Vec<DocumentSymbol>,
) -> DocumentSymbol {
    let line = span.of(text.as_str()).lines().next().unwrap_or_default().trim_end();
    let first = Span::new(span.start, span.start + line.len());
    #[allow(deprecated, reason = "the type has a field that nothing reads any more")]
    DocumentSymbol {
        name: if name.trim().is_empty() { detail.clone() } else { name },
        detail: Some(detail),
        kind,
        tags: None,
        deprecated: None,
        range: text.range(span),
        selection_range: text.range(first),
        children: Some(children),
    }
}
