//! Whether a pattern matches no text at all, by going through it once with every place that a match can be at.
//!
//! What `^`, `$` and `\b` ask for depends on the character before them and the one behind them, and of these only on
//! which of a few kinds they are. So a place is a pair of kinds, and a part of a pattern leads from places to places.

use std::collections::HashMap;

use regex_syntax::hir::{Class, ClassUnicode, Hir, HirKind, Look};

/// What of a pattern is found in no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Never {
    /// All of it: it takes no text.
    Anything,
    /// One of its alternatives, or something in it that may be left out.
    APart,
}

/// Kinds of characters, and the end of a text for none: LF, CR, a letter of ASCII, another letter, anything else.
const KINDS: usize = 6;
const NONE: usize = 0;
const LF: usize = 1;
const CR: usize = 2;
const ASCII: usize = 3;
const LETTER: usize = 4;

/// Pairs of the kind before and the kind behind.
const PLACES: usize = KINDS * KINDS;

/// The characters of each kind; of the first there are none.
fn characters() -> Vec<ClassUnicode> {
    [r"[[a-z]&&[^a-z]]", r"\n", r"\r", r"[0-9A-Za-z_]", r"[\w--[0-9A-Za-z_]]", r"[^\w\r\n]"]
        .iter()
        .filter_map(|source| match regex_syntax::parse(source).ok()?.into_kind() {
            HirKind::Class(Class::Unicode(class)) => Some(class),
            HirKind::Literal(literal) => std::str::from_utf8(&literal.0).ok()?.chars().next().map(one),
            _ => Some(ClassUnicode::empty()),
        })
        .collect()
}

fn one(character: char) -> ClassUnicode {
    ClassUnicode::new([regex_syntax::hir::ClassUnicodeRange::new(character, character)])
}

/// Every place.
const ANYWHERE: u64 = (1 << PLACES) - 1;

/// From each place, the places that it leads to, a bit each.
#[derive(Clone, Copy, PartialEq)]
struct Leads([u64; PLACES]);

impl Leads {
    const NOWHERE: Leads = Leads([0; PLACES]);

    fn stay(holds: impl Fn(usize, usize) -> bool) -> Leads {
        let mut leads = Leads::NOWHERE;
        for (at, to) in leads.0.iter_mut().enumerate() {
            *to = if holds(at / KINDS, at % KINDS) { 1 << at } else { 0 };
        }
        leads
    }

    /// One character of these kinds.
    fn character(kinds: impl Fn(usize) -> bool) -> Leads {
        let mut leads = Leads::NOWHERE;
        for (at, to) in leads.0.iter_mut().enumerate() {
            let kind = at % KINDS;
            if kind != NONE && kinds(kind) {
                *to = (0..KINDS).fold(0, |to, next| to | 1 << (kind * KINDS + next));
            }
        }
        leads
    }

    fn then(self, next: Leads) -> Leads {
        let mut leads = Leads::NOWHERE;
        for (from, to) in self.0.iter().enumerate() {
            leads.0[from] = (0..PLACES).filter(|at| to >> at & 1 == 1).fold(0, |all, at| all | next.0[at]);
        }
        leads
    }

    fn or(self, other: Leads) -> Leads {
        let mut leads = self;
        leads.0.iter_mut().zip(other.0).for_each(|(to, more)| *to |= more);
        leads
    }

    /// The places that it leads to from any of these.
    fn after(self, from: u64) -> u64 {
        (0..PLACES).filter(|at| from >> at & 1 == 1).fold(0, |all, at| all | self.0[at])
    }

    /// The places from which it leads to any of these.
    fn before(self, to: u64) -> u64 {
        (0..PLACES).filter(|at| self.0[*at] & to != 0).fold(0, |all, at| all | 1 << at)
    }

    fn can(self, from: u64, to: u64) -> bool {
        from & self.before(to) != 0
    }

    fn times(self, mut count: u32) -> Leads {
        let (mut all, mut power) = (Leads::stay(|_, _| true), self);
        while count > 0 {
            if count & 1 == 1 {
                all = all.then(power);
            }
            power = power.then(power);
            count >>= 1;
        }
        all
    }
}

/// A part of a pattern, with its own parts.
pub(super) struct Part<'h> {
    hir: &'h Hir,
    leads: Leads,
    parts: Vec<Part<'h>>,
}

/// What matches nowhere in any text: all of it, or an alternative, or what may be left out, where it stands. The nesting
/// has been bounded before.
pub(super) fn never(hir: &Hir) -> Option<Never> {
    let whole = Alphabet::new().part(hir);
    if whole.leads == Leads::NOWHERE {
        return Some(Never::Anything);
    }
    idle(&whole, ANYWHERE, ANYWHERE).then_some(Never::APart)
}

