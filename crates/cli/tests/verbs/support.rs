//! A hermetic place to run the real binary in: cleared environment, fixed operator, zone and Git identity.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Who operates unless a test says otherwise.
pub const OPERATOR: &str = "ops@example.org";

/// The program under test.
pub const HOLDPOINT: &str = env!("CARGO_BIN_EXE_holdpoint");

/// A directory to work in, with a home and a temporary directory of its own.
pub struct Bench {
    temp: tempfile::TempDir,
}

/// What came of a command.
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Bench {
    /// A directory outside of any repository.
    pub fn new() -> Bench {
        let temp = tempfile::tempdir().unwrap();
        for name in ["repo", "home", "tmp"] {
            fs::create_dir(temp.path().join(name)).unwrap();
        }
        Bench { temp }
    }

    /// The same with files in it.
    pub fn with(files: &[(&str, &str)]) -> Bench {
        let bench = Bench::new();
        for (name, text) in files {
            bench.file(name, text);
        }
        bench
    }

    /// Where commands run.
    pub fn root(&self) -> PathBuf {
        self.temp.path().join("repo")
    }

    /// Everything that belongs to the bench.
    pub fn all(&self) -> &Path {
        self.temp.path()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root().join(name)
    }

    pub fn file(&self, name: &str, text: &str) -> &Bench {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    pub fn exists(&self, name: &str) -> bool {
        fs::symlink_metadata(self.path(name)).is_ok()
    }

    pub fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// A command in the hermetic environment, standard input empty.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        let bin = Path::new(HOLDPOINT).parent().unwrap();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = std::env::join_paths([bin.to_owned()].into_iter().chain(std::env::split_paths(&path)));
        command
            .env_clear()
            .current_dir(self.root())
            .stdin(Stdio::null())
            .env("PATH", path.unwrap())
            .env("HOME", self.all().join("home"))
            .env("TMPDIR", self.all().join("tmp"))
            .env("TZ", "UTC")
            .env("LC_ALL", "C.UTF-8")
            .env("HOLDPOINT_OPERATOR", OPERATOR)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CEILING_DIRECTORIES", self.all())
            .env("GIT_AUTHOR_NAME", "Somebody")
            .env("GIT_AUTHOR_EMAIL", "somebody@example.org")
            .env("GIT_COMMITTER_NAME", "Somebody")
            .env("GIT_COMMITTER_EMAIL", "somebody@example.org")
            .env("GIT_AUTHOR_DATE", "2026-01-01T00:00:00Z")
            .env("GIT_COMMITTER_DATE", "2026-01-01T00:00:00Z");
        command
    }

    /// `holdpoint` with these arguments.
    pub fn holdpoint(&self, arguments: &[&str]) -> Ran {
        let mut command = self.command(HOLDPOINT);
        Ran::of(command.args(arguments).output().unwrap())
    }

    /// `holdpoint`, which must end with this code.
    pub fn ends(&self, code: i32, arguments: &[&str]) -> Ran {
        let ran = self.holdpoint(arguments);
        assert_eq!(ran.code, code, "{arguments:?}\n{}\n{}", ran.stdout, ran.stderr);
        ran
    }

    /// A shell command line, which must succeed.
    pub fn sh(&self, line: &str) -> String {
        let ran = Ran::of(self.command("sh").args(["-euc", line]).output().unwrap());
        assert_eq!(ran.code, 0, "{line}\n{}\n{}", ran.stdout, ran.stderr);
        ran.stdout
    }

    /// Makes it a repository with everything committed.
    pub fn committed(&self) -> &Bench {
        self.sh("git init -q -b main . && git add -A && git commit -qm first");
        self
    }

    /// The run's directory.
    pub fn run_dir(&self, number: u64) -> PathBuf {
        let prefix = format!("{number:04}-");
        let entries = fs::read_dir(self.path(".holdpoint/runs")).unwrap();
        let named = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with(&prefix);
        entries.map(|entry| entry.unwrap().path()).find(named).unwrap()
    }

    /// The run's events.
    pub fn events(&self, number: u64) -> Vec<Value> {
        events(&self.run_dir(number))
    }

    /// Events of one type.
    pub fn of_type(&self, number: u64, kind: &str) -> Vec<Value> {
        self.events(number).into_iter().filter(|event| event["type"] == kind).collect()
    }

    /// Every path under the bench with what it is: `git`'s own files aside.
    pub fn tree(&self) -> BTreeMap<String, String> {
        let mut tree = BTreeMap::new();
        walk(self.all(), self.all(), &mut tree);
        tree
    }

    /// Text that does not differ from machine to machine.
    pub fn plain(&self, text: &str) -> String {
        let all = self.all().canonicalize().unwrap();
        text.replace(all.to_str().unwrap(), "[BENCH]").replace(self.all().to_str().unwrap(), "[BENCH]")
    }
}

impl Ran {
    pub fn of(output: Output) -> Ran {
        Ran {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Standard output as JSON; nothing else may stand there.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}", self.stdout))
    }

    /// Both streams.
    pub fn both(&self) -> String {
        format!("{}\n{}", self.stdout, self.stderr)
    }

    #[track_caller]
    pub fn says(&self, what: &str) -> &Ran {
        let all = self.both();
        // Problems are broken at words.
        let whole = all.replace("\n  | ", " ").replace("\n        ", " ");
        assert!(all.contains(what) || whole.contains(what), "{what:?} is not in\n{all}");
        self
    }
}

/// Events of a run directory.
pub fn events(dir: &Path) -> Vec<Value> {
    let text = fs::read_to_string(dir.join("run.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Rewrites a record's events as an insider with the store in hand would: numbers, chain and seal fit again, and the
/// last one ends its write.
pub fn forge(dir: &Path, how: impl FnOnce(&mut Vec<Value>)) {
    let mut events = events(dir);
    how(&mut events);
    let mut log = Vec::new();
    let count = events.len();
    for (n, mut event) in events.into_iter().enumerate() {
        event["n"] = json!(n);
        event["prev"] = json!(sha256(&log));
        if n + 1 == count {
            event.as_object_mut().unwrap().shift_remove("more");
        }
        log.extend(serde_json::to_vec(&event).unwrap());
        log.push(b'\n');
    }
    fs::write(dir.join("run.jsonl"), &log).unwrap();
    let path = dir.join("seal.json");
    if let Ok(bytes) = fs::read(&path) {
        let mut seal: Value = serde_json::from_slice(&bytes).unwrap();
        seal["events"] = json!(count);
        seal["bytes"] = json!(log.len());
        seal["sha256"] = json!(sha256(&log));
        fs::write(path, serde_json::to_vec(&seal).unwrap()).unwrap();
    }
}

/// Lower-case hex of a SHA-256.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Permission bits.
pub fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
}

/// Every file below `root` as bytes, for "this text is nowhere".
pub fn files(root: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push((path.clone(), fs::read(&path).unwrap())),
        }
    }
    found
}

fn walk(base: &Path, at: &Path, tree: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(at).unwrap() {
        let path = entry.unwrap().path();
        let name = path.strip_prefix(base).unwrap().to_string_lossy().into_owned();
        let kind = fs::symlink_metadata(&path).unwrap().file_type();
        if kind.is_dir() && path.file_name() != Some(OsStr::new(".git")) {
            tree.insert(name, format!("directory {:o}", mode(&path)));
            walk(base, &path, tree);
        } else if kind.is_file() {
            tree.insert(name, format!("file {:o} {}", mode(&path), sha256(&fs::read(&path).unwrap())));
        } else {
            tree.insert(name, "other".to_owned());
        }
    }
}
