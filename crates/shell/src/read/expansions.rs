//! What begins with `$` or a backquote.

use super::Reader;
use super::words::push;
use crate::token::{ErrorKind, Part, PartKind};

impl Reader<'_> {
    /// What begins here with `$` or `` ` ``.
    pub(super) fn expansion(&mut self) -> PartKind {
        let from = self.at;
        if self.peek() == Some(b'`') {
            return self.backquotes();
        }
        self.at += 1;
        match self.peek() {
            Some(b'(') if self.next_is("((") => {
                let mark = self.mark();
                self.at += 2;
                if let Some(parts) = self.calculation(from) {
                    return PartKind::Arithmetic(parts);
                }
                self.back(mark);
                self.doubt(from, "`$((` that does not end in `))`");
                self.at += 1;
                PartKind::Command(self.nested(from))
            }
            Some(b'(') => {
                self.at += 1;
                PartKind::Command(self.nested(from))
            }
            Some(b'{') => {
                self.at += 1;
                self.braces(from)
            }
            Some(b'[') => {
                self.doubt(from, "`$[`, which calculates in some shells");
                self.at += 1;
                PartKind::Arithmetic(self.until(b']', from, |reader, byte, _| match byte {
                    b'$' | b'`' => reader.expansion(),
                    _ => reader.literal(),
                }))
            }
            Some(b'\'') => {
                self.at += 1;
                // `$'…'` reads `\'` otherwise than `'…'`, where a shell knows it.
                if self.close_single(from, true) {
                    self.doubt(from, "`\\` in `$'…'`");
                }
                PartKind::Ansi
            }
            Some(b'"') => self.double(),
            Some(byte) if byte.is_ascii_alphabetic() || byte == b'_' => {
                let name = self.at..self.name_end();
                self.at = name.end;
                PartKind::Parameter { name, braces: None }
            }
            Some(b'0'..=b'9' | b'@' | b'*' | b'#' | b'?' | b'-' | b'$' | b'!') => {
                self.at += 1;
                PartKind::Parameter { name: self.at - 1..self.at, braces: None }
            }
            _ => PartKind::Literal,
        }
    }

    fn name_end(&self) -> usize {
        let name = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_';
        self.at + self.bytes[self.at..self.end].iter().take_while(name).count()
    }

    /// `${ … }`, behind the `{`.
    fn braces(&mut self, open: usize) -> PartKind {
        // `${#}` and `${!}` are parameters of their own.
        if matches!(self.peek(), Some(b'#' | b'!')) && self.ahead(1) != Some(b'}') {
            self.at += 1;
        }
        let mut name = self.at..self.name_end();
        if name.is_empty() && matches!(self.peek(), Some(b'@' | b'*' | b'#' | b'?' | b'-' | b'$' | b'!')) {
            name.end += 1;
        }
        self.at = name.end;
        let trims = matches!(self.peek(), Some(b'#' | b'%' | b'/' | b'^' | b','));
        let parts = self.until(b'}', open, |reader, byte, from| match byte {
            b'\\' => reader.escaped(),
            // What quotes mean between `"${` and `}"` differs by operator and by shell.
            b'\'' | b'"' if reader.doubles > 0 => {
                reader.doubt(from, "quotes in `\"${ … }\"`");
                if byte == b'"' {
                    reader.double()
                } else if trims {
                    reader.single()
                } else {
                    reader.at += 1;
                    PartKind::Literal
                }
            }
            b'\'' => reader.single(),
            b'"' => reader.double(),
            b'$' | b'`' => reader.expansion(),
            _ => reader.literal(),
        });
        PartKind::Parameter { name, braces: Some(parts) }
    }

    /// What stands behind `((` or `$((`, up to `))`; `None` where a single `)` ends it, so that nothing is calculated.
    /// One that is open at the end is an error, not tried otherwise: trying twice at each level would take for ever.
    pub(super) fn calculation(&mut self, open: usize) -> Option<Vec<Part>> {
        let (mut parts, mut inner, mut shifted) = (Vec::new(), 0_usize, false);
        if !self.deeper() {
            return Some(parts);
        }
        loop {
            self.spend();
            let from = self.at;
            let kind = match self.peek() {
                None => {
                    self.fail(ErrorKind::Open, open);
                    break;
                }
                Some(b')') if inner == 0 && self.ahead(1) == Some(b')') => {
                    self.at += 2;
                    break;
                }
                Some(b')') if inner == 0 => {
                    self.depth -= 1;
                    return None;
                }
                Some(b'\\') => self.escaped(),
                Some(b'\'') => self.single(),
                Some(b'"') => self.double(),
                Some(b'$' | b'`') => self.expansion(),
                Some(byte) => {
                    match byte {
                        b'(' => inner += 1,
                        b')' => inner -= 1,
                        b'<' => shifted |= self.ahead(1) == Some(b'<'),
                        b'\n' => self.doubt(from, "a calculation of several lines"),
                        _ => {}
                    }
                    self.step();
                    PartKind::Literal
                }
            };
            push(&mut parts, Part { kind, at: from..self.at });
        }
        if shifted
            && parts
                .iter()
                .any(|part| part.kind == PartKind::Literal && self.text[part.at.clone()].contains(';'))
        {
            self.doubt(open, "`<<` where the shell may not calculate");
        }
        self.depth -= 1;
        Some(parts)
    }

    /// Shells look for the end of backquotes before they look at what is inside.
    fn backquotes(&mut self) -> PartKind {
        let open = self.at;
        self.at += 1;
        let from = self.at;
        let mut hidden = false;
        loop {
            self.spend();
            match self.peek() {
                None => {
                    self.fail(ErrorKind::Open, open);
                    return PartKind::Backquote(None);
                }
                Some(b'`') => break,
                Some(b'\\') => {
                    hidden = true;
                    self.at = (self.at + 2).min(self.end);
                }
                Some(_) => self.at += 1,
            }
        }
        let close = self.at;
        let inside = &self.bytes[from..close];
        let odd = |quote: u8| inside.iter().filter(|byte| **byte == quote).count() % 2 == 1;
        if odd(b'\'') || odd(b'"') || inside.iter().any(|byte| matches!(byte, b'#' | b'\\' | b'<')) {
            self.doubt(open, super::BACKQUOTES);
        }
        let tokens = (!hidden && self.deeper()).then(|| {
            let outer = std::mem::replace(&mut self.end, close);
            self.at = from;
            self.nested += 1;
            let tokens = self.list(None);
            self.nested -= 1;
            self.end = outer;
            self.depth -= 1;
            tokens
        });
        if self.error.is_none() {
            self.at = close + 1;
        } else {
            self.at = self.end;
        }
        PartKind::Backquote(tokens)
    }
}
