//! OpenSSH servers.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU8, Ordering};

use crate::command::{find, is_root, run};
use crate::{Missing, Network, User};

/// How a server differs from a plain one.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What a login shell says before it does anything, and after it on standard error.
    pub noise: String,
    /// Size of the disk that the home directory is on, bytes; only root can limit it.
    pub home_size: Option<u64>,
    /// Whether whoever logs in may become root, through `sudo` without a password.
    pub may_become_root: bool,
    /// Variables in the environment of every session.
    pub variables: Vec<(String, String)>,
    /// Whether it can be [restarted](Sshd::reboot).
    pub reboots: bool,
    /// Where all that it has lies; `None`: among temporary files.
    pub within: Option<PathBuf>,
}

/// An OpenSSH server with a client that knows it. Ended when dropped.
#[derive(Debug)]
pub struct Sshd {
    server: Child,
    directory: tempfile::TempDir,
    address: String,
    user: User,
    mounted: bool,
    /// After the server.
    network: Option<Network>,
}

const PORT: u16 = 2222;
static COUNT: AtomicU8 = AtomicU8::new(1);

impl Sshd {
    /// One on a loopback address of this process alone.
    ///
    /// # Errors
    /// This machine cannot have one.
    pub fn on_loopback(options: &Options) -> Result<Sshd, Missing> {
        let process = std::process::id();
        let [_, _, high, low] = process.to_be_bytes();
        let mut why = Missing("no address is free".to_owned());
        for _ in 0..20 {
            let number = COUNT.fetch_add(1, Ordering::Relaxed);
            // Not 127.0.0.x, which others listen on too.
            let address = format!("127.{}.{high}.{low}", 64 + number % 128);
            match Sshd::start(options, address, None) {
                Ok(server) => return Ok(server),
                Err(Missing(error)) if error.contains("Address already in use") => why = Missing(error),
                Err(other) => return Err(other),
            }
        }
        Err(why)
    }

    /// One at the far end of a cable.
    ///
    /// # Errors
    /// This machine cannot have one.
    pub fn behind(network: Network, options: &Options) -> Result<Sshd, Missing> {
        let address = network.address().to_string();
        Sshd::start(options, address, Some(network))
    }

    fn start(options: &Options, address: String, network: Option<Network>) -> Result<Sshd, Missing> {
        let program = find("sshd", "openssh-server")?;
        find("ssh", "openssh-client")?;
        if is_root() {
            // Where the server's unprivileged part is locked in.
            fs::create_dir_all("/run/sshd").map_err(Missing::because)?;
        }
        let user = User::ordinary()?;
        let within = options.within.clone().unwrap_or_else(std::env::temp_dir);
        let directory = tempfile::Builder::new().prefix("holdpoint-sshd-").tempdir_in(within);
        let directory = directory.map_err(Missing::because)?;
        let root = directory.path();
        mode(root, 0o755)?;
        let home = root.join("home");
        fs::create_dir(&home).map_err(Missing::because)?;
        if let Some(size) = options.home_size {
            if !is_root() {
                return Err(Missing("small disks are mounted by root".to_owned()));
            }
            let size = format!("size={size},mode=755");
            run(
                "mount",
                [
                    "-t".as_ref(),
                    "tmpfs".as_ref(),
                    "-o".as_ref(),
                    size.as_ref(),
                    "none".as_ref(),
                    home.as_os_str(),
                ],
            )?;
        }
        user.give(&home)?;
        for key in ["host_key", "user_key"] {
            let file = root.join(key);
            run(
                "ssh-keygen",
                [
                    "-q".as_ref(),
                    "-t".as_ref(),
                    "ed25519".as_ref(),
                    "-N".as_ref(),
                    "".as_ref(),
                    "-f".as_ref(),
                    file.as_os_str(),
                ],
            )?;
        }
        write(&root.join("session"), &session(&home, options), 0o755)?;
        let key = fs::read_to_string(root.join("user_key.pub")).map_err(Missing::because)?;
        write(&root.join("authorized_keys"), &key, 0o644)?;
        write(&root.join("sshd_config"), &server_config(root, &address), 0o644)?;
        let host_key = fs::read_to_string(root.join("host_key.pub")).map_err(Missing::because)?;
        write(&root.join("known_hosts"), &format!("[{address}]:{PORT} {host_key}"), 0o644)?;
        write(&root.join("ssh_config"), &client_config(root, &user), 0o644)?;
        let mut command = match &network {
            Some(network) => {
                let mut command = Command::new("ip");
                command.args(["netns", "exec", network.name()]).arg(program);
                command
            }
            None if options.may_become_root => with_sudo(root, &user, &program)?,
            None if options.reboots => with_boot(root, &program)?,
            None => Command::new(program),
        };
        let server = served(&mut command, root)?;
        let mounted = options.home_size.is_some();
        let mut server = Sshd { server, directory, address, user, mounted, network };
        server.wait_until_it_listens()?;
        Ok(server)
    }

