//! Numbers: the document's own where they tell one thing from another.

use std::sync::LazyLock;

use regex::Regex;

/// A number that a document gives: its parts.
pub(super) type Own = Vec<u32>;

/// A heading's own number, and its title without that: `2. Stop`, `2.1 Stop`, `Step 3: Stop`.
pub(super) fn of_heading(title: &str) -> Option<(Own, &str)> {
    static NUMBER: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(
            r"(?ix)^(?:(?:step|phase|stage|part|section|task)\s+(?<named>\d{1,3}(?:\.\d{1,3})*)\s*(?:[.:)\u{2013}\u{2014}-]+\s*|$)
            | (?<number>\d{1,3}(?:\.\d{1,3})+)[.:)]?\s+ | (?<plain>\d{1,3})[.:)]\s*(?:[\u{2013}\u{2014}-]\s+)? | (?<dash>\d{1,3})\s+[\u{2013}\u{2014}-]\s+)",
        )
        .ok()
    });
    let found = NUMBER.as_ref()?.captures(title)?;
    let number = ["named", "number", "plain", "dash"].iter().find_map(|name| found.name(name))?;
    let parts = number.as_str().split('.').map(str::parse).collect::<Result<Own, _>>().ok()?;
    let rest = title[found.get(0)?.end()..].trim();
    // A time or a version is no number of a section.
    let plain = found.name("plain").is_some();
    if plain && rest.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    Some((parts, if rest.is_empty() { title } else { rest }))
}

/// A number that words may begin with as well: `2 Scope`, `V. Approval`; how it is written, and the title without it.
fn perhaps(title: &str) -> Option<(u32, &str, &str)> {
    static PERHAPS: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(
            r"^(?:(?<bare>\d{1,2})\s+(?<rest>[^\p{Ll}\d\s].*)|(?<roman>[IVX]{1,6})[.:)]\s+(?<behind>\S.*))$",
        )
        .ok()
    });
    let found = PERHAPS.as_ref()?.captures(title)?;
    let (written, rest) = match (found.name("bare"), found.name("roman")) {
        (Some(bare), _) => (bare, found.name("rest")?),
        (_, roman) => (roman?, found.name("behind")?),
    };
    let (_, written) = title.split_at(written.start());
    let written = written.split([' ', '\t', '.', ':', ')']).next().unwrap_or_default();
    let number = written.parse().ok().or_else(|| roman(written))?;
    Some((number, written, rest.as_str()))
}

/// What a numeral in capitals says, written as it is to be.
fn roman(text: &str) -> Option<u32> {
    const DIGITS: [(&str, u32); 5] = [("X", 10), ("IX", 9), ("V", 5), ("IV", 4), ("I", 1)];
    (1..40).find(|number| {
        let (mut rest, mut made) = (*number, String::new());
        for (digits, value) in DIGITS {
            while rest >= value {
                made.push_str(digits);
                rest -= value;
            }
        }
        made == text
    })
}

/// A heading's number, how it is written, and its title without it.
pub(super) struct Titled {
    pub(super) own: Own,
    /// A numeral that is no plain number.
    pub(super) written: Option<String>,
    pub(super) rest: String,
}

/// The numbers of headings that stand beside each other. Numbers without a dot, and Roman ones, count where the headings as
/// a whole are numbered: more than half of them, from 0 or 1 on, and ever higher.
pub(super) fn of_headings(titles: &[Option<String>]) -> Vec<Option<Titled>> {
    let sure = |title: &str| {
        of_heading(title).map(|(own, rest)| Titled { own, written: None, rest: rest.to_owned() })
    };
    let read = |title: &str| {
        sure(title).or_else(|| {
            let (own, written, rest) = perhaps(title)?;
            let written = written.starts_with(|c: char| !c.is_ascii_digit()).then(|| written.to_owned());
            Some(Titled { own: vec![own], written, rest: rest.to_owned() })
        })
    };
    let all: Vec<Option<Titled>> = titles.iter().map(|title| read(title.as_deref()?)).collect();
    let numbers: Vec<&Own> = all.iter().flatten().map(|titled| &titled.own).collect();
    let headings = titles.iter().flatten().count();
    let counts = numbers.len() > 1
        && numbers.len() * 2 > headings
        && numbers.first().is_some_and(|first| first.first().is_some_and(|first| *first <= 1))
        && numbers.windows(2).all(|pair| pair[0] < pair[1]);
    if counts { all } else { titles.iter().map(|title| sure(title.as_deref()?)).collect() }
}

/// The numbers of siblings below a number, each with its own where it has one.
///
/// Where these rise from one to the next, they count; a sibling without gets a letter, or counts on where no number follows.
/// Where they repeat or go back, none of them counts.
pub(super) fn siblings(owns: &[Option<Own>], above: &str) -> Vec<Numbered> {
    let prefix: Own = above.split('.').filter_map(|part| part.parse().ok()).collect();
    let below = |own: &Own| match own.strip_prefix(&prefix[..]) {
        Some(rest) if !rest.is_empty() && !prefix.is_empty() => Some(rest.to_vec()),
        _ if own.len() == 1 || prefix.is_empty() => Some(own.clone()),
        _ => None,
    };
    let relative: Vec<Option<Option<Own>>> = owns.iter().map(|own| own.as_ref().map(below)).collect();
    let given: Option<Vec<&Own>> = relative.iter().flatten().map(Option::as_ref).collect();
    let rise = given.is_some_and(|given| {
        !given.is_empty() && given.windows(2).all(|pair| pair[0] < pair[1] && !pair[1].starts_with(pair[0]))
    });
    let join = |own: &str| if above.is_empty() { own.to_owned() } else { format!("{above}.{own}") };
    let last = relative.iter().rposition(|own| matches!(own, Some(Some(_))));
    let mut on = last.and_then(|last| relative[last].clone().flatten()).unwrap_or_default();
    let mut letters = 0;
    let number = |(index, own): (usize, &Option<Option<Own>>)| match own {
        Some(Some(own)) if rise => {
            let parts: Vec<String> = own.iter().map(u32::to_string).collect();
            Numbered { number: join(&parts.join(".")), own: true }
        }
        _ if rise && last < Some(index) => {
            if let Some(end) = on.last_mut() {
                *end += 1;
            }
            let parts: Vec<String> = on.iter().map(u32::to_string).collect();
            Numbered { number: join(&parts.join(".")), own: false }
        }
        _ if rise => {
            letters += 1;
            Numbered { number: join(&letter(letters)), own: false }
        }
        _ => Numbered { number: join(&(index + 1).to_string()), own: false },
    };
    relative.iter().enumerate().map(number).collect()
}

