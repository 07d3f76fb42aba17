//! `check`: says everything that is wrong with run-books.

use std::collections::BTreeMap;

use holdpoint_document::{Code, Diagnostic, Severity, Span};
use serde_json::{Value, json};

use super::prepare::{self, Checked};
use super::wanting::wanting;
use crate::args::{self, CheckFormat};
use crate::exit::Exit;
use crate::problem::{More, Problem, Room, say_all};
use crate::screen::Screen;

/// Checks files.
pub fn check(screen: &Screen, arguments: &args::Check) -> Result<Exit, Problem> {
    let mut checked =
        arguments.files.iter().map(|file| prepare::check(file)).collect::<Result<Vec<Checked>, Problem>>()?;
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
    let counts: Vec<String> = checked.iter().map(|checked| counted(screen, checked)).collect();
    let mut room = Room::among(checked.iter().flat_map(|checked| &checked.findings));
    let more = room.more;
    for checked in &mut checked {
        checked.findings.retain(|finding| room.takes(finding));
    }
    match arguments.format {
        CheckFormat::Text => text(screen, &checked, &counts, more),
        CheckFormat::Json => screen.data(&pretty(&json_of(&checked, more))),
        CheckFormat::Sarif => screen.data(&pretty(&sarif(&checked, more))),
        CheckFormat::Github => github(screen, &checked, more),
    }
    // The process ends with the verb: whole documents and their plans need not be taken apart before that.
    std::mem::forget(checked);
    Ok(match (broken, failed) {
        (true, _) => Exit::Usage,
        (false, true) => Exit::Failed,
        (false, false) => Exit::Passed,
    })
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
    }
}

/// What there is in one file, shown or not.
fn counted(screen: &Screen, checked: &Checked) -> String {
    let count = |severity| checked.findings.iter().filter(|finding| finding.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    format!(
        "{}: {}, {}, {}",
        screen.neutralise(&checked.path),
        many(errors, "error"),
        many(warnings, "warning"),
        many(checked.plan.steps.len(), "step")
    )
}

fn text(screen: &Screen, checked: &[Checked], counts: &[String], more: More) {
    for (Checked { path, sources, findings, .. }, count) in checked.iter().zip(counts) {
        say_all(screen, &sources.findings(path, findings));
        screen.say(count);
    }
    if !more.is_nothing() {
        screen.say(&more.words());
    }
}

/// `1 step`, `2 steps`.
pub fn many(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// Lines and columns of one text, for offsets that mostly grow: what was counted is not counted again.
struct Positions<'s> {
    source: &'s str,
    counted: usize,
    lines: usize,
}

impl<'s> Positions<'s> {
    fn of(source: &'s str) -> Positions<'s> {
        Positions { source, counted: 0, lines: 0 }
    }

    /// Line and column of a byte offset, both from 1; the column in characters.
    fn at(&mut self, offset: usize) -> (usize, usize) {
        let offset = offset.min(self.source.len());
        if offset < self.counted {
            (self.counted, self.lines) = (0, 0);
        }
        self.lines += self.source[self.counted..offset].matches('\n').count();
        self.counted = offset;
        let column = self.source[..offset].rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        (self.lines + 1, column)
    }
}

/// Places in a document and in what it includes.
struct Places<'s> {
    checked: &'s Checked,
    /// Of each file, for beginnings and for ends.
    files: BTreeMap<&'s str, [Positions<'s>; 2]>,
}

/// Where something is in its file: lines and columns from 1, and bytes.
struct At {
    from: (usize, usize),
    to: (usize, usize),
    span: Span,
}

impl<'s> Places<'s> {
    fn of(checked: &'s Checked) -> Places<'s> {
        Places { checked, files: BTreeMap::new() }
    }

    /// The file that a finding is in, and where in it.
    fn at(&mut self, finding: &Diagnostic) -> (&'s str, Option<At>) {
        let Some(span) = finding.span else { return (&self.checked.path, None) };
        let (path, text, span) = self.checked.sources.locate(&self.checked.path, span);
        let new = || [Positions::of(text), Positions::of(text)];
        let [starts, ends] = self.files.entry(path).or_insert_with(new);
        let at = At { from: starts.at(span.start), to: ends.at(span.end), span };
        (path, Some(at))
    }
}

fn json_of(checked: &[Checked], more: More) -> Value {
    let of = |checked: &Checked| {
        let mut places = Places::of(checked);
        let finding = |finding: &Diagnostic| {
            let (file, at) = places.at(finding);
            let place = at.map(|At { from: (line, column), to: (end_line, end_column), span }| {
                json!({"line": line, "column": column, "end_line": end_line, "end_column": end_column,
                       "start": span.start, "end": span.end})
            });
            json!({"file": file, "code": finding.code, "severity": finding.severity,
                   "message": finding.message, "help": finding.help, "span": place})
        };
        checked.findings.iter().map(finding).collect::<Vec<_>>()
    };
    let rest = json!({"more": {"errors": more.errors, "warnings": more.warnings}});
    let rest = (!more.is_nothing()).then_some(rest);
    Value::Array(checked.iter().flat_map(of).chain(rest).collect())
}

fn sarif(checked: &[Checked], more: More) -> Value {
    let rules: Vec<Value> = Code::ALL.iter().map(|code| json!({"id": code.as_str()})).collect();
    let of = |checked: &Checked| {
        let mut places = Places::of(checked);
        let result = |finding: &Diagnostic| {
            let level = if finding.is_error() { "error" } else { "warning" };
            let (file, at) = places.at(finding);
            let mut location = json!({"physicalLocation": {"artifactLocation": {"uri": file}}});
            if let Some(At { from: (line, column), to: (end_line, end_column), .. }) = at {
                location["physicalLocation"]["region"] = json!({"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column});
            }
            json!({"ruleId": finding.code, "level": level, "locations": [location],
                   "message": {"text": format!("{}. {}", finding.message, finding.help)}})
        };
        checked.findings.iter().map(result).collect::<Vec<_>>()
    };
    let mut log = json!({
        "version": "2.1.0",
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "runs": [{
            "tool": {"driver": {"name": "holdpoint", "version": env!("CARGO_PKG_VERSION"), "rules": rules}},
            "columnKind": "unicodeCodePoints",
            "results": checked.iter().flat_map(of).collect::<Vec<_>>(),
        }]
    });
    if !more.is_nothing() {
        log["runs"][0]["properties"] = json!({"more": {"errors": more.errors, "warnings": more.warnings}});
    }
    log
}

/// Workflow commands; a message's `%`, CR and LF are escaped, a property's `:` and `,` too.
fn github(screen: &Screen, checked: &[Checked], more: More) {
    let data = |text: &str| text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    let property = |text: &str| data(text).replace(':', "%3A").replace(',', "%2C");
    let mut lines = String::new();
    for checked in checked {
        let mut places = Places::of(checked);
        for finding in &checked.findings {
            let level = if finding.is_error() { "error" } else { "warning" };
            let (file, at) = places.at(finding);
            let place = at.map(|At { from: (line, column), .. }| format!(",line={line},col={column}"));
            let (file, title) = (property(file), property(finding.code.as_str()));
            let message = data(&format!("{}. {}", finding.message, finding.help));
            let place = place.unwrap_or_default();
            lines.push_str(&format!("::{level} file={file}{place},title={title}::{message}\n"));
        }
    }
    if !more.is_nothing() {
        lines.push_str(&format!("::notice::{}\n", data(&more.words())));
    }
    if !lines.is_empty() {
        screen.data(&lines);
    }
}
