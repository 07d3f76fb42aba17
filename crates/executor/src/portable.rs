//! Proof that a script parses, without asking a shell: most scripts of a long run-book are plain.
//!
//! The grammar here is a small part of POSIX's (XCU chapter 2), and where two shells, or two versions of one, read
//! something differently, it is left out. So it says `true` only of what every shell parses, and of everything else
//! that it does not know; only a shell can say that a script does *not* parse.

mod compound;
#[cfg(test)]
mod tests;
mod words;

use words::Word;

/// Compound commands and substitutions nested deeper than this are a shell's to judge.
const DEPTH: usize = 32;

/// Whether every POSIX shell parses the script. `false` says nothing.
pub(crate) fn parses(script: &str) -> bool {
    let text = script.as_bytes();
    // Control characters, carriage returns with them, are what shells differ in most.
    if text.iter().any(|byte| byte.is_ascii_control() && !matches!(byte, b'\n' | b'\t')) {
        return false;
    }
    let mut reader = Reader { text, at: 0, depth: 0, inline: false, documents: Vec::new() };
    match reader.program() {
        Some(()) => reader.at == text.len(),
        None => false,
    }
}

/// A here-document whose body begins on the next line.
struct Document<'t> {
    delimiter: &'t [u8],
    quoted: bool,
    tabs: bool,
}

/// Where the reader stands. Every method returns `None` at what it does not know.
struct Reader<'t> {
    text: &'t [u8],
    at: usize,
    depth: usize,
    /// Inside of `$( … )`, where only one line of simple commands is known.
    inline: bool,
    documents: Vec<Document<'t>>,
}

/// What ended a list of commands.
#[derive(Clone, Copy, PartialEq)]
enum Stop {
    End,
    Parenthesis,
    Keyword(&'static str),
}

/// How a command began.
enum Begun {
    Command,
    Stop(Stop),
}

const STOPS: &[&str] = &["then", "elif", "else", "fi", "do", "done", "}", "esac"];
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
/// No function may have the name of one of these.
const SPECIAL: &[&str] = &[
    "break", "continue", "eval", "exec", "exit", "export", "readonly", "return", "set", "shift", "times",
    "trap", "unset", "source", "alias", "unalias", "local", "declare", "typeset",
];

impl<'t> Reader<'t> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn next_is(&self, byte: u8) -> bool {
        self.peek() == Some(byte)
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        self.next_is(byte).then(|| self.at += 1)
    }

    fn program(&mut self) -> Option<()> {
        self.newlines()?;
        if self.at == self.text.len() {
            return Some(());
        }
        let stop = self.list(&[Stop::End])?;
        (stop == Stop::End).then_some(())
    }

    /// Blanks, and line ends that are escaped between words.
    fn blanks(&mut self) {
        loop {
            match self.peek() {
                Some(b' ' | b'\t') => self.at += 1,
                Some(b'\\') if self.text.get(self.at + 1) == Some(&b'\n') && self.after_blank() => {
                    self.at += 2
                }
                _ => return,
            }
        }
    }

    fn after_blank(&self) -> bool {
        self.at > 0 && matches!(self.text[self.at - 1], b' ' | b'\t')
    }

    /// Blanks, comments and empty lines; bodies of here-documents that begin here.
    fn newlines(&mut self) -> Option<()> {
        loop {
            self.blanks();
            match self.peek() {
                Some(b'#') if !self.inline => {
                    let rest = &self.text[self.at..];
                    self.at += rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
                }
                Some(b'\n') if !self.inline => {
                    self.at += 1;
                    self.bodies()?;
                }
                _ => return Some(()),
            }
        }
    }

    /// Commands up to one of `stops`; at least one.
    fn list(&mut self, stops: &[Stop]) -> Option<Stop> {
        self.depth += 1;
        if self.depth > DEPTH {
            return None;
        }
        let mut first = true;
        let stop = loop {
            self.newlines()?;
            let stop = match self.peek() {
                None => Some(Stop::End),
                Some(b')') => Some(Stop::Parenthesis),
                _ => match self.and_or()? {
                    Begun::Stop(stop) => Some(stop),
                    Begun::Command => None,
                },
            };
            if let Some(stop) = stop {
                if first || !stops.contains(&stop) || (stop == Stop::End && !self.documents.is_empty()) {
                    return None;
                }
                break stop;
            }
            first = false;
            self.blanks();
            match self.peek() {
                Some(b';') => {
                    self.at += 1;
                    if matches!(self.peek(), Some(b';' | b'&' | b'|')) {
                        return None;
                    }
                }
                Some(b'&') => {
                    self.at += 1;
                    if matches!(self.peek(), Some(b'&' | b'>' | b';' | b'|')) {
                        return None;
                    }
                    self.blanks();
                    if matches!(self.peek(), Some(b';' | b'&' | b'|')) {
                        return None;
                    }
                }
                Some(b'\n' | b'#' | b')') | None => {}
                _ => return None,
            }
        };
        self.depth -= 1;
        Some(stop)
    }

