//! The lines of a Python script, taken apart.

use std::ops::Range;

/// What a token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A name or a keyword.
    Name,
    /// A number.
    Number,
    /// A text in quotes.
    Text {
        /// What stands between them.
        inner: Range<usize>,
        /// Whether values are put into it: `f"…"`.
        formatted: bool,
        /// Whether every character stands for itself.
        plain: bool,
    },
    /// Any other character.
    Sign,
}

/// One token and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) at: Range<usize>,
}

impl Token {
    /// It, as it is written.
    pub(crate) fn of<'t>(&self, script: &'t str) -> &'t str {
        script.get(self.at.clone()).unwrap_or_default()
    }
}

/// A line as Python counts them: over several, where a bracket is open, and up to `;` where nothing is behind a `:`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Line {
    /// How far it is indented.
    pub(crate) indent: usize,
    /// Never empty.
    pub(crate) tokens: Vec<Token>,
}

impl Line {
    /// All of it, as it is written, without a comment behind it.
    pub(crate) fn of<'t>(&self, script: &'t str) -> &'t str {
        let ends = self.tokens.first().zip(self.tokens.last());
        ends.and_then(|(first, last)| script.get(first.at.start..last.at.end)).unwrap_or_default()
    }
}

/// What other lines hang on.
const HEADS: [&str; 14] = [
    "async", "case", "class", "def", "elif", "else", "except", "finally", "for", "if", "match", "try",
    "while", "with",
];

/// The lines, without comments; `None` where a quotation or a bracket is never closed.
pub(crate) fn read(script: &str) -> Option<Vec<Line>> {
    let mut reader =
        Reader { script, at: 0, depth: 0, begins: true, lines: Vec::new(), line: Line::default() };
    while reader.at < script.len() {
        reader.step()?;
    }
    reader.ends();
    (reader.depth == 0).then_some(reader.lines)
}

struct Reader<'t> {
    script: &'t str,
    at: usize,
    depth: usize,
    /// Whether blanks here indent what follows.
    begins: bool,
    lines: Vec<Line>,
    line: Line,
}

impl Reader<'_> {
    fn ends(&mut self) {
        let indent = self.line.indent;
        let line = std::mem::take(&mut self.line);
        if !line.tokens.is_empty() {
            self.lines.push(line);
        }
        self.line.indent = indent;
    }

    fn step(&mut self) -> Option<()> {
        let rest = self.script.get(self.at..)?;
        if self.begins {
            let blank = rest.len() - rest.trim_start_matches([' ', '\t', '\u{c}']).len();
            self.line.indent = rest[..blank]
                .bytes()
                .fold(0, |to, byte| if byte == b'\t' { (to / 8 + 1) * 8 } else { to + 1 });
            self.begins = false;
            self.at += blank;
            return Some(());
        }
        let first = rest.chars().next()?;
        let length = match first {
            '\n' | '\r' => {
                if self.depth == 0 {
                    self.ends();
                    self.begins = true;
                }
                1
            }
            ' ' | '\t' | '\u{c}' => 1,
            '#' => rest.find('\n').unwrap_or(rest.len()),
            '\\' if rest.starts_with("\\\n") => 2,
            '\\' if rest.starts_with("\\\r\n") => 3,
            '\\' => return None,
            ';' if self.depth == 0 && !self.is_head() => {
                self.ends();
                1
            }
            '"' | '\'' => return self.text(0),
            _ if first.is_alphabetic() || first == '_' => {
                let length = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
                let prefix = length <= 2 && rest[..length].bytes().all(|byte| b"rRbBuUfFtT".contains(&byte));
                if prefix && rest[length..].starts_with(['"', '\'']) {
                    return self.text(length);
                }
                return self.push(Kind::Name, length);
            }
            _ if first.is_ascii_digit() => {
                let length = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.'));
                return self.push(Kind::Number, length.unwrap_or(rest.len()));
            }
            _ => {
                match first {
                    '(' | '[' | '{' => self.depth += 1,
                    ')' | ']' | '}' => self.depth = self.depth.checked_sub(1)?,
                    _ => {}
                }
                return self.push(Kind::Sign, first.len_utf8());
            }
        };
        self.at += length;
        Some(())
    }

    fn is_head(&self) -> bool {
        self.line.tokens.first().is_some_and(|first| HEADS.contains(&first.of(self.script)))
    }

    fn push(&mut self, kind: Kind, length: usize) -> Option<()> {
        self.line.tokens.push(Token { kind, at: self.at..self.at + length });
        self.at += length;
        Some(())
    }

    fn text(&mut self, prefix: usize) -> Option<()> {
        let rest = self.script.get(self.at..)?;
        let (letters, quoted) = rest.split_at(prefix);
        let quote = &quoted[..1];
        let long = quoted.starts_with(&quote.repeat(3));
        let close = quote.repeat(if long { 3 } else { 1 });
        let from = prefix + close.len();
        let (mut at, mut escapes) = (from, false);
        loop {
            let here = rest.get(at..)?;
            if here.starts_with(&close) {
                break;
            }
            let first = here.chars().next()?;
            if first == '\n' && !long {
                return None;
            }
            at += first.len_utf8();
            if first == '\\' {
                escapes = true;
                at += rest.get(at..)?.chars().next()?.len_utf8();
            }
        }
        let has = |letter: char| letters.chars().any(|one| one.eq_ignore_ascii_case(&letter));
        let formatted = has('f') || has('t');
        let plain = !formatted && !has('b') && (!escapes || has('r'));
        let inner = self.at + from..self.at + at;
        self.push(Kind::Text { inner, formatted, plain }, at + close.len())
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn lines_are_those_that_python_counts() {
        let lines = |script: &str| -> Option<Vec<(usize, String)>> {
            let read = read(script)?;
            Some(read.iter().map(|line| (line.indent, line.of(script).to_owned())).collect())
        };
        let told = |lines: &[(usize, &str)]| -> Option<Vec<(usize, String)>> {
            Some(lines.iter().map(|(indent, line)| (*indent, (*line).to_owned())).collect())
        };
        assert_eq!(lines("a = 1; b = 2 # c; d\n\n  e"), told(&[(0, "a = 1"), (0, "b = 2"), (2, "e")]));
        assert_eq!(lines("f(1,\n  2)\nif x: a; b"), told(&[(0, "f(1,\n  2)"), (0, "if x: a; b")]));
        assert_eq!(
            lines("'''a\n#b''' \\\n + rb\"\\\"\"\r\nc"),
            told(&[(0, "'''a\n#b''' \\\n + rb\"\\\"\""), (0, "c")])
        );
        assert_eq!(lines("# only\n"), told(&[]));
        for open in ["'a", "(", "\"\"\"a\"", ")", "a \\ b", "'\\"] {
            assert_eq!(lines(open), None, "{open}");
        }
    }
}
