//! From a job and a state to a process that is ready to be started.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::Job;
use crate::interpreter::{Interpreter, Kind, find};
use crate::names::{crosses, inherited};
use crate::scratch::{Scratch, ScriptFile};
use crate::shell::{StandardInput, Wrapper, restore};
use crate::state::{Array, State, Text};

/// The variable that names the FIFO which secrets are registered through.
const SECRETS: &str = "HOLDPOINT_SECRETS";

/// Environment variables by name.
pub(crate) type Environment = BTreeMap<OsString, OsString>;

/// Everything a process is started from.
pub(crate) struct Prepared {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<OsString>,
    pub(crate) environment: Environment,
    pub(crate) cwd: PathBuf,
    /// What to write to its standard input; empty is `/dev/null`.
    pub(crate) restore: Vec<u8>,
    pub(crate) kind: Kind,
    /// Must live as long as the process.
    pub(crate) files: ScriptFile,
}

/// What of the inherited environment a block may see.
pub(crate) fn base(environment: impl IntoIterator<Item = (OsString, OsString)>) -> Environment {
    environment.into_iter().filter(|(name, _)| inherited(name.as_bytes())).collect()
}

/// Prepares a job. The error says to the operator why it cannot start.
pub(crate) fn prepare(
    job: &Job,
    state: &State,
    base: &Environment,
    scratch: &Scratch,
    input: StandardInput,
) -> Result<Prepared, String> {
    refuse_unusable(job, state)?;
    let interpreter = Interpreter::read(&job.interpreter).ok_or("the block names no interpreter")?;
    let cwd = job.cwd.as_ref().map_or_else(|| state.cwd.clone(), |own| state.cwd.join(own));
    reachable(&cwd)?;
    let mut environment = environment(job, state, base, &cwd);
    let program = locate(&interpreter.head[0], &cwd, &environment, base)?;

    let shell = interpreter.kind != Kind::Other;
    let files = scratch
        .script(&job.name, interpreter.extension(), &job.script, shell)
        .map_err(|error| format!("the script cannot be written to {}: {error}", scratch.path().display()))?;
    environment.insert(SECRETS.into(), files.secrets.clone().into());
    let given: BTreeMap<&str, &str> =
        job.env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let restore = if shell { restore(interpreter.kind, state, &given) } else { Vec::new() };
    let mut arguments: Vec<OsString> = interpreter.head[1..].iter().map(OsString::from).collect();
    if interpreter.kind == Kind::Bash {
        arguments.extend(["--noprofile", "--norc"].map(OsString::from));
    }
    arguments.extend(interpreter.arguments.iter().map(OsString::from));
    match &files.fifo {
        Some(fifo) => {
            let wrapper = Wrapper {
                kind: interpreter.kind,
                script: &files.script,
                fifo,
                restores: !restore.is_empty(),
                input,
                strict: job.strict,
                traced: interpreter.traces(),
            };
            arguments.extend([
                "-c".into(),
                OsStr::from_bytes(&wrapper.text()).to_owned(),
                (&job.name).into(),
            ]);
        }
        None => arguments.push(files.script.clone().into()),
    }
    Ok(Prepared { program, arguments, environment, cwd, restore, kind: interpreter.kind, files })
}

/// NUL cannot be in a variable, a name or an argument; `=` cannot be in a variable's name.
fn refuse_unusable(job: &Job, state: &State) -> Result<(), String> {
    let nul = |text: &[u8]| text.contains(&0);
    for (name, value) in &job.env {
        if name.is_empty() || name.contains('=') || nul(name.as_bytes()) {
            return Err(format!("`{}` cannot be the name of an environment variable", name.escape_debug()));
        }
        if nul(value.as_bytes()) {
            return Err(format!("the value of {name} holds a NUL byte, which no environment variable can"));
        }
    }
    if nul(job.name.as_bytes()) || job.interpreter.iter().any(|word| nul(word.as_bytes())) {
        return Err("the block's name or interpreter holds a NUL byte".to_owned());
    }
    let nul = |text: &Text| nul(text.as_bytes());
    let in_array = |array: &Array| match array {
        Array::Indexed(items) => items.values().any(nul),
        Array::Associative(items) => items.iter().any(|(key, value)| nul(key) || nul(value)),
    };
    if state.exported.values().flatten().chain(state.plain.values()).any(nul)
        || state.arrays.values().any(in_array)
    {
        return Err("the variables carried over hold a NUL byte".to_owned());
    }
    Ok(())
}

fn reachable(cwd: &Path) -> Result<(), String> {
    let unreachable = |why: String| Err(format!("the working directory {} {why}", cwd.display()));
    match std::fs::metadata(cwd) {
        Ok(found) if !found.is_dir() => unreachable("is not a directory".to_owned()),
        Ok(_) if rustix::fs::access(cwd, rustix::fs::Access::EXEC_OK).is_err() => {
            unreachable("cannot be entered: permission denied".to_owned())
        }
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            unreachable("does not exist (any more)".to_owned())
        }
        Err(error) => unreachable(format!("cannot be entered: {error}")),
    }
}

fn environment(job: &Job, state: &State, base: &Environment, cwd: &Path) -> Environment {
    let mut environment = base.clone();
    for (name, value) in state.exported.iter().filter(|(name, _)| crosses(name)) {
        match value {
            Some(value) => environment.insert(name.into(), (**value).to_owned()),
            None => environment.remove(OsStr::new(name)),
        };
    }
    environment.extend(job.env.iter().map(|(name, value)| (name.into(), value.into())));
    // Keeps the name by which the shell went there, symbolic links and all; shells check it.
    environment.insert("PWD".into(), cwd.into());
    environment
}

/// Looks where the block would, then where the program itself was started: a block that ran `PATH=` must not keep
/// the next one from starting.
fn locate(
    program: &str,
    cwd: &Path,
    environment: &Environment,
    base: &Environment,
) -> Result<PathBuf, String> {
    let path = OsStr::new("PATH");
    let paths = [environment.get(path), base.get(path)].into_iter().flatten().map(OsString::as_os_str);
    find(program, cwd, paths).ok_or_else(|| {
        let place =
            if program.contains('/') { "is not a program that can be run" } else { "was not found in PATH" };
        format!("the interpreter `{program}` {place}")
    })
}
