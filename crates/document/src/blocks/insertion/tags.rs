//! Tags: a script is what it is with all that they hold, and what it is without.
//!
//! The reading has everything in it that any way through the tags leaves in. That is the same for the shell only where
//! what a tag holds are words of one command, which are then judged with and without them, or whole commands. Whatever
//! is neither is refused.

use std::ops::Range;

use holdpoint_shell::{Keyword, Kind, Operator, Part, PartKind, Token, Word};

use super::holes::{Hole, Holed};
use super::pieces::Piece;

/// Most parts of one command that tags may leave out: every way to do so is looked at.
pub(super) const MOST: usize = 5;

/// Reserved words: where a command may begin they begin something else.
const RESERVED: &[&str] = &[
    "if", "then", "elif", "else", "fi", "while", "until", "for", "select", "do", "done", "case", "esac", "{",
    "}", "!", "[[", "function", "time", "coproc",
];

/// A tag with those that belong to it.
struct Block {
    /// From the one that opens it to the one that closes it, by the numbers of their holes.
    tags: Vec<usize>,
    /// What it holds may come several times.
    repeats: bool,
    /// It holds words of one command.
    words: bool,
}

/// What tags do to the text between them.
pub(super) struct Tags {
    blocks: Vec<Block>,
    /// For each hole, in how many blocks the text behind it stands.
    depth: Vec<usize>,
    /// For each hole, the outermost loop that the text behind it stands in.
    repeated: Vec<Option<usize>>,
    /// Tags that cut commands apart.
    cuts: Vec<usize>,
}

impl Tags {
    pub(super) fn of(script: &Holed, tokens: &[Token]) -> Tags {
        let (mut blocks, mut depth, mut repeated) = (Vec::<Block>::new(), Vec::new(), Vec::new());
        let mut open: Vec<usize> = Vec::new();
        for (hole, of) in script.holes.iter().enumerate() {
            match &of.piece {
                Piece::Tag(word) if matches!(word.as_str(), "if" | "for") => {
                    open.push(blocks.len());
                    blocks.push(Block { tags: vec![hole], repeats: word == "for", words: false });
                }
                Piece::Tag(word) if matches!(word.as_str(), "elif" | "else" | "endif" | "endfor") => {
                    if let Some(block) = open.last() {
                        blocks[*block].tags.push(hole);
                    }
                    if word.starts_with("end") {
                        open.pop();
                    }
                }
                _ => {}
            }
            depth.push(open.len());
            repeated.push(open.iter().copied().find(|block| blocks[*block].repeats));
        }
        let mut tags = Tags { blocks, depth, repeated, cuts: Vec::new() };
        // Without a value there is nothing that could be read as something else.
        if !tags.blocks.is_empty() && script.holes.iter().any(Hole::is_value) {
            tags.look(script, tokens);
        }
        tags
    }

    fn look(&mut self, script: &Holed, tokens: &[Token]) {
        let mut lists = Lists { script, tags: self, lists: Vec::new() };
        lists.list(tokens, 0..script.text.len());
        let mut cuts: Vec<usize> = lists.lists.iter().flat_map(|list| lists.hidden(list)).collect();
        let mut words = Vec::new();
        for block in &self.blocks {
            let list = lists.lists.iter().find(|list| list.contains(&Item::Tag(block.tags[0])));
            let bodies = list.and_then(|list| bodies(block, list));
            words.push(bodies.as_ref().is_some_and(|bodies| lists.are_words(bodies)));
            let whole = list.zip(bodies).is_some_and(|(list, bodies)| lists.whole(block, list, &bodies));
            cuts.extend((!whole).then_some(block.tags[0]));
        }
        self.cuts = cuts;
        self.blocks.iter_mut().zip(words).for_each(|(block, words)| block.words = words);
    }

    /// Whether this tag cuts a command apart.
    pub(super) fn cuts(&self, hole: usize) -> bool {
        self.cuts.contains(&hole)
    }

    /// The part that the text at `at` belongs to, if tags may leave it out: the hole before it.
    pub(super) fn part(&self, script: &Holed, at: usize) -> Option<usize> {
        let before = script.within(&(0..at)).end.checked_sub(1)?;
        // Values and `set` leave nothing out: the part goes on behind them.
        let begins = |hole: &usize| self.blocks.iter().any(|block| block.tags.contains(hole));
        (self.depth[before] > 0).then(|| (0..=before).rev().find(begins)).flatten()
    }

