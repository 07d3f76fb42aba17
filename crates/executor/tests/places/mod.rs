//! Places to run the promises of every executor on.

use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use holdpoint_executor::{Attempt, Came, Ended, Job, ProcessGroup, Remote, Setting, Sink, State, Stream, Ways};
use holdpoint_hosts::{Options, Sshd, skipped};
use holdpoint_model::Place;

use crate::common::{is_alive, runtime};
use crate::conformance::Executor;

/// An attempt of which no other test knows.
pub(crate) fn attempt(remote: &Remote) -> Attempt {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let moment = std::time::UNIX_EPOCH.elapsed().unwrap().as_nanos();
    let id = format!("t{}-{moment}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    Attempt { id, identity: remote.identity().clone(), secrets: Vec::new() }
}

/// Hands everything on to functions.
pub(crate) struct Hearing<F>(pub(crate) F);

impl<F: FnMut(Stream, &[u8], Duration) -> io::Result<()>> Sink for Hearing<F> {
    fn on_secret(&mut self, _name: &str, _value: &str) -> Result<(), String> {
        Ok(())
    }

    fn on_output(&mut self, stream: Stream, bytes: &[u8], at: Duration) -> io::Result<()> {
        (self.0)(stream, bytes, at)
    }
}

pub(crate) fn opened(place: &str, ways: Ways, setting: Setting) -> Remote {
    runtime().block_on(Remote::open(Place::parse(place).unwrap(), ways, setting)).unwrap()
}

pub(crate) async fn ended(
    remote: &Remote,
    job: &Job,
    state: &State,
    interrupt: impl Future<Output = ()>,
    on_output: impl FnMut(Stream, &[u8], Duration) -> io::Result<()>,
) -> Ended {
    let attempt = attempt(remote);
    let came = remote.run(job, state, &attempt, interrupt, &mut Hearing(on_output)).await;
    // Only then: a test that fails leaves what it failed on.
    assert!(remote.reap(&attempt.id).await.is_ok());
    match came {
        Came::Ended(ended) => *ended,
        other => panic!("{other:?}"),
    }
}

/// A shell that is started here, and asked as any other place is.
pub(crate) struct Shell {
    remote: Remote,
    home: tempfile::TempDir,
}

impl Executor for Shell {
    fn open(_test: &str) -> Option<Shell> {
        let remote = opened("local", Ways::default(), Setting::default());
        Some(Shell { remote, home: tempfile::tempdir().unwrap() })
    }

    fn home(&self) -> PathBuf {
        self.home.path().canonicalize().unwrap()
    }

    fn is_alive(&self, pid: i32) -> bool {
        is_alive(pid)
    }

    async fn run(
        &self,
        job: &Job,
        state: &State,
        interrupt: impl Future<Output = ()>,
        _on_start: impl FnOnce(ProcessGroup),
        on_output: impl FnMut(Stream, &[u8], Duration) -> io::Result<()>,
    ) -> Ended {
        ended(&self.remote, job, state, interrupt, on_output).await
    }
}

/// A host whose login shell has much to say.
pub(crate) struct Ssh {
    pub(crate) remote: Remote,
    pub(crate) server: Sshd,
}

impl Ssh {
    pub(crate) fn with(server: Sshd, setting: Setting) -> Ssh {
        let ways = Ways { ssh_config: Some(server.ssh_config()), ..Ways::default() };
        let remote = opened(&format!("ssh://{}", server.host()), ways, setting);
        Ssh { remote, server }
    }

    /// `None`: this machine cannot have one, which is said.
    pub(crate) fn plain(test: &str, options: &Options) -> Option<Ssh> {
        match Sshd::on_loopback(options) {
            Ok(server) => Some(Ssh::with(server, Setting::default())),
            Err(missing) => {
                skipped(test, &missing);
                None
            }
        }
    }
}

impl Executor for Ssh {
    fn open(test: &str) -> Option<Ssh> {
        let noise = "Welcome to a host that greets everybody at length".to_owned();
        let ssh = Ssh::plain(test, &Options { noise, ..Options::default() })?;
        let work = ssh.server.home().join("work");
        std::fs::create_dir(&work).unwrap();
        ssh.server.user().give(&work).unwrap();
        Some(ssh)
    }

    fn home(&self) -> PathBuf {
        self.server.home().join("work")
    }

    fn is_alive(&self, pid: i32) -> bool {
        is_alive(pid)
    }

    async fn run(
        &self,
        job: &Job,
        state: &State,
        interrupt: impl Future<Output = ()>,
        _on_start: impl FnOnce(ProcessGroup),
        on_output: impl FnMut(Stream, &[u8], Duration) -> io::Result<()>,
    ) -> Ended {
        ended(&self.remote, job, state, interrupt, on_output).await
    }
}
