//! What many verbs take.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use clap_complete::engine::ArgValueCandidates;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ZonedDateTime, civil::Date};

use crate::completing;

/// How a reading verb answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// How a run is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RunFormat {
    /// For people.
    Text,
    /// A dry run also as one JSON object, at its end.
    Json,
    /// For programs too: a JSON object a line, as things happen.
    JsonLines,
}

/// How a run that goes on is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Lines {
    /// For people.
    Text,
    /// For programs too: a JSON object a line, as things happen.
    JsonLines,
}

/// Whether checks are asked about.
#[derive(Debug, Default, Args)]
pub struct ChecksAre {
    /// Run checks unasked and stop at changes and people (auto), or ask about each (ask) [default: as your own
    /// configuration or holdpoint.toml says; else auto]. Commands of a document without front matter of ours always wait
    #[arg(long, value_enum, conflicts_with = "unattended")]
    pub checks: Option<Checks>,
}

/// Whether a check waits for somebody who says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Checks {
    /// Each is asked about.
    Ask,
    /// They run unasked.
    Auto,
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
    #[arg(long, value_name = "WHO", add = ArgValueCandidates::new(completing::people), value_parser = somebody)]
    pub operator: Option<String>,
}

/// The name of somebody: an empty one is no way of saying nothing, but a variable that was not set.
pub(super) fn somebody(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("it names nobody; leave the option out for the default".to_owned()),
        who => Ok(who.to_owned()),
    }
}

/// A time in the past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Since {
    /// When.
    pub at: Timestamp,
}

impl std::str::FromStr for Since {
    type Err = String;

    fn from_str(text: &str) -> Result<Since, String> {
        let now = ZonedDateTime::now();
        let ago = |span: Span| now.checked_sub(span).ok().filter(|_| span.is_positive());
        let at = match (text.parse::<Timestamp>(), text.parse::<Date>(), text.parse::<Span>()) {
            (Ok(at), ..) => Some(at),
            (_, Ok(date), _) => {
                date.to_zoned_datetime(TimeZone::system()).ok().map(|begins| begins.timestamp())
            }
            (.., Ok(span)) => ago(span).map(|at| at.timestamp()),
            _ => None,
        };
        match at {
            Some(at) if at <= now.timestamp() => Ok(Since { at }),
            Some(_) => Err("it is yet to come".to_owned()),
            None => {
                Err("it is not a date (2026-11-30), a time (2026-11-30T08:00:00Z), or how long ago (7d, 12h)"
                    .to_owned())
            }
        }
    }
}
