//! What many verbs take.

use clap::{Args, ValueEnum};

/// How a reading verb answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// Who operates.
#[derive(Debug, Default, Args)]
pub struct Who {
    /// Who operates [default: HOLDPOINT_OPERATOR, git's user.email, the OS user]
    #[arg(long, value_name = "WHO")]
    pub operator: Option<String>,
}
