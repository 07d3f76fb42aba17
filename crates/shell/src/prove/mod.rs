//! Proof that a script parses, without asking a shell: most scripts of a long run-book are plain.
//!
//! The grammar here is a small part of POSIX's (XCU chapter 2) over the tokens of [`read`], and where two shells, or two
//! versions of one, read something differently, it is left out. So it says `true` only of what every shell parses, and
//! of everything else that it does not know; only a shell can say that a script does *not* parse.

mod compound;
mod words;

use crate::read;
use crate::token::{Keyword, Kind, Operator, Redirection, Token, Word};

/// Compound commands and substitutions nested deeper than this are a shell's to judge.
const DEPTH: usize = 32;

/// Whether every POSIX shell parses the script. `false` says nothing.
pub fn parses_everywhere(script: &str) -> bool {
    // Control characters, carriage returns with them, are what shells differ in most.
    if script.bytes().any(|byte| byte.is_ascii_control() && !matches!(byte, b'\n' | b'\t')) {
        return false;
    }
    let read = read(script);
    if read.error.is_some() || !read.doubts.is_empty() {
        return false;
    }
    let mut reader = Reader { text: script, tokens: &read.tokens, at: 0, depth: 0, inline: false };
    words::are_joined_plainly(script, &read.tokens, 0) && reader.program().is_some()
}

/// Where the reader stands. Every method returns `None` at what it does not know.
struct Reader<'t> {
    text: &'t str,
    tokens: &'t [Token],
    at: usize,
    depth: usize,
    /// Inside of `$( … )`, where only one line of simple commands is known.
    inline: bool,
}

/// What ended a list of commands.
#[derive(Clone, Copy, PartialEq)]
enum Stop {
    End,
    Parenthesis,
    Keyword(Keyword),
}

/// Words that are reserved somewhere, in some shell.
const RESERVED: &[&str] = &[
    "!",
    "{",
    "}",
    "case",
    "do",
    "done",
    "elif",
    "else",
    "esac",
    "fi",
    "for",
    "if",
    "in",
    "then",
    "until",
    "while",
    "[[",
    "]]",
    "function",
    "select",
    "time",
    "coproc",
    "namespace",
    "end",
    "foreach",
    "repeat",
    "nocorrect",
];

