//! One pass over a script, character by character.

use std::borrow::Cow;
use std::ops::Range;

use super::{Command, Shell, Word, is_name};

#[derive(Clone, Copy, PartialEq)]
enum Context {
    Plain,
    Double,
    Parenthesis,
    Backtick,
}

/// What is taken up again when a substitution ends.
struct Saved<'t> {
    context: Context,
    command: Command<'t>,
    word: Option<Word<'t>>,
    skip: bool,
}

struct Scanner<'t> {
    text: &'t str,
    at: usize,
    context: Context,
    stack: Vec<Saved<'t>>,
    command: Command<'t>,
    word: Option<Word<'t>>,
    /// The next word is where a redirection goes.
    skip: bool,
    /// Here-documents whose bodies begin on the next line: delimiter, and whether it is quoted.
    heredocs: Vec<(String, bool)>,
    read: Shell<'t>,
}

/// The commands as written, and the variables they read.
pub(super) fn scan(text: &str) -> Shell<'_> {
    let mut scanner = Scanner {
        text,
        at: 0,
        context: Context::Plain,
        stack: Vec::new(),
        command: Command::default(),
        word: None,
        skip: false,
        heredocs: Vec::new(),
        read: Shell::default(),
    };
    while scanner.at < text.len() {
        scanner.step();
    }
    while !scanner.stack.is_empty() {
        scanner.leave();
    }
    scanner.end_command();
    scanner.read
}

