//! Regular expressions, with bounds on what compiling and matching take, and classes that mean what people think.
//!
//! `\d`, `\w` and `\s` are those of ASCII: `\d` is `[0-9]`. A release named in Arabic digits is no release.

mod language;
mod nothing;
mod shape;

use std::fmt;

pub use language::Language;
pub use nothing::Never;
pub use shape::Shape;

use regex::{Captures, Regex, RegexBuilder, bytes};
use regex_syntax::ast::{self, Ast, ClassPerl, ClassPerlKind, ClassSetItem, Span, Visitor};
use regex_syntax::hir::{Class, Hir, HirKind};

/// The longest pattern that is read, in bytes.
pub const LONGEST: usize = 16 * 1024;

/// Groups and repetitions that may stand within one another.
const DEPTH: u32 = 50;

/// The largest automaton, in states.
const STATES: u64 = 50_000;

/// Most that a match may take: bytes of the text times states that are looked at for each of them.
const STEPS: u64 = 1_000_000_000;

/// Texts of which no pattern that says something takes all; the first two may be what nothing was printed looks like.
const ANYTHING: [&str; 6] = ["", "\u{1}\u{2}", "q", "Z\u{df} 7~", "word", "two words"];

/// A compiled pattern that says so where a text is too long for it.
#[derive(Clone, Debug)]
pub struct Pattern {
    regex: Regex,
    lines: bool,
    /// States that may be looked at for one byte.
    active: u64,
}

/// Matching may take too long: the text is long and the pattern is large.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the pattern is too large for a text of {0} bytes")]
pub struct TooLong(usize);

/// How a pattern lies over a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// Anywhere; `^` and `$` are the text's ends.
    Text,
    /// Anywhere; `^` and `$` stand at lines too, which end in LF or CR LF.
    Lines,
    /// Over all of it.
    Whole,
}

impl Pattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// It is none, or larger than patterns may be; the reason in words.
    pub fn new(source: &str, over: Over) -> Result<Pattern, String> {
        compile(&Checked::new(source, false)?, over)
    }

    /// Whether it matches.
    ///
    /// # Errors
    /// It would take too long.
    pub fn is_match(&self, text: &str) -> Result<bool, TooLong> {
        self.fits(text.len())?;
        Ok(self.regex.is_match(text))
    }

    /// The same of bytes: those that are no UTF-8 are no character, so that nothing but `(?-u)` matches them.
    ///
    /// # Errors
    /// It would take too long.
    pub fn is_match_bytes(&self, bytes: &[u8]) -> Result<bool, TooLong> {
        if let Ok(text) = std::str::from_utf8(bytes) {
            return self.is_match(text);
        }
        self.fits(bytes.len())?;
        let regex =
            bytes::RegexBuilder::new(self.regex.as_str()).multi_line(self.lines).crlf(self.lines).build();
        // What a text's pattern may hold, one of bytes may hold too.
        Ok(regex.is_ok_and(|regex| regex.is_match(bytes)))
    }

    /// The first match and its groups.
    ///
    /// # Errors
    /// It would take too long.
    pub fn captures<'t>(&self, text: &'t str) -> Result<Option<Captures<'t>>, TooLong> {
        self.fits(text.len())?;
        Ok(self.regex.captures(text))
    }

    /// Whether it takes whatever comes, and nothing as well.
    pub fn takes_anything(&self) -> bool {
        ANYTHING.iter().all(|text| self.is_match(text).unwrap_or(false))
    }

    /// Whether it takes whatever comes, if anything comes that can be read.
    pub fn takes_any_words(&self) -> bool {
        ANYTHING[2..].iter().all(|text| self.is_match(text).unwrap_or(false))
    }

    /// What of it is found in no text, if anything.
    pub fn never_takes(&self) -> Option<Never> {
        parsed(self.regex.as_str(), self.lines).and_then(|hir| nothing::never(&hir))
    }

    /// How many groups there are, the whole match among them.
    pub fn groups(&self) -> usize {
        self.regex.captures_len()
    }

    /// What matching a text of this many bytes may take.
    pub fn work(&self, bytes: usize) -> u64 {
        (bytes as u64).saturating_mul(self.active)
    }

    fn fits(&self, bytes: usize) -> Result<(), TooLong> {
        if self.work(bytes) > STEPS { Err(TooLong(bytes)) } else { Ok(()) }
    }
}

/// What of a pattern is found in no text, if anything; without compiling it. Of one that is none nothing is told.
pub fn never_takes(source: &str, over: Over) -> Option<Never> {
    let checked = Checked::new(source, false).ok()?;
    parsed(&written(&checked, over), over == Over::Lines).and_then(|hir| nothing::never(&hir))
}

/// As it is compiled.
fn parsed(source: &str, lines: bool) -> Option<Hir> {
    let mut parser = regex_syntax::ParserBuilder::new();
    parser.nest_limit(DEPTH + 4).multi_line(lines).crlf(lines).build().parse(source).ok()
}

