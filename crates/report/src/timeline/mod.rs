//! A run as frames, in the order and with the pauses in which it was seen.

mod frame;
mod pieces;
mod player;

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use holdpoint_engine::{BlobRef, Event, Finished, Judged, SignedSession, Stamped, Started, TakenEffect};
use holdpoint_model::{Block, Plan, Work, rollback_of};
use holdpoint_view::Reading;
use jiff::Timestamp;

pub use frame::{CommandKind, Frame, FrameKind, Source, Stream};
pub use player::{Player, Turn, Wish};

use self::pieces::{Came, pieces};
use crate::Material;
use crate::blobs::{Piece, fetch, pass};

/// The run as frames, with its original timing: what a block printed stands where it came, among whatever else happened
/// meanwhile. A record without events gives none.
pub fn timeline(m: &Material<'_>) -> Vec<Frame> {
    let Some(first) = m.events.first() else { return Vec::new() };
    let reading = Reading::new(m.plan).refusing(m.refused());
    let mut builder = FrameBuilder {
        m,
        opened: first.at,
        now: Duration::ZERO,
        before: Duration::ZERO,
        started: BTreeMap::new(),
        step: None,
        reading,
        frames: Vec::new(),
    };
    for stamped in m.events {
        builder.turn_to(stamped.at);
        builder.event(stamped);
    }
    // Output is told by the event that ends its attempt, and came before that.
    builder.frames.sort_by_key(|frame| (frame.at, frame.n));
    builder.frames
}

/// Makes frames of events, one after another.
struct FrameBuilder<'a> {
    m: &'a Material<'a>,
    opened: Timestamp,
    /// When the event at hand happened: never before the one before it, even where a clock went back.
    now: Duration,
    /// When the one before it did.
    before: Duration,
    /// When each attempt began that has not ended: several are open at several places.
    started: BTreeMap<Rc<Source>, Duration>,
    step: Option<String>,
    /// The run so far: its values, for titles and items, and which events count.
    reading: Reading<'a>,
    frames: Vec<Frame>,
}

