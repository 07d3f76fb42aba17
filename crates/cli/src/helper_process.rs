//! Helper processes: programs that are asked for facts, as git is. Each gets a cleaned environment, a time limit and a
//! limit on what it prints; a failure carries the program's own words. Blocks of a run-book go through the executor.

use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// Longest time that a helper may take, unless it is given another limit.
const LIMIT: Duration = Duration::from_secs(120);
/// Most bytes that a helper may print, unless it is given another limit.
const MOST: u64 = 256 * 1024 * 1024;
/// Bytes of standard error that are kept: enough for any message.
const WORDS: u64 = 4096;
/// How long an ended helper's output is waited for, where something that it left behind holds the pipe.
const GRACE: Duration = Duration::from_secs(5);

/// A program to be asked.
#[derive(Clone, Debug)]
pub struct Helper {
    program: String,
    arguments: Vec<OsString>,
    directory: PathBuf,
    /// Variables that it gets, and those that it does not.
    variables: Vec<(OsString, Option<OsString>)>,
    input: Option<Vec<u8>>,
    limit: Duration,
    most: u64,
}

/// What a helper answered, whatever its exit code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its exit code; `None` where a signal ended it.
    pub code: Option<i32>,
    /// What it printed.
    pub printed: Vec<u8>,
    /// What it said on standard error: one line, safe to show, cut where it is long.
    pub said: String,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Unanswered {
    /// There is no such program.
    #[error("{0} is not installed, or not on PATH")]
    Missing(String),
    /// It cannot be started, or not be waited for.
    #[error("{0} cannot be run: {1}")]
    Failed(String, std::io::Error),
    /// It took too long.
    #[error("{0} did not end within {1:?}")]
    TooLong(String, Duration),
    /// It printed too much.
    #[error("{0} printed more than {1} bytes")]
    TooMuch(String, u64),
}

impl Helper {
    /// `program`, to be run in `directory`.
    pub fn new(program: &str, directory: &Path) -> Helper {
        Helper {
            program: program.to_owned(),
            arguments: Vec::new(),
            directory: directory.to_owned(),
            variables: Vec::new(),
            input: None,
            limit: LIMIT,
            most: MOST,
        }
    }

    /// With these arguments after those that it has.
    pub fn arguments<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Helper {
        self.arguments.extend(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        self
    }

    /// With a variable.
    pub fn variable(mut self, name: &str, value: &str) -> Helper {
        self.variables.push((name.into(), Some(value.into())));
        self
    }

    /// Without the variables of our own environment whose names begin like this, but for those in `keep`.
    pub fn without(mut self, prefix: &str, keep: &[&str]) -> Helper {
        let named = |name: &OsString| {
            let text = name.to_string_lossy();
            text.starts_with(prefix) && !keep.contains(&&*text)
        };
        self.variables
            .extend(std::env::vars_os().map(|(name, _)| name).filter(named).map(|name| (name, None)));
        self
    }

    /// With this on standard input, which is empty otherwise.
    pub fn input(mut self, input: impl Into<Vec<u8>>) -> Helper {
        self.input = Some(input.into());
        self
    }

    /// May print no more than this, bytes.
    pub fn at_most(mut self, bytes: u64) -> Helper {
        self.most = bytes;
        self
    }

    /// May take no longer than this.
    #[cfg(test)]
    pub fn within(mut self, limit: Duration) -> Helper {
        self.limit = limit;
        self
    }

    /// Runs it to its end.
    pub fn ask(self) -> Result<Answer, Unanswered> {
        let failed = |error| Unanswered::Failed(self.program.clone(), error);
        let (printed, printing) = os_pipe::pipe().map_err(failed)?;
        let (said, saying) = os_pipe::pipe().map_err(failed)?;
        let mut command = duct::cmd(&self.program, &self.arguments)
            .dir(&self.directory)
            .stdout_file(printing)
            .stderr_file(saying)
            .unchecked();
        for (name, value) in &self.variables {
            command = match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command = match self.input {
            Some(input) => command.stdin_bytes(input),
            None => command.stdin_null(),
        };
        let started = command.start();
        // It holds our ends of the pipes, which would never end otherwise.
        drop(command);
        let running = started.map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Unanswered::Missing(self.program.clone()),
            _ => Unanswered::Failed(self.program.clone(), error),
        })?;
        // One byte more tells that there is more. A helper whose reader is gone cannot print on.
        let printed = read(printed, self.most + 1, false);
        let said = read(said, WORDS, true);
        let failed = |error| Unanswered::Failed(self.program.clone(), error);
        let Some(ended) = running.wait_timeout(self.limit).map_err(failed)? else {
            running.kill().map_err(failed)?;
            return Err(Unanswered::TooLong(self.program, self.limit));
        };
        let code = ended.status.code();
        let wait = |from: Receiver<std::io::Result<Vec<u8>>>| from.recv_timeout(GRACE);
        let printed = match wait(printed) {
            Ok(printed) => printed.map_err(failed)?,
            Err(_) => return Err(Unanswered::TooLong(self.program, GRACE)),
        };
        if printed.len() as u64 > self.most {
            return Err(Unanswered::TooMuch(self.program, self.most));
        }
        let said = wait(said).ok().and_then(Result::ok).unwrap_or_default();
        Ok(Answer { code, printed, said: shown(&said) })
    }
}

