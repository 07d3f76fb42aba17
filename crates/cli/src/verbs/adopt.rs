//! `adopt`: what would make a run-book of a document that people wrote for themselves, as a diff that says why.

use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use holdpoint_document::{Adoption, Span, adopt as propose};
use serde_json::json;
use similar::{ChangeTag, DiffOp, TextDiff};

use super::prepare;
use crate::args::{self, Format};
use crate::exit::Exit;
use crate::output;
use crate::place::Place;
use crate::problem::{Finding, Problem, say_all};
use crate::screen::Screen;

/// So many lines around a change are shown.
const CONTEXT: usize = 3;

/// Proposes a run-book. The document itself is never written.
pub fn adopt(screen: &Screen, arguments: &args::Adopt) -> Result<Exit, Problem> {
    output::untaken(arguments.write.as_deref())?;
    let source = prepare::read(&arguments.file)?;
    let directory = arguments.file.parent().filter(|parent| *parent != Path::new(""));
    let directory = directory.unwrap_or(Path::new(".")).canonicalize().unwrap_or_default();
    let place = Place::of(&directory)?;
    let adoption = propose(&source, place.configuration());
    let shown = screen.path(&arguments.file).to_string();
    // A diff without a change is none, and a copy is no run-book.
    let nothing = match (adoption.is_run_book, adoption.edits.is_empty()) {
        (true, _) => Some(format!("{shown} is a run-book already")),
        (false, true) => Some(format!("{shown}: nothing can be proposed")),
        (false, false) => None,
    };
    match (&arguments.write, &nothing) {
        (Some(_), Some(why)) => {
            tell(screen, &arguments.file, &source, &adoption);
            return Err(Problem::usage(
                why.clone(),
                "Nothing was written. `holdpoint check` says what is wrong with it.",
            ));
        }
        (Some(path), None) => output::give(screen, Some(path), &adoption.text, "")?,
        (None, _) => {}
    }
    match arguments.format {
        Format::Json => screen.data(&json_of(&source, &adoption)),
        Format::Text if arguments.write.is_none() && nothing.is_none() => {
            let path = place.relative_path(&arguments.file);
            screen.data(&diff(&path, &source, &adoption));
        }
        Format::Text => {}
    }
    if let Some(why) = &nothing {
        screen.tell(&format!("{why}. `holdpoint check` says what is wrong with it."));
    }
    tell(screen, &arguments.file, &source, &adoption);
    Ok(Exit::Passed)
}

fn line_of(source: &str, span: Span) -> usize {
    source[..span.start.min(source.len())].matches('\n').count() + 1
}

/// What it comes to, and what is left to a person.
fn tell(screen: &Screen, file: &Path, source: &str, adoption: &Adoption) {
    let commands = adoption.commands;
    let all = commands.as_written + commands.with_values + commands.left;
    if all > 0 {
        screen.tell(&format!(
            "Commands: {all}. Run as they are written: {}; once a value is known: {}; left to you: {}.",
            commands.as_written, commands.with_values, commands.left
        ));
    }
    if !adoption.left.is_empty() {
        screen.say("To be decided by a person:");
    }
    for left in &adoption.left {
        let place = format!("{}:{}", screen.path(file), line_of(source, left.span));
        screen.say_hung("  ", &format!("{place}: {}", screen.neutralise(&left.what)));
    }
    if !adoption.errors.is_empty() {
        screen.say("What is proposed has these errors still:");
        let name = format!("{} as proposed", file.display());
        let findings: Vec<Finding> =
            adoption.errors.iter().map(|error| Finding::new(&name, &adoption.text, error.clone())).collect();
        say_all(screen, &findings);
    }
}

