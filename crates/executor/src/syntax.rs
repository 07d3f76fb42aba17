//! Asking a shell whether a script parses, without running it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use holdpoint_helper::{Helper, Unanswered};
use holdpoint_shell::parses_everywhere;

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
        source: Unanswered,
    },
}

/// A script, and the program with its arguments that runs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Asked<'s> {
    /// The program and its arguments.
    pub interpreter: &'s [String],
    /// The script's text.
    pub script: &'s str,
}

/// Answers as [`syntax_error`] does, for many scripts at once and in their order, but for those that parse: what is
/// not in the list parses. Every one is either proved to be in a part of the language that every shell parses, or its
/// own shell is asked about it alone, several shells at a time; about a script that stands there again, only once.
pub fn syntax_errors(asked: &[Asked<'_>]) -> Vec<(usize, Result<SyntaxError, Unchecked>)> {
    let mut shells: HashMap<&[String], Result<Option<Shell>, Unchecked>> = HashMap::new();
    let mut last: Option<&[String]> = None;
    for one in asked {
        // Nearly all scripts of a run-book are for the same shell.
        if last != Some(one.interpreter) {
            shells.entry(one.interpreter).or_insert_with(|| Shell::of(one.interpreter));
            last = Some(one.interpreter);
        }
    }
    let proved = proved(asked);
    let mut answers = Vec::new();
    let mut left = Vec::new();
    let (mut first, mut again) = (HashMap::new(), Vec::new());
    for (index, one) in asked.iter().enumerate() {
        match &shells[one.interpreter] {
            Ok(None) => {}
            // Asked again, for an answer of its own.
            Err(_) => answers.extend(Shell::of(one.interpreter).err().map(|error| (index, Err(error)))),
            Ok(Some(shell)) if shell.is_as_any() && proved[index] => {}
            Ok(Some(shell)) => match first.entry(one) {
                Entry::Occupied(earlier) => again.push((index, *earlier.get())),
                Entry::Vacant(free) => {
                    free.insert(index);
                    left.push((index, shell, one.script));
                }
            },
        }
    }
    let asked = ask_all(&left);
    // A script that could not be asked about has said so at its first place.
    let errors: HashMap<usize, &SyntaxError> =
        asked.iter().filter_map(|(index, answer)| Some((*index, answer.as_ref().ok()?))).collect();
    let repeated =
        again.iter().filter_map(|(index, earlier)| Some((*index, Ok((*errors.get(earlier)?).clone()))));
    answers.extend(repeated);
    answers.extend(asked);
    answers.sort_by_key(|(index, _)| *index);
    answers
}

/// Of each script, whether [`parses_everywhere`] proves it; for whom that counts is not asked here.
fn proved(asked: &[Asked<'_>]) -> Vec<bool> {
    /// Below this many bytes of scripts, threads cost more than they save.
    const WORTH: usize = 128 * 1024;
    let prove = |share: &[Asked<'_>]| -> Vec<bool> {
        share.iter().map(|one| parses_everywhere(one.script)).collect()
    };
    let size: usize = asked.iter().map(|one| one.script.len()).sum();
    let shares = if size < WORTH { 1 } else { std::thread::available_parallelism().map_or(1, usize::from) };
    let mut shares = asked.chunks(asked.len().div_ceil(shares).max(1));
    let own = shares.next().unwrap_or_default();
    std::thread::scope(|scope| {
        let others: Vec<_> = shares
            .map(|share| (share, std::thread::Builder::new().spawn_scoped(scope, move || prove(share))))
            .collect();
        let mut proved = prove(own);
        for (share, other) in others {
            // What a thread that cannot be had would have done is done here.
            proved.extend(other.ok().and_then(|other| other.join().ok()).unwrap_or_else(|| prove(share)));
        }
        proved
    })
}

/// Asks a shell about each script, with as many of them running as there are processors.
fn ask_all(left: &[(usize, &Shell, &str)]) -> Vec<(usize, Result<SyntaxError, Unchecked>)> {
    let (answers, next) = (Mutex::new(Vec::new()), AtomicUsize::new(0));
    let work = || {
        while let Some((index, shell, script)) = left.get(next.fetch_add(1, Ordering::Relaxed)) {
            if let Some(answer) = shell.ask(script).transpose() {
                answers.lock().unwrap_or_else(PoisonError::into_inner).push((*index, answer));
            }
        }
    };
    let most = std::thread::available_parallelism().map_or(1, usize::from).min(left.len());
    std::thread::scope(|scope| {
        for _ in 1..most {
            // A thread that cannot be had leaves its share to the others.
            let _ = std::thread::Builder::new().spawn_scoped(scope, work);
        }
        work();
    });
    answers.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Asks `bash -n` or `sh -n` whether a script parses; `None` if it does, or if the interpreter is no shell. Runs
/// nothing of the script and writes no file. Waits for the shell, some milliseconds.
///
/// A here-document that never ends is an error here, though bash only warns of it and other shells do not even that: it
/// has swallowed the rest of the script. Extended globs are taken to be on, as a script may switch them on by itself.
pub fn syntax_error(interpreter: &[String], script: &str) -> Result<Option<SyntaxError>, Unchecked> {
    Shell::of(interpreter)?.map_or(Ok(None), |shell| shell.ask(script))
}

/// A shell that can be asked.
struct Shell {
    interpreter: Interpreter,
    program: PathBuf,
}

impl Shell {
    /// The shell that runs scripts of this interpreter; `None` if it is no shell.
    fn of(interpreter: &[String]) -> Result<Option<Shell>, Unchecked> {
        let no_interpreter = |name: &str| Unchecked::NoInterpreter(name.to_owned());
        let interpreter = Interpreter::read(interpreter).ok_or_else(|| no_interpreter(""))?;
        if interpreter.kind == Kind::Other {
            return Ok(None);
        }
        let name = &interpreter.head[0];
        let failed = |error| Unanswered::Failed(name.clone(), error);
        let failed = |error| Unchecked::Failed { program: name.clone(), source: failed(error) };
        let here = std::env::current_dir().map_err(failed)?;
        let path = std::env::var_os("PATH").unwrap_or_default();
        let (program, _) = find(name, &here, [path.as_os_str()]).ok_or_else(|| no_interpreter(name))?;
        Ok(Some(Shell { interpreter, program }))
    }

    /// Whether it is a shell as it comes, which no argument or variable makes read another language.
    fn is_as_any(&self) -> bool {
        self.interpreter.head.len() == 1 && self.interpreter.arguments.is_empty()
    }

    fn ask(&self, script: &str) -> Result<Option<SyntaxError>, Unchecked> {
        let answer = self.parse(script)?;
        // bash warns of a here-document without an end; dash takes it, and all of the script that follows, for text.
        if answer.is_some() || self.interpreter.kind == Kind::Bash || !script.contains("<<") {
            return Ok(answer);
        }
        self.open_here_document(script)
    }

    /// The line of a here-document that is still open at the end of a script which parses: a `)` behind it is no error
    /// then, for it is swallowed too.
    fn open_here_document(&self, script: &str) -> Result<Option<SyntaxError>, Unchecked> {
        let swallows = |part: &str| Ok(self.parse(&format!("{part}\n)\n"))?.is_none());
        if !swallows(script)? {
            return Ok(None);
        }
        let mut line = 1;
        let mut before = 0;
        for (index, text) in script.split_inclusive('\n').enumerate() {
            // Of those that stand in no other one, the last is never closed.
            if text.contains("<<") && !swallows(&script[..before])? {
                line = index + 1;
            }
            before += text.len();
        }
        let message =
            "the here-document that begins here has no end: all that follows is its text".to_owned();
        Ok(Some(SyntaxError { line, message }))
    }

    /// What the shell itself says.
    fn parse(&self, script: &str) -> Result<Option<SyntaxError>, Unchecked> {
        let mut arguments: Vec<OsString> = self.interpreter.head[1..].iter().map(OsString::from).collect();
        match self.interpreter.kind {
            Kind::Bash => {
                arguments.extend(["--noprofile", "--norc", "-O", "extglob", "-n"].map(OsString::from))
            }
            _ => arguments.push("-n".into()),
        }
        let helper = Helper::new(&self.program).arguments(arguments).variable("LC_ALL", "C").input(script);
        let failed = |source| Unchecked::Failed { program: self.interpreter.head[0].clone(), source };
        let answer = helper.ask().map_err(failed)?;
        let messages = String::from_utf8_lossy(&answer.said).into_owned();
        let found = messages.lines().find_map(located);
        match found {
            Some(error) => Ok(Some(error)),
            None if answer.status.success() => Ok(None),
            None => Ok(Some(SyntaxError { line: 1, message: messages.trim().to_owned() })),
        }
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
