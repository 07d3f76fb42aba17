//! A Docker Engine of its own, and containers with this machine's programs in them.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use crate::command::{find, is_root, run};
use crate::{Missing, Network};

/// A Docker Engine without any network. Ended when dropped, with all its containers.
#[derive(Debug)]
pub struct Engine {
    server: Child,
    directory: tempfile::TempDir,
}

/// A container that runs until it is dropped.
#[derive(Debug)]
pub struct Container {
    engine: Arc<Engine>,
    /// Its name.
    pub name: String,
}

impl Engine {
    /// # Errors
    /// This machine cannot have one.
    pub fn start() -> Result<Engine, Missing> {
        Engine::of(|program| Command::new(program))
    }

    /// One at the far end of a cable: what its containers call the host's network is the one there.
    ///
    /// # Errors
    /// This machine cannot have one.
    pub fn behind(network: &Network) -> Result<Engine, Missing> {
        Engine::of(|program| network.within(program))
    }

    fn of(command: impl Fn(&Path) -> Command) -> Result<Engine, Missing> {
        if !is_root() {
            return Err(Missing("a Docker Engine is started by root".to_owned()));
        }
        let program = find("dockerd", "docker.io")?;
        find("docker", "docker.io")?;
        let directory = tempfile::Builder::new().prefix("hp-docker-").tempdir().map_err(Missing::because)?;
        let root = directory.path().to_owned();
        let mut command = command(&program);
        command
            .arg("--data-root")
            .arg(root.join("data"))
            .arg("--exec-root")
            .arg(root.join("exec"))
            .arg("--pidfile")
            .arg(root.join("pid"))
            .arg("-H")
            .arg(format!("unix://{}", root.join("docker.sock").display()))
            .args(["--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-forward=false"]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).process_group(0);
        let server = command.spawn().map_err(Missing::because)?;
        let mut engine = Engine { server, directory };
        engine.wait_until_it_listens()?;
        Ok(engine)
    }

    fn wait_until_it_listens(&mut self) -> Result<(), Missing> {
        let Some(stderr) = self.server.stderr.take() else {
            return Err(Missing("dockerd says nothing".to_owned()));
        };
        let mut lines = BufReader::new(stderr).lines().map_while(Result::ok);
        let mut last = String::new();
        for line in lines.by_ref() {
            let listens = line.contains("API listen on");
            last = line;
            if listens {
                std::thread::spawn(move || lines.for_each(drop));
                return Ok(());
            }
        }
        Err(Missing(format!("dockerd does not start: {last}")))
    }

