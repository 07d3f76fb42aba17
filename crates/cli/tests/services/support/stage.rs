//! A scratch repository with the run-books and the configuration that is shipped with them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use base64ct::{Base64, Base64Unpadded, Encoding};
use holdpoint_xtask::command::{git, hermetic, output};
use holdpoint_xtask::{tools, workspace};

/// A repository whose staging environment is what the test started.
pub struct Stage {
    all: tempfile::TempDir,
}

/// What came of a command: its code, and both outputs.
pub struct Ran {
    pub code: i32,
    pub told: String,
}

impl Stage {
    /// The repository of this program's run-books, with these variables in staging. Those that the example does not have
    /// are an error: run-books use none that it does not explain.
    pub fn new(vars: &[(&str, &str)]) -> Stage {
        let stage = Stage { all: tempfile::Builder::new().prefix("service-").tempdir().unwrap() };
        for name in ["repo/runbooks/services", "repo/scripts/services", "home", "tmp"] {
            fs::create_dir_all(stage.all.path().join(name)).unwrap();
        }
        for entry in fs::read_dir(workspace().join("runbooks/services")).unwrap() {
            let path = entry.unwrap().path();
            let to = stage.repo().join("runbooks/services").join(path.file_name().unwrap());
            fs::copy(&path, to).unwrap();
        }
        let example = fs::read_to_string(workspace().join("examples/services/holdpoint.toml")).unwrap();
        let (mut staging, production) =
            example.split_once("[environments.production]\n").map(|(a, b)| (a.to_owned(), b)).unwrap();
        for (name, value) in vars {
            let begins = format!("{name} = ");
            let line = staging.lines().find(|line| line.starts_with(&begins));
            let line = line.unwrap_or_else(|| panic!("{name} is not in the example")).to_owned();
            staging = staging.replace(&line, &format!("{name} = {value:?}"));
        }
        stage.write("holdpoint.toml", &format!("{staging}[environments.production]\n{production}"));
        stage.write(".gitignore", ".holdpoint/\n");
        stage.commit();
        stage
    }

    /// The repository's root.
    pub fn repo(&self) -> PathBuf {
        self.all.path().join("repo")
    }

    /// A directory beside the repository.
    pub fn beside(&self, name: &str) -> PathBuf {
        let path = self.all.path().join(name);
        fs::create_dir_all(&path).unwrap();
        path
    }

