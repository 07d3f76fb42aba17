//! A block's text apart: `#!`, option lines, script.

use crate::findings::Findings;
use crate::markdown::Fence;
use crate::spanned::Mapped;
use crate::{Code, Span};

/// The parts of a run, check or rollback block.
pub(crate) struct Script {
    /// What follows `#!` on the first line.
    pub(crate) shebang: Option<(String, Span)>,
    /// The option lines' YAML; `None` where there are none.
    pub(crate) options: Option<Mapped>,
    /// The script without option lines, `#!` included.
    pub(crate) body: Mapped,
}

/// How option lines begin in this language.
fn prefix(language: &str) -> &'static str {
    match language {
        "sql" | "psql" | "mysql" | "plsql" | "sqlite" | "lua" | "haskell" | "ada" | "elm" => "--|",
        "js" | "javascript" | "node" | "ts" | "typescript" | "go" | "rust" | "java" | "kotlin" | "swift"
        | "c" | "cpp" | "c++" | "csharp" | "c#" | "scala" | "groovy" | "dart" | "php" | "zig" => "//|",
        _ => "#|",
    }
}

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
        _ => match prefix(language) {
            "--|" => (&["--"], &[SLASHES], &[";"]),
            "//|" => (&["//"], &[SLASHES], &[";", "\"use strict\";", "'use strict';"]),
            _ => (&["#"], &[], &[]),
        },
    };
    Idle { lines, blocks, words }
}

/// Whether a script holds no command: nothing, comments only, or what does nothing. What is not surely so, is not.
pub fn is_empty_script(body: &str, language: &str) -> bool {
    let idle = idle(language);
    let with_end = format!("{body}\n");
    let mut rest = with_end.trim_start();
    while !rest.is_empty() {
        let block = idle.blocks.iter().find_map(|(open, close)| {
            let inner = rest.strip_prefix(open)?;
            let end = inner.find(close)?;
            // A text in quotes is one line.
            let alone = open.len() > 1 || !inner[..end].contains(['\n', '"', '\'', '\\']);
            alone.then(|| &inner[end + close.len()..])
        });
        let word = |word: &&&str| {
            rest.strip_prefix(**word)
                .is_some_and(|after| after.starts_with([' ', '\t', '\n', '\r', ';', '#']))
        };
        rest = if let Some(after) = block {
            after
        } else if rest.starts_with("#!") || idle.lines.iter().any(|open| rest.starts_with(open)) {
            rest.split_once('\n').map_or("", |(_, after)| after)
        } else if let Some(word) = idle.words.iter().find(word) {
            &rest[word.len()..]
        } else {
            return false;
        };
        rest = rest.trim_start();
    }
    true
}

/// What is wrong with a script that is to run instead of a block's own, in words: it holds no command, or option lines,
/// which would be comments there.
pub fn replacement_error(script: &str, language: &str) -> Option<String> {
    let prefix = prefix(language);
    if let Some(line) = script.lines().find(|line| near_miss(line, prefix).is_some()) {
        let line = line.trim();
        return Some(format!(
            "`{line}` would be a comment: options are the document's, and no edit changes them"
        ));
    }
    is_empty_script(script, language)
        .then(|| "it holds no command, so it would pass whatever is the case".to_owned())
}

/// Splits a block. Option lines anywhere but at the top, or nearly option lines, are errors.
pub(crate) fn script_of(fence: &Fence, language: &str, findings: &mut Findings) -> Script {
    let prefix = prefix(language);
    let text = fence.body.text();
    let mut script = Script {
        shebang: None,
        options: None,
        body: Mapped::with_room(fence.body.span(0..0).start, text.len()),
    };
    let mut top = true;
    for (index, range) in fence.body.lines().enumerate() {
        let line = &text[range.clone()];
        let with_end = range.start..(range.end + 1).min(text.len());
        if index == 0 && line.starts_with("#!") && !line.starts_with("#!|") {
            let span = fence.body.span(range.clone());
            script.shebang = Some((line[2..].to_owned(), span));
            script.body.push_part(&fence.body, with_end);
            continue;
        }
        if top && line.starts_with(prefix) {
            let options =
                script.options.get_or_insert_with(|| Mapped::at(fence.body.span(range.clone()).start));
            // Every line is cut after its prefix, so a blank after it is part of the YAML's indentation.
            options.push_part(&fence.body, range.start + prefix.len()..range.end);
            let end = fence.body.span(range.end..with_end.end);
            options.push("\n", end);
            continue;
        }
        if !line.trim().is_empty() {
            top = false;
        }
        if let Some(found) = near_miss(line, prefix) {
            let span = fence.body.span(range.clone());
            let (message, help) = if line.starts_with(prefix) {
                (
                    format!("a `{prefix}` line stands below the script's first line"),
                    "option lines stand at the very top of the block".to_owned(),
                )
            } else {
                (
                    format!("`{found}` does not begin an option line"),
                    format!("write `{prefix} key: value` at the left margin, at the top of the block"),
                )
            };
            findings.add(Code::Misplaced, span, message, help);
        }
        if script.body.text().is_empty() && line.trim().is_empty() {
            continue;
        }
        script.body.push_part(&fence.body, with_end);
    }
    script
}

/// What the line begins with, if that is an option prefix or nearly one.
fn near_miss<'l>(line: &'l str, prefix: &str) -> Option<&'l str> {
    let trimmed = line.trim_start();
    let indent = line.len() - trimmed.len();
    let comment = &prefix[..prefix.len() - 1];
    if !trimmed.starts_with('#') && !trimmed.starts_with(comment) {
        return None;
    }
    let mut tries = vec!["#|", "# |", "#!|", "##|", "#:|"];
    let spaced = format!("{comment} |");
    tries.push(prefix);
    if comment != "--" || prefix == "--|" {
        tries.push(&spaced);
    }
    let found = tries.into_iter().find(|found| trimmed.starts_with(found))?;
    Some(&line[indent..indent + found.len()])
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
