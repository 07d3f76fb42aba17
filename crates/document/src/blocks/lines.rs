//! `text expect`: literal lines, with marks at their ends as test tools use them.

use std::sync::LazyLock;

use holdpoint_bounded::pattern::{self, Over};
use regex::Regex;

use super::inserted::{Written, misread};
use super::{Templated, is_templated};
use crate::findings::{Findings, nearest};
use crate::markdown::Fence;
use crate::spanned::what_it_never_takes;
use crate::{Code, LineKind, LineMatcher, Times};

/// Marks of other tools, which would silently be literal text here.
const FOREIGN: &[&str] = &["re", "esc", "escaped", "equal", "no-eol", "eq", "any"];

/// Words that are near to a mark and are none: programs print them.
const WORDS: &[&str] = &["globe", "globes", "global", "globals"];

/// The lines of a `text expect`, and those of them that are templates.
pub(crate) fn expected_lines(fence: &Fence, findings: &mut Findings) -> (Vec<LineMatcher>, Vec<Templated>) {
    let text = fence.body.text();
    super::disguised::in_expectation(&fence.body, findings);
    if text.is_empty() {
        let help = "write the lines; for no output at all, write a `yaml expect` with `stdout: empty`";
        findings.add(Code::MissingKey, fence.info_span, "this block expects nothing", help);
    }
    let mut templates = Vec::new();
    let lines = fence.body.lines().map(|range| {
        let line = &text[range.clone()];
        let span = fence.body.span(range);
        match parse(line) {
            Ok(matcher) => {
                let templated = is_templated(&matcher.text);
                if templated {
                    templates.push(Templated { text: matcher.text.clone(), span, expression: false });
                    let written = match matcher.how {
                        LineKind::Equal => None,
                        LineKind::Glob => Some(Written::Glob),
                        LineKind::Regex => Some(Written::Regex),
                    };
                    if let Some((message, help)) = written.and_then(|how| misread(&matcher.text, how)) {
                        findings.add(Code::BadValue, span, message, help);
                    }
                }
                // A pattern that holds a template is compiled when the value is known.
                if matcher.how == LineKind::Regex
                    && !templated
                    && findings.has_room_for_pattern(matcher.text.len(), span)
                {
                    if let Err(reason) = pattern::check(&matcher.text) {
                        let message = format!("the regular expression does not compile: {reason}");
                        let help = "see https://docs.rs/regex/latest/regex/#syntax";
                        findings.add(Code::BadValue, span, message, help);
                    } else if let Some((message, help)) = what_it_never_takes(&matcher.text, Over::Whole) {
                        findings.add(Code::BadValue, span, message, help);
                    }
                }
                matcher
            }
            Err(mark) => {
                let help = "marks are (glob), (regex), (?), (*), (+), and (glob*) and the like, with one blank before \
                    them; a line that really ends so is written with (regex) and its parentheses escaped";
                let message = format!("`{mark}` at the end of the line is not a mark");
                findings.add(Code::BadValue, span, message, help);
                LineMatcher { text: line.to_owned(), how: LineKind::Equal, times: Times::Once }
            }
        }
    });
    let lines: Vec<LineMatcher> = lines.collect();
    let may_be_missing = |line: &LineMatcher| matches!(line.times, Times::Optional | Times::Any);
    if lines.iter().any(takes_anything)
        && lines.iter().all(|line| takes_anything(line) || may_be_missing(line))
    {
        let message = match lines.iter().all(takes_anything) {
            true => {
                "every line that is expected here takes any text, so this says nothing of what is printed"
            }
            false => {
                "every line that is expected here takes any text or may be missing, so this says nothing of what is \
                 printed"
            }
        };
        let help =
            "write what must be printed; for anything at all, a `yaml expect` with `stdout: not_empty`";
        findings.add(Code::BadValue, fence.info_span, message, help);
    }
    (lines, templates)
}

/// Whether a line takes whatever is printed.
fn takes_anything(line: &LineMatcher) -> bool {
    match line.how {
        LineKind::Equal => false,
        LineKind::Glob => !line.text.is_empty() && line.text.bytes().all(|byte| byte == b'*'),
        LineKind::Regex => {
            !is_templated(&line.text) && super::expect::takes_anything(&format!("^(?:{})$", line.text))
        }
    }
}

