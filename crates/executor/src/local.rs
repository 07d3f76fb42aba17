//! Blocks run on this machine.

use std::ffi::OsString;
use std::future::Future;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::ExitStatus;
use std::time::Duration;

use tokio::time::Instant;

use crate::dump::{self, Given};
use crate::group::ProcessGroup;
use crate::interpreter::Kind;
use crate::prepare::{Environment, Prepared, base, prepare};
use crate::registry::Registry;
use crate::scratch::Scratch;
use crate::shell::StandardInput;
use crate::streams::{Feed, Inbox, Tap};
use crate::watch::{Running, Seen, Stop, watch};
use crate::{Ended, How, Job, State, Stream};

/// Runs blocks on this machine. Blocks may run at the same time.
#[derive(Debug)]
pub struct Local {
    pub(crate) base: Environment,
    pub(crate) scratch: Scratch,
}

const LOST: &str = "the script replaced its shell or its EXIT trap, or ended it from inside: working directory and \
    variables stay as they were before it";
const STOPPED: &str =
    "the script was ended by a signal: working directory and variables stay as they were before it";
const TOO_MUCH: &str = "the script left more than 16 MiB of variables: working directory and variables stay as they \
    were before it";
const UNREADABLE: &str = "what the shell told about its variables cannot be read: working directory and variables \
    stay as they were before it";

impl Local {
    /// An executor whose blocks see this process's environment, with a private directory (0700) for scripts in the
    /// system's place for temporary files.
    pub fn new() -> io::Result<Local> {
        Local::with(std::env::vars_os(), &std::env::temp_dir())
    }

    /// As [`Local::new`], with this environment and a private directory under `scratch`. `HOLDPOINT_*` and what
    /// changes how a shell starts (`BASH_ENV`, `SHELLOPTS` and their like) are left out of the environment.
    pub fn with(
        environment: impl IntoIterator<Item = (OsString, OsString)>,
        scratch: &Path,
    ) -> io::Result<Local> {
        Ok(Local { base: base(environment), scratch: Scratch::create(scratch)? })
    }

    /// The private directory that scripts are kept in while they run.
    pub fn scratch(&self) -> &Path {
        self.scratch.path()
    }

    /// Runs a script to its end; never fails, but tells ([`How::NotStarted`]) why nothing was run.
    ///
    /// - `interrupt`: when it completes, the block is stopped: TERM to its process group, KILL after its grace time.
    /// - `on_start`: called once, when the process exists.
    /// - `on_output`: called with each piece of output as it comes, with the time since the start. Each stream is in
    ///   order; pieces are at most 1 MiB. An error stops the block and comes back in [`Ended::output_error`].
    ///
    /// Processes that a block leaves in the background live on if it ended by itself, and are ended with it if it
    /// was stopped. If the future is dropped, the process group is killed.
    ///
    /// Needs a tokio runtime with IO and time.
    pub async fn run(
        &self,
        job: &Job,
        state: &State,
        interrupt: impl Future<Output = ()>,
        on_start: impl FnOnce(ProcessGroup),
        on_output: impl FnMut(Stream, &[u8], Duration) -> io::Result<()>,
    ) -> Ended {
        self.run_registering(job, state, interrupt, on_start, |_, _| Ok(()), on_output).await
    }

    /// As [`Local::run`], for a caller that wants to know the secrets which a block registers.
    ///
    /// - `on_secret`: called with name and value before `on_output` gets anything that was printed afterwards. An error
    ///   stops the block, nothing more of its output is handed on, and it comes back in [`Ended::secret_error`].
    pub async fn run_registering(
        &self,
        job: &Job,
        state: &State,
        interrupt: impl Future<Output = ()>,
        on_start: impl FnOnce(ProcessGroup),
        on_secret: impl FnMut(&str, &str) -> Result<(), String>,
        on_output: impl FnMut(Stream, &[u8], Duration) -> io::Result<()>,
    ) -> Ended {
        let prepared = match prepare(job, state, &self.base, &self.scratch, StandardInput::Nothing) {
            Ok(prepared) => prepared,
            Err(why) => return Ended::not_started(why, state),
        };
        let running = match start(&prepared, job) {
            Ok(running) => running,
            Err(error) => return Ended::not_started(could_not_start(&prepared, &error), state),
        };
        on_start(running.group);
        let seen = watch(running, interrupt, on_secret, on_output).await;
        self.ended(seen, &prepared, job, state)
    }

