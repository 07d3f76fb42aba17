//! Sets of texts, and whether two of them have a text in common: automata that are walked side by side.

use std::collections::BTreeSet;

use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::nfa::thompson;
use regex_automata::util::primitives::StateID;
use regex_automata::util::start;
use regex_automata::{Anchored, MatchKind};

use super::Checked;

/// The longest word that is asked about, in characters.
const LONGEST_WORD: usize = 200;

/// Most pairs of states that are looked at.
const PAIRS: usize = 100_000;

/// All texts that one pattern is found in, or that have something else in common.
#[derive(Clone, Debug)]
pub struct Language {
    automaton: dense::DFA<Vec<u32>>,
    start: StateID,
}

impl Language {
    /// The largest automaton, in bytes; of a pattern that takes more nothing is told.
    pub const LARGEST: usize = 512 * 1024;

    /// How large it is, in bytes.
    pub fn size(&self) -> usize {
        self.automaton.memory_usage()
    }

    /// The texts that a pattern is found in; `None` where it is none, or too large to tell.
    pub fn of(pattern: &str) -> Option<Language> {
        let checked = Checked::new(pattern, false).ok()?;
        Language::new(&format!("(?s:.)*(?:{}{})(?s:.)*", checked.source, checked.end))
    }

    /// The texts that begin with one word and end with another, with anything in between.
    pub fn between(begins: &str, ends: &str) -> Option<Language> {
        Language::new(&format!("{}(?s:.)*{}", word(begins)?, word(ends)?))
    }

    /// The texts that have a word in them.
    pub fn containing(part: &str) -> Option<Language> {
        Language::new(&format!("(?s:.)*{}(?s:.)*", word(part)?))
    }

    /// The texts that come before a word, letter by letter, by the numbers of their characters.
    pub fn before(text: &str) -> Option<Language> {
        word(text)?;
        let parts: Vec<String> = text
            .char_indices()
            .map(|(at, next)| {
                let begins = regex_syntax::escape(&text[..at]);
                match ('\0'..next).next_back() {
                    Some(last) => format!(r"{begins}(?:[\x{{0}}-\x{{{:x}}}](?s:.)*)?", u32::from(last)),
                    None => begins,
                }
            })
            .collect();
        // No text comes before the empty one.
        if parts.is_empty() { Language::new(r"[a&&b]") } else { Language::new(&parts.join("|")) }
    }

    /// One text alone.
    pub fn exactly(text: &str) -> Option<Language> {
        Language::new(&word(text)?)
    }

    /// Of a pattern that lies over the whole text.
    fn new(source: &str) -> Option<Language> {
        let limits = dense::Config::new()
            .start_kind(StartKind::Anchored)
            .match_kind(MatchKind::All)
            .unicode_word_boundary(true)
            .dfa_size_limit(Some(Language::LARGEST))
            .determinize_size_limit(Some(Language::LARGEST));
        let automaton = dense::Builder::new()
            .configure(limits)
            .thompson(thompson::Config::new().nfa_size_limit(Some(Language::LARGEST)))
            .build(&format!(r"\A(?:{source})\z"))
            .ok()?;
        let start = automaton.start_state(&start::Config::new().anchored(Anchored::Yes)).ok()?;
        Some(Language { automaton, start })
    }

    /// Whether a text is in both; `None` where that takes too long to tell.
    pub fn meets(&self, other: &Language) -> Option<bool> {
        self.some_text(other, true)
    }

    /// Whether every text of this is in another.
    pub fn is_within(&self, other: &Language) -> Option<bool> {
        self.some_text(other, false).map(|outside| !outside)
    }