/// A unified diff; what stands behind the second `@@` of a hunk is why it is proposed.
fn diff(path: &Path, source: &str, adoption: &Adoption) -> String {
    let compared = TextDiff::from_lines(source, &adoption.text);
    let starts: Vec<usize> =
        std::iter::once(0).chain(source.match_indices('\n').map(|(at, _)| at + 1)).collect();
    let start = |line: usize| starts.get(line).copied().unwrap_or(source.len());
    let mut text = format!("--- {}\n+++ {}\n", header("a/", path), header("b/", path));
    // Counted by what is written: where lines were moved past one another, ranges of operations are not those of the lines.
    let (mut taken, mut given) = (0, 0);
    for group in compared.grouped_ops(CONTEXT) {
        let Some(begin) = group.iter().map(|op| op.old_range().start).min() else { continue };
        let all = || group.iter().flat_map(|op| compared.iter_changes(op));
        let without = |tag: ChangeTag| all().filter(|change| change.tag() != tag).count();
        let new_begin = begin + given - taken;
        let old = begin..begin + without(ChangeTag::Insert);
        let new = new_begin..new_begin + without(ChangeTag::Delete);
        (taken, given) = (taken + old.len(), given + new.len());
        let mut reasons: Vec<&str> = Vec::new();
        let (from, to) = (start(old.start), start(old.end));
        for edit in adoption.edits.iter().filter(|edit| from <= edit.span.end && edit.span.start <= to) {
            if !reasons.contains(&edit.reason.as_str()) {
                reasons.push(&edit.reason);
            }
        }
        let why = reasons.join("; ").replace(['\n', '\r'], " ");
        text.push_str(&format!("@@ -{} +{} @@ {why}\n", range(&old), range(&new)));
        group.iter().for_each(|op| lines(&mut text, &compared, op));
    }
    text
}

/// A file's name as git writes it and `patch` reads it: one with a blank ends in a tab, one with what ends a line or a name is
/// quoted as in C.
fn header(before: &str, path: &Path) -> String {
    let bytes = path.as_os_str().as_bytes();
    let odd = |byte: &u8| byte.is_ascii_control() || matches!(byte, b'"' | b'\\');
    match std::str::from_utf8(bytes) {
        Ok(name) if !bytes.iter().any(odd) => {
            let end = if name.contains(' ') { "\t" } else { "" };
            format!("{before}{name}{end}")
        }
        _ => {
            let quoted = bytes.iter().map(|byte| match byte {
                b'\n' => "\\n".to_owned(),
                b'\t' => "\\t".to_owned(),
                b'"' | b'\\' => format!("\\{}", char::from(*byte)),
                b' '..=b'~' => char::from(*byte).to_string(),
                byte => format!("\\{byte:03o}"),
            });
            format!("\"{before}{}\"", quoted.collect::<String>())
        }
    }
}

fn lines<'t>(text: &mut String, compared: &TextDiff<'t, 't, 't, str>, op: &DiffOp) {
    for change in compared.iter_changes(op) {
        let sign = match change.tag() {
            ChangeTag::Equal => ' ',
            ChangeTag::Delete => '-',
            ChangeTag::Insert => '+',
        };
        text.push(sign);
        text.push_str(change.value());
        if !change.value().ends_with('\n') {
            text.push_str("\n\\ No newline at end of file\n");
        }
    }
}

/// Lines as a unified diff counts them: from 1, and the line before where there are none.
fn range(lines: &std::ops::Range<usize>) -> String {
    match lines.len() {
        0 => format!("{},0", lines.start),
        1 => format!("{}", lines.start + 1),
        count => format!("{},{count}", lines.start + 1),
    }
}

fn json_of(source: &str, adoption: &Adoption) -> String {
    let place = |span: Span| json!({ "line": line_of(source, span), "start": span.start, "end": span.end });
    let edits: Vec<_> = adoption
        .edits
        .iter()
        .map(|edit| json!({ "at": place(edit.span), "text": edit.text, "reason": edit.reason }))
        .collect();
    let left: Vec<_> =
        adoption.left.iter().map(|left| json!({ "at": place(left.span), "what": left.what })).collect();
    let errors: Vec<_> = adoption
        .errors
        .iter()
        .map(|error| json!({ "code": error.code.as_str(), "message": error.message, "help": error.help }))
        .collect();
    let commands = adoption.commands;
    let all = json!({
        "edits": edits,
        "left": left,
        "errors": errors,
        "commands": {
            "as_written": commands.as_written,
            "with_values": commands.with_values,
            "left": commands.left,
        },
        "text": adoption.text,
    });
    serde_json::to_string_pretty(&all).unwrap_or_default()
}
