//! `adopt`: what would make a run-book of a document that people wrote for themselves, as a diff that says why.

mod diff;

use std::path::Path;

use holdpoint_document::{Adoption, Span, adopt as propose};
use serde_json::json;

use self::diff::diff;
use super::prepare;
use crate::args::{self, Format};
use crate::exit::Exit;
use crate::output;
use crate::place::Place;
use crate::problem::{Finding, Problem, say_all};
use crate::screen::Screen;

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
