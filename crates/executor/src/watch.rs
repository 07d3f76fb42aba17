//! Watches one process from its start until nothing of it is left to wait for.

use std::future::{Future, pending};
use std::io;
use std::process::ExitStatus;
use std::time::Duration;

use tokio::select;
use tokio::time::{Instant, sleep_until};

use crate::Stream;
use crate::group::{Leash, ProcessGroup};
use crate::registry::{Registered, Registry};
use crate::spawn::Exit;
use crate::streams::{Feed, Inbox, Tap};

/// After its main process has ended, a block's output is over when nothing has come for this long …
pub(crate) const SILENCE: Duration = Duration::from_millis(200);
/// … or after this long, whatever comes.
pub(crate) const LONGEST_DRAIN: Duration = Duration::from_secs(2);
/// More than any pipe holds, bytes: once as much was read, all that the main process printed is in it.
const MORE_THAN_A_PIPE: usize = 1024 * 1024;
/// A shorter read than this, bytes, has emptied its pipe: what comes later is not the main process's.
const EMPTIES: usize = 4096;
/// How often a group that was told to end is looked at. The system tells nobody when a grandchild ends.
pub(crate) const LOOK: Duration = Duration::from_millis(10);
/// How long the killed get to be gone before they are given up on.
pub(crate) const LONGEST_DEATH: Duration = Duration::from_secs(2);

pub(crate) const OUTPUT_KEPT_OPEN: &str = "a background process keeps the output open: \
    what it prints from here on is not recorded";
pub(crate) const NOT_ENDED: &str = "some processes of this block could not be ended: \
    look for them and end them by hand";

/// A process that was started.
pub(crate) struct Running {
    pub(crate) group: ProcessGroup,
    pub(crate) started: Instant,
    pub(crate) exit: Exit,
    pub(crate) stdout: Tap,
    pub(crate) stderr: Tap,
    pub(crate) feed: Feed,
    pub(crate) inbox: Inbox,
    pub(crate) registry: Registry,
    pub(crate) timeout: Option<Duration>,
    pub(crate) grace: Duration,
}

