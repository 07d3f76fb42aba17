//! A shell that has been started and waits to be told where it begins, and with that to run its script.
//!
//! Every shell begins so: nothing of a script runs before the caller knows the process, and has written it down. It
//! waits at the root directory, so that one which is started ahead, while the block before it runs, keeps no other
//! busy, and goes where it belongs when it is told to. It reads a pipe of which this process alone has the other end: if
//! this process is gone, so is the pipe, and the shell ends without having run anything.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use crate::ProcessGroup;
use crate::exit::Exit;
use crate::interpreter::{Interpreter, Kind};
use crate::prepare::{Prepared, SECRETS};
use crate::registry::Registry;
use crate::scratch::{Scratch, ScriptFile};
use crate::shell::Wrapper;
use crate::spawn::{Program, Spawned, spawn};
use crate::streams::{Feed, Inbox, Tap};

/// A process with everything between it and us.
pub(crate) struct Linked {
    pub(crate) group: ProcessGroup,
    pub(crate) exit: Exit,
    pub(crate) stdout: Tap,
    pub(crate) stderr: Tap,
    pub(crate) inbox: Inbox,
    pub(crate) registry: Registry,
    /// Must live as long as the process.
    pub(crate) files: ScriptFile,
}

/// A shell that waits.
pub(crate) struct Waiting {
    linked: Linked,
    stdin: OwnedFd,
    prepared: Prepared,
    /// Whether it waits elsewhere than where its block begins.
    elsewhere: bool,
}

impl fmt::Debug for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiting").field("group", &self.group()).finish_non_exhaustive()
    }
}

/// Why a process was not started, for the operator.
type Why = String;

impl Linked {
    /// A process that is no shell: it begins at once.
    pub(crate) fn start(prepared: &Prepared, scratch: &Scratch) -> Result<Linked, Why> {
        let files = files(prepared, scratch)?;
        let nothing = File::open("/dev/null").map_err(|error| could_not_start(prepared, &error))?;
        Linked::with(prepared, files, None, nothing.into())
    }

    /// Starts it where its block begins, or, a shell, where this process is: `here`.
    fn with(
        prepared: &Prepared,
        files: ScriptFile,
        here: Option<&Path>,
        stdin: OwnedFd,
    ) -> Result<Linked, Why> {
        let secrets = files.secrets.clone();
        let program = Program {
            path: &prepared.program,
            arguments: &prepared.arguments(&files, here.is_some()),
            environment: &prepared.environment,
            // `PWD` keeps the name by which the shell went there, symbolic links and all; shells check it.
            own: [(SECRETS, &secrets), ("PWD", here.unwrap_or(&prepared.cwd))],
            cwd: if here.is_some() { None } else { Some(&prepared.cwd) },
        };
        let linked = || -> io::Result<Linked> {
            let inbox = Inbox::on(files.fifo.as_deref())?;
            let registry = Registry::on(&files.secrets)?;
            let Spawned { group, exit, stdout, stderr } = spawn(&program, stdin)?;
            let (stdout, stderr) = (Tap::on(stdout)?, Tap::on(stderr)?);
            Ok(Linked { group, exit, stdout, stderr, inbox, registry, files })
        };
        linked().map_err(|error| could_not_start(prepared, &error))
    }
}

impl Waiting {
    /// Starts a shell whose block begins now.
    pub(crate) fn start(prepared: Prepared, scratch: &Scratch) -> Result<Waiting, Why> {
        let here = if has_one_name(&prepared.cwd) { std::env::current_dir().ok() } else { None };
        Waiting::at(prepared, scratch, here)
    }

    /// Starts a shell before it is known whether and where its block will begin. `None`: where this process is cannot
    /// be told.
    pub(crate) fn start_ahead(prepared: Prepared, scratch: &Scratch) -> Option<Waiting> {
        let here = std::env::current_dir().ok()?;
        Waiting::at(prepared, scratch, Some(here)).ok()
    }

