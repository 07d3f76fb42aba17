//! Starting a process, as the leader of a session without a terminal.
//!
//! What asks a person at `/dev/tty` is refused there, and cannot be stopped for wanting to read what somebody types.

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;
use std::process::{Command, Stdio};

use process_wrap::std::{CommandWrap, ProcessSession};

use crate::exit::{Exit, Reaper};
use crate::group::ProcessGroup;
use crate::prepare::Environment;

/// A process of its own session and group, and our ends of its outputs.
pub(crate) struct Spawned {
    pub(crate) group: ProcessGroup,
    pub(crate) exit: Exit,
    pub(crate) stdout: OwnedFd,
    pub(crate) stderr: OwnedFd,
}

/// What is started.
pub(crate) struct Program<'a> {
    pub(crate) path: &'a Path,
    pub(crate) arguments: &'a [OsString],
    pub(crate) environment: &'a Environment,
    /// Variables of its own beside the environment.
    pub(crate) own: [(&'a str, &'a Path); 2],
    /// Where it begins; `None`: where this process is, which is cheaper.
    pub(crate) cwd: Option<&'a Path>,
}

/// Starts a process. Must be called within a tokio runtime that has its IO driver on.
pub(crate) fn spawn(program: &Program<'_>, stdin: OwnedFd) -> io::Result<Spawned> {
    let (stdout, stdout_writer) = os_pipe::pipe()?;
    let (stderr, stderr_writer) = os_pipe::pipe()?;
    // Before the process exists, so that its end is not missed.
    let reaper = Reaper::new()?;
    let given = [stdin, stdout_writer.into(), stderr_writer.into()];
    let id = match program.cwd {
        None => start_here(program, given)?,
        Some(cwd) => start_at(program, cwd, given)?,
    };
    let group = ProcessGroup::of(id).ok_or_else(|| io::Error::other("the process has no id"))?;
    let exit = Exit::of(reaper, group);
    Ok(Spawned { group, exit, stdout: stdout.into(), stderr: stderr.into() })
}

/// By fork: a process can be given a session and a directory in one go in no cheaper way. Gives its id.
fn start_at(program: &Program<'_>, cwd: &Path, [stdin, stdout, stderr]: [OwnedFd; 3]) -> io::Result<u32> {
    let mut command = Command::new(program.path);
    command.args(program.arguments).env_clear().envs(program.environment).envs(program.own).current_dir(cwd);
    command.stdin(Stdio::from(stdin)).stdout(stdout).stderr(stderr);
    let child = CommandWrap::from(command).wrap(ProcessSession).spawn()?;
    Ok(child.id())
}

/// By `posix_spawn`, which copies none of this process's memory: that takes an eighth of the time, and shells are
/// started one after another.
#[cfg(target_os = "linux")]
fn start_here(program: &Program<'_>, given: [OwnedFd; 3]) -> io::Result<u32> {
    use std::ffi::CString;
    use std::os::unix::ffi::OsStrExt;

    use nix::spawn::{PosixSpawnAttr, PosixSpawnFileActions, PosixSpawnFlags, posix_spawn};
    use nix::sys::signal::{SigSet, Signal};

    let text = |bytes: Vec<u8>| CString::new(bytes).map_err(io::Error::from);
    let path = text(program.path.as_os_str().as_bytes().to_vec())?;
    let mut arguments = vec![path.clone()];
    for argument in program.arguments {
        arguments.push(text(argument.as_bytes().to_vec())?);
    }
    let own = program.own.iter().map(|(name, value)| (name.as_bytes(), value.as_os_str().as_bytes()));
    let inherited = program
        .environment
        .iter()
        .filter(|(name, _)| program.own.iter().all(|(own, _)| name.as_bytes() != own.as_bytes()));
    let all = inherited.map(|(name, value)| (name.as_bytes(), value.as_bytes())).chain(own);
    let environment =
        all.map(|(name, value)| text([name, b"=", value].concat())).collect::<io::Result<Vec<_>>>()?;

    let mut actions = PosixSpawnFileActions::init()?;
    for (to, from) in (0..).zip(&given) {
        actions.add_dup2(from.as_raw_fd(), to)?;
    }
    let mut attributes = PosixSpawnAttr::init()?;
    // `SIGPIPE` is ignored here, as in every Rust program; nobody else expects that.
    attributes.set_sigdefault(&SigSet::from(Signal::SIGPIPE))?;
    attributes.set_sigmask(&SigSet::empty())?;
    let session = PosixSpawnFlags::from_bits_retain(libc::POSIX_SPAWN_SETSID.into());
    let signals = PosixSpawnFlags::POSIX_SPAWN_SETSIGDEF | PosixSpawnFlags::POSIX_SPAWN_SETSIGMASK;
    attributes.set_flags(session | signals)?;
    let id = posix_spawn(path.as_c_str(), &actions, &attributes, &arguments, &environment)?;
    u32::try_from(id.as_raw()).map_err(io::Error::other)
}

#[cfg(not(target_os = "linux"))]
fn start_here(program: &Program<'_>, given: [OwnedFd; 3]) -> io::Result<u32> {
    start_at(program, &std::env::current_dir()?, given)
}
