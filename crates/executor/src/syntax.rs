//! Asking a shell whether a script parses, without running it.

use std::ffi::OsString;
use std::io;

use crate::interpreter::{Interpreter, Kind, find};

/// Why a shell cannot parse a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// The script's line, counted from 1, that the shell names; 1 where it names none.
    pub line: usize,
    /// The shell's own message, without its name and the line.
    pub message: String,
}

/// The question could not be put to the shell.
#[derive(Debug, thiserror::Error)]
pub enum Unchecked {
    /// There is no such program.
    #[error("the interpreter `{0}` was not found, so the script could not be checked")]
    NoInterpreter(String),
    /// The program could not be talked to.
    #[error("`{program}` could not be asked whether the script parses")]
    Failed {
        /// The program.
        program: String,
        /// What went wrong.
        #[source]
        source: io::Error,
    },
}

/// Asks `bash -n` or `sh -n` whether a script parses; `None` if it does, or if the interpreter is no shell. Runs
/// nothing of the script and writes no file. Waits for the shell, some milliseconds.
///
/// A here-document that never ends is an error here, though bash only warns of it: it has swallowed the rest of the
/// script. Extended globs are taken to be on, as a script may switch them on by itself.
pub fn syntax_error(interpreter: &[String], script: &str) -> Result<Option<SyntaxError>, Unchecked> {
    let no_interpreter = |name: &str| Unchecked::NoInterpreter(name.to_owned());
    let interpreter = Interpreter::read(interpreter).ok_or_else(|| no_interpreter(""))?;
    if interpreter.kind == Kind::Other {
        return Ok(None);
    }
    let name = &interpreter.head[0];
    let failed = |source| Unchecked::Failed { program: name.clone(), source };
    let here = std::env::current_dir().map_err(failed)?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    let program = find(name, &here, [path.as_os_str()]).ok_or_else(|| no_interpreter(name))?;
    let mut arguments: Vec<OsString> = interpreter.head[1..].iter().map(OsString::from).collect();
    match interpreter.kind {
        Kind::Bash => arguments.extend(["--noprofile", "--norc", "-O", "extglob", "-n"].map(OsString::from)),
        _ => arguments.push("-n".into()),
    }
    let output = duct::cmd(program, arguments)
        .env("LC_ALL", "C")
        .env_remove("BASH_ENV")
        .env_remove("SHELLOPTS")
        .stdin_bytes(script)
        .stdout_null()
        .stderr_capture()
        .unchecked()
        .run()
        .map_err(failed)?;
    let messages = String::from_utf8_lossy(&output.stderr).into_owned();
    let found = messages.lines().find_map(located);
    match found {
        Some(error) => Ok(Some(error)),
        None if output.status.success() => Ok(None),
        None => Ok(Some(SyntaxError { line: 1, message: messages.trim().to_owned() })),
    }
}

/// `bash: line 3: MESSAGE` or `sh: 3: MESSAGE`.
fn located(line: &str) -> Option<SyntaxError> {
    let mut parts = line.splitn(3, ": ");
    let (_shell, place, message) = (parts.next()?, parts.next()?, parts.next()?);
    let line = place.strip_prefix("line ").unwrap_or(place).parse().ok()?;
    // The line where it begins is where to look, not the end of the file.
    let opened =
        message.strip_prefix("warning: here-document at line ").and_then(|rest| rest.split(' ').next());
    let line = opened.and_then(|opened| opened.parse().ok()).unwrap_or(line);
    Some(SyntaxError { line, message: message.to_owned() })
}
