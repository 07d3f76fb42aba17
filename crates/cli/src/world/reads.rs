//! Which variables a script reads and sets, as far as can be seen from outside. For dry runs: what is not seen here is
//! tried with a value that nobody knows, and what is seen here by mistake is not tried.

use std::ops::Range;

use holdpoint_document::{Block, spoken};
use holdpoint_shell::{inert_quotes, jq_is_plain, own, python_reads};

/// Words of a shell script that look a variable up by its name, or hand all of them to a program that does.
const LOOKERS: &[&str] = &[
    "[[", "awk", "compgen", "declare", "deno", "env", "eval", "export", "gawk", "jq", "let", "local", "lua",
    "mawk", "node", "perl", "php", "printenv", "python", "python3", "ruby", "set", "typeset", "yq",
];

/// Whether the script reads the variable. A shell names it after a `$`, or to words that take a name; Python asks its
/// environment; other languages look it up by a text or a name, so any word counts. A probe reads nothing by itself, and what
/// the block, or the script on every path, sets for itself it has.
pub fn reads(block: &Block, script: &str, name: &str) -> bool {
    if block.probe.is_some() || block.options.env.iter().any(|(set, _)| set == name) {
        return false;
    }
    match spoken(&block.interpreter, &block.language) {
        "sh" | "shell" | "bash" | "zsh" | "dash" | "ksh" => {}
        "python" | "python3" | "py" => return python_reads(script, name),
        _ => return words(script, name).next().is_some(),
    }
    let script = without_comments(script);
    let script = without(&script, own(&script, name, block.options.strict));
    let script = without(&script, inert_quotes(&script));
    if sources(&script)
        || script.contains("/environ")
        || names_with_prefixes(&script).any(|prefix| name.starts_with(prefix))
    {
        return true;
    }
    let plain_jq = jq_is_plain(&script);
    let looks_up = script.contains("${!")
        || script
            .split(|c: char| c.is_whitespace() || ";|&()<>`{}".contains(c))
            .map(|word| word.rsplit('/').next().unwrap_or(word))
            .any(|word| LOOKERS.contains(&word) && !(plain_jq && matches!(word, "jq" | "yq")));
    words(&script, name).any(|(before, after)| {
        let dollar = before.trim_end_matches(['{', '#', '!']);
        let calculates = |opened: &str, closed: &str| {
            before.rfind(opened).is_some_and(|at| !before[at..].contains(closed))
        };
        let sets = after.starts_with('=') || after.starts_with("+=");
        let starts = before.is_empty() || before.ends_with([' ', '\t', '\n', ';', '&', '|', '(', '{']);
        let named = (looks_up && !(sets && starts)) || (calculates("${", "}") && !before.ends_with("${"));
        let tested = ["-p", "-v"].iter().any(|option| before.trim_end().ends_with(option));
        dollar.ends_with('$') || tested || named || calculates("((", "))")
    })
}

/// Whether a shell reads commands from a file, which may read anything.
fn sources(script: &str) -> bool {
    script.split(['\n', ';', '&', '|', '(', '{', '!']).any(|statement| {
        let mut words = statement.split_whitespace();
        matches!(words.next(), Some("." | "source")) && words.next().is_some_and(|file| file != "/dev/null")
    })
}

/// What names begin with that a shell is asked for by `${!PREFIX*}` or `${!PREFIX@}`.
fn names_with_prefixes(script: &str) -> impl Iterator<Item = &str> {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    script.split("${!").skip(1).filter_map(move |rest| {
        let prefix = &rest[..rest.find(|c| !part(c))?];
        let behind = &rest[prefix.len()..];
        (behind.starts_with("*}") || behind.starts_with("@}")).then_some(prefix)
    })
}

/// A shell script with blanks for its comments, as far as it can be read.
fn without_comments(script: &str) -> String {
    let read = holdpoint_shell::read(script);
    let surely = read.doubts.first().map_or(script.len(), |doubt| doubt.at);
    let mut left = script.to_owned();
    for token in read.tokens.iter().rev() {
        if matches!(token.kind, holdpoint_shell::Kind::Comment) && token.at.end <= surely {
            left.replace_range(token.at.clone(), " ");
        }
    }
    left
}

/// A script with blanks for what stands there.
fn without(script: &str, blanks: Vec<Range<usize>>) -> String {
    let mut left: Vec<u8> = script.into();
    for at in blanks {
        // Lines stay as they are, and so does where everything stands.
        left[at].iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
    }
    String::from_utf8(left).unwrap_or_else(|_| script.to_owned())
}

