//! The executed copy: the document as written, with what happened under each block and a head above it all.

mod attempt;
pub(crate) mod body;
mod head;
mod history;
mod pen;
pub(crate) mod place;
mod reach;
pub(crate) mod words;

use holdpoint_model::{Span, Step};

use pen::{Pen, push_line};

use crate::{Material, ReportError, Summary, summarise, text};

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

pub(crate) fn belongs_together(m: &Material<'_>, summary: &Summary) -> Result<(), ReportError> {
    let given = holdpoint_model::sha256(m.document.as_bytes());
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