/// Whether `source` is a pattern that can be compiled, without compiling it.
///
/// # Errors
/// It is none, or larger than patterns may be; the reason in words.
pub fn check(source: &str) -> Result<(), String> {
    Checked::new(source, false).map(|_| ())
}

/// A pattern as JSON paths write them ([RFC 9485](https://www.rfc-editor.org/rfc/rfc9485)): there `.` is no line end
/// of either kind.
pub(crate) fn interoperable(source: &str, whole: bool) -> Result<Pattern, String> {
    compile(&Checked::new(source, true)?, if whole { Over::Whole } else { Over::Text })
}

/// A pattern as it lies over a text.
fn written(checked: &Checked, over: Over) -> String {
    match over {
        Over::Whole => format!(r"\A(?:{}{})\z", checked.source, checked.end),
        Over::Text | Over::Lines => checked.source.clone(),
    }
}

fn compile(checked: &Checked, over: Over) -> Result<Pattern, String> {
    let source = written(checked, over);
    let lines = over == Over::Lines;
    let regex = RegexBuilder::new(&source).multi_line(lines).crlf(lines).build();
    Ok(Pattern { regex: regex.map_err(|error| last_line(&error))?, lines, active: checked.active })
}

/// A pattern that has been read and measured.
struct Checked {
    source: String,
    /// What ends a comment that the source may end in, where it has comments.
    end: &'static str,
    active: u64,
    hir: Hir,
}

impl Checked {
    fn new(source: &str, interoperable: bool) -> Result<Checked, String> {
        if source.len() > LONGEST {
            return Err(format!("it is longer than {LONGEST} bytes"));
        }
        let parsed = ast::parse::ParserBuilder::new().nest_limit(DEPTH).build().parse_with_comments(source);
        let with = parsed.map_err(|error| error.kind().to_string())?;
        let spans = ast::visit(&with.ast, Rewritten { spans: Vec::new(), interoperable })
            .map_err(|error: fmt::Error| error.to_string())?;
        let mut rewritten = String::with_capacity(source.len());
        let mut at = 0;
        for (span, text) in spans {
            rewritten.push_str(&source[at..span.start.offset]);
            rewritten.push_str(text);
            at = span.end.offset;
        }
        rewritten.push_str(&source[at..]);
        // Two levels more: a class may have become one in brackets.
        let hir = regex_syntax::ParserBuilder::new().nest_limit(DEPTH + 2).build().parse(&rewritten);
        let hir = hir.map_err(|error| last_line(&error))?;
        let cost = cost(&hir);
        if cost.states > STATES {
            return Err("it is too large once its repetitions are written out".to_owned());
        }
        let end = if with.comments.is_empty() { "" } else { "\n" };
        Ok(Checked { source: rewritten, end, active: cost.active, hir })
    }
}

fn last_line(error: &dyn fmt::Display) -> String {
    let error = error.to_string();
    error.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
}

/// Collects what is written otherwise.
struct Rewritten {
    spans: Vec<(Span, &'static str)>,
    interoperable: bool,
}

impl Rewritten {
    fn class(&mut self, class: &ClassPerl) {
        let ascii = match (&class.kind, class.negated) {
            (ClassPerlKind::Digit, false) => "[0-9]",
            (ClassPerlKind::Digit, true) => "[^0-9]",
            (ClassPerlKind::Word, false) => "[0-9A-Za-z_]",
            (ClassPerlKind::Word, true) => "[^0-9A-Za-z_]",
            (ClassPerlKind::Space, false) => r"[\t\n\x0B\f\r\x20]",
            (ClassPerlKind::Space, true) => r"[^\t\n\x0B\f\r\x20]",
        };
        self.spans.push((class.span, ascii));
    }
}

impl Visitor for Rewritten {
    type Output = Vec<(Span, &'static str)>;
    type Err = fmt::Error;

    fn finish(mut self) -> Result<Self::Output, fmt::Error> {
        self.spans.sort_by_key(|(span, _)| span.start.offset);
        Ok(self.spans)
    }

    fn visit_pre(&mut self, ast: &Ast) -> Result<(), fmt::Error> {
        match ast {
            Ast::ClassPerl(class) => self.class(class),
            Ast::Dot(span) if self.interoperable => self.spans.push((**span, r"[^\n\r]")),
            _ => {}
        }
        Ok(())
    }

    fn visit_class_set_item_pre(&mut self, item: &ClassSetItem) -> Result<(), fmt::Error> {
        if let ClassSetItem::Perl(class) = item {
            self.class(class);
        }
        Ok(())
    }
}

/// What a pattern comes to.
#[derive(Clone, Copy)]
struct Cost {
    /// States in all.
    states: u64,
    /// States that one byte may have to be held against.
    active: u64,
}

impl Cost {
    fn plus(self, other: Cost) -> Cost {
        Cost {
            states: self.states.saturating_add(other.states),
            active: self.active.saturating_add(other.active),
        }
    }

