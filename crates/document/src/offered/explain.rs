//! What each piece of code in a document was taken for, and why.

use super::code::Kind;
use super::steps::units;
use crate::{Reading, Span, markdown};

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

/// How much of a document's code is what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pieces {
    /// Comments.
    pub comments: usize,
    /// Prompts.
    pub prompts: usize,
    /// What commands are shown to print.
    pub outputs: usize,
}

/// Every command of a document that people wrote for themselves, offered or not, in order.
pub fn explain(source: &str) -> (Vec<Explained>, Pieces) {
    let fronts = markdown::fronts(source);
    let tree = markdown::read(source, &fronts);
    let (mut found, mut pieces) = (Vec::new(), Pieces::default());
    for unit in units(source, &tree) {
        for piece in &unit.cut.pieces {
            match piece.kind {
                Kind::Comment => pieces.comments += 1,
                Kind::Prompt => pieces.prompts += 1,
                Kind::Output => pieces.outputs += 1,
                Kind::Blank | Kind::Command => {}
            }
        }
        found.extend(unit.cut.commands.iter().map(|command| Explained {
            span: unit.body.span(command.at.clone()),
            text: command.text.clone(),
            reading: command.reading.clone(),
        }));
    }
    (found, pieces)
}
