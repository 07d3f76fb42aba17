//! Texts in quotes that nobody looks for variables in.

use std::ops::Range;

use crate::interpreter::base_name;
use crate::token::{Kind, Part, PartKind, Token};
use crate::{Node, Pipeline, pipelines, read};

/// Programs that take their words and their input for text, and hand neither to another.
const PLAIN: [&str; 34] = [
    ":", "[", "basename", "cat", "cd", "cmp", "cp", "cut", "diff", "dirname", "echo", "egrep", "exit",
    "false", "fgrep", "grep", "head", "ls", "mkdir", "mv", "printf", "read", "return", "rm", "seq", "sleep",
    "sort", "tail", "test", "touch", "tr", "true", "uniq", "wc",
];

/// Where a shell script quotes something that stays as it is written: in `'…'`, behind `\`, in a here-document with a quoted
/// end. Nothing, where the script calls any program that might read a script, or a name, in what it is given.
pub fn inert_quotes(script: &str) -> Vec<Range<usize>> {
    let read = read(script);
    // A text that is worked out again: as a number, as a name, as a prompt.
    let again = ["((", "[[", "$[", "${!", "${(", "@P"].iter().any(|sign| script.contains(sign));
    if read.error.is_some() || !read.doubts.is_empty() || again {
        return Vec::new();
    }
    let mut found = Vec::new();
    let plain = in_tokens(script, &read.tokens, &mut found);
    if plain { found } else { Vec::new() }
}

/// Notes quotes, and tells whether every program is a plain one.
fn in_tokens(script: &str, tokens: &[Token], found: &mut Vec<Range<usize>>) -> bool {
    let mut plain = are_plain(script, &pipelines(tokens));
    for token in tokens {
        let parts = match &token.kind {
            Kind::Word(word) | Kind::Pattern(word) => &word.parts,
            Kind::Body(body) if body.quoted => {
                found.push(token.at.clone());
                continue;
            }
            Kind::Body(body) => &body.parts,
            // The end of a here-document is a text.
            Kind::Redirection(it)
                if script[it.operator.clone()].starts_with("<<")
                    && !script[it.operator.clone()].ends_with("<<<") =>
            {
                continue;
            }
            Kind::Redirection(it) => match &it.target {
                Some(target) => &target.parts,
                None => continue,
            },
            _ => continue,
        };
        plain &= in_parts(script, parts, found);
    }
    plain
}

fn in_parts(script: &str, parts: &[Part], found: &mut Vec<Range<usize>>) -> bool {
    parts.iter().fold(true, |plain, part| {
        plain
            & match &part.kind {
                PartKind::Literal => true,
                PartKind::Single | PartKind::Escaped => {
                    found.push(part.at.clone());
                    true
                }
                PartKind::Double(parts) => in_parts(script, parts, found),
                PartKind::Parameter { braces, .. } => {
                    braces.as_ref().is_none_or(|parts| in_parts(script, parts, found))
                }
                PartKind::Command(tokens) | PartKind::Backquote(Some(tokens)) => {
                    in_tokens(script, tokens, found)
                }
                _ => false,
            }
    })
}

