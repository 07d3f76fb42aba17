//! Other programs, run so that a failure names the command and what it said.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::workspace;

/// Runs to the end with our own streams; an unsuccessful end is an error that names the command.
pub fn run(command: &mut Command) -> io::Result<()> {
    let status = command.status().map_err(|error| not_started(command, &error))?;
    if status.success() {
        Ok(())
    } else {
        Err(io::Error::other(format!("{} ended with {status}", line(command))))
    }
}

/// Runs to the end and gives standard output without its last newline; an unsuccessful end is an error that holds
/// what the command wrote to standard error.
pub fn output(command: &mut Command) -> io::Result<String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| not_started(command, &error))?;
    let stdout = String::from_utf8_lossy(&output.stdout);
    if output.status.success() {
        return Ok(stdout.strip_suffix('\n').unwrap_or(&stdout).to_owned());
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    Err(io::Error::other(format!("{} ended with {}\n{stdout}{stderr}", line(command), output.status)))
}

/// The cargo that runs us, else whichever is found.
pub fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(workspace());
    cargo
}

/// Builds, unoptimised, and tells where the program of this name is.
pub fn built(what: &[&str], name: &str) -> io::Result<PathBuf> {
    let mut cargo = cargo();
    cargo.args(["build", "--locked", "--message-format", "json-render-diagnostics"]).args(what);
    let output = cargo.stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(io::Error::other(format!("{name} does not build; what rustc says stands above")));
    }
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|message| message["target"]["name"] == name)
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .ok_or_else(|| io::Error::other(format!("cargo built no program {name}")))
}

/// The command as one would type it, for messages; not quoted for a shell.
pub fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}

/// Whether a program of this name can be run.
pub fn exists(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|directory| directory.join(program).is_file())
}

/// `git` in a directory, deaf to the user's and the machine's configuration, hooks and surroundings.
pub fn git(directory: &Path) -> Command {
    let mut command = Command::new("git");
    command.current_dir(directory);
    hermetic(&mut command);
    command
}

/// Takes from a command's environment what would let the user's Git set-up into a scratch repository.
pub fn hermetic(command: &mut Command) -> &mut Command {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("GIT_") {
            command.env_remove(name);
        }
    }
    command
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_TERMINAL_PROMPT", "0")
}

fn not_started(command: &Command, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{} could not be started: {error}", line(command)))
}