impl<'t> Scanner<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn put(&mut self, text: &'t str, from: usize) {
        let word = self.word.get_or_insert_with(|| Word { text: Cow::default(), at: from..from });
        if word.text.is_empty() {
            word.text = Cow::Borrowed(text);
        } else if !text.is_empty() {
            word.text.to_mut().push_str(text);
        }
        word.at.end = self.at;
    }

    fn step(&mut self) {
        let start = self.at;
        let Some(c) = self.rest().chars().next() else { return };
        self.at += c.len_utf8();
        match c {
            '\\' => {
                let rest = self.rest();
                let next = rest.chars().next().unwrap_or('\n');
                self.at = (self.at + next.len_utf8()).min(self.text.len());
                if next != '\n' {
                    self.put(&rest[..next.len_utf8()], start);
                }
            }
            '$' => self.dollar(start),
            '`' if self.context == Context::Backtick => self.leave(),
            '`' => self.enter(Context::Backtick),
            '"' if self.context == Context::Double => {
                if let Some(saved) = self.stack.pop() {
                    self.context = saved.context;
                }
                self.put("", start);
            }
            _ if self.context == Context::Double => {
                self.run(|byte| matches!(byte, b'\\' | b'$' | b'`' | b'"'));
                self.put(&self.text[start..self.at], start);
            }
            '"' => {
                // Quotes do not begin a command of their own: only the context is kept.
                self.stack.push(Saved {
                    context: self.context,
                    command: Command::default(),
                    word: None,
                    skip: false,
                });
                self.context = Context::Double;
                self.put("", start);
            }
            '\'' => {
                let length = self.rest().find('\'').unwrap_or(self.rest().len());
                let quoted = &self.rest()[..length];
                self.at = (self.at + length + 1).min(self.text.len());
                self.put(quoted, start);
            }
            '#' if self.word.is_none() => self.at += self.rest().find('\n').unwrap_or(self.rest().len()),
            '\n' => {
                self.end_command();
                self.here_documents();
            }
            ' ' | '\t' | '\r' => self.end_word(),
            ';' => self.end_command(),
            '|' | '&' => self.operator(c),
            '(' => self.enter(Context::Parenthesis),
            ')' if self.context == Context::Parenthesis => self.leave(),
            ')' => {
                // A pattern of `case`.
                self.word = None;
                self.command = Command::default();
            }
            '<' => self.input(),
            '>' => self.output(),
            _ => {
                self.run(|byte| b"\\$`\"'#\n \t\r;|&()<>".contains(&byte));
                self.put(&self.text[start..self.at], start);
            }
        }
    }

    /// Goes on to the next byte that may mean something.
    fn run(&mut self, means: impl Fn(u8) -> bool) {
        let rest = self.rest().as_bytes();
        self.at += rest.iter().position(|byte| means(*byte)).unwrap_or(rest.len());
    }

    fn operator(&mut self, c: char) {
        if c == '&' && self.rest().starts_with('>') {
            return;
        }
        if self.rest().starts_with(c) {
            self.at += 1;
            self.end_command();
        } else if c == '|' {
            self.at += usize::from(self.rest().starts_with('&'));
            self.command.captured = true;
            self.command.piped = true;
            self.end_command();
            self.command.fed = true;
        } else {
            self.command.background = true;
            self.end_command();
        }
    }

    fn input(&mut self) {
        let rest = self.rest();
        if rest.starts_with('(') {
            return;
        }
        self.command.fed = true;
        if rest.starts_with("<<") {
            self.at += 2;
            self.end_word();
        } else if let Some(after) = rest.strip_prefix('<') {
            self.at += 1 + usize::from(after.starts_with('-'));
            let after = self.rest().trim_start_matches([' ', '\t']);
            let blank = self.rest().len() - after.len();
            let word: String =
                after.chars().take_while(|c| !c.is_whitespace() && !";|&()<>".contains(*c)).collect();
            self.at += blank + word.len();
            let bare: String = word.chars().filter(|c| !matches!(c, '\'' | '"' | '\\')).collect();
            self.heredocs.push((bare.clone(), bare != word));
        } else {
            self.end_word();
            self.skip = true;
        }
    }

    fn output(&mut self) {
        let number = self.word.take_if(|word| matches!(&*word.text, "0" | "1" | "2" | "3"));
        self.end_word();
        let to_stderr = number.is_some_and(|word| word.text == "2");
        self.at += usize::from(self.rest().starts_with(['>', '|']));
        if self.rest().starts_with('&') {
            self.at += 1;
            let digits = self.rest().chars().take_while(|c| c.is_ascii_digit() || *c == '-').count();
            self.at += digits;
            self.command.captured |= !to_stderr && digits == 0;
            self.skip = digits == 0;
            return;
        }
        self.command.captured |= !to_stderr;
        self.skip = true;
    }

    fn dollar(&mut self, start: usize) {
        let rest = self.rest();
        if rest.starts_with("((") {
            let length = rest.find("))").map_or(rest.len(), |at| at + 2);
            self.names_in(self.at..self.at + length);
            self.at += length;
            self.put("0", start);
        } else if rest.starts_with('(') {
            self.at += 1;
            self.put("", start);
            self.enter(Context::Parenthesis);
            self.command.captured = true;
        } else if let Some(inner) = rest.strip_prefix('{') {
            self.braces(inner, start);
        } else if rest.starts_with('\'') && self.context != Context::Double {
            let length = rest[1..].find('\'').map_or(rest.len(), |at| at + 2);
            self.at += length;
            self.put("", start);
        } else {
            let name = name_at(rest);
            // A digit stands alone, whatever follows it.
            let name = if is_name(name) { name } else { &name[..name.len().min(1)] };
            self.at += name.len();
            let whole = &self.text[start..self.at];
            if is_name(name) {
                self.read.uses.push((name.to_owned(), start..self.at));
            } else if name.is_empty() && rest.starts_with(['@', '*', '#', '?', '!', '$', '-']) {
                self.at += 1;
            }
            self.put(whole, start);
        }
    }

    fn braces(&mut self, inner: &'t str, start: usize) {
        let name_at = inner.len() - inner.trim_start_matches(['#', '!']).len();
        let name = self::name_at(&inner[name_at..]);
        let after = &inner[name_at + name.len()..];
        let mut depth = 1;
        let length = inner
            .char_indices()
            .find(|(_, c)| {
                depth += match c {
                    '{' => 1,
                    '}' => -1,
                    _ => 0,
                };
                depth == 0
            })
            .map_or(inner.len(), |(at, _)| at + 1);
        let end = self.at + 1 + length;
        if is_name(name) {
            let defaulted = after.starts_with([':', '-', '=', '+', '?'])
                && !after[1..].starts_with(|c: char| c.is_ascii_digit() || c == ' ' || c == '$');
            if after.trim_start_matches(':').starts_with('=') {
                self.read.defines.insert(name.to_owned());
            }
            if !defaulted && name_at == 0 {
                self.read.uses.push((name.to_owned(), start..end.min(self.text.len())));
            }
        }
        self.at = end.min(self.text.len());
        self.put("$", start);
        self.put(name, start);
    }

    /// Variables in text that is expanded but not read as commands.
    fn names_in(&mut self, range: Range<usize>) {
        let text = &self.text[range.clone()];
        let mut found = Vec::new();
        let mut escaped = false;
        for (at, c) in text.char_indices() {
            if c == '$' && !escaped {
                let after = text[at + 1..].strip_prefix('{').unwrap_or(&text[at + 1..]);
                let name = name_at(after);
                let braced = after.len() < text[at + 1..].len();
                let defaulted = braced && after[name.len()..].starts_with([':', '-', '=', '+', '?']);
                if is_name(name) && !defaulted {
                    let length = 1 + usize::from(braced) + name.len() + usize::from(braced);
                    let start = range.start + at;
                    found.push((name.to_owned(), start..(start + length).min(range.end)));
                }
            }
            escaped = c == '\\' && !escaped;
        }
        self.read.uses.extend(found.into_iter().filter(|(_, at)| self.text.is_char_boundary(at.end)));
    }

    fn here_documents(&mut self) {
        for (delimiter, quoted) in std::mem::take(&mut self.heredocs) {
            let from = self.at;
            while self.at < self.text.len() {
                let length = self.rest().find('\n').map_or(self.rest().len(), |at| at + 1);
                let line = self.rest()[..length].trim();
                let ends = line == delimiter;
                let body_end = self.at;
                self.at += length;
                if ends || self.at >= self.text.len() {
                    let end = if ends { body_end } else { self.at };
                    if !quoted {
                        self.names_in(from..end);
                    }
                    break;
                }
            }
        }
    }

    fn enter(&mut self, context: Context) {
        let saved = Saved {
            context: self.context,
            command: std::mem::take(&mut self.command),
            word: self.word.take(),
            skip: std::mem::take(&mut self.skip),
        };
        self.stack.push(saved);
        self.context = context;
        self.command.captured = context == Context::Backtick;
    }

    fn leave(&mut self) {
        let Some(saved) = self.stack.pop() else { return };
        if self.context != Context::Double {
            self.end_command();
            self.command = saved.command;
            self.word = saved.word;
            self.skip = saved.skip;
        }
        self.context = saved.context;
    }

    fn end_word(&mut self) {
        if let Some(word) = self.word.take()
            && !std::mem::take(&mut self.skip)
        {
            self.command.words.push(word);
        }
    }

    fn end_command(&mut self) {
        self.end_word();
        self.skip = false;
        let command = std::mem::take(&mut self.command);
        if !command.words.is_empty() {
            self.read.commands.push(command);
        }
    }
}

/// Letters, digits and `_` that the text begins with.
fn name_at(text: &str) -> &str {
    let name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    &text[..text.bytes().take_while(|byte| name(byte)).count()]
}
