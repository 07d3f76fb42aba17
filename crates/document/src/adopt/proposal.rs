//! What is put together of a document, and what of it is left to a person.

use std::collections::BTreeMap;

use super::edit::Edit;
use crate::offered::{Values, in_lines};
use crate::{Blank, Diagnostic, Span};

/// Something that a person must decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// Where it stands in the document as it is.
    pub span: Span,
    /// What is to be decided, and why.
    pub what: String,
}

/// How many commands of a document became what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Commands {
    /// Run as they are written.
    pub as_written: usize,
    /// Run once a value is known.
    pub with_values: usize,
    /// Are left to a person.
    pub left: usize,
}

/// What is put together in one round.
#[derive(Default)]
pub(super) struct Proposal {
    pub(super) edits: Vec<Edit>,
    pub(super) left: Vec<Left>,
    pub(super) text: String,
    pub(super) errors: Vec<Diagnostic>,
    pub(super) commands: Commands,
    /// What is asked for by what became blocks, in the order in which it is.
    pub(super) asked: Vec<Blank>,
    /// Code that becomes blocks that do something.
    pub(super) active: Vec<Span>,
    /// Where sign-offs are put in.
    pub(super) signoffs: Vec<usize>,
    /// Tables whose rows are asked for below them, each to the end of its last line.
    pub(super) tables: Vec<Span>,
    /// Of items whose mark changes, by where they begin: how far what belongs to them is indented now.
    pub(super) widths: BTreeMap<usize, usize>,
}

impl Proposal {
    /// Has a value be asked for, once.
    pub(super) fn ask(&mut self, blank: Blank) {
        if !self.asked.iter().any(|asked| asked.field.name == blank.field.name) {
            self.asked.push(blank);
        }
    }

    /// Puts the edits in order, and leaves out those within another: lines that are replaced bring their own indentation.
    /// Their lines end as those of the document do.
    pub(super) fn settle(&mut self, source: &str) {
        if source.lines().next().is_some_and(|first| source[first.len()..].starts_with("\r\n")) {
            for edit in &mut self.edits {
                edit.text = edit.text.replace("\r\n", "\n").replace('\n', "\r\n");
            }
        }
        self.edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
        let mut end = 0;
        self.edits.retain(|edit| {
            let apart = end <= edit.span.start;
            end = end.max(edit.span.end);
            apart
        });
    }

    /// Names the literals that are asked for and stand elsewhere as they are: whoever is asked for another would not know.
    pub(super) fn leave_literals(&mut self, source: &str, values: &Values) {
        let edited: Vec<Span> = self.edits.iter().map(|edit| edit.span).collect();
        let elsewhere = values.elsewhere(source, &edited);
        for blank in self.asked.iter().filter(|blank| blank.example) {
            let lines = elsewhere.lines(&blank.written);
            let Some(first) = lines.first() else { continue };
            let start: usize = source.split_inclusive('\n').take(first - 1).map(str::len).sum();
            let at = start + source[start..].find(blank.written.as_str()).unwrap_or_default();
            let what = format!(
                "`{}` is asked for as `{}` now, and stays as it is in {}: is it the same there?",
                blank.written,
                blank.field.name,
                in_lines(lines)
            );
            self.left.push(Left { span: Span::new(at, at + blank.written.len()), what });
        }
    }

    pub(super) fn edit(&mut self, span: Span, text: impl Into<String>, reason: impl Into<String>) {
        self.edits.push(Edit { span, text: text.into(), reason: reason.into() });
    }

    pub(super) fn leave(&mut self, span: Span, what: impl Into<String>) {
        self.left.push(Left { span, what: what.into() });
    }
}
