//! A run as frames, in the order and with the pauses in which it was seen.

use std::time::Duration;

use holdpoint_document::{Block, Plan, Work};
use holdpoint_engine::{
    By, Choice, Deviation, Event, Evidence, Finished, Outcome, Session, SignedOff, Stamped, Started, Verdict,
};
use jiff::Timestamp;

use crate::{Material, blobs::fetch};

/// One thing to show, and when.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// Since the run was opened; never less than the frame before it.
    pub at: Duration,
    /// The event it comes from.
    pub n: u64,
    /// What to show.
    pub kind: FrameKind,
}

/// What a frame shows. Texts and bytes are as recorded: make them harmless ([`crate::visible`]) or mean not to.
#[derive(Clone, Debug, PartialEq)]
pub enum FrameKind {
    /// Somebody begins or takes up driving.
    Session {
        /// Who, with what, where.
        session: Box<Session>,
        /// Whether the run was open before.
        resumed: bool,
    },
    /// The run turns to another step.
    StepHead {
        /// Its id.
        step: String,
        /// Position as the operator sees it; empty where the document has no such step.
        number: String,
        /// Its title, as written.
        title: String,
    },
    /// A block begins.
    Command {
        /// The action or rollback block.
        action: String,
        /// What it is.
        kind: CommandKind,
        /// Counted from 1.
        attempt: u32,
        /// What runs: the exact script where it is recorded, else the document's.
        script: String,
        /// Whether the script is not the document's own.
        differs: bool,
        /// First word of the block's info string.
        language: String,
    },
    /// A piece of output.
    Output {
        /// Which stream.
        stream: Stream,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// A block ended.
    Ended {
        /// The action or rollback block.
        action: String,
        /// How.
        outcome: Outcome,
        /// Exit code.
        exit: Option<i32>,
        /// Signal.
        signal: Option<i32>,
        /// Why it could not run.
        error: Option<String>,
        /// Wall time, milliseconds.
        duration_ms: u64,
    },
    /// One expectation, judged.
    Expectation {
        /// What was expected.
        expected: String,
        /// What came, where it did not hold.
        came: Option<String>,
        /// Whether it held.
        held: bool,
    },
    /// A variable taken from a block's results.
    Captured {
        /// Its name.
        name: String,
        /// Its value.
        value: String,
    },
    /// Somebody confirmed an item.
    Confirmed {
        /// The item, as written.
        text: String,
        /// Who.
        by: By,
    },
    /// Somebody wrote down a value.
    Value {
        /// The field.
        name: String,
        /// The value.
        value: String,
        /// Proof named with it.
        evidence: Option<Evidence>,
        /// Whether it keeps its limits.
        within_limits: bool,
        /// Who.
        by: By,
    },
    /// A release was asked for.
    SignOffRequested {
        /// Whose.
        role: String,
        /// What is to be signed.
        statement: String,
    },
    /// A release was given.
    SignOff(Box<SignedOff>),
    /// A release was refused: by the person asked, or because it did not count.
    SignOffWithheld {
        /// Whether the person asked refused it (else the attempt did not count).
        rejected: bool,
        /// Why.
        reason: String,
        /// Who.
        by: By,
    },
    /// A condition does not hold.
    NotApplicable {
        /// The condition, as written.
        condition: String,
    },
    /// A question was answered.
    Decision {
        /// The answer.
        choice: Choice,
        /// Why.
        reason: Option<String>,
        /// Who.
        by: By,
    },
    /// What is done is not what the document says.
    Deviation(Box<Deviation>),
    /// Rolling back begins.
    Rollback {
        /// Steps to undo, in that order.
        steps: Vec<String>,
        /// Steps with an effect that the document cannot undo.
        without: Vec<String>,
        /// Why.
        reason: Option<String>,
        /// Who asked; `None` where the document did.
        by: Option<By>,
    },
    /// A note.
    Note {
        /// What it says.
        text: String,
        /// Who.
        by: By,
    },
    /// What replay cannot show, and why; a torn tail that was cut.
    Remark(String),
    /// The run is over.
    Closed(Verdict),
}

/// What kind of block a command is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandKind {
    /// Changes something.
    Run,
    /// Only looks.
    Check,
    /// A check run to find out whether an interrupted block took effect.
    Probe,
    /// Undoes a step.
    Rollback,
}

/// Where output went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// The run as frames, with its original timing. A record without events gives none.
pub fn timeline(m: &Material<'_>) -> Vec<Frame> {
    let Some(first) = m.events.first() else { return Vec::new() };
    let mut reel = Reel { m, opened: first.at, started: None, step: None, frames: Vec::new() };
    for stamped in m.events {
        reel.event(stamped);
    }
    reel.frames
}

