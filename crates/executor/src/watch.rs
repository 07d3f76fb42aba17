//! Watches one process from its start until nothing of it is left to wait for.

use std::future::{Future, pending};
use std::io;
use std::process::ExitStatus;
use std::time::Duration;

use tokio::select;
use tokio::time::{Instant, sleep_until};

use crate::ending::{KilledWhenDropped, Target};
use crate::exit::Exit;
use crate::limit::Limit;
use crate::outlet::{Outlet, Piece};
use crate::progress::{Progress, Stop};
use crate::registry::{Registered, Registry};
use crate::streams::{Feed, Inbox};

pub(crate) const OUTPUT_KEPT_OPEN: &str = "a background process keeps the output open: \
    what it prints from here on is not recorded";

/// A process that was started.
pub(crate) struct Running<T: Target, O: Outlet> {
    /// It, and all that it starts.
    pub(crate) target: T,
    pub(crate) started: Instant,
    pub(crate) exit: Exit,
    pub(crate) outlet: O,
    pub(crate) feed: Feed,
    pub(crate) inbox: Inbox,
    pub(crate) registry: Registry,
    pub(crate) timeout: Option<Duration>,
    pub(crate) grace: Duration,
}

/// What was seen of a process.
pub(crate) struct Seen {
    pub(crate) status: io::Result<ExitStatus>,
    pub(crate) duration: Duration,
    pub(crate) stop: Option<Stop>,
    /// What the shell told; `None`: more than is taken.
    pub(crate) told: Option<Vec<u8>>,
    pub(crate) remarks: Vec<String>,
}

pub(crate) async fn watch<T: Target, O: Outlet>(
    mut running: Running<T, O>,
    interrupt: impl Future<Output = ()>,
    mut on_secret: impl FnMut(&str, &str) -> Result<(), String>,
    mut on_piece: impl FnMut(Piece<'_>, Duration) -> io::Result<()>,
) -> Seen {
    let Running { target, started, timeout, grace, .. } = running;
    let mut guard = KilledWhenDropped::unless_let_go(target);
    let mut progress = Progress::of(target, grace);
    let mut limit = timeout.map(|timeout| Limit::of(timeout, started));
    if let Some(Err(error)) = running.outlet.first().map(|piece| on_piece(piece, Duration::ZERO)) {
        progress.stop(Stop::Output(error));
    }
    tokio::pin!(interrupt);
    loop {
        progress.settle();
        if progress.is_settled() && !running.outlet.is_open() {
            break;
        }
        let runs = progress.ended.is_none();
        let free = runs && progress.stop.is_none();
        // Only while it has a limit: nobody looks in time at what is being ended.
        let is_over = free && limit.as_mut().is_some_and(|limit| limit.is_over(Instant::now()));
        // In this order, so that no flood of output holds up a limit or an interrupt.
        let stop = select! {
            biased;
            () = &mut interrupt, if free => Some(Stop::Interrupted),
            // Before its limit: it may have ended while this process was stopped.
            status = running.exit.seen(), if runs => {
                progress.ended = Some((Instant::now(), status));
                None
            }
            () = std::future::ready(()), if is_over => Some(Stop::TimedOut),
            () = at(limit.as_ref().map(Limit::look_again)), if free && limit.is_some() => None,
            () = at(progress.hang_up_at), if progress.hang_up_at.is_some() => {
                progress.hang_up();
                None
            }
            () = at(progress.kill_at), if !progress.is_killed() => {
                progress.kill();
                None
            }
            () = running.feed.push(), if running.feed.is_open() => None,
            () = running.inbox.take(), if runs => None,
            () = running.registry.ready() => register(running.registry.take(), &mut on_secret).err(),
            piece = running.outlet.next() => match piece {
                Ok(Some(piece)) => {
                    if let Piece::Bytes(_, bytes) = piece {
                        progress.on_output(bytes.len());
                    }
                    // Whatever was registered before this was printed is to be known before it is handed on.
                    let bad = register(running.registry.take(), &mut on_secret).err();
                    let deaf = bad.is_some() || progress.is_deaf();
                    let taken = if deaf { Ok(()) } else { on_piece(piece, started.elapsed()) };
                    if let Some(bad) = bad {
                        progress.stop(bad);
                    }
                    if progress.drained_enough(O::HOLDS, running.outlet.has_more()) {
                        break;
                    }
                    taken.err().map(Stop::Output)
                }
                Ok(None) => None,
                Err(error) => Some(Stop::Output(error)),
            },
            () = at(progress.look_again()), if progress.look_again().is_some() => None,
            () = at(progress.silent_at()), if progress.is_settled() => break,
        };
        if let Some(stop) = stop {
            progress.stop(stop);
        }
    }
    if running.outlet.is_open() {
        progress.remarks.push(OUTPUT_KEPT_OPEN.to_owned());
        running.outlet.abandon();
    }
    guard.let_go();
    progress.remarks.extend(limit.and_then(|limit| limit.remark()));
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

fn register(
    found: Result<Vec<Registered>, String>,
    on_secret: &mut impl FnMut(&str, &str) -> Result<(), String>,
) -> Result<(), Stop> {
    let mut each = found.map_err(Stop::Secret)?.into_iter();
    each.try_for_each(|(name, value)| on_secret(&name, &value)).map_err(Stop::Secret)
}

/// Waits until a moment; for ever where there is none.
async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => pending().await,
    }
}