impl Answer {
    /// The program's own words for a failure, or how it ended where it said nothing.
    pub fn words(&self) -> String {
        match (self.said.is_empty(), self.code) {
            (false, _) => self.said.clone(),
            (true, Some(code)) => format!("it ended with {code} and said nothing"),
            (true, None) => "a signal ended it".to_owned(),
        }
    }
}

/// Reads at most so many bytes; the rest is read too and forgotten where `all` is set.
fn read(mut from: os_pipe::PipeReader, most: u64, all: bool) -> Receiver<std::io::Result<Vec<u8>>> {
    let (tell, told) = channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let mut read = from.by_ref().take(most).read_to_end(&mut bytes);
        if all && read.is_ok() {
            read = std::io::copy(&mut from, &mut std::io::sink()).map(|_| 0);
        }
        // Nobody listens any more after a time-out.
        let _ = tell.send(read.map(|_| bytes));
    });
    told
}

/// Words of a program on one line.
fn shown(words: &[u8]) -> String {
    let words = String::from_utf8_lossy(words);
    crate::screen::neutralise(&words.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str) -> Helper {
        Helper::new("sh", Path::new("/")).arguments(["-c", script])
    }

    #[test]
    fn what_a_helper_says_is_one_line_that_does_nothing_to_a_terminal() {
        let answer = sh("printf 'out\\n'; printf 'bad \\033[31m\\n\\tthing\\n' >&2; exit 7").ask().unwrap();
        assert_eq!((answer.code, answer.printed.as_slice()), (Some(7), &b"out\n"[..]));
        assert!(
            !answer.said.contains(['\n', '\t', '\u{1b}']) && answer.said.ends_with("thing"),
            "{answer:?}"
        );
        assert!(answer.words() == answer.said);
    }

    #[test]
    fn a_helper_that_takes_too_long_or_prints_too_much_is_no_answer() {
        let long = sh("exec sleep 60").within(Duration::from_millis(50)).ask();
        assert!(matches!(long, Err(Unanswered::TooLong(..))), "{long:?}");
        let much = sh("while :; do echo much; done").at_most(1000).ask();
        assert!(matches!(much, Err(Unanswered::TooMuch(..))), "{much:?}");
        let words = sh("head -c 1000000 /dev/zero | tr '\\0' x >&2").ask().unwrap();
        assert_eq!((words.code, words.said.len() as u64), (Some(0), WORDS));
        let none = Helper::new("no-such-program-at-all", Path::new("/")).ask();
        assert!(matches!(none, Err(Unanswered::Missing(_))), "{none:?}");
    }

    #[test]
    fn a_helper_reads_what_it_is_given_and_sees_only_variables_that_are_meant_for_it() {
        let echoed = sh("cat; printf %s \"$GIVEN\"").input("in ").variable("GIVEN", "there").ask().unwrap();
        assert_eq!(echoed.printed, b"in there");
        // PATH is there in every test.
        let without = sh("printf %s \"${PATH+set}${HOME+set}\"").without("HOM", &[]).ask().unwrap();
        assert_eq!(without.printed, b"set");
    }
}
