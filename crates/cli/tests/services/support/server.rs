//! Servers: found, started, asked whether they are ready, ended.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use holdpoint_xtask::product::ports;
use holdpoint_xtask::{tools, workspace};

use super::eventually;

/// A server in the foreground; killed when it is dropped, and by the kernel when the test dies.
pub struct Server {
    child: Child,
    log: PathBuf,
}

impl Server {
    /// Starts a program; what it says goes into `log`. With `user`, as that user where we are root.
    pub fn start(command: &Command, user: Option<&str>, log: &Path) -> Server {
        let mut started = Command::new("setpriv");
        started.args(["--pdeathsig", "KILL"]);
        if let Some(user) = user.filter(|_| rustix::process::geteuid().is_root()) {
            started.args(["--reuid", user, "--regid", user, "--init-groups"]);
        }
        started.arg("--").arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            started.env(name, value.unwrap());
        }
        if let Some(directory) = command.get_current_dir() {
            started.current_dir(directory);
        }
        let said = File::options().create(true).append(true).open(log).unwrap();
        started.stdin(Stdio::null()).stdout(said.try_clone().unwrap()).stderr(said);
        Server { child: started.spawn().unwrap(), log: log.to_owned() }
    }

    /// Fails at once where the server has ended.
    #[track_caller]
    pub fn lives(&mut self) {
        let ended = self.child.try_wait().unwrap();
        assert!(ended.is_none(), "{ended:?}: {}", std::fs::read_to_string(&self.log).unwrap());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The path of a program that the tests need; fails with the line that installs it.
#[track_caller]
pub fn program(name: &str) -> PathBuf {
    tools::find(name).unwrap_or_else(|| panic!("{name} is not here; install it: cargo xtask tools"))
}

/// A loopback port that nobody uses, below those that systems take for outgoing connections.
pub fn free_port() -> u16 {
    let [port] = ports::free().unwrap();
    port
}

/// A small HTTP server that answers everything with the status that it was told last.
pub fn answering(status: u16) -> (u16, Arc<AtomicU16>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let told = Arc::new(AtomicU16::new(status));
    let status = Arc::clone(&told);
    answer_all(listener, move || status.load(Ordering::SeqCst));
    (port, told)
}

/// One that works out its status anew each time.
pub fn answering_by(status: impl Fn() -> u16 + Send + 'static) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    answer_all(listener, status);
    port
}

/// One at this address, that always says yes.
pub fn answering_at(address: &str, port: u16) {
    answer_all(TcpListener::bind((address, port)).unwrap(), || 200);
}

fn answer_all(listener: TcpListener, status: impl Fn() -> u16 + Send + 'static) {
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let status = status();
            let answer =
                format!("HTTP/1.1 {status} Said\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok");
            let _ = stream.write_all(answer.as_bytes());
        }
    });
}

/// Starts one of our small servers, `standins/NAME.py`, and waits until it can be asked.
pub fn standin(name: &str, port: u16, arguments: &[&str], directory: &Path) -> Server {
    let scripts = workspace().join("crates/cli/tests/services/standins");
    let mut python = Command::new(program("python3"));
    python.arg("-B").arg(scripts.join(format!("{name}.py"))).arg(port.to_string()).args(arguments);
    let mut server = Server::start(&python, None, &directory.join(format!("log-{name}")));
    eventually("the small server can be asked", || {
        server.lives();
        TcpStream::connect(("127.0.0.1", port)).is_ok()
    });
    server
}

/// Asks a server on a loopback port; its status and body.
pub fn request(port: u16, method: &str, path: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}
