//! `text expect`: literal lines, with marks at their ends as test tools use them.

use std::sync::LazyLock;

use regex::Regex;

use crate::findings::{Findings, nearest};
use crate::markdown::Fence;
use crate::{Code, LineKind, LineMatcher, Times};

/// Marks of other tools, which would silently be literal text here.
const FOREIGN: &[&str] = &["re", "esc", "escaped", "equal", "no-eol", "eq", "any"];

/// The lines of a `text expect`.
pub(crate) fn expected_lines(fence: &Fence, findings: &mut Findings) -> Vec<LineMatcher> {
    let text = fence.body.text();
    super::disguised::in_expectation(&fence.body, findings);
    fence
        .body
        .lines()
        .map(|range| {
            let line = &text[range.clone()];
            let span = fence.body.span(range);
            let parsed = parse(line);
            match parsed {
                Ok(matcher) => {
                    if matcher.how == LineKind::Regex
                        && let Err(error) = Regex::new(&format!("^(?:{})$", matcher.text))
                    {
                        let error = error.to_string();
                        let reason = error.lines().last().unwrap_or_default().trim_start_matches("error: ");
                        let message = format!("the regular expression does not compile: {reason}");
                        let help = "see https://docs.rs/regex/latest/regex/#syntax";
                        findings.add(Code::BadValue, span, message, help);
                    }
                    matcher
                }
                Err(mark) => {
                    let help = "marks are (glob), (regex), (?), (*), (+), and (glob*) and the like; a line that \
                        really ends so is written with (regex) and its parentheses escaped";
                    let message = format!("`{mark}` at the end of the line is not a mark");
                    findings.add(Code::BadValue, span, message, help);
                    LineMatcher { text: line.to_owned(), how: LineKind::Equal, times: Times::Once }
                }
            }
        })
        .collect()
}

/// The line and its mark, or what looks like a mark and is none.
fn parse(line: &str) -> Result<LineMatcher, String> {
    static MARK: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"^(.*?)\s*\(\s*([A-Za-z-]*)\s*([?*+]*)\s*\)\s*$").ok());
    let literal = || LineMatcher { text: line.to_owned(), how: LineKind::Equal, times: Times::Once };
    let Some(found) = MARK.as_ref().and_then(|mark| mark.captures(line)) else { return Ok(literal()) };
    let (text, word, times) = (&found[1], &found[2], &found[3]);
    if word.is_empty() && times.is_empty() {
        return Ok(literal());
    }
    let known = word.is_empty() || matches!(word, "glob" | "regex");
    let near = nearest(word, ["glob", "regex"]).is_some() || FOREIGN.contains(&word.to_lowercase().as_str());
    if !known && !near {
        return Ok(literal());
    }
    let mark = format!(" ({word}{times})");
    if !known
        || times.len() > 1
        || (!line.ends_with(&mark) && !line[text.len()..].is_empty() && line != &mark[1..])
    {
        // `f(x)` and `call(?)` touch what stands before them: a mark stands apart.
        if known && times.len() <= 1 && line.ends_with(&mark[1..]) && !text.is_empty() {
            return Ok(literal());
        }
        return Err(line[text.len()..].trim().to_owned());
    }
    let text = line.strip_suffix(&mark).unwrap_or("").to_owned();
    let how = match word {
        "glob" => LineKind::Glob,
        "regex" => LineKind::Regex,
        _ => LineKind::Equal,
    };
    let times = match times {
        "?" => Times::Optional,
        "*" => Times::Any,
        "+" => Times::AtLeastOnce,
        _ => Times::Once,
    };
    Ok(LineMatcher { text, how, times })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_read_and_near_misses_refused() {
        let read = |line| parse(line).map(|matcher| (matcher.text, matcher.how, matcher.times));
        for (line, text, how, times) in [
            ("plain", "plain", LineKind::Equal, Times::Once),
            ("a * (glob)", "a *", LineKind::Glob, Times::Once),
            (r"v\d+ (regex+)", r"v\d+", LineKind::Regex, Times::AtLeastOnce),
            ("maybe (?)", "maybe", LineKind::Equal, Times::Optional),
            ("  indented (*)", "  indented", LineKind::Equal, Times::Any),
            ("two  (glob)", "two ", LineKind::Glob, Times::Once),
            ("done (ok)", "done (ok)", LineKind::Equal, Times::Once),
            ("call()", "call()", LineKind::Equal, Times::Once),
            ("f(*)", "f(*)", LineKind::Equal, Times::Once),
        ] {
            assert_eq!(read(line), Ok((text.to_owned(), how, times)), "{line}");
        }
        for line in [
            "a (globb)",
            "a (Glob)",
            "a (regexp)",
            "a (re)",
            "a (glob) ",
            "a (glob**)",
            "a (**)",
            "a ( glob )",
        ] {
            assert!(read(line).is_err(), "{line}");
        }
    }
}
