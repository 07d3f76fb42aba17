//! Words, redirections and here-documents of the portable part of the shell's language.

use super::{Document, Reader, Stop};

/// A word that was read.
pub(super) struct Word<'t> {
    /// Its text, where nothing in it is quoted or expanded.
    pub(super) literal: Option<&'t [u8]>,
    /// Whether it is `NAME=…`.
    pub(super) assigns: bool,
}

/// Here-documents of one line; bash refuses more.
const MOST_DOCUMENTS: usize = 16;

/// Whether this can be a variable's name.
pub(super) fn is_name(text: &[u8]) -> bool {
    text.first().is_some_and(|first| first.is_ascii_alphabetic() || *first == b'_')
        && text.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}

/// Bytes that stand for themselves anywhere in a word but, some, at its beginning.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_-./:,=+%@^~*?]!{}#".contains(&byte)
}

impl<'t> Reader<'t> {
    /// One word, which begins here. `None` also where none does.
    pub(super) fn word(&mut self) -> Option<Word<'t>> {
        let start = self.at;
        let mut literal = true;
        let mut assigns = false;
        while let Some(byte) = self.peek() {
            match byte {
                b'#' if self.at == start => return None,
                b'=' => {
                    assigns |= literal && is_name(&self.text[start..self.at]);
                    self.at += 1;
                }
                byte if is_plain(byte) => self.at += 1,
                // `name[` begins an element of an array in some shells.
                b'[' if !is_name(&self.text[start..self.at]) && literal => self.at += 1,
                b'\'' => {
                    literal = false;
                    self.at += 1;
                    self.quoted()?;
                }
                b'"' => {
                    literal = false;
                    self.at += 1;
                    self.double_quoted()?;
                }
                b'\\' => {
                    literal = false;
                    let next = *self.text.get(self.at + 1)?;
                    if !next.is_ascii() || next == b'\n' {
                        return None;
                    }
                    self.at += 2;
                }
                b'$' => {
                    literal = false;
                    self.expansion()?;
                }
                b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')' => break,
                _ => return None,
            }
        }
        let text = &self.text[start..self.at];
        (!text.is_empty()).then_some(Word { literal: literal.then_some(text), assigns })
    }

    /// The rest of a text in single quotes.
    fn quoted(&mut self) -> Option<()> {
        let rest = &self.text[self.at..];
        let length = rest.iter().position(|byte| *byte == b'\'')?;
        self.spans_lines(&rest[..length])?;
        self.at += length + 1;
        Some(())
    }

    /// Lines of a quoted text would stand in the way of a here-document, or of the one line of a substitution.
    fn spans_lines(&self, text: &[u8]) -> Option<()> {
        let free = self.documents.is_empty() && !self.inline;
        (free || !text.contains(&b'\n')).then_some(())
    }

    /// The rest of a text in double quotes.
    fn double_quoted(&mut self) -> Option<()> {
        let start = self.at;
        loop {
            match self.peek()? {
                b'"' => {
                    self.spans_lines(&self.text[start..self.at])?;
                    self.at += 1;
                    return Some(());
                }
                b'\\' => {
                    self.text.get(self.at + 1)?;
                    self.at += 2;
                }
                b'`' => return None,
                b'$' if self.text.get(self.at + 1) == Some(&b'"') => self.at += 1,
                b'$' => self.expansion()?,
                _ => self.at += 1,
            }
        }
    }

    /// `$NAME`, `$1`, `$?`, `${…}`, `$(…)`, `$((…))`.
    fn expansion(&mut self) -> Option<()> {
        self.at += 1;
        match self.peek()? {
            b'{' => self.braced(),
            b'(' => self.substitution(),
            b'0'..=b'9' | b'@' | b'*' | b'#' | b'?' | b'-' | b'$' | b'!' => {
                self.at += 1;
                Some(())
            }
            byte if byte.is_ascii_alphabetic() || byte == b'_' => {
                self.name();
                Some(())
            }
            _ => None,
        }
    }

    fn name(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            self.at += 1;
        }
    }

    /// `${NAME}`, `${#NAME}`, `${NAME:-text}`, `${NAME%pattern}` and the like, of simple texts.
    fn braced(&mut self) -> Option<()> {
        self.at += 1;
        let counts = self.next_is(b'#');
        self.at += usize::from(counts);
        let start = self.at;
        self.name();
        let name = &self.text[start..self.at];
        let digit = name.len() == 1 && !counts;
        if !is_name(name) && !digit {
            return None;
        }
        if self.next_is(b'}') {
            self.at += 1;
            return Some(());
        }
        if counts {
            return None;
        }
        match self.peek()? {
            b':' => {
                self.at += 1;
                matches!(self.peek()?, b'-' | b'=' | b'+' | b'?').then(|| self.at += 1)?;
            }
            b'-' | b'=' | b'+' | b'?' => self.at += 1,
            byte @ (b'%' | b'#') => {
                self.at += 1;
                self.at += usize::from(self.next_is(byte));
            }
            _ => return None,
        }
        loop {
            match self.peek()? {
                b'}' => {
                    self.at += 1;
                    return Some(());
                }
                b'$' => {
                    self.at += 1;
                    self.peek().filter(|byte| byte.is_ascii_alphabetic() || *byte == b'_')?;
                    self.name();
                }
                byte if byte.is_ascii_alphanumeric() || b"_-./:,=+@*? ".contains(&byte) => self.at += 1,
                _ => return None,
            }
        }
    }

    fn substitution(&mut self) -> Option<()> {
        self.at += 1;
        if self.next_is(b'(') {
            self.at += 1;
            loop {
                match self.peek()? {
                    b')' => {
                        self.at += 1;
                        return self.take(b')');
                    }
                    byte if byte.is_ascii_alphanumeric() || b"_ +-*/%".contains(&byte) => self.at += 1,
                    b'$' => {
                        self.at += 1;
                        self.peek().filter(|byte| byte.is_ascii_alphabetic() || *byte == b'_')?;
                        self.name();
                    }
                    _ => return None,
                }
            }
        }
        let outside = std::mem::replace(&mut self.inline, true);
        self.list(&[Stop::Parenthesis])?;
        self.inline = outside;
        self.take(b')')
    }

    /// One redirection, which begins here with `<` or `>`.
    pub(super) fn redirection(&mut self) -> Option<()> {
        let rest = &self.text[self.at..];
        let operators: [&[u8]; 8] = [b"<<-", b"<<", b"<>", b"<&", b">>", b">&", b">|", b"<"];
        let operator = operators.into_iter().find(|operator| rest.starts_with(operator)).unwrap_or(b">");
        self.at += operator.len();
        match operator {
            b"<<" | b"<<-" => self.here_document(operator == b"<<-"),
            b"<&" | b">&" => {
                matches!(self.peek()?, b'0'..=b'9' | b'-').then(|| self.at += 1)?;
                let ends = matches!(self.peek(), None | Some(b' ' | b'\t' | b'\n' | b';' | b'|' | b')'));
                ends.then_some(())
            }
            _ => {
                self.blanks();
                self.word()?;
                // A number right before the next one would be that one's descriptor.
                (!matches!(self.peek(), Some(b'<' | b'>'))).then_some(())
            }
        }
    }

    fn here_document(&mut self, tabs: bool) -> Option<()> {
        if self.inline {
            return None;
        }
        self.blanks();
        let quote = self.peek().filter(|byte| matches!(byte, b'\'' | b'"'));
        self.at += usize::from(quote.is_some());
        let start = self.at;
        self.name();
        let delimiter = &self.text[start..self.at];
        if let Some(quote) = quote {
            self.take(quote)?;
        }
        let ends = matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b';' | b'|' | b'>'));
        if self.documents.len() >= MOST_DOCUMENTS {
            return None;
        }
        self.documents.push(Document { delimiter, quoted: quote.is_some(), tabs });
        (ends && !delimiter.is_empty()).then_some(())
    }

    /// The bodies of the here-documents of the line that ended here.
    pub(super) fn bodies(&mut self) -> Option<()> {
        for document in std::mem::take(&mut self.documents) {
            loop {
                let rest = &self.text[self.at..];
                let length = rest.iter().position(|byte| *byte == b'\n')?;
                let mut line = &rest[..length];
                self.at += length + 1;
                while document.tabs && line.first() == Some(&b'\t') {
                    line = &line[1..];
                }
                if line == document.delimiter {
                    break;
                }
                if !document.quoted {
                    self.body_line(line)?;
                }
            }
        }
        Some(())
    }

    /// A line in which only variables are expanded.
    fn body_line(&self, line: &[u8]) -> Option<()> {
        let mut rest = line;
        while let Some(at) = rest.iter().position(|byte| matches!(byte, b'$' | b'`' | b'\\')) {
            let after = &rest[at + 1..];
            rest = match (rest[at], after.first()?) {
                (b'\\', b'$' | b'`' | b'\\') => &after[1..],
                (b'$', b'{') => {
                    let end = after.iter().position(|byte| *byte == b'}')?;
                    is_name(&after[1..end]).then_some(&after[end + 1..])?
                }
                (b'$', byte) if byte.is_ascii_alphabetic() || *byte == b'_' => after,
                _ => return None,
            };
        }
        Some(())
    }
}
