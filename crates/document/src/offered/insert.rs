//! A command as a template, into which values are inserted.
//!
//! Values are quoted as words of their own. Where a placeholder stands in quotes, these are ended before it and begun anew
//! behind it, so that the value stands outside of them. Whether a value can stand where it does is asked of the same reading
//! that judges templates of run-books; what it cannot tell, it refuses.

use std::ops::Range;

use holdpoint_shell::{Kind, Part, PartKind, Token, Word};

use super::blanks::Mark;
use super::filled::masked;
use crate::blocks::refusals;

/// A command with its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Made {
    /// The template.
    pub(crate) template: String,
    /// Of each mark, by its number, what keeps a value from standing there.
    pub(crate) wrong: Vec<(usize, Why)>,
}

/// Why a value cannot stand somewhere, or not every value can.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// This command reads it once more: harmless characters can.
    Again(&'static str),
    /// No value can.
    Never(String),
}

/// The template of a command in which these marks are values of these names.
pub(crate) fn template(text: &str, marks: &[(Mark, String)]) -> Made {
    if marks.is_empty() {
        let mut template = String::with_capacity(text.len());
        raw(&mut template, text);
        return Made { template, wrong: Vec::new() };
    }
    // Placeholders read as redirections and globs; what takes their place is part of a word.
    let masked = masked(text, marks.iter().map(|(mark, _)| mark.at.clone()));
    let read = holdpoint_shell::read(&masked);
    let mut template = String::with_capacity(text.len() + 16 * marks.len());
    let (mut at, mut places) = (0, Vec::new());
    for (mark, name) in marks {
        let (quote, within) = quote_around(&read.tokens, &mark.at).unwrap_or(("", 0..0));
        // Where nothing stands between it and a quote, there is nothing to quote.
        let opens = !quote.is_empty() && within.start + 1 == mark.at.start && at <= within.start;
        let closes = !quote.is_empty() && mark.at.end + 1 == within.end;
        raw(&mut template, &text[at..mark.at.start - usize::from(opens)]);
        template.push_str(if opens { "" } else { quote });
        let start = template.len();
        template.push_str("{{ ");
        template.push_str(name);
        template.push_str(" }}");
        places.push(start..template.len());
        template.push_str(if closes { "" } else { quote });
        at = mark.at.end + usize::from(closes);
    }
    raw(&mut template, &text[at..]);
    let mut wrong = Vec::new();
    for refusal in refusals(&template) {
        let Some(number) = places.iter().position(|place| *place == refusal.at) else { continue };
        let written = &text[marks[number].0.at.clone()];
        let message = refusal.message.replace(&template[refusal.at.clone()], written);
        wrong.push((number, refusal.again.map_or(Why::Never(message), Why::Again)));
    }
    Made { template, wrong }
}

/// Of each mark, the variable of its name as it is written where the mark stands: one word, whatever its value.
pub(crate) fn in_place(text: &str, marks: &[(Mark, String)]) -> Vec<String> {
    let masked = masked(text, marks.iter().map(|(mark, _)| mark.at.clone()));
    let read = holdpoint_shell::read(&masked);
    let written = marks.iter().map(|(mark, name)| match quote_around(&read.tokens, &mark.at) {
        None => format!("\"${{{name}}}\""),
        Some(("'", _)) => format!("'\"${{{name}}}\"'"),
        Some(_) => format!("${{{name}}}"),
    });
    written.collect()
}

/// Text of which nothing is a template's.
fn raw(template: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = ["{{", "{%", "{#"].iter().filter_map(|opens| rest.find(opens)).min() {
        template.push_str(&rest[..at]);
        template.push_str("{% raw %}");
        template.push_str(&rest[at..at + 2]);
        template.push_str("{% endraw %}");
        rest = &rest[at + 2..];
    }
    // A brace at its end and one after it would open something.
    match rest.strip_suffix('{') {
        Some(before) => {
            template.push_str(before);
            template.push_str("{% raw %}{{% endraw %}");
        }
        None => template.push_str(rest),
    }
}

/// The quotes that this place stands in, innermost, and what they hold, with them.
fn quote_around(tokens: &[Token], at: &Range<usize>) -> Option<(&'static str, Range<usize>)> {
    let token = tokens.iter().find(|token| token.at.start <= at.start && at.end <= token.at.end)?;
    match &token.kind {
        Kind::Word(word) | Kind::Pattern(word) => in_word(word, at),
        Kind::Redirection(redirection) => in_word(redirection.target.as_ref()?, at),
        _ => None,
    }
}

fn in_word(word: &Word, at: &Range<usize>) -> Option<(&'static str, Range<usize>)> {
    in_parts(&word.parts, at)
}

fn in_parts(parts: &[Part], at: &Range<usize>) -> Option<(&'static str, Range<usize>)> {
    let part = parts.iter().find(|part| part.at.start <= at.start && at.end <= part.at.end)?;
    match &part.kind {
        PartKind::Single => Some(("'", part.at.clone())),
        PartKind::Double(inner) => {
            match inner.iter().find(|part| part.at.start <= at.start && at.end <= part.at.end) {
                None => Some(("\"", part.at.clone())),
                Some(Part { kind: PartKind::Literal | PartKind::Escaped, .. }) => {
                    Some(("\"", part.at.clone()))
                }
                Some(_) => in_parts(inner, at),
            }
        }
        PartKind::Command(tokens) | PartKind::Process { tokens, .. } | PartKind::Array(tokens) => {
            quote_around(tokens, at)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::offered::blanks::{Sheet, marks};

    fn made(text: &str) -> Made {
        let mut sheet = Sheet::default();
        let marks: Vec<(Mark, String)> = marks(text, &Default::default())
            .into_iter()
            .map(|mark| {
                let name = sheet.name(text, &mark);
                (mark, name)
            })
            .collect();
        template(text, &marks)
    }

    #[test]
    fn a_value_stands_outside_of_quotes() {
        let cases = [
            ("deploy <version>", "deploy {{ version }}"),
            ("deploy app:<version>", "deploy app:{{ version }}"),
            ("curl \"https://<host>/x\"", "curl \"https://\"{{ host }}\"/x\""),
            ("git commit -m 'to <version>'", "git commit -m 'to '{{ version }}"),
            (
                "git commit -m \"<version> is out\" '<name>'",
                "git commit -m {{ version }}\" is out\" {{ name }}",
            ),
            ("x \"<one><two>\"", "x {{ one }}\"\"{{ two }}"),
            ("x=$(get <name>)", "x=$(get {{ name }})"),
            ("x=$(get '<name>')", "x=$(get {{ name }})"),
            ("cp a > <file>", "cp a > {{ file }}"),
            (
                "docker inspect -f '{{.State}}' <id>",
                "docker inspect -f '{% raw %}{{{% endraw %}.State}}' {{ id }}",
            ),
        ];
        for (text, wanted) in cases {
            let made = made(text);
            assert_eq!((made.template.as_str(), &made.wrong[..]), (wanted, &[][..]), "{text}");
        }
    }

    #[test]
    fn a_value_that_is_read_once_more_or_stands_in_text_is_told() {
        for text in ["ssh web \"deploy <version>\"", "sh -c 'deploy <version>'", "eval x <version>"] {
            assert!(matches!(made(text).wrong[..], [(0, Why::Again(_))]), "{text}: {:?}", made(text));
        }
        for text in
            ["cat <<E\n<version>\nE", "echo $((<count> + 1))", "echo ${<name>}", "x=\"$(get <name>)\""]
        {
            assert!(matches!(made(text).wrong[..], [(0, Why::Never(_))]), "{text}: {:?}", made(text));
        }
    }
}
