//! How a run is taken up, driven on, ended or taken back.

use std::path::PathBuf;

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use super::shared::{ChecksAre, Lines, SessionKey, Who};

use crate::completing;

/// Rules of the environment that are overridden.
#[derive(Debug, Default, Args)]
pub struct Overriding {
    /// Override the environment's rules that do not hold; why stands at the head of every report
    #[arg(long = "override", value_name = "REASON")]
    pub reason: Option<String>,
    /// Who overrides them, and has a role that may [default: whoever operates]
    #[arg(long, value_name = "PRINCIPAL", add = ArgValueCandidates::new(completing::people), requires = "reason")]
    pub override_by: Option<String>,
    /// Sign the override with this key through ssh-keygen, instead of asking the SSH agent
    #[arg(long, value_name = "FILE", requires = "reason")]
    pub override_key: Option<PathBuf>,
}

/// `resume`
#[derive(Debug, Args)]
pub struct Resume {
    /// Number, id prefix, path or `latest` [default: the only open run]
    #[arg(add = ArgValueCandidates::new(completing::open_runs))]
    pub run: Option<String>,
    #[command(flatten)]
    pub taking_up: TakeUp,
    /// Go on by the document as it is now: a deviation, for which what anything is on record of must be the same in it
    #[arg(long, requires = "exchange_reason", conflicts_with = "reason")]
    pub with_new_document: bool,
    /// Why the document is exchanged: it stands in the record
    #[arg(long = "reason", id = "exchange_reason", value_name = "TEXT", requires = "with_new_document")]
    pub exchange_reason: Option<String>,
    /// End the run where it is, for this reason: the record says aborted. It takes no key where sessions are signed
    #[arg(long, value_name = "REASON", conflicts_with_all = ["with_new_document", "reason", "answers"])]
    pub abort: Option<String>,
}

/// How a run is taken up.
#[derive(Debug, Args)]
pub struct TakeUp {
    /// Take answers from this file
    #[arg(long, value_name = "FILE")]
    pub answers: Option<PathBuf>,
    /// Give a secret input its value again
    #[arg(long = "set", value_name = "K=V")]
    pub set: Vec<String>,
    /// Ask nobody
    #[arg(long)]
    pub unattended: bool,
    /// How the run is told to programs, on standard output: json-lines as it happens
    #[arg(long, value_enum, default_value = "text")]
    pub format: Lines,
    #[command(flatten)]
    pub checks: ChecksAre,
    #[command(flatten)]
    pub who: Who,
    #[command(flatten)]
    pub session: SessionKey,
    #[command(flatten)]
    pub overriding: Overriding,
}

/// `rollback`
#[derive(Debug, Args)]
pub struct Rollback {
    /// Number, id prefix, path or `latest`
    #[arg(add = ArgValueCandidates::new(completing::open_runs))]
    pub run: String,
    #[command(flatten)]
    pub resume: TakeUp,
    /// Why: it stands in the record
    #[arg(long = "reason", value_name = "TEXT")]
    pub why: String,
    /// Roll back without asking once more; what would be undone is shown all the same
    #[arg(long)]
    pub yes: bool,
}
