//! One execution of a block: how it ended, expectation by expectation, what it gave, what it printed.

use holdpoint_engine::{BlobRef, Finished, Judged, Outcome};
use holdpoint_model::{Block, many};

use super::history::{About, MarkdownHappening, Weight};
use super::pen::Pen;
use super::words;
use crate::edges::{Edges, shorten};
use crate::text::{code, fenced, prose};
use crate::time::took;
use crate::{Attempt, Status, blobs};

/// Lines shown of both ends of an output: of the attempt that counts, and of those before it.
const EDGE: usize = 20;
const EDGE_OF_EARLIER: usize = 5;

impl Pen<'_> {
    /// Tells an attempt.
    pub(super) fn attempt(
        &self,
        attempt: &Attempt,
        at: &str,
        about: About<'_>,
        weight: Weight,
    ) -> MarkdownHappening {
        let alone = weight == Weight::Alone;
        let who = prose(self.summary.name_of(&attempt.who));
        let probe = if attempt.probe { "PROBE " } else { "" };
        let number = if alone && attempt.attempt == 1 {
            String::new()
        } else {
            format!("attempt {} · ", attempt.attempt)
        };
        let mut details = Vec::new();
        if let Some(script) = &attempt.script {
            let caption = if attempt.edited {
                "**What ran instead of the block above**, edited by the operator"
            } else {
                "What ran, with its values filled in"
            };
            details = self.script(caption, script, about.block.map_or("", |block| &block.language));
        }
        let Some(ended) = &attempt.finished else {
            let word = format!("{probe}{}", Status::Running.seen(attempt.running).words());
            return MarkdownHappening { word, rest: format!("{number}begun {at} · by {who}"), details };
        };
        let result = &ended.result;
        details.extend(expectations(&result.expectations));
        if result.expectations.is_empty() {
            details.push(String::new());
        }
        details.extend(given(result));
        details.extend(self.output(
            result,
            about.block,
            if weight == Weight::Earlier { EDGE_OF_EARLIER } else { EDGE },
        ));
        details.extend(remarks(result));
        let word = format!("{probe}{}", Status::from(result.outcome).words());
        let held = attempt.held.and_then(|held| words::held(&held, result.outcome == Outcome::Passed));
        let held = held.map(|held| format!("{held} · ")).unwrap_or_default();
        let took = took(result.duration_ms);
        let rest = format!("{number}{} · {took} · {held}{at} · by {who}", ending(result));
        MarkdownHappening { word, rest, details }
    }

    fn output(&self, result: &Finished, block: Option<&Block>, edge: usize) -> Vec<String> {
        let mut lines = vec![String::new()];
        let Some(output) = &result.output else {
            let reason = block.and_then(|block| block.options.reason.as_deref());
            let reason = reason.map(|reason| format!(": {}", prose(reason))).unwrap_or_default();
            lines.push(format!("Nothing is kept of its output{reason}."));
            return lines;
        };
        if output.stdout.bytes == 0 && output.stderr.bytes == 0 {
            lines.push("It printed nothing.".to_owned());
            return lines;
        }
        let sensitive = block.is_some_and(|block| block.options.sensitive);
        lines.clear();
        for (name, blob) in [("Standard output", &output.stdout), ("Standard error", &output.stderr)] {
            if blob.bytes > 0 {
                lines.extend(self.stream(name, blob, edge, sensitive));
            }
        }
        lines
    }

    fn stream(&self, name: &str, blob: &BlobRef, edge: usize, sensitive: bool) -> Vec<String> {
        let digest = code(&format!("sha256:{}", blob.sha256));
        let mut edges = Edges::new(edge);
        if let Err(why) = blobs::pass(self.m, blob, &mut |piece| edges.push(piece)) {
            return vec![
                String::new(),
                format!("{name}: **{}** ({}, {digest})", prose(&why), many(blob.bytes, "byte")),
            ];
        }
        let shown = edges.shown();
        let (total, bytes) = (many(shown.total, "line"), many(blob.bytes, "byte"));
        let hidden = if shown.hidden > 0 { format!(", first and last {edge} shown") } else { String::new() };
        let open = if shown.unterminated { ", no line end at the end" } else { "" };
        let caption = format!("{name}, {total}{hidden}, {bytes}{open}, {digest}:");
        let fence = fenced("text", &shown.lines);
        let mut lines = vec![String::new()];
        if sensitive {
            lines.push(format!("{name}, {total}, {bytes}, {digest}, sensitive:"));
            lines.extend(["", "<details><summary>Show it</summary>", ""].map(str::to_owned));
            lines.extend(fence);
            lines.extend(["", "</details>"].map(str::to_owned));
        } else {
            lines.extend([caption, String::new()]);
            lines.extend(fence);
        }
        lines
    }
}

fn ending(result: &Finished) -> String {
    match (&result.error, result.exit, result.signal) {
        (Some(error), ..) => format!("no result: {}", prose(error)),
        (None, Some(exit), _) => format!("exit {exit}"),
        (None, None, Some(number)) => words::signal(number),
        (None, None, None) => "no exit code".to_owned(),
    }
}

fn expectations(judged: &[Judged]) -> Vec<String> {
    let mut lines = Vec::new();
    for judged in judged {
        if lines.is_empty() {
            lines.push(String::new());
        }
        let expected = prose(&judged.expected);
        match (judged.held, judged.told().as_deref()) {
            (true, _) => lines.push(format!("- held: {expected}")),
            (false, None) => lines.push(format!("- **did not hold**: {expected}")),
            (false, Some(came)) if !came.trim_end().contains('\n') => {
                lines.push(format!("- **did not hold**: {expected} — actual: {}", prose(came)));
            }
            (false, Some(came)) => {
                lines.push(format!("- **did not hold**: {expected} — actual:"));
                lines.push(String::new());
                let fence = fenced("text", &shorten(came.as_bytes(), EDGE).lines);
                lines.extend(fence.iter().map(|line| format!("  {line}")));
            }
        }
    }
    lines
}

fn given(result: &Finished) -> Vec<String> {
    let captured =
        result.captures.iter().map(|(name, value)| format!("- captured: {} = {}", code(name), code(value)));
    let files = result.files.iter().map(|(path, blob)| {
        let digest = code(&format!("sha256:{}", blob.sha256));
        format!("- file kept: {}, {}, {digest}", code(path), many(blob.bytes, "byte"))
    });
    captured.chain(files).collect()
}

fn remarks(result: &Finished) -> Vec<String> {
    let mut lines: Vec<String> =
        result.remarks.iter().map(|remark| format!("- remark: {}", prose(remark))).collect();
    for (name, count) in &result.masked {
        let times = if *count == 1 { "once".to_owned() } else { format!("{count} times") };
        lines.push(format!("- the secret {} was masked {times}", code(name)));
    }
    if !lines.is_empty() {
        lines.insert(0, String::new());
    }
    lines
}
