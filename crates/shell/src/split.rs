//! Lists of commands, taken apart.

use crate::token::{Keyword, Kind, Operator, Token};

/// How much deeper a token leads into compound commands: 1, 0 or -1.
pub(crate) fn step(token: &Token) -> isize {
    match token.kind {
        Kind::Keyword(
            Keyword::If
            | Keyword::While
            | Keyword::Until
            | Keyword::For
            | Keyword::Select
            | Keyword::Case
            | Keyword::BraceOpen
            | Keyword::Test,
        )
        | Kind::Operator(Operator::Open) => 1,
        Kind::Keyword(
            Keyword::Fi | Keyword::Done | Keyword::Esac | Keyword::BraceClose | Keyword::TestEnd,
        )
        | Kind::Operator(Operator::Close) => -1,
        _ => 0,
    }
}

/// The tokens, each with how deep it stands; what opens and what closes a command stands outside of it.
fn depths(tokens: &[Token]) -> impl Iterator<Item = (usize, isize, &Token)> {
    let mut depth: isize = 0;
    tokens.iter().enumerate().map(move |(at, token)| {
        let step = step(token);
        if step < 0 {
            depth = (depth - 1).max(0);
        }
        let here = depth;
        if step > 0 {
            depth += 1;
        }
        (at, here, token)
    })
}

/// The statements of a list, each with what joins its commands, without what separates it from the next.
pub(crate) fn statements(tokens: &[Token]) -> Vec<&[Token]> {
    let mut found = Vec::new();
    let mut from = 0;
    for (at, depth, token) in depths(tokens) {
        if depth == 0 && matches!(token.kind, Kind::Operator(Operator::Newline | Operator::Semicolon)) {
            let statement = without_notes(&tokens[from..at]);
            let goes_on = match statement.last().map(|token| &token.kind) {
                // A line may end after `&&`, and between a function's name and its body.
                Some(Kind::Operator(Operator::And | Operator::Or | Operator::Pipe)) => true,
                Some(Kind::Operator(Operator::Close)) => statement.len() == 3,
                _ => false,
            };
            if !goes_on {
                found.push(&tokens[from..at]);
                from = at + 1;
            }
        }
    }
    found.push(&tokens[from..]);
    found.retain(|statement| !without_notes(statement).is_empty());
    found
}

/// A statement without comments, bodies of here-documents and ends of lines.
pub(crate) fn without_notes(statement: &[Token]) -> Vec<&Token> {
    let is_note = |token: &&Token| {
        matches!(token.kind, Kind::Comment | Kind::Body(_) | Kind::Operator(Operator::Newline))
    };
    statement.iter().filter(|token| !is_note(token)).collect()
}

/// Whether a statement is several commands, or one in the background.
pub(crate) fn is_joined(statement: &[Token]) -> bool {
    let joins =
        |operator| matches!(operator, Operator::And | Operator::Or | Operator::Pipe | Operator::Background);
    depths(statement).any(|(_, depth, token)| {
        depth == 0 && matches!(token.kind, Kind::Operator(operator) if joins(operator))
    })
}

/// The parts of a list between tokens that stand outside of all compound commands, each with the one before it.
pub(crate) fn between(tokens: &[Token], is: impl Fn(&Kind) -> bool) -> Vec<(Option<&Token>, &[Token])> {
    let mut found = Vec::new();
    let (mut from, mut before) = (0, None);
    for (at, depth, token) in depths(tokens) {
        if depth == 0 && is(&token.kind) {
            found.push((before, &tokens[from..at]));
            (from, before) = (at + 1, Some(token));
        }
    }
    found.push((before, &tokens[from..]));
    found
}
