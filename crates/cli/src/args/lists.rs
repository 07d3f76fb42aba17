//! Verbs that look at many runs, or at one at a glance.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use clap_complete::engine::ArgValueCandidates;

use super::shared::{Format, Since};

use crate::completing;

/// `runs`
#[derive(Debug, Args)]
pub struct Listing {
    /// Only runs of this run-book
    #[arg(long, value_name = "FILE")]
    pub runbook: Option<PathBuf>,
    /// Only runs in this environment
    #[arg(long, value_name = "NAME", add = ArgValueCandidates::new(completing::environments))]
    pub env: Option<String>,
    /// Only runs that are not over
    #[arg(long)]
    pub open: bool,
    /// Only runs that wait for somebody in this role
    #[arg(long, value_name = "ROLE", add = ArgValueCandidates::new(completing::roles))]
    pub waiting_for: Option<String>,
    /// Only sealed runs that nobody has reviewed yet
    #[arg(long, conflicts_with_all = ["open", "waiting_for"])]
    pub unreviewed: bool,
    /// Only runs in which something happened since then: 2026-11-30, 2026-11-30T08:00:00Z, or so long ago, 7d, 12h
    #[arg(long, value_name = "WHEN")]
    pub since: Option<Since>,
    /// How the answer is written
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
}

/// `show`
#[derive(Debug, Args)]
pub struct Reading {
    /// Number, id prefix, path or `latest` [default: the only run]
    #[arg(add = ArgValueCandidates::new(completing::runs))]
    pub run: Option<String>,
    /// Only this step, by its id or number
    #[arg(long, value_name = "STEP", add = ArgValueCandidates::new(completing::steps))]
    pub step: Option<String>,
    /// Also what each of its blocks printed last
    #[arg(long, requires = "step")]
    pub output: bool,
    /// Also what each attempt of its blocks printed, the first one first
    #[arg(long, requires = "step", conflicts_with = "output")]
    pub attempts: bool,
    /// Show it here, however long it is [default: in $PAGER, else less, where it is longer than the terminal]
    #[arg(long, requires = "step")]
    pub no_pager: bool,
    /// How the answer is written
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
}

/// `compare`
#[derive(Debug, Args)]
pub struct Compare {
    /// Number, id prefix, path or `latest`
    #[arg(value_name = "RUN", add = ArgValueCandidates::new(completing::runs))]
    pub a: String,
    /// The run to hold it against
    #[arg(value_name = "RUN", required_unless_present = "to_rehearsal", conflicts_with = "to_rehearsal", add = ArgValueCandidates::new(completing::runs))]
    pub b: Option<String>,
    /// Hold it against the rehearsal that it relied on, or the last one before it that passed
    #[arg(long)]
    pub to_rehearsal: bool,
    /// How the answer is written
    #[arg(long, value_enum, default_value = "text")]
    pub format: CompareFormat,
    /// Write it to this file
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// How a comparison is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CompareFormat {
    /// For people
    Text,
    /// One JSON object
    Json,
    /// A page to print
    Html,
}

/// `history`
#[derive(Debug, Args)]
pub struct History {
    /// The run-book
    pub file: PathBuf,
    /// Only runs in this environment
    #[arg(long, value_name = "NAME", add = ArgValueCandidates::new(completing::environments))]
    pub env: Option<String>,
    /// How the answer is written
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
}

/// `coverage`
#[derive(Debug, Args)]
pub struct Coverage {
    /// A run-book, or a directory of them
    #[arg(value_name = "FILE|DIR")]
    pub path: PathBuf,
    /// How the answer is written
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
}
