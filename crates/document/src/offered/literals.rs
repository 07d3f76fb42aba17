//! Literals that look like examples: where they stand, and where the same ones stand as parts of longer words.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::classes::changes;
use crate::{Span, lints};

/// Kinds of literals that are examples more often than not; the first group is the literal.
const EXAMPLES: &[(&str, &str)] = &[
    ("date", r"(?:^|[^A-Za-z0-9_./-])([0-9]{4}-[0-9]{2}-[0-9]{2})(?:$|[^A-Za-z0-9_-])"),
    ("address", r"(?:^|[^A-Za-z0-9_.])([0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3})(?:$|[^A-Za-z0-9_.])"),
    (
        "version",
        r"(?:^|[^A-Za-z0-9_.+-])(v?[0-9]+\.[0-9]+\.[0-9]+(?:-[0-9A-Za-z]+(?:\.[0-9]+)?)?)(?:$|[^A-Za-z0-9_.])",
    ),
    (
        "id",
        r"(?:^|[^A-Za-z0-9_-])([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|[a-z]{1,6}-[0-9a-f]{8,17}|[0-9a-f]{12,64})(?:$|[^A-Za-z0-9_-])",
    ),
    (
        "host",
        r"(?:^|[^A-Za-z0-9_.-])((?:[a-z0-9][a-z0-9-]*\.)*(?:example\.(?:com|org|net)|[a-z0-9-]+\.(?:example|internal|local|lan|corp)))(?:$|[^A-Za-z0-9_.-])",
    ),
];

/// Addresses that are the same wherever a document is read.
const EVERYWHERE: &[&str] = &["0.0.0.0", "8.8.8.8", "8.8.4.4", "1.1.1.1", "9.9.9.9", "169.254.169.254"];

/// Literals of a text that look like examples, whatever it is, and their kinds; none overlaps another.
pub(crate) fn examples(text: &str) -> Vec<(Range<usize>, &'static str)> {
    static COMPILED: LazyLock<Vec<(&str, Regex)>> = LazyLock::new(|| {
        EXAMPLES.iter().filter_map(|(kind, pattern)| Some((*kind, Regex::new(pattern).ok()?))).collect()
    });
    let mut found: Vec<(Range<usize>, &'static str)> = Vec::new();
    if !text.bytes().any(|byte| byte.is_ascii_digit() || byte == b'.') {
        return found;
    }
    for (kind, pattern) in COMPILED.iter() {
        // A match takes the character behind it, which may be the one before the next.
        let mut from = 0;
        while let Some(literal) = pattern.captures_at(text, from).and_then(|captures| captures.get(1)) {
            from = literal.end();
            let overlaps = found.iter().any(|(at, _)| at.start < literal.end() && literal.start() < at.end);
            if !overlaps && is_example(kind, literal.as_str()) {
                found.push((literal.range(), kind));
            }
        }
    }
    found
}

/// Versions and dates that are a part of a longer word, set off by signs that join such parts: `backup-2024-05-01.dump`. An
/// address of the web names what it does on purpose.
fn glued(text: &str) -> Vec<(Range<usize>, &'static str)> {
    static PARTS: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:[0-2][0-9]|3[01])|v?[0-9]+\.[0-9]+\.[0-9]+").ok()
    });
    if !text.bytes().any(|byte| byte.is_ascii_digit()) {
        return Vec::new();
    }
    let joins = |c: char| "-_./:=".contains(c);
    let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'');
    let parts = PARTS.iter().flat_map(|parts| parts.find_iter(text)).filter(|part| {
        let (before, behind) = (&text[..part.start()], &text[part.end()..]);
        let word = before.rfind(ends).map_or(before, |at| &before[at..]);
        let (mut back, mut ahead) = (before.chars().rev(), behind.chars());
        let (last, next) = (back.next(), ahead.next());
        let goes_on = |sign: Option<char>, other: Option<char>| {
            sign == Some('.') && other.is_some_and(|c| c.is_ascii_digit())
        };
        let set_off = |c: Option<char>| c.is_none_or(|c| joins(c) || ends(c));
        set_off(last)
            && set_off(next)
            && (last.is_some_and(joins) || next.is_some_and(joins))
            && !goes_on(last, back.next())
            && !goes_on(next, ahead.next())
            && !word.contains("://")
    });
    parts.map(|part| (part.range(), if part.as_str().contains('.') { "version" } else { "date" })).collect()
}

