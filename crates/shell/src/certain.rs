//! Scripts that end well whatever is the case.

use crate::idle::leads_nowhere;
use crate::token::{Keyword, Kind, Operator, Part, PartKind, Token, Word};
use crate::{assigned, read, split};

/// How deep compound commands are followed.
const DEEPEST: usize = 32;

/// What may end a script, or says what happens at its end.
const ENDS: [&str; 6] = ["exit", "return", "exec", "set", "kill", "trap"];

/// Whether a shell script never fails, whatever its commands find; `strict` says whether a failing command in its middle
/// ends it. What is not surely so, is not, nor is a script that only prints: that, as `:` and `true`, says plainly what it
/// does.
pub fn never_fails(script: &str, strict: bool) -> bool {
    let read = read(script);
    if read.error.is_some() || !read.doubts.is_empty() {
        return false;
    }
    let reader = Reader { text: script };
    let statements = split::statements(&read.tokens);
    if statements.iter().all(|statement| reader.is_plain(statement)) {
        return false;
    }
    if reader.is_trapped(&statements, strict) {
        return true;
    }
    if strict {
        return reader.list(&read.tokens, 0) == Sure::Passes;
    }
    reader.leniently(&statements) == Sure::Passes
}

/// How a command ends.
#[derive(Clone, Copy, PartialEq)]
enum Sure {
    Passes,
    Fails,
    Unknown,
}

struct Reader<'t> {
    text: &'t str,
}

