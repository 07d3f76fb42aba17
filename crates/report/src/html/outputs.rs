//! One execution of a block: how it ended, expectation by expectation, what it gave, and its outputs, folded.

use holdpoint_engine::{BlobRef, Finished, Outcome};
use holdpoint_model::{Block, many};

use super::told::{Detail, Expectation, HtmlHappening, Moved, Outputs, Pen, tone};
use crate::edges::Edges;
use crate::markdown::words;
use crate::time::took;
use crate::{Attempt, Material, Status, blobs};

/// Lines shown of both ends of an output: of the attempt that counts, and of those before it.
const EDGE: usize = 200;
const EDGE_OF_EARLIER: usize = 20;

impl Pen<'_> {
    /// Tells an attempt; `counts` is the one that counts.
    pub(super) fn attempt(
        &self,
        attempt: &Attempt,
        at: &str,
        block: Option<&Block>,
        counts: bool,
    ) -> HtmlHappening {
        let probe = if attempt.probe { "PROBE " } else { "" };
        let mut facts = Vec::new();
        if !(counts && attempt.attempt == 1) {
            facts.push(format!("attempt {}", attempt.attempt));
        }
        let mut details = Vec::new();
        if let Some(blob) = &attempt.script {
            let title = match attempt.edited {
                true => "What ran instead of the block above, edited by the operator",
                false => "What ran, with its values filled in",
            };
            details.push(script(self.m, title, blob));
        }
        let who = format!("by {}", self.name_of(&attempt.who));
        let Some(ended) = &attempt.finished else {
            facts.extend([format!("begun {at}"), who]);
            let status = Status::Running.seen(attempt.running);
            let words = format!("{probe}{}", status.words());
            return HtmlHappening { tone: tone(status), words, facts, details, ..HtmlHappening::default() };
        };
        let result = &ended.result;
        let status = Status::from(result.outcome);
        facts.extend([ending(result), took(result.duration_ms)]);
        facts.extend(attempt.held.and_then(|held| words::held(&held, result.outcome == Outcome::Passed)));
        facts.extend([at.to_owned(), who]);
        let expectations: Vec<_> = result.expectations.iter().map(Expectation::of).collect();
        if !expectations.is_empty() {
            details.push(Detail::Expectations { expectations });
        }
        let lines = given(result);
        if !lines.is_empty() {
            details.push(Detail::Lines { lines });
        }
        details.extend(self.output(result, block, if counts { EDGE } else { EDGE_OF_EARLIER }));
        HtmlHappening {
            tone: tone(status),
            words: format!("{probe}{}", status.words()),
            facts,
            details,
            ..HtmlHappening::default()
        }
    }

    fn output(&self, result: &Finished, block: Option<&Block>, edge: usize) -> Vec<Detail> {
        let Some(output) = &result.output else {
            let reason = block.and_then(|block| block.options.reason.as_deref());
            let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
            return vec![Detail::Text { text: format!("Nothing is kept of its output{reason}.") }];
        };
        let sensitive = block.is_some_and(|block| block.options.sensitive);
        let streams = [("Standard output", &output.stdout), ("Standard error", &output.stderr)];
        let printed = streams.into_iter().filter(|(_, blob)| blob.bytes > 0);
        let folds = printed.map(|(name, blob)| fold(self.m, name, blob, edge, sensitive));
        let folds: Vec<_> = folds.map(|fold| self.placed(result, fold)).collect();
        if folds.is_empty() {
            return vec![Detail::Text { text: "It printed nothing.".to_owned() }];
        }
        folds
    }
}

impl Pen<'_> {
    /// An output where this copy has it.
    fn placed(&self, result: &Finished, fold: Detail) -> Detail {
        let Detail::Fold { title, note, text, sensitive } = fold else { return fold };
        match self.outputs {
            Outputs::Full => Detail::Fold { title, note, text, sensitive },
            Outputs::None => Detail::Text { text: format!("{title}, {note}: not in this copy.") },
            // On paper what is sensitive stays folded away.
            Outputs::Appendix if sensitive => Detail::Fold { title, note, text, sensitive },
            Outputs::Appendix => {
                let mut appendix = self.appendix.borrow_mut();
                let place = result.place.as_ref().map(|place| format!(" at {place}")).unwrap_or_default();
                let of = format!("{}{place}, attempt {}", result.action, result.attempt);
                appendix.push(Moved { of, title: title.clone(), note: note.clone(), text });
                Detail::Elsewhere { number: appendix.len(), title, note }
            }
        }
    }
}

/// A script from a blob, whole.
pub(super) fn script(m: &Material<'_>, title: &str, blob: &BlobRef) -> Detail {
    fold(m, title, blob, 500, false)
}

fn fold(m: &Material<'_>, name: &str, blob: &BlobRef, edge: usize, sensitive: bool) -> Detail {
    let (sha256, bytes) = (&blob.sha256, many(blob.bytes, "byte"));
    let mut edges = Edges::new(edge);
    if let Err(why) = blobs::pass(m, blob, &mut |piece| edges.push(piece)) {
        return Detail::Missing { text: format!("{name}: {why} ({bytes}, sha256:{sha256})") };
    }
    let shown = edges.shown();
    let hidden = if shown.hidden > 0 { format!(", first and last {edge} shown") } else { String::new() };
    let open = if shown.unterminated { ", no line end at the end" } else { "" };
    let kept = if sensitive { ", sensitive" } else { "" };
    Detail::Fold {
        title: format!("{name}, {}{hidden}{kept}", many(shown.total, "line")),
        note: format!("{bytes}{open}, sha256:{sha256}"),
        text: shown.lines.join("\n"),
        sensitive,
    }
}

fn ending(result: &Finished) -> String {
    match (&result.error, result.exit, result.signal) {
        (Some(error), ..) => format!("no result: {error}"),
        (None, Some(exit), _) => format!("exit {exit}"),
        (None, None, Some(number)) => words::signal(number),
        (None, None, None) => "no exit code".to_owned(),
    }
}

/// Captures, files, remarks, secrets masked.
fn given(result: &Finished) -> Vec<String> {
    let captured = result.captures.iter().map(|(name, value)| format!("captured: {name} = {value}"));
    let files = result.files.iter().map(|(path, blob)| {
        format!("file kept: {path}, {}, sha256:{}", many(blob.bytes, "byte"), blob.sha256)
    });
    let remarks = result.remarks.iter().map(|remark| format!("remark: {remark}"));
    let masked = result.masked.iter().map(|(name, count)| match count {
        1 => format!("the secret {name} was masked once"),
        _ => format!("the secret {name} was masked {count} times"),
    });
    captured.chain(files).chain(remarks).chain(masked).collect()
}