fn is_example(kind: &str, literal: &str) -> bool {
    match kind {
        "address" => {
            !EVERYWHERE.contains(&literal)
                && !literal.starts_with("127.")
                && !literal.starts_with("255.")
                && literal.split('.').all(|part| part.parse::<u8>().is_ok())
        }
        // Words of letters alone, and numbers, are no ids.
        "id" => {
            let tail = literal.rsplit('-').next().unwrap_or_default();
            tail.contains(|c: char| c.is_ascii_digit()) && tail.contains(|c: char| c.is_ascii_alphabetic())
        }
        _ => true,
    }
}

/// Literals that are asked about, each with its kind.
#[derive(Debug, Default)]
pub(crate) struct Literals {
    kinds: BTreeMap<String, &'static str>,
    /// How long they are, the longest first.
    lengths: Vec<usize>,
}

/// What stands around a literal in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Border {
    /// It is part of another version, date, number or name: not this literal.
    Another,
    /// Nothing of its word would change with it.
    Clear,
    /// It may be part of something that another value makes wrong.
    Unclear,
}

impl Literals {
    /// Those of commands that change something, and those that are given to a variable which such a command reads, parts of
    /// longer words among them. A version is asked about with and without its `v`, as two values.
    pub(super) fn of<'c>(commands: impl Iterator<Item = &'c str> + Clone) -> Literals {
        let changing: Vec<&str> = commands.clone().filter(|command| changes(command)).collect();
        // Most documents have none.
        let given: Vec<(&str, BTreeSet<String>)> = commands
            .filter(|command| !examples(command).is_empty() || !glued(command).is_empty())
            .map(|command| (command, lints::outline(command).defines))
            .filter(|(_, names)| !names.is_empty())
            .collect();
        let read: BTreeSet<String> = match given.is_empty() {
            true => BTreeSet::new(),
            false => changing.iter().flat_map(|command| lints::outline(command).uses).collect(),
        };
        let sets = given
            .iter()
            .filter(|(_, names)| names.iter().any(|name| read.contains(name)))
            .map(|(command, _)| *command);
        let mut kinds = BTreeMap::new();
        for command in changing.into_iter().chain(sets) {
            for (at, kind) in examples(command).into_iter().chain(glued(command)) {
                let literal = &command[at];
                if kind == "version" {
                    let other =
                        literal.strip_prefix('v').map_or_else(|| format!("v{literal}"), str::to_owned);
                    kinds.insert(other, kind);
                }
                kinds.insert(literal.to_owned(), kind);
            }
        }
        // As patterns have them; no value takes the place of one.
        let escaped: Vec<(String, &str)> = kinds
            .iter()
            .filter(|(literal, _)| literal.contains('.'))
            .map(|(literal, kind)| (literal.replace('.', r"\."), *kind))
            .collect();
        kinds.extend(escaped);
        let lengths: BTreeSet<usize> = kinds.keys().map(String::len).collect();
        Literals { kinds, lengths: lengths.into_iter().rev().collect() }
    }

    pub(super) fn has(&self, literal: &str) -> bool {
        self.kinds.contains_key(literal)
    }

    /// Where they stand in a text, whatever stands around them but what makes another of them: each with its kind, and
    /// whether another value can take its place there. None overlaps another.
    pub(super) fn within(&self, text: &str) -> Vec<(Range<usize>, &'static str, bool)> {
        let mut found = Vec::new();
        let mut at = 0;
        while let Some(next) =
            text[at..].find(|c: char| c.is_ascii_alphanumeric()).filter(|_| !self.lengths.is_empty())
        {
            let start = at + next;
            at = start + 1;
            let kind = |length: &usize| {
                let (literal, kind) = self.kinds.get_key_value(text.get(start..start + length)?)?;
                let end = start + length;
                match border(literal, kind, &text[..start], &text[end..]) {
                    Border::Another => None,
                    border => Some((start..end, *kind, border == Border::Clear && !literal.contains('\\'))),
                }
            };
            if let Some(literal) = self.lengths.iter().find_map(kind) {
                at = literal.0.end;
                found.push(literal);
            }
        }
        found
    }

    /// The lines of a document in which each stands where no command asks about it: outside of these places, which are in
    /// order.
    pub(super) fn elsewhere(&self, source: &str, asked: &[Span]) -> Elsewhere {
        let mut lines: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let (mut line, mut passed, mut span) = (1, 0, 0);
        for (at, ..) in self.within(source) {
            line += source[passed..at.start].matches('\n').count();
            passed = at.start;
            span += asked[span..].iter().take_while(|asked| asked.end <= at.start).count();
            if asked.get(span).is_none_or(|asked| at.start < asked.start) {
                let of = lines.entry(source[at].to_owned()).or_default();
                if of.last() != Some(&line) {
                    of.push(line);
                }
            }
        }
        Elsewhere { lines }
    }
}

