//! What a script consists of. Every span is in bytes of the script that was read.

use std::borrow::Cow;
use std::ops::Range;

/// A script that was read, as far as it could be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// In the order in which they stand; spans neither overlap nor go back.
    pub tokens: Vec<Token>,
    /// Where shells begin to read it differently, in order. What stands behind the first may not be what it seems.
    pub doubts: Vec<Doubt>,
    /// Why it could not be read as a whole. The tokens up to there stand.
    pub error: Option<Error>,
}

/// A place from which on shells, or versions of one, read a script differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// Where it begins.
    pub at: usize,
    /// What they differ in.
    pub why: &'static str,
}

/// Why a script cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// What is wrong.
    pub kind: ErrorKind,
    /// Where it begins: the quote that is never closed, say.
    pub at: usize,
}

/// What is wrong with a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// A quotation, an expansion or a pair of parentheses is still open at the end.
    Open,
    /// A here-document is still open at the end, or where its substitution ends.
    OpenHereDocument,
    /// More here-documents begin on one line than shells take.
    HereDocuments,
    /// It nests deeper than anybody can read.
    Depth,
    /// Reading it takes more steps than its length is worth.
    Budget,
}

/// One token and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// Where it stands.
    pub at: Range<usize>,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A word of a command.
    Word(Word),
    /// A word of a pattern of `case`.
    Pattern(Word),
    /// A reserved word where a command may begin.
    Keyword(Keyword),
    /// What separates or groups commands.
    Operator(Operator),
    /// A redirection with its target.
    Redirection(Redirection),
    /// The body of a here-document, without the line that ends it.
    Body(Body),
    /// `(( … ))`.
    Arithmetic(Vec<Part>),
    /// From `#` to the end of the line.
    Comment,
}

/// Reserved words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Keyword {
    If,
    Then,
    Elif,
    Else,
    Fi,
    While,
    Until,
    For,
    Select,
    In,
    Do,
    Done,
    Case,
    Esac,
    BraceOpen,
    BraceClose,
    Not,
    Test,
    TestEnd,
    Function,
    Time,
    Coproc,
}

/// What separates or groups commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// The end of a line.
    Newline,
    /// `;`
    Semicolon,
    /// `&`
    Background,
    /// `&&`
    And,
    /// `||`
    Or,
    /// `|` and `|&`
    Pipe,
    /// `(`
    Open,
    /// `)`
    Close,
    /// `;;`, `;&`, `;;&`
    CaseEnd,
    /// `|` of a pattern.
    PatternOr,
    /// `(` before a pattern.
    PatternOpen,
    /// `)` after a pattern.
    PatternEnd,
    /// What compares or joins in `[[ … ]]`.
    Test,
}

/// A redirection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirection {
    /// `<`, `>>`, `<<-` and the like.
    pub operator: Range<usize>,
    /// The descriptor before it, if one is named.
    pub descriptor: Option<Range<usize>>,
    /// What follows it; `None` at the end of a script.
    pub target: Option<Word>,
}

/// The body of a here-document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// What it ends with.
    pub delimiter: String,
    /// Whether nothing in it is expanded.
    pub quoted: bool,
    /// What it consists of; one literal if it is quoted.
    pub parts: Vec<Part>,
}

/// A word: parts that follow one another without a blank.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Word {
    /// Its parts.
    pub parts: Vec<Part>,
}

/// A part of a word and where it stands, its quotes with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What it is.
    pub kind: PartKind,
    /// Where it stands.
    pub at: Range<usize>,
}

