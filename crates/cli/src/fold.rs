//! The one way for events: masked, folded into the run, and followed by what follows from them by itself. What comes
//! back is what the record takes; nothing is written that did not go this way.

use holdpoint_document::Plan;
use holdpoint_engine::{Event, Run};
use jiff::Timestamp;

use crate::problem::Problem;
use crate::secrets::masked_event;

/// Folds events in that happen now. A sign-off that lapses by one of them lapses right behind it, by an event of its own, and before
/// all of them where an earlier driver died in between.
///
/// # Errors
/// The engine refuses one of them: it has then taken none of those behind it, and the record must take none at all.
pub fn fold(run: &mut Run, plan: &Plan, now: Timestamp, events: Vec<Event>) -> Result<Vec<Event>, Problem> {
    let mut folded = Vec::with_capacity(events.len());
    for event in events {
        if !matches!(event, Event::LogRecovered { .. }) {
            lapse(run, plan, now, &mut folded)?;
        }
        take(run, plan, now, masked_event(event)?, &mut folded)?;
    }
    lapse(run, plan, now, &mut folded)?;
    Ok(folded)
}

fn lapse(run: &mut Run, plan: &Plan, now: Timestamp, folded: &mut Vec<Event>) -> Result<(), Problem> {
    while let Some(lapsed) = run.due_lapse(plan) {
        take(run, plan, now, lapsed, folded)?;
    }
    Ok(())
}

fn take(
    run: &mut Run,
    plan: &Plan,
    now: Timestamp,
    event: Event,
    folded: &mut Vec<Event>,
) -> Result<(), Problem> {
    run.apply(plan, now, &event).map_err(|unexpected| {
        Problem::fault(
            format!("the engine refuses an event of its own driver: {unexpected}"),
            "This is a fault of holdpoint. The record is as it was before; please report it.",
        )
    })?;
    folded.push(event);
    Ok(())
}