/// `from` are the places that the part can begin at, `to` those that the rest can go on from.
fn idle(part: &Part<'_>, from: u64, to: u64) -> bool {
    match part.hir.kind() {
        HirKind::Alternation(_) => {
            part.parts.iter().any(|one| !one.leads.can(from, to) || idle(one, from, to))
        }
        HirKind::Concat(_) => {
            let mut ends: Vec<u64> = part
                .parts
                .iter()
                .rev()
                .scan(to, |to, one| Some(std::mem::replace(to, one.leads.before(*to))))
                .collect();
            let mut from = from;
            part.parts.iter().any(|one| {
                let found = idle(one, from, ends.pop().unwrap_or(ANYWHERE));
                from = one.leads.after(from);
                found
            })
        }
        HirKind::Repetition(repetition) => {
            let Some(once) = part.parts.first().filter(|_| repetition.max != Some(0)) else { return false };
            // It may stand behind itself, and before.
            let from = closed(from, |from| once.leads.after(from));
            let to = closed(to, |to| once.leads.before(to));
            repetition.min == 0 && !once.leads.can(from, to) || idle(once, from, to)
        }
        _ => part.parts.iter().any(|one| idle(one, from, to)),
    }
}

fn closed(mut places: u64, more: impl Fn(u64) -> u64) -> u64 {
    loop {
        let all = places | more(places);
        if all == places {
            return all;
        }
        places = all;
    }
}

/// The characters of each kind, and what was found of classes: a pattern has few, however long it is.
struct Alphabet {
    kinds: Vec<ClassUnicode>,
    seen: HashMap<Vec<(char, char)>, Leads>,
}

impl Alphabet {
    fn new() -> Alphabet {
        Alphabet { kinds: characters(), seen: HashMap::new() }
    }

    fn part<'h>(&mut self, hir: &'h Hir) -> Part<'h> {
        let parts: Vec<Part<'h>> = match hir.kind() {
            HirKind::Repetition(repetition) => vec![self.part(&repetition.sub)],
            HirKind::Capture(capture) => vec![self.part(&capture.sub)],
            HirKind::Concat(parts) | HirKind::Alternation(parts) => {
                parts.iter().map(|one| self.part(one)).collect()
            }
            HirKind::Empty | HirKind::Look(_) | HirKind::Literal(_) | HirKind::Class(_) => Vec::new(),
        };
        Part { hir, leads: self.leads(hir, &parts), parts }
    }

    fn leads(&mut self, hir: &Hir, parts: &[Part<'_>]) -> Leads {
        let stay = Leads::stay(|_, _| true);
        match hir.kind() {
            HirKind::Empty => stay,
            HirKind::Look(look) => Leads::stay(|before, behind| holds(*look, before, behind)),
            HirKind::Literal(literal) => match std::str::from_utf8(&literal.0) {
                Ok(text) => {
                    text.chars().fold(stay, |leads, character| leads.then(self.class(&one(character))))
                }
                // Bytes that are no text may stand anywhere.
                Err(_) => Leads::character(|_| true),
            },
            HirKind::Class(Class::Unicode(class)) => self.class(class),
            HirKind::Class(Class::Bytes(class)) => match class.to_unicode_class() {
                Some(class) => self.class(&class),
                None => Leads::character(|_| true),
            },
            HirKind::Repetition(repetition) => {
                let once = parts.first().map_or(Leads::NOWHERE, |part| part.leads);
                let more = repetition.max.map_or(PLACES as u32, |most| most - repetition.min.min(most));
                once.times(repetition.min).then(once.or(stay).times(more))
            }
            HirKind::Capture(_) | HirKind::Concat(_) => {
                parts.iter().fold(stay, |all, part| all.then(part.leads))
            }
            HirKind::Alternation(_) => parts.iter().fold(Leads::NOWHERE, |all, part| all.or(part.leads)),
        }
    }

    /// One character of a class.
    fn class(&mut self, class: &ClassUnicode) -> Leads {
        let ranges: Vec<_> = class.ranges().iter().map(|range| (range.start(), range.end())).collect();
        if let Some(leads) = self.seen.get(&ranges) {
            return *leads;
        }
        let meets = |kind: usize| {
            let Some(characters) = self.kinds.get(kind) else { return true };
            let mut both = class.clone();
            both.intersect(characters);
            !both.ranges().is_empty()
        };
        let leads = Leads::character(meets);
        self.seen.insert(ranges, leads);
        leads
    }
}