/// What a part of a word is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PartKind {
    /// Text that stands for itself.
    Literal,
    /// `\c`, or `\` and a line end, which is nothing.
    Escaped,
    /// `'…'`
    Single,
    /// `$'…'`
    Ansi,
    /// `"…"` and `$"…"`
    Double(Vec<Part>),
    /// `$NAME`, `$1`, `$?`, `${NAME…}`: the name, and what follows it within the braces.
    Parameter {
        /// Where the name stands, without `#` or `!` before it.
        name: Range<usize>,
        /// What stands behind the name within braces; `None` without braces.
        braces: Option<Vec<Part>>,
    },
    /// `$( … )`
    Command(Vec<Token>),
    /// `` `…` ``; `None` where `\` in it hides what it says.
    Backquote(Option<Vec<Token>>),
    /// `$(( … ))` and `$[ … ]`
    Arithmetic(Vec<Part>),
    /// `<( … )`, and `>( … )` which takes input.
    Process {
        /// Whether it reads what is written to it.
        takes: bool,
        /// Its commands.
        tokens: Vec<Token>,
    },
    /// `( … )` after `NAME=`
    Array(Vec<Token>),
    /// `@( … )` and the like.
    Glob(Vec<Part>),
}

impl Word {
    /// Its text if nothing of it is quoted or expanded.
    pub fn bare<'t>(&self, text: &'t str) -> Option<&'t str> {
        match self.parts.as_slice() {
            [Part { kind: PartKind::Literal, at }] => text.get(at.clone()),
            _ => None,
        }
    }

    /// All of it, as it is written.
    pub fn whole<'t>(&self, text: &'t str) -> &'t str {
        let (first, last) = (self.parts.first(), self.parts.last());
        first.zip(last).and_then(|(first, last)| text.get(first.at.start..last.at.end)).unwrap_or_default()
    }

    /// Its text without quotes, with `expansion` telling what stands for each part that the shell works out.
    pub fn text<'t>(&self, text: &'t str, expansion: &dyn Fn(&Part) -> Cow<'t, str>) -> Cow<'t, str> {
        let mut out = Cow::Borrowed("");
        gather(&self.parts, text, expansion, false, &mut out);
        out
    }
}

fn gather<'t>(
    parts: &[Part],
    text: &'t str,
    expansion: &dyn Fn(&Part) -> Cow<'t, str>,
    double: bool,
    out: &mut Cow<'t, str>,
) {
    let mut push = |more: Cow<'t, str>| {
        if out.is_empty() {
            *out = more;
        } else if !more.is_empty() {
            out.to_mut().push_str(&more);
        }
    };
    for part in parts {
        let whole = text.get(part.at.clone()).unwrap_or_default();
        match &part.kind {
            PartKind::Literal => push(whole.into()),
            PartKind::Escaped => match &whole[1..] {
                "\n" => {}
                kept if double && !kept.starts_with(['$', '`', '"', '\\']) => push(whole.into()),
                kept => push(kept.into()),
            },
            PartKind::Single => push(inside(whole, 1).into()),
            PartKind::Ansi => push(inside(whole, 2).into()),
            PartKind::Double(parts) => {
                let mut inner = Cow::Borrowed("");
                gather(parts, text, expansion, true, &mut inner);
                push(inner);
            }
            _ => push(expansion(part)),
        }
    }
}

/// What stands between quotes; the last may be missing.
fn inside(whole: &str, open: usize) -> &str {
    let rest = whole.get(open..).unwrap_or_default();
    rest.strip_suffix('\'').unwrap_or(rest)
}

impl Part {
    /// Whether the shell works nothing out in it.
    pub fn is_settled(&self) -> bool {
        match &self.kind {
            PartKind::Literal | PartKind::Escaped | PartKind::Single | PartKind::Ansi => true,
            PartKind::Double(parts) => parts.iter().all(Part::is_settled),
            _ => false,
        }
    }

    /// Calls `each` with every list of commands in this part, however its quotes nest, but not with lists in those.
    pub fn lists<'p>(&'p self, each: &mut dyn FnMut(&'p Part, &'p [Token])) {
        match &self.kind {
            PartKind::Command(tokens) | PartKind::Array(tokens) | PartKind::Process { tokens, .. } => {
                each(self, tokens);
            }
            PartKind::Backquote(Some(tokens)) => each(self, tokens),
            PartKind::Double(parts)
            | PartKind::Arithmetic(parts)
            | PartKind::Glob(parts)
            | PartKind::Parameter { braces: Some(parts), .. } => {
                parts.iter().for_each(|part| part.lists(each));
            }
            _ => {}
        }
    }
}