    /// Where it listens, as `docker --host` takes it.
    pub fn address(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// Its socket.
    pub fn socket(&self) -> PathBuf {
        self.directory.path().join("docker.sock")
    }

    /// Lets every user of this machine reach its socket's directory; the socket itself is whose it is given to.
    ///
    /// # Errors
    /// The file system refuses.
    pub fn open_to_all(&self) -> Result<(), Missing> {
        let mode = fs::Permissions::from_mode(0o711);
        fs::set_permissions(self.directory.path(), mode).map_err(Missing::because)
    }

    /// Runs the client.
    ///
    /// # Errors
    /// It failed; with its words.
    pub fn docker(&self, words: &[&str]) -> Result<String, Missing> {
        let address = self.address();
        run("docker", ["--host", &address].iter().chain(words).copied())
    }

    /// An image that holds nothing but links: this machine's programs are mounted into its containers.
    fn here(&self) -> Result<(), Missing> {
        let folder = self.directory.path().join("here");
        fs::create_dir_all(folder.join("root/tmp")).map_err(Missing::because)?;
        for name in ["bin", "sbin", "lib", "lib64"] {
            let link = Path::new("/").join(name);
            let Ok(target) = fs::read_link(&link) else { continue };
            let _ = std::os::unix::fs::symlink(target, folder.join("root").join(name));
        }
        self.build(&folder, "here", "FROM scratch\nCOPY root /\n")
    }

    fn build(&self, folder: &Path, name: &str, text: &str) -> Result<(), Missing> {
        fs::write(folder.join("Dockerfile"), text).map_err(Missing::because)?;
        let mut command = Command::new("docker");
        command.args(["--host", &self.address(), "build", "-q", "-t", name]).arg(folder);
        // The other builder is a program of its own that few machines have.
        let built = command.env("DOCKER_BUILDKIT", "0").output().map_err(Missing::because)?;
        if built.status.success() {
            return Ok(());
        }
        Err(Missing(format!("no image can be built: {}", String::from_utf8_lossy(&built.stderr).trim())))
    }

    /// A container that holds nothing but busybox.
    ///
    /// # Errors
    /// It cannot be built or started.
    pub fn busybox(self: &Arc<Engine>, name: &str) -> Result<Container, Missing> {
        let program = find("busybox", "busybox-static")?;
        let folder = self.directory.path().join("busybox");
        fs::create_dir_all(folder.join("root/bin")).map_err(Missing::because)?;
        fs::create_dir_all(folder.join("root/tmp")).map_err(Missing::because)?;
        fs::copy(program, folder.join("root/bin/busybox")).map_err(Missing::because)?;
        let text = "FROM scratch\nCOPY root /\nRUN [\"/bin/busybox\", \"--install\", \"-s\", \"/bin\"]\n";
        self.build(&folder, "busybox", text)?;
        self.docker(&["run", "-d", "--network", "none", "--name", name, "busybox", "/bin/sleep", "1000000"])?;
        Ok(Container { engine: Arc::clone(self), name: name.to_owned() })
    }

    /// A container with this machine's programs, and `shared` of this machine as its home directory.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn container(self: &Arc<Engine>, name: &str, shared: &Path) -> Result<Container, Missing> {
        self.here()?;
        let mount = format!("{0}:{0}", shared.display());
        let home = format!("HOME={}", shared.display());
        let words = [
            "run",
            "-d",
            "--network",
            "none",
            "--name",
            name,
            "-e",
            &home,
            "-v",
            &mount,
            "-v",
            "/usr:/usr:ro",
            "-v",
            "/etc:/etc:ro",
            "here",
            "/usr/bin/sleep",
            "1000000",
        ];
        self.docker(&words)?;
        Ok(Container { engine: Arc::clone(self), name: name.to_owned() })
    }
}

impl Container {
    /// What it runs on.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Runs a program in it and gives what it printed.
    ///
    /// # Errors
    /// It failed.
    pub fn execute(&self, words: &[&str]) -> Result<String, Missing> {
        let exec = ["exec", &self.name];
        self.engine.docker(&exec.iter().chain(words).copied().collect::<Vec<_>>())
    }

    /// Stops it at once and starts it again: another process 1.
    ///
    /// # Errors
    /// The engine refuses.
    pub fn restart(&self) -> Result<(), Missing> {
        self.engine.docker(&["restart", "-t", "0", &self.name]).map(drop)
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        let _ = self.engine.docker(&["rm", "-f", &self.name]);
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // It ends its containers and their keepers itself.
        if let Some(pid) = i32::try_from(self.server.id()).ok().and_then(rustix::process::Pid::from_raw) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        let _ = self.server.wait();
        // What it leaves mounted would keep the directory from being removed.
        let network = self.directory.path().join("exec/netns/default");
        let _ = run("umount", [Path::new("--lazy"), &network]);
    }
}

#[cfg(test)]
mod tests {
    use super::Engine;

    #[test]
    fn an_engine_that_has_ended_leaves_nothing_behind() {
        let started = Engine::start().and_then(|engine| {
            engine.here()?;
            engine.docker(&["run", "--network", "host", "-v", "/usr:/usr:ro", "here", "/usr/bin/true"])?;
            Ok(engine)
        });
        let engine = match started {
            Ok(engine) => engine,
            Err(missing) => {
                return crate::skipped("docker::an_engine_that_has_ended_leaves_nothing_behind", &missing);
            }
        };
        let directory = engine.directory.path().to_owned();
        assert!(directory.join("exec/netns/default").exists(), "it is what used to stay mounted");
        drop(engine);
        assert!(!directory.exists(), "{}", directory.display());
    }
}
