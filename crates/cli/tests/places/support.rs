//! A bench with real hosts: each an sshd with a home directory of its own, known to the `ssh` that the program finds.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use holdpoint_hosts::{Missing, Network, Options, Sshd, skipped, write_ssh};
use serde_json::Value;

use crate::bench::{Bench, HOLDPOINT, Ran};

/// Hosts, and somebody who works with them.
pub struct Stage {
    pub bench: Bench,
    pub hosts: Vec<Sshd>,
    path: String,
}

/// So many hosts; `None`, said and counted, where this machine cannot have them.
pub fn stage(test: &str, count: usize, options: &Options) -> Option<Stage> {
    of(test, (0..count).map(|_| Sshd::on_loopback(options)).collect())
}

/// One host whose cable can be pulled out.
pub fn stage_with_cable(test: &str) -> Option<Stage> {
    let host = Network::create().and_then(|network| Sshd::behind(network, &Options::default()));
    of(test, host.map(|host| vec![host]))
}

/// These hosts; `None`, said and counted, where this machine cannot have them.
pub fn of(test: &str, hosts: Result<Vec<Sshd>, Missing>) -> Option<Stage> {
    let hosts = hosts.map_err(|missing| skipped(test, &missing)).ok()?;
    let bench = Bench::new();
    let bin = bench.all().join("bin");
    fs::create_dir(&bin).unwrap();
    let path = std::env::var("PATH").unwrap();
    write_ssh(&bin, &path, &hosts).unwrap();
    let path = format!("{}:{path}", bin.display());
    let stage = Stage { bench, hosts, path };
    let places: Vec<String> = (0..stage.hosts.len()).map(|host| format!("{:?}", stage.place(host))).collect();
    let config = format!(
        "[environments.staging]\nrehearsal = true\n[environments.staging.targets]\nweb = [{}]\n",
        places.join(", ")
    );
    stage.bench.file("holdpoint.toml", &config);
    Some(stage)
}

impl Stage {
    /// A host as the configuration names it.
    pub fn place(&self, host: usize) -> String {
        format!("ssh://{}", self.hosts[host].host())
    }

    /// A file on a host, which is on this machine too.
    pub fn on(&self, host: usize, name: &str) -> PathBuf {
        self.hosts[host].home().join(name)
    }

    pub fn text(&self, host: usize, name: &str) -> String {
        fs::read_to_string(self.on(host, name)).unwrap_or_default()
    }

    /// What a host keeps of attempts.
    pub fn kept(&self, host: usize) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.on(host, ".holdpoint/attempts")).into_iter().flatten();
        entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect()
    }

    /// `holdpoint` with these words.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = self.bench.command(HOLDPOINT);
        command.args(words).env("PATH", &self.path);
        command
    }

    /// The same on a terminal, which becomes 80 columns wide when a line is typed.
    pub fn command_on_a_terminal(&self, words: &[&str]) -> Command {
        let mut command = self.bench.command("/bin/sh");
        let session = r#"read -r _; stty sane cols 80 rows 50; exec "$@""#;
        command.args(["-c", session, "sh", HOLDPOINT]).args(words);
        command.env("PATH", &self.path).env("TERM", "xterm-256color");
        command
    }

    #[track_caller]
    pub fn ends(&self, code: i32, words: &[&str]) -> Ran {
        let ran = Ran::of(self.command(words).output().unwrap());
        assert_eq!(ran.code, code, "{words:?}\n{}\n{}", ran.stdout, ran.stderr);
        ran
    }

    /// Runs `book.md` with these steps, unattended.
    #[track_caller]
    pub fn runs(&self, code: i32, front: &str, body: &str) -> Ran {
        self.book(front, body);
        self.ends(code, &RUN)
    }

    pub fn book(&self, front: &str, body: &str) {
        self.bench.file("book.md", &format!("---\nrunbook: 1\n{front}---\n# A\n\n{body}"));
    }

    /// Blocks' events: what, where, how it ended.
    pub fn blocks(&self) -> Vec<String> {
        let events = self.bench.events(1).into_iter().filter(|event| event["attempt"].is_u64());
        events
            .map(|event| {
                let place = event["place"].as_str().unwrap_or("here");
                let number = (0..self.hosts.len()).find(|host| self.place(*host) == place);
                let place = number.map_or(place.to_owned(), |number| format!("@{number}"));
                let end = event["outcome"].as_str().unwrap_or("started");
                format!("{} {place} {end}", event["action"].as_str().unwrap())
            })
            .collect()
    }

    /// The stored standard output of the only end of an action at a host.
    pub fn output(&self, action: &str, host: usize) -> String {
        self.output_of(action, Some(&self.place(host)))
    }

    /// The same of one at no place of a target.
    pub fn printed(&self, action: &str) -> String {
        self.output_of(action, None)
    }

    fn output_of(&self, action: &str, place: Option<&str>) -> String {
        let of = |event: &Value| event["action"] == action && event["place"].as_str() == place;
        let ends = self.bench.of_type(1, "action.finished");
        let ends: Vec<&Value> = ends.iter().filter(|event| of(event)).collect();
        assert_eq!(ends.len(), 1, "{ends:#?}");
        let digest = ends[0]["output"]["stdout"]["sha256"].as_str().unwrap();
        fs::read_to_string(self.bench.run_dir(1).join("blobs/sha256").join(digest)).unwrap()
    }

    /// The run is sealed and nothing is wrong with it; hosts keep nothing of it.
    #[track_caller]
    pub fn is_over_and_clean(&self) {
        self.ends(0, &["verify", "1"]).says("intact and complete");
        for host in 0..self.hosts.len() {
            assert_eq!(self.kept(host), Vec::<PathBuf>::new());
        }
    }
}

/// The words of a run of `book.md`.
pub const RUN: [&str; 5] = ["run", "book.md", "--env", "staging", "--unattended"];

/// Whether any file below a directory holds a text.
pub fn holds(directory: &Path, text: &str) -> Option<PathBuf> {
    for entry in fs::read_dir(directory).into_iter().flatten().map(|entry| entry.unwrap()) {
        let path = entry.path();
        let kind = entry.file_type().unwrap();
        let found = if kind.is_dir() {
            holds(&path, text)
        } else if kind.is_file() {
            let bytes = fs::read(&path).unwrap_or_default();
            bytes.windows(text.len()).any(|window| window == text.as_bytes()).then_some(path)
        } else {
            None
        };
        if found.is_some() {
            return found;
        }
    }
    None
}