struct Reel<'a> {
    m: &'a Material<'a>,
    opened: Timestamp,
    started: Option<Timestamp>,
    step: Option<String>,
    frames: Vec<Frame>,
}

impl Reel<'_> {
    /// Frames never go back in time, even where a clock did.
    fn push_at(&mut self, at: Duration, n: u64, kind: FrameKind) {
        let at = self.frames.last().map_or(at, |frame| frame.at.max(at));
        self.frames.push(Frame { at, n, kind });
    }

    fn elapsed(&self, at: Timestamp) -> Duration {
        Duration::try_from(at.duration_since(self.opened)).unwrap_or(Duration::ZERO)
    }

    fn push(&mut self, stamped: &Stamped, kind: FrameKind) {
        self.push_at(self.elapsed(stamped.at), stamped.n, kind);
    }

    fn step_head(&mut self, stamped: &Stamped, id: &str) {
        if self.step.as_deref() == Some(id) {
            return;
        }
        self.step = Some(id.to_owned());
        let step = self.m.plan.step(id).map(|(_, step)| step);
        let number = step.map(|step| step.number.clone()).unwrap_or_default();
        let title = step.map(|step| step.title.clone()).unwrap_or_default();
        self.push(stamped, FrameKind::StepHead { step: id.to_owned(), number, title });
    }

    fn event(&mut self, stamped: &Stamped) {
        if let Some(step) = step_of(&stamped.event) {
            self.step_head(stamped, step);
        }
        let kind = match stamped.event.clone() {
            Event::RunOpened(opened) => {
                FrameKind::Session { session: Box::new(opened.session), resumed: false }
            }
            Event::SessionOpened(session) => FrameKind::Session { session: Box::new(session), resumed: true },
            Event::LogRecovered { torn } => {
                FrameKind::Remark(format!("a torn tail of {} bytes was cut off the record", torn.bytes))
            }
            Event::NotApplicable { condition, .. } => FrameKind::NotApplicable { condition },
            Event::ActionStarted(started) => return self.command(stamped, &started, false),
            Event::RollbackStarted(started) => return self.command(stamped, &started, true),
            Event::ActionFinished(finished) | Event::RollbackFinished(finished) => {
                return self.finished(stamped, &finished);
            }
            Event::ItemConfirmed { step, action, by } => {
                FrameKind::Confirmed { text: confirm_text(self.m.plan, &step, &action), by }
            }
            Event::ValueRecorded { name, value, evidence, within_limits, by, .. } => {
                FrameKind::Value { name, value, evidence, within_limits, by }
            }
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
            Event::Deviation(deviation) => FrameKind::Deviation(Box::new(deviation)),
            Event::Decision { choice, reason, by, .. } => FrameKind::Decision { choice, reason, by },
            Event::RollbackOpened { steps, without, reason, by } => {
                FrameKind::Rollback { steps, without, reason, by }
            }
            Event::Note { text, by, .. } => FrameKind::Note { text, by },
            Event::RunClosed { verdict } => FrameKind::Closed(verdict),
        };
        self.push(stamped, kind);
    }

    fn command(&mut self, stamped: &Stamped, started: &Started, rollback: bool) {
        self.started = Some(stamped.at);
        let block = block_of(self.m.plan, &started.step, &started.action);
        let looks = matches!(block, Some((Some(Work::Check(_)), _)));
        let kind = match (rollback, started.probe, looks) {
            (true, ..) => CommandKind::Rollback,
            (_, true, _) => CommandKind::Probe,
            (_, _, true) => CommandKind::Check,
            _ => CommandKind::Run,
        };
        let script = match &started.script {
            Some(script) => match fetch(self.m, script).bytes() {
                Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
                Err(why) => format!("({why})"),
            },
            None => block.map(|(_, block)| block.script.clone()).unwrap_or_default(),
        };
        let kind = FrameKind::Command {
            action: started.action.clone(),
            kind,
            attempt: started.attempt,
            script,
            differs: started.script.is_some(),
            language: block.map(|(_, block)| block.language.clone()).unwrap_or_default(),
        };
        self.push(stamped, kind);
    }

    fn finished(&mut self, stamped: &Stamped, finished: &Finished) {
        let started = self.started.take().unwrap_or(stamped.at);
        let from = self.elapsed(started);
        if let Some(output) = &finished.output {
            let read = |blob| fetch(self.m, blob).bytes();
            let (stdout, stderr, timing) = (read(&output.stdout), read(&output.stderr), read(&output.timing));
            for why in [&stdout, &stderr].into_iter().filter_map(|blob| blob.as_ref().err()) {
                self.push(stamped, FrameKind::Remark(format!("output of {}: {why}", finished.action)));
            }
            let timing = timing.unwrap_or_default();
            let pieces = pieces(&stdout.unwrap_or_default(), &stderr.unwrap_or_default(), &timing);
            for (after, stream, bytes) in pieces {
                let at = after.map_or(self.elapsed(stamped.at), |after| from + after);
                self.push_at(at, stamped.n, FrameKind::Output { stream, bytes });
            }
        } else {
            self.push(
                stamped,
                FrameKind::Remark(format!("nothing is kept of what {} printed", finished.action)),
            );
        }
        let Finished { outcome, exit, signal, error, duration_ms, .. } = finished.clone();
        let action = finished.action.clone();
        self.push(stamped, FrameKind::Ended { action, outcome, exit, signal, error, duration_ms });
        for judged in finished.expectations.iter().cloned() {
            let kind =
                FrameKind::Expectation { expected: judged.expected, came: judged.came, held: judged.held };
            self.push(stamped, kind);
        }
        for (name, value) in finished.captures.clone() {
            self.push(stamped, FrameKind::Captured { name, value });
        }
    }
}

