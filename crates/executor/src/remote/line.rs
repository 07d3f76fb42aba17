//! A line to a place: whatever a session of `sh` can be opened over.

use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use holdpoint_helper::Helper;
use holdpoint_model::{Host, Place};
use openssh::Session;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::frames::Cut;
use crate::FleetingDir;

/// Longest time in which a connection is made.
const CONNECT: Duration = Duration::from_secs(20);
/// Longest time in which a session is opened over a connection that stands: over one that is cut it would wait for ever.
const OPEN: Duration = Duration::from_secs(8);
/// A connection that nobody uses for so long ends by itself, seconds: that of a process that was killed too.
const IDLE: u32 = 600;
/// What a place may say on standard error before it is asked anything, bytes; more is thrown away.
const SAID: usize = 2048;

/// Why a place cannot be reached.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place} cannot be reached: {why}")]
pub struct Unreachable {
    /// Which.
    pub place: String,
    /// Why, in the words of whoever could not.
    pub why: String,
    /// What can be done about it.
    pub help: Option<String>,
}

/// How places are reached.
#[derive(Clone, Debug, Default)]
pub struct Ways {
    /// OpenSSH reads this and no other configuration; `None`: the user's and the system's.
    pub ssh_config: Option<PathBuf>,
    /// Where the Docker Engine of this machine listens; `None`: where `docker` looks by itself.
    pub docker_host: Option<String>,
    /// The home directory of a place that is this machine; `None`: the user's own.
    pub home: Option<PathBuf>,
}

/// What every session of a place goes over.
pub(crate) struct Line {
    place: Place,
    ways: Ways,
    /// Where the socket of the connection is: a private directory.
    private: FleetingDir,
    master: Mutex<Option<Arc<Session>>>,
    /// How many were tried: each has names of its own in the directory.
    connections: AtomicU32,
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line").field("place", &self.place).finish_non_exhaustive()
    }
}

/// What a session reads.
pub(crate) type Input = Box<dyn AsyncWrite + Unpin + Send>;
/// What a session writes.
pub(crate) type Output = Box<dyn AsyncRead + Unpin + Send>;

/// One session of `sh`.
pub(crate) struct Wire {
    pub(crate) stdin: Input,
    pub(crate) stdout: Output,
    pub(crate) stderr: Output,
    /// What it goes over, and what ends with it.
    pub(crate) held: Held,
}

#[allow(dead_code, reason = "held until the session is over")]
pub(crate) enum Held {
    Ssh(Arc<Session>, openssh::Child<Arc<Session>>),
    Process(tokio::process::Child),
}

impl Line {
    pub(crate) fn to(place: Place, ways: Ways) -> std::io::Result<Line> {
        let private = FleetingDir::create(&std::env::temp_dir())?;
        Ok(Line { place, ways, private, master: Mutex::default(), connections: AtomicU32::new(0) })
    }

    /// Opens a session, with a connection if there is none.
    pub(crate) async fn open(&self) -> Result<Wire, Unreachable> {
        match &self.place {
            Place::Local => self.process(&["sh", "-s"]),
            Place::Docker(container) => {
                let mut words = vec!["docker"];
                if let Some(host) = &self.ways.docker_host {
                    words.extend(["--host", host]);
                }
                words.extend(["exec", "-i", container, "sh", "-s"]);
                self.process(&words)
            }
            Place::Ssh(host) => self.session(host, "exec sh -s").await,
            // The name is one word of letters, digits, `.`, `_` and `-` (see `Place::parse`).
            Place::DockerSsh(host, container) => {
                self.session(host, &format!("exec docker exec -i {container} sh -s")).await
            }
        }
    }

    fn process(&self, words: &[&str]) -> Result<Wire, Unreachable> {
        let mut command = tokio::process::Command::new(words[0]);
        // A group of its own: Ctrl-C at the terminal is not for it.
        command.args(&words[1..]).kill_on_drop(true).process_group(0);
        if let (Place::Local, Some(home)) = (&self.place, &self.ways.home) {
            command.env("HOME", home);
        }
        let spawned = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child =
            spawned.map_err(|error| self.unreachable(format!("`{}` cannot be run: {error}", words[0])))?;
        match (child.stdin.take(), child.stdout.take(), child.stderr.take()) {
            (Some(stdin), Some(stdout), Some(stderr)) => Ok(Wire {
                stdin: Box::new(stdin),
                stdout: Box::new(stdout),
                stderr: Box::new(stderr),
                held: Held::Process(child),
            }),
            _ => Err(self.unreachable(format!("`{}` has no standard streams", words[0]))),
        }
    }

