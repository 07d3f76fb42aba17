//! What many verbs take.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// How a reading verb answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// The key of whoever operates, where the environment has sessions signed.
#[derive(Debug, Default, Args)]
pub struct SessionKey {
    /// Sign the session with this key through ssh-keygen, instead of asking the SSH agent
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
}

/// Who operates.
#[derive(Debug, Default, Args)]
pub struct Who {
    /// Who operates [default: HOLDPOINT_OPERATOR, git's user.email, the OS user]
    #[arg(long, value_name = "WHO", value_parser = somebody)]
    pub operator: Option<String>,
}

/// The name of somebody: an empty one is no way of saying nothing, but a variable that was not set.
pub(super) fn somebody(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("it names nobody; leave the option out for the default".to_owned()),
        who => Ok(who.to_owned()),
    }
}
