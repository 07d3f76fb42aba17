//! What surrounds each insertion, as POSIX shells and bash read it. Where they differ, or where reading on would take a
//! whole shell, the rest of the script is unclear.

use std::ops::Range;

use super::Wrong;
use super::command::{Commands, Redirection};
use super::pieces::Piece;

type Pieces = [(Piece, Range<usize>)];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Context {
    /// `$( … )`, with how many parentheses are open in it.
    Command(usize),
    Double,
    /// `${ … }`.
    Braces,
    /// `$(( … ))`, `(( … ))`, with how many parentheses are open.
    Arithmetic(usize),
}

struct Reader<'p> {
    pieces: &'p Pieces,
    at: usize,
    stack: Vec<Context>,
    /// The last character that still means something for what follows; `None` after a tag, which may or may not hold.
    before: Option<char>,
    /// The word so far, as far as it is bare.
    word: String,
    /// The commands at hand: one, and one more for each substitution that is open.
    commands: Commands,
    /// Delimiters of here-documents whose bodies begin on the next line; whether tabs before them are dropped.
    heredocs: Vec<(String, bool)>,
    /// `<<` stands in the calculation at hand.
    shifted: bool,
    /// How the rest is read cannot be told.
    unclear: bool,
    wrong: Vec<(Range<usize>, Wrong)>,
}

/// Insertions and tags that stand where they must not.
pub(super) fn wrong(pieces: &Pieces) -> Vec<(Range<usize>, Wrong)> {
    let mut reader = Reader {
        pieces,
        at: 0,
        stack: Vec::new(),
        before: Some('\n'),
        word: String::new(),
        commands: Commands::default(),
        heredocs: Vec::new(),
        shifted: false,
        unclear: false,
        wrong: Vec::new(),
    };
    while let Some((piece, range)) = pieces.get(reader.at) {
        reader.at += 1;
        match piece {
            Piece::Text(c) => reader.text(*c),
            other => {
                if let Some(wrong) = reader.here(other) {
                    reader.wrong.push((range.clone(), wrong));
                }
                reader.pass(other, range);
            }
        }
    }
    reader.commands.end_all();
    let (mut wrong, run) = (reader.wrong, reader.commands.run);
    wrong.extend(run.into_iter().map(|(range, command)| (range, Wrong::Again(command))));
    wrong
}

