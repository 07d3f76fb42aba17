//! A text to a path, in one pass: nothing is tried twice, so that nesting costs no more than its length.

use super::scan::Scan;
use super::tree::{BadPath, Comparison, LONGEST, Logical, Match, Operand, Pattern, Query, Segment, Selector};
use crate::json::Value;
use crate::pattern;

/// Filters, parentheses and calls that may stand within one another.
const DEPTH: usize = 32;

pub(super) fn path(text: &str) -> Result<Vec<Segment>, BadPath> {
    if text.len() > LONGEST {
        return Err(BadPath { what: format!("a path has {LONGEST} bytes at most"), at: LONGEST });
    }
    let mut parser = Parser { scan: Scan::new(text), depth: 0 };
    parser.scan.expect("$")?;
    let segments = parser.segments()?;
    if parser.scan.next().is_some() {
        return parser.scan.bad("expected `.`, `..` or `[`");
    }
    Ok(segments)
}

struct Parser<'t> {
    scan: Scan<'t>,
    depth: usize,
}

/// What a call comes to, by its type.
enum Call {
    Value(Operand),
    Truth(Match),
}

impl Parser<'_> {
    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, BadPath>) -> Result<T, BadPath> {
        if self.depth >= DEPTH {
            return self.scan.bad(format!("nested deeper than {DEPTH}"));
        }
        self.depth += 1;
        let read = read(self);
        self.depth -= 1;
        read
    }

    fn segments(&mut self) -> Result<Vec<Segment>, BadPath> {
        let mut segments = Vec::new();
        while self.scan.blanks_before(&['.', '[']) {
            let descendants = self.scan.take("..");
            let dot = !descendants && self.scan.take(".");
            let selectors = match self.scan.next() {
                Some('[') if !dot => self.bracketed()?,
                Some('*') => {
                    self.scan.take("*");
                    vec![Selector::Wildcard]
                }
                _ => vec![Selector::Name(self.scan.name()?)],
            };
            segments.push(Segment { descendants, selectors });
        }
        Ok(segments)
    }

    fn bracketed(&mut self) -> Result<Vec<Selector>, BadPath> {
        let mut selectors = Vec::new();
        self.scan.expect("[")?;
        loop {
            self.scan.blanks();
            selectors.push(self.selector()?);
            self.scan.blanks();
            if !self.scan.take(",") {
                break;
            }
        }
        self.scan.expect("]")?;
        Ok(selectors)
    }

    fn selector(&mut self) -> Result<Selector, BadPath> {
        match self.scan.next() {
            Some('"' | '\'') => Ok(Selector::Name(self.scan.string()?)),
            Some('*') => {
                self.scan.take("*");
                Ok(Selector::Wildcard)
            }
            Some('?') => {
                self.scan.take("?");
                Ok(Selector::Filter(self.deeper(|parser| {
                    parser.scan.blanks();
                    parser.any()
                })?))
            }
            Some('-' | '0'..='9' | ':') => self.index_or_slice(),
            _ => self.scan.bad("expected a name in quotes, a number, a slice, `*` or `?`"),
        }
    }

    fn index_or_slice(&mut self) -> Result<Selector, BadPath> {
        let start = self.bound()?;
        if !self.scan.blanks_before(&[':']) {
            return match start {
                Some(index) => Ok(Selector::Index(index)),
                None => self.scan.bad("expected a number"),
            };
        }
        self.scan.take(":");
        self.scan.blanks_before(&['-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
        let end = self.bound()?;
        let mut step = None;
        if self.scan.blanks_before(&[':']) {
            self.scan.take(":");
            self.scan.blanks_before(&['-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
            step = self.bound()?;
        }
        Ok(Selector::Slice { start, end, step: step.unwrap_or(1) })
    }

    fn bound(&mut self) -> Result<Option<i64>, BadPath> {
        let given = matches!(self.scan.next(), Some('-' | '0'..='9'));
        given.then(|| self.scan.whole()).transpose()
    }

    fn any(&mut self) -> Result<Logical, BadPath> {
        let first = self.all()?;
        let mut parts = vec![first];
        while self.scan.blanks_before(&['|']) {
            self.scan.expect("||")?;
            self.scan.blanks();
            parts.push(self.all()?);
        }
        Ok(if parts.len() > 1 { Logical::Any(parts) } else { parts.remove(0) })
    }

    fn all(&mut self) -> Result<Logical, BadPath> {
        let first = self.basic()?;
        let mut parts = vec![first];
        while self.scan.blanks_before(&['&']) {
            self.scan.expect("&&")?;
            self.scan.blanks();
            parts.push(self.basic()?);
        }
        Ok(if parts.len() > 1 { Logical::All(parts) } else { parts.remove(0) })
    }

    fn basic(&mut self) -> Result<Logical, BadPath> {
        let not = self.scan.take("!");
        if not {
            self.scan.blanks();
        }
        let inner = match self.scan.next() {
            Some('(') => self.deeper(|parser| {
                parser.scan.take("(");
                parser.scan.blanks();
                let inner = parser.any()?;
                parser.scan.blanks();
                parser.scan.expect(")")?;
                Ok(inner)
            })?,
            Some('@' | '$') => {
                let query = self.query()?;
                match self.comparison() {
                    Some(comparison) if !not => {
                        let left = self.singular(query)?;
                        self.compared(left, comparison)?
                    }
                    _ => Logical::Exists(query),
                }
            }
            Some('a'..='z') => match self.word()? {
                Word::Call(Call::Truth(matches)) => Logical::Matches(matches),
                Word::Call(Call::Value(left)) | Word::Literal(left) if !not => self.then_compared(left)?,
                _ => return self.scan.bad("this is a value; expected a comparison, a path or match(…)"),
            },
            _ if !not => {
                let left = self.literal()?;
                self.then_compared(left)?
            }
            _ => return self.scan.bad("expected `(`, a path or a call after `!`"),
        };
        Ok(if not { Logical::Not(Box::new(inner)) } else { inner })
    }

    fn then_compared(&mut self, left: Operand) -> Result<Logical, BadPath> {
        match self.comparison() {
            Some(comparison) => self.compared(left, comparison),
            None => self.scan.bad("a value alone is neither true nor false; expected a comparison"),
        }
    }

    fn compared(&mut self, left: Operand, comparison: Comparison) -> Result<Logical, BadPath> {
        self.scan.blanks();
        let right = self.operand()?;
        Ok(Logical::Compare(left, comparison, right))
    }

    fn comparison(&mut self) -> Option<Comparison> {
        if !self.scan.blanks_before(&['=', '!', '<', '>']) {
            return None;
        }
        let all = [
            ("==", Comparison::Equal),
            ("!=", Comparison::Unequal),
            ("<=", Comparison::AtMost),
            (">=", Comparison::AtLeast),
            ("<", Comparison::Less),
            (">", Comparison::Greater),
        ];
        all.into_iter().find(|(sign, _)| self.scan.take(sign)).map(|(_, comparison)| comparison)
    }

    /// One side of a comparison, or what a function takes as a value.
    fn operand(&mut self) -> Result<Operand, BadPath> {
        match self.scan.next() {
            Some('@' | '$') => {
                let query = self.query()?;
                self.singular(query)
            }
            Some('a'..='z') => match self.word()? {
                Word::Literal(value) | Word::Call(Call::Value(value)) => Ok(value),
                Word::Call(Call::Truth(_)) => self.scan.bad("match(…) and search(…) are no values"),
            },
            _ => self.literal(),
        }
    }

    fn literal(&mut self) -> Result<Operand, BadPath> {
        match self.scan.next() {
            Some('"' | '\'') => Ok(Operand::Literal(Value::String(self.scan.string()?))),
            Some('-' | '0'..='9') => Ok(Operand::Literal(self.scan.number()?)),
            _ => self.scan.bad("expected a path, a text in quotes, a number, true, false, null or a call"),
        }
    }

    fn query(&mut self) -> Result<Query, BadPath> {
        let relative = self.scan.take("@");
        if !relative {
            self.scan.expect("$")?;
        }
        Ok(Query { relative, segments: self.segments()? })
    }

    fn singular(&self, query: Query) -> Result<Operand, BadPath> {
        match query.singular() {
            true => Ok(Operand::Singular(query)),
            false => {
                self.scan.bad("the path before this may select several values; expected one that cannot")
            }
        }
    }

    fn word(&mut self) -> Result<Word, BadPath> {
        let word = self.scan.word();
        if self.scan.take("(") {
            return Ok(Word::Call(self.deeper(|parser| parser.call(word))?));
        }
        let value = match word {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "null" => Value::Null,
            _ => return self.scan.bad(format!("`{word}` is no value: texts stand in quotes")),
        };
        Ok(Word::Literal(Operand::Literal(value)))
    }

    /// A call, read from behind its parenthesis.
    fn call(&mut self, name: &str) -> Result<Call, BadPath> {
        self.scan.blanks();
        let call = match name {
            "length" => Call::Value(Operand::Length(Box::new(self.operand()?))),
            "count" => Call::Value(Operand::Count(self.nodes()?)),
            "value" => Call::Value(Operand::Value(self.nodes()?)),
            "match" | "search" => {
                let text = self.operand()?;
                self.scan.blanks();
                self.scan.expect(",")?;
                self.scan.blanks();
                let pattern = self.operand()?;
                Call::Truth(self.matches(text, pattern, name == "match")?)
            }
            _ => {
                let help = "the functions are length, count, value, match and search";
                return self.scan.bad(format!("there is no function `{name}`; {help}"));
            }
        };
        self.scan.blanks();
        self.scan.expect(")")?;
        Ok(call)
    }

    fn nodes(&mut self) -> Result<Query, BadPath> {
        match self.scan.next() {
            Some('@' | '$') => self.query(),
            _ => self.scan.bad("expected a path"),
        }
    }

    /// A pattern that is written here must be one: it would silently match nothing.
    fn matches(&self, text: Operand, pattern: Operand, whole: bool) -> Result<Match, BadPath> {
        let pattern = match &pattern {
            Operand::Literal(Value::String(source)) => match pattern::interoperable(source, whole) {
                Ok(regex) => Pattern::Known(regex),
                Err(error) => return self.scan.bad(format!("the pattern before this is none: {error}")),
            },
            _ => Pattern::Told(pattern),
        };
        Ok(Match { text, pattern, whole })
    }
}

enum Word {
    Literal(Operand),
    Call(Call),
}
