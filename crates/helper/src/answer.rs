//! What a helper answered, or why it did not.

use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::time::Duration;

/// What a helper answered, however it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// How it ended.
    pub status: ExitStatus,
    /// What it printed.
    pub printed: Vec<u8>,
    /// What it said on standard error, cut where it is long; nothing where somebody else heard it.
    pub said: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Unanswered {
    /// There is no such program.
    #[error("{0} is not installed, or not on PATH")]
    Missing(String),
    /// It cannot be started, or not be waited for.
    #[error("{0} cannot be run: {1}")]
    Failed(String, #[source] io::Error),
    /// It took too long.
    #[error("{0} did not end within {seconds} s", seconds = .1.as_secs_f64())]
    TooLong(String, Duration),
    /// It printed too much.
    #[error("{0} printed more than {1} bytes")]
    TooMuch(String, u64),
    /// It ended, and something that it left running holds its output.
    #[error("something that {0} left running holds its output open")]
    HeldOpen(String),
    /// It was asked to stop.
    #[error("{0} was interrupted")]
    Stopped(String),
}

impl Answer {
    /// Its exit code; `None` where a signal ended it.
    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// The program's own words for a failure, on one line; or how it ended where it said nothing. Foreign text: whoever
    /// shows it makes it harmless.
    pub fn words(&self) -> String {
        let said = String::from_utf8_lossy(&self.said);
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        match (said.is_empty(), self.code()) {
            (false, _) => said,
            (true, Some(code)) => format!("it ended with {code} and said nothing"),
            (true, None) => self.killed().unwrap_or_else(|| "it did not end by itself".to_owned()),
        }
    }

    /// By which signal it was killed, in words; `None` where it ended by itself.
    pub fn killed(&self) -> Option<String> {
        self.status.signal().map(|signal| format!("killed by signal {signal}"))
    }
}
