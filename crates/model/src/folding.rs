//! Names of people as they are compared: what cannot be told apart by looking is one name.

use unicode_normalization::UnicodeNormalization;
use unicode_security::skeleton;

/// Folding once more changes nothing after so many times; a few letters take two.
const TIMES: usize = 4;

/// A principal or an alias as names are compared: without surrounding blanks, in one case and one Unicode form (NFKC),
/// and without characters that nobody sees. Names that differ in nothing else are one person's.
pub fn folded(name: &str) -> String {
    let name = name.trim();
    if name.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return name.to_ascii_lowercase();
    }
    let mut folded = once(name);
    for _ in 1..TIMES {
        let next = once(&folded);
        if next == folded {
            break;
        }
        folded = next;
    }
    folded
}

fn once(name: &str) -> String {
    let seen: String = name.nfkc().filter(|c| !is_unseen(*c)).collect();
    // Upper case first: some letters have several lower-case forms, and not all of them change when lowered.
    let cased = seen.to_uppercase().to_lowercase();
    let folded: String = cased.nfkc().filter(|c| !is_unseen(*c)).collect();
    folded.trim().to_owned()
}

/// What a name looks like, twice: as it is written, and in small letters, for `I` looks like `l` and `i` does not. Names
/// that have one of them in common cannot be told apart on a page: letters of several scripts that look alike are one
/// (UTS #39), and blanks, however many, are one.
pub fn looks(name: &str) -> [String; 2] {
    let seen: String = name.nfkc().filter(|c| !is_unseen(*c)).collect();
    [seen, folded(name)].map(|name| {
        let drawn: String = skeleton(&name).collect();
        folded(&drawn).split_whitespace().collect::<Vec<_>>().join(" ")
    })
}

/// The first character of a name that nobody sees, if there is one.
pub fn unseen(name: &str) -> Option<char> {
    name.chars().find(|c| is_unseen(*c))
}

/// Whether nothing of a text in Markdown is seen: blanks, what nobody sees, entities of those, comments, tags and emphasis
/// around nothing.
pub fn shows_nothing(text: &str) -> bool {
    const BLANKS: &[&str] = &[
        "nbsp",
        "ensp",
        "emsp",
        "thinsp",
        "hairsp",
        "puncsp",
        "numsp",
        "zwj",
        "zwnj",
        "shy",
        "NoBreak",
        "ZeroWidthSpace",
        "Tab",
        "NewLine",
    ];
    let mut rest = text;
    loop {
        let blank = |c: char| c.is_whitespace() || is_unseen(c) || matches!(c, '*' | '_' | '~' | '`');
        rest = rest.trim_start_matches(blank);
        let comment = || rest.strip_prefix("<!--")?.split_once("-->").map(|(_, after)| after);
        let tag = || {
            let (inside, after) = rest.strip_prefix('<')?.split_once('>')?;
            let name = inside.trim_start_matches('/');
            let shows =
                ["img", "svg", "input", "video", "object"].iter().any(|shows| name.starts_with(shows));
            (name.starts_with(|c: char| c.is_ascii_alphabetic()) && !name.contains([':', '@']) && !shows)
                .then_some(after)
        };
        let entity = || {
            let (name, after) = rest.strip_prefix('&')?.split_once(';')?;
            let by_number = || {
                let number = name.strip_prefix('#')?;
                let number = match number.strip_prefix(['x', 'X']) {
                    Some(hex) => u32::from_str_radix(hex, 16),
                    None => number.parse(),
                };
                char::from_u32(number.ok()?)
            };
            (BLANKS.contains(&name) || by_number().is_some_and(blank)).then_some(after)
        };
        let link = || rest.strip_prefix("[](")?.split_once(')').map(|(_, after)| after);
        match comment().or_else(tag).or_else(entity).or_else(link) {
            Some(after) => rest = after,
            None => return rest.is_empty(),
        }
    }
}

/// Unicode's default-ignorable code points, what acts on a terminal, and what looks like a blank and is none.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn what_is_blank_or_a_comment_shows_nothing() {
        for text in [
            "",
            " \n\t",
            "\u{a0}\u{200b}",
            "<!-- a\nb --> <!---->",
            "&nbsp; &#160;",
            "\u{feff}<!-- -->&shy;",
            "&#8203;&hairsp;&#x2800;",
            "<br>",
            "<b></b>",
            "[](http://x)",
            "****",
        ] {
            assert!(shows_nothing(text), "{text:?}");
        }
        for text in [
            "a",
            "<!-- open",
            "&amp;",
            "<!-- a --> b",
            "nbsp;",
            "-",
            "![](a.png)",
            "<br>a",
            "<img src=a>",
            "<https://a>",
            "[a](b)",
            "&#65;",
            "**a**",
        ] {
            assert!(!shows_nothing(text), "{text:?}");
        }
    }

    #[test]
    fn names_that_look_the_same_are_one() {
        for (one, other) in [
            ("QA@example.org", " qa@example.org"),
            ("qa\u{200b}@example.org", "qa@example.org"),
            ("\u{feff}qa@example.org \u{2060}", "qa@example.org"),
            ("zoe\u{308}@example.org", "zo\u{eb}@example.org"),
            ("\u{ff51}a@example.org", "qa@example.org"),
            ("\u{fb01}n", "fin"),
            ("Stra\u{df}e", "STRASSE"),
            ("\u{212a}im", "kim"),
            ("a\u{7f}b", "ab"),
        ] {
            assert_eq!(folded(one), folded(other), "{one:?} {other:?}");
        }
        assert_ne!(folded("zoe"), folded("zo\u{eb}"));
    }

    #[test]
    fn names_that_cannot_be_told_apart_on_a_page_look_the_same() {
        let alike = |one, other| looks(one).iter().zip(looks(other)).any(|(one, other)| *one == other);
        for (one, other) in [
            ("Quinn Auditor", "quinn  auditor "),
            ("Quinn Auditor", "Quinn\u{a0}Auditor"),
            ("Quinn Auditor", "Qu\u{200b}inn Auditor"),
            ("Quinn Auditor", "Quinn \u{410}uditor"),
            ("Quinn Auditor", "Quinn Aud\u{456}tor"),
            ("Ian Smith", "lan Smith"),
            ("QA 10", "QA 1O"),
        ] {
            assert!(alike(one, other), "{one:?} {other:?}");
        }
        for (one, other) in [("Quinn", "Quinna"), ("Zoe", "Zo\u{eb}"), ("Ana", "Anna"), ("QA 1", "QA 2")] {
            assert!(!alike(one, other), "{one:?} {other:?}");
        }
    }

    #[test]
    fn folding_twice_is_folding_once() {
        // Planes 4 to 13 have no characters, and 15 and 16 only private ones.
        let all: Vec<char> = ('\0'..'\u{40000}').chain('\u{e0000}'..'\u{e1000}').collect();
        // Many at once: a call for each takes several times as long.
        for some in all.chunks(512) {
            let text: String = some.iter().flat_map(|c| ['a', *c, 'b']).collect();
            let once = folded(&text);
            assert_eq!(folded(&once), once, "{:?} and what follows", some[0]);
        }
    }

    #[test]
    fn every_default_ignorable_character_is_unseen() {
        let ignorable = regex::Regex::new(r"^\p{Default_Ignorable_Code_Point}$").unwrap();
        let mut buffer = [0; 4];
        for c in ('\0'..=char::MAX).filter(|c| !c.is_ascii()) {
            assert!(!ignorable.is_match(c.encode_utf8(&mut buffer)) || is_unseen(c), "{c:?}");
        }
    }
}