impl<'t> Reader<'t> {
    fn peek(&self) -> Option<&'t Kind> {
        self.tokens.get(self.at).map(|token| &token.kind)
    }

    fn next_is(&self, operator: Operator) -> bool {
        self.peek() == Some(&Kind::Operator(operator))
    }

    fn take(&mut self, operator: Operator) -> Option<()> {
        self.next_is(operator).then(|| self.at += 1)
    }

    fn take_keyword(&mut self, keyword: Keyword) -> Option<()> {
        (self.peek() == Some(&Kind::Keyword(keyword))).then(|| self.at += 1)
    }

    /// The text of the token at hand.
    fn text_here(&self) -> &'t str {
        self.tokens.get(self.at).and_then(|token| self.text.get(token.at.clone())).unwrap_or_default()
    }

    /// The byte that stands behind the token before this one.
    fn byte_behind(&self) -> Option<u8> {
        let end = self.tokens.get(self.at.checked_sub(1)?)?.at.end;
        self.text.as_bytes().get(end).copied()
    }

    fn program(&mut self) -> Option<()> {
        self.newlines()?;
        if self.at == self.tokens.len() {
            return Some(());
        }
        let stop = self.list(&[Stop::End])?;
        (stop == Stop::End).then_some(())
    }

    /// Comments, empty lines, and bodies of here-documents.
    fn newlines(&mut self) -> Option<()> {
        loop {
            match self.peek() {
                Some(Kind::Comment | Kind::Operator(Operator::Newline)) if !self.inline => self.at += 1,
                Some(Kind::Body(body)) if !self.inline => {
                    words::body(self.text, body)?;
                    self.at += 1;
                }
                _ => return Some(()),
            }
        }
    }

    /// Commands up to one of `stops`, which is stepped over; at least one.
    fn list(&mut self, stops: &[Stop]) -> Option<Stop> {
        self.depth += 1;
        if self.depth > DEPTH {
            return None;
        }
        let mut first = true;
        loop {
            self.newlines()?;
            let stop = match self.peek() {
                None => Some(Stop::End),
                Some(Kind::Operator(Operator::Close)) => Some(Stop::Parenthesis),
                Some(Kind::Keyword(keyword)) if closes(*keyword) => Some(Stop::Keyword(*keyword)),
                Some(_) => None,
            };
            if let Some(stop) = stop {
                self.at += usize::from(stop != Stop::End);
                self.depth -= 1;
                return (!first && stops.contains(&stop)).then_some(stop);
            }
            self.and_or()?;
            first = false;
            match self.peek() {
                Some(Kind::Operator(Operator::Semicolon | Operator::Background)) => self.at += 1,
                Some(Kind::Operator(Operator::Newline | Operator::Close) | Kind::Comment) | None => {}
                Some(_) => return None,
            }
        }
    }

    /// Pipelines with `&&` and `||` between them.
    fn and_or(&mut self) -> Option<()> {
        self.pipeline()?;
        while self.next_is(Operator::And) || self.next_is(Operator::Or) {
            self.at += 1;
            self.newlines()?;
            self.pipeline()?;
        }
        Some(())
    }

    fn pipeline(&mut self) -> Option<()> {
        if !self.inline && self.take_keyword(Keyword::Not).is_some() && self.byte_behind() != Some(b' ') {
            return None;
        }
        loop {
            self.command()?;
            if !self.next_is(Operator::Pipe) {
                return Some(());
            }
            // `|&` is not everybody's.
            (self.text_here() == "|").then(|| self.at += 1)?;
            self.newlines()?;
        }
    }

    fn command(&mut self) -> Option<()> {
        match self.peek()? {
            Kind::Operator(Operator::Open) if !self.inline => {
                self.at += 1;
                self.list(&[Stop::Parenthesis])?;
                self.redirections()
            }
            Kind::Keyword(keyword) if !self.inline => {
                self.at += 1;
                match keyword {
                    Keyword::If => self.condition()?,
                    Keyword::While | Keyword::Until => {
                        self.list(&[Stop::Keyword(Keyword::Do)])?;
                        self.list(&[Stop::Keyword(Keyword::Done)])?;
                    }
                    Keyword::For => self.for_loop()?,
                    Keyword::Case => self.case()?,
                    Keyword::BraceOpen => self.braces()?,
                    _ => return None,
                }
                self.redirections()
            }
            Kind::Word(_) | Kind::Redirection(_) => self.simple(),
            _ => None,
        }
    }

    /// Assignments, words and redirections; or the head of a function, and its body.
    fn simple(&mut self) -> Option<()> {
        let (start, mut named) = (self.at, false);
        loop {
            match self.peek() {
                Some(Kind::Redirection(redirection)) => {
                    self.redirection(redirection)?;
                }
                Some(Kind::Word(word)) => {
                    self.word(word)?;
                    let bare = word.bare(self.text);
                    if named {
                        // Some shells look for these everywhere.
                        if matches!(bare, Some("{" | "}")) {
                            return None;
                        }
                    } else if !words::assigns(self.text, word) {
                        named = true;
                        let odd = |text: &str| text.starts_with(['{', '}']) || RESERVED.contains(&text);
                        if bare.is_some_and(odd) {
                            return None;
                        }
                        let alone = self.at == start;
                        if let (true, Some(name), Some(Kind::Operator(Operator::Open))) =
                            (alone, bare, self.tokens.get(self.at + 1).map(|token| &token.kind))
                        {
                            return self.function(name);
                        }
                    }
                }
                Some(Kind::Operator(Operator::Open) | Kind::Keyword(_)) => return None,
                _ => return Some(()),
            }
            self.at += 1;
        }
    }

    /// Redirections behind a compound command; then it must end.
    fn redirections(&mut self) -> Option<()> {
        while let Some(Kind::Redirection(redirection)) = self.peek() {
            self.redirection(redirection)?;
            self.at += 1;
        }
        use Operator::{And, Background, CaseEnd, Close, Newline, Or, Pipe, Semicolon};
        match self.peek() {
            Some(Kind::Operator(Newline | Semicolon | Background | And | Or | Pipe | Close | CaseEnd))
            | Some(Kind::Comment)
            | None => Some(()),
            Some(_) => None,
        }
    }

    fn word(&self, word: &'t Word) -> Option<()> {
        words::word(self.text, word, self.inline, &mut |tokens, start| self.substitution(tokens, start))
    }

    fn redirection(&self, redirection: &'t Redirection) -> Option<()> {
        let commands = &mut |tokens, start| self.substitution(tokens, start);
        words::redirection(self.text, redirection, self.inline, commands)
    }

    /// The commands of `$( … )`, whose text begins at `start`.
    fn substitution(&self, tokens: &'t [Token], start: usize) -> Option<()> {
        let mut inside = Reader { tokens, at: 0, inline: true, ..*self };
        (words::are_joined_plainly(self.text, tokens, start) && inside.list(&[Stop::End])? == Stop::End)
            .then_some(())
    }
}

/// Whether a list of commands ends where this stands for a command.
fn closes(keyword: Keyword) -> bool {
    use Keyword::{BraceClose, Do, Done, Elif, Else, Esac, Fi, Then};
    matches!(keyword, Then | Elif | Else | Fi | Do | Done | BraceClose | Esac)
}