impl Reader<'_> {
    /// Whether it only prints, or says plainly that nothing is done.
    fn is_plain(&self, statement: &[Token]) -> bool {
        let joins = |kind: &Kind| matches!(kind, Kind::Operator(Operator::And | Operator::Or));
        split::between(statement, joins).into_iter().all(|(_, pipeline)| {
            let words = split::without_notes(pipeline);
            let prints =
                |first: &&Token| matches!(self.bare(first), Some(":" | "true" | "echo" | "printf" | "pwd"));
            words.first().is_some_and(prints) && !split::is_joined(pipeline)
        })
    }

    fn bare(&self, token: &Token) -> Option<&str> {
        match &token.kind {
            Kind::Word(word) => word.bare(self.text),
            _ => None,
        }
    }

    /// Whether a trap on its end lets it end well, set before anything in it can fail, and by nothing undone.
    fn is_trapped(&self, statements: &[&[Token]], strict: bool) -> bool {
        let named = |statement: &[Token], names: &[&str]| {
            statement.iter().any(|token| self.bare(token).is_some_and(|word| names.contains(&word)))
        };
        for (at, statement) in statements.iter().enumerate() {
            let words = split::without_notes(statement);
            if words.first().and_then(|first| self.bare(first)) != Some("trap") || split::is_joined(statement)
            {
                let goes_on = match strict {
                    true => self.statement(statement, 0) == Sure::Passes && !named(statement, &["set"]),
                    false => !named(statement, &ENDS),
                };
                if !goes_on {
                    return false;
                }
                continue;
            }
            let at_end = words.iter().skip(2).any(|word| matches!(self.bare(word), Some("EXIT" | "0")));
            if !at_end {
                continue;
            }
            let undone = statements[at + 1..].iter().any(|rest| named(rest, &["trap", "exec", "kill"]));
            return !undone && words.get(1).is_some_and(|action| self.exits_well(action, strict));
        }
        false
    }

    /// Whether what a trap does can only end with `exit 0`.
    fn exits_well(&self, action: &Token, strict: bool) -> bool {
        let Kind::Word(word) = &action.kind else { return false };
        if !word.parts.iter().all(Part::is_settled) {
            return false;
        }
        let action = word.text(self.text, &|_| "".into());
        let read = read(&action);
        if read.error.is_some() || !read.doubts.is_empty() {
            return false;
        }
        let (reader, statements) = (Reader { text: &action }, split::statements(&read.tokens));
        let last = statements.last().map(|last| split::without_notes(last)).unwrap_or_default();
        let last: Vec<_> = last.into_iter().map(|token| reader.bare(token)).collect();
        let sure = match strict {
            true => reader.list(&read.tokens, 0),
            false => reader.leniently(&statements),
        };
        last == [Some("exit"), Some("0")] && sure == Sure::Passes
    }

    /// Statements of which the last one counts, where nothing ends the script before.
    fn leniently(&self, statements: &[&[Token]]) -> Sure {
        let Some((last, before)) = statements.split_last() else { return Sure::Passes };
        let ends = |token: &Token| self.bare(token).is_some_and(|word| ENDS.contains(&word));
        match before.iter().any(|statement| statement.iter().any(ends)) {
            true => Sure::Unknown,
            false => self.statement(last, 0),
        }
    }

    /// Commands of which the first that fails ends the script.
    fn list(&self, tokens: &[Token], depth: usize) -> Sure {
        if depth > DEEPEST {
            return Sure::Unknown;
        }
        let statements = split::statements(tokens);
        for (at, statement) in statements.iter().enumerate() {
            let words: Vec<Option<&str>> =
                split::without_notes(statement).into_iter().map(|token| self.bare(token)).collect();
            if let ([Some("set"), Some("+e" | "+eu")], 0) = (words.as_slice(), depth) {
                return self.leniently(&statements[at + 1..]);
            }
            match self.statement(statement, depth) {
                Sure::Passes => {}
                other => return other,
            }
            if let [Some("exit" | "return"), ..] = words.as_slice() {
                break;
            }
        }
        Sure::Passes
    }

    /// Commands with `&&` and `||` between them.
    fn statement(&self, statement: &[Token], depth: usize) -> Sure {
        let joins = |kind: &Kind| matches!(kind, Kind::Operator(Operator::And | Operator::Or));
        let mut so_far = Sure::Passes;
        for (join, pipeline) in split::between(statement, joins) {
            let or = join.is_some_and(|token| matches!(token.kind, Kind::Operator(Operator::Or)));
            so_far = match (so_far, or) {
                (Sure::Passes, true) => Sure::Passes,
                (Sure::Fails, false) if join.is_some() => Sure::Fails,
                (Sure::Passes, false) | (Sure::Fails, _) => self.pipeline(pipeline, depth),
                (Sure::Unknown, _) => match (self.pipeline(pipeline, depth), or) {
                    (Sure::Passes, true) => Sure::Passes,
                    (Sure::Fails, false) => Sure::Fails,
                    _ => Sure::Unknown,
                },
            };
        }
        so_far
    }

    fn pipeline(&self, pipeline: &[Token], depth: usize) -> Sure {
        let mut words = split::without_notes(pipeline);
        let inverted = matches!(words.first(), Some(first) if first.kind == Kind::Keyword(Keyword::Not));
        if inverted {
            words.remove(0);
        }
        // How it ends in the background, `wait` alone would say.
        if words.last().is_some_and(|last| last.kind == Kind::Operator(Operator::Background))
            && !self.text.contains("wait")
            && !split::is_joined(&pipeline[..pipeline.len() - 1])
        {
            return Sure::Passes;
        }
        if split::is_joined(pipeline) {
            return Sure::Unknown;
        }
        let (Some(first), Some(last)) = (words.first(), words.last()) else { return Sure::Unknown };
        // The tokens from the first word on, the ends of lines with them.
        let whole = pipeline.iter().skip_while(|token| token.at.start < first.at.start);
        let whole: Vec<Token> = whole.filter(|token| token.at.end <= last.at.end).cloned().collect();
        match (self.command(&whole, depth), inverted) {
            (Sure::Passes, true) => Sure::Fails,
            (Sure::Fails, true) => Sure::Passes,
            (sure, _) => sure,
        }
    }

    fn command(&self, tokens: &[Token], depth: usize) -> Sure {
        let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else { return Sure::Unknown };
        match (&first.kind, &last.kind) {
            (Kind::Keyword(Keyword::If), Kind::Keyword(Keyword::Fi)) => {
                self.bodies(tokens, &[Keyword::Then, Keyword::Else], depth)
            }
            // It waits for something, or the block's time limit ends it.
            (Kind::Keyword(Keyword::Until), _) => Sure::Unknown,
            (Kind::Keyword(Keyword::While), _) if matches!(tokens.get(1), Some(it) if it.kind == Kind::Keyword(Keyword::Not)) => {
                Sure::Unknown
            }
            (Kind::Keyword(Keyword::While | Keyword::For), Kind::Keyword(Keyword::Done)) => {
                self.bodies(tokens, &[Keyword::Do], depth)
            }
            (Kind::Keyword(Keyword::BraceOpen), Kind::Keyword(Keyword::BraceClose))
            | (Kind::Operator(Operator::Open), Kind::Operator(Operator::Close)) => {
                self.list(&tokens[1..tokens.len() - 1], depth + 1)
            }
            (Kind::Keyword(Keyword::Function), _) => Sure::Passes,
            (Kind::Keyword(Keyword::Test), Kind::Keyword(Keyword::TestEnd)) => {
                match &tokens[1..tokens.len() - 1] {
                    [Token { kind: Kind::Word(word), .. }] => self.stands(word),
                    _ => Sure::Unknown,
                }
            }
            (Kind::Word(_), _) => match tokens.get(1..3) {
                Some(
                    [
                        Token { kind: Kind::Operator(Operator::Open), .. },
                        Token { kind: Kind::Operator(Operator::Close), .. },
                    ],
                ) => Sure::Passes,
                _ => self.simple(tokens),
            },
            _ => Sure::Unknown,
        }
    }

    /// What a compound command does where its conditions, of which the status does not count, come out one way or the
    /// other.
    fn bodies(&self, tokens: &[Token], after: &[Keyword], depth: usize) -> Sure {
        let is_part = |kind: &Kind| {
            matches!(kind, Kind::Keyword(Keyword::Then | Keyword::Elif | Keyword::Else | Keyword::Do))
        };
        let parts = split::between(&tokens[1..tokens.len() - 1], is_part);
        let bodies = parts.into_iter().filter(|(before, _)| {
            before.is_some_and(|token| matches!(token.kind, Kind::Keyword(one) if after.contains(&one)))
        });
        match bodies.into_iter().all(|(_, body)| self.list(body, depth + 1) == Sure::Passes) {
            true => Sure::Passes,
            false => Sure::Unknown,
        }
    }

    fn simple(&self, tokens: &[Token]) -> Sure {
        let mut words: Vec<&Word> = Vec::new();
        for token in tokens {
            match &token.kind {
                Kind::Word(word) => words.push(word),
                Kind::Redirection(it) if leads_nowhere(self.text, it) => {}
                _ => return Sure::Unknown,
            }
        }
        if words.iter().any(|word| word.parts.iter().any(|part| self.may_refuse(part))) {
            return Sure::Unknown;
        }
        let text = |word: &Word| word.bare(self.text).map(str::to_owned);
        let bare: Vec<Option<String>> = words.iter().map(|word| text(word)).collect();
        let bare: Vec<Option<&str>> = bare.iter().map(Option::as_deref).collect();
        match bare.as_slice() {
            // With an option they may ask whether there is such a name.
            [Some("export" | "readonly" | "local" | "declare"), named @ ..] => {
                let asks = |word: &Option<&str>| word.is_none_or(|word| word.starts_with(['-', '+']));
                let assigns = |at: usize| self.assigns(words[at + 1]);
                let all = named.iter().enumerate().all(|(at, word)| assigns(at) || !asks(word));
                if all { Sure::Passes } else { Sure::Unknown }
            }
            [Some("true" | ":" | "echo" | "printf" | "pwd"), ..] | [Some("exit" | "return"), Some("0")] => {
                Sure::Passes
            }
            [Some("false"), ..] => Sure::Fails,
            [Some("exit" | "return"), Some(code)] if code.bytes().all(|byte| byte.is_ascii_digit()) => {
                Sure::Fails
            }
            [Some("test"), _] => self.stands(words[1]),
            [Some("["), _, Some("]")] => self.stands(words[1]),
            [Some("set"), options @ ..] => {
                let says = |option: &Option<&str>| {
                    option.is_some_and(|option| option.starts_with('-') || option == "pipefail")
                };
                if options.iter().all(says) { Sure::Passes } else { Sure::Unknown }
            }
            _ if words.iter().all(|word| self.assigns(word) && !runs(&word.parts)) => Sure::Passes,
            _ => Sure::Unknown,
        }
    }

    /// Whether a test of this word alone holds: whether there is any of it.
    fn stands(&self, word: &Word) -> Sure {
        let written = |part: &Part| match &part.kind {
            PartKind::Literal | PartKind::Escaped => true,
            PartKind::Single => part.at.len() > 2,
            PartKind::Double(parts) => {
                parts.iter().any(|part| matches!(part.kind, PartKind::Literal | PartKind::Escaped))
            }
            _ => false,
        };
        if word.parts.iter().any(written) { Sure::Passes } else { Sure::Unknown }
    }

    /// `NAME=…`, whatever is worked out in it.
    fn assigns(&self, word: &Word) -> bool {
        assigned(word.whole(self.text)).is_some()
    }

    /// Whether the shell may end the script where it works this out: `${NAME:?}`.
    fn may_refuse(&self, part: &Part) -> bool {
        match &part.kind {
            PartKind::Parameter { braces: Some(_), .. } => {
                self.text.get(part.at.clone()).is_some_and(|whole| whole.contains('?'))
            }
            PartKind::Double(parts) => parts.iter().any(|part| self.may_refuse(part)),
            PartKind::Arithmetic(_) => true,
            _ => false,
        }
    }
}

/// Whether a command runs in one of these, in the items of an array too: its end is that of the assignment.
fn runs(parts: &[Part]) -> bool {
    let mut found = false;
    parts.iter().for_each(|part| {
        part.lists(&mut |part, tokens| {
            found |= match part.kind {
                PartKind::Array(_) => tokens.iter().any(|token| match &token.kind {
                    Kind::Word(word) => runs(&word.parts),
                    _ => false,
                }),
                _ => true,
            }
        });
    });
    found
}
