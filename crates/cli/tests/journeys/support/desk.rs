//! A directory to work in and a surrounding that knows nothing of the user's own.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use super::{Record, Terminal};

/// Who operates.
pub const OPS: &str = "ops@example.org";
/// Who may sign off, and is somebody else.
pub const QA: &str = "qa@example.org";

/// People and roles, as most of the journeys want them.
const PEOPLE: &str = r#"
[people."ops@example.org"]
name = "Olive Operator"
[people."qa@example.org"]
name = "Quinn Auditor"
[people."night@example.org"]
name = "Nora Night"
[roles]
operator = ["ops@example.org", "qa@example.org"]
qa = ["qa@example.org", "ops@example.org"]
"#;

/// A place to work at: `work/` with run-books, `home/`, `tmp/`. Gone when dropped.
pub struct Desk {
    all: TempDir,
    work: PathBuf,
    extra: Vec<(String, String)>,
}

impl Desk {
    /// An empty one.
    pub fn new() -> Desk {
        let all = tempfile::Builder::new().prefix("journey-").tempdir().unwrap();
        let root = all.path().canonicalize().unwrap();
        for part in ["work", "home", "tmp"] {
            std::fs::create_dir(root.join(part)).unwrap();
        }
        // Most journeys are about what is asked.
        let own = root.join("home/.config/holdpoint");
        std::fs::create_dir_all(&own).unwrap();
        std::fs::write(own.join("config.toml"), "checks = \"ask\"\n").unwrap();
        Desk { all, work: root.join("work"), extra: Vec::new() }
    }

    /// One with this run-book, `book.md`, and with people and roles.
    pub fn with(book: &str) -> Desk {
        let desk = Desk::new();
        desk.write("book.md", book);
        desk.write("holdpoint.toml", PEOPLE);
        desk
    }

    /// The same, working in `directory`.
    pub fn in_directory(mut self, directory: &Path) -> Desk {
        self.work = directory.to_owned();
        self
    }

    /// One more variable for everything that is started here.
    pub fn set(mut self, name: &str, value: impl Into<String>) -> Desk {
        self.extra.push((name.to_owned(), value.into()));
        self
    }

    /// Adds to the configuration.
    pub fn configure(self, more: &str) -> Desk {
        self.write("holdpoint.toml", &format!("{PEOPLE}\n{more}"));
        self
    }

    /// A file in the directory one works in.
    pub fn path(&self, name: &str) -> PathBuf {
        self.work.join(name)
    }

    /// Everything that belongs to this desk, home and temporary files included.
    pub fn root(&self) -> PathBuf {
        self.all.path().canonicalize().unwrap()
    }

    /// Writes a file.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        std::fs::write(self.path(name), text).unwrap();
        self.path(name)
    }

    /// Writes a program.
    pub fn program(&self, name: &str, text: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt;
        let path = self.write(name, text);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    /// What a file holds; nothing if it is not there.
    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// A program in this surrounding.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        let root = self.root();
        let from_outside =
            ["PATH", "RUSTUP_HOME", "CARGO_HOME", "RUSTUP_TOOLCHAIN", "LLVM_PROFILE_FILE"].into_iter();
        command.env_clear().current_dir(&self.work);
        command.envs(from_outside.filter_map(|name| Some((name, std::env::var_os(name)?))));
        // The tools that the sample product is built with may live below the user's home.
        if let (None, Some(home)) = (std::env::var_os("RUSTUP_HOME"), std::env::var_os("HOME")) {
            command.env("RUSTUP_HOME", Path::new(&home).join(".rustup"));
        }
        command.env("HOME", root.join("home")).env("TMPDIR", root.join("tmp")).env("TZ", "UTC");
        command.env("LANG", "C.UTF-8").env("TERM", "xterm-256color").env("SHELL", "/bin/sh");
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        command.env("GIT_CEILING_DIRECTORIES", &root).env("GIT_TERMINAL_PROMPT", "0");
        command.env("HOLDPOINT_OPERATOR", OPS);
        // What is long is shown at once, but where a test is about pagers.
        command.env("PAGER", "");
        command.envs(self.extra.iter().map(|(name, value)| (name, value)));
        command
    }

    /// `holdpoint` with these words, without a terminal.
    pub fn holdpoint(&self, words: &[&str]) -> Command {
        let mut command = self.command(env!("CARGO_BIN_EXE_holdpoint"));
        command.args(words).stdin(Stdio::null());
        command
    }

    /// Runs it to its end and expects this exit code; standard output and standard error.
    #[track_caller]
    pub fn ends(&self, code: i32, words: &[&str]) -> (String, String) {
        let Output { status, stdout, stderr } = self.holdpoint(words).output().unwrap();
        let (stdout, stderr) = (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap());
        assert_eq!(status.code(), Some(code), "holdpoint {words:?}\n{stdout}\n{stderr}");
        (stdout, stderr)
    }

    /// `holdpoint` with these words, on a terminal.
    pub fn terminal(&self, words: &[&str]) -> Terminal {
        Terminal::start(self, words)
    }

    /// The record of the run with this number.
    pub fn record(&self, number: u32) -> Record {
        let runs = std::fs::read_dir(self.path(".holdpoint/runs")).unwrap();
        let prefix = format!("{number:04}-");
        let named = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().starts_with(&prefix);
        Record::read(&runs.map(|entry| entry.unwrap().path()).find(named).unwrap())
    }

    /// How many runs there are.
    pub fn runs(&self) -> usize {
        let runs = std::fs::read_dir(self.path(".holdpoint/runs"));
        runs.map_or(0, |runs| runs.filter(|entry| entry.as_ref().unwrap().path().is_dir()).count())
    }

    /// The run is sealed, and `verify` finds nothing wrong with it.
    #[track_caller]
    pub fn is_intact_and_complete(&self, number: u32) -> Record {
        let (verdict, _) = self.ends(0, &["verify", &number.to_string()]);
        assert_eq!(verdict.trim_end(), "intact and complete");
        self.record(number)
    }

    /// The run waits, and `verify` finds nothing wrong with it so far.
    #[track_caller]
    pub fn is_intact_and_open(&self, number: u32) -> Record {
        let (verdict, _) = self.ends(0, &["verify", &number.to_string()]);
        assert_eq!(verdict.trim_end(), "intact, open");
        self.record(number)
    }
}