impl Reader<'_> {
    fn peek(&self, ahead: usize) -> Option<char> {
        match self.pieces.get(self.at + ahead) {
            Some((Piece::Text(c), _)) => Some(*c),
            _ => None,
        }
    }

    fn next_is(&self, text: &str) -> bool {
        text.chars().enumerate().all(|(ahead, c)| self.peek(ahead) == Some(c))
    }

    /// Why what stands at hand is wrong here.
    fn here(&self, piece: &Piece) -> Option<Wrong> {
        let place = self.stack.iter().find_map(|context| match context {
            Context::Double => Some(Wrong::Quotes),
            Context::Braces => Some(Wrong::Braces),
            Context::Arithmetic(_) => Some(Wrong::Arithmetic),
            Context::Command(_) => None,
        });
        match piece {
            Piece::Trimmed => return Some(Wrong::Trimmed),
            Piece::Tag(word)
                if !["if", "elif", "else", "endif", "for", "endfor", "set"].contains(&word.as_str()) =>
            {
                return Some(Wrong::Tag);
            }
            _ => {}
        }
        // What follows a tag may follow anything before it, so half of an operator cannot stand there.
        let glued = match (self.before, piece) {
            (Some('$'), _) => Some(Wrong::Glued('$')),
            (Some(c @ ('<' | '(')), Piece::Tag(_)) => Some(Wrong::Glued(c)),
            _ => None,
        };
        // The line after this one is text, and a value may have lines of its own.
        let pending = !self.heredocs.is_empty();
        place
            .or(self.unclear.then_some(Wrong::Unclear))
            .or(glued)
            .or(self.subscript().then_some(Wrong::Subscript))
            .or(pending.then_some(Wrong::HereDocument))
            .or_else(|| {
                (*piece == Piece::Insertion)
                    .then(|| self.commands.again(&self.next_word()))?
                    .map(Wrong::Again)
            })
    }

    /// The word behind what stands at hand, as far as it is text.
    fn next_word(&self) -> String {
        let rest = (0..).map_while(|ahead| self.peek(ahead));
        let word = rest.skip_while(|c| matches!(c, ' ' | '\t'));
        word.take_while(|c| !c.is_whitespace()).collect()
    }

    fn pass(&mut self, piece: &Piece, range: &Range<usize>) {
        match piece {
            Piece::Insertion => {
                self.word.push('\'');
                self.before = Some('\'');
                self.commands.value(range.clone());
            }
            _ => self.before = None,
        }
    }

    /// `NAME[` is calculated by some commands, and its quotes are gone by then.
    fn subscript(&self) -> bool {
        let open = self.word.rfind('[').filter(|at| !self.word[*at..].contains(']'));
        open.is_some_and(|at| at > 0)
    }

    fn bare(&mut self, c: char) {
        self.commands.spell(c);
        self.after_quotes(c);
    }

    /// As [`Reader::bare`], for what stands for a part of a word that was spelled before.
    fn after_quotes(&mut self, c: char) {
        self.word.push(c);
        self.before = Some(c);
    }

    fn end_word(&mut self, c: char) {
        // The `)` of a pattern of `case` would end a substitution too early.
        self.unclear |= self.word == "case" && !self.stack.is_empty();
        if matches!(self.stack.last(), Some(Context::Arithmetic(_))) {
            self.word.clear();
            self.before = Some(c);
            return;
        }
        self.commands.end_word(c);
        let redirects = matches!(self.before, Some('<' | '>'));
        let ends = match c {
            '\n' | ';' | '(' | ')' => true,
            '|' => !redirects,
            '&' => !redirects && self.before != Some('|') && !self.next_is(">"),
            _ => false,
        };
        if ends {
            // `a || b` pipes nothing, `a |& b` does.
            self.commands.end(c == '|' && self.before != Some('|') && !self.next_is("|"));
        }
        if matches!(c, '<' | '>') {
            self.commands.redirect(Redirection::File);
        }
        self.word.clear();
        self.before = Some(c);
    }

    fn text(&mut self, c: char) {
        match self.stack.last().copied() {
            Some(Context::Double) => self.double(c),
            Some(Context::Braces) => self.braces(c),
            _ => self.plain(c),
        }
    }

    fn plain(&mut self, c: char) {
        match c {
            '\\' => self.escape(),
            '\'' => self.single(),
            '"' => self.stack.push(Context::Double),
            '`' => self.backticks(),
            '$' => self.dollar(),
            '#' if self.before.is_none() => self.unclear = true,
            '#' if self.word.is_empty() => self.comment(),
            '\n' => {
                self.end_word(c);
                self.unclear |= self.stack.iter().any(|context| matches!(context, Context::Arithmetic(_)));
                self.here_documents();
            }
            '(' => {
                self.end_word(c);
                let calculates = self.next_is("(");
                // `(( a << b ))` of one shell is the here-document of another's sub-shell.
                let mut line = (0..).map_while(|ahead| self.peek(ahead)).take_while(|c| *c != '\n');
                let shifts = line.any(|c| c == '<');
                match self.stack.last_mut() {
                    Some(Context::Arithmetic(open)) => *open += 1,
                    _ if calculates => {
                        self.stack.push(Context::Arithmetic(1));
                        self.unclear |= shifts;
                    }
                    Some(Context::Command(open)) => *open += 1,
                    _ => {}
                }
            }
            ')' => {
                self.end_word(c);
                let closes = self.next_is(")");
                match self.stack.last_mut() {
                    Some(Context::Command(1)) => {
                        self.stack.pop();
                        self.commands.close();
                        self.after_quotes('x');
                    }
                    Some(Context::Arithmetic(1)) => {
                        self.stack.pop();
                        self.word.push('x');
                        // After `$(( … ))` a word goes on, after `(( … ))` none does.
                        self.before = None;
                    }
                    Some(Context::Command(open)) => *open -= 1,
                    Some(Context::Arithmetic(open)) => {
                        *open -= 1;
                        // `$((a) << b; (c))` calculates nothing.
                        self.unclear |= *open == 1 && self.shifted && !closes;
                    }
                    _ => {}
                }
            }
            '<' if matches!(self.stack.last(), Some(Context::Arithmetic(_))) => {
                self.shifted |= self.next_is("<");
                self.end_word(c);
            }
            '<' if self.next_is("<<") => {
                self.at += 2;
                self.end_word(' ');
                self.commands.redirect(Redirection::Text);
            }
            '<' if self.next_is("<") => self.delimiter(),
            ' ' | '\t' | ';' | '|' | '&' | '<' | '>' => self.end_word(c),
            _ => self.bare(c),
        }
    }

    /// What a `\` takes its meaning from; nothing of a template may be that.
    fn escape(&mut self) {
        match self.pieces.get(self.at) {
            Some((Piece::Text(c), _)) => {
                self.at += 1;
                if *c != '\n' {
                    self.commands.spell(*c);
                    self.after_quotes('x');
                }
            }
            Some((_, range)) => {
                self.wrong.push((range.clone(), Wrong::Glued('\\')));
                self.at += 1;
                self.unclear = true;
            }
            None => {}
        }
    }

    /// Goes past the next `end`, and says whether it came upon a `\`. Nothing of a template may stand before it.
    fn until(&mut self, end: char, wrong: Wrong, escapes: bool) -> bool {
        let mut escaped = false;
        while let Some((piece, range)) = self.pieces.get(self.at) {
            self.at += 1;
            match piece {
                Piece::Text(c) if *c == end => break,
                Piece::Text('\n') => self.unclear |= !self.heredocs.is_empty(),
                Piece::Text('\\') => {
                    escaped = true;
                    if escapes && matches!(self.pieces.get(self.at), Some((Piece::Text(_), _))) {
                        self.at += 1;
                    }
                }
                Piece::Text(c) => self.commands.spell(*c),
                _ => self.wrong.push((range.clone(), wrong)),
            }
        }
        // `''` is a word too.
        self.commands.begin_word();
        self.after_quotes('x');
        escaped
    }

    fn single(&mut self) {
        self.until('\'', Wrong::Quotes, false);
    }

    /// Shells look for the end of backticks before they look at what is inside.
    fn backticks(&mut self) {
        let from = self.at;
        self.until('`', Wrong::Backticks, true);
        let inside = &self.pieces[from..self.at.min(self.pieces.len())];
        for quote in ['\'', '"'] {
            let count = inside.iter().filter(|(piece, _)| *piece == Piece::Text(quote)).count();
            self.unclear |= count % 2 == 1;
        }
        self.unclear |= inside.iter().any(|(piece, _)| matches!(piece, Piece::Text('#' | '\\' | '<')));
    }

    fn comment(&mut self) {
        while let Some((piece, range)) = self.pieces.get(self.at) {
            match piece {
                Piece::Text('\n') => break,
                Piece::Text(_) => {}
                _ => self.wrong.push((range.clone(), Wrong::Comment)),
            }
            self.at += 1;
        }
    }

    fn double(&mut self, c: char) {
        match c {
            '\\' => self.escape(),
            '`' => self.backticks(),
            '$' if self.next_is("(") || self.next_is("{") => self.dollar(),
            '"' => {
                self.stack.pop();
                self.commands.begin_word();
                self.after_quotes('x');
            }
            '\n' => self.unclear |= !self.heredocs.is_empty(),
            _ => self.commands.spell(c),
        }
    }

    fn braces(&mut self, c: char) {
        let quoted = self.stack.contains(&Context::Double);
        match c {
            '\\' => self.escape(),
            // What quotes mean between `"${` and `}"` differs by operator and by shell.
            '\'' | '"' if quoted => self.unclear = true,
            '\'' => self.single(),
            '"' => self.stack.push(Context::Double),
            '`' => self.backticks(),
            '$' => self.dollar(),
            '}' => {
                self.stack.pop();
                self.after_quotes('x');
            }
            _ => {
                self.commands.spell(c);
                self.before = Some(c);
            }
        }
    }

    fn dollar(&mut self) {
        if self.next_is("((") {
            self.at += 2;
            self.shifted = false;
            self.stack.push(Context::Arithmetic(2));
            self.commands.spell('$');
        } else if self.next_is("(") {
            self.at += 1;
            self.stack.push(Context::Command(1));
            self.commands.spell('$');
            self.commands.open();
        } else if self.next_is("{") {
            self.at += 1;
            self.stack.push(Context::Braces);
            self.commands.spell('$');
            // `${#NAME}`, `${!NAME}`: no operator stands first.
            return;
        } else if self.next_is("'") {
            // `$'…'` reads `\'` otherwise than `'…'`, where a shell knows it.
            self.at += 1;
            self.unclear |= self.until('\'', Wrong::Quotes, true);
            return;
        } else if self.next_is("$") {
            self.at += 1;
            self.commands.spell('$');
            self.after_quotes('x');
            return;
        } else {
            self.unclear |= self.next_is("[");
            self.bare('$');
            return;
        }
        self.word.clear();
        self.before = Some(' ');
    }

    /// The word after `<<`.
    fn delimiter(&mut self) {
        self.at += 1;
        let tabs = self.next_is("-");
        self.at += usize::from(tabs);
        while matches!(self.peek(0), Some(' ' | '\t')) {
            self.at += 1;
        }
        let mut name = String::new();
        let mut quote = None;
        while let Some((piece, range)) = self.pieces.get(self.at) {
            let Piece::Text(c) = piece else {
                self.wrong.push((range.clone(), Wrong::Delimiter));
                self.unclear = true;
                self.at += 1;
                break;
            };
            match (quote, *c) {
                (None, c) if c.is_whitespace() || ";|&()<>".contains(c) => break,
                (None, c @ ('\'' | '"')) => quote = Some(c),
                (Some(open), c) if open == c => quote = None,
                // What these mean in a delimiter, few would know.
                (_, '\\' | '$' | '`' | '\n') => {
                    self.unclear = true;
                    name.push(*c);
                }
                (_, c) => name.push(c),
            }
            self.at += 1;
        }
        self.unclear |= name.is_empty();
        self.heredocs.push((name, tabs));
        self.end_word(' ');
    }

    fn here_documents(&mut self) {
        for (delimiter, tabs) in std::mem::take(&mut self.heredocs) {
            loop {
                let mut line = String::new();
                let mut ended = true;
                while let Some((piece, range)) = self.pieces.get(self.at) {
                    self.at += 1;
                    match piece {
                        Piece::Text('\n') => {
                            ended = false;
                            break;
                        }
                        Piece::Text(c) => line.push(*c),
                        _ => self.wrong.push((range.clone(), Wrong::HereDocument)),
                    }
                }
                let text = if tabs { line.trim_start_matches('\t') } else { line.as_str() };
                // In a body that is expanded, a `\` at the end of a line joins it to the next.
                // Some shells end a body before the `)` of a substitution.
                let nearly = !self.stack.is_empty() && text != delimiter && text.starts_with(&delimiter);
                self.unclear |= line.ends_with('\\') || nearly;
                if ended || text == delimiter {
                    break;
                }
            }
        }
    }
}