/// The line and its mark, or what looks like a mark and is none.
fn parse(line: &str) -> Result<LineMatcher, String> {
    static MARK: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"^(.*?)\s*\(\s*([A-Za-z-]*)\s*([?*+]*)\s*\)\s*$").ok());
    let literal = || LineMatcher { text: line.to_owned(), how: LineKind::Equal, times: Times::Once };
    // Nearly a mark: it is not closed, or by another bracket.
    static OPEN: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"(?i)(?:^|\s)(\(\s*(?:glob|regex)\s*[?*+]*\s*[\]}>]?)\s*$").ok());
    if let Some(open) = OPEN.as_ref().and_then(|open| open.captures(line)) {
        return Err(open[1].trim().to_owned());
    }
    // In other brackets, in full-width ones, or with signs where none belong.
    static ODD: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let (open, close, signs) =
            ("[(\\[{<\u{ff08}\u{ff3b}]+", "[)\\]}>\u{ff09}\u{ff3d}]+", r"[\s?*+.,:;!|]*");
        Regex::new(&format!(
            r"(?i)(?:^|\s)({open}{signs}(?:glob|regex){signs}{close}{signs}(?:\([?*+]+\))?)\s*$"
        ))
        .ok()
    });
    static SIGNED: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"^\(\s*[A-Za-z]+\s*[?*+]*\s*\)$").ok());
    if let Some(odd) = ODD.as_ref().and_then(|odd| odd.captures(line))
        && !SIGNED.as_ref().is_some_and(|signed| signed.is_match(odd[1].trim_end()))
    {
        return Err(odd[1].trim().to_owned());
    }
    let Some(found) = MARK.as_ref().and_then(|mark| mark.captures(line)) else { return Ok(literal()) };
    let (text, word, times) = (&found[1], &found[2], &found[3]);
    if word.is_empty() && times.is_empty() {
        return Ok(literal());
    }
    let known = word.is_empty() || matches!(word, "glob" | "regex");
    if !known && !near(word) {
        return Ok(literal());
    }
    let mark = format!(" ({word}{times})");
    let apart = line.ends_with(&mark) || line == &mark[1..];
    if !known || times.len() > 1 || !apart {
        // `f(*)` and `call(?)` are calls: nobody puts a mark so close to a text.
        let call = word.is_empty() && times.len() == 1 && line.ends_with(&mark[1..]);
        let touches = !text.is_empty() && line[text.len()..] == mark[1..];
        return if call && touches { Ok(literal()) } else { Err(line[text.len()..].trim().to_owned()) };
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

/// Whether a word in parentheses was meant as a mark: misspelt, cut short, or another tool's.
fn near(word: &str) -> bool {
    let lower = word.to_lowercase();
    let short = lower.len() >= 2 && ["glob", "regex"].iter().any(|mark| mark.starts_with(&lower));
    !WORDS.contains(&lower.as_str())
        && (short || FOREIGN.contains(&lower.as_str()) || nearest(&lower, ["glob", "regex"]).is_some())
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
            ("f(x)", "f(x)", LineKind::Equal, Times::Once),
            ("scope (global)", "scope (global)", LineKind::Equal, Times::Once),
            ("by glob; (see above)", "by glob; (see above)", LineKind::Equal, Times::Once),
            ("around the (globe)", "around the (globe)", LineKind::Equal, Times::Once),
            ("(glob)", "", LineKind::Glob, Times::Once),
            ("see the regex", "see the regex", LineKind::Equal, Times::Once),
            ("(see the regex)", "(see the regex)", LineKind::Equal, Times::Once),
            ("matched (regex a", "matched (regex a", LineKind::Equal, Times::Once),
            ("f(glob", "f(glob", LineKind::Equal, Times::Once),
            ("f[glob]", "f[glob]", LineKind::Equal, Times::Once),
            ("see [globe]", "see [globe]", LineKind::Equal, Times::Once),
        ] {
            assert_eq!(read(line), Ok((text.to_owned(), how, times)), "{line}");
        }
        for line in [
            "a (globb)",
            "a (Glob)",
            "a (glob))",
            "a ((glob))",
            "a (regex))",
            "a (glob)|",
            "a (regexp)",
            "a (re)",
            "a (glob) ",
            "a (glob**)",
            "a (**)",
            "a ( glob )",
            "a (gl)",
            "a (gl+)",
            "a (reg)",
            "a (glb)",
            "a\t(glob)",
            "a\u{a0}(glob)",
            "a \t(regex)",
            "a*(glob)",
            "a*(regex+)",
            "a (glob)\t",
            "a (regex",
            "a (glob* ",
            "a ( Regex",
            "a (regex]",
            "(glob",
            "a (glob)+",
            "a (regex) ?",
            "a (globs)",
            "a (glob;)",
            "a (+glob)",
            "a (glob,+)",
            "a (glob)(?)",
            "a (regex).",
            "a [glob]",
            "a {regex+}",
            "[Glob]",
            "a \u{ff08}glob\u{ff09}",
            "a \u{ff08}regex)",
        ] {
            assert!(read(line).is_err(), "{line}");
        }
    }
}