/// Output cut where the timing says it came. Nothing is lost: what the timing does not cover, or covers in a way
/// that cannot be, comes at the end without a time.
fn pieces(stdout: &[u8], stderr: &[u8], timing: &[u8]) -> Vec<(Option<Duration>, Stream, Vec<u8>)> {
    let mut pieces = Vec::new();
    let (mut out, mut err) = (0, 0);
    for line in String::from_utf8_lossy(timing).lines() {
        let mut words = line.split(' ');
        let (Some(stream), Some(offset), Some(micros), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            break;
        };
        let (stream, whole, done) = match stream {
            "o" => (Stream::Stdout, stdout, &mut out),
            "e" => (Stream::Stderr, stderr, &mut err),
            _ => break,
        };
        let (Ok(offset), Ok(micros)) = (offset.parse::<usize>(), micros.parse::<u64>()) else { break };
        let Some(piece) = whole.get(*done..offset) else { break };
        *done = offset;
        if !piece.is_empty() {
            pieces.push((Some(Duration::from_micros(micros)), stream, piece.to_vec()));
        }
    }
    for (stream, rest) in [(Stream::Stdout, &stdout[out..]), (Stream::Stderr, &stderr[err..])] {
        if !rest.is_empty() {
            pieces.push((None, stream, rest.to_vec()));
        }
    }
    pieces
}

/// The block of an action (with its work) or of a rollback (without).
fn block_of<'a>(plan: &'a Plan, step: &str, action: &str) -> Option<(Option<&'a Work>, &'a Block)> {
    let (_, step) = plan.step(step)?;
    if let Some(found) = step.actions.iter().find(|known| known.id == action) {
        return found.work.block().map(|block| (Some(&found.work), block));
    }
    let number: usize = action.strip_prefix(&step.id)?.strip_prefix("#rollback-")?.parse().ok()?;
    step.rollbacks.get(number.checked_sub(1)?).map(|block| (None, block))
}

fn confirm_text(plan: &Plan, step: &str, action: &str) -> String {
    let found = plan.step(step).and_then(|(_, step)| step.actions.iter().find(|known| known.id == action));
    match found.map(|action| &action.work) {
        Some(Work::Confirm { text }) => text.clone(),
        _ => String::new(),
    }
}

fn step_of(event: &Event) -> Option<&str> {
    match event {
        Event::NotApplicable { step, .. }
        | Event::ItemConfirmed { step, .. }
        | Event::ValueRecorded { step, .. }
        | Event::SignOffRequested { step, .. }
        | Event::SignOffRejected { step, .. }
        | Event::SignOffRefused { step, .. }
        | Event::Decision { step, .. } => Some(step),
        Event::ActionStarted(started) | Event::RollbackStarted(started) => Some(&started.step),
        Event::ActionFinished(finished) | Event::RollbackFinished(finished) => Some(&finished.step),
        Event::SignOffGiven(given) => Some(&given.step),
        Event::RunOpened(_)
        | Event::SessionOpened(_)
        | Event::LogRecovered { .. }
        | Event::Deviation(_)
        | Event::RollbackOpened { .. }
        | Event::Note { .. }
        | Event::RunClosed { .. } => None,
    }
}

#[cfg(test)]
#[path = "timeline_tests.rs"]
mod tests;
