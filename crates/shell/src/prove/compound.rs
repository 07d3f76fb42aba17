//! Compound commands and functions: `if`, `for`, `case`, braces.

use super::{DEPTH, RESERVED, Reader, Stop};
use crate::is_name;
use crate::token::{Keyword, Kind, Operator};

/// No function may have the name of one of these.
const SPECIAL: &[&str] = &[
    "break", "continue", "eval", "exec", "exit", "export", "readonly", "return", "set", "shift", "times",
    "trap", "unset", "source", "alias", "unalias", "local", "declare", "typeset",
];

impl Reader<'_> {
    /// What follows `if`.
    pub(super) fn condition(&mut self) -> Option<()> {
        const THEN: Stop = Stop::Keyword(Keyword::Then);
        const ELIF: Stop = Stop::Keyword(Keyword::Elif);
        const ELSE: Stop = Stop::Keyword(Keyword::Else);
        const FI: Stop = Stop::Keyword(Keyword::Fi);
        self.list(&[THEN])?;
        loop {
            match self.list(&[ELIF, ELSE, FI])? {
                ELIF => {
                    self.list(&[THEN])?;
                }
                ELSE => {
                    self.list(&[FI])?;
                    return Some(());
                }
                _ => return Some(()),
            }
        }
    }

    /// The bare word at hand, which is stepped over.
    fn bare(&mut self) -> Option<&str> {
        let Some(Kind::Word(word)) = self.peek() else { return None };
        let bare = word.bare(self.text)?;
        self.word(word)?;
        self.at += 1;
        Some(bare)
    }

    /// `NAME in WORD…; do list done`, behind `for`.
    pub(super) fn for_loop(&mut self) -> Option<()> {
        self.bare().filter(|name| is_name(name))?;
        self.take_keyword(Keyword::In)?;
        while let Some(Kind::Word(word)) = self.peek() {
            self.word(word)?;
            self.at += 1;
        }
        if self.take(Operator::Semicolon).is_none() && !self.next_is(Operator::Newline) {
            return None;
        }
        self.newlines()?;
        self.take_keyword(Keyword::Do)?;
        self.list(&[Stop::Keyword(Keyword::Done)])?;
        Some(())
    }

    /// `WORD in PATTERN) list ;; … esac`, behind `case`: each arm with its `;;` and something to do.
    pub(super) fn case(&mut self) -> Option<()> {
        let Some(Kind::Word(word)) = self.peek() else { return None };
        self.word(word)?;
        self.at += 1;
        self.take_keyword(Keyword::In)?;
        self.next_is(Operator::Newline).then_some(())?;
        let mut arms = 0;
        loop {
            self.newlines()?;
            if self.take_keyword(Keyword::Esac).is_some() {
                return (arms > 0).then_some(());
            }
            let Some(Kind::Pattern(first)) = self.peek() else { return None };
            if first.bare(self.text).is_some_and(|word| RESERVED.contains(&word)) {
                return None;
            }
            self.word(first)?;
            self.at += 1;
            while self.take(Operator::PatternOr).is_some() {
                let Some(Kind::Pattern(other)) = self.peek() else { return None };
                other.bare(self.text).filter(|word| *word != "esac")?;
                self.word(other)?;
                self.at += 1;
            }
            self.take(Operator::PatternEnd)?;
            self.arm()?;
            arms += 1;
        }
    }

    /// What an arm does, and its `;;`.
    fn arm(&mut self) -> Option<()> {
        self.depth += 1;
        if self.depth > DEPTH {
            return None;
        }
        self.newlines()?;
        loop {
            self.and_or()?;
            if self.take(Operator::Semicolon).is_none()
                && !matches!(
                    self.peek()?,
                    Kind::Operator(Operator::Newline | Operator::CaseEnd) | Kind::Comment
                )
            {
                return None;
            }
            self.newlines()?;
            if self.next_is(Operator::CaseEnd) {
                break;
            }
        }
        // `;&` and `;;&` are bash's.
        (self.text_here() == ";;").then(|| self.at += 1)?;
        self.depth -= 1;
        (!matches!(self.byte_behind(), Some(b'&' | b';'))).then_some(())
    }

    /// What follows `{`.
    pub(super) fn braces(&mut self) -> Option<()> {
        if !matches!(self.byte_behind(), Some(b' ' | b'\t' | b'\n')) {
            return None;
        }
        self.list(&[Stop::Keyword(Keyword::BraceClose)])?;
        Some(())
    }

    /// `name() { … }`; the reader stands at the name.
    pub(super) fn function(&mut self, name: &str) -> Option<()> {
        if self.inline || !is_name(name) || RESERVED.contains(&name) || SPECIAL.contains(&name) {
            return None;
        }
        self.at += 1;
        (self.byte_behind() == Some(b'(')).then_some(())?;
        self.take(Operator::Open)?;
        (self.byte_behind() == Some(b')')).then_some(())?;
        self.take(Operator::Close)?;
        self.take_keyword(Keyword::BraceOpen)?;
        self.braces()?;
        self.redirections()
    }
}