    fn at(prepared: Prepared, scratch: &Scratch, here: Option<PathBuf>) -> Result<Waiting, Why> {
        let files = files(&prepared, scratch)?;
        let (reader, stdin) = os_pipe::pipe().map_err(|error| could_not_start(&prepared, &error))?;
        let linked = Linked::with(&prepared, files, here.as_deref(), reader.into())?;
        Ok(Waiting { linked, stdin: stdin.into(), prepared, elsewhere: here.is_some() })
    }

    pub(crate) fn group(&self) -> ProcessGroup {
        self.linked.group
    }

    /// Whether this shell is the one that would be started now: the same program, script and environment. Where it
    /// begins, and variables that are not exported, it is told later.
    pub(crate) fn fits(&mut self, wanted: &Prepared) -> bool {
        self.prepared.starts_like(wanted) && has_one_name(&wanted.cwd) && !self.linked.exit.is_over()
    }

    /// Tells the shell where it begins: from now on the script runs.
    pub(crate) fn begin(self, prepared: &Prepared) -> io::Result<(Linked, Feed)> {
        let text = prepared.beginning(self.elsewhere);
        Ok((self.linked, Feed::on(self.stdin, text)?))
    }
}

/// Whether `cd` and the system mean the same by this path: a shell takes `..` out of it first.
fn has_one_name(cwd: &Path) -> bool {
    let plain = cwd.components().all(|part| matches!(part, Component::RootDir | Component::Normal(_)));
    // `components` leaves out what means nothing; shells keep it in `PWD`.
    plain && cwd.components().collect::<std::path::PathBuf>().as_os_str() == cwd.as_os_str()
}

pub(crate) fn files(prepared: &Prepared, scratch: &Scratch) -> Result<ScriptFile, Why> {
    let shell = prepared.interpreter.kind != Kind::Other;
    scratch
        .script(&prepared.name, prepared.interpreter.extension(), &prepared.script, shell)
        .map_err(|error| format!("the script cannot be written to {}: {error}", scratch.path().display()))
}

impl Prepared {
    /// What the program is called with. `elsewhere`: it is started in another directory than the one it begins in.
    pub(crate) fn arguments(&self, files: &ScriptFile, elsewhere: bool) -> Vec<OsString> {
        let wrapper = files.fifo.as_ref().map(|fifo| Wrapper {
            kind: self.interpreter.kind,
            script: &files.script,
            fifo,
            input: self.input,
            strict: self.strict,
            traced: self.interpreter.traces(),
            elsewhere,
            withheld: &[],
        });
        arguments(&self.interpreter, (&self.name, self.strict), &files.script, wrapper.as_ref())
    }
}

/// What a program is called with for a script: a shell with a wrapper around it, any other with its file's name.
pub(crate) fn arguments(
    interpreter: &Interpreter,
    (name, strict): (&str, bool),
    script: &Path,
    wrapper: Option<&Wrapper<'_>>,
) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = interpreter.head[1..].iter().map(OsString::from).collect();
    if interpreter.kind == Kind::Bash {
        arguments.extend(["--noprofile", "--norc"].map(OsString::from));
    }
    arguments.extend(interpreter.arguments.iter().map(OsString::from));
    match wrapper {
        Some(wrapper) => {
            let text = OsStr::from_bytes(&wrapper.text()).to_owned();
            arguments.extend(["-c".into(), text, name.into()]);
        }
        None => {
            let options = if strict { interpreter.strict_options() } else { &[] };
            arguments.extend(options.iter().map(OsString::from));
            arguments.push(script.into());
        }
    }
    arguments
}

pub(crate) fn could_not_start(prepared: &Prepared, error: &io::Error) -> Why {
    let program = prepared.program.display();
    match error.kind() {
        io::ErrorKind::ArgumentListTooLong => format!(
            "`{program}` could not be started: the exported variables are too large for the system; export fewer or \
             shorter ones"
        ),
        _ => format!("`{program}` could not be started: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_path_that_says_the_same_to_everybody_is_gone_to_by_name() {
        for (path, expected) in [
            ("/", true),
            ("/a/b c", true),
            ("/a/../b", false),
            ("/a/./b", false),
            ("/a//b", false),
            ("/a/", false),
            ("//a", false),
            ("a", true),
        ] {
            assert_eq!(has_one_name(Path::new(path)), expected, "{path}");
        }
    }
}
