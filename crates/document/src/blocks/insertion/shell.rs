//! Where in a script each hole of a template stands, as POSIX shells and bash read it. Where they differ, the rest of
//! the script is unclear.

use std::ops::Range;

use holdpoint_shell::{ErrorKind, Kind, Part, PartKind, Script, Token, Word};

use super::command;
use super::holes::Holed;
use super::pieces::Piece;
use super::tags::Tags;
use super::wrong::Wrong;

struct Places<'s> {
    script: &'s Holed,
    /// From here on it is unclear how the rest is read.
    unclear: usize,
    /// What was found for each hole; `None` for those that were not come upon.
    found: Vec<Option<Option<Wrong>>>,
}

/// What surrounds a list of commands.
#[derive(Clone, Copy)]
struct Around {
    /// Why no value can stand anywhere in it.
    place: Option<Wrong>,
    /// A here-document began on this line.
    pending: bool,
}

/// Insertions and tags that stand where they must not.
pub(super) fn wrong(template: &str) -> Vec<(Range<usize>, Wrong)> {
    let script = Holed::of(template);
    if script.holes.is_empty() {
        return Vec::new();
    }
    let read = holdpoint_shell::read(&script.text);
    let tags = Tags::of(&script, &read.tokens);
    let again = command::again(&script, &tags, &read.tokens);
    let found = Places::of(&script, &read);
    let holes = script.holes.iter().zip(found).zip(again).enumerate();
    let wrong = holes.filter_map(|(number, ((hole, place), again))| {
        let wrong = match &hole.piece {
            Piece::Trimmed => Some(Wrong::Trimmed),
            Piece::Tag(word)
                if !["if", "elif", "else", "endif", "for", "endfor", "set"].contains(&word.as_str()) =>
            {
                Some(Wrong::Tag)
            }
            _ => place.or(tags.cuts(number).then_some(Wrong::Cut)).or(again.map(Wrong::Again)),
        };
        Some((hole.written.clone(), wrong?))
    });
    wrong.collect()
}

impl<'s> Places<'s> {
    fn of(script: &'s Holed, read: &Script) -> Vec<Option<Wrong>> {
        // What follows a tag may follow anything before it, so `#` need not begin a comment there.
        let after_tag = script.holes.iter().find_map(|hole| {
            (!hole.is_value() && script.text[hole.at + 1..].starts_with('#')).then_some(hole.at + 1)
        });
        let doubt = read.doubts.first().map(|doubt| doubt.at);
        let unclear = after_tag.into_iter().chain(doubt).min().unwrap_or(usize::MAX);
        let mut places = Places { script, unclear, found: vec![None; script.holes.len()] };
        let whole = 0..read.tokens.last().map_or(0, |token| token.at.end);
        places.list(&read.tokens, whole, Around { place: None, pending: false });
        let (end, pending) = match &read.error {
            Some(error) if error.kind == ErrorKind::OpenHereDocument => (Some(Wrong::HereDocument), false),
            Some(_) => (Some(Wrong::Unclear), false),
            None => (None, false),
        };
        let left: Vec<usize> = (0..places.found.len()).filter(|hole| places.found[*hole].is_none()).collect();
        for hole in left {
            places.put(hole, Around { place: end, pending }, None);
        }
        places.found.into_iter().map(Option::flatten).collect()
    }

    /// Notes where a hole stands; `of` is the word up to it.
    fn put(&mut self, hole: usize, around: Around, of: Option<&str>) {
        let Some(found) = self.found.get_mut(hole).filter(|found| found.is_none()) else { return };
        let (at, value) = (self.script.holes[hole].at, self.script.holes[hole].is_value());
        let glued = match self.script.text[..at].chars().next_back() {
            Some('$') if !of.is_some_and(|of| of.ends_with("$$")) => Some(Wrong::Glued('$')),
            Some(c @ ('<' | '(')) if !value => Some(Wrong::Glued(c)),
            _ => None,
        };
        // `NAME[` is calculated by some commands, and its quotes are gone by then.
        let subscript =
            of.is_some_and(|of| of.rfind('[').is_some_and(|at| at > 0 && !of[at..].contains(']')));
        // The line after this one is text, and a value may have lines of its own.
        *found = Some(
            around
                .place
                .or((at > self.unclear).then_some(Wrong::Unclear))
                .or(glued)
                .or(subscript.then_some(Wrong::Subscript))
                .or(around.pending.then_some(Wrong::HereDocument)),
        );
    }