fn are_plain(script: &str, lines: &[Pipeline<'_>]) -> bool {
    lines.iter().flat_map(|line| &line.nodes).all(|node| match node {
        Node::Group { body, .. } => are_plain(script, body),
        Node::Command(command) => {
            let words: Vec<_> = command
                .tokens
                .iter()
                .filter_map(|token| match &token.kind {
                    Kind::Word(word) => Some(word),
                    _ => None,
                })
                .collect();
            // Of `for` and `case` they are no command.
            if command.keyword.is_some() {
                return true;
            }
            let assigns = |word: &&&crate::Word| crate::assigned(word.whole(script)).is_some();
            let mut words = words.iter().skip_while(assigns);
            let Some(program) = words.next() else { return true };
            let all: Vec<&str> = words.map(|word| word.whole(script)).collect();
            match program.bare(script).map(base_name) {
                // `-v` asks for a name.
                Some("test" | "[" | "printf") => {
                    !all.iter().any(|word| matches!(word.trim_matches(['\'', '"']), "-v" | "-R"))
                }
                // A program of its own language looks at the environment as `env` or `$ENV` alone, and may be in a file.
                Some("jq" | "yq") => is_plain_jq(script, &all),
                Some(name) => PLAIN.contains(&name),
                None => false,
            }
        }
    })
}

/// Whether a `jq` with these words, in a script like this one, surely does not look at its environment.
fn is_plain_jq(script: &str, words: &[&str]) -> bool {
    let from_file = words.iter().any(|word| match word.strip_prefix("--") {
        Some(name) => ["from", "library", "split"].iter().any(|one| name.starts_with(one)),
        None => word.strip_prefix('-').is_some_and(|flags| flags.contains(['f', 'L'])),
    });
    let lower = script.to_ascii_lowercase();
    !from_file && !["env", "import", "include"].iter().any(|word| lower.contains(word))
}

/// Whether every `jq` and `yq` of a shell script has a program that is written out and does not look at the environment.
pub fn jq_is_plain(script: &str) -> bool {
    let read = read(script);
    let is_one = |word: &&str| matches!(base_name(word), "jq" | "yq");
    let all = script.split(|c: char| c.is_whitespace() || ";|&()`{}'\"".contains(c)).filter(is_one).count();
    let mut seen = 0;
    read.error.is_none()
        && read.doubts.is_empty()
        && calls_plain_jq(script, &read.tokens, &mut seen)
        && seen == all
}

fn calls_plain_jq(script: &str, tokens: &[Token], seen: &mut usize) -> bool {
    let mut plain = true;
    for (at, token) in tokens.iter().enumerate() {
        let parts = match &token.kind {
            Kind::Word(word) => {
                if matches!(word.bare(script).map(base_name), Some("jq" | "yq")) {
                    *seen += 1;
                    let behind =
                        tokens[at + 1..].iter().filter(|token| !matches!(token.kind, Kind::Redirection(_)));
                    let words = behind.map_while(|token| match &token.kind {
                        Kind::Word(word) => Some(word.whole(script)),
                        _ => None,
                    });
                    plain &= is_plain_jq(script, &words.collect::<Vec<_>>());
                }
                &word.parts
            }
            Kind::Body(body) => &body.parts,
            _ => continue,
        };
        for part in parts {
            part.lists(&mut |_, tokens| plain &= calls_plain_jq(script, tokens, seen));
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::{inert_quotes, jq_is_plain};

    #[test]
    fn a_quoted_text_stays_as_it_is_where_only_plain_programs_are_called() {
        let quoted = |script: &'static str| -> Vec<&str> {
            inert_quotes(script).into_iter().map(|at| &script[at]).collect()
        };
        for (script, told) in [
            ("echo '$TAG'; false", &["'$TAG'"][..]),
            ("cat <<'Q' | grep \"\\$x\"\n$TAG\nQ\nfalse", &["\\$", "$TAG\n"]),
            ("echo '{\"TAG\":1}' | jq -e '.TAG == 2'", &["'{\"TAG\":1}'", "'.TAG == 2'"]),
            ("if test \"$(cat 'a')\" = 'b'; then echo 'c'; fi", &["'a'", "'b'", "'c'"]),
            ("x='$TAG'; for i in 'a'; do echo \"$i\"; done", &["'$TAG'", "'a'"]),
        ] {
            let mut found = quoted(script);
            found.sort_by_key(|text| script.find(text));
            assert_eq!(found, told, "{script}");
        }
        for script in [
            "sh -c 'echo $TAG'",
            "echo '$TAG' | sh",
            "envsubst '$TAG'",
            "x='$TAG'; eval \"echo $x\"",
            "x='echo $TAG'; $x",
            "f() { sh; }; echo '$TAG' | f",
            "x='TAG'; echo ${!x}",
            "x='TAG'; echo $((x))",
            "x='$TAG'; echo ${(e)x}",
            "[ -v 'TAG' ]",
            "test '-v' 'TAG'",
            "jq -n 'env.TAG'",
            "jq -n '$ENV.TAG'",
            "jq -rf 'x.TAG'",
            "jq --from-file 'TAG' x",
            "cat <(echo '$TAG')",
            "echo '$TAG",
            "sed 's/$TAG/x/' a",
            "awk '$TAG' a",
            "'ech'o '$TAG'",
        ] {
            assert!(inert_quotes(script).is_empty(), "{script}");
        }
        assert!(
            jq_is_plain("echo x | jq -r .TAG") && !jq_is_plain("jq -f TAG") && !jq_is_plain("jq env.TAG")
        );
    }
}
