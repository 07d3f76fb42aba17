//! What did not go straight: attempts that failed, rejections, what did not count, corrections, notes. Whoever decides by the
//! verdict alone would not see them.

use holdpoint_engine::{Corrected, Event, Finished, Outcome};
use serde_json::{Value, json};

use crate::{Material, SignOffEvent, Summary};

/// Puts it all into the predicate, each kind as a list in the order of the record; an empty one says that there was none.
pub(super) fn tell(m: &Material<'_>, summary: &Summary, predicate: &mut Value) {
    let (mut failed, mut corrections) = (Vec::new(), Vec::new());
    for stamped in summary.conforming(m.events) {
        let (n, at) = (stamped.n, stamped.at);
        match &stamped.event {
            Event::ActionFinished(finished) if finished.outcome != Outcome::Passed => {
                failed.push(attempt(n, at, finished, false));
            }
            Event::RollbackFinished(finished) if finished.outcome != Outcome::Passed => {
                failed.push(attempt(n, at, finished, true));
            }
            Event::ValueCorrected(corrected) => corrections.push(correction(n, at, corrected)),
            _ => {}
        }
    }
    let (rejections, refused, lapsed) = sign_offs(summary);
    predicate["failedAttempts"] = failed.into();
    predicate["corrections"] = corrections.into();
    predicate["rejections"] = rejections.into();
    predicate["refusedAttempts"] = refused.into();
    predicate["lapsedSignOffs"] = lapsed.into();
    predicate["decisions"] = decisions(summary).into();
    predicate["rollbacks"] = rollbacks(summary).into();
    predicate["notes"] = notes(summary).into();
    predicate["handovers"] = handovers(summary).into();
    predicate["unmetRules"] = unmet(summary).into();
    predicate["reviews"] = reviews(summary).into();
    predicate["anchors"] = anchors(summary).into();
    let torn = summary.recoveries.iter();
    predicate["recoveries"] = torn
        .map(|torn| json!({"event": torn.n, "at": torn.at, "torn": {"sha256": torn.torn.sha256}}))
        .collect();
}

fn attempt(n: u64, at: jiff::Timestamp, finished: &Finished, of_rollback: bool) -> Value {
    let unheld = finished.expectations.iter().filter(|judged| !judged.held);
    let unheld: Vec<_> =
        unheld.map(|judged| json!({"expected": judged.expected, "came": judged.came})).collect();
    json!({
        "event": n, "at": at, "step": finished.step, "action": finished.action, "place": finished.place,
        "attempt": finished.attempt, "rollback": of_rollback, "probe": finished.probe,
        "outcome": finished.outcome, "exit": finished.exit, "signal": finished.signal, "error": finished.error,
        "unheld": unheld,
    })
}

fn correction(n: u64, at: jiff::Timestamp, corrected: &Corrected) -> Value {
    json!({
        "event": n, "at": at, "step": corrected.step, "action": corrected.action, "name": corrected.name,
        "old": corrected.old, "new": corrected.new, "reason": corrected.reason,
        "withinLimits": corrected.within_limits, "principal": corrected.by.who,
    })
}

/// Those that were rejected, attempts that did not count, and those that count no more.
fn sign_offs(summary: &Summary) -> (Vec<Value>, Vec<Value>, Vec<Value>) {
    let (mut rejections, mut refused, mut lapsed) = (Vec::new(), Vec::new(), Vec::new());
    for sign_off in &summary.sign_offs {
        let (n, at) = (sign_off.n, sign_off.at);
        let (step, action) = (&sign_off.step, &sign_off.action);
        match &sign_off.what {
            SignOffEvent::Rejected { reason, name, presence, assurance, key, by } => rejections.push(json!({
                "event": n, "at": at, "step": step, "action": action, "reason": reason, "principal": by.who,
                "name": name, "assurance": assurance, "key": key, "presence": presence,
            })),
            SignOffEvent::Refused { reason, by } => refused.push(json!({
                "event": n, "at": at, "step": step, "action": action, "reason": reason, "principal": by.who,
            })),
            SignOffEvent::Lapsed { reason } => lapsed.push(json!({
                "event": n, "at": at, "step": step, "action": action, "reason": reason,
            })),
            SignOffEvent::Requested { .. } | SignOffEvent::Given { .. } => {}
        }
    }
    (rejections, refused, lapsed)
}

fn decisions(summary: &Summary) -> Vec<Value> {
    let decisions = summary.decisions.iter();
    decisions
        .map(|decision| {
            json!({
                "event": decision.n, "at": decision.at, "step": decision.step, "action": decision.action,
                "place": decision.place, "choice": decision.choice, "reason": decision.reason,
                "principal": decision.by.who,
            })
        })
        .collect()
}

fn rollbacks(summary: &Summary) -> Vec<Value> {
    let rollbacks = summary.rollbacks.iter();
    rollbacks
        .map(|rollback| {
            json!({
                "event": rollback.n, "at": rollback.at, "steps": rollback.steps, "without": rollback.without,
                "outcomes": rollback.outcomes, "reason": rollback.reason,
                "principal": rollback.by.as_ref().map(|by| &by.who),
            })
        })
        .collect()
}

fn notes(summary: &Summary) -> Vec<Value> {
    let notes = summary.notes.iter();
    notes
        .map(|note| {
            json!({
                "event": note.n, "at": note.at, "step": note.step, "text": note.text, "corrects": note.corrects,
                "principal": note.by.who,
            })
        })
        .collect()
}

fn handovers(summary: &Summary) -> Vec<Value> {
    let handovers = summary.handovers.iter();
    handovers
        .map(|handover| {
            json!({
                "event": handover.n, "at": handover.at, "principal": handover.by.who, "to": handover.to,
                "note": handover.note,
                "end": handover.end.as_ref().map(|end| json!({
                    "event": end.n, "at": end.at, "accepted": end.accepted, "reason": end.reason,
                    "principal": end.by.who,
                })),
            })
        })
        .collect()
}

fn unmet(summary: &Summary) -> Vec<Value> {
    summary.all_unmet().map(|unmet| json!({"rule": unmet.rule, "why": unmet.why})).collect()
}

/// What was said of the sealed record, late notes among it.
fn reviews(summary: &Summary) -> Vec<Value> {
    let reviews = summary.reviews.iter();
    reviews
        .map(|review| {
            json!({
                "number": review.number, "at": review.time, "kind": review.what, "text": review.text,
                "principal": review.who, "name": review.name, "key": review.key, "listed": review.listed,
            })
        })
        .collect()
}

fn anchors(summary: &Summary) -> Vec<Value> {
    let anchors = summary.anchors.iter();
    anchors
        .map(|anchor| {
            json!({
                "number": anchor.number, "at": anchor.time, "kind": anchor.what, "over": anchor.over,
                "digest": {"sha256": anchor.digest}, "by": anchor.by,
            })
        })
        .collect()
}
