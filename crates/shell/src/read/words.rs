//! Words and their quotes.

use super::Reader;
use crate::token::{ErrorKind, Part, PartKind, Word};

/// What stands for itself in a word until one of these comes.
const SPECIAL: &[u8] = b"\\'\"$` \t\n\r;|&()<>";

impl Reader<'_> {
    /// The word that begins here. `pattern`: one of `=~`, in which parentheses and `|` are text.
    pub(super) fn parts(&mut self, pattern: bool) -> Word {
        let start = self.at;
        let mut parts: Vec<Part> = Vec::new();
        while let Some(byte) = self.peek() {
            self.spend();
            let from = self.at;
            let kind = match byte {
                b'\\' => self.escaped(),
                b'\'' => self.single(),
                b'"' => self.double(),
                b'$' | b'`' => self.expansion(),
                b'<' | b'>' if self.ahead(1) == Some(b'(') => {
                    self.at += 2;
                    PartKind::Process { takes: byte == b'>', tokens: self.nested(from) }
                }
                b'(' if pattern => {
                    self.at += 1;
                    PartKind::Glob(self.group(from))
                }
                b'|' if pattern => {
                    self.at += 1;
                    PartKind::Literal
                }
                b'(' if self.array(start) => {
                    self.at += 1;
                    PartKind::Array(self.nested(from))
                }
                b'(' if self.globs(start) => {
                    self.doubt(from, "`(` in a word, which begins a pattern in some shells");
                    self.at += 1;
                    PartKind::Glob(self.group(from))
                }
                b' ' | b'\t' | b'\n' | b'\r' | b';' | b'|' | b'&' | b'(' | b')' | b'<' | b'>' => break,
                _ => {
                    let rest = &self.bytes[from..self.end];
                    let length = rest.iter().position(|byte| SPECIAL.contains(byte)).unwrap_or(rest.len());
                    self.at += length;
                    PartKind::Literal
                }
            };
            push(&mut parts, Part { kind, at: from..self.at.max(from) });
        }
        if !pattern && self.leaves_a_subscript_open(&parts) {
            self.doubt(
                self.at,
                "`NAME[` without its `]` in the same word: bash reads on to that, over blanks and lines",
            );
        }
        Word { parts }
    }

    /// Whether a word begins as an element of an array does, and ends before the element's subscript does.
    fn leaves_a_subscript_open(&self, parts: &[Part]) -> bool {
        let literal = |part: &&Part| part.kind == PartKind::Literal;
        let name = parts.first().filter(literal).and_then(|part| self.text[part.at.clone()].split_once('['));
        if !name.is_some_and(|(name, _)| crate::is_name(name)) {
            return false;
        }
        let bytes = parts.iter().filter(literal).flat_map(|part| self.bytes[part.at.clone()].iter());
        bytes.fold(0_isize, |depth, byte| match byte {
            b'[' => depth + 1,
            b']' => depth - 1,
            _ => depth,
        }) > 0
    }

    /// Whether what stands before is `NAME=` or `NAME+=`.
    fn array(&self, start: usize) -> bool {
        let word = &self.text[start..self.at];
        word.ends_with('=') && crate::assigned(word).is_some()
    }

    /// Whether `(` follows what makes it a pattern.
    fn globs(&self, start: usize) -> bool {
        self.at > start && matches!(self.bytes[self.at - 1], b'?' | b'*' | b'+' | b'@' | b'!')
    }

    /// What stands in parentheses of a pattern, up to the `)`.
    fn group(&mut self, open: usize) -> Vec<Part> {
        self.until(b')', open, |reader, byte, from| match byte {
            b'\\' => reader.escaped(),
            b'\'' => reader.single(),
            b'"' => reader.double(),
            b'$' | b'`' => reader.expansion(),
            b'(' => {
                reader.at += 1;
                PartKind::Glob(reader.group(from))
            }
            _ => reader.literal(),
        })
    }

    /// What stands up to `close`, one level deeper; `one` reads the part that begins with this byte, at this place.
    pub(super) fn until(
        &mut self,
        close: u8,
        open: usize,
        one: impl Fn(&mut Self, u8, usize) -> PartKind,
    ) -> Vec<Part> {
        let mut parts = Vec::new();
        if !self.deeper() {
            return parts;
        }
        loop {
            self.spend();
            let from = self.at;
            let Some(byte) = self.peek() else {
                self.fail(ErrorKind::Open, open);
                break;
            };
            if byte == close {
                self.at += 1;
                break;
            }
            let kind = one(self, byte, from);
            push(&mut parts, Part { kind, at: from..self.at });
        }
        self.depth -= 1;
        parts
    }

    pub(super) fn literal(&mut self) -> PartKind {
        self.step();
        PartKind::Literal
    }

    pub(super) fn escaped(&mut self) -> PartKind {
        self.at += 1;
        if self.peek().is_none() {
            // The last `\` of a script stands for itself.
            return PartKind::Literal;
        }
        self.step();
        PartKind::Escaped
    }

    pub(super) fn single(&mut self) -> PartKind {
        let open = self.at;
        self.at += 1;
        self.close_single(open, false);
        PartKind::Single
    }

    /// Goes behind the next `'`; whether `\` came before.
    pub(super) fn close_single(&mut self, open: usize, escapes: bool) -> bool {
        let mut escaped = false;
        while let Some(byte) = self.peek() {
            self.spend();
            self.at += 1;
            match byte {
                b'\'' => return escaped,
                b'\\' if escapes => {
                    escaped = true;
                    self.at = (self.at + 1).min(self.end);
                }
                b'\n' => self.line_in_quotes(),
                _ => {}
            }
        }
        self.fail(ErrorKind::Open, open);
        escaped
    }

    pub(super) fn line_in_quotes(&mut self) {
        if self.pending > 0 {
            self.doubt(self.at, "a line end in quotes before the body of a here-document");
        }
    }

    pub(super) fn double(&mut self) -> PartKind {
        let open = self.at;
        self.at += 1;
        if !self.deeper() {
            return PartKind::Double(Vec::new());
        }
        self.doubles += 1;
        let parts = self.quoted_parts(Some(b'"'), open);
        self.doubles -= 1;
        self.depth -= 1;
        PartKind::Double(parts)
    }

    /// Text in which only `$`, `` ` `` and `\` mean something, up to `close` or, without one, to the end.
    pub(super) fn quoted_parts(&mut self, close: Option<u8>, open: usize) -> Vec<Part> {
        let mut parts = Vec::new();
        while let Some(byte) = self.peek() {
            self.spend();
            let from = self.at;
            let kind = match byte {
                byte if Some(byte) == close => {
                    self.at += 1;
                    return parts;
                }
                b'\\' => self.escaped(),
                // `$'` and `$"` are text here.
                b'$' if matches!(self.ahead(1), Some(b'\'' | b'"')) => {
                    self.at += 1;
                    PartKind::Literal
                }
                b'$' | b'`' => self.expansion(),
                _ => {
                    let rest = &self.bytes[from..self.end];
                    let ends = |byte: &u8| matches!(byte, b'\\' | b'$' | b'`') || Some(*byte) == close;
                    self.at += rest.iter().position(ends).unwrap_or(rest.len());
                    if close.is_some() && rest[..self.at - from].contains(&b'\n') {
                        self.line_in_quotes();
                    }
                    PartKind::Literal
                }
            };
            push(&mut parts, Part { kind, at: from..self.at });
        }
        if close.is_some() {
            self.fail(ErrorKind::Open, open);
        }
        parts
    }
}

/// Texts that follow one another are one.
pub(super) fn push(parts: &mut Vec<Part>, part: Part) {
    match parts.last_mut() {
        Some(last)
            if last.kind == PartKind::Literal
                && part.kind == PartKind::Literal
                && last.at.end == part.at.start =>
        {
            last.at.end = part.at.end;
        }
        _ => parts.push(part),
    }
}