    fn times(self, count: u64) -> Cost {
        Cost { states: self.states.saturating_mul(count), active: self.active.saturating_mul(count) }
    }
}

/// The nesting has been bounded before.
fn cost(hir: &Hir) -> Cost {
    let one = Cost { states: 1, active: 1 };
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => one,
        HirKind::Literal(literal) => one.times(literal.0.len() as u64),
        HirKind::Class(class) => {
            let ranges = match class {
                Class::Unicode(class) => class.ranges().len(),
                Class::Bytes(class) => class.ranges().len(),
            };
            // Ranges of characters become sequences of bytes that share much, of which one is gone through at a time.
            Cost { states: ranges as u64 + 2, active: 2 }
        }
        HirKind::Repetition(repetition) => {
            let times = u64::from(repetition.max.unwrap_or(repetition.min.saturating_add(1))).max(1);
            cost(&repetition.sub).plus(one).times(times)
        }
        HirKind::Capture(capture) => cost(&capture.sub).plus(one),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().map(cost).fold(one, Cost::plus),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(source: &str, text: &str) -> bool {
        Pattern::new(source, Over::Text).unwrap().is_match(text).unwrap()
    }

    #[test]
    fn a_digit_is_one_of_ascii_wherever_it_stands_in_a_pattern() {
        for source in
            [r"^\d$", r"^[\d]$", r"^[^\D]$", r"^[\w&&\d]$", r"(?i)^\d$", r"^[a-z\d]$", r"^(?:x|\d)$"]
        {
            assert!(matches(source, "7"), "{source}");
            assert!(!matches(source, "٧"), "{source}");
        }
        assert!(matches(r"^\D$", "٧"));
        assert!(matches(r"^[^\d]$", "٧"));
        assert!(!matches(r"^\w$", "é"));
        assert!(matches(r"^\W$", "é"));
        assert!(!matches(r"^\s$", "\u{a0}"));
        assert!(matches(r"^\S$", "\u{a0}"));
        for c in ['\t', '\n', '\u{b}', '\u{c}', '\r', ' '] {
            assert!(matches(r"^\s$", &c.to_string()) && !matches(r"\S", &c.to_string()), "{c:?}");
        }
    }

    #[test]
    fn what_only_looks_like_a_class_is_left_as_it_stands() {
        assert!(matches(r"^\\d$", r"\d"));
        assert!(matches(r"^[\\d]+$", r"d\d"));
        assert!(matches(r"(?x)^a # \d is a digit", "a"));
        assert!(Pattern::new(r"[!-\d]", Over::Text).is_err());
    }

    #[test]
    fn a_pattern_stands_by_itself_and_not_only_within_brackets_of_ours() {
        for source in ["a)|(?:b", "a)(?:b", ")(", "a)", "(?:"] {
            assert!(Pattern::new(source, Over::Whole).is_err(), "{source}");
            assert!(check(source).is_err(), "{source}");
        }
        let commented = Pattern::new("(?x)ab # comment", Over::Whole).unwrap();
        assert!(commented.is_match("ab").unwrap() && !commented.is_match("abc").unwrap());
    }

    #[test]
    fn over_lines_and_over_the_whole_are_told_apart() {
        let lines = Pattern::new("^b$", Over::Lines).unwrap();
        assert!(lines.is_match("a\r\nb\r\nc").unwrap());
        assert!(!Pattern::new("^b$", Over::Text).unwrap().is_match("a\nb\nc").unwrap());
        let whole = Pattern::new("a|ab", Over::Whole).unwrap();
        assert!(whole.is_match("ab").unwrap() && !whole.is_match("ab\n").unwrap());
    }

    #[test]
    fn what_is_too_deep_too_long_or_too_large_is_refused_before_it_is_compiled() {
        for source in [
            "(".repeat(3_700) + &")".repeat(3_700),
            "(a{1000}){1000}".to_owned(),
            "((a{100}){100}){100}".to_owned(),
            r"\p{L}{1000}".to_owned(),
            "a".repeat(LONGEST + 1),
            "[".repeat(5_000),
            "(?:".repeat(5_000),
        ] {
            assert!(check(&source).is_err(), "{}", &source[..source.len().min(20)]);
        }
        assert!(check(r"^v\d{1,9}(\.\d+){2,3}$").is_ok());
        assert!(check(r"\p{L}{1,20}").is_ok());
    }

    #[test]
    fn a_large_pattern_is_not_held_against_a_long_text() {
        let large = Pattern::new("(?:[ab]*a[ab]{400})", Over::Text).unwrap();
        assert!(large.is_match(&"ab".repeat(1000)).unwrap());
        assert_eq!(large.is_match(&"ab".repeat(1_000_000)), Err(TooLong(2_000_000)));
        let small = Pattern::new("ERROR.*timeout", Over::Lines).unwrap();
        assert_eq!(small.is_match(&"x".repeat(20_000_000)), Ok(false));
    }
}