    async fn session(&self, host: &Host, command: &str) -> Result<Wire, Unreachable> {
        let mut tries = 0;
        loop {
            let (master, is_new) = self.master(host).await?;
            let mut command = Session::to_raw_command(Arc::clone(&master), command);
            command
                .stdin(openssh::Stdio::piped())
                .stdout(openssh::Stdio::piped())
                .stderr(openssh::Stdio::piped());
            let why = match timeout(OPEN, command.spawn()).await {
                Ok(Ok(mut child)) => {
                    match (child.stdin().take(), child.stdout().take(), child.stderr().take()) {
                        (Some(stdin), Some(stdout), Some(stderr)) => {
                            return Ok(Wire {
                                stdin: Box::new(stdin),
                                stdout: Box::new(stdout),
                                stderr: Box::new(stderr),
                                held: Held::Ssh(master, child),
                            });
                        }
                        _ => "the session has no standard streams".to_owned(),
                    }
                }
                Ok(Err(error)) => words_of(&error),
                Err(_) => format!("no session was opened within {} s", OPEN.as_secs()),
            };
            self.drop_master(&master).await;
            tries += 1;
            // A connection that rested may be gone without anybody having been told.
            if is_new || tries > 1 {
                return Err(self.unreachable(why));
            }
        }
    }

    /// The one connection of this place, made where there is none; and whether it was.
    async fn master(&self, host: &Host) -> Result<(Arc<Session>, bool), Unreachable> {
        let mut master = self.master.lock().await;
        if let Some(master) = &*master {
            return Ok((Arc::clone(master), false));
        }
        let connected = match timeout(CONNECT, self.connect(host)).await {
            Ok(connected) => connected.map_err(|error| words_of(&error)),
            Err(_) => Err(format!("no connection was made within {} s", CONNECT.as_secs())),
        };
        match connected {
            Ok(session) => {
                let session = Arc::new(session);
                *master = Some(Arc::clone(&session));
                Ok((session, true))
            }
            Err(why) => {
                let help = self.help(host, &why).await;
                Err(Unreachable { help, ..self.unreachable(why) })
            }
        }
    }

    /// Makes a connection: `ssh` goes on in the background once it stands, and ends before that with whoever waits here.
    async fn connect(&self, host: &Host) -> Result<Session, openssh::Error> {
        let number = self.connections.fetch_add(1, Ordering::Relaxed);
        let socket = self.private.path().join(format!("master-{number}"));
        let log = self.private.path().join(format!("log-{number}"));
        let mut ssh = tokio::process::Command::new("ssh");
        ssh.arg("-E").arg(&log).arg("-S").arg(&socket).args(["-M", "-f", "-N"]);
        ssh.args(["-o", &format!("ControlPersist={IDLE}s"), "-o", "BatchMode=yes"]);
        ssh.args([
            "-o",
            "StrictHostKeyChecking=yes",
            "-o",
            "ConnectTimeout=10",
            "-o",
            "ServerAliveInterval=5",
        ]);
        if let Some(port) = host.port {
            ssh.args(["-p", &port.to_string()]);
        }
        if let Some(user) = &host.user {
            ssh.args(["-l", user]);
        }
        if let Some(config) = &self.ways.ssh_config {
            ssh.arg("-F").arg(config);
        }
        // A group of its own: Ctrl-C at the terminal is not for it.
        ssh.arg(&host.name).process_group(0).kill_on_drop(true);
        ssh.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let ended = ssh.status().await.map_err(openssh::Error::Connect)?;
        let said = std::fs::read_to_string(&log).unwrap_or_default();
        let _ = std::fs::remove_file(&log);
        if ended.success() {
            return Ok(Session::resume_mux(socket.into_boxed_path(), None));
        }
        let said = said.trim();
        Err(openssh::Error::Connect(std::io::Error::other(said.strip_prefix("ssh: ").unwrap_or(said))))
    }

    /// What can be done about a connection that was refused.
    async fn help(&self, host: &Host, why: &str) -> Option<String> {
        if why.contains("REMOTE HOST IDENTIFICATION HAS CHANGED") {
            return Some(
                "its host key is another one than before: find out why before anything else".to_owned(),
            );
        }
        if !why.contains("Host key verification failed") && !why.contains("host key is known") {
            return None;
        }
        let (host, config) = (host.clone(), self.ways.ssh_config.clone());
        let lines = tokio::task::spawn_blocking(move || super::host_key::lines(&host, config.as_deref()))
            .await
            .ok()?;
        Some(match lines {
            Some(lines) => format!(
                "its host key is not known here; compare it with what whoever runs the host says it is, then add to known_hosts:\n{lines}"
            ),
            None => "its host key is not known here, and it could not be asked for it".to_owned(),
        })
    }

