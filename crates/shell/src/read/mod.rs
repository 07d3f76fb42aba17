//! The tokeniser: POSIX sh and bash, read as both do; where they differ, a [`Doubt`] says so.
//!
//! Nothing is unwound at an error: it is noted, the reader stands at the end from then on, and what was read stays.

mod expansions;
mod here;
mod list;
mod words;

use crate::token::{Doubt, Error, ErrorKind, Script, Token};

/// Quotes, expansions and compound commands may nest this deep.
pub const DEPTH: usize = 96;

/// As many here-documents may begin on one line; bash refuses more.
pub const HERE_DOCUMENTS: usize = 16;

/// Why what stands in backquotes is in doubt.
pub(crate) const BACKQUOTES: &str = "what stands in backquotes";

/// Reads a script into tokens. It takes a time that grows with the script's length only.
pub fn read(text: &str) -> Script {
    let mut reader = Reader {
        text,
        bytes: text.as_bytes(),
        at: 0,
        end: text.len(),
        depth: 0,
        steps: 0,
        most: text.len().saturating_mul(64).saturating_add(4096),
        pending: 0,
        nested: 0,
        doubles: 0,
        doubts: Vec::new(),
        error: None,
    };
    let tokens = reader.list(None);
    let Reader { mut doubts, error, .. } = reader;
    doubts.sort_by_key(|doubt| doubt.at);
    Script { tokens, doubts, error }
}

struct Reader<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    /// Where reading ends: of the script, or of the part that is read by itself.
    end: usize,
    depth: usize,
    steps: usize,
    most: usize,
    /// Here-documents of all open lists whose bodies have not begun.
    pending: usize,
    /// Lists that are open, the script itself not counted.
    nested: usize,
    /// Double quotes that are open.
    doubles: usize,
    doubts: Vec<Doubt>,
    error: Option<Error>,
}

/// A place to come back to.
struct Mark {
    at: usize,
    depth: usize,
    pending: usize,
    doubles: usize,
    doubts: usize,
    error: Option<Error>,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.ahead(0)
    }

    fn ahead(&self, by: usize) -> Option<u8> {
        let at = self.at + by;
        if at < self.end { self.bytes.get(at).copied() } else { None }
    }

    fn next_is(&self, what: &str) -> bool {
        self.bytes[self.at.min(self.end)..self.end].starts_with(what.as_bytes())
    }

    /// Steps over one character, and counts it.
    fn step(&mut self) {
        self.spend();
        let rest = self.text.get(self.at..self.end).unwrap_or_default();
        self.at = (self.at + rest.chars().next().map_or(1, char::len_utf8)).min(self.end);
    }

    fn spend(&mut self) {
        self.steps += 1;
        if self.steps > self.most {
            self.fail(ErrorKind::Budget, self.at);
        }
    }

    /// Notes an error, of which the first counts, and ends the reading.
    fn fail(&mut self, kind: ErrorKind, at: usize) {
        if self.error.is_none() {
            self.error = Some(Error { kind, at });
        }
        self.at = self.end;
    }

    fn doubt(&mut self, at: usize, why: &'static str) {
        self.doubts.push(Doubt { at, why });
    }

    /// Goes one deeper, if that is allowed.
    fn deeper(&mut self) -> bool {
        self.depth += 1;
        if self.depth > DEPTH {
            self.fail(ErrorKind::Depth, self.at);
        }
        self.depth <= DEPTH
    }

    fn mark(&self) -> Mark {
        Mark {
            at: self.at,
            depth: self.depth,
            pending: self.pending,
            doubles: self.doubles,
            doubts: self.doubts.len(),
            error: self.error.clone(),
        }
    }

    fn back(&mut self, mark: Mark) {
        self.at = mark.at;
        self.depth = mark.depth;
        self.pending = mark.pending;
        self.doubles = mark.doubles;
        self.doubts.truncate(mark.doubts);
        self.error = mark.error;
    }

    /// The commands of a substitution that begins here, up to its `)`, which is stepped over. `open` is where it began.
    fn nested(&mut self, open: usize) -> Vec<Token> {
        if !self.deeper() {
            return Vec::new();
        }
        self.nested += 1;
        let tokens = self.list(Some(open));
        self.nested -= 1;
        self.depth -= 1;
        tokens
    }
}
