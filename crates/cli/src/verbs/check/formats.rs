//! Findings for programs: JSON, SARIF, and the workflow commands of GitHub Actions.

use std::collections::BTreeMap;

use holdpoint_document::{Code, Diagnostic, Span};
use serde_json::{Value, json};

use super::tally::Tally;
use crate::problem::More;
use crate::screen::Screen;
use crate::uri::encoded;
use crate::verbs::prepare::Checked;

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

/// One array: each finding, what is not shown, and the sum where a directory was checked.
pub(super) fn json_of(checked: &[Checked], more: More, tally: Option<&Tally>) -> Value {
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
    let sum = tally.map(|tally| json!({"summary": tally}));
    Value::Array(checked.iter().flat_map(of).chain(rest).chain(sum).collect())
}

/// A log of one run, SARIF 2.1.0.
pub(super) fn sarif(checked: &[Checked], more: More, tally: Option<&Tally>) -> Value {
    let rules: Vec<Value> = Code::ALL.iter().map(|code| json!({"id": code.as_str()})).collect();
    let of = |checked: &Checked| {
        let mut places = Places::of(checked);
        let result = |finding: &Diagnostic| {
            let level = if finding.is_error() { "error" } else { "warning" };
            let (file, at) = places.at(finding);
            // What is about the whole file is shown at its top.
            let ((line, column), (end_line, end_column)) = at.map_or(((1, 1), (1, 1)), |at| (at.from, at.to));
            let region = json!({"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column});
            let location =
                json!({"physicalLocation": {"artifactLocation": {"uri": encoded(file)}, "region": region}});
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
        log["runs"][0]["properties"]["more"] = json!({"errors": more.errors, "warnings": more.warnings});
    }
    if let Some(tally) = tally {
        log["runs"][0]["properties"]["summary"] = json!(tally);
    }
    log
}

/// The text of a workflow command, as the runner reads it back.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property of one.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// Workflow commands; a message's `%`, CR and LF are escaped, a property's `:` and `,` too.
pub(super) fn github(screen: &Screen, checked: &[Checked], more: More, tally: Option<&Tally>) {
    let mut lines = String::new();
    for checked in checked {
        let mut places = Places::of(checked);
        for finding in &checked.findings {
            let level = if finding.is_error() { "error" } else { "warning" };
            let (file, at) = places.at(finding);
            let place = at.map(|At { from: (line, column), .. }| format!(",line={line},col={column}"));
            let (file, title) = (property(&screen.one_line(file)), property(finding.code.as_str()));
            let message = data(&format!("{}. {}", finding.message, finding.help));
            let place = place.unwrap_or_default();
            lines.push_str(&format!("::{level} file={file}{place},title={title}::{message}\n"));
        }
    }
    if !more.is_nothing() {
        lines.push_str(&format!("::notice::{}\n", data(&more.words())));
    }
    if let Some(tally) = tally {
        lines.push_str(&format!("::notice::{}\n", data(&tally.words())));
    }
    if !lines.is_empty() {
        screen.data(&lines);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_runner_reads_specially_is_escaped() {
        for (text, in_text, in_property) in [
            ("plain é", "plain é", "plain é"),
            ("50%", "50%25", "50%25"),
            ("a\nb", "a%0Ab", "a%0Ab"),
            ("a\r\nb", "a%0D%0Ab", "a%0D%0Ab"),
            ("a,b:c", "a,b:c", "a%2Cb%3Ac"),
            ("%0A", "%250A", "%250A"),
            ("::error::x", "::error::x", "%3A%3Aerror%3A%3Ax"),
        ] {
            assert_eq!((data(text).as_str(), property(text).as_str()), (in_text, in_property), "{text:?}");
        }
    }
}
