//! Compound commands and functions: `if`, `for`, `case`, braces.

use super::{Begun, DEPTH, RESERVED, Reader, SPECIAL, Stop, words};

impl Reader<'_> {
    pub(super) fn condition(&mut self) -> Option<()> {
        self.list(&[Stop::Keyword("then")])?;
        loop {
            match self.list(&[Stop::Keyword("elif"), Stop::Keyword("else"), Stop::Keyword("fi")])? {
                Stop::Keyword("elif") => {
                    self.list(&[Stop::Keyword("then")])?;
                }
                Stop::Keyword("else") => {
                    self.list(&[Stop::Keyword("fi")])?;
                    return Some(());
                }
                _ => return Some(()),
            }
        }
    }

    pub(super) fn for_loop(&mut self) -> Option<()> {
        self.blanks();
        self.word()?.literal.filter(|name| words::is_name(name))?;
        self.blanks();
        self.word()?.literal.filter(|word| *word == b"in")?;
        self.blanks();
        while !matches!(self.peek()?, b';' | b'\n') {
            if matches!(self.peek()?, b'#' | b'&' | b'|' | b'<' | b'>' | b'(' | b')') {
                return None;
            }
            self.word()?;
            self.blanks();
        }
        if self.next_is(b';') {
            self.at += 1;
        }
        self.newlines()?;
        self.word()?.literal.filter(|word| *word == b"do")?;
        self.list(&[Stop::Keyword("done")])?;
        Some(())
    }

    /// `case WORD in PATTERN) list ;; … esac`, each arm with its `;;` and something to do.
    pub(super) fn case(&mut self) -> Option<()> {
        self.blanks();
        self.word()?;
        self.blanks();
        self.word()?.literal.filter(|word| *word == b"in")?;
        self.blanks();
        self.next_is(b'\n').then_some(())?;
        let mut arms = 0;
        loop {
            self.newlines()?;
            let begins = self.word()?;
            if begins.literal == Some(b"esac") {
                return (arms > 0).then_some(());
            }
            if begins.literal.is_some_and(|word| RESERVED.iter().any(|reserved| reserved.as_bytes() == word))
            {
                return None;
            }
            self.blanks();
            while self.next_is(b'|') {
                self.at += 1;
                self.blanks();
                self.word()?.literal.filter(|word| *word != b"esac")?;
                self.blanks();
            }
            self.take(b')')?;
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
        loop {
            self.newlines()?;
            match self.and_or()? {
                Begun::Command => {}
                Begun::Stop(_) => return None,
            }
            self.blanks();
            if self.text[self.at..].starts_with(b";;") {
                break;
            }
            match self.peek()? {
                b';' => self.at += 1,
                b'\n' | b'#' => {}
                _ => return None,
            }
            self.newlines()?;
            if self.text[self.at..].starts_with(b";;") {
                break;
            }
        }
        self.at += 2;
        self.depth -= 1;
        (!matches!(self.peek(), Some(b'&' | b';'))).then_some(())
    }

    pub(super) fn braces(&mut self) -> Option<Begun> {
        if self.inline || !matches!(self.peek(), Some(b' ' | b'\t' | b'\n')) {
            return None;
        }
        self.list(&[Stop::Keyword("}")])?;
        self.redirections()
    }

    /// `name() { … }`
    pub(super) fn function(&mut self, name: &[u8], plain: bool) -> Option<Begun> {
        let reserved = |names: &[&str]| names.iter().any(|reserved| reserved.as_bytes() == name);
        if !plain || self.inline || !words::is_name(name) || reserved(RESERVED) || reserved(SPECIAL) {
            return None;
        }
        self.take(b'(')?;
        self.take(b')')?;
        self.blanks();
        self.word()?.literal.filter(|word| *word == b"{")?;
        self.braces()
    }
}