    fn put_all(&mut self, range: &Range<usize>, around: Around, of: Option<usize>) {
        for hole in self.script.within(range) {
            let script = self.script;
            self.put(hole, around, of.map(|from| &script.text[from..script.holes[hole].at]));
        }
    }

    fn list(&mut self, tokens: &[Token], range: Range<usize>, outer: Around) {
        let mut around = outer;
        let mut end = range.start;
        for token in tokens {
            self.put_all(&(end..token.at.start), around, None);
            end = token.at.end;
            if self.script.within(&token.at).is_empty()
                && !matches!(token.kind, Kind::Redirection(_) | Kind::Operator(_))
            {
                continue;
            }
            let with = |wrong| Around { place: around.place.or(Some(wrong)), ..around };
            match &token.kind {
                Kind::Word(word) | Kind::Pattern(word) => self.word(word, around),
                Kind::Comment => self.put_all(&token.at, with(Wrong::Comment), None),
                Kind::Arithmetic(_) => self.put_all(&token.at, with(Wrong::Arithmetic), None),
                Kind::Body(_) => self.put_all(&token.at, with(Wrong::HereDocument), None),
                Kind::Redirection(redirection) => {
                    let names_end =
                        self.script.text[redirection.operator.clone()].trim_end_matches('-') == "<<";
                    if names_end {
                        if let Some(first) = self.script.within(&token.at).next() {
                            self.unclear = self.unclear.min(self.script.holes[first].at);
                        }
                        self.put_all(&token.at, with(Wrong::Delimiter), None);
                        around.pending = true;
                    } else if let Some(word) = &redirection.target {
                        self.word(word, around);
                    }
                }
                Kind::Operator(holdpoint_shell::Operator::Newline) => around.pending = outer.pending,
                Kind::Operator(_) | Kind::Keyword(_) => {}
            }
        }
        self.put_all(&(end..range.end), around, None);
    }

    fn word(&mut self, word: &Word, around: Around) {
        let from = word.parts.first().map_or(0, |part| part.at.start);
        word.parts.iter().for_each(|part| self.part(part, from, around));
    }

    fn part(&mut self, part: &Part, from: usize, around: Around) {
        if self.script.within(&part.at).is_empty() {
            return;
        }
        let with = |wrong| Around { place: around.place.or(Some(wrong)), ..around };
        match &part.kind {
            PartKind::Literal => self.put_all(&part.at, around, Some(from)),
            PartKind::Escaped => {
                self.unclear = self.unclear.min(part.at.start);
                self.put_all(&part.at, with(Wrong::Glued('\\')), None);
            }
            PartKind::Single | PartKind::Ansi | PartKind::Double(_) => {
                self.put_all(&part.at, with(Wrong::Quotes), None);
            }
            PartKind::Parameter { .. } => self.put_all(&part.at, with(Wrong::Braces), None),
            PartKind::Arithmetic(_) => self.put_all(&part.at, with(Wrong::Arithmetic), None),
            PartKind::Backquote(_) => self.put_all(&part.at, with(Wrong::Backticks), None),
            PartKind::Glob(_) => self.put_all(&part.at, with(Wrong::Unclear), None),
            PartKind::Command(tokens) | PartKind::Process { tokens, .. } => {
                self.list(tokens, part.at.clone(), around);
            }
            PartKind::Array(tokens) => {
                // `[…]=` counts or calculates.
                let keyed = |token: &Token| self.script.text[token.at.clone()].starts_with('[');
                let keyed: Vec<_> =
                    tokens.iter().filter(|token| keyed(token)).map(|token| token.at.clone()).collect();
                keyed.iter().for_each(|at| self.put_all(at, with(Wrong::Subscript), None));
                self.list(tokens, part.at.clone(), around);
            }
        }
    }
}
