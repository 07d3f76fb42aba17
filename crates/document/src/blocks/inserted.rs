//! Where a value that is inserted into a pattern would not stand for itself.

/// A pattern, by how it is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// A regular expression.
    Regex,
    /// A glob.
    Glob,
}

/// What is wrong with a place at which a value is inserted, and what helps; `None` where each value stands for itself.
pub(super) fn misread(pattern: &str, written: Written) -> Option<(&'static str, &'static str)> {
    let regex = written == Written::Regex;
    if regex && ignores_blanks(pattern) && pattern.contains("{{") {
        return Some((
            "with the flag `x`, blanks of a value that is inserted count for nothing",
            "leave the flag out",
        ));
    }
    let (mut rest, mut class, mut first) = (pattern, 0_usize, false);
    while let Some(c) = rest.chars().next() {
        if let Some(inside) = rest.strip_prefix("{{") {
            if regex && class > 0 {
                return Some((
                    "a value that is inserted between brackets is a set of characters",
                    "write the alternatives out, as in `(?:a|{{ X }})`",
                ));
            }
            rest = inside.split_once("}}").map_or("", |(_, after)| after);
            let repeats =
                rest.starts_with(['*', '+', '?']) || rest.starts_with('{') && !rest.starts_with("{{");
            if regex && repeats && !rest.starts_with("{%") && !rest.starts_with("{#") {
                return Some((
                    "this repeats the last character of the value that is inserted before it, not the value",
                    "put the value into a group: `(?:{{ X }})+`",
                ));
            }
            first = false;
            continue;
        }
        if regex
            && rest.strip_prefix("(?").is_some_and(|flags| flags.trim_start_matches(flag).starts_with("{{"))
        {
            return Some((
                "a value that is inserted here is no text but a flag",
                "write the flags themselves",
            ));
        }
        if c == '\\' {
            let escaped = &rest[1..];
            // `\x{{ X }}`: a value would be a character's number.
            let number = regex && escaped.starts_with(['x', 'u', 'U', 'p', 'P']);
            let behind = if number { &escaped[1..] } else { escaped };
            if behind.starts_with("{{") {
                return Some((
                    "the `\\` before it changes what a value that is inserted says",
                    "write `\\\\` for a `\\` itself",
                ));
            }
            rest = escaped.chars().next().map_or("", |next| &escaped[next.len_utf8()..]);
            first = false;
            continue;
        }
        match c {
            '[' => (class, first) = (class + 1, true),
            ']' if class > 0 && !first => class -= 1,
            '^' if first => {}
            _ => first = false,
        }
        rest = &rest[c.len_utf8()..];
    }
    None
}

/// Whether a flag of a regular expression has blanks in it count for nothing.
fn ignores_blanks(pattern: &str) -> bool {
    pattern.match_indices("(?").any(|(at, open)| {
        let flags = &pattern[at + open.len()..];
        let end = flags.find(|c| !flag(c)).unwrap_or(flags.len());
        flags[..end].split('-').next().is_some_and(|on| on.contains('x'))
            && flags[end..].starts_with([':', ')'])
    })
}

/// Whether this is a flag's letter, or turns those behind it off.
fn flag(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '-'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_would_say_something_else_is_told() {
        for pattern in [
            "(?x){{ X }}",
            "a(?ix-s: {{ X }})",
            "\\{{ X }}",
            "a\\\\\\{{ X }}",
            "{{ X }}+",
            "{{ X }}{2}",
            "{{X}}?",
            "[a-{{ X }}]",
            "[^]{{ X }}]",
            "(?{{ X }})a",
            "(?i{{ X }})a",
            "\\x{{ X }}",
            "\\p{{ X }}",
        ] {
            assert!(misread(pattern, Written::Regex).is_some(), "{pattern}");
        }
        assert!(misread("a\\{{ X }}", Written::Glob).is_some());
    }

    #[test]
    fn a_value_that_stands_for_itself_is_not() {
        for pattern in [
            "{{ X }}",
            "^v{{ X }}$",
            "(?:{{ X }})+",
            "{{ X }}{{ Y }}",
            "{{ X }}{% if Y %}a{% endif %}",
            "[a-z]{{ X }}",
            "[]a]{{ X }}",
            "[[:alpha:]]{{ X }}",
            "\\[{{ X }}",
            "\\\\{{ X }}",
            "(?i){{ X }}",
            "(?-x){{ X }}",
            "\\d{{ X }}",
        ] {
            assert!(misread(pattern, Written::Regex).is_none(), "{pattern}");
        }
        for pattern in ["{{ X }}*", "[{{ X }}]", "a\\\\{{ X }}", "{{ X }}?"] {
            assert!(misread(pattern, Written::Glob).is_none(), "{pattern}");
        }
    }
}
