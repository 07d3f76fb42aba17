//! `text expect`: literal lines with `(glob)`, `(regex)`, `(?)`, `(*)`, `(+)` endings.

use holdpoint_bounded::pattern::{Over, Pattern};
use holdpoint_model::{LineKind, LineMatcher, Times};

use crate::values::Values;

/// What holding lines against each other may take: a step for a pair of them, and more for a pattern on a long line.
const STEPS: u64 = 10_000_000;

const TOO_MANY: &str =
    "cannot be judged: so many lines against so many that may stand for several take too long";

/// The first way in which `output` is not the expected lines, in words; `None` if it is.
///
/// A line ends in LF or CR LF; the last one may have no end. Quantified lines may match in any way that lets the whole
/// match; the complaint names the furthest line reached.
pub(crate) fn mismatch(expected: &[LineMatcher], output: &[u8], values: &Values) -> Option<String> {
    let lines = lines(output);
    let compiled: Result<Vec<Compiled>, String> =
        expected.iter().map(|matcher| Compiled::new(matcher, values)).collect();
    let matchers = match compiled {
        Ok(matchers) => matchers,
        Err(error) => return Some(format!("cannot be judged: {error}")),
    };
    let mut steps = STEPS;
    // What can have been consumed by the matchers so far: reachable[i] is the first i lines, from `first` on.
    let (mut first, mut reachable) = (0, vec![true]);
    let mut furthest = 0;
    for matcher in &matchers {
        let (optional, repeats) = match matcher.times {
            Times::Once => (false, false),
            Times::Optional => (true, false),
            Times::Any => (true, true),
            Times::AtLeastOnce => (false, true),
        };
        let mut next = Vec::with_capacity(reachable.len() + 1);
        for at in 0_usize.. {
            let line = first + at;
            let before = at.checked_sub(1);
            let from = before.is_some_and(|before| {
                reachable.get(before) == Some(&true) || (repeats && next.get(before) == Some(&true))
            });
            if line > lines.len() || (at > reachable.len() && !from) {
                break;
            }
            let taken = match lines.get(line.wrapping_sub(1)).filter(|_| from) {
                Some(line) => match matcher.matches(line, &mut steps) {
                    Ok(matches) => matches,
                    Err(error) => return Some(error),
                },
                None => false,
            };
            next.push(taken || (optional && reachable.get(at) == Some(&true)));
        }
        let (Some(from), Some(to)) = (next.iter().position(|r| *r), next.iter().rposition(|r| *r)) else {
            let line = first + reachable.iter().rposition(|reached| *reached).unwrap_or(0);
            return Some(complaint(lines.get(line).copied(), line + 1, Some(&matcher.text)));
        };
        next.truncate(to + 1);
        next.drain(..from);
        furthest = first + to;
        (first, reachable) = (first + from, next);
    }
    if first + reachable.len() == lines.len() + 1 {
        return None;
    }
    Some(complaint(lines.get(furthest).copied(), furthest + 1, None))
}

fn lines(output: &[u8]) -> Vec<&[u8]> {
    let lines = output.split_inclusive(|byte| *byte == b'\n');
    lines.map(|line| line.strip_suffix(b"\r\n").or(line.strip_suffix(b"\n")).unwrap_or(line)).collect()
}

fn complaint(came: Option<&[u8]>, number: usize, expected: Option<&str>) -> String {
    let quoted = |line: &[u8]| match std::str::from_utf8(line) {
        Ok(line) => format!("{line:?}"),
        Err(_) => format!("{:?} (not UTF-8)", String::from_utf8_lossy(line)),
    };
    match (came.map(quoted), expected) {
        (Some(came), Some(expected)) => format!("line {number} is {came} where {expected:?} was expected"),
        (Some(came), None) => format!("line {number}, {came}, is more than was expected"),
        (None, Some(expected)) => format!("it ended before {expected:?}"),
        (None, None) => "it ended too early".to_owned(),
    }
}

struct Compiled {
    /// Rendered.
    text: String,
    pattern: Option<Pattern>,
    times: Times,
}

