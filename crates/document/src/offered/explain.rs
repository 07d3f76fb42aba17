//! What each piece of code in a document was taken for, and why.

use super::units::units;
use super::unread::unread;
use crate::{DocumentKind, Reading, Span, markdown};

/// A command of a document and what it was taken for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// Where it stands, its prompt with it.
    pub span: Span,
    /// Without its prompt.
    pub text: String,
    /// What it was taken for, and why.
    pub reading: Reading,
}

/// Every command of a document that people wrote for themselves, offered or not, in order.
pub fn explain(source: &str) -> Vec<Explained> {
    let fronts = markdown::fronts(source);
    let tree = markdown::read(source, &fronts, DocumentKind::Foreign);
    let mut found: Vec<Explained> = Vec::new();
    for unit in units(source, &tree) {
        found.extend(unit.cut.commands.iter().map(|command| Explained {
            span: unit.body.span(command.at.clone()),
            text: command.text.clone(),
            reading: command.reading.clone(),
        }));
    }
    found.extend(unread(source).into_iter().map(|(span, text, reading)| Explained { span, text, reading }));
    found.sort_by_key(|command| command.span);
    found
}
