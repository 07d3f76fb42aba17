//! Blocks run on this machine.

use std::ffi::OsString;
use std::future::Future;
use std::io;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::dump::Given;
use crate::ended::ended;
use crate::group::ProcessGroup;
use crate::interpreter::Kind;
use crate::outlet::{Outputs, Piece};
use crate::prepare::{Environment, Prepared, base, prepare};
use crate::scratch::Scratch;
use crate::shell::StandardInput;
use crate::streams::Feed;
use crate::waiting::{Linked, Waiting};
use crate::watch::{Running, Seen, watch};
use crate::{Ended, Job, State, Stream};

/// Runs blocks on this machine. Blocks may run at the same time.
#[derive(Debug)]
pub struct Local {
    pub(crate) base: Environment,
    /// The job that will probably come after the next one.
    expected: Mutex<Option<Job>>,
    /// The shell that was started for it. Before `scratch`: it ends before its files go.
    ahead: Mutex<Option<Waiting>>,
    pub(crate) scratch: Scratch,
}

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
        let (expected, ahead) = (Mutex::default(), Mutex::default());
        Ok(Local { base: base(environment), expected, ahead, scratch: Scratch::create(scratch)? })
    }

    /// The private directory that scripts are kept in while they run.
    pub fn scratch(&self) -> &Path {
        self.scratch.path()
    }

    /// Runs a script to its end; never fails, but tells ([`How::NotStarted`](crate::How::NotStarted)) why nothing was run.
    ///
    /// - `interrupt`: when it completes, the block is stopped: TERM to its process group, KILL after its grace time.
    /// - `on_start`: called once, when the process exists; a shell has run nothing of its script by then.
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
        mut on_output: impl FnMut(Stream, &[u8], Duration) -> io::Result<()>,
    ) -> Ended {
        let prepared = match prepare(job, state, &self.base, StandardInput::Nothing, None) {
            Ok(prepared) => prepared,
            Err(why) => return Ended::not_started(why, state),
        };
        let (linked, feed) = match self.begin(&prepared, on_start).await {
            Ok(begun) => begun,
            Err(why) => return Ended::not_started(why, state),
        };
        let started = Instant::now();
        self.start_ahead(state, &prepared);
        let Linked { group, exit, stdout, stderr, inbox, registry, files } = linked;
        let (timeout, grace) = (job.timeout, job.grace);
        let (target, outlet) = (group, Outputs::of(stdout, stderr));
        let running = Running { target, started, exit, outlet, feed, inbox, registry, timeout, grace };
        let on_piece = |piece: Piece<'_>, at| match piece {
            Piece::Bytes(stream, bytes) => on_output(stream, bytes, at),
            Piece::Size(_) => Ok(()),
        };
        let seen = watch(running, interrupt, on_secret, on_piece).await;
        drop(files);
        self.ended(seen, &prepared, job, state)
    }

    /// Says which job will probably be run after the next one. If it is for a shell, that shell is started while the
    /// other runs, and waits: it runs nothing before its own [`Local::run`], and is ended if that turns out to be for
    /// another script, program or environment, or if this executor is dropped, or this process ends.
    pub fn expect(&self, next: Option<Job>) {
        *locked(&self.expected) = next;
    }

    /// Begins a block, in the shell that waits for it if there is one.
    async fn begin(
        &self,
        prepared: &Prepared,
        on_start: impl FnOnce(ProcessGroup),
    ) -> Result<(Linked, Feed), String> {
        let ahead = locked(&self.ahead).take();
        if prepared.interpreter.kind == Kind::Other {
            drop(ahead);
            let linked = Linked::start(prepared, &self.scratch)?;
            on_start(linked.group);
            return Ok((linked, Feed::none()));
        }
        let waiting = match ahead.map(|mut waiting| waiting.fits(prepared).then_some(waiting)) {
            Some(Some(waiting)) => waiting,
            _ => Waiting::start(prepared.clone(), &self.scratch)?,
        };
        on_start(waiting.group());
        // Whoever keeps account of process groups does so before the script begins, or a driver that is killed just then
        // leaves one that nobody knows of.
        tokio::task::yield_now().await;
        waiting.begin(prepared).map_err(|error| format!("the shell cannot be told its script: {error}"))
    }

    /// Starts the shell of a job that will probably come next, for a caller who waits for something before it may begin.
    /// It waits as one does that [`Local::expect`] told of.
    ///
    /// Needs a tokio runtime with IO and time.
    pub fn get_ready(&self, next: &Job, state: &State) {
        self.wait_with(prepare(next, state, &self.base, StandardInput::Nothing, None));
    }

    /// Starts the shell of the job that is expected, `now` being what has just begun. Where that fails, its own run will say why.
    fn start_ahead(&self, state: &State, now: &Prepared) {
        let Some(job) = locked(&self.expected).take() else { return };
        self.wait_with(prepare(&job, state, &self.base, StandardInput::Nothing, Some(now)));
    }

    fn wait_with(&self, prepared: Result<Prepared, String>) {
        let prepared = prepared.ok().filter(|prepared| prepared.interpreter.kind != Kind::Other);
        *locked(&self.ahead) = prepared.and_then(|prepared| Waiting::start_ahead(prepared, &self.scratch));
    }

    /// Ends the shell that waits, if one does: its block is not what comes now.
    pub(crate) fn expect_nothing(&self) {
        locked(&self.expected).take();
        locked(&self.ahead).take();
    }

    pub(crate) fn ended(&self, seen: Seen, prepared: &Prepared, job: &Job, state: &State) -> Ended {
        let kind = prepared.interpreter.kind;
        let system = rustix::system::uname();
        let given = Given {
            base: &self.base,
            sent: &prepared.environment,
            own_cwd: job.cwd.is_some(),
            arrays: kind == Kind::Bash,
            host: system.nodename().to_bytes(),
        };
        ended(seen, kind, &given, state)
    }
}

fn locked<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    what.lock().unwrap_or_else(PoisonError::into_inner)
}