impl Compiled {
    fn new(matcher: &LineMatcher, values: &Values) -> Result<Compiled, String> {
        let rendered = match matcher.how {
            LineKind::Equal => values.render(&matcher.text),
            LineKind::Regex => values.render_pattern(&matcher.text),
            LineKind::Glob => values.render_glob(&matcher.text),
        };
        let text = rendered.map_err(|error| error.to_string())?;
        let pattern = match matcher.how {
            LineKind::Equal => None,
            LineKind::Regex => Some(Pattern::new(&text, Over::Whole)?),
            LineKind::Glob => Some(Pattern::new(&glob(&text), Over::Whole)?),
        };
        if text != matcher.text {
            if text.trim().is_empty() && !matcher.text.trim().is_empty() {
                return Err(format!("{:?} came to nothing, so there is no line to look for", matcher.text));
            }
            if pattern.as_ref().is_some_and(Pattern::takes_any_words) {
                return Err(format!("{:?} came to {text:?}, which takes whatever is printed", matcher.text));
            }
        }
        Ok(Compiled { text, pattern, times: matcher.times })
    }

    /// What is no UTF-8 equals nothing that a document can hold, and matches no pattern.
    fn matches(&self, line: &[u8], steps: &mut u64) -> Result<bool, String> {
        let work = self.pattern.as_ref().map_or(0, |pattern| pattern.work(line.len()) / 64);
        *steps = steps.checked_sub(work + 1).ok_or_else(|| TOO_MANY.to_owned())?;
        match (&self.pattern, std::str::from_utf8(line)) {
            (None, _) => Ok(self.text.as_bytes() == line),
            (Some(_), Err(_)) => Ok(false),
            (Some(pattern), Ok(line)) => {
                pattern.is_match(line).map_err(|error| format!("cannot be judged: {error}"))
            }
        }
    }
}