    pub(crate) fn ended(&self, seen: Seen, prepared: &Prepared, job: &Job, state: &State) -> Ended {
        let how = match &seen.status {
            Ok(status) => how(*status),
            Err(error) => How::NotStarted(format!("the process could not be waited for: {error}")),
        };
        let mut ended = Ended {
            timed_out: matches!(seen.stop, Some(Stop::TimedOut)),
            interrupted: matches!(seen.stop, Some(Stop::Interrupted)),
            output_error: None,
            secret_error: None,
            duration: seen.duration,
            state: Some(state.clone()),
            remarks: seen.remarks,
            how,
        };
        let stopped = seen.stop.is_some();
        match seen.stop {
            Some(Stop::Output(error)) => ended.output_error = Some(error),
            Some(Stop::Secret(why)) => ended.secret_error = Some(why),
            _ => {}
        }
        if prepared.kind == Kind::Other {
            return ended;
        }
        let given = Given {
            base: &self.base,
            sent: &prepared.environment,
            own_cwd: job.cwd.is_some(),
            arrays: prepared.kind == Kind::Bash,
        };
        let began = seen.told.as_ref().is_none_or(|told| told.starts_with(dump::READY));
        let lost = match (&ended.how, seen.told.as_deref().map(dump::read)) {
            (How::Exited(code), _) if !began && !stopped => {
                ended.how = How::NotStarted(format!(
                    "the shell ended with exit code {code} before the script began; its messages say why"
                ));
                return ended;
            }
            (How::Signalled(_), _) => STOPPED,
            _ if stopped => STOPPED,
            (_, None) => TOO_MUCH,
            (_, Some(Err(_))) => UNREADABLE,
            (_, Some(Ok(None))) => LOST,
            (_, Some(Ok(Some(told)))) => {
                let (next, remark) = told.after(state, &given);
                ended.state = Some(next);
                ended.remarks.extend(remark.map(str::to_owned));
                return ended;
            }
        };
        ended.state = None;
        ended.remarks.push(lost.to_owned());
        ended
    }
}

fn how(status: ExitStatus) -> How {
    match (status.code(), status.signal()) {
        (Some(code), _) => How::Exited(code),
        (None, signal) => How::Signalled(signal.unwrap_or(0)),
    }
}

fn start(prepared: &Prepared, job: &Job) -> io::Result<Running> {
    let (stdout, stdout_writer) = os_pipe::pipe()?;
    let (stderr, stderr_writer) = os_pipe::pipe()?;
    let inbox = Inbox::on(prepared.files.fifo.as_deref())?;
    let registry = Registry::on(&prepared.files.secrets)?;
    let mut command = duct::cmd(&prepared.program, &prepared.arguments)
        .full_env(&prepared.environment)
        .dir(&prepared.cwd)
        .stdout_file(stdout_writer)
        .stderr_file(stderr_writer);
    let mut feeder = None;
    if prepared.restore.is_empty() {
        command = command.stdin_null();
    } else {
        let (reader, writer) = os_pipe::pipe()?;
        command = command.stdin_file(reader);
        feeder = Some(OwnedFd::from(writer));
    }
    let command = command.unchecked().before_spawn(|command| {
        command.process_group(0);
        Ok(())
    });
    let (stdout, stderr) = (Tap::on(stdout.into())?, Tap::on(stderr.into())?);
    let feed = Feed::on(feeder, prepared.restore.clone())?;

    let started = Instant::now();
    let handle = command.start()?;
    // Our ends of the child's pipes go with the expression; only its own keep them open from here on.
    drop(command);
    let pid = handle.pids().first().copied();
    let group = pid.and_then(ProcessGroup::of).ok_or_else(|| io::Error::other("the process has no id"))?;
    let exit = tokio::task::spawn_blocking(move || handle.wait().map(|output| output.status));
    let (timeout, grace) = (job.timeout, job.grace);
    Ok(Running { group, started, exit, stdout, stderr, feed, inbox, registry, timeout, grace })
}

pub(crate) fn could_not_start(prepared: &Prepared, error: &io::Error) -> String {
    let program = prepared.program.display();
    match error.kind() {
        io::ErrorKind::ArgumentListTooLong => format!(
            "`{program}` could not be started: the exported variables are too large for the system; export fewer or \
             shorter ones"
        ),
        _ => format!("`{program}` could not be started: {error}"),
    }
}
