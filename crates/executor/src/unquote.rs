//! Reads back the quoting that shells print: `'…'`, `"…"`, `$'…'`, `\c`, and any mixture of them.
//!
//! shlex reads POSIX words only; bash prints `$'…'` and array literals.

/// A cursor over what a shell printed.
pub(crate) struct Words<'a> {
    text: &'a [u8],
    at: usize,
}

/// What was printed is not what this program knows how to read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unreadable;

impl<'a> Words<'a> {
    pub(crate) fn new(text: &'a [u8]) -> Words<'a> {
        Words { text, at: 0 }
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn bump(&mut self) -> Result<u8, Unreadable> {
        let byte = self.peek().ok_or(Unreadable)?;
        self.at += 1;
        Ok(byte)
    }

    /// Steps over `expected` if it comes next.
    pub(crate) fn eat(&mut self, expected: u8) -> bool {
        let is = self.peek() == Some(expected);
        self.at += usize::from(is);
        is
    }

    pub(crate) fn expect(&mut self, expected: u8) -> Result<(), Unreadable> {
        if self.eat(expected) { Ok(()) } else { Err(Unreadable) }
    }

    /// Unquoted text up to, and without, the first byte that `end` holds for, or the end of the text.
    pub(crate) fn bare(&mut self, end: impl Fn(u8) -> bool) -> &'a [u8] {
        let rest = &self.text[self.at..];
        let length = rest.iter().position(|&byte| end(byte)).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    /// One word, quotes removed, up to and without the first unquoted byte that `end` holds for.
    pub(crate) fn word(&mut self, end: impl Fn(u8) -> bool) -> Result<Vec<u8>, Unreadable> {
        let mut word = Vec::new();
        self.word_into(&mut word, end)?;
        Ok(word)
    }

    /// As [`Words::word`], at the end of `word`.
    pub(crate) fn word_into(
        &mut self,
        word: &mut Vec<u8>,
        end: impl Fn(u8) -> bool,
    ) -> Result<(), Unreadable> {
        while let Some(byte) = self.peek() {
            if end(byte) {
                break;
            }
            self.at += 1;
            match byte {
                b'\'' => self.single(word)?,
                b'"' => self.double(word)?,
                b'\\' => word.push(self.bump()?),
                b'$' if self.eat(b'\'') => self.ansi(word)?,
                other => word.push(other),
            }
        }
        Ok(())
    }

    fn single(&mut self, word: &mut Vec<u8>) -> Result<(), Unreadable> {
        word.extend_from_slice(self.bare(|byte| byte == b'\''));
        self.expect(b'\'')
    }

    fn double(&mut self, word: &mut Vec<u8>) -> Result<(), Unreadable> {
        loop {
            word.extend_from_slice(self.bare(|byte| byte == b'"' || byte == b'\\'));
            if self.bump()? == b'"' {
                return Ok(());
            }
            match self.bump()? {
                b'\n' => {}
                escaped @ (b'"' | b'\\' | b'$' | b'`') => word.push(escaped),
                other => word.extend([b'\\', other]),
            }
        }
    }

    fn ansi(&mut self, word: &mut Vec<u8>) -> Result<(), Unreadable> {
        loop {
            word.extend_from_slice(self.bare(|byte| byte == b'\'' || byte == b'\\'));
            if self.bump()? == b'\'' {
                return Ok(());
            }
            match self.bump()? {
                b'a' => word.push(7),
                b'b' => word.push(8),
                b'e' | b'E' => word.push(27),
                b'f' => word.push(12),
                b'n' => word.push(b'\n'),
                b'r' => word.push(b'\r'),
                b't' => word.push(b'\t'),
                b'v' => word.push(11),
                b'x' => word.push(u8::try_from(self.number(16, 2, 0)?).map_err(|_| Unreadable)?),
                b'u' => self.character(4, word)?,
                b'U' => self.character(8, word)?,
                digit @ b'0'..=b'7' => {
                    let value = self.number(8, 2, u32::from(digit - b'0'))?;
                    word.push(u8::try_from(value).map_err(|_| Unreadable)?);
                }
                quoted @ (b'\\' | b'\'' | b'"' | b'?') => word.push(quoted),
                _ => return Err(Unreadable),
            }
        }
    }

    fn character(&mut self, digits: usize, word: &mut Vec<u8>) -> Result<(), Unreadable> {
        let character = char::from_u32(self.number(16, digits, 0)?).ok_or(Unreadable)?;
        word.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        Ok(())
    }

    /// Up to `most` more digits; fails where a number must begin and does not.
    fn number(&mut self, radix: u32, most: usize, start: u32) -> Result<u32, Unreadable> {
        let (mut value, begin) = (start, self.at);
        while self.at - begin < most {
            let Some(digit) = self.peek().and_then(|byte| char::from(byte).to_digit(radix)) else { break };
            value = value.checked_mul(radix).ok_or(Unreadable)? + digit;
            self.at += 1;
        }
        if self.at == begin && radix == 16 { Err(Unreadable) } else { Ok(value) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(text: &str) -> Result<Vec<u8>, Unreadable> {
        Words::new(text.as_bytes()).word(|byte| byte == b'\n')
    }

    #[test]
    fn every_quoting_a_shell_prints_is_read_back() {
        let cases: &[(&str, &[u8])] = &[
            ("plain\nrest", b"plain"),
            ("'a b'\"'\"'c'", b"a b'c"),
            (r"'it'\''s'", b"it's"),
            (r#""a\"b\\c\$d\`e\f""#, b"a\"b\\c$d`e\\f"),
            ("\"two\nlines\"", b"two\nlines"),
            (r"$'a\nb\t\'\\\E[0m'", b"a\nb\t'\\\x1b[0m"),
            (r"$'\303\251\x41\u00e9\0'", b"\xc3\xa9A\xc3\xa9\0"),
            (r"$'\1012'", b"A2"),
            (r"a\ b", b"a b"),
            ("''", b""),
        ];
        for (text, expected) in cases {
            assert_eq!(word(text).as_deref(), Ok(*expected), "{text}");
        }
    }

    #[test]
    fn what_is_cut_short_or_unknown_is_refused() {
        for text in ["'a", "\"a", "\"a\\", "$'a", r"$'\q'", r"$'\xzz'", r"$'\777'", "a\\"] {
            assert_eq!(word(text), Err(Unreadable), "{text}");
        }
    }
}
