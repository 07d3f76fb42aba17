//! Watches a process on a terminal of its own from its start until nothing of it is left to wait for. Beside
//! [`crate::watch`]: keys go in, there is one output, and what ends is a session.

use std::future::Future;
use std::io;
use std::process::ExitStatus;
use std::time::Duration;

use tokio::select;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::Instant;

use crate::pty::{PIECE, Running};
use crate::session::{Leash, Session};
use crate::watch::{
    LONGEST_DEATH, LONGEST_DRAIN, LOOK, NOT_ENDED, OUTPUT_KEPT_OPEN, SILENCE, Seen, Stop, at, register,
};
use crate::{Display, Input, Size};

/// More than any terminal holds on its way out, bytes; Linux limits it to 64 KiB.
const MORE_THAN_A_TERMINAL: usize = 256 * 1024;

/// What goes on inside [`watch`]; each moment is set once.
#[derive(Default)]
struct Progress {
    ended: Option<(Instant, io::Result<ExitStatus>)>,
    stop: Option<Stop>,
    /// When TERM is followed by HUP.
    hang_up_at: Option<Instant>,
    /// When KILL follows.
    kill_at: Option<Instant>,
    killed: Option<Instant>,
    /// Since when only output can still come.
    settled: Option<Instant>,
    last_output: Option<Instant>,
    drained: usize,
    /// Whether the last read left something.
    more: bool,
    remarks: Vec<String>,
}

