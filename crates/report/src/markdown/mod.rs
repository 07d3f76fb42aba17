//! The executed copy: the document as written, with what happened under each block and a head above it all.

mod attempt;
pub(crate) mod body;
mod head;
mod history;
pub(crate) mod place;
mod reach;
pub(crate) mod words;

use std::collections::BTreeMap;

use holdpoint_model::{Span, Step};

use crate::{Material, NoteFacts, ReportError, Summary, summarise, text};

/// The executed copy, as Markdown.
///
/// Every line of the document stands in it, in order and unchanged but for the state of task boxes. What the run
/// added stands in block quotes that carry a mark drawn from the run's ULID, which no document can know before.
///
/// # Errors
///
/// [`ReportError`]: where there is no run, or plan, source text and record do not belong together.
pub fn markdown(m: &Material<'_>) -> Result<String, ReportError> {
    let summary = summarise(m)?;
    belongs_together(m, &summary)?;
    let pen = Pen::new(m, &summary);
    let (front, body) = body::split_front_matter(m);
    let mut out = head::head(&pen)?;
    if !front.is_empty() {
        out.push_str("The document's front matter, as written:\n\n");
        let lines: Vec<String> = front.lines().map(str::to_owned).collect();
        // Exactly as written: these are the document's own lines, only the fence around them is ours.
        text::fenced("yaml", &lines).iter().for_each(|line| push_line(&mut out, line));
        out.push('\n');
    }
    out.push_str("---\n\n");
    out.push_str(&body::executed(&pen, body));
    Ok(out)
}

fn push_line(out: &mut String, line: &str) {
    out.push_str(line);
    out.push('\n');
}

/// What writes insertions: the run, its summary, and the mark.
struct Pen<'a> {
    m: &'a Material<'a>,
    summary: &'a Summary,
    mark: String,
    corrections: BTreeMap<u64, Vec<&'a NoteFacts>>,
}

impl<'a> Pen<'a> {
    fn new(m: &'a Material<'a>, summary: &'a Summary) -> Pen<'a> {
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
fn mark(summary: &Summary, source: &str) -> String {
    let id: Vec<char> = summary.run.id.chars().filter(char::is_ascii_alphanumeric).collect();
    (6..=id.len().max(6))
        .map(|length| {
            let end: String = id[id.len().saturating_sub(length)..].iter().collect();
            format!("⟦{}·{end}⟧", summary.run.number)
        })
        .find(|mark| !source.contains(mark.as_str()))
        .unwrap_or_else(|| format!("⟦{}·{}⟧", summary.run.number, holdpoint_model::sha256(source.as_bytes())))
}

pub(crate) fn belongs_together(m: &Material<'_>, summary: &Summary) -> Result<(), ReportError> {
    let given = holdpoint_model::sha256(m.source.as_bytes());
    if given != summary.document.blob.sha256 {
        return Err(ReportError::OtherDocument { recorded: summary.document.blob.sha256.clone(), given });
    }
    for step in &m.plan.steps {
        for (what, span) in spans(step) {
            if m.source.get(span.start..span.end).is_none() {
                return Err(ReportError::SpanOutside { what, start: span.start, end: span.end });
            }
        }
    }
    Ok(())
}

fn spans(step: &Step) -> Vec<(String, Span)> {
    let mut spans = vec![(format!("step {}", step.id), step.span)];
    for action in &step.actions {
        spans.push((format!("action {}", action.id), action.span));
        spans.extend(action.work.block().map(|block| (format!("the block of {}", action.id), block.span)));
    }
    spans.extend(step.rollbacks.iter().map(|block| (format!("a rollback block of {}", step.id), block.span)));
    spans
}
