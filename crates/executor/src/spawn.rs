//! Starting a process, and noticing its end.

use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{ExitStatus, Stdio};

use rustix::process::{WaitId, WaitIdOptions, waitid};
use tokio::process::{Child, Command};

use crate::group::ProcessGroup;
use crate::leash::Target;
use crate::prepare::Environment;

/// A process of its own group, and our ends of its outputs.
pub(crate) struct Spawned {
    pub(crate) group: ProcessGroup,
    pub(crate) exit: Exit,
    pub(crate) stdout: OwnedFd,
    pub(crate) stderr: OwnedFd,
}

/// Starts a process, with variables of its `own` beside the environment. Must be called within a tokio runtime that has its IO driver on.
pub(crate) fn spawn(
    program: &Path,
    arguments: &[OsString],
    (environment, own): (&Environment, [(&str, &Path); 2]),
    cwd: &Path,
    stdin: Stdio,
) -> io::Result<Spawned> {
    let (stdout, stdout_writer) = os_pipe::pipe()?;
    let (stderr, stderr_writer) = os_pipe::pipe()?;
    let mut command = Command::new(program);
    command.args(arguments).env_clear().envs(environment).envs(own).current_dir(cwd).process_group(0);
    command.stdin(stdin).stdout(stdout_writer).stderr(stderr_writer);
    let child = command.spawn()?;
    // Our ends of the child's pipes go with `command`; only its own keep them open from here on.
    drop(command);
    let group = child.id().and_then(ProcessGroup::of);
    let group = group.ok_or_else(|| io::Error::other("the process has no id"))?;
    let exit = Exit::of(child, group);
    Ok(Spawned { group, exit, stdout: stdout.into(), stderr: stderr.into() })
}

/// The end of a process. Dropped before it was seen, it ends the process and its group, and waits for it.
pub(crate) struct Exit {
    child: Child,
    group: ProcessGroup,
    over: bool,
}

impl Exit {
    /// Of a child that leads its group.
    pub(crate) fn of(child: Child, group: ProcessGroup) -> Exit {
        Exit { child, group, over: false }
    }

    /// Waits for the end. Cancelling loses nothing.
    pub(crate) async fn seen(&mut self) -> io::Result<ExitStatus> {
        let status = self.child.wait().await;
        self.over = true;
        status
    }

    /// Whether it has ended by now.
    pub(crate) fn is_over(&mut self) -> bool {
        self.over = self.over || !matches!(self.child.try_wait(), Ok(None));
        self.over
    }
}

impl Drop for Exit {
    fn drop(&mut self) {
        if self.over {
            return;
        }
        self.group.kill();
        // Until it is dead; reaping it is the child's own business.
        let dead = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        let _ = rustix::io::retry_on_intr(|| waitid(WaitId::Pid(self.group.pid()), dead));
        let _ = self.child.try_wait();
    }
}
