//! Places to run the promises of every executor on.

use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use holdpoint_executor::{
    Attempt, Came, Ended, Job, ProcessGroup, Remote, Setting, Sink, State, Stream, Ways,
};
use holdpoint_hosts::{Options, Sshd, skipped};
use holdpoint_model::Place;

use crate::common::{is_alive, runtime};
use crate::conformance::Executor;

/// An attempt of which no other test knows.
pub(crate) fn attempt(remote: &Remote) -> Attempt {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let moment = std::time::UNIX_EPOCH.elapsed().unwrap().as_nanos();
    let id = format!("t{}-{moment}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    Attempt { id, identity: remote.identity().clone(), secrets: Vec::new(), known: Vec::new() }
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

/// An executor whose blocks run on a place.
pub(crate) trait OnPlace: Sized {
    /// As [`Executor::SPARING`].
    const SPARING: u32 = 1;
    /// As [`Executor::ONE_OF`].
    const ONE_OF: u64;
    /// As [`Executor::open`].
    fn open(test: &str) -> Option<Self>;
    /// As [`Executor::renew`].
    fn renew(&mut self) {}
    /// As [`Executor::home`].
    fn home(&self) -> PathBuf;
    /// As [`Executor::is_alive`], where its processes are not this machine's.
    fn is_alive(&self, pid: i32) -> bool {
        is_alive(pid)
    }
    /// The place.
    fn remote(&self) -> &Remote;
}

impl<P: OnPlace> Executor for P {
    const SPARING: u32 = P::SPARING;
    const ONE_OF: u64 = P::ONE_OF;

    fn open(test: &str) -> Option<P> {
        P::open(test)
    }

    fn renew(&mut self) {
        P::renew(self);
    }

    fn home(&self) -> PathBuf {
        P::home(self)
    }

    fn is_alive(&self, pid: i32) -> bool {
        P::is_alive(self, pid)
    }

    async fn run(
        &self,
        job: &Job,
        state: &State,
        interrupt: impl Future<Output = ()>,
        _on_start: impl FnOnce(ProcessGroup),
        on_output: impl FnMut(Stream, &[u8], Duration) -> io::Result<()>,
    ) -> Ended {
        ended(self.remote(), job, state, interrupt, on_output).await
    }
}

/// What this machine has; what it cannot have is said.
fn had<T>(test: &str, found: Result<T, holdpoint_hosts::Missing>) -> Option<T> {
    found.map_err(|missing| skipped(test, &missing)).ok()
}

/// A place of this machine that keeps its attempts there, and not in the home directory of whoever runs tests.
pub(crate) fn kept_in(home: &std::path::Path) -> Ways {
    Ways { home: Some(home.to_owned()), ..Ways::default() }
}

/// A shell that is started here, and asked as any other place is.
pub(crate) struct Shell {
    remote: Remote,
    home: tempfile::TempDir,
    /// Where it keeps its attempts.
    _kept: tempfile::TempDir,
}

impl OnPlace for Shell {
    const ONE_OF: u64 = 6;

    fn open(_test: &str) -> Option<Shell> {
        let (home, kept) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let remote = opened("local", kept_in(kept.path()), Setting::default());
        Some(Shell { remote, home, _kept: kept })
    }

    fn home(&self) -> PathBuf {
        self.home.path().canonicalize().unwrap()
    }

    fn remote(&self) -> &Remote {
        &self.remote
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
        had(test, Sshd::on_loopback(options)).map(|server| Ssh::with(server, Setting::default()))
    }
}

impl OnPlace for Ssh {
    const ONE_OF: u64 = 6;

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

    fn remote(&self) -> &Remote {
        &self.remote
    }
}

/// A container of an engine on this machine.
pub(crate) struct InContainer {
    inside: Inside,
}

/// A container of an engine on a host that is reached through OpenSSH.
pub(crate) struct InContainerOverSsh {
    inside: Inside,
    _server: Sshd,
}

/// What both have in common. In this order: whoever asks goes before what is asked.
struct Inside {
    remote: Remote,
    folder: PathBuf,
    count: u32,
    container: holdpoint_hosts::Container,
    _shared: tempfile::TempDir,
}

fn container(
    name: &str,
) -> Result<(holdpoint_hosts::Container, tempfile::TempDir), holdpoint_hosts::Missing> {
    let shared = tempfile::tempdir().map_err(|error| holdpoint_hosts::Missing(error.to_string()))?;
    let engine = std::sync::Arc::new(holdpoint_hosts::Engine::start()?);
    Ok((engine.container(name, shared.path())?, shared))
}

impl Inside {
    fn new(remote: Remote, container: holdpoint_hosts::Container, shared: tempfile::TempDir) -> Inside {
        let folder = shared.path().canonicalize().unwrap();
        let mut inside = Inside { remote, folder: folder.clone(), count: 0, container, _shared: shared };
        inside.renew();
        inside
    }

    fn renew(&mut self) {
        self.count += 1;
        self.folder = self._shared.path().canonicalize().unwrap().join(format!("work-{}", self.count));
        std::fs::create_dir(&self.folder).unwrap();
    }

    fn is_alive(&self, pid: i32) -> bool {
        let stat = self.container.execute(&["cat", &format!("/proc/{pid}/stat")]);
        stat.is_ok_and(|stat| !stat.rsplit(") ").next().unwrap().starts_with(['Z', 'X']))
    }
}

impl OnPlace for InContainer {
    const SPARING: u32 = 8;
    const ONE_OF: u64 = 8;

    fn open(test: &str) -> Option<InContainer> {
        let (container, shared) = had(test, container("app"))?;
        let ways = Ways { docker_host: Some(container.engine().address()), ..Ways::default() };
        let remote = opened("docker://app", ways, Setting::default());
        Some(InContainer { inside: Inside::new(remote, container, shared) })
    }

    fn renew(&mut self) {
        self.inside.renew();
    }

    fn home(&self) -> PathBuf {
        self.inside.folder.clone()
    }

    fn is_alive(&self, pid: i32) -> bool {
        self.inside.is_alive(pid)
    }

    fn remote(&self) -> &Remote {
        &self.inside.remote
    }
}

impl OnPlace for InContainerOverSsh {
    const SPARING: u32 = 8;
    const ONE_OF: u64 = 8;

    fn open(test: &str) -> Option<InContainerOverSsh> {
        let both = container("app").and_then(|(container, shared)| {
            let variables = vec![("DOCKER_HOST".to_owned(), container.engine().address())];
            let server = Sshd::on_loopback(&Options { variables, ..Options::default() })?;
            // Who may ask the engine may do anything on its host; here that is only this test's own user.
            server.user().give(&container.engine().socket())?;
            container.engine().open_to_all()?;
            Ok((container, shared, server))
        });
        let (container, shared, server) = had(test, both)?;
        let ways = Ways { ssh_config: Some(server.ssh_config()), ..Ways::default() };
        let remote = opened(&format!("docker+ssh://{}/app", server.host()), ways, Setting::default());
        Some(InContainerOverSsh { inside: Inside::new(remote, container, shared), _server: server })
    }

    fn renew(&mut self) {
        self.inside.renew();
    }

    fn home(&self) -> PathBuf {
        self.inside.folder.clone()
    }

    fn is_alive(&self, pid: i32) -> bool {
        self.inside.is_alive(pid)
    }

    fn remote(&self) -> &Remote {
        &self.inside.remote
    }
}

/// A host on which whoever logs in becomes root before anything runs.
pub(crate) struct Becoming(Ssh);

impl OnPlace for Becoming {
    const ONE_OF: u64 = 8;

    fn open(test: &str) -> Option<Becoming> {
        let options = Options { may_become_root: true, ..Options::default() };
        let server = had(test, Sshd::on_loopback(&options))?;
        let setting = Setting { r#become: Some(holdpoint_model::Become::Sudo), ..Setting::default() };
        let ssh = Ssh::with(server, setting);
        std::fs::create_dir(ssh.server.home().join("work")).unwrap();
        Some(Becoming(ssh))
    }

    fn home(&self) -> PathBuf {
        self.0.server.home().join("work")
    }

    fn remote(&self) -> &Remote {
        &self.0.remote
    }
}