impl FrameBuilder<'_> {
    fn turn_to(&mut self, at: Timestamp) {
        let elapsed = Duration::try_from(at.duration_since(self.opened)).unwrap_or(Duration::ZERO);
        self.before = self.now;
        self.now = self.now.max(elapsed);
    }

    fn push(&mut self, stamped: &Stamped, kind: FrameKind) {
        self.frames.push(Frame { at: self.now, n: stamped.n, kind });
    }

    /// Where the run turns to another step, with its title as the operator saw it.
    fn step_head(&mut self, id: &str) -> Option<FrameKind> {
        if self.step.as_deref() == Some(id) {
            return None;
        }
        self.step = Some(id.to_owned());
        let step = self.m.plan.step(id).map(|(_, step)| step);
        let number = step.map(|step| step.number.clone()).unwrap_or_default();
        let title = step.map(|step| self.reading.run().title(step)).unwrap_or_default();
        Some(FrameKind::StepHead { step: id.to_owned(), number, title })
    }

    fn event(&mut self, stamped: &Stamped) {
        let head = step_of(&stamped.event).and_then(|step| self.step_head(step));
        if let Err(why) = self.reading.take(stamped) {
            return self.push(stamped, FrameKind::Remark(format!("this event does not count: {why}")));
        }
        if let Some(head) = head {
            self.push(stamped, head);
        }
        let kind = match stamped.event.clone() {
            Event::RunOpened(opened) => {
                FrameKind::Session { session: Box::new(opened.session), resumed: false }
            }
            Event::SessionOpened(session) => FrameKind::Session { session: Box::new(session), resumed: true },
            Event::SessionSigned(signed) => {
                let SignedSession { name, signature, by, .. } = &*signed;
                let said = format!("operated by {name} ({}), signed by key {}", by.who, signature.key);
                FrameKind::Remark(said)
            }
            Event::RulesChecked(look) => FrameKind::Remark(look_words(&look)),
            Event::DocumentExchanged(exchanged) => FrameKind::Remark(exchanged.words()),
            Event::LogRecovered { torn } => {
                FrameKind::Remark(format!("a torn tail of {} bytes was cut off the record", torn.bytes))
            }
            Event::NotApplicable { condition, place, .. } => FrameKind::NotApplicable { place, condition },
            Event::ActionStarted(started) => return self.command(stamped, &started, false),
            Event::RollbackStarted(started) => return self.command(stamped, &started, true),
            Event::ActionFinished(finished) | Event::RollbackFinished(finished) => {
                return self.finished(stamped, &finished);
            }
            Event::ItemConfirmed { text, by, .. } => FrameKind::Confirmed { text, by },
            Event::ValueRecorded { name, value, evidence, within_limits, by, .. } => {
                FrameKind::Value { name, value, evidence, within_limits, by }
            }
            Event::ValueCorrected(corrected) => FrameKind::Corrected(Box::new(corrected)),
            Event::SignOffRequested { role, statement, .. } => {
                FrameKind::SignOffRequested { role, statement }
            }
            Event::SignOffGiven(given) => FrameKind::SignOff(Box::new(given)),
            Event::SignOffRejected { reason, by, .. } => {
                FrameKind::SignOffWithheld { rejected: true, reason, by }
            }
            Event::SignOffRefused { reason, by, .. } => {
                FrameKind::SignOffWithheld { rejected: false, reason, by }
            }
            Event::SignOffLapsed { reason, .. } => FrameKind::SignOffLapsed { reason },
            Event::Deviation(deviation) => FrameKind::Deviation(Box::new(deviation)),
            Event::Decision { place, choice, reason, by, .. } => {
                FrameKind::Decision { place, choice, reason, by }
            }
            Event::RollbackOpened { places, steps, without, reason, by } => {
                let steps = steps.into_iter().map(|step| with_places(step, &places)).collect();
                FrameKind::Rollback { steps, without, reason, by }
            }
            Event::Note { text, by, .. } => FrameKind::Note { text, by },
            Event::Handover(handover) => FrameKind::Handover(handover),
            Event::HandoverAccepted { by } => FrameKind::HandoverEnded { accepted: true, reason: None, by },
            Event::HandoverWithdrawn { reason, by } => {
                FrameKind::HandoverEnded { accepted: false, reason, by }
            }
            Event::RunClosed { verdict } => FrameKind::Closed(verdict),
        };
        self.push(stamped, kind);
    }

    fn command(&mut self, stamped: &Stamped, started: &Started, rollback: bool) {
        let of = source(&started.step, &started.action, started.place.as_deref(), started.attempt);
        self.started.insert(Rc::clone(&of), self.now);
        let block = block_of(self.m.plan, &started.step, &started.action);
        let looks = matches!(block, Some((Some(Work::Check(_)), _)));
        let kind = match (rollback, started.probe, looks) {
            (true, ..) => CommandKind::Rollback,
            (_, true, _) => CommandKind::Probe,
            (_, _, true) => CommandKind::Check,
            _ => CommandKind::Run,
        };
        let script = match &started.script {
            Some(script) => match fetch(self.m, script) {
                Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
                Err(why) => format!("({why})"),
            },
            None => block.map(|(_, block)| block.script.clone()).unwrap_or_default(),
        };
        let kind = FrameKind::Command {
            of,
            kind,
            script,
            // What a probe asked is always kept, and nobody edits it.
            differs: started.script.is_some() && block.is_none_or(|(_, block)| block.probe.is_none()),
            language: block.map(|(_, block)| block.language.clone()).unwrap_or_default(),
        };
        self.push(stamped, kind);
    }

    fn finished(&mut self, stamped: &Stamped, finished: &Finished) {
        let of = source(&finished.step, &finished.action, finished.place.as_deref(), finished.attempt);
        let from = self.started.remove(&of).unwrap_or(self.now);
        if let Some(output) = &finished.output {
            // Held against their digests now, and read piece by piece when they are shown.
            let checked = |blob: &BlobRef| pass(self.m, blob, &mut |_| {}).map(|()| Rc::new(blob.clone()));
            let blobs = [checked(&output.stdout), checked(&output.stderr)];
            for why in blobs.iter().filter_map(|blob| blob.as_ref().err()) {
                self.push(stamped, FrameKind::Remark(format!("output of {}: {why}", of.told())));
            }
            let [stdout, stderr] = blobs.map(Result::ok);
            let length = |blob: &Option<Rc<BlobRef>>| blob.as_ref().map_or(0, |blob| blob.bytes);
            let timing = fetch(self.m, &output.timing).unwrap_or_default();
            let pieces = pieces(length(&stdout), length(&stderr), &timing);
            // A drawing is not to be written across: it is shown in one go, after what happened meanwhile.
            let drawn = pieces.iter().any(|(_, came)| matches!(came, Came::Size(..)));
            let mut at = if drawn { from.max(self.before) } else { from };
            for (after, came) in pieces {
                // Between the attempt's beginning and its end, whatever the timing says.
                at = after.map_or(self.now, |after| from.saturating_add(after)).max(at).min(self.now);
                let of = Rc::clone(&of);
                let kind = match came {
                    Came::Size(columns, rows) => FrameKind::Screen { of, columns, rows },
                    Came::Output(stream, range) => {
                        let blob = if stream == Stream::Stdout { &stdout } else { &stderr };
                        let Some(blob) = blob.clone() else { continue };
                        let (from, length) = (range.start, (range.end - range.start) as usize);
                        FrameKind::Output { of, stream, piece: Piece { blob, from, length } }
                    }
                };
                self.frames.push(Frame { at, n: stamped.n, kind });
            }
        } else {
            self.push(stamped, FrameKind::Remark(format!("nothing is kept of what {} printed", of.told())));
        }
        let Finished { outcome, exit, signal, error, duration_ms, .. } = finished.clone();
        self.push(
            stamped,
            FrameKind::Ended { of: Rc::clone(&of), outcome, exit, signal, error, duration_ms },
        );
        for judged in finished.expectations.iter().cloned() {
            let (of, Judged { expected, came, held }) = (Rc::clone(&of), judged);
            self.push(stamped, FrameKind::Expectation { of, expected, came, held });
        }
        for (name, value) in finished.captures.clone() {
            self.push(stamped, FrameKind::Captured { of: Rc::clone(&of), name, value });
        }
    }
}