    /// The outermost loop over words that the text at `at` stands in.
    pub(super) fn repeated(&self, script: &Holed, at: usize) -> Option<usize> {
        let looped = self.repeated[script.within(&(0..at)).end.checked_sub(1)?];
        looped.filter(|block| self.blocks[*block].words)
    }
}

/// A token of a list of commands, or a tag that stands between two.
#[derive(Clone, Copy, PartialEq)]
enum Item<'t> {
    Token(&'t Token),
    Tag(usize),
}

struct Lists<'s, 't> {
    script: &'s Holed,
    tags: &'s Tags,
    lists: Vec<Vec<Item<'t>>>,
}

impl<'t> Lists<'_, 't> {
    fn tags_in(&self, range: Range<usize>) -> impl Iterator<Item = Item<'t>> {
        let tags = self.script.within(&range).filter(|hole| !self.script.holes[*hole].is_value());
        tags.map(Item::Tag).collect::<Vec<_>>().into_iter()
    }

    fn list(&mut self, tokens: &'t [Token], range: Range<usize>) {
        let (mut items, mut end) = (Vec::new(), range.start);
        for token in tokens {
            items.extend(self.tags_in(end..token.at.start));
            items.push(Item::Token(token));
            end = token.at.end.max(end);
            match &token.kind {
                Kind::Word(word) | Kind::Pattern(word) => self.word(word),
                Kind::Redirection(redirection) => redirection.target.iter().for_each(|word| self.word(word)),
                Kind::Arithmetic(parts) => self.parts(parts),
                _ => {}
            }
        }
        items.extend(self.tags_in(end..range.end.max(end)));
        self.lists.push(items);
    }

    fn word(&mut self, word: &'t Word) {
        self.parts(&word.parts);
    }

    fn parts(&mut self, parts: &'t [Part]) {
        for part in parts {
            match &part.kind {
                PartKind::Command(tokens) | PartKind::Process { tokens, .. } | PartKind::Array(tokens) => {
                    self.list(tokens, part.at.clone());
                }
                PartKind::Double(parts) => self.parts(parts),
                _ => {}
            }
        }
    }

    fn are_words(&self, bodies: &[&[Item<'_>]]) -> bool {
        bodies.iter().all(|body| body.iter().all(|item| self.is_word(item)))
    }

    /// Whether what a block holds are words of one command, or whole commands.
    fn whole(&self, block: &Block, list: &[Item<'_>], bodies: &[&[Item<'_>]]) -> bool {
        if self.are_words(bodies) {
            return true;
        }
        let place = |tag: Option<&usize>| {
            tag.and_then(|tag| list.iter().position(|item| *item == Item::Tag(*tag))).unwrap_or_default()
        };
        let (first, last) = (place(block.tags.first()), place(block.tags.last()));
        let separated = !block.repeats
            && match list.get(last + 1) {
                None => true,
                Some(Item::Token(token)) => ends_command(token),
                // Where the block around it goes on, that is asked of it.
                Some(Item::Tag(tag)) => !self.tags.blocks.iter().any(|block| block.tags[0] == *tag),
            };
        begins_command(&list[..first])
            && bodies.iter().all(|body| balanced(body) && (separated || begins_or_nothing(body)))
    }

    fn is_word(&self, item: &Item<'_>) -> bool {
        match item {
            Item::Tag(_) => true,
            Item::Token(token) => match &token.kind {
                Kind::Word(_) => true,
                Kind::Redirection(redirection) => {
                    !self.script.text[redirection.operator.clone()].trim_end_matches('-').ends_with("<<")
                }
                _ => false,
            },
        }
    }

    /// Tags behind which something stands that is no word any more if they leave out all that stands before it, and
    /// those that leave out more parts of one command than can be looked at.
    fn hidden(&self, list: &[Item<'_>]) -> Vec<usize> {
        let mut hidden = Vec::new();
        let (mut kept, mut last, mut parts) = (false, None, Vec::new());
        for item in list {
            let token = match item {
                Item::Tag(tag) => {
                    last = Some(*tag);
                    continue;
                }
                Item::Token(token) => token,
            };
            let part = self.tags.part(self.script, token.at.start);
            let begins = match &token.kind {
                Kind::Word(word) => {
                    let text = word.text(&self.script.text, &|_| "".into());
                    RESERVED.contains(&&*text)
                }
                Kind::Operator(Operator::Open) => true,
                _ => false,
            };
            if begins && !kept && !parts.is_empty() {
                hidden.extend(last);
            }
            match &token.kind {
                Kind::Word(_) | Kind::Redirection(_) => {
                    kept |= part.is_none();
                    if let Some(part) = part.filter(|part| !parts.contains(part)) {
                        parts.push(part);
                        hidden.extend((parts.len() > MOST).then_some(part));
                    }
                }
                Kind::Operator(Operator::Open) | Kind::Body(_) => {}
                _ => (kept, parts) = (false, Vec::new()),
            }
        }
        hidden
    }
}

/// What stands between the tags of a block, if all of them stand in this list.
fn bodies<'l, 't>(block: &Block, list: &'l [Item<'t>]) -> Option<Vec<&'l [Item<'t>]>> {
    let place = |tag: &usize| list.iter().position(|item| *item == Item::Tag(*tag));
    let places = block.tags.iter().map(place).collect::<Option<Vec<usize>>>()?;
    Some(places.windows(2).map(|ends| &list[ends[0] + 1..ends[1]]).collect())
}