    /// It says so; a thread reads on, so that it never waits for a reader.
    fn wait_until_it_listens(&mut self) -> Result<(), Missing> {
        let Some(stderr) = self.server.stderr.take() else {
            return Err(Missing("sshd says nothing".to_owned()));
        };
        let mut lines = BufReader::new(stderr).lines().map_while(Result::ok);
        let mut said = String::new();
        for line in lines.by_ref() {
            let listens = line.contains("Server listening on");
            let _ = writeln!(said, "{line}");
            if listens {
                std::thread::spawn(move || lines.for_each(drop));
                return Ok(());
            }
        }
        Err(Missing(format!("sshd does not listen: {}", said.trim())))
    }

    /// Takes its power away and starts it again, as far as anybody who logs in can tell: nothing of what ran there lives on,
    /// and its boot id is another one.
    ///
    /// # Errors
    /// It was not started with [`Options::reboots`], or does not come back.
    pub fn reboot(&mut self) -> Result<(), Missing> {
        let own = |id: &str| fs::read_link(format!("/proc/{id}/ns/mnt")).ok();
        let (all, here) = (own(&self.server.id().to_string()), own("self"));
        if all.is_none() || all == here {
            return Err(Missing("this host has nothing of its own that could be restarted".to_owned()));
        }
        for entry in fs::read_dir("/proc").map_err(Missing::because)?.map_while(Result::ok) {
            let name = entry.file_name();
            let id = name.to_str().filter(|id| own(id) == all).and_then(|id| id.parse().ok());
            if let Some(id) = id.and_then(rustix::process::Pid::from_raw) {
                let _ = rustix::process::kill_process(id, rustix::process::Signal::KILL);
            }
        }
        let _ = self.server.wait();
        let root = self.directory.path();
        let mut command = with_boot(root, &find("sshd", "openssh-server")?)?;
        self.server = served(&mut command, root)?;
        self.wait_until_it_listens()
    }

    /// `USER@HOST:PORT`.
    pub fn host(&self) -> String {
        format!("{}@{}:{PORT}", self.user.name, self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Whom one is there.
    pub fn user(&self) -> &User {
        &self.user
    }

    /// The configuration of a client that knows it.
    pub fn ssh_config(&self) -> PathBuf {
        self.directory.path().join("ssh_config")
    }

    /// The client's list of hosts.
    pub fn known_hosts(&self) -> PathBuf {
        self.directory.path().join("known_hosts")
    }

    /// The home directory of whoever logs in. It is on this machine too.
    pub fn home(&self) -> PathBuf {
        self.directory.path().join("home")
    }

    /// Its cable, if it has one.
    pub fn network(&self) -> Option<&Network> {
        self.network.as_ref()
    }
}

/// Writes an `ssh` into `folder` that knows these servers, and calls the one that is found on `path`. Whoever has `folder` in
/// front of `path` finds it.
///
/// # Errors
/// The file system refuses.
pub fn write_ssh<'s>(
    folder: &Path,
    path: &str,
    servers: impl IntoIterator<Item = &'s Sshd>,
) -> Result<(), Missing> {
    let mut config = String::new();
    for server in servers {
        let own = fs::read_to_string(server.ssh_config()).map_err(Missing::because)?;
        config += &own.replace("Host *", &format!("Host {}", server.address));
    }
    let file = folder.join("config");
    write(&file, &config, 0o644)?;
    let script = format!("#!/bin/sh\nPATH='{path}'\nexec ssh -F '{}' \"$@\"\n", file.display());
    write(&folder.join("ssh"), &script, 0o755)
}

/// As [`write_ssh`], for somebody who has nothing but `folder`: keys and known hosts lie in there too, and the keys are theirs.
///
/// # Errors
/// The file system refuses.
pub fn write_ssh_for<'s>(
    user: &User,
    folder: &Path,
    path: &str,
    servers: impl IntoIterator<Item = &'s Sshd>,
) -> Result<(), Missing> {
    let servers: Vec<&Sshd> = servers.into_iter().collect();
    write_ssh(folder, path, servers.iter().copied())?;
    let file = folder.join("config");
    let mut config = fs::read_to_string(&file).map_err(Missing::because)?;
    for server in servers {
        let root = server.directory.path();
        for (name, bits) in [("user_key", 0o600), ("known_hosts", 0o644)] {
            let own = folder.join(format!("{name}-{}", server.address));
            let text = fs::read_to_string(root.join(name)).map_err(Missing::because)?;
            write(&own, &text, bits)?;
            user.give(&own)?;
            config = config.replace(&root.join(name).display().to_string(), &own.display().to_string());
        }
    }
    write(&file, &config, 0o644)
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let group = i32::try_from(self.server.id()).ok().and_then(rustix::process::Pid::from_raw);
        if let Some(group) = group {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        let _ = self.server.wait();
        if self.mounted {
            let _ = run("umount", ["-l".as_ref(), self.home().as_os_str()]);
        }
    }
}