/// `*` any text, `?` one character, `\*`, `\?`, `\[` and `\\` themselves; every other `\` is one.
fn glob(pattern: &str) -> String {
    let mut out = String::new();
    let mut chars = pattern.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '*' => out.push_str(".*"),
            '?' => out.push('.'),
            '\\' => {
                let escaped = chars.next_if(|next| matches!(next, '*' | '?' | '[' | '\\')).unwrap_or('\\');
                out.push_str(&regex::escape(escaped.encode_utf8(&mut [0; 4])));
            }
            other => out.push_str(&regex::escape(other.encode_utf8(&mut [0; 4]))),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex::Regex;

    use super::*;

    fn held(expected: &[LineMatcher], output: &str) -> Option<String> {
        mismatch(expected, output.as_bytes(), &Values::default())
    }

    fn line(text: &str, how: LineKind, times: Times) -> LineMatcher {
        LineMatcher { text: text.into(), how, times }
    }

    /// The same question asked by one regular expression over the whole output.
    fn oracle(expected: &[LineMatcher], output: &str) -> bool {
        let mut whole = String::from("^");
        for matcher in expected {
            let one = match matcher.how {
                LineKind::Equal => regex::escape(&matcher.text),
                LineKind::Regex => matcher.text.clone(),
                LineKind::Glob => glob(&matcher.text),
            };
            let times = match matcher.times {
                Times::Once => "",
                Times::Optional => "?",
                Times::Any => "*",
                Times::AtLeastOnce => "+",
            };
            whole.push_str(&format!("(?:(?:{one})\n){times}"));
        }
        whole.push('$');
        let output: String = output.lines().map(|line| format!("{line}\n")).collect();
        Regex::new(&whole).unwrap().is_match(&output)
    }

    fn matcher() -> impl Strategy<Value = LineMatcher> {
        let text = prop::sample::select(vec!["a", "b", "a*", "?", "ab", "[ab]", "a|b"]);
        let how = prop::sample::select(vec![LineKind::Equal, LineKind::Glob, LineKind::Regex]);
        let times = prop::sample::select(vec![Times::Once, Times::Optional, Times::Any, Times::AtLeastOnce]);
        (text, how, times).prop_filter_map("a regex must parse", |(text, how, times)| {
            (how != LineKind::Regex || !text.starts_with('?')).then(|| line(text, how, times))
        })
    }

    proptest! {
        #[test]
        fn lines_match_exactly_when_one_regular_expression_over_the_whole_does(
            expected in prop::collection::vec(matcher(), 0..5),
            output in prop::collection::vec(prop::sample::select(vec!["a", "b", "ab", "aa", ""]), 0..6),
        ) {
            let output = output.iter().map(|line| format!("{line}\n")).collect::<String>();
            prop_assert_eq!(held(&expected, &output).is_none(), oracle(&expected, &output));
        }
    }

    #[test]
    fn the_complaint_names_the_line_that_differs() {
        let expected = [line("one", LineKind::Equal, Times::Once), line("two*", LineKind::Glob, Times::Once)];
        assert_eq!(held(&expected, "one\ntwo and more\n"), None);
        assert_eq!(
            held(&expected, "one\nthree\n").unwrap(),
            "line 2 is \"three\" where \"two*\" was expected"
        );
        assert_eq!(held(&expected, "one\n").unwrap(), "it ended before \"two*\"");
        assert_eq!(held(&expected, "one\ntwo\nx\n").unwrap(), "line 3, \"x\", is more than was expected");
    }

    #[test]
    fn a_backslash_in_a_glob_takes_only_what_is_special_as_it_is() {
        for (pattern, text) in [
            (r"C:\Users\bob", r"C:\Users\bob"),
            (r"C:\Users\\*", r"C:\Users\anybody"),
            (r"a\*", "a*"),
            (r"a\?", "a?"),
            (r"\[x]", "[x]"),
            ("[x]", "[x]"),
            (r"a\\", r"a\"),
            (r"a\", r"a\"),
        ] {
            assert!(held(&[line(pattern, LineKind::Glob, Times::Once)], text).is_none(), "{pattern} {text}");
        }
        assert!(held(&[line(r"a\*", LineKind::Glob, Times::Once)], "ab").is_some());
    }

    #[test]
    fn a_value_stands_for_itself_in_every_kind_of_line() {
        let mut values = Values::default();
        values.set("V", r"a*.[b]\*?");
        for how in [LineKind::Equal, LineKind::Glob, LineKind::Regex] {
            let expected = [line("-{{ V }}-", how, Times::Once)];
            assert_eq!(mismatch(&expected, br"-a*.[b]\*?-", &values), None, "{how:?}");
            assert!(mismatch(&expected, br"-aa.[b]\*x-", &values).is_some(), "{how:?}");
        }
        let missing = mismatch(&[line("{{ W }}", LineKind::Equal, Times::Any)], b"", &values);
        assert!(missing.unwrap().starts_with("cannot be judged"));
    }

    #[test]
    fn a_line_ends_in_lf_or_cr_lf_and_the_last_one_needs_no_end() {
        let expected = [line("a", LineKind::Equal, Times::Once), line("b*", LineKind::Glob, Times::Once)];
        for output in ["a\nb\n", "a\r\nb\r\n", "a\nb", "a\r\nbc\r\n"] {
            assert_eq!(held(&expected, output), None, "{output:?}");
        }
        for output in ["a\rb", "a\n\nb\n", "a\nb\n\n", "a\r\r\nb\n", ""] {
            assert!(held(&expected, output).is_some(), "{output:?}");
        }
    }

    #[test]
    fn a_byte_that_is_no_utf_8_is_no_replacement_character_and_no_character_of_a_pattern() {
        for (text, how) in [("\u{fffd}", LineKind::Equal), ("*", LineKind::Glob), (".*", LineKind::Regex)] {
            let expected = [line(text, how, Times::Once)];
            assert_eq!(held(&expected, "\u{fffd}\n"), None);
            assert!(mismatch(&expected, b"\xff\n", &Values::default()).unwrap().contains("not UTF-8"));
        }
    }

    #[test]
    fn many_lines_against_many_that_may_stand_for_several_end_soon_or_say_why_not() {
        let output = ("a".repeat(20_000) + "\n").repeat(1000);
        let any = line("a*|(?:b{1000})", LineKind::Regex, Times::Any);
        let came = held(&vec![any; 300], &output).unwrap();
        assert!(came.starts_with("cannot be judged"), "{came}");
        let plain: Vec<LineMatcher> =
            (0..20_000).map(|_| line("aaaaaaaa", LineKind::Equal, Times::Once)).collect();
        assert_eq!(held(&plain, &"aaaaaaaa\n".repeat(20_000)), None);
    }
}
