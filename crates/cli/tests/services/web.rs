//! nginx and Apache: a configuration changed under load, refused where it does not parse, taken back where it is wrong.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::support::{Server, Stage, eventually, free_port, program};

/// Clients that ask again and again, each over a new connection.
struct Load {
    on: Arc<AtomicBool>,
    clients: Vec<JoinHandle<(usize, Vec<String>)>>,
}

fn get(port: u16) -> Result<String, String> {
    let told = |error: std::io::Error| error.to_string();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).map_err(told)?;
    stream.set_read_timeout(Some(Duration::from_secs(10))).map_err(told)?;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n").map_err(told)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).map_err(told)?;
    if answer.starts_with("HTTP/1.1 200") && answer.contains("the shop") { Ok(answer) } else { Err(answer) }
}

fn revision(port: u16) -> String {
    let answer = get(port).unwrap_or_default().to_lowercase();
    let line = answer.lines().find_map(|line| line.strip_prefix("x-revision: ").map(str::to_owned));
    line.unwrap_or_default()
}

impl Load {
    fn on(port: u16) -> Load {
        let on = Arc::new(AtomicBool::new(true));
        let client = || {
            let on = Arc::clone(&on);
            std::thread::spawn(move || {
                let (mut served, mut failed) = (0, Vec::new());
                while on.load(Ordering::SeqCst) {
                    match get(port) {
                        Ok(_) => served += 1,
                        Err(why) => failed.push(why),
                    }
                    // As many as a small site has, so that the servers' own work is what takes the time.
                    std::thread::park_timeout(Duration::from_millis(3));
                }
                (served, failed)
            })
        };
        let clients = (0..3).map(|_| client()).collect();
        Load { on, clients }
    }

    /// Ends them; none may have seen a failure.
    #[track_caller]
    fn saw_no_failure(self) {
        self.on.store(false, Ordering::SeqCst);
        let ends: Vec<_> = self.clients.into_iter().map(|client| client.join().unwrap()).collect();
        let served: usize = ends.iter().map(|(served, _)| served).sum();
        let failed: Vec<_> = ends.iter().flat_map(|(_, failed)| failed).collect();
        assert!(failed.is_empty(), "{} of {served}: {failed:?}", failed.len());
        assert!(served > 100, "only {served} requests were served");
    }
}

/// Walks a server through a broken configuration, a wrong one and a good one, all under load.
fn journeys(name: &str, prefix: &Path, port: u16, site: &PathBuf, of: impl Fn(&str, &str) -> String) {
    let upper = name.to_uppercase();
    let vars: Vec<(String, String)> = vec![
        (format!("{upper}_PREFIX"), prefix.display().to_string()),
        (format!("{upper}_CONF"), prefix.join("server.conf").display().to_string()),
        (format!("{upper}_SITE"), site.display().to_string()),
        (format!("{upper}_SOURCE"), format!("config/{name}/shop.conf")),
        (format!("{upper}_URL"), format!("http://127.0.0.1:{port}/")),
    ];
    let vars: Vec<(&str, &str)> = vars.iter().map(|(name, value)| (&**name, &**value)).collect();
    let stage = Stage::new(&vars);
    let source = format!("config/{name}/shop.conf");
    let answers = "inputs: { REVISION: r2 }\nsteps:\n  release: { sign: { as: qa@example.org, name: Quinn Auditor } }\n";
    let (before, load) = (fs::read_to_string(site).unwrap(), Load::on(port));

    for (text, said) in [(of("r2", "nonsense"), "Put it in place"), (of("r3", ""), "Reload")] {
        stage.write(&source, &text);
        stage.commit_all();
        let told = stage.ends(1, name, answers, &[]);
        assert!(told.contains(said), "{told}");
        assert_eq!(fs::read_to_string(site).unwrap(), before, "{told}");
        assert_eq!(revision(port), "r1", "{told}");
    }

    stage.write(&source, &of("r2", ""));
    stage.commit_all();
    stage.ends(0, name, answers, &[]);
    assert_eq!(revision(port), "r2");
    load.saw_no_failure();
}

fn serves(server: &mut Server, port: u16) {
    eventually("the server serves its first revision", || {
        server.lives();
        revision(port) == "r1"
    });
}

#[test]
fn nginx_takes_a_good_configuration_and_keeps_its_own_before_a_bad_one_without_a_failed_request() {
    let directory = tempfile::Builder::new().prefix("nginx-").tempdir().unwrap();
    let (prefix, port) = (directory.path(), free_port());
    fs::create_dir(prefix.join("pages")).unwrap();
    fs::write(prefix.join("pages/index.html"), "the shop\n").unwrap();
    let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("  {name}_temp_path {}/{name};\n", prefix.display()))
        .concat();
    let main = format!(
        "{user}daemon off;\nworker_processes 2;\npid {at}/pid;\nerror_log {at}/errors;\nevents {{ worker_connections 256; }}\n\
         http {{\n  access_log off;\n{paths}  include {at}/shop.conf;\n}}\n",
        at = prefix.display(),
        user = if rustix::process::geteuid().is_root() { "user root;\n" } else { "" },
    );
    fs::write(prefix.join("server.conf"), main).unwrap();
    let root = prefix.join("pages").display().to_string();
    let of = |revision: &str, more: &str| {
        format!(
            "server {{\n  listen 127.0.0.1:{port};\n  root {root};\n  add_header X-Revision \"{revision}\" always;\n  {more}\n}}\n"
        )
    };
    let site = prefix.join("shop.conf");
    fs::write(&site, of("r1", "")).unwrap();
    let mut command = Command::new(program("nginx"));
    command.arg("-p").arg(prefix).arg("-c").arg(prefix.join("server.conf"));
    let mut server = Server::start(&command, None, &prefix.join("log"));
    serves(&mut server, port);
    journeys("nginx", prefix, port, &site, of);
}

#[test]
fn apache_takes_a_good_configuration_and_keeps_its_own_before_a_bad_one_without_a_failed_request() {
    let directory = tempfile::Builder::new().prefix("apache-").tempdir().unwrap();
    let (prefix, port) = (directory.path(), free_port());
    fs::create_dir(prefix.join("pages")).unwrap();
    fs::write(prefix.join("pages/index.html"), "the shop\n").unwrap();
    let at = prefix.display().to_string();
    let module = |name: &str| format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n");
    let modules = ["mpm_event", "authz_core", "dir", "headers"].map(module).concat();
    let main = format!(
        "ServerRoot {at}\nServerName shop\nPidFile {at}/pid\nErrorLog {at}/errors\nDefaultRuntimeDir {at}\n{modules}\
         Listen 127.0.0.1:{port}\nDocumentRoot {at}/pages\nDirectoryIndex index.html\nStartServers 2\n\
         <Directory {at}/pages>\n  Require all granted\n</Directory>\nInclude {at}/shop.conf\n"
    );
    fs::write(prefix.join("server.conf"), main).unwrap();
    let of = |revision: &str, more: &str| format!("Header always set X-Revision \"{revision}\"\n{more}\n");
    let site = prefix.join("shop.conf");
    fs::write(&site, of("r1", "")).unwrap();
    let mut command = Command::new(program("apache2"));
    command.args(["-DFOREGROUND", "-d"]).arg(prefix).arg("-f").arg(prefix.join("server.conf"));
    let mut server = Server::start(&command, None, &prefix.join("log"));
    serves(&mut server, port);
    journeys("apache", prefix, port, &site, of);
}
