//! A path's characters, names, numbers and texts.

use super::tree::BadPath;
use crate::json::{Number, Value, escaped};

/// Whole numbers are those that every JSON reader knows exactly.
const LARGEST: i64 = (1 << 53) - 1;

pub(super) struct Scan<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Scan<'t> {
    pub(super) fn new(text: &'t str) -> Scan<'t> {
        Scan { text, at: 0 }
    }

    pub(super) fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    pub(super) fn next(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn bad<T>(&self, what: impl Into<String>) -> Result<T, BadPath> {
        Err(BadPath { what: what.into(), at: self.at })
    }

    pub(super) fn take(&mut self, word: &str) -> bool {
        let found = self.rest().starts_with(word);
        if found {
            self.at += word.len();
        }
        found
    }

    pub(super) fn expect(&mut self, word: &str) -> Result<(), BadPath> {
        if self.take(word) { Ok(()) } else { self.bad(format!("expected `{word}`")) }
    }

    pub(super) fn blanks(&mut self) {
        self.run(|c| matches!(c, ' ' | '\t' | '\n' | '\r'));
    }

    /// Steps over white space only where one of these stands behind it.
    pub(super) fn blanks_before(&mut self, next: &[char]) -> bool {
        let start = self.at;
        self.blanks();
        let found = self.next().is_some_and(|c| next.contains(&c));
        if !found {
            self.at = start;
        }
        found
    }

    fn run(&mut self, are: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let length = rest.find(|c| !are(c)).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    /// `.name` without its dot.
    pub(super) fn name(&mut self) -> Result<String, BadPath> {
        let first = |c: char| c.is_ascii_alphabetic() || c == '_' || !c.is_ascii();
        if !self.next().is_some_and(first) {
            return self.bad("expected a name, `*` or `[`");
        }
        Ok(self.run(|c| first(c) || c.is_ascii_digit()).to_owned())
    }

    /// The name of a function, or a word.
    pub(super) fn word(&mut self) -> &'t str {
        match self.next() {
            Some('a'..='z') => self.run(|c| matches!(c, 'a'..='z' | '0'..='9' | '_')),
            _ => "",
        }
    }

    pub(super) fn whole(&mut self) -> Result<i64, BadPath> {
        let start = self.at;
        let negative = self.take("-");
        let digits = self.run(|c| c.is_ascii_digit());
        let good = !digits.is_empty() && (!digits.starts_with('0') || (digits == "0" && !negative));
        let number = self.text[start..self.at].parse::<i64>().ok().filter(|_| good);
        match number.filter(|number| (-LARGEST..=LARGEST).contains(number)) {
            Some(number) => Ok(number),
            None => {
                self.at = start;
                self.bad("expected a whole number, without zeros before it and within 53 bits")
            }
        }
    }

    pub(super) fn number(&mut self) -> Result<Value, BadPath> {
        let text = self.rest();
        let length = text
            .bytes()
            .take_while(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E'))
            .count();
        let Some(number) = Number::parse(&text[..length]) else { return self.bad("expected a number") };
        self.at += length;
        Ok(Value::Number(number))
    }

    /// A text in quotes of either kind.
    pub(super) fn string(&mut self) -> Result<String, BadPath> {
        let Some(quote @ ('"' | '\'')) = self.next() else { return self.bad("expected a text in quotes") };
        let mut out = String::new();
        self.at += 1;
        loop {
            out.push_str(self.run(|c| c != quote && c != '\\' && c > '\u{1f}'));
            match self.next() {
                Some(c) if c == quote => break,
                Some('\\') => {
                    let Some((c, length)) = escaped(&self.rest()[1..], quote) else {
                        return self.bad("an escape that is none, or half a character");
                    };
                    out.push(c);
                    self.at += 1 + length;
                }
                Some(_) => return self.bad("a control character that is not escaped"),
                None => return self.bad("the text's end is missing"),
            }
        }
        self.at += 1;
        Ok(out)
    }
}
