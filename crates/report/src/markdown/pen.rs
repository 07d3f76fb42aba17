//! Whatever the parts of an executed copy are written with.

use std::collections::BTreeMap;

use crate::{Material, NoteFacts, Summary};

pub(super) fn push_line(out: &mut String, line: &str) {
    out.push_str(line);
    out.push('\n');
}

/// What writes insertions: the run, its summary, and the mark.
pub(super) struct Pen<'a> {
    pub(super) m: &'a Material<'a>,
    pub(super) summary: &'a Summary,
    pub(super) mark: String,
    pub(super) corrections: BTreeMap<u64, Vec<&'a NoteFacts>>,
}

impl<'a> Pen<'a> {
    pub(super) fn new(m: &'a Material<'a>, summary: &'a Summary) -> Pen<'a> {
        let mut corrections: BTreeMap<u64, Vec<&NoteFacts>> = BTreeMap::new();
        for note in &summary.notes {
            if let Some(n) = note.corrects {
                corrections.entry(n).or_default().push(note);
            }
        }
        Pen { m, summary, mark: mark(summary, m.source), corrections }
    }
}

/// Run number and the end of its ULID: unknown when the document was written. Longer if the document has it anyway.
pub(super) fn mark(summary: &Summary, source: &str) -> String {
    let id: Vec<char> = summary.run.id.chars().filter(char::is_ascii_alphanumeric).collect();
    (6..=id.len().max(6))
        .map(|length| {
            let end: String = id[id.len().saturating_sub(length)..].iter().collect();
            format!("⟦{}·{end}⟧", summary.run.number)
        })
        .find(|mark| !source.contains(mark.as_str()))
        .unwrap_or_else(|| format!("⟦{}·{}⟧", summary.run.number, holdpoint_model::sha256(source.as_bytes())))
}