    /// The keys of this host that are known here.
    pub(super) async fn host_keys(&self) -> Vec<String> {
        let (Place::Ssh(host) | Place::DockerSsh(host, _)) = &self.place else { return Vec::new() };
        let (host, config) = (host.clone(), self.ways.ssh_config.clone());
        let known = tokio::task::spawn_blocking(move || super::host_key::known(&host, config.as_deref()));
        known.await.unwrap_or_default()
    }

    /// Ends a connection that is of no use any more, if it is still the one that is used.
    async fn drop_master(&self, which: &Arc<Session>) {
        let mut master = self.master.lock().await;
        if master.as_ref().is_some_and(|master| Arc::ptr_eq(master, which)) {
            *master = None;
        }
        let socket = which.control_socket().to_owned();
        // Where that fails, the connection is given up all the same.
        let _ = tokio::task::spawn_blocking(move || end(&socket)).await;
    }

    /// The line is cut: what it went over is ended, so that the next session goes over something new.
    pub(crate) async fn is_cut(&self, held: Held) {
        if let Held::Ssh(master, child) = held {
            drop(child);
            self.drop_master(&master).await;
        }
    }

    pub(crate) fn unreachable(&self, why: String) -> Unreachable {
        Unreachable { place: self.place.to_string(), why, help: None }
    }
}

/// Ends the process behind a connection: by itself it would wait for the other side as long as the system lets it.
fn end(socket: &Path) -> bool {
    let path = format!("ControlPath={}", socket.display());
    let ssh = Helper::new("ssh").arguments(["-O", "exit", "-o", &path, "unused"]);
    ssh.alone().within(Duration::from_secs(5)).ask().is_ok()
}

impl Drop for Line {
    fn drop(&mut self) {
        if let Some(master) = self.master.get_mut().take() {
            end(master.control_socket());
        }
    }
}

impl Line {
    /// Sends all of `text` over a session and awaits the answer to it; gives with it what more can be sent over. Where that is
    /// a cut, what the session goes over ends, and the reason has with it what the other side said on standard error, for want
    /// of a better one.
    pub(crate) async fn exchange<T>(
        &self,
        (stdin, stderr, held): (Input, Option<Output>, Held),
        text: &[u8],
        answer: impl Future<Output = Result<T, Cut>>,
    ) -> Result<(T, Option<(Input, Held)>), Cut> {
        let said = RefCell::new(Vec::new());
        let answered = {
            let (sent, heard) = (send(stdin, text), hear(stderr, &said));
            tokio::pin!(answer, sent, heard);
            let (mut is_sent, mut is_heard, mut open) = (false, false, None);
            loop {
                tokio::select! {
                    biased;
                    answered = &mut answer => break answered.map(|answer| (answer, open)),
                    // What cannot be sent is noticed by that no answer comes, which says more.
                    stdin = &mut sent, if !is_sent => (is_sent, open) = (true, stdin.ok()),
                    () = &mut heard, if !is_heard => is_heard = true,
                }
            }
        };
        let Cut(why) = match answered {
            Ok((answer, open)) => return Ok((answer, open.map(|stdin| (stdin, held)))),
            Err(cut) => cut,
        };
        self.is_cut(held).await;
        let said = String::from_utf8_lossy(&said.borrow()).split_whitespace().collect::<Vec<_>>().join(" ");
        Err(Cut(if said.is_empty() { why } else { format!("{why}: {said}") }))
    }
}

/// Sends all of a text; more may follow.
async fn send(mut stdin: Input, text: &[u8]) -> std::io::Result<Input> {
    stdin.write_all(text).await?;
    stdin.flush().await?;
    Ok(stdin)
}

/// Reads standard error to its end; keeps the beginning of it in `said`.
async fn hear(stderr: Option<Output>, said: &RefCell<Vec<u8>>) {
    let Some(mut stderr) = stderr else { return };
    let mut buffer = [0; 1024];
    while let Ok(length @ 1..) = stderr.read(&mut buffer).await {
        let mut said = said.borrow_mut();
        let room = SAID.saturating_sub(said.len()).min(length);
        said.extend_from_slice(&buffer[..room]);
    }
}

/// An error with what is behind it.
fn words_of(error: &openssh::Error) -> String {
    let mut words = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(behind) = source {
        let text = behind.to_string();
        if !words.contains(&text) {
            words = format!("{words}: {text}");
        }
        source = behind.source();
    }
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}
