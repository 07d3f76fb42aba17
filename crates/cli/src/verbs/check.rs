//! `check`: says everything that is wrong with run-books.

mod formats;
mod tally;
mod which;

use std::collections::BTreeMap;
use std::sync::Arc;

use holdpoint_document::{Code, Diagnostic, Severity, many};
use serde_json::Value;

use super::prepare::{self, Checked};
use super::wanting::wanting;
use crate::approvals;
use crate::args::{self, CheckFormat};
use crate::exit::Exit;
use crate::problem::{More, Problem, Room, say_all};
use crate::screen::Screen;
use crate::sources::Sources;
use tally::Tally;
use which::{Named, which};

/// Checks files.
pub fn check(screen: &Screen, arguments: &args::Check) -> Result<Exit, Problem> {
    let named = which(&arguments.files)?;
    let mut checked =
        named.iter().map(|named| looked_at(screen, named)).collect::<Result<Vec<Checked>, Problem>>()?;
    same_ids(&mut checked);
    signers_are_there(&mut checked);
    for checked in &mut checked {
        checked.findings.extend(wanting(&checked.place, &checked.plan, None));
    }
    // A document that cannot run is a document error; one that merely does not pass is a check that failed.
    let broken = checked.iter().flat_map(|checked| &checked.findings).any(Diagnostic::is_error);
    if arguments.deny.is_some() {
        for finding in checked.iter_mut().flat_map(|checked| &mut checked.findings) {
            finding.severity = Severity::Error;
        }
    }
    let failed = checked.iter().flat_map(|checked| &checked.findings).any(Diagnostic::is_error);
    let tally = named.iter().any(|named| named.found).then(|| Tally::of(&checked));
    let quiet = |(named, checked): &(&Named, &Checked)| named.found && checked.findings.is_empty();
    let counts: Vec<Option<String>> =
        named.iter().zip(&checked).map(|both| (!quiet(&both)).then(|| counted(screen, both.1))).collect();
    let tally = tally.as_ref();
    let mut room = Room::among(checked.iter().flat_map(|checked| &checked.findings));
    let more = room.more;
    for checked in &mut checked {
        checked.findings.retain(|finding| room.takes(finding));
    }
    match arguments.format {
        CheckFormat::Text => text(screen, &checked, &counts, more, tally),
        CheckFormat::Json => screen.data(&pretty(&formats::json_of(&checked, more, tally))),
        CheckFormat::Sarif => screen.data(&pretty(&formats::sarif(&checked, more, tally))),
        CheckFormat::Github => formats::github(screen, &checked, more, tally),
    }
    // The process ends with the verb: whole documents and their plans need not be taken apart before that.
    std::mem::forget(checked);
    Ok(match (broken, failed) {
        (true, _) => Exit::Usage,
        (false, true) => Exit::Failed,
        (false, false) => Exit::Passed,
    })
}

/// A file that was named must be readable. One that was found and is not is a finding: the others are to be looked at all
/// the same.
fn looked_at(screen: &Screen, named: &Named) -> Result<Checked, Problem> {
    let problem = match prepare::check(&named.path) {
        Err(problem) if named.found => problem,
        checked => return checked,
    };
    let place = prepare::place_of(&named.path)?;
    let finding = Diagnostic::new(
        Code::Syntax,
        None,
        problem.message(screen),
        "make it a file that can be read, UTF-8",
    );
    let plan = holdpoint_document::compile("", None).plan;
    let sources = Sources::of(Arc::default(), &mut holdpoint_document::compile("", None));
    let path = place.relative(&named.path);
    Ok(Checked { place, path, sources, plan, findings: vec![finding] })
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

/// The same `document_id` in two of the files that were named.
fn same_ids(checked: &mut [Checked]) {
    let mut first: BTreeMap<String, String> = BTreeMap::new();
    for checked in checked {
        let Some(id) = checked.plan.front.document_id.clone() else { continue };
        match first.get(&id) {
            Some(other) if *other != checked.path => checked.findings.push(Diagnostic::new(
                Code::DuplicateDocumentId,
                checked.plan.front.span,
                format!("document_id {id} is used by {other} as well"),
                "Give each document an id of its own.",
            )),
            Some(_) => {}
            None => {
                first.insert(id, checked.path.clone());
            }
        }
    }
}

/// Files that holdpoint.toml names under `[signers]`: without them nobody can sign, and that is told here, not when
/// somebody has come to sign.
fn signers_are_there(checked: &mut [Checked]) {
    for checked in checked {
        let Some(config) = checked.place.configuration() else { continue };
        for (key, path) in [("file", &config.signers), ("revoked", &config.revoked)] {
            let Some(path) = path.as_ref().filter(|path| !checked.place.root.join(path).exists()) else {
                continue;
            };
            checked.findings.push(Diagnostic::new(
                Code::NoSigners,
                None,
                format!("holdpoint.toml names {path} as `{key}` of [signers], and there is no such file"),
                "Write it (ssh-keygen(1), ALLOWED SIGNERS and KEY REVOCATION LISTS), or take the key out.",
            ));
        }
        // A run refuses it, whoever signs there.
        if let Some(why) = approvals::mistaken(&checked.place, "UTC") {
            let help = "Give each key and each name to one person, in allowed_signers and holdpoint.toml.";
            let mut found = Diagnostic::new(Code::NoSigners, None, why, help);
            found.severity = Severity::Error;
            checked.findings.push(found);
        }
    }
}

/// What there is in one file, shown or not.
fn counted(screen: &Screen, checked: &Checked) -> String {
    let count = |severity| checked.findings.iter().filter(|finding| finding.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    format!(
        "{}: {}, {}, {}",
        screen.one_line(&checked.path),
        many(errors, "error"),
        many(warnings, "warning"),
        many(checked.plan.steps.len(), "step")
    )
}

fn text(screen: &Screen, checked: &[Checked], counts: &[Option<String>], more: More, tally: Option<&Tally>) {
    for (Checked { path, sources, findings, .. }, count) in checked.iter().zip(counts) {
        say_all(screen, &sources.findings(path, findings));
        count.iter().for_each(|count| screen.say(count));
    }
    if !more.is_nothing() {
        screen.say(&more.words());
    }
    tally.into_iter().for_each(|tally| screen.say(&tally.words()));
}
