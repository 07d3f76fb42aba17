//! Lists of commands: where words are reserved, and which `)` and `|` belong to a `case`.

use super::here::Pending;
use super::{HERE_DOCUMENTS, Reader};
use crate::token::{ErrorKind, Keyword, Kind, Operator, Token, Word};

/// What may come next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    /// A command: words may be reserved.
    Command,
    /// The rest of a command's prefix: assignments, and its first word, which is not reserved any more.
    Prefix,
    Argument,
    /// What follows a compound command.
    Closed,
    CaseWord,
    CaseIn,
    /// Patterns; whether one has begun, so that `esac` is a pattern.
    Pattern(bool),
    ForName,
    ForIn,
    FunctionName,
    /// Words in `[[ … ]]`; whether a pattern of `=~` comes.
    Test(bool),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    Parenthesis,
    Case,
    Other,
}

pub(super) struct List {
    tokens: Vec<Token>,
    next: Next,
    open: Vec<Open>,
    pending: Vec<Pending>,
}

const KEYWORDS: &[(&str, Keyword)] = &[
    ("if", Keyword::If),
    ("then", Keyword::Then),
    ("elif", Keyword::Elif),
    ("else", Keyword::Else),
    ("fi", Keyword::Fi),
    ("while", Keyword::While),
    ("until", Keyword::Until),
    ("for", Keyword::For),
    ("select", Keyword::Select),
    ("do", Keyword::Do),
    ("done", Keyword::Done),
    ("case", Keyword::Case),
    ("esac", Keyword::Esac),
    ("{", Keyword::BraceOpen),
    ("}", Keyword::BraceClose),
    ("!", Keyword::Not),
    ("[[", Keyword::Test),
    ("function", Keyword::Function),
    ("time", Keyword::Time),
    ("coproc", Keyword::Coproc),
];