    /// Pipelines with `&&` and `||` between them, or what ends the list.
    fn and_or(&mut self) -> Option<Begun> {
        if let Begun::Stop(stop) = self.pipeline(true)? {
            return Some(Begun::Stop(stop));
        }
        loop {
            self.blanks();
            let rest = &self.text[self.at..];
            if !(rest.starts_with(b"&&") || rest.starts_with(b"||")) {
                return Some(Begun::Command);
            }
            self.at += 2;
            self.newlines()?;
            self.pipeline(false)?;
        }
    }

    fn pipeline(&mut self, may_stop: bool) -> Option<Begun> {
        if self.next_is(b'!') && matches!(self.text.get(self.at + 1), Some(b' ')) {
            self.at += 1;
            self.blanks();
            self.command(false)?;
        } else if let Begun::Stop(stop) = self.command(may_stop)? {
            return Some(Begun::Stop(stop));
        }
        loop {
            self.blanks();
            if !self.next_is(b'|') || self.text.get(self.at + 1) == Some(&b'|') {
                return Some(Begun::Command);
            }
            self.at += 1;
            self.newlines()?;
            self.command(false)?;
        }
    }

    fn command(&mut self, may_stop: bool) -> Option<Begun> {
        if self.next_is(b'(') {
            if self.inline || self.text.get(self.at + 1) == Some(&b'(') {
                return None;
            }
            self.at += 1;
            self.list(&[Stop::Parenthesis])?;
            self.take(b')')?;
            return self.redirections();
        }
        let start = self.at;
        // A redirection may stand before the command.
        while matches!(self.peek(), Some(b'<' | b'>')) {
            self.redirection()?;
            self.blanks();
        }
        let mut plain = self.at == start;
        let mut words = 0;
        loop {
            match self.peek() {
                None | Some(b'\n' | b';' | b'&' | b'|' | b')') => break,
                Some(b'#') => break,
                Some(b'<' | b'>') => {
                    self.redirection()?;
                    plain = false;
                }
                Some(b'(') => return None,
                Some(_) => {
                    let word = self.word()?;
                    if words == 0 && word.assigns {
                        plain = false;
                    } else if words == 0 {
                        words = 1;
                        if let Some(begun) = self.first(&word, plain, may_stop)? {
                            return Some(begun);
                        }
                    } else {
                        words += 1;
                        if matches!(word.literal, Some(b"{" | b"}")) {
                            return None;
                        }
                    }
                }
            }
            self.blanks();
        }
        (self.at > start).then_some(Begun::Command)
    }

    /// The first word of a command; `Some(Some(_))` where it makes all of it, or ends the list.
    fn first(&mut self, word: &Word<'t>, plain: bool, may_stop: bool) -> Option<Option<Begun>> {
        let Some(literal) = word.literal else { return Some(None) };
        if literal.starts_with(b"{") || literal.starts_with(b"}") && literal != b"}" {
            return if literal == b"{" && plain { self.braces().map(Some) } else { None };
        }
        if self.next_is(b'(') {
            return self.function(literal, plain).map(Some);
        }
        if !RESERVED.iter().any(|reserved| reserved.as_bytes() == literal) {
            return Some(None);
        }
        if !plain || self.inline {
            return None;
        }
        if let Some(stop) = STOPS.iter().find(|stop| stop.as_bytes() == literal) {
            return may_stop.then_some(Some(Begun::Stop(Stop::Keyword(stop))));
        }
        match literal {
            b"if" => self.condition()?,
            b"while" | b"until" => {
                self.list(&[Stop::Keyword("do")])?;
                self.list(&[Stop::Keyword("done")])?;
            }
            b"for" => self.for_loop()?,
            b"case" => self.case()?,
            _ => return None,
        }
        self.redirections().map(Some)
    }

    /// Redirections after a compound command; then it must end.
    fn redirections(&mut self) -> Option<Begun> {
        loop {
            self.blanks();
            match self.peek() {
                Some(b'<' | b'>') => self.redirection()?,
                Some(b'0'..=b'9') if matches!(self.text.get(self.at + 1), Some(b'<' | b'>')) => self.at += 1,
                None | Some(b'\n' | b';' | b'&' | b'|' | b')' | b'#') => return Some(Begun::Command),
                _ => return None,
            }
        }
    }
}
