//! Whether a script holds no command, in the shell and in other languages that blocks are written in.

/// What is no command in a language.
struct Idle {
    /// How a comment begins that ends with its line.
    lines: &'static [&'static str],
    /// How a longer one begins and ends; a text that stands alone counts as one.
    blocks: &'static [(&'static str, &'static str)],
    /// Words that do nothing.
    words: &'static [&'static str],
}

fn idle(language: &str) -> Idle {
    const SLASHES: (&str, &str) = ("/*", "*/");
    let (lines, blocks, words): (&[_], &[_], &[_]) = match language {
        "python" | "python3" | "py" => {
            (&["#"], &[("\"\"\"", "\"\"\""), ("'''", "'''"), ("\"", "\"\n"), ("'", "'\n")], &["pass", "..."])
        }
        "ruby" => (&["#"], &[("=begin", "\n=end")], &["nil"]),
        "perl" => (&["#"], &[("=pod", "\n=cut"), ("=head1", "\n=cut"), ("=begin", "\n=cut")], &[";", "1;"]),
        "lua" => (&["--"], &[("--[[", "]]")], &[";"]),
        "php" => (&["//", "#"], &[SLASHES], &["<?php", "?>", ";"]),
        "pwsh" | "powershell" => (&["#"], &[("<#", "#>")], &[";"]),
        "sql" | "psql" | "mysql" | "plsql" | "sqlite" | "haskell" | "ada" | "elm" => {
            (&["--"], &[SLASHES], &[";"])
        }
        "js" | "javascript" | "node" | "ts" | "typescript" | "go" | "rust" | "java" | "kotlin" | "swift"
        | "c" | "cpp" | "c++" | "csharp" | "c#" | "scala" | "groovy" | "dart" | "zig" => (
            &["//"],
            &[SLASHES],
            &[";", "\"use strict\";", "'use strict';", "\"use strict\"\n", "'use strict'\n"],
        ),
        _ => (&["#"], &[], &[]),
    };
    Idle { lines, blocks, words }
}

/// Whether a script holds no command: nothing, comments only, or what does nothing. What is not surely so, is not.
pub fn is_empty_script(body: &str, language: &str) -> bool {
    behind_what_is_idle(&format!("{body}\n"), language).is_empty()
}

/// A script, whose last line has its end, from its first command on.
pub(crate) fn behind_what_is_idle<'t>(body: &'t str, language: &str) -> &'t str {
    let idle = idle(language);
    let mut rest = body.trim_start();
    while !rest.is_empty() {
        let block = idle.blocks.iter().find_map(|(open, close)| {
            let inner = rest.strip_prefix(open)?;
            let end = inner.find(close)?;
            // A text in quotes is one line.
            let alone = open.len() > 1 || !inner[..end].contains(['\n', '"', '\'', '\\']);
            alone.then(|| &inner[end + close.len()..])
        });
        let word = |word: &&&str| {
            rest.strip_prefix(**word).is_some_and(|after| {
                word.ends_with('\n') || after.starts_with([' ', '\t', '\n', '\r', ';', '#'])
            })
        };
        // A line that goes on below, where nothing is.
        let shell = idle.blocks.is_empty() && idle.words.is_empty();
        let goes_on = if shell { rest.strip_prefix("\\\n").or(rest.strip_prefix("\\\r\n")) } else { None };
        rest = if let Some(after) = block.or(goes_on) {
            after
        } else if rest.starts_with("#!") || idle.lines.iter().any(|open| rest.starts_with(open)) {
            rest.split_once('\n').map_or("", |(_, after)| after)
        } else if let Some(word) = idle.words.iter().find(word) {
            &rest[word.len()..]
        } else {
            break;
        };
        rest = rest.trim_start();
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_nothing_is_no_command_in_any_language() {
        for (language, script) in [
            ("sh", ""),
            ("sh", "#!/bin/sh\n  # nothing\n\n"),
            ("bash", "# a\r\n# b"),
            ("python", "# later\npass\n"),
            ("python3", "\"\"\"Looks\nat it.\n\"\"\"\n"),
            ("py", "#!/usr/bin/env python3\n'''doc'''\n'doc'\npass # yet\n..."),
            ("node", "// later\n/* or\n never */\n;"),
            ("js", "'use strict';\n// x"),
            ("ruby", "# x\n=begin\nputs 1\n=end\n"),
            ("perl", "# x\n=pod\n\nx\n\n=cut\n1;"),
            ("lua", "--[[ a\nb ]]\n-- c"),
            ("php", "<?php\n// a\n# b\n/* c */ ?>"),
            ("sql", "-- a\n/* b */;"),
            ("sh", "\\"),
            ("bash", "# a\n\\\n  \\\n# b"),
            ("awk", "# a"),
            ("fish", "# a"),
        ] {
            assert!(is_empty_script(script, language), "{language}: {script:?}");
        }
    }

    #[test]
    fn what_may_do_something_is_a_command() {
        for (language, script) in [
            ("sh", ":"),
            ("sh", "pass"),
            ("sh", "\"x\""),
            ("sh", "\\ "),
            ("sh", "\\\nfalse"),
            ("bash", "# a\ntrue"),
            ("python", "passed()"),
            ("python", "\"\"\"doc\"\"\".upper()"),
            ("python", "'a'.b('c')"),
            ("python", "'''never closed"),
            ("python", "pass\nprint(1)"),
            ("node", "/* a */ f()"),
            ("node", "# a"),
            ("ruby", "nils"),
            ("perl", "print 1;"),
            ("lua", "--[[ a ]] f()"),
            ("php", "text"),
            ("sql", "select 1;"),
        ] {
            assert!(!is_empty_script(script, language), "{language}: {script:?}");
        }
    }
}
