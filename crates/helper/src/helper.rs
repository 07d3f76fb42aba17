//! A helper before it is started: what it runs, what it gets, how far it may go.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::sync::mpsc::channel;
use std::time::Duration;

use duct::Expression;
use process_wrap::std::{CommandWrap, CommandWrapper as _, ProcessSession};

use crate::parts::{Helper, Stop};
use crate::running;
use crate::{Answer, Unanswered};

/// Longest time that a helper may take, unless it is given another limit.
const LIMIT: Duration = Duration::from_secs(120);
/// Most bytes that a helper may print, unless it is given another limit.
const MOST: u64 = 256 * 1024 * 1024;

/// Variables that change how a shell starts, or have it read a file before it does what it is asked.
const OF_SHELLS: [&str; 4] = ["BASHOPTS", "BASH_ENV", "BASH_XTRACEFD", "SHELLOPTS"];

/// What a repository's configuration must not decide: programs that it names, and what hides a change.
const OVERRIDES: [&str; 14] = [
    "core.fsmonitor=false",
    "core.untrackedCache=false",
    "core.hooksPath=/dev/null",
    "core.pager=cat",
    "core.autocrlf=false",
    "core.trustctime=true",
    "core.checkStat=default",
    "core.ignoreStat=false",
    "core.fileMode=true",
    // Or a file that is not tracked hides behind one whose name differs in case only.
    "core.ignoreCase=false",
    "core.symlinks=true",
    // Or an index of ours would leave a part of itself in the repository.
    "core.splitIndex=false",
    "core.alternateRefsCommand=false",
    "submodule.recurse=false",
];

impl Helper {
    /// `program`, a path or a name that is looked for on `PATH`.
    pub fn new(program: impl Into<OsString>) -> Helper {
        Helper {
            program: program.into(),
            arguments: Vec::new(),
            directory: None,
            variables: OF_SHELLS.iter().map(|name| (name.into(), None)).collect(),
            input: None,
            alone: false,
            limit: Some(LIMIT),
            most: MOST,
            hear: None,
            moments: channel(),
        }
    }

    /// git in this directory, whatever the environment and the repository's configuration say otherwise; of git's own
    /// variables only those in `kept` stay. Nothing is written, and nothing fetched.
    pub fn git(directory: &Path, kept: &[&str]) -> Helper {
        Helper::new("git")
            .directory(directory)
            .arguments(["--no-pager", "--no-replace-objects"])
            .arguments(OVERRIDES.iter().flat_map(|set| ["-c", *set]))
            .without_those_of("GIT_", kept)
            .variable("LC_ALL", "C")
            .variable("GIT_OPTIONAL_LOCKS", "0")
            // Nor do grafts count, which make another history of the same commits; nothing is there.
            .variable("GIT_GRAFT_FILE", "/dev/null/none")
            // Objects that a partial clone lacks are not fetched: that would run what the configuration names.
            .variable("GIT_NO_LAZY_FETCH", "1")
    }

    /// In this directory, and not where this program is.
    pub fn directory(mut self, directory: &Path) -> Helper {
        self.directory = Some(directory.to_owned());
        self
    }

    /// With these arguments after those that it has.
    pub fn arguments<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Helper {
        self.arguments.extend(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        self
    }

    /// With a variable.
    pub fn variable(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Helper {
        self.variables.push((name.as_ref().to_owned(), Some(value.as_ref().to_owned())));
        self
    }

    /// Without these variables.
    pub fn without(mut self, names: &[&str]) -> Helper {
        self.variables.extend(names.iter().map(|name| (name.into(), None)));
        self
    }

    /// Without the variables of our own environment whose names begin like this, but for those in `keep`.
    pub fn without_those_of(mut self, prefix: &str, keep: &[&str]) -> Helper {
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
    pub fn within(mut self, limit: Duration) -> Helper {
        self.limit = Some(limit);
        self
    }

    /// In a session of its own, without a terminal: what would ask somebody at `/dev/tty` fails instead. Whatever it
    /// started ends with it.
    pub fn alone(mut self) -> Helper {
        self.alone = true;
        self
    }

    /// What it says on standard error is heard line by line, while it runs, and is not part of its answer.
    pub fn heard_by(mut self, hear: impl FnMut(&[u8]) + Send + 'static) -> Helper {
        self.hear = Some(Box::new(hear));
        self
    }

    /// What ends it from elsewhere.
    pub fn stop(&self) -> Stop {
        Stop(self.moments.0.clone())
    }

    /// Runs it to its end.
    ///
    /// # Errors
    /// It gave no answer.
    pub fn ask(self) -> Result<Answer, Unanswered> {
        running::ask(self, false)
    }

    /// Runs it to its end, which whoever sits at the terminal decides: there it may ask them, and there it says what it
    /// has to say.
    ///
    /// # Errors
    /// It gave no answer.
    pub fn ask_at_terminal(mut self) -> Result<Answer, Unanswered> {
        self.limit = None;
        running::ask(self, true)
    }

    /// Lends it the terminal until it ends: standard input and both outputs.
    ///
    /// # Errors
    /// It cannot be run.
    pub fn lend_terminal(self) -> Result<ExitStatus, Unanswered> {
        let ran = self.command().unchecked().run();
        ran.map(|output| output.status).map_err(|error| self.not_started(error))
    }

    /// The program with all it gets; standard input too, unless it is lent the terminal.
    fn command(&self) -> Expression {
        let mut command = duct::cmd(&self.program, &self.arguments);
        if let Some(directory) = &self.directory {
            command = command.dir(directory);
        }
        // Of two words about a variable, duct lets the first stand; here it is the last.
        for (name, value) in self.variables.iter().rev() {
            command = match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        if self.alone {
            // Process-wrap knows how to begin a session; all else of it is left aside.
            let session = |command: &mut Command| {
                ProcessSession.pre_spawn(command, &CommandWrap::from(Command::new("")))
            };
            command = command.before_spawn(session);
        }
        command
    }

    pub(crate) fn asked(&mut self) -> Expression {
        let command = self.command().unchecked();
        match self.input.take() {
            Some(input) => command.stdin_bytes(input),
            None => command.stdin_null(),
        }
    }

    pub(crate) fn is_alone(&self) -> bool {
        self.alone
    }

    pub(crate) fn not_started(&self, error: io::Error) -> Unanswered {
        // A directory that is not there is told in the same way.
        let there = self.directory.as_ref().is_none_or(|directory| directory.is_dir());
        match error.kind() {
            io::ErrorKind::NotFound if there => Unanswered::Missing(self.name()),
            _ => Unanswered::Failed(self.name(), error),
        }
    }

    pub(crate) fn name(&self) -> String {
        self.program.to_string_lossy().into_owned()
    }
}
