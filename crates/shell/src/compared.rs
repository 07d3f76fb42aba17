//! Comparisons that are none: `[ "$n" > 5 ]` writes a file.

use std::ops::Range;

use crate::commands::{Command, Node, Pipeline};
use crate::idle::leads_nowhere;
use crate::token::{Kind, Redirection};

/// A `<` or `>` in a `[` or `test`, where the shell takes it for a redirection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirected {
    /// Where it stands, with the file.
    pub at: Range<usize>,
    /// Whether the file is written, and not read.
    pub writes: bool,
    /// The file, as it is written.
    pub file: String,
}

/// The first comparison in the lines of a shell script that is a redirection. What may be meant is none: one behind the `]`,
/// one of a descriptor, one to nowhere.
pub fn redirected(text: &str, lines: &[Pipeline<'_>]) -> Option<Redirected> {
    lines.iter().flat_map(|line| &line.nodes).find_map(|node| match node {
        Node::Command(command) => of_command(text, command),
        Node::Group { body, .. } => redirected(text, body),
    })
}

fn of_command(text: &str, command: &Command<'_>) -> Option<Redirected> {
    if command.keyword.is_some() {
        return None;
    }
    let bare = |at: usize| match command.tokens.get(at).map(|token| &token.kind) {
        Some(Kind::Word(word)) => word.bare(text),
        _ => None,
    };
    let at = match bare(0)? {
        "[" => {
            let end = (1..command.tokens.len()).find(|at| bare(*at) == Some("]"))?;
            (1..end).find(|at| compares(text, &command.tokens[*at].kind))?
        }
        // What stands behind a whole test is a redirection that was meant.
        "test" if !bare(1).is_some_and(|word| word.starts_with('-')) => 2,
        _ => return None,
    };
    let token = command.tokens.get(at).filter(|token| compares(text, &token.kind))?;
    let Kind::Redirection(Redirection { operator, target: Some(file), .. }) = &token.kind else {
        return None;
    };
    Some(Redirected {
        at: token.at.clone(),
        writes: text.get(operator.clone()) == Some(">"),
        file: file.whole(text).to_owned(),
    })
}

fn compares(text: &str, kind: &Kind) -> bool {
    let Kind::Redirection(it) = kind else { return false };
    matches!(text.get(it.operator.clone()), Some("<" | ">"))
        && it.descriptor.is_none()
        && !leads_nowhere(text, it)
}
