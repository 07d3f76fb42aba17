//! Where a replay stands, and where a key takes it. Pure: no clock, no terminal.

use std::time::Duration;

use super::{Frame, FrameKind};

/// What somebody who watches may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Stop, or go on.
    Pause,
    /// To the next action: what is left of this one is shown at once.
    Forward,
    /// To the beginning of this action; from its beginning, to the one before.
    Back,
    /// To the next deviation; what lies between is passed over.
    Deviation,
    /// To the next hold point, sign-off, or attempt at one; what lies between is passed over.
    SignOff,
}

/// What a wish leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It stands still now.
    Paused,
    /// It goes on now.
    Resumed,
    /// These frames are shown now, without waiting; it stands behind them.
    Show(std::ops::Range<usize>),
    /// So many actions were passed over (backwards: shown again). The frames are shown now, without waiting.
    Jump {
        /// The step's head, where the jump passed it.
        head: Option<usize>,
        /// What was looked for.
        shown: std::ops::Range<usize>,
        /// Whether it leads back.
        back: bool,
    },
    /// There is none.
    Nowhere,
}

/// A place in a replay.
#[derive(Clone, Debug)]
pub struct Player<'f> {
    frames: &'f [Frame],
    /// The frame to be shown next.
    at: usize,
    paused: bool,
    speed: f64,
    longest: Duration,
}

impl<'f> Player<'f> {
    /// At the beginning, running: `speed` times as fast as it was, with no wait longer than `longest`.
    pub fn new(frames: &'f [Frame], speed: f64, longest: Duration) -> Player<'f> {
        Player { frames, at: 0, paused: false, speed, longest }
    }

    /// Whether it stands still.
    pub fn is_paused(&self) -> bool {
        self.paused
    }

    /// The frame that is due next, after how long a wait since the one before it; `None` at the end.
    pub fn due(&self) -> Option<(Duration, &'f Frame)> {
        let frame = self.frames.get(self.at)?;
        let before = self.at.checked_sub(1).map_or(frame.at, |before| self.frames[before].at);
        let wait = frame.at.saturating_sub(before).div_f64(self.speed).min(self.longest);
        Some((wait, frame))
    }

    /// The frame that was due has been shown.
    pub fn shown(&mut self) {
        self.at = (self.at + 1).min(self.frames.len());
    }

    /// Frames of a range that was named in a [`Turn`].
    pub fn frames(&self, range: std::ops::Range<usize>) -> &'f [Frame] {
        self.frames.get(range).unwrap_or_default()
    }

    /// Where a wish leads. What [`Turn`] names has then been shown.
    pub fn wish(&mut self, wish: Wish) -> Turn {
        match wish {
            Wish::Pause => {
                self.paused = !self.paused;
                if self.paused { Turn::Paused } else { Turn::Resumed }
            }
            Wish::Forward => self.forward(),
            Wish::Back => self.back(),
            Wish::Deviation => self.jump(|kind| matches!(kind, FrameKind::Deviation(_))),
            Wish::SignOff => self.jump(|kind| {
                matches!(
                    kind,
                    FrameKind::SignOffRequested { .. }
                        | FrameKind::SignOff(_)
                        | FrameKind::SignOffWithheld { .. }
                        | FrameKind::SignOffLapsed { .. }
                )
            }),
        }
    }

    fn forward(&mut self) -> Turn {
        if self.at >= self.frames.len() {
            return Turn::Nowhere;
        }
        let from = self.at;
        // Standing right before an action, it is this one that is shown.
        let next = (from..self.frames.len()).find(|at| self.begins(*at));
        self.at = next.map_or(self.frames.len(), |next| next + self.opening(next));
        Turn::Show(from..self.at)
    }

    fn back(&mut self) -> Turn {
        let starts: Vec<usize> = (0..self.at).filter(|at| self.begins(*at)).collect();
        let to = match starts.as_slice() {
            [] => return Turn::Nowhere,
            [.., before, last] if last + self.opening(*last) == self.at => *before,
            [.., last] => *last,
        };
        self.at = to + self.opening(to);
        let own = matches!(self.frames[to].kind, FrameKind::StepHead { .. });
        let head = if own { None } else { self.head_of(to) };
        Turn::Jump { head, shown: to..self.at, back: true }
    }

    fn jump(&mut self, wanted: impl Fn(&FrameKind) -> bool) -> Turn {
        let Some(to) = (self.at..self.frames.len()).find(|at| wanted(&self.frames[*at].kind)) else {
            return Turn::Nowhere;
        };
        let head = self.head_of(to).filter(|head| *head >= self.at);
        self.at = to + 1;
        Turn::Jump { head, shown: to..self.at, back: false }
    }

    /// Whether an action begins with this frame, or with its step's head just before it.
    fn begins(&self, at: usize) -> bool {
        let headed = |at: usize| matches!(self.frames[at].kind, FrameKind::StepHead { .. });
        headed(at) || (is_action(&self.frames[at].kind) && !(at > 0 && headed(at - 1)))
    }

    /// How many frames the beginning of an action takes: itself, and its step's head.
    fn opening(&self, at: usize) -> usize {
        let headed = matches!(self.frames[at].kind, FrameKind::StepHead { .. });
        if headed && self.frames.get(at + 1).is_some_and(|next| is_action(&next.kind)) { 2 } else { 1 }
    }

    /// The head of the step that a frame belongs to, where it stands before it.
    fn head_of(&self, at: usize) -> Option<usize> {
        (0..at).rev().find(|at| matches!(self.frames[*at].kind, FrameKind::StepHead { .. }))
    }
}

/// What arrows stop at.
fn is_action(kind: &FrameKind) -> bool {
    matches!(
        kind,
        FrameKind::Session { .. }
            | FrameKind::Command { .. }
            | FrameKind::Confirmed { .. }
            | FrameKind::Value { .. }
            | FrameKind::Corrected(_)
            | FrameKind::SignOffRequested { .. }
            | FrameKind::SignOff(_)
            | FrameKind::SignOffWithheld { .. }
            | FrameKind::NotApplicable { .. }
            | FrameKind::Deviation(_)
            | FrameKind::Rollback { .. }
            | FrameKind::Handover(_)
            | FrameKind::HandoverEnded { .. }
            | FrameKind::Closed(_)
    )
}

#[cfg(test)]
#[path = "player_tests.rs"]
mod tests;
