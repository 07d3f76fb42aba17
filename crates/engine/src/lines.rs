//! `text expect`: literal lines with `(glob)`, `(regex)`, `(?)`, `(*)`, `(+)` endings.

use holdpoint_document::{LineKind, LineMatcher, Times};
use regex::Regex;

/// The first way in which `output` is not the expected lines, in words; `None` if it is.
///
/// Quantified lines may match in any way that lets the whole match; the complaint names the furthest line reached.
pub(crate) fn mismatch(expected: &[LineMatcher], output: &str) -> Option<String> {
    let lines: Vec<&str> = output.lines().collect();
    let matchers: Vec<Compiled<'_>> = match expected.iter().map(Compiled::new).collect::<Result<_, _>>() {
        Ok(matchers) => matchers,
        Err(error) => return Some(error),
    };
    // reachable[i]: the first i lines can be consumed by the matchers so far.
    let mut reachable = vec![false; lines.len() + 1];
    reachable[0] = true;
    let mut furthest = (0, 0);
    for (at, matcher) in matchers.iter().enumerate() {
        let mut next = vec![false; lines.len() + 1];
        let (optional, repeats) = match matcher.times {
            Times::Once => (false, false),
            Times::Optional => (true, false),
            Times::Any => (true, true),
            Times::AtLeastOnce => (false, true),
        };
        for line in 0..=lines.len() {
            let skipped = optional && reachable[line];
            let taken = line > 0
                && matcher.matches(lines[line - 1])
                && (reachable[line - 1] || (repeats && next[line - 1]));
            if skipped || taken {
                next[line] = true;
            }
        }
        if !next.contains(&true) {
            let line = reachable.iter().rposition(|reached| *reached).unwrap_or(0);
            return Some(complaint(lines.get(line).copied(), line + 1, expected.get(at)));
        }
        furthest = (at, next.iter().rposition(|reached| *reached).unwrap_or(0));
        reachable = next;
    }
    if reachable[lines.len()] {
        return None;
    }
    let line = furthest.1;
    Some(complaint(lines.get(line).copied(), line + 1, None))
}

fn complaint(came: Option<&str>, number: usize, expected: Option<&LineMatcher>) -> String {
    match (came, expected) {
        (Some(came), Some(expected)) => {
            format!("line {number} is {came:?} where {:?} was expected", expected.text)
        }
        (Some(came), None) => format!("line {number}, {came:?}, is more than was expected"),
        (None, Some(expected)) => format!("it ended before {:?}", expected.text),
        (None, None) => "it ended too early".to_owned(),
    }
}

struct Compiled<'a> {
    text: &'a str,
    regex: Option<Regex>,
    times: Times,
}

impl<'a> Compiled<'a> {
    fn new(matcher: &'a LineMatcher) -> Result<Compiled<'a>, String> {
        let source = match matcher.how {
            LineKind::Equal => None,
            LineKind::Regex => Some(format!("^(?:{})$", matcher.text)),
            LineKind::Glob => Some(format!("^{}$", glob(&matcher.text))),
        };
        let regex =
            source.map(|source| Regex::new(&source)).transpose().map_err(|error| error.to_string())?;
        Ok(Compiled { text: &matcher.text, regex, times: matcher.times })
    }

    fn matches(&self, line: &str) -> bool {
        match &self.regex {
            Some(regex) => regex.is_match(line),
            None => self.text == line,
        }
    }
}

/// `*` any text, `?` one character, `\*` and `\?` themselves.
fn glob(pattern: &str) -> String {
    let mut out = String::new();
    let mut chars = pattern.chars();
    while let Some(char) = chars.next() {
        match char {
            '*' => out.push_str(".*"),
            '?' => out.push('.'),
            '\\' => out.push_str(&regex::escape(&chars.next().map_or_else(|| "\\".to_owned(), String::from))),
            other => out.push_str(&regex::escape(other.encode_utf8(&mut [0; 4]))),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

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
            prop_assert_eq!(mismatch(&expected, &output).is_none(), oracle(&expected, &output));
        }
    }

    #[test]
    fn the_complaint_names_the_line_that_differs() {
        let expected = [line("one", LineKind::Equal, Times::Once), line("two*", LineKind::Glob, Times::Once)];
        assert_eq!(mismatch(&expected, "one\ntwo and more\n"), None);
        assert_eq!(
            mismatch(&expected, "one\nthree\n").unwrap(),
            "line 2 is \"three\" where \"two*\" was expected"
        );
        assert_eq!(mismatch(&expected, "one\n").unwrap(), "it ended before \"two*\"");
        assert_eq!(mismatch(&expected, "one\ntwo\nx\n").unwrap(), "line 3, \"x\", is more than was expected");
    }
}