    /// Writes a file of the repository.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.repo().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    /// Writes an executable file of the repository.
    pub fn script(&self, name: &str, text: &str) {
        use std::os::unix::fs::PermissionsExt;
        let path = self.write(name, text);
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Makes a program the one that blocks find under this name.
    pub fn program(&self, name: &str, path: &Path) {
        std::os::unix::fs::symlink(path, self.beside("bin").join(name)).unwrap();
    }

    /// Commits what the test has written.
    pub fn commit_all(&self) {
        for words in [&["add", "--all"][..], &["commit", "--quiet", "--message", "Go on"]] {
            output(git(&self.repo()).args(words)).unwrap();
        }
    }

    fn commit(&self) {
        let root = self.repo();
        for words in [
            &["init", "--quiet", "--initial-branch=main"][..],
            &["config", "user.name", "Olive Operator"],
            &["config", "user.email", "ops@example.org"],
            &["add", "--all"],
            &["commit", "--quiet", "--message", "Begin"],
        ] {
            output(git(&root).args(words)).unwrap();
        }
    }

    /// `holdpoint` in the repository, with this environment beside a bare one.
    pub fn holdpoint(&self, words: &[&str], environment: &[(&str, &str)]) -> Ran {
        let mut command = Command::new(env!("CARGO_BIN_EXE_holdpoint"));
        let path = tools::search_path();
        let path = [self.all.path().join("bin")].into_iter().chain(std::env::split_paths(&path));
        let path = std::env::join_paths(path).unwrap();
        command.args(words).current_dir(self.repo()).stdin(Stdio::null()).env_clear();
        command.env("PATH", path).env("HOME", self.all.path().join("home")).env("LC_ALL", "C.UTF-8");
        command.env("TMPDIR", self.all.path().join("tmp")).env("TZ", "UTC");
        hermetic(&mut command).envs(environment.iter().copied());
        let output = command.output().unwrap();
        let told = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        Ran { code: output.status.code().unwrap(), told: told.join("\n") }
    }

    /// Runs a run-book in staging, asking nobody, and proves its record: intact, and without one of the secrets in any form.
    /// Nor may anybody have seen one in the list of processes meanwhile.
    #[track_caller]
    pub fn run(&self, book: &str, answers: &str, secrets: &[(&str, &str)]) -> Ran {
        self.write(".holdpoint/answers.yaml", answers);
        let book = format!("runbooks/services/{book}.md");
        let words =
            ["run", &book, "--env", "staging", "--unattended", "--answers", ".holdpoint/answers.yaml"];
        let over = AtomicBool::new(false);
        let ran = std::thread::scope(|scope| {
            let watch = scope.spawn(|| arguments_lack(secrets, &over));
            let ran = self.holdpoint(&words, secrets);
            over.store(true, Ordering::SeqCst);
            let seen = watch.join().unwrap();
            assert!(seen.is_empty(), "in the list of processes: {seen:?}");
            ran
        });
        assert_ne!(ran.code, 2, "{}", ran.told);
        let verified = self.holdpoint(&["verify", "latest"], &[]);
        assert_eq!(verified.code, 0, "{}\n{}", verified.told, ran.told);
        for (name, secret) in secrets {
            assert!(!ran.told.contains(secret), "{name} was shown: {}", ran.told);
            self.record_lacks(name, secret);
        }
        ran
    }

    /// Runs a run-book that must end with this code.
    #[track_caller]
    pub fn ends(&self, code: i32, book: &str, answers: &str, secrets: &[(&str, &str)]) -> String {
        let ran = self.run(book, answers, secrets);
        assert_eq!(ran.code, code, "{}", ran.told);
        ran.told
    }

    /// No file of any record holds this in any form that a masked value could have escaped in.
    pub fn record_lacks(&self, name: &str, secret: &str) {
        self.files_lack(&self.repo().join(".holdpoint/runs"), name, secret);
    }

    /// Nor does any file below this directory.
    pub fn files_lack(&self, directory: &Path, name: &str, secret: &str) {
        let mut forms = vec![secret.to_owned(), secret.bytes().map(|byte| format!("{byte:02x}")).collect()];
        // However it falls into groups of three bytes, without the characters that hold bits of its neighbours.
        for before in 0..3 {
            let text = Base64Unpadded::encode_string(format!("{}{secret}", &"   "[..before]).as_bytes());
            forms.push(text[[0, 2, 3][before]..text.len() - 2].to_owned());
        }
        forms.push(Base64::encode_string(secret.as_bytes()));
        let files = files(directory);
        assert!(!files.is_empty());
        for file in files {
            let bytes = fs::read(&file).unwrap();
            let text = String::from_utf8_lossy(&bytes);
            for form in &forms {
                assert!(!text.contains(form), "{name} as {form} in {}", file.display());
            }
        }
    }
}

/// Looks at the list of processes again and again; what it saw of the secrets there.
fn arguments_lack(secrets: &[(&str, &str)], over: &AtomicBool) -> Vec<String> {
    let mut seen = Vec::new();
    while !over.load(Ordering::SeqCst) && !secrets.is_empty() {
        for process in fs::read_dir("/proc").unwrap().flatten() {
            let arguments = fs::read(process.path().join("cmdline")).unwrap_or_default();
            let arguments = String::from_utf8_lossy(&arguments).into_owned();
            if secrets.iter().any(|(_, secret)| arguments.contains(secret)) {
                seen.push(arguments);
            }
        }
        std::thread::park_timeout(Duration::from_millis(10));
    }
    seen
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}