fn source(step: &str, action: &str, place: Option<&str>, attempt: u32) -> Rc<Source> {
    let (step, action) = (step.to_owned(), action.to_owned());
    Rc::new(Source { step, action, place: place.map(str::to_owned), attempt })
}

/// A step that is to be undone, with the places where it is.
fn with_places(step: String, places: &[TakenEffect]) -> String {
    let at = places.iter().filter(|taken| taken.step == step).map(|taken| taken.place.as_str());
    match at.collect::<Vec<_>>().as_slice() {
        [] => step,
        at => format!("{step} at {}", at.join(" and ")),
    }
}

/// The block of an action (with its work) or of a rollback (without).
fn block_of<'a>(plan: &'a Plan, step: &str, action: &str) -> Option<(Option<&'a Work>, &'a Block)> {
    let (_, step) = plan.step(step)?;
    if let Some(found) = step.actions.iter().find(|known| known.id == action) {
        return found.work.block().map(|block| (Some(&found.work), block));
    }
    let (_, number) = rollback_of(action).filter(|(of, _)| *of == step.id)?;
    step.rollbacks.get(number.checked_sub(1)?).map(|block| (None, block))
}

/// That rules were held once more, and what came of it.
fn look_words(look: &holdpoint_engine::Look) -> String {
    let why: Vec<&str> = look.unmet.iter().map(|unmet| unmet.why.as_str()).collect();
    match why.as_slice() {
        [] => "the rules of the environment were held once more, and hold".to_owned(),
        why => format!("rules of the environment did not hold any more: {}", why.join("; ")),
    }
}

/// The step that an event turns to; a note about one turns to none.
fn step_of(event: &Event) -> Option<&str> {
    event.step().filter(|_| !matches!(event, Event::Note { .. }))
}