    /// Whether some text of this is in the other one, or is not.
    fn some_text(&self, other: &Language, inside: bool) -> Option<bool> {
        let (one, two) = (&self.automaton, &other.automaton);
        let mut kinds = BTreeSet::new();
        let bytes: Vec<u8> = (0..=u8::MAX)
            .filter(|byte| kinds.insert((one.byte_classes().get(*byte), two.byte_classes().get(*byte))))
            .collect();
        let mut seen = BTreeSet::from([(self.start, other.start)]);
        let mut left = vec![(self.start, other.start)];
        while let Some((at, beside)) = left.pop() {
            if one.is_match_state(one.next_eoi_state(at))
                && two.is_match_state(two.next_eoi_state(beside)) == inside
            {
                return Some(true);
            }
            for byte in &bytes {
                let next = (one.next_state(at, *byte), two.next_state(beside, *byte));
                // What `\b` means beside other letters than those of ASCII, the automaton does not know.
                if one.is_quit_state(next.0) || two.is_quit_state(next.1) {
                    return None;
                }
                if one.is_dead_state(next.0) || inside && two.is_dead_state(next.1) || !seen.insert(next) {
                    continue;
                }
                if seen.len() > PAIRS {
                    return None;
                }
                left.push(next);
            }
        }
        Some(false)
    }
}

/// A word as a pattern.
fn word(text: &str) -> Option<String> {
    (text.chars().count() <= LONGEST_WORD).then(|| regex_syntax::escape(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::{Over, Pattern};
    use proptest::prelude::*;

    const PATTERNS: &[&str] = &[
        r"^v\d+\.\d+$",
        r"v\d",
        r"^(ab|ac).*z$",
        r"(?i)^STRASSE|é{2,3}$",
        r"^a|z$",
        r"(?x) ^ a # a comment",
        r"^[^\sa-c]*$",
        r"a^b",
        "",
    ];

    #[test]
    fn two_sets_meet_where_a_text_is_in_both() {
        let version = Language::of(r"^v\d+\.\d+$").unwrap();
        for (other, meets, within) in [
            (Language::between("v", ""), true, true),
            (Language::between("v1", ""), true, false),
            (Language::between("x", ""), false, false),
            (Language::between("", "."), false, false),
            (Language::containing("."), true, true),
            (Language::containing("1.2"), true, false),
            (Language::containing("-"), false, false),
            (Language::before("w"), true, true),
            (Language::before("v5"), true, false),
            (Language::before("v"), false, false),
            (Language::before(""), false, false),
            (Language::of("^w"), false, false),
            (Language::of(r"\d$"), true, true),
        ] {
            let other = other.unwrap();
            assert_eq!((version.meets(&other), version.is_within(&other)), (Some(meets), Some(within)));
        }
    }

    #[test]
    fn of_what_is_too_large_or_depends_on_letters_nothing_is_told() {
        assert!(Language::of(r"^(\pL{1,50}\d){1,50}$").is_none());
        assert!(Language::of("(").is_none());
        assert!(Language::containing(&"x".repeat(LONGEST_WORD + 1)).is_none());
        let words = Language::of(r"\bv\b").unwrap();
        assert_eq!(words.meets(&Language::of("q").unwrap()), None);
    }

    proptest! {
        #[test]
        fn a_text_is_in_a_set_exactly_where_the_pattern_the_order_or_the_word_says_so(
            at in 0..PATTERNS.len(),
            text in r"[abcvzéS0-9. \n\u{d7ff}\u{e000}😀]{0,6}",
            word in r"[abcvzé0-9.\u{0}\u{d7ff}\u{e000}😀]{0,3}",
        ) {
            let one = Language::exactly(&text).unwrap();
            let is_in = |set: Option<Language>| {
                let set = set.unwrap();
                let (meets, within) = (one.meets(&set).unwrap(), one.is_within(&set).unwrap());
                assert_eq!(meets, within);
                meets
            };
            let pattern = Pattern::new(PATTERNS[at], Over::Text).unwrap();
            prop_assert_eq!(is_in(Language::of(PATTERNS[at])), pattern.is_match(&text).unwrap());
            prop_assert_eq!(is_in(Language::before(&word)), text < word);
            prop_assert_eq!(is_in(Language::containing(&word)), text.contains(&word));
            prop_assert_eq!(is_in(Language::between(&word, "")), text.starts_with(&word));
            prop_assert_eq!(is_in(Language::between("", &word)), text.ends_with(&word));
        }
    }
}
