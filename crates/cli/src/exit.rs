//! Exit codes (cli.md): documented, tested, stable.

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done and passed.
    Passed = 0,
    /// A run, check or comparison ended failed.
    Failed = 1,
    /// Usage, document or configuration error.
    Usage = 2,
    /// Waits for a person.
    Parked = 3,
    /// Aborted by the operator.
    Aborted = 4,
    /// Refused: a rule does not hold, somebody may not do that, or a signature does not count; nothing more was executed.
    Refused = 5,
    /// The record is altered, truncated, expunged in part, or does not conform.
    Record = 6,
    /// A fault of ours.
    Fault = 70,
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> std::process::ExitCode {
        std::process::ExitCode::from(exit as u8)
    }
}
