//! How far a process is on its way to its end: why it was stopped, and whether anything of it is left to wait for.

use std::io;
use std::process::ExitStatus;
use std::time::Duration;

use tokio::time::Instant;

use crate::ending::Target;

/// After its main process has ended, a block's output is over when nothing has come for this long …
const SILENCE: Duration = Duration::from_millis(200);
/// … or after this long, whatever comes.
const LONGEST_DRAIN: Duration = Duration::from_secs(2);
/// How often what was told to end is looked at. The system tells nobody when a grandchild ends.
const LOOK: Duration = Duration::from_millis(10);
/// How long the killed get to be gone before they are given up on.
const LONGEST_DEATH: Duration = Duration::from_secs(2);

const NOT_ENDED: &str = "some processes of this block could not be ended: \
    look for them and end them by hand";

/// Why a block was stopped.
#[derive(Debug)]
pub(crate) enum Stop {
    TimedOut,
    Interrupted,
    Output(io::Error),
    /// What was registered cannot be a secret.
    Secret(String),
}

/// What goes on while a process is watched; each moment is set once.
pub(crate) struct Progress<T: Target> {
    target: T,
    grace: Duration,
    pub(crate) ended: Option<(Instant, io::Result<ExitStatus>)>,
    pub(crate) stop: Option<Stop>,
    /// When TERM is followed by HUP, where there is a terminal.
    pub(crate) hang_up_at: Option<Instant>,
    /// When TERM becomes KILL.
    pub(crate) kill_at: Option<Instant>,
    killed: Option<Instant>,
    /// Since when only output can still come.
    settled: Option<Instant>,
    last_output: Option<Instant>,
    /// What has come since then, bytes.
    drained: usize,
    pub(crate) remarks: Vec<String>,
}

impl<T: Target> Progress<T> {
    pub(crate) fn of(target: T, grace: Duration) -> Progress<T> {
        Progress {
            target,
            grace,
            ended: None,
            stop: None,
            hang_up_at: None,
            kill_at: None,
            killed: None,
            settled: None,
            last_output: None,
            drained: 0,
            remarks: Vec::new(),
        }
    }

    /// Stops the block: TERM now, HUP after half the grace time, KILL after all of it. The first reason stays the
    /// reason, except that output that is lost outweighs all others, as does a secret that is none.
    pub(crate) fn stop(&mut self, stop: Stop) {
        if self.stop.is_none() {
            self.target.terminate();
            let now = Instant::now();
            self.hang_up_at = now.checked_add(self.grace / 2);
            self.kill_at = now.checked_add(self.grace);
            self.settled = None;
        }
        if self.stop.is_none() || matches!(stop, Stop::Output(_) | Stop::Secret(_)) {
            self.stop = Some(stop);
        }
    }

    pub(crate) fn hang_up(&mut self) {
        self.target.hang_up();
        self.hang_up_at = None;
    }

    pub(crate) fn kill(&mut self) {
        self.target.kill();
        self.killed = Some(Instant::now());
    }

    pub(crate) fn is_killed(&self) -> bool {
        self.killed.is_some()
    }

    /// Whether output is handed on no more.
    pub(crate) fn is_deaf(&self) -> bool {
        matches!(self.stop, Some(Stop::Output(_) | Stop::Secret(_)))
    }

    /// Whether only output can still come.
    pub(crate) fn is_settled(&self) -> bool {
        self.settled.is_some()
    }

    /// Notes the moment from which only output can still come: the main process has ended, and if the block was
    /// stopped, so has everything else of it.
    pub(crate) fn settle(&mut self) {
        if self.ended.is_none() || self.settled.is_some() {
            return;
        }
        let given_up = self.killed.is_some_and(|killed| killed.elapsed() > LONGEST_DEATH);
        if self.stop.is_some() && !given_up && self.target.is_alive() {
            if self.killed.is_some() {
                // What was forked between a look at a session's processes and the signal.
                self.target.kill();
            }
            return;
        }
        if given_up && self.target.is_alive() {
            self.remarks.push(NOT_ENDED.to_owned());
        }
        self.settled = Some(Instant::now());
    }

    /// When to look again whether all have ended.
    pub(crate) fn look_again(&self) -> Option<Instant> {
        let waits = self.ended.is_some() && self.stop.is_some() && self.settled.is_none();
        waits.then(|| Instant::now() + LOOK)
    }

    /// Notes that this many bytes of output came.
    pub(crate) fn on_output(&mut self, length: usize) {
        self.last_output = Some(Instant::now());
        if self.settled.is_some() {
            self.drained = self.drained.saturating_add(length);
        }
    }

    /// When output is over, should nothing more come.
    pub(crate) fn silent_at(&self) -> Option<Instant> {
        self.settled.map(|settled| self.last_output.map_or(settled, |last| last.max(settled)) + SILENCE)
    }

    /// Whether output has been waited for long enough, and all that the main process printed has come: either there was
    /// nothing `more` to be read, or more has come than `held` on its way, bytes.
    pub(crate) fn drained_enough(&self, held: usize, more: bool) -> bool {
        (self.drained > held || !more)
            && self.settled.is_some_and(|settled| settled.elapsed() > LONGEST_DRAIN)
    }
}