/// A number as it is shown.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Numbered {
    pub(super) number: String,
    /// Whether it is the document's own.
    pub(super) own: bool,
}

/// `a` to `z`, `aa`, `ab`, …
fn letter(mut n: usize) -> String {
    let mut letters = Vec::new();
    while n > 0 {
        letters.push(b'a' + ((n - 1) % 26) as u8);
        n = (n - 1) / 26;
    }
    letters.iter().rev().copied().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_have_numbers_of_their_own() {
        for (title, wanted) in [
            ("2. Stop", Some(("2", "Stop"))),
            ("2.1 Stop", Some(("2.1", "Stop"))),
            ("2.1. Stop", Some(("2.1", "Stop"))),
            ("3) Stop", Some(("3", "Stop"))),
            ("Step 3: Stop", Some(("3", "Stop"))),
            ("Step 3 - Stop", Some(("3", "Stop"))),
            ("Phase 2 – Stop", Some(("2", "Stop"))),
            ("Step 4", Some(("4", "Step 4"))),
            ("4 - Stop", Some(("4", "Stop"))),
            ("10:30 Stop", None),
            ("Stop 2. x", None),
            ("2 servers", None),
            ("2024. Plan", None),
            ("Steps 3", None),
        ] {
            let found = of_heading(title);
            let told = found
                .as_ref()
                .map(|(own, rest)| (own.iter().map(u32::to_string).collect::<Vec<_>>().join("."), *rest));
            assert_eq!(told, wanted.map(|(own, rest)| (own.to_owned(), rest)), "{title}");
        }
    }

    #[test]
    fn numbers_without_a_dot_count_where_the_headings_as_a_whole_are_numbered() {
        let read = |titles: &[&str]| {
            let titles: Vec<Option<String>> = titles.iter().map(|title| Some((*title).to_owned())).collect();
            let told = |one: Option<Titled>| {
                one.map_or("-".to_owned(), |one| one.written.unwrap_or_else(|| one.own[0].to_string()))
            };
            of_headings(&titles).into_iter().map(told).collect::<Vec<_>>().join(" ")
        };
        for (titles, wanted) in [
            (&["1 Purpose", "2 Scope", "3 Procedure"][..], "1 2 3"),
            (&["1 Stop", "2 Wait", "4 Start", "Appendix"], "1 2 4 -"),
            (&["I. Stop", "II. Wait", "IV. Start"], "I II IV"),
            (&["1. A", "2. B", "2a. B too", "3. C", "V. D"], "1 2 - 3 V"),
            (&["Prepare", "2 Hosts to drain", "Finish"], "- - -"),
            (&["1 host to drain", "2 hosts to boot"], "- -"),
            (&["Plan", "2024 Plan", "2025 Plan"], "- - -"),
            (&["24 Hours before", "48 Hours before"], "- -"),
            (&["H. Stop", "I. Wait", "J. Start"], "- - -"),
            (&["1 Stop"], "-"),
            (&["1. Stop", "2 Wait"], "1 2"),
            (&["IIII. Stop", "V. Wait"], "- -"),
        ] {
            assert_eq!(read(titles), wanted, "{titles:?}");
        }
    }

    fn told(owns: &[&str], above: &str) -> String {
        let own = |own: &&str| {
            (!own.is_empty()).then(|| own.split('.').map(|part| part.parse().unwrap()).collect::<Own>())
        };
        let owns: Vec<_> = owns.iter().map(own).collect();
        siblings(&owns, above).iter().map(|found| &*found.number).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn own_numbers_count_where_they_rise() {
        for (owns, above, wanted) in [
            (&["1", "2", "4"][..], "", "1 2 4"),
            (&["", "1", "", "2", "", ""], "", "a 1 b 2 3 4"),
            (&["", ""], "3", "3.1 3.2"),
            (&["1", "1", "2"], "", "1 2 3"),
            (&["2", "1"], "", "1 2"),
            (&["2.1", "2.2"], "2", "2.1 2.2"),
            (&["2.1", "2.2"], "", "2.1 2.2"),
            (&["3.1", "3.2"], "2", "2.1 2.2"),
            (&["1", "2"], "2", "2.1 2.2"),
            (&["1", "1.1"], "", "1 2"),
        ] {
            assert_eq!(told(owns, above), wanted, "{owns:?} under {above:?}");
        }
    }

    #[test]
    fn letters_go_on_behind_z() {
        assert_eq!([1, 26, 27, 53].map(letter), ["a", "z", "aa", "ba"]);
    }
}
