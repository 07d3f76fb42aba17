//! Whether the recorded end of a block can be true of that block, as far as events tell without its output.
//!
//! The outcome is not taken on trust: a block of which nothing is kept (`record: false`) cannot be judged again later.

use holdpoint_model::{Block, Expected};

use crate::expects::codes;
use crate::fold::{Fold, ensure};
use crate::judge::{empty_handed, exit_complaint};
use crate::{BlobRef, Finished, Outcome, Output, Rehearsed, captured};

pub(crate) fn finished(block: &Block, finished: &Finished, rehearsed: Option<&Rehearsed>) -> Fold {
    let declared = |name: &String| block.options.capture.iter().any(|capture| capture.name == *name);
    ensure(finished.captures.keys().all(declared), "a capture that the document does not declare")?;
    for capture in &block.options.capture {
        let value = finished.captures.get(&capture.name);
        ensure(
            value.and_then(|value| empty_handed(capture, value)).is_none(),
            "a capture is empty or null, which fails its block",
        )?;
    }
    // Of a block that never began, or was stopped for a secret, nothing was captured, and its end says why.
    ensure(finished.error.is_none() || finished.captures.is_empty(), "an error, and captures all the same")?;
    let looked = block.options.capture.iter().filter(|_| finished.error.is_none());
    let missing = looked.filter(|capture| !finished.captures.contains_key(&capture.name)).count();
    let timed = block.options.timeout.is_some() || finished.outcome == Outcome::TimedOut;
    let exits: Vec<&[i32]> = codes(block);
    let others = block.expect.iter().filter(|e| !matches!(e.that, Expected::Exit(_))).count();
    let count = usize::from(timed) + exits.len() + others + captured::count(rehearsed, finished) + missing;
    ensure(finished.expectations.len() == count, "not every expectation was judged, each once")?;

    let (timeout, rest) = finished.expectations.split_at(usize::from(timed));
    let in_time = timeout.iter().all(|judged| judged.held);
    for (codes, judged) in exits.into_iter().zip(rest) {
        let complaint = exit_complaint(codes, finished.error.as_deref(), finished.signal, finished.exit);
        ensure(judged.held == complaint.is_none(), "the exit is not judged as the document says")?;
    }
    let told = rest.iter().rev().take(missing).all(|judged| !judged.held);
    ensure(told, "a capture is missing and nothing says so")?;
    let taken = rest.len().saturating_sub(missing);
    rehearsed.map_or(Ok(()), |of| captured::conform(of, block, finished, &rest[..taken]))?;
    let held = finished.expectations.iter().all(|judged| judged.held);
    match finished.outcome {
        Outcome::Passed => ensure(held, "it passed though an expectation did not hold"),
        Outcome::Failed => ensure(in_time && !held, "it failed though every expectation held, or in time"),
        Outcome::TimedOut => ensure(!in_time, "it took too long though it ended in time"),
        Outcome::Interrupted => Ok(()),
    }
}

/// The end of an attempt for another place that was not sent there: nothing began, so nothing can have come of it.
pub(crate) fn sent_nowhere(finished: &Finished) -> Fold {
    let empty = |blob: &BlobRef| blob.bytes == 0;
    let printed =
        |Output { stdout, stderr, timing }: &Output| ![stdout, stderr, timing].into_iter().all(empty);
    let nothing = finished.exit.is_none()
        && finished.signal.is_none()
        && !finished.output.as_ref().is_some_and(printed)
        && finished.captures.is_empty()
        && finished.files.is_empty()
        && finished.state.is_none();
    ensure(
        nothing && finished.error.is_some() && finished.outcome == Outcome::Failed,
        "it was not sent to its place, so it can only not have begun",
    )
}