/// Why a block was stopped.
#[derive(Debug)]
pub(crate) enum Stop {
    TimedOut,
    Interrupted,
    Output(io::Error),
    /// What was registered cannot be a secret.
    Secret(String),
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

/// What goes on inside [`watch`]; each moment is set once.
#[derive(Default)]
struct Progress {
    ended: Option<(Instant, io::Result<ExitStatus>)>,
    stop: Option<Stop>,
    /// When TERM becomes KILL.
    kill_at: Option<Instant>,
    killed: Option<Instant>,
    /// Since when only output can still come.
    settled: Option<Instant>,
    last_output: Option<Instant>,
    drained: usize,
    /// Whether the last read of standard output, of standard error, left something in the pipe.
    more: [bool; 2],
    remarks: Vec<String>,
}

pub(crate) async fn watch(
    mut running: Running,
    interrupt: impl Future<Output = ()>,
    mut on_secret: impl FnMut(&str, &str) -> Result<(), String>,
    mut on_output: impl FnMut(Stream, &[u8], Duration) -> io::Result<()>,
) -> Seen {
    let Running { group, started, timeout, grace, .. } = running;
    let mut leash = Leash::on(group);
    let mut progress = Progress::default();
    let time_limit = timeout.and_then(|timeout| started.checked_add(timeout));
    tokio::pin!(interrupt);
    loop {
        progress.settle(group);
        let open = running.stdout.is_open() || running.stderr.is_open();
        if progress.settled.is_some() && !open {
            break;
        }
        let runs = progress.ended.is_none();
        let free = runs && progress.stop.is_none();
        // In this order, so that no flood of output holds up a limit or an interrupt.
        let stop = select! {
            biased;
            () = &mut interrupt, if free => Some(Stop::Interrupted),
            () = at(time_limit), if free => Some(Stop::TimedOut),
            status = running.exit.seen(), if runs => {
                progress.ended = Some((Instant::now(), status));
                None
            }
            () = at(progress.kill_at), if progress.killed.is_none() => {
                group.kill();
                progress.killed = Some(Instant::now());
                None
            }
            () = running.feed.push(), if running.feed.is_open() => None,
            () = running.inbox.take(), if runs => None,
            () = running.registry.ready() => register(running.registry.take(), &mut on_secret).err(),
            (stream, piece) = next_piece(&mut running.stdout, &mut running.stderr) => match piece {
                Ok(Some(bytes)) => {
                    progress.on_piece(stream, bytes.len());
                    // Whatever was registered before this was printed is to be known before it is handed on.
                    let bad = register(running.registry.take(), &mut on_secret).err();
                    let deaf = bad.is_some() || progress.is_deaf();
                    let taken = if deaf { Ok(()) } else { on_output(stream, bytes, started.elapsed()) };
                    if let Some(bad) = bad {
                        progress.stop(bad, group, grace);
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
            progress.stop(stop, group, grace);
        }
    }
    if running.stdout.is_open() || running.stderr.is_open() {
        progress.remarks.push(OUTPUT_KEPT_OPEN.to_owned());
        running.stdout.abandon();
        running.stderr.abandon();
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
    /// Stops the block: TERM now, KILL after the grace time. The first reason stays the reason, except that output
    /// that is lost outweighs all others, as does a secret that is none.
    fn stop(&mut self, stop: Stop, group: ProcessGroup, grace: Duration) {
        if self.stop.is_none() {
            group.terminate();
            self.kill_at = Instant::now().checked_add(grace);
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
    /// stopped, so has its group.
    fn settle(&mut self, group: ProcessGroup) {
        if self.ended.is_none() || self.settled.is_some() {
            return;
        }
        let given_up = self.killed.is_some_and(|killed| killed.elapsed() > LONGEST_DEATH);
        if self.stop.is_some() && !given_up && group.is_alive() {
            return;
        }
        if given_up && group.is_alive() {
            self.remarks.push(NOT_ENDED.to_owned());
        }
        self.settled = Some(Instant::now());
    }

    fn look_again(&self) -> Option<Instant> {
        let waits = self.ended.is_some() && self.stop.is_some() && self.settled.is_none();
        waits.then(|| Instant::now() + LOOK)
    }

    fn on_piece(&mut self, stream: Stream, length: usize) {
        self.last_output = Some(Instant::now());
        self.more[usize::from(stream == Stream::Stderr)] = length >= EMPTIES;
        if self.settled.is_some() {
            self.drained = self.drained.saturating_add(length);
        }
    }

    fn silent_at(&self) -> Option<Instant> {
        self.settled.map(|settled| self.last_output.map_or(settled, |last| last.max(settled)) + SILENCE)
    }

    fn drained_enough(&self) -> bool {
        (self.drained > 2 * MORE_THAN_A_PIPE || self.more == [false, false])
            && self.settled.is_some_and(|settled| settled.elapsed() > LONGEST_DRAIN)
    }
}

pub(crate) fn register(
    found: Result<Vec<Registered>, String>,
    on_secret: &mut impl FnMut(&str, &str) -> Result<(), String>,
) -> Result<(), Stop> {
    let mut each = found.map_err(Stop::Secret)?.into_iter();
    each.try_for_each(|(name, value)| on_secret(&name, &value)).map_err(Stop::Secret)
}

/// The next piece of either output, both getting their turn.
async fn next_piece<'a>(stdout: &'a mut Tap, stderr: &'a mut Tap) -> (Stream, io::Result<Option<&'a [u8]>>) {
    select! {
        piece = stdout.next() => (Stream::Stdout, piece),
        piece = stderr.next() => (Stream::Stderr, piece),
    }
}

/// Waits until a moment; for ever where there is none.
pub(crate) async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => pending().await,
    }
}
