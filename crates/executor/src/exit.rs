//! Noticing the end of a process.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use rustix::process::{WaitId, WaitIdOptions, waitid};
use tokio::process::Child;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::ending::Target;
use crate::group::ProcessGroup;

/// The end of a process. Dropped before it was seen, it ends the process and its group, and waits for it.
pub(crate) struct Exit {
    by: By,
    group: ProcessGroup,
    status: Option<ExitStatus>,
}

/// Who reaps it.
enum By {
    Us(Reaper),
    Tokio(Child),
}

/// Hears that children have ended, those of others too.
pub(crate) struct Reaper {
    children: Signal,
    /// Whether some have ended since it was looked which.
    due: bool,
}

impl Reaper {
    /// Hears of all that end from now on. Must be called within a tokio runtime that has its IO driver on.
    pub(crate) fn new() -> io::Result<Reaper> {
        signal(SignalKind::child()).map(|children| Reaper { children, due: true })
    }
}

impl Exit {
    /// Of a child that leads its group, with a reaper older than it.
    pub(crate) fn of(reaper: Reaper, group: ProcessGroup) -> Exit {
        Exit { by: By::Us(reaper), group, status: None }
    }

    /// Of a child of tokio's that leads its group.
    pub(crate) fn of_child(child: Child, group: ProcessGroup) -> Exit {
        Exit { by: By::Tokio(child), group, status: None }
    }

    /// Waits for the end. Cancelling loses nothing.
    pub(crate) async fn seen(&mut self) -> io::Result<ExitStatus> {
        loop {
            match &mut self.by {
                By::Us(reaper) if !reaper.due && self.status.is_none() => {
                    reaper.children.recv().await;
                    reaper.due = true;
                }
                By::Tokio(child) if self.status.is_none() => self.status = Some(child.wait().await?),
                _ => {}
            }
            if let Some(status) = self.look()? {
                return Ok(status);
            }
        }
    }

    /// Whether it has ended by now, or can be waited for no more.
    pub(crate) fn is_over(&mut self) -> bool {
        !matches!(self.look(), Ok(None))
    }

    fn look(&mut self) -> io::Result<Option<ExitStatus>> {
        if self.status.is_none() {
            self.status = match &mut self.by {
                By::Us(reaper) => {
                    reaper.due = false;
                    reap(self.group)?
                }
                By::Tokio(child) => child.try_wait()?,
            };
        }
        Ok(self.status)
    }
}

/// How the leader of the group ended, if it has. Once only.
fn reap(group: ProcessGroup) -> io::Result<Option<ExitStatus>> {
    let ended = WaitIdOptions::EXITED | WaitIdOptions::NOHANG;
    let Some(status) = rustix::io::retry_on_intr(|| waitid(WaitId::Pid(group.pid()), ended))? else {
        return Ok(None);
    };
    // As `wait` tells it: a code in the second byte, or a signal in the first.
    let raw = match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => (code & 0xff) << 8,
        (None, signal) => signal.unwrap_or(0),
    };
    Ok(Some(ExitStatus::from_raw(raw)))
}

impl Drop for Exit {
    fn drop(&mut self) {
        if self.is_over() {
            return;
        }
        self.group.kill();
        // Until it is dead; then it is reaped.
        let dead = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        let _ = rustix::io::retry_on_intr(|| waitid(WaitId::Pid(self.group.pid()), dead));
        let _ = self.look();
    }
}
