//! A block's text apart: `#!`, option lines, script.

use holdpoint_shell::{Idle, idle, open_here_document};

use super::interpreter::{is_shell, spoken};
use super::raw::Script;
use crate::findings::Findings;
use crate::markdown::Fence;
use crate::spanned::Mapped;
use crate::{Block, Code};

/// How option lines begin in this language.
fn prefix(language: &str) -> &'static str {
    match language {
        "sql" | "psql" | "mysql" | "plsql" | "sqlite" | "lua" | "haskell" | "ada" | "elm" => "--|",
        "js" | "javascript" | "node" | "ts" | "typescript" | "go" | "rust" | "java" | "kotlin" | "swift"
        | "c" | "cpp" | "c++" | "csharp" | "c#" | "scala" | "groovy" | "dart" | "php" | "zig" => "//|",
        _ => "#|",
    }
}

/// A here-document without an end: what is told of it, and what to do.
pub(super) const OPEN: (&str, &str) = (
    "the here-document that begins here has no end: all that follows is its text",
    "write its end on a line of its own, without blanks before or behind it",
);

/// What is wrong with a script that is to run instead of a block's own, in words: it holds no command, or option lines,
/// which would be comments there.
pub fn replacement_error(script: &str, block: &Block) -> Option<String> {
    let prefix = prefix(&block.language);
    if let Some(line) = script.lines().find(|line| near_miss(line, prefix).is_some()) {
        let line = line.trim();
        return Some(format!(
            "`{line}` would be a comment: options are the document's, and no edit changes them"
        ));
    }
    let spoken = spoken(&block.interpreter, &block.language);
    if is_shell(spoken) && open_here_document(script).is_some() {
        return Some("a here-document in it has no end: all that follows is its text".to_owned());
    }
    match idle(script, spoken)? {
        Idle::Nothing(why) => Some(format!("it {why}, so it would pass whatever is the case")),
        Idle::Little(_) | Idle::Assigns => None,
    }
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
pub(super) fn near_miss<'l>(line: &'l str, prefix: &str) -> Option<&'l str> {
    if let Some(found) = look_alike(line, prefix) {
        return Some(found);
    }
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

/// What the line begins with, if that looks like an option prefix, by other characters, and a key follows it.
fn look_alike<'l>(line: &'l str, prefix: &str) -> Option<&'l str> {
    let trimmed = line.trim_start();
    let first = trimmed.split(|c: char| c.is_ascii_alphanumeric()).next()?;
    if first.is_ascii() {
        return None;
    }
    let plain: String = first.chars().filter(|c| !c.is_whitespace()).map(plain).collect();
    let rest = &trimmed[first.len()..];
    let key = rest.split(':').next().unwrap_or_default().trim_end();
    let keyed = rest.contains(':') && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    ((plain == prefix || plain == "#|") && keyed).then(|| first.trim_end())
}

/// The character of an option prefix that this one is drawn like.
fn plain(c: char) -> char {
    match c {
        '\u{ff03}' | '\u{fe5f}' | '\u{266f}' => '#',
        '\u{a6}' | '\u{1c0}' | '\u{2016}' | '\u{2223}' | '\u{2502}' | '\u{2503}' | '\u{2758}'
        | '\u{2759}' | '\u{23b8}' | '\u{23b9}' | '\u{258f}' | '\u{2595}' | '\u{ff5c}' | '\u{ffe4}'
        | '\u{ffe8}' | '\u{fe31}' | '\u{5c0}' | '\u{7c}' => '|',
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{ff0d}' => '-',
        '\u{2044}' | '\u{2215}' | '\u{ff0f}' => '/',
        other => other,
    }
}
