//! What is asked for and what came of it.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::State;

/// One script to run.
#[derive(Clone, Debug)]
pub struct Job {
    /// What the script is called in its own messages: `$0`, and the script file's name where it can be one.
    pub name: String,
    /// The program and its arguments that run it, as a `#!` line would give them.
    pub interpreter: Vec<String>,
    /// The script.
    pub script: String,
    /// Shells only: stop at the first failing command and at undefined variables (`set -eu`, bash `-o pipefail`).
    pub strict: bool,
    /// Variables for this block alone, on top of the state's; they cross into the state only if the script changes
    /// them.
    pub env: Vec<(String, String)>,
    /// Longest time it may take; `None` is for ever.
    pub timeout: Option<Duration>,
    /// How long a block that is stopped gets between TERM and KILL.
    pub grace: Duration,
    /// Where this block alone begins; relative to the state's directory. Where it ends then does not carry over.
    pub cwd: Option<PathBuf>,
    /// A directory that `cwd` must not lead out of, links resolved; `None` where it may be anywhere.
    pub within: Option<PathBuf>,
}

/// Which of a process's two outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// How a process ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum How {
    /// By itself, with this code.
    Exited(i32),
    /// By this signal.
    Signalled(i32),
    /// It never began: no command of the script was executed. The text says why.
    NotStarted(String),
}

/// What came of a [`Job`].
#[derive(Debug)]
pub struct Ended {
    /// How the process ended.
    pub how: How,
    /// It was stopped because it took too long.
    pub timed_out: bool,
    /// It was stopped because the caller asked for it.
    pub interrupted: bool,
    /// It was stopped because its output could not be taken; the error the caller's `on_output` gave, or our own
    /// from reading.
    pub output_error: Option<io::Error>,
    /// It was stopped because what it registered cannot be a secret; says why, and not what it was.
    pub secret_error: Option<String>,
    /// Wall time from start to the end of the main process; zero if it did not start.
    pub duration: Duration,
    /// Where the next block begins; `None` where that was lost, and the state from before is the best there is.
    pub state: Option<State>,
    /// What else should be known, in sentences for the operator.
    pub remarks: Vec<String>,
}

impl Ended {
    pub(crate) fn not_started(why: String, state: &State) -> Ended {
        Ended {
            how: How::NotStarted(why),
            timed_out: false,
            interrupted: false,
            output_error: None,
            secret_error: None,
            duration: Duration::ZERO,
            state: Some(state.clone()),
            remarks: Vec::new(),
        }
    }
}