/// Variables that a shell script sets, as far as it says so by `NAME=`.
pub fn sets(script: &str) -> impl Iterator<Item = &str> {
    script.split(['\n', ';', ' ', '\t', '(', '{']).filter_map(|word| {
        let (name, _) = word.split_once('=')?;
        let name = name.strip_suffix('+').unwrap_or(name);
        let shaped = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        shaped.then_some(name)
    })
}

/// Where the name stands as a whole word: what is before it, and behind.
fn words<'s>(script: &'s str, name: &'s str) -> impl Iterator<Item = (&'s str, &'s str)> {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    script.match_indices(name).filter_map(move |(at, _)| {
        let (before, after) = (&script[..at], &script[at + name.len()..]);
        (!before.ends_with(part) && !after.starts_with(part)).then_some((before, after))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(language: &str) -> Block {
        Block {
            language: language.into(),
            interpreter: vec![language.into()],
            script: String::new(),
            span: holdpoint_document::Span::default(),
            options: holdpoint_document::Options::default(),
            expect: Vec::new(),
            probe: None,
            offered: None,
        }
    }

    #[test]
    fn a_shell_reads_what_stands_after_a_dollar() {
        for script in [
            "echo $TAG",
            "echo \"${TAG:-x}\"",
            "echo ${#TAG}",
            "printenv TAG",
            "declare -p TAG",
            "echo $((TAG + 1))",
            "test \"$STAGING\" = \"$TAG\"",
            "cat <<EOF\n# $TAG\nEOF",
            "echo \" # $TAG\"",
            "python3 -c 'import os; print(os.environ[\"TAG\"])'",
            "/usr/bin/python3 - <<E\nimport os; os.environ['TAG']\nE",
            "awk 'BEGIN { exit ENVIRON[\"TAG\"] == \"bad\" }'",
            "jq -ne 'env.TAG != \"bad\"'",
            "! env | grep -q '^TAG=bad'",
            "r=TAG; test \"${!r:-}\" != bad",
            "declare -n r=TAG",
            "[ -v TAG ]",
            "[[ TAG -lt 5 ]]",
            "let \"q = TAG + 1\"",
            "echo \"${a[TAG]} ${x:TAG}\"",
            "sh -c 'echo $TAG'",
            "echo '$TAG' | sh",
            "envsubst '$TAG' <a",
            "test \"$TAG\" = 1; TAG=1",
            "a && TAG=1; test \"$TAG\" = 1",
            "read TAG <x || :; test \"$TAG\"",
            "jq -f TAG x",
            "jq -e --arg t \"$TAG\" '.TAG == $t' x",
            "yq 'strenv(TAG)' x",
            "cat <<E\n'$TAG'\nE",
            "TAG=${TAG:-1}; echo $TAG",
            "echo \"${!TA*}\"",
            "echo ${!T@}",
            "compgen -v | grep -x TAG",
            "tr '\\0' '\\n' </proc/self/environ | grep '^TAG='",
            ". ./lib.sh",
            "true && source lib.sh",
        ] {
            assert!(reads(&block("sh"), script, "TAG"), "{script}");
        }
        for script in [
            "echo $STAGING",
            "echo TAG",
            "echo $TAGS ${TAG_NAME}",
            "TAG=1",
            "# the TAG",
            "echo ${!STA*} ${!r}",
            "cat source.txt . ; . /dev/null",
            "echo $MYTAG",
            "ls # $TAG",
            "echo '{\"TAG\":1}' | jq -e '.TAG == 2'",
            "curl -fsS http://x | jq -e .TAG",
            "TAG=1; test \"$TAG\" = 2",
            "TAG=1\nenv | grep TAG",
            "for TAG in a b; do test $TAG = c; done",
            "read TAG <a.md; test \"$TAG\" = 2",
            "echo '$TAG'; false",
            "cat <<'Q'\nit's $TAG\nQ\nfalse",
            "echo \"\\$TAG\"; false",
        ] {
            assert!(!reads(&block("sh"), script, "TAG"), "{script}");
        }
    }

    #[test]
    fn another_language_reads_what_it_names() {
        assert!(reads(&block("python"), "import os; print(os.environ['TAG'])", "TAG"));
        assert!(!reads(&block("python"), "import os; print(os.environ['STAGING'])", "TAG"));
        assert!(!reads(&block("python3"), "print('TAG'); assert 0", "TAG"));
        assert!(reads(&block("ruby"), "puts 'TAG'", "TAG"));
    }

    #[test]
    fn a_script_sets_what_it_assigns() {
        assert_eq!(sets("A=1; export B=2\n[ \"$C\" = x ] && D+=3").collect::<Vec<_>>(), ["A", "B", "D"]);
    }
}