/// A program for which `sudo` is configured in another way than for the rest of this machine.
fn with_sudo(root: &Path, user: &User, program: &Path) -> Result<Command, Missing> {
    if !is_root() {
        return Err(Missing("who may become root is decided by root".to_owned()));
    }
    find("sudo", "sudo")?;
    let rules = root.join("sudoers.d");
    fs::create_dir(&rules).map_err(Missing::because)?;
    write(&rules.join("test"), &format!("{} ALL=(ALL) NOPASSWD: ALL\n", user.name), 0o440)?;
    let script = "mount --bind \"$1\" /etc/sudoers.d && shift && exec \"$@\"";
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", script, "sh"]).arg(rules).arg(program);
    Ok(command)
}

/// A program that sees a boot id of its own, made anew each time.
fn with_boot(root: &Path, program: &Path) -> Result<Command, Missing> {
    if !is_root() {
        return Err(Missing("what a host says of its start is decided by root".to_owned()));
    }
    let file = root.join("boot_id");
    let id = fs::read_to_string("/proc/sys/kernel/random/uuid").map_err(Missing::because)?;
    write(&file, &id, 0o444)?;
    let script = "mount --bind \"$1\" /proc/sys/kernel/random/boot_id && shift && exec \"$@\"";
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", script, "sh"]).arg(file).arg(program);
    Ok(command)
}

/// The server, started.
fn served(command: &mut Command, root: &Path) -> Result<Child, Missing> {
    command.args(["-D", "-e", "-f"]).arg(root.join("sshd_config"));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).process_group(0);
    command.spawn().map_err(Missing::because)
}

fn server_config(root: &Path, address: &str) -> String {
    let root = root.display();
    let pid_file = "PidFile none\nLogLevel INFO\nUsePAM no\nStrictModes no\nMaxStartups 200\n";
    // The quickest of what every client has: the key exchange that is the default takes ten times as long.
    let quick = "KexAlgorithms curve25519-sha256\nCiphers aes128-gcm@openssh.com\n";
    format!(
        "ListenAddress {address}\nPort {PORT}\nHostKey {root}/host_key\nAuthorizedKeysFile {root}/authorized_keys\n\
         PasswordAuthentication no\nKbdInteractiveAuthentication no\nForceCommand {root}/session\n\
         Subsystem sftp internal-sftp\n{pid_file}{quick}"
    )
}

fn client_config(root: &Path, user: &User) -> String {
    let root = root.display();
    format!(
        "Host *\n  User {}\n  IdentityFile {root}/user_key\n  IdentitiesOnly yes\n  IdentityAgent none\n  \
         UserKnownHostsFile {root}/known_hosts\n  GlobalKnownHostsFile /dev/null\n  UpdateHostKeys no\n",
        user.name
    )
}

/// What stands for the login: a home directory of this server's own, then what was asked for.
fn session(home: &Path, options: &Options) -> String {
    let mut text = format!("#!/bin/sh\nHOME='{}'\nexport HOME\ncd \"$HOME\" || exit\n", home.display());
    for (name, value) in &options.variables {
        let _ = writeln!(text, "{name}='{value}'\nexport {name}");
    }
    if !options.noise.is_empty() {
        let _ = writeln!(text, "printf '%s\\n' '{0}'\nprintf '%s\\n' '{0}' >&2", options.noise);
    }
    text + "exec /bin/sh -c \"${SSH_ORIGINAL_COMMAND:-exec /bin/sh}\"\n"
}

fn write(file: &Path, text: &str, bits: u32) -> Result<(), Missing> {
    fs::write(file, text).map_err(Missing::because)?;
    mode(file, bits)
}

fn mode(path: &Path, bits: u32) -> Result<(), Missing> {
    fs::set_permissions(path, fs::Permissions::from_mode(bits)).map_err(Missing::because)
}