impl Reader<'_> {
    /// Tokens up to the end, or up to the `)` of the substitution that began at `inside`; that is stepped over.
    pub(super) fn list(&mut self, inside: Option<usize>) -> Vec<Token> {
        let depth = self.depth;
        let mut list =
            List { tokens: Vec::new(), next: Next::Command, open: Vec::new(), pending: Vec::new() };
        let closed = loop {
            self.blanks();
            let Some(byte) = self.peek() else { break false };
            if byte == b')'
                && inside.is_some()
                && !matches!(list.next, Next::Pattern(_))
                && !list.open.contains(&Open::Parenthesis)
            {
                self.at += 1;
                break true;
            }
            self.token(byte, &mut list);
        };
        if let Some(pending) = list.pending.first() {
            self.pending -= list.pending.len();
            self.fail(ErrorKind::OpenHereDocument, pending.at);
        }
        if let Some(at) = inside.filter(|_| !closed) {
            self.fail(ErrorKind::Open, at);
        }
        self.depth = depth;
        list.tokens
    }

    fn blanks(&mut self) {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\r') => self.at += 1,
                Some(b'\\') if self.ahead(1) == Some(b'\n') => self.at += 2,
                _ => return,
            }
        }
    }

    fn token(&mut self, byte: u8, list: &mut List) {
        self.spend();
        let from = self.at;
        let test = matches!(list.next, Next::Test(_));
        match byte {
            b'\n' => {
                self.at += 1;
                self.operator(Operator::Newline, from, list);
                self.bodies(&mut list.pending, &mut list.tokens);
            }
            b'#' => {
                let rest = &self.bytes[self.at..self.end];
                self.at += rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
                list.tokens.push(Token { kind: Kind::Comment, at: from..self.at });
            }
            b'<' | b'>' if self.ahead(1) == Some(b'(') => self.word(list),
            b'<' | b'>' | b'(' | b')' if test && list.next == Next::Test(true) && byte == b'(' => {
                self.word(list);
            }
            b'<' | b'>' | b'(' | b')' if test => self.take(1, Operator::Test, list),
            b'&' | b'|' if test => {
                let both = self.ahead(1) == Some(byte);
                self.take(1 + usize::from(both), Operator::Test, list);
            }
            b'&' if self.ahead(1) == Some(b'>') => self.redirection(None, list),
            b'<' | b'>' => self.redirection(None, list),
            b';' if self.next_is(";;&") => self.take(3, Operator::CaseEnd, list),
            b';' if self.next_is(";;") || self.next_is(";&") => self.take(2, Operator::CaseEnd, list),
            b';' => self.take(1, Operator::Semicolon, list),
            b'&' if self.next_is("&&") => self.take(2, Operator::And, list),
            b'&' => self.take(1, Operator::Background, list),
            b'|' if matches!(list.next, Next::Pattern(_)) => self.take(1, Operator::PatternOr, list),
            b'|' if self.next_is("||") => self.take(2, Operator::Or, list),
            b'|' if self.next_is("|&") => self.take(2, Operator::Pipe, list),
            b'|' => self.take(1, Operator::Pipe, list),
            b'(' => self.parenthesis(list),
            b')' if matches!(list.next, Next::Pattern(_)) => self.take(1, Operator::PatternEnd, list),
            b')' => self.take(1, Operator::Close, list),
            b'0'..=b'9' if self.descriptor().is_some() => {
                let end = self.descriptor();
                self.redirection(end, list);
            }
            _ => self.word(list),
        }
    }

    /// Where a number ends that a redirection follows.
    fn descriptor(&self) -> Option<usize> {
        let digits = self.bytes[self.at..self.end].iter().take_while(|byte| byte.is_ascii_digit()).count();
        matches!(self.ahead(digits), Some(b'<' | b'>')).then_some(self.at + digits)
    }

    fn take(&mut self, length: usize, operator: Operator, list: &mut List) {
        let from = self.at;
        self.at += length;
        self.operator(operator, from, list);
    }

    fn operator(&mut self, operator: Operator, from: usize, list: &mut List) {
        list.tokens.push(Token { kind: Kind::Operator(operator), at: from..self.at });
        list.next = match (operator, list.next) {
            (Operator::Newline, Next::CaseIn | Next::Pattern(_) | Next::ForIn | Next::Test(_)) => list.next,
            (Operator::Test, Next::Test(_)) => Next::Test(false),
            (Operator::PatternOr | Operator::PatternOpen, _) => Next::Pattern(true),
            (Operator::CaseEnd, _) if list.open.last() == Some(&Open::Case) => Next::Pattern(false),
            (Operator::Close, _) => {
                self.close(Open::Parenthesis, list);
                Next::Closed
            }
            _ => Next::Command,
        };
    }

    fn open(&mut self, what: Open, list: &mut List) {
        if self.deeper() {
            list.open.push(what);
        }
    }

    fn close(&mut self, what: Open, list: &mut List) {
        if list.open.last() == Some(&what) {
            list.open.pop();
            self.depth = self.depth.saturating_sub(1);
        }
    }

    /// `(` of a sub-shell, a function, a pattern, or of `((`.
    fn parenthesis(&mut self, list: &mut List) {
        match list.next {
            Next::Pattern(false) => self.take(1, Operator::PatternOpen, list),
            Next::Command | Next::Prefix | Next::ForName | Next::Closed if self.next_is("((") => {
                self.double_parenthesis(list);
            }
            Next::Argument | Next::FunctionName => {
                // `name ( )`
                self.take(1, Operator::Open, list);
                self.blanks();
                if self.peek() == Some(b')') {
                    self.take(1, Operator::Close, list);
                    list.next = Next::Command;
                } else {
                    self.open(Open::Parenthesis, list);
                }
            }
            _ => {
                self.take(1, Operator::Open, list);
                self.open(Open::Parenthesis, list);
            }
        }
    }

    /// `(( … ))` calculates; what does not end in `))` is a sub-shell in another.
    fn double_parenthesis(&mut self, list: &mut List) {
        let (from, mark) = (self.at, self.mark());
        let line = self.bytes[from..self.end].split(|byte| *byte == b'\n').next().unwrap_or_default();
        let shifts = line.contains(&b'<');
        self.at += 2;
        if let Some(parts) = self.calculation(from) {
            if shifts {
                self.doubt(from, "`((` with `<`, which is a here-document of a sub-shell elsewhere");
            }
            list.tokens.push(Token { kind: Kind::Arithmetic(parts), at: from..self.at });
            list.next = Next::Closed;
            return;
        }
        self.back(mark);
        self.doubt(from, "`((` that does not end in `))`");
        self.take(1, Operator::Open, list);
        self.open(Open::Parenthesis, list);
    }

    fn redirection(&mut self, descriptor: Option<usize>, list: &mut List) {
        let from = self.at;
        let named = descriptor.map(|end| from..end);
        self.at = descriptor.unwrap_or(from);
        let operator = self.at;
        let known = ["&>>", "<<<", "<<-", "&>", "<<", "<&", "<>", ">>", ">&", ">|", "<", ">"];
        self.at += known.into_iter().find(|known| self.next_is(known)).map_or(1, str::len);
        let operator = operator..self.at;
        let what = &self.text[operator.clone()];
        self.blanks();
        let begins = !matches!(self.peek(), None | Some(b'\n' | b';' | b'&' | b'|' | b'(' | b')' | b'#'));
        let process = self.next_is("<(") || self.next_is(">(");
        let target =
            (begins && (process || !matches!(self.peek(), Some(b'<' | b'>')))).then(|| self.parts(false));
        if matches!(what, "<<" | "<<-") {
            if list.pending.len() >= HERE_DOCUMENTS {
                self.fail(ErrorKind::HereDocuments, from);
            }
            self.here_document(from, what == "<<-", target.as_ref(), &mut list.pending);
        }
        let end = target.as_ref().and_then(|word| word.parts.last()).map_or(operator.end, |part| part.at.end);
        let redirection = crate::token::Redirection { operator, descriptor: named, target };
        list.tokens.push(Token { kind: Kind::Redirection(redirection), at: from..end });
        list.next = match list.next {
            Next::Command => Next::Prefix,
            next => next,
        };
    }

    fn word(&mut self, list: &mut List) {
        let from = self.at;
        let word = self.parts(list.next == Next::Test(true));
        let end = word.parts.last().map_or(self.at, |part| part.at.end);
        let kind = self.classify(word, list);
        list.tokens.push(Token { kind, at: from..end });
    }

    /// What a word is where it stands, and what comes next.
    fn classify(&mut self, word: Word, list: &mut List) -> Kind {
        let bare = word.bare(self.text).unwrap_or_default();
        let keyword = KEYWORDS.iter().find(|(name, _)| *name == bare).map(|(_, keyword)| *keyword);
        match list.next {
            Next::Command | Next::Closed => {
                if let Some(keyword) = keyword {
                    self.keyword(keyword, list);
                    return Kind::Keyword(keyword);
                }
                list.next = if assigns(&word, self.text) { Next::Prefix } else { Next::Argument };
            }
            Next::Prefix if assigns(&word, self.text) => {}
            Next::Prefix | Next::Argument => list.next = Next::Argument,
            Next::CaseWord => list.next = Next::CaseIn,
            Next::CaseIn if bare == "in" => {
                self.open(Open::Case, list);
                list.next = Next::Pattern(false);
                return Kind::Keyword(Keyword::In);
            }
            Next::CaseIn => list.next = Next::Argument,
            Next::Pattern(false) if bare == "esac" => {
                self.close(Open::Case, list);
                list.next = Next::Closed;
                return Kind::Keyword(Keyword::Esac);
            }
            Next::Pattern(_) => {
                list.next = Next::Pattern(true);
                return Kind::Pattern(word);
            }
            Next::ForName => list.next = Next::ForIn,
            Next::ForIn if bare == "in" => {
                list.next = Next::Argument;
                return Kind::Keyword(Keyword::In);
            }
            Next::ForIn => {
                if keyword == Some(Keyword::Do) {
                    self.keyword(Keyword::Do, list);
                    return Kind::Keyword(Keyword::Do);
                }
                list.next = Next::Argument;
            }
            Next::FunctionName => {
                let empty = self.blanks_then("(");
                list.next = if empty { Next::FunctionName } else { Next::Command };
            }
            Next::Test(_) if bare == "]]" => {
                list.next = Next::Closed;
                return Kind::Keyword(Keyword::TestEnd);
            }
            Next::Test(_) => list.next = Next::Test(bare == "=~"),
        }
        Kind::Word(word)
    }

    fn blanks_then(&mut self, what: &str) -> bool {
        self.blanks();
        self.next_is(what)
    }

    fn keyword(&mut self, keyword: Keyword, list: &mut List) {
        list.next = match keyword {
            Keyword::If | Keyword::While | Keyword::Until | Keyword::BraceOpen => {
                self.open(Open::Other, list);
                Next::Command
            }
            Keyword::For | Keyword::Select => {
                self.open(Open::Other, list);
                Next::ForName
            }
            Keyword::Fi | Keyword::Done | Keyword::BraceClose => {
                self.close(Open::Other, list);
                Next::Closed
            }
            Keyword::Esac => {
                self.close(Open::Case, list);
                Next::Closed
            }
            Keyword::Case => {
                if self.nested > 0 {
                    self.doubt(
                        self.at,
                        "`case` in a substitution, where a `)` of it ends that in some shells",
                    );
                }
                Next::CaseWord
            }
            Keyword::Test => Next::Test(false),
            Keyword::Function => Next::FunctionName,
            _ => Next::Command,
        };
    }
}

/// Whether a word is `NAME=…`, `NAME+=…` or `NAME[…]=…`.
pub(super) fn assigns(word: &Word, text: &str) -> bool {
    let Some(first) = word.parts.first().filter(|part| part.kind == crate::token::PartKind::Literal) else {
        return false;
    };
    crate::assigned(&text[first.at.clone()]).is_some()
}