/// Whether it ends the command before it.
fn ends_command(token: &Token) -> bool {
    match &token.kind {
        Kind::Operator(operator) => {
            !matches!(operator, Operator::Open | Operator::PatternOpen | Operator::Test)
        }
        Kind::Comment => true,
        _ => false,
    }
}

/// Whether a command of its own begins behind these, whatever was left out of them.
fn begins_command(before: &[Item<'_>]) -> bool {
    let mut tokens = before.iter().rev().filter_map(|item| match item {
        Item::Token(token) if token.kind != Kind::Comment => Some(token),
        _ => None,
    });
    let newline = Kind::Operator(Operator::Newline);
    let mut lines = 0;
    let last = tokens.by_ref().find(|token| {
        let line = token.kind == newline;
        lines += usize::from(line);
        !line
    });
    let Some(last) = last else { return true };
    match &last.kind {
        Kind::Operator(operator) => match operator {
            Operator::Semicolon
            | Operator::Background
            | Operator::And
            | Operator::Or
            | Operator::Open
            | Operator::CaseEnd
            | Operator::PatternEnd => true,
            Operator::Close => lines > 0,
            // What is piped into a command is piped into whichever comes next.
            Operator::Pipe | Operator::PatternOr | Operator::PatternOpen | Operator::Test => false,
            Operator::Newline => true,
        },
        Kind::Keyword(
            Keyword::Then
            | Keyword::Else
            | Keyword::Do
            | Keyword::BraceOpen
            | Keyword::If
            | Keyword::Elif
            | Keyword::While
            | Keyword::Until,
        ) => true,
        Kind::Body(_) => true,
        _ => lines > 0,
    }
}

/// The same of what a tag holds; where that is nothing, it changes nothing.
fn begins_or_nothing(body: &[Item<'_>]) -> bool {
    let token = |item: &Item<'_>| matches!(item, Item::Token(_));
    !body.iter().any(token) || begins_command(body)
}

/// Whether everything that begins in there ends in there.
fn balanced(body: &[Item<'_>]) -> bool {
    let mut depth = 0_usize;
    for item in body {
        let Item::Token(token) = item else { continue };
        let opens = match &token.kind {
            Kind::Keyword(keyword) => match keyword {
                Keyword::If | Keyword::Case | Keyword::Do | Keyword::BraceOpen | Keyword::Test => Some(true),
                Keyword::Fi | Keyword::Esac | Keyword::Done | Keyword::BraceClose | Keyword::TestEnd => {
                    Some(false)
                }
                Keyword::Then | Keyword::Elif | Keyword::Else if depth == 0 => return false,
                _ => None,
            },
            Kind::Operator(operator) => match operator {
                Operator::Open => Some(true),
                Operator::Close => Some(false),
                Operator::CaseEnd
                | Operator::PatternEnd
                | Operator::PatternOpen
                | Operator::PatternOr
                | Operator::Test
                    if depth == 0 =>
                {
                    return false;
                }
                _ => None,
            },
            Kind::Pattern(_) if depth == 0 => return false,
            _ => None,
        };
        match opens {
            Some(true) => depth += 1,
            Some(false) if depth == 0 => return false,
            Some(false) => depth -= 1,
            None => {}
        }
    }
    depth == 0
}
