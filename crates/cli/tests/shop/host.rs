//! A host of the shop: what `examples/shop/README.md` asks of one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use holdpoint_hosts::{Engine, Missing, Network, Options, Sshd};
use holdpoint_xtask::command::output;
use holdpoint_xtask::tools;

/// An sshd and a Docker Engine behind one cable; and what serves there. Ended when dropped, servers first.
pub struct Host {
    servers: Vec<Child>,
    pub sshd: Sshd,
    engine: Option<Engine>,
    /// Where the database's socket is: short, for paths of sockets are.
    socket: tempfile::TempDir,
}

fn because(error: impl std::fmt::Display) -> Missing {
    Missing(error.to_string())
}

/// Where a program is that servers' packages bring.
fn program(name: &str) -> Result<PathBuf, Missing> {
    let folders = tools::search_path();
    let found = std::env::split_paths(&folders).map(|folder| folder.join(name)).find(|path| path.is_file());
    found.ok_or_else(|| Missing(format!("{name} is not here")))
}

impl Host {
    pub fn start() -> Result<Host, Missing> {
        let network = Network::create()?;
        let engine = Engine::behind(&network)?;
        let variables = vec![
            ("DOCKER_HOST".to_owned(), engine.address()),
            ("PATH".to_owned(), tools::search_path().to_string_lossy().into_owned()),
        ];
        let sshd = Sshd::behind(network, &Options { variables, ..Options::default() })?;
        // Who may ask the engine may do anything on its host; here that is only this test's own user.
        sshd.user().give(&engine.socket())?;
        engine.open_to_all()?;
        let socket = tempfile::Builder::new().prefix("hp-pg-").tempdir().map_err(because)?;
        sshd.user().give(socket.path())?;
        Ok(Host { servers: Vec::new(), sshd, engine: Some(engine), socket })
    }

    /// One without an engine, in this machine's own network, from which all others can be reached.
    pub fn in_between() -> Result<Host, Missing> {
        let path = tools::search_path().to_string_lossy().into_owned();
        let options = Options { variables: vec![("PATH".to_owned(), path)], ..Options::default() };
        let sshd = Sshd::on_loopback(&options)?;
        let socket = tempfile::tempdir().map_err(because)?;
        Ok(Host { servers: Vec::new(), sshd, engine: None, socket })
    }

    /// Where its engine listens.
    pub fn engine(&self) -> String {
        self.engine.as_ref().unwrap().address()
    }

    pub fn place(&self) -> String {
        format!("ssh://{}", self.sshd.host())
    }

    pub fn address(&self) -> String {
        self.sshd.address().to_owned()
    }

    /// The directory of the database's socket.
    pub fn socket(&self) -> &Path {
        self.socket.path()
    }

    /// A program that runs on the host, as whoever logs in there.
    pub fn command(&self, name: impl AsRef<std::ffi::OsStr>) -> Command {
        let user = &self.sshd.user().name;
        let setpriv = self.sshd.network().map(|network| network.within("setpriv"));
        let mut command = setpriv.unwrap_or_else(|| Command::new("setpriv"));
        command.args(["--reuid", user, "--regid", user, "--init-groups", "--"]).arg(name);
        command.current_dir(self.sshd.home()).env("HOME", self.sshd.home()).stdin(Stdio::null());
        if let Some(engine) = &self.engine {
            command.env("DOCKER_HOST", engine.address());
        }
        command
    }

    fn own(&self, path: &Path, text: &str) -> Result<(), Missing> {
        fs::write(path, text).map_err(because)?;
        self.sshd.user().give(path)
    }

    /// nginx on port 8080, before an upstream where nothing serves yet.
    pub fn with_nginx(self) -> Result<Host, Missing> {
        self.with_nginx_before("shop/web-upstream.conf", "server 127.0.0.1:1;\n", "/cgi-bin/")
    }

    /// nginx on port 8080, before what this file says.
    pub fn with_nginx_before(mut self, upstream: &str, says: &str, path: &str) -> Result<Host, Missing> {
        let program = program("nginx")?;
        let home = self.sshd.home();
        for folder in ["nginx", "shop"] {
            fs::create_dir_all(home.join(folder)).map_err(because)?;
            self.sshd.user().give(&home.join(folder))?;
        }
        self.own(&home.join(upstream), says)?;
        let at = home.join("nginx").display().to_string();
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|name| format!("  {name}_temp_path {at}/{name};\n"))
            .concat();
        // The host itself asks at its loopback address.
        let listen = if self.engine.is_some() { "0.0.0.0".to_owned() } else { self.address() };
        let config = format!(
            "daemon off;\npid {at}/nginx.pid;\nworker_processes 1;\nevents {{}}\nhttp {{\n  access_log off;\n{temporary}  \
             upstream shop_web {{ include {}/{upstream}; }}\n  \
             server {{ listen {listen}:8080; location / {{ proxy_pass http://shop_web{path}; }} }}\n}}\n",
            home.display()
        );
        self.own(&home.join("nginx/nginx.conf"), &config)?;
        let mut command = self.command(program);
        command.args(["-e", "stderr", "-p", "nginx/", "-c", "nginx.conf"]);
        self.servers.push(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().map_err(because)?);
        crate::waiting::eventually("nginx runs", || home.join("nginx/nginx.pid").is_file());
        Ok(self)
    }

    /// PostgreSQL with an empty database `shop`, reached by its socket alone, by whom the system knows.
    pub fn with_postgres(mut self) -> Result<Host, Missing> {
        fs::create_dir_all(self.sshd.home().join("shop")).map_err(because)?;
        self.sshd.user().give(&self.sshd.home().join("shop"))?;
        let data = self.sshd.home().join("pg");
        let mut made = self.command(program("initdb")?);
        output(made.args(["--auth=peer", "--no-sync", "--pgdata"]).arg(&data)).map_err(because)?;
        let mut server = self.command(program("postgres")?);
        server.arg("-D").arg(&data).arg("-k").arg(self.socket()).args(["-c", "listen_addresses="]);
        server.args(["-c", "fsync=off"]);
        self.servers.push(server.stdout(Stdio::null()).stderr(Stdio::null()).spawn().map_err(because)?);
        crate::waiting::eventually("PostgreSQL answers", || {
            let mut create = self.command("psql");
            let create = create.args(["-X", "-d", "postgres", "-c", "CREATE DATABASE shop"]);
            output(create.env("PGHOST", self.socket())).is_ok()
        });
        Ok(self)
    }

    /// What was activated here, in order: `web sha256:…`.
    pub fn activations(&self) -> Vec<String> {
        let text = fs::read_to_string(self.sshd.home().join("shop/activations")).unwrap_or_default();
        text.lines().map(|line| line.split_once(' ').unwrap().1.to_owned()).collect()
    }

    /// Digest and revision of what runs of a service.
    pub fn runs(&self, service: &str) -> String {
        let mut command = self.command("bash");
        command.arg(holdpoint_xtask::workspace().join("examples/shop/scripts/running.sh")).arg(service);
        output(&mut command).unwrap()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        for server in &mut self.servers {
            let id = i32::try_from(server.id()).unwrap();
            // Fast for PostgreSQL, and as good as any for nginx.
            let _ = rustix::process::kill_process(
                rustix::process::Pid::from_raw(id).unwrap(),
                rustix::process::Signal::INT,
            );
            let _ = server.wait();
        }
    }
}
