//! From a job and a state to a process that is ready to be started.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::Metadata;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::Job;
use crate::interpreter::{Interpreter, Kind, find};
use crate::names::{crosses, inherited};
use crate::shell::{READY, StandardInput, arrival, restore};
use crate::state::{Array, State, Text};

/// The variable that names the FIFO which secrets are registered through.
pub(crate) const SECRETS: &str = "HOLDPOINT_SECRETS";
/// The variable that says where programs are looked for.
const PATH: &str = "PATH";

/// Environment variables by name. Every block gets one, and most of it is the same each time: it is shared.
pub(crate) type Environment = BTreeMap<Arc<OsStr>, Arc<OsStr>>;

/// Everything a process is started from, but its files.
#[derive(Clone)]
pub(crate) struct Prepared {
    pub(crate) name: String,
    pub(crate) script: String,
    pub(crate) strict: bool,
    pub(crate) input: StandardInput,
    pub(crate) interpreter: Interpreter,
    pub(crate) program: PathBuf,
    /// Device and inode of the program: a block may put another in its place.
    file: (u64, u64),
    pub(crate) environment: Environment,
    pub(crate) cwd: PathBuf,
    /// Shell text that brings back what the environment cannot carry.
    restore: Vec<u8>,
}

/// What of the inherited environment a block may see.
pub(crate) fn base(environment: impl IntoIterator<Item = (OsString, OsString)>) -> Environment {
    let mine = environment.into_iter().filter(|(name, _)| inherited(name.as_bytes()));
    mine.map(|(name, value)| (name.into(), value.into())).collect()
}

/// Prepares a job. The error says to the operator why it cannot start.
///
/// `after`: what was prepared a moment ago, for a guess at what comes then. Where both look for the same program in the
/// same places it is not looked for again.
pub(crate) fn prepare(
    job: &Job,
    state: &State,
    base: &Environment,
    input: StandardInput,
    after: Option<&Prepared>,
) -> Result<Prepared, String> {
    refuse_unusable(job, state)?;
    let interpreter = Interpreter::read(&job.interpreter).ok_or("the block names no interpreter")?;
    let cwd = job.cwd.as_ref().map_or_else(|| state.cwd.clone(), |own| state.cwd.join(own));
    stays_within(job, &cwd)?;
    let environment = environment(job, state, base);
    let path = OsStr::new(PATH);
    let same = |other: &&Prepared| {
        (&interpreter.head, &cwd) == (&other.interpreter.head, &other.cwd)
            && environment.get(path) == other.environment.get(path)
    };
    let (program, file) = match after.filter(same) {
        Some(other) => (other.program.clone(), other.file),
        None => {
            reachable(&cwd)?;
            let (program, found) = locate(&interpreter.head[0], &cwd, &environment, base)?;
            (program, (found.dev(), found.ino()))
        }
    };
    let given: BTreeMap<&str, &str> =
        job.env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let shell = interpreter.kind != Kind::Other;
    let restore = if shell { restore(interpreter.kind, state, &given) } else { Vec::new() };
    let (name, script, strict) = (job.name.clone(), job.script.clone(), job.strict);
    Ok(Prepared { name, script, strict, input, interpreter, program, file, environment, cwd, restore })
}

impl Prepared {
    /// Whether both are the same process until it is told where it begins.
    pub(crate) fn starts_like(&self, other: &Prepared) -> bool {
        let Prepared { name, script, strict, input, interpreter, program, file, environment, .. } = self;
        (name, script, strict, input) == (&other.name, &other.script, &other.strict, &other.input)
            && (interpreter, program, file) == (&other.interpreter, &other.program, &other.file)
            && *environment == other.environment
    }

    /// What a shell is told when its script is to run: where it begins. `elsewhere`: it was started somewhere
    /// else, perhaps some time ago.
    pub(crate) fn beginning(&self, elsewhere: bool) -> Vec<u8> {
        let arrival = if elsewhere { arrival(self.interpreter.kind, &self.cwd) } else { Vec::new() };
        [&arrival, &self.restore, READY].concat()
    }
}

/// NUL cannot be in a variable, a name or an argument; `=` cannot be in a variable's name.
pub(crate) fn refuse_unusable(job: &Job, state: &State) -> Result<(), String> {
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

/// A directory of the block's own must not lead out of `within`, by a link neither: looked at when it is used.
fn stays_within(job: &Job, cwd: &Path) -> Result<(), String> {
    let (Some(_), Some(within)) = (&job.cwd, &job.within) else { return Ok(()) };
    // One that is not there cannot be entered either, which is told when it is tried.
    let Ok(found) = std::fs::canonicalize(cwd) else { return Ok(()) };
    if std::fs::canonicalize(within).is_ok_and(|within| found.starts_with(within)) {
        return Ok(());
    }
    Err(format!(
        "the working directory {} leads to {}, out of {}",
        cwd.display(),
        found.display(),
        within.display()
    ))
}

pub(crate) fn environment(job: &Job, state: &State, base: &Environment) -> Environment {
    let mut environment = base.clone();
    for (name, value) in state.exported.iter().filter(|(name, _)| crosses(name)) {
        match value {
            Some(value) => environment.insert(OsStr::new(name).into(), (**value).into()),
            None => environment.remove(OsStr::new(name)),
        };
    }
    let own = job.env.iter().map(|(name, value)| (OsStr::new(name).into(), OsStr::new(value).into()));
    environment.extend(own);
    environment
}

/// What a block's environment differs in from the one that its program starts with; `None` is a variable that it does not
/// get.
pub(crate) fn changes<'a>(job: &'a Job, state: &'a State) -> BTreeMap<&'a OsStr, Option<&'a OsStr>> {
    let carried = state.exported.iter().filter(|(name, _)| crosses(name));
    let carried = carried.map(|(name, value)| (OsStr::new(name), value.as_ref().map(|value| &**value)));
    let own = job.env.iter().map(|(name, value)| (OsStr::new(name), Some(OsStr::new(value))));
    carried.chain(own).collect()
}

/// Looks where the block would, then where the program itself was started: a block that ran `PATH=` must not keep
/// the next one from starting.
fn locate(
    program: &str,
    cwd: &Path,
    environment: &Environment,
    base: &Environment,
) -> Result<(PathBuf, Metadata), String> {
    let path = OsStr::new(PATH);
    let paths = [environment.get(path), base.get(path)].into_iter().flatten().map(|paths| &**paths);
    find(program, cwd, paths).ok_or_else(|| {
        let place =
            if program.contains('/') { "is not a program that can be run" } else { "was not found in PATH" };
        format!("the interpreter `{program}` {place}")
    })
}