pub(crate) async fn watch(
    mut running: Running,
    size: Size,
    mut input: UnboundedReceiver<Input>,
    interrupt: impl Future<Output = ()>,
    mut on_secret: impl FnMut(&str, &str) -> Result<(), String>,
    mut on_display: impl FnMut(Display<'_>, Duration) -> io::Result<()>,
) -> Seen {
    let Running { session, started, timeout, grace, .. } = running;
    let mut leash = Leash::on(session);
    let mut progress = Progress::default();
    let time_limit = timeout.and_then(|timeout| started.checked_add(timeout));
    let (mut size, mut typing) = (size, true);
    let first = on_display(Display::Size(size), Duration::ZERO);
    if let Err(error) = first {
        progress.stop(Stop::Output(error), session, grace);
    }
    tokio::pin!(interrupt);
    loop {
        progress.settle(session);
        if progress.settled.is_some() && !running.screen.is_open() {
            break;
        }
        let runs = progress.ended.is_none();
        let free = runs && progress.stop.is_none();
        // In this order, so that no flood of output holds up a limit, an interrupt or a key.
        let stop = select! {
            biased;
            () = &mut interrupt, if free => Some(Stop::Interrupted),
            () = at(time_limit), if free => Some(Stop::TimedOut),
            exit = &mut running.exit, if runs => {
                let status = exit.unwrap_or_else(|error| Err(io::Error::other(error)));
                progress.ended = Some((Instant::now(), status));
                None
            }
            () = at(progress.hang_up_at), if progress.hang_up_at.is_some() => {
                session.hang_up();
                progress.hang_up_at = None;
                None
            }
            () = at(progress.kill_at), if progress.killed.is_none() => {
                session.kill();
                progress.killed = Some(Instant::now());
                None
            }
            came = input.recv(), if typing => match came {
                Some(Input::Keys(keys)) => {
                    running.keyboard.take(&keys);
                    None
                }
                Some(Input::Resized(new)) if new != size && !progress.is_deaf() => {
                    size = new;
                    running.keyboard.resize(size);
                    on_display(Display::Size(size), started.elapsed()).err().map(Stop::Output)
                }
                Some(Input::Resized(_)) => None,
                None => {
                    typing = false;
                    None
                }
            },
            () = running.keyboard.press() => None,
            () = running.feed.push(), if running.feed.is_open() => None,
            () = running.inbox.take(), if runs => None,
            () = running.registry.ready() => register(running.registry.take(), &mut on_secret).err(),
            piece = running.screen.next() => match piece {
                Ok(Some(bytes)) => {
                    progress.on_piece(bytes.len());
                    // Whatever was registered before this was printed is to be known before it is handed on.
                    let bad = register(running.registry.take(), &mut on_secret).err();
                    let deaf = bad.is_some() || progress.is_deaf();
                    let taken = match deaf {
                        true => Ok(()),
                        false => on_display(Display::Bytes(bytes), started.elapsed()),
                    };
                    if let Some(bad) = bad {
                        progress.stop(bad, session, grace);
                    }
                    if progress.drained_enough() {
                        break;
                    }
                    taken.err().map(Stop::Output)
                }
                Ok(None) => None,
                Err(error) => Some(Stop::Output(error)),
            },
            () = at(progress.look_again()), if progress.look_again().is_some() => None,
            () = at(progress.silent_at()), if progress.settled.is_some() => break,
        };
        if let Some(stop) = stop {
            progress.stop(stop, session, grace);
        }
    }
    if running.screen.is_open() {
        progress.remarks.push(OUTPUT_KEPT_OPEN.to_owned());
        running.screen.abandon();
    }
    leash.release();
    if let Err(bad) = register(running.registry.finish(), &mut on_secret)
        && !progress.is_deaf()
    {
        progress.stop = Some(bad);
    }
    let (ended, status) = progress
        .ended
        .unwrap_or_else(|| (Instant::now(), Err(io::Error::other("the process was not waited for"))));
    Seen {
        status,
        duration: ended.saturating_duration_since(started),
        stop: progress.stop,
        told: running.inbox.finish(),
        remarks: progress.remarks,
    }
}

impl Progress {
    /// Stops the block: TERM now, HUP after half the grace time, KILL after all of it. The first reason stays the
    /// reason, except that output that is lost outweighs all others, as does a secret that is none.
    fn stop(&mut self, stop: Stop, session: Session, grace: Duration) {
        if self.stop.is_none() {
            session.terminate();
            let now = Instant::now();
            self.hang_up_at = now.checked_add(grace / 2);
            self.kill_at = now.checked_add(grace);
            self.settled = None;
        }
        if self.stop.is_none() || matches!(stop, Stop::Output(_) | Stop::Secret(_)) {
            self.stop = Some(stop);
        }
    }

    /// Whether output is handed on no more.
    fn is_deaf(&self) -> bool {
        matches!(self.stop, Some(Stop::Output(_) | Stop::Secret(_)))
    }

    /// Notes the moment from which only output can still come: the main process has ended, and if the block was
    /// stopped, so has its session.
    fn settle(&mut self, session: Session) {
        if self.ended.is_none() || self.settled.is_some() {
            return;
        }
        let given_up = self.killed.is_some_and(|killed| killed.elapsed() > LONGEST_DEATH);
        if self.stop.is_some() && !given_up && session.is_alive() {
            if self.killed.is_some() {
                // What was forked between a look at the session and the signal.
                session.kill();
            }
            return;
        }
        if given_up && session.is_alive() {
            self.remarks.push(NOT_ENDED.to_owned());
        }
        self.settled = Some(Instant::now());
    }

    fn look_again(&self) -> Option<Instant> {
        let waits = self.ended.is_some() && self.stop.is_some() && self.settled.is_none();
        waits.then(|| Instant::now() + LOOK)
    }

    fn on_piece(&mut self, length: usize) {
        self.last_output = Some(Instant::now());
        self.more = length == PIECE;
        if self.settled.is_some() {
            self.drained = self.drained.saturating_add(length);
        }
    }

    fn silent_at(&self) -> Option<Instant> {
        self.settled.map(|settled| self.last_output.map_or(settled, |last| last.max(settled)) + SILENCE)
    }

    /// More than a terminal holds has come since the main process ended, or there was no more: all of its output has.
    fn drained_enough(&self) -> bool {
        (self.drained > MORE_THAN_A_TERMINAL || !self.more)
            && self.settled.is_some_and(|settled| settled.elapsed() > LONGEST_DRAIN)
    }
}
