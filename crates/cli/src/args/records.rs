//! Verbs about a record that is there: what proves it, packs it, or is put beside it.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use clap_complete::engine::ArgValueCandidates;

use super::shared::{Format, Who, somebody};

use crate::completing;

/// `review`
#[derive(Debug, Args)]
pub struct Review {
    /// Number, id prefix, path or `latest`
    #[arg(add = ArgValueCandidates::new(completing::runs))]
    pub run: String,
    /// What it is
    #[arg(long, value_enum)]
    pub kind: ReviewAs,
    /// What is said
    #[arg(long)]
    pub text: String,
    /// Who signs, by principal or alias [default: as for --operator]
    #[arg(long = "as", value_name = "PRINCIPAL", add = ArgValueCandidates::new(completing::people), value_parser = somebody)]
    pub principal: Option<String>,
    /// Sign with this key through ssh-keygen, instead of asking the SSH agent
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// Sign without asking; what is signed is shown all the same
    #[arg(long)]
    pub yes: bool,
}

/// What a review is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReviewAs {
    /// The audit trail was looked through
    AuditTrail,
    /// Something that was known too late for the record
    LateNote,
    /// Whether what was released works
    PostRelease,
}

/// `anchor`
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("how").args(["tsa", "git_tag"]))]
pub struct Anchor {
    /// Number, id prefix, path or `latest`
    #[arg(add = ArgValueCandidates::new(completing::runs))]
    pub run: String,
    /// Ask the time-stamping authority at this address (RFC 3161) [default: anchors.tsa of holdpoint.toml]
    #[arg(long, value_name = "URL")]
    pub tsa: Option<String>,
    /// Take no reply but one that these certificates vouch for (PEM)
    #[arg(long, value_name = "FILE", requires = "tsa")]
    pub tsa_ca: Option<PathBuf>,
    /// Make a signed git tag [default name: holdpoint/run-N-ID]
    #[arg(long, value_name = "NAME", num_args = 0..=1, default_missing_value = "")]
    pub git_tag: Option<String>,
    /// Sign the tag with this SSH key [default: git's user.signingKey]
    #[arg(long, value_name = "FILE", requires = "git_tag")]
    pub key: Option<PathBuf>,
}

/// `verify`
#[derive(Debug, Args)]
pub struct Verify {
    /// Number, id prefix, path or `latest`, or a bundle [default: the only run]
    #[arg(add = ArgValueCandidates::new(completing::runs))]
    pub run: Option<String>,
    /// Hold its signers, configuration and run-book against these: a checkout, a directory with allowed_signers, revoked
    /// and holdpoint.toml, or a file of allowed signers
    #[arg(long, value_name = "DIR|FILE")]
    pub trust: Option<PathBuf>,
    /// How the answer is written
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
}

/// `audit`
#[derive(Debug, Args)]
pub struct Audit {
    /// The directory that holds the runs [default: the repository's own]
    pub store: Option<PathBuf>,
    /// Hold every run against these, as verify does
    #[arg(long, value_name = "DIR|FILE")]
    pub trust: Option<PathBuf>,
    /// How the answer is written
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
}

/// `export`
#[derive(Debug, Args)]
pub struct Export {
    /// Number, id prefix, path or `latest`
    #[arg(add = ArgValueCandidates::new(completing::runs))]
    pub run: String,
    /// The file to write, by custom NAME.tar.zst; it must not be there yet
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
}

/// `expunge`
#[derive(Debug, Args)]
pub struct Expunge {
    /// Number, id prefix, path or `latest`
    #[arg(add = ArgValueCandidates::new(completing::runs))]
    pub run: String,
    /// The blob's digest, or its first eight or more digits
    #[arg(long, value_name = "SHA256")]
    pub blob: String,
    /// Why; stands in the tombstone
    #[arg(long)]
    pub reason: String,
    /// Sign for it with this key through ssh-keygen, instead of asking the SSH agent
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    #[command(flatten)]
    pub who: Who,
}
