//! Which variables a script reads and sets, as far as can be seen from outside. For dry runs: what is not seen here is
//! tried with a value that nobody knows, and what is seen here by mistake is not tried.

use holdpoint_document::{Block, spoken};

/// Whether the script reads the variable. A shell names it after a `$`, or to the few words that take a name; other
/// languages look it up by a text or a name, so any word counts.
pub fn reads(block: &Block, script: &str, name: &str) -> bool {
    let shell = matches!(
        spoken(&block.interpreter, &block.language),
        "sh" | "shell" | "bash" | "zsh" | "dash" | "ksh"
    );
    words(script, name).any(|(before, _)| {
        if !shell {
            return true;
        }
        let dollar = before.trim_end_matches(['{', '#', '!']);
        let calculates = |opened: &str, closed: &str| {
            before.rfind(opened).is_some_and(|at| !before[at..].contains(closed))
        };
        let taker = before.trim_end().rsplit([' ', '\t', '\n', ';', '(']).next().unwrap_or_default();
        let takes = before.ends_with([' ', '\t']) && matches!(taker, "printenv" | "-p" | "-v");
        dollar.ends_with('$') || takes || calculates("((", "))")
    })
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
        ] {
            assert!(reads(&block("sh"), script, "TAG"), "{script}");
        }
        for script in
            ["echo $STAGING", "echo TAG", "echo $TAGS ${TAG_NAME}", "TAG=1", "# the TAG", "echo $MYTAG"]
        {
            assert!(!reads(&block("sh"), script, "TAG"), "{script}");
        }
    }

    #[test]
    fn another_language_reads_what_it_names() {
        assert!(reads(&block("python"), "import os; print(os.environ['TAG'])", "TAG"));
        assert!(!reads(&block("python"), "import os; print(os.environ['STAGING'])", "TAG"));
    }

    #[test]
    fn a_script_sets_what_it_assigns() {
        assert_eq!(sets("A=1; export B=2\n[ \"$C\" = x ] && D+=3").collect::<Vec<_>>(), ["A", "B", "D"]);
    }
}