/// Where literals stand in a document that no command asks about.
#[derive(Debug, Default)]
pub(crate) struct Elsewhere {
    lines: BTreeMap<String, Vec<usize>>,
}

impl Elsewhere {
    /// The lines in which a literal stands.
    pub(crate) fn lines(&self, literal: &str) -> &[usize] {
        self.lines.get(literal).map(Vec::as_slice).unwrap_or_default()
    }
}

/// What files end in, behind a dot: a version or a date before one of these ends there.
const ENDINGS: &str = "7z apk asc bak bin bz2 conf crt csv deb dmg dump ear exe gem gz html img iso jar json key log md md5 msi ova pem pkg
    qcow2 rpm sha256 sha512 sh sig sql sqlite tar tbz tgz toml txt war whl xml xz yaml yml zip zst";

/// What stands around a literal of this kind.
fn border(literal: &str, kind: &str, before: &str, behind: &str) -> Border {
    use Border::{Another, Clear, Unclear};
    let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    let word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric());
    let (mut back, mut ahead) = (before.chars().rev(), behind.chars());
    let (last, last_but_one) = (back.next(), back.next());
    let (next, next_but_one) = (ahead.next(), ahead.next());
    let begins_with_digit = digit(literal.chars().next());
    let ends_with_digit = digit(literal.chars().next_back());
    let numbers = digit(last) && begins_with_digit || digit(next) && ends_with_digit;
    let parts = matches!(kind, "version" | "address")
        && (last == Some('.') && digit(last_but_one) && begins_with_digit
            || next == Some('.') && digit(next_but_one));
    let names = match kind {
        "id" => word(last) || word(next),
        "host" => {
            let part = |c| word(c) || matches!(c, Some('-' | '_'));
            part(last) || part(next) || next == Some('.') && word(next_but_one)
        }
        _ => false,
    };
    if numbers || parts || names {
        return Another;
    }
    let begins = match last {
        None => true,
        Some('-' | '_') => !digit(last_but_one),
        // A range of `git`.
        Some('.') => last_but_one == Some('.'),
        Some(c) => !c.is_alphanumeric() && !".+~}\\$%)`".contains(c),
    };
    let ends = match next {
        None => true,
        Some('.') => match next_but_one {
            Some('.') => true,
            Some(c) if c.is_alphanumeric() => {
                let ending: String = behind[1..].chars().take_while(char::is_ascii_alphanumeric).collect();
                ENDINGS.split_whitespace().any(|one| one == ending)
            }
            _ => true,
        },
        Some(c) => !c.is_alphanumeric() && !"-_+~{\\$%`(".contains(c),
    };
    if begins && ends { Clear } else { Unclear }
}

/// Numbers of lines in words: `line 3`, `lines 3, 5 and 9`; of many the first few.
pub(crate) fn in_lines(lines: &[usize]) -> String {
    const MOST: usize = 4;
    match lines {
        [only] => format!("line {only}"),
        lines => {
            let (told, more) = lines.split_at(lines.len().min(MOST));
            let mut told: Vec<String> = told.iter().map(usize::to_string).collect();
            told.extend((!more.is_empty()).then(|| format!("{} more", more.len())));
            let last = told.pop().unwrap_or_default();
            format!("lines {} and {last}", told.join(", "))
        }
    }
}