fn holds(look: Look, before: usize, behind: usize) -> bool {
    let ascii = |kind| kind == ASCII;
    let word = |kind| kind == ASCII || kind == LETTER;
    match look {
        Look::Start => before == NONE,
        Look::End => behind == NONE,
        Look::StartLF => before == NONE || before == LF,
        Look::EndLF => behind == NONE || behind == LF,
        Look::StartCRLF => before == NONE || before == LF || before == CR && behind != LF,
        Look::EndCRLF => behind == NONE || behind == CR || behind == LF && before != CR,
        Look::WordAscii => ascii(before) != ascii(behind),
        Look::WordAsciiNegate => ascii(before) == ascii(behind),
        Look::WordUnicode => word(before) != word(behind),
        Look::WordUnicodeNegate => word(before) == word(behind),
        Look::WordStartAscii => !ascii(before) && ascii(behind),
        Look::WordEndAscii => ascii(before) && !ascii(behind),
        Look::WordStartUnicode => !word(before) && word(behind),
        Look::WordEndUnicode => word(before) && !word(behind),
        Look::WordStartHalfAscii => !ascii(before),
        Look::WordEndHalfAscii => !ascii(behind),
        Look::WordStartHalfUnicode => !word(before),
        Look::WordEndHalfUnicode => !word(behind),
    }
}

#[cfg(test)]
mod tests {
    use crate::pattern::{Never, Over, Pattern};

    #[test]
    fn a_pattern_that_no_text_has_is_told_from_one_that_some_text_has() {
        for (source, over, nothing) in [
            (r"[^\s\S]", Over::Lines, true),
            (r"a^b", Over::Lines, true),
            (r"$a", Over::Lines, true),
            (r"a$b", Over::Text, true),
            (r"ERROR\zx", Over::Lines, true),
            (r"\b\B", Over::Lines, true),
            (r"x\by", Over::Lines, true),
            (r"(a^b|[^\s\S]){2,}", Over::Lines, true),
            (r"[a&&b]+c", Over::Lines, true),
            (r"a\n^b", Over::Text, true),
            (r"^$\n^x", Over::Text, true),
            (r"\<a\>b", Over::Lines, true),
            (r"a^b", Over::Whole, true),
            (r"$\n^b", Over::Lines, false),
            (r"a$\r\n^b", Over::Lines, false),
            (r"a$\r^b", Over::Lines, false),
            (r"(a^b)?", Over::Lines, false),
            (r"(a^b){0}c", Over::Lines, false),
            (r"(?:\n^|x)+b", Over::Lines, false),
            (r"é\b ", Over::Text, false),
            (r"(?-u:\xff)$", Over::Text, false),
            (r"^$", Over::Text, false),
            (r"\A\z", Over::Lines, false),
            (r"a\n^b", Over::Lines, false),
            (r"\B", Over::Text, false),
        ] {
            let Ok(pattern) = Pattern::new(source, over) else {
                assert_eq!(source, r"(?-u:\xff)$");
                continue;
            };
            assert_eq!(pattern.never_takes() == Some(Never::Anything), nothing, "{source} {over:?}");
        }
    }
    #[test]
    fn an_alternative_that_no_text_has_is_told_where_it_stands() {
        for (source, over, idle) in [
            (r"ok|a^b", Over::Text, true),
            (r"ok|a$b", Over::Text, true),
            (r"(?:x(?:^a|b))c", Over::Text, true),
            (r"x(^|,)y", Over::Lines, true),
            (r"(ERROR|\bx\By\b\z.)!", Over::Lines, true),
            (r"(?:a^b)?c", Over::Text, true),
            (r"a(?:$|b)c", Over::Lines, true),
            (r"^(ok|a^b)$", Over::Whole, true),
            (r"ok|[a&&b]c", Over::Text, true),
            (r"ok|(a^b){0}", Over::Text, false),
            (r"(?:^|,)a", Over::Lines, false),
            (r"(?:(?:^|,)a)+$", Over::Lines, false),
            (r"(?:a(?:$|,))+", Over::Text, false),
            (r"x\n(^|,)y", Over::Lines, false),
            (r"^$|a", Over::Text, false),
            (r"^\s*(?:#.*)?$", Over::Lines, false),
            (r"(?:\bword\b|\d+)(?: |$)", Over::Lines, false),
            (r"a|b|^c|d$", Over::Whole, false),
        ] {
            let pattern = Pattern::new(source, over).unwrap();
            assert_eq!(pattern.never_takes() == Some(Never::APart), idle, "{source} {over:?}");
        }
    }
}
